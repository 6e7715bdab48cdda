/**
 * The progress of operations, step by step. A step's work is on one cluster:
 *
 *   of an application    its placement there is complete, or gone; where the application is deleted, its services there too
 *   of a service         its cluster has confirmed it, or that nothing is left of it
 *   of UPDATE_CONFIG     its cluster has confirmed the newest assignment, and every pod shows the new files
 *
 *   PENDING ──its cluster began──▶ RUNNING ──done──▶ SUCCEEDED, or what its operation ends as where that goes back
 *      └────────────┴── its cluster reports a problem with the newest generation ──▶ FAILED, with what it said
 *
 * Progress is counted in pods, and is the most that was ever done: a pod which crashes and comes back is no progress.
 *
 * An operation ends when all its steps have; not before its rollout, where that may yet take everything back by itself: else it would be called done,
 * or done in part, and be undone afterwards. So steps that failed, or that are done of what has broken since, are unfinished for it until then.
 */
import { isComplete, readyOnRevision } from "../../domain/application-status.ts";
import { settleOperation, type StepSummary } from "../../domain/operation-progress.ts";
import { isTerminal, type OperationState } from "../../domain/states.ts";
import type { PlacementLook } from "./plan-placements.ts";
import { mayGoBack, type RolloutPlan } from "./plan-rollout.ts";
import type { ServiceLook } from "./plan-services.ts";
import type { OperationRow, Situation, StepRow } from "./situation.ts";

export interface StepUpdate extends StepRow {
  /** Milliseconds on the simulation's clock. */
  readonly finishedAt: number | null;
}

export type OperationUpdate = Pick<OperationRow, "id" | "state" | "completed" | "total" | "error" | "startedAt" | "finishedAt" | "progressedAt">;

export interface OperationsPlan {
  readonly steps: readonly StepUpdate[];
  readonly operations: readonly OperationUpdate[];
  /** Operations whose end is decided from all their steps elsewhere. */
  readonly settle: readonly string[];
  /** Operations of which anything changes, a step at least. */
  readonly touched: readonly string[];
}

/** What is left of the application on its clusters. */
export interface Left {
  readonly placements: readonly PlacementLook[];
  readonly services: readonly ServiceLook[];
}

export function planOperations(situation: Situation, left: Left, rolloutPlan: RolloutPlan, now: number): OperationsPlan {
  const { application, operations } = situation;
  const steps: StepUpdate[] = [];
  const updates: OperationUpdate[] = [];
  const settle: string[] = [];
  const touched = new Set<string>();
  for (const operation of operations) {
    if (isTerminal(operation.state)) continue;
    const after = operation.steps.map((step) => advance(operation, step, workOf(operation, step, left, application.deleting), now));
    const changed = after.filter((step, index) => step !== operation.steps[index]) as StepUpdate[];
    steps.push(...changed);
    if (changed.length > 0) touched.add(operation.id);
    if (!operation.own) {
      if (changed.length > 0) settle.push(operation.id);
      continue;
    }
    const counted: StepSummary["states"] = after.reduce((states, { state }) => add(states, state, 1), operation.ended.states);
    const states = mayGoBack(situation, rolloutPlan, operation) ? keptOpen(counted) : counted;
    const settled = settleOperation(operation, {
      completed: after.reduce((sum, step) => sum + step.completed, operation.ended.completed),
      total: after.reduce((sum, step) => sum + step.total, operation.ended.total),
      states,
      failure: operation.ended.failure ?? after.find(({ state }) => state === "FAILED")?.message ?? null,
    }, now);
    if (settled !== operation) {
      const { id, state, completed, total, error, startedAt, finishedAt, progressedAt } = settled;
      touched.add(id);
      updates.push({ id, state, completed, total, error, startedAt, finishedAt, progressedAt });
    }
  }
  return { steps, operations: updates, settle, touched: [...touched] };
}

const add = (states: StepSummary["states"], state: OperationState, steps: number): StepSummary["states"] => ({ ...states, [state]: (states[state] ?? 0) + steps });

