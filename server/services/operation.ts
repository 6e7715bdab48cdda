/**
 * Operations as mutations start them: PENDING, with a step for each cluster that has work to do. From there the worker moves them on, and
 * ends each exactly once. A newer change of the same application supersedes what is unfinished, in the transaction of that change.
 */
import { randomUUIDv7 } from "node:crypto";
import { arrayText } from "../database/arrays.ts";
import type { DesiredBefore } from "../domain/desired-before.ts";
import { APPLICATION_OPERATIONS } from "../domain/operation-actions.ts";
import { STALL_DEADLINE_MS } from "../domain/operation-progress.ts";
import type { OperationKind } from "../domain/states.ts";
import { Operation } from "../entities/operation.ts";
import { OperationStep } from "../entities/operation-step.ts";
import { enqueue } from "../jobs/enqueue.ts";
import type { Transaction } from "./transaction.ts";

export interface StepPlan {
  /** Default: Application. */
  readonly targetType?: string;
  readonly targetId: string;
  readonly clusterId: string;
  readonly name: string;
  /** Pods to bring about there, or to remove. */
  readonly total: number;
}

export interface OperationPlan {
  readonly kind: OperationKind;
  readonly namespaceId: string;
  /** Default: Application. */
  readonly targetType?: string;
  /** null where it has several targets, as an import has. */
  readonly targetId: string | null;
  readonly targetName: string;
  readonly steps: readonly StepPlan[];
  /** Without progress for so long it is STALLED. */
  readonly deadlineSeconds?: number;
  /** What cancelling it goes back to; absent where it can't be cancelled. */
  readonly before?: DesiredBefore;
  readonly retryOf?: string;
  readonly rolloutId?: string;
}

/** Returns the operation's id. */
export async function startOperation(tx: Transaction, plan: OperationPlan): Promise<string> {
  const { tenantId } = tx.actor;
  const id = randomUUIDv7();
  await tx.em.insert(Operation, {
    tenantId,
    id,
    kind: plan.kind,
    state: "PENDING",
    namespaceId: plan.namespaceId,
    targetType: plan.targetId === null ? null : (plan.targetType ?? "Application"),
    targetId: plan.targetId,
    targetName: plan.targetName,
    completed: 0,
    total: plan.steps.reduce((sum, step) => sum + step.total, 0),
    error: null,
    actor: tx.actor.tokenName,
    createdAt: tx.at,
    startedAt: null,
    finishedAt: null,
    progressedAt: tx.at,
    deadlineSeconds: plan.deadlineSeconds ?? STALL_DEADLINE_MS / 1_000,
    endsAs: null,
    before: plan.before ?? null,
    retryOf: plan.retryOf ?? null,
    rolloutId: plan.rolloutId ?? null,
  });
  if (plan.steps.length > 0) {
    await tx.em.insertMany(
      OperationStep,
      plan.steps.map((step) => ({
        tenantId,
        id: randomUUIDv7(),
        operationId: id,
        namespaceId: plan.namespaceId,
        clusterId: step.clusterId,
        targetType: step.targetType ?? "Application",
        targetId: step.targetId,
        name: step.name,
        state: "PENDING" as const,
        message: null,
        completed: 0,
        total: step.total,
        finishedAt: null,
      })),
    );
  }
  tx.changed("operation", id);
  return id;
}

/**
 * Ends what an application's newer change takes over: its own unfinished operations, and its steps in unfinished imports. An import itself goes
 * on with its other applications, and the worker is asked where it stands. New configuration on its way, and services, go on by themselves.
 * `except`: an operation that goes on in another way.
 */
export async function supersedeOperations(tx: Transaction, applicationId: string, { except = null }: { except?: string | null } = {}): Promise<void> {
  const { tenantId } = tx.actor;
  const operations = await tx.em.execute<{ id: string }[]>(
    `update operation set state = 'SUPERSEDED', error = null, finished_at = ?
     where tenant_id = ? and target_id = ? and finished_at is null and kind = any (?::text[]) and id is distinct from ?::uuid returning id`,
    [tx.at, tenantId, applicationId, arrayText(APPLICATION_OPERATIONS), except],
  );
  tx.changed("operation", ...operations.map((operation) => operation.id));
  await supersedeSteps(tx, [applicationId], [...APPLICATION_OPERATIONS, "IMPORT_MANIFESTS"], { except });
}

/** Ends the unfinished steps of these objects in operations of these kinds; whether that ends the operations is the worker's to say. */
export async function supersedeSteps(
  tx: Transaction,
  targetIds: readonly string[],
  kinds: readonly OperationKind[],
  { except = null }: { except?: string | null } = {},
): Promise<void> {
  if (targetIds.length === 0) return;
  const { tenantId } = tx.actor;
  const steps = await tx.em.execute<{ operation_id: string; ended: boolean }[]>(
    `update operation_step s set state = 'SUPERSEDED', finished_at = ? from operation o
     where s.tenant_id = ? and s.target_id = any (?::uuid[]) and s.finished_at is null and o.tenant_id = s.tenant_id and o.id = s.operation_id
       and o.kind = any (?::text[]) and o.id is distinct from ?::uuid
     returning s.operation_id, o.finished_at is not null as ended`,
    [tx.at, tenantId, arrayText(targetIds), arrayText(kinds), except],
  );
  const open = new Set(steps.filter(({ ended }) => !ended).map((step) => step.operation_id));
  await enqueue(
    tx.em,
    "settle_operation",
    [...open].map((operationId) => ({ tenantId, operationId })),
  );
  tx.changed("operation", ...open);
}
