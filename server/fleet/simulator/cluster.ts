/**
 * One cluster, simulated on virtual time: the controller that makes and replaces pods, the scheduler that gives them nodes, and the nodes
 * that run them as the behaviours say. Deterministic: what happens follows from the seed, the assignments and the times at which they came,
 * however finely time is advanced.
 *
 * Terms: slot, variant, placement (pods.ts, placements.ts); stage and state (behaviours.ts, stages.ts). The instant is `now`; it only moves
 * in `advanceTo`, to each event in turn. After the events of an instant the cluster settles: placements that changed are planned again, and
 * new pods get nodes, within the same instant.
 *
 * Invariants
 * - A pod has an address and its share of a node from binding until it is gone, terminating included.
 * - The counts of a variant are those of its slots: nothing is counted by looking.
 * - The listener is told of every change of a pod's reportable state and of every change of a placement's counts, possibly more than once.
 */
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { NodeDescription, PlacementSpec, PodReport } from "../link.ts";
import type { Behaviours } from "./behaviours.ts";
import { ImageCache } from "./images.ts";
import { podSuffix, SUFFIXES } from "./names.ts";
import { countOnNode, variantOf, type ClusterParts } from "./parts.ts";
import { chooseVictims, linkPod, PlacementTable, unlinkPod, type Placement, type Variant, type VariantRecord } from "./placements.ts";
import { podReport } from "./pod-reports.ts";
import { CRASHED, NONE, PENDING, PodTable, PULLING, READY, RUNNING, TERMINATING, type WaitingReason } from "./pods.ts";
import { RandomStream, uuidv7 } from "./random.ts";
import { podRecord, restoreParts, type ClusterRecords, type EngineState, type PodRecord } from "./records.ts";
import { planReplicas } from "./rolling-update.ts";
import { NodeTable } from "./scheduler.ts";
import { Stages } from "./stages.ts";
import { compileTemplate } from "./templates.ts";
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

export class ClusterSimulation {
  readonly nodes: NodeTable;
  readonly #listener: ClusterListener;
  readonly #parts: ClusterParts;
  readonly #stages: Stages;
  readonly #suffixOffset: number;
  /** Who things happen to; a stream of its own, so that the ids of another life change nothing else. */
  #identity: RandomStream;
  #now: number;
  #serial = 0;
  /** Placements to plan again in this instant. */
  readonly #unsettled = new Set<Placement>();
  /** New pods that get their first try for a node in this instant. */
  #unscheduled: number[] = [];
  #retryAt = Infinity;

