import type { Sql } from "../../../schema/shared/mapping/sql.ts";
import type { BoundOrder } from "../cursor.ts";
import { type PageFacts, writeOrder } from "../page.ts";
import { type Occurrence, type Statement, StatementWriter, writeWhere } from "../render.ts";
import type { ByteRow } from "../scoped.ts";
import { isOwner, Touched } from "../touched.ts";
import { NotCompiled } from "./not-compiled.ts";
import type { PagePlan } from "./connections.ts";
import { type Input, ObjectWriter } from "./objects.ts";
import type { ObjectShape, RowsShape } from "./shape.ts";

/**
 * What the root's fields ask of the database: each a source of rows (number of the source, place in it, three texts), all of them one statement.
 *
 *   rows    (id, object, cursor)        the objects of a list or a page, in its order; the object is null where only the list is asked
 *   facts   (total, up to, from)        what a page's rows don't tell
 *   ids     (id, object, null)          objects by their ids, in any order
 */
export type Source =
  | { readonly kind: "page"; readonly plan: PagePlan; readonly shape: ObjectShape | null; readonly cursors: boolean }
  | { readonly kind: "facts"; readonly plan: PagePlan; readonly total: boolean }
  | { readonly kind: "list"; readonly rows: RowsShape; readonly from: string; readonly where: Sql | null; readonly order: BoundOrder | null }
  | { readonly kind: "ids"; readonly rows: RowsShape; readonly from: string; readonly ids: readonly string[] };

export type PageSource = Source & { readonly kind: "page" };
export type FactsSource = Source & { readonly kind: "facts" };
export type RowsSource = Exclude<Source, { kind: "facts" }>;

export interface SourceRow {
  readonly id: string;
  readonly object: Uint8Array | null;
  readonly cursor: string | null;
}

/** What a source's rows depend on: which there are, and what each shows. */
export interface TouchedBySource {
  readonly list: Touched;
  readonly objects: Touched | null;
}

/** One statement for all sources, of which there is at least one; with what each of them touches, where that is asked. */
export function statementOf(sources: readonly Source[], input: Input, touching: boolean): { readonly statement: Statement; readonly touched: readonly TouchedBySource[] } {
  const writer = new StatementWriter(input.binding, null, () => new NotCompiled("large"));
  const objects = new ObjectWriter(writer, input);
  const touched: TouchedBySource[] = [];
  const write = (source: Source, index: number, numbered: boolean): void => {
    const writing = new SourceWriter(objects, touching);
    writing.write(source, index, numbered);
    if (touching) touched.push(writing);
  };
  if (sources.length === 1) write(sources[0] as Source, 0, false);
  else {
    for (const [index, source] of sources.entries()) {
      writer.write(index > 0 ? " union all (" : "(");
      write(source, index, true);
      writer.write(")");
    }
    writer.write(" order by 1, 2");
  }
  return { statement: writer.statement(), touched };
}

/** The rows of each source. */
export function rowsBySource(rows: readonly ByteRow[], count: number): ByteRow[][] {
  if (count === 1) return [rows as ByteRow[]];
  const groups = Array.from({ length: count }, (): ByteRow[] => []);
  for (const row of rows) groups[Number(row[0])]?.push(row);
  return groups;
}

const ascii = (field: Buffer | null | undefined): string | null => field?.toString("latin1") ?? null;
export const sourceRow = (row: ByteRow): SourceRow => ({ id: ascii(row[2]) as string, object: row[3] ?? null, cursor: ascii(row[4]) });
export const factsOf = (row: ByteRow | undefined): PageFacts => ({ total: Number(ascii(row?.[2])), upToAfter: ascii(row?.[3]) === "true", fromBefore: ascii(row?.[4]) === "true" });

class SourceWriter implements TouchedBySource {
  readonly list: Touched;
  objects: Touched | null = null;
  readonly #objects: ObjectWriter;
  readonly #touching: boolean;

