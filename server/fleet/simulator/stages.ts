/**
 * Carries the behaviours out: what happens to a pod when it enters a state, and when it leaves it again. Pods on nodes only; how a pod gets
 * a node is the binder's affair, and what becomes of its room and address when it is gone is the controller's. Watched pods (templates.ts) are in the
 * state that their containers are in from the start of these on (containers.ts).
 */
import { POD_STATES, type Delay } from "./behaviours.ts";
import type { Configurations } from "./configurations.ts";
import type { Containers } from "./containers.ts";
import type { Happenings } from "./happenings.ts";
import type { ImageCache } from "./images.ts";
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import type { Variant } from "./placements.ts";
import { CRASHED, CREATING, LOST, PULL_FAILED, PULLING, READY, RUNNING, TERMINATING, type ContainerHistory } from "./pods.ts";
import type { RandomStream } from "./random.ts";

export interface StageListener {
  podChanged(slot: number): void;
  /** What is stored of it is another, though nothing that is reported. */
  podRecordChanged(slot: number): void;
  /** How many of its pods are ready, or not terminating. */
  countsChanged(variant: Variant): void;
  /** The pod has ended. */
  podEnded(slot: number): void;
}

export interface StagesOptions {
  readonly parts: ClusterParts;
  readonly containers: Containers;
  readonly configurations: Configurations;
  readonly happenings: Happenings;
  /** What chance decides. */
  readonly random: RandomStream;
  readonly listener: StageListener;
}

export class Stages {
  readonly #parts: ClusterParts;
  readonly #containers: Containers;
  readonly #configurations: Configurations;
  readonly #happenings: Happenings;
  readonly #listener: StageListener;
  random: RandomStream;

  constructor({ parts, containers, configurations, happenings, random, listener }: StagesOptions) {
    this.#parts = parts;
    this.#containers = containers;
    this.#configurations = configurations;
    this.#happenings = happenings;
    this.random = random;
    this.#listener = listener;
  }

