/** Finding a ConfigMap or Secret that a mutation names, and locking it. What the token may not see is answered as what does not exist. */
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, conflict, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import type { ConfigKind } from "../../domain/placement.ts";
import { quoted } from "../../domain/text.ts";
import { ConfigMap } from "../../entities/config-map.ts";
import { Secret } from "../../entities/secret.ts";
import type { Transaction } from "../transaction.ts";

interface Wanted {
  readonly globalId: string;
  readonly path: readonly string[];
  readonly expectedVersion?: number | null | undefined;
}

/** Locked until the transaction ends, so that changes of one come one after another, and nobody makes a reference to what is changing. */
export async function lockConfigMap(tx: Transaction, wanted: Wanted): Promise<Outcome<ConfigMap>> {
  const id = uuidOf("ConfigMap", wanted.globalId);
  const found = id === null ? null : await tx.em.findOne(ConfigMap, { tenantId: tx.actor.tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return check(tx, "ConfigMap", found, wanted);
}

export async function lockSecret(tx: Transaction, wanted: Wanted): Promise<Outcome<Secret>> {
  const id = uuidOf("Secret", wanted.globalId);
  const found = id === null ? null : await tx.em.findOne(Secret, { tenantId: tx.actor.tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return check(tx, "Secret", found, wanted);
}

/** The one of this name, locked; null where the name is free. */
export const findConfigMap = (tx: Transaction, namespaceId: string, name: string): Promise<ConfigMap | null> =>
  tx.em.findOne(ConfigMap, { tenantId: tx.actor.tenantId, namespaceId, name }, { lockMode: LockMode.PESSIMISTIC_WRITE });

export const findSecret = (tx: Transaction, namespaceId: string, name: string): Promise<Secret | null> =>
  tx.em.findOne(Secret, { tenantId: tx.actor.tenantId, namespaceId, name }, { lockMode: LockMode.PESSIMISTIC_WRITE });

function check<T extends ConfigMap | Secret>(tx: Transaction, kind: ConfigKind, found: T | null, { globalId, path, expectedVersion }: Wanted): Outcome<T> {
  if (!found) return refused(notFound(path, `There is no ${kind} ${quoted(globalId)}.`));
  tx.about({ type: kind, id: found.id, name: found.name, namespaceId: found.namespaceId });
  if (expectedVersion === null || expectedVersion === undefined || expectedVersion === found.version) return accepted(found);
  const message = `${kind} ${found.name} is at version ${found.version}, not ${expectedVersion}: somebody changed it meanwhile.`;
  return refused(conflict({ type: kind, id: found.id }, found.version, message));
}
