/**
 * Cluster IPs. Each tenant's services on a cluster have addresses of their own of SERVICE_RANGE.
 *
 * Those who take addresses of one tenant on one cluster come one after another (an advisory lock, until their transactions end), so that nobody
 * is given what another is about to take; the unique index is the law. A few addresses are tried at random: with the block half full, the first or
 * the second is free, for one look into the index each, and an address that was given back is not at once another's. Only where all of them are
 * taken is the lowest free one looked for, along the index. So the cost is constant until the block is nearly full, and it is full when it is.
 */
import { randomInt } from "node:crypto";
import { arrayText } from "../database/arrays.ts";
import { accepted, type Outcome, planRefused, refused } from "../domain/errors.ts";
import { SERVICE_RANGE } from "../domain/service.ts";
import type { ClusterFacts } from "./application/clusters.ts";
import type { Transaction } from "./transaction.ts";

const TRIES = 12;

/** An address on each cluster, by the cluster's id. They are free until the transaction ends, for services that it inserts. */
export async function takeClusterIps(tx: Transaction, clusters: readonly ClusterFacts[]): Promise<Outcome<ReadonlyMap<string, string>>> {
  if (clusters.length === 0) return accepted(new Map());
  const { tenantId } = tx.actor;
  const ids = clusters.map(({ id }) => id).toSorted();
  // In the order of ids, so that none wait for each other in a circle.
  await tx.em.execute(
    "select pg_advisory_xact_lock(hashtextextended(locked.name, 0)) from (select 'cluster IPs of ' || ? || ' on ' || id as name from unnest(?::uuid[]) as given (id) order by id offset 0) locked",
    [tenantId, arrayText(ids)],
  );
  // By a statement of its own: what was committed while the locks were waited for is seen.
  const found = await tx.em.execute<{ id: string; ip: string | null }[]>(
    "select id, host(app.free_cluster_ip(id, ?::inet, ?, ?::integer[])) as ip from unnest(?::uuid[]) as given (id)",
    [SERVICE_RANGE.first, SERVICE_RANGE.addresses, arrayText(Array.from({ length: TRIES }, () => randomInt(SERVICE_RANGE.addresses))), arrayText(ids)],
  );
  const byId = new Map(found.map(({ id, ip }) => [id, ip]));
  const full = clusters.filter(({ id }) => !byId.get(id));
  if (full.length === 0) return accepted(byId as ReadonlyMap<string, string>);
  const checks = full.map(({ id, code }) => ({
    name: "NETWORK" as const, clusterId: id, ok: false, message: `On cluster ${code} all ${SERVICE_RANGE.addresses} addresses of ${SERVICE_RANGE.cidr} are services' already.`,
  }));
  return refused(planRefused("INSUFFICIENT_CAPACITY", checks, null));
}
