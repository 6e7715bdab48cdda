import { describe, expect, test } from "vitest";
import { amountsOf, type ClusterRoom, difference, noNodeFits, noRoom, onlyReleases } from "#server/domain/capacity.ts";
import { checkDistribution, MAX_CLUSTERS, type PlacementInput } from "#server/domain/distribution.ts";
import { DEFAULT_UPDATE_STRATEGY } from "#server/domain/states.ts";
import { checkUpdateStrategy, mergeUpdateStrategy } from "#server/domain/update-strategy.ts";

const placement = (changes: Partial<PlacementInput> = {}): PlacementInput => ({
  clusterId: "Cluster.a",
  replicas: 1,
  networkType: "VPC",
  ...changes,
});
const faults = (clusters: readonly PlacementInput[] | null): (string | undefined)[] =>
  checkDistribution(["d"], { clusters }).map((error) => error.path?.join("."));

describe("distributions", () => {
  test("replicas from 0 to 1,000 on clusters named once", () => {
    expect(faults([placement({ replicas: 0 }), placement({ clusterId: "Cluster.b", replicas: 1_000 })])).toEqual([]);
  });
  test.each<[string, PlacementInput[] | null, string[]]>([
    ["no clusters", [], ["d.clusters"]],
    ["nothing at all", null, ["d.clusters"]],
    [
      "too many clusters",
      Array.from({ length: MAX_CLUSTERS + 1 }, (_, index) => placement({ clusterId: `Cluster.${index}` })),
      ["d.clusters"],
    ],
    ["a cluster named twice", [placement(), placement()], ["d.clusters.1.clusterId"]],
    ["replicas below 0", [placement({ replicas: -1 })], ["d.clusters.0.replicas"]],
    ["replicas above 1,000", [placement({ replicas: 1_001 })], ["d.clusters.0.replicas"]],
    ["a subnet with HOST", [placement({ networkType: "HOST", subnetId: "Subnet.a" })], ["d.clusters.0.subnetId"]],
  ])("%s is refused", (_, clusters, paths) => expect(faults(clusters)).toEqual(paths));
});

describe("update strategies", () => {
  const paths = (input: Parameters<typeof mergeUpdateStrategy>[1]): (string | undefined)[] =>
    checkUpdateStrategy(["s"], mergeUpdateStrategy(DEFAULT_UPDATE_STRATEGY, input)).map((error) => error.path?.join("."));
  test("what is left out stays", () => {
    expect(mergeUpdateStrategy(DEFAULT_UPDATE_STRATEGY, null)).toEqual(DEFAULT_UPDATE_STRATEGY);
    expect(mergeUpdateStrategy(DEFAULT_UPDATE_STRATEGY, { maxSurge: { count: 3 } })).toEqual({
      maxUnavailable: { percent: 25 },
      maxSurge: { count: 3 },
    });
    expect(paths({ maxSurge: { count: 0 } })).toEqual([]);
    expect(paths({ maxUnavailable: { percent: 100 }, maxSurge: { percent: 0 } })).toEqual([]);
  });
  test.each<[string, Parameters<typeof mergeUpdateStrategy>[1], string[]]>([
    ["a negative count", { maxSurge: { count: -1 } }, ["s.maxSurge.count"]],
    ["a count above 1,000", { maxUnavailable: { count: 1_001 } }, ["s.maxUnavailable.count"]],
    ["more than all of them", { maxUnavailable: { percent: 101 } }, ["s.maxUnavailable.percent"]],
    ["a negative percentage", { maxSurge: { percent: -1 } }, ["s.maxSurge.percent"]],
    ["nothing and nothing", { maxUnavailable: { count: 0 }, maxSurge: { percent: 0 } }, ["s"]],
  ])("%s is refused", (_, input, expected) => expect(paths(input)).toEqual(expected));
});

describe("capacity", () => {
  const room: ClusterRoom = {
    id: "c",
    code: "city-1",
    capacity: { cpuMillis: 1_000, memoryMiB: 1_000, pods: 10 },
    reserved: { cpuMillis: 900, memoryMiB: 0, pods: 0 },
    fitsOneNode: true,
    largestNode: { cpuMillis: 500, memoryMiB: 600 },
  };
  test("is counted by pods", () => {
    expect(amountsOf({ cpuMillis: 100, memoryMiB: 64 }, 3)).toEqual({ cpuMillis: 300, memoryMiB: 192, pods: 3 });
    expect(difference({ cpuMillis: 300, memoryMiB: 1, pods: 3 }, { cpuMillis: 100, memoryMiB: 2, pods: 3 })).toEqual({
      cpuMillis: 200,
      memoryMiB: -1,
      pods: 0,
    });
    expect(onlyReleases({ cpuMillis: -1, memoryMiB: 0, pods: 0 })).toBe(true);
    expect(onlyReleases({ cpuMillis: -100, memoryMiB: 1, pods: -1 })).toBe(false);
  });
  test("is missed in words that name what is short, and only that", () => {
    expect(noRoom(room, { cpuMillis: 200, memoryMiB: 100, pods: 11 }).message).toBe(
      "Cluster city-1 has no room: 200 cpuMillis needed, 100 of 1000 free; 11 pods needed, 10 of 10 free.",
    );
    expect(noRoom(room, { cpuMillis: 1, memoryMiB: 1, pods: 1 }).message).toContain("another request");
    expect(noNodeFits(room, { cpuMillis: 600, memoryMiB: 1 })).toMatchObject({ name: "CAPACITY", clusterId: "c", ok: false });
  });
});
