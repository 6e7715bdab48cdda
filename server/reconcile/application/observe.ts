import type { ClientBase } from "pg";
import type { Situation } from "./situation.ts";

/**
 * Looks at applications of the transaction's tenant: one statement for any number of them. The answer lacks those that do not exist.
 * Subnets' addresses are texts such as 10.0.0.0/20; times milliseconds on the simulation's clock.
 */
export async function observe(client: ClientBase, applicationIds: readonly string[]): Promise<Map<string, Situation>> {
  const { rows } = await client.query<{ id: string; situation: Situation }>({ name: "observe-applications", text: OBSERVE, values: [applicationIds] });
  return new Map(rows.map((row) => [row.id, row.situation]));
}

const STANDING = `'state', o.state, 'completed', o.completed, 'total', o.total, 'error', o.error,
  'startedAt', floor(extract(epoch from o.started_at) * 1000)::bigint, 'finishedAt', null, 'progressedAt', floor(extract(epoch from o.progressed_at) * 1000)::bigint`;

const OBSERVE = /* sql */ `
select a.id, json_build_object(
  'term', (select term from database_life),
  'application', json_build_object(
    'tenantId', a.tenant_id, 'id', a.id, 'namespaceId', a.namespace_id, 'name', a.name, 'namespace', n.name, 'capacityType', a.capacity_type,
    'updateStrategy', a.update_strategy, 'status', a.status, 'statusReason', a.status_reason, 'deleting', a.deleting,
    'desired', a.desired, 'created', a.created, 'ready', a.ready, 'updated', a.updated, 'unavailable', a.unavailable),
  'placements', coalesce((
    select json_agg(json_build_object(
      'id', p.id, 'clusterId', p.cluster_id, 'revisionId', p.revision_id, 'revisionNumber', r.number, 'templateHash', r.template_hash,
      'networkType', p.network_type, 'generation', p.generation, 'deleting', p.deleting,
      'desired', p.desired, 'created', p.created, 'ready', p.ready, 'updated', p.updated, 'unavailable', p.unavailable,
      'subnet', case when s.id is null then null else json_build_object('id', s.id, 'vpcId', s.vpc_id, 'cidr', s.cidr::text, 'gateway', host(s.gateway)) end))
    from placement p
    join revision r on r.tenant_id = p.tenant_id and r.id = p.revision_id
    left join subnet s on s.tenant_id = p.tenant_id and s.id = p.subnet_id
    where p.tenant_id = a.tenant_id and p.application_id = a.id), '[]'),
  'assignments', coalesce((
    select json_agg(json_build_object(
      'clusterId', x.cluster_id, 'objectId', x.object_id, 'generation', x.generation, 'contentHash', x.content_hash, 'tombstone', x.spec is null,
      'confirmedTerm', x.confirmed_term, 'confirmedGeneration', x.confirmed_generation))
    from assignment x where x.tenant_id = a.tenant_id and x.application_id = a.id), '[]'),
  'operations', coalesce((
    select json_agg(json_build_object(
      'id', o.id, 'own', o.own, ${STANDING},
      'steps', coalesce((
        select json_agg(json_build_object('id', t.id, 'clusterId', t.cluster_id, 'state', t.state, 'message', t.message, 'completed', t.completed, 'total', t.total) order by t.id)
        from operation_step t
        where t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is null and (o.own or t.target_id = a.id)), '[]'),
      'ended', (
        select json_build_object('completed', coalesce(sum(e.completed), 0), 'total', coalesce(sum(e.total), 0), 'states', coalesce(json_object_agg(e.state, e.steps), '{}'))
        from (
          select t.state, count(*) as steps, sum(t.completed) as completed, sum(t.total) as total
          from operation_step t where o.own and t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is not null group by t.state) e)) order by o.id)
    from (
      select true as own, own.* from operation own where own.tenant_id = a.tenant_id and own.target_id = a.id and own.finished_at is null
      union all
      select false, other.* from operation other
      where other.tenant_id = a.tenant_id and other.finished_at is null and other.target_id is distinct from a.id
        and other.id in (select t.operation_id from operation_step t where t.tenant_id = a.tenant_id and t.target_id = a.id and t.finished_at is null)) o), '[]')
) as situation
from application a
join namespace n on n.tenant_id = a.tenant_id and n.id = a.namespace_id
where a.tenant_id = app.tenant_id() and a.id = any ($1::uuid[])`;
