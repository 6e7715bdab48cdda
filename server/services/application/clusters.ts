/** What placements ask of clusters: that they exist, take new pods, and have room. */
import { type Amounts, type ClusterRoom, noNodeFits, noRoom, onlyReleases, type PodRequests } from "../../domain/capacity.ts";
import { type DomainError, type PlanCheckResult, planRefused } from "../../domain/errors.ts";
import type { Transaction } from "../transaction.ts";

export interface ClusterFacts {
  readonly id: string;
  readonly code: string;
  readonly cordoned: boolean;
}

export async function loadClusters(tx: Transaction, ids: readonly string[]): Promise<Map<string, ClusterFacts>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.em.execute<ClusterFacts[]>("select id, code, cordoned from cluster where id = any (?::uuid[])", [uuids(ids)]);
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
 * Takes what the demands need and gives back what they no longer do, cluster by cluster in the order of ids, so that concurrent
 * transactions never deadlock. All clusters without room are named at once; the caller then rolls back. Called last, because the
 * clusters' rows are what all tenants share.
 */
export async function reserve(tx: Transaction, demands: readonly Demand[], path: readonly string[] | null): Promise<DomainError[]> {
  const asking = demands.filter(({ change }) => change.cpuMillis !== 0 || change.memoryMiB !== 0 || change.pods !== 0);
  if (asking.length === 0) return [];
  const answers = await tx.em.execute<{ id: string; ok: boolean }[]>(
    `select wanted.id, app.reserve(wanted.id, wanted.cpu, wanted.memory, wanted.pods) as ok
     from (
       select * from unnest(?::uuid[], ?::bigint[], ?::bigint[], ?::bigint[]) as given (id, cpu, memory, pods) order by id offset 0
     ) as wanted`,
    [
      uuids(asking.map(({ cluster }) => cluster.id)),
      numbers(asking.map(({ change }) => change.cpuMillis)),
      numbers(asking.map(({ change }) => change.memoryMiB)),
      numbers(asking.map(({ change }) => change.pods)),
    ],
  );
  const refusedIds = new Set(answers.filter(({ ok }) => !ok).map(({ id }) => id));
  const growing = asking.filter(({ desired, change }) => desired > 0 && !onlyReleases(change));
  const rooms = await loadRooms(tx, growing);
  const failed = growing.flatMap(({ cluster, requests, change }): PlanCheckResult[] => {
    const room = rooms.get(cluster.id);
    if (!room) return [];
    if (!room.fitsOneNode) return [noNodeFits(room, requests)];
    return refusedIds.has(cluster.id) ? [noRoom(room, change)] : [];
  });
  return failed.length > 0 ? [planRefused("INSUFFICIENT_CAPACITY", failed, path)] : [];
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
    [cpuMillis, memoryMiB, uuids(demands.map(({ cluster }) => cluster.id))],
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

const uuids = (ids: readonly string[]): string => `{${ids.join(",")}}`;
const numbers = (values: readonly number[]): string => `{${values.join(",")}}`;
