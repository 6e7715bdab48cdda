import type { Join, Link } from "../../schema/shared/mapping/kinds.ts";
import { nothing, type Sql } from "../../schema/shared/mapping/sql.ts";
import type { Binding } from "./bind.ts";
import { encodeCursor, PAGE_SNAPSHOT } from "./cursor.ts";
import { hasNextPage, hasPreviousPage, NO_FACTS, type PageAsks, pageAsks, type PageFacts, writeBeyond, writeOrder } from "./page.ts";
import type { PlannedPage, View } from "./plan.ts";
import { type Statement, StatementWriter, writeWhere } from "./render.ts";
import { type RawRow, type Row, type RowShape, SelectList } from "./rows.ts";

/**
 * Connections: the two statements that a page takes, for all parents at once, and the objects made of what they answer. A question is a statement
 * (null where nothing needs to be asked) and what its rows mean.
 */
export interface Question<Answer> {
  readonly statement: Statement | null;
  readonly answer: (raws: readonly RawRow[]) => Answer;
}

export interface Parents {
  readonly join: Join;
  readonly linked: Link | undefined;
  /** For each parent, its value of each pair of the join: uuids. */
  readonly keys: readonly (readonly string[])[];
}

/** Rows as the parents of pages: those that are joined by the same have one, whose index `indexOf` tells. */
export function parentsOf(rows: readonly Row[], { join, linked }: Pick<Parents, "join" | "linked">): { parents: Parents; indexOf: (row: Row) => number } {
  const valuesOf = (row: Row): string[] => join.map(([, own]) => row[own] as string);
  const indexes = new Map<string, number>();
  const keys: string[][] = [];
  for (const row of rows) {
    const values = valuesOf(row);
    const text = values.join(" ");
    if (!indexes.has(text)) indexes.set(text, keys.push(values) - 1);
  }
  return { parents: { join, linked, keys }, indexOf: (row) => indexes.get(valuesOf(row).join(" ")) as number };
}

/** One parent's page. */
export interface PageRows {
  /** For each view, the page's rows. */
  readonly rows: readonly Row[][];
  readonly cursors: readonly string[];
  /** There was one more than the page holds, in its direction. */
  readonly more: boolean;
  readonly count: number;
}
/** The id of a parent that a condition links rows to: the one thing that it is joined by. */
const PARENT_ID: Sql = { kind: "sql", parts: ["k.k0"] };

/** What has to be read for a page, and the views of its rows: under `nodes`, and under `edges`. */
export function askedOf({ nodes, edges, pageInfo, args, totalCount }: PlannedPage): PageAsks & { readonly views: readonly View[] } {
  const views = [...nodes, ...edges.flatMap((edge) => edge.nodes)];
  return { views, ...pageAsks(args, { lists: views.length > 0 || edges.length > 0, cursors: edges.some((edge) => edge.cursor), totalCount, pageInfo }) };
}

const countOf = (parents: Parents | null): number => parents?.keys.length ?? 1;

/** The rows of the page, one page for each parent in the order of their keys; null where the selection asks for none. */
export function pageRows(binding: Binding, page: PlannedPage, parents: Parents | null): (Question<PageRows[]> & { readonly shapes: readonly RowShape[] }) | null {
  const { bound, order, args } = page;
  const { views, rows, cursors: withCursors } = askedOf(page);
  if (!rows) return null;
  const list = new SelectList();
  const shapes = views.map(({ plan }) => list.shape(plan));
  const keys = withCursors || parents ? order.columns.map(({ column }) => list.column(column)) : [];
  const said = [...keys, ...(withCursors && order.records ? PAGE_SNAPSHOT.map((sql) => list.add((writer) => writer.write(sql))) : [])];
  if (page.where === nothing) {
    return { shapes, statement: null, answer: () => Array.from({ length: countOf(parents) }, () => ({ rows: shapes.map(() => []), cursors: [], more: false, count: 0 })) };
  }

  const writer = new StatementWriter(binding, bound.entity);
  if (parents) {
    writer.write("select k.n, x.* from ");
    writeKeys(writer, parents);
    writer.write(" cross join lateral (");
  }
  writer.write("select ");
  list.write(writer);
  writeFrom(writer, page, parents);
  for (const side of ["after", "before"] as const) {
    const key = args[side];
    if (!key) continue;
    writer.write(" and ");
    writeBeyond(writer, order, key, side);
  }
  writeOrder(writer, order, args.forward);
  writer.write(" limit ").param(args.size + 1, "integer");
  if (parents) writer.write(`) x order by k.n${keys.map((key, index) => `, x.c${key}${order.columns[index]?.descending === args.forward ? " desc" : ""}`).join("")}`);

  const offset = parents ? 1 : 0;
  const answer = (raws: readonly RawRow[]): PageRows[] => {
    const groups = Array.from({ length: countOf(parents) }, (): RawRow[] => []);
    for (const raw of raws) (groups[parents ? Number(raw[0]) - 1 : 0] as RawRow[]).push(raw);
    return groups.map((group) => {
      const more = group.length > args.size;
      if (more) group.pop();
      if (!args.forward) group.reverse();
      return {
        rows: shapes.map((shape) => group.map((raw) => shape.make(raw, offset))),
        cursors: withCursors ? group.map((raw) => encodeCursor(order, said.map((key) => raw[key + offset] as string))) : [],
        more,
        count: group.length,
      };
    });
  };
  return { shapes, statement: writer.statement(), answer };
}

