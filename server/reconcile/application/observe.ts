import type { ClientBase } from "pg";
import type { Situation } from "./situation.ts";

/**
 * Looks at applications of the transaction's tenant: one statement for any number of them. The answer lacks those that do not exist.
 * Subnets' addresses are texts such as 10.0.0.0/20; times milliseconds on the simulation's clock. To plan the statement costs more than to run it:
 * the transaction should be one whose statements are planned once (`plannedOnce`).
 */
export async function observe(client: ClientBase, applicationIds: readonly string[]): Promise<Map<string, Situation>> {
  const { rows } = await client.query<Situation & { id: string }>({ name: "observe-applications", text: OBSERVE, values: [applicationIds] });
  return new Map(rows.map(({ id, ...situation }) => [id, situation]));
}

const millis = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::bigint`;

const PLACEMENTS = /* sql */ `
select p.id, p.cluster_id as "clusterId", p.revision_id as "revisionId", r.number as "revisionNumber", r.template_hash as "templateHash",
  p.network_type as "networkType", p.generation, p.deleting, p.desired, p.created, p.ready, p.updated, p.unavailable, p.configured, p.problem,
  case when p.problem is not null then (select c.code from cluster c where c.id = p.cluster_id) end as "clusterCode", subnet
from placement p
join revision r on r.tenant_id = p.tenant_id and r.id = p.revision_id
left join lateral (
  select s.id, s.vpc_id as "vpcId", s.cidr::text as cidr, host(s.gateway) as gateway from subnet s where s.tenant_id = p.tenant_id and s.id = p.subnet_id) subnet on true
where p.tenant_id = a.tenant_id and p.application_id = a.id`;

const SERVICES = /* sql */ `
select s.id, s.cluster_id as "clusterId", s.name, s.vpc_id as "vpcId", host(s.cluster_ip) as "clusterIp", s.ports, s.status, s.generation, s.problem, s.deleting
from service s where s.tenant_id = a.tenant_id and s.application_id = a.id`;

const ASSIGNMENTS = /* sql */ `
select x.cluster_id as "clusterId", x.kind, x.object_id as "objectId", x.generation, x.content_hash as "contentHash", x.spec is null as tombstone,
  x.confirmed_term as "confirmedTerm", x.confirmed_generation as "confirmedGeneration"
from assignment x where x.tenant_id = a.tenant_id and x.application_id = a.id`;

/** Most applications refer to none: found by the application, which is one look into an index. */
const CONFIGS = /* sql */ `
select f.revision_id as "revisionId", f.kind, found.id, found.name, found.content
from config_reference f
cross join lateral (
  select m.id, m.name, m.content from config_map m where f.kind = 'ConfigMap' and m.tenant_id = f.tenant_id and m.id = f.config_id
  union all
  select s.id, s.name, s.content from secret s where f.kind = 'Secret' and s.tenant_id = f.tenant_id and s.id = f.config_id) found
where f.tenant_id = a.tenant_id and f.application_id = a.id
  and f.revision_id in (select p.revision_id from placement p where p.tenant_id = a.tenant_id and p.application_id = a.id)
order by f.revision_id, f.config_id`;

const ROLLOUT = /* sql */ `
select o.id, o.state, o.operation_id as "operationId", o.from_revision_id as "fromRevisionId", before.number as "fromNumber", o.to_revision_id as "toRevisionId",
  after.number as "toNumber", o.updated, o.total, o.reason, o.progress_deadline_seconds as "progressDeadlineSeconds", o.auto_rollback as "autoRollback",
  ${millis("o.progressed_at")} as "progressedAt",
  coalesce((
    select json_agg(json_build_object('clusterId', c.id, 'since', ${millis("coalesce(c.online_since, c.last_seen_at)")}) order by c.id)
    from placement p join cluster c on c.id = p.cluster_id
    where p.tenant_id = a.tenant_id and p.application_id = a.id and c.status = 'ONLINE'), '[]') as online
from rollout o
join revision after on after.tenant_id = o.tenant_id and after.id = o.to_revision_id
left join revision before on before.tenant_id = o.tenant_id and before.id = o.from_revision_id
where o.tenant_id = a.tenant_id and o.id = a.rollout_id and o.finished_at is null`;

/** What pods suffer from costs a look at all pods: it is taken where they are not as they should be. */
const TROUBLES = /* sql */ `
select c.code as "clusterCode", trouble.reason, trouble.pods
from (
  select pod.cluster_id, pod.reason, count(*)::int as pods from pod
  where pod.tenant_id = a.tenant_id and pod.application_id = a.id and not pod.ready and pod.reason is not null group by pod.cluster_id, pod.reason) trouble
