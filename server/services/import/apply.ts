import { randomUUIDv7 } from "node:crypto";
import { canonicalJson, contentHash } from "../../domain/canonical.ts";
import { accepted, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import type { Application } from "../../entities/application.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { markUpdating, putToWork, raiseVersion } from "../application/change.ts";
import { type ApplicationResult, type Design, make } from "../application/create.ts";
import { findByName, revisionOf } from "../application/lookup.ts";
import { addRevision } from "../application/revision.ts";
import { FULL_ROLLOUT, goOnBy, refuseDuringRollout, startRollout } from "../application/rollout.ts";
import { distribute } from "../application/distribute.ts";
import type { Wanted } from "../application/wanted.ts";
import type { StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";

export interface Applied extends ApplicationResult {
  readonly applied: "CREATED" | "UPDATED" | "UNCHANGED";
  readonly steps: readonly StepPlan[];
}

/** Makes the application as the design says: a new one, or a change of the one that has its name. Description and protection stay. */
export async function apply(tx: Transaction, namespace: Namespace, design: Design, wanted: readonly Wanted[]): Promise<Outcome<Applied>> {
  const application = await findByName(tx, namespace.id, design.name);
  if (!application) {
    const made = await make(tx, namespace, design, wanted, null);
    return made.ok ? accepted({ ...made.value, applied: "CREATED" }) : made;
  }
  if (application.deleting) return refused(invalidState("DELETING", `Application ${application.name} is being deleted.`));
  return change(tx, application, design, wanted);
}

async function change(tx: Transaction, application: Application, design: Design, wanted: readonly Wanted[]): Promise<Outcome<Applied>> {
  const present = await revisionOf(tx, application);
  const newTemplate = contentHash(design.template) !== present.templateHash;
  const newStrategy = canonicalJson(design.updateStrategy) !== canonicalJson(application.updateStrategy);
  const newLabels = canonicalJson(design.labels) !== canonicalJson(application.labels);
  if (newTemplate) {
    const busy = await refuseDuringRollout(tx, application);
    if (busy) return refused(busy);
  }
  if (newStrategy) await goOnBy(tx, application, design.updateStrategy);
  const revision = newTemplate ? await addRevision(tx, application, design.template, "Imported from a manifest.") : present;
  tx.em.assign(application, {
    revisionId: revision.id,
    updateStrategy: design.updateStrategy,
    rolloutStrategy: newTemplate || newStrategy ? null : application.rolloutStrategy,
    labels: design.labels,
  });
  const distributed = await distribute(tx, application, {
    wanted,
    revision,
    reason: `Chosen by ${tx.actor.tokenName}.`,
    path: null,
    touchAll: newStrategy,
  });
  if (!distributed.ok) return distributed;
  const { steps, changed, moved } = distributed.value;
  const result = { applicationId: application.id, operationId: null, steps };
  if (!changed && !newTemplate && !newLabels) return accepted({ ...result, applied: "UNCHANGED" });
  raiseVersion(tx, application);
  if (!changed) return accepted({ ...result, applied: "UPDATED" });
  markUpdating(tx, application);
  // As in updateApplication: a new update strategy alone reaches the agents without an operation of its own.
  if (!moved) {
    tx.reconcile(application.id);
    return accepted({ ...result, applied: "UPDATED" });
  }
  if (!newTemplate) return accepted({ ...result, applied: "UPDATED", operationId: await putToWork(tx, application, "UPDATE_DISTRIBUTION", steps) });
  // An upgrade like any other, but that it can't be cancelled: a manifest says more at once than there is a way back for.
  const rolloutId = randomUUIDv7();
  const operationId = await putToWork(tx, application, "UPGRADE_APPLICATION", steps, {
    rolloutId,
    deadlineSeconds: FULL_ROLLOUT.progressDeadlineSeconds,
  });
  await startRollout(tx, application, { id: rolloutId, operationId, fromRevisionId: present.id, manner: FULL_ROLLOUT });
  return accepted({ ...result, applied: "UPDATED", operationId });
}
