/**
 * The time that operations may take, which is the same for all: so whoever began first is late first, and one timer serves everybody. A timer for
 * each would cost more than much of what a small query takes.
 */
export interface Deadlines {
  /** What `work` gives; where that takes too long, what `late` gives. What the work comes to afterwards is nobody's any more. */
  within<T>(work: Promise<T>, late: () => T): Promise<T>;
}

interface Waiting {
  /** Milliseconds of performance.now(). */
  readonly until: number;
  end(): void;
}

export function createDeadlines(ms: number): Deadlines {
  // In the order in which they began.
  const waiting = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const now = performance.now();
    for (const one of waiting) {
      if (one.until > now) {
        timer = setTimeout(look, one.until - now).unref();
        return;
      }
      waiting.delete(one);
      one.end();
    }
  };
  return {
    within: (work, late) =>
      new Promise((resolve, reject) => {
        const one: Waiting = { until: performance.now() + ms, end: () => resolve(late()) };
        waiting.add(one);
        timer ??= setTimeout(look, ms).unref();
        work.then(
          (value) => {
            waiting.delete(one);
            resolve(value);
          },
          (error: unknown) => {
            waiting.delete(one);
            reject(error);
          },
        );
      }),
  };
}
