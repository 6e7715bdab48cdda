/** ConfigMaps: whoever may read the tenant may read their values. Each change of the data makes a content of a new name. */
import { randomBytes, randomUUIDv7 } from "node:crypto";
import { checkConfigName, checkEntries, checkSize, type ConfigEntry, sameEntries, sortedEntries } from "../../domain/configuration.ts";
import { accepted, alreadyExists, type DomainError, type Outcome, refused } from "../../domain/errors.ts";
import { checkDescription } from "../../domain/names.ts";
import { unstorableText } from "../../domain/text.ts";
import { ConfigMap } from "../../entities/config-map.ts";
import type { Namespace } from "../../entities/namespace.ts";
import type { DeleteResult } from "../application/delete.ts";
import type { Change } from "../application/input.ts";
import { holdNamespace } from "../application/lookup.ts";
import type { DeleteInput } from "../namespace.ts";
import type { Transaction } from "../transaction.ts";
import { findConfigMap, lockConfigMap } from "./lookup.ts";
import { type ConfigObject, refuseKeyRemoval, refuseRemoval, spreadContent } from "./references.ts";

export interface CreateConfigMapInput {
  readonly name: string;
  readonly namespace: string;
  readonly description?: string | null | undefined;
  readonly data: readonly ConfigEntry[];
  readonly idempotencyKey?: string | null | undefined;
}

/** `data`, where it is given, is the whole new data. */
export interface UpdateConfigMapInput extends Change {
  readonly configMapId: string;
  readonly description?: string | null | undefined;
  readonly data?: readonly ConfigEntry[] | null | undefined;
}

export interface ConfigMapResult {
  readonly configMapId: string;
  readonly operationId: string | null;
}

/** What an import asks for. */
export interface PutConfigMap {
  readonly name: string;
  /** Absent: as it is. */
  readonly description?: string;
  readonly data: readonly ConfigEntry[];
}

export interface Put {
  readonly id: string;
  readonly applied: "CREATED" | "UPDATED" | "UNCHANGED";
  readonly operationId: string | null;
}

const DATA = ["input", "data"];

export async function createConfigMap(tx: Transaction, input: CreateConfigMapInput): Promise<Outcome<ConfigMapResult>> {
  const faults = faultsOf(input);
  if (faults.length > 0) return refused(...faults);
  const namespace = await holdNamespace(tx, input.namespace);
  if (!namespace.ok) return namespace;
  const existing = await findConfigMap(tx, namespace.value.id, input.name);
  if (existing) {
    const message = `There is already a ConfigMap ${input.name} in the namespace ${input.namespace}.`;
    return refused(alreadyExists(["input", "name"], { type: "ConfigMap", id: existing.id }, message));
  }
  return accepted({ configMapId: await insert(tx, namespace.value, input), operationId: null });
}

export async function updateConfigMap(tx: Transaction, input: UpdateConfigMapInput): Promise<Outcome<ConfigMapResult>> {
  const faults = [...checkDescription(["input", "description"], input.description ?? ""), ...(input.data ? dataFaults(input.data) : [])];
  if (faults.length > 0) return refused(...faults);
  const found = await lockConfigMap(tx, { globalId: input.configMapId, path: ["input", "configMapId"], expectedVersion: input.expectedVersion });
  if (!found.ok) return found;
  const changed = await change(tx, found.value, input.description ?? found.value.description, input.data ?? found.value.data);
  return changed.ok ? accepted({ configMapId: found.value.id, operationId: changed.value }) : changed;
}

export async function deleteConfigMap(tx: Transaction, input: DeleteInput): Promise<Outcome<DeleteResult>> {
  const found = await lockConfigMap(tx, { globalId: input.id, path: ["input", "id"], expectedVersion: input.expectedVersion });
  if (!found.ok) return found;
  const inUse = await refuseRemoval(tx, objectOf(found.value));
  if (inUse) return refused(inUse);
  const { id } = found.value;
  await tx.em.nativeDelete(ConfigMap, { tenantId: tx.actor.tenantId, id });
  tx.em.clear();
  tx.removed("configMap", id);
  return accepted({ deleted: { type: "ConfigMap", id }, object: null, operationId: null });
}

/** Makes it, or brings the one of this name to the given data. The namespace is held by the caller. */
export async function putConfigMap(tx: Transaction, namespace: Namespace, put: PutConfigMap): Promise<Outcome<Put>> {
  const faults = [...unstorableText(put.data, DATA), ...faultsOf(put)];
  if (faults.length > 0) return refused(...faults);
  const existing = await findConfigMap(tx, namespace.id, put.name);
  if (!existing) return accepted({ id: await insert(tx, namespace, put), applied: "CREATED", operationId: null });
  const { id, data, description } = existing;
  const wanted = put.description ?? description;
  if (wanted === description && sameEntries(sortedEntries(put.data), data)) return accepted({ id, applied: "UNCHANGED", operationId: null });
  const changed = await change(tx, existing, wanted, put.data);
  return changed.ok ? accepted({ id, applied: "UPDATED", operationId: changed.value }) : changed;
}

const objectOf = ({ id, name, namespaceId }: ConfigMap): ConfigObject => ({ kind: "ConfigMap", id, name, namespaceId });

const faultsOf = ({ name, description, data }: { name: string; description?: string | null | undefined; data: readonly ConfigEntry[] }): DomainError[] => [
  ...checkConfigName(["input", "name"], "The ConfigMap's name", name),
  ...checkDescription(["input", "description"], description ?? ""),
  ...dataFaults(data),
];
const dataFaults = (data: readonly ConfigEntry[]): DomainError[] => [...checkEntries(DATA, data), ...checkSize(DATA, data)];

/** A name for a content, which tells nothing of it. */
export const newContentName = (): string => randomBytes(16).toString("hex");

async function insert(tx: Transaction, namespace: Namespace, { name, description, data }: { name: string; description?: string | null | undefined; data: readonly ConfigEntry[] }): Promise<string> {
  const id = randomUUIDv7();
  const sorted = sortedEntries(data);
  tx.about({ type: "ConfigMap", id, name, namespaceId: namespace.id });
  await tx.em.insert(ConfigMap, {
    tenantId: tx.actor.tenantId,
    id,
    namespaceId: namespace.id,
    name,
    description: description ?? "",
    keys: sorted.map(({ key }) => key),
    data: sorted,
    content: newContentName(),
    version: 1,
    createdAt: tx.at,
    updatedAt: tx.at,
  });
  tx.changed("configMap", id);
  return id;
}

/** A new version of the locked row; answers the operation that another content starts. */
async function change(tx: Transaction, configMap: ConfigMap, description: string, data: readonly ConfigEntry[]): Promise<Outcome<string | null>> {
  const sorted = sortedEntries(data);
  const keys = sorted.map(({ key }) => key);
  const inUse = await refuseKeyRemoval(tx, objectOf(configMap), configMap.keys.filter((key) => !keys.includes(key)));
  if (inUse) return refused(inUse);
  const same = sameEntries(sorted, configMap.data);
  tx.em.assign(configMap, {
    description,
    version: configMap.version + 1,
    updatedAt: tx.at,
    ...(same ? {} : { keys, data: sorted, content: newContentName() }),
  });
  await tx.em.flush();
  tx.changed("configMap", configMap.id);
  return accepted(same ? null : await spreadContent(tx, objectOf(configMap)));
}
