import { describe, expect, test } from "vitest";
import {
  APPLICATION_OPERATIONS,
  cancellable,
  CANCELLABLE_OPERATIONS,
  type OperationFacts,
  RETRYABLE_OPERATIONS,
  retryable,
} from "#server/domain/operation-actions.ts";
import { isTerminal, OPERATION_KINDS, OPERATION_STATES } from "#server/domain/states.ts";

const every: OperationFacts[] = OPERATION_KINDS.flatMap((kind) =>
  OPERATION_STATES.flatMap((state) => ([null, "CANCELLED", "ROLLED_BACK"] as const).map((endsAs) => ({ kind, state, endsAs }))),
);
const words = (facts: readonly OperationFacts[], of: "kind" | "state"): string[] => [...new Set(facts.map((one) => one[of]))].toSorted();

describe("an operation can be cancelled", () => {
  const accepted = every.filter((one) => cancellable({ ...one, before: {} }));

  test("while it is unfinished, and not on its way back already", () => {
    expect(words(accepted, "state")).toEqual(["PAUSED", "PENDING", "RUNNING", "STALLED"]);
    expect(accepted.filter(({ endsAs }) => endsAs !== null)).toEqual([]);
    expect(accepted).toHaveLength(6 * 4);
  });

  test("where what it does has a way back: never what makes or deletes, restarts, imports, or is about something else", () => {
    expect(words(accepted, "kind")).toEqual([...CANCELLABLE_OPERATIONS].toSorted());
    expect(words(accepted, "kind")).toEqual([
      "ROLL_BACK_APPLICATION", "SCALE_APPLICATION", "START_APPLICATION", "STOP_APPLICATION", "UPDATE_DISTRIBUTION", "UPGRADE_APPLICATION",
    ]);
  });

  test("only if it knows what was before", () => {
    for (const before of [null, undefined]) expect(every.filter((one) => cancellable({ ...one, before }))).toEqual([]);
  });
});

describe("an operation can be retried", () => {
  const facts = { newer: false, turnedBack: false, stepsToRetry: 1 };
  const accepted = every.filter((one) => retryable(one, facts));

  test("once it failed, in part or as a whole, or while it is stalled; never one that went back", () => {
    expect(words(accepted, "state")).toEqual(["FAILED", "PARTIALLY_SUCCEEDED", "STALLED"]);
    expect(accepted.filter(({ endsAs }) => endsAs !== null)).toEqual([]);
    expect(words(accepted, "kind")).toEqual([...RETRYABLE_OPERATIONS].toSorted());
  });

  test("while nothing newer came, its rollout did not turn back, and something is left to do", () => {
    expect(every.filter((one) => retryable(one, { ...facts, newer: true }))).toEqual([]);
    expect(every.filter((one) => retryable(one, { ...facts, turnedBack: true }))).toEqual([]);
    expect(every.filter((one) => retryable(one, { ...facts, stepsToRetry: 0 }))).toEqual([]);
  });

  test("never and cancelled at once, but for one that is stalled", () => {
    const both = accepted.filter((one) => cancellable({ ...one, before: {} }));
    expect(words(both, "state")).toEqual(["STALLED"]);
    expect(both.every(({ state }) => !isTerminal(state))).toBe(true);
    expect(both.every(({ kind }) => (APPLICATION_OPERATIONS as readonly string[]).includes(kind))).toBe(true);
  });
});
