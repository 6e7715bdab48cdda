/**
 * The safety net: compares everything with what it should be, in batches, and asks for a reconciliation of what differs. A lost wake-up, a bug,
 * a restored database: all of them cost at most the time between two sweeps. It writes nothing itself, so it may run anywhere, twice, or stop halfway.
 */
import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { settleOperation } from "../domain/operation-progress.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import { observe } from "./application/observe.ts";
import { isEmpty, plan } from "./application/plan.ts";
import { askForChecks, checksOf } from "./checks.ts";
import { hasOrphans, loadOperation } from "./operation/store.ts";

export interface SweepOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  readonly batch?: number;
}

export interface Swept {
  readonly compared: number;
  readonly asked: number;
}

interface Found {
  readonly tenant_id: string;
  readonly id: string;
}

const BATCH = 500;
const SHARE = 100;
const FIRST: Found = { tenant_id: "00000000-0000-0000-0000-000000000000", id: "00000000-0000-0000-0000-000000000000" };

export async function sweep(options: SweepOptions): Promise<Swept> {
  const applications = await walk(options, "select tenant_id, application_id as id from app.applications_after($1, $2, $3)", compareApplications);
  const operations = await walk(options, "select tenant_id, operation_id as id from app.unsettled_operations($1, $2, $3)", compareOperations);
  return { compared: applications.compared + operations.compared, asked: applications.asked + operations.asked };
}

type Compare = (options: SweepOptions, tenantId: string, ids: readonly string[]) => Promise<number>;

/** Goes through all rows of all tenants by (tenant, id), a batch at a time; each tenant's shares of it in transactions of their own. */
async function walk(options: SweepOptions, query: string, compare: Compare): Promise<Swept> {
  const { pool, batch = BATCH } = options;
  let [last, compared, asked] = [FIRST, 0, 0];
  for (;;) {
    const { rows } = await pool.query<Found>(query, [last.tenant_id, last.id, batch]);
    const shares = sharesOf(rows);
    // Two at a time: one is looked up while the other is compared.
    const lane = async (): Promise<void> => {
      for (const { tenantId, ids } of shares) {
        const differing = await compare(options, tenantId, ids);
        asked += differing;
      }
    };
    await Promise.all([lane(), lane()]);
    compared += rows.length;
    const end = rows.at(-1);
    if (!end || rows.length < batch) return { compared, asked };
    last = end;
  }
}

function* sharesOf(rows: readonly Found[]): Generator<{ tenantId: string; ids: readonly string[] }, undefined> {
  for (const [tenantId, found] of Map.groupBy(rows, (row) => row.tenant_id)) {
    for (let start = 0; start < found.length; start += SHARE) yield { tenantId, ids: found.slice(start, start + SHARE).map(({ id }) => id) };
  }
}

const compareApplications: Compare = ({ pool, clock, speed }, tenantId, ids) =>
  inPoolScope(pool, { tenantId }, async (client) => {
    const now = clock.now();
    const plans = [...(await observe(client, ids))].map(([applicationId, situation]) => ({ applicationId, situation, planned: plan(situation, now) }));
    const differing = plans.filter(({ planned }) => !isEmpty(planned)).map(({ applicationId }) => ({ tenantId, applicationId }));
    await askForChecks(client, tenantId, plans.flatMap(({ situation, planned }) => checksOf(situation, planned)), now, speed);
    await enqueueOn(client, "reconcile_application", differing);
    return differing.length;
  }, { plannedOnce: true });

const compareOperations: Compare = ({ pool, clock }, tenantId, ids) =>
  inPoolScope(pool, { tenantId }, async (client) => {
    const differing: { tenantId: string; operationId: string }[] = [];
    for (const operationId of ids) {
      const loaded = await loadOperation(client, operationId, { lock: false });
      if (!loaded) continue;
      const differs = settleOperation(loaded.operation, loaded.steps, clock.now()) !== loaded.operation || (await hasOrphans(client, operationId));
      if (differs) differing.push({ tenantId, operationId });
    }
    await enqueueOn(client, "settle_operation", differing);
    return differing.length;
  });
