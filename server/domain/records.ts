import type { CommitPlace, RecordCursor, RecordSnapshot } from "./record-cursor.ts";

/**
 * How records are read by those who tell them (server/realtime/record-stream.ts): a page at a time, behind a place, in one of two orders.
 *
 *   time      what a snapshot sees and stands behind a key, from the oldest on
 *   commits   by the transactions that stored them, and within one by the key; all before `before` are decided, so that nothing comes in between later
 *
 * A key is the values of the list's order, as the texts of a cursor; the first is the time, in UTC without a zone. Lists show the largest key first.
 */
export type RecordBounds =
  | { readonly by: "time"; readonly after: readonly string[]; readonly seen: RecordSnapshot }
  | {
      readonly by: "commits";
      readonly from: CommitPlace;
      /** Not included. */
      readonly before: number;
      /** What it sees is left out; null: nothing is. */
      readonly without: RecordSnapshot | null;
    };

export interface RecordRow<R> {
  readonly value: R;
  readonly key: readonly string[];
}

export interface RecordPage<R> {
  readonly rows: readonly RecordRow<R>[];
  /** Up to where was looked, also where it was for nothing; null: up to the end of the bounds. */
  readonly end: { readonly xid: number; readonly key: readonly string[] } | null;
}

/** Reads for one viewer, as it is known at that moment. */
export interface RecordReader<R> {
  /** @throws RequestError BAD_USER_INPUT for what is no cursor of these records */
  parse(cursor: string): RecordCursor;
  /** The name of the order, as cursors have it. */
  readonly of: string;
  /** A key behind those of all records up to this moment, in milliseconds. */
  keyAt(at: number): readonly string[];
  /** At most `limit` rows; and it looks at a bounded number of rows of the store, whatever the filter. */
  page(bounds: RecordBounds, limit: number): Promise<RecordPage<R>>;
}

export const keyTime = (at: number): string => new Date(at).toISOString().slice(0, -1).replace("T", " ");
/** Of a key. */
export const timeOf = (key: readonly string[]): number => Date.parse(`${(key[0] ?? "").replace(" ", "T")}Z`);
