/**
 * A cluster's nodes and the choice among them, as kube-scheduler makes it: nodes that fail a filter are out, of the others the best score wins, then the
 * first in the description. No chance is involved.
 *
 * Filters, in this order: the node is READY; required rules about nodes hold; its ports are free; cpu, memory and a pod place are left; required rules
 * about applications hold (affinity.ts).
 *
 * Score of a pod without preferences: the fewest pods of the same placement (spread), then the most that is left after taking the pod (least
 * allocated: the sum of the free shares of cpu and memory). With preferences, as kube-scheduler weighs them: 2 × preferences and 2 × spread, each from 0
 * for the worst node that fits to 100 for the best, + least allocated + balance (100 less half the difference of the used shares). MOST_ALLOCATED packs instead: the
 * least that is left wins, and there is no spread.
 *
 * Costs: a look at each node, whatever runs there. Nothing here knows pods: who gives a pod a node takes it, and gives it back once the pod is gone.
 */
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { NodeDescription } from "../link.ts";
import type { PodAffinity } from "./affinity.ts";

export interface PodRequests {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

/** What a pod takes of its node: a pod with the network type HOST its ports, too. */
export interface PodDemand extends PodRequests {
  /** Each once, with its protocol: `8080/TCP`; absent for none. */
  readonly hostPorts?: readonly string[];
}

/** What of nodes is free; below zero where more is promised than is left (preemption.ts), and after a description that shrank under running pods. */
export interface Room extends PodRequests {
  readonly pods: number;
}

export const SCORINGS = ["LEAST_ALLOCATED", "MOST_ALLOCATED"] as const;
export type Scoring = (typeof SCORINGS)[number];

const NOT_READY = "node(s) had untolerated taint {node.kubernetes.io/not-ready: }";
const NO_PORTS = "node(s) didn't have free ports for the requested pod ports";
const NO_CPU = "Insufficient cpu";
const NO_MEMORY = "Insufficient memory";
const NO_PLACE = "Too many pods";

export class NodeTable {
  readonly descriptions: readonly NodeDescription[];
  readonly #scoring: Scoring;
  readonly #cpu: Float64Array;
  readonly #memory: Float64Array;
  readonly #cpuFree: Float64Array;
  readonly #memoryFree: Float64Array;
  readonly #podsFree: Float64Array;
  /** How many pods have each port of a node: more than one only after a restore from before this was looked at. */
  readonly #ports: readonly Map<string, number>[];
  readonly #ready: Uint8Array;
  /** Of the nodes that fit, while a pod with preferences is looked at. */
  readonly #preferences: Float64Array;

  constructor(descriptions: readonly NodeDescription[], scoring: Scoring = "LEAST_ALLOCATED") {
    this.descriptions = descriptions;
    this.#scoring = scoring;
    this.#cpu = Float64Array.from(descriptions, (node) => node.cpuMillis);
    this.#memory = Float64Array.from(descriptions, (node) => node.memoryMiB);
    this.#cpuFree = this.#cpu.slice();
    this.#memoryFree = this.#memory.slice();
    this.#podsFree = Float64Array.from(descriptions, (node) => node.pods);
    this.#ports = descriptions.map(() => new Map());
    this.#ready = new Uint8Array(descriptions.length).fill(1);
    this.#preferences = new Float64Array(descriptions.length);
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
    return this.#ready[index] === 1 ? "READY" : "NOT_READY";
  }

  setStatus(index: number, status: ClusterNodeStatus): void {
    this.#ready[index] = status === "READY" ? 1 : 0;
  }

  free(index: number): Room {
    return {
      cpuMillis: this.#cpuFree[index] as number,
      memoryMiB: this.#memoryFree[index] as number,
      pods: this.#podsFree[index] as number,
    };
  }

