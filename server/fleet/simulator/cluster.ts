/**
 * One cluster, simulated on virtual time: the controller that makes and replaces pods, the scheduler that gives them nodes, and the nodes
 * that run them as the behaviours say. Deterministic: what happens follows from the seed, the assignments and the times at which they came,
 * however finely time is advanced.
 *
 * Terms: slot, variant, placement (pods.ts, placements.ts); stage and state (behaviours.ts). The instant is `now`; it only moves in
 * `advanceTo`, to each event in turn. After the events of an instant the cluster settles: placements that changed are planned again, and new
 * pods get nodes, within the same instant.
 *
 * Invariants
 * - A pod has an address and its share of a node from binding until it is gone, terminating included.
 * - The counts of a variant are those of its slots: nothing is counted by looking.
 * - The listener is told of every change of a pod's reportable state and of every change of a placement's counts, possibly more than once.
 */
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { NodeDescription, PlacementSpec, PodReport } from "../link.ts";
import { AddressPool } from "./addresses.ts";
import { POD_STATES, type Behaviours, type Delay } from "./behaviours.ts";
import { ImageCache } from "./images.ts";
import { podNamePrefix, podSuffix, SUFFIXES } from "./names.ts";
import { chooseVictims, fitsSpec, linkPod, newPlacement, unlinkPod, type Placement, type Subnet, type Variant, type VariantRecord } from "./placements.ts";
import { podReport } from "./pod-reports.ts";
import {
  CRASHED, CREATING, FREE, NONE, PENDING, PodTable, PULL_FAILED, PULLING, READY, RUNNING, TERMINATING, type ContainerHistory,
} from "./pods.ts";
import { RandomStream, uuidv7, type RandomState } from "./random.ts";
import { planReplicas, type PodCounts } from "./rolling-update.ts";
import { NodeTable } from "./scheduler.ts";
import { compileTemplate, type CompiledTemplate } from "./templates.ts";
import { TimerHeap } from "./timers.ts";

export interface ClusterListener {
  podChanged(slot: number): void;
  /** The slot may be used again from now on. */
  podGone(slot: number, id: string): void;
  placementChanged(placementId: string): void;
  variantChanged(number: number): void;
}

export interface ClusterOptions {
  readonly code: string;
  readonly nodes: readonly NodeDescription[];
  readonly seed: number;
  /** Of the store's life: the same pods in another life have other ids and names. */
  readonly nonce: string;
  readonly behaviours: Behaviours;
  readonly now: number;
  readonly listener: ClusterListener;
}

export interface PlacementCounts {
  /** Pods that are not terminating. */
  readonly created: number;
  readonly ready: number;
  readonly updated: number;
  /** All pods. */
  readonly all: number;
}

/** All that a restart needs of a pod; times are simulated milliseconds. */
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
}

export interface EngineState {
  readonly now: number;
  readonly serial: number;
  readonly behaviour: RandomState;
  readonly identity: RandomState;
}

export interface RestoredCluster extends EngineState {
  readonly templates: Iterable<readonly [hash: string, template: PodTemplate]>;
  readonly variants: readonly VariantRecord[];
  readonly placements: readonly { readonly id: string; readonly spec: PlacementSpec | null }[];
  readonly pods: readonly PodRecord[];
  readonly nodeStatuses: readonly ClusterNodeStatus[];
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

const NO_COUNTS: PlacementCounts = { created: 0, ready: 0, updated: 0, all: 0 };

export class ClusterSimulation {
  readonly nodes: NodeTable;
  readonly #behaviours: Behaviours;
  readonly #listener: ClusterListener;
  readonly #suffixOffset: number;
  /** What happens, and who it happens to: two streams, so that ids of another life change nothing else. */
  #behaviour: RandomStream;
  #identity: RandomStream;
  #now: number;
  #serial = 0;
  readonly #pods = new PodTable();
  readonly #timers = new TimerHeap();
  readonly #images: readonly ImageCache[];
  readonly #templates = new Map<string, CompiledTemplate>();
  readonly #placements = new Map<string, Placement>();
  readonly #variants = new Map<number, Variant>();
  #nextVariant = 1;
  readonly #pools = new Map<string, AddressPool>();
  /** Placements to plan again in this instant. */
  readonly #unsettled = new Set<Placement>();
  /** New pods that get their first try for a node in this instant. */
  #unscheduled: number[] = [];
  /** Slots that found no room, first come first. */
  readonly #waiting = new Set<number>();
  #retryAt = Infinity;
  #ready = 0;

