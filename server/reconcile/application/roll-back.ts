/**
 * Takes an application back to the revision that a rollout came from: the application's and its placements' revision, generations and reservations
 * move together, in the transaction of the look, or not at all where a cluster has no room for the old revision.
 *
 * Locks are taken in the order of mutations: the application (held by the caller), placements, clusters in the order of their ids.
 */
import type { ClientBase } from "pg";
import { type Amounts, amountsOf, difference, noRoom } from "../../domain/capacity.ts";
import { type PodTemplate, podRequests } from "../../domain/pod-template.ts";
import { appendTimelineOn } from "../../realtime/timeline.ts";
import type { RollBackAction } from "./plan-rollout.ts";

interface Moved {
  readonly id: string;
  readonly cluster_id: string;
  readonly desired: number;
  /** SPOT does not. */
  readonly reserves: boolean;
}

/** Afterwards the rollout is ABORTING, or FAILED where there was no room, and the application has to be planned again. `now` in simulated milliseconds. */
export async function rollBack(client: ClientBase, tenantId: string, applicationId: string, action: RollBackAction, now: number): Promise<void> {
  const ownerIds = [applicationId];
  await client.query("savepoint roll_back");
  const { rows: placements } = await client.query<Moved>(LOCK_PLACEMENTS, [applicationId, action.toRevisionId]);
  const { rows: templates } = await client.query<{ id: string; template: PodTemplate }>(TEMPLATES, [[action.fromRevisionId, action.toRevisionId]]);
  const requests = new Map(templates.map(({ id, template }) => [id, podRequests(template)]));
  const [before, after] = [requests.get(action.toRevisionId), requests.get(action.fromRevisionId)];
  if (!before || !after) throw new Error("a revision of the rollout vanished under its application's lock");
  await client.query(SWITCH_PLACEMENTS, [placements.map(({ id }) => id), action.fromRevisionId]);
  const moved: string[] = [];

  for (const { cluster_id: clusterId, desired } of placements.filter(({ reserves }) => reserves).toSorted((a, b) => (a.cluster_id < b.cluster_id ? -1 : 1))) {
    const change = difference(amountsOf(after, desired), amountsOf(before, desired));
    if (change.cpuMillis === 0 && change.memoryMiB === 0) continue;
    const { rows } = await client.query<{ reserved: boolean }>("select app.reserve($1, $2, $3, $4) as reserved", [clusterId, change.cpuMillis, change.memoryMiB, change.pods]);
    if (rows[0]?.reserved) {
      moved.push(clusterId);
      continue;
    }
    await client.query("rollback to savepoint roll_back");
    const reason = `${action.reason} It could not: ${await explain(client, clusterId, change)}`;
    await client.query(FAIL_ROLLOUT, [action.rolloutId, reason, new Date(now)]);
    const told = await tellRollouts(client, [action.rolloutId], now);
    await appendTimelineOn(client, [{ tenantId, kind: "rollout", ids: [action.rolloutId], ownerIds, at: now }, { tenantId, kind: "event", ids: told.map(({ event_id }) => event_id), ownerIds, at: now }]);
    return;
  }

  await client.query("update application set revision_id = $2, rollout_strategy = null where tenant_id = app.tenant_id() and id = $1", [applicationId, action.fromRevisionId]);
  await client.query("update rollout set state = 'ABORTING', reason = $2 where tenant_id = app.tenant_id() and id = $1", [action.rolloutId, action.reason]);
  const { rows: operations } = await client.query<{ id: string }>(TURN_OPERATIONS, [action.rolloutId, action.operationId, action.reason, new Date(now)]);
  const operationIds = operations.map(({ id }) => id);
  await client.query(RESTART_STEPS, [operationIds, applicationId]);
  await client.query(SUM_TOTALS, [operationIds]);
  const told = await tellRollouts(client, [action.rolloutId], now);
  await appendTimelineOn(client, [
    { tenantId, kind: "event", ids: told.map(({ event_id }) => event_id), ownerIds, at: now },
    { tenantId, kind: "application", ids: [applicationId], at: now },
    { tenantId, kind: "placement", ids: placements.map(({ id }) => id), ownerIds, at: now },
    { tenantId, kind: "rollout", ids: [action.rolloutId], ownerIds, at: now },
    ...(moved.length > 0 ? [{ tenantId, kind: "usage" as const, ids: moved, at: now }] : []),
    ...(operationIds.length > 0 ? [{ tenantId, kind: "operation" as const, ids: operationIds, ownerIds, at: now }] : []),
  ]);
}

/** What became of these, as events of their applications: each state once, in the transaction that stores it. */
export async function tellRollouts(client: ClientBase, rolloutIds: readonly string[], now: number): Promise<{ event_id: string; application_id: string }[]> {
  if (rolloutIds.length === 0) return [];
  const { rows } = await client.query<{ event_id: string; application_id: string }>({
    name: "tell-rollouts", text: "select event_id, application_id from app.tell_rollouts($1::uuid[], $2)", values: [rolloutIds, new Date(now)],
  });
  return rows;
}

async function explain(client: ClientBase, clusterId: string, change: Amounts): Promise<string> {
  const { rows } = await client.query<{ id: string; code: string; capacity: Amounts; reserved: Amounts }>(ROOM, [clusterId]);
  return rows[0] ? noRoom(rows[0], change).message : "a cluster is gone.";
}

const LOCK_PLACEMENTS = /* sql */ `
select p.id, p.cluster_id, p.desired, a.capacity_type <> 'SPOT' as reserves from placement p
join application a on a.tenant_id = p.tenant_id and a.id = p.application_id
where p.tenant_id = app.tenant_id() and p.application_id = $1 and p.revision_id = $2 and not p.deleting order by p.id for no key update of p`;

const TEMPLATES = /* sql */ `
select id, template from revision where tenant_id = app.tenant_id() and id = any ($1::uuid[])`;

const SWITCH_PLACEMENTS = /* sql */ `
update placement set revision_id = $2, generation = generation + 1, problem = null where tenant_id = app.tenant_id() and id = any ($1::uuid[])`;

const FAIL_ROLLOUT = /* sql */ `
update rollout set state = 'FAILED', reason = $2, finished_at = $3 where tenant_id = app.tenant_id() and id = $1`;

const TURN_OPERATIONS = /* sql */ `
update operation set ends_as = 'ROLLED_BACK', error = $3, state = 'RUNNING', completed = 0, started_at = coalesce(started_at, $4), progressed_at = $4
where tenant_id = app.tenant_id() and (rollout_id = $1 or id = $2) and finished_at is null
returning id`;

const RESTART_STEPS = /* sql */ `
update operation_step t set state = 'PENDING', message = null, completed = 0, finished_at = null, total = coalesce((
  select p.desired from placement p where p.tenant_id = t.tenant_id and p.application_id = $2 and p.cluster_id = t.cluster_id and not p.deleting), 0)
where t.tenant_id = app.tenant_id() and t.operation_id = any ($1::uuid[]) and t.target_id = $2`;

const SUM_TOTALS = /* sql */ `
update operation o set total = (select coalesce(sum(t.total), 0) from operation_step t where t.tenant_id = o.tenant_id and t.operation_id = o.id)
where o.tenant_id = app.tenant_id() and o.id = any ($1::uuid[])`;

const ROOM = /* sql */ `
select id, code, json_build_object('cpuMillis', cpu_millis, 'memoryMiB', memory_mib, 'pods', pods) as capacity,
  json_build_object('cpuMillis', reserved_cpu_millis, 'memoryMiB', reserved_memory_mib, 'pods', reserved_pods) as reserved
from cluster where id = $1`;
