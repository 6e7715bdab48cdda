/**
 * What an agent's cluster did, looked at after every commit, judged by the promise of autonomy: whatever becomes of processes, networks and centres, a pod stays what
 * it is and where it is, restarts only for a reason of its own, is removed only because what is wanted changed, and no object ever goes back to an older generation.
 *
 * A pod of a node that does not answer says so, and is neither ready nor gone as far as anybody knows. Once the grace is over it is given up, never before, and another one
 * takes its place at once, on a node that answers. Where the node answers in time, the pod is found again as it was.
 *
 * While nothing is committed nothing is looked at: the disk is full, or the process does not run. What was wanted meanwhile, and is not any more, nobody knows then, nor which
 * pods were made for it; so of an object that changed meanwhile, what is found first is only noted.
 */
import type { ClusterNodeStatus } from "#server/domain/states.ts";
import type { PlacementSpec, PodReport } from "#server/fleet/link.ts";
import { type Orders, Outages } from "./outages.ts";

interface KnownPod {
  readonly variant: string;
  report: PodReport;
}

export interface HeldPair {
  readonly id: string;
  readonly term: number;
  readonly generation: number;
  readonly spec: unknown;
  /** Of placements and services, why they can't be carried out. */
  readonly problem: string | null;
}

/** What a cluster is at the moment. */
export interface ClusterLook {
  readonly now: number;
  readonly pods: readonly PodReport[];
  /** Each object that it holds, as its store has it. */
  readonly held: ReadonlyMap<string, string>;
  readonly nodes: ReadonlyMap<string, ClusterNodeStatus>;
}

/** Time for a crashed pod to be ready again, or for one that takes the place of another, with the longest back-off of a history's behaviours and what it takes to start. */
const COMES_BACK_MS = 12_000;

export class Journal {
  readonly #pods = new Map<string, KnownPod>();
  readonly #held = new Map<string, { readonly text: string; readonly pair: HeldPair }>();
  /** Of placements: which pods of the variant that is wanted there are. */
  readonly #live = new Map<string, { readonly variant: string; readonly ids: ReadonlySet<string> }>();
  #outages: Outages;
  /** Placements of which pods were given up: all have to be ready again by then. */
  readonly #replaced = new Map<string, number>();
  readonly #crashes = new Map<string, number>();
  /** Crashed pods that have to be ready again by then. */
  readonly #owed = new Map<string, number>();
  /** Something may have happened since it looked last. */
  #missedSome = false;
  readonly breaches: string[] = [];

  constructor(orders: Orders) {
    this.#outages = new Outages(orders);
  }

