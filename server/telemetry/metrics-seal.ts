/**
 * Hours of windows into chunks: what was measured by time is put together by owner. A job does it, of which any number may run at once, also twice, late, or ended in the midst.
 *
 * An hour, and what of it is settled:
 *
 *   open ──it is over, for GRACE_MS──▶ due ──all its owners are sealed──▶ settled to x ──a window comes late──▶ due
 *
 * Invariants
 * - Every window has the transaction that stored it (`xid`). An hour is settled to x: its chunks hold every window of an xid below x. Whatever has an xid of x or more makes
 *   the hour due again, and with it the owners of just these windows.
 * - x is taken before it is looked for what is due: it is the oldest transaction that still runs. So all below it have ended, and are seen by every look that follows.
 * - A chunk says to what it is settled itself: taken before its windows were read. It replaces none that is settled to more. So of two jobs that seal the same owner, the one that
 *   saw less never has the last word over one that saw all that the hour is settled to; where both are settled to the same, what either missed is of that xid or above,
 *   and is found again.
 * - Sealing an owner is a transaction: its windows are read, and all its chunks written. Settling the hour is another, after all of them. In between nothing is lost: it is done again.
 * - The chunks of an owner and hour are made from all its windows, never from other chunks: doing it again gives the same. Windows are kept for hours after that, and none is
 *   stored that comes later (LATEST_MS).
 * - Hours are sealed in their order: readers take an hour's windows until it, and all before it, are settled.
 */
import type { Pool, PoolClient } from "pg";
import { inPoolScope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { HOUR_MS, type TierSeconds, TIERS } from "../domain/metric-times.ts";
import { addTotals, eachRecord, MetricHour, readTotals, type Totals, uuidAt } from "../domain/metric-values.ts";
import { NODE_BYTES } from "./metrics-store.ts";

export interface SealOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly clock: Clock;
}

/** Windows of the last minutes may still be on their way. */
const GRACE_MS = 60_000;
/** Chunks in one statement, at most. */
const CHUNKS_AT_A_TIME = 500;

export async function maintainMetrics(options: SealOptions): Promise<{ sealed: number; made: number; dropped: number }> {
  const { rows } = await options.pool.query<{ made: number; dropped: number }>("select made, dropped from app.maintain_metrics()");
  return { sealed: await sealHours(options), made: rows[0]?.made ?? 0, dropped: rows[0]?.dropped ?? 0 };
}

/** Seals all that is due. Returns how many owners' hours that were: of an application each cluster, and the whole. */
export async function sealHours({ pool, clock }: SealOptions): Promise<number> {
  const { rows: hours } = await pool.query<{ at: Date; settled: string }>("select at, settled from metric_hour where at <= $1 order by at", [new Date(clock.now() - HOUR_MS - GRACE_MS)]);
  let sealed = 0;
  for (const { at, settled } of hours) {
    const { rows: looked } = await pool.query<{ xmin: string }>(OLDEST_RUNNING);
    const { rows: due } = await pool.query<Due>("select tenant_id, application_id, cluster_id from app.metrics_due($1, $2)", [at, settled]);
    const hour = at.getTime();
    const applications = new Map<string, Due>();
    for (const one of due) {
      if (one.application_id === null) await inTenant(pool, one, (client, xmin) => sealShare(client, one, hour, xmin));
      else await inTenant(pool, one, (client, xmin) => sealPods(client, { ...one, application_id: one.application_id as string }, hour, xmin));
      if (one.application_id !== null) applications.set(one.application_id, one);
    }
    for (const [applicationId, one] of applications) await inTenant(pool, one, (client, xmin) => sealApplication(client, one.tenant_id, applicationId, hour, xmin));
    sealed += due.length + applications.size;
    await pool.query("update metric_hour set settled = $2 where at = $1 and settled < $2", [at, looked[0]?.xmin]);
  }
  return sealed;
}

interface Due {
  readonly tenant_id: string;
  /** null: the tenant's share of the cluster. */
  readonly application_id: string | null;
  readonly cluster_id: string;
}

const OLDEST_RUNNING = "select pg_snapshot_xmin(pg_current_snapshot())::text as xmin";

/** A transaction of the tenant, and the oldest that ran when it began to read. */
const inTenant = (pool: Pool, { tenant_id: tenantId }: Due, work: (client: PoolClient, xmin: string) => Promise<void>): Promise<void> =>
  inPoolScope(pool, { tenantId }, async (client) => {
    const { rows } = await client.query<{ xmin: string }>(OLDEST_RUNNING);
    return work(client, rows[0]?.xmin ?? "0");
  });

