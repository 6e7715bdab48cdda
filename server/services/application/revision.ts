/**
 * Revisions: immutable, numbered from 1. Numbers go on from the highest there is, also after a return to an older revision. With a revision go
 * its references: they say which applications use a ConfigMap or Secret, guard it, and let the gateway send it.
 */
import { randomUUIDv7 } from "node:crypto";
import { contentHash } from "../../domain/canonical.ts";
import { type PodTemplate, referencesOf } from "../../domain/pod-template.ts";
import type { Application } from "../../entities/application.ts";
import { ConfigReference } from "../../entities/config-reference.ts";
import { Revision } from "../../entities/revision.ts";
import type { Transaction } from "../transaction.ts";

export interface NewRevision {
  readonly id: string;
  readonly number: number;
  /** Checked, with everything that it refers to looked up. */
  readonly template: PodTemplate;
  readonly message: string;
}

/** The caller holds the application's lock, or has made it in this transaction. */
export async function addRevision(tx: Transaction, application: Application, template: PodTemplate, message: string): Promise<Revision> {
  const { tenantId } = tx.actor;
  const [last] = await tx.em.find(Revision, { tenantId, applicationId: application.id }, { orderBy: { number: "desc" }, limit: 1 });
  return insertRevision(tx, application, { id: randomUUIDv7(), number: (last?.number ?? 0) + 1, template, message });
}

export async function insertRevision(tx: Transaction, application: Application, { id, number, template, message }: NewRevision): Promise<Revision> {
  const { tenantId, tokenName } = tx.actor;
  const owner = { tenantId, applicationId: application.id, namespaceId: application.namespaceId };
  await tx.em.insert(Revision, { ...owner, id, number, template, templateHash: contentHash(template), message, createdBy: tokenName, createdAt: tx.at });
  const references = referencesOf(template);
  if (references.length > 0) {
    await tx.em.insertMany(
      ConfigReference,
      references.map(({ kind, id: configId, keys }) => ({ ...owner, revisionId: id, configId, kind, keys: [...keys] })),
    );
  }
  return tx.em.findOneOrFail(Revision, { tenantId, id });
}
