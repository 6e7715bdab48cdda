import type { PoolClient } from "pg";
import type { Report } from "../fleet/link.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import { appendTimelineOn, type TimelineEntry, type TimelineKind } from "../realtime/timeline.ts";
import { storeEvents } from "./events.ts";
import { Refusal } from "./hello.ts";
import { vouchedBy } from "./vouched.ts";

export type Stored = "stored" | "duplicate";

/** The reports before this one were not stored by the centre: the agent has to say hello, and go on where it is told to. */
export class Gap extends Refusal {}

export interface ReportFacts {
  /** Of the database's life. */
  readonly term: number;
  /** Simulated milliseconds. */
  readonly now: number;
}

/** A report, and the session that it came in. */
export interface Received {
  readonly report: Report;
  /** Of the cluster, as its session was told. */
  readonly termOffset: number;
}

/**
 * Stores reports of different clusters, and their numbers, in one transaction, so that each counts exactly once; one that is stored already changes
 * nothing. The outcome of each, in their order. One that is refused is told so and is no part of the transaction; anything else that is wrong with one
 * fails all of them: the caller tries them one by one then.
 *
 * Whose a pod is follows from our own assignment of its placement on this cluster, never from the report: pods of placements that this
 * cluster was not given are dropped. Rows conflict on (cluster, id), so that no agent touches another cluster's: each statement compares the cluster
 * that the report came from, whichever clusters the transaction may touch.
 *
 * The numbers are compared first, without a lock, and compared and set near the end: the cluster's row is what mutations of all tenants wait
 * for. Locks are taken in the order of mutations: placements, services, cluster, timeline, jobs; of each kind in the order of ids.
 */
export async function storeReports(client: PoolClient, received: readonly Received[], { term, now }: ReportFacts): Promise<(Stored | Refusal)[]> {
  const outcomes = await judge(client, received);
  const batch = received.filter((_, index) => outcomes[index] === "stored");
  if (batch.length === 0) return outcomes;
  const reports = batch.map(({ report }) => report);
  const changes = new Changes(now);
  await storePods(client, reports, changes);
  const applications = [...(await storePlacements(client, batch, term, changes)), ...(await storeServices(client, batch, term, changes))];
  await storeNodes(client, reports, changes);
  for (const { cluster_id, tenant_id, ids, owners } of await storeEvents(client, reports, now)) changes.add(cluster_id, "event", tenant_id, owners, ids);
  const positions = reports.map((report) => ({ clusterId: report.clusterId, epoch: report.epoch, seq: report.seq, vouchedAt: vouchedBy(report, now) }));
  const fenced = await client.query({ name: "report-fence", text: FENCE, values: [JSON.stringify(positions), new Date(now)] });
  if (fenced.rowCount !== reports.length) throw new Gap("another connection of this cluster was faster");
  await appendTimelineOn(client, changes.entries());
  await enqueueOn(client, "reconcile_application", applications);
  return outcomes;
}

/** Which of these follow what is stored: "stored" says here that it is to be. */
async function judge(client: PoolClient, received: readonly Received[]): Promise<(Stored | Refusal)[]> {
  const clusterIds = received.map(({ report }) => report.clusterId);
  const { rows } = await client.query<{ id: string; epoch: number; acked_seq: number }>({ name: "report-positions", text: POSITIONS, values: [clusterIds] });
  const positions = new Map(rows.map((row) => [row.id, row]));
  return received.map(({ report: { clusterId, epoch, seq } }) => {
    const last = positions.get(clusterId);
    if (!last) return new Refusal("unknown cluster");
    if (epoch < last.epoch) return new Refusal(`epoch ${epoch} is over: the centre has reports of epoch ${last.epoch}`);
    if (epoch === last.epoch && seq <= last.acked_seq) return "duplicate";
    const expected = epoch === last.epoch ? last.acked_seq + 1 : 1;
    return seq === expected ? "stored" : new Gap(`report ${epoch}/${seq} does not follow ${last.epoch}/${last.acked_seq}`);
  });
}

async function storePods(client: PoolClient, reports: readonly Report[], changes: Changes): Promise<void> {
  const naming = reports.filter(({ pods }) => pods.length > 0);
  if (naming.length > 0) {
    const said = naming.map(({ clusterId, epoch, pods }) => ({ clusterId, epoch, pods }));
    const { rows } = await client.query<PerTenant>({ name: "report-pods", text: PODS, values: [JSON.stringify(said)] });
    for (const { cluster_id, tenant_id, ids, owners } of rows) changes.add(cluster_id, "pod", tenant_id, owners, ids);
  }
  const gone = reports.flatMap(({ clusterId, gone: ids }) => ids.map((id) => ({ clusterId, id })));
  if (gone.length > 0) {
    const { rows } = await client.query<PerTenant>({ name: "report-gone", text: GONE, values: [gone.map(({ clusterId }) => clusterId), gone.map(({ id }) => id)] });
    for (const { cluster_id, tenant_id, ids, owners } of rows) changes.add(cluster_id, "pod", tenant_id, owners, [], ids);
  }
  const ended = reports.filter(({ fullEnds }) => fullEnds);
  if (ended.length > 0) {
    const { rows } = await client.query<PerTenant>({ name: "report-full-ends", text: OLDER_EPOCHS, values: [ended.map(({ clusterId }) => clusterId), ended.map(({ epoch }) => epoch)] });
    for (const { cluster_id, tenant_id, ids, owners } of rows) changes.add(cluster_id, "pod", tenant_id, owners, [], ids);
  }
}

