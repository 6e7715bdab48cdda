/** The simulator's parts, each by itself. */
import { describe, expect, it } from "vitest";
import { AddressPool, formatIpv4, parseCidr, parseIpv4 } from "#server/fleet/simulator/addresses.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { ImageCache, imageKind, imageSizeMiB } from "#server/fleet/simulator/images.ts";
import { podSuffix } from "#server/fleet/simulator/names.ts";
import { RandomStream, uuidv7 } from "#server/fleet/simulator/random.ts";
import { planReplicas, updateBounds } from "#server/fleet/simulator/rolling-update.ts";
import { NodeTable } from "#server/fleet/simulator/scheduler.ts";
import { TimerHeap } from "#server/fleet/simulator/timers.ts";
import { node } from "./simulated-cluster.ts";

const takeAll = (pool: AddressPool): string[] => {
  const taken: string[] = [];
  for (let address = pool.take(); address !== null; address = pool.take()) taken.push(formatIpv4(address));
  return taken;
};

describe("addresses", () => {
  it("reads and writes IPv4 addresses and blocks", () => {
    expect(parseIpv4("192.168.255.1")).toBe(0xc0a8ff01);
    expect(formatIpv4(0xffffffff)).toBe("255.255.255.255");
    expect(parseCidr("10.0.16.7/20")).toEqual({ first: 0x0a001000, last: 0x0a001fff });
    for (const bad of ["10.0.0", "10.0.0.256", "10.0.0.0.0", "a.b.c.d", ""]) expect(() => parseIpv4(bad)).toThrow("is no IPv4 address");
    for (const bad of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8"]) expect(() => parseCidr(bad)).toThrow(/is no IPv4/);
  });

  it("hands out all of a /24 but network, gateway and broadcast: 253", () => {
    const taken = takeAll(new AddressPool("10.0.7.0/24", "10.0.7.1"));
    expect(taken).toHaveLength(253);
    expect(new Set(taken).size).toBe(253);
    expect([taken[0], taken.at(-1)]).toEqual(["10.0.7.2", "10.0.7.254"]);
    expect(takeAll(new AddressPool("10.0.7.0/24", "10.0.7.254")).at(-1)).toBe("10.0.7.253");
  });

  it("lets a returned address rest while others are free, but not longer", () => {
    const pool = new AddressPool("10.0.7.0/28", "10.0.7.1");
    const first = pool.take() ?? 0;
    pool.giveBack(first);
    expect(pool.take()).not.toBe(first);
    expect(takeAll(pool).at(-1)).toBe(formatIpv4(first));
  });

  it("goes on after a restart with all that is not taken", () => {
    const pool = new AddressPool("10.0.7.0/28", "10.0.7.1");
    pool.restore(new Set([parseIpv4("10.0.7.3"), parseIpv4("10.0.7.9")]));
    const free = takeAll(pool);
    const last = free.map((address) => Number(address.split(".")[3])).toSorted((a, b) => a - b);
    expect(last).toEqual([2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]);
  });

  it("has nothing to hand out in blocks of one or two addresses", () => {
    for (const cidr of ["10.0.0.0/31", "10.0.0.0/32"]) expect(new AddressPool(cidr, "10.0.0.1").take()).toBeNull();
  });
});

describe("images", () => {
  it("tells an image's kind by its tag alone", () => {
    const kindOf = (image: string): string => imageKind(image, DEFAULT_BEHAVIOURS);
    expect(["a/b:crashloop", "r:5000/a/b:missing", "a:missing@sha256:1"].map(kindOf)).toEqual(["CRASHING", "MISSING", "MISSING"]);
    expect(["crashloop", "r:5000/missing", "a:crashloop-1"].map(kindOf)).toEqual(["NORMAL", "NORMAL", "NORMAL"]);
  });

  it("gives every image a size within its bounds, always the same", () => {
    const sizes = Array.from({ length: 1_000 }, (_, index) => imageSizeMiB(`shop/service-${index}:v1`, DEFAULT_BEHAVIOURS));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(480);
    expect(new Set(sizes).size).toBeGreaterThan(300);
    expect(imageSizeMiB("shop/service-7:v1", DEFAULT_BEHAVIOURS)).toBe(sizes[7]);
  });

  it("pulls within half a second to three seconds the first time, and forgets the least recently used image", () => {
    const random = RandomStream.named("test");
    const small = { ...DEFAULT_BEHAVIOURS, images: { ...DEFAULT_BEHAVIOURS.images, cacheMiB: 600 } };
    const cache = new ImageCache(small);
    for (let index = 0; index < 50; index++) {
      const took = cache.pull([`shop/${index}:1`], 0, random);
      expect(took).toBeGreaterThanOrEqual(400);
      expect(took).toBeLessThanOrEqual(3_100);
    }
    expect(cache.pull(["shop/49:1"], 100_000, random) - 100_000).toBeLessThanOrEqual(140);
    expect(cache.pull(["shop/0:1"], 100_000, random) - 100_000).toBeGreaterThan(400);
  });
});

describe("names and ids", () => {
  it("makes five characters that do not come twice", () => {
    const names = new Set(Array.from({ length: 50_000 }, (_, index) => podSuffix(index + 14_340_000, 12_345)));
    expect(names.size).toBe(50_000);
    for (const name of names) expect(name).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it("makes UUIDv7s of the time and the stream", () => {
    const id = uuidv7(0x0123456789ab, RandomStream.named("x"));
    expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidv7(0x0123456789ab, RandomStream.named("x"))).toBe(id);
    expect(uuidv7(0x0123456789ab, RandomStream.named("y"))).not.toBe(id);
    const stream = RandomStream.named("many");
    expect(new Set(Array.from({ length: 50_000 }, () => uuidv7(1, stream))).size).toBe(50_000);
  });

  it("goes on where a stored stream stopped", () => {
    const stream = RandomStream.named("x", 1);
    stream.uint32();
    const copy = new RandomStream(stream.state);
    expect(Array.from({ length: 10 }, () => copy.between(1, 6))).toEqual(Array.from({ length: 10 }, () => stream.between(1, 6)));
  });
});

describe("timers", () => {
  it("fires in the order of due times, then of serials, also after moves and cancels", () => {
    const timers = new TimerHeap();
    for (let slot = 0; slot < 100; slot++) timers.set(slot, (slot * 37) % 50, slot);
    for (let slot = 0; slot < 100; slot += 3) timers.cancel(slot);
    for (let slot = 1; slot < 100; slot += 3) timers.set(slot, (slot * 11) % 30, slot);
    const expected = Array.from({ length: 100 }, (_, slot) => slot)
      .filter((slot) => slot % 3 !== 0)
      .map((slot) => ({ slot, due: slot % 3 === 1 ? (slot * 11) % 30 : (slot * 37) % 50 }))
      .toSorted((a, b) => a.due - b.due || a.slot - b.slot);
    const fired: { slot: number; due: number }[] = [];
    while (timers.size > 0) fired.push({ due: timers.nextDue(), slot: timers.pop() });
    expect(fired).toEqual(expected);
    expect([timers.nextDue(), timers.dueOf(4), timers.dueOf(4_000)]).toEqual([Infinity, Infinity, Infinity]);
  });
});

describe("choosing a node", () => {
  const none = [0, 0, 0];
  it("prefers fewer pods of the same placement, then the more that is left, then the first", () => {
    const nodes = new NodeTable([node(0), node(1), node(2)]);
    expect(nodes.choose({ cpuMillis: 100, memoryMiB: 100 }, none)).toBe(0);
    nodes.take(0, { cpuMillis: 1_000, memoryMiB: 100 });
    expect(nodes.choose({ cpuMillis: 100, memoryMiB: 100 }, none)).toBe(1);
    expect(nodes.choose({ cpuMillis: 100, memoryMiB: 100 }, [0, 1, 1])).toBe(0);
    nodes.giveBack(0, { cpuMillis: 1_000, memoryMiB: 100 });
    expect(nodes.choose({ cpuMillis: 100, memoryMiB: 100 }, none)).toBe(0);
  });

  it("fills a node to its last millicore and no further", () => {
    const nodes = new NodeTable([node(0, { cpuMillis: 300 })]);
    for (let pod = 0; pod < 3; pod++) {
      expect(nodes.choose({ cpuMillis: 100, memoryMiB: 1 }, none)).toBe(0);
      nodes.take(0, { cpuMillis: 100, memoryMiB: 1 });
    }
    expect(nodes.choose({ cpuMillis: 100, memoryMiB: 1 }, none)).toBe(-1);
    expect(nodes.explain({ cpuMillis: 100, memoryMiB: 1 })).toBe("0/1 nodes are available: 1 Insufficient cpu.");
  });

  it("says so when all pod places are taken", () => {
    const nodes = new NodeTable([node(0, { pods: 1 })]);
    nodes.take(0, { cpuMillis: 1, memoryMiB: 1 });
    expect(nodes.explain({ cpuMillis: 1, memoryMiB: 1 })).toBe("0/1 nodes are available: 1 Too many pods.");
  });
});

describe("rolling updates", () => {
  it.each([
    [10, { percent: 25 }, { percent: 25 }, 3, 2],
    [4, { percent: 25 }, { percent: 25 }, 1, 1],
    [1, { percent: 25 }, { percent: 25 }, 1, 0],
    [10, { count: 0 }, { count: 0 }, 0, 1],
    [10, { count: 0 }, { percent: 9 }, 0, 1],
    [3, { count: 100 }, { count: 100 }, 100, 3],
    [10, { percent: 100 }, { percent: 100 }, 10, 10],
  ])("bounds %i replicas with surge %o and unavailable %o at +%i, -%i", (desired, maxSurge, maxUnavailable, surge, unavailable) => {
    expect(updateBounds(desired, { maxSurge, maxUnavailable })).toEqual({ maxSurge: surge, maxUnavailable: unavailable });
  });

  const strategy = { maxSurge: { count: 1 }, maxUnavailable: { count: 1 } };
  it.each([
    ["makes all at once where there is nothing", 5, [0, 0], [0, 0], [5, 0, 0, 0]],
    ["does nothing when all is well", 5, [5, 5], [0, 0], [0, 0, 0, 0]],
    ["removes what is too much", 2, [5, 4], [0, 0], [0, 3, 0, 0]],
    ["removes everything for no replicas", 0, [2, 1], [3, 2], [0, 2, 1, 2]],
    ["surges and takes one away first", 5, [0, 0], [5, 5], [1, 0, 0, 1]],
    ["waits while the new ones are not ready", 5, [2, 0], [4, 4], [0, 0, 0, 0]],
    ["goes on when one is ready", 5, [2, 1], [4, 4], [0, 0, 0, 1]],
    ["clears away old pods that are not ready", 5, [1, 0], [5, 1], [0, 0, 1, 0]],
    ["ends", 5, [5, 5], [1, 1], [0, 0, 0, 1]],
  ])("%s", (_name, desired, [currentPods = 0, currentReady = 0], [oldPods = 0, oldReady = 0], expected) => {
    const plan = planReplicas(desired, strategy, { pods: currentPods, ready: currentReady }, { pods: oldPods, ready: oldReady });
    expect([plan.create, plan.removeCurrent, plan.removeOldUnready, plan.removeOldReady]).toEqual(expected);
  });
});
