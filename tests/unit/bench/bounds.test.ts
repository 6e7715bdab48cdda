import fc from "fast-check";
import { expect, test } from "vitest";
import { martelloToth } from "../../bench/scheduling/bounds.ts";

const CAPACITY = 12;

/** The fewest bins, by trying all ways. */
function optimum(sizes: readonly number[], bins: readonly number[] = []): number {
  const [size, ...rest] = sizes;
  if (size === undefined) return bins.length;
  const shared = bins.flatMap((free, index) => (free >= size ? [optimum(rest, bins.with(index, free - size))] : []));
  return Math.min(...shared, optimum(rest, [...bins, CAPACITY - size]));
}

test("the bound is never above what can be done, and never below the sum", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: CAPACITY }), { maxLength: 7 }), (sizes) => {
      const bound = martelloToth(sizes, CAPACITY);
      expect(bound).toBeLessThanOrEqual(optimum(sizes));
      expect(bound).toBeGreaterThanOrEqual(Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / CAPACITY));
    }),
    { numRuns: 300 },
  );
});

test("what is larger than half a bin shares none", () => expect(martelloToth([7, 7, 7, 7], CAPACITY)).toBe(4));
