/**
 * How pods behave, as data. This file is the one place to tune the simulation; the engine only carries it out.
 *
 *   PENDING ──bind──▶ PULLING ──▶ CREATING ──▶ RUNNING ──▶ READY
 *                       │  ▲                     │  ▲        │
 *                       ▼  │ back-off            ▼  │ back-off (restart)
 *                   PULL_FAILED                CRASHED ◀─────┘ crash
 *   any state on a node ──remove──▶ TERMINATING ──▶ gone;  PENDING ──remove──▶ gone
 *   any of them on a node that fails ──▶ LOST (outages.ts)
 *
 * A stage leads out of a state: the first in the list whose `from` and `when` fit a pod's template is its stage in that state, and a state
 * without one is rested in (READY, unless a behaviour such as chaos is added). A stage may lead to any state but PENDING and LOST; PENDING is left
 * by the scheduler alone, LOST when the node is back. All times are simulated milliseconds; ranges are uniform, both ends included.
 *
 * Pods whose template has a probe or a postStart hook are the exception: what their containers do between RUNNING, READY and CRASHED follows
 * from `containers` (health.ts, containers.ts), each container by itself, and stages out of these three states are not theirs.
 */
import type { Scoring } from "./scheduler.ts";
import type { ContainerRuntime } from "../../domain/pod-template.ts";
import { DEFAULT_LOAD, type LoadBehaviours } from "./load/request-behaviours.ts";

/** The order is the stored code of each state: only ever append. */
export const POD_STATES = ["FREE", "PENDING", "PULLING", "PULL_FAILED", "CREATING", "RUNNING", "READY", "CRASHED", "TERMINATING", "LOST"] as const;
export type PodState = (typeof POD_STATES)[number];

export interface Range {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface BackOff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** A container that ran for so long starts again with the first wait. */
  readonly resetAfterMs: number;
}

export type Delay =
  | ({ readonly kind: "range" } & Range)
  /** Until all images of the template are on the node. */
  | { readonly kind: "imagePull" }
  /** Grows with each failure in a row. */
  | { readonly kind: "backOff" }
  /** The range, but never longer than the template's grace period; `unstarted` for pods whose containers never ran. */
  | ({ readonly kind: "stop"; readonly unstarted: Range } & Range);

export interface Stage {
  readonly from: Exclude<PodState, "FREE" | "PENDING" | "LOST">;
  /** Absent members fit every template. */
  readonly when?: { readonly image?: ImageKind; readonly runtime?: ContainerRuntime };
  readonly delay: Delay;
  readonly to: Exclude<PodState, "FREE" | "PENDING" | "LOST"> | "GONE";
}

/**
 * What an image's containers do. MISSING never arrives; CRASHING exits soon after each start; UNREADY is never ready to a probe; HANGS stops
 * answering some time after each start; SLOW takes its time for each answer.
 */
export type ImageKind = "NORMAL" | "CRASHING" | "MISSING" | "UNREADY" | "HANGS" | "SLOW";
/** Worst first: a pod is what the worst of its images is. */
export const IMAGE_KINDS_BY_WEIGHT: readonly ImageKind[] = ["MISSING", "CRASHING", "UNREADY", "HANGS", "SLOW", "NORMAL"];

export interface Behaviours {
  readonly stages: readonly Stage[];
  /** Image tags that stand for a kind, so that failures can be asked for: `shop/cart:crashloop`, `nginx:missing`. */
  readonly imageTags: Readonly<Record<string, ImageKind>>;
  readonly images: {
    /** An image's size follows from a hash of its name. */
    readonly minMiB: number;
    readonly maxMiB: number;
    /** A pull takes the request and the size over the bandwidth; pods on a node that want an image being pulled wait for that pull. */
    readonly request: Range;
    readonly mibPerSecond: number;
    /** When all images are on the node already. */
    readonly cached: Range;
    /** What a node keeps; beyond it the least recently used image goes. */
    readonly cacheMiB: number;
  };
  readonly backOff: BackOff;
  readonly crashExitCode: number;
  /** Pods that found no room try again so long after room appeared, many at once. */
  readonly scheduleRetryMs: number;
  /** Which of the nodes that a pod fits on is best (scheduler.ts). */
  readonly scoring: Scoring;
  readonly containers: ContainerBehaviours;
  /** So long after a change of configuration a pod's files show it, each pod by itself. */
  readonly filesRefresh: Range;
  /** What requests cost. */
  readonly load: LoadBehaviours;
  readonly faults: FaultBehaviours;
}