/** What the rows don't tell: how many there are in all, and whether there are others beyond the cursors; null where that is not asked. */
export function pageFacts(binding: Binding, page: PlannedPage, parents: Parents | null): Question<PageFacts[]> | null {
  const { bound, order, args, where } = page;
  const asked = askedOf(page);
  if (!asked.facts) return null;
  if (where === nothing) return { statement: null, answer: () => Array.from({ length: countOf(parents) }, () => NO_FACTS) };

  const writer = new StatementWriter(binding, bound.entity);
  const exists = (key: readonly string[] | null | false, side: "after" | "before"): void => {
    if (!key) {
      writer.write(", false");
      return;
    }
    writer.write(", exists (select");
    writeFrom(writer, page, parents);
    writer.write(" and ");
    writeBeyond(writer, order, key, side, true);
    writer.write(")");
  };
  writer.write(parents ? "select k.n, " : "select 1, ");
  if (asked.total) {
    writer.write("(select count(*)");
    writeFrom(writer, page, parents);
    writer.write(")");
  } else writer.write("0");
  // Up to the cursor `after` is what lies before it, or at it; and the other way round.
  exists(asked.upToAfter && args.after, "before");
  exists(asked.fromBefore && args.before, "after");
  if (parents) {
    writer.write(" from ");
    writeKeys(writer, parents);
    writer.write(" order by k.n");
  }
  return {
    statement: writer.statement(),
    answer: (raws) => raws.map(([, total, upToAfter, fromBefore]) => ({ total: Number(total), upToAfter: upToAfter === "t", fromBefore: fromBefore === "t" })),
  };
}

/** The parents as `k`: what they are joined by, and their number `n` from 1. */
function writeKeys(writer: StatementWriter, { join, keys }: Parents): void {
  writer.write("unnest(");
  for (const index of join.keys()) {
    if (index > 0) writer.write(", ");
    writer.param(keys.map((key) => key[index]), "uuid[]");
  }
  writer.write(`) with ordinality k (${join.map((_, index) => `k${index}, `).join("")}n)`);
}

/** ` from … t where …`, of the parent `k` where there are parents. */
function writeFrom(writer: StatementWriter, page: PlannedPage, parents: Parents | null): void {
  writer.write(` from ${page.from} t where true`);
  if (parents?.linked) writeWhere(writer, parents.linked(page.bound.entity.main, PARENT_ID));
  else for (const [index, [property]] of (parents?.join ?? []).entries()) writer.write(` and t.${page.bound.entity.columns.get(property)?.name} = k.k${index}`);
  writeWhere(writer, page.where);
}

/** The object that the connection's resolvers take from. */
export function connectionOf(page: PlannedPage, read: PageRows | undefined, facts: PageFacts = NO_FACTS): Row {
  // There is a pageInfo also where all that is selected in it is left out: then nobody looks into it.
  const connection: Row = { pageInfo: {} };
  if (page.totalCount) connection["totalCount"] = facts.total;
  if (!read) return connection;
  let view = 0;
  for (const { slot } of page.nodes) connection[slot] = read.rows[view++];
  for (const edge of page.edges) {
    const views = edge.nodes.map(({ slot }) => ({ slot, rows: read.rows[view++] as Row[] }));
    connection[edge.slot] = Array.from({ length: read.count }, (_, index) => {
      const object: Row = { cursor: read.cursors[index] };
      for (const { slot, rows } of views) object[slot] = rows[index];
      return object;
    });
  }
  if (page.pageInfo.size > 0) {
    connection["pageInfo"] = {
      hasNextPage: hasNextPage(page.args, read.more, facts),
      hasPreviousPage: hasPreviousPage(page.args, read.more, facts),
      startCursor: read.cursors[0] ?? null,
      endCursor: read.cursors.at(-1) ?? null,
    };
  }
  return connection;
}
