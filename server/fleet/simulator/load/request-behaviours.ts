/**
 * What requests cost, as data: a part of the behaviours. All numbers are choices, made so that a pod of a core serves a hundred requests a second and fits what it was given;
 * none is measured of any program.
 */
import type { ImageKind } from "../behaviours.ts";

export interface RequestBehaviour {
  /** Milliseconds of one core that a request needs, in the mean. */
  readonly cpuMs: number;
  /** Milliseconds that a request waits for others (a disk, a database), the same for all. It takes a connection meanwhile, and no processor. */
  readonly waitMs: number;
  readonly receiveBytes: number;
  readonly transmitBytes: number;
}

export interface LoadBehaviours {
  readonly requests: RequestBehaviour;
  /** What requests to images of a kind have otherwise. */
  readonly requestsByKind: Readonly<Partial<Record<ImageKind, Partial<RequestBehaviour>>>>;
  /** Requests that a pod works on at once; one more is refused. */
  readonly concurrency: number;
  /** An application that nobody gave a rate has so many requests that a pod works for this share of the time when all that are desired are ready. */
  readonly comfortableUse: number;
  /** What a container takes when nobody asks anything of it, but never more than the share of what it may use. */
  readonly idle: { readonly cpuMillis: number; readonly share: number };
  readonly memory: {
    /** Of what the pod may use, when nobody asks anything of it. */
    readonly baseShare: number;
    readonly mibPerConnection: number;
    /** Garbage grows for a cycle, then all of it is collected. */
    readonly garbageMiBPerRequest: number;
    readonly cycleMs: number;
    /** Of what the pod may use; garbage does not grow beyond it. */
    readonly maxGarbageShare: number;
  };
}

export const DEFAULT_LOAD: LoadBehaviours = {
  requests: { cpuMs: 10, waitMs: 5, receiveBytes: 1_000, transmitBytes: 20_000 },
  // As long as it takes to answer a probe.
  requestsByKind: { SLOW: { waitMs: 3_000 } },
  concurrency: 100,
  // One of two pods may be lost, and the other one works for four fifths of the time.
  comfortableUse: 0.4,
  idle: { cpuMillis: 3, share: 0.05 },
  memory: { baseShare: 0.3, mibPerConnection: 0.25, garbageMiBPerRequest: 0.01, cycleMs: 240_000, maxGarbageShare: 0.25 },
};
