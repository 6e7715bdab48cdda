/**
 * What a cluster's pods use and how they answer, whenever somebody asks. Nothing is kept and nothing happens between two questions: an answer follows from the pods' states,
 * what their placements were assigned, and the time.
 *
 *   an application's rate ──share of desired replicas──▶ the placement's ──evenly──▶ its ready pods ──queue──▶ cpu, memory, network, errors, latency
 *
 * - A placement without a ready pod loses all its requests: they are its errors, and no pod's.
 * - Only ready pods are sent requests. A pod whose containers run is measured, ready or not; of others there is nothing to say. One that hangs and is still ready fails
 *   all that it is sent.
 * - A window takes the rate's mean and the garbage's over it, and the states that pods are in when it is asked for: ask when the cluster's time has come to the window's end.
 *   The queue is in balance at each rate (pointwise stationary: Green, Kolesar, The pointwise stationary approximation for queues with nonstationary arrivals,
 *   Management Science 37, 1991), so what users feel follows at once.
 * - Requests are kept: those of a placement's pods, and those that are lost, are what it is sent.
 * - Load does not act on pods: nobody is restarted because of it.
 */
import { meanRps, shareOf, type TimeWindow } from "../../../domain/traffic.ts";
import type { Containers } from "../containers.ts";
import { variantOf, type ClusterParts } from "../parts.ts";
import { slotsOf, type Placement, type Variant } from "../placements.ts";
import { READY, RUNNING } from "../pods.ts";
import type { LoadColumns } from "./columns.ts";
import { garbageLevel, hungLoad, idleLoad, loadAt, phaseOf, rpsAtUse, type PodLoad } from "./pod-load.ts";
import { LoadTotal, type Metrics } from "./total.ts";

/** How the pods of a variant stand: those that are ready, those that are not and run, and those that are ready and hang. */
interface VariantLoad {
  readonly variant: Variant;
  readonly ready: PodLoad;
  readonly idle: PodLoad;
  readonly hung: PodLoad;
}

export class ClusterLoad {
  readonly #parts: ClusterParts;
  readonly #containers: Containers;
  readonly #salt: number;

  /** @param salt another one for each seed and cluster. */
  constructor(parts: ClusterParts, containers: Containers, salt: number) {
    this.#parts = parts;
    this.#containers = containers;
    this.#salt = salt;
  }

