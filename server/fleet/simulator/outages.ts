/**
 * Nodes that don't answer. What they run goes on by itself as far as anybody knows, but nothing new starts there, and nobody hears of it:
 *
 *   node READY ──fail──▶ NOT_READY, its pods LOST ──grace──▶ its pods TERMINATING, others take their place ──recover──▶ they end, node READY
 *                                    └──recover within the grace──▶ its pods are found again: the same pods, with the same starts
 *
 * Invariants
 * - A pod that is LOST is not ready, and counts as one of its placement's; one that was given up counts nowhere, so nothing is counted twice.
 * - What terminates on a node that does not answer is gone when the node is back, not before: only then is it known.
 */
import type { Happening } from "./cluster-options.ts";
import { podObject, type ClusterParts } from "./parts.ts";
import { LOST, TERMINATING } from "./pods.ts";
import type { Stages } from "./stages.ts";

/** As it is stored; nodes by their ids, because a description may put them in another order. */
export interface Outage {
  readonly nodeId: string;
  /** When its pods are given up; null: they were. */
  readonly givesUpAt: number | null;
  /** The fault behind it. */
  readonly faultId?: string;
}

export interface OutagesListener {
  nodeChanged(index: number): void;
  nodeReturned(): void;
  happened(happening: Happening): void;
}

export class Outages {
  readonly #parts: ClusterParts;
  readonly #stages: Stages;
  readonly #listener: OutagesListener;
  /** By the index of the node. */
  readonly #outages = new Map<number, Outage>();

  constructor(parts: ClusterParts, stages: Stages, listener: OutagesListener) {
    this.#parts = parts;
    this.#stages = stages;
    this.#listener = listener;
  }

  get records(): readonly Outage[] {
    return [...this.#outages.values()];
  }

  /** Only before anything else happens to the cluster. */
  restore(records: readonly Outage[], setBackMs: number): void {
    for (const record of records) {
      const index = this.#parts.nodes.indexOf(record.nodeId);
      if (index >= 0) this.#outages.set(index, { ...record, givesUpAt: record.givesUpAt === null ? null : record.givesUpAt - setBackMs });
    }
  }

  /** When the next node's pods are given up, Infinity for never. */
  nextDue(): number {
    let due = Infinity;
    for (const { givesUpAt } of this.#outages.values()) due = Math.min(due, givesUpAt ?? Infinity);
    return due;
  }

  fail(index: number, now: number, faultId?: string): void {
    const { nodes, behaviours } = this.#parts;
    if (nodes.status(index) === "NOT_READY") return;
    nodes.setStatus(index, "NOT_READY");
    this.#outages.set(index, { nodeId: nodes.idOf(index), givesUpAt: now + behaviours.faults.nodeGraceMs, ...(faultId === undefined ? {} : { faultId }) });
    for (const slot of this.#slotsOn(index)) this.#stages.lose(slot);
    this.#tellOfNode(index, "WARNING", "NodeNotReady", "The node does not answer any more", now, faultId);
    this.#listener.nodeChanged(index);
  }

  recover(index: number, now: number): void {
    const { nodes } = this.#parts;
    if (nodes.status(index) === "READY") return;
    const faultId = this.#outages.get(index)?.faultId;
    nodes.setStatus(index, "READY");
    this.#outages.delete(index);
    for (const slot of this.#slotsOn(index)) this.#stages.find(slot, now);
    this.#tellOfNode(index, "NORMAL", "NodeReady", "The node answers again", now, faultId);
    this.#listener.nodeChanged(index);
    this.#listener.nodeReturned();
  }

  /** Gives up what has been lost for longer than the grace. */
  advance(now: number): void {
    for (const [index, outage] of this.#outages) {
      if (outage.givesUpAt === null || outage.givesUpAt > now) continue;
      this.#outages.set(index, { ...outage, givesUpAt: null });
      for (const slot of this.#slotsOn(index)) {
        if (this.#parts.pods.state[slot] === LOST) this.#giveUp(slot, index, now, outage.faultId);
      }
      // What is stored of it is another.
      this.#listener.nodeChanged(index);
    }
  }

  #giveUp(slot: number, index: number, now: number, faultId: string | undefined): void {
    const node = this.#parts.nodes.descriptions[index]?.name ?? "";
    this.#listener.happened({
      at: now, type: "WARNING", reason: "Evicted", message: `Given up, and replaced elsewhere: the node ${node} has not answered for ${this.#parts.behaviours.faults.nodeGraceMs / 1_000} s`,
      object: podObject(this.#parts, slot), ...(faultId === undefined ? {} : { faultId }),
    });
    this.#stages.enter(slot, TERMINATING, now);
  }

  #slotsOn(index: number): number[] {
    const { pods } = this.#parts;
    return [...pods.slots()].filter((slot) => pods.node[slot] === index);
  }

  #tellOfNode(index: number, type: Happening["type"], reason: string, message: string, now: number, faultId: string | undefined): void {
    const { id, name } = this.#parts.nodes.descriptions[index] ?? { id: "", name: "" };
    this.#listener.happened({ at: now, type, reason, message, object: { kind: "node", id, name }, ...(faultId === undefined ? {} : { faultId }) });
  }
}
