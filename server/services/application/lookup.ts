/** Finding what a mutation names. What the token may not see, row-level security leaves out: it is answered as what does not exist. */
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, conflict, type DomainError, invalidState, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { quoted } from "../../domain/text.ts";
import { Application } from "../../entities/application.ts";
import { Namespace } from "../../entities/namespace.ts";
import { Revision } from "../../entities/revision.ts";
import type { Transaction } from "../transaction.ts";
import type { Change } from "./input.ts";

/**
 * The application, locked until the transaction ends, so that changes of one application come one after another; refused when it is
 * unknown, being deleted, or no longer at the version that the caller expects.
 */
export async function lockApplication(tx: Transaction, globalId: string, change: Change): Promise<Outcome<Application>> {
  const id = uuidOf("Application", globalId);
  const application =
    id === null ? null : await lockById(tx, id);
  if (!application) return refused(notFound(["input", "applicationId"], `There is no application ${quoted(globalId)}.`));
  tx.about({ type: "Application", id: application.id, name: application.name, namespaceId: application.namespaceId });
  const stale = checkVersion(application, change.expectedVersion);
  if (stale) return refused(stale);
  if (application.deleting) return refused(invalidState("DELETING", `Application ${application.name} is being deleted.`));
  return accepted(application);
}

/** The application with this uuid, locked like that; null where it is gone. For what found it through something else. */
export const lockById = (tx: Transaction, id: string): Promise<Application | null> =>
  tx.em.findOne(Application, { tenantId: tx.actor.tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });

function checkVersion(application: Application, expected: number | null | undefined): DomainError | null {
  if (expected === null || expected === undefined || expected === application.version) return null;
  return conflict(
    { type: "Application", id: application.id },
    application.version,
    `Application ${application.name} is at version ${application.version}, not ${expected}: somebody changed it meanwhile.`,
  );
}

/** The namespace, held so that nobody deletes it before the transaction ends. */
export async function holdNamespace(tx: Transaction, name: string): Promise<Outcome<Namespace>> {
  const namespace = await tx.em.findOne(Namespace, { tenantId: tx.actor.tenantId, name }, { lockMode: LockMode.PESSIMISTIC_READ });
  return namespace ? accepted(namespace) : refused(notFound(["input", "namespace"], `There is no namespace ${quoted(name)}.`));
}

/** The application of this name, locked; null where the name is free. */
export const findByName = (tx: Transaction, namespaceId: string, name: string): Promise<Application | null> =>
  tx.em.findOne(Application, { tenantId: tx.actor.tenantId, namespaceId, name }, { lockMode: LockMode.PESSIMISTIC_WRITE });

export const revisionOf = (tx: Transaction, application: Application): Promise<Revision> =>
  tx.em.findOneOrFail(Revision, { tenantId: tx.actor.tenantId, id: application.revisionId });
