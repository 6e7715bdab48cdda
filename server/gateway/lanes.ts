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
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<void> => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    // The place passes on: `running` stays.
    if (next) next();
    else running -= 1;
  };
  return {
    run: <T>(lane: string, work: () => Promise<T>): Promise<T> => {
      const before = tails.get(lane) ?? Promise.resolve();
      const mine = before.then(async () => {
        await enter();
        try {
          return await work();
        } finally {
          leave();
        }
      });
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
