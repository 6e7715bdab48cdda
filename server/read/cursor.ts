import { entityOf, type Selects } from "../../schema/shared/mapping/kinds.ts";
import { isUuid } from "../domain/ids.ts";
import { parseRecordCursor, type RecordCursor } from "../domain/record-cursor.ts";
import { RequestError } from "../domain/request-error.ts";
import { type BoundColumn, type BoundEntity, type BoundType, orderFaults, type ValueKind } from "./bind.ts";

/**
 * Cursors: where a row stands in an order. A cursor is the base64url of a JSON array: the order it belongs to, then the row's value of each
 * key, as the very text that Postgres gave, so that no microsecond is lost and JavaScript never compares. SQL makes them
 * alike, letter for letter (compiled/connections.ts).
 *
 * A cursor of another type or another order, or one that someone made up, is refused: it could mean anything.
 */
export interface OrderColumn {
  readonly column: BoundColumn;
  readonly descending: boolean;
}

export interface BoundOrder {
  /** E.g. `Pod:name,id`. */
  readonly signature: string;
  readonly columns: readonly OrderColumn[];
  /** Of records: its cursors say as well what their page could see, so that a stream goes on where the page ends (server/domain/record-cursor.ts). */
  readonly records: boolean;
}

/** What follows the keys in a cursor of records, in SQL: the very texts, of the statement's own snapshot. */
export const PAGE_SNAPSHOT = ["(select l.term from database_life l)::text", "pg_current_snapshot()::text"] as const;

/** @throws where the order is not total, or names what does not exist: an error of the schema, not of the caller */
export function bindOrder(typeName: string, entity: BoundEntity, keys: readonly string[], records = false): BoundOrder {
  const [fault] = orderFaults(entity, keys);
  if (fault) throw new Error(fault);
  return {
    signature: `${typeName}:${keys.join(",")}`,
    columns: keys.map((key) => ({ column: entity.columns.get(key.replace(/^-/, "")) as BoundColumn, descending: key.startsWith("-") })),
    records,
  };
}

/** The order of these rows under these arguments. @throws as bindOrder */
export const orderOf = ({ type, entity }: BoundType, { order }: Pick<Selects, "order">, args: Readonly<Record<string, unknown>>): BoundOrder =>
  bindOrder(type.name, entity, typeof order === "function" ? order(args as never) : order, entityOf(type)?.records);

export const encodeCursor = (order: BoundOrder, values: readonly (string | null)[]): string =>
  Buffer.from(`[${[order.signature, ...values].map((value) => JSON.stringify(value)).join(", ")}]`).toString("base64url");

/** The values of the order's keys. @throws RequestError BAD_USER_INPUT where the cursor is none of this order */
export function decodeCursor(order: BoundOrder, argument: string, cursor: string): string[] {
  const [signature, ...values] = parse(cursor) ?? [];
  const key = signature !== order.signature ? null : order.records ? (recordCursor(order, values)?.key ?? null) : values;
  if (key === null || !isKey(order, key)) throw new RequestError("BAD_USER_INPUT", `The argument "${argument}" is not a cursor of this list`);
  return key as string[];
}

/** All that a cursor of records says. @throws RequestError BAD_USER_INPUT where it is none of this order */
export function decodeRecordCursor(order: BoundOrder, argument: string, cursor: string): RecordCursor {
  const [signature, ...values] = parse(cursor) ?? [];
  const decoded = signature === order.signature ? recordCursor(order, values) : null;
  if (!decoded) throw new RequestError("BAD_USER_INPUT", `The argument "${argument}" is neither a cursor of this stream nor one of its list`);
  return decoded;
}

function recordCursor(order: BoundOrder, values: readonly unknown[]): RecordCursor | null {
  const cursor = parseRecordCursor(order.signature, values, order.columns.length);
  return cursor && isKey(order, cursor.key) && (cursor.place?.key == null || isKey(order, cursor.place.key)) ? cursor : null;
}

const isKey = ({ columns }: BoundOrder, values: readonly unknown[]): boolean => values.length === columns.length && columns.every(({ column }, index) => isValue(column, values[index]));

function parse(cursor: string): unknown[] | null {
  // Buffer skips what is not base64; a cursor is exactly what we gave out.
  if (cursor.length > 4096 || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
  try {
    // Else bytes that are no UTF-8 would be read as some other text.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(cursor, "base64url"));
    const parts = JSON.parse(text) as unknown;
    return Array.isArray(parts) ? parts : null;
  } catch {
    return null;
  }
}

const VALUES: Readonly<Record<ValueKind, (text: string) => boolean>> = {
  text: (text) => !text.includes("\0"),
  number: (text) => /^-?\d{1,15}(\.\d{1,15})?$/.test(text),
  boolean: (text) => text === "t" || text === "f",
  time: isTime,
  json: () => false,
  array: () => false,
};

function isTime(text: string): boolean {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?$/.test(text)) return false;
  const time = new Date(`${text.replace(" ", "T")}Z`);
  // A day that does not exist would roll over here, and be an error there.
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 10) === text.slice(0, 10);
}

function isValue({ type, kind }: BoundColumn, value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (type.startsWith("uuid")) return isUuid(value);
  if (type === "int" || type === "integer") return /^-?\d{1,10}$/.test(value) && Math.abs(Number(value)) <= 2 ** 31 - 1;
  return VALUES[kind](value);
}
