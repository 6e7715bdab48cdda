import type { Transaction } from "../transaction.ts";
import type { ImportKind } from "./object.ts";

/** Applications come before what they refer to, as with everybody who changes both. */
const TABLES = [["Deployment", "application"], ["ConfigMap", "config_map"], ["Secret", "secret"]] as const satisfies readonly (readonly [ImportKind, string])[];

/**
 * Locks what there is of these in the namespace until the transaction ends, each kind in the order of ids: else two imports, or an import and an upgrade,
 * would wait for each other. Returns the names of the applications, in that order.
 */
export async function lockNamed(tx: Transaction, namespaceId: string, items: readonly { readonly kind: ImportKind; readonly name: string }[]): Promise<string[]> {
  const applications: string[] = [];
  for (const [kind, table] of TABLES) {
    const names = items.filter((item) => item.kind === kind).map(({ name }) => name);
    if (names.length === 0) continue;
    const locked = await tx.em.execute<{ name: string }[]>(
      `select name from ${table} where tenant_id = ? and namespace_id = ? and name in (select jsonb_array_elements_text(?::jsonb)) order by id for update`,
      [tx.actor.tenantId, namespaceId, JSON.stringify(names)],
    );
    if (kind === "Deployment") applications.push(...locked.map(({ name }) => name));
  }
  return applications;
}
