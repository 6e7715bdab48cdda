import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";

/** Whose rows a transaction may touch: the session settings that the row-level security policies compare with. */
export interface Scope {
  readonly tenantId?: string;
  /** uuids; null or absent: all of the tenant's. An empty list matches nothing. */
  readonly namespaceIds?: readonly string[] | null;
  readonly clusterIds?: readonly string[];
}

/** The values of (app.tenant_id, app.namespace_ids, app.cluster_ids) for set_config, in this order. */
export const scopeSettings = (scope: Scope): [string, string, string] => [
  scope.tenantId ?? "",
  scope.namespaceIds ? `{${scope.namespaceIds.join(",")}}` : "*",
  scope.clusterIds ? `{${scope.clusterIds.join(",")}}` : "",
];

export const SET_SCOPE = "select set_config('app.tenant_id', ?, true), set_config('app.namespace_ids', ?, true), set_config('app.cluster_ids', ?, true)";

/**
 * Runs `work` in one transaction under row-level security for this scope. The entity manager it gets is the only one to use inside:
 * another one would work on another connection, outside the transaction. Commits when `work` resolves, rolls back when it throws.
 */
export function inScope<T>(orm: MikroORM, scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
  return orm.em.fork({ useContext: true }).transactional(async (em) => {
    await em.execute(SET_SCOPE, scopeSettings(scope));
    return work(em);
  });
}