  copy(): Journal {
    const copy = new Journal(() => []);
    for (const [id, { variant, report }] of this.#pods) copy.#pods.set(id, { variant, report });
    for (const [id, held] of this.#held) copy.#held.set(id, held);
    for (const [id, live] of this.#live) copy.#live.set(id, live);
    for (const [id, crashes] of this.#crashes) copy.#crashes.set(id, crashes);
    copy.#outages = this.#outages.copy();
    return copy;
  }

  crashed(podId: string, now: number): void {
    this.#crashes.set(podId, (this.#crashes.get(podId) ?? 0) + 1);
    this.#owed.set(podId, now + COMES_BACK_MS);
    this.#replaced.clear();
  }

  /** Its process does not run, and so nothing comes back; or nothing is committed. */
  paused(): void {
    this.#owed.clear();
    this.#replaced.clear();
    this.#missedSome = true;
  }

  look({ now, pods, held, nodes }: ClusterLook): void {
    const missed = this.#lookAtHeld(held);
    // A pod that waits for a node that has fallen silent since is nobody's fault.
    if (this.#outages.look(now, nodes, this.#missedSome)) this.#replaced.clear();
    const specs = [...this.#held].map(([id, { pair }]) => [id, pair.spec as PlacementSpec | null] as const);
    const variants = new Map(specs.map(([id, spec]) => [id, variantOf(spec)]));
    const all = new Map<string, PlacementPods>();
    const seen = new Set<string>();
    for (const report of pods) {
      seen.add(report.id);
      const known = this.#pods.get(report.id);
      const variant = known?.variant ?? (missed.has(report.placementId) ? UNKNOWN : variants.get(report.placementId)) ?? UNKNOWN;
      if (known) this.#compare(known.report, report, now);
      this.#judgeNode(report, now);
      this.#pods.set(report.id, { variant, report });
      if (report.ready || report.phase === "TERMINATING" || report.phase === "UNKNOWN") this.#owed.delete(report.id);
      if (report.phase === "TERMINATING") continue;
      const { ids, ready, others } = all.get(report.placementId) ?? NO_PODS;
      const isOther = variant !== variants.get(report.placementId);
      all.set(report.placementId, isOther ? { ids, ready, others: others + 1 } : { ids: [...ids, report.id], ready: ready + Number(report.ready), others });
    }
    for (const [id, spec] of specs) this.#count(id, spec, all.get(id) ?? NO_PODS, missed.has(id), now);
    for (const [id, { report }] of this.#pods) {
      if (seen.has(id)) continue;
      if (this.#outages.lasts(report.nodeId)) this.#breach(now, `pod ${id} is gone, and its node ${report.nodeId} does not answer`);
      this.#forget(id);
    }
    for (const [id, due] of this.#owed) if (now > due) this.#breach(now, `pod ${id} crashed and did not come back`);
    this.#missedSome = false;
  }

  /** Answers the objects that are others than they were when it looked last, and may have been others again meanwhile. */
  #lookAtHeld(held: ReadonlyMap<string, string>): ReadonlySet<string> {
    const missed = new Set<string>();
    for (const [id, text] of held) {
      if (this.#held.get(id)?.text === text) continue;
      this.#lookAtPair(id, text);
      this.#replaced.delete(id);
      if (this.#missedSome) missed.add(id);
    }
    for (const id of this.#held.keys()) if (!held.has(id)) this.#held.delete(id);
    return missed;
  }

  #lookAtPair(id: string, text: string): void {
    const before = this.#held.get(id)?.pair;
    const pair = JSON.parse(text) as HeldPair;
    this.#held.set(id, { text, pair });
    if (before && (pair.term < before.term || (pair.term === before.term && pair.generation < before.generation))) {
      this.breaches.push(`object ${pair.id} went back from ${before.term}/${before.generation} to ${pair.term}/${pair.generation}`);
    }
    if (before && pair.term === before.term && pair.generation === before.generation && JSON.stringify(pair.spec) !== JSON.stringify(before.spec)) {
      this.breaches.push(`object ${pair.id} changed within ${pair.term}/${pair.generation}`);
    }
  }

  #compare(before: PodReport, after: PodReport, now: number): void {
    for (const key of ["nodeId", "privateIp", "startedAt"] as const) {
      if (before[key] !== null && before[key] !== after[key]) this.#breach(now, `pod ${after.id} had ${key} ${before[key]} and has ${after[key]}`);
    }
    for (const key of ["name", "createdAt", "revisionId", "placementId"] as const) {
      if (before[key] !== after[key]) this.#breach(now, `pod ${after.id} had ${key} ${before[key]} and has ${after[key]}`);
    }
    if (after.restartCount < before.restartCount) this.#breach(now, `pod ${after.id} has ${after.restartCount} restarts after ${before.restartCount}`);
    if (after.restartCount > (this.#crashes.get(after.id) ?? 0)) this.#breach(now, `pod ${after.id} restarted ${after.restartCount} times for ${this.#crashes.get(after.id) ?? 0} crashes`);
  }

  #judgeNode({ id, nodeId, phase, ready, createdAt }: PodReport, now: number): void {
    const outage = this.#outages.of(nodeId);
    const isLost = phase === "UNKNOWN";
    if (outage === undefined) return isLost ? this.#breach(now, `pod ${id} is UNKNOWN, and its node ${nodeId} answers`) : undefined;
    if (ready || !(isLost || phase === "TERMINATING")) this.#breach(now, `pod ${id} is shown as ${phase}, and its node ${nodeId} does not answer`);
    if (createdAt > outage.latest) this.#breach(now, `pod ${id} was given to node ${nodeId}, which does not answer`);
    if (isLost && this.#outages.mustGiveUp(nodeId)) this.#breach(now, `pod ${id} was not given up, and its node ${nodeId} does not answer for ${now - outage.latest} ms`);
  }

  #count(placementId: string, spec: PlacementSpec | null, { ids, ready, others }: PlacementPods, missedSome: boolean, now: number): void {
    const variant = variantOf(spec);
    const before = this.#live.get(placementId);
    this.#live.set(placementId, { variant, ids: new Set(ids) });
    if (spec === null || variant === "") return;
    const { replicas, configs } = spec;
    if (ids.length > replicas) this.#breach(now, `placement ${placementId} has ${ids.length} pods of what it should be, and should have ${replicas}`);
    if (others > 0 || this.#held.get(placementId)?.pair.problem) return void this.#replaced.delete(placementId);
    if (ids.length < replicas) this.#breach(now, `placement ${placementId} has ${ids.length} pods, and should have ${replicas}`);
    if (ready === replicas) this.#replaced.delete(placementId);
    if (now > (this.#replaced.get(placementId) ?? Infinity)) this.#breach(now, `placement ${placementId} has ${ready} of ${replicas} pods ready, ${COMES_BACK_MS} ms after some were given up`);
    if (missedSome || before?.variant !== variant) return;
    const removed = [...before.ids].filter((id) => !ids.includes(id));
    const givenUp = removed.filter((id) => this.#outages.mayHaveGivenUp(this.#pods.get(id)?.report.nodeId ?? null));
    const surplus = Math.max(0, before.ids.size - replicas);
    if (removed.length - givenUp.length > surplus) this.#breach(now, `pods ${removed.join()} of placement ${placementId} were removed, of which ${surplus} were too many, and ${givenUp.length} given up`);
    // Configuration may have to come from the centre first.
    if (givenUp.length > 0 && configs === undefined && this.#outages.someAnswer) this.#replaced.set(placementId, now + COMES_BACK_MS);
  }

  #forget(id: string): void {
    this.#pods.delete(id);
    this.#owed.delete(id);
    this.#crashes.delete(id);
  }

  #breach(now: number, what: string): void {
    this.breaches.push(`at ${now}: ${what}`);
  }
}

/** Those of a placement that don't terminate: of the variant that is wanted, how many of these are ready, and how many are of another. */
interface PlacementPods {
  readonly ids: readonly string[];
  readonly ready: number;
  readonly others: number;
}
const NO_PODS: PlacementPods = { ids: [], ready: 0, others: 0 };
/** Of a pod that may have been made for something that is not wanted any more. */
const UNKNOWN = "unknown";
const variantOf = (spec: PlacementSpec | null): string => (spec === null || !("replicas" in spec) ? "" : `${spec.revisionId} ${spec.restarts ?? 0}`);