  /** null where its containers don't run. */
  ofPod(slot: number, window: TimeWindow): Metrics | null {
    const variant = variantOf(this.#parts, slot);
    const total = new LoadTotal();
    this.#add(total, slot, this.#variantLoad(variant, this.#podRps(variant.placement, window)), window);
    return total.pods === 0 ? null : total.ofPods();
  }

  /** null where there is no such placement. */
  ofPlacement(placementId: string, window: TimeWindow): Metrics | null {
    const placement = this.#parts.placements.get(placementId);
    if (placement === undefined) return null;
    const total = new LoadTotal();
    const loads = new Map(this.#variantLoads(placement, window).map((load) => [load.variant.record.number, load]));
    for (const slot of slotsOf(placement, this.#parts.pods)) {
      this.#add(total, slot, loads.get(this.#parts.pods.variant[slot] as number) as VariantLoad, window);
    }
    total.addLost(this.#lostRps(placement, window));
    return total.ofPods();
  }

  /** Of all nodes, by their index: what their pods use of what they have. Requests that are lost reach no node. */
  ofNodes(window: TimeWindow): Metrics[] {
    const { nodes } = this.#parts;
    const totals = nodes.descriptions.map(() => new LoadTotal());
    this.#eachPod(window, (slot, load) => this.#add(totals[this.#parts.pods.node[slot] as number] as LoadTotal, slot, load, window));
    return totals.map((total, index) => total.of(nodes.descriptions[index] as (typeof nodes.descriptions)[number]));
  }

  ofCluster(window: TimeWindow): Metrics {
    const { nodes, placements } = this.#parts;
    const total = new LoadTotal();
    this.#eachPod(window, (slot, load) => this.#add(total, slot, load, window));
    for (const placement of placements.all()) total.addLost(this.#lostRps(placement, window));
    return total.of({
      cpuMillis: nodes.descriptions.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
      memoryMiB: nodes.descriptions.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    });
  }

  /** Writes a row for each pod whose containers run into the columns, over what they held, by slot. */
  fill(columns: LoadColumns, window: TimeWindow): void {
    const { pods } = this.#parts;
    columns.clear();
    this.#eachPod(window, (slot, loads) => {
      const load = this.#loadOf(slot, loads, window);
      columns.add(slot, loads.variant.template.server, load, this.#memoryMiB(slot, loads.variant, load, window), pods.state[slot] === READY);
    });
  }

  /** Of placements of which no pod is ready: the requests that are lost. */
  lost(window: TimeWindow): Map<string, number> {
    const lost = new Map<string, number>();
    for (const placement of this.#parts.placements.all()) {
      const rps = this.#lostRps(placement, window);
      if (rps > 0) lost.set(placement.id, rps);
    }
    return lost;
  }

  // -------------------------------------------------------------- placements

  /** What users send a placement. */
  #offeredRps({ spec, variants }: Placement, window: TimeWindow): number {
    if (spec === null) return 0;
    const { replicas, traffic } = spec;
    if (traffic !== undefined) return meanRps(traffic.profile, window) * shareOf(replicas, traffic.totalReplicas);
    // What its smallest pods are at ease with, so that an update to larger ones does not burden those that are left.
    const { comfortableUse } = this.#parts.behaviours.load;
    const ofOne = variants.filter(({ pods }) => pods > 0).map(({ template }) => rpsAtUse(template.server, comfortableUse));
    return ofOne.length === 0 ? 0 : replicas * Math.min(...ofOne);
  }

  /** What each of its ready pods is sent. */
  #podRps(placement: Placement, window: TimeWindow): number {
    const ready = readyPods(placement);
    return ready === 0 ? 0 : this.#offeredRps(placement, window) / ready;
  }

  #lostRps(placement: Placement, window: TimeWindow): number {
    return readyPods(placement) === 0 ? this.#offeredRps(placement, window) : 0;
  }

  #variantLoads(placement: Placement, window: TimeWindow): VariantLoad[] {
    const rps = this.#podRps(placement, window);
    return placement.variants.map((variant) => this.#variantLoad(variant, rps));
  }

  #variantLoad(variant: Variant, rps: number): VariantLoad {
    const { server } = variant.template;
    return { variant, ready: loadAt(server, rps), idle: idleLoad(server), hung: hungLoad(server, rps) };
  }

  // -------------------------------------------------------------- pods

  /** Each pod whose containers run, by slot. */
  #eachPod(window: TimeWindow, take: (slot: number, load: VariantLoad) => void): void {
    const { placements, pods } = this.#parts;
    const loads = new Map<number, VariantLoad>();
    for (const placement of placements.all()) for (const load of this.#variantLoads(placement, window)) loads.set(load.variant.record.number, load);
    const { state, variant } = pods;
    // Neighbours are mostly pods of one variant.
    let number = -1;
    let load: VariantLoad | undefined;
    for (let slot = 0; slot < state.length; slot++) {
      if (state[slot] !== READY && state[slot] !== RUNNING) continue;
      if (variant[slot] !== number) load = loads.get((number = variant[slot] as number));
      if (load !== undefined) take(slot, load);
    }
  }

  #add(total: LoadTotal, slot: number, loads: VariantLoad, window: TimeWindow): void {
    const state = this.#parts.pods.state[slot];
    if (state !== READY && state !== RUNNING) return;
    const load = this.#loadOf(slot, loads, window);
    total.add(loads.variant.template.server, load, this.#memoryMiB(slot, loads.variant, load, window), state === READY);
  }

  #loadOf(slot: number, { variant, ready, idle, hung }: VariantLoad, { to }: TimeWindow): PodLoad {
    if (this.#parts.pods.state[slot] !== READY) return idle;
    const { hangs, container } = variant.template.server;
    return hangs && this.#containers.hasHung(slot, container, to) ? hung : ready;
  }

  #memoryMiB(slot: number, { template }: Variant, { memoryMiB, garbageMiB }: PodLoad, window: TimeWindow): number {
    const { memory, memoryMiB: limit } = template.server;
    if (garbageMiB === 0) return Math.min(limit, memoryMiB);
    const phase = phaseOf(this.#salt, this.#parts.pods.serial[slot] as number);
    return Math.min(limit, memoryMiB + garbageMiB * garbageLevel(memory.cycleMs, phase, window));
  }
}

const readyPods = ({ variants }: Placement): number => {
  let ready = 0;
  for (const variant of variants) ready += variant.ready;
  return ready;
};
