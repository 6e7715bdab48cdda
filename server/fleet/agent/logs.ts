/**
 * A cluster's lines on their way to the centre.
 *
 *   written ──▶ open ──seal──▶ segment (position) ──next──▶ in a batch ──acked──▶ gone
 *                 │                │   ▲                       │
 *                 └─ over the rate │   └── the connection, or the agent, ends: it is sent again, unless the centre has it
 *                    limit: lost   └── over the bound: lost, and a note stands in its place
 *
 * - A *segment* is what was written between two commits, and has a position; it is stored with the pods' own changes, so that a killed agent has lost nothing that it stored.
 * - One batch is under way at a time. Its segments stay as they are until the centre says how far it has the lines: then it may have them, or not.
 * - LOG_BUFFER_BYTES are kept at most, and of a burst RATE_BURST lines, then RATE_LINES a second. What had to go is told by lines of the stream SYSTEM, of each source how many,
 *   from when to when; of more than LOST_SOURCES sources at once, those of a placement together. A note of a note says what both stand for.
 * - Positions begin anew with each epoch. Where the centre has more than this agent knows of, its store went back: it goes on behind that; where the centre has less than it had
 *   acknowledged, what lies between is gone with the centre's own database, and the agent says that it skips that.
 */
import { CHUNK_SPAN_MS, storableLine, type LogChunk, type LogLineEntry, type LogPosition } from "../../domain/logs.ts";
import { LOG_BATCH_BYTES, LOG_BATCH_CHUNKS, LOG_BUFFER_BYTES, LOG_CHUNK_LINES, type Logs } from "../link.ts";
import type { WrittenLine } from "../simulator/logs/cluster-logs.ts";

/** Lines of a source that were lost. */
export interface LostLines extends Omit<LogChunk, "lines"> {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

export interface StoredSegment {
  readonly position: number;
  readonly chunks: readonly LogChunk[];
  /** It stands for segments that had to go, up to its position. */
  readonly lost?: readonly LostLines[];
}

/** What is stored beside the segments. */
export interface LogState {
  readonly epoch: number;
  /** The newest segment's. */
  readonly position: number;
  readonly acked: number;
  /** Segments up to here may be known to the centre. */
  readonly sentTo: number;
  /** Requests up to this instant are written. */
  readonly madeTo: number;
}

export interface LogBufferOptions {
  readonly clusterId: string;
  /** null: nothing was ever collected. */
  readonly state: LogState | null;
  readonly stored: readonly StoredSegment[];
  /** Told of every position whose segment came, changed or went. */
  readonly changed: (position: number) => void;
  /** Characters that are kept; a test may ask for fewer. */
  readonly limit?: number;
}

interface Segment extends StoredSegment {
  readonly bytes: number;
}

const RATE_BURST = 200;
const RATE_LINES = 50;
const SEGMENT_LINES = 200;
const LOST_SOURCES = 50;
/** Of a line, beside its text. */
const LINE_BYTES = 32;

export class LogBuffer {
  readonly #clusterId: string;
  readonly #changed: (position: number) => void;
  readonly #limit: number;
  #epoch: number;
  #position: number;
  #acked: number;
  #sentTo: number;
  #isUnderWay = false;
  #skips = false;
  /** In the order of positions. */
  #segments: Segment[];
  #bytes = 0;
  #open = new Map<string, { readonly source: Omit<LogChunk, "lines">; readonly lines: LogLineEntry[] }>();
  #openLines = 0;
  /** Over the rate limit, by source. */
  #limited = new Map<string, LostLines>();
  #allowance = RATE_BURST;
  #refilledAt = -Infinity;

