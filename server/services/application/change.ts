/** What every accepted change of an application has in common. */
import { type DomainError, invalidState } from "../../domain/errors.ts";
import type { OperationKind } from "../../domain/states.ts";
import type { Application } from "../../entities/application.ts";
import { type OperationPlan, startOperation, type StepPlan, supersedeOperations } from "../operation.ts";
import type { Transaction } from "../transaction.ts";

/** A new version; callers hold the application's lock. */
export function raiseVersion(tx: Transaction, application: Application): void {
  tx.em.assign(application, { version: application.version + 1, updatedAt: tx.at });
  tx.changed("application", application.id);
}

/**
 * The fleet has work to do: the application is not RUNNING again before its clusters confirmed, and a new operation takes over what
 * earlier ones had not finished. Returns its id.
 */
export async function putToWork(
  tx: Transaction,
  application: Application,
  kind: OperationKind,
  steps: readonly StepPlan[],
  more: Pick<OperationPlan, "deadlineSeconds" | "before" | "retryOf" | "rolloutId"> = {},
): Promise<string> {
  tx.reconcile(application.id);
  await supersedeOperations(tx, application.id);
  return startOperation(tx, { ...more, kind, namespaceId: application.namespaceId, targetId: application.id, targetName: application.name, steps });
}

/** Until the worker has looked, the status says no more than is known: the newest change is not confirmed. */
export function markUpdating(tx: Transaction, application: Application): void {
  if (application.status === "PENDING" || application.status === "DEPLOYING") return;
  tx.em.assign(application, { status: "UPDATING", statusReason: "The clusters have not confirmed the newest change yet." });
}

/** For changes that are about pods which run: why they are refused, or null. */
export const refuseStopped = (application: Application): DomainError | null =>
  application.stopped ? invalidState("STOPPED", `Application ${application.name} is stopped; start it first.`) : null;
