import { setTimeout as sleep } from "node:timers/promises";

export interface Deadline {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits for a value, never for a time: runs `check` until it no longer throws, and returns what it returned. After the deadline it throws
 * what `check` threw last, with how long it was waited for.
 */
export async function eventually<T>(check: () => T | Promise<T>, { deadlineMs = 5_000, everyMs = 25 }: Deadline = {}): Promise<T> {
  const start = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() - start > deadlineMs) {
        if (error instanceof Error) error.message = `not within ${deadlineMs} ms (${tries} tries): ${error.message}`;
        throw error;
      }
    }
    await sleep(everyMs);
  }
}
