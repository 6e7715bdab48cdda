/**
 * Operations as mutations start them: PENDING, with a step for each cluster that has work to do. From there the worker moves them on, and
 * ends each exactly once. A newer change of the same application supersedes what is unfinished, in the transaction of that change.
 */
import { randomUUIDv7 } from "node:crypto";
import { arrayText } from "../database/arrays.ts";
import type { DesiredBefore } from "../domain/desired-before.ts";
import { RETRYABLE_STATES } from "../domain/operation-actions.ts";
import { STALL_DEADLINE_MS } from "../domain/operation-progress.ts";
import type { OperationKind, OperationState } from "../domain/states.ts";
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
  tx.changed("operation", id, ...(plan.targetId === null ? [] : await overtaken(tx, plan.targetId, id)));
  return id;
}

/** The operation before it, if that could be retried until now: it is shown so no more. Those before that one could not since it began. */
async function overtaken({ em, actor: { tenantId } }: Transaction, targetId: string, by: string): Promise<string[]> {
  const rows = await em.execute<{ id: string; state: OperationState }[]>(
    "select id, state from operation where tenant_id = ? and target_id = ? and id <> ? order by created_at desc, id desc limit 1",
    [tenantId, targetId, by],
  );
  return rows.filter(({ state }) => (RETRYABLE_STATES as readonly OperationState[]).includes(state)).map(({ id }) => id);
}

/**
 * Ends what a newer change of objects takes over: unfinished operations of them, with all their steps, and their steps in operations over several
 * objects, which go on with the others; the worker is asked where these stand. New configuration on its way to an application goes on by itself.
 * `except`: an operation that goes on in another way.
 */
export async function supersedeOperations(tx: Transaction, targets: string | readonly string[], { except = null }: { except?: string | null } = {}): Promise<void> {
  const { tenantId } = tx.actor;
  const targetIds = arrayText(typeof targets === "string" ? [targets] : targets);
  const operations = await tx.em.execute<{ id: string }[]>(
    `update operation set state = 'SUPERSEDED', error = null, finished_at = ?
     where tenant_id = ? and target_id = any (?::uuid[]) and finished_at is null and id is distinct from ?::uuid returning id`,
    [tx.at, tenantId, targetIds, except],
  );
  const own = operations.map((operation) => operation.id);
  const steps = await tx.em.execute<{ operation_id: string }[]>(
    `update operation_step s set state = 'SUPERSEDED', finished_at = ?
     where s.tenant_id = ? and s.finished_at is null and (s.target_id = any (?::uuid[]) or s.operation_id = any (?::uuid[])) and s.operation_id is distinct from ?::uuid
       and (s.operation_id = any (?::uuid[]) or exists (
         select from operation o where o.tenant_id = s.tenant_id and o.id = s.operation_id and o.kind <> 'UPDATE_CONFIG'))
     returning s.operation_id`,
    [tx.at, tenantId, targetIds, arrayText(own), except, arrayText(own)],
  );
  const others = new Set(steps.map((step) => step.operation_id).filter((id) => !own.includes(id)));
  await enqueue(
    tx.em,
    "settle_operation",
    [...others].map((operationId) => ({ tenantId, operationId })),
  );
  tx.changed("operation", ...own, ...others);
}
