/**
 * Runs reconciliations: look, plan, apply, in one transaction of the job's tenant; wakes readers up after the commit.
 *
 * Jobs of one tenant that come while others run are done together, in one transaction (domain/gather.ts): a commit and some ten statements serve them all.
 * Together they give way: what a mutation holds is left out, and a lock that does not come soon ends the transaction. What was left out, and all
 * of a transaction that failed, is done one by one. So nobody waits for a crowd, a crowd is no part of a deadlock, and one job's failure is its own.
 *
 * The advisory lock saves work, nothing else: two jobs for one application would compute the same. Safety is in the writes, which compare
 * generations. The application's row is locked before the look, so that a mutation is seen whole or not at all.
 *
 * A rollout that has to go back moves reservations, and so locks clusters: that is done alone, and what it leads to is looked at and planned again in
 * the same transaction. Rollouts with a deadline ahead ask for a look at that moment; the sweep asks too.
 */
import type { Pool, PoolClient } from "pg";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { settleOperation } from "../domain/operation-progress.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import type { Tasks } from "../jobs/tasks.ts";
import type { Bus } from "../realtime/bus.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";
import { apply, type Change, Overtaken } from "./application/apply.ts";
import { observe } from "./application/observe.ts";
import { ofOperation, planEvents } from "./application/plan-events.ts";
import { isEmpty, type Plan, plan } from "./application/plan.ts";
import { rollBack } from "./application/roll-back.ts";
import type { Situation } from "./application/situation.ts";
import { askForChecks, type Check, checksOf } from "./checks.ts";
import { createGather } from "../domain/gather.ts";
import { concernedApplications, storePlannedEvents } from "./events.ts";
import { endOrphans, loadOperation, updateOperations } from "./operation/store.ts";

export interface ReconcileOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  /** Wall-clock milliseconds until an application that another job holds is looked at again. */
  readonly busyDelayMs?: number;
  /** Transactions at a time, and applications in one at most. */
  readonly lanes?: number;
  readonly together?: number;
}

export type Reconciled = "changed" | "in sync" | "busy" | "gone";

export interface Driver {
  reconcileApplication(job: Tasks["reconcile_application"]): Promise<Reconciled>;
  settleOperation(job: Tasks["settle_operation"]): Promise<Reconciled>;
}

const BUSY_DELAY_MS = 200;
const LANES = 4;
const TOGETHER = 50;
/** Far below Postgres' deadlock_timeout of a second: whoever waits for a crowd in a circle gets on when the crowd gives way. */
const CROWD_PATIENCE_MS = 100;

type Job = Tasks["reconcile_application"];

export function createDriver(options: ReconcileOptions): Driver {
  const { pool, bus, clock, lanes = LANES, together = TOGETHER } = options;

  /** Throws where anything fails; then nothing is kept. */
  const reconcileIn = async (jobs: readonly Job[], tenantId: string): Promise<ReadonlyMap<string, Reconciled>> => {
    const crowd = jobs.length > 1;
    const { results, clusterIds } = await inPoolScope(
      pool, { tenantId }, (client) => reconcile(client, tenantId, jobs.map(({ applicationId }) => applicationId), crowd, options),
      { plannedOnce: true, ...(crowd ? { lockTimeoutMs: CROWD_PATIENCE_MS } : {}) },
    );
    if ([...results.values()].includes("changed")) bus.publish("timeline");
    for (const clusterId of clusterIds) bus.publish("assignments", clusterId);
    return results;
  };
  const reconcileOne = async (job: Job): Promise<Reconciled> => {
    const results = await retrying(() => reconcileIn([job], job.tenantId));
    return results.get(job.applicationId) ?? "gone";
  };
  const reconcileApplication = createGather<Job, Reconciled>({
    keyOf: ({ applicationId }) => applicationId,
    groupOf: ({ tenantId }) => tenantId,
    lanes,
    most: together,
    work: async (jobs) => {
      const tenantId = jobs[0]?.tenantId ?? "";
      // What failed here fails again alone, where it is one job's error.
      const done = jobs.length > 1 ? await reconcileIn(jobs, tenantId).catch(() => null) : null;
      return Promise.allSettled(jobs.map(async (job) => done?.get(job.applicationId) ?? reconcileOne(job)));
    },
  });
  return {
    reconcileApplication,
    settleOperation: async ({ tenantId, operationId }) => {
      const result = await retrying(() => inPoolScope(pool, { tenantId }, (client) => settle(client, tenantId, operationId, clock.now())));
      if (result === "changed") bus.publish("timeline");
      return result;
    },
  };
}

