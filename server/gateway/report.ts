import type { PoolClient } from "pg";
import type { Report } from "../fleet/link.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import { appendTimelineOn, type TimelineEntry, type TimelineKind } from "../realtime/timeline.ts";
import { Refusal } from "./hello.ts";
import { vouchedBy } from "./vouched.ts";

export type Stored = "stored" | "duplicate";

/** The reports before this one were not stored by the centre: the agent has to say hello, and go on where it is told to. */
export class Gap extends Refusal {}

export interface ReportFacts {
  /** Of the database's life. */
  readonly term: number;
  /** Of the cluster, as its session was told. */
  readonly termOffset: number;
  /** Simulated milliseconds. */
  readonly now: number;
}

/**
 * Stores a report and its number in one transaction, so that it counts exactly once; a report that is stored already changes nothing.
 *
 * Whose a pod is follows from our own assignment of its placement on this cluster, never from the report: pods of placements that this
 * cluster was not given are dropped. Rows conflict on (cluster, id), so that no agent touches another cluster's.
 *
 * The number is compared first, without a lock, and compared and set near the end: the cluster's row is what mutations of all tenants wait
 * for. Locks are taken in the order of mutations: placements, services, cluster, timeline, jobs; of each kind in the order of ids.
 */
export async function storeReport(client: PoolClient, report: Report, { term, termOffset, now }: ReportFacts): Promise<Stored> {
  const { clusterId, epoch, seq } = report;
  const position = await client.query<{ epoch: number; acked_seq: number }>({ name: "report-position", text: "select epoch, acked_seq from cluster where id = $1", values: [clusterId] });
  const last = position.rows[0];
  if (!last) throw new Refusal("unknown cluster");
  if (epoch < last.epoch) throw new Refusal(`epoch ${epoch} is over: the centre has reports of epoch ${last.epoch}`);
  if (epoch === last.epoch && seq <= last.acked_seq) return "duplicate";
  const expected = epoch === last.epoch ? last.acked_seq + 1 : 1;
  if (seq !== expected) throw new Gap(`report ${epoch}/${seq} does not follow ${last.epoch}/${last.acked_seq}`);

  const changes = new Changes(clusterId, now);
  await storePods(client, report, changes);
  const applications = [
    ...(await storePlacements(client, report, { term, termOffset }, changes)),
    ...(await storeServices(client, report, { term, termOffset }, changes)),
  ];
  if (report.nodes.length > 0) {
    const nodes = await client.query<{ id: string }>({ name: "report-nodes", text: NODES, values: [clusterId, JSON.stringify(report.nodes)] });
    changes.add("node", null, null, nodes.rows.map(({ id }) => id));
  }
  const vouchedAt = vouchedBy(report, now);
  const fenced = await client.query({ name: "report-fence", text: FENCE, values: [clusterId, epoch, seq, vouchedAt === null ? null : new Date(vouchedAt), new Date(now)] });
  if (fenced.rowCount !== 1) throw new Gap("another connection of this cluster was faster");
  await appendTimelineOn(client, changes.entries());
  await enqueueOn(client, "reconcile_application", applications);
  return "stored";
}

async function storePods(client: PoolClient, report: Report, changes: Changes): Promise<void> {
  const { clusterId, epoch } = report;
  if (report.pods.length > 0) {
    const { rows } = await client.query<PerTenant>({ name: "report-pods", text: PODS, values: [clusterId, epoch, JSON.stringify(report.pods)] });
    for (const { tenant_id, ids, owners } of rows) changes.add("pod", tenant_id, owners, ids);
  }
  if (report.gone.length > 0) {
    const { rows } = await client.query<PerTenant>({ name: "report-gone", text: GONE, values: [clusterId, report.gone] });
    for (const { tenant_id, ids, owners } of rows) changes.add("pod", tenant_id, owners, [], ids);
  }
  if (report.fullEnds) {
    const { rows } = await client.query<PerTenant>({ name: "report-full-ends", text: OLDER_EPOCHS, values: [clusterId, epoch] });
    for (const { tenant_id, ids, owners } of rows) changes.add("pod", tenant_id, owners, [], ids);
  }
}

