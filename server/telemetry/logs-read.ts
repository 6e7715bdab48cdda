/**
 * Reads lines, a page at a time, under row-level security of one viewer.
 *
 * By time, chunks are merged: they come in the order of their last lines, and a chunk spans CHUNK_SPAN_MS at most, so it is known up to which instant nothing earlier (or later)
 * can come any more. What a page looks at is bounded in chunks and time, whatever the filter: a search that found too little until then ends the page where it stands, says that there is
 * more, and goes on behind its end.
 *
 * All of a page is of one snapshot, which is in its cursors: streams go on from there without a gap (server/realtime/record-stream.ts).
 */
import type { ClientBase, Pool } from "pg";
import { inPoolScope, type Scope } from "../database/scope.ts";
import { CHUNK_SPAN_MS } from "../domain/logs.ts";
import { formatRecordCursor, parseSnapshot, type RecordCursor, type RecordSnapshot } from "../domain/record-cursor.ts";
import type { RecordBounds, RecordPage, RecordReader } from "../domain/records.ts";
import type { Semaphore } from "../domain/semaphore.ts";
import { type Chunk, chunksByCommits, chunksByTime, type KeyedLine, type LogLine, type LogSelection, type LogTarget } from "./logs-chunks.ts";
import { beforeInstant, behindInstant, compareKeys, keyOfTexts, type LineKey, LINES, parseLineCursor, textsOfKey } from "./logs-key.ts";

export interface LogReaderOptions {
  /** Connected as selvedge_api. */
  readonly pool: Pool;
  readonly scope: Scope;
  /** How many may read at a time, of all viewers together: searches leave connections to others. */
  readonly places: Semaphore;
}

/** Which lines, in one order or the other: those behind `start`, and before `end`. */
export interface Walk {
  readonly ascending: boolean;
  readonly start: LineKey | null;
  readonly end?: LineKey | null;
  readonly limit: number;
  /** Absent: all that is there now. */
  readonly seen?: RecordSnapshot;
}

export interface Walked {
  readonly lines: readonly KeyedLine[];
  /** Up to where was looked; null: there is no more. */
  readonly end: LineKey | null;
  readonly seen: RecordSnapshot;
  readonly term: number;
}

/** Chunks of a statement: few at first, since one may hold many lines; then twice as many each time. */
const BLOCK = { least: 16, most: 200, searching: 500 } as const;
/** Chunks that a page looks at. */
const MOST_CHUNKS = 20_000;
const MOST_MS = 750;
/** Chunks of one page by commits; of a single transaction all are read. */
const COMMIT_CHUNKS = 300;
const ALL_OF_ONE = 10_000;

