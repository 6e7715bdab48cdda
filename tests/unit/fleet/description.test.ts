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
    expect(() => loadFleetDescription(path)).toThrow(/neither a preset \(china, tiny\) nor a readable file/);
  });
});
