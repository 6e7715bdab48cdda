import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../schema/shared/mapping/kinds.ts";
import { RequestError } from "../domain/request-error.ts";
import type { BoundColumn } from "./bind.ts";
import { type BoundOrder, decodeCursor, type OrderColumn } from "./cursor.ts";
import type { StatementWriter } from "./render.ts";

/**
 * Pages by key, as the Relay specification has them: `first` rows behind `after`, or `last` rows before `before`, both within
 * (after, before). One row more than the page is read where it is asked whether there is more.
 *
 *   forward    hasNextPage: there was one more, or there are rows from `before` on     hasPreviousPage: there are rows up to `after`
 *   backward   hasPreviousPage: there was one more, or there are rows up to `after`    hasNextPage: there are rows from `before` on
 */
export interface PageArguments {
  readonly forward: boolean;
  readonly size: number;
  readonly after: readonly string[] | null;
  readonly before: readonly string[] | null;
}

/** @throws RequestError BAD_USER_INPUT */
export function pageArguments(order: BoundOrder, args: Readonly<Record<string, unknown>>): PageArguments {
  const size = (name: "first" | "last"): number | null => {
    const value = (args[name] ?? null) as number | null;
    if (value !== null && (value < 1 || value > MAX_PAGE_SIZE)) throw new RequestError("BAD_USER_INPUT", `The argument "${name}" must be 1 to ${MAX_PAGE_SIZE}`);
    return value;
  };
  const cursor = (name: "after" | "before"): string[] | null => {
    const value = (args[name] ?? null) as string | null;
    return value === null ? null : decodeCursor(order, name, value);
  };
  const first = size("first");
  const last = size("last");
  if (first !== null && last !== null) throw new RequestError("BAD_USER_INPUT", 'A page is asked for by "first" or by "last", not by both');
  return { forward: last === null, size: first ?? last ?? DEFAULT_PAGE_SIZE, after: cursor("after"), before: cursor("before") };
}

/** What of a page is selected. */
export interface PageSelection {
  /** Its rows, under `nodes` or `edges`. */
  readonly lists: boolean;
  /** The cursors of edges. */
  readonly cursors: boolean;
  readonly totalCount: boolean;
  readonly pageInfo: ReadonlySet<string>;
}

/** What has to be read for that. */
export interface PageAsks {
  readonly rows: boolean;
  readonly cursors: boolean;
  /** Whether there is one more than the page holds. */
  readonly more: boolean;
  readonly total: boolean;
  /** Whether there are rows up to `after`, and from `before` on. */
  readonly upToAfter: boolean;
  readonly fromBefore: boolean;
  /** Any of these three, which the rows don't tell. */
  readonly facts: boolean;
}
export function pageAsks({ forward, after, before }: PageArguments, { lists, cursors, totalCount, pageInfo }: PageSelection): PageAsks {
  const [upToAfter, fromBefore] = [after !== null && pageInfo.has("hasPreviousPage"), before !== null && pageInfo.has("hasNextPage")];
  return {
    rows: lists || pageInfo.size > 0,
    cursors: cursors || pageInfo.has("startCursor") || pageInfo.has("endCursor"),
    more: pageInfo.has(forward ? "hasNextPage" : "hasPreviousPage"),
    total: totalCount,
    upToAfter,
    fromBefore,
    facts: totalCount || upToAfter || fromBefore,
  };
}

/** What a page's rows don't tell. */
export interface PageFacts {
  readonly total: number;
  readonly upToAfter: boolean;
  readonly fromBefore: boolean;
}
export const NO_FACTS: PageFacts = { total: 0, upToAfter: false, fromBefore: false };

/** Where there was one more, in the page's direction, and of the facts that are asked for. */
export const hasNextPage = ({ forward }: PageArguments, more: boolean, { fromBefore }: PageFacts): boolean => (forward && more) || fromBefore;
export const hasPreviousPage = ({ forward }: PageArguments, more: boolean, { upToAfter }: PageFacts): boolean => (!forward && more) || upToAfter;

/** `order by …`, backward where the page is. */
export function writeOrder(writer: StatementWriter, { columns }: BoundOrder, forward: boolean, alias = "t"): void {
  writer.write(` order by ${columns.map(({ column, descending }) => `${alias}.${column.name}${descending === forward ? " desc" : ""}`).join(", ")}`);
}

/** A value of a key as the cursor has it: a time without a zone, in UTC. */
export function writeKeyValue(writer: StatementWriter, { type }: BoundColumn, value: string | undefined): void {
  if (type.startsWith("timestamptz")) writer.write("(").param(value, "timestamp").write(" at time zone 'UTC')");
  else writer.param(value, type);
}

/** The condition that a row lies behind the key (or before it; with `orAt` also at it). */
export function writeBeyond(writer: StatementWriter, { columns }: BoundOrder, key: readonly string[], side: "after" | "before", orAt = false, alias = "t"): void {
  const value = (index: number): void => writeKeyValue(writer, (columns[index] as OrderColumn).column, key[index]);
  const operator = (descending: boolean): string => ((side === "after") === descending ? "<" : ">");
  if (columns.every(({ descending }) => descending === columns[0]?.descending)) {
    writer.write(`(${columns.map(({ column }) => `${alias}.${column.name}`).join(", ")}) ${operator(columns[0]?.descending ?? false)}${orAt ? "=" : ""} (`);
    for (const index of columns.keys()) {
      if (index > 0) writer.write(", ");
      value(index);
    }
    writer.write(")");
    return;
  }
  // Directions differ: a row lies behind where it is behind in one key and equal in those before it.
  writer.write("(");
  for (const [index, { column, descending }] of columns.entries()) {
    writer.write(index > 0 ? " or (" : "(");
    for (let equal = 0; equal < index; equal += 1) {
      writer.write(`${alias}.${columns[equal]?.column.name} = `);
      value(equal);
      writer.write(" and ");
    }
    const last = index === columns.length - 1;
    writer.write(`${alias}.${column.name} ${operator(descending)}${orAt && last ? "=" : ""} `);
    value(index);
    writer.write(")");
  }
  writer.write(")");
}
