/** A simulated cluster as records that can be stored, and back. Times are simulated milliseconds. */
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { PlacementSpec, ServiceSpec } from "../link.ts";
import type { AddressPool } from "./addresses.ts";
import type { ConfigSetRecord } from "./config-sets.ts";
import type { FaultRecord } from "./faults.ts";
import type { Outage } from "./outages.ts";
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import { isSpot, linkPod, ownerOf, type VariantRecord } from "./placements.ts";
import { CREATING, LOST, NONE, PENDING, PULL_FAILED, PULLING, READY, TERMINATING, type ContainerHistory } from "./pods.ts";
import type { RandomState } from "./random.ts";
import { compileTemplate } from "./templates.ts";

/** All that a restart needs of a pod. */
export interface PodRecord {
  readonly slot: number;
  readonly id: string;
  readonly variant: number;
  readonly serial: number;
  /** Index into POD_STATES. */
  readonly state: number;
  /** Index of the node, -1 for none. */
  readonly node: number;
  readonly address: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly runningSince: number | null;
  /** When its timer fires. */
  readonly due: number | null;
  readonly restarts: number;
  readonly failures: number;
  readonly culprit: number;
  readonly histories: readonly (ContainerHistory | null)[] | null;
  readonly reason: string | null;
  readonly message: string | null;
  /** Numbers of configuration sets, -1 for none. */
  readonly files: number;
  readonly environment: number;
}

/** What the engine itself goes on from. */
export interface EngineState {
  readonly now: number;
  readonly serial: number;
  readonly behaviour: RandomState;
  readonly identity: RandomState;
  /** When pods that found no room try again; absent where nothing is known of it, or for never. */
  readonly retryAt?: number;
  /** Nodes that don't answer, and faults; absent for none. */
  readonly outages?: readonly Outage[];
  readonly faults?: readonly FaultRecord[];
}

