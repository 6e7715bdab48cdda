/** What placements ask of clusters: that they exist, take new pods, and have room. */
import { arrayText } from "../../database/arrays.ts";
import { type Amounts, type ClusterRoom, hasRoom, noNodeFits, noRoom, NOTHING, onlyReleases, type PodRequests, total } from "../../domain/capacity.ts";
import { type DomainError, type PlanCheckResult, planRefused } from "../../domain/errors.ts";
import type { Transaction } from "../transaction.ts";

export interface ClusterFacts {
  readonly id: string;
  readonly code: string;
  readonly cordoned: boolean;
}

export async function loadClusters(tx: Transaction, ids: readonly string[]): Promise<Map<string, ClusterFacts>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.em.execute<ClusterFacts[]>("select id, code, cordoned from cluster where id = any (?::uuid[])", [arrayText(ids)]);
  return new Map(rows.map((row) => [row.id, row]));
}

export interface Demand {
  readonly cluster: ClusterFacts;
  readonly requests: PodRequests;
  /** What the cluster is to hold more (or, below zero, less) than before. */
  readonly change: Amounts;
  /** Pods that are new there. */
  readonly addedPods: number;
  /** Pods of these requests are to run there: each has to fit on a node. */
  readonly desired: number;
}

/** A cordoned cluster keeps its pods and takes no new ones. */
export function checkCordons(demands: readonly Demand[], path: readonly string[] | null): DomainError[] {
  const failed = demands
    .filter(({ cluster, addedPods }) => cluster.cordoned && addedPods > 0)
    .map(({ cluster, addedPods }): PlanCheckResult => ({
      name: "SCHEDULING",
      clusterId: cluster.id,
      ok: false,
      message: `Cluster ${cluster.code} is cordoned and takes no new pods; ${addedPods} are asked for.`,
    }));
  return failed.length > 0 ? [planRefused("PLAN_REFUSED", failed, path)] : [];
}

/**
 * Takes what the demands need and gives back what they no longer do. All clusters without room are named at once; the caller then rolls
 * back. Called last, because the clusters' rows are what all tenants share, or, where reservations are postponed, no more than compared with
 * what is free: `reservePostponed` then takes it.
 */
export async function reserve(tx: Transaction, demands: readonly Demand[], path: readonly string[] | null): Promise<DomainError[]> {
  const asking = demands.filter(({ change }) => asksForAnything(change));
  // What reserves nothing still has to fit on some node.
  const growing = demands.filter(({ desired, addedPods, change }) => desired > 0 && (asksForAnything(change) ? !onlyReleases(change) : addedPods > 0));
  if (asking.length + growing.length === 0) return [];
  const { postponed } = tx;
  const withoutRoom = postponed || asking.length === 0 ? null : await take(tx, new Map(asking.map(({ cluster, change }) => [cluster.id, change])));
  const rooms = await loadRooms(tx, growing);
  const failed = growing.flatMap(({ cluster, requests, change }): PlanCheckResult[] => {
    const stored = rooms.get(cluster.id);
    if (!stored) return [];
    const room = { ...stored, reserved: total(stored.reserved, postponed?.get(cluster.id) ?? NOTHING) };
    if (!room.fitsOneNode) return [noNodeFits(room, requests)];
    return (withoutRoom ? withoutRoom.has(cluster.id) : !hasRoom(room, change)) ? [noRoom(room, change)] : [];
  });
  if (failed.length > 0) return [planRefused("INSUFFICIENT_CAPACITY", failed, path)];
  if (postponed) for (const { cluster, change } of asking) tx.postpone(cluster.id, change);
  return [];
}

/** Somebody took the room between the look and the reservation: a serialisation failure like those of the database, and tried again like them. */
class Outrun extends Error {
  override readonly name = "Outrun";
  readonly code = "40001";
}

/** Takes what was postponed: every cluster's row once, at the end. */
export async function reservePostponed(tx: Transaction): Promise<void> {
  const changes = new Map([...(tx.postponed ?? [])].filter(([, change]) => asksForAnything(change)));
  if (changes.size > 0 && (await take(tx, changes)).size > 0) throw new Outrun("another mutation took the room that was free");
}

const asksForAnything = (change: Amounts): boolean => change.cpuMillis !== 0 || change.memoryMiB !== 0 || change.pods !== 0;

/** Cluster by cluster in the order of ids, so that mutations wait for each other here and never in a circle. Returns those without room. */
async function take(tx: Transaction, changes: ReadonlyMap<string, Amounts>): Promise<Set<string>> {
  const amounts = [...changes.values()];
  const answers = await tx.em.execute<{ id: string; ok: boolean }[]>(
    `select wanted.id, app.reserve(wanted.id, wanted.cpu, wanted.memory, wanted.pods) as ok
     from (
       select * from unnest(?::uuid[], ?::bigint[], ?::bigint[], ?::bigint[]) as given (id, cpu, memory, pods) order by id offset 0
     ) as wanted`,
    [
      arrayText([...changes.keys()]),
      arrayText(amounts.map(({ cpuMillis }) => cpuMillis)),
      arrayText(amounts.map(({ memoryMiB }) => memoryMiB)),
      arrayText(amounts.map(({ pods }) => pods)),
    ],
  );
  tx.changed("usage", ...answers.filter(({ ok }) => ok).map(({ id }) => id));
  return new Set(answers.filter(({ ok }) => !ok).map(({ id }) => id));
}

interface RoomRow {
  readonly id: string;
  readonly code: string;
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
  readonly reserved_cpu: string;
  readonly reserved_memory: string;
  readonly reserved_pods: string;
  readonly fits: boolean | null;
  readonly largest_cpu: number | null;
  readonly largest_memory: number | null;
}

async function loadRooms(tx: Transaction, demands: readonly Demand[]): Promise<Map<string, ClusterRoom>> {
  const [first] = demands;
  if (!first) return new Map();
  // All demands of one call are for pods of one template.
  const { cpuMillis, memoryMiB } = first.requests;
  const rows = await tx.em.execute<RoomRow[]>(
    `select c.id, c.code, c.cpu_millis as cpu, c.memory_mib as memory, c.pods, c.reserved_cpu_millis as reserved_cpu,
            c.reserved_memory_mib as reserved_memory, c.reserved_pods, node.fits, node.largest_cpu, node.largest_memory
     from cluster c cross join lateral (
       select bool_or(n.cpu_millis >= ? and n.memory_mib >= ?) as fits,
              max(n.cpu_millis) as largest_cpu, max(n.memory_mib) as largest_memory
       from cluster_node n where n.cluster_id = c.id) node
     where c.id = any (?::uuid[])`,
    [cpuMillis, memoryMiB, arrayText(demands.map(({ cluster }) => cluster.id))],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        code: row.code,
        capacity: { cpuMillis: row.cpu, memoryMiB: row.memory, pods: row.pods },
        reserved: { cpuMillis: Number(row.reserved_cpu), memoryMiB: Number(row.reserved_memory), pods: Number(row.reserved_pods) },
        fitsOneNode: row.fits === true,
        largestNode: { cpuMillis: row.largest_cpu ?? 0, memoryMiB: row.largest_memory ?? 0 },
      },
    ]),
  );
}