  constructor({ clusterId, state, stored, changed, limit = LOG_BUFFER_BYTES }: LogBufferOptions) {
    this.#clusterId = clusterId;
    this.#changed = changed;
    this.#limit = limit;
    this.#epoch = state?.epoch ?? 1;
    this.#position = state?.position ?? 0;
    this.#acked = state?.acked ?? 0;
    this.#sentTo = state?.sentTo ?? 0;
    this.#segments = stored.map(weighed);
    this.#bytes = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  stateAt(madeTo: number): LogState {
    return { epoch: this.#epoch, position: this.#position, acked: this.#acked, sentTo: this.#sentTo, madeTo };
  }

  /** What is to be stored at a position; null for nothing. */
  at(position: number): StoredSegment | null {
    const segment = this.#segments.find((one) => one.position === position);
    return segment === undefined ? null : { position, chunks: segment.chunks, ...(segment.lost === undefined ? {} : { lost: segment.lost }) };
  }

  /** Something is to be sent, and may be. */
  get isDue(): boolean {
    return !this.#isUnderWay && (this.#segments.length > 0 || this.#openLines > 0 || this.#limited.size > 0);
  }

  // -------------------------------------------------------------- in

  write({ at, stream, line, podId, podName, placementId, container }: WrittenLine): void {
    const source = { podId, podName, placementId, container };
    if (!this.#isWithinRate(at)) {
      addLost(this.#limited, { ...source, count: 1, from: at, to: at });
      return;
    }
    this.#append(source, [at, stream, storableLine(line)]);
  }

  #append(source: Omit<LogChunk, "lines">, entry: LogLineEntry): void {
    const key = `${source.podId} ${source.container}`;
    const open = this.#open.get(key);
    const last = open?.lines.at(-1);
    // A source's lines go forward: those of a clock that was set back stand where the last one stood.
    const ordered: LogLineEntry = last !== undefined && entry[0] < last[0] ? [last[0], entry[1], entry[2]] : entry;
    if (open === undefined) this.#open.set(key, { source, lines: [ordered] });
    else open.lines.push(ordered);
    this.#openLines += 1;
    this.#changed(this.#position + 1);
    if (this.#openLines >= SEGMENT_LINES) this.seal();
  }

  #isWithinRate(at: number): boolean {
    const refill = Math.floor(((at - this.#refilledAt) * RATE_LINES) / 1_000);
    if (refill > 0) this.#allowance = Math.min(RATE_BURST, this.#allowance + refill);
    // A clock that was set back refills nothing, and begins to count anew.
    if (refill > 0 || at < this.#refilledAt) this.#refilledAt = at;
    if (this.#allowance === 0) return false;
    this.#allowance -= 1;
    return true;
  }

  /** What was written since the last seal is a segment from now on. */
  seal(): void {
    if (this.#openLines === 0) return;
    const chunks = [...this.#open.values()].flatMap(({ source, lines }) => chunksOf(source, lines));
    this.#open = new Map();
    this.#openLines = 0;
    this.#put(weighed({ position: ++this.#position, chunks }));
    this.#loseOldest();
  }

  // -------------------------------------------------------------- out

  /** The next batch, where none is under way; it may leave once what is unsaved is stored. */
  next(): Logs | null {
    if (this.#isUnderWay) return null;
    for (const lost of this.#limited.values()) this.#append(sourceOf(lost), noteOf(lost, "more was written at once than the cluster takes"));
    this.#limited = new Map();
    this.seal();
    const chunks: LogChunk[] = [];
    let bytes = 0;
    let to = this.#acked;
    for (const segment of this.#segments) {
      const said = segment.lost?.map((lost) => ({ ...sourceOf(lost), lines: [noteOf(lost, "more was written than the cluster keeps until the centre takes it")] })) ?? segment.chunks;
      if (bytes > 0 && (bytes + segment.bytes > LOG_BATCH_BYTES || chunks.length + said.length > LOG_BATCH_CHUNKS)) break;
      chunks.push(...said);
      bytes += segment.bytes;
      to = segment.position;
    }
    if (to === this.#acked) return null;
    this.#isUnderWay = true;
    this.#sentTo = Math.max(this.#sentTo, to);
    this.#changed(to);
    return { type: "logs", clusterId: this.#clusterId, epoch: this.#epoch, from: this.#acked, to, ...(this.#skips ? { skips: true } : {}), chunks: joined(chunks) };
  }

  /** What the centre has. */
  acked({ epoch, position }: LogPosition): void {
    this.#isUnderWay = false;
    this.#skips = false;
    if (epoch < this.#epoch) return;
    if (epoch > this.#epoch || position > this.#position) {
      // This agent's store went back: what it held before may be stored already, and what it makes now is new.
      this.#epoch = epoch;
      return this.#renumber(position, this.#segments.filter((segment) => segment.position > this.#sentTo));
    }
    if (position < this.#acked) {
      this.#skips = true;
      return;
    }
    for (const segment of this.#segments) if (segment.position <= position) this.#changed(segment.position);
    this.#segments = this.#segments.filter((segment) => segment.position > position);
    this.#bytes = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#acked = position;
    this.#sentTo = position;
  }

  /** The connection is gone: whether the batch under way arrived is not known. */
  lost(): void {
    this.#isUnderWay = false;
  }

  startEpoch(epoch: number): void {
    this.seal();
    this.#isUnderWay = false;
    this.#skips = false;
    this.#epoch = epoch;
    this.#renumber(0, this.#segments);
  }

  #renumber(behind: number, kept: readonly Segment[]): void {
    for (const { position } of this.#segments) this.#changed(position);
    this.#segments = [];
    this.#bytes = 0;
    this.#position = behind;
    this.#acked = behind;
    this.#sentTo = behind;
    for (const segment of kept) this.#put({ ...segment, position: ++this.#position });
    this.#changed(this.#position);
  }

  // -------------------------------------------------------------- the bound

  #put(segment: Segment): void {
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#changed(segment.position);
  }

  /** Two notes become one, so this ends: with each step there is a segment less, but for the first. */
  #loseOldest(): void {
    while (this.#bytes > this.#limit) {
      const first = this.#segments.findIndex(({ position }) => position > this.#sentTo);
      const [oldest, next] = first < 0 ? [] : this.#segments.slice(first, first + 2);
      if (oldest === undefined || (oldest.lost !== undefined && next === undefined)) return;
      const gone = oldest.lost === undefined ? [oldest] : [oldest, next as Segment];
      const lost = new Map<string, LostLines>();
      for (const segment of gone) for (const one of segment.lost ?? segment.chunks.map(lostOf)) addLost(lost, one);
      const note = weighed({ position: (gone.at(-1) as Segment).position, chunks: [], lost: [...lost.values()] });
      const before = gone.reduce((sum, { bytes }) => sum + bytes, 0);
      this.#segments.splice(first, gone.length, note);
      this.#bytes += note.bytes - before;
      for (const { position } of gone) this.#changed(position);
    }
  }
}

// ---------------------------------------------------------------- parts

const weighed = (segment: StoredSegment): Segment => ({
  ...segment,
  bytes: segment.chunks.reduce((sum, { lines }) => sum + lines.reduce((length, [, , line]) => length + line.length + LINE_BYTES, LINE_BYTES), 0) + (segment.lost?.length ?? 0) * 4 * LINE_BYTES,
});

const sourceOf = ({ podId, podName, placementId, container }: Omit<LogChunk, "lines">): Omit<LogChunk, "lines"> => ({ podId, podName, placementId, container });

const lostOf = (chunk: LogChunk): LostLines => ({
  ...sourceOf(chunk), count: chunk.lines.length, from: chunk.lines[0]?.[0] ?? 0, to: chunk.lines.at(-1)?.[0] ?? 0,
});

/** Adds to what was lost of the source; where there are many, of the placement as a whole. */
function addLost(all: Map<string, LostLines>, lost: LostLines): void {
  const own = `${lost.podId} ${lost.container}`;
  const together = lost.placementId;
  const key = all.has(own) || (all.size < LOST_SOURCES && !all.has(together)) ? own : together;
  const known = all.get(key);
  if (known === undefined) return void all.set(key, key === own ? lost : { ...lost, podName: SEVERAL, container: "" });
  all.set(key, { ...known, count: known.count + lost.count, from: Math.min(known.from, lost.from), to: Math.max(known.to, lost.to) });
}

/** In place of a pod's name, where lines of several were lost. */
const SEVERAL = "several pods";

const noteOf = ({ count, from, to }: LostLines, why: string): LogLineEntry => [
  to, "SYSTEM", `${count} ${count === 1 ? "line" : "lines"} lost, from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}: ${why}`,
];

/** A source's lines in chunks that span no more than they may. */
function chunksOf(source: Omit<LogChunk, "lines">, lines: readonly LogLineEntry[]): LogChunk[] {
  const chunks: { readonly since: number; readonly lines: LogLineEntry[] }[] = [];
  for (const line of lines) {
    const chunk = chunks.at(-1);
    if (chunk !== undefined && line[0] >= chunk.since && line[0] - chunk.since <= CHUNK_SPAN_MS && chunk.lines.length < LOG_CHUNK_LINES) chunk.lines.push(line);
    else chunks.push({ since: line[0], lines: [line] });
  }
  return chunks.map((chunk) => ({ ...source, lines: chunk.lines }));
}

/** Of each source as few chunks as can be, in the order of its lines. */
function joined(chunks: readonly LogChunk[]): LogChunk[] {
  return [...Map.groupBy(chunks, ({ podId, container }) => `${podId} ${container}`).values()].flatMap((some) => {
    const lines: LogLineEntry[] = [];
    for (const line of some.flatMap((chunk) => chunk.lines)) {
      const last = lines.at(-1);
      lines.push(last !== undefined && line[0] < last[0] ? [last[0], line[1], line[2]] : line);
    }
    return chunksOf(sourceOf(some[0] as LogChunk), lines);
  });
}
