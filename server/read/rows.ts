import { TYPE_NAME } from "../../schema/shared/mapping/slots.ts";
import type { BoundColumn } from "./bind.ts";
import type { Plan, PlannedExpression, PlannedPage, Relation, Selected } from "./plan.ts";
import { decoderOf, type StatementWriter, selected, wrapped } from "./render.ts";

/** A row as the resolvers see it: its properties, and a slot for each field that was loaded for it. */
export type Row = Record<string, unknown>;
/** A row as Postgres sent it. */
export type RawRow = readonly (string | null)[];

/** How the rows of a root are loaded, with all that their plan asks for below them. */
export interface RowLoader {
  /** One row at most where there is no order. */
  selected(selected: Selected): Promise<Row[]>;
  /** By their uuids; those that the viewer can't see are missing. `from`: in place of the entity's own. */
  byIds(plan: Plan, ids: readonly string[], from?: string): Promise<Map<string, Row>>;
  /** A connection, as its resolvers take from it. */
  page(page: PlannedPage): Promise<Row>;
}

/** A value of a statement: how it is written there, and what is made of what comes for it where that is not null. */
export interface Value {
  readonly write: (writer: StatementWriter) => void;
  readonly decode: (value: never) => unknown;
}

/** How a statement gives the values of a place's rows. */
export interface Values {
  column(column: BoundColumn): Value;
  expression(expression: PlannedExpression): Value;
  /** Null where it is put into the rows later. */
  relation(relation: Relation): Value | null;
}

/** Columns of the main table, each as the text that Postgres sends. */
const AS_TEXT: Values = {
  column: (column) => ({ write: (writer) => writer.write(selected(column)), decode: decoderOf(column.kind) }),
  expression: ({ write, kind }) => ({
    write(writer) {
      const [before = "", after = ""] = wrapped("\0", kind).split("\0");
      writer.write(`${before}(`).sql(write).write(`)${after}`);
    },
    decode: decoderOf(kind),
  }),
  relation: () => null,
};

/** The select list of one statement or sub-select. Several plans may read the same rows; a column that they share is selected once. */
export class SelectList {
  readonly #values: Values;
  readonly #columns = new Map<string, number>();
  readonly #writes: Value["write"][] = [];

  constructor(values: Values = AS_TEXT) {
    this.#values = values;
  }

  column(column: BoundColumn): number {
    const known = this.#columns.get(column.property);
    if (known !== undefined) return known;
    const index = this.add(this.#values.column(column).write);
    this.#columns.set(column.property, index);
    return index;
  }

  add(write: Value["write"]): number {
    return this.#writes.push(write) - 1;
  }

  /** How a plan's rows are made of what this statement selects. */
  shape(plan: Plan): RowShape {
    const values: ShapeValue[] = [];
    for (const [key, column] of plan.columns) values.push({ key, index: this.column(column), decode: this.#values.column(column).decode as ShapeValue["decode"] });
    const add = (slot: string, { write, decode }: Value): void => {
      values.push({ key: slot, index: this.add(write), decode: decode as ShapeValue["decode"] });
    };
    for (const expression of plan.expressions) add(expression.slot, this.#values.expression(expression));
    for (const relation of plan.relations) {
      const value = this.#values.relation(relation);
      if (value) add(relation.slot, value);
    }
    return new RowShape(plan, values, plan.parts.map((part) => ({ slot: part.slot, shape: this.shape(part.plan) })));
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

  /** As one JSON array. Its constructor takes any number of values, where a function would take a hundred. */
  writeArray(writer: StatementWriter): void {
    writer.write("json_array(");
    for (const [index, write] of this.#writes.entries()) {
      if (index > 0) writer.write(", ");
      write(writer);
    }
    writer.write(this.#writes.length > 0 ? " null on null returning json)" : " returning json)");
  }
}

interface ShapeValue {
  readonly key: string;
  readonly index: number;
  readonly decode: (value: unknown) => unknown;
}

export class RowShape {
  readonly plan: Plan;
  readonly parts: readonly { readonly slot: string; readonly shape: RowShape }[];
  readonly #values: readonly ShapeValue[];

  constructor(plan: Plan, values: readonly ShapeValue[], parts: RowShape["parts"]) {
    this.plan = plan;
    this.#values = values;
    this.parts = parts;
  }

  /** `offset`: columns that stand before the select list. */
  make(raw: readonly unknown[], offset = 0): Row {
    const row: Row = { [TYPE_NAME]: this.plan.bound.type.name };
    for (const { key, index, decode } of this.#values) {
      const value = raw[index + offset];
      row[key] = value === null ? null : decode(value);
    }
    for (const { slot, shape } of this.parts) row[slot] = shape.make(raw, offset);
    for (const { slot, error } of this.plan.faults) row[slot] = error;
    return row;
  }
}