export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** The application that it is, or is of; null where the viewer sees neither it nor lines of it. */
  async applicationOf(target: LogTarget): Promise<string | null> {
    const [sql, id] = "podId" in target
      ? ["select coalesce((select application_id from pod where id = $1), (select application_id from log_chunk where pod_id = $1 limit 1)) as id", target.podId]
      : ["select coalesce((select id from application where id = $1), (select application_id from log_chunk where application_id = $1 limit 1)) as id", target.applicationId];
    return this.#read(async (client) => (await client.query<{ id: string | null }>(sql, [id])).rows[0]?.id ?? null);
  }

  walk(selection: LogSelection, walk: Walk): Promise<Walked> {
    return this.#read(async (client) => {
      const { rows } = await client.query<{ term: number; snapshot: string }>("select term, pg_current_snapshot()::text as snapshot from database_life");
      const seen = walk.seen ?? parseSnapshot(rows[0]?.snapshot ?? "");
      if (seen === null) throw new Error("the database has no snapshot");
      return { ...(await merge(client, selection, { ...walk, seen })), seen, term: rows[0]?.term ?? 0 };
    });
  }

  /** The cursor of a place in a list as a walk saw it. */
  cursorOf(key: LineKey, { seen, term }: Pick<Walked, "seen" | "term">): string {
    return formatRecordCursor({ of: LINES, key: textsOfKey(key), term, seen, place: null, knownAt: null });
  }

  parse(argument: string, text: string): LineKey {
    return keyOf(parseLineCursor(argument, text));
  }

  /** As streams read. */
  records(selection: LogSelection): RecordReader<LogLine> {
    return {
      of: LINES,
      parse: (cursor) => parseLineCursor("after", cursor),
      keyAt: (at) => textsOfKey(behindInstant(at)),
      page: (bounds, limit) => (bounds.by === "time" ? this.#byTime(selection, bounds, limit) : this.#byCommits(selection, bounds, limit)),
    };
  }

  async #byTime(selection: LogSelection, { after, seen }: Extract<RecordBounds, { by: "time" }>, limit: number): Promise<RecordPage<LogLine>> {
    const start = keyOfTexts(after);
    const { lines, end } = await this.walk(selection, { ascending: true, start, limit, seen });
    return { rows: lines.map(rowOf), end: end === null ? null : { xid: end.xid, key: textsOfKey(end) } };
  }

  async #byCommits(selection: LogSelection, { from, before, without }: Extract<RecordBounds, { by: "commits" }>, limit: number): Promise<RecordPage<LogLine>> {
    const { chunks, next } = await this.#read(async (client) => {
      const read = await chunksByCommits(client, selection, from, before, without, COMMIT_CHUNKS);
      const last = read.at(-1);
      if (last === undefined || read.length < COMMIT_CHUNKS) return { chunks: read, next: null };
      // The last transaction may have stored more: it is left for the next page, unless it is the only one.
      const whole = read.filter(({ xid }) => xid < last.xid);
      if (whole.length > 0) return { chunks: whole, next: last.xid };
      const all = await chunksByCommits(client, selection, from, last.xid + 1, without, ALL_OF_ONE);
      return { chunks: all, next: last.xid + 1 };
    });
    const lines = chunks.flatMap((chunk) => chunk.lines).toSorted((a, b) => a.key.xid - b.key.xid || compareKeys(a.key, b.key));
    const page = lines.slice(0, limit);
    const last = page.at(-1);
    // Of different clusters, told together: as they were written.
    const rows = page.toSorted((a, b) => compareKeys(a.key, b.key)).map(rowOf);
    if (last !== undefined && lines.length > limit) return { rows, end: { xid: last.key.xid, key: textsOfKey(last.key) } };
    return { rows, end: next === null ? null : { xid: next, key: textsOfKey(beforeInstant(0)) } };
  }

  #read<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const { pool, scope, places } = this.#options;
    return places.run(() => inPoolScope(pool, scope, work));
  }
}

const keyOf = (cursor: RecordCursor): LineKey => keyOfTexts(cursor.key) ?? beforeInstant(0);
const rowOf = ({ key, value }: KeyedLine): { value: LogLine; key: readonly string[] } => ({ value, key: textsOfKey(key) });

/** Walks chunks block by block, and gives lines out as soon as nothing can come before them. */
async function merge(client: ClientBase, selection: LogSelection, { ascending, start, end: until = null, limit, seen }: Walk & { readonly seen: RecordSnapshot }): Promise<Pick<Walked, "lines" | "end">> {
  const inOrder = ascending ? compareKeys : (a: LineKey, b: LineKey): number => compareKeys(b, a);
  const isAsked = (key: LineKey): boolean => (start === null || inOrder(key, start) > 0) && (until === null || inOrder(key, until) < 0);
  const startedAt = performance.now();
  const given: KeyedLine[] = [];
  let waiting: KeyedLine[] = [];
  let behind: Chunk | null = null;
  let block: number = selection.keyword == null ? BLOCK.least : BLOCK.searching;
  for (let looked = 0; ; block = Math.max(block, Math.min(BLOCK.most, 2 * block))) {
    const chunks: Chunk[] = await chunksByTime(client, selection, { ascending, start, behind, seen, limit: block });
    looked += chunks.length;
    behind = chunks.at(-1) ?? behind;
    for (const { lines } of chunks) for (const line of lines) if (isAsked(line.key)) waiting.push(line);
    waiting.sort((a, b) => inOrder(a.key, b.key));
    // The instant from which on other lines may still come.
    const open = chunks.length < block || behind === null ? null : ascending ? behind.to - CHUNK_SPAN_MS : behind.to;
    const closed = open === null ? waiting.length : waiting.findIndex(({ key: { at } }) => (ascending ? at >= open : at <= open));
    const sure = closed < 0 ? waiting.length : closed;
    given.push(...waiting.slice(0, sure));
    waiting = waiting.slice(sure);
    if (given.length > limit) return { lines: given.slice(0, limit), end: (given[limit - 1] as KeyedLine).key };
    if (open === null) return { lines: given, end: null };
    const place = ascending ? beforeInstant(open) : behindInstant(open);
    if (until !== null && inOrder(place, until) >= 0) return { lines: given, end: null };
    const isForward = start === null || inOrder(place, start) > 0;
    if (isForward && (looked >= MOST_CHUNKS || performance.now() - startedAt > MOST_MS)) return { lines: given, end: place };
  }
}
