/**
 * Cancelling: the operation goes back to what was wanted before it, and ends as CANCELLED once every cluster is there. What it changed is restored
 * like any other change, so it is refused where there is no room to go back; until it has ended it is under way, on the same steps.
 */
import { randomUUIDv7 } from "node:crypto";
import { accepted, invalidState, type Outcome, planRefused, refused } from "../../domain/errors.ts";
import { cancellable, changesRevision } from "../../domain/operation-actions.ts";
import { isTerminal } from "../../domain/states.ts";
import type { Application } from "../../entities/application.ts";
import { OperationStep } from "../../entities/operation-step.ts";
import type { Operation } from "../../entities/operation.ts";
import { Revision } from "../../entities/revision.ts";
import { markUpdating, raiseVersion } from "../application/change.ts";
import { distribute } from "../application/distribute.ts";
import { turnBack } from "../application/rollout.ts";
import { checkReferences } from "../application/template.ts";
import { wantedBefore } from "../application/wanted.ts";
import { type StepPlan, supersedeOperations } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { lockOperation, type OperationActionInput, type OperationResult } from "./lookup.ts";

export async function cancelOperation(tx: Transaction, input: OperationActionInput): Promise<Outcome<OperationResult>> {
  const found = await lockOperation(tx, input.operationId);
  if (!found.ok) return found;
  const { operation, steps, applications } = found.value;
  const application = applications.get(operation.targetId ?? "");
  const { before } = operation;
  if (!cancellable(operation) || !before || !application) return refused(invalidState(operation.state, whyNot(operation)));

  // Only what it changed goes back: a rollout that it found under way is not its own.
  const revisionId = changesRevision(operation.kind) ? before.revisionId : application.revisionId;
  const revision = await tx.em.findOneOrFail(Revision, { tenantId: tx.actor.tenantId, id: revisionId });
  if (revision.id !== application.revisionId) {
    const missing = await checkReferences(tx, application.namespaceId, revision.template);
    if (missing.length > 0) return refused(planRefused("PLAN_REFUSED", missing, null));
  }
  const rolloutStrategy = changesRevision(operation.kind) ? null : application.rolloutStrategy;
  tx.em.assign(application, { revisionId: revision.id, stopped: before.stopped, rolloutStrategy });
  raiseVersion(tx, application);
  const reason = operation.kind === "SCALE_APPLICATION" || operation.kind === "UPDATE_DISTRIBUTION" ? `As before: ${tx.actor.tokenName} cancelled a change.` : null;
  const distributed = await distribute(tx, application, { wanted: wantedBefore(before), revision, reason, path: null });
  if (!distributed.ok) return distributed;
  markUpdating(tx, application);
  if (operation.rolloutId) await turnBack(tx, operation.rolloutId, `Cancelled by ${tx.actor.tokenName}.`);
  await supersedeOperations(tx, application.id, { except: operation.id });
  turnAround(tx, operation, distributed.value.steps);
  await replan(tx, operation, application, steps, distributed.value.steps);
  tx.reconcile(application.id);
  return accepted({ operationId: operation.id });
}

function whyNot({ kind, state, endsAs }: Operation): string {
  if (isTerminal(state)) return `The operation has ended: it is ${state}.`;
  if (endsAs) return "The operation is on its way back already.";
  return `An operation of kind ${kind} can't be cancelled${kind === "UPGRADE_APPLICATION" ? " when it came with an import" : ""}.`;
}

function turnAround(tx: Transaction, operation: Operation, way: readonly StepPlan[]): void {
  tx.em.assign(operation, {
    endsAs: "CANCELLED",
    error: `Cancelled by ${tx.actor.tokenName}: it goes back to what was before.`,
    state: operation.state === "STALLED" ? "RUNNING" : operation.state,
    completed: 0,
    total: way.reduce((sum, step) => sum + step.total, 0),
    progressedAt: tx.at,
  });
  tx.changed("operation", operation.id);
}

/** Its steps become those of the way back; one that is no part of it ends. */
async function replan(
  tx: Transaction,
  operation: Operation,
  application: Application,
  steps: readonly OperationStep[],
  way: readonly StepPlan[],
): Promise<void> {
  const byCluster = new Map(way.map((step) => [step.clusterId, step]));
  for (const step of steps) {
    const planned = byCluster.get(step.clusterId ?? "");
    byCluster.delete(step.clusterId ?? "");
    if (planned) tx.em.assign(step, { state: "PENDING", message: null, completed: 0, total: planned.total, finishedAt: null });
    else tx.em.assign(step, { state: "CANCELLED", completed: 0, total: 0, finishedAt: step.finishedAt ?? tx.at });
  }
  if (byCluster.size === 0) return;
  await tx.em.insertMany(
    OperationStep,
    [...byCluster.values()].map((planned) => ({
      tenantId: tx.actor.tenantId,
      id: randomUUIDv7(),
      operationId: operation.id,
      namespaceId: application.namespaceId,
      clusterId: planned.clusterId,
      targetType: "Application",
      targetId: application.id,
      name: planned.name,
      state: "PENDING" as const,
      message: null,
      completed: 0,
      total: planned.total,
      finishedAt: null,
    })),
  );
}
