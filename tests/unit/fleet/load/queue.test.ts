/** The model of a pod as a queue, against the queue played out, against exact numbers, and against what the books say of its special cases. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { congestion, type Queue } from "#server/fleet/simulator/load/queue.ts";
import { exactP99Ms, simulateQueue, type Observed, type SERVICES } from "./simulated-queue.ts";

const SEED = 20_261_201;
const REQUESTS = 150_000;

interface Case {
  readonly queue: Queue;
  /** Offered load as a share of the cores. */
  readonly use: number;
  readonly service: keyof typeof SERVICES;
}
const rpsOf = ({ queue, use }: Pick<Case, "queue" | "use">): number => (use * queue.cores * 1_000) / queue.demandMs;

const CASES: readonly Case[] = [
  { queue: { cores: 1, demandMs: 10, capacity: 100 }, use: 0.3, service: "exponential" },
  { queue: { cores: 1, demandMs: 10, capacity: 100 }, use: 0.7, service: "exponential" },
  { queue: { cores: 1, demandMs: 10, capacity: 100 }, use: 0.7, service: "constant" },
  { queue: { cores: 1, demandMs: 10, capacity: 100 }, use: 0.6, service: "mixed" },
  { queue: { cores: 0.1, demandMs: 20, capacity: 100 }, use: 0.5, service: "exponential" },
  { queue: { cores: 2, demandMs: 10, capacity: 100 }, use: 0.75, service: "exponential" },
  { queue: { cores: 2.5, demandMs: 10, capacity: 100 }, use: 0.7, service: "exponential" },
  { queue: { cores: 2.5, demandMs: 10, capacity: 12 }, use: 0.9, service: "mixed" },
  { queue: { cores: 1, demandMs: 10, capacity: 10 }, use: 1, service: "exponential" },
  { queue: { cores: 1, demandMs: 10, capacity: 30 }, use: 1.5, service: "exponential" },
  { queue: { cores: 4, demandMs: 10, capacity: 20 }, use: 1.2, service: "constant" },
  { queue: { cores: 4, demandMs: 10, capacity: 4 }, use: 0.9, service: "exponential" },
];

/** Played out once for all models that are compared. */
const observed = CASES.map((each, index) => simulateQueue(each.queue, rpsOf(each), each.service, REQUESTS, SEED + index));

/**
 * Where a model is beyond what chance leaves: 4 % of times and cores, 10 % of the percentile (the approximation may be 8 % off; of exponential service times alone),
 * and of refusals half a thousandth of the requests, or 6 %, and 15 % where service times differ much.
 */
function faultsOf(model: typeof congestion): string[] {
  return CASES.flatMap((each, index) => {
    const said = model(each.queue, rpsOf(each));
    const seen = observed[index] as Observed;
    const off = (what: keyof Observed, share: number, least = 0): string[] =>
      Math.abs(said[what] - seen[what]) <= Math.max(least, share * seen[what]) ? [] : [`case ${index}: ${what} is ${said[what]}, seen was ${seen[what]} (seed ${SEED})`];
    return [...off("meanMs", 0.04), ...off("busyCores", 0.04), ...off("refused", each.service === "mixed" ? 0.15 : 0.06, 0.0005), ...(each.service === "exponential" ? off("p99Ms", 0.1) : [])];
  });
}

