import fc from "fast-check";
import { expect, test } from "vitest";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { loadShard, shardIndexOf } from "#server/fleet/shards.ts";

const code = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4}){0,2}$/);

test("one more shard takes clusters from the others, and moves none between them", () => {
  fc.assert(fc.property(code, fc.integer({ min: 1, max: 40 }), (cluster, of) => {
    const [before, after] = [shardIndexOf(cluster, of), shardIndexOf(cluster, of + 1)];
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThanOrEqual(of);
    expect([before, of + 1]).toContain(after);
  }));
});

test("the parts of a fleet are the whole, each cluster in one, and none is much larger than another", () => {
  const whole = loadFleetDescription("china");
  const parts = [1, 2, 3].map((index) => loadShard("china", { index, of: 3 }).clusters);
  expect(parts.flat().map(({ clusterId }) => clusterId).toSorted()).toEqual(whole.clusters.map(({ clusterId }) => clusterId).toSorted());
  for (const part of parts) expect(part.length).toBeGreaterThan(whole.clusters.length / 6);
  expect([1, 2].map((index) => loadShard("tiny", { index, of: 2 }).clusters.length)).toEqual([1, 1]);
  expect(() => [1, 2, 3].map((index) => loadShard("tiny", { index, of: 3 }))).toThrow(/^SELVEDGE_FLEET_SHARD \d\/3: this part of the fleet tiny has no clusters/);
});
