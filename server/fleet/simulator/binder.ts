/**
 * Gives pods their nodes and addresses. A pod that finds no room waits; all that wait try again, first come first, shortly after room appeared.
 */
import type { PodDemand } from "./scheduler.ts";
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import { NONE, PENDING, type WaitingReason } from "./pods.ts";

export interface BinderListener {
  podChanged(slot: number): void;
  /** The pod has a node, and its address. */
  podBound(slot: number): void;
  /** It found no room, or none for another reason than before. */
  podWaits(slot: number, why: WaitingReason): void;
}

export class Binder {
  readonly #parts: ClusterParts;
  readonly #listener: BinderListener;
  /** New pods that get their first try in this instant. */
  #fresh: number[] = [];
  #retryAt = Infinity;

  constructor(parts: ClusterParts, listener: BinderListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** When those that wait try again, Infinity for never. */
  get retryAt(): number {
    return this.#retryAt;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  add(slot: number): void {
    this.#fresh.push(slot);
  }

  bindFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const slot of fresh) if (this.#parts.pods.state[slot] === PENDING) this.#bind(slot);
  }

  roomAppeared(now: number): void {
    if (this.#parts.waiting.size > 0 && this.#retryAt === Infinity) this.#retryAt = now + this.#parts.behaviours.scheduleRetryMs;
  }

  /** After a restore: those that wait try again when they would have, and soon where nodes have become larger, or are new, while nobody was here. */
  resume(retryAt: number | null, now: number): void {
    if (retryAt !== null) this.#retryAt = retryAt;
    else if (this.#hasRoomForSome()) this.roomAppeared(now);
  }

  #hasRoomForSome(): boolean {
    const { nodes, pods, waiting } = this.#parts;
    const seen = new Set<number>();
    for (const slot of waiting) {
      const { record, demand, placement } = variantOf(this.#parts, slot);
      // Addresses are no nodes': those that wait for one are told when one is given back.
      if (seen.has(record.number) || pods.waiting.get(slot)?.reason === "AddressesExhausted") continue;
      if (nodes.choose(demand, placement.podsOnNode) !== NONE) return true;
      seen.add(record.number);
    }
    return false;
  }

  /** Tries all that wait; once one of a variant found no room, the others of it are only told why. */
  retry(): void {
    this.#retryAt = Infinity;
    const refused = new Map<number, WaitingReason>();
    for (const slot of this.#parts.waiting) {
      const number = this.#parts.pods.variant[slot] as number;
      const known = refused.get(number);
      const why = known === undefined ? this.#bind(slot) : this.#wait(slot, known);
      if (why !== null) refused.set(number, why);
    }
  }

  /** What a pod that is gone had of its node. */
  giveBack(node: number, demand: PodDemand, now: number): void {
    this.#parts.nodes.giveBack(node, demand);
    this.roomAppeared(now);
  }

  /** Says why not, where it found no room. */
  #bind(slot: number): WaitingReason | null {
    const { nodes, pods, waiting } = this.#parts;
    const { demand, placement, pool } = variantOf(this.#parts, slot);
    const node = nodes.choose(demand, placement.podsOnNode);
    if (node === NONE) return this.#wait(slot, { reason: "Unschedulable", message: nodes.explain(demand) });
    const address = pool === null ? 0 : pool.take();
    if (address === null) return this.#wait(slot, { reason: "AddressesExhausted", message: `subnet ${pool?.cidr} has no free address` });
    nodes.take(node, demand);
    pods.node[slot] = node;
    pods.address[slot] = address;
    pods.waiting.delete(slot);
    waiting.delete(slot);
    countOnNode(this.#parts, slot, 1);
    this.#listener.podBound(slot);
    return null;
  }

  #wait(slot: number, why: WaitingReason): WaitingReason {
    const { pods, waiting } = this.#parts;
    waiting.add(slot);
    const known = pods.waiting.get(slot);
    if (known?.reason !== why.reason || known.message !== why.message) {
      pods.waiting.set(slot, why);
      this.#listener.podWaits(slot, why);
      this.#listener.podChanged(slot);
    }
    return why;
  }
}
