/**
 * The pods of one cluster as a struct of arrays: a pod is a slot, its members stand at that index of each array, and freed slots are used
 * again. About 120 bytes a pod and its id; what only few pods have (container histories, reasons for waiting) is kept in maps beside.
 * The pods of a placement are a doubly linked list through `next` and `previous`, oldest first.
 */
import { POD_STATES, type PodState } from "./behaviours.ts";
import type { EndCause } from "./health.ts";

export const NONE = -1;

const code = (state: PodState): number => POD_STATES.indexOf(state);
export const FREE = code("FREE");
export const PENDING = code("PENDING");
export const PULLING = code("PULLING");
export const PULL_FAILED = code("PULL_FAILED");
export const CREATING = code("CREATING");
export const RUNNING = code("RUNNING");
export const READY = code("READY");
export const CRASHED = code("CRASHED");
export const TERMINATING = code("TERMINATING");
/** Its node does not answer. */
export const LOST = code("LOST");

/** Of a container that has ended at least once. */
export interface ContainerHistory {
  restartCount: number;
  /** null while it waits. */
  startedAt: number | null;
  exitCode: number | null;
  /** What it was started with last, where that is not what the pod was started with: the number of a configuration set, NONE for none. */
  environment?: number;
  /** Of containers that are looked after one by one (containers.ts). */
  failures?: number;
  /** When it starts again; while it waits. */
  restartAt?: number;
  cause?: EndCause;
  /** Why it ended last, empty where the exit code says it all. */
  why?: string;
}

/** Why a pod has no node, or why its containers can't be created. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

const FIRST_CAPACITY = 16;

export class PodTable {
  ids: string[] = [];
  state = new Uint8Array(FIRST_CAPACITY);
  /** Index of the node, NONE while PENDING. */
  node = new Int32Array(FIRST_CAPACITY);
  /** Number of the variant that the pod is made of. */
  variant = new Int32Array(FIRST_CAPACITY);
  /** Counts the cluster's pods from 1 on; a higher one is younger. */
  serial = new Float64Array(FIRST_CAPACITY);
  /** The private address, 0 for none. */
  address = new Uint32Array(FIRST_CAPACITY);
  createdAt = new Float64Array(FIRST_CAPACITY);
  /** When its containers first ran; NaN before that. */
  startedAt = new Float64Array(FIRST_CAPACITY);
  /** When its last (re)start was; NaN before the first. */
  runningSince = new Float64Array(FIRST_CAPACITY);
  restarts = new Uint32Array(FIRST_CAPACITY);
  /** Failures in a row, which the back-off grows with. */
  failures = new Uint8Array(FIRST_CAPACITY);
  /** Index of the container that failed last. */
  culprit = new Uint8Array(FIRST_CAPACITY);
  /** The configuration set that its files show, and the one its containers were started with; NONE for none (configurations.ts). */
  files = new Int32Array(FIRST_CAPACITY);
  environment = new Int32Array(FIRST_CAPACITY);
  next = new Int32Array(FIRST_CAPACITY);
  previous = new Int32Array(FIRST_CAPACITY);
  readonly histories = new Map<number, (ContainerHistory | null)[]>();
  readonly waiting = new Map<number, WaitingReason>();
  #free: number[] = [];
  /** Slots below it have been used. */
  #high = 0;

  /** Pods there are. */
  get size(): number {
    return this.#high - this.#free.length;
  }

  isLive(slot: number): boolean {
    return slot < this.#high && this.state[slot] !== FREE;
  }

  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#high; slot++) if (this.state[slot] !== FREE) yield slot;
  }

  /** A slot with all members at their beginnings. */
  allocate(id: string): number {
    const slot = this.#free.pop() ?? this.#high;
    this.allocateAt(slot, id);
    return slot;
  }

  /** As allocate, at a given slot: only to restore, and followed by `collectFree`. */
  allocateAt(slot: number, id: string): void {
    while (slot >= this.state.length) this.#grow();
    if (slot >= this.#high) this.#high = slot + 1;
    this.ids[slot] = id;
    this.state[slot] = PENDING;
    this.node[slot] = NONE;
    this.variant[slot] = NONE;
    this.serial[slot] = 0;
    this.address[slot] = 0;
    this.createdAt[slot] = 0;
    this.startedAt[slot] = NaN;
    this.runningSince[slot] = NaN;
    this.restarts[slot] = 0;
    this.failures[slot] = 0;
    this.culprit[slot] = 0;
    this.files[slot] = NONE;
    this.environment[slot] = NONE;
    this.next[slot] = NONE;
    this.previous[slot] = NONE;
  }

  free(slot: number): void {
    this.ids[slot] = "";
    this.state[slot] = FREE;
    this.histories.delete(slot);
    this.waiting.delete(slot);
    this.#free.push(slot);
  }

  /** After restoring: the holes between restored slots are free. */
  collectFree(): void {
    this.#free = [];
    for (let slot = this.#high - 1; slot >= 0; slot--) {
      if (this.state[slot] !== FREE) continue;
      this.ids[slot] = "";
      this.#free.push(slot);
    }
  }

  #grow(): void {
    const capacity = this.state.length * 2;
    const grow = <T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.state = grow(this.state, new Uint8Array(capacity));
    this.node = grow(this.node, new Int32Array(capacity));
    this.variant = grow(this.variant, new Int32Array(capacity));
    this.serial = grow(this.serial, new Float64Array(capacity));
    this.address = grow(this.address, new Uint32Array(capacity));
    this.createdAt = grow(this.createdAt, new Float64Array(capacity));
    this.startedAt = grow(this.startedAt, new Float64Array(capacity));
    this.runningSince = grow(this.runningSince, new Float64Array(capacity));
    this.restarts = grow(this.restarts, new Uint32Array(capacity));
    this.failures = grow(this.failures, new Uint8Array(capacity));
    this.culprit = grow(this.culprit, new Uint8Array(capacity));
    this.files = grow(this.files, new Int32Array(capacity));
    this.environment = grow(this.environment, new Int32Array(capacity));
    this.next = grow(this.next, new Int32Array(capacity));
    this.previous = grow(this.previous, new Int32Array(capacity));
  }
}