/** Of what is rehearsed (faults.ts). */
export interface FaultBehaviours {
  /** So long after a node fell silent its pods are given up and replaced; as Kubernetes does, which waits five minutes. */
  readonly nodeGraceMs: number;
  /** How much longer a slow pull takes, by the fault's seed. */
  readonly slowPull: { readonly minFactor: number; readonly maxFactor: number };
  /** Between the notice that SPOT capacity is taken back and the end of its pods. */
  readonly spotNoticeMs: number;
  /** How long a link that flaps is cut, or whole, each time. */
  readonly flap: Range;
  /** A pod that is to crash, but of which nothing runs, is looked at again so long after. */
  readonly crashRetryMs: number;
}

/** Of pods with probes or hooks, all counted from a container's start. */
export interface ContainerBehaviours {
  /** A container without a readiness probe is ready from then on. */
  readonly warmUp: Range;
  readonly crash: Range;
  readonly hang: Range;
  /** A container that is SLOW needs so long for an answer. */
  readonly slowAnswerMs: number;
  /** Of a container that is killed. */
  readonly killedExitCode: number;
  /** A command of a hook that says nothing of its own length takes so long. */
  readonly hook: Range;
}

export const DEFAULT_BEHAVIOURS: Behaviours = {
  stages: [
    { from: "PULLING", when: { image: "MISSING" }, delay: { kind: "range", minMs: 400, maxMs: 900 }, to: "PULL_FAILED" },
    { from: "PULLING", delay: { kind: "imagePull" }, to: "CREATING" },
    { from: "PULL_FAILED", delay: { kind: "backOff" }, to: "PULLING" },
    { from: "CREATING", when: { runtime: "SANDBOX" }, delay: { kind: "range", minMs: 800, maxMs: 1_500 }, to: "RUNNING" },
    { from: "CREATING", delay: { kind: "range", minMs: 300, maxMs: 700 }, to: "RUNNING" },
    { from: "RUNNING", when: { image: "CRASHING" }, delay: { kind: "range", minMs: 300, maxMs: 900 }, to: "CRASHED" },
    { from: "RUNNING", delay: { kind: "range", minMs: 100, maxMs: 400 }, to: "READY" },
    { from: "CRASHED", delay: { kind: "backOff" }, to: "RUNNING" },
    { from: "TERMINATING", delay: { kind: "stop", minMs: 300, maxMs: 2_000, unstarted: { minMs: 50, maxMs: 200 } }, to: "GONE" },
  ],
  imageTags: { crashloop: "CRASHING", missing: "MISSING", unready: "UNREADY", hangs: "HANGS", slow: "SLOW" },
  images: {
    minMiB: 20,
    maxMiB: 480,
    request: { minMs: 350, maxMs: 500 },
    mibPerSecond: 190,
    cached: { minMs: 60, maxMs: 140 },
    cacheMiB: 40_960,
  },
  backOff: { firstMs: 10_000, factor: 2, maxMs: 300_000, resetAfterMs: 600_000 },
  crashExitCode: 1,
  scheduleRetryMs: 100,
  scoring: "LEAST_ALLOCATED",
  containers: {
    warmUp: { minMs: 100, maxMs: 400 },
    crash: { minMs: 300, maxMs: 900 },
    hang: { minMs: 60_000, maxMs: 120_000 },
    slowAnswerMs: 3_000,
    killedExitCode: 137,
    hook: { minMs: 200, maxMs: 800 },
  },
  filesRefresh: { minMs: 5_000, maxMs: 50_000 },
  load: DEFAULT_LOAD,
  faults: {
    nodeGraceMs: 30_000,
    slowPull: { minFactor: 4, maxFactor: 10 },
    spotNoticeMs: 15_000,
    flap: { minMs: 3_000, maxMs: 12_000 },
    crashRetryMs: 1_000,
  },
};
