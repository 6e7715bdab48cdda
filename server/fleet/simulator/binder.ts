/**
 * Gives pods their nodes and addresses. A pod that finds no room waits; all that wait try again, first come first but SPOT after the others, shortly after room
 * appeared, or somebody whom required rules of affinity ask for. An ON_DEMAND pod may have SPOT pods evicted (spot.ts): it waits until they are gone.
 */
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import { isSpot } from "./placements.ts";
import { NONE, PENDING, type WaitingReason } from "./pods.ts";

export interface BinderListener {
  podChanged(slot: number): void;
  /** The pod has a node, and its address. */
  podBound(slot: number, now: number): void;
  /** It has to make room on its node: it is to end. */
  podPreempted(slot: number, now: number): void;
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

  bindFresh(now: number): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const slot of this.#inTurn(fresh)) if (this.#parts.pods.state[slot] === PENDING) this.#bind(slot, now);
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
      const { record, demand, placement, affinity } = variantOf(this.#parts, slot);
      // Addresses are no nodes': those that wait for one are told when one is given back.
      if (seen.has(record.number) || pods.waiting.get(slot)?.reason === "AddressesExhausted") continue;
      if (nodes.choose(demand, placement.podsOnNode, affinity) !== NONE) return true;
      seen.add(record.number);
    }
    return false;
  }

  /** Tries all that wait; once one of a variant found no room and no way to get it, the others of it are only told why. */
  retry(now: number): void {
    this.#retryAt = Infinity;
    const refused = new Map<number, WaitingReason>();
    for (const slot of this.#inTurn([...this.#parts.waiting])) {
      const number = this.#parts.pods.variant[slot] as number;
      const known = this.#parts.spot.nominationOf(slot) === null ? refused.get(number) : undefined;
      const why = known === undefined ? this.#bind(slot, now) : this.#wait(slot, known);
      if (why !== null) refused.set(number, why);
    }
  }

  /** A pod is gone: what it had of its node is free, or what it was promised. */
  podGone(slot: number, now: number): void {
    const { affinities, nodes, pods, spot } = this.#parts;
    const node = pods.node[slot] as number;
    const variant = variantOf(this.#parts, slot);
    if (node === NONE) {
      if (spot.dropNomination(slot) === null) return;
    } else {
      nodes.giveBack(node, variant.demand);
      affinities.remove(variant, node);
      spot.delete(slot, node);
    }
    this.roomAppeared(now);
  }

  /** SPOT pods after the others. */
  #inTurn(slots: readonly number[]): readonly number[] {
    const { pods, placements } = this.#parts;
    // Most clusters have none: then nothing is looked at.
    if (!placements.hasSpot) return slots;
    const isLast = (slot: number): boolean => pods.state[slot] === PENDING && isSpot(variantOf(this.#parts, slot));
    return [...slots.filter((slot) => !isLast(slot)), ...slots.filter(isLast)];
  }

  /** Says why not, where it found no room and none is made for it. */
  #bind(slot: number, now: number): WaitingReason | null {
    const { affinities, nodes, pods, spot, waiting } = this.#parts;
    const variant = variantOf(this.#parts, slot);
    const { demand, placement, pool, affinity } = variant;
    const promised = spot.dropNomination(slot);
    const node = nodes.choose(demand, placement.podsOnNode, affinity);
    if (node === NONE) return this.#makeRoom(slot, now);
    const address = pool === null ? 0 : pool.take();
    if (address === null) return this.#wait(slot, { reason: "AddressesExhausted", message: `subnet ${pool?.cidr} has no free address` });
    nodes.take(node, demand);
    pods.node[slot] = node;
    pods.address[slot] = address;
    pods.waiting.delete(slot);
    waiting.delete(slot);
    if (isSpot(variant)) spot.add(slot, node);
    const isAwaited = affinities.place(variant, node);
    countOnNode(this.#parts, slot, 1);
    this.#listener.podBound(slot, now);
    if (isAwaited || (promised !== null && promised !== node)) this.roomAppeared(now);
    return null;
  }

  /** Has SPOT pods evicted and waits for their room, where that is a way; else only waits. */
  #makeRoom(slot: number, now: number): WaitingReason | null {
    const { nodes, spot } = this.#parts;
    const { demand, affinity, pool } = variantOf(this.#parts, slot);
    const why = this.#wait(slot, { reason: "Unschedulable", message: nodes.explain(demand, affinity) });
    // Nobody is evicted for a pod that could not start then either.
    const victims = pool?.hasFree === false ? null : spot.victimsFor(slot);
    if (victims === null) return why;
    spot.nominate(slot, victims.node);
    for (const victim of victims.slots) this.#listener.podPreempted(victim, now);
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
