import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Present, stepTotal } from "#server/domain/step-total.ts";

describe("how many pods a step is about", () => {
  test.each<[string, number, Present, number]>([
    ["a new placement: all of them", 3, { desired: 0, created: 0 }, 3],
    ["more of them: all that are wanted", 5, { desired: 2, created: 2 }, 5],
    ["as many, of another revision: all of them", 4, { desired: 4, created: 4 }, 4],
    ["fewer: those that go", 2, { desired: 5, created: 5 }, 3],
    ["fewer, where a surge stands: the surge goes too", 2, { desired: 5, created: 7 }, 5],
    ["fewer than were wanted, of which few were there yet: as many as were wanted go", 2, { desired: 5, created: 1 }, 3],
    ["none: all that are there, or were to be", 0, { desired: 4, created: 2 }, 4],
    ["none, on its way out already: what is left", 0, { desired: 0, created: 3 }, 3],
    ["none, of none", 0, { desired: 0, created: 0 }, 0],
  ])("%s", (_, wanted, present, total) => expect(stepTotal(wanted, present)).toBe(total));

  const pods = fc.integer({ min: 0, max: 50 });

  test("nothing is done of it at its beginning but what stays right, and all of it at its end", () => {
    const doneOf = (total: number, wanted: number, right: number, created: number): number =>
      Math.max(0, total - Math.max(wanted - right, created - wanted, 0));
    fc.assert(
      fc.property(pods, pods, (wanted, desired) => {
        const total = stepTotal(wanted, { desired, created: desired });
        expect(doneOf(total, wanted, wanted, wanted)).toBe(total);
        // Before: all that were wanted are there, and right unless they are replaced.
        expect(doneOf(total, wanted, Math.min(wanted, desired), desired)).toBe(wanted < desired ? 0 : desired);
      }),
    );
  });
});
