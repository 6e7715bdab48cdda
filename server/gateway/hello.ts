import type { PoolClient } from "pg";
import type { AssignmentKind } from "../domain/placement.ts";
import type { Hello } from "../fleet/link.ts";
import { enqueueOn } from "../jobs/enqueue.ts";
import { appendTimelineOn, type TimelineEntry } from "../realtime/timeline.ts";
import { backInTime, type Forgetful } from "./back-in-time.ts";
import { type ClusterEvent, eventIdOf, storeClusterEvents } from "./events.ts";

/** Why a cluster can't be served: told to the agent, and nothing of its message is kept. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

export interface Welcomed {
  readonly epoch: number;
  readonly ackedSeq: number;
  /** Between the terms that this cluster is told and the database's own. */
  readonly termOffset: number;
  /** Who went back in time, as this hello shows. */
  readonly forgetful: Forgetful | null;
  /** What the agent holds and the centre does not know: to be taken back by these tombstones. */
  readonly strays: readonly Stray[];
}

export interface Stray {
  readonly objectId: string;
  readonly kind: AssignmentKind;
  readonly generation: number;
}

export interface HelloFacts {
  /** Of the database's life. */
  readonly term: number;
  /** Simulated milliseconds, both. */
  readonly now: number;
  readonly staleBefore: number;
  /** Of the region that it names (regions.ts). */
  readonly regionId: string;
}

const MAX_GENERATION = 2_147_483_000;
/** Far beyond what restores can add up to, and far from the end of the integers: no agent was told of a later one. */
const MAX_TERM = 1_000_000_000;

/**
 * A hello vouches for nothing (fleet/link.ts): what is shown of a cluster that comes back stays as old as it is until its reports have told the news. Only a
 * cluster that is seen for the first time is ONLINE at once, since nothing is shown of it.
 *
 * Stores what a cluster is, and compares what its agent holds with what it should hold. A hello only lowers confirmations: an object that the
 * agent lost (its store was restored, or the centre's was) is unconfirmed again, and so sent again; raising them is for reports, which bring the
 * counts that belong to them. Runs in a transaction of this cluster.
 *
 * Another agent than the one that the cluster answers to (another store) is refused, unless nothing was heard of that one since `staleBefore`.
 */
export async function storeHello(client: PoolClient, hello: Hello, { term, now, staleBefore, regionId }: HelloFacts): Promise<Welcomed> {
  const { clusterId, description } = hello;
  const { termOffset, outranked } = await findTermOffset(client, hello, term);
  const held = JSON.stringify(hello.holds.map((object) => ({ ...object, term: object.term - termOffset })));
  const { changes, raised } = await compareHolds(client, clusterId, held, term);

  const sum = (amount: "cpuMillis" | "memoryMiB" | "pods"): number => description.nodes.reduce((total, node) => total + node[amount], 0);
  const namesake = await client.query({ name: "find-namesake", text: "select from cluster where code = $1 and id <> $2", values: [description.code, clusterId] });
  if (namesake.rowCount) throw new Refusal(`the code ${description.code} is another cluster's`);
  const { rows } = await client.query<StoredCluster>({
    name: "store-cluster", text: STORE_CLUSTER,
    values: [
      clusterId, description.code, description.name, regionId, description.province, description.city, description.tier, description.isp,
      description.latitude, description.longitude, sum("cpuMillis"), sum("memoryMiB"), sum("pods"), JSON.stringify(description.prices), new Date(now),
      hello.store, new Date(staleBefore), termOffset, hello.sealingKey ?? null,
    ],
  });
  const cluster = rows[0];
  if (!cluster) throw new Refusal("the cluster answers to another agent, which is heard from: do two fleets use one database?");
  if (cluster.term_offset !== termOffset) throw new Refusal("the cluster said hello elsewhere at the same moment");
  const nodes = await storeNodes(client, hello);

  const forgetful = backInTime(hello, { epoch: cluster.epoch, ackedSeq: cluster.acked_seq, outranked, raised });
  const entries: TimelineEntry[] = await storeClusterEvents(client, eventsOf(hello, cluster, { term, forgetful, outranked, objects: changes.length }), now);
  if (cluster.changed) entries.push({ tenantId: null, clusterId, kind: "cluster", ids: [clusterId], at: now });
  if (nodes.stored.length + nodes.removed.length > 0) entries.push({ tenantId: null, clusterId, kind: "node", ids: nodes.stored, removedIds: nodes.removed, at: now });
  for (const [tenantId, lowered] of Map.groupBy(changes, (change) => change.tenant_id)) {
    for (const [kind, some] of Map.groupBy(lowered, (change) => change.kind)) entries.push({ tenantId, clusterId, kind, ids: some.map((change) => change.object_id), ownerIds: [...new Set(some.map((change) => change.application_id))], at: now });
  }
  await appendTimelineOn(client, entries);
  await enqueueOn(client, "reconcile_application", changes.map((change) => ({ tenantId: change.tenant_id, applicationId: change.application_id })));

  const strays = await client.query<Stray>({ name: "find-strays", text: FIND_STRAYS, values: [clusterId, held] });
  return { epoch: cluster.epoch, ackedSeq: cluster.acked_seq, termOffset, forgetful, strays: strays.rows };
}

