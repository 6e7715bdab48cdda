/**
 * Secrets: their values go in, and come out through revealSecret alone. They are kept in an envelope (domain/envelope.ts), which every change
 * makes anew: another data key, another content of another name.
 */
import { randomUUIDv7 } from "node:crypto";
import { checkConfigName, checkEntries, checkSecretContent, type ConfigEntry, mergeEntries, sameEntries, sortedEntries } from "../../domain/configuration.ts";
import { decryptEntries, encryptEntries, EnvelopeBroken, type KeyRing } from "../../domain/envelope.ts";
import { accepted, alreadyExists, type DomainError, invalid, invalidState, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { checkDescription } from "../../domain/names.ts";
import type { SecretType } from "../../domain/states.ts";
import { quoted, unstorableText } from "../../domain/text.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { Secret } from "../../entities/secret.ts";
import type { DeleteResult } from "../application/delete.ts";
import type { Change } from "../application/input.ts";
import { holdNamespace } from "../application/lookup.ts";
import type { DeleteInput } from "../namespace.ts";
import type { Transaction } from "../transaction.ts";
import { newContentName, type Put } from "./config-map.ts";
import { findSecret, lockSecret } from "./lookup.ts";
import { type ConfigObject, refuseKeyRemoval, refuseRemoval, spreadContent } from "./references.ts";

export interface CreateSecretInput {
  readonly name: string;
  readonly namespace: string;
  readonly description?: string | null | undefined;
  readonly type: SecretType;
  readonly data: readonly ConfigEntry[];
  readonly idempotencyKey?: string | null | undefined;
}

/** Sets these keys, takes those away, and keeps the others. */
export interface UpdateSecretInput extends Change {
  readonly secretId: string;
  readonly description?: string | null | undefined;
  readonly data?: readonly ConfigEntry[] | null | undefined;
  readonly removeKeys?: readonly string[] | null | undefined;
}

export interface RevealSecretInput {
  readonly id: string;
  /** Default: all. */
  readonly keys?: readonly string[] | null | undefined;
}

export interface SecretResult {
  readonly secretId: string;
  readonly operationId: string | null;
}

/** What an import asks for: the data is the whole content. */
export interface PutSecret {
  readonly name: string;
  readonly type: SecretType;
  /** Absent: as it is. */
  readonly description?: string;
  readonly data: readonly ConfigEntry[];
}

const DATA = ["input", "data"];

export async function createSecret(tx: Transaction, ring: KeyRing, input: CreateSecretInput): Promise<Outcome<SecretResult>> {
  const faults = faultsOf(input);
  if (faults.length > 0) return refused(...faults);
  const namespace = await holdNamespace(tx, input.namespace);
  if (!namespace.ok) return namespace;
  const existing = await findSecret(tx, namespace.value.id, input.name);
  if (existing) {
    const message = `There is already a Secret ${input.name} in the namespace ${input.namespace}.`;
    return refused(alreadyExists(["input", "name"], { type: "Secret", id: existing.id }, message));
  }
  return accepted({ secretId: await insert(tx, ring, namespace.value, input), operationId: null });
}

export async function updateSecret(tx: Transaction, ring: KeyRing, input: UpdateSecretInput): Promise<Outcome<SecretResult>> {
  const set = input.data ?? [];
  const remove = input.removeKeys ?? [];
  const faults = [...checkDescription(["input", "description"], input.description ?? ""), ...checkEntries(DATA, set)];
  if (faults.length > 0) return refused(...faults);
  const found = await lockSecret(tx, { globalId: input.secretId, path: ["input", "secretId"], expectedVersion: input.expectedVersion });
  if (!found.ok) return found;
  const secret = found.value;
  const wrong = removalFaults(secret, remove, set);
  if (wrong.length > 0) return refused(...wrong);

  const description = input.description ?? secret.description;
  if (set.length === 0 && remove.length === 0) return accepted({ secretId: secret.id, operationId: await change(tx, ring, secret, description, null) });
  const replaced = new Set([...set.map(({ key }) => key), ...remove]);
  // Where nothing of it stays, it need not be readable: so a Secret whose key was lost can be set anew.
  const kept = secret.keys.every((key) => replaced.has(key)) ? accepted([]) : openSecret(ring, secret);
  if (!kept.ok) return kept;
  const entries = mergeEntries(kept.value, set, remove);
  const broken = checkSecretContent(DATA, secret.type, entries);
  if (broken.length > 0) return refused(...broken);
  const inUse = await refuseKeyRemoval(tx, objectOf(secret), remove);
  if (inUse) return refused(inUse);
  return accepted({ secretId: secret.id, operationId: await change(tx, ring, secret, description, entries) });
}

export async function deleteSecret(tx: Transaction, input: DeleteInput): Promise<Outcome<DeleteResult>> {
  const found = await lockSecret(tx, { globalId: input.id, path: ["input", "id"], expectedVersion: input.expectedVersion });
  if (!found.ok) return found;
  const inUse = await refuseRemoval(tx, objectOf(found.value));
  if (inUse) return refused(inUse);
  const { id } = found.value;
  await tx.em.nativeDelete(Secret, { tenantId: tx.actor.tenantId, id });
  tx.em.clear();
  tx.removed("secret", id);
  return accepted({ deleted: { type: "Secret", id }, object: null, operationId: null });
}

/** The values, sorted by key: for the answer alone, never to be kept. */
export async function revealSecret(tx: Transaction, ring: KeyRing, { id, keys }: RevealSecretInput): Promise<Outcome<readonly ConfigEntry[]>> {
  const found = await lockSecret(tx, { globalId: id, path: ["input", "id"] });
  if (!found.ok) return found;
  const secret = found.value;
  const unknown = (keys ?? []).flatMap((key, index) => (secret.keys.includes(key) ? [] : [noSuchKey(secret, key, ["input", "keys", String(index)])]));
  if (unknown.length > 0) return refused(...unknown);
  const opened = openSecret(ring, secret);
  return opened.ok && keys ? accepted(opened.value.filter(({ key }) => keys.includes(key))) : opened;
}

/** Makes it, or brings the one of this name to the given content. The namespace is held by the caller. */
export async function putSecret(tx: Transaction, ring: KeyRing, namespace: Namespace, put: PutSecret): Promise<Outcome<Put>> {
  const faults = [...unstorableText(put.data, DATA), ...faultsOf(put)];
  if (faults.length > 0) return refused(...faults);
  const existing = await findSecret(tx, namespace.id, put.name);
  if (!existing) return accepted({ id: await insert(tx, ring, namespace, put), applied: "CREATED", operationId: null });
  const { id, type, description } = existing;
  if (type !== put.type) return refused(invalid(["input", "type"], `Secret ${put.name} is of the type ${type}, which can't be changed to ${put.type}.`));
  const wanted = put.description ?? description;
  const entries = sortedEntries(put.data);
  const before = openSecret(ring, existing);
  const same = before.ok && sameEntries(before.value, entries);
  if (same && wanted === description) return accepted({ id, applied: "UNCHANGED", operationId: null });
  const keys = entries.map(({ key }) => key);
  const inUse = await refuseKeyRemoval(tx, objectOf(existing), existing.keys.filter((key) => !keys.includes(key)));
  if (inUse) return refused(inUse);
  return accepted({ id, applied: "UPDATED", operationId: await change(tx, ring, existing, wanted, entries) });
}

const objectOf = ({ id, name, namespaceId }: Secret): ConfigObject => ({ kind: "Secret", id, name, namespaceId });
const contextOf = ({ tenantId, id }: Pick<Secret, "tenantId" | "id">): string => `${tenantId}/${id}`;

interface New {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly type: SecretType;
  readonly data: readonly ConfigEntry[];
}

function faultsOf({ name, description, type, data }: New): DomainError[] {
  const keys = checkEntries(DATA, data);
  return [
    ...checkConfigName(["input", "name"], "The Secret's name", name),
    ...checkDescription(["input", "description"], description ?? ""),
    ...keys,
    ...(keys.length > 0 ? [] : checkSecretContent(DATA, type, data)),
  ];
}

function removalFaults(secret: Secret, remove: readonly string[], set: readonly ConfigEntry[]): DomainError[] {
  return remove.flatMap((key, index): DomainError[] => {
    const path = ["input", "removeKeys", String(index)];
    if (set.some((entry) => entry.key === key)) return [invalid(path, `The key ${quoted(key)} can't be set and removed at once.`)];
    return secret.keys.includes(key) ? [] : [noSuchKey(secret, key, path)];
  });
}

const noSuchKey = ({ name }: Secret, key: string, path: readonly string[]): DomainError => notFound(path, `Secret ${name} has no key ${quoted(key)}.`);

/** Sorted by key. Refused where the key that it was encrypted under is not known here. */
function openSecret(ring: KeyRing, secret: Secret): Outcome<readonly ConfigEntry[]> {
  try {
    return accepted(decryptEntries(ring, secret, contextOf(secret)));
  } catch (error) {
    if (!(error instanceof EnvelopeBroken) || ring.keys.has(secret.keyId)) throw error;
    return refused(invalidState("UNREADABLE", `The server does not know the key that Secret ${secret.name} is encrypted under any more: all of its keys have to be set anew.`));
  }
}

async function insert(tx: Transaction, ring: KeyRing, namespace: Namespace, { name, description, type, data }: New): Promise<string> {
  const { tenantId } = tx.actor;
  const id = randomUUIDv7();
  tx.about({ type: "Secret", id, name, namespaceId: namespace.id });
  await tx.em.insert(Secret, {
    tenantId,
    id,
    namespaceId: namespace.id,
    name,
    description: description ?? "",
    type,
    ...contentOf(ring, sortedEntries(data), contextOf({ tenantId, id })),
    version: 1,
    createdAt: tx.at,
    updatedAt: tx.at,
  });
  tx.changed("secret", id);
  return id;
}

function contentOf(ring: KeyRing, entries: readonly ConfigEntry[], context: string): Pick<Secret, "keys" | "keyId" | "wrappedKey" | "ciphertext" | "content"> {
  const { keyId, wrappedKey, ciphertext } = encryptEntries(ring, entries, context);
  return { keys: entries.map(({ key }) => key), keyId, wrappedKey: Buffer.from(wrappedKey), ciphertext: Buffer.from(ciphertext), content: newContentName() };
}

/** A new version of the locked row; answers the operation that another content starts. `entries`: sorted; null where they stay. */
async function change(tx: Transaction, ring: KeyRing, secret: Secret, description: string, entries: readonly ConfigEntry[] | null): Promise<string | null> {
  const before = entries === null ? null : openSecret(ring, secret);
  const same = entries === null || (before?.ok === true && sameEntries(before.value, entries));
  tx.em.assign(secret, { description, version: secret.version + 1, updatedAt: tx.at, ...(same ? {} : contentOf(ring, entries, contextOf(secret))) });
  await tx.em.flush();
  tx.changed("secret", secret.id);
  return same ? null : spreadContent(tx, objectOf(secret));
}