async function sealPods(client: PoolClient, { tenant_id, application_id, cluster_id }: Due & { readonly application_id: string }, hour: number, xmin: string): Promise<void> {
  const { rows } = await client.query<{ at: Date; namespace_id: string; pods: Buffer }>({
    name: "metric-seal-pods",
    text: "select at, namespace_id, pods from metric_window where tenant_id = $1 and application_id = $2 and cluster_id = $3 and at >= $4 and at < $5",
    values: [tenant_id, application_id, cluster_id, new Date(hour), new Date(hour + HOUR_MS)],
  });
  const pods = new Map<string, MetricHour>();
  for (const { at, pods: records } of rows) {
    eachRecord(records, (podId, values) => {
      let measured = pods.get(podId);
      if (measured === undefined) pods.set(podId, (measured = new MetricHour(hour)));
      measured.set(at.getTime(), values);
    });
  }
  await writeChunks(client, { tenantId: tenant_id, namespaceId: rows[0]?.namespace_id ?? null, hour, xmin, tiers: TIERS.pod.slice(1).map(({ seconds }) => seconds) }, pods);
}

/** Over all its clusters: sums need the windows of all of them. */
async function sealApplication(client: PoolClient, tenantId: string, applicationId: string, hour: number, xmin: string): Promise<void> {
  const { rows } = await client.query<{ at: Date; namespace_id: string; totals: Buffer }>({
    name: "metric-seal-application",
    text: "select at, namespace_id, totals from metric_window where tenant_id = $1 and application_id = $2 and at >= $3 and at < $4",
    values: [tenantId, applicationId, new Date(hour), new Date(hour + HOUR_MS)],
  });
  const namespaceId = rows[0]?.namespace_id ?? null;
  await writeChunks(client, { tenantId, namespaceId, hour, xmin, tiers: TIERS.application.map(({ seconds }) => seconds) }, new Map([[applicationId, summed(rows, hour)]]));
}

async function sealShare(client: PoolClient, { tenant_id, cluster_id }: Due, hour: number, xmin: string): Promise<void> {
  const { rows } = await client.query<{ at: Date; totals: Buffer; nodes: Buffer }>({
    name: "metric-seal-share",
    text: "select at, totals, nodes from metric_share where tenant_id = $1 and cluster_id = $2 and at >= $3 and at < $4",
    values: [tenant_id, cluster_id, new Date(hour), new Date(hour + HOUR_MS)],
  });
  const owners = new Map([[cluster_id, summed(rows, hour)]]);
  for (const { at, nodes } of rows) {
    for (let from = 0; from < nodes.length; from += NODE_BYTES) {
      const id = uuidAt(nodes, from);
      let measured = owners.get(id);
      if (measured === undefined) owners.set(id, (measured = new MetricHour(hour)));
      measured.setTotals(at.getTime(), readTotals(nodes, from + 16));
    }
  }
  await writeChunks(client, { tenantId: tenant_id, namespaceId: null, hour, xmin, tiers: TIERS.cluster.map(({ seconds }) => seconds) }, owners);
}

function summed(rows: readonly { readonly at: Date; readonly totals: Buffer }[], hour: number): MetricHour {
  const sums = new Map<number, Totals>();
  for (const { at, totals } of rows) {
    const sum = sums.get(at.getTime());
    if (sum === undefined) sums.set(at.getTime(), readTotals(totals));
    else addTotals(sum, readTotals(totals));
  }
  const measured = new MetricHour(hour);
  for (const [at, sum] of sums) measured.setTotals(at, sum);
  return measured;
}

export const CHUNK_TABLES: Readonly<Record<TierSeconds, string>> = { 15: "metric_15s", 60: "metric_1m", 300: "metric_5m", 3600: "metric_1h" };

interface Written {
  readonly tenantId: string;
  readonly namespaceId: string | null;
  readonly hour: number;
  readonly xmin: string;
  readonly tiers: readonly TierSeconds[];
}

async function writeChunks(client: PoolClient, { tenantId, namespaceId, hour, xmin, tiers }: Written, owners: ReadonlyMap<string, MetricHour>): Promise<void> {
  const all = [...owners];
  for (const tier of tiers) {
    for (let from = 0; from < all.length; from += CHUNKS_AT_A_TIME) {
      const some = all.slice(from, from + CHUNKS_AT_A_TIME);
      const chunks = some.map(([, measured]) => measured.chunk(tier));
      const width = chunks[0]?.length ?? 0;
      await client.query({
        name: `metric-chunks-${tier}`,
        text: `insert into ${CHUNK_TABLES[tier]} as kept (tenant_id, owner_id, at, namespace_id, settled, chunk)
          select $1, r.owner_id, $3, $4, $5, substring($6::bytea from ((r.n - 1) * $7::int + 1)::int for $7::int) from unnest($2::uuid[]) with ordinality r (owner_id, n)
          on conflict (tenant_id, owner_id, at) do update set settled = excluded.settled, chunk = excluded.chunk, namespace_id = excluded.namespace_id where kept.settled <= excluded.settled`,
        values: [tenantId, some.map(([id]) => id), new Date(hour), namespaceId, xmin, Buffer.concat(chunks), width],
      });
    }
  }
}
