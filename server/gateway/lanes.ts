/**
 * Work in lanes: one thing at a time in each, in order; the lanes don't know of each other. What waits, and how much runs at a time, is bounded by
 * whoever puts it there.
 */
export interface Lanes {
  /** Settles as `work` does. */
  run<T>(lane: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run: <T>(lane: string, work: () => Promise<T>): Promise<T> => {
      const before = tails.get(lane) ?? Promise.resolve();
      const mine = before.then(work);
      const settled = mine.then(() => undefined, () => undefined).then(() => {
        if (tails.get(lane) === settled) tails.delete(lane);
      });
      tails.set(lane, settled);
      return mine;
    },
    idle: async () => {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
