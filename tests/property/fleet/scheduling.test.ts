/** The scheduler of the simulated cluster against a naive one, and its faults found. fast-check prints the seed of a failure. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClusterSimulation } from "#server/fleet/simulator/cluster.ts";
import { type Candidate, cheapestCover, sizeOf } from "#server/fleet/simulator/preemption.ts";
import type { Room } from "#server/fleet/simulator/scheduler.ts";
import { plantedGraph, type PlantedFault } from "../../support/planted-graph.ts";
import { fewestVictims, fits } from "./reference-scheduler.ts";
import { type App, apps, nodes, play, type Simulation, steps, Watched } from "./scheduling-laws.ts";
import { testSeed } from "#tests/support/seed.ts";

/** Pods that nobody is evicted for, with all rules; and two kinds of capacity, with all rules but those that an eviction could break. */
const ON_DEMAND_ALONE = steps();
const WITH_SPOT = steps({ capacity: ["ON_DEMAND", "SPOT"], kinds: ["NODE", "NODE_ANTI", "APPLICATION_ANTI"] });

/** SPOT pods that have settled, and one that comes: it gets its place at the price that trying everything finds. */
const EVICTION = fc.record({
  there: fc.array(apps({ capacity: ["SPOT", "SPOT", "ON_DEMAND"], cpu: [200, 300, 900], kinds: ["NODE", "APPLICATION_ANTI"] }), { minLength: 1, maxLength: 3 }),
  comes: apps({ cpu: [900, 1_700, 2_500], kinds: ["NODE", "NODE_ANTI", "APPLICATION_ANTI"] }),
});

function evict(Simulated: Simulation, { there, comes }: { readonly there: readonly App[]; readonly comes: App }): boolean {
  const watched = new Watched(Simulated, nodes(2));
  there.forEach((app, place) => watched.assign(place, app));
  watched.simulation.advanceTo(60_000);
  const before = watched.pods();
  const evicted = watched.preempted.length;
  const newcomer = { ...comes, spec: { ...comes.spec, replicas: 1 } };
  watched.assign(4, newcomer);
  watched.simulation.advanceTo(60_000);
  const pod = watched.pods().find(({ spec }) => spec.applicationName === "app-4");
  if (pod === undefined) throw new Error("the new pod is not there");
  const isFree = watched.reference.nodes.some((node) => fits(watched.reference, node, pod, before));
  const price = isFree ? 0 : fewestVictims(watched.reference, pod, before);
  expect(watched.preempted.length - evicted).toBe(price ?? 0);
  const victims = new Set(watched.preempted.slice(evicted).map(({ object }) => (object.kind === "pod" ? object.id : "")));
  for (const { id, spec, isEnding } of watched.pods()) {
    if (victims.has(id)) expect([spec.capacityType, isEnding]).toEqual(["SPOT", true]);
  }
  watched.simulation.advanceTo(120_000);
  expect(watched.preempted.length - evicted, "nobody more is evicted later").toBe(price ?? 0);
  expect(watched.pods().find(({ id }) => id === pod.id)?.nodeId !== null).toBe(price !== null);
  return (price ?? 0) > 0;
}

describe("the scheduler", () => {
  it("binds only where every filter holds, says why not as the filters do, and lets nobody wait for nothing", () => {
    fc.assert(fc.property(ON_DEMAND_ALONE, (taken) => void play(ClusterSimulation, taken)), { numRuns: 250 });
  });

  it("does so with pods that may be evicted, too", () => {
    let evictions = 0;
    fc.assert(fc.property(WITH_SPOT, (taken) => void (evictions += play(ClusterSimulation, taken).preempted.length)), { numRuns: 250 });
    expect(evictions).toBeGreaterThan(0);
  });

  it("evicts SPOT pods alone, as few as trying all sets of them finds, and nobody where there is room or no way", () => {
    let evictions = 0;
    fc.assert(fc.property(EVICTION, (asked) => void (evictions += Number(evict(ClusterSimulation, asked)))), { numRuns: 300 });
    expect(evictions).toBeGreaterThan(20);
  });
});

