/**
 * The SPOT pods of a cluster by their nodes, and what an ON_DEMAND pod that fits nowhere may do about them.
 *
 * A *nomination* is the promise of a node to such a pod: what it asks for is taken there at once, and whom rules keep from it has to stay away, so that nobody
 * else gets the place that its victims leave.
 * It ends with the next try, which gives the pod its node or promises one anew; so none has to be stored.
 *
 * Invariants
 * - Only SPOT pods are evicted, all for one pod on one node, and none where leaving SPOT pods make enough room by themselves.
 * - Every pod without a node has at most one nomination.
 */
import type { AffinityIndex } from "./affinity.ts";
import { isSpot, type Variant } from "./placements.ts";
import { TERMINATING, type PodTable } from "./pods.ts";
import { type Candidate, cheapestCover, compareVictims, sizeOf, type Victims } from "./preemption.ts";
import type { NodeTable } from "./scheduler.ts";

export interface SpotPodsOptions {
  readonly nodes: NodeTable;
  readonly pods: PodTable;
  readonly affinities: AffinityIndex;
  readonly variantOf: (slot: number) => Variant;
}

export class SpotPods {
  readonly #nodes: NodeTable;
  readonly #pods: PodTable;
  readonly #affinities: AffinityIndex;
  readonly #variantOf: (slot: number) => Variant;
  /** Slots by the index of their node. */
  readonly #onNode: readonly Set<number>[];
  #size = 0;
  readonly #nominations = new Map<number, number>();

  constructor({ nodes, pods, affinities, variantOf }: SpotPodsOptions) {
    this.#nodes = nodes;
    this.#pods = pods;
    this.#affinities = affinities;
    this.#variantOf = variantOf;
    this.#onNode = nodes.descriptions.map(() => new Set());
  }

  /** SPOT pods on nodes. */
  get size(): number {
    return this.#size;
  }

  add(slot: number, node: number): void {
    this.#onNode[node]?.add(slot);
    this.#size += 1;
  }

  delete(slot: number, node: number): void {
    if (this.#onNode[node]?.delete(slot) === true) this.#size -= 1;
  }

  /** The node that is promised to a pod, null for none. */
  nominationOf(slot: number): number | null {
    return this.#nominations.get(slot) ?? null;
  }

  nominate(slot: number, node: number): void {
    this.#nominations.set(slot, node);
    this.#nodes.take(node, this.#variantOf(slot).demand);
    this.#affinities.promise(this.#variantOf(slot), node, 1);
  }

  /** Answers the node that was promised, null for none. */
  dropNomination(slot: number): number | null {
    if (this.#nominations.size === 0) return null;
    const node = this.#nominations.get(slot);
    if (node === undefined) return null;
    this.#nominations.delete(slot);
    this.#nodes.giveBack(node, this.#variantOf(slot).demand);
    this.#affinities.promise(this.#variantOf(slot), node, -1);
    return node;
  }

  /** Who is to make room for a pod that fits nowhere, and where; null: there is no way. */
  victimsFor(slot: number): Victims | null {
    const variant = this.#variantOf(slot);
    if (this.#size === 0 || isSpot(variant)) return null;
    let best: Victims | null = null;
    for (let node = 0; node < this.#nodes.size; node++) {
      const victims = this.#victimsOn(node, variant);
      if (victims !== null && (best === null || compareVictims(victims, best) < 0)) best = victims;
    }
    return best;
  }

  /** As a trial: those that are leaving, and those that are in the way, are taken from the node for as long as it is looked at. */
  #victimsOn(node: number, variant: Variant): Victims | null {
    const here = this.#onNode[node] as Set<number>;
    if (here.size === 0 || this.#nodes.status(node) !== "READY" || variant.affinity?.fitsNode(node) === false) return null;
    const leaving = [...here].filter((slot) => this.#pods.state[slot] === TERMINATING);
    const staying = [...here].filter((slot) => this.#pods.state[slot] !== TERMINATING);
    const inTheWay = staying.filter((slot) => areApart(variant, this.#variantOf(slot)));
    const others = staying.filter((slot) => !inTheWay.includes(slot));
    return this.#without([...leaving, ...inTheWay], node, () => {
      const free = this.#nodes.free(node);
      const { demand } = variant;
      const lacking = { cpuMillis: demand.cpuMillis - free.cpuMillis, memoryMiB: demand.memoryMiB - free.memoryMiB, pods: 1 - free.pods };
      const { cpuMillis, memoryMiB } = this.#nodes.descriptions[node] ?? demand;
      const cover = cheapestCover(others.map((each) => this.#candidate(each)), lacking, { cpuMillis, memoryMiB });
      if (cover === null) return null;
      const slots = [...inTheWay, ...cover.map((each) => each.slot)];
      if (!this.#without(cover.map((each) => each.slot), node, () => this.#nodes.fits(node, demand, variant.affinity))) return null;
      const freed = cover.reduce((sum, each) => sum + sizeOf(each, { cpuMillis, memoryMiB }), 0);
      const needed = Math.max(0, lacking.cpuMillis) / cpuMillis + Math.max(0, lacking.memoryMiB) / memoryMiB;
      return { node, slots, oldest: slots.reduce((oldest, each) => Math.min(oldest, this.#pods.serial[each] as number), Infinity), waste: cover.length === 0 ? 0 : freed - needed };
    });
  }

  #candidate(slot: number): Candidate {
    const { cpuMillis, memoryMiB } = this.#variantOf(slot).demand;
    return { slot, cpuMillis, memoryMiB, serial: this.#pods.serial[slot] as number };
  }

  /** What is found while these pods are not on their node. */
  #without<T>(slots: readonly number[], node: number, look: () => T): T {
    for (const slot of slots) {
      const variant = this.#variantOf(slot);
      this.#nodes.giveBack(node, variant.demand);
      this.#affinities.remove(variant, node);
    }
    const found = look();
    for (const slot of slots) {
      const variant = this.#variantOf(slot);
      this.#nodes.take(node, variant.demand);
      this.#affinities.place(variant, node);
    }
    return found;
  }
}

/** Whether pods of the two can't be on one node, whatever room there is. */
function areApart(one: Variant, other: Variant): boolean {
  const ports = one.demand.hostPorts ?? [];
  if (ports.length > 0 && (other.demand.hostPorts ?? []).some((port) => ports.includes(port))) return true;
  return one.affinity !== null && other.affinity !== null && one.affinity.isKeptFrom(other.affinity);
}
