/**
 * What a cluster works on. A placement is an application's share; a variant is one way in which its pods are made: a revision on a subnet,
 * between two restarts that were asked for.
 * The assigned variant is the current one; pods of others are old and replaced under the update strategy. A variant goes when it is not
 * current and its last pod is gone; a placement goes when it is a tombstone, its last pod is gone and the agent lets go of it.
 */
import type { PlacementSpec } from "../link.ts";
import { AddressPool } from "./addresses.ts";
import type { PodAffinity, PodOwner } from "./affinity.ts";
import { podNamePrefix } from "./names.ts";
import { NONE, PENDING, READY, TERMINATING, type PodTable } from "./pods.ts";
import type { PodDemand } from "./scheduler.ts";
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
  /** How often the application had been restarted; absent for 0. */
  readonly restarts?: number;
  /** Absent where it was stored before owners were. */
  readonly owner?: PodOwner;
}

export interface Variant {
  readonly record: VariantRecord;
  readonly placement: Placement;
  readonly template: CompiledTemplate;
  readonly pool: AddressPool | null;
  readonly demand: PodDemand;
  /** null while no rule, its own or another's, concerns its pods. */
  affinity: PodAffinity | null;
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
  /** Number of the configuration set that is assigned, NONE for none. */
  set: number;
  readonly variants: Variant[];
  /** Pods a node that are not terminating, for the spread. */
  readonly podsOnNode: Uint16Array;
  /** Oldest and youngest pod. */
  head: number;
  tail: number;
}

/** A cluster's placements and variants, and the address pools that variants share by their subnets. */
export interface VariantListener {
  variantChanged(number: number): void;
  /** It has no pods yet, or is being restored without them. */
  begins(variant: Variant): void;
  ends(variant: Variant): void;
}

export class PlacementTable {
  readonly #nodes: number;
  readonly #listener: VariantListener;
  readonly #placements = new Map<string, Placement>();
  readonly #variants = new Map<number, Variant>();
  readonly #pools = new Map<string, AddressPool>();
  #nextVariant = 1;
  #spotVariants = 0;

  constructor(nodes: number, listener: VariantListener) {
    this.#nodes = nodes;
    this.#listener = listener;
  }

  get(id: string): Placement | undefined {
    return this.#placements.get(id);
  }

  add(id: string): Placement {
    const podsOnNode = new Uint16Array(this.#nodes);
    const placement: Placement = { id, spec: null, current: null, set: NONE, variants: [], podsOnNode, head: NONE, tail: NONE };
    this.#placements.set(id, placement);
    return placement;
  }

  delete(id: string): void {
    this.#placements.delete(id);
  }

  all(): Iterable<Placement> {
    return this.#placements.values();
  }

  variant(number: number): Variant | undefined {
    return this.#variants.get(number);
  }

  /** Whether there are SPOT pods, or may be. */
  get hasSpot(): boolean {
    return this.#spotVariants > 0;
  }

  variants(): Iterable<Variant> {
    return this.#variants.values();
  }

  /** The variant that a specification asks for, made where the placement has none. */
  variantFor(placement: Placement, spec: PlacementSpec, template: CompiledTemplate, pool: AddressPool | null): Variant {
    const known = placement.variants.find((variant) => fitsSpec(variant, spec));
    if (known !== undefined) return known;
    const { revisionId, templateHash, subnet } = spec;
    const record: VariantRecord = {
      number: this.#nextVariant,
      placementId: placement.id,
      revisionId,
      templateHash,
      namePrefix: podNamePrefix(spec.applicationName, templateHash),
      subnet: subnet === null ? null : { id: subnet.id, cidr: subnet.cidr, gateway: subnet.gateway },
      ...(spec.restarts ? { restarts: spec.restarts } : {}),
      owner: ownerOf(spec),
    };
    return this.addVariant(placement, record, template, pool);
  }

  /** With the number of its record: new, or as it was stored. */
  addVariant(placement: Placement, record: VariantRecord, template: CompiledTemplate, pool: AddressPool | null): Variant {
    // Without a subnet its pods are on their nodes' network.
    const demand = { ...template.requests, hostPorts: record.subnet === null ? template.ports : [] };
    const variant: Variant = { record, placement, template, pool, demand, affinity: null, pods: 0, ready: 0, all: 0 };
    this.#variants.set(record.number, variant);
    if (isSpot(variant)) this.#spotVariants += 1;
    this.#nextVariant = Math.max(this.#nextVariant, record.number + 1);
    placement.variants.push(variant);
    if (record.subnet !== null && pool !== null) this.#pools.set(record.subnet.id, pool);
    this.#listener.begins(variant);
    this.#listener.variantChanged(record.number);
    return variant;
  }

  dropIfUnused(variant: Variant): void {
    const { record, placement } = variant;
    if (variant.all > 0 || placement.current === variant || !this.#variants.delete(record.number)) return;
    placement.variants.splice(placement.variants.indexOf(variant), 1);
    if (isSpot(variant)) this.#spotVariants -= 1;
    this.#listener.ends(variant);
    this.#listener.variantChanged(record.number);
    for (const other of this.#variants.values()) if (other.pool === variant.pool) return;
    if (record.subnet !== null) this.#pools.delete(record.subnet.id);
  }

  /**
   * The subnet's pool, or a new one that is kept once a variant uses it.
   * @throws Error when the block is none, or is another than the subnet has here.
   */
  poolOf(subnet: Subnet | null): AddressPool | null {
    if (subnet === null) return null;
    const known = this.#pools.get(subnet.id);
    if (known !== undefined && known.cidr !== subnet.cidr) throw new Error(`subnet ${subnet.id} is ${known.cidr} here, not ${subnet.cidr}`);
    return known ?? new AddressPool(subnet.cidr, subnet.gateway);
  }
}

export const ownerOf = ({ tenantId, namespace, applicationName, capacityType }: PlacementSpec): PodOwner => ({
  tenantId, namespace, application: applicationName, ...(capacityType === "SPOT" ? { isSpot: true } : {}),
});

/** Whether its pods may be taken back. */
export const isSpot = ({ record }: Variant): boolean => record.owner?.isSpot === true;

/** Whether pods of this variant are as the specification wants them. */
const fitsSpec = ({ record }: Variant, spec: PlacementSpec): boolean =>
  record.revisionId === spec.revisionId &&
  record.templateHash === spec.templateHash &&
  (record.restarts ?? 0) === (spec.restarts ?? 0) &&
  (record.subnet?.id ?? null) === (spec.subnet?.id ?? null);

/** The placement's slots, oldest first. */
export function* slotsOf(placement: Placement, pods: PodTable): Generator<number> {
  for (let slot = placement.head; slot !== NONE; slot = pods.next[slot] as number) yield slot;
}

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
