import type { ClientBase } from "pg";
import type { TimelineEntry } from "../realtime/timeline.ts";
import type { PlannedEvent } from "./application/plan-events.ts";

/** Stores events of one tenant's applications in the transaction of what they tell, and says what to tell of them. What happened before to the same object for the same reason is counted. */
export async function storePlannedEvents(client: ClientBase, tenantId: string, events: readonly PlannedEvent[], now: number): Promise<TimelineEntry[]> {
  if (events.length === 0) return [];
  const { rows } = await client.query<{ id: string; application_id: string }>({ name: "store-planned-events", text: STORE, values: [JSON.stringify(events), new Date(now)] });
  if (rows.length === 0) return [];
  return [{ tenantId, kind: "event", ids: rows.map(({ id }) => id), ownerIds: [...new Set(rows.map((row) => row.application_id))], at: now }];
}

/** An operation over several applications concerns those of whose steps this can be said. */
export async function concernedApplications(client: ClientBase, operationId: string, state: "STALLED" | "ENDED"): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>({ name: "find-concerned-applications", text: CONCERNED, values: [operationId, state === "STALLED"] });
  return rows.map(({ id }) => id);
}

/** The nil uuid: on no cluster in particular. */
const STORE = /* sql */ `
insert into event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object, involved_type, involved_id, cause)
select e.cluster_id, gen_random_uuid(), a.tenant_id, a.id, a.namespace_id, $2, coalesce(before.first_at, $2), e.type, e.reason, left(e.message, 1024), coalesce(before.count, 0) + 1,
  case when s.id is null then 'placement' else 'service' end, coalesce(s.id, a.id), case when s.id is null then 'application/' || a.name else 'service/' || s.name end,
  case when e."operationId" is not null then 'Operation' when s.id is not null then 'Service' else 'Application' end, coalesce(e."operationId", s.id, a.id), 'operation ' || e."operationId"
from (
  select *, coalesce("clusterId", '00000000-0000-0000-0000-000000000000') as cluster_id from jsonb_to_recordset($1::jsonb) as e (
    "applicationId" uuid, "serviceId" uuid, "clusterId" uuid, type text, reason text, message text, "operationId" uuid)) e
join application a on a.tenant_id = app.tenant_id() and a.id = e."applicationId"
left join service s on s.tenant_id = a.tenant_id and s.id = e."serviceId"
left join lateral (
  select b.count, b.first_at from event b
  where b.object_id = coalesce(s.id, a.id) and b.reason = e.reason and b.cluster_id = e.cluster_id and b.tenant_id = a.tenant_id order by b.at desc, b.id desc limit 1) before on true
where e."serviceId" is null or s.id is not null
returning id, application_id`;

const CONCERNED = /* sql */ `
select distinct coalesce(s.application_id, t.target_id) as id
from operation_step t left join service s on t.target_type = 'Service' and s.tenant_id = t.tenant_id and s.id = t.target_id
where t.tenant_id = app.tenant_id() and t.operation_id = $1 and (t.target_type = 'Application' or s.id is not null) and case when $2 then t.finished_at is null else t.state = 'FAILED' end
order by id limit 200`;
