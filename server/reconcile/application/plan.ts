/**
 * What has to be done for one application: a pure function of (what is wanted, what is known, now). Level-triggered: it looks at the whole
 * situation, never at what happened, so it may run any number of times, late or early.
 *
 * Words: an *assignment* tells one cluster about one placement, under a rising generation; a *tombstone* is one that says "remove it";
 * a placement is *in sync* when its cluster has confirmed the assignment's newest generation in this term.
 *
 * Laws (property tests keep them)
 * - Planning again after carrying a plan out plans nothing.
 * - Generations never fall, and rise when the content changes. A placement's generation is its assignment's.
 * - A placement's row goes only after its cluster confirmed the tombstone, or was never told of it. What it had reserved was given back when
 *   its removal was accepted.
 * - The application's row goes only after the last of its placements.
 * - Progress is never above its total; steps and operations end once.
 */
import { applicationStatus, isComplete, type PlacementProgress } from "../../domain/application-status.ts";
import { contentHash } from "../../domain/canonical.ts";
import { settleOperation } from "../../domain/operation-progress.ts";
import type { PlacementSpec } from "../../domain/placement.ts";
import { type ApplicationStatus, isTerminal } from "../../domain/states.ts";
import type { AssignmentRow, ApplicationRow, Counts, OperationRow, PlacementRow, Situation, StepRow } from "./situation.ts";

export interface Plan {
  readonly assign: readonly AssignAction[];
  readonly placements: readonly PlacementUpdate[];
  readonly remove: readonly RemoveAction[];
  /** null: as it should be. */
  readonly application: ApplicationUpdate | "delete" | null;
  readonly steps: readonly StepUpdate[];
  readonly operations: readonly OperationUpdate[];
  /** Operations over several applications, whose end is decided from all their steps elsewhere. */
  readonly settle: readonly string[];
  /** Operations of which anything changes, a step at least. */
  readonly touched: readonly string[];
}

export interface AssignAction {
  readonly clusterId: string;
  readonly objectId: string;
  readonly generation: number;
  readonly contentHash: string;
  readonly spec: PlacementSpec | null;
  readonly templateHash: string | null;
  /** The generation that this replaces: another one in the row means that somebody else was faster. null: there is no row. */
  readonly replaces: number | null;
}

export interface PlacementUpdate {
  readonly id: string;
  readonly generation: number;
  readonly unavailable: number;
}

export interface RemoveAction {
  readonly placementId: string;
  readonly clusterId: string;
  /** The confirmed tombstone; null where the cluster was never told. */
  readonly tombstone: number | null;
}

export interface ApplicationUpdate extends Counts {
  readonly status: ApplicationStatus;
  readonly statusReason: string | null;
}

export interface StepUpdate extends StepRow {
  /** Milliseconds on the simulation's clock. */
  readonly finishedAt: number | null;
}

export type OperationUpdate = Pick<OperationRow, "id" | "state" | "completed" | "total" | "error" | "startedAt" | "finishedAt" | "progressedAt">;

/** One placement, or what is left of one, with what is to be done about it. */
interface Look {
  readonly clusterId: string;
  readonly progress: PlacementProgress;
  readonly gone: boolean;
}

export const isEmpty = (planned: Plan): boolean =>
  planned.application === null && [planned.assign, planned.placements, planned.remove, planned.steps, planned.operations, planned.settle].every((list) => list.length === 0);

export function plan(situation: Situation, now: number): Plan {
  const { application } = situation;
  const assignments = new Map(situation.assignments.map((assignment) => [assignment.objectId, assignment]));
  const placements = new Map(situation.placements.map((placement) => [placement.id, placement]));

  const assign: AssignAction[] = [];
  const updates: PlacementUpdate[] = [];
  const remove: RemoveAction[] = [];
  const looks: Look[] = [];
  for (const objectId of [...new Set([...placements.keys(), ...assignments.keys()])].toSorted()) {
    const placement = placements.get(objectId);
    const stored = assignments.get(objectId);
    const removing = !placement || placement.deleting || application.deleting;
    const gone = removing && (!stored || (stored.tombstone && confirms(stored, stored.generation, situation.term)));
    if (gone) {
      remove.push({ placementId: objectId, clusterId: placement?.clusterId ?? stored?.clusterId ?? "", tombstone: stored?.generation ?? null });
    } else {
      const action = wanted(application, placement, stored, objectId);
      if (action) assign.push(action);
      const generation = action?.generation ?? stored?.generation ?? 1;
      const unavailable = placement && !removing ? Math.max(0, placement.desired - placement.ready) : 0;
      if (placement && (placement.generation !== generation || placement.unavailable !== unavailable)) updates.push({ id: objectId, generation, unavailable });
    }
    const generation = assign.find((action) => action.objectId === objectId)?.generation ?? stored?.generation ?? 0;
    looks.push({
      clusterId: placement?.clusterId ?? stored?.clusterId ?? "",
      gone,
      progress: {
        desired: placement && !removing ? placement.desired : 0,
        created: gone ? 0 : (placement?.created ?? 0),
        ready: gone ? 0 : (placement?.ready ?? 0),
        updated: gone ? 0 : (placement?.updated ?? 0),
        removing,
        inSync: stored !== undefined && confirms(stored, generation, situation.term),
        everConfirmed: stored !== undefined && stored.confirmedGeneration > 0,
      },
    });
  }

  const left = looks.filter((look) => !look.gone);
  const work = planOperations(situation, left, now);
  return { assign, placements: updates, remove, application: planApplication(application, left), ...work };
}

