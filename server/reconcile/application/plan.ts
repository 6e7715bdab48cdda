/**
 * What has to be done for one application: a pure function of (what is wanted, what is known, now). Level-triggered: it looks at the whole
 * situation, never at what happened, so it may run any number of times, late or early.
 *
 * What clusters are told is planned in plan-objects.ts, plan-placements.ts and plan-services.ts; what becomes of rollouts and operations in
 * plan-rollout.ts and plan-operations.ts; their words and state machines are told there, the application's in domain/application-status.ts.
 *
 * Laws (property tests keep them)
 * - Planning again after carrying a plan out plans nothing.
 * - Generations never fall, and rise when the content changes. An object's generation is its assignment's.
 * - A placement's or service's row goes only after its cluster confirmed the tombstone, or was never told of it. What a placement had reserved
 *   was given back when its removal was accepted.
 * - The application's row goes only after the last of its placements and services.
 * - Progress is never above its total; rollouts and operations end once, and steps too, but for those of an operation that goes back: they
 *   begin anew, once.
 * - An operation that goes back never ends as SUCCEEDED, nor partly so.
 */
import { applicationStatus, type PlacementProgress } from "../../domain/application-status.ts";
import type { ApplicationStatus } from "../../domain/states.ts";
import type { AssignAction, RemoveAction } from "./plan-objects.ts";
import { type OperationsPlan, planOperations } from "./plan-operations.ts";
import { type PlacementLook, type PlacementUpdate, planPlacements } from "./plan-placements.ts";
import { planRollout, type RolloutPlan } from "./plan-rollout.ts";
import { planServices, type ServiceUpdate } from "./plan-services.ts";
import type { Counts, Situation } from "./situation.ts";

export interface Plan extends OperationsPlan, RolloutPlan {
  readonly assign: readonly AssignAction[];
  readonly placements: readonly PlacementUpdate[];
  readonly services: readonly ServiceUpdate[];
  readonly remove: readonly RemoveAction[];
  /** null: as it should be. */
  readonly application: ApplicationUpdate | "delete" | null;
}

export interface ApplicationUpdate extends Counts {
  readonly status: ApplicationStatus;
  readonly statusReason: string | null;
}

/** Nothing is to be written. `checkAt` asks for another look only. */
export const isEmpty = (planned: Plan): boolean =>
  planned.application === null && planned.rollout === null && planned.rollBack === null &&
  [planned.assign, planned.placements, planned.services, planned.remove, planned.steps, planned.operations, planned.settle].every((list) => list.length === 0);

export function plan(situation: Situation, now: number): Plan {
  const placements = planPlacements(situation);
  const services = planServices(situation);
  const rollout = planRollout(situation, placements.left, now);
  return {
    assign: [...placements.assign, ...services.assign],
    placements: placements.update,
    services: services.update,
    remove: [...placements.remove, ...services.remove],
    application: planApplication(situation, placements.left, placements.left.length + services.left.length === 0),
    ...rollout,
    ...planOperations(situation, { placements: placements.left, services: services.left }, rollout, now),
  };
}

function planApplication({ application, troubles }: Situation, left: readonly PlacementLook[], nothingLeft: boolean): ApplicationUpdate | "delete" | null {
  if (application.deleting && nothingLeft) return "delete";
  const progress = left.map((look) => look.progress);
  const sum = (count: (placement: PlacementProgress) => number): number => progress.reduce((total, placement) => total + count(placement), 0);
  const problems = left.flatMap(({ clusterCode, clusterId, progress: { problem } }) => (problem === null ? [] : [{ clusterCode: clusterCode ?? clusterId, problem }]));
  const { status, reason } = applicationStatus(application.status, application.deleting, progress, { stopped: application.stopped, troubles, problems });
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
