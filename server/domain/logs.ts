/**
 * Lines that containers write, and the platform about them, on their way from a cluster into the store and out again.
 *
 * Terms: a *source* is a container of a pod; its lines have an order, which nothing changes. A *chunk* is some successive lines of a source. It spans CHUNK_SPAN_MS at
 * most, so that who merges chunks by time knows how far one may reach that it has not seen.
 */
export const LOG_STREAMS = ["STDOUT", "STDERR", "FILE", "SYSTEM"] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

export const LOGS_KEPT_DAYS = 14;
/** Of the simulation's clock. */
export const CHUNK_SPAN_MS = 10_000;
/** Characters of a line; what is longer is cut. */
export const LOG_LINE_LIMIT = 4_096;
const DAY_MS = 86_400_000;

/** Lines before this are removed; days, as all times here, are the simulation's. */
export const logsKeptSince = (now: number): number => now - LOGS_KEPT_DAYS * DAY_MS;

export type LogLineEntry = readonly [at: number, stream: LogStream, line: string];

export interface LogChunk {
  readonly podId: string;
  readonly podName: string;
  readonly placementId: string;
  readonly container: string;
  /** By time, the earliest first; at least one. */
  readonly lines: readonly LogLineEntry[];
}

/** What an agent says of its lines: those of the positions behind `from`, up to `to`. */
export interface LogBatch {
  readonly clusterId: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** What stands between the centre's position and `from` is gone for good. */
  readonly skips?: boolean;
  readonly chunks: readonly LogChunk[];
}

/** How far the centre has a cluster's lines. */
export interface LogPosition {
  readonly epoch: number;
  readonly position: number;
}

/**
 * Whether a batch follows what is stored. Of another epoch than the stored one nothing can be known to be there already: a newer one begins at 0, an older one is over.
 */
export function followsStored(stored: LogPosition | null, { epoch, from, skips }: Pick<LogBatch, "epoch" | "from" | "skips">): boolean {
  if (stored === null) return true;
  if (epoch !== stored.epoch) return epoch > stored.epoch;
  return from === stored.position || (skips === true && from > stored.position);
}

// ---------------------------------------------------------------- a chunk as one text

const LETTERS: Readonly<Record<LogStream, string>> = { STDOUT: "O", STDERR: "E", FILE: "F", SYSTEM: "S" };
const STREAMS: Readonly<Record<string, LogStream>> = Object.fromEntries(LOG_STREAMS.map((stream) => [LETTERS[stream], stream]));

export const letterOf = (stream: LogStream): string => LETTERS[stream];

/** A line a line: milliseconds since the chunk's first in base 36, the stream's letter, the text. The letter is a capital, so it ends the number. */
export function chunkText(lines: readonly LogLineEntry[]): string {
  const since = lines[0]?.[0] ?? 0;
  return lines.map(([at, stream, line]) => `${(at - since).toString(36)}${LETTERS[stream]}${line}`).join("\n");
}

export function linesOfChunk(text: string, since: number): LogLineEntry[] {
  return text.split("\n").map((entry) => {
    const length = /^[0-9a-z]*/.exec(entry)?.[0].length ?? 0;
    const stream = STREAMS[entry[length] ?? ""];
    if (stream === undefined) throw new Error("a stored chunk of lines can't be read");
    return [since + Number.parseInt(entry.slice(0, length), 36), stream, entry.slice(length + 1)];
  });
}

/** A line as it can be stored: without an end of its own, well formed, of bounded length. */
export const storableLine = (line: string): string => {
  const flat = line.replace(/[\r\n\0]+/g, " ");
  return (flat.length > LOG_LINE_LIMIT ? `${flat.slice(0, LOG_LINE_LIMIT - 1)}…` : flat).toWellFormed();
};
