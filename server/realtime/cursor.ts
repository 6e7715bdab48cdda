import { createHash } from "node:crypto";
import { RequestError } from "../domain/request-error.ts";

/**
 * A place on the timeline: everything strictly before (xid, seq) of this term. Terms change when the database was restored or replaced;
 * a place of another term means nothing. Rows of one transaction share its xid, and are told apart by seq.
 */
export interface Position {
  readonly term: number;
  readonly xid: number;
  readonly seq: number;
}

/** Negative: a is before b. Only within one term. */
export const comparePositions = (a: Position, b: Position): number => a.xid - b.xid || a.seq - b.seq;

/** What a subscriber hands back to go on where it was. Opaque to it. */
export interface Cursor {
  readonly position: Position;
  /** The snapshot that it came with was not finished: what is missing of it is nowhere on the timeline. */
  readonly incomplete: boolean;
  /** When it was made, in milliseconds of the simulation's clock: the timeline's rows carry that too, and are dropped by it. */
  readonly issuedAt: number;
  /** Of what it is a cursor: it means nothing for another subscription, or another filter. */
  readonly of: string;
}

const VERSION = 1;
const MAX_LENGTH = 200;

export const formatCursor = ({ position, incomplete, issuedAt, of }: Cursor): string =>
  Buffer.from(JSON.stringify([VERSION, position.term, position.xid, position.seq, incomplete ? 1 : 0, issuedAt, of])).toString("base64url");

/** @throws RequestError BAD_USER_INPUT for what never was a cursor; one that is merely too old is still a cursor */
export function parseCursor(text: string): Cursor {
  let parts: unknown;
  try {
    parts = text.length <= MAX_LENGTH ? JSON.parse(Buffer.from(text, "base64url").toString()) : null;
  } catch {
    parts = null;
  }
  if (Array.isArray(parts) && parts.length === 7) {
    const [version, term, xid, seq, incomplete, issuedAt, of] = parts as unknown[];
    const whole = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    if (version === VERSION && whole(term) && whole(xid) && whole(seq) && (incomplete === 0 || incomplete === 1) && whole(issuedAt) && typeof of === "string") {
      return { position: { term, xid, seq }, incomplete: incomplete === 1, issuedAt, of };
    }
  }
  throw new RequestError("BAD_USER_INPUT", '"after" must be a cursor of an earlier message of this subscription.');
}

/** The same text for the same subscription: of what type, for whom, and with which arguments. */
export const subscriptionKey = (...parts: readonly unknown[]): string => createHash("sha256").update(JSON.stringify(parts, sortKeys)).digest("base64url").slice(0, 16);

const sortKeys = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
