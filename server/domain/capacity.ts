/**
 * Whether clusters have room. The one invariant of reservations: on each cluster, what is reserved is the sum over its placements of
 * desired pods × what a pod of the placement's revision requests.
 */
import type { PlanCheckResult } from "./errors.ts";

export interface Amounts {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly pods: number;
}

export interface PodRequests {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

export const NOTHING: Amounts = { cpuMillis: 0, memoryMiB: 0, pods: 0 };

export const amountsOf = (requests: PodRequests, pods: number): Amounts => ({
  cpuMillis: requests.cpuMillis * pods,
  memoryMiB: requests.memoryMiB * pods,
  pods,
});

export const total = (one: Amounts, other: Amounts): Amounts => ({
  cpuMillis: one.cpuMillis + other.cpuMillis,
  memoryMiB: one.memoryMiB + other.memoryMiB,
  pods: one.pods + other.pods,
});

export const difference = (after: Amounts, before: Amounts): Amounts => ({
  cpuMillis: after.cpuMillis - before.cpuMillis,
  memoryMiB: after.memoryMiB - before.memoryMiB,
  pods: after.pods - before.pods,
});

/** Nothing more of anything is asked for. */
export const onlyReleases = (change: Amounts): boolean => change.cpuMillis <= 0 && change.memoryMiB <= 0 && change.pods <= 0;

export interface ClusterRoom {
  readonly id: string;
  readonly code: string;
  readonly capacity: Amounts;
  readonly reserved: Amounts;
  /** The largest of its nodes, by memory and by cpu: a pod has to fit on one node. */
  readonly fitsOneNode: boolean;
  readonly largestNode: PodRequests;
}

/** Whether what more is asked for is free; what is given back always may be. */
export const hasRoom = ({ capacity, reserved }: Pick<ClusterRoom, "capacity" | "reserved">, change: Amounts): boolean =>
  (["cpuMillis", "memoryMiB", "pods"] as const).every((name) => change[name] <= 0 || reserved[name] + change[name] <= capacity[name]);

/** The sentence for a cluster that has no room for the change, e.g. "shaoxing-2 has 1200 of 32000 cpuMillis free, 4000 are needed." */
export function noRoom(cluster: Pick<ClusterRoom, "id" | "code" | "capacity" | "reserved">, change: Amounts): PlanCheckResult {
  const short = (["cpuMillis", "memoryMiB", "pods"] as const)
    .map((name) => ({ name, needed: change[name], free: Math.max(0, cluster.capacity[name] - cluster.reserved[name]) }))
    .filter(({ needed, free }) => needed > free);
  const parts = short.map(({ name, needed, free }) => `${needed} ${name} needed, ${free} of ${cluster.capacity[name]} free`);
  // Another request may have freed room since it was refused: then only the refusal itself can be told.
  const detail = parts.length > 0 ? parts.join("; ") : "its last free resources were being taken by another request";
  return { name: "CAPACITY", clusterId: cluster.id, ok: false, message: `Cluster ${cluster.code} has no room: ${detail}.` };
}

export function noNodeFits(cluster: ClusterRoom, requests: PodRequests): PlanCheckResult {
  const { cpuMillis, memoryMiB } = cluster.largestNode;
  return {
    name: "CAPACITY",
    clusterId: cluster.id,
    ok: false,
    message:
      `A pod of ${requests.cpuMillis} cpuMillis and ${requests.memoryMiB} memoryMiB fits on no node of cluster ${cluster.code}: ` +
      `its largest have ${cpuMillis} cpuMillis and ${memoryMiB} memoryMiB.`,
  };
}
