import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FleetDescriptionError, loadFleetDescription, parseFleetDescription } from "#server/fleet/description.ts";
import tiny from "#server/fleet/presets/tiny.json" with { type: "json" };

const faultsOf = (value: unknown): readonly string[] => {
  try {
    parseFleetDescription(value, "test");
  } catch (error) {
    if (error instanceof FleetDescriptionError) return error.faults;
    throw error;
  }
  return [];
};

describe("fleet descriptions", () => {
  it("has 60 clusters in all 31 provinces of china", () => {
    const { clusters } = loadFleetDescription("china");
    expect(clusters).toHaveLength(60);
    expect(new Set(clusters.map((cluster) => cluster.description.province)).size).toBe(31);
    expect(new Set(clusters.map((cluster) => cluster.description.region.code)).size).toBe(7);
    expect(new Set(clusters.map((cluster) => cluster.clusterId)).size).toBe(60);
    const nodeIds = clusters.flatMap((cluster) => cluster.description.nodes.map((node) => node.id));
    expect(new Set(nodeIds).size).toBe(nodeIds.length);
    for (const { description } of clusters) {
      expect(description.latitude).toBeGreaterThan(18);
      expect(description.latitude).toBeLessThan(54);
      expect(description.longitude).toBeGreaterThan(73);
      expect(description.longitude).toBeLessThan(135.1);
    }
    const codes = clusters.map((cluster) => cluster.description.code);
    const cities = ["hangzhou", "shanghai", "beijing", "guangzhou", "chengdu", "shenzhen", "wuhan", "xian"];
    expect(codes).toEqual(expect.arrayContaining([...cities.map((city) => `${city}-1`), "shaoxing-2"]));
  });

  it("has 1,000 clusters and 20,000 nodes in china-large, those of china among them", () => {
    const { clusters } = loadFleetDescription("china-large");
    expect(clusters).toHaveLength(1_000);
    const nodeIds = clusters.flatMap((cluster) => cluster.description.nodes.map((node) => node.id));
    expect(new Set(nodeIds).size).toBe(20_000);
    const ids = new Set(clusters.map((cluster) => cluster.clusterId));
    expect(ids.size).toBe(1_000);
    for (const { clusterId } of loadFleetDescription("china").clusters) expect(ids).toContain(clusterId);
    expect(new Set(clusters.map(({ description }) => description.name)).size).toBe(1_000);
    for (const { description } of clusters) {
      expect(description.latitude).toBeGreaterThan(18);
      expect(description.latitude).toBeLessThan(54);
      expect(description.longitude).toBeGreaterThan(73);
      expect(description.longitude).toBeLessThan(135.1);
    }
  });

  it("expands a group to as many clusters in each of its cities", () => {
    const group = { suffix: "mobile", tier: "CDN", isp: "MOBILE", count: 2, nodes: 3 };
    const expanded = parseFleetDescription({ ...tiny, groups: [group, { ...group, suffix: "extra", cities: ["shaoxing"], count: 1 }] }, "test").clusters.slice(2);
    expect(expanded.map(({ description }) => [description.code, description.name, description.isp, description.nodes.length])).toEqual([
      ["hangzhou-mobile-1", "Hangzhou mobile 1", "MOBILE", 3],
      ["hangzhou-mobile-2", "Hangzhou mobile 2", "MOBILE", 3],
      ["shaoxing-mobile-1", "Shaoxing mobile 1", "MOBILE", 3],
      ["shaoxing-mobile-2", "Shaoxing mobile 2", "MOBILE", 3],
      ["shaoxing-extra-1", "Shaoxing extra 1", "MOBILE", 3],
    ]);
  });

  it("names what is wrong with groups, and a fleet without clusters", () => {
    const group = { suffix: "a", tier: "EDGE", isp: "TELECOM", count: 1 };
    expect(
      faultsOf({
        ...tiny,
        clusters: [...tiny.clusters, { ...tiny.clusters[0], code: "hangzhou-a-1" }],
        groups: [group, { ...group, tier: "CENTER", cities: ["nowhere"] }, { ...group, suffix: "x".repeat(40), cities: ["hangzhou"] }],
      }),
    ).toEqual([
      'groups[0]: "hangzhou-a-1" is there twice',
      'groups[1].tier: there is no tier described "CENTER"',
      'groups[1].cities[0]: there is no city "nowhere"',
      `groups[2]: "hangzhou-${"x".repeat(40)}-1" has more than 40 characters`,
    ]);
    expect(faultsOf({ ...tiny, clusters: [] })).toEqual(["clusters: there are none, and no groups"]);
    const crowd = Array.from({ length: 6 }, (_, index) => ({ ...group, suffix: `g${index}`, count: 1_000 }));
    expect(faultsOf({ ...tiny, groups: crowd })).toEqual(["clusters, groups: they are 12002 clusters, more than 10000"]);
  });

  it("gives clusters and nodes the same ids in every run", () => {
    const [hangzhou] = loadFleetDescription("tiny").clusters;
    expect(hangzhou?.clusterId).toBe("c19a0ea4-69a3-860c-926e-08148ce3aa58");
    const inChina = loadFleetDescription("china").clusters.find((each) => each.description.code === "hangzhou-1");
    expect(inChina?.clusterId).toBe(hangzhou?.clusterId);
    expect(hangzhou?.description.nodes.map((node) => node.name)).toEqual(["hangzhou-1-n01", "hangzhou-1-n02"]);
  });

  it("lets a cluster have its own number of nodes and prices", () => {
    const value = structuredClone(tiny) as { clusters: object[] };
    value.clusters[1] = { ...value.clusters[1], nodes: 3, prices: { cpuCoreHour: "9.5" } };
    const cluster = parseFleetDescription(value, "test").clusters[1]?.description;
    expect(cluster?.nodes).toHaveLength(3);
    expect(cluster?.prices).toEqual({ ...tiny.tiers.CDN.prices, cpuCoreHour: "9.5" });
  });

  it("names every fault, each with its place", () => {
    const [first, second] = tiny.clusters;
    expect(
      faultsOf({ ...tiny, clusters: [{ ...first, tier: "CENTRE", isp: "FAX" }, { ...second, code: "Shaoxing 1", colour: "red" }] }),
    ).toEqual([
      expect.stringMatching(/^clusters\[0\]\.tier: .*CENTER/),
      expect.stringMatching(/^clusters\[0\]\.isp: .*TELECOM/),
      expect.stringMatching(/^clusters\[1\]\.code: must be lower-case/),
      expect.stringMatching(/^clusters\[1\]: .*colour/),
    ]);
    const { EDGE } = tiny.tiers;
    expect(faultsOf({ ...tiny, tiers: { ...tiny.tiers, EDGE: { ...EDGE, prices: { ...EDGE.prices, eipHour: 0.02 } } } })).toEqual([
      expect.stringMatching(/^tiers\.EDGE\.prices\.eipHour: .*string/),
    ]);
  });

  it("names names that lead nowhere or are there twice", () => {
    expect(
      faultsOf({
        ...tiny,
        provinces: [...tiny.provinces, { name: "Atlantis", region: "sea" }],
        clusters: [tiny.clusters[0], { ...tiny.clusters[1], code: "hangzhou-1", city: "nowhere", tier: "CENTER" }],
      }),
    ).toEqual([
      'clusters[1].code: "hangzhou-1" is there twice',
      'provinces[1].region: there is no region "sea"',
      'clusters[1].city: there is no city "nowhere"',
      'clusters[1].tier: there is no tier described "CENTER"',
    ]);
  });

  it("reads a file, and says what is wrong with it", () => {
    const folder = mkdtempSync(join(tmpdir(), "description-"));
    const path = join(folder, "fleet.json");
    writeFileSync(path, JSON.stringify(tiny));
    expect(loadFleetDescription(path)).toEqual(loadFleetDescription("tiny"));
    writeFileSync(path, "{ nodes: 3");
    expect(() => loadFleetDescription(path)).toThrow(/fleet\.json: is not JSON/);
    rmSync(folder, { recursive: true });
    expect(() => loadFleetDescription(path)).toThrow(/neither a preset \(china, china-large, tiny\) nor a readable file/);
  });
});