type Terms = Pick<ReportFacts, "term" | "termOffset">;

async function storePlacements(client: PoolClient, report: Report, { term, termOffset }: Terms, changes: Changes): Promise<{ tenantId: string; applicationId: string }[]> {
  const touched: Touched[] = [];
  if (report.placements.length > 0) {
    const placements = report.placements.map((placement) => ({ ...placement, term: placement.term - termOffset }));
    const { rows } = await client.query<Touched>({ name: "report-placements", text: PLACEMENTS, values: [report.clusterId, JSON.stringify(placements), term] });
    touched.push(...rows);
  }
  if (report.fullEnds) {
    const { rows } = await client.query<Touched>({ name: "report-empty-placements", text: EMPTY_PLACEMENTS, values: [report.clusterId] });
    touched.push(...rows);
  }
  for (const [tenantId, placements] of Map.groupBy(touched, (placement) => placement.tenant_id)) {
    changes.add("placement", tenantId, ownersOf(placements), placements.map((placement) => placement.object_id));
  }
  return touched.map((placement) => ({ tenantId: placement.tenant_id, applicationId: placement.application_id }));
}

async function storeServices(client: PoolClient, report: Report, { term, termOffset }: Terms, changes: Changes): Promise<{ tenantId: string; applicationId: string }[]> {
  if (!report.services?.length) return [];
  const services = report.services.map((service) => ({ ...service, term: service.term - termOffset }));
  const { rows } = await client.query<Touched>({ name: "report-services", text: SERVICES, values: [report.clusterId, JSON.stringify(services), term] });
  for (const [tenantId, some] of Map.groupBy(rows, (service) => service.tenant_id)) changes.add("service", tenantId, ownersOf(some), some.map((service) => service.object_id));
  return rows.map((service) => ({ tenantId: service.tenant_id, applicationId: service.application_id }));
}

interface PerTenant {
  readonly tenant_id: string;
  readonly ids: string[];
  /** The applications that they belong to. */
  readonly owners: string[];
}

interface Touched {
  readonly tenant_id: string;
  readonly application_id: string;
  readonly object_id: string;
}

const ownersOf = (touched: readonly Touched[]): string[] => touched.map(({ application_id }) => application_id);

/** What a transaction changed, one timeline row a tenant and kind. */
class Changes {
  readonly #clusterId: string;
  readonly #at: number;
  readonly #byKey = new Map<string, { tenantId: string | null; kind: TimelineKind; ids: string[]; removedIds: string[]; owners: Set<string> | null }>();

  constructor(clusterId: string, at: number) {
    this.#clusterId = clusterId;
    this.#at = at;
  }

  /** `owners`: null for a kind that belongs to no application. */
  add(kind: TimelineKind, tenantId: string | null, owners: readonly string[] | null, ids: readonly string[], removedIds: readonly string[] = []): void {
    if (ids.length + removedIds.length === 0) return;
    const key = `${kind} ${tenantId}`;
    const entry = this.#byKey.get(key) ?? { tenantId, kind, ids: [], removedIds: [], owners: owners && new Set() };
    entry.ids.push(...ids);
    entry.removedIds.push(...removedIds);
    for (const owner of owners ?? []) entry.owners?.add(owner);
    this.#byKey.set(key, entry);
  }

