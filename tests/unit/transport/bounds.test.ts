import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRateLimiter } from "#server/transport/rate-limit.ts";

describe("how often a tenant may ask", () => {
  it("is never more than the burst and the rate together, and never less than the rate after the wait that was asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        const limiter = createRateLimiter({ perSecond: 10, burst: 5 });
        let now = 1000;
        const started = now;
        let passed = 0;
        for (const gap of gaps) {
          now += gap;
          const wait = limiter.take("t", now);
          if (wait === 0) passed += 1;
          else expect(wait).toBeLessThanOrEqual(100);
          expect(passed).toBeLessThanOrEqual(5 + ((now - started) * 10) / 1000 + 1e-6);
        }
        const wait = limiter.take("t", now);
        if (wait > 0) expect(limiter.take("t", now + wait)).toBe(0);
      }),
    );
  });

  it("is owed for what was done twice, by one burst at most", () => {
    const limiter = createRateLimiter({ perSecond: 10, burst: 3 });
    expect(limiter.take("t", 0)).toBe(0);
    for (let i = 0; i < 4; i++) limiter.charge("t", 0);
    // Two are owed, and one is needed.
    expect(limiter.take("t", 0)).toBe(300);
    for (let i = 0; i < 100; i++) limiter.charge("t", 0);
    expect(limiter.take("t", 0)).toBe(400);
    expect(limiter.take("t", 400)).toBe(0);
    expect(limiter.take("other", 0)).toBe(0);
  });

  it("is each tenant's own, and idle tenants are forgotten", () => {
    const limiter = createRateLimiter({ perSecond: 10, burst: 1 });
    expect(limiter.take("a", 0)).toBe(0);
    expect(limiter.take("a", 0)).toBeGreaterThan(0);
    expect(limiter.take("b", 0)).toBe(0);
    for (let i = 0; i < 1000; i++) limiter.take(`tenant ${i}`, 1);
    expect(limiter.size).toBe(1002);
    limiter.take("a", 60_000);
    expect(limiter.size).toBe(1);
  });
});