describe("the cheapest cover", () => {
  const whole = { cpuMillis: 4_000, memoryMiB: 8_192 };
  const candidates = fc.array(fc.record({ cpuMillis: fc.integer({ min: 1, max: 6 }), memoryMiB: fc.integer({ min: 1, max: 6 }) }), { maxLength: 9 })
    .chain((sizes) => fc.shuffledSubarray(sizes.map((_, index) => index), { minLength: sizes.length }).map((order) => sizes.map((size, index): Candidate => ({ ...size, slot: index, serial: (order[index] ?? 0) + 1 }))));
  const lacking: fc.Arbitrary<Room> = fc.record({ cpuMillis: fc.integer({ min: -3, max: 20 }), memoryMiB: fc.integer({ min: -3, max: 20 }), pods: fc.integer({ min: -2, max: 3 }) });
  const price = (chosen: readonly Candidate[]): [number, number, number] => [
    chosen.length, -Math.min(Infinity, ...chosen.map(({ serial }) => serial)), chosen.reduce((sum, one) => sum + sizeOf(one, whole), 0),
  ];
  const frees = (chosen: readonly Candidate[], { cpuMillis, memoryMiB, pods }: Room): boolean =>
    chosen.reduce((sum, one) => sum + one.cpuMillis, 0) >= cpuMillis && chosen.reduce((sum, one) => sum + one.memoryMiB, 0) >= memoryMiB && chosen.length >= pods;

  it("is the best of all sets: the fewest, then the youngest, then the least beyond the need", () => {
    fc.assert(
      fc.property(candidates, lacking, (given, need) => {
        const sets = Array.from({ length: 2 ** given.length }, (_, set) => given.filter((__, index) => (set & (2 ** index)) !== 0)).filter((set) => frees(set, need));
        const best = sets.map(price).toSorted((a, b) => a[0] - b[0] || (a[1] === b[1] ? 0 : a[1] - b[1]) || a[2] - b[2])[0];
        const found = cheapestCover(given, need, whole);
        expect(found === null).toBe(best === undefined);
        if (best === undefined) return;
        const [size, oldest, freed] = price(found ?? []);
        expect(frees(found ?? [], need)).toBe(true);
        expect([size, oldest]).toEqual(best.slice(0, 2));
        expect(freed).toBeCloseTo(best[2], 9);
      }),
      { numRuns: 500 },
    );
  });

  it("ends soon, and frees enough, also where there is too much to try", () => {
    const many = Array.from({ length: 110 }, (_, index): Candidate => ({ slot: index, serial: index, cpuMillis: 100 + 37 * index, memoryMiB: 9_000 - 61 * index }));
    const need = { cpuMillis: 60_000, memoryMiB: 190_000, pods: 0 };
    expect(frees(cheapestCover(many, need, whole) ?? [], need)).toBe(true);
  });
});

