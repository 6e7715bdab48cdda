/**
 * A token bucket for each tenant: `burst` operations at once, `perSecond` on average. Times are milliseconds of any rising clock.
 * A bucket that is full again is the same as none, so idle tenants are forgotten and the map stays as small as what is busy.
 */
export interface RateLimiter {
  /** Takes one; answers 0, or after how many milliseconds to come back. */
  take(tenantId: string, now: number): number;
  /** Takes one in any case, for what is done already: the tenant owes it where it has none left, up to one burst. */
  charge(tenantId: string, now: number): void;
  readonly size: number;
}

export function createRateLimiter(rate: { readonly perSecond: number; readonly burst: number }): RateLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const perMs = rate.perSecond / 1000;
  let sweptAt = -Infinity;
  const sweep = (now: number): void => {
    sweptAt = now;
    for (const [tenant, bucket] of buckets) if (bucket.tokens + (now - bucket.at) * perMs >= rate.burst) buckets.delete(tenant);
  };
  const bucketOf = (tenantId: string, now: number): { tokens: number; at: number } => {
    if (now - sweptAt > 10_000) sweep(now);
    let bucket = buckets.get(tenantId);
    if (!bucket) buckets.set(tenantId, (bucket = { tokens: rate.burst, at: now }));
    bucket.tokens = Math.min(rate.burst, bucket.tokens + Math.max(0, now - bucket.at) * perMs);
    bucket.at = now;
    return bucket;
  };
  return {
    take(tenantId, now) {
      const bucket = bucketOf(tenantId, now);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs));
      bucket.tokens -= 1;
      return 0;
    },
    charge(tenantId, now) {
      const bucket = bucketOf(tenantId, now);
      bucket.tokens = Math.max(-rate.burst, bucket.tokens - 1);
    },
    get size() {
      return buckets.size;
    },
  };
}