  /** The best node, or -1. `ownPods[i]` counts the pods of the same placement on node i; `affinity`: null where no rule concerns the pod. */
  choose(demand: PodDemand, ownPods: ArrayLike<number>, affinity: PodAffinity | null = null): number {
    if (affinity !== null && affinity.hasPreferences) return this.#choosePreferred(demand, ownPods, affinity);
    const spreads = this.#scoring === "LEAST_ALLOCATED";
    const sign = spreads ? 1 : -1;
    const { cpuMillis, memoryMiB, hostPorts = NONE } = demand;
    const cpu = this.#cpu;
    const memory = this.#memory;
    const cpuFree = this.#cpuFree;
    const memoryFree = this.#memoryFree;
    const podsFree = this.#podsFree;
    const ready = this.#ready;
    let best = -1;
    let bestOwn = Infinity;
    let bestScore = -Infinity;
    for (let index = 0; index < cpu.length; index++) {
      const own = spreads ? (ownPods[index] as number) : 0;
      if (own > bestOwn || ready[index] !== 1) continue;
      const cpuLeft = (cpuFree[index] as number) - cpuMillis;
      const memoryLeft = (memoryFree[index] as number) - memoryMiB;
      if (cpuLeft < 0 || memoryLeft < 0 || (podsFree[index] as number) < 1) continue;
      const score = sign * (cpuLeft / (cpu[index] as number) + memoryLeft / (memory[index] as number));
      if (own === bestOwn && score <= bestScore) continue;
      // What costs most comes last, and only for a node that would win.
      if (hostPorts.length > 0 && !this.#hasPorts(index, hostPorts)) continue;
      if (affinity !== null && affinity.objectionTo(index) !== null) continue;
      best = index;
      bestOwn = own;
      bestScore = score;
    }
    return best;
  }

  #choosePreferred(demand: PodDemand, ownPods: ArrayLike<number>, affinity: PodAffinity): number {
    const preferences = this.#preferences;
    let least = Infinity;
    let most = -Infinity;
    let mostOwn = 0;
    for (let index = 0; index < preferences.length; index++) {
      preferences[index] = NaN;
      if (!this.fits(index, demand, affinity)) continue;
      const preference = affinity.preferenceFor(index);
      preferences[index] = preference;
      least = Math.min(least, preference);
      most = Math.max(most, preference);
      mostOwn = Math.max(mostOwn, ownPods[index] as number);
    }
    let best = -1;
    let bestScore = -Infinity;
    for (let index = 0; index < preferences.length; index++) {
      const preference = preferences[index] as number;
      if (Number.isNaN(preference)) continue;
      const cpuShare = ((this.#cpuFree[index] as number) - demand.cpuMillis) / (this.#cpu[index] as number);
      const memoryShare = ((this.#memoryFree[index] as number) - demand.memoryMiB) / (this.#memory[index] as number);
      const spreads = this.#scoring === "LEAST_ALLOCATED";
      const score =
        (most === least ? 0 : (200 * (preference - least)) / (most - least)) +
        (!spreads || mostOwn === 0 ? 0 : (200 * (mostOwn - (ownPods[index] as number))) / mostOwn) +
        (spreads ? 50 : -50) * (cpuShare + memoryShare) +
        100 - 50 * Math.abs(cpuShare - memoryShare);
      if (score > bestScore) {
        best = index;
        bestScore = score;
      }
    }
    return best;
  }

  /** Whether a node passes all filters. */
  fits(index: number, demand: PodDemand, affinity: PodAffinity | null): boolean {
    return (
      this.#ready[index] === 1 &&
      (this.#podsFree[index] as number) >= 1 &&
      (this.#cpuFree[index] as number) >= demand.cpuMillis &&
      (this.#memoryFree[index] as number) >= demand.memoryMiB &&
      this.#hasPorts(index, demand.hostPorts ?? NONE) &&
      (affinity === null || affinity.objectionTo(index) === null)
    );
  }

  /**
   * Why no node takes such a pod, in Kubernetes' words. As there, a node counts for the first filter that it fails, and for each of the resources
   * that it lacks; what most nodes fail comes first.
   */
  explain(demand: PodDemand, affinity: PodAffinity | null = null): string {
    const counts = new Map<string, number>();
    for (let index = 0; index < this.size; index++) for (const reason of this.#reasons(index, demand, affinity)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const parts = [...counts].toSorted(([one, a], [other, b]) => b - a || (one < other ? -1 : 1)).map(([reason, count]) => `${count} ${reason}`);
    return `0/${this.size} nodes are available: ${parts.join(", ")}.`;
  }

  #reasons(index: number, demand: PodDemand, affinity: PodAffinity | null): string[] {
    if (this.#ready[index] !== 1) return [NOT_READY];
    if (affinity !== null && !affinity.fitsNode(index)) return [affinity.objectionTo(index) ?? ""];
    if (!this.#hasPorts(index, demand.hostPorts ?? NONE)) return [NO_PORTS];
    const lacking = [
      ...((this.#cpuFree[index] as number) < demand.cpuMillis ? [NO_CPU] : []),
      ...((this.#memoryFree[index] as number) < demand.memoryMiB ? [NO_MEMORY] : []),
      ...((this.#podsFree[index] as number) < 1 ? [NO_PLACE] : []),
    ];
    if (lacking.length > 0) return lacking;
    const objection = affinity?.objectionTo(index) ?? null;
    return objection === null ? [] : [objection];
  }

  take(index: number, demand: PodDemand): void {
    this.#add(index, demand, -1);
  }

  giveBack(index: number, demand: PodDemand): void {
    this.#add(index, demand, 1);
  }

  #hasPorts(index: number, hostPorts: readonly string[]): boolean {
    const taken = this.#ports[index] as Map<string, number>;
    for (const port of hostPorts) if (taken.has(port)) return false;
    return true;
  }

  #add(index: number, demand: PodDemand, sign: 1 | -1): void {
    this.#cpuFree[index] = (this.#cpuFree[index] as number) + sign * demand.cpuMillis;
    this.#memoryFree[index] = (this.#memoryFree[index] as number) + sign * demand.memoryMiB;
    this.#podsFree[index] = (this.#podsFree[index] as number) + sign;
    const { hostPorts = NONE } = demand;
    if (hostPorts.length === 0) return;
    const ports = this.#ports[index] as Map<string, number>;
    for (const port of hostPorts) {
      const pods = (ports.get(port) ?? 0) - sign;
      if (pods === 0) ports.delete(port);
      else ports.set(port, pods);
    }
  }
}

const NONE: readonly string[] = [];
