import { checkReplicas } from "../../domain/distribution.ts";
import { accepted, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { quoted } from "../../domain/text.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, putToWork, raiseVersion, refuseStopped } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import type { ScaleApplicationInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { distribute } from "./distribute.ts";
import { desiredNow, wantedBefore } from "./wanted.ts";

/** Without a cluster, each placement gets these replicas. */
export async function scaleApplication(tx: Transaction, input: ScaleApplicationInput): Promise<Outcome<ApplicationResult>> {
  const faults = checkReplicas(["input", "replicas"], input.replicas);
  if (faults.length > 0) return refused(...faults);
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const stopped = refuseStopped(application);
  if (stopped) return refused(stopped);
  const before = await desiredNow(tx, application);
  const present = wantedBefore(before);
  const only = input.clusterId ? uuidOf("Cluster", input.clusterId) : null;
  if (input.clusterId && !present.some(({ clusterId }) => clusterId === only)) {
    return refused(
      notFound(["input", "clusterId"], `Application ${application.name} does not run on a cluster ${quoted(input.clusterId)}.`),
    );
  }
  const wanted = present.map((placement) =>
    only === null || placement.clusterId === only ? { ...placement, replicas: input.replicas } : placement,
  );
  raiseVersion(tx, application);
  const distributed = await distribute(tx, application, {
    wanted,
    revision: await revisionOf(tx, application),
    reason: `Scaled by ${tx.actor.tokenName}.`,
    path: ["input", "replicas"],
  });
  if (!distributed.ok) return distributed;
  if (distributed.value.changed) markUpdating(tx, application);
  return accepted({
    applicationId: application.id,
    operationId: await putToWork(tx, application, "SCALE_APPLICATION", distributed.value.steps, { before }),
  });
}
