import type { Sql } from "../../../schema/shared/mapping/sql.ts";
import type { BoundOrder } from "../cursor.ts";
import { writeOrder } from "../page.ts";
import { type Statement, StatementWriter, writeWhere } from "../render.ts";
import type { ByteRow } from "../scoped.ts";
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

export interface SourceRow {
  readonly id: string;
  readonly object: Buffer | null;
  readonly cursor: Buffer | null;
}

/** One statement for all sources, of which there is at least one. */
export function statementOf(sources: readonly Source[], input: Input): Statement {
  const writer = new StatementWriter(input.binding);
  const objects = new ObjectWriter(writer, input);
  if (sources.length === 1) writeSource(objects, sources[0] as Source, 0, false);
  else {
    for (const [index, source] of sources.entries()) {
      writer.write(index > 0 ? " union all (" : "(");
      writeSource(objects, source, index, true);
      writer.write(")");
    }
    writer.write(" order by 1, 2");
  }
  return writer.statement();
}

/** The rows of each source. */
export function rowsBySource(rows: readonly ByteRow[], count: number): ByteRow[][] {
  if (count === 1) return [rows as ByteRow[]];
  const groups = Array.from({ length: count }, (): ByteRow[] => []);
  for (const row of rows) groups[Number(row[0])]?.push(row);
  return groups;
}

export const sourceRow = (row: ByteRow): SourceRow => ({ id: (row[2] as Buffer).toString("latin1"), object: row[3] ?? null, cursor: row[4] ?? null });
/** Total, whether there are rows up to `after`, whether from `before` on. */
export const factsOf = (row: ByteRow | undefined): { total: number; upToAfter: boolean; fromBefore: boolean } => ({
  total: Number(row?.[2]),
  upToAfter: row?.[3]?.toString("latin1") === "true",
  fromBefore: row?.[4]?.toString("latin1") === "true",
});

function writeSource(objects: ObjectWriter, source: Source, index: number, numbered: boolean): void {
  const { writer } = objects;
  switch (source.kind) {
    case "page": {
      const { plan } = source;
      const place = writer.occurrence(plan.connection.bound.entity);
      writer.write(`select ${index}, ${numbered ? `${place.alias}.n_` : "0"}, ${place.alias}."id"::text, `);
      if (source.shape === null) writer.write("null::text");
      else if (plan.asksMore) {
        writer.write(`case when ${place.alias}.n_ <= ${plan.args.size} then `);
        objects.object(source.shape, place);
        writer.write(" end");
      } else objects.object(source.shape, place);
      writer.write(", ");
      if (source.cursors) plan.writeCursor(writer, place);
      else writer.write("null::text");
      plan.writeRows(writer, place, numbered || plan.asksMore);
      if (!numbered) writeOrder(writer, plan.order, plan.args.forward, place.alias);
      return;
    }
    case "facts": {
      const { plan } = source;
      writer.write(`select ${index}, 0, `);
      if (source.total) plan.writeTotal(writer);
      else writer.write("'0'::text");
      writer.write(", (");
      plan.writeBeyondCursor(writer, "after");
      writer.write(")::text, (");
      plan.writeBeyondCursor(writer, "before");
      writer.write(")::text");
      return;
    }
    case "list":
    case "ids": {
      const place = writer.occurrence(source.rows.bound.entity);
      const order = source.kind === "list" ? source.order : null;
      writer.write(`select ${index}, `);
      if (numbered && order) {
        writer.write("row_number() over (");
        writeOrder(writer, order, true, place.alias);
        writer.write(")");
      } else writer.write("0");
      writer.write(`, ${place.alias}."id"::text, `);
      objects.object(source.rows.shape, place);
      writer.write(`, null::text from ${source.from} ${place.alias} where `);
      if (source.kind === "ids") {
        writer.write(`${place.alias}."id" = any (`).param(source.ids, "uuid[]").write(")");
        return;
      }
      writer.write("true");
      writeWhere(writer, source.where, place);
      if (!order) writer.write(" limit 1");
      else if (!numbered) writeOrder(writer, order, true, place.alias);
    }
  }
}
