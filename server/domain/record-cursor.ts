/**
 * Cursors of records: of what is stored once and never changes (events, lines of logs). Lists show them by time, streams tell them as they are committed, and each takes the
 * cursors of the other; server/realtime/record-stream.ts says what they mean and why nothing is lost between the two.
 *
 *   edge    [of, ...key, term, snapshot]                          of a list's row: where it stands, and what its page could see
 *   place   [of, ...key, term, snapshot or "", known, xid, …]     of a stream's message: `key` is of the last record that was told
 *
 * All parts are texts, in JSON, in base64url: the very text that the compiled reads write in SQL.
 */
export interface RecordSnapshot {
  /** All transactions before it are decided. */
  readonly xmin: number;
  /** None from here on had begun. */
  readonly xmax: number;
  /** Those in between that were running. */
  readonly running: readonly number[];
}

/** A place in the order of commits: everything before `xid`, and of that one what comes before `key`, or at it; null: nothing. */
export interface CommitPlace {
  readonly xid: number;
  readonly key: readonly string[] | null;
}

export interface RecordCursor {
  /** The order that it belongs to, e.g. `Event:-at,-id`. */
  readonly of: string;
  /** Where it stands in the order of the list. */
  readonly key: readonly string[];
  readonly term: number;
  /** For an edge what its page saw; for a place what of this snapshot was told before, null: nothing behind the place is in it. */
  readonly seen: RecordSnapshot | null;
  /** null: an edge. */
  readonly place: CommitPlace | null;
  /** Nothing that was stored before this moment is still to be told by the order of commits; milliseconds of the simulation's clock. Of an edge: null. */
  readonly knownAt: number | null;
}

export const seesXid = ({ xmin, xmax, running }: RecordSnapshot, xid: number): boolean => xid < xmin || (xid < xmax && !running.includes(xid));

/** As Postgres writes it, e.g. 10:20:10,14. */
export const formatSnapshot = ({ xmin, xmax, running }: RecordSnapshot): string => `${xmin}:${xmax}:${running.join(",")}`;

export function parseSnapshot(text: string): RecordSnapshot | null {
  if (!/^\d{1,16}:\d{1,16}:(\d{1,16}(,\d{1,16})*)?$/.test(text)) return null;
  const [xmin = "", xmax = "", running = ""] = text.split(":");
  const snapshot = { xmin: Number(xmin), xmax: Number(xmax), running: running.split(",").filter(Boolean).map(Number) };
  return [snapshot.xmin, snapshot.xmax, ...snapshot.running].every(Number.isSafeInteger) && snapshot.xmin <= snapshot.xmax ? snapshot : null;
}

/** The place's key is the one of the last record. */
const SAME = "=";

export function recordCursorParts({ key, term, seen, place, knownAt }: Omit<RecordCursor, "of">): string[] {
  const parts = [...key, String(term), seen === null ? "" : formatSnapshot(seen)];
  if (place === null) return parts;
  parts.push(String(knownAt), String(place.xid));
  if (place.key !== null) parts.push(...(isSameKey(place.key, key) ? [SAME] : place.key));
  return parts;
}

export const formatRecordCursor = (cursor: RecordCursor): string =>
  Buffer.from(`[${[cursor.of, ...recordCursorParts(cursor)].map((part) => JSON.stringify(part)).join(", ")}]`).toString("base64url");

/** null where these parts, which follow the order's name, are none of a cursor whose order has so many keys. What the keys say is the caller's to judge. */
export function parseRecordCursor(of: string, parts: readonly unknown[], keys: number): RecordCursor | null {
  if (!parts.every((part) => typeof part === "string")) return null;
  const key = parts.slice(0, keys);
  const [term, snapshot, knownAt, xid, ...rest] = parts.slice(keys) as (string | undefined)[];
  const seen = snapshot === undefined ? null : parseSnapshot(snapshot);
  const whole = (text: string | undefined): text is string => text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text));
  if (key.length !== keys || !whole(term) || (seen === null && snapshot !== "")) return null;
  const common = { of, key, term: Number(term), seen };
  if (knownAt === undefined) return seen === null ? null : { ...common, place: null, knownAt: null };
  if (!whole(knownAt) || !whole(xid)) return null;
  const placed = (placeKey: readonly string[] | null): RecordCursor => ({ ...common, place: { xid: Number(xid), key: placeKey }, knownAt: Number(knownAt) });
  if (rest.length === 0) return placed(null);
  if (rest.length === 1 && rest[0] === SAME) return placed(key);
  return rest.length === keys ? placed(rest as string[]) : null;
}

const isSameKey = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((part, index) => part === b[index]);