  entries(): TimelineEntry[] {
    return [...this.#byKey.values()].map(({ owners, ...entry }) => ({ ...entry, ...(owners ? { ownerIds: [...owners] } : {}), clusterId: this.#clusterId, at: this.#at }));
  }
}

const PODS = /* sql */ `
with reported as (
  select * from jsonb_to_recordset($3::jsonb) as reported (
    id uuid, "placementId" uuid, "revisionId" uuid, name text, "nodeId" uuid, phase text, ready boolean, reason text, message text, "privateIp" inet,
    "restartCount" int, containers jsonb, "createdAt" double precision, "startedAt" double precision)
), ours as (
  select reported.*, a.tenant_id, a.application_id, a.namespace_id
  from reported join assignment a on a.cluster_id = $1 and a.object_id = reported."placementId" and a.kind = 'placement'
  where (a.spec ->> 'revisionId')::uuid = reported."revisionId"
    or exists (select from revision r where r.tenant_id = a.tenant_id and r.id = reported."revisionId" and r.application_id = a.application_id)
), stored as (
  insert into pod as p (
    cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, node_id, name, phase, ready, reason, message, private_ip, restart_count,
    containers, created_at, started_at, epoch)
  select $1, id, tenant_id, application_id, namespace_id, "placementId", "revisionId", "nodeId", name, phase, ready, reason, message, "privateIp", "restartCount",
    containers, to_timestamp("createdAt" / 1000), to_timestamp("startedAt" / 1000), $2
  from ours
  on conflict (cluster_id, id) do update set
    revision_id = excluded.revision_id, node_id = excluded.node_id, name = excluded.name, phase = excluded.phase, ready = excluded.ready, reason = excluded.reason,
    message = excluded.message, private_ip = excluded.private_ip, restart_count = excluded.restart_count, containers = excluded.containers,
    created_at = excluded.created_at, started_at = excluded.started_at, epoch = excluded.epoch
  where p.placement_id = excluded.placement_id
  returning p.tenant_id, p.id, p.application_id
)
select tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from stored group by tenant_id`;

const GONE = /* sql */ `
with gone as (delete from pod where cluster_id = $1 and id = any ($2::uuid[]) returning tenant_id, id, application_id)
select tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from gone group by tenant_id`;

const OLDER_EPOCHS = /* sql */ `
with gone as (delete from pod where cluster_id = $1 and epoch < $2 returning tenant_id, id, application_id)
select tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from gone group by tenant_id`;

/** The pair that a report confirms, null where it confirms none: see PLACEMENTS. */
const CONFIRMED = /* sql */ `
    case
      when r.term = $3 and r.generation <= a.generation and (a.spec is not null or r.generation < a.generation or coalesce(r.removed, false))
      then greatest(r.generation, case when a.confirmed_term = $3 then a.confirmed_generation else 0 end)
    end`;

/**
 * Counts are taken as they are, and so is the problem. A pair (term, generation) confirms where it is of this term and not ahead of what was assigned;
 * a tombstone only once it was carried out. Confirmations never fall here. An agent that says nothing of its pods' files has shown none.
 *
 * Placements are locked in the order of their ids: mutations of several applications change several of them too.
 */
const PLACEMENTS = /* sql */ `
with reported as (
  select a.tenant_id, a.application_id, a.object_id, r.created, r.ready, r.updated, coalesce(r.configured, 0) as configured, r.problem, ${CONFIRMED} as confirmed
  from jsonb_to_recordset($2::jsonb) as r (
    "placementId" uuid, term int, generation int, created int, ready int, updated int, configured int, removed boolean, problem text)
  join assignment a on a.cluster_id = $1 and a.object_id = r."placementId" and a.kind = 'placement'
), confirmed as (
  update assignment a set confirmed_term = $3, confirmed_generation = r.confirmed
  from reported r
  where a.cluster_id = $1 and a.object_id = r.object_id and r.confirmed is not null and (a.confirmed_term, a.confirmed_generation) < ($3, r.confirmed)
  returning a.tenant_id, a.application_id, a.object_id
), locked as materialized (
  select p.tenant_id, p.id, r.created, r.ready, r.updated, r.configured, r.problem, r.confirmed
  from placement p join reported r on p.tenant_id = r.tenant_id and p.id = r.object_id
  where p.cluster_id = $1
    and (p.created, p.ready, p.updated, p.configured, p.problem, p.observed_generation)
      is distinct from (r.created, r.ready, r.updated, r.configured, r.problem, coalesce(r.confirmed, p.observed_generation))
  order by p.id for no key update of p
), counted as (
  update placement p set
    created = l.created, ready = l.ready, updated = l.updated, unavailable = greatest(0, p.desired - l.ready), configured = l.configured, problem = l.problem,
    observed_generation = coalesce(l.confirmed, p.observed_generation)
  from locked l
  where p.tenant_id = l.tenant_id and p.id = l.id and p.cluster_id = $1
  returning p.tenant_id, p.application_id, p.id as object_id
)
select * from confirmed union select * from counted`;

/** As placements are, and locked like them; what their status is, the worker says. */
const SERVICES = /* sql */ `
with reported as (
  select a.tenant_id, a.application_id, a.object_id, r.problem, ${CONFIRMED} as confirmed
  from jsonb_to_recordset($2::jsonb) as r ("serviceId" uuid, term int, generation int, removed boolean, problem text)
  join assignment a on a.cluster_id = $1 and a.object_id = r."serviceId" and a.kind = 'service'
), confirmed as (
  update assignment a set confirmed_term = $3, confirmed_generation = r.confirmed
  from reported r
  where a.cluster_id = $1 and a.object_id = r.object_id and r.confirmed is not null and (a.confirmed_term, a.confirmed_generation) < ($3, r.confirmed)
  returning a.tenant_id, a.application_id, a.object_id
), locked as materialized (
  select s.tenant_id, s.id, r.problem, r.confirmed
  from service s join reported r on s.tenant_id = r.tenant_id and s.id = r.object_id
  where s.cluster_id = $1 and (s.problem, s.observed_generation) is distinct from (r.problem, coalesce(r.confirmed, s.observed_generation))
  order by s.id for no key update of s
), said as (
  update service s set problem = l.problem, observed_generation = coalesce(l.confirmed, s.observed_generation)
  from locked l
  where s.tenant_id = l.tenant_id and s.id = l.id and s.cluster_id = $1
  returning s.tenant_id, s.application_id, s.id as object_id
)
select * from confirmed union select * from said`;

/**
 * After a whole state: a placement that its agent does not hold, and names no pods of, has none. Of one that it holds (no hello has lowered its confirmation to
 * nothing, or a report has raised it) the whole state has told the counts; its pods may be yet to come, where they were made meanwhile.
 */
const EMPTY_PLACEMENTS = /* sql */ `
with empty as materialized (
  select p.tenant_id, p.id
  from assignment a join placement p on p.tenant_id = a.tenant_id and p.id = a.object_id
  where a.cluster_id = $1 and p.cluster_id = $1 and a.confirmed_generation = 0 and p.created + p.ready + p.updated > 0
    and not exists (select from pod where pod.cluster_id = $1 and pod.tenant_id = p.tenant_id and pod.placement_id = p.id)
  order by p.id for no key update of p
)
update placement p set created = 0, ready = 0, updated = 0, configured = 0, unavailable = p.desired
from empty e
where p.tenant_id = e.tenant_id and p.id = e.id and p.cluster_id = $1
returning p.tenant_id, p.application_id, p.id as object_id`;

const NODES = /* sql */ `
update cluster_node n set status = r.status
from jsonb_to_recordset($2::jsonb) as r ("nodeId" uuid, status text)
where n.id = r."nodeId" and n.cluster_id = $1 and n.status <> r.status
returning n.id`;

const FENCE = /* sql */ `
update cluster set epoch = $2, acked_seq = $3, last_seen_at = greatest(last_seen_at, $4), heard_at = $5
where id = $1 and ((epoch = $2 and acked_seq = $3 - 1) or (epoch < $2 and $3 = 1))`;
