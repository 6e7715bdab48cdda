/**
 * What an agent measures of its pods, window by window, and keeps until the centre has stored it.
 *
 *   measured ──WINDOWS_KEPT or KEPT_BYTES are kept──▶ dropped, oldest first: a gap
 *      └─ kept ──take, SAMPLES_WINDOW at most──▶ under way ──stored──▶ forgotten
 *           ▲                                       └─lost─┐
 *           └──────────────────────────────────────────────┘
 *
 * - Nothing is measured before a gateway has said that it takes samples. From then on it is, also while that is away.
 * - A window is measured when the simulation stands at its end. Of windows that come due at once, because the process was held up, or time runs hundreds of times as fast as
 *   the wall clock's, the last BEHIND are measured and the others are gaps.
 * - What is under way counts until it is answered, or the session ends: also where it is dropped here meanwhile. So the gateway never has more than SAMPLES_WINDOW.
 * - Nothing is stored here: what was measured before a restart of the agent, and had not left, is a gap.
 */
import { METRIC_NAMES } from "../../domain/metric.ts";
import { SAMPLE_MS, WINDOWS_KEPT } from "../../domain/metric-times.ts";
import { RecordWriter } from "../../domain/metric-values.ts";
import { SAMPLES_WINDOW, type PlacementSamples, type Samples } from "../link.ts";
import type { ClusterSimulation } from "../simulator/cluster.ts";
import { LoadColumns } from "../simulator/load/columns.ts";

/** Characters of base64. */
const KEPT_BYTES = 8 * 1_024 * 1_024;
/** Windows that may be caught up with at once. */
const BEHIND = 2;

interface Kept {
  readonly samples: Samples;
  readonly size: number;
}

export class Sampler {
  readonly #clusterId: string;
  readonly #simulation: Pick<ClusterSimulation, "load" | "sampled">;
  readonly #nodeIds: readonly string[];
  /** Oldest first. */
  #kept: Kept[] = [];
  #keptSize = 0;
  readonly #underWay = new Set<number>();
  /** End of the window to be measured next. */
  #due = Infinity;

  constructor(clusterId: string, simulation: Pick<ClusterSimulation, "load" | "sampled">, nodeIds: readonly string[]) {
    this.#clusterId = clusterId;
    this.#simulation = simulation;
    this.#nodeIds = nodeIds;
  }

  nextDue(): number {
    return this.#due;
  }

  /** Windows that are kept. */
  get windows(): readonly number[] {
    return this.#kept.map(({ samples }) => samples.at);
  }

  welcomed(takesSamples: boolean, now: number): void {
    this.#underWay.clear();
    if (takesSamples && this.#due === Infinity) this.#due = (Math.floor(now / SAMPLE_MS) + 2) * SAMPLE_MS;
    if (takesSamples) return;
    this.#due = Infinity;
    this.#kept = [];
    this.#keptSize = 0;
  }

  /** What was under way is sent again to whoever welcomes the cluster next. */
  lost(): void {
    this.#underWay.clear();
  }

  /** Measures the window that ends at `nextDue()`, which is where the simulation stands; `now` is how far it is to go. */
  sample(now: number): void {
    const to = this.#due;
    this.#due = Math.max(to + SAMPLE_MS, Math.floor(now / SAMPLE_MS - BEHIND) * SAMPLE_MS);
    const samples: Samples = { type: "samples", clusterId: this.#clusterId, at: to - SAMPLE_MS, nodes: this.#nodeIds, placements: this.#measure({ from: to - SAMPLE_MS, to }) };
    const size = samples.placements.reduce((sum, { pods }) => sum + pods.length, 0);
    this.#kept.push({ samples, size });
    this.#keptSize += size;
    while (this.#kept.length > WINDOWS_KEPT || (this.#keptSize > KEPT_BYTES && this.#kept.length > 1)) this.#forget(0);
  }

  /** What may leave now. */
  take(): Samples[] {
    const taken: Samples[] = [];
    for (const { samples } of this.#kept) {
      if (this.#underWay.size >= SAMPLES_WINDOW) break;
      if (this.#underWay.has(samples.at)) continue;
      this.#underWay.add(samples.at);
      taken.push(samples);
    }
    return taken;
  }

  stored(at: number): void {
    this.#underWay.delete(at);
    const index = this.#kept.findIndex(({ samples }) => samples.at === at);
    if (index >= 0) this.#forget(index);
  }

  #forget(index: number): void {
    const [gone] = this.#kept.splice(index, 1);
    if (gone === undefined) return;
    this.#keptSize -= gone.size;
  }

  #measure(window: { readonly from: number; readonly to: number }): PlacementSamples[] {
    const { load } = this.#simulation;
    const columns = new LoadColumns();
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- no array is filled
    load.fill(columns, window);
    const byMetric = METRIC_NAMES.map((name) => columns.column(name));
    const lost = load.lost(window);
    const writers = new Map<string, RecordWriter>();
    for (let row = 0; row < columns.length; row += 1) {
      const { podId, placementId, node } = this.#simulation.sampled(columns.slots[row] as number);
      let writer = writers.get(placementId);
      if (writer === undefined) writers.set(placementId, (writer = new RecordWriter()));
      writer.add(podId, node, (metric) => (byMetric[metric] as Float32Array)[row] as number);
    }
    const placementIds = new Set([...writers.keys(), ...lost.keys()]);
    return [...placementIds].map((placementId) => ({ placementId, lostRps: lost.get(placementId) ?? 0, pods: writers.get(placementId)?.base64() ?? "" }));
  }
}
