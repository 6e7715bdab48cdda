import { describe, expect, test } from "vitest";
import { CASES, judge } from "#tests/bench/reads/cases.ts";
import type { SideName } from "#tests/bench/reads/sides.ts";

const rates = (some: Partial<Record<SideName, number>>): Map<SideName, number> => new Map(Object.entries(some) as [SideName, number][]);

describe("what a bench's case requires", () => {
  test.each([
    { compiled: 74, floorHolds: false, goalHolds: false },
    { compiled: 75, floorHolds: true, goalHolds: false },
    { compiled: 85, floorHolds: true, goalHolds: true },
  ])("Q1 compiled at $compiled of 100", ({ compiled, floorHolds, goalHolds }) => {
    expect(judge(CASES.q1, "compiled", rates({ limit: 100, compiled }), true)).toEqual({ ofLimit: compiled / 100, ofPostgraphile: null, floorHolds, goalHolds });
  });

  test.each([
    { compiled: 79, postgraphile: 10, floorHolds: false, goalHolds: false },
    { compiled: 89, postgraphile: 10, floorHolds: true, goalHolds: false },
    { compiled: 92, postgraphile: 40, floorHolds: true, goalHolds: true },
    { compiled: 92, postgraphile: 41, floorHolds: true, goalHolds: false },
  ])("Q2 compiled at $compiled of 100, PostGraphile at $postgraphile", ({ compiled, postgraphile, floorHolds, goalHolds }) => {
    expect(judge(CASES.q2, "compiled", rates({ limit: 100, compiled, postgraphile }), true)).toMatchObject({ floorHolds, goalHolds });
  });

  test("a goal that names PostGraphile is neither held nor missed without it, once the rest of it holds", () => {
    expect(judge(CASES.q2, "compiled", rates({ limit: 100, compiled: 95 }), true).goalHolds).toBeNull();
    expect(judge(CASES.q2, "compiled", rates({ limit: 100, compiled: 85 }), true).goalHolds).toBe(false);
  });

  test("nothing is required of the limit, of a peer, or of a side that does not do what it is called after", () => {
    const measured = rates({ limit: 100, compiled: 1, postgraphile: 1 });
    expect(judge(CASES.q1, "limit", measured, true)).toMatchObject({ ofLimit: 1, floorHolds: null, goalHolds: null });
    expect(judge(CASES.q1, "postgraphile", measured, true)).toMatchObject({ floorHolds: null, goalHolds: null });
    expect(judge(CASES.q1, "compiled", measured, false)).toMatchObject({ ofLimit: 0.01, floorHolds: null, goalHolds: null });
  });

  test("a rate that was not measured is a fault", () => {
    expect(() => judge(CASES.unchanged, "remembered", rates({ remembered: 1 }), true)).toThrow("missing");
  });
});
