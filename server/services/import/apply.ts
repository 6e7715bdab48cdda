import { randomUUIDv7 } from "node:crypto";
import { canonicalJson, contentHash } from "../../domain/canonical.ts";
import { accepted, invalid, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import type { Label } from "../../domain/pod-template.ts";
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

/** Makes the application as the design says: a new one, or a change of the one that has its name. Protection stays, and so does a description that the design has no other for. */
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
  const template = { ...design.template, labels: inOrderOf(present.template.labels, design.template.labels) };
  const labels = inOrderOf(application.labels, design.labels);
  const newTemplate = contentHash(template) !== present.templateHash;
  const newStrategy = canonicalJson(design.updateStrategy) !== canonicalJson(application.updateStrategy);
  const description = design.description === "" ? application.description : design.description;
  const newWords = description !== application.description || canonicalJson(labels) !== canonicalJson(application.labels);
  if (design.capacityType !== "ON_DEMAND" && design.capacityType !== application.capacityType)
    return refused(invalid(null, `Application ${application.name} is ${application.capacityType}; the capacity type is fixed when an application is made.`));
  if (newTemplate) {
    const busy = await refuseDuringRollout(tx, application);
    if (busy) return refused(busy);
  }
  if (newStrategy) await goOnBy(tx, application, design.updateStrategy);
  const revision = newTemplate ? await addRevision(tx, application, template, "Imported from a manifest.") : present;
  tx.em.assign(application, {
    revisionId: revision.id,
    updateStrategy: design.updateStrategy,
    rolloutStrategy: newTemplate || newStrategy ? null : application.rolloutStrategy,
    labels,
    description,
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
  if (!changed && !newTemplate && !newWords) return accepted({ ...result, applied: "UNCHANGED" });
  raiseVersion(tx, application);
  if (!changed) return accepted({ ...result, applied: "UPDATED" });
  markUpdating(tx, application);
  // As in updateApplication: a new update strategy alone reaches the agents without an operation of its own.
  if (!moved) {
    tx.reconcile(application.id);
    return accepted({ ...result, applied: "UPDATED" });
  }
  if (!newTemplate) return accepted({ ...result, applied: "UPDATED", operationId: await putToWork(tx, application, "UPDATE_DISTRIBUTION", steps) });
  // An upgrade without a way back: a manifest says more at once than a revision, and what it says is meant to stay.
  const rolloutId = randomUUIDv7();
  const manner = { ...FULL_ROLLOUT, autoRollback: false };
  const operationId = await putToWork(tx, application, "UPGRADE_APPLICATION", steps, { rolloutId, deadlineSeconds: manner.progressDeadlineSeconds });
  await startRollout(tx, application, { id: rolloutId, operationId, fromRevisionId: present.id, manner });
  return accepted({ ...result, applied: "UPDATED", operationId });
}

/** Labels are a set, and maps of a manifest have an order of their own: equal sets stay as they were first given. */
function inOrderOf(present: readonly Label[], wanted: readonly Label[]): Label[] {
  const sorted = (labels: readonly Label[]): string => canonicalJson(labels.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
  return sorted(present) === sorted(wanted) ? [...present] : [...wanted];
}
