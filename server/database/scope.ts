import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { escapeLiteral, type Pool, type PoolClient } from "pg";
import { arrayText } from "./arrays.ts";

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
  scope.namespaceIds ? arrayText(scope.namespaceIds) : "*",
  scope.clusterIds ? arrayText(scope.clusterIds) : "",
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

/**
 * The same on a plain connection, for statements of our own: one round trip to begin, one to end. A connection whose state is unknown
 * after an error is thrown away. With `lockTimeoutMs`, a statement that waits longer for a lock fails instead. With `plannedOnce`, statements that
 * have a name are planned once a connection, whatever their parameters, and by indexes, however small the tables are then: for statements that are
 * so large that to plan them costs more than to run them.
 */
export async function inPoolScope<T>(pool: Pool, scope: Scope, work: (client: PoolClient) => Promise<T>, { lockTimeoutMs, plannedOnce = false }: ScopeOptions = {}): Promise<T> {
  const client = await pool.connect();
  const [tenant, namespaces, clusters] = scopeSettings(scope).map((value) => escapeLiteral(value));
  const patience = lockTimeoutMs === undefined ? "" : `; set local lock_timeout = ${Math.trunc(lockTimeoutMs)}`;
  const planning = plannedOnce ? "; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off" : "";
  let broken = false;
  try {
    await client.query(
      `begin; select set_config('app.tenant_id', ${tenant}, true), set_config('app.namespace_ids', ${namespaces}, true), set_config('app.cluster_ids', ${clusters}, true)${patience}${planning}`,
    );
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

export interface ScopeOptions {
  readonly lockTimeoutMs?: number;
  readonly plannedOnce?: boolean;
}

/** Serialisation failure, deadlock: the same work on a fresh transaction is likely to pass. */
const TRANSIENT: ReadonlySet<unknown> = new Set(["40001", "40P01"]);

/** Runs work again, at once, when the database chose its transaction as the one to give way. */
export async function retryingConflicts<T>(work: () => Promise<T>, attempts = 4): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !TRANSIENT.has((error as { code?: unknown }).code)) throw error;
    }
  }
}
