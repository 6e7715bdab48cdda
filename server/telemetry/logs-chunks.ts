/**
 * Blocks of stored chunks, and the lines in them that are asked for. What a statement looks at is bounded by its limit: the conditions of an index choose the chunks, all others only
 * whether a chunk's text is sent.
 */
import type { ClientBase } from "pg";
import { CHUNK_SPAN_MS, letterOf, linesOfChunk, type LogStream } from "../domain/logs.ts";
import { type CommitPlace, formatSnapshot, type RecordSnapshot } from "../domain/record-cursor.ts";
import { compareKeys, keyOfTexts, type LineKey } from "./logs-key.ts";

/** Of an application or a pod; uuids. */
export type LogTarget = { readonly applicationId: string } | { readonly podId: string };

export interface LogSelection {
  readonly target: LogTarget;
  /** Milliseconds; `until` is not included. */
  readonly since?: number | null;
  readonly until?: number | null;
  readonly container?: string | null;
  readonly keyword?: string | null;
  readonly stream?: LogStream | null;
  /** Of these pods only; uuids. */
  readonly podIds?: readonly string[] | null;
}

export interface LogLine {
  readonly at: number;
  readonly podId: string;
  readonly podName: string;
  readonly container: string;
  readonly stream: LogStream;
  readonly line: string;
}
export interface KeyedLine {
  readonly key: LineKey;
  readonly value: LogLine;
}

/** What a statement looked at, in its order. */
export interface Chunk {
  readonly xid: number;
  readonly seq: number;
  readonly to: number;
  /** Those that are asked for. */
  readonly lines: readonly KeyedLine[];
}

interface ChunkRow {
  readonly xid: number;
  readonly seq: number;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly pod_id: string;
  readonly pod_name: string;
  readonly container: string;
  /** null: none of its lines can be asked for. */
  readonly body: string | null;
}

export interface TimeBlock {
  readonly ascending: boolean;
  /** Lines behind it in this order. */
  readonly start: LineKey | null;
  /** Chunks behind this one in this order. */
  readonly behind: Pick<Chunk, "to" | "xid" | "seq"> | null;
  readonly seen: RecordSnapshot;
  readonly limit: number;
}

/** In the order of their last lines. */
export async function chunksByTime(client: ClientBase, selection: LogSelection, { ascending, start, behind, seen, limit }: TimeBlock): Promise<Chunk[]> {
  const statement = new Conditions(selection);
  const { since, until } = selection;
  if (since != null) statement.and("c.to_at >= ?", new Date(since));
  // A chunk reaches no further back than it may span.
  if (until != null) statement.and("c.to_at < ?", new Date(until + CHUNK_SPAN_MS));
  if (start !== null) statement.and(ascending ? "c.to_at >= ?" : "c.to_at <= ?", new Date(ascending ? start.at : start.at + CHUNK_SPAN_MS));
  if (behind !== null) statement.and(`(c.to_at, c.xid, c.seq) ${ascending ? ">" : "<"} (?, ?, ?)`, new Date(behind.to), behind.xid, behind.seq);
  statement.and("pg_visible_in_snapshot(c.xid::text::xid8, ?::pg_snapshot)", formatSnapshot(seen));
  const direction = ascending ? "asc" : "desc";
  return statement.read(client, `order by c.to_at ${direction}, c.xid ${direction}, c.seq ${direction}`, limit);
}

/** Of the transactions from a place on, in the order in which these stored them. */
export async function chunksByCommits(client: ClientBase, selection: LogSelection, from: CommitPlace, before: number, without: RecordSnapshot | null, limit: number): Promise<Chunk[]> {
  const statement = new Conditions(selection);
  statement.and("c.xid >= ?", from.xid);
  statement.and("c.xid < ?", before);
  if (without !== null) statement.and("not pg_visible_in_snapshot(c.xid::text::xid8, ?::pg_snapshot)", formatSnapshot(without));
  const chunks = await statement.read(client, "order by c.xid, c.seq", limit);
  const told = from.key === null ? null : keyOfTexts(from.key);
  return told === null ? chunks : chunks.map((chunk) => (chunk.xid === from.xid ? { ...chunk, lines: chunk.lines.filter(({ key }) => compareKeys(key, told) > 0) } : chunk));
}

/** A statement over one target's chunks, with what stands for its parameters. */
class Conditions {
  readonly #selection: LogSelection;
  readonly #values: unknown[] = [];
  #where: string;

  constructor(selection: LogSelection) {
    this.#selection = selection;
    const { target } = selection;
    this.#where = "applicationId" in target ? this.#written("c.application_id = ?", target.applicationId) : this.#written("c.pod_id = ?", target.podId);
  }

  and(condition: string, ...values: readonly unknown[]): void {
    this.#where += ` and ${this.#written(condition, ...values)}`;
  }

  #written(condition: string, ...values: readonly unknown[]): string {
    let next = 0;
    return condition.replaceAll("?", () => `$${this.#values.push(values[next++])}`);
  }

  async read(client: ClientBase, order: string, limit: number): Promise<Chunk[]> {
    const { container, stream, keyword, podIds } = this.#selection;
    const wanted: string[] = [];
    if (container != null) wanted.push(this.#written("c.container = ?", container));
    if (stream != null) wanted.push(this.#written("strpos(c.streams, ?) > 0", letterOf(stream)));
    if (podIds != null) wanted.push(this.#written("c.pod_id = any (?::uuid[])", podIds));
    if (keyword != null) wanted.push(this.#written("strpos(lower(c.body), lower(?)) > 0", keyword));
    const body = wanted.length === 0 ? "c.body" : `case when ${wanted.join(" and ")} then c.body end`;
    const text = `select c.xid, c.seq, c.from_at, c.to_at, c.pod_id, c.pod_name, c.container, ${body} as body from log_chunk c where ${this.#where} ${order} ${this.#written("limit ?", limit)}`;
    const { rows } = await client.query<ChunkRow>(text, this.#values);
    return rows.map((row) => this.#chunkOf(row));
  }

  #chunkOf({ xid, seq, from_at: from, to_at: to, pod_id: podId, pod_name: podName, container, body }: ChunkRow): Chunk {
    const { since, until, stream, keyword } = this.#selection;
    const wanted = keyword?.toLowerCase();
    const lines: KeyedLine[] = [];
    if (body !== null) {
      for (const [index, [at, ofStream, line]] of linesOfChunk(body, from.getTime()).entries()) {
        if ((since != null && at < since) || (until != null && at >= until) || (stream != null && ofStream !== stream)) continue;
        if (wanted !== undefined && !line.toLowerCase().includes(wanted)) continue;
        lines.push({ key: { at, xid, seq, index }, value: { at, podId, podName, container, stream: ofStream, line } });
      }
    }
    return { xid, seq, to: to.getTime(), lines };
  }
}
