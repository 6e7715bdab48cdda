/**
 * Work that comes while all hands are busy is done together by the next free one. Whoever comes alone is served at once and alone; under load the
 * groups grow, and with them what one transaction gets done.
 *
 *   asked ──a lane is free──▶ running ──▶ settled
 *     └─ the same key is running: waits for its end, so that it sees what the one before may have missed
 *
 * Invariants: a key runs once at a time; items that are done together share what `groupOf` says; groups take turns, the one that waits longest
 * first. What waits is bounded by whoever asks.
 */
export interface GatherOptions<Item, Result> {
  readonly keyOf: (item: Item) => string;
  readonly groupOf: (item: Item) => string;
  /** Groups at a time. */
  readonly lanes: number;
  /** Items of a group at most. */
  readonly most: number;
  /** What an item weighs, and a group at most: one that weighs more is done alone. Absent: only their number counts. */
  readonly weight?: { of(item: Item): number; readonly most: number };
  /** Does items of one group, each of another key: the result of each, or its error, in their order. */
  readonly work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly settled: PromiseWithResolvers<Result>;
}

/** Asks for an item's work; settles as it does. */
export function createGather<Item, Result>({ keyOf, groupOf, lanes, most, weight, work }: GatherOptions<Item, Result>): (item: Item) => Promise<Result> {
  const groups = new Map<string, Waiting<Item, Result>[]>();
  const running = new Set<string>();
  let free = lanes;

  /** Items of the first group that has any which may run; none otherwise. */
  const take = (): Waiting<Item, Result>[] => {
    for (const [name, group] of groups) {
      const taken = new Map<string, Waiting<Item, Result>>();
      let weighs = 0;
      for (const waiting of group) {
        if (taken.size >= most) break;
        if (running.has(waiting.key) || taken.has(waiting.key)) continue;
        weighs += weight?.of(waiting.item) ?? 0;
        if (weight !== undefined && taken.size > 0 && weighs > weight.most) break;
        taken.set(waiting.key, waiting);
      }
      if (taken.size === 0) continue;
      const left = group.filter((waiting) => taken.get(waiting.key) !== waiting);
      groups.delete(name);
      // What is left of it is behind the others now.
      if (left.length > 0) groups.set(name, left);
      return [...taken.values()];
    }
    return [];
  };
  const next = (): void => {
    while (free > 0) {
      const taken = take();
      if (taken.length === 0) return;
      free -= 1;
      void run(taken);
    }
  };
  const run = async (taken: readonly Waiting<Item, Result>[]): Promise<void> => {
    for (const { key } of taken) running.add(key);
    const results = await work(taken.map(({ item }) => item)).catch((error: unknown) => taken.map((): PromiseRejectedResult => ({ status: "rejected", reason: error })));
    for (const [index, { key, settled }] of taken.entries()) {
      running.delete(key);
      const result = results[index];
      if (result?.status === "fulfilled") settled.resolve(result.value);
      else settled.reject(result?.reason);
    }
    free += 1;
    next();
  };

  return (item) => {
    const waiting = { item, key: keyOf(item), settled: Promise.withResolvers<Result>() };
    const name = groupOf(item);
    const group = groups.get(name);
    if (group) group.push(waiting);
    else groups.set(name, [waiting]);
    // What is asked for in the same turn is done together.
    queueMicrotask(next);
    return waiting.settled.promise;
  };
}