/** In a crowd, applications that are gone, whose row is held, or which have to be rolled back are left out of the results. */
async function reconcile(
  client: PoolClient, tenantId: string, applicationIds: readonly string[], crowd: boolean, { clock, speed, busyDelayMs = BUSY_DELAY_MS }: ReconcileOptions,
): Promise<{ results: ReadonlyMap<string, Reconciled>; clusterIds: ReadonlySet<string> }> {
  const results = new Map<string, Reconciled>();
  const { rows } = await client.query<{ id: string; locked: boolean; found: boolean | null }>({
    ...(crowd ? { name: "lock-applications", text: `${LOCK} skip locked) application on true` } : { name: "lock-application", text: `${LOCK}) application on true` }),
    values: [tenantId, applicationIds],
  });
  const busy = rows.filter(({ locked }) => !locked).map(({ id }) => id);
  if (busy.length > 0) {
    await enqueueOn(client, "reconcile_application", busy.map((applicationId) => ({ tenantId, applicationId })), { at: new Date(Date.now() + busyDelayMs) });
    for (const id of busy) results.set(id, "busy");
  }
  const found = rows.filter((row) => row.found).map(({ id }) => id);
  if (found.length === 0) return { results, clusterIds: new Set() };
  const now = clock.now();
  const changes: Change[] = [];
  const checks: Check[] = [];
  for (const [id, looked] of await observe(client, found)) {
    const first: Planned = { situation: looked, planned: plan(looked, now) };
    if (first.planned.rollBack && crowd) continue;
    const { situation, planned } = first.planned.rollBack ? await goBack(client, tenantId, id, first.planned.rollBack, now) : first;
    results.set(id, planned === first.planned && isEmpty(planned) ? "in sync" : "changed");
    if (!isEmpty(planned)) changes.push({ application: situation.application, plan: planned, events: planEvents(situation, planned) });
    checks.push(...checksOf(situation, planned));
  }
  const clusterIds = changes.length > 0 ? await apply(client, tenantId, changes, now) : new Set<string>();
  await askForChecks(client, tenantId, checks, now, speed);
  return { results, clusterIds };
}

interface Planned {
  readonly situation: Situation;
  readonly planned: Plan;
}

/** Takes the application back, and plans what that leads to. */
async function goBack(client: PoolClient, tenantId: string, applicationId: string, action: NonNullable<Plan["rollBack"]>, now: number): Promise<Planned> {
  await rollBack(client, tenantId, applicationId, action, now);
  const situation = (await observe(client, [applicationId])).get(applicationId);
  if (!situation) throw new Error("an application vanished under its lock");
  return { situation, planned: plan(situation, now) };
}

/** The row is waited for only by who has the advisory lock, and is alone: a mutation may hold it, another job never does. */
const LOCK = /* sql */ `
select job.id, job.locked, application.found
from (select asked.id, pg_try_advisory_xact_lock(hashtextextended(asked.id::text, 0)) as locked from unnest($2::uuid[]) as asked (id)) job
left join lateral (select true as found from application a where job.locked and a.tenant_id = $1 and a.id = job.id for no key update`;

async function settle(client: PoolClient, tenantId: string, operationId: string, now: number): Promise<Reconciled> {
  const found = await loadOperation(client, operationId);
  if (!found) return "gone";
  const loaded = (await endOrphans(client, operationId, now)) > 0 ? await loadOperation(client, operationId) : found;
  if (!loaded) throw new Error("an operation vanished under its lock");
  const settled = settleOperation(loaded.operation, loaded.steps, now);
  if (settled === loaded.operation && loaded === found) return "in sync";
  await updateOperations(client, [settled]);
  const said = ofOperation(loaded.operation.state, settled, null);
  const concerned = said === null ? [] : await concernedApplications(client, operationId, settled.state === "STALLED" ? "STALLED" : "ENDED");
  const told = concerned.flatMap((applicationId) => (said ? [{ ...said, applicationId, serviceId: null, clusterId: null, operationId }] : []));
  await appendTimelineOn(client, [{ tenantId, kind: "operation", ids: [operationId], at: now }, ...(await storePlannedEvents(client, tenantId, told, now))]);
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
