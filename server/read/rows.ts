import { TYPE_NAME } from "../../schema/shared/mapping/slots.ts";
import type { BoundColumn } from "./bind.ts";
import type { Plan } from "./plan.ts";
import { decoderOf, type StatementWriter, selected, wrapped } from "./render.ts";

/** A row as the resolvers see it: its properties, and a slot for each field that was loaded for it. */
export type Row = Record<string, unknown>;
/** A row as Postgres sent it. */
export type RawRow = readonly (string | null)[];

/** The select list of one statement. Several plans may read the same rows; a column that they share is selected once. */
export class SelectList {
  readonly #columns = new Map<string, number>();
  readonly #writes: ((writer: StatementWriter) => void)[] = [];

  column(column: BoundColumn): number {
    const known = this.#columns.get(column.property);
    if (known !== undefined) return known;
    const index = this.#writes.push((writer) => writer.write(selected(column))) - 1;
    this.#columns.set(column.property, index);
    return index;
  }

  /** How a plan's rows are made of what this statement selects. */
  shape(plan: Plan): RowShape {
    const keys: string[] = [];
    const indexes: number[] = [];
    const kinds: BoundColumn["kind"][] = [];
    for (const [property, column] of plan.columns) {
      keys.push(property);
      indexes.push(this.column(column));
      kinds.push(column.kind);
    }
    for (const { slot, kind, write } of plan.expressions) {
      keys.push(slot);
      kinds.push(kind);
      indexes.push(
        this.#writes.push((writer) => {
          const [before = "", after = ""] = wrapped("\0", kind).split("\0");
          writer.write(`${before}(`).sql(write).write(`)${after}`);
        }) - 1,
      );
    }
    return new RowShape(plan, keys, indexes, kinds, plan.parts.map((part) => ({ slot: part.slot, shape: this.shape(part.plan) })));
  }

  /** Each with its name: c0, c1, … */
  write(writer: StatementWriter): void {
    if (this.#writes.length === 0) writer.write("1 as c0");
    for (const [index, write] of this.#writes.entries()) {
      if (index > 0) writer.write(", ");
      write(writer);
      writer.write(` as c${index}`);
    }
  }
}

export class RowShape {
  readonly plan: Plan;
  readonly parts: readonly { readonly slot: string; readonly shape: RowShape }[];
  readonly #keys: readonly string[];
  readonly #indexes: readonly number[];
  readonly #decoders: readonly ((text: string) => unknown)[];

  constructor(plan: Plan, keys: readonly string[], indexes: readonly number[], kinds: readonly BoundColumn["kind"][], parts: RowShape["parts"]) {
    this.plan = plan;
    this.#keys = keys;
    this.#indexes = indexes;
    this.#decoders = kinds.map(decoderOf);
    this.parts = parts;
  }

  /** `offset`: columns that stand before the select list. */
  make(raw: RawRow, offset: number): Row {
    const row: Row = { [TYPE_NAME]: this.plan.bound.type.name };
    const keys = this.#keys;
    for (let index = 0; index < keys.length; index += 1) {
      const text = raw[(this.#indexes[index] as number) + offset] as string | null;
      row[keys[index] as string] = text === null ? null : (this.#decoders[index] as (text: string) => unknown)(text);
    }
    for (const { slot, shape } of this.parts) row[slot] = shape.make(raw, offset);
    for (const { slot, error } of this.plan.faults) row[slot] = error;
    return row;
  }
}
