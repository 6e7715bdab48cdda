/**
 * From pods to charts, without a database: what is written as records, summed as totals, and kept as chunks of any tier says what plain arithmetic over all pods and windows
 * says. The comparison is proven by faults that are planted into the text of what it compares.
 */
import { expect, test } from "vitest";
import { METRIC_NAMES, type MetricName } from "#server/domain/metric.ts";
import type * as ChartModule from "#server/domain/metric-chart.ts";
import { HOUR_MS, SAMPLE_MS, type TierSeconds } from "#server/domain/metric-times.ts";
import type * as ValuesModule from "#server/domain/metric-values.ts";
import { MutableGraph, type PlacedFault } from "#tests/support/mutated-graph.ts";
import { diceOf } from "#tests/support/random.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();
const [VALUES, CHART] = ["server/domain/metric-values.ts", "server/domain/metric-chart.ts"];
const graph = new MutableGraph([VALUES, CHART]);
type Modules = Pick<typeof ValuesModule, "RecordWriter" | "addRecords" | "addLost" | "addTotals" | "emptyTotals" | "readTotals" | "writeTotals" | "MetricHour" | "TOTAL_BYTES"> & Pick<typeof ChartModule, "chartOf">;

async function modules(faults: readonly PlacedFault[] = []): Promise<Modules> {
  const [values, chart] = [await graph.load<typeof ValuesModule>(VALUES, faults), await graph.load<typeof ChartModule>(CHART, faults)];
  return { ...values, ...chart };
}

const FROM = Date.parse("2026-06-01T12:00:00Z");
const WINDOWS = HOUR_MS / SAMPLE_MS;
type PodValues = Readonly<Record<MetricName, number>>;
/** Of one window; null: nothing was measured. */
type Measured = { readonly clusters: readonly { readonly pods: readonly PodValues[]; readonly lost: number }[] } | null;

/** An hour of two clusters, with gaps and without, of pods that are sent nothing, and of clusters without pods. */
function randomHour(seed: number): Measured[] {
  const dice = diceOf(seed);
  const pod = (): PodValues => {
    const rps = dice.chance(0.2) ? 0 : 1 + dice.below(50);
    const [cpuLimit, memoryLimit, cpu, memory] = [500 * (1 + dice.below(3)), 512 * (1 + dice.below(3)), 5 + dice.below(400), 10 + dice.below(500)];
    return {
      CPU_MILLIS: cpu, CPU_USAGE_PERCENT: (100 * cpu) / cpuLimit, MEMORY_MIB: memory, MEMORY_USAGE_PERCENT: (100 * memory) / memoryLimit, NETWORK_RECEIVE_KBPS: rps * 8, NETWORK_TRANSMIT_KBPS: rps * 160,
      REQUESTS_PER_SECOND: rps, ERROR_PERCENT: rps === 0 ? NaN : dice.below(40), LATENCY_P99_MS: rps === 0 ? NaN : 5 + dice.below(900), READY_REPLICAS: dice.below(2),
    };
  };
  const cluster = () => ({ pods: Array.from({ length: dice.below(4) }, pod), lost: dice.chance(0.3) ? dice.below(20) : 0 });
  return Array.from({ length: WINDOWS }, () => (dice.chance(0.25) ? null : { clusters: [cluster(), cluster()] }));
}

/** What a window says of the whole, by plain arithmetic; NaN: nothing. */
function plain({ clusters }: NonNullable<Measured>, metric: MetricName): number {
  const pods = clusters.flatMap((one) => one.pods);
  const lost = clusters.reduce((sum, one) => sum + one.lost, 0);
  const sum = (of: (pod: PodValues) => number): number => pods.reduce((all, pod) => all + of(pod), 0);
  const share = (part: number, whole: number): number => (whole > 0 ? (100 * part) / whole : NaN);
  switch (metric) {
    case "CPU_USAGE_PERCENT": return share(sum((pod) => pod.CPU_MILLIS), sum((pod) => (100 * pod.CPU_MILLIS) / pod.CPU_USAGE_PERCENT));
    case "MEMORY_USAGE_PERCENT": return share(sum((pod) => pod.MEMORY_MIB), sum((pod) => (100 * pod.MEMORY_MIB) / pod.MEMORY_USAGE_PERCENT));
    case "REQUESTS_PER_SECOND": return sum((pod) => pod.REQUESTS_PER_SECOND) + lost;
    case "ERROR_PERCENT": return share(sum((pod) => (pod.REQUESTS_PER_SECOND > 0 ? (pod.REQUESTS_PER_SECOND * pod.ERROR_PERCENT) / 100 : 0)) + lost, sum((pod) => pod.REQUESTS_PER_SECOND) + lost);
    case "LATENCY_P99_MS": return pods.reduce((most, pod) => (Number.isNaN(pod.LATENCY_P99_MS) || pod.LATENCY_P99_MS <= most ? most : pod.LATENCY_P99_MS), NaN);
    default: return sum((pod) => pod[metric]);
  }
}