  /** A pod's timer is due: it leaves its state by its stage. */
  fire(slot: number, now: number): void {
    const state = this.#parts.pods.state[slot] as number;
    if (this.#isWatchedIn(slot, state)) return this.#follow(slot, now);
    const stage = variantOf(this.#parts, slot).template.stages[state];
    if (stage === undefined) return;
    if (state === CREATING && stage.to === "RUNNING" && !this.#provide(slot, now)) return;
    if (stage.to === "GONE") this.#listener.podEnded(slot);
    else this.enter(slot, POD_STATES.indexOf(stage.to), now);
  }

  /** `culprit` is the index of the container that fails; by default what the template's kind of image says. */
  enter(slot: number, to: number, now: number, culprit?: number): void {
    const { pods, unconfigured } = this.#parts;
    const from = pods.state[slot] as number;
    const variant = variantOf(this.#parts, slot);
    if (to === TERMINATING) countOnNode(this.#parts, slot, -1);
    if (from === CREATING) {
      unconfigured.delete(slot);
      pods.waiting.delete(slot);
    }
    if (to === CREATING) pods.failures[slot] = 0;
    if (to === PULL_FAILED || to === CRASHED) this.#fail(slot, to, now, culprit ?? variant.template.culprit);
    if (to === RUNNING) this.#start(slot, from, now);
    this.#happenings.entered(slot, from, to, now);
    if (this.#isWatchedIn(slot, to)) {
      this.#containers.begin(slot, now);
      return this.#follow(slot, now);
    }
    this.#rest(slot, to, now);
  }

  /** In a state until its stage leads on. What terminates on a node that does not answer is not known to be gone before that does. */
  #rest(slot: number, to: number, now: number): void {
    const { nodes, pods, timers } = this.#parts;
    const from = pods.state[slot] as number;
    this.#move(slot, to);
    const stage = variantOf(this.#parts, slot).template.stages[to];
    if (stage === undefined || nodes.status(pods.node[slot] as number) === "NOT_READY") timers.cancel(slot);
    else timers.set(slot, now + Math.max(1, this.#delay(stage.delay, slot, now) + this.#startHooksMs(slot, to)), pods.serial[slot] as number);
    // Both are STARTING, for the same reason: there is nothing new to say.
    if (from === PULLING && to === CREATING) this.#listener.podRecordChanged(slot);
    else this.#listener.podChanged(slot);
  }

  /** Ends a pod that has to make room for another; it says so until it is gone. */
  preempt(slot: number, now: number): void {
    const { nodes, pods } = this.#parts;
    this.enter(slot, TERMINATING, now);
    const node = nodes.descriptions[pods.node[slot] as number];
    pods.waiting.set(slot, { reason: "Preempted", message: `it was SPOT, and made room for an ON_DEMAND pod on node ${node?.name}` });
    this.#listener.podChanged(slot);
  }

  /** Its node does not answer any more. */
  lose(slot: number): void {
    const { pods, timers, unconfigured } = this.#parts;
    timers.cancel(slot);
    if (pods.state[slot] === TERMINATING) return this.#listener.podRecordChanged(slot);
    unconfigured.delete(slot);
    pods.waiting.delete(slot);
    this.#move(slot, LOST);
    this.#listener.podChanged(slot);
  }

  /** Its node answers again. What ran is found running, what waited for its next start waits anew, what never ran begins anew, and what was to go goes. */
  find(slot: number, now: number): void {
    const { pods } = this.#parts;
    if (pods.state[slot] === TERMINATING) return this.#rest(slot, TERMINATING, now);
    if (Number.isNaN(pods.startedAt[slot])) return this.enter(slot, PULLING, now);
    if (this.#isWatchedIn(slot, RUNNING)) return this.#follow(slot, now);
    const waits = pods.histories.get(slot)?.some((history) => history?.startedAt === null) === true;
    this.#rest(slot, waits ? CRASHED : RUNNING, now);
  }

  /** Ends a container that runs. False where it, or its pod, does not. */
  crash(slot: number, container: number, now: number): boolean {
    const state = this.#parts.pods.state[slot] as number;
    if (!this.#isWatchedIn(slot, state)) {
      if (state !== READY && state !== RUNNING) return false;
      this.enter(slot, CRASHED, now, container);
      return true;
    }
    if (!this.#containers.crash(slot, container, now)) return false;
    this.#follow(slot, now);
    return true;
  }

  #isWatchedIn(slot: number, state: number): boolean {
    return (state === RUNNING || state === READY || state === CRASHED) && variantOf(this.#parts, slot).template.isWatched;
  }

  #follow(slot: number, now: number): void {
    const { pods, timers } = this.#parts;
    const { state, nextAt } = this.#containers.advance(slot, now);
    this.#move(slot, state);
    if (nextAt === Infinity) timers.cancel(slot);
    else timers.set(slot, nextAt, pods.serial[slot] as number);
    this.#listener.podChanged(slot);
  }

  /** Whether the pod's containers can be created: they have their configuration. */
  #provide(slot: number, now: number): boolean {
    const { pods, unconfigured } = this.#parts;
    const why = this.#configurations.provide(slot);
    if (why === null) return true;
    const known = pods.waiting.get(slot);
    unconfigured.add(slot);
    pods.waiting.set(slot, why);
    if (known?.message === why.message) return false;
    this.#happenings.unconfigured(slot, why, now);
    this.#listener.podChanged(slot);
    return false;
  }

  /** The wait of a pod that failed, by its failures in a row. */
  backOffMs(slot: number): number {
    return this.#containers.backOffMs(this.#parts.pods.failures[slot] as number);
  }

  #move(slot: number, to: number): void {
    const from = this.#parts.pods.state[slot] as number;
    this.#parts.pods.state[slot] = to;
    this.#count(variantOf(this.#parts, slot), from, to);
  }

  #count(variant: Variant, from: number, to: number): void {
    if (from === to) return;
    if (from !== READY && to !== READY && to !== TERMINATING) return;
    variant.ready += (to === READY ? 1 : 0) - (from === READY ? 1 : 0);
    if (to === TERMINATING) variant.pods -= 1;
    this.#listener.countsChanged(variant);
  }

  #fail(slot: number, to: number, now: number, culprit: number): void {
    const { pods, behaviours } = this.#parts;
    const hasRunLong = to === CRASHED && now - (pods.runningSince[slot] as number) >= behaviours.backOff.resetAfterMs;
    pods.failures[slot] = Math.min(255, (hasRunLong ? 0 : (pods.failures[slot] as number)) + 1);
    pods.culprit[slot] = culprit;
    if (to !== CRASHED) return;
    const history = this.#historyOf(slot);
    history.startedAt = null;
    history.exitCode = behaviours.crashExitCode;
  }

  #start(slot: number, from: number, now: number): void {
    const { pods } = this.#parts;
    pods.runningSince[slot] = now;
    if (Number.isNaN(pods.startedAt[slot])) pods.startedAt[slot] = now;
    if (from !== CRASHED) return;
    pods.restarts[slot] = (pods.restarts[slot] as number) + 1;
    const history = this.#historyOf(slot);
    history.restartCount += 1;
    history.startedAt = now;
    this.#configurations.restarted(slot, history);
  }

  /** Hooks hold up the start of a pod's containers. */
  #startHooksMs(slot: number, state: number): number {
    return state === CREATING ? this.#containers.postStartMs(slot) : 0;
  }

  #delay(delay: Delay, slot: number, now: number): number {
    const { pods, images } = this.#parts;
    const { template } = variantOf(this.#parts, slot);
    switch (delay.kind) {
      case "range":
        return this.random.between(delay.minMs, delay.maxMs);
      case "imagePull":
        return (images[pods.node[slot] as number] as ImageCache).pull(template.images, now, this.random, this.#parts.pullFactors[pods.node[slot] as number]) - now;
      case "backOff":
        return this.backOffMs(slot);
      case "stop": {
        const ran = !Number.isNaN(pods.startedAt[slot]);
        const range = ran ? delay : delay.unstarted;
        const hooksMs = ran ? this.#containers.preStopMs(slot) : 0;
        return Math.min(template.graceMs, hooksMs + this.random.between(range.minMs, range.maxMs));
      }
    }
  }

  /** The failed container's. */
  #historyOf(slot: number): ContainerHistory {
    const { pods } = this.#parts;
    let histories = pods.histories.get(slot);
    if (histories === undefined) {
      histories = variantOf(this.#parts, slot).template.template.containers.map(() => null);
      pods.histories.set(slot, histories);
    }
    return (histories[pods.culprit[slot] as number] ??= { restartCount: 0, startedAt: null, exitCode: null });
  }
}
