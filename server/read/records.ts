import type { Request } from "../../schema/shared/mapping/kinds.ts";
import { type Columns, nothing, type Sql } from "../../schema/shared/mapping/sql.ts";
import type { CommitPlace, RecordSnapshot } from "../domain/record-cursor.ts";
import { keyTime, type RecordBounds, type RecordPage, type RecordReader } from "../domain/records.ts";
import type { Binding } from "./bind.ts";
import { type BoundOrder, decodeRecordCursor, type OrderColumn, orderOf } from "./cursor.ts";
import { writeBeyond, writeKeyValue } from "./page.ts";
import { printed, type Statement, StatementWriter } from "./render.ts";
import type { RawRow } from "./rows.ts";

/**
 * Pages of records for streams, of a type whose entity says `records`; domain/records.ts has the two orders. However few of a tenant's records a filter selects, one statement looks at
 * SCANNED of them at most: it walks an index in order, stops there, and says how far it came.
 */
export interface RecordSelection<E> {
  /** The list's: all from the largest down. */
  readonly order: readonly string[];
  /** Sets without a record in common that hold all that may be selected; each is walked by indexes that begin with what it says is equal. */
  readonly within: (columns: Columns<E>, request: Request) => readonly Sql[];
  readonly where?: (columns: Columns<E>, request: Request) => Sql | null;
}

const SCANNED = 1_000;

export interface RecordsOptions {
  readonly binding: Binding;
  readonly request: Request;
  readonly ask: (statement: Statement) => Promise<RawRow[]>;
  readonly scanned?: number | undefined;
}

/** @throws where the type has no records, or the order is not from the largest down: errors of the schema */
export function recordReader<E>(type: string, { order: keys, within, where }: RecordSelection<E>, { binding, request, ask, scanned = SCANNED }: RecordsOptions): RecordReader<string> {
  const bound = binding.type(type);
  if (!bound) throw new Error(`${type} has no rows`);
  const order = orderOf(bound, { order: keys }, {});
  const xid = bound.entity.columns.get("xid");
  if (!order.records || !xid || order.columns.some(({ descending }) => !descending)) throw new Error(`${type} is no type of records in an order from the largest down`);
  const { entity } = bound;
  const columns = entity.main as unknown as Columns<E>;

  const statementOf = (bounds: RecordBounds, limit: number, condition: Sql | null): Statement | null => {
    const sets = within(columns, request).filter((set) => set !== nothing);
    if (sets.length === 0 || condition === nothing) return null;
    const writer = new StatementWriter(binding, entity);
    const writeOrder = (alias: string): void => {
      const ordered = order.columns.map(({ column }) => `${alias}.${column.name}`);
      writer.write(` order by ${[...(bounds.by === "commits" ? [`${alias}.${xid.name}`] : []), ...ordered].join(", ")}`);
    };
    writer.write(`select x.* from (select t."id", t.${xid.name}, ${order.columns.map(({ column }, index) => `${printed(column)} as k${index}`).join(", ")}, `);
    if (condition) writer.write("coalesce(").condition(condition).write(", false)");
    else writer.write("true");
    writer.write(" as matches, row_number() over (");
    writeOrder("t");
    writer.write(") as n from (select u.* from (");
    for (const [index, set] of sets.entries()) {
      const place = writer.occurrence(entity);
      writer.write(`${index > 0 ? " union all " : ""}(select ${place.alias}.* from ${entity.from} ${place.alias} where (`).sql(set, place).write(")");
      writeBounds(writer, order, `${place.alias}.${xid.name}`, place.alias, bounds);
      writeOrder(place.alias);
      writer.write(" limit ").param(scanned, "integer").write(")");
    }
    writer.write(") u");
    writeOrder("u");
    writer.write(" limit ").param(scanned, "integer").write(") t) x where x.matches or x.n = ").param(scanned, "integer").write(" order by x.n limit ").param(limit + 1, "integer");
    return writer.statement();
  };

  return {
    of: order.signature,
    parse: (cursor) => decodeRecordCursor(order, "after", cursor),
    keyAt: (at) => order.columns.map(({ column }, index) => (index === 0 ? keyTime(at) : largest(column))),
    async page(bounds, limit): Promise<RecordPage<string>> {
      const statement = statementOf(bounds, limit, where?.(columns, request) ?? null);
      const raws = statement ? await ask(statement) : [];
      const found = raws.map((raw) => ({ value: raw[0] as string, xid: Number(raw[1]), key: raw.slice(2, 2 + order.columns.length) as string[], matches: raw.at(-2) === "t", n: Number(raw.at(-1)) }));
      const rows = found.filter(({ matches }) => matches).slice(0, limit);
      const full = found.filter(({ matches }) => matches).length > limit;
      const last = full ? rows.at(-1) : found.find(({ n }) => n === scanned);
      return { rows: rows.map(({ value, key }) => ({ value, key })), end: last ? { xid: last.xid, key: last.key } : null };
    },
  };
}

function writeBounds(writer: StatementWriter, order: BoundOrder, xid: string, alias: string, bounds: RecordBounds): void {
  if (bounds.by === "time") {
    writer.write(" and ");
    // "Before" in the list, whose first is the newest.
    writeBeyond(writer, order, bounds.after, "before", false, alias);
    writer.write(" and ");
    writeSeen(writer, xid, bounds.seen);
    return;
  }
  writer.write(` and ${xid} < `).param(bounds.before, "bigint").write(" and ");
  writeFrom(writer, order.columns, xid, alias, bounds.from);
  if (bounds.without) {
    writer.write(" and not ");
    writeSeen(writer, xid, bounds.without);
  }
}

function writeFrom(writer: StatementWriter, columns: readonly OrderColumn[], xid: string, alias: string, { xid: from, key }: CommitPlace): void {
  if (key === null) {
    writer.write(`${xid} >= `).param(from, "bigint");
    return;
  }
  writer.write(`(${[xid, ...columns.map(({ column }) => `${alias}.${column.name}`)].join(", ")}) > (`).param(from, "bigint");
  for (const [index, { column }] of columns.entries()) {
    writer.write(", ");
    writeKeyValue(writer, column, key[index]);
  }
  writer.write(")");
}

function writeSeen(writer: StatementWriter, xid: string, { xmin, xmax, running }: RecordSnapshot): void {
  writer.write(`(${xid} < `).param(xmin, "bigint").write(` or (${xid} < `).param(xmax, "bigint");
  writer.write(` and ${xid} <> all (`).param(`{${running.join(",")}}`, "bigint[]").write(")))");
}

/** A value that none is behind. @throws for a kind that has none: an error of the schema */
function largest({ type, property }: OrderColumn["column"]): string {
  if (type.startsWith("uuid")) return "ffffffff-ffff-ffff-ffff-ffffffffffff";
  if (type === "int" || type === "integer") return String(2 ** 31 - 1);
  if (type.startsWith("bigint")) return "9".repeat(15);
  throw new Error(`${property} can't be a key of records: it has no largest value`);
}
