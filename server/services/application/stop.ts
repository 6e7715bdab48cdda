import { accepted, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import type { Application } from "../../entities/application.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, putToWork, raiseVersion } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import { distribute } from "./distribute.ts";
import type { ApplicationActionInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { desiredNow, wantedBefore } from "./wanted.ts";

/** Everything stays but the pods, whose room is given back. */
export async function stopApplication(tx: Transaction, input: ApplicationActionInput): Promise<Outcome<ApplicationResult>> {
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  if (application.stopped) return refused(invalidState("STOPPED", `Application ${application.name} is stopped already.`));
  return turn(tx, application, true);
}

/** Every placement gets its replicas back, where there is room for all of them. */
export async function startApplication(tx: Transaction, input: ApplicationActionInput): Promise<Outcome<ApplicationResult>> {
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  if (!application.stopped) {
    const message =
      application.desired === 0 ? "is not stopped: no replicas are wanted of it, scale it instead" : "is not stopped";
    return refused(invalidState(application.status, `Application ${application.name} ${message}.`));
  }
  return turn(tx, application, false);
}

async function turn(tx: Transaction, application: Application, stopped: boolean): Promise<Outcome<ApplicationResult>> {
  const before = await desiredNow(tx, application);
  tx.em.assign(application, { stopped });
  raiseVersion(tx, application);
  const distributed = await distribute(tx, application, {
    wanted: wantedBefore(before),
    revision: await revisionOf(tx, application),
    reason: null,
    path: null,
  });
  if (!distributed.ok) return distributed;
  markUpdating(tx, application);
  const kind = stopped ? "STOP_APPLICATION" : "START_APPLICATION";
  return accepted({ applicationId: application.id, operationId: await putToWork(tx, application, kind, distributed.value.steps, { before }) });
}