describe("the queue of a pod", () => {
  it("is as it is when it is played out, whatever the service times look like", () => {
    expect(faultsOf(congestion)).toEqual([]);
  });

  const planted: Record<string, typeof congestion> = {
    "counts no refusals": (queue, rps) => ({ ...congestion(queue, rps), refused: 0 }),
    "has room for one more": (queue, rps) => congestion({ ...queue, capacity: queue.capacity + 1 }, rps),
    "has room for one less": (queue, rps) => congestion({ ...queue, capacity: queue.capacity - 1 }, rps),
    "has no end": (queue, rps) => congestion({ ...queue, capacity: 2_000 }, rps),
    "takes its cores for one fast one": ({ cores, demandMs, capacity }, rps) => congestion({ cores: 1, demandMs: demandMs / cores, capacity }, rps),
    "takes whole cores": (queue, rps) => congestion({ ...queue, cores: Math.max(1, Math.floor(queue.cores)) }, rps),
    "forgets that requests share": (queue, rps) => ({ ...congestion(queue, rps), meanMs: queue.demandMs / Math.min(1, queue.cores) }),
    "takes all times for exponential": (queue, rps) => ({ ...congestion(queue, rps), p99Ms: congestion(queue, rps).meanMs * Math.log(100) }),
    "tells the time of waiting as well as refused ones": (queue, rps) => ({ ...congestion(queue, rps), meanMs: congestion(queue, rps).meanMs * (1 - congestion(queue, rps).refused) }),
    "counts refused ones as work": (queue, rps) => ({ ...congestion(queue, rps), busyCores: (rps * queue.demandMs) / 1_000 }),
  };
  it.each(Object.entries(planted))("is found out where it %s", (_name, model) => {
    expect(faultsOf(model)).not.toEqual([]);
  });

  it("is M/M/1-PS, M/M/c and Erlang's loss system where it is one", () => {
    for (const use of [0.1, 0.5, 0.8]) {
      const { meanMs, refused, busyCores } = congestion({ cores: 1, demandMs: 10, capacity: 500 }, use * 100);
      expect(meanMs).toBeCloseTo(10 / (1 - use), 6);
      expect(busyCores).toBeCloseTo(use, 9);
      expect(refused).toBeCloseTo((1 - use) * use ** 500, 12);
    }
    // Erlang C for 5 servers and 4 erlangs is 0.5541: T = D + D·C/(c − a).
    expect(congestion({ cores: 5, demandMs: 10, capacity: 2_000 }, 400).meanMs).toBeCloseTo(10 + (10 * 0.55411) / 1, 3);
    // Erlang B for 5 servers and 3 erlangs.
    expect(congestion({ cores: 5, demandMs: 10, capacity: 5 }, 300).refused).toBeCloseTo(0.11005, 5);
    // M/M/1/K at ρ = 1: all K + 1 numbers are equally likely.
    expect(congestion({ cores: 1, demandMs: 10, capacity: 9 }, 100)).toMatchObject({ refused: expect.closeTo(0.1, 12), meanMs: expect.closeTo(50, 9) });
  });

  it("says the 99th percentile within 1 % for M/M/1-PS, and within 8 % for any", () => {
    for (const use of [0.05, 0.2, 0.4, 0.6, 0.8]) {
      const queue = { cores: 1, demandMs: 10, capacity: 150 };
      expect(Math.abs(congestion(queue, use * 100).p99Ms / exactP99Ms(queue, use * 100) - 1)).toBeLessThan(0.01);
    }
    for (const cores of [0.25, 1, 1.5, 2, 4, 8]) {
      for (const capacity of [20, 60]) {
        for (const use of [0.3, 0.6, 0.8, 0.9, 0.95, 1, 1.1, 2]) {
          const queue = { cores, demandMs: 10, capacity };
          const rps = rpsOf({ queue, use });
          expect(Math.abs(congestion(queue, rps).p99Ms / exactP99Ms(queue, rps) - 1), `${cores} cores, ${capacity} at once, use ${use}`).toBeLessThan(0.08);
        }
      }
    }
  });

  const queues = fc.record({ cores: fc.double({ min: 0.001, max: 64, noNaN: true }), demandMs: fc.double({ min: 0.01, max: 5_000, noNaN: true }), capacity: fc.integer({ min: 1, max: 300 }) });
  const uses = fc.double({ min: 0, max: 3, noNaN: true });
  const rising = (small: number, large: number): boolean => large >= small * (1 - 1e-9);

  it("never gets faster or refuses less when more is asked of it, nor slower with more cores", () => {
    fc.assert(
      fc.property(queues, uses, fc.double({ min: 1, max: 3, noNaN: true }), (queue, use, factor) => {
        const rps = rpsOf({ queue, use });
        const [less, more] = [congestion(queue, rps), congestion(queue, rps * factor)];
        const larger = congestion({ ...queue, cores: queue.cores * factor }, rps);
        for (const what of ["refused", "busyCores", "meanMs", "p99Ms"] as const) expect(rising(less[what], more[what]), what).toBe(true);
        for (const what of ["refused", "meanMs", "p99Ms"] as const) expect(rising(larger[what], less[what]), what).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it("keeps what comes: work and refusals are the rate, and Little's law holds", () => {
    fc.assert(
      fc.property(queues, uses, (queue, use) => {
        const rps = rpsOf({ queue, use });
        const { refused, busyCores, meanMs } = congestion(queue, rps);
        const servedRps = (busyCores * 1_000) / queue.demandMs;
        expect(servedRps + rps * refused).toBeCloseTo(rps, 6);
        expect(busyCores).toBeLessThanOrEqual(queue.cores);
        expect((servedRps * meanMs) / 1_000).toBeLessThanOrEqual(queue.capacity * (1 + 1e-9));
      }),
      { numRuns: 2_000 },
    );
  });

  it("ends where it must: one request alone, and a pod that is asked for ever more", () => {
    for (const cores of [0.1, 1, 2.5]) {
      const queue = { cores, demandMs: 10, capacity: 100 };
      const alone = congestion(queue, 0);
      expect(alone).toEqual({ refused: 0, busyCores: 0, meanMs: 10 / Math.min(1, cores), p99Ms: expect.closeTo((10 / Math.min(1, cores)) * Math.log(100), 9) });
      expect(congestion(queue, 1e-9).meanMs).toBeCloseTo(alone.meanMs, 6);
      for (const rps of [1e6, 1e12, 1e100]) {
        const full = congestion(queue, rps);
        expect(full.busyCores).toBeCloseTo(cores, 6);
        expect(full.meanMs / ((100 * 10) / cores)).toBeCloseTo(1, 3);
        expect(full.refused).toBeCloseTo(1 - (cores * 100) / rps, 6);
      }
    }
  });
});
