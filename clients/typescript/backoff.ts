const FIRST_MS = 200;
const LONGEST_MS = 5_000;

/**
 * Milliseconds to wait before the given attempt (from 1): doubling, capped, and spread over its upper half so that a thousand clients that
 * lost the same server do not come back in the same instant.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.round(full / 2 + (full / 2) * random());
}

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Milliseconds to wait where the server said how long: no less, and spread, because it told many the same. One that says 0 is not asked without a pause. */
export const askedToWaitMs = (ms: number, random: () => number = Math.random): number => Math.round(Math.max(ms, FIRST_MS) * (1 + random() / 2));

/** What a timer can wait, some 24 days; it fires at once where it is given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** For timers: Infinity is as long as they can. */
export const timerMs = (ms: number): number => Math.min(ms, LONGEST_TIMER_MS);
/** Fires after so many milliseconds; null where that is longer than timers wait: never. */
export const timeoutAfter = (ms: number): AbortSignal | null => (ms > LONGEST_TIMER_MS ? null : AbortSignal.timeout(ms));