  constructor({ code, nodes, seed, nonce, behaviours, now, listener }: ClusterOptions) {
    this.nodes = new NodeTable(nodes);
    this.#listener = listener;
    this.#identity = RandomStream.named("identity", seed, code, nonce);
    this.#suffixOffset = RandomStream.named("names", seed, code, nonce).between(0, SUFFIXES - 1);
    this.#now = now;
    this.#parts = {
      behaviours,
      nodes: this.nodes,
      images: nodes.map(() => new ImageCache(behaviours)),
      pods: new PodTable(),
      timers: new TimerHeap(),
      placements: new PlacementTable(nodes.length, (number) => listener.variantChanged(number)),
      templates: new Map(),
      waiting: new Set(),
    };
    this.#stages = new Stages(this.#parts, RandomStream.named("behaviour", seed, code), {
      podChanged: (slot) => listener.podChanged(slot),
      countsChanged: (variant) => this.#placementChanged(variant.placement),
      podEnded: (slot) => this.#destroy(slot),
    });
  }

  // -------------------------------------------------------------- time

  get now(): number {
    return this.#now;
  }

  /** When the next event is due, Infinity for never. */
  nextDue(): number {
    const isSettled = this.#unsettled.size === 0 && this.#unscheduled.length === 0;
    return isSettled ? Math.min(this.#parts.timers.nextDue(), this.#retryAt) : this.#now;
  }

  /** Lets everything happen that is due until then. Time never goes back: an earlier instant changes nothing. */
  advanceTo(now: number): void {
    const { timers } = this.#parts;
    for (;;) {
      this.#settle();
      const due = this.nextDue();
      if (due > now) break;
      this.#now = Math.max(this.#now, due);
      while (timers.nextDue() <= this.#now) this.#stages.fire(timers.pop(), this.#now);
      if (this.#retryAt <= this.#now) this.#retryWaiting();
    }
    this.#now = Math.max(this.#now, now);
  }

  // -------------------------------------------------------------- what should be

  addTemplate(hash: string, template: PodTemplate): void {
    const { templates, behaviours } = this.#parts;
    if (!templates.has(hash)) templates.set(hash, compileTemplate(hash, template, behaviours));
  }

  hasTemplate(hash: string): boolean {
    return this.#parts.templates.has(hash);
  }

  templateHashes(): string[] {
    return [...this.#parts.templates.keys()];
  }

  /** Lets go of the templates that no specification and no pod is made of; says which. */
  pruneTemplates(): string[] {
    const used = new Set<string>();
    for (const { record } of this.#parts.placements.variants()) used.add(record.templateHash);
    const unused = this.templateHashes().filter((hash) => !used.has(hash));
    for (const hash of unused) this.#parts.templates.delete(hash);
    return unused;
  }

  /**
   * Sets what a placement should be from this instant on; null removes its pods. Its template must have been added.
   * @throws Error when the template is unknown or the subnet's block is none; nothing has changed then.
   */
  assign(placementId: string, spec: PlacementSpec | null): void {
    const { placements, templates } = this.#parts;
    let placement: Placement;
    if (spec === null) {
      placement = placements.get(placementId) ?? placements.add(placementId);
      placement.current = null;
    } else {
      const template = templates.get(spec.templateHash);
      if (template === undefined) throw new Error(`there is no template ${spec.templateHash}`);
      const pool = placements.poolOf(spec.subnet);
      placement = placements.get(placementId) ?? placements.add(placementId);
      placement.current = placements.variantFor(placement, spec, template, pool);
    }
    placement.spec = spec;
    for (const variant of placement.variants.slice()) placements.dropIfUnused(variant);
    this.#placementChanged(placement);
  }

  /** Lets go of a removed placement. Only when it is a tombstone without pods. */
  forget(placementId: string): void {
    this.#parts.placements.delete(placementId);
  }

  // -------------------------------------------------------------- what is

  get podCount(): number {
    return this.#parts.pods.size;
  }

  get readyCount(): number {
    let ready = 0;
    for (const variant of this.#parts.placements.variants()) ready += variant.ready;
    return ready;
  }

  slots(): Iterable<number> {
    return this.#parts.pods.slots();
  }

  isLive(slot: number): boolean {
    return this.#parts.pods.isLive(slot);
  }

  counts(placementId: string): PlacementCounts {
    const placement = this.#parts.placements.get(placementId);
    let created = 0;
    let ready = 0;
    let all = 0;
    for (const variant of placement?.variants ?? []) {
      created += variant.pods;
      ready += variant.ready;
      all += variant.all;
    }
    return { created, ready, updated: placement?.current?.pods ?? 0, all };
  }

  report(slot: number): PodReport {
    const { pods } = this.#parts;
    const variant = variantOf(this.#parts, slot);
    const node = pods.node[slot] as number;
    return podReport(pods, slot, variant, {
      name: `${variant.record.namePrefix}-${podSuffix(pods.serial[slot] as number, this.#suffixOffset)}`,
      nodeId: node === NONE ? null : this.nodes.idOf(node),
      backOffMs: this.#stages.backOffMs(slot),
    });
  }

  // -------------------------------------------------------------- faults

  /** Ends one container of a running pod, as a crash would. False when there is no such pod, or it does not run. */
  crashPod(podId: string, container = 0): boolean {
    const { pods } = this.#parts;
    for (const slot of pods.slots()) {
      if (pods.ids[slot] !== podId) continue;
      const runs = pods.state[slot] === READY || pods.state[slot] === RUNNING;
      if (!runs || container >= variantOf(this.#parts, slot).template.template.containers.length) return false;
      this.#stages.enter(slot, CRASHED, this.#now, container);
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
    return { now: this.#now, serial: this.#serial, behaviour: this.#stages.random.state, identity: this.#identity.state };
  }

  variantRecord(number: number): VariantRecord | null {
    return this.#parts.placements.variant(number)?.record ?? null;
  }

  podRecord(slot: number): PodRecord {
    return podRecord(this.#parts, slot);
  }

  /**
   * Goes on from what was stored; only for a cluster that nothing has happened to. Timers that came due meanwhile fire at the next advance,
   * in order. Where the clock stands before the stored instant (its settings were lost), timers keep what was left of them.
   */
  restore(saved: EngineState & ClusterRecords): void {
    const setBackMs = Math.max(0, saved.now - this.#now);
    this.#now = Math.min(saved.now, this.#now);
    this.#serial = saved.serial;
    this.#stages.random = new RandomStream(saved.behaviour);
    this.#identity = new RandomStream(saved.identity);
    restoreParts(this.#parts, saved, this.#now, setBackMs);
    for (const { id, spec } of saved.placements) this.assign(id, spec);
    this.#roomAppeared();
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
      for (const slot of unscheduled) if (this.#parts.pods.state[slot] === PENDING) this.#schedule(slot);
    }
  }

  #plan(placement: Placement): void {
    const { pods } = this.#parts;
    const { spec, current } = placement;
    const remove = (count: number, fits: (slot: number) => boolean): void => {
      for (const slot of chooseVictims(placement, pods, count, fits)) this.#remove(slot);
    };
    if (spec === null || current === null) return remove(Infinity, () => true);
    const { created, ready } = this.counts(placement.id);
    const old = { pods: created - current.pods, ready: ready - current.ready };
    const plan = planReplicas(spec.replicas, spec.updateStrategy, current, old);
    const isCurrent = (slot: number): boolean => pods.variant[slot] === current.record.number;
    const isReady = (slot: number): boolean => pods.state[slot] === READY;
    remove(plan.removeCurrent, isCurrent);
    remove(plan.removeOldUnready, (slot) => !isCurrent(slot) && !isReady(slot));
    remove(plan.removeOldReady, (slot) => !isCurrent(slot) && isReady(slot));
    for (let made = 0; made < plan.create; made++) this.#create(current);
  }

  #create(variant: Variant): void {
    const { pods } = this.#parts;
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
    if (this.#parts.pods.state[slot] !== PENDING) return this.#stages.enter(slot, TERMINATING, this.#now);
    variantOf(this.#parts, slot).pods -= 1;
    this.#destroy(slot);
  }

  #destroy(slot: number): void {
    const { pods, placements, timers, waiting } = this.#parts;
    const variant = variantOf(this.#parts, slot);
    const id = pods.ids[slot] as string;
    const node = pods.node[slot] as number;
    const address = pods.address[slot] as number;
    timers.cancel(slot);
    waiting.delete(slot);
    if (node !== NONE) this.nodes.giveBack(node, variant.template.requests);
    if (address !== 0) variant.pool?.giveBack(address);
    unlinkPod(variant.placement, pods, slot);
    variant.all -= 1;
    pods.free(slot);
    this.#listener.podGone(slot, id);
    this.#placementChanged(variant.placement);
    placements.dropIfUnused(variant);
    if (node !== NONE) this.#roomAppeared();
  }

  #placementChanged(placement: Placement): void {
    this.#unsettled.add(placement);
    this.#listener.placementChanged(placement.id);
  }

  // -------------------------------------------------------------- settling: the scheduler

  /** Gives a pod a node and an address; says why not, where it found none. */
  #schedule(slot: number): WaitingReason | null {
    const { pods, waiting } = this.#parts;
    const { template, placement, pool } = variantOf(this.#parts, slot);
    const node = this.nodes.choose(template.requests, placement.podsOnNode);
    if (node === NONE) return this.#wait(slot, { reason: "Unschedulable", message: this.nodes.explain(template.requests) });
    const address = pool === null ? 0 : pool.take();
    if (address === null) return this.#wait(slot, { reason: "AddressesExhausted", message: `subnet ${pool?.cidr} has no free address` });
    this.nodes.take(node, template.requests);
    pods.node[slot] = node;
    pods.address[slot] = address;
    pods.waiting.delete(slot);
    waiting.delete(slot);
    countOnNode(this.#parts, slot, 1);
    this.#stages.enter(slot, PULLING, this.#now);
    return null;
  }

  #wait(slot: number, why: WaitingReason): WaitingReason {
    const { pods, waiting } = this.#parts;
    waiting.add(slot);
    const known = pods.waiting.get(slot);
    if (known?.reason !== why.reason || known.message !== why.message) {
      pods.waiting.set(slot, why);
      this.#listener.podChanged(slot);
    }
    return why;
  }

  #roomAppeared(): void {
    if (this.#parts.waiting.size > 0 && this.#retryAt === Infinity) this.#retryAt = this.#now + this.#parts.behaviours.scheduleRetryMs;
  }

  /** Tries all that wait, first come first; once one of a variant found no room, the others of it are only told why. */
  #retryWaiting(): void {
    this.#retryAt = Infinity;
    const refused = new Map<number, WaitingReason>();
    for (const slot of this.#parts.waiting) {
      const number = this.#parts.pods.variant[slot] as number;
      const known = refused.get(number);
      const why = known === undefined ? this.#schedule(slot) : this.#wait(slot, known);
      if (why !== null) refused.set(number, why);
    }
  }
}
