/** The ConfigMaps and Secrets that manifests refer to: there by name, here by id. */
import { LockMode } from "@mikro-orm/postgresql";
import type { ConfigKind } from "../../domain/placement.ts";
import type { SecretType } from "../../domain/states.ts";
import { ConfigMap } from "../../entities/config-map.ts";
import { Secret } from "../../entities/secret.ts";
import type { Transaction } from "../transaction.ts";

export interface KnownConfig {
  readonly id: string;
  /** Sorted. */
  readonly keys: readonly string[];
  /** null for a ConfigMap. */
  readonly type: SecretType | null;
}

/** What has this name in the namespace; null where nothing has. */
export type FindConfig = (kind: ConfigKind, name: string) => KnownConfig | null;

export type Named = Readonly<Record<ConfigKind, ReadonlySet<string>>>;

/** Which names a translation asks for: it finds nothing, and what it makes means nothing. */
export function namesAskedFor(translate: (find: FindConfig) => void): Named {
  const named = { ConfigMap: new Set<string>(), Secret: new Set<string>() };
  translate((kind, name) => {
    named[kind].add(name);
    return null;
  });
  return named;
}

/** Those of the namespace, held until the transaction ends, so that nobody deletes them, or a key of them, meanwhile. */
export async function loadNamed(tx: Transaction, namespaceId: string, named: Named): Promise<FindConfig> {
  const { tenantId } = tx.actor;
  const options = { lockMode: LockMode.PESSIMISTIC_READ, orderBy: { id: "asc" } } as const;
  const where = (kind: ConfigKind): { tenantId: string; namespaceId: string; name: { $in: string[] } } => ({ tenantId, namespaceId, name: { $in: [...named[kind]] } });
  const found = new Map<string, KnownConfig>();
  const keep = (kind: ConfigKind, { name, ...known }: KnownConfig & { readonly name: string }): void => void found.set(`${kind} ${name}`, known);
  if (named.ConfigMap.size > 0) {
    const some = await tx.em.find(ConfigMap, where("ConfigMap"), { ...options, fields: ["id", "name", "keys"] });
    for (const { id, name, keys } of some) keep("ConfigMap", { id, name, keys, type: null });
  }
  if (named.Secret.size > 0) {
    const some = await tx.em.find(Secret, where("Secret"), { ...options, fields: ["id", "name", "keys", "type"] });
    for (const { id, name, keys, type } of some) keep("Secret", { id, name, keys, type });
  }
  return (kind, name) => found.get(`${kind} ${name}`) ?? null;
}
