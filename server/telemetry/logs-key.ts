/**
 * Where a line stands. Lines are ordered by time; of one instant by the chunk that they are in (the transaction that stored it, and its number), and within that as they were
 * written: so a source's lines keep their order.
 */
import { parseRecordCursor, type RecordCursor } from "../domain/record-cursor.ts";
import { keyTime, timeOf } from "../domain/records.ts";
import { RequestError } from "../domain/request-error.ts";

export interface LineKey {
  readonly at: number;
  readonly xid: number;
  readonly seq: number;
  /** Within its chunk. */
  readonly index: number;
}

/** The order's name in cursors. */
export const LINES = "LogLine:-at,-xid,-seq,-index";
const PARTS = 4;
const HIGHEST = Number.MAX_SAFE_INTEGER;

export const compareKeys = (a: LineKey, b: LineKey): number => a.at - b.at || a.xid - b.xid || a.seq - b.seq || a.index - b.index;

/** Before, and behind, all lines of an instant. */
export const beforeInstant = (at: number): LineKey => ({ at, xid: 0, seq: 0, index: 0 });
export const behindInstant = (at: number): LineKey => ({ at, xid: HIGHEST, seq: HIGHEST, index: HIGHEST });

export const textsOfKey = ({ at, xid, seq, index }: LineKey): string[] => [keyTime(at), String(xid), String(seq), String(index)];

export function keyOfTexts(texts: readonly string[]): LineKey | null {
  const [xid = Number.NaN, seq = Number.NaN, index = Number.NaN] = texts.slice(1).map(Number);
  const key = { at: timeOf(texts), xid, seq, index };
  return Object.values(key).every((value) => Number.isSafeInteger(value) && value >= 0) ? key : null;
}

/** @throws RequestError BAD_USER_INPUT for what is no cursor of lines */
export function parseLineCursor(argument: string, text: string): RecordCursor {
  const parsed = partsOf(text);
  const cursor = parsed?.[0] === LINES ? parseRecordCursor(LINES, parsed.slice(1), PARTS) : null;
  if (cursor === null || keyOfTexts(cursor.key) === null) throw new RequestError("BAD_USER_INPUT", `The argument "${argument}" is not a cursor of lines of logs.`);
  return cursor;
}

const LONGEST = 4_096;

function partsOf(text: string): unknown[] | null {
  if (text.length > LONGEST) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
