/**
 * A pod's state as the link says it. Phases: PENDING without a node; STARTING on a node until the containers first run; RUNNING from then
 * on, also between restarts; TERMINATING until it is gone; UNKNOWN while its node does not answer. Reasons and messages are those that users of Kubernetes know.
 */
import type { ContainerStatus } from "../../domain/pod.ts";
import type { PodPhase } from "../../domain/states.ts";
import type { PodReport } from "../link.ts";
import { formatIpv4 } from "./addresses.ts";
import type { ContainerOutlook } from "./containers.ts";
import type { Variant } from "./placements.ts";
import { CRASHED, CREATING, LOST, PENDING, PULL_FAILED, PULLING, READY, TERMINATING, type ContainerHistory, type PodTable } from "./pods.ts";

const PHASES: readonly (readonly [number, PodPhase])[] = [
  [PENDING, "PENDING"],
  [PULLING, "STARTING"],
  [PULL_FAILED, "STARTING"],
  [CREATING, "STARTING"],
  [TERMINATING, "TERMINATING"],
  [LOST, "UNKNOWN"],
];

export interface PodFacts {
  readonly name: string;
  readonly nodeId: string | null;
  /** The wait after so many failures in a row. */
  backOffMs(failures: number): number;
  /** How each container of a watched pod stands, while it runs; null for other pods. */
  readonly outlooks: readonly ContainerOutlook[] | null;
}

export function podReport(pods: PodTable, slot: number, variant: Variant, facts: PodFacts): PodReport {
  const state = pods.state[slot] as number;
  const startedAt = pods.startedAt[slot] as number;
  const address = pods.address[slot] as number;
  const { reason, message } = trouble(pods, slot, variant, facts);
  return {
    id: pods.ids[slot] as string,
    placementId: variant.placement.id,
    revisionId: variant.record.revisionId,
    name: facts.name,
    nodeId: facts.nodeId,
    phase: PHASES.find(([code]) => code === state)?.[1] ?? "RUNNING",
    ready: state === READY,
    reason,
    message,
    privateIp: address === 0 ? null : formatIpv4(address),
    restartCount: pods.restarts[slot] as number,
    containers: containerReports(pods, slot, variant, facts.outlooks),
    createdAt: pods.createdAt[slot] as number,
    startedAt: Number.isNaN(startedAt) ? null : startedAt,
  };
}

interface Trouble {
  readonly reason: string | null;
  readonly message: string | null;
}

function trouble(pods: PodTable, slot: number, variant: Variant, facts: PodFacts): Trouble {
  if (facts.outlooks !== null) return watchedTrouble(pods, slot, variant, facts, facts.outlooks);
  const container = variant.template.template.containers[pods.culprit[slot] as number];
  const seconds = facts.backOffMs(pods.failures[slot] as number) / 1_000;
  switch (pods.state[slot]) {
    case PENDING:
    case CREATING:
    case TERMINATING:
      return pods.waiting.get(slot) ?? { reason: null, message: null };
    case LOST:
      return { reason: "NodeLost", message: "the node does not answer" };
    case PULL_FAILED:
      return { reason: "ImagePullBackOff", message: `back-off ${seconds}s pulling image "${container?.image}": not found` };
    case CRASHED:
      return { reason: "CrashLoopBackOff", message: backOffMessage(seconds, container?.name, facts.name) };
    default:
      return { reason: null, message: null };
  }
}

/** The first container that waits is the pod's trouble, else the first whose readiness probe fails. */
function watchedTrouble(pods: PodTable, slot: number, { template }: Variant, facts: PodFacts, outlooks: readonly ContainerOutlook[]): Trouble {
  const waiting = outlooks.findIndex(({ runs }) => !runs);
  const history = pods.histories.get(slot)?.[waiting];
  if (history) {
    const { name } = template.template.containers[waiting] as { readonly name: string };
    const message = backOffMessage(facts.backOffMs(history.failures ?? 1) / 1_000, name, facts.name);
    return { reason: waitingReason(history), message: history.why ? `${history.why}; ${message}` : message };
  }
  const failure = outlooks.find((outlook) => outlook.failure !== null)?.failure ?? null;
  return failure === null ? { reason: null, message: null } : { reason: "Unhealthy", message: failure };
}

const backOffMessage = (seconds: number, container: string | undefined, pod: string): string =>
  `back-off ${seconds}s restarting failed container ${container} of pod ${pod}`;

const waitingReason = ({ cause }: ContainerHistory): string => (cause === "POST_START" ? "FailedPostStartHook" : "CrashLoopBackOff");

function containerReports(pods: PodTable, slot: number, { template }: Variant, outlooks: PodFacts["outlooks"]): ContainerStatus[] {
  const state = pods.state[slot] as number;
  const podStartedAt = pods.startedAt[slot] as number;
  const started = !Number.isNaN(podStartedAt);
  const histories = pods.histories.get(slot);
  return template.template.containers.map(({ name, image }, index) => {
    const history = histories?.[index] ?? null;
    const common = { name, image, restartCount: history?.restartCount ?? 0, exitCode: history?.exitCode ?? null };
    if (!started) return { ...common, state: "WAITING", ready: false, reason: unstartedReason(pods, slot, index), startedAt: null };
    if (history !== null && history.startedAt === null) {
      return { ...common, state: "WAITING", ready: false, reason: waitingReason(history), startedAt: null };
    }
    const outlook = outlooks?.[index];
    const isReady = outlook === undefined ? state === READY || (state === CRASHED && !template.isWatched) : outlook.ready;
    const reason = outlook === undefined || outlook.failure === null ? null : "Unhealthy";
    return { ...common, state: "RUNNING", ready: isReady, reason, startedAt: history?.startedAt ?? podStartedAt };
  });
}

function unstartedReason(pods: PodTable, slot: number, index: number): string | null {
  switch (pods.state[slot]) {
    case PENDING:
      return null;
    case PULL_FAILED:
      return index === pods.culprit[slot] ? "ImagePullBackOff" : "ContainerCreating";
    case CREATING:
      return pods.waiting.get(slot)?.reason ?? "ContainerCreating";
    default:
      return "ContainerCreating";
  }
}
