/**
 * What a cluster works on. A placement is an application's share; a variant is one way in which its pods are made: a revision on a subnet.
 * The assigned variant is the current one; pods of others are old and replaced under the update strategy. A variant goes when it is not
 * current and its last pod is gone; a placement goes when it is a tombstone, its last pod is gone and the agent lets go of it.
 */
import type { PlacementSpec } from "../link.ts";
import type { AddressPool } from "./addresses.ts";
import { NONE, PENDING, READY, TERMINATING, type PodTable } from "./pods.ts";
import type { CompiledTemplate } from "./templates.ts";

export interface Subnet {
  readonly id: string;
  readonly cidr: string;
  readonly gateway: string;
}

/** What is stored of a variant. */
export interface VariantRecord {
  readonly number: number;
  readonly placementId: string;
  readonly revisionId: string;
  readonly templateHash: string;
  readonly namePrefix: string;
  readonly subnet: Subnet | null;
}

export interface Variant {
  readonly record: VariantRecord;
  readonly placement: Placement;
  readonly template: CompiledTemplate;
  readonly pool: AddressPool | null;
  /** Pods that are not terminating, how many of them are ready, and all pods. */
  pods: number;
  ready: number;
  all: number;
}

export interface Placement {
  readonly id: string;
  /** null: a tombstone. */
  spec: PlacementSpec | null;
  current: Variant | null;
  readonly variants: Variant[];
  /** Pods a node that are not terminating, for the spread. */
  readonly podsOnNode: Uint16Array;
  /** Oldest and youngest pod. */
  head: number;
  tail: number;
}

export function newPlacement(id: string, nodes: number): Placement {
  return { id, spec: null, current: null, variants: [], podsOnNode: new Uint16Array(nodes), head: NONE, tail: NONE };
}

/** Whether pods of this variant are as the specification wants them. */
export const fitsSpec = ({ record }: Variant, spec: PlacementSpec): boolean =>
  record.revisionId === spec.revisionId && record.templateHash === spec.templateHash && (record.subnet?.id ?? null) === (spec.subnet?.id ?? null);

export function linkPod(placement: Placement, pods: PodTable, slot: number): void {
  pods.previous[slot] = placement.tail;
  pods.next[slot] = NONE;
  if (placement.tail === NONE) placement.head = slot;
  else pods.next[placement.tail] = slot;
  placement.tail = slot;
}

export function unlinkPod(placement: Placement, pods: PodTable, slot: number): void {
  const previous = pods.previous[slot] as number;
  const next = pods.next[slot] as number;
  if (previous === NONE) placement.head = next;
  else pods.next[previous] = next;
  if (next === NONE) placement.tail = previous;
  else pods.previous[next] = previous;
}

/** The pods to remove first among those that `fits` accepts: without a node, then not ready, then the youngest. */
export function chooseVictims(placement: Placement, pods: PodTable, count: number, fits: (slot: number) => boolean): number[] {
  if (count <= 0) return [];
  const rank = (slot: number): number => (pods.state[slot] === PENDING ? 0 : pods.state[slot] === READY ? 2 : 1);
  const candidates: number[] = [];
  for (let slot = placement.head; slot !== NONE; slot = pods.next[slot] as number) {
    if (pods.state[slot] !== TERMINATING && fits(slot)) candidates.push(slot);
  }
  const order = (a: number, b: number): number => rank(a) - rank(b) || (pods.serial[b] as number) - (pods.serial[a] as number);
  if (count >= candidates.length) return candidates.toSorted(order);
  if (count === 1) return [candidates.reduce((best, slot) => (order(slot, best) < 0 ? slot : best))];
  return candidates.toSorted(order).slice(0, count);
}
