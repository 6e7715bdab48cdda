/**
 * How often somebody may be wrong: `burst` times at once, and once every `everyMs` on average, for each source and, `sources` times as often, for all
 * together. Times are milliseconds of any rising clock. A source that has not failed for long is the same as one that never has, and forgotten.
 */
export interface FailureLimit {
  /** Whether the source has to wait. */
  isExceeded(source: string, now: number): boolean;
  failed(source: string, now: number): void;
  readonly size: number;
}

export interface FailureRate {
  readonly burst: number;
  readonly everyMs: number;
  readonly sources: number;
}

/** Generic cell rate: when the last failure will have been paid for. */
export function createFailureLimit({ burst, everyMs, sources }: FailureRate): FailureLimit {
  const paidAt = new Map<string, number>();
  let allPaidAt = -Infinity;
  const limit = burst * everyMs;
  return {
    isExceeded: (source, now) => (paidAt.get(source) ?? -Infinity) - now > limit - everyMs || allPaidAt - now > limit - everyMs / sources,
    failed: (source, now) => {
      allPaidAt = Math.max(allPaidAt, now) + everyMs / sources;
      // In the order in which they failed last: those that are paid for come first, and so does whoever has to make room.
      const paid = Math.max(paidAt.get(source) ?? -Infinity, now) + everyMs;
      paidAt.delete(source);
      paidAt.set(source, paid);
      for (const [other, at] of paidAt) {
        if (at > now && paidAt.size <= sources * burst) break;
        paidAt.delete(other);
      }
    },
    get size() {
      return paidAt.size;
    },
  };
}
