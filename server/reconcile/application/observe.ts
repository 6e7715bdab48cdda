import type { ClientBase } from "pg";
import type { Situation } from "./situation.ts";

/**
 * Looks at applications of the transaction's tenant: one statement for any number of them. The answer lacks those that do not exist.
 * Subnets' addresses are texts such as 10.0.0.0/20; times milliseconds on the simulation's clock.
 */
export async function observe(client: ClientBase, applicationIds: readonly string[]): Promise<Map<string, Situation>> {
  const { rows } = await client.query<Situation & { id: string }>({ name: "observe-applications", text: OBSERVE, values: [applicationIds] });
  return new Map(rows.map(({ id, ...situation }) => [id, situation]));
}

/** Rows become JSON as whole rows: half the price of json_build_object, which looks each value's type up again every time. */
const OBSERVE = /* sql */ `
select a.id, (select term from database_life), row_to_json(application) as application,
  coalesce((
    select json_agg(placement) from (
      select p.id, p.cluster_id as "clusterId", p.revision_id as "revisionId", r.number as "revisionNumber", r.template_hash as "templateHash",
        p.network_type as "networkType", p.generation, p.deleting, p.desired, p.created, p.ready, p.updated, p.unavailable, subnet
      from placement p
      join revision r on r.tenant_id = p.tenant_id and r.id = p.revision_id
      left join lateral (
        select s.id, s.vpc_id as "vpcId", s.cidr::text as cidr, host(s.gateway) as gateway from subnet s where s.tenant_id = p.tenant_id and s.id = p.subnet_id) subnet on true
      where p.tenant_id = a.tenant_id and p.application_id = a.id) placement), '[]') as placements,
  coalesce((
    select json_agg(assignment) from (
      select x.cluster_id as "clusterId", x.object_id as "objectId", x.generation, x.content_hash as "contentHash", x.spec is null as tombstone,
        x.confirmed_term as "confirmedTerm", x.confirmed_generation as "confirmedGeneration"
      from assignment x where x.tenant_id = a.tenant_id and x.application_id = a.id) assignment), '[]') as assignments,
  coalesce((
    select json_agg(operation order by operation.id) from (
      select o.id, o.own, o.state, o.completed, o.total, o.error, null as "finishedAt",
        floor(extract(epoch from o.started_at) * 1000)::bigint as "startedAt", floor(extract(epoch from o.progressed_at) * 1000)::bigint as "progressedAt",
        coalesce((
          select json_agg(step order by step.id) from (
            select t.id, t.cluster_id as "clusterId", t.state, t.message, t.completed, t.total from operation_step t
            where t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is null and (o.own or t.target_id = a.id)) step), '[]') as steps,
        (select json_build_object('completed', coalesce(sum(e.completed), 0), 'total', coalesce(sum(e.total), 0), 'states', coalesce(json_object_agg(e.state, e.steps), '{}'))
          from (
            select t.state, count(*) as steps, sum(t.completed) as completed, sum(t.total) as total from operation_step t
            where o.own and t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is not null group by t.state) e) as ended
      from (
        select true as own, own.* from operation own where own.tenant_id = a.tenant_id and own.target_id = a.id and own.finished_at is null
        union all
        select false, other.* from operation other
        where other.tenant_id = a.tenant_id and other.finished_at is null and other.target_id is distinct from a.id
          and other.id in (select t.operation_id from operation_step t where t.tenant_id = a.tenant_id and t.target_id = a.id and t.finished_at is null)) o) operation), '[]') as operations
from application a
join namespace n on n.tenant_id = a.tenant_id and n.id = a.namespace_id
cross join lateral (
  select a.tenant_id as "tenantId", a.id, a.namespace_id as "namespaceId", a.name, n.name as namespace, a.capacity_type as "capacityType",
    a.update_strategy as "updateStrategy", a.status, a.status_reason as "statusReason", a.deleting, a.desired, a.created, a.ready, a.updated, a.unavailable) application
where a.tenant_id = app.tenant_id() and a.id = any ($1::uuid[])`;
