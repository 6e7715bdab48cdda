/** Finding an operation that something is to be done about, with all that its work is on. */
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { quoted } from "../../domain/text.ts";
import { Application } from "../../entities/application.ts";
import { OperationStep } from "../../entities/operation-step.ts";
import { Operation } from "../../entities/operation.ts";
import { Service } from "../../entities/service.ts";
import type { Transaction } from "../transaction.ts";

export interface OperationActionInput {
  readonly operationId: string;
  readonly idempotencyKey?: string | null | undefined;
}

export interface OperationResult {
  /** Where there is nothing else to follow: the operation that was named. */
  readonly operationId: string;
}

export interface OperationInHand {
  readonly operation: Operation;
  readonly steps: readonly OperationStep[];
  /** Those that its steps are about, by their uuids, and those of its services. */
  readonly applications: ReadonlyMap<string, Application>;
  readonly services: ReadonlyMap<string, Service>;
}

/**
 * The operation with its steps, locked until the transaction ends. Applications are locked before it, in the order of their ids, as everybody
 * does who changes one and then its operations: so the worker neither moves it on meanwhile, nor waits in a circle.
 */
export async function lockOperation(tx: Transaction, globalId: string): Promise<Outcome<OperationInHand>> {
  const { tenantId } = tx.actor;
  const id = uuidOf("Operation", globalId);
  const seen = id === null ? null : await tx.em.findOne(Operation, { tenantId, id });
  if (!seen) return refused(notFound(["input", "operationId"], `There is no operation ${quoted(globalId)}.`));
  tx.about({ type: "Operation", id: seen.id, name: seen.targetName, namespaceId: seen.namespaceId ?? null });
  const targets = await tx.em.execute<{ target_type: string; target_id: string }[]>(
    "select distinct target_type, target_id from operation_step where tenant_id = ? and operation_id = ? and target_id is not null",
    [tenantId, seen.id],
  );
  const idsOf = (type: string): string[] => targets.filter((target) => target.target_type === type).map((target) => target.target_id);
  const services = await tx.em.find(Service, { tenantId, id: { $in: idsOf("Service") } });
  const applicationIds = [...idsOf("Application"), ...services.map(({ applicationId }) => applicationId)];
  if (seen.targetType === "Application" && seen.targetId) applicationIds.push(seen.targetId);
  const lock = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
  const applications = await tx.em.find(Application, { tenantId, id: { $in: [...new Set(applicationIds)] } }, { ...lock, orderBy: { id: "asc" } });
  // Read anew under the locks: it may have moved on, or ended, while they were waited for.
  const operation = await tx.em.findOneOrFail(Operation, { tenantId, id: seen.id }, lock);
  return accepted({
    operation,
    steps: await tx.em.find(OperationStep, { tenantId, operationId: operation.id }, { orderBy: { name: "asc", id: "asc" } }),
    applications: new Map(applications.map((application) => [application.id, application])),
    services: new Map((await tx.em.find(Service, { tenantId, id: { $in: idsOf("Service") } }, { refresh: true })).map((service) => [service.id, service])),
  });
}
