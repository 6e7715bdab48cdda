/**
 * Fleet descriptions: which clusters there are, as data.
 *
 * A description is a JSON file: regions, their provinces and cities, tiers (what a cluster of the tier is made of and costs), and clusters
 * that name a city, a tier and an ISP. A cluster may override its tier's number of nodes and its prices. A group stands for `count` such clusters in
 * each of its cities (in all, where it names none): `hangzhou-telecom-1`, `hangzhou-telecom-2` and so on. Loading expands it to what the
 * link says of each cluster (`ClusterDescription`), or refuses it and names every fault at once, each with the place where it is.
 *
 * Codes are stable for ever: ids of clusters and nodes follow from them. Discounts are shares of one taken off the price.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { CLUSTER_TIERS, ISPS } from "../domain/states.ts";
import { clusterIdOf, nodeIdOf } from "./identifiers.ts";
import type { ClusterDescription, NodeDescription } from "./link.ts";

export interface FleetCluster {
  readonly clusterId: string;
  readonly description: ClusterDescription;
}

export interface FleetDescription {
  readonly name: string;
  readonly clusters: readonly FleetCluster[];
}

export class FleetDescriptionError extends Error {
  readonly faults: readonly string[];

  constructor(source: string, faults: readonly string[]) {
    super(`fleet description ${source}: ${faults.join("; ")}`);
    this.name = "FleetDescriptionError";
    this.faults = faults;
  }
}

const PRESETS = ["china", "china-large", "tiny"] as const;
const MAX_CLUSTERS = 10_000;
const MAX_CODE = 40;

/**
 * The fleet of a preset's name, or of a path to a JSON file.
 * @throws FleetDescriptionError when it cannot be read, is no JSON or breaks a rule.
 */
export function loadFleetDescription(presetOrPath: string): FleetDescription {
  const isPreset = (PRESETS as readonly string[]).includes(presetOrPath);
  const file = isPreset ? new URL(`./presets/${presetOrPath}.json`, import.meta.url) : presetOrPath;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const fault = `is neither a preset (${PRESETS.join(", ")}) nor a readable file: ${(error as Error).message}`;
    throw new FleetDescriptionError(presetOrPath, [fault]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FleetDescriptionError(presetOrPath, [`is not JSON: ${(error as Error).message}`]);
  }
  return parseFleetDescription(value, presetOrPath);
}

// ---------------------------------------------------------------- the file's form

const code = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters, digits and single hyphens, starting with a letter")
  .max(MAX_CODE);
const name = z.string().min(1).max(80);
const decimal = z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, "must be a decimal number as text, e.g. \"0.1980\"");
const share = z.number().min(0).max(1);

const prices = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code, e.g. CNY"),
  cpuCoreHour: decimal,
  memoryGiBHour: decimal,
  publicGiB: decimal,
  eipHour: decimal,
  spotDiscount: share,
  offPeakDiscount: share,
});

const nodeCount = z.int().min(1).max(1_000);

/** What a cluster is, wherever it is. */
const wherever = { tier: z.enum(CLUSTER_TIERS), isp: z.enum(ISPS), nodes: nodeCount.optional(), prices: prices.partial().optional() };

const fleetFile = z.strictObject({
  name,
  regions: z.array(z.strictObject({ code, name })).min(1),
  provinces: z.array(z.strictObject({ name, region: code })).min(1),
  cities: z
    .array(z.strictObject({ code, name, province: name, latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }))
    .min(1),
  tiers: z.partialRecord(
    z.enum(CLUSTER_TIERS),
    z.strictObject({
      nodes: nodeCount,
      cpuMillis: z.int().min(100).max(1_024_000),
      memoryMiB: z.int().min(128).max(67_108_864),
      pods: z.int().min(1).max(1_000),
      prices,
    }),
  ),
  clusters: z.array(z.strictObject({ code, name: name.optional(), city: code, ...wherever })).max(MAX_CLUSTERS).default([]),
  groups: z
    .array(z.strictObject({ suffix: code, cities: z.array(code).min(1).optional(), count: z.int().min(1).max(1_000).default(1), ...wherever }))
    .max(1_000)
    .default([]),
});

type FleetFile = z.infer<typeof fleetFile>;
type Cluster = FleetFile["clusters"][number];

/** Checks and expands a parsed description. `source` names it in the error. */
export function parseFleetDescription(value: unknown, source: string): FleetDescription {
  const parsed = fleetFile.safeParse(value);
  if (!parsed.success) {
    throw new FleetDescriptionError(source, parsed.error.issues.map((issue) => `${place(issue.path)}: ${issue.message}`));
  }
  const faults = crossFaults(parsed.data);
  if (faults.length > 0) throw new FleetDescriptionError(source, faults);
  return { name: parsed.data.name, clusters: expand(parsed.data) };
}

/** E.g. `clusters[3].tier`. */
const place = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((before, part) => {
    if (typeof part === "number") return `${before}[${part}]`;
    return before === "" ? String(part) : `${before}.${String(part)}`;
  }, "") || "(top)";

