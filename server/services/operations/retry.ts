/**
 * Retrying: a new operation of the same kind over the clusters that failed, or are not done. What is wanted stays as it is; each object of a step
 * rises by a generation, so that its cluster is told anew and tries again.
 */
import { randomUUIDv7 } from "node:crypto";
import { accepted, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import { mayBeRetried, type RetryFacts, retryable } from "../../domain/operation-actions.ts";
import { isTerminal } from "../../domain/states.ts";
import type { Application } from "../../entities/application.ts";
import type { OperationStep } from "../../entities/operation-step.ts";
import { Operation } from "../../entities/operation.ts";
import { Placement } from "../../entities/placement.ts";
import { Rollout } from "../../entities/rollout.ts";
import { Service } from "../../entities/service.ts";
import { markUpdating, putToWork } from "../application/change.ts";
import { lockPlacements } from "../application/distribute.ts";
import { carryOn } from "../application/rollout.ts";
import { startOperation, type StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { lockOperation, type OperationActionInput, type OperationInHand, type OperationResult } from "./lookup.ts";

export async function retryOperation(tx: Transaction, input: OperationActionInput): Promise<Outcome<OperationResult>> {
  const found = await lockOperation(tx, input.operationId);
  if (!found.ok) return found;
  const { operation } = found.value;
  const work = await workToRetry(tx, found.value);
  const rollout = operation.rolloutId ? await tx.em.findOne(Rollout, { tenantId: tx.actor.tenantId, id: operation.rolloutId }) : null;
  const own = found.value.applications.get(operation.targetId ?? "");
  const facts: RetryFacts = {
    newer: await hasNewer(tx, operation),
    turnedBack: rollout !== null && rollout.toRevisionId !== own?.revisionId,
    stepsToRetry: work.length,
  };
  if (!retryable(operation, facts)) return refused(invalidState(operation.state, whyNot(operation, facts)));

  const placements = [...new Set(work.flatMap((one) => one.placements))];
  const services = [...new Set(work.flatMap((one) => one.services))];
  await lockPlacements(tx, placements.map(({ id }) => id));
  touch(tx, placements, services);
  const concerned = new Set([...placements, ...services].map(({ applicationId }) => applicationId));
  for (const id of concerned) {
    const application = found.value.applications.get(id);
    if (application && !application.deleting) {
      markUpdating(tx, application);
      tx.changed("application", id);
    }
    tx.reconcile(id);
  }
  const steps = work.map(({ step }) => planOf(step));
  const operationId = own ? await retryOwn(tx, own, operation, rollout, steps) : await retryOther(tx, found.value, steps);
  return accepted({ operationId });
}

function whyNot(operation: Operation, { newer, turnedBack }: RetryFacts): string {
  if (operation.endsAs || turnedBack) return "The operation went back to what was before; there is nothing of it to try again.";
  if (!mayBeRetried(operation)) return `The operation is ${operation.state}: what failed, in part or as a whole, or is stalled can be retried.`;
  if (newer) return `A newer operation of ${operation.targetName} came after it.`;
  return "Nothing is left to try again: what failed is gone.";
}

interface Work {
  readonly step: OperationStep;
  readonly placements: readonly Placement[];
  readonly services: readonly Service[];
}

/**
 * The steps that failed, or are not done, with the objects that are there still. What is being deleted is only deleted again. A deletion takes the
 * application's services along: those beside a placement, and by any step those on clusters that have none any more.
 */
async function workToRetry(tx: Transaction, { operation, steps, applications, services }: OperationInHand): Promise<Work[]> {
  const open = steps.filter(({ state }) => state === "FAILED" || !isTerminal(state));
  const where = { tenantId: tx.actor.tenantId, applicationId: { $in: [...applications.keys()] } };
  const order = { orderBy: { id: "asc" } } as const;
  const deletion = operation.kind === "DELETE_APPLICATION";
  const placements = await tx.em.find(Placement, where, order);
  const going = deletion ? await tx.em.find(Service, where, order) : [];
  const on = (clusterId: string): readonly Placement[] => placements.filter((placement) => placement.clusterId === clusterId);
  return open.flatMap((step): Work[] => {
    if (step.targetType === "Service") {
      const service = services.get(step.targetId ?? "");
      return service && (!service.deleting || operation.kind === "DELETE_SERVICE") ? [{ step, placements: [], services: [service] }] : [];
    }
    if (applications.get(step.targetId ?? "")?.deleting && !deletion) return [];
    const here = on(step.clusterId ?? "").filter(({ applicationId }) => applicationId === step.targetId);
    const beside = going.filter(({ clusterId }) => clusterId === step.clusterId || on(clusterId).length === 0);
    return here.length + beside.length > 0 ? [{ step, placements: here, services: beside }] : [];
  });
}

/** The clusters are told anew; what they said of the last time is dropped. */
function touch(tx: Transaction, placements: readonly Placement[], services: readonly Service[]): void {
  for (const placement of placements) tx.em.assign(placement, { generation: placement.generation + 1, problem: null });
  tx.changed("placement", ...placements.map(({ id }) => id));
  for (const service of services) {
    const status = service.deleting ? "DELETING" : service.observedGeneration === 0 ? "PENDING" : "UPDATING";
    tx.em.assign(service, { generation: service.generation + 1, problem: null, status });
  }
  tx.changed("service", ...services.map(({ id }) => id));
}

const planOf = ({ targetType, targetId, clusterId, name, total }: OperationStep): StepPlan => ({
  ...(targetType ? { targetType } : {}),
  targetId: targetId ?? "",
  clusterId: clusterId ?? "",
  name,
  total,
});

/** Of one application: the newest one, so what is unfinished of it ends with this. */
async function retryOwn(
  tx: Transaction,
  application: Application,
  operation: Operation,
  rollout: Rollout | null,
  steps: readonly StepPlan[],
): Promise<string> {
  const rolloutId = rollout?.finishedAt ? randomUUIDv7() : rollout?.id;
  const { kind, before, deadlineSeconds } = operation;
  const operationId = await putToWork(tx, application, kind, steps, {
    deadlineSeconds,
    retryOf: operation.id,
    ...(before ? { before } : {}),
    ...(rolloutId ? { rolloutId } : {}),
  });
  if (rollout && rolloutId) await carryOn(tx, application, rollout, { id: rolloutId, operationId });
  return operationId;
}

/** Of services, of configuration, or of many applications: it takes over what is unfinished of the one that it tries again, and nothing else. */
async function retryOther(tx: Transaction, { operation, steps: old }: OperationInHand, steps: readonly StepPlan[]): Promise<string> {
  const { namespaceId } = operation;
  if (!namespaceId) throw new Error(`operation ${operation.id} of kind ${operation.kind} belongs to no namespace`);
  if (!isTerminal(operation.state)) {
    for (const step of old) if (!isTerminal(step.state)) tx.em.assign(step, { state: "SUPERSEDED", finishedAt: tx.at });
    tx.em.assign(operation, { state: "SUPERSEDED", error: null, finishedAt: tx.at });
    tx.changed("operation", operation.id);
  }
  return startOperation(tx, {
    kind: operation.kind,
    namespaceId,
    ...(operation.targetType ? { targetType: operation.targetType } : {}),
    targetId: operation.targetId ?? null,
    targetName: operation.targetName,
    steps,
    deadlineSeconds: operation.deadlineSeconds,
    retryOf: operation.id,
  });
}

/** Of the same object, or a retry of this one. Ids of operations are in the order of time. */
async function hasNewer(tx: Transaction, { id, targetType, targetId }: Operation): Promise<boolean> {
  const { tenantId } = tx.actor;
  const retries = await tx.em.find(Operation, { tenantId, retryOf: id }, { limit: 1 });
  if (retries.length > 0 || !targetType || !targetId) return retries.length > 0;
  return (await tx.em.find(Operation, { tenantId, targetType, targetId, id: { $gt: id } }, { limit: 1 })).length > 0;
}
