import { accepted, type Outcome, refused } from "../../domain/errors.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, putToWork, raiseVersion, refuseStopped } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import { distribute } from "./distribute.ts";
import type { ApplicationActionInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { rolloutUnderWay } from "./rollout.ts";
import { presentlyWanted } from "./wanted.ts";

/**
 * Every pod is replaced, under the application's update strategy; with a rollout under way, by its. Pods know of how many restarts they are, so
 * that a restart is neither lost nor done twice, however often a cluster is told.
 */
export async function restartApplication(tx: Transaction, input: ApplicationActionInput): Promise<Outcome<ApplicationResult>> {
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const stopped = refuseStopped(application);
  if (stopped) return refused(stopped);
  const rollout = await rolloutUnderWay(tx, application);
  tx.em.assign(application, {
    restarts: application.restarts + 1,
    rolloutStrategy: rollout ? application.rolloutStrategy : null,
  });
  raiseVersion(tx, application);
  const distributed = await distribute(tx, application, {
    wanted: await presentlyWanted(tx, application),
    revision: await revisionOf(tx, application),
    reason: null,
    path: null,
    touchAll: true,
    anew: true,
  });
  if (!distributed.ok) return distributed;
  markUpdating(tx, application);
  return accepted({ applicationId: application.id, operationId: await putToWork(tx, application, "RESTART_APPLICATION", distributed.value.steps) });
}