/** What a form alone cannot say: names that must be unique, and names that must lead somewhere. */
function crossFaults(file: FleetFile): string[] {
  const faults: string[] = [];
  const unique = (list: string, names: readonly string[], member: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    names.forEach((each, index) => {
      if (seen.has(each)) faults.push(`${list}[${index}].${member}: "${each}" is there twice`);
      seen.add(each);
    });
    return seen;
  };
  const leads = (where: string, to: string, known: ReadonlySet<string>, kind: string): void => {
    if (!known.has(to)) faults.push(`${where}: there is no ${kind} "${to}"`);
  };
  const regions = unique("regions", file.regions.map((region) => region.code), "code");
  const provinces = unique("provinces", file.provinces.map((province) => province.name), "name");
  const cities = unique("cities", file.cities.map((city) => city.code), "code");
  const codes = unique("clusters", file.clusters.map((cluster) => cluster.code), "code");
  file.provinces.forEach((province, index) => leads(`provinces[${index}].region`, province.region, regions, "region"));
  file.cities.forEach((city, index) => leads(`cities[${index}].province`, city.province, provinces, "province"));
  const tiers = new Set(Object.keys(file.tiers));
  file.clusters.forEach((cluster, index) => {
    leads(`clusters[${index}].city`, cluster.city, cities, "city");
    leads(`clusters[${index}].tier`, cluster.tier, tiers, "tier described");
  });
  let clusters = file.clusters.length;
  const made = new Set<string>();
  file.groups.forEach((group, index) => {
    leads(`groups[${index}].tier`, group.tier, tiers, "tier described");
    group.cities?.forEach((city, at) => leads(`groups[${index}].cities[${at}]`, city, cities, "city"));
    clusters += (group.cities?.length ?? cities.size) * group.count;
    if (clusters > MAX_CLUSTERS) return;
    for (const cluster of clustersOf(file, group)) {
      if (codes.has(cluster.code) || made.has(cluster.code)) faults.push(`groups[${index}]: "${cluster.code}" is there twice`);
      if (cluster.code.length > MAX_CODE) faults.push(`groups[${index}]: "${cluster.code}" has more than ${MAX_CODE} characters`);
      made.add(cluster.code);
    }
  });
  if (clusters === 0) faults.push("clusters: there are none, and no groups");
  if (clusters > MAX_CLUSTERS) faults.push(`clusters, groups: they are ${clusters} clusters, more than ${MAX_CLUSTERS}`);
  return faults;
}

/** The clusters that a group stands for. */
function clustersOf(file: FleetFile, { suffix, cities, count, ...kindOf }: FleetFile["groups"][number]): Cluster[] {
  const names = new Map(file.cities.map((city) => [city.code, city.name]));
  return (cities ?? [...names.keys()]).flatMap((city) =>
    Array.from({ length: count }, (_, index) => ({ ...kindOf, city, code: `${city}-${suffix}-${index + 1}`, name: `${names.get(city) ?? city} ${suffix} ${index + 1}` })));
}

/** Only for a file without faults: every name leads somewhere. */
function expand(file: FleetFile): FleetCluster[] {
  const regions = new Map(file.regions.map((region) => [region.code, region]));
  const provinces = new Map(file.provinces.map((province) => [province.name, province]));
  const cities = new Map(file.cities.map((city) => [city.code, city]));
  return [...file.clusters, ...file.groups.flatMap((group) => clustersOf(file, group))].map((cluster) => {
    const city = found(cities, cluster.city);
    const region = found(regions, found(provinces, city.province).region);
    const tier = found(new Map(Object.entries(file.tiers)), cluster.tier);
    const nodes = Array.from({ length: cluster.nodes ?? tier.nodes }, (_, index): NodeDescription => {
      const nodeName = `${cluster.code}-n${String(index + 1).padStart(2, "0")}`;
      return {
        id: nodeIdOf(cluster.code, nodeName),
        name: nodeName,
        labels: {
          "kubernetes.io/hostname": nodeName,
          "kubernetes.io/arch": "amd64",
          "topology.kubernetes.io/region": region.code,
          "topology.kubernetes.io/zone": cluster.code,
        },
        cpuMillis: tier.cpuMillis,
        memoryMiB: tier.memoryMiB,
        pods: tier.pods,
      };
    });
    return {
      clusterId: clusterIdOf(cluster.code),
      description: {
        code: cluster.code,
        name: cluster.name ?? `${city.name} ${cluster.code.slice(cluster.code.lastIndexOf("-") + 1)}`,
        region: { code: region.code, name: region.name },
        province: city.province,
        city: city.name,
        tier: cluster.tier,
        isp: cluster.isp,
        latitude: city.latitude,
        longitude: city.longitude,
        prices: withDefaults(tier.prices, cluster.prices),
        nodes,
      },
    };
  });
}

type Prices = z.infer<typeof prices>;

function withDefaults(defaults: Prices, own: { readonly [Name in keyof Prices]?: Prices[Name] | undefined } | undefined): Prices {
  const given = Object.fromEntries(Object.entries(own ?? {}).filter(([, value]) => value !== undefined));
  return { ...defaults, ...given };
}

function found<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no "${key}": the description was not checked`);
  return value;
}
