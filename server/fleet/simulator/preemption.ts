/**
 * Pre-emption: an ON_DEMAND pod that fits nowhere takes the place of SPOT pods, all of them on one node. Which: the fewest; of as few, those whose oldest is
 * the youngest (least work is lost); of these, those that free the least beyond what is needed; then those on the first node.
 *
 * Pods that get in the way of the new one on a node (its host ports, required rules that keep the two apart) have to go there in any case. Which of the
 * others go with them is a covering of two resources by the fewest pods, and searched exactly: by kinds of equal size, within SEARCH_STEPS for each question.
 * Beyond that, larger kinds are taken first, and the answer may be one that is not the cheapest.
 */
import type { PodRequests, Room } from "./scheduler.ts";

export interface Candidate extends PodRequests {
  readonly slot: number;
  /** A higher one is younger. */
  readonly serial: number;
}

export interface Victims {
  readonly node: number;
  readonly slots: readonly number[];
  /** Serial of the oldest, Infinity for none. */
  readonly oldest: number;
  /** What is freed beyond the need, as shares of the node's cpu and memory, added. */
  readonly waste: number;
}

export const SEARCH_STEPS = 5_000;

/** Below zero: one goes before two. */
export const compareVictims = (one: Victims, two: Victims): number =>
  one.slots.length - two.slots.length || (one.oldest === two.oldest ? 0 : two.oldest - one.oldest) || one.waste - two.waste || one.node - two.node;

/**
 * The cheapest of these pods that together free what is lacking; null where all of them do not. `whole`: what a share of one is, to compare waste.
 * No more than zero of everything lacking: none.
 */
export function cheapestCover(candidates: readonly Candidate[], lacking: Room, whole: PodRequests): readonly Candidate[] | null {
  if (lacking.cpuMillis <= 0 && lacking.memoryMiB <= 0 && lacking.pods <= 0) return [];
  const youngestFirst = candidates.toSorted((a, b) => b.serial - a.serial);
  const cpu = youngestFirst.reduce((sum, one) => sum + one.cpuMillis, 0);
  const memory = youngestFirst.reduce((sum, one) => sum + one.memoryMiB, 0);
  if (cpu < lacking.cpuMillis || memory < lacking.memoryMiB || youngestFirst.length < lacking.pods) return null;
  for (let size = Math.max(1, lacking.pods); size <= youngestFirst.length; size++) {
    if (coverOf(youngestFirst, size, lacking, whole) === null) continue;
    // With more candidates there is never less to choose from: the fewest youngest among which there is a cover are found by halving.
    let [low, high] = [size, youngestFirst.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (coverOf(youngestFirst.slice(0, middle), size, lacking, whole) === null) low = middle + 1;
      else high = middle;
    }
    return coverOf(youngestFirst.slice(0, low), size, lacking, whole);
  }
  return youngestFirst;
}

interface Kind extends PodRequests {
  readonly members: Candidate[];
}

/** Exactly `size` of them, freeing the least that is enough; of equal ones the youngest. */
function coverOf(youngestFirst: readonly Candidate[], size: number, lacking: Room, whole: PodRequests): readonly Candidate[] | null {
  const kinds = kindsOf(youngestFirst, whole);
  // The most that one pod of this kind or a later one frees.
  const most = kinds.map((_, from) => ({
    cpuMillis: Math.max(...kinds.slice(from).map((kind) => kind.cpuMillis)),
    memoryMiB: Math.max(...kinds.slice(from).map((kind) => kind.memoryMiB)),
    members: kinds.slice(from).reduce((sum, kind) => sum + kind.members.length, 0),
  }));
  const taken = kinds.map(() => 0);
  let best: { readonly freed: number; readonly taken: readonly number[] } | null = null;
  let steps = SEARCH_STEPS;
  const search = (at: number, left: number, cpu: number, memory: number, freed: number): void => {
    if (best !== null && freed >= best.freed) return;
    if (left === 0) {
      if (cpu <= 0 && memory <= 0) best = { freed, taken: taken.slice() };
      return;
    }
    const bound = most[at];
    const kind = kinds[at];
    if (bound === undefined || kind === undefined || bound.members < left || steps-- <= 0) return;
    if (left * bound.cpuMillis < cpu || left * bound.memoryMiB < memory) return;
    for (let many = Math.min(left, kind.members.length); many >= 0; many--) {
      taken[at] = many;
      search(at + 1, left - many, cpu - many * kind.cpuMillis, memory - many * kind.memoryMiB, freed + many * sizeOf(kind, whole));
    }
    taken[at] = 0;
  };
  search(0, size, lacking.cpuMillis, lacking.memoryMiB, 0);
  const found = best as { readonly taken: readonly number[] } | null;
  return found === null ? null : kinds.flatMap(({ members }, index) => members.slice(0, found.taken[index]));
}

/** Largest first. */
function kindsOf(candidates: readonly Candidate[], whole: PodRequests): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const candidate of candidates) {
    const { cpuMillis, memoryMiB } = candidate;
    const key = `${cpuMillis} ${memoryMiB}`;
    const kind = kinds.get(key) ?? { cpuMillis, memoryMiB, members: [] };
    kinds.set(key, kind);
    kind.members.push(candidate);
  }
  return [...kinds.values()].toSorted((a, b) => sizeOf(b, whole) - sizeOf(a, whole));
}

export const sizeOf = ({ cpuMillis, memoryMiB }: PodRequests, whole: PodRequests): number => cpuMillis / whole.cpuMillis + memoryMiB / whole.memoryMiB;
