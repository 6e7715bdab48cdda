/**
 * Faults that an operator rehearses: what each kind strikes, and what may be asked for.
 *
 *   injected ──startsAt──▶ in force ──endsAt, or endFault──▶ over
 *
 * Laws
 * - A fault strikes exactly one target, of a type that its kind takes; of one kind there is at most one in force on a target.
 * - It ends once. At `endsAt` it ends by itself, wherever it is carried out, also where nothing is heard of the centre any more.
 * - What chance decides within it follows from its seed, so that a rehearsal can be repeated.
 */
import { type DomainError, invalid } from "./errors.ts";
import { type DisconnectMode, DISCONNECT_MODES, type FaultKind } from "./states.ts";

export const FAULT_TARGETS = ["clusterId", "nodeId", "podId"] as const;
/** The member of the input that names the target. */
export type FaultTarget = (typeof FAULT_TARGETS)[number];

/** The GraphQL type of each target. */
export const FAULT_TARGET_TYPES: Readonly<Record<FaultTarget, "Cluster" | "ClusterNode" | "Pod">> = { clusterId: "Cluster", nodeId: "ClusterNode", podId: "Pod" };

export const TARGETS_OF: Readonly<Record<FaultKind, readonly FaultTarget[]>> = {
  DISCONNECT_CLUSTER: ["clusterId"],
  FAIL_NODE: ["nodeId"],
  CRASH_POD: ["podId"],
  SLOW_IMAGE_PULL: ["clusterId", "nodeId"],
  RECLAIM_SPOT: ["clusterId", "nodeId"],
};

export const MIN_FAULT_SECONDS = 1;
export const MAX_FAULT_SECONDS = 24 * 3_600;
/** Faults in force on one cluster at most: whoever carries them out is told all of them each time. */
export const MAX_FAULTS_A_CLUSTER = 100;

export interface FaultInput {
  readonly kind: FaultKind;
  readonly clusterId?: string | null | undefined;
  readonly nodeId?: string | null | undefined;
  readonly podId?: string | null | undefined;
  /** On the simulation's clock. */
  readonly durationSeconds: number;
  readonly mode?: DisconnectMode | null | undefined;
  readonly seed?: number | null | undefined;
}

/** Targets that are named. */
export const namedTargets = (input: FaultInput): FaultTarget[] => FAULT_TARGETS.filter((target) => input[target] != null);

/** Everything that is wrong with an input by itself; whether its targets exist is another question. */
export function checkFault(input: FaultInput): DomainError[] {
  const { kind, durationSeconds, mode } = input;
  const errors: DomainError[] = [];
  const taken = TARGETS_OF[kind];
  const wanted = taken.map((target) => `a ${target}`).join(" or ");
  const named = namedTargets(input);
  for (const target of named) if (!taken.includes(target)) errors.push(invalid(["input", target], `${kind} takes ${wanted}, not a ${target}.`));
  const fitting = named.filter((target) => taken.includes(target));
  if (fitting.length === 0) errors.push(invalid(["input", taken[0] as FaultTarget], `${kind} needs ${wanted}.`));
  for (const target of fitting.slice(1)) errors.push(invalid(["input", target], `${kind} strikes one target: ${wanted}, not both.`));
  if (durationSeconds < MIN_FAULT_SECONDS || durationSeconds > MAX_FAULT_SECONDS) {
    errors.push(invalid(["input", "durationSeconds"], `A fault lasts ${MIN_FAULT_SECONDS} to ${MAX_FAULT_SECONDS} seconds, not ${durationSeconds}.`));
  }
  if (mode != null && kind !== "DISCONNECT_CLUSTER") {
    errors.push(invalid(["input", "mode"], `Only DISCONNECT_CLUSTER has a mode (${DISCONNECT_MODES.join(", ")}); ${kind} has none.`));
  }
  return errors;
}

/** What of a DISCONNECT_CLUSTER's target is cut where nothing is said. */
export const modeOf = ({ kind, mode }: Pick<FaultInput, "kind" | "mode">): DisconnectMode | null => (kind === "DISCONNECT_CLUSTER" ? (mode ?? "BOTH_WAYS") : null);
