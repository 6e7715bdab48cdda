import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { accepted, ApplicationTemplateDocument, type UpgradeStrategyInput, UpgradeApplicationDocument } from "../../typescript/index.ts";
import type { Amount } from "../arguments.ts";
import { EXIT, type ExitCode, UsageError } from "../exit.ts";
import { finish, RETRYING } from "../finish.ts";
import { noSuchApplication } from "../lookup.ts";
import { show } from "../output.ts";
import type { Session } from "../session.ts";
import { changed, templateInputOf, type TemplateChanges } from "../template-input.ts";
import { plain } from "../text.ts";
import type { ChangeOptions } from "./change.ts";

export interface UpgradeOptions extends ChangeOptions, TemplateChanges {
  readonly message?: string | undefined;
  readonly maxUnavailable?: Amount | undefined;
  readonly maxSurge?: Amount | undefined;
  /** Milliseconds without progress. */
  readonly deadline?: number | undefined;
  readonly rollback: boolean;
}

/** Reads the present template, changes what was asked for, and sends it whole; a change in between is refused, not lost. */
export async function upgradeApplication(session: Session, name: string, options: UpgradeOptions): Promise<ExitCode> {
  if (!([options.image, options.env, options.unsetEnv, options.cpu, options.memory] as const).some((given) => given !== undefined && given.length > 0)) {
    throw new UsageError("What shall be upgraded? --image, --env, --unset-env, --cpu or --memory say it; a whole manifest: selvedge apply");
  }
  const { application } = await session.client.execute(ApplicationTemplateDocument, { namespace: options.namespace, name });
  if (application === null) throw await noSuchApplication(session, options.namespace, name);
  session.named.set(application.id, name);
  const present = templateInputOf(application.revision.template);
  const template = changed(present, options);
  if (isDeepStrictEqual(present, template)) {
    show(session, options.output, { operation: null }, () => [`${plain(name)} is like that already: revision ${application.revision.number}.`]);
    return EXIT.done;
  }
  const input = {
    applicationId: application.id,
    template,
    message: options.message ?? null,
    strategy: strategyOf(options),
    expectedVersion: application.version,
    idempotencyKey: randomUUID(),
  };
  const { upgradeApplication: payload } = await session.client.executeWith(RETRYING, UpgradeApplicationDocument, { input });
  const { operation } = accepted(payload);
  return finish(session, operation, options, { title: `upgrading ${name}`, work: "The upgrade" }, `${name} is like that already.`);
}

function strategyOf({ maxUnavailable, maxSurge, deadline, rollback }: UpgradeOptions): UpgradeStrategyInput {
  return {
    kind: "FULL",
    autoRollback: rollback,
    ...(deadline === undefined ? {} : { progressDeadlineSeconds: Math.ceil(deadline / 1_000) }),
    ...(maxUnavailable === undefined && maxSurge === undefined
      ? {}
      : { updateStrategy: { ...(maxUnavailable === undefined ? {} : { maxUnavailable: oneOf(maxUnavailable) }), ...(maxSurge === undefined ? {} : { maxSurge: oneOf(maxSurge) }) } }),
  };
}

const oneOf = (given: Amount): { readonly count: number } | { readonly percent: number } => ("count" in given ? { count: given.count } : { percent: given.percent });
