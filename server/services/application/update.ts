import { accepted, type Outcome, refused } from "../../domain/errors.ts";
import { checkDescription, checkLabels } from "../../domain/names.ts";
import { canonicalJson } from "../../domain/canonical.ts";
import { checkUpdateStrategy, mergeUpdateStrategy } from "../../domain/update-strategy.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, raiseVersion } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import { labelsOf, type UpdateApplicationInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { distribute } from "./distribute.ts";
import { goOnBy } from "./rollout.ts";
import { presentlyWanted } from "./wanted.ts";

/**
 * What is left out stays. A new update strategy reaches the agents without an operation: there is nothing to wait for. It takes the place also
 * of one that a rollout brought along, and a rollout under way goes on by it.
 */
export async function updateApplication(tx: Transaction, input: UpdateApplicationInput): Promise<Outcome<ApplicationResult>> {
  const faults = [
    ...checkDescription(["input", "description"], input.description ?? ""),
    ...checkLabels(["input", "labels"], labelsOf(input.labels)),
  ];
  if (faults.length > 0) return refused(...faults);
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const updateStrategy = mergeUpdateStrategy(application.updateStrategy, input.updateStrategy);
  const badStrategy = checkUpdateStrategy(["input", "updateStrategy"], updateStrategy);
  if (badStrategy.length > 0) return refused(...badStrategy);

  const given = input.updateStrategy !== null && input.updateStrategy !== undefined;
  const inForce = application.rolloutStrategy ?? application.updateStrategy;
  const newStrategy = given && canonicalJson(updateStrategy) !== canonicalJson(inForce);
  tx.em.assign(application, {
    description: input.description ?? application.description,
    labels: input.labels ? labelsOf(input.labels) : application.labels,
    deletionProtection: input.deletionProtection ?? application.deletionProtection,
    updateStrategy,
    rolloutStrategy: given ? null : application.rolloutStrategy,
  });
  raiseVersion(tx, application);
  if (newStrategy) {
    await goOnBy(tx, application, updateStrategy);
    const distributed = await distribute(tx, application, {
      wanted: await presentlyWanted(tx, application),
      revision: await revisionOf(tx, application),
      reason: null,
      path: null,
      touchAll: true,
    });
    if (!distributed.ok) return distributed;
    markUpdating(tx, application);
    tx.reconcile(application.id);
  }
  return accepted({ applicationId: application.id, operationId: null });
}
