/**
 * Where an operation stands, from its steps.
 *
 *   PENDING ──a step started──▶ RUNNING ◀──progress──▶ STALLED (no progress for its deadline, still trying)
 *                                  └───── every step ended ─────▶ SUCCEEDED | PARTIALLY_SUCCEEDED | FAILED | CANCELLED | SUPERSEDED
 *
 * An operation ends once: a terminal state never changes. Its progress is the sum over its steps, and never above its total. One without
 * steps had nothing to do, and succeeded.
 */
import { isTerminal, type OperationState } from "./states.ts";

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
}

/** All steps of an operation, added up. */
export interface StepSummary {
  readonly completed: number;
  readonly total: number;
  /** How many steps there are in each state; none of a state is the same as 0. */
  readonly states: Readonly<Partial<Record<OperationState, number>>>;
}

/** What the operation is after looking at its steps; the same object where nothing changed. */
export function settleOperation<T extends OperationStanding>(operation: T, steps: StepSummary, now: number, deadlineMs = STALL_DEADLINE_MS): T {
  const count = (state: OperationState): number => steps.states[state] ?? 0;
  const all = Object.values(steps.states).reduce((sum, some) => sum + some, 0);
  if (isTerminal(operation.state) || operation.state === "PAUSED") return operation;

  const ended = (Object.keys(steps.states) as OperationState[]).filter(isTerminal).reduce((sum, state) => sum + count(state), 0);
  const total = steps.total;
  const completed = Math.min(steps.completed, total);
  const started = operation.startedAt ?? (all > count("PENDING") ? now : null);
  if (ended === all) {
    return { ...operation, state: endState(count, all), completed, total, error: null, startedAt: started ?? now, finishedAt: now, progressedAt: now };
  }
  const progressed = completed > operation.completed || (operation.startedAt === null && started !== null);
  const progressedAt = progressed ? now : operation.progressedAt;
  const stalled = now - progressedAt >= deadlineMs;
  const state = stalled ? "STALLED" : started === null ? "PENDING" : "RUNNING";
  const error = stalled ? `No progress for ${Math.round(deadlineMs / 60_000)} minutes: ${all - ended} of ${all} steps are unfinished. It is still trying.` : null;
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
