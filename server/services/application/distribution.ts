import { checkDistribution } from "../../domain/distribution.ts";
import { accepted, type Outcome, refused } from "../../domain/errors.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, putToWork, raiseVersion, refuseStopped } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import type { UpdateDistributionInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { distribute } from "./distribute.ts";
import { desiredNow, resolveDistribution } from "./wanted.ts";

/** The whole new distribution: clusters that it does not name lose their placement. */
export async function updateDistribution(tx: Transaction, input: UpdateDistributionInput): Promise<Outcome<ApplicationResult>> {
  const path = ["input", "distribution"];
  const faults = checkDistribution(path, input.distribution);
  if (faults.length > 0) return refused(...faults);
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const stopped = refuseStopped(application);
  if (stopped) return refused(stopped);
  const wanted = await resolveDistribution(tx, path, input.distribution);
  if (!wanted.ok) return wanted;
  const before = await desiredNow(tx, application);
  raiseVersion(tx, application);
  const distributed = await distribute(tx, application, {
    wanted: wanted.value,
    revision: await revisionOf(tx, application),
    reason: `Chosen by ${tx.actor.tokenName}.`,
    path,
  });
  if (!distributed.ok) return distributed;
  if (distributed.value.changed) markUpdating(tx, application);
  return accepted({
    applicationId: application.id,
    operationId: await putToWork(tx, application, "UPDATE_DISTRIBUTION", distributed.value.steps, { before }),
  });
}
