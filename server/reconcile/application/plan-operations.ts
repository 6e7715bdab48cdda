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
 */
import { isComplete, readyOnRevision } from "../../domain/application-status.ts";
import { settleOperation } from "../../domain/operation-progress.ts";
import { isTerminal } from "../../domain/states.ts";
import type { PlacementLook } from "./plan-placements.ts";
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

export function planOperations({ application, operations }: Situation, left: Left, now: number): OperationsPlan {
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
    const states: Record<string, number> = { ...operation.ended.states };
    for (const step of after) states[step.state] = (states[step.state] ?? 0) + 1;
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
