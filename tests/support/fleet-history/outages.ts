/** Which nodes of a cluster don't answer, as its journal sees it: since when each may have been silent, and since when it was for sure. */
import type { ClusterNodeStatus } from "#server/domain/states.ts";
import type { FaultOrder } from "#server/fleet/link.ts";
import { NODE_GRACE_MS } from "./parts.ts";

export interface Outage {
  /** It began between these two. */
  readonly earliest: number;
  readonly latest: number;
}
/** All that were ordered of a cluster, so far. */
export type Orders = () => readonly FaultOrder[];

export class Outages {
  readonly #orders: Orders;
  #current = new Map<string, Outage>();
  /** As they were when it was looked last. */
  #before = new Map<string, Outage>();
  #now = -Infinity;
  /** Nothing is known from then until now; Infinity where nothing was missed. */
  #missedSince = Infinity;
  #someAnswer = true;

  constructor(orders: Orders) {
    this.#orders = orders;
  }

  copy(): Outages {
    const copy = new Outages(this.#orders);
    [copy.#current, copy.#before] = [new Map(this.#current), new Map(this.#before)];
    [copy.#now, copy.#missedSince, copy.#someAnswer] = [this.#now, this.#missedSince, this.#someAnswer];
    return copy;
  }

  /** `missedSome`: any node may have failed and answered again since the last look. Answers whether another one is silent. */
  look(now: number, nodes: ReadonlyMap<string, ClusterNodeStatus>, missedSome: boolean): boolean {
    const lookedAt = this.#now;
    const silent = [...nodes].filter(([, status]) => status !== "READY").map(([id]) => id);
    this.#before = this.#current;
    this.#current = new Map(silent.map((id) => {
      const known = this.#before.get(id);
      return [id, known && !missedSome ? known : { earliest: known?.earliest ?? lookedAt, latest: now }];
    }));
    this.#now = now;
    this.#missedSince = missedSome ? lookedAt : Infinity;
    this.#someAnswer = silent.length < nodes.size;
    return silent.some((id) => !this.#before.has(id));
  }

  get someAnswer(): boolean {
    return this.#someAnswer;
  }

  of(nodeId: string | null): Outage | undefined {
    return nodeId === null ? undefined : this.#current.get(nodeId);
  }

  /** Whether the node has been silent from one look to the next. */
  lasts(nodeId: string | null): boolean {
    const outage = this.of(nodeId);
    return outage !== undefined && nodeId !== null && outage === this.#before.get(nodeId);
  }

  /** Whether pods of the node have to be given up by now. */
  mustGiveUp(nodeId: string | null): boolean {
    const outage = this.of(nodeId);
    return outage !== undefined && this.#now - outage.latest >= NODE_GRACE_MS;
  }

  /** Whether they may have been, also where the node answers again. */
  mayHaveGivenUp(nodeId: string | null): boolean {
    if (nodeId === null) return false;
    const outage = this.#current.get(nodeId) ?? this.#before.get(nodeId);
    if (outage !== undefined && this.#now - outage.earliest >= NODE_GRACE_MS) return true;
    return this.#orders().some((order) => order.nodeId === nodeId && order.startsAt <= this.#now && order.endsAt > this.#missedSince);
  }
}
