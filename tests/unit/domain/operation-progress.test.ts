import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OperationStanding, settleOperation, STALL_DEADLINE_MS, type StepSummary } from "#server/domain/operation-progress.ts";
import { isTerminal, OPERATION_STATES, type OperationState } from "#server/domain/states.ts";

const NOW = 10_000_000;
const pending: OperationStanding = { state: "PENDING", completed: 0, total: 10, error: null, startedAt: null, finishedAt: null, progressedAt: NOW, deadlineSeconds: STALL_DEADLINE_MS / 1_000, endsAs: null };
const running: OperationStanding = { ...pending, state: "RUNNING", startedAt: NOW, completed: 3 };
const steps = (states: StepSummary["states"], completed = 0, total = 10): StepSummary => ({ states, completed, total });

describe("how an operation ends", () => {
  test.each<[StepSummary["states"], OperationState]>([
    [{ SUCCEEDED: 3 }, "SUCCEEDED"],
    [{ SUCCEEDED: 2, SUPERSEDED: 1 }, "PARTIALLY_SUCCEEDED"],
    [{ SUCCEEDED: 1, FAILED: 1, CANCELLED: 1 }, "PARTIALLY_SUCCEEDED"],
    [{ FAILED: 1, SUPERSEDED: 2 }, "FAILED"],
    [{ CANCELLED: 1, SUPERSEDED: 1 }, "CANCELLED"],
    [{ SUPERSEDED: 2 }, "SUPERSEDED"],
    [{}, "SUCCEEDED"],
  ])("%j ends as %s", (states, state) => {
    expect(settleOperation(running, steps(states, 5), NOW + 5)).toMatchObject({ state, completed: 5, finishedAt: NOW + 5, error: states.FAILED ? "1 of 3 steps failed." : null });
  });

  test("its error is what a failed step says", () => {
    expect(settleOperation(running, { ...steps({ FAILED: 1, SUCCEEDED: 1 }), failure: "no such node" }, NOW)).toMatchObject({ error: "1 of 2 steps failed: no such node" });
  });

  test.each(OPERATION_STATES.filter(isTerminal))("%s never changes", (state) => {
    const ended = { ...running, state, finishedAt: NOW };
    expect(settleOperation(ended, steps({ RUNNING: 1 }, 9), NOW + 1)).toBe(ended);
  });
});

describe("an operation that goes back", () => {
  const back: OperationStanding = { ...running, endsAs: "ROLLED_BACK", error: "No progress for 60 seconds.", deadlineSeconds: 60 };

  test.each<[StepSummary["states"], OperationState, string]>([
    [{ ROLLED_BACK: 3 }, "ROLLED_BACK", "No progress for 60 seconds."],
    [{ ROLLED_BACK: 2, SUPERSEDED: 1 }, "ROLLED_BACK", "No progress for 60 seconds."],
    [{ ROLLED_BACK: 2, FAILED: 1 }, "FAILED", "No progress for 60 seconds. 1 of 3 steps failed."],
    [{ SUPERSEDED: 3 }, "SUPERSEDED", "No progress for 60 seconds."],
    [{ SUCCEEDED: 3 }, "ROLLED_BACK", "No progress for 60 seconds."],
    [{}, "ROLLED_BACK", "No progress for 60 seconds."],
  ])("%j ends as %s", (states, state, error) => expect(settleOperation(back, steps(states, 5), NOW)).toMatchObject({ state, error, finishedAt: NOW }));

  test("says why it goes back, however the way back goes", () => {
    const stalled = settleOperation(back, steps({ RUNNING: 2 }, 3), NOW + 60_000);
    expect(stalled).toMatchObject({ state: "STALLED", error: "No progress for 60 seconds." });
    expect(settleOperation(stalled, steps({ RUNNING: 2 }, 4), NOW + 60_001)).toMatchObject({ state: "RUNNING", error: "No progress for 60 seconds." });
  });

  test("never ends as done, in whole or in part", () => {
    const states = fc.dictionary(fc.constantFrom(...OPERATION_STATES.filter(isTerminal)), fc.integer({ min: 1, max: 3 })) as fc.Arbitrary<StepSummary["states"]>;
    fc.assert(fc.property(states, fc.constantFrom("ROLLED_BACK" as const, "CANCELLED" as const), (said, endsAs) => {
      expect(["ROLLED_BACK", "CANCELLED", "FAILED", "SUPERSEDED"]).toContain(settleOperation({ ...back, endsAs }, steps(said), NOW).state);
    }));
  });
});

describe("on its way", () => {
  test("it runs from the first step that started", () => {
    expect(settleOperation(pending, steps({ PENDING: 2 }), NOW + 1)).toBe(pending);
    expect(settleOperation(pending, steps({ PENDING: 1, RUNNING: 1 }), NOW + 1)).toMatchObject({ state: "RUNNING", startedAt: NOW + 1 });
  });

  test("without progress for its deadline it is STALLED, with progress it runs again", () => {
    expect(settleOperation(running, steps({ RUNNING: 1 }, 3), NOW + STALL_DEADLINE_MS - 1)).toBe(running);
    const stalled = settleOperation(running, steps({ RUNNING: 1, SUCCEEDED: 2 }, 3), NOW + STALL_DEADLINE_MS);
    expect(stalled).toMatchObject({ state: "STALLED", error: "No progress for 10 minutes: 1 of 3 steps are unfinished. It is still trying.", finishedAt: null });
    expect(settleOperation(stalled, steps({ RUNNING: 1, SUCCEEDED: 2 }, 3), NOW + 2 * STALL_DEADLINE_MS)).toBe(stalled);
    expect(settleOperation(stalled, steps({ RUNNING: 1, SUCCEEDED: 2 }, 4), NOW + 2 * STALL_DEADLINE_MS)).toMatchObject({ state: "RUNNING", error: null, completed: 4 });
  });

  test("its deadline is its own", () => {
    const hasty = { ...running, deadlineSeconds: 90 };
    expect(settleOperation(hasty, steps({ RUNNING: 1 }, 3), NOW + 89_999)).toBe(hasty);
    expect(settleOperation(hasty, steps({ RUNNING: 1 }, 3), NOW + 90_000)).toMatchObject({ state: "STALLED", error: "No progress for 90 seconds: 1 of 1 steps are unfinished. It is still trying." });
  });

  test("one that never started can stall too", () => {
    expect(settleOperation(pending, steps({ PENDING: 2 }), NOW + STALL_DEADLINE_MS)).toMatchObject({ state: "STALLED", startedAt: null });
  });

  test("a paused one waits for whoever paused it", () => {
    const paused: OperationStanding = { ...running, state: "PAUSED" };
    expect(settleOperation(paused, steps({ RUNNING: 1 }, 9), NOW + STALL_DEADLINE_MS)).toBe(paused);
  });
});

test("looking again changes nothing, and progress is never above the total", () => {
  const summary = fc.record({
    completed: fc.nat(20), total: fc.nat(20),
    states: fc.dictionary(fc.constantFrom(...OPERATION_STATES), fc.integer({ min: 1, max: 3 })) as fc.Arbitrary<StepSummary["states"]>,
  });
  fc.assert(fc.property(summary, fc.nat(2 * STALL_DEADLINE_MS), (said, passed) => {
    const once = settleOperation(running, said, NOW + passed);
    expect(once.completed).toBeLessThanOrEqual(once.total);
    expect(settleOperation(once, said, NOW + passed)).toBe(once);
  }));
});