  constructor(options: ClusterOptions) {
    const { code, nodes, seed, nonce, behaviours, now, listener } = options;
    this.nodes = new NodeTable(nodes);
    this.#behaviours = behaviours;
    this.#listener = listener;
    this.#behaviour = RandomStream.named("behaviour", seed, code);
    this.#identity = RandomStream.named("identity", seed, code, nonce);
    this.#suffixOffset = RandomStream.named("names", seed, code, nonce).between(0, SUFFIXES - 1);
    this.#images = nodes.map(() => new ImageCache(behaviours));
    this.#now = now;
  }

  // -------------------------------------------------------------- time

  get now(): number {
    return this.#now;
  }

  /** When the next event is due, Infinity for never. */
  nextDue(): number {
    return this.#unsettled.size > 0 || this.#unscheduled.length > 0 ? this.#now : Math.min(this.#timers.nextDue(), this.#retryAt);
  }

  /** Lets everything happen that is due until then. Time never goes back: an earlier instant changes nothing. */
  advanceTo(now: number): void {
    for (;;) {
      this.#settle();
      const due = Math.min(this.#timers.nextDue(), this.#retryAt);
      if (due > now) break;
      this.#now = Math.max(this.#now, due);
      while (this.#timers.nextDue() <= this.#now) this.#fire(this.#timers.pop());
      if (this.#retryAt <= this.#now) this.#retryWaiting();
    }
    this.#now = Math.max(this.#now, now);
  }

  // -------------------------------------------------------------- what should be

  addTemplate(hash: string, template: PodTemplate): void {
    if (!this.#templates.has(hash)) this.#templates.set(hash, compileTemplate(hash, template, this.#behaviours));
  }

  hasTemplate(hash: string): boolean {
    return this.#templates.has(hash);
  }

  templateHashes(): string[] {
    return [...this.#templates.keys()];
  }

  /** Lets go of the templates that no specification and no pod is made of; says which. */
  pruneTemplates(): string[] {
    const used = new Set<string>();
    for (const { record } of this.#variants.values()) used.add(record.templateHash);
    const unused = this.templateHashes().filter((hash) => !used.has(hash));
    for (const hash of unused) this.#templates.delete(hash);
    return unused;
  }

  /**
   * Sets what a placement should be from this instant on; null removes its pods. Its template must have been added.
   * @throws Error when the template is unknown or the subnet's block is none; nothing has changed then.
   */
  assign(placementId: string, spec: PlacementSpec | null): void {
    let placement = this.#placements.get(placementId);
    if (spec !== null) {
      const template = this.#templates.get(spec.templateHash);
      if (template === undefined) throw new Error(`there is no template ${spec.templateHash}`);
      const pool = this.#poolOf(spec.subnet);
      placement ??= this.#newPlacement(placementId);
      placement.current = placement.variants.find((variant) => fitsSpec(variant, spec)) ?? this.#newVariant(placement, spec, template, pool);
    } else {
      placement ??= this.#newPlacement(placementId);
      placement.current = null;
    }
    placement.spec = spec;
    for (const variant of [...placement.variants]) this.#dropIfUnused(variant);
    this.#unsettled.add(placement);
    this.#listener.placementChanged(placementId);
  }

  /** Lets go of a removed placement. Only when it is a tombstone without pods. */
  forget(placementId: string): void {
    this.#placements.delete(placementId);
  }

  // -------------------------------------------------------------- what is

  get podCount(): number {
    return this.#pods.size;
  }

  get readyCount(): number {
    return this.#ready;
  }

  slots(): Iterable<number> {
    return this.#pods.slots();
  }

  isLive(slot: number): boolean {
    return this.#pods.isLive(slot);
  }

  counts(placementId: string): PlacementCounts {
    const placement = this.#placements.get(placementId);
    if (placement === undefined) return NO_COUNTS;
    let created = 0;
    let ready = 0;
    let all = 0;
    for (const variant of placement.variants) {
      created += variant.pods;
      ready += variant.ready;
      all += variant.all;
    }
    return { created, ready, updated: placement.current?.pods ?? 0, all };
  }

  report(slot: number): PodReport {
    const variant = this.#variantOf(slot);
    const node = this.#pods.node[slot] as number;
    return podReport(this.#pods, slot, variant, {
      name: `${variant.record.namePrefix}-${podSuffix(this.#pods.serial[slot] as number, this.#suffixOffset)}`,
      nodeId: node === NONE ? null : (this.nodes.descriptions[node] as NodeDescription).id,
      backOffMs: this.#backOffMs(slot),
    });
  }

  // -------------------------------------------------------------- faults

  /** Ends one container of a running pod, as a crash would. False when there is no such pod, or it does not run. */
  crashPod(podId: string, container = 0): boolean {
    for (const slot of this.#pods.slots()) {
      if (this.#pods.ids[slot] !== podId) continue;
      const state = this.#pods.state[slot];
      if ((state !== READY && state !== RUNNING) || container >= this.#variantOf(slot).template.template.containers.length) return false;
      this.#enter(slot, CRASHED, container);
      return true;
    }
    return false;
  }

  /** A node that is NOT_READY takes no new pods; those that it has stay. */
  setNodeStatus(index: number, status: ClusterNodeStatus): void {
    this.nodes.setStatus(index, status);
    if (status === "READY") this.#roomAppeared();
  }

  // -------------------------------------------------------------- storing and restoring

  get state(): EngineState {
    return { now: this.#now, serial: this.#serial, behaviour: this.#behaviour.state, identity: this.#identity.state };
  }

  variantRecord(number: number): VariantRecord | null {
    return this.#variants.get(number)?.record ?? null;
  }

  podRecord(slot: number): PodRecord {
    const pods = this.#pods;
    const due = this.#timers.dueOf(slot);
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
    };
  }

  /**
   * Goes on from what was stored; only for a cluster that nothing has happened to. Timers that came due meanwhile fire at the next advance,
   * in order. Where the clock stands before the stored instant (its settings were lost), timers keep what was left of them.
   */
  restore(saved: RestoredCluster): void {
    const setBack = Math.max(0, saved.now - this.#now);
    this.#now = Math.min(saved.now, this.#now);
    this.#serial = saved.serial;
    this.#behaviour = new RandomStream(saved.behaviour);
    this.#identity = new RandomStream(saved.identity);
    saved.nodeStatuses.forEach((status, index) => this.nodes.setStatus(index, status));
    for (const [hash, template] of saved.templates) this.addTemplate(hash, template);
    for (const { id } of saved.placements) this.#newPlacement(id);
    for (const record of saved.variants) this.#restoreVariant(record);
    for (const record of saved.pods.toSorted((a, b) => a.serial - b.serial)) this.#restorePod(record, setBack);
    this.#pods.collectFree();
    this.#restoreAddresses();
    for (const { id, spec } of saved.placements) this.assign(id, spec);
    if (this.#waiting.size > 0) this.#roomAppeared();
  }

  #restoreVariant(record: VariantRecord): void {
    const placement = this.#placements.get(record.placementId);
    const template = this.#templates.get(record.templateHash);
    if (placement === undefined || template === undefined) throw new Error(`the stored variant ${record.number} has no placement or template`);
    this.#addVariant({ record, placement, template, pool: this.#poolOf(record.subnet), pods: 0, ready: 0, all: 0 });
    this.#nextVariant = Math.max(this.#nextVariant, record.number + 1);
  }

  #restorePod(record: PodRecord, setBack: number): void {
    const pods = this.#pods;
    const { slot } = record;
    const variant = this.#variants.get(record.variant);
    if (variant === undefined) throw new Error(`the stored pod ${record.id} has no variant`);
    pods.allocateAt(slot, record.id);
    pods.state[slot] = record.state;
    pods.node[slot] = record.node;
    pods.variant[slot] = record.variant;
    pods.serial[slot] = record.serial;
    pods.address[slot] = record.address;
    pods.createdAt[slot] = record.createdAt;
    pods.startedAt[slot] = record.startedAt ?? NaN;
    pods.runningSince[slot] = record.runningSince ?? NaN;
    pods.restarts[slot] = record.restarts;
    pods.failures[slot] = record.failures;
    pods.culprit[slot] = record.culprit;
    if (record.histories !== null) pods.histories.set(slot, record.histories.map((history) => (history === null ? null : { ...history })));
    linkPod(variant.placement, pods, slot);
    variant.all += 1;
    if (record.state !== TERMINATING) variant.pods += 1;
    if (record.state === READY) {
      variant.ready += 1;
      this.#ready += 1;
    }
    const due = record.due === null ? null : record.due - setBack;
    if (due !== null) this.#timers.set(slot, due, record.serial);
    if (record.state === PENDING) {
      if (record.reason !== null) pods.waiting.set(slot, { reason: record.reason, message: record.message ?? "" });
      this.#waiting.add(slot);
    } else {
      this.nodes.take(record.node, variant.template.requests);
      if (record.state !== TERMINATING) this.#countOnNode(slot, 1);
      // Images of pods past their pull are there; those of a pull under way arrive when it ends.
      const availableAt = record.state === PULLING ? (due ?? this.#now) : record.state === PULL_FAILED ? null : this.#now;
      if (availableAt !== null) for (const image of variant.template.images) this.#images[record.node]?.place(image, availableAt);
    }
  }

  #restoreAddresses(): void {
    const taken = new Map<AddressPool, Set<number>>();
    for (const slot of this.#pods.slots()) {
      const { pool } = this.#variantOf(slot);
      const address = this.#pods.address[slot] as number;
      if (pool === null || address === 0) continue;
      let addresses = taken.get(pool);
      if (addresses === undefined) taken.set(pool, (addresses = new Set()));
      addresses.add(address);
    }
    for (const [pool, addresses] of taken) pool.restore(addresses);
  }

  // -------------------------------------------------------------- settling: the controller

  #settle(): void {
    while (this.#unsettled.size > 0) {
      for (const placement of this.#unsettled) {
        this.#unsettled.delete(placement);
        this.#plan(placement);
      }
      const unscheduled = this.#unscheduled;
      this.#unscheduled = [];
      for (const slot of unscheduled) if (this.#pods.state[slot] === PENDING) this.#schedule(slot);
    }
  }

  #plan(placement: Placement): void {
    const { spec, current } = placement;
    if (spec === null || current === null) {
      for (const slot of chooseVictims(placement, this.#pods, Infinity, () => true)) this.#remove(slot);
      return;
    }
    const old: PodCounts = placement.variants.reduce(
      (sum, variant) => (variant === current ? sum : { pods: sum.pods + variant.pods, ready: sum.ready + variant.ready }),
      { pods: 0, ready: 0 },
    );
    const plan = planReplicas(spec.replicas, spec.updateStrategy, current, old);
    const isCurrent = (slot: number): boolean => this.#pods.variant[slot] === current.record.number;
    const isReady = (slot: number): boolean => this.#pods.state[slot] === READY;
    const victims = [
      ...chooseVictims(placement, this.#pods, plan.removeCurrent, isCurrent),
      ...chooseVictims(placement, this.#pods, plan.removeOldUnready, (slot) => !isCurrent(slot) && !isReady(slot)),
      ...chooseVictims(placement, this.#pods, plan.removeOldReady, (slot) => !isCurrent(slot) && isReady(slot)),
    ];
    for (const slot of victims) this.#remove(slot);
    for (let created = 0; created < plan.create; created++) this.#create(current);
  }

  #create(variant: Variant): void {
    const pods = this.#pods;
    const slot = pods.allocate(uuidv7(this.#now, this.#identity));
    pods.variant[slot] = variant.record.number;
    pods.serial[slot] = ++this.#serial;
    pods.createdAt[slot] = this.#now;
    linkPod(variant.placement, pods, slot);
    variant.all += 1;
    variant.pods += 1;
    this.#unscheduled.push(slot);
    this.#listener.podChanged(slot);
    this.#placementChanged(variant.placement);
  }

  /** A pod without a node is gone at once: nothing of it runs anywhere. */
  #remove(slot: number): void {
    if (this.#pods.state[slot] !== PENDING) return this.#enter(slot, TERMINATING);
    this.#variantOf(slot).pods -= 1;
    this.#destroy(slot);
  }

  #destroy(slot: number): void {
    const pods = this.#pods;
    const variant = this.#variantOf(slot);
    const node = pods.node[slot] as number;
    const address = pods.address[slot] as number;
    this.#timers.cancel(slot);
    this.#waiting.delete(slot);
    if (node !== NONE) this.nodes.giveBack(node, variant.template.requests);
    if (address !== 0) variant.pool?.giveBack(address);
    unlinkPod(variant.placement, pods, slot);
    variant.all -= 1;
    const id = pods.ids[slot] as string;
    pods.free(slot);
    this.#listener.podGone(slot, id);
    this.#placementChanged(variant.placement);
    this.#dropIfUnused(variant);
    if (node !== NONE) this.#roomAppeared();
  }

  // -------------------------------------------------------------- settling: the scheduler

  #schedule(slot: number): boolean {
    const variant = this.#variantOf(slot);
    const { requests } = variant.template;
    const node = this.nodes.choose(requests, variant.placement.podsOnNode);
    if (node === NONE) return this.#wait(slot, "Unschedulable", this.nodes.explain(requests));
    const address = variant.pool === null ? 0 : variant.pool.take();
    if (address === null) return this.#wait(slot, "AddressesExhausted", `subnet ${variant.pool?.cidr} has no free address`);
    this.nodes.take(node, requests);
    this.#pods.node[slot] = node;
    this.#pods.address[slot] = address;
    this.#pods.waiting.delete(slot);
    this.#waiting.delete(slot);
    this.#countOnNode(slot, 1);
    this.#enter(slot, PULLING);
    return true;
  }

  #wait(slot: number, reason: string, message: string): false {
    this.#waiting.add(slot);
    const known = this.#pods.waiting.get(slot);
    if (known?.reason !== reason || known.message !== message) {
      this.#pods.waiting.set(slot, { reason, message });
      this.#listener.podChanged(slot);
    }
    return false;
  }

  #roomAppeared(): void {
    if (this.#waiting.size > 0 && this.#retryAt === Infinity) this.#retryAt = this.#now + this.#behaviours.scheduleRetryMs;
  }

  /** Tries all that wait, first come first; once one of a variant found no room, the others of it are only told why. */
  #retryWaiting(): void {
    this.#retryAt = Infinity;
    const refused = new Map<number, { reason: string; message: string }>();
    for (const slot of this.#waiting) {
      const number = this.#pods.variant[slot] as number;
      const same = refused.get(number);
      if (same !== undefined) this.#wait(slot, same.reason, same.message);
      else if (!this.#schedule(slot)) refused.set(number, this.#pods.waiting.get(slot) ?? { reason: "", message: "" });
    }
  }

  // -------------------------------------------------------------- stages: the nodes

  #fire(slot: number): void {
    const stage = this.#variantOf(slot).template.stages[this.#pods.state[slot] as number];
    if (stage === undefined) return;
    if (stage.to === "GONE") this.#destroy(slot);
    else this.#enter(slot, POD_STATES.indexOf(stage.to));
  }

  #enter(slot: number, to: number, culprit?: number): void {
    const pods = this.#pods;
    const from = pods.state[slot] as number;
    const variant = this.#variantOf(slot);
    if (from === READY || to === READY || to === TERMINATING) this.#count(variant, from, to);
    if (to === TERMINATING) this.#countOnNode(slot, -1);
    this.#effects(slot, from, to, culprit ?? variant.template.culprit);
    pods.state[slot] = to;
    const stage = variant.template.stages[to];
    if (stage === undefined) this.#timers.cancel(slot);
    else this.#timers.set(slot, this.#now + Math.max(1, this.#delay(stage.delay, slot)), pods.serial[slot] as number);
    this.#listener.podChanged(slot);
  }

  #count(variant: Variant, from: number, to: number): void {
    const readied = (to === READY ? 1 : 0) - (from === READY ? 1 : 0);
    variant.ready += readied;
    this.#ready += readied;
    if (to === TERMINATING) variant.pods -= 1;
    this.#placementChanged(variant.placement);
  }

  #effects(slot: number, from: number, to: number, culprit: number): void {
    const pods = this.#pods;
    if (to === CREATING) pods.failures[slot] = 0;
    if (to === PULL_FAILED || to === CRASHED) {
      const ranFor = this.#now - (pods.runningSince[slot] as number);
      const failures = to === CRASHED && ranFor >= this.#behaviours.backOff.resetAfterMs ? 0 : (pods.failures[slot] as number);
      pods.failures[slot] = Math.min(255, failures + 1);
      pods.culprit[slot] = culprit;
    }
    if (to === CRASHED) {
      const history = this.#historyOf(slot);
      history.startedAt = null;
      history.exitCode = this.#behaviours.crashExitCode;
    }
    if (to !== RUNNING) return;
    pods.runningSince[slot] = this.#now;
    if (Number.isNaN(pods.startedAt[slot] as number)) pods.startedAt[slot] = this.#now;
    if (from === CRASHED) {
      pods.restarts[slot] = (pods.restarts[slot] as number) + 1;
      const history = this.#historyOf(slot);
      history.restartCount += 1;
      history.startedAt = this.#now;
    }
  }

  #delay(delay: Delay, slot: number): number {
    const { template } = this.#variantOf(slot);
    switch (delay.kind) {
      case "range":
        return this.#behaviour.between(delay.minMs, delay.maxMs);
      case "imagePull": {
        const images = this.#images[this.#pods.node[slot] as number] as ImageCache;
        return images.pull(template.images, this.#now, this.#behaviour) - this.#now;
      }
      case "backOff":
        return this.#backOffMs(slot);
      case "stop": {
        const range = Number.isNaN(this.#pods.startedAt[slot] as number) ? delay.unstarted : delay;
        return Math.min(template.graceMs, this.#behaviour.between(range.minMs, range.maxMs));
      }
    }
  }

  #backOffMs(slot: number): number {
    const { firstMs, factor, maxMs } = this.#behaviours.backOff;
    return Math.min(maxMs, firstMs * factor ** Math.max(0, (this.#pods.failures[slot] as number) - 1));
  }

  /** The failed container's. */
  #historyOf(slot: number): ContainerHistory {
    let histories = this.#pods.histories.get(slot);
    if (histories === undefined) {
      histories = this.#variantOf(slot).template.template.containers.map(() => null);
      this.#pods.histories.set(slot, histories);
    }
    const index = this.#pods.culprit[slot] as number;
    return (histories[index] ??= { restartCount: 0, startedAt: null, exitCode: null });
  }

  // -------------------------------------------------------------- placements, variants, pools

  #variantOf(slot: number): Variant {
    const variant = this.#variants.get(this.#pods.variant[slot] as number);
    if (variant === undefined) throw new Error(`slot ${slot} has no variant (${this.#pods.state[slot] === FREE ? "it is free" : "it is in use"})`);
    return variant;
  }

  #placementChanged(placement: Placement): void {
    this.#unsettled.add(placement);
    this.#listener.placementChanged(placement.id);
  }

  #countOnNode(slot: number, by: 1 | -1): void {
    const { podsOnNode } = this.#variantOf(slot).placement;
    const node = this.#pods.node[slot] as number;
    podsOnNode[node] = (podsOnNode[node] as number) + by;
  }

  #newPlacement(id: string): Placement {
    const placement = newPlacement(id, this.nodes.size);
    this.#placements.set(id, placement);
    return placement;
  }

  #newVariant(placement: Placement, spec: PlacementSpec, template: CompiledTemplate, pool: AddressPool | null): Variant {
    const { revisionId, templateHash, subnet } = spec;
    const record: VariantRecord = {
      number: this.#nextVariant++,
      placementId: placement.id,
      revisionId,
      templateHash,
      namePrefix: podNamePrefix(spec.applicationName, templateHash),
      subnet: subnet === null ? null : { id: subnet.id, cidr: subnet.cidr, gateway: subnet.gateway },
    };
    const variant: Variant = { record, placement, template, pool, pods: 0, ready: 0, all: 0 };
    this.#addVariant(variant);
    return variant;
  }

  #addVariant(variant: Variant): void {
    this.#variants.set(variant.record.number, variant);
    variant.placement.variants.push(variant);
    const { subnet } = variant.record;
    if (subnet !== null && variant.pool !== null) this.#pools.set(subnet.id, variant.pool);
    this.#listener.variantChanged(variant.record.number);
  }

  #dropIfUnused(variant: Variant): void {
    const { record, placement } = variant;
    if (variant.all > 0 || placement.current === variant || !this.#variants.delete(record.number)) return;
    placement.variants.splice(placement.variants.indexOf(variant), 1);
    this.#listener.variantChanged(record.number);
    for (const other of this.#variants.values()) if (other.pool === variant.pool) return;
    if (record.subnet !== null) this.#pools.delete(record.subnet.id);
  }

  /** The subnet's pool, or a new one that is kept once a variant uses it. */
  #poolOf(subnet: Subnet | null): AddressPool | null {
    if (subnet === null) return null;
    const known = this.#pools.get(subnet.id);
    if (known !== undefined && known.cidr !== subnet.cidr) throw new Error(`subnet ${subnet.id} is ${known.cidr} here, not ${subnet.cidr}`);
    return known ?? new AddressPool(subnet.cidr, subnet.gateway);
  }
}
