/**
 * One cluster, simulated on virtual time: the controller that makes and replaces pods, the binder that gives them nodes, the nodes that run them as
 * the behaviours say, their configuration and the services over them. Deterministic: what happens follows from the seed, the assignments and the times at which they came,
 * however finely time is advanced.
 *
 * Terms: slot, variant, placement (pods.ts, placements.ts); stage and state (behaviours.ts, stages.ts); course (health.ts); configuration set
 * (config-sets.ts). The instant is `now`; it only moves
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
import type { FaultOrder, PlacementSpec, PodReport, ServiceSpec } from "../link.ts";
import { Binder } from "./binder.ts";
import type { ClusterOptions } from "./cluster-options.ts";
import type { ConfigSetRecord } from "./config-sets.ts";
import { Configurations } from "./configurations.ts";
import { Containers } from "./containers.ts";
import { runningContainer, type RunningContainer } from "./container-world.ts";
import { Controller } from "./controller.ts";
import type { Cut } from "./cuts.ts";
import { Faults } from "./faults.ts";
import { Happenings } from "./happenings.ts";
import { ClusterLoad } from "./load/cluster-load.ts";
import { ClusterLogs } from "./logs/cluster-logs.ts";
import { SUFFIXES } from "./names.ts";
import { Outages } from "./outages.ts";
import { emptyParts, variantOf, type ClusterParts } from "./parts.ts";
import type { Placement, VariantRecord } from "./placements.ts";
import { PodViews } from "./pod-views.ts";
import { PULLING } from "./pods.ts";
import { RandomStream } from "./random.ts";
import { podRecord, restoreParts, type ClusterRecords, type EngineState, type PodRecord } from "./records.ts";
import { planReplicas } from "./rolling-update.ts";
import { NodeTable } from "./scheduler.ts";
import { Services, type Endpoint } from "./services.ts";
import { Stages } from "./stages.ts";
import { compileTemplate } from "./templates.ts";

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
  /** What its pods use, and how they answer. */
  readonly load: ClusterLoad;
  /** What its containers write. */
  readonly logs: ClusterLogs;
  readonly #parts: ClusterParts;
  readonly #configurations: Configurations;
  readonly #happenings: Happenings;
  readonly #stages: Stages;
  readonly #binder: Binder;
  readonly #controller: Controller;
  readonly #services: Services;
  readonly #views: PodViews;
  readonly #outages: Outages;
  readonly #faults: Faults;
  #now: number;

  constructor({ code, nodes, labels = {}, seed, nonce, behaviours, now, contents, listener, plan = planReplicas }: ClusterOptions) {
    this.nodes = new NodeTable(nodes, behaviours.scoring);
    this.#now = now;
    const suffixOffset = RandomStream.named("names", seed, code, nonce).between(0, SUFFIXES - 1);
    const parts = emptyParts({ suffixOffset, behaviours, nodes: this.nodes, labels, listener });
    this.#parts = parts;
    this.logs = new ClusterLogs(parts, () => this.load, RandomStream.named("logs", seed, code).uint32());
    this.#happenings = new Happenings(parts, this.logs, (happening) => listener.happened(happening));
    const happenings = this.#happenings;
    const salt = RandomStream.named("containers", seed, code).uint32();
    this.#configurations = new Configurations(parts, contents, salt, {
      podRecordChanged: (slot) => listener.podRecordChanged(slot),
      configuredChanged: (placement) => listener.placementChanged(placement.id),
    });
    const configurations = this.#configurations;
    const containers = new Containers(parts, salt, happenings, (slot, history) => configurations.restarted(slot, history));
    this.#stages = new Stages({
      parts,
      containers,
      configurations,
      happenings,
      random: RandomStream.named("behaviour", seed, code),
      listener: {
        podChanged: (slot) => listener.podChanged(slot),
        podRecordChanged: (slot) => listener.podRecordChanged(slot),
        countsChanged: (variant) => this.#controller.placementChanged(variant.placement),
        podEnded: (slot) => this.#controller.destroy(slot, this.#now),
      },
    });
    this.#binder = new Binder(parts, {
      podChanged: (slot) => listener.podChanged(slot),
      podBound: (slot, at) => {
        happenings.bound(slot, at);
        this.#stages.enter(slot, PULLING, at);
      },
      podWaits: (slot, why) => happenings.unschedulable(slot, why, this.#now),
      podPreempted: (slot, at) => {
        this.#stages.preempt(slot, at);
        happenings.preempted(slot, at);
      },
    });
    this.#controller = new Controller({
      parts,
      stages: this.#stages,
      binder: this.#binder,
      configurations,
      happenings,
      plan,
      identity: RandomStream.named("identity", seed, code, nonce),
      listener,
    });
    this.#views = new PodViews({ parts, containers, configurations });
    this.load = new ClusterLoad(parts, containers, RandomStream.named("load", seed, code).uint32());
    this.#outages = new Outages(parts, this.#stages, {
      nodeChanged: (index) => listener.nodeChanged(index),
      nodeReturned: () => {
        // Files that became due meanwhile.
        this.#configurations.contentsChanged(this.#now);
        this.#binder.roomAppeared(this.#now);
      },
      happened: (happening) => listener.happened(happening),
    });
    this.#faults = new Faults({
      parts,
      stages: this.#stages,
      outages: this.#outages,
      serial: () => this.#controller.serial,
      slotOf: (podId) => this.#views.slotOf(podId),
      listener,
    });
    this.#services = new Services(parts, (serviceId) => listener.serviceChanged(serviceId));
  }

  // -------------------------------------------------------------- time

  get now(): number {
    return this.#now;
  }

  /** When the next event is due, Infinity for never. */
  nextDue(): number {
    if (!this.#controller.isSettled) return this.#now;
    return Math.min(this.#parts.timers.nextDue(), this.#parts.waves.nextDue(), this.#binder.retryAt, this.#outages.nextDue(), this.#faults.nextDue());
  }

  /** Lets everything happen that is due until then. Time never goes back: an earlier instant changes nothing. */
  advanceTo(now: number): void {
    const { timers, waves } = this.#parts;
    for (;;) {
      this.#controller.settle(this.#now);
      const due = this.nextDue();
      if (due > now) break;
      this.#now = Math.max(this.#now, due);
      if (this.#faults.nextDue() <= this.#now) this.#faults.advance(this.#now);
      if (this.#outages.nextDue() <= this.#now) this.#outages.advance(this.#now);
      while (timers.nextDue() <= this.#now) this.#stages.fire(timers.pop(), this.#now);
      while (waves.nextDue() <= this.#now) this.#configurations.fire(waves.pop(), this.#now);
      if (this.#binder.retryAt <= this.#now) this.#binder.retry(this.#now);
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
    const before = this.#parts.placements.get(placementId)?.spec ?? null;
    this.#assign(placementId, spec, false);
    this.#happenings.assigned(placementId, before, spec, this.#now);
  }

  #assign(placementId: string, spec: PlacementSpec | null, isRestored: boolean): void {
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
    this.#configurations.assign(placement, spec?.configs ?? [], this.#now, isRestored);
    this.#wakeUnconfigured(placement);
    this.#controller.placementChanged(placement);
  }

  /** Contents have come, or can't be opened any more. */
  contentsChanged(): void {
    this.#configurations.contentsChanged(this.#now);
    this.#wakeUnconfigured();
  }

  /** Pods whose containers could not be created try again, all or those of a placement. */
  #wakeUnconfigured(placement?: Placement): void {
    const { pods, timers, unconfigured } = this.#parts;
    for (const slot of unconfigured) {
      if (placement !== undefined && variantOf(this.#parts, slot).placement !== placement) continue;
      unconfigured.delete(slot);
      timers.set(slot, this.#now, pods.serial[slot] as number);
    }
  }

  /** Sets what a service should be; null removes it. */
  assignService(serviceId: string, spec: ServiceSpec | null): void {
    this.#services.assign(serviceId, spec);
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

  /** Pods whose files show the assigned configuration, as far as they mount any; terminating ones left out. */
  configured(placementId: string): number {
    const placement = this.#parts.placements.get(placementId);
    return placement === undefined ? 0 : this.#configurations.configured(placement);
  }

  /** Where a pod's samples belong to. */
  sampled(slot: number): { readonly podId: string; readonly placementId: string; readonly node: number } {
    const { pods } = this.#parts;
    return { podId: pods.ids[slot] as string, placementId: variantOf(this.#parts, slot).placement.id, node: pods.node[slot] as number };
  }

  report(slot: number): PodReport {
    return this.#views.report(slot, this.#now);
  }

  /** The variables that a pod's container was started with, opened now; null where there is no such container, or it was not started. */
  environmentOf(podId: string, container: string): Record<string, string> | null {
    return this.#views.environmentOf(podId, container);
  }

  /** By path, the files that ConfigMaps and Secrets are in a pod's container; null as above. */
  filesOf(podId: string, container: string): Record<string, string> | null {
    return this.#views.filesOf(podId, container);
  }

  /** A container as a shell in it sees it; null where there is none of this name that runs. */
  containerOf(podId: string, container: string): RunningContainer | null {
    return runningContainer({ parts: this.#parts, views: this.#views, configurations: this.#configurations, services: this.#services, now: () => this.#now }, podId, container);
  }

  /** Why a service can't be carried out, a sentence; null when it is. */
  serviceProblem(serviceId: string): string | null {
    return this.#services.problem(serviceId);
  }

  /** The ready pods behind a service, by their addresses; null when there is no such service. */
  endpointsOf(serviceId: string): readonly Endpoint[] | null {
    return this.#services.endpointsOf(serviceId);
  }

  /** Every content that an assigned set, or the files or environment of some pod, is made of. */
  contentsInUse(): Set<string> {
    return this.#parts.configSets.contents();
  }

  // -------------------------------------------------------------- faults

  /** Ends one container of a running pod, as a crash would. False when there is no such pod, or it does not run. */
  crashPod(podId: string, container = 0): boolean {
    const slot = this.#views.slotOf(podId);
    if (slot === null || container >= variantOf(this.#parts, slot).template.containers.length) return false;
    return this.#stages.crash(slot, container, this.#now);
  }

  /** A node that does not answer takes no new pods, and its own are lost, and given up after a while (outages.ts). */
  setNodeStatus(index: number, status: ClusterNodeStatus): void {
    if (status === "READY") this.#outages.recover(index, this.#now);
    else this.#outages.fail(index, this.#now);
  }

  /** All faults that are in force here, or are to begin; what is not named has ended. */
  orderFaults(orders: readonly FaultOrder[]): void {
    this.#faults.order(orders, this.#now);
  }

  /** What of the cluster's messages is lost now. */
  get cut(): Cut {
    return this.#faults.cut;
  }

  // -------------------------------------------------------------- storing and restoring

  get state(): EngineState {
    const { retryAt } = this.#binder;
    const outages = this.#outages.records;
    const faults = this.#faults.records;
    return {
      now: this.#now, serial: this.#controller.serial, behaviour: this.#stages.random.state, identity: this.#controller.identity.state,
      ...(retryAt === Infinity ? {} : { retryAt }), ...(outages.length > 0 ? { outages } : {}), ...(faults.length > 0 ? { faults } : {}),
    };
  }

  variantRecord(number: number): VariantRecord | null {
    return this.#parts.placements.variant(number)?.record ?? null;
  }

  configSetRecord(number: number): ConfigSetRecord | null {
    return this.#parts.configSets.get(number) ?? null;
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
    this.#controller.serial = saved.serial;
    this.#stages.random = new RandomStream(saved.behaviour);
    this.#controller.identity = new RandomStream(saved.identity);
    restoreParts(this.#parts, saved, this.#now, setBackMs);
    this.#outages.restore(saved.outages ?? [], setBackMs);
    this.#faults.restore(saved.faults ?? [], this.#now);
    for (const { id, spec } of saved.placements) this.#assign(id, spec, true);
    for (const { id, spec } of saved.services) this.#services.assign(id, spec);
    this.#parts.configSets.collect();
    this.#binder.resume(saved.retryAt === undefined ? null : saved.retryAt - setBackMs, this.#now);
  }
}
