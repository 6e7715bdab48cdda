/**
 * Makes and removes pods, so that each placement has what it should: after anything about a placement changed, its replicas are planned
 * again within the same instant (rolling-update.ts).
 */
import type { Binder } from "./binder.ts";
import type { Configurations } from "./configurations.ts";
import type { Happenings } from "./happenings.ts";
import { variantOf, type ClusterParts } from "./parts.ts";
import { chooseVictims, linkPod, unlinkPod, type Placement, type Variant } from "./placements.ts";
import { PENDING, READY, TERMINATING } from "./pods.ts";
import { uuidv7, type RandomStream } from "./random.ts";
import type { planReplicas } from "./rolling-update.ts";
import type { Stages } from "./stages.ts";

export interface ControllerListener {
  podChanged(slot: number): void;
  podGone(slot: number, id: string): void;
  placementChanged(placementId: string): void;
}

export interface ControllerOptions {
  readonly parts: ClusterParts;
  readonly stages: Stages;
  readonly binder: Binder;
  readonly configurations: Configurations;
  readonly happenings: Happenings;
  readonly plan: typeof planReplicas;
  /** Who things happen to; a stream of its own, so that the ids of another life change nothing else. */
  readonly identity: RandomStream;
  readonly listener: ControllerListener;
}

export class Controller {
  readonly #parts: ClusterParts;
  readonly #stages: Stages;
  readonly #binder: Binder;
  readonly #configurations: Configurations;
  readonly #happenings: Happenings;
  readonly #planReplicas: typeof planReplicas;
  readonly #listener: ControllerListener;
  /** Placements to plan again in this instant. */
  readonly #unsettled = new Set<Placement>();
  identity: RandomStream;
  /** Of the youngest pod. */
  serial = 0;

  constructor({ parts, stages, binder, configurations, happenings, plan, identity, listener }: ControllerOptions) {
    this.#parts = parts;
    this.#stages = stages;
    this.#binder = binder;
    this.#configurations = configurations;
    this.#happenings = happenings;
    this.#planReplicas = plan;
    this.#listener = listener;
    this.identity = identity;
  }

  get isSettled(): boolean {
    return this.#unsettled.size === 0 && !this.#binder.hasFresh;
  }

  placementChanged(placement: Placement): void {
    this.#unsettled.add(placement);
    this.#listener.placementChanged(placement.id);
  }

  settle(now: number): void {
    while (this.#unsettled.size > 0) {
      for (const placement of this.#unsettled) {
        this.#unsettled.delete(placement);
        this.#plan(placement, now);
      }
      this.#binder.bindFresh(now);
    }
  }

  /** A pod has ended: what it had is free, and its slot may be used again. */
  destroy(slot: number, now: number): void {
    const { pods, placements, timers, unconfigured, waiting } = this.#parts;
    const variant = variantOf(this.#parts, slot);
    const id = pods.ids[slot] as string;
    const address = pods.address[slot] as number;
    timers.cancel(slot);
    waiting.delete(slot);
    unconfigured.delete(slot);
    this.#configurations.podEnds(slot);
    this.#binder.podGone(slot, now);
    if (address !== 0) variant.pool?.giveBack(address);
    unlinkPod(variant.placement, pods, slot);
    variant.all -= 1;
    this.#happenings.gone(slot);
    pods.free(slot);
    this.#listener.podGone(slot, id);
    this.placementChanged(variant.placement);
    placements.dropIfUnused(variant);
  }

  #plan(placement: Placement, now: number): void {
    const { pods } = this.#parts;
    const { spec, current } = placement;
    const remove = (count: number, fits: (slot: number) => boolean): void => {
      const victims = chooseVictims(placement, pods, count, fits);
      for (const slot of victims) {
        this.#happenings.removed(slot, victims.length, now);
        this.#remove(slot, now);
      }
    };
    if (spec === null || current === null) return remove(Infinity, () => true);
    const old = { pods: 0, ready: 0 };
    for (const variant of placement.variants) {
      if (variant === current) continue;
      old.pods += variant.pods;
      old.ready += variant.ready;
    }
    const plan = this.#planReplicas(spec.replicas, spec.updateStrategy, current, old);
    const isCurrent = (slot: number): boolean => pods.variant[slot] === current.record.number;
    const isReady = (slot: number): boolean => pods.state[slot] === READY;
    remove(plan.removeCurrent, isCurrent);
    remove(plan.removeOldUnready, (slot) => !isCurrent(slot) && !isReady(slot));
    remove(plan.removeOldReady, (slot) => !isCurrent(slot) && isReady(slot));
    for (let made = 0; made < plan.create; made++) this.#happenings.made(this.#create(current, now), plan.create, now);
  }

  #create(variant: Variant, now: number): number {
    const { pods } = this.#parts;
    const slot = pods.allocate(uuidv7(now, this.identity));
    pods.variant[slot] = variant.record.number;
    pods.serial[slot] = ++this.serial;
    pods.createdAt[slot] = now;
    linkPod(variant.placement, pods, slot);
    variant.all += 1;
    variant.pods += 1;
    this.#configurations.podMade(slot);
    this.#binder.add(slot);
    this.#listener.podChanged(slot);
    this.placementChanged(variant.placement);
    return slot;
  }

  /** A pod without a node is gone at once: nothing of it runs anywhere. */
  #remove(slot: number, now: number): void {
    if (this.#parts.pods.state[slot] !== PENDING) return this.#stages.enter(slot, TERMINATING, now);
    variantOf(this.#parts, slot).pods -= 1;
    this.destroy(slot, now);
  }
}
