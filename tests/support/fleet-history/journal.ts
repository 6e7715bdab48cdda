/**
 * What an agent's cluster did, looked at after every commit, judged by the promise of autonomy: whatever becomes of processes, networks and centres, a pod stays what
 * it is and where it is, restarts only for a reason of its own, is removed only because what is wanted changed, and no object ever goes back to an older generation.
 *
 * While nothing is committed nothing is looked at: the disk is full, or the process does not run. What was wanted meanwhile, and is not any more, nobody knows then, nor which
 * pods were made for it; so of an object that changed meanwhile, what is found first is only noted.
 */
import type { PlacementSpec, PodReport } from "#server/fleet/link.ts";

interface KnownPod {
  readonly variant: string;
  report: PodReport;
}

export interface HeldPair {
  readonly id: string;
  readonly term: number;
  readonly generation: number;
  readonly spec: unknown;
}

/** Time for a crashed pod to be ready again, with the longest back-off of a history's behaviours and what it takes to start. */
const COMES_BACK_MS = 12_000;

export class Journal {
  readonly #pods = new Map<string, KnownPod>();
  readonly #held = new Map<string, { readonly text: string; readonly pair: HeldPair }>();
  /** Of placements: which pods of the variant that is wanted there are. */
  readonly #live = new Map<string, { readonly variant: string; readonly ids: ReadonlySet<string> }>();
  readonly #crashes = new Map<string, number>();
  /** Crashed pods that have to be ready again by then. */
  readonly #owed = new Map<string, number>();
  /** Something may have happened since it looked last. */
  #missedSome = false;
  readonly breaches: string[] = [];

  copy(): Journal {
    const copy = new Journal();
    for (const [id, { variant, report }] of this.#pods) copy.#pods.set(id, { variant, report });
    for (const [id, held] of this.#held) copy.#held.set(id, held);
    for (const [id, live] of this.#live) copy.#live.set(id, live);
    for (const [id, crashes] of this.#crashes) copy.#crashes.set(id, crashes);
    return copy;
  }

  crashed(podId: string, now: number): void {
    this.#crashes.set(podId, (this.#crashes.get(podId) ?? 0) + 1);
    this.#owed.set(podId, now + COMES_BACK_MS);
  }

  /** Its process does not run, and so nothing comes back; or nothing is committed. */
  paused(): void {
    this.#owed.clear();
    this.#missedSome = true;
  }

  /** `held`: each object that it holds, as its store has it. */
  look(now: number, reports: readonly PodReport[], held: ReadonlyMap<string, string>): void {
    const missed = new Set<string>();
    for (const [id, text] of held) {
      if (this.#held.get(id)?.text === text) continue;
      this.#lookAtPair(id, text);
      if (this.#missedSome) missed.add(id);
    }
    this.#missedSome = false;
    for (const id of this.#held.keys()) if (!held.has(id)) this.#held.delete(id);

    const specs = [...this.#held].map(([id, { pair }]) => [id, pair.spec as PlacementSpec | null] as const);
    const variants = new Map(specs.map(([id, spec]) => [id, variantOf(spec)]));
    const live = new Map<string, Set<string>>();
    const seen = new Set<string>();
    for (const report of reports) {
      seen.add(report.id);
      const known = this.#pods.get(report.id);
      const variant = known?.variant ?? (missed.has(report.placementId) ? UNKNOWN : variants.get(report.placementId)) ?? UNKNOWN;
      if (known) this.#compare(known.report, report, now);
      this.#pods.set(report.id, { variant, report });
      if (report.phase === "TERMINATING") this.#owed.delete(report.id);
      else if (variant === variants.get(report.placementId)) {
        const pods = live.get(report.placementId) ?? new Set();
        live.set(report.placementId, pods.add(report.id));
      }
      if (report.ready) this.#owed.delete(report.id);
    }
    for (const id of this.#pods.keys()) if (!seen.has(id)) this.#forget(id);
    for (const [id, due] of this.#owed) if (now > due) this.#breach(now, `pod ${id} crashed and did not come back`);
    for (const [id, spec] of specs) this.#count(id, spec, live.get(id) ?? new Set(), missed.has(id), now);
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

  #count(placementId: string, spec: PlacementSpec | null, ids: ReadonlySet<string>, missedSome: boolean, now: number): void {
    const variant = variantOf(spec);
    const before = this.#live.get(placementId);
    this.#live.set(placementId, { variant, ids });
    if (spec === null) return;
    if (ids.size > spec.replicas) this.#breach(now, `placement ${placementId} has ${ids.size} pods of what it should be, and should have ${spec.replicas}`);
    if (missedSome || before?.variant !== variant) return;
    const removed = [...before.ids].filter((id) => !ids.has(id));
    const surplus = Math.max(0, before.ids.size - spec.replicas);
    if (removed.length > surplus) this.#breach(now, `pods ${removed.join()} of placement ${placementId} were removed, of which ${surplus} were too many`);
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

/** Of a pod that may have been made for something that is not wanted any more. */
const UNKNOWN = "unknown";
const variantOf = (spec: PlacementSpec | null): string => (spec === null || !("replicas" in spec) ? "" : `${spec.revisionId} ${spec.restarts ?? 0}`);