interface StoredCluster {
  readonly epoch: number;
  readonly acked_seq: number;
  readonly term_offset: number;
  readonly changed: boolean;
  /** Before this hello; null where there was none. */
  readonly store_before: string | null;
}

/** What a hello shows to have happened: a store, or this database, that went back. Of a hello that comes again, the same. */
function eventsOf(hello: Hello, cluster: StoredCluster, { term, forgetful, outranked, objects }: Pick<Welcomed, "forgetful"> & { readonly term: number; readonly outranked: boolean; readonly objects: number }): ClusterEvent[] {
  const { clusterId, epoch, lastSeq, store } = hello;
  const events: ClusterEvent[] = [];
  const isAnother = cluster.store_before !== null && cluster.store_before !== store;
  const of = objects === 1 ? "1 object" : `${objects} objects`;
  if (isAnother || forgetful === "agent") {
    events.push({
      clusterId, type: "WARNING", reason: "AgentStoreRestored", id: eventIdOf(clusterId, term, cluster.epoch, cluster.acked_seq, store, epoch, lastSeq),
      cause: isAnother ? "another store" : "a store that went back",
      message:
        `The agent's store ${isAnother ? "is another one than before" : "went back"}: it knows its reports up to ${epoch}/${lastSeq}, here are those up to ${cluster.epoch}/${cluster.acked_seq}. What it had not reported is lost; ` +
        `${of} that it has not in the newest generation ${objects === 1 ? "is" : "are"} sent again, and it reports all its pods anew`,
    });
  }
  if (forgetful === "centre") {
    events.push({
      clusterId, type: "WARNING", reason: "CentreRestored", id: eventIdOf(clusterId, "centre", term, cluster.epoch, cluster.acked_seq, store, epoch, lastSeq), cause: "a database that went back",
      message: `The agent knows ${outranked ? "a later term" : "of more"} than this database: that was restored or lost. What was asked for since its copy was made is lost; ${of} of this cluster ${objects === 1 ? "is" : "are"} set again to what is known here`,
    });
  }
  return events;
}

/**
 * An agent that was told of a later term than the centre's own refuses all that the centre says: the database was lost, or goes back behind its
 * last restore. The cluster's terms run ahead of the database's from then on, by so much that they outrank what the agent knows; rows keep the
 * database's own, so that nothing but the link knows of it.
 */
async function findTermOffset(client: PoolClient, hello: Hello, term: number): Promise<{ readonly termOffset: number; readonly outranked: boolean }> {
  const { rows } = await client.query<{ offset: number }>({ name: "find-term-offset", text: "select term_offset as offset from cluster where id = $1", values: [hello.clusterId] });
  const termOffset = rows[0]?.offset ?? 0;
  const known = hello.holds.reduce((highest, held) => Math.max(highest, held.term), hello.term);
  if (known <= term + termOffset) return { termOffset, outranked: false };
  if (known > MAX_TERM) throw new Refusal(`the agent knows the term ${known}: no centre can have told it`);
  return { termOffset: known + 1 - term, outranked: true };
}

interface HoldChange {
  readonly kind: AssignmentKind;
  readonly tenant_id: string;
  readonly application_id: string;
  readonly object_id: string;
}

async function compareHolds(client: PoolClient, clusterId: string, held: string, term: number): Promise<{ readonly changes: readonly HoldChange[]; readonly raised: number }> {
  const ahead = await client.query<HoldChange>({ name: "raise-generations", text: RAISE_GENERATIONS, values: [clusterId, held, term, MAX_GENERATION] });
  const lowered = await client.query<HoldChange>({ name: "lower-confirmations", text: LOWER_CONFIRMATIONS, values: [clusterId, held, term] });
  return { changes: [...ahead.rows, ...lowered.rows], raised: ahead.rows.length };
}

async function storeNodes(client: PoolClient, { clusterId, description }: Hello): Promise<{ stored: string[]; removed: string[] }> {
  const nodes = description.nodes.map((node) => ({
    ...node, labels: Object.entries(node.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value })),
  }));
  const ids = nodes.map(({ id }) => id);
  const foreign = await client.query({ name: "foreign-nodes", text: "select id from cluster_node where id = any ($1) and cluster_id <> $2", values: [ids, clusterId] });
  if (foreign.rowCount) throw new Refusal("a node is another cluster's");
  const removed = await client.query<{ id: string }>({ name: "remove-nodes", text: "delete from cluster_node where cluster_id = $1 and id <> all ($2) returning id", values: [clusterId, ids] });
  const stored = await client.query<{ id: string }>({ name: "store-nodes", text: STORE_NODES, values: [clusterId, JSON.stringify(nodes)] });
  return { stored: stored.rows.map(({ id }) => id), removed: removed.rows.map(({ id }) => id) };
}