/** The failed steps are unfinished; with none of these, and all others done, one of them is. */
function keptOpen(states: StepSummary["states"]): StepSummary["states"] {
  const { FAILED: failed = 0, SUCCEEDED: succeeded = 0 } = states;
  if (failed > 0) return add({ ...states, FAILED: 0 }, "RUNNING", failed);
  const open = (Object.keys(states) as OperationState[]).some((state) => !isTerminal(state) && states[state]);
  return open || succeeded === 0 ? states : add({ ...states, SUCCEEDED: succeeded - 1 }, "RUNNING", 1);
}

interface Work {
  readonly complete: boolean;
  readonly problem: string | null;
  /** Of the step's total. */
  readonly done: number;
  readonly begun: boolean;
}

function workOf({ kind }: OperationRow, step: StepRow, left: Left, deleting: boolean): Work {
  if (step.targetType === "Service") return serviceWork(left.services.find(({ id }) => id === step.targetId));
  const here = left.placements.filter(({ clusterId }) => step.clusterId === null || clusterId === step.clusterId);
  if (kind === "UPDATE_CONFIG") return configWork(here);
  return placementWork(step, here, deleting ? left.services.filter(({ clusterId }) => belongsTo(step, clusterId, left.placements)) : []);
}

/** Of a deletion: what is left on clusters that have no placement any more, every step waits for. */
const belongsTo = (step: StepRow, clusterId: string, placements: readonly PlacementLook[]): boolean =>
  step.clusterId === null || step.clusterId === clusterId || !placements.some((placement) => placement.clusterId === clusterId);

function serviceWork(service: ServiceLook | undefined): Work {
  if (!service) return { complete: true, problem: null, done: 0, begun: true };
  const { inSync, removing, problem } = service;
  return { complete: inSync && !removing && problem === null, problem, done: 0, begun: inSync };
}

function configWork(here: readonly PlacementLook[]): Work {
  const staying = here.filter(({ progress }) => !progress.removing);
  const confirmed = staying.filter(({ progress }) => progress.inSync);
  return {
    complete: staying.every(({ progress, configured }) => progress.inSync && progress.problem === null && configured >= progress.created),
    problem: problemOf(staying),
    done: confirmed.reduce((sum, { configured }) => sum + configured, 0),
    begun: confirmed.length > 0,
  };
}

/** See domain/step-total.ts for what `total` counts: pods to bring about, or pods to remove. */
function placementWork({ total }: StepRow, here: readonly PlacementLook[], services: readonly ServiceLook[]): Work {
  const all = here.map(({ progress }) => progress);
  const staying = all.filter((placement) => !placement.removing);
  const missing = staying.reduce((sum, placement) => sum + placement.desired - readyOnRevision(placement), 0);
  const surplus = all.reduce((sum, { created, desired }) => sum + Math.max(0, created - desired), 0);
  return {
    complete: all.every(isComplete) && services.length === 0,
    problem: problemOf(here),
    // What a cluster that has not confirmed does is not this step's work yet.
    done: staying.every(({ inSync }) => inSync) ? Math.max(0, total - Math.max(missing, surplus)) : 0,
    begun: all.some(({ inSync }) => inSync),
  };
}

const problemOf = (here: readonly PlacementLook[]): string | null => here.find(({ progress }) => progress.problem !== null)?.progress.problem ?? null;

/** The same object where nothing changed. */
function advance(operation: OperationRow, step: StepRow, { complete, problem, done, begun }: Work, now: number): StepRow | StepUpdate {
  if (isTerminal(step.state)) return step;
  if (problem !== null) return { ...step, state: "FAILED", message: problem, finishedAt: now };
  if (complete) return { ...step, state: operation.endsAs ?? "SUCCEEDED", message: null, completed: step.total, finishedAt: now };
  const completed = Math.min(step.total, Math.max(step.completed, done));
  const state = step.state !== "PENDING" || completed > 0 || begun ? "RUNNING" : "PENDING";
  return state === step.state && completed === step.completed ? step : { ...step, state, completed, finishedAt: null };
}
