/**
 * A cluster's nodes and the choice among them. A pod fits a node that is READY and has its cpu, memory, ports and one of its pod places left; of
 * those that fit, the one with the fewest pods of the same placement wins (spread), then the one with most left after taking the pod
 * (least allocated: mean of the free shares of cpu and memory), then the first in the description. No chance is involved.
 */
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { NodeDescription } from "../link.ts";

export interface PodRequests {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

/** What a pod takes of its node: a pod with the network type HOST its ports, too. */
export interface PodDemand extends PodRequests {
  /** Each once, with its protocol: `8080/TCP`; absent for none. */
  readonly hostPorts?: readonly string[];
}

export class NodeTable {
  readonly descriptions: readonly NodeDescription[];
  readonly #cpuFree: Float64Array;
  readonly #memoryFree: Float64Array;
  readonly #podsFree: Float64Array;
  /** How many pods have each port of a node: more than one only after a restore from before this was looked at. */
  readonly #ports: readonly Map<string, number>[];
  readonly #ready: boolean[];

  constructor(descriptions: readonly NodeDescription[]) {
    this.descriptions = descriptions;
    this.#cpuFree = Float64Array.from(descriptions, (node) => node.cpuMillis);
    this.#memoryFree = Float64Array.from(descriptions, (node) => node.memoryMiB);
    this.#podsFree = Float64Array.from(descriptions, (node) => node.pods);
    this.#ports = descriptions.map(() => new Map());
    this.#ready = descriptions.map(() => true);
  }

  get size(): number {
    return this.descriptions.length;
  }

  idOf(index: number): string {
    return (this.descriptions[index] as NodeDescription).id;
  }

  /** -1 where there is no such node. */
  indexOf(nodeId: string): number {
    return this.descriptions.findIndex((node) => node.id === nodeId);
  }

  status(index: number): ClusterNodeStatus {
    return this.#ready[index] === true ? "READY" : "NOT_READY";
  }

  setStatus(index: number, status: ClusterNodeStatus): void {
    this.#ready[index] = status === "READY";
  }

  /** What is left; below zero only after a description that shrank under running pods. */
  free(index: number): PodRequests & { readonly pods: number } {
    return {
      cpuMillis: this.#cpuFree[index] as number,
      memoryMiB: this.#memoryFree[index] as number,
      pods: this.#podsFree[index] as number,
    };
  }

  /** The best node, or -1. `ownPods[i]` counts the pods of the same placement on node i. */
  choose(requests: PodDemand, ownPods: ArrayLike<number>): number {
    let best = -1;
    let bestOwn = Infinity;
    let bestScore = -Infinity;
    for (let index = 0; index < this.descriptions.length; index++) {
      if (!this.#fits(index, requests)) continue;
      const own = ownPods[index] as number;
      if (own > bestOwn) continue;
      const node = this.descriptions[index] as NodeDescription;
      const score =
        ((this.#cpuFree[index] as number) - requests.cpuMillis) / node.cpuMillis +
        ((this.#memoryFree[index] as number) - requests.memoryMiB) / node.memoryMiB;
      if (own < bestOwn || score > bestScore) {
        best = index;
        bestOwn = own;
        bestScore = score;
      }
    }
    return best;
  }

  /** Why no node takes such a pod, in Kubernetes' form: a node counts for everything that it lacks. */
  explain(requests: PodDemand): string {
    let notReady = 0;
    let cpu = 0;
    let memory = 0;
    let pods = 0;
    let ports = 0;
    for (let index = 0; index < this.descriptions.length; index++) {
      if (this.#ready[index] !== true) {
        notReady += 1;
        continue;
      }
      if ((this.#cpuFree[index] as number) < requests.cpuMillis) cpu += 1;
      if ((this.#memoryFree[index] as number) < requests.memoryMiB) memory += 1;
      if ((this.#podsFree[index] as number) < 1) pods += 1;
      if (!this.#hasPorts(index, requests)) ports += 1;
    }
    const reasons = [
      [notReady, "not ready"],
      [cpu, "insufficient cpu"],
      [memory, "insufficient memory"],
      [pods, "too many pods"],
      [ports, "didn't have free ports for the requested pod ports"],
    ] as const;
    const parts = reasons.filter(([count]) => count > 0).map(([count, reason]) => `${count} ${reason}`);
    return `0/${this.descriptions.length} nodes are available: ${parts.join(", ")}`;
  }

  take(index: number, requests: PodDemand): void {
    this.#add(index, requests, -1);
  }

  giveBack(index: number, requests: PodDemand): void {
    this.#add(index, requests, 1);
  }

  #fits(index: number, requests: PodDemand): boolean {
    return (
      this.#ready[index] === true &&
      (this.#podsFree[index] as number) >= 1 &&
      (this.#cpuFree[index] as number) >= requests.cpuMillis &&
      (this.#memoryFree[index] as number) >= requests.memoryMiB &&
      this.#hasPorts(index, requests)
    );
  }

  #hasPorts(index: number, { hostPorts = [] }: PodDemand): boolean {
    return hostPorts.every((port) => this.#ports[index]?.has(port) === false);
  }

  #add(index: number, requests: PodDemand, sign: 1 | -1): void {
    this.#cpuFree[index] = (this.#cpuFree[index] as number) + sign * requests.cpuMillis;
    this.#memoryFree[index] = (this.#memoryFree[index] as number) + sign * requests.memoryMiB;
    this.#podsFree[index] = (this.#podsFree[index] as number) + sign;
    const ports = this.#ports[index] as Map<string, number>;
    for (const port of requests.hostPorts ?? []) {
      const pods = (ports.get(port) ?? 0) - sign;
      if (pods === 0) ports.delete(port);
      else ports.set(port, pods);
    }
  }
}
