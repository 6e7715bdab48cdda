/**
 * Metrics as numbers and bytes. Floats are 32 bits, little-endian; NaN stands where there is nothing to say: a gap is not a zero.
 *
 *   record     a pod in a window: its id (16 bytes), what is measured in the order of METRIC_NAMES, and the index of its node (u32)
 *   totals     sums over pods in a window, in the order of TOTALS; what an application, a node's share or a cluster's consists of
 *   chunk      an hour of one owner: for each metric a slice with its values; in tiers that are not the finest, behind these its minima and maxima, and how many windows
 *              each value is the mean of (u8)
 */
import { METRIC_NAMES, type MetricName } from "./metric.ts";
import { HOUR_MS, SAMPLE_MS, type TierSeconds } from "./metric-times.ts";

export const METRICS = METRIC_NAMES.length;
export const RECORD_BYTES = 16 + METRICS * 4 + 4;
const VALUES_AT = 16;
const NODE_AT = VALUES_AT + METRICS * 4;

const indexOf = (name: MetricName): number => METRIC_NAMES.indexOf(name);
const [CPU_PERCENT, CPU, MEMORY_PERCENT, MEMORY, RECEIVE, TRANSMIT, RPS, ERRORS, LATENCY, READY] = METRIC_NAMES.map((name) => indexOf(name)) as
  [number, number, number, number, number, number, number, number, number, number];

/** What a pod may have nothing to say of: a share of no requests, and the latency of none. */
const MAY_BE_MISSING: ReadonlySet<number> = new Set([ERRORS, LATENCY]);

// ---------------------------------------------------------------- totals

/** `cpuLimit`, `memoryLimit`: what usage is a share of. `p99Ms`: the largest, NaN where there is none. */
export const TOTALS = ["pods", "ready", "cpu", "cpuLimit", "memory", "memoryLimit", "receive", "transmit", "rps", "failedRps", "p99Ms"] as const;
const [PODS, T_READY, T_CPU, T_CPU_LIMIT, T_MEMORY, T_MEMORY_LIMIT, T_RECEIVE, T_TRANSMIT, T_RPS, T_FAILED, T_P99] = TOTALS.map((_, index) => index) as
  [number, number, number, number, number, number, number, number, number, number, number];
export const TOTAL_BYTES = TOTALS.length * 4;
export type Totals = Float64Array;

export function emptyTotals(): Totals {
  const totals = new Float64Array(TOTALS.length);
  totals[T_P99] = NaN;
  return totals;
}

const add = (totals: Totals, index: number, value: number): void => void (totals[index] = (totals[index] as number) + value);
const largest = (totals: Totals, value: number): void => {
  if (!Number.isNaN(value) && !(value <= (totals[T_P99] as number))) totals[T_P99] = value;
};
/** What a usage is a share of. */
const limitOf = (usage: number, percent: number): number => (percent > 0 ? (100 * usage) / percent : 0);

export function addTotals(totals: Totals, more: Totals): void {
  for (let index = 0; index < T_P99; index += 1) add(totals, index, more[index] as number);
  largest(totals, more[T_P99] as number);
}

/** Requests that no pod was sent. */
export function addLost(totals: Totals, rps: number): void {
  add(totals, T_RPS, rps);
  add(totals, T_FAILED, rps);
}

/** Usage becomes a share of what a machine, or a cluster, has. */
export function setCapacity(totals: Totals, { cpuMillis, memoryMiB }: { readonly cpuMillis: number; readonly memoryMiB: number }): void {
  totals[T_CPU_LIMIT] = cpuMillis;
  totals[T_MEMORY_LIMIT] = memoryMiB;
}

/** Sums of amounts; usage as a share of what there is, errors of requests: the means of the percents, each with the weight that it has; the largest latency. */
export function metricsOf(totals: Totals, into: Float32Array, offset = 0): void {
  const of = (index: number): number => totals[index] as number;
  const percent = (part: number, whole: number): number => (whole > 0 ? (100 * part) / whole : NaN);
  into[offset + CPU_PERCENT] = percent(of(T_CPU), of(T_CPU_LIMIT));
  into[offset + CPU] = of(T_CPU);
  into[offset + MEMORY_PERCENT] = percent(of(T_MEMORY), of(T_MEMORY_LIMIT));
  into[offset + MEMORY] = of(T_MEMORY);
  into[offset + RECEIVE] = of(T_RECEIVE);
  into[offset + TRANSMIT] = of(T_TRANSMIT);
  into[offset + RPS] = of(T_RPS);
  into[offset + ERRORS] = percent(of(T_FAILED), of(T_RPS));
  into[offset + LATENCY] = of(T_P99);
  into[offset + READY] = of(T_READY);
}