const HELD = `held as (select "objectId" as id, kind, term, generation, hash from jsonb_to_recordset($2::jsonb) as held ("objectId" uuid, kind text, term int, generation int, hash text))`;

/**
 * The centre went back in time unnoticed, within its term: only a generation above the agent's can move it. Where it has gone on since, and gave the same
 * generation to other content, the hash tells.
 */
const RAISE_GENERATIONS = /* sql */ `
with ${HELD}
update assignment a set generation = held.generation + 1
from held
where a.cluster_id = $1 and a.object_id = held.id and held.term = $3 and held.generation < $4
  and (held.generation > a.generation or (held.generation = a.generation and held.hash <> a.content_hash))
returning a.kind, a.tenant_id, a.application_id, a.object_id`;

/** A tombstone that was carried out is no longer held, and stays confirmed. */
const LOWER_CONFIRMATIONS = /* sql */ `
with ${HELD}, lower_than_said as (
  select a.object_id, case when held.term = $3 then least(held.generation, a.confirmed_generation) else 0 end as generation
  from assignment a left join held on held.id = a.object_id
  where a.cluster_id = $1 and a.confirmed_generation > 0
    and not (held.id is null and a.spec is null and a.confirmed_term = $3 and a.confirmed_generation = a.generation)
), lowered as (
  update assignment a set confirmed_generation = l.generation, confirmed_term = case when l.generation = 0 then 0 else $3 end
  from lower_than_said l
  where a.cluster_id = $1 and a.object_id = l.object_id and (a.confirmed_generation > l.generation or a.confirmed_term <> $3)
  returning a.kind, a.tenant_id, a.application_id, a.object_id, a.confirmed_generation
), placements as (
  update placement p set observed_generation = lowered.confirmed_generation
  from lowered where lowered.kind = 'placement' and p.tenant_id = lowered.tenant_id and p.id = lowered.object_id
), services as (
  update service s set observed_generation = lowered.confirmed_generation
  from lowered where lowered.kind = 'service' and s.tenant_id = lowered.tenant_id and s.id = lowered.object_id
)
select kind, tenant_id, application_id, object_id from lowered`;

/** One that does not say what it is, is a placement: services always do. */
const FIND_STRAYS = /* sql */ `
with ${HELD} select held.id as "objectId", coalesce(held.kind, 'placement') as kind, held.generation + 1 as generation from held where not exists (select from assignment a where a.cluster_id = $1 and a.object_id = held.id)`;

const STORE_CLUSTER = /* sql */ `
with before as (select * from cluster where id = $1)
insert into cluster as c (id, code, name, region_id, province, city, tier, isp, latitude, longitude, cpu_millis, memory_mib, pods, prices, status, last_seen_at, heard_at, agent_store, term_offset, sealing_key, online_since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'ONLINE', $15, $15, $16, $18, $19, $15)
on conflict (id) do update set
  code = excluded.code, name = excluded.name, region_id = excluded.region_id, province = excluded.province, city = excluded.city, tier = excluded.tier,
  isp = excluded.isp, latitude = excluded.latitude, longitude = excluded.longitude, cpu_millis = excluded.cpu_millis, memory_mib = excluded.memory_mib,
  pods = excluded.pods, prices = excluded.prices, heard_at = excluded.heard_at,
  agent_store = excluded.agent_store, term_offset = greatest(c.term_offset, excluded.term_offset), sealing_key = excluded.sealing_key
where c.agent_store is null or c.agent_store = excluded.agent_store or coalesce(greatest(c.last_seen_at, c.heard_at) < $17, true)
returning c.epoch, c.acked_seq, c.term_offset, (select agent_store from before) as store_before, not exists (
  select from before b where (b.code, b.name, b.region_id, b.province, b.city, b.tier, b.isp, b.latitude, b.longitude, b.cpu_millis, b.memory_mib, b.pods, b.prices, b.status)
    = (c.code, c.name, c.region_id, c.province, c.city, c.tier, c.isp, c.latitude, c.longitude, c.cpu_millis, c.memory_mib, c.pods, c.prices, c.status)) as changed`;

const STORE_NODES = /* sql */ `
insert into cluster_node as n (id, cluster_id, name, status, labels, cpu_millis, memory_mib, pods)
select id, $1, name, 'READY', labels, "cpuMillis", "memoryMiB", pods
from jsonb_to_recordset($2::jsonb) as node (id uuid, name text, labels jsonb, "cpuMillis" int, "memoryMiB" int, pods int)
on conflict (id) do update set
  name = excluded.name, labels = excluded.labels, cpu_millis = excluded.cpu_millis, memory_mib = excluded.memory_mib, pods = excluded.pods
where n.cluster_id = excluded.cluster_id
  and (n.name, n.labels, n.cpu_millis, n.memory_mib, n.pods) is distinct from (excluded.name, excluded.labels, excluded.cpu_millis, excluded.memory_mib, excluded.pods)
returning n.id`;
