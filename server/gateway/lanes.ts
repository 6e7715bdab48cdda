import { createSemaphore } from "../domain/semaphore.ts";

/**
 * Work in lanes: one thing at a time in each, in order; several lanes at once, up to a limit. What waits is bounded by whoever puts it there.
 */
export interface Lanes {
  /** Settles as `work` does. */
  run<T>(lane: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

export function createLanes(limit: number): Lanes {
  const tails = new Map<string, Promise<unknown>>();
  const places = createSemaphore(limit);
  return {
    run: <T>(lane: string, work: () => Promise<T>): Promise<T> => {
      const before = tails.get(lane) ?? Promise.resolve();
      const mine = before.then(() => places.run(work));
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
