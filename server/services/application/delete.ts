import { accepted, invalid, type ObjectKey, type Outcome, refusal, refused } from "../../domain/errors.ts";
import { deleteServicesOf } from "../service-followers.ts";
import type { Transaction } from "../transaction.ts";
import { putToWork, raiseVersion } from "./change.ts";
import type { DeleteApplicationInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { distribute } from "./distribute.ts";

export interface DeleteResult {
  /** What is gone already. */
  readonly deleted: ObjectKey | null;
  /** What is being deleted: it goes when the operation ends. */
  readonly object: ObjectKey | null;
  readonly operationId: string | null;
}

/** Pods go first: the worker removes the rows when every cluster has confirmed that nothing is left. */
export async function deleteApplication(tx: Transaction, input: DeleteApplicationInput): Promise<Outcome<DeleteResult>> {
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  if (input.confirmName !== application.name) {
    return refused(invalid(["input", "confirmName"], `To delete the application, confirmName must be its name ${application.name}.`));
  }
  if (application.deletionProtection) {
    return refused(
      refusal("PROTECTED", null, `Application ${application.name} has deletion protection; switch it off with updateApplication first.`),
    );
  }
  raiseVersion(tx, application);
  tx.em.assign(application, { deleting: true, status: "DELETING", statusReason: "It is being deleted." });
  const distributed = await distribute(tx, application, {
    wanted: [],
    revision: await revisionOf(tx, application),
    reason: null,
    path: null,
  });
  if (!distributed.ok) return distributed;
  await deleteServicesOf(tx, application);
  const operationId = await putToWork(tx, application, "DELETE_APPLICATION", distributed.value.steps);
  return accepted({ deleted: null, object: { type: "Application", id: application.id }, operationId });
}
