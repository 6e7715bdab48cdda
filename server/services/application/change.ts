/** What every accepted change of an application has in common. */
import type { OperationKind } from "../../domain/states.ts";
import type { Application } from "../../entities/application.ts";
import { startOperation, type StepPlan, supersedeOperations } from "../operation.ts";
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
): Promise<string> {
  tx.reconcile(application.id);
  await supersedeOperations(tx, application.id);
  return startOperation(tx, { kind, namespaceId: application.namespaceId, targetId: application.id, targetName: application.name, steps });
}

/** Until the worker has looked, the status says no more than is known: the newest change is not confirmed. */
export function markUpdating(tx: Transaction, application: Application): void {
  if (application.status === "PENDING" || application.status === "DEPLOYING") return;
  tx.em.assign(application, { status: "UPDATING", statusReason: "The clusters have not confirmed the newest change yet." });
}