interface Concerned {
  readonly tenantId: string;
  readonly applicationId: string;
}

async function storePlacements(client: PoolClient, received: readonly Received[], term: number, changes: Changes): Promise<Concerned[]> {
  const touched: Touched[] = [];
  const placements = received.flatMap(({ report: { clusterId, placements: said }, termOffset }) => said.map((placement) => ({ ...placement, clusterId, term: placement.term - termOffset })));
  if (placements.length > 0) {
    const { rows } = await client.query<Touched>({ name: "report-placements", text: PLACEMENTS, values: [JSON.stringify(placements), term] });
    touched.push(...rows);
  }
  const ended = received.filter(({ report }) => report.fullEnds).map(({ report }) => report.clusterId);
  if (ended.length > 0) {
    const { rows } = await client.query<Touched>({ name: "report-empty-placements", text: EMPTY_PLACEMENTS, values: [ended] });
    touched.push(...rows);
  }
  return tell("placement", touched, changes);
}

async function storeServices(client: PoolClient, received: readonly Received[], term: number, changes: Changes): Promise<Concerned[]> {
  const services = received.flatMap(({ report, termOffset }) => (report.services ?? []).map((service) => ({ ...service, clusterId: report.clusterId, term: service.term - termOffset })));
  if (services.length === 0) return [];
  const { rows } = await client.query<Touched>({ name: "report-services", text: SERVICES, values: [JSON.stringify(services), term] });
  return tell("service", rows, changes);
}

async function storeNodes(client: PoolClient, reports: readonly Report[], changes: Changes): Promise<void> {
  const nodes = reports.flatMap(({ clusterId, nodes: said }) => said.map((node) => ({ ...node, clusterId })));
  if (nodes.length === 0) return;
  const { rows } = await client.query<{ id: string; cluster_id: string }>({ name: "report-nodes", text: NODES, values: [JSON.stringify(nodes)] });
  for (const [clusterId, some] of Map.groupBy(rows, (row) => row.cluster_id)) changes.add(clusterId, "node", null, null, some.map(({ id }) => id));
}

function tell(kind: "placement" | "service", touched: readonly Touched[], changes: Changes): Concerned[] {
  for (const { cluster_id, tenant_id, application_id, object_id } of touched) changes.add(cluster_id, kind, tenant_id, [application_id], [object_id]);
  return touched.map(({ tenant_id: tenantId, application_id: applicationId }) => ({ tenantId, applicationId }));
}

interface PerTenant {
  readonly cluster_id: string;
  readonly tenant_id: string;
  readonly ids: string[];
  /** The applications that they belong to. */
  readonly owners: string[];
}

interface Touched {
  readonly cluster_id: string;
  readonly tenant_id: string;
  readonly application_id: string;
  readonly object_id: string;
}

/** What a transaction changed, one timeline row a cluster, tenant and kind. */
class Changes {
  readonly #at: number;
  readonly #byKey = new Map<string, { clusterId: string; tenantId: string | null; kind: TimelineKind; ids: string[]; removedIds: string[]; owners: Set<string> | null }>();

  constructor(at: number) {
    this.#at = at;
  }

  /** `owners`: null for a kind that belongs to no application. */
  add(clusterId: string, kind: TimelineKind, tenantId: string | null, owners: readonly string[] | null, ids: readonly string[], removedIds: readonly string[] = []): void {
    if (ids.length + removedIds.length === 0) return;
    const key = `${clusterId} ${kind} ${tenantId}`;
    const entry = this.#byKey.get(key) ?? { clusterId, tenantId, kind, ids: [], removedIds: [], owners: owners && new Set() };
    entry.ids.push(...ids);
    entry.removedIds.push(...removedIds);
    for (const owner of owners ?? []) entry.owners?.add(owner);
    this.#byKey.set(key, entry);
  }

