/**
 * A chart from chunks of one tier, and from windows that are in no chunk yet. Each point is the mean over the windows that say something, and the least and the largest
 * of them; a point of which none says anything is a gap. A point is whole, also where the chart begins or ends within it.
 */
import { METRIC_NAMES, type MetricName } from "./metric.ts";
import type { ChartPlan } from "./metric-times.ts";
import { chunkSeries, sliceBytes } from "./metric-values.ts";

export interface ChartPoint {
  readonly at: number;
  readonly value: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface ChartSeries {
  readonly metric: MetricName;
  readonly unit: string;
  readonly stepSeconds: number;
  readonly points: readonly ChartPoint[];
}

export const METRIC_UNITS: Readonly<Record<MetricName, string>> = {
  CPU_USAGE_PERCENT: "%", CPU_MILLIS: "millicores", MEMORY_USAGE_PERCENT: "%", MEMORY_MIB: "MiB", NETWORK_RECEIVE_KBPS: "kbit/s", NETWORK_TRANSMIT_KBPS: "kbit/s",
  REQUESTS_PER_SECOND: "requests/s", ERROR_PERCENT: "%", LATENCY_P99_MS: "ms", READY_REPLICAS: "replicas",
};

export interface ChartData {
  /** Hours in the plan's tier, by their beginning: a slice for each metric that is asked for, in that order. */
  readonly chunks: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  /** Values of one window each, in the order of METRIC_NAMES; of no hour that there is a chunk of. */
  readonly windows: readonly { readonly at: number; readonly values: Float32Array }[];
}

export function chartOf(plan: ChartPlan, metrics: readonly MetricName[], { chunks, windows }: ChartData): ChartSeries[] {
  return metrics.map((metric, asked) => {
    const index = METRIC_NAMES.indexOf(metric);
    const points = new Accumulated(plan);
    for (const { at, bytes } of chunks) {
      const { value, min, max, count } = chunkSeries(bytes, plan.tier, asked * sliceBytes(plan.tier));
      for (let cell = 0; cell < value.length; cell += 1) {
        points.add(at + cell * plan.tier * 1_000, value[cell] as number, min[cell] as number, max[cell] as number, count === null ? 1 : (count[cell] as number));
      }
    }
    for (const { at, values } of windows) {
      const value = values[index] as number;
      points.add(at, value, value, value, 1);
    }
    return { metric, unit: METRIC_UNITS[metric], stepSeconds: plan.stepMs / 1_000, points: points.points() };
  });
}

/** What is less is nothing: nobody reads a share of 1e-39. */
const LEAST = 1e-6;

/** To what 32 bits say: seven digits. Of more, the last would depend on the tier. */
export function rounded(value: number): number {
  if (value < LEAST) return 0;
  const unit = 10 ** (6 - Math.floor(Math.log10(value)));
  return Math.round(value * unit) / unit;
}

class Accumulated {
  readonly #plan: ChartPlan;
  readonly #count: Uint32Array;
  readonly #sum: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;

  constructor(plan: ChartPlan) {
    this.#plan = plan;
    this.#count = new Uint32Array(plan.points);
    this.#sum = new Float64Array(plan.points);
    this.#min = new Float64Array(plan.points).fill(Infinity);
    this.#max = new Float64Array(plan.points).fill(-Infinity);
  }

  add(at: number, value: number, min: number, max: number, count: number): void {
    const point = Math.floor((at - this.#plan.from) / this.#plan.stepMs);
    if (Number.isNaN(value) || point < 0 || point >= this.#plan.points) return;
    this.#count[point] = (this.#count[point] as number) + count;
    this.#sum[point] = (this.#sum[point] as number) + value * count;
    if (min < (this.#min[point] as number)) this.#min[point] = min;
    if (max > (this.#max[point] as number)) this.#max[point] = max;
  }

  points(): ChartPoint[] {
    const { from, stepMs } = this.#plan;
    return Array.from(this.#count, (count, point) => {
      const at = from + point * stepMs;
      if (count === 0) return { at, value: null, min: null, max: null };
      return { at, value: rounded((this.#sum[point] as number) / count), min: rounded(this.#min[point] as number), max: rounded(this.#max[point] as number) };
    });
  }
}