const SIMULATOR = "server/fleet/simulator";
const fault = (name: string, file: string, text: string, by: string): PlantedFault => ({ name, edits: [{ file: `${SIMULATOR}/${file}.ts`, text, by }] });
const ALL_FAULTS: readonly PlantedFault[] = [
  fault("memory is not looked at", "scheduler", "if (cpuLeft < 0 || memoryLeft < 0 ||", "if (cpuLeft < 0 ||"),
  fault("a pod place too many", "scheduler", "(podsFree[index] as number) < 1) continue", "(podsFree[index] as number) < 0) continue"),
  fault("nodes that are not ready", "scheduler", "own > bestOwn || ready[index] !== 1", "own > bestOwn"),
  fault("host ports are not looked at", "scheduler", "if (hostPorts.length > 0 && !this.#hasPorts(index, hostPorts)) continue;", ""),
  fault("host ports stay taken", "scheduler", "if (pods === 0) ports.delete(port);", "if (pods < 0) ports.delete(port);"),
  fault("a rule is looked at only with preferences", "scheduler", "if (affinity !== null && affinity.objectionTo(index) !== null) continue;", ""),
  fault("preferences overrule rules", "scheduler", "if (!this.fits(index, demand, affinity)) continue;", "if (!this.fits(index, demand, null)) continue;"),
  fault("a node counts for a later filter", "scheduler", "if (affinity !== null && !affinity.fitsNode(index)) return [affinity.objectionTo(index) ?? \"\"];", ""),
  fault("rules that keep away are not symmetric", "affinity", "if ((averse[node] as number) > 0 || averseOnCluster > 0) return EXISTING_ANTI_AFFINITY;", ""),
  fault("symmetry ends at the node", "affinity", "if ((averse[node] as number) > 0 || averseOnCluster > 0)", "if ((averse[node] as number) > 0)"),
  fault("the first of its kind can't start", "affinity", "&& !(isOwn && selector.total === 0)) return POD_AFFINITY", ") return POD_AFFINITY"),
  fault("others can start for its first", "affinity", "&& !(isOwn && selector.total === 0)) return POD_AFFINITY", "&& !(selector.total === 0)) return POD_AFFINITY"),
  fault("the cluster counts for the node", "affinity", "(isWide ? selector.total + selector.promisedInAll :", "(isWide ? (selector.pods[node] as number) :"),
  fault("pods that are there are not counted", "affinity", "      selector.pods[node] = (selector.pods[node] as number) + 1;\n      selector.total += 1;", ""),
  fault("pods of other namespaces count", "affinity", "owner?.tenantId ?? \"\"} ${owner?.namespace ?? \"\"}`;", "owner?.tenantId ?? \"\"}`;"),
  fault("pods that are gone are counted on", "binder", "      affinities.remove(variant, node);\n", ""),
  fault("nobody hears of a neighbour", "binder", "if (isAwaited || (promised", "if ((promised"),
  fault("clusters' labels are those of nodes", "affinity", "rule.topology === \"NODE\" ? node.labels : this.#labels", "node.labels"),
  fault("kept away from what it is to be on", "affinity", "!== isAnti(rule);\n    const requiredOfNodes", "=== isAnti(rule);\n    const requiredOfNodes"),
  fault("evicts whoever is there", "spot", "if (this.#size === 0 || isSpot(variant)) return null;", "if (this.#size === 0) return null;"),
  fault("evicts though others are leaving", "spot", "const leaving = [...here].filter((slot) => this.#pods.state[slot] === TERMINATING);", "const leaving: number[] = [];"),
  fault("promised room is given away", "spot", "    this.#nodes.take(node, this.#variantOf(slot).demand);\n    this.#affinities", "    this.#affinities"),
  fault("who is kept from it takes its promised place", "spot", "    this.#affinities.promise(this.#variantOf(slot), node, 1);\n", ""),
  fault("evicts one more than needed", "preemption", "for (let size = Math.max(1, lacking.pods);", "for (let size = Math.max(2, lacking.pods);"),
  fault("who is in the way may stay", "spot", "const inTheWay = staying.filter((slot) => areApart(variant, this.#variantOf(slot)));", "const inTheWay: number[] = [];"),
  fault("the trial is not undone", "spot", "      this.#affinities.place(variant, node);\n", ""),
];

const SEED = testSeed();
/** A third of them in a run, another one by the seed; all: SELVEDGE_MUTANTS=all npm test -- tests/property/fleet/scheduling.test.ts */
const FAULTS = ALL_FAULTS.filter((_fault, index) => process.env["SELVEDGE_MUTANTS"] === "all" || index % 3 === SEED % 3);

/** The seed is one for all: that a fault is found is no matter of luck. */
async function isFound(planted: PlantedFault | undefined): Promise<boolean> {
  const { ClusterSimulation: Faulty } = await plantedGraph<{ readonly ClusterSimulation: Simulation }>(`${SIMULATOR}/cluster.ts`, [SIMULATOR], planted);
  const found = (property: fc.IProperty<unknown>): boolean => fc.check(property, { numRuns: 600, seed: 20_261_130, endOnFailure: true }).failed;
  return (
    found(fc.property(EVICTION, (asked) => void evict(Faulty, asked))) ||
    found(fc.property(ON_DEMAND_ALONE, (taken) => void play(Faulty, taken))) ||
    found(fc.property(WITH_SPOT, (taken) => void play(Faulty, taken)))
  );
}

describe("faults in the scheduler are found", () => {
  it.each(FAULTS)("$name", async (planted) => expect(await isFound(planted)).toBe(true));

  it("all of them can still be planted", async () => {
    for (const { edits } of ALL_FAULTS) {
      for (const { file, text } of edits) expect((await readFile(path.resolve(import.meta.dirname, "../../..", file), "utf8")).split(text), `${file}: ${text}`).toHaveLength(2);
    }
  });

  it("and none where there is none", async () => expect(await isFound(undefined)).toBe(false));
});