join cluster c on c.id = trouble.cluster_id
order by c.code, trouble.reason`;

const INCOMPLETE = /* sql */ `
exists (
  select from placement p
  where p.tenant_id = a.tenant_id and p.application_id = a.id and not p.deleting and (p.created <> p.desired or p.ready <> p.desired or p.updated <> p.desired))`;

/** From the few steps to their operations, row by row: left to itself, the planner would rather read all operations of the tenant. */
const OPERATIONS = /* sql */ `
select o.id, o.kind, o.own, o.state, o.completed, o.total, o.error, null as "finishedAt", ${millis("o.started_at")} as "startedAt", ${millis("o.progressed_at")} as "progressedAt",
  o.deadline_seconds as "deadlineSeconds", o.ends_as as "endsAs", o.rollout_id as "rolloutId",
  coalesce((
    select json_agg(step order by step.id) from (
      select t.id, t.cluster_id as "clusterId", t.target_type as "targetType", t.target_id as "targetId", t.state, t.message, t.completed, t.total from operation_step t
      where t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is null and (o.own or t.target_id = any (objects.ids))) step), '[]') as steps,
  (select json_build_object('completed', coalesce(sum(e.completed), 0), 'total', coalesce(sum(e.total), 0), 'states', coalesce(json_object_agg(e.state, e.steps), '{}'),
      'failure', min(e.message))
    from (
      select t.state, count(*) as steps, sum(t.completed) as completed, sum(t.total) as total, min(t.message) filter (where t.state = 'FAILED') as message
      from operation_step t
      where o.own and t.tenant_id = o.tenant_id and t.operation_id = o.id and t.finished_at is not null group by t.state) e) as ended
from (select array(select a.id union all select s.id from service s where s.tenant_id = a.tenant_id and s.application_id = a.id) as ids) objects
cross join lateral (
  select true as own, own.* from operation own where own.tenant_id = a.tenant_id and own.target_id = a.id and own.finished_at is null
  union all
  select false, other.* from (
    select distinct step.operation_id from unnest(objects.ids) object (id) cross join lateral (
      select t.operation_id from operation_step t where t.tenant_id = a.tenant_id and t.target_id = object.id and t.finished_at is null offset 0) step) steps
  cross join lateral (
    select * from operation t
    where t.tenant_id = a.tenant_id and t.id = steps.operation_id and t.finished_at is null and t.target_id is distinct from a.id offset 0) other) o`;

const listOf = (select: string, name: string, order = ""): string => `coalesce((select json_agg(${name}${order}) from (${select}) ${name}), '[]')`;

/** Rows become JSON as whole rows: half the price of json_build_object, which looks each value's type up again every time. */
const OBSERVE = /* sql */ `
select a.id, (select term from database_life), row_to_json(application) as application,
  ${listOf(PLACEMENTS, "placement")} as placements,
  ${listOf(SERVICES, "service")} as services,
  ${listOf(ASSIGNMENTS, "assignment")} as assignments,
  ${listOf(CONFIGS, "config")} as configs,
  case when a.rollout_id is not null then (select row_to_json(rollout) from (${ROLLOUT}) rollout) end as rollout,
  case when ${INCOMPLETE} then ${listOf(TROUBLES, "trouble")} else '[]' end as troubles,
  ${listOf(OPERATIONS, "operation", " order by operation.id")} as operations
from application a
join namespace n on n.tenant_id = a.tenant_id and n.id = a.namespace_id
cross join lateral (
  select a.tenant_id as "tenantId", a.id, a.namespace_id as "namespaceId", a.name, n.name as namespace, a.capacity_type as "capacityType", a.revision_id as "revisionId",
    a.update_strategy as "updateStrategy", a.rollout_strategy as "rolloutStrategy", a.restarts, a.stopped, a.status, a.status_reason as "statusReason", a.deleting,
    a.desired, a.created, a.ready, a.updated, a.unavailable) application
where a.tenant_id = app.tenant_id() and a.id = any ($1::uuid[])`;
