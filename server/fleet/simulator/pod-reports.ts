/**
 * A pod's state as the link says it. Phases: PENDING without a node; STARTING on a node until the containers first run; RUNNING from then
 * on, also between restarts; TERMINATING until it is gone. A pod without readiness problems is ready shortly after its containers run.
 */
import type { ContainerStatus } from "../../domain/pod.ts";
import type { PodPhase } from "../../domain/states.ts";
import type { PodReport } from "../link.ts";
import { formatIpv4 } from "./addresses.ts";
import type { Variant } from "./placements.ts";
import { CRASHED, CREATING, PENDING, PULL_FAILED, PULLING, READY, TERMINATING, type PodTable } from "./pods.ts";

const PHASES: readonly (readonly [number, PodPhase])[] = [
  [PENDING, "PENDING"],
  [PULLING, "STARTING"],
  [PULL_FAILED, "STARTING"],
  [CREATING, "STARTING"],
  [TERMINATING, "TERMINATING"],
];

export interface PodFacts {
  readonly name: string;
  readonly nodeId: string | null;
  /** The wait of a pod in back-off. */
  readonly backOffMs: number;
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
    containers: containerReports(pods, slot, variant),
    createdAt: pods.createdAt[slot] as number,
    startedAt: Number.isNaN(startedAt) ? null : startedAt,
  };
}

function trouble(pods: PodTable, slot: number, variant: Variant, facts: PodFacts): { reason: string | null; message: string | null } {
  const container = variant.template.template.containers[pods.culprit[slot] as number];
  switch (pods.state[slot]) {
    case PENDING:
      return pods.waiting.get(slot) ?? { reason: null, message: null };
    case PULL_FAILED:
      return { reason: "ImagePullBackOff", message: `back-off ${facts.backOffMs / 1_000}s pulling image "${container?.image}": not found` };
    case CRASHED:
      return {
        reason: "CrashLoopBackOff",
        message: `back-off ${facts.backOffMs / 1_000}s restarting failed container ${container?.name} of pod ${facts.name}`,
      };
    default:
      return { reason: null, message: null };
  }
}

function containerReports(pods: PodTable, slot: number, { template }: Variant): ContainerStatus[] {
  const state = pods.state[slot] as number;
  const podStartedAt = pods.startedAt[slot] as number;
  const started = !Number.isNaN(podStartedAt);
  const histories = pods.histories.get(slot);
  return template.template.containers.map(({ name, image }, index) => {
    const history = histories?.[index] ?? null;
    const common = { name, image, restartCount: history?.restartCount ?? 0, exitCode: history?.exitCode ?? null };
    const failed = index === pods.culprit[slot];
    if (!started) {
      const reason = state === PENDING ? null : state === PULL_FAILED && failed ? "ImagePullBackOff" : "ContainerCreating";
      return { ...common, state: "WAITING", ready: false, reason, startedAt: null };
    }
    if (history !== null && history.startedAt === null) {
      return { ...common, state: "WAITING", ready: false, reason: "CrashLoopBackOff", startedAt: null };
    }
    const isReady = state === READY || state === CRASHED;
    return { ...common, state: "RUNNING", ready: isReady, reason: null, startedAt: history?.startedAt ?? podStartedAt };
  });
}
