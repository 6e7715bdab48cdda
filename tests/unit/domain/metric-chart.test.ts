import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { METRIC_NAMES } from "#server/domain/metric.ts";
import { chartOf, rounded } from "#server/domain/metric-chart.ts";
import { chartFault, HOUR_MS, KEPT_LONGER_MS, MAX_METRIC_POINTS, METRIC_OWNERS, planChart, SAMPLE_MS, TIERS } from "#server/domain/metric-times.ts";
import { addLost, addRecords, emptyTotals, MetricHour, METRICS, metricsOf, readTotals, recordsFault, RECORD_BYTES, RecordWriter, TOTAL_BYTES, WINDOWS_AN_HOUR, writeTotals } from "#server/domain/metric-values.ts";

const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse("2026-06-01T12:00:00Z");

test("a chart is no finer than asked for and than is kept of its beginning, has no more points than it may, and covers what it was asked for", () => {
  const asked = fc.record({
    owner: fc.constantFrom(...METRIC_OWNERS), age: fc.integer({ min: 1, max: 95 * DAY_MS }), span: fc.oneof(fc.integer({ min: 1, max: 2 * HOUR_MS }), fc.integer({ min: 1, max: 31 * DAY_MS })),
    step: fc.option(fc.integer({ min: 1, max: 100_000 })),
  });
  fc.assert(fc.property(asked, ({ owner, age, span, step }) => {
    const [from, to] = [NOW - age, NOW - age + span];
    expect(chartFault(from, to, step)).toBeNull();
    const plan = planChart(owner, from, to, step, NOW);
    expect(plan.points).toBeLessThanOrEqual(MAX_METRIC_POINTS);
    expect(plan.points).toBeGreaterThan(0);
    expect(plan.from).toBeLessThanOrEqual(from);
    expect(plan.from).toBeGreaterThan(from - plan.stepMs);
    expect(plan.from + plan.points * plan.stepMs).toBeGreaterThanOrEqual(to);
    expect(plan.from % plan.stepMs).toBe(0);
    expect(plan.stepMs % (plan.tier * 1_000)).toBe(0);
    expect(plan.stepMs).toBeGreaterThanOrEqual((step ?? 1) * 1_000);
    const tier = TIERS[owner].find(({ seconds }) => seconds === plan.tier);
    if (plan.tier !== 3_600) expect(age).toBeLessThanOrEqual((tier?.keptMs ?? 0) + KEPT_LONGER_MS);
  }));
});

test.each([
  ["application", 24 * HOUR_MS, 288, 300, 300],
  ["application", 24 * HOUR_MS, null, 15, 60],
  ["application", HOUR_MS, null, 15, 15],
  ["application", 31 * DAY_MS, null, 300, 1_800],
  ["pod", 2 * HOUR_MS, null, 15, 15],
  ["pod", 24 * HOUR_MS, null, 60, 60],
  ["pod", 31 * DAY_MS, null, 300, 1_800],
] as const)("%s, %d ms in steps of %s s: tier %d, steps of %d s", (owner, span, step, tier, stepSeconds) => {
  expect(planChart(owner, NOW - span, NOW, step, NOW)).toMatchObject({ tier, stepMs: stepSeconds * 1_000 });
});

test("values have the digits that were stored, and what is next to nothing is nothing", () => {
  expect([245.39999389648438, 0.1 + 0.2, 9.641627e-39, 123_456_789, 0].map(rounded)).toEqual([245.4, 0.3, 0, 123_456_800, 0]);
});

test("the times of a chart", () => {
  expect(chartFault(5, 5, null)?.member).toBe("from");
  expect(chartFault(NaN, 5, null)?.member).toBe("from");
  expect(chartFault(0, 31 * DAY_MS, null)).toBeNull();
  expect(chartFault(0, 31 * DAY_MS + 1, null)?.member).toBe("to");
  expect(chartFault(0, 1, 0)?.member).toBe("stepSeconds");
});

test("a chart from chunks of any tier says what all the windows say", () => {
  const value = fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: NaN });
  fc.assert(fc.property(fc.array(value, { minLength: WINDOWS_AN_HOUR, maxLength: WINDOWS_AN_HOUR }), fc.constantFrom(300, 900, 3_600), (values, step) => {
    const hour = new MetricHour(NOW);
    hour.values.set(values, 0);
    const plan = { stepMs: step * 1_000, from: NOW, points: 3_600 / step };
    const metric = METRIC_NAMES[0];
    const windows = values.map((each, index) => ({ at: NOW + index * SAMPLE_MS, values: Float32Array.from([each, ...Array.from({ length: METRICS - 1 }, () => NaN)]) }));
    const truth = chartOf({ ...plan, tier: 15 }, [metric], { chunks: [], windows })[0]?.points ?? [];
    expect(truth.every(({ value: mean }, point) => (mean === null) === values.slice(point * (step / 15), (point + 1) * (step / 15)).every((each) => Number.isNaN(each)))).toBe(true);
    for (const tier of [15, 60, 300] as const) {
      const points = chartOf({ ...plan, tier }, [metric], { chunks: [{ at: NOW, bytes: hour.chunk(tier) }], windows: [] })[0]?.points ?? [];
      for (const [index, point] of points.entries()) {
        expect(point).toMatchObject({ at: truth[index]?.at, min: truth[index]?.min, max: truth[index]?.max });
        if (point.value === null) expect(truth[index]?.value).toBeNull();
        else expect(point.value).toBeCloseTo(truth[index]?.value ?? NaN, 2);
      }
    }
  }), { numRuns: 30 });
});

describe("records", () => {
  const record = (values: readonly number[], node = 0): Buffer => {
    const writer = new RecordWriter();
    writer.add("0190d000-0000-7000-8000-00000000000a", node, (metric) => values[metric] as number);
    return Buffer.from(writer.base64(), "base64");
  };
  //          cpu% cpu  mem% mem  rx tx rps err p99 ready
  const GOOD = [50, 500, 25, 256, 8, 16, 10, 20, 7, 1];

  test("sums of amounts, percents with their weights, the largest latency", () => {
    const totals = emptyTotals();
    const bytes = Buffer.concat([record(GOOD), record([10, 100, 50, 512, 8, 16, 30, 0, 9, 1]), record([0, 0, 0, 0, 0, 0, 0, NaN, NaN, 0])]);
    expect(recordsFault(bytes, 1)).toBeNull();
    addRecords(bytes, () => [totals]);
    addLost(totals, 10);
    const written = new Uint8Array(TOTAL_BYTES);
    writeTotals(totals, written, 0);
    const values = new Float32Array(METRICS);
    metricsOf(readTotals(written), values);
    expect([...values].map((value) => Math.round(value * 100) / 100)).toEqual([30, 600, 37.5, 768, 16, 32, 50, 24, 9, 2]);
  });

  test.each([
    ["half a record", record(GOOD).subarray(1), /no records/],
    ["a gap where there is none", record(GOOD.with(1, NaN)), /CPU_MILLIS/],
    ["less than nothing", record(GOOD.with(8, -1)), /LATENCY/],
    ["more than anything", record(GOOD.with(3, Infinity)), /MEMORY_MIB/],
    ["an unknown node", record(GOOD, 1), /node/],
  ])("%s is refused", (_name, bytes, reason) => {
    expect(recordsFault(bytes, 1)).toMatch(reason);
  });

  test("are as long as they say", () => expect(record(GOOD)).toHaveLength(RECORD_BYTES));
});
