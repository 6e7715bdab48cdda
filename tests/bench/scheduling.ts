import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { AffinityRule } from "#server/domain/affinity.ts";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { NodeDescription, PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { ClusterSimulation } from "#server/fleet/simulator/cluster.ts";
import { NodeTable, type Scoring } from "#server/fleet/simulator/scheduler.ts";
import { type Bin, fewestNodes, type Sized } from "./scheduling/bounds.ts";
import { mixesOf } from "./scheduling/mixes.ts";
import { median } from "./writes/figures.ts";

/**
 * How well the scheduler of a simulated cluster places pods, and how fast.
 *
 * - Packing: nodes that it uses over the fewest that could do (scheduling/bounds.ts), pods one by one as they come. MOST_ALLOCATED opens a node after another; LEAST_ALLOCATED, which
 *   spreads, has as many nodes as it needs for all to get a place.
 * - Speed: pods made, bound and on their way a second, on a cluster of its own each time; without rules, and with some.
 */
const HELP = `npm run bench -- scheduling [options]

How many nodes the scheduler needs, over a lower bound of bin packing, for several mixes of pods; and pods placed a second, without and with affinity.
A floor that does not hold makes the exit code 1.

  --pods 1000       pods of each mix, and of each cluster for speed
  --nodes 20,500    nodes of the clusters for speed
  --rounds 3        runs for speed; the median counts
  --help            this`;

export const takesOptions = true;
/** Nodes that are used when packing, over the bound; and how much slower pods with affinity may be placed than without. */
const FLOORS = { packing: 1.2, affinity: 10 };

export async function run(args: readonly string[]): Promise<boolean> {
  let options: { readonly pods: number; readonly nodes: readonly number[]; readonly rounds: number } | null;
  try {
    options = optionsOf(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
  if (options === null) {
    console.log(HELP);
    return true;
  }
  const { pods, nodes, rounds } = options;
  console.log(`scheduling: ${pods} pods of each kind, ${rounds} rounds, ${cpus().length} cores, node ${process.version}`);
  const packed = mixesOf(pods).map(({ name, node, pods: mix }) => {
    const bound = fewestNodes(mix, node);
    const most = nodesUsed(mix, node);
    const least = nodesNeeded(mix, node, bound);
    return { name, bound, most, least, ratio: most / bound };
  });
  console.table(packed.map(({ name, bound, most, least, ratio }) => ({
    "": name, "lower bound": bound, "MOST_ALLOCATED": most, "over the bound": ratio.toFixed(3), "LEAST_ALLOCATED": least, "it over the bound": (least / bound).toFixed(3), floor: FLOORS.packing,
  })));
  const speeds = nodes.flatMap((count) => speedsOf(pods, count, rounds));
  console.table(speeds.map(({ count, name, rate, slower }) => ({ nodes: count, "": name, "pods placed a second": Math.round(rate), "times slower": slower.toFixed(2), floor: FLOORS.affinity })));
  return packed.every(({ ratio }) => ratio <= FLOORS.packing) && speeds.every(({ slower }) => slower <= FLOORS.affinity);
}

function optionsOf(args: readonly string[]): { pods: number; nodes: readonly number[]; rounds: number } | null {
  const { values } = parseArgs({
    args: [...args], options: { pods: { type: "string" }, nodes: { type: "string" }, rounds: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return null;
  const whole = (name: string, text: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} takes whole numbers from 1 on, not ${text}`);
    return Number(text);
  };
  return {
    pods: whole("pods", values.pods ?? "1000"), rounds: whole("rounds", values.rounds ?? "3"), nodes: (values.nodes ?? "20,500").split(",").map((text) => whole("nodes", text)),
  };
}

// ---------------------------------------------------------------- packing

/** How many pods get a node, and how many nodes get pods. Each pod is of an application of its own. */
function place(pods: readonly Sized[], node: Bin, count: number, scoring: Scoring): { placed: number; used: number } {
  const table = new NodeTable(nodesOf(count, node), scoring);
  const own = new Uint16Array(count);
  const used = new Set<number>();
  let placed = 0;
  for (const pod of pods) {
    const index = table.choose(pod, own);
    if (index < 0) continue;
    table.take(index, pod);
    used.add(index);
    placed += 1;
  }
  return { placed, used: used.size };
}

const nodesUsed = (pods: readonly Sized[], node: Bin): number => place(pods, node, pods.length, "MOST_ALLOCATED").used;

function nodesNeeded(pods: readonly Sized[], node: Bin, bound: number): number {
  let count = bound;
  while (place(pods, node, count, "LEAST_ALLOCATED").placed < pods.length) count += Math.max(1, Math.round(bound / 200));
  return count;
}

const nodesOf = (count: number, node: Bin): NodeDescription[] =>
  Array.from({ length: count }, (_, index) => ({ id: `node-${index}`, name: `n${index}`, labels: { disk: index % 2 === 0 ? "ssd" : "hdd" }, ...node }));

// ---------------------------------------------------------------- speed

const MEASURED_MS = 100;

const rule = (changes: Pick<AffinityRule, "kind" | "required" | "labels">): AffinityRule => ({ weight: 10, topology: "NODE", ...changes });
const CASES: readonly { readonly name: string; readonly affinity: readonly AffinityRule[] }[] = [
  { name: "no rules", affinity: [] },
  { name: "required of nodes", affinity: [rule({ kind: "NODE", required: true, labels: [{ key: "disk", value: "ssd" }] })] },
  { name: "required, near and away from applications", affinity: [
    rule({ kind: "APPLICATION", required: true, labels: [{ key: "app", value: "web" }] }), rule({ kind: "APPLICATION_ANTI", required: true, labels: [{ key: "app", value: "batch" }] }),
  ] },
  { name: "preferred, near applications and away from its own", affinity: [
    rule({ kind: "NODE", required: false, labels: [{ key: "disk", value: "ssd" }] }), rule({ kind: "APPLICATION_ANTI", required: false, labels: [{ key: "app", value: "web" }] }),
  ] },
];

function speedsOf(pods: number, count: number, rounds: number): { count: number; name: string; rate: number; slower: number }[] {
  const rates = CASES.map((): number[] => []);
  // The first round warms up; the cases take turns.
  for (let round = 0; round <= rounds; round++) CASES.forEach(({ affinity }, index) => {
    const rate = placedASecond(pods, count, affinity);
    if (round > 0) rates[index]?.push(rate);
  });
  const plain = median(rates[0] ?? []);
  return CASES.map(({ name }, index) => ({ count, name, rate: median(rates[index] ?? []), slower: plain / median(rates[index] ?? []) }));
}

/** On new clusters, again and again, for as long as it takes to be measured. */
function placedASecond(pods: number, count: number, affinity: readonly AffinityRule[]): number {
  const began = performance.now();
  let placed = 0;
  do {
    placeAll(pods, count, affinity);
    placed += pods;
  } while (performance.now() - began < MEASURED_MS);
  return placed / ((performance.now() - began) / 1_000);
}

function placeAll(pods: number, count: number, affinity: readonly AffinityRule[]): void {
  const none = (): undefined => undefined;
  const template: PodTemplate = {
    runtime: "RUNC", labels: [{ key: "app", value: "web" }], terminationGracePeriodSeconds: 30, ...(affinity.length > 0 ? { affinity } : {}),
    containers: [{ name: "main", image: "shop/web:1", cpuMillis: 100, memoryMiB: 64, command: [], args: [], stdin: false, tty: false, ports: [], env: [] }],
  };
  const simulation = new ClusterSimulation({
    code: "bench-1", nodes: nodesOf(count, { cpuMillis: 100 * pods, memoryMiB: 64 * pods, pods }), seed: 1, nonce: "nonce", behaviours: DEFAULT_BEHAVIOURS, now: 0,
    contents: { keysOf: () => null, valuesOf: () => null },
    listener: { podChanged: none, podGone: none, placementChanged: none, variantChanged: none, podRecordChanged: none, configSetChanged: none, serviceChanged: none, nodeChanged: none, faultsChanged: none, happened: none },
  });
  const spec: PlacementSpec = {
    tenantId: "tenant", applicationId: "application", applicationName: "web", namespace: "default", replicas: 10, revisionId: "revision", revisionNumber: 1, templateHash: contentHash(template),
    updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } }, capacityType: "ON_DEMAND", networkType: "VPC", subnet: { id: "subnet", vpcId: "vpc", cidr: "10.0.0.0/8", gateway: "10.0.0.1" },
  };
  simulation.addTemplate(spec.templateHash, template);
  for (let made = 0; made < pods; made += spec.replicas) simulation.assign(`placement-${made}`, spec);
  simulation.advanceTo(0);
  if (simulation.counts("placement-0").created !== spec.replicas || simulation.nodes.free(0).pods === pods) throw new Error("not all pods got a node");
}