  entries(): TimelineEntry[] {
    return [...this.#byKey.values()].map(({ owners, ...entry }) => ({ ...entry, ...(owners ? { ownerIds: [...owners] } : {}), at: this.#at }));
  }
}

const POSITIONS = /* sql */ `select id, epoch, acked_seq from cluster where id = any ($1::uuid[])`;

const PODS = /* sql */ `
with reported as (
  select said."clusterId" as cluster_id, said.epoch, pod.*
  from jsonb_to_recordset($1::jsonb) as said ("clusterId" uuid, epoch int, pods jsonb)
  cross join lateral jsonb_to_recordset(said.pods) as pod (
    id uuid, "placementId" uuid, "revisionId" uuid, name text, "nodeId" uuid, phase text, ready boolean, reason text, message text, "privateIp" inet,
    "restartCount" int, containers jsonb, "createdAt" double precision, "startedAt" double precision)
), ours as (
  select reported.*, a.tenant_id, a.application_id, a.namespace_id
  from reported join assignment a on a.cluster_id = reported.cluster_id and a.object_id = reported."placementId" and a.kind = 'placement'
  where (a.spec ->> 'revisionId')::uuid = reported."revisionId"
    or exists (select from revision r where r.tenant_id = a.tenant_id and r.id = reported."revisionId" and r.application_id = a.application_id)
), stored as (
  insert into pod as p (
    cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, node_id, name, phase, ready, reason, message, private_ip, restart_count,
    containers, created_at, started_at, epoch)
  select cluster_id, id, tenant_id, application_id, namespace_id, "placementId", "revisionId", "nodeId", name, phase, ready, reason, message, "privateIp", "restartCount",
    containers, to_timestamp("createdAt" / 1000), to_timestamp("startedAt" / 1000), epoch
  from ours
  on conflict (cluster_id, id) do update set
    revision_id = excluded.revision_id, node_id = excluded.node_id, name = excluded.name, phase = excluded.phase, ready = excluded.ready, reason = excluded.reason,
    message = excluded.message, private_ip = excluded.private_ip, restart_count = excluded.restart_count, containers = excluded.containers,
    created_at = excluded.created_at, started_at = excluded.started_at, epoch = excluded.epoch
  where p.placement_id = excluded.placement_id
  returning p.cluster_id, p.tenant_id, p.id, p.application_id
)
select cluster_id, tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from stored group by cluster_id, tenant_id`;

const GONE = /* sql */ `
with gone as (
  delete from pod using unnest($1::uuid[], $2::uuid[]) as said (cluster_id, id) where pod.cluster_id = said.cluster_id and pod.id = said.id
  returning pod.cluster_id, pod.tenant_id, pod.id, pod.application_id)
select cluster_id, tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from gone group by cluster_id, tenant_id`;

const OLDER_EPOCHS = /* sql */ `
with gone as (
  delete from pod using unnest($1::uuid[], $2::int[]) as ended (cluster_id, epoch) where pod.cluster_id = ended.cluster_id and pod.epoch < ended.epoch
  returning pod.cluster_id, pod.tenant_id, pod.id, pod.application_id)
select cluster_id, tenant_id, array_agg(id) as ids, array_agg(distinct application_id) as owners from gone group by cluster_id, tenant_id`;

/** The pair that a report confirms, null where it confirms none: see PLACEMENTS. */
const CONFIRMED = /* sql */ `
    case
      when r.term = $2 and r.generation <= a.generation and (a.spec is not null or r.generation < a.generation or coalesce(r.removed, false))
      then greatest(r.generation, case when a.confirmed_term = $2 then a.confirmed_generation else 0 end)
    end`;

/**
 * Counts are taken as they are, and so is the problem. A pair (term, generation) confirms where it is of this term and not ahead of what was assigned;
 * a tombstone only once it was carried out. Confirmations never fall here. An agent that says nothing of its pods' files has shown none.
 *
 * Placements are locked in the order of their ids: mutations of several applications change several of them too.
 */
const PLACEMENTS = /* sql */ `
with reported as (
  select a.cluster_id, a.tenant_id, a.application_id, a.object_id, r.created, r.ready, r.updated, coalesce(r.configured, 0) as configured, r.problem, ${CONFIRMED} as confirmed
  from jsonb_to_recordset($1::jsonb) as r (
    "clusterId" uuid, "placementId" uuid, term int, generation int, created int, ready int, updated int, configured int, removed boolean, problem text)
  join assignment a on a.cluster_id = r."clusterId" and a.object_id = r."placementId" and a.kind = 'placement'
), confirmed as (
  update assignment a set confirmed_term = $2, confirmed_generation = r.confirmed
  from reported r
  where a.cluster_id = r.cluster_id and a.object_id = r.object_id and r.confirmed is not null and (a.confirmed_term, a.confirmed_generation) < ($2, r.confirmed)
  returning a.cluster_id, a.tenant_id, a.application_id, a.object_id
), locked as materialized (
  select p.cluster_id, p.tenant_id, p.id, r.created, r.ready, r.updated, r.configured, r.problem, r.confirmed
  from placement p join reported r on p.tenant_id = r.tenant_id and p.id = r.object_id
  where p.cluster_id = r.cluster_id
    and (p.created, p.ready, p.updated, p.configured, p.problem, p.observed_generation)
      is distinct from (r.created, r.ready, r.updated, r.configured, r.problem, coalesce(r.confirmed, p.observed_generation))
  order by p.id for no key update of p
), counted as (
  update placement p set
    created = l.created, ready = l.ready, updated = l.updated, unavailable = greatest(0, p.desired - l.ready), configured = l.configured, problem = l.problem,
    observed_generation = coalesce(l.confirmed, p.observed_generation)
  from locked l
  where p.tenant_id = l.tenant_id and p.id = l.id and p.cluster_id = l.cluster_id
  returning p.cluster_id, p.tenant_id, p.application_id, p.id as object_id
)
select * from confirmed union select * from counted`;

/** As placements are, and locked like them; what their status is, the worker says. */
const SERVICES = /* sql */ `
with reported as (
  select a.cluster_id, a.tenant_id, a.application_id, a.object_id, r.problem, ${CONFIRMED} as confirmed
  from jsonb_to_recordset($1::jsonb) as r ("clusterId" uuid, "serviceId" uuid, term int, generation int, removed boolean, problem text)
  join assignment a on a.cluster_id = r."clusterId" and a.object_id = r."serviceId" and a.kind = 'service'
), confirmed as (
  update assignment a set confirmed_term = $2, confirmed_generation = r.confirmed
  from reported r
  where a.cluster_id = r.cluster_id and a.object_id = r.object_id and r.confirmed is not null and (a.confirmed_term, a.confirmed_generation) < ($2, r.confirmed)
  returning a.cluster_id, a.tenant_id, a.application_id, a.object_id
), locked as materialized (
  select s.cluster_id, s.tenant_id, s.id, r.problem, r.confirmed
  from service s join reported r on s.tenant_id = r.tenant_id and s.id = r.object_id
  where s.cluster_id = r.cluster_id and (s.problem, s.observed_generation) is distinct from (r.problem, coalesce(r.confirmed, s.observed_generation))
  order by s.id for no key update of s
), said as (
  update service s set problem = l.problem, observed_generation = coalesce(l.confirmed, s.observed_generation)
  from locked l
  where s.tenant_id = l.tenant_id and s.id = l.id and s.cluster_id = l.cluster_id
  returning s.cluster_id, s.tenant_id, s.application_id, s.id as object_id
)
select * from confirmed union select * from said`;

/**
 * After a whole state: a placement that its agent does not hold, and names no pods of, has none. Of one that it holds (no hello has lowered its confirmation to
 * nothing, or a report has raised it) the whole state has told the counts; its pods may be yet to come, where they were made meanwhile.
 */
const EMPTY_PLACEMENTS = /* sql */ `
with empty as materialized (
  select p.cluster_id, p.tenant_id, p.id
  from assignment a join placement p on p.tenant_id = a.tenant_id and p.id = a.object_id
  where a.cluster_id = any ($1::uuid[]) and p.cluster_id = a.cluster_id and a.confirmed_generation = 0 and p.created + p.ready + p.updated > 0
    and not exists (select from pod where pod.cluster_id = p.cluster_id and pod.tenant_id = p.tenant_id and pod.placement_id = p.id)
  order by p.id for no key update of p
)
update placement p set created = 0, ready = 0, updated = 0, configured = 0, unavailable = p.desired
from empty e
where p.tenant_id = e.tenant_id and p.id = e.id and p.cluster_id = e.cluster_id
returning p.cluster_id, p.tenant_id, p.application_id, p.id as object_id`;

const NODES = /* sql */ `
update cluster_node n set status = r.status
from jsonb_to_recordset($1::jsonb) as r ("clusterId" uuid, "nodeId" uuid, status text)
where n.id = r."nodeId" and n.cluster_id = r."clusterId" and n.status <> r.status
returning n.id, n.cluster_id`;

const FOLLOWS = /* sql */ `((c.epoch = r.epoch and c.acked_seq = r.seq - 1) or (c.epoch < r.epoch and r.seq = 1))`;

const FENCE = /* sql */ `
with reported as (
  select * from jsonb_to_recordset($1::jsonb) as r ("clusterId" uuid, epoch int, seq bigint, "vouchedAt" double precision)
), locked as materialized (
  select c.id from cluster c join reported r on r."clusterId" = c.id where ${FOLLOWS} order by c.id for no key update of c
)
update cluster c set epoch = r.epoch, acked_seq = r.seq, last_seen_at = greatest(last_seen_at, to_timestamp(r."vouchedAt" / 1000)), heard_at = $2
from reported r join locked on locked.id = r."clusterId"
where c.id = r."clusterId" and ${FOLLOWS}`;
