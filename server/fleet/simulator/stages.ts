/**
 * Carries the behaviours out: what happens to a pod when it enters a state, and when it leaves it again. Pods on nodes only; how a pod gets
 * a node is the scheduler's affair, and what becomes of its room and address when it is gone is the cluster's.
 */
import { POD_STATES, type Delay } from "./behaviours.ts";
import type { ImageCache } from "./images.ts";
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import type { Variant } from "./placements.ts";
import { CRASHED, CREATING, PULL_FAILED, READY, RUNNING, TERMINATING, type ContainerHistory } from "./pods.ts";
import type { RandomStream } from "./random.ts";

export interface StageListener {
  podChanged(slot: number): void;
  /** How many of its pods are ready, or not terminating. */
  countsChanged(variant: Variant): void;
  /** The pod has ended. */
  podEnded(slot: number): void;
}

export class Stages {
  readonly #parts: ClusterParts;
  readonly #listener: StageListener;
  /** What chance decides. */
  random: RandomStream;

  constructor(parts: ClusterParts, random: RandomStream, listener: StageListener) {
    this.#parts = parts;
    this.random = random;
    this.#listener = listener;
  }

  /** A pod's timer is due: it leaves its state by its stage. */
  fire(slot: number, now: number): void {
    const stage = variantOf(this.#parts, slot).template.stages[this.#parts.pods.state[slot] as number];
    if (stage === undefined) return;
    if (stage.to === "GONE") this.#listener.podEnded(slot);
    else this.enter(slot, POD_STATES.indexOf(stage.to), now);
  }

  /** `culprit` is the index of the container that fails; by default what the template's kind of image says. */
  enter(slot: number, to: number, now: number, culprit?: number): void {
    const { pods, timers } = this.#parts;
    const from = pods.state[slot] as number;
    const variant = variantOf(this.#parts, slot);
    this.#count(variant, from, to);
    if (to === TERMINATING) countOnNode(this.#parts, slot, -1);
    if (to === CREATING) pods.failures[slot] = 0;
    if (to === PULL_FAILED || to === CRASHED) this.#fail(slot, to, now, culprit ?? variant.template.culprit);
    if (to === RUNNING) this.#start(slot, from, now);
    pods.state[slot] = to;
    const stage = variant.template.stages[to];
    if (stage === undefined) timers.cancel(slot);
    else timers.set(slot, now + Math.max(1, this.#delay(stage.delay, slot, now)), pods.serial[slot] as number);
    this.#listener.podChanged(slot);
  }

  /** The wait of a pod that failed, by its failures in a row. */
  backOffMs(slot: number): number {
    const { firstMs, factor, maxMs } = this.#parts.behaviours.backOff;
    return Math.min(maxMs, firstMs * factor ** Math.max(0, (this.#parts.pods.failures[slot] as number) - 1));
  }

  #count(variant: Variant, from: number, to: number): void {
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
  }

  #delay(delay: Delay, slot: number, now: number): number {
    const { pods, images } = this.#parts;
    const { template } = variantOf(this.#parts, slot);
    switch (delay.kind) {
      case "range":
        return this.random.between(delay.minMs, delay.maxMs);
      case "imagePull":
        return (images[pods.node[slot] as number] as ImageCache).pull(template.images, now, this.random) - now;
      case "backOff":
        return this.backOffMs(slot);
      case "stop": {
        const range = Number.isNaN(pods.startedAt[slot]) ? delay.unstarted : delay;
        return Math.min(template.graceMs, this.random.between(range.minMs, range.maxMs));
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