/** The same by the product: null where it agrees in every point of every metric, for this tier and step. */
function fault(product: Modules, hour: readonly Measured[], tier: TierSeconds, step: number): string | null {
  const measured = new product.MetricHour(FROM);
  for (const [window, one] of hour.entries()) {
    if (one === null) continue;
    const whole = product.emptyTotals();
    for (const { pods, lost } of one.clusters) {
      const writer = new product.RecordWriter();
      for (const values of pods) writer.add("0190d000-0000-7000-8000-00000000000a", 0, (metric) => values[METRIC_NAMES[metric] as MetricName]);
      const [totals, stored] = [product.emptyTotals(), new Uint8Array(product.TOTAL_BYTES)];
      product.addRecords(Buffer.from(writer.base64(), "base64"), () => [totals]);
      product.addLost(totals, lost);
      product.writeTotals(totals, stored, 0);
      product.addTotals(whole, product.readTotals(stored));
    }
    measured.setTotals(FROM + window * SAMPLE_MS, whole);
  }
  const plan = { tier, stepMs: step * 1_000, from: FROM, points: 3_600 / step };
  const chart = product.chartOf(plan, METRIC_NAMES, { chunks: [{ at: FROM, bytes: measured.chunk(tier) }], windows: [] });
  const each = plan.stepMs / SAMPLE_MS;
  for (const { metric, points } of chart) {
    for (const [index, { value, min, max }] of points.entries()) {
      const said = hour.slice(index * each, (index + 1) * each).flatMap((one) => (one === null ? [] : [plain(one, metric)])).filter((one) => !Number.isNaN(one));
      const expected = said.length === 0 ? [null, null, null] : [said.reduce((sum, one) => sum + one, 0) / said.length, Math.min(...said), Math.max(...said)];
      for (const [place, found] of [value, min, max].entries()) {
        const truth = expected[place] as number | null;
        const agrees = truth === null || found === null ? truth === found : Math.abs(found - truth) <= 1e-4 * Math.max(1, truth);
        if (!agrees) return `${metric} of ${tier} s in steps of ${step} s, point ${index}: ${["value", "min", "max"][place]} is ${found}, should be ${truth}`;
      }
    }
  }
  return null;
}

const WAYS = [[15, 15], [15, 60], [60, 60], [60, 300], [300, 300], [300, 900], [3_600, 3_600]] as const;
const firstFault = (product: Modules, hours: readonly (readonly Measured[])[]): string | null => {
  for (const hour of hours) for (const [tier, step] of WAYS) {
    const found = fault(product, hour, tier, step);
    if (found !== null) return found;
  }
  return null;
};
const HOURS = Array.from({ length: 8 }, (_, index) => randomHour(SEED + index));

const inValues = (name: string, text: string, by: string): PlacedFault => ({ path: VALUES, name, text, by });
const inChart = (name: string, text: string, by: string): PlacedFault => ({ path: CHART, name, text, by });
const FAULTS: readonly PlacedFault[] = [
  inValues("a gap counts as a zero", "if (Number.isNaN(value)) continue;\n          count += 1;", "if (Number.isNaN(value)) { count += 1; continue; }\n          count += 1;"),
  inValues("the last window of a cell is left out", "window < from + each; window += 1", "window < from + each - 1; window += 1"),
  inValues("a cell begins a window late", "metric * WINDOWS_AN_HOUR + cell * each;", "metric * WINDOWS_AN_HOUR + cell * each + 1;"),
  inValues("the mean is divided by all windows of a cell", "count === 0 ? NaN : sum / count, true", "count === 0 ? NaN : sum / each, true"),
  inValues("minima and maxima change places", "slice + (cells + cell) * 4, count === 0 ? NaN : min", "slice + (cells + cell) * 4, count === 0 ? NaN : max"),
  inValues("nothing is counted", "bytes[slice + 3 * cells * 4 + cell] = count;", "bytes[slice + 3 * cells * 4 + cell] = 1;"),
  inValues("a window is put a place on", "const window = (at - this.at) / SAMPLE_MS;\n    metricsOf", "const window = (at - this.at) / SAMPLE_MS + 1;\n    metricsOf"),
  inValues("latencies are added up", "if (!Number.isNaN(value) && !(value <= (totals[T_P99] as number))) totals[T_P99] = value;", "if (!Number.isNaN(value)) totals[T_P99] = (Number.isNaN(totals[T_P99]) ? 0 : totals[T_P99]) + value;"),
  inValues("the latency of a part is lost", "  largest(totals, more[T_P99] as number);\n", ""),
  inValues("percents are not weighted", "add(totals, T_CPU_LIMIT, limitOf(value(CPU), value(CPU_PERCENT)));", "add(totals, T_CPU_LIMIT, 500);"),
  inValues("errors are not weighted", "add(totals, T_FAILED, (rps * errors) / 100);", "add(totals, T_FAILED, errors / 100);"),
  inValues("lost requests have not failed", "  add(totals, T_FAILED, rps);\n", ""),
  inValues("one sum is left out", "for (let index = 0; index < T_P99; index += 1) add", "for (let index = 1; index < T_P99 - 1; index += 1) add"),
  inValues("received and sent change places", "into[offset + RECEIVE] = of(T_RECEIVE);", "into[offset + RECEIVE] = of(T_TRANSMIT);"),
  inChart("cells are not weighted by their windows", "(this.#sum[point] as number) + value * count;", "(this.#sum[point] as number) + value;"),
  inChart("a window too many is counted", "(this.#count[point] as number) + count;", "(this.#count[point] as number) + count + 1;"),
  inChart("cells come a step late", "points.add(at + cell * plan.tier * 1_000,", "points.add(at + (cell + 1) * plan.tier * 1_000,"),
  inChart("the slice is another metric's", "asked * sliceBytes(plan.tier));", "Math.max(0, asked - 1) * sliceBytes(plan.tier));"),
  inChart("the least is the last", "if (min < (this.#min[point] as number)) this.#min[point] = min;", "this.#min[point] = min;"),
];

test(`charts of every tier say what plain arithmetic says (seed ${SEED})`, async () => {
  expect(firstFault(await modules(), HOURS)).toBeNull();
});

test.each(FAULTS.map((one) => [one.name, one] as const))(`%s: is found (seed ${SEED})`, async (_name, planted) => {
  expect(firstFault(await modules([planted]), HOURS)).not.toBeNull();
});
