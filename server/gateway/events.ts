/**
 * Stores what clusters tell of what happened on them, and what happens to clusters as the centre sees it.
 *
 * A record is stored once, whichever report brings it: reports of a new epoch bring again what those of the old one may have brought. Whose it is
 * follows from our own assignment of the placement or service that it is about, and so does what people read of that; of what this cluster was not given,
 * and of nodes that are not its own, nothing is stored. No time is later than now: such a record would be the newest for ever.
 */
import { createHash } from "node:crypto";
import type { ClientBase, PoolClient } from "pg";
import type { EventType } from "../domain/states.ts";
import type { Report } from "../fleet/link.ts";
import type { TimelineEntry } from "../realtime/timeline.ts";

export interface StoredEvents {
  readonly cluster_id: string;
  readonly tenant_id: string | null;
  readonly ids: string[];
  /** The applications that they are about; null for the platform's. */
  readonly owners: string[] | null;
}

/** By cluster and tenant. */
export async function storeEvents(client: PoolClient, reports: readonly Report[], now: number): Promise<StoredEvents[]> {
  const said = reports.flatMap(({ clusterId, events = [] }) => (events.length > 0 ? [{ clusterId, events }] : []));
  if (said.length === 0) return [];
  const { rows } = await client.query<StoredEvents>({ name: "report-events", text: EVENTS, values: [JSON.stringify(said), new Date(now)] });
  return rows;
}

/** Row by row (offset 0): left to itself, the planner expects many records, and reads all nodes of the fleet for a few. */
const EVENTS = /* sql */ `
with reported as (
  select said."clusterId" as cluster_id, r.*, object ->> 'kind' as kind, coalesce((object ->> 'id')::uuid, said."clusterId") as object_id, object ->> 'name' as name,
    coalesce(object ->> 'placementId', object ->> 'id')::uuid as assigned_id
  from jsonb_to_recordset($1::jsonb) as said ("clusterId" uuid, events jsonb)
  cross join lateral jsonb_to_recordset(said.events) as r (
    id uuid, at double precision, "firstAt" double precision, type text, reason text, message text, count int, object jsonb, "faultId" uuid)
), named as (
  select r.*, a.tenant_id, a.application_id, a.namespace_id, case r.kind
    when 'pod' then 'pod/' || r.name
    when 'placement' then 'application/' || coalesce((select p.name from application p where p.tenant_id = a.tenant_id and p.id = a.application_id), a.spec ->> 'applicationName', a.application_id::text)
    when 'service' then 'service/' || coalesce((select s.name from service s where s.tenant_id = a.tenant_id and s.id = a.object_id), a.spec ->> 'name', a.object_id::text)
    when 'node' then 'node/' || n.name
    else 'cluster/' || (select c.code from cluster c where c.id = r.cluster_id)
  end as object_text
  from reported r
  left join lateral (
    select * from assignment
    where r.kind in ('pod', 'placement', 'service') and cluster_id = r.cluster_id and object_id = r.assigned_id and kind = case r.kind when 'service' then 'service' else 'placement' end
    offset 0) a on true
  left join lateral (select * from cluster_node where r.kind = 'node' and id = r.object_id and cluster_id = r.cluster_id offset 0) n on true
  where a.object_id is not null or n.id is not null or r.kind = 'cluster'
), stored as (
  insert into event (
    cluster_id, id, tenant_id, application_id, namespace_id, pod_id, at, first_at, type, reason, message, count, object_kind, object_id, object,
    involved_type, involved_id, cause)
  select cluster_id, id, tenant_id, application_id, namespace_id, case when kind = 'pod' then object_id end,
    least(to_timestamp(at / 1000), $2::timestamptz), least(to_timestamp(least(at, "firstAt") / 1000), $2::timestamptz), type, reason, message, count,
    kind, object_id, object_text,
    case when "faultId" is not null then 'Fault' else (case kind when 'pod' then 'Pod' when 'placement' then 'Application' when 'service' then 'Service' when 'node' then 'ClusterNode' else 'Cluster' end) end,
    coalesce("faultId", case when kind = 'placement' then application_id else object_id end),
    'fault ' || "faultId"
  from named
  on conflict (cluster_id, id) do nothing
  returning cluster_id, tenant_id, id, application_id
)
select cluster_id, tenant_id, array_agg(id) as ids, case when tenant_id is not null then array_agg(distinct application_id) end as owners from stored group by cluster_id, tenant_id`;

/** Something that the centre noticed of a cluster. */
export interface ClusterEvent {
  readonly clusterId: string;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  readonly cause?: string;
  /** Where it may be noticed more than once: the same each time. */
  readonly id?: string;
}

/** Stores what was noticed, and says what to tell of it; in a transaction of these clusters. */
export async function storeClusterEvents(client: ClientBase, events: readonly ClusterEvent[], now: number): Promise<TimelineEntry[]> {
  if (events.length === 0) return [];
  const { rows } = await client.query<{ cluster_id: string; id: string }>({ name: "store-cluster-events", text: CLUSTER_EVENTS, values: [JSON.stringify(events), new Date(now)] });
  return rows.map(({ cluster_id: clusterId, id }) => ({ tenantId: null, clusterId, kind: "event", ids: [id], at: now }));
}

const CLUSTER_EVENTS = /* sql */ `
insert into event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object, involved_type, involved_id, cause)
select c.id, coalesce(e.id, gen_random_uuid()), $2, coalesce(before.first_at, $2), e.type, e.reason, e.message, coalesce(before.count, 0) + 1,
  'cluster', c.id, 'cluster/' || c.code, 'Cluster', c.id, e.cause
from jsonb_to_recordset($1::jsonb) as e (id uuid, "clusterId" uuid, type text, reason text, message text, cause text)
join cluster c on c.id = e."clusterId"
left join lateral (
  select b.count, b.first_at from event b where b.object_id = c.id and b.cluster_id = c.id and b.reason = e.reason order by b.at desc, b.id desc limit 1) before on true
on conflict (cluster_id, id) do nothing
returning cluster_id, id`;

/** The same uuid for the same parts (UUIDv8 over SHA-256). */
export function eventIdOf(...parts: readonly (string | number)[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(["event", ...parts])).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
