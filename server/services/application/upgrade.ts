import { contentHash } from "../../domain/canonical.ts";
import { accepted, type DomainError, invalid, type Outcome, refused } from "../../domain/errors.ts";
import { checkRevisionMessage } from "../../domain/names.ts";
import { checkTemplate } from "../../domain/template-rules.ts";
import { checkUpdateStrategy, mergeUpdateStrategy } from "../../domain/update-strategy.ts";
import type { Application } from "../../entities/application.ts";
import type { Transaction } from "../transaction.ts";
import type { ApplicationResult } from "./create.ts";
import type { UpgradeApplicationInput, UpgradeStrategyInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { addRevision } from "./revision.ts";
import { FULL_ROLLOUT, refuseDuringRollout, rollOut, type RolloutManner } from "./rollout.ts";
import { resolveTemplate } from "./template.ts";

const MAX_PROGRESS_DEADLINE_SECONDS = 86_400;

/**
 * The whole new template, rolled out to every cluster. One that is as the present one changes nothing: no revision, no version, no operation.
 * A stopped application may be upgraded: it comes back on the new revision.
 */
export async function upgradeApplication(tx: Transaction, input: UpgradeApplicationInput): Promise<Outcome<ApplicationResult>> {
  const message = input.message ?? "";
  const faults = [...checkRevisionMessage(["input", "message"], message), ...checkStrategy(["input", "strategy"], input.strategy)];
  if (faults.length > 0) return refused(...faults);
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const busy = await refuseDuringRollout(tx, application);
  if (busy) return refused(busy);

  const path = ["input", "template"];
  const { template, errors } = await resolveTemplate(tx, path, application.namespaceId, input.template);
  const manner = mannerOf(application, input.strategy);
  const badTemplate = [
    ...errors,
    ...checkTemplate(path, template),
    ...checkUpdateStrategy(["input", "strategy", "updateStrategy"], manner.updateStrategy ?? application.updateStrategy),
  ];
  if (badTemplate.length > 0) return refused(...badTemplate);
  if (contentHash(template) === (await revisionOf(tx, application)).templateHash) {
    return accepted({ applicationId: application.id, operationId: null });
  }
  const revision = await addRevision(tx, application, template, message);
  return rollOut(tx, application, { kind: "UPGRADE_APPLICATION", revision, manner, path });
}

function checkStrategy(path: readonly string[], strategy: UpgradeStrategyInput | null | undefined): DomainError[] {
  if (!strategy) return [];
  const { kind, progressDeadlineSeconds: seconds } = strategy;
  const errors: DomainError[] = [];
  if (kind !== "FULL") errors.push(invalid([...path, "kind"], `The rollout strategy ${kind} is not offered yet; FULL is.`));
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_PROGRESS_DEADLINE_SECONDS)) {
    errors.push(
      invalid(
        [...path, "progressDeadlineSeconds"],
        `A progress deadline of ${seconds} seconds is out of range; 1 to ${MAX_PROGRESS_DEADLINE_SECONDS} are allowed.`,
      ),
    );
  }
  return errors;
}

/** What the strategy leaves out is the application's. */
function mannerOf(application: Application, strategy: UpgradeStrategyInput | null | undefined): RolloutManner {
  if (!strategy) return FULL_ROLLOUT;
  const { kind, updateStrategy, progressDeadlineSeconds, autoRollback } = strategy;
  return {
    strategy: kind,
    updateStrategy: updateStrategy ? mergeUpdateStrategy(application.updateStrategy, updateStrategy) : null,
    progressDeadlineSeconds,
    autoRollback,
  };
}
