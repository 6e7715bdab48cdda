/**
 * Runs reconciliations: look, plan, apply, in one transaction of the job's tenant; wakes readers up after the commit.
 *
 * The advisory lock saves work, nothing else: two jobs for one application would compute the same. Safety is in the writes, which compare
 * generations. The application's row is locked before the look, so that a mutation is seen whole or not at all.
 */
import type { Pool, PoolClient } from "pg";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { settleOperation } from "../domain/operation-progress.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import type { Tasks } from "../jobs/tasks.ts";
import type { Bus } from "../realtime/bus.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";
import { apply, Overtaken } from "./application/apply.ts";
import { observe } from "./application/observe.ts";
import { isEmpty, plan } from "./application/plan.ts";
import { loadOperation, updateOperations } from "./operation/store.ts";

export interface ReconcileOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Wall-clock milliseconds until an application that another job holds is looked at again. */
  readonly busyDelayMs?: number;
}

export type Reconciled = "changed" | "in sync" | "busy" | "gone";

export interface Driver {
  reconcileApplication(job: Tasks["reconcile_application"]): Promise<Reconciled>;
  settleOperation(job: Tasks["settle_operation"]): Promise<Reconciled>;
}

const BUSY_DELAY_MS = 200;

export function createDriver(options: ReconcileOptions): Driver {
  const { pool, bus, clock } = options;
  return {
    reconcileApplication: async (job) => {
      const { result, clusterIds } = await retrying(() => inPoolScope(pool, { tenantId: job.tenantId }, (client) => reconcile(client, job, options)));
      if (result === "changed") bus.publish("timeline");
      for (const clusterId of clusterIds) bus.publish("assignments", clusterId);
      return result;
    },
    settleOperation: async ({ tenantId, operationId }) => {
      const result = await retrying(() => inPoolScope(pool, { tenantId }, (client) => settle(client, tenantId, operationId, clock.now())));
      if (result === "changed") bus.publish("timeline");
      return result;
    },
  };
}

async function reconcile(client: PoolClient, job: Tasks["reconcile_application"], { clock, busyDelayMs = BUSY_DELAY_MS }: ReconcileOptions): Promise<{ result: Reconciled; clusterIds: readonly string[] }> {
  const none = (result: Reconciled): { result: Reconciled; clusterIds: readonly string[] } => ({ result, clusterIds: [] });
  const lock = await client.query<{ locked: boolean; found: boolean | null }>({ name: "lock-application", text: LOCK, values: [job.tenantId, job.applicationId] });
  if (!lock.rows[0]?.locked) {
    await enqueueOn(client, "reconcile_application", job, { at: new Date(Date.now() + busyDelayMs) });
    return none("busy");
  }
  if (!lock.rows[0].found) return none("gone");
  const situation = (await observe(client, [job.applicationId])).get(job.applicationId);
  if (!situation) return none("gone");
  const now = clock.now();
  const planned = plan(situation, now);
  if (isEmpty(planned)) return none("in sync");
  return { result: "changed", clusterIds: await apply(client, situation.application, planned, now) };
}

/** The row is waited for only by who has the advisory lock: a mutation may hold it, another job never does. */
const LOCK = /* sql */ `
select job.locked, application.found
from (select pg_try_advisory_xact_lock(hashtextextended($2::uuid::text, 0)) as locked) job
left join lateral (select true as found from application a where job.locked and a.tenant_id = $1 and a.id = $2 for no key update) application on true`;

async function settle(client: PoolClient, tenantId: string, operationId: string, now: number): Promise<Reconciled> {
  const loaded = await loadOperation(client, operationId);
  if (!loaded) return "gone";
  const settled = settleOperation(loaded.operation, loaded.steps, now);
  if (settled === loaded.operation) return "in sync";
  await updateOperations(client, [settled]);
  await appendTimelineOn(client, [{ tenantId, kind: "operation", ids: [operationId], at: now }]);
  return "changed";
}

/** Overtaken is answered like a conflict that the database found: look again, at once, a few times; then the job's own back-off. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await retryingConflicts(work);
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt >= 3) throw error;
    }
  }
}
