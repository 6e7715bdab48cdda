/**
 * Where an operation stands, from its steps.
 *
 *   PENDING ──a step started──▶ RUNNING ◀──progress──▶ STALLED (no progress for its deadline, still trying)
 *                                  └───── every step ended ─────▶ SUCCEEDED | PARTIALLY_SUCCEEDED | FAILED | CANCELLED | SUPERSEDED
 *                                  └── it goes back, and is back ──▶ ROLLED_BACK | CANCELLED
 *
 * An operation ends once: a terminal state never changes. Its progress is the sum over its steps, and never above its total. One without
 * steps had nothing to do, and succeeded.
 *
 * One that *goes back* (`endsAs`) undoes what it did: its steps began anew, and end as it will. It never ends as SUCCEEDED, nor partly so: where
 * a step fails on the way back, neither the change nor what was before is there, and it FAILED. Its error says why it goes back, from the
 * moment that it does, and stays.
 */
import { isTerminal, type OperationEnding, type OperationState } from "./states.ts";

/** Wall-clock milliseconds in a simulation of speed 1; at other speeds it passes as all the product's times do. */
export const STALL_DEADLINE_MS = 600_000;

export interface OperationStanding {
  readonly state: OperationState;
  readonly completed: number;
  readonly total: number;
  readonly error: string | null;
  /** Milliseconds on the simulation's clock, as `now`. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly progressedAt: number;
  /** Without progress for so long it is STALLED. */
  readonly deadlineSeconds: number;
  /** It goes back, and ends as this; null: it goes forward. */
  readonly endsAs: OperationEnding | null;
}

/** All steps of an operation, added up. */
export interface StepSummary {
  readonly completed: number;
  readonly total: number;
  /** How many steps there are in each state; none of a state is the same as 0. */
  readonly states: Readonly<Partial<Record<OperationState, number>>>;
  /** What one of the failed steps says. */
  readonly failure?: string | null;
}

/** What the operation is after looking at its steps; the same object where nothing changed. */
export function settleOperation<T extends OperationStanding>(operation: T, steps: StepSummary, now: number): T {
  const count = (state: OperationState): number => steps.states[state] ?? 0;
  const all = Object.values(steps.states).reduce((sum, some) => sum + some, 0);
  if (isTerminal(operation.state) || operation.state === "PAUSED") return operation;

  const ended = (Object.keys(steps.states) as OperationState[]).filter(isTerminal).reduce((sum, state) => sum + count(state), 0);
  const total = steps.total;
  const completed = Math.min(steps.completed, total);
  const started = operation.startedAt ?? (all > count("PENDING") ? now : null);
  if (ended === all) {
    const state = operation.endsAs ? endOfWayBack(operation.endsAs, count, all) : endState(count, all);
    const failed = count("FAILED") > 0 ? `${count("FAILED")} of ${all} steps failed${steps.failure ? `: ${steps.failure}` : "."}` : null;
    const error = operation.endsAs && operation.error ? [operation.error, ...(failed ? [failed] : [])].join(" ") : failed;
    return { ...operation, state, completed, total, error, startedAt: started ?? now, finishedAt: now, progressedAt: now };
  }
  const progressed = completed > operation.completed || (operation.startedAt === null && started !== null);
  const progressedAt = progressed ? now : operation.progressedAt;
  const stalled = now - progressedAt >= operation.deadlineSeconds * 1_000;
  const state = stalled ? "STALLED" : started === null ? "PENDING" : "RUNNING";
  const noProgress = stalled ? `No progress for ${duration(operation.deadlineSeconds)}: ${all - ended} of ${all} steps are unfinished. It is still trying.` : null;
  // What made it go back outlasts how the way back goes: the state tells that.
  const error = operation.endsAs ? (operation.error ?? noProgress) : noProgress;
  const changed = state !== operation.state || completed !== operation.completed || total !== operation.total || progressed;
  return changed ? { ...operation, state, completed, total, error, startedAt: started, progressedAt } : operation;
}

function endState(count: (state: OperationState) => number, all: number): OperationState {
  const succeeded = count("SUCCEEDED");
  if (succeeded === all) return "SUCCEEDED";
  if (succeeded > 0) return "PARTIALLY_SUCCEEDED";
  if (count("FAILED") > 0) return "FAILED";
  return count("CANCELLED") > 0 ? "CANCELLED" : "SUPERSEDED";
}

/** A step that a newer change took over is that change's to bring to an end. */
function endOfWayBack(endsAs: OperationEnding, count: (state: OperationState) => number, all: number): OperationState {
  if (count("FAILED") > 0) return "FAILED";
  return count("SUPERSEDED") === all && all > 0 ? "SUPERSEDED" : endsAs;
}

/** E.g. "10 minutes", "90 seconds". */
export function duration(seconds: number): string {
  const [amount, unit] = seconds >= 120 && seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}