  constructor(objects: ObjectWriter, touching: boolean) {
    this.#objects = objects;
    this.#touching = touching;
    this.list = new Touched(objects.input.binding, null);
  }

  write(source: Source, index: number, numbered: boolean): void {
    const { writer } = this.#objects;
    writer.touched = this.#touching ? this.list : null;
    switch (source.kind) {
      case "page":
        this.#page(source, index, numbered);
        break;
      case "facts":
        this.#facts(source, index);
        break;
      case "list":
        this.#list(source, index, numbered);
        break;
      case "ids":
        this.#ids(source, index);
    }
    writer.touched = null;
  }

  #page({ plan, shape, cursors }: PageSource, index: number, numbered: boolean): void {
    const { writer } = this.#objects;
    const place = plan.occurrence(writer);
    writer.write(`select ${index}, ${numbered ? `${place.alias}.n_` : "0"}, ${place.alias}."id"::text, `);
    if (shape === null) writer.write("null::text");
    else if (plan.asks.more) {
      writer.write(`case when ${place.alias}.n_ <= `).param(plan.args.size, "integer").write(" then ");
      this.#object(shape, place, plan.from);
      writer.write(" end");
    } else this.#object(shape, place, plan.from);
    writer.write(", ");
    if (cursors) plan.writeCursor(writer, place);
    else writer.write("null::text");
    plan.writeRows(writer, place, numbered || plan.asks.more);
    if (!numbered) writeOrder(writer, plan.order, plan.args.forward, place.alias);
  }

  #facts({ plan, total }: FactsSource, index: number): void {
    const { writer } = this.#objects;
    writer.write(`select ${index}, 0, `);
    if (total) plan.writeTotal(writer);
    else writer.write("'0'::text");
    writer.write(", (");
    plan.writeBeyondCursor(writer, "after");
    writer.write(")::text, (");
    plan.writeBeyondCursor(writer, "before");
    writer.write(")::text");
  }

  #list({ rows, from, where, order }: Source & { kind: "list" }, index: number, numbered: boolean): void {
    const { writer } = this.#objects;
    const place = this.#from(rows, from);
    writer.write(`select ${index}, `);
    if (numbered && order) {
      writer.write("row_number() over (");
      writeOrder(writer, order, true, place.alias);
      writer.write(")");
    } else writer.write("0");
    writer.write(`, ${place.alias}."id"::text, `);
    this.#object(rows.shape, place, from);
    writer.write(`, null::text from ${from} ${place.alias} where true`);
    writeWhere(writer, where, place);
    if (!order) writer.write(" limit 1");
    else if (!numbered) writeOrder(writer, order, true, place.alias);
  }

  #ids({ rows, from, ids }: Source & { kind: "ids" }, index: number): void {
    const { writer } = this.#objects;
    const place = this.#from(rows, from);
    writer.write(`select ${index}, 0, ${place.alias}."id"::text, `);
    this.#object(rows.shape, place, from);
    writer.write(`, null::text from ${from} ${place.alias} where ${place.alias}."id" = any (`).param(ids, "uuid[]").write(")");
  }

  #from({ bound }: RowsShape, from: string): Occurrence {
    const { writer } = this.#objects;
    if (from !== bound.entity.from) writer.touched?.untold();
    return writer.occurrence(bound.entity);
  }

  /** The object, whose text may be remembered by itself. */
  #object(shape: ObjectShape, place: Occurrence, from: string): void {
    const { writer, input } = this.#objects;
    if (!this.#touching) {
      this.#objects.object(shape, place);
      return;
    }
    const asked = input.request.asked;
    const root = { ...place, owned: isOwner(input.binding.told(place.entity.name)) };
    writer.touched = this.objects = new Touched(input.binding, root);
    this.#objects.object(shape, root);
    if (input.request.asked > asked || from !== place.entity.from) this.objects.untold();
    writer.touched = this.list;
  }
}