export function writeTotals(totals: Totals, into: Uint8Array, at: number): void {
  const view = new DataView(into.buffer, into.byteOffset + at, TOTAL_BYTES);
  totals.forEach((value, index) => view.setFloat32(index * 4, value, true));
}

export function readTotals(bytes: Uint8Array, at = 0): Totals {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, TOTAL_BYTES);
  return Float64Array.from(TOTALS, (_, index) => view.getFloat32(index * 4, true));
}

// ---------------------------------------------------------------- records

export interface PodSample {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly node: number;
  /** In the order of METRIC_NAMES. */
  readonly values: readonly number[];
}

/** One after another into a buffer that grows. */
export class RecordWriter {
  #bytes = Buffer.alloc(RECORD_BYTES * 64);
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  /** @param id a uuid; `value` of each metric by its index. */
  add(id: string, node: number, value: (metric: number) => number): void {
    const at = this.#length;
    if (at + RECORD_BYTES > this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
    }
    writeUuid(this.#bytes, id, at);
    for (let metric = 0; metric < METRICS; metric += 1) this.#view.setFloat32(at + VALUES_AT + metric * 4, value(metric), true);
    this.#view.setUint32(at + NODE_AT, node, true);
    this.#length = at + RECORD_BYTES;
  }

  base64(): string {
    return this.#bytes.toString("base64", 0, this.#length);
  }
}

/** Of a character, the digit that it is: code points of hexadecimal digits only. */
const digit = (code: number): number => (code & 15) + (code > 57 ? 9 : 0);

function writeUuid(into: Uint8Array, uuid: string, at: number): void {
  let to = at;
  for (let from = 0; from < 36; from += 2) {
    if (from === 8 || from === 13 || from === 18 || from === 23) from += 1;
    into[to++] = (digit(uuid.charCodeAt(from)) << 4) | digit(uuid.charCodeAt(from + 1));
  }
}

export const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex");
export const uuidAt = (bytes: Buffer, at: number): string => {
  const hex = bytes.toString("hex", at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** What is wrong with records that another machine sent, in words; null when nothing is. */
export function recordsFault(bytes: Uint8Array, nodes: number): string | null {
  if (bytes.length % RECORD_BYTES !== 0) return `are no records of ${RECORD_BYTES} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    for (let metric = 0; metric < METRICS; metric += 1) {
      const value = view.getFloat32(at + VALUES_AT + metric * 4, true);
      if (!(value >= 0 && value < Infinity) && !(Number.isNaN(value) && MAY_BE_MISSING.has(metric))) return `have a value that ${METRIC_NAMES[metric]} can't have`;
    }
    if (view.getUint32(at + NODE_AT, true) >= nodes) return "name a node that is not there";
  }
  return null;
}

/** Adds each record to the totals that `of` says: all that it belongs to. */
export function addRecords(bytes: Uint8Array, of: (node: number) => readonly Totals[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const value = (metric: number): number => view.getFloat32(at + VALUES_AT + metric * 4, true);
    const rps = value(RPS);
    const errors = value(ERRORS);
    for (const totals of of(view.getUint32(at + NODE_AT, true))) {
      add(totals, PODS, 1);
      add(totals, T_READY, value(READY));
      add(totals, T_CPU, value(CPU));
      add(totals, T_CPU_LIMIT, limitOf(value(CPU), value(CPU_PERCENT)));
      add(totals, T_MEMORY, value(MEMORY));
      add(totals, T_MEMORY_LIMIT, limitOf(value(MEMORY), value(MEMORY_PERCENT)));
      add(totals, T_RECEIVE, value(RECEIVE));
      add(totals, T_TRANSMIT, value(TRANSMIT));
      add(totals, T_RPS, rps);
      if (!Number.isNaN(errors)) add(totals, T_FAILED, (rps * errors) / 100);
      largest(totals, value(LATENCY));
    }
  }
}

/** Each record's pod and values; the view is at the values, and the same each time. */
export function eachRecord(bytes: Buffer, take: (podId: string, values: DataView) => void): void {
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) take(uuidAt(bytes, at), new DataView(bytes.buffer, bytes.byteOffset + at + VALUES_AT, METRICS * 4));
}