const confirms = (assignment: AssignmentRow, generation: number, term: number): boolean =>
  assignment.confirmedTerm === term && assignment.confirmedGeneration === generation;

/** The assignment that the cluster should have, where it is not the stored one. */
function wanted(application: ApplicationRow, placement: PlacementRow | undefined, stored: AssignmentRow | undefined, objectId: string): AssignAction | null {
  const spec = placement && !placement.deleting && !application.deleting ? specOf(application, placement) : null;
  const hash = contentHash(spec);
  const same = stored !== undefined && stored.contentHash === hash;
  const generation = Math.max(placement?.generation ?? 1, stored ? stored.generation + (same ? 0 : 1) : 1);
  if (same && stored.generation === generation) return null;
  return {
    clusterId: placement?.clusterId ?? stored?.clusterId ?? "", objectId, generation, contentHash: hash, spec,
    templateHash: spec?.templateHash ?? null, replaces: stored?.generation ?? null,
  };
}

export const specOf = (application: ApplicationRow, placement: PlacementRow): PlacementSpec => ({
  tenantId: application.tenantId,
  applicationId: application.id,
  applicationName: application.name,
  namespace: application.namespace,
  replicas: placement.desired,
  revisionId: placement.revisionId,
  revisionNumber: placement.revisionNumber,
  templateHash: placement.templateHash,
  updateStrategy: application.updateStrategy,
  capacityType: application.capacityType,
  networkType: placement.networkType,
  subnet: placement.subnet,
});

function planApplication(application: ApplicationRow, left: readonly Look[]): ApplicationUpdate | "delete" | null {
  if (application.deleting && left.length === 0) return "delete";
  const progress = left.map((look) => look.progress);
  const sum = (count: (placement: PlacementProgress) => number): number => progress.reduce((total, placement) => total + count(placement), 0);
  const { status, reason } = applicationStatus(application.status, application.deleting, progress);
  const next: ApplicationUpdate = {
    status,
    statusReason: reason,
    desired: sum((placement) => placement.desired),
    created: sum((placement) => placement.created),
    ready: sum((placement) => placement.ready),
    updated: sum((placement) => placement.updated),
    unavailable: sum((placement) => Math.max(0, placement.desired - placement.ready)),
  };
  const same = (Object.keys(next) as (keyof ApplicationUpdate)[]).every((key) => next[key] === application[key]);
  return same ? null : next;
}

function planOperations(situation: Situation, left: readonly Look[], now: number): Pick<Plan, "steps" | "operations" | "settle" | "touched"> {
  const steps: StepUpdate[] = [];
  const operations: OperationUpdate[] = [];
  const settle: string[] = [];
  const touched = new Set<string>();
  for (const operation of situation.operations) {
    if (isTerminal(operation.state)) continue;
    const after = operation.steps.map((step) => advance(step, left, now));
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
    }, now);
    if (settled !== operation) {
      const { id, state, completed, total, error, startedAt, finishedAt, progressedAt } = settled;
      touched.add(id);
      operations.push({ id, state, completed, total, error, startedAt, finishedAt, progressedAt });
    }
  }
  return { steps, operations, settle, touched: [...touched] };
}

/**
 * A step's work is done pod by pod: `completed` is the most pods that were ready (or removed) at one time, so that a pod which crashes and
 * comes back is not progress. Where the application is taken off the cluster, the work is that nothing is left there: a change that takes over
 * another one's work supersedes its steps itself. The same object where nothing changed.
 */
function advance(step: StepRow, left: readonly Look[], now: number): StepRow | StepUpdate {
  if (isTerminal(step.state)) return step;
  const here = left.filter((look) => step.clusterId === null || look.clusterId === step.clusterId).map((look) => look.progress);
  const staying = here.filter((placement) => !placement.removing);
  if (here.every(isComplete)) return { ...step, state: "SUCCEEDED", message: null, completed: step.total, finishedAt: now };

  const pods = here.reduce((sum, placement) => {
    if (placement.removing) return sum;
    return sum + (placement.inSync ? Math.min(placement.ready, placement.updated, placement.desired) : 0);
  }, 0);
  const remaining = here.reduce((sum, placement) => sum + placement.created, 0);
  const done = staying.length === 0 ? Math.max(0, step.total - remaining) : pods;
  const completed = Math.min(step.total, Math.max(step.completed, done));
  const started = step.state !== "PENDING" || completed > 0 || here.some((placement) => placement.inSync);
  const state = started ? "RUNNING" : "PENDING";
  return state === step.state && completed === step.completed ? step : { ...step, state, completed, finishedAt: null };
}
