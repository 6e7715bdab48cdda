import { randomUUIDv7 } from "node:crypto";
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, alreadyExists, inUse, invalid, notFound, type Outcome, refusal, refused } from "../domain/errors.ts";
import { uuidOf } from "../domain/ids.ts";
import { checkDescription, checkObjectName } from "../domain/names.ts";
import { quoted } from "../domain/text.ts";
import { Application } from "../entities/application.ts";
import { ConfigMap } from "../entities/config-map.ts";
import { Namespace } from "../entities/namespace.ts";
import { Secret } from "../entities/secret.ts";
import { requireWholeTenant } from "../identity/authorise.ts";
import type { DeleteResult } from "./application/delete.ts";
import type { Transaction } from "./transaction.ts";

export interface CreateNamespaceInput {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

/** The input of mutations that delete one object. */
export interface DeleteInput {
  readonly id: string;
  readonly expectedVersion?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

export interface NamespaceResult {
  readonly namespaceId: string;
}

/** Objects that an IN_USE refusal names. */
const NAMED_USERS = 20;

export async function createNamespace(tx: Transaction, input: CreateNamespaceInput): Promise<Outcome<NamespaceResult>> {
  requireWholeTenant(tx.actor);
  const description = input.description ?? "";
  const faults = [
    ...checkObjectName(["input", "name"], "The namespace's name", input.name),
    ...checkDescription(["input", "description"], description),
  ];
  if (faults.length > 0) return refused(...faults);
  const { tenantId } = tx.actor;
  const existing = await tx.em.findOne(Namespace, { tenantId, name: input.name });
  if (existing)
    return refused(alreadyExists(["input", "name"], { type: "Namespace", id: existing.id }, `There is already a namespace ${input.name}.`));
  const id = randomUUIDv7();
  tx.about({ type: "Namespace", id, name: input.name, namespaceId: id });
  await tx.em.insert(Namespace, { tenantId, id, name: input.name, description, isDefault: false, createdAt: tx.at });
  tx.changed("namespace", id);
  return accepted({ namespaceId: id });
}

/** Only an empty one: the row is locked first, so that nothing slips in (those who make something in it hold the namespace). */
export async function deleteNamespace(tx: Transaction, input: DeleteInput): Promise<Outcome<DeleteResult>> {
  requireWholeTenant(tx.actor);
  const refusedVersion = refuseVersion(input, "A namespace");
  if (refusedVersion) return refusedVersion;
  const { tenantId } = tx.actor;
  const id = uuidOf("Namespace", input.id);
  const namespace = id === null ? null : await tx.em.findOne(Namespace, { tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!namespace) return refused(notFound(["input", "id"], `There is no namespace ${quoted(input.id)}.`));
  tx.about({ type: "Namespace", id: namespace.id, name: namespace.name, namespaceId: namespace.id });
  if (namespace.isDefault)
    return refused(refusal("PROTECTED", ["input", "id"], `The namespace ${namespace.name} belongs to the platform and stays.`));
  const inhabitants = await inhabitantsOf(tx, namespace.id);
  const count = inhabitants.reduce((sum, { total }) => sum + total, 0);
  if (count > 0) {
    const usedBy = inhabitants.flatMap(({ type, ids }) => ids.map((one) => ({ type, id: one }))).slice(0, NAMED_USERS);
    const told = inhabitants.filter(({ total }) => total > 0).map(({ total, one, many }) => `${total} ${total === 1 ? one : many}`);
    return refused(inUse(usedBy, count, `Namespace ${namespace.name} still has ${told.join(" and ")}.`));
  }
  await tx.em.nativeDelete(Namespace, { tenantId, id: namespace.id });
  tx.em.clear();
  tx.removed("namespace", namespace.id);
  return accepted({ deleted: { type: "Namespace", id: namespace.id }, object: null, operationId: null });
}

/** What a namespace still holds, by kind: how many, and the first of them by name. */
async function inhabitantsOf(tx: Transaction, namespaceId: string): Promise<{ type: string; one: string; many: string; total: number; ids: string[] }[]> {
  const where = { tenantId: tx.actor.tenantId, namespaceId };
  const options = { orderBy: { name: "asc" }, limit: NAMED_USERS, fields: ["id"] } as const;
  const [applications, configMaps, secrets] = [
    await tx.em.findAndCount(Application, where, options), await tx.em.findAndCount(ConfigMap, where, options), await tx.em.findAndCount(Secret, where, options),
  ];
  const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
  return [
    { type: "Application", one: "application", many: "applications", total: applications[1], ids: idsOf(applications[0]) },
    { type: "ConfigMap", one: "ConfigMap", many: "ConfigMaps", total: configMaps[1], ids: idsOf(configMaps[0]) },
    { type: "Secret", one: "Secret", many: "Secrets", total: secrets[1], ids: idsOf(secrets[0]) },
  ];
}

/** For objects that people never edit: an expectedVersion can't be honoured, and is not passed over in silence. */
export function refuseVersion(input: DeleteInput, noun: string): Outcome<never> | null {
  if (input.expectedVersion === null || input.expectedVersion === undefined) return null;
  return refused(invalid(["input", "expectedVersion"], `${noun} has no version.`));
}