// ---------------------------------------------------------------- hours and chunks

export const WINDOWS_AN_HOUR = HOUR_MS / SAMPLE_MS;

/** An hour in windows: METRICS rows of WINDOWS_AN_HOUR values, all gaps at first. */
export class MetricHour {
  readonly at: number;
  readonly values = new Float32Array(METRICS * WINDOWS_AN_HOUR).fill(NaN);
  readonly #row = new Float32Array(METRICS);

  constructor(at: number) {
    this.at = at;
  }

  /** @param values in the order of METRIC_NAMES. */
  set(at: number, values: DataView): void {
    const window = (at - this.at) / SAMPLE_MS;
    for (let metric = 0; metric < METRICS; metric += 1) this.values[metric * WINDOWS_AN_HOUR + window] = values.getFloat32(metric * 4, true);
  }

  setTotals(at: number, totals: Totals): void {
    const window = (at - this.at) / SAMPLE_MS;
    metricsOf(totals, this.#row);
    for (let metric = 0; metric < METRICS; metric += 1) this.values[metric * WINDOWS_AN_HOUR + window] = this.#row[metric] as number;
  }

  /** The hour in a tier. */
  chunk(tier: TierSeconds): Buffer {
    if (tier * 1_000 === SAMPLE_MS) return Buffer.from(this.values.buffer, this.values.byteOffset, this.values.byteLength);
    const cells = HOUR_MS / 1_000 / tier;
    const bytes = Buffer.alloc(METRICS * sliceBytes(tier));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const each = WINDOWS_AN_HOUR / cells;
    for (let metric = 0; metric < METRICS; metric += 1) {
      const slice = metric * sliceBytes(tier);
      for (let cell = 0; cell < cells; cell += 1) {
        let count = 0;
        let sum = 0;
        let min = Infinity;
        let max = -Infinity;
        const from = metric * WINDOWS_AN_HOUR + cell * each;
        for (let window = from; window < from + each; window += 1) {
          const value = this.values[window] as number;
          if (Number.isNaN(value)) continue;
          count += 1;
          sum += value;
          if (value < min) min = value;
          if (value > max) max = value;
        }
        view.setFloat32(slice + cell * 4, count === 0 ? NaN : sum / count, true);
        view.setFloat32(slice + (cells + cell) * 4, count === 0 ? NaN : min, true);
        view.setFloat32(slice + (2 * cells + cell) * 4, count === 0 ? NaN : max, true);
        bytes[slice + 3 * cells * 4 + cell] = count;
      }
    }
    return bytes;
  }
}

/** Of one metric in a chunk. */
export const sliceBytes = (tier: TierSeconds): number => (HOUR_MS / 1_000 / tier) * (tier * 1_000 === SAMPLE_MS ? 4 : 3 * 4 + 1);

/** A slice: of the finest tier, each cell is a window: `min` and `max` are `value`, and `count` is null. */
export interface ChunkSeries {
  readonly value: Float32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly count: Uint8Array | null;
}

/** @param at where the slice begins. */
export function chunkSeries(bytes: Uint8Array, tier: TierSeconds, at: number): ChunkSeries {
  const cells = HOUR_MS / 1_000 / tier;
  // Copied: floats are read where they are aligned.
  const slice = new Uint8Array(bytes.subarray(at, at + sliceBytes(tier)));
  if (slice.length !== sliceBytes(tier)) throw new Error(`there is no slice of ${tier} s`);
  const floats = (part: number): Float32Array => new Float32Array(slice.buffer, part * cells * 4, cells);
  const value = floats(0);
  return tier * 1_000 === SAMPLE_MS ? { value, min: value, max: value, count: null } : { value, min: floats(1), max: floats(2), count: slice.subarray(3 * cells * 4) };
}
