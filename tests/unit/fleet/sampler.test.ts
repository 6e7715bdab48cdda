import { expect, test } from "vitest";
import { SAMPLE_MS, WINDOWS_KEPT } from "#server/domain/metric-times.ts";
import { Sampler } from "#server/fleet/agent/sampler.ts";
import { SAMPLES_WINDOW } from "#server/fleet/link.ts";

const nobody = { load: { fill: () => undefined, lost: () => new Map() }, sampled: () => undefined } as unknown as ConstructorParameters<typeof Sampler>[1];
const begun = (now = 1_000): Sampler => {
  const sampler = new Sampler("c", nobody, []);
  sampler.welcomed(true, now);
  return sampler;
};
/** Measures one window after another. */
const measure = (sampler: Sampler, windows: number): void => {
  for (let window = 0; window < windows; window += 1) sampler.sample(sampler.nextDue());
};
const taken = (sampler: Sampler): number[] => sampler.take().map(({ at }) => at / SAMPLE_MS);

test("nothing is measured for a gateway that takes none, and from the first whole window on for one that does", () => {
  const sampler = new Sampler("c", nobody, []);
  expect(sampler.nextDue()).toBe(Infinity);
  sampler.welcomed(false, 1_000);
  expect(sampler.nextDue()).toBe(Infinity);
  sampler.welcomed(true, SAMPLE_MS + 1);
  expect(sampler.nextDue()).toBe(3 * SAMPLE_MS);
});

test("so many are under way at most; what is not answered is sent again to whoever welcomes the cluster next", () => {
  const sampler = begun();
  measure(sampler, 6);
  expect(taken(sampler)).toEqual([1, 2, 3, 4]);
  expect(SAMPLES_WINDOW).toBe(4);
  expect(taken(sampler)).toEqual([]);
  sampler.stored(2 * SAMPLE_MS);
  sampler.stored(2 * SAMPLE_MS);
  expect(taken(sampler)).toEqual([5]);
  sampler.lost();
  sampler.welcomed(true, 0);
  expect(taken(sampler)).toEqual([1, 3, 4, 5]);
});

test("a cut-off that is longer than what is kept loses the oldest windows", () => {
  const sampler = begun();
  taken(sampler);
  measure(sampler, WINDOWS_KEPT + 10);
  expect(sampler.windows).toHaveLength(WINDOWS_KEPT);
  expect(taken(sampler)[0]).toBe(11);
});

test("a window that is dropped while it is under way is still under way", () => {
  const sampler = begun();
  measure(sampler, SAMPLES_WINDOW);
  expect(taken(sampler)).toHaveLength(SAMPLES_WINDOW);
  measure(sampler, WINDOWS_KEPT + 10);
  expect(taken(sampler)).toEqual([]);
  sampler.stored(SAMPLE_MS);
  expect(taken(sampler)).toHaveLength(1);
});

test("of windows that come due at once the last are measured", () => {
  const sampler = begun();
  sampler.sample(1_000 * SAMPLE_MS);
  expect(sampler.windows).toEqual([SAMPLE_MS]);
  expect(sampler.nextDue()).toBe(998 * SAMPLE_MS);
});