export interface ClusterRecords {
  readonly templates: Iterable<readonly [hash: string, template: PodTemplate]>;
  readonly variants: readonly VariantRecord[];
  readonly configSets: readonly ConfigSetRecord[];
  readonly services: readonly { readonly id: string; readonly spec: ServiceSpec }[];
  readonly placements: readonly { readonly id: string; readonly spec: PlacementSpec | null }[];
  readonly pods: readonly PodRecord[];
  /** By the index of the node. */
  readonly nodeStatuses: readonly ClusterNodeStatus[];
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

export function podRecord({ pods, timers }: ClusterParts, slot: number): PodRecord {
  const due = timers.dueOf(slot);
  const waiting = pods.waiting.get(slot);
  return {
    slot,
    id: pods.ids[slot] as string,
    variant: pods.variant[slot] as number,
    serial: pods.serial[slot] as number,
    state: pods.state[slot] as number,
    node: pods.node[slot] as number,
    address: pods.address[slot] as number,
    createdAt: pods.createdAt[slot] as number,
    startedAt: numberOrNull(pods.startedAt[slot] as number),
    runningSince: numberOrNull(pods.runningSince[slot] as number),
    due: due === Infinity ? null : due,
    restarts: pods.restarts[slot] as number,
    failures: pods.failures[slot] as number,
    culprit: pods.culprit[slot] as number,
    histories: pods.histories.get(slot) ?? null,
    reason: waiting?.reason ?? null,
    message: waiting?.message ?? null,
    files: pods.files[slot] as number,
    environment: pods.environment[slot] as number,
  };
}

/**
 * Fills empty parts. Timers, and what they follow from, are set as they were, but earlier by `setBackMs`; what placements should be is for the caller to assign.
 * @throws Error when records do not fit together.
 */
export function restoreParts(parts: ClusterParts, records: ClusterRecords, now: number, setBackMs: number): void {
  const { behaviours, nodes, placements, pods, templates } = parts;
  records.nodeStatuses.forEach((status, index) => nodes.setStatus(index, status));
  for (const [hash, template] of records.templates) templates.set(hash, compileTemplate(hash, template, behaviours));
  for (const { id } of records.placements) placements.add(id);
  const specs = new Map(records.placements.map(({ id, spec }) => [id, spec]));
  for (const record of records.variants) {
    const placement = placements.get(record.placementId);
    const template = templates.get(record.templateHash);
    if (placement === undefined || template === undefined) {
      throw new Error(`the stored variant ${record.number} has no placement or template`);
    }
    const spec = specs.get(record.placementId) ?? null;
    const owned = record.owner !== undefined || spec === null ? record : { ...record, owner: ownerOf(spec) };
    placements.addVariant(placement, owned, template, placements.poolOf(record.subnet));
  }
  for (const record of records.configSets) parts.configSets.put({ ...record, since: record.since - setBackMs });
  for (const record of records.pods.toSorted((a, b) => a.serial - b.serial)) restorePod(parts, record, now, setBackMs);
  pods.collectFree();
  restoreAddresses(parts);
}

function restorePod(parts: ClusterParts, record: PodRecord, now: number, setBackMs: number): void {
  const { affinities, configSets, images, nodes, placements, pods, spot, timers, unconfigured, waiting } = parts;
  const { slot, state } = record;
  const variant = placements.variant(record.variant);
  if (variant === undefined) throw new Error(`the stored pod ${record.id} has no variant`);
  pods.allocateAt(slot, record.id);
  pods.state[slot] = state;
  pods.node[slot] = record.node;
  pods.variant[slot] = record.variant;
  pods.serial[slot] = record.serial;
  pods.address[slot] = record.address;
  pods.createdAt[slot] = record.createdAt;
  pods.startedAt[slot] = record.startedAt ?? NaN;
  pods.runningSince[slot] = record.runningSince === null ? NaN : record.runningSince - setBackMs;
  pods.restarts[slot] = record.restarts;
  pods.failures[slot] = record.failures;
  pods.culprit[slot] = record.culprit;
  pods.files[slot] = record.files;
  pods.environment[slot] = record.environment;
  if (record.histories !== null) pods.histories.set(slot, record.histories.map((history) => restoredHistory(history, setBackMs)));
  for (const number of [record.files, record.environment, ...(record.histories ?? []).map((history) => history?.environment ?? NONE)]) {
    configSets.retain(number);
  }
  linkPod(variant.placement, pods, slot);
  variant.all += 1;
  if (state !== TERMINATING) variant.pods += 1;
  if (state === READY) variant.ready += 1;
  const due = record.due === null ? null : record.due - setBackMs;
  if (due !== null) timers.set(slot, due, record.serial);
  if (record.reason !== null) pods.waiting.set(slot, { reason: record.reason, message: record.message ?? "" });
  if (state === PENDING) {
    waiting.add(slot);
    return;
  }
  if (state === CREATING && due === null) unconfigured.add(slot);
  nodes.take(record.node, variant.demand);
  affinities.place(variant, record.node);
  if (isSpot(variant)) spot.add(slot, record.node);
  if (state !== TERMINATING) countOnNode(parts, slot, 1);
  // Images of pods past their pull are there; those of a pull under way arrive when it ends.
  if (state === PULL_FAILED || (state === LOST && record.startedAt === null)) return;
  for (const image of variant.template.images) images[record.node]?.place(image, state === PULLING ? (due ?? now) : now);
}

function restoredHistory(history: ContainerHistory | null, setBackMs: number): ContainerHistory | null {
  if (history === null) return null;
  const { startedAt, restartAt } = history;
  return {
    ...history,
    startedAt: startedAt === null ? null : startedAt - setBackMs,
    ...(restartAt === undefined ? {} : { restartAt: restartAt - setBackMs }),
  };
}

function restoreAddresses(parts: ClusterParts): void {
  const taken = new Map<AddressPool, Set<number>>();
  for (const slot of parts.pods.slots()) {
    const { pool } = variantOf(parts, slot);
    const address = parts.pods.address[slot] as number;
    if (pool === null || address === 0) continue;
    let addresses = taken.get(pool);
    if (addresses === undefined) taken.set(pool, (addresses = new Set()));
    addresses.add(address);
  }
  for (const [pool, addresses] of taken) pool.restore(addresses);
}
