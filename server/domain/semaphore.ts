/** At most so many pieces of work at a time; the others wait their turn in order, and at most so many of them. */
export interface Semaphore {
  /** Whoever came now would be turned away. */
  readonly isFull: boolean;
  /**
   * Settles as `work` does.
   * @throws TooManyWaiting at once, without having begun
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export class TooManyWaiting extends Error {
  override readonly name = "TooManyWaiting";
}

/** `maxWaiting` may be left out where whoever calls bounds what waits. */
export function createSemaphore(places: number, maxWaiting = Infinity): Semaphore {
  const waiting: (() => void)[] = [];
  let running = 0;
  const isFull = (): boolean => running >= places && waiting.length >= maxWaiting;

  return {
    get isFull() {
      return isFull();
    },
    run: async (work) => {
      if (isFull()) throw new TooManyWaiting(`${waiting.length} wait already`);
      if (running >= places) await new Promise<void>((resolve) => void waiting.push(resolve));
      else running += 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place passes on: `running` stays.
        if (next) next();
        else running -= 1;
      }
    },
  };
}
