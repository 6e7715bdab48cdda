/** Laws of scheduling, judged by the reference at the moment of each decision. Breaking one throws. */
import fc from "fast-check";
import { expect } from "vitest";
import { type AffinityRule, clusterLabels } from "#server/domain/affinity.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { AFFINITY_KINDS } from "#server/domain/states.ts";
import type { NodeDescription, PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import type { Happening } from "#server/fleet/simulator/cluster-options.ts";
import type { ClusterSimulation } from "#server/fleet/simulator/cluster.ts";
import { spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";
import { node } from "../../unit/fleet/simulated-cluster.ts";
import { explanation, fewestVictims, fits, type PlacedPod, type ReferenceCluster } from "./reference-scheduler.ts";

/** The class as it is, or with a fault in it. */
export type Simulation = typeof ClusterSimulation;

export interface App {
  readonly template: PodTemplate;
  readonly spec: PlacementSpec;
}

const LABELS = clusterLabels({ code: "test-1", region: "east", province: "Inner Mongolia", city: "Hohhot", tier: "EDGE", isp: "TELECOM" });
const word = fc.constantFrom("a", "b");
const ruleLabels: fc.Arbitrary<AffinityRule["labels"]> = fc.oneof<fc.Arbitrary<AffinityRule["labels"]>[]>(
  fc.record({ key: fc.constant("app"), value: word }).map((label) => [label]),
  fc.tuple(word, word).map(([app, tier]) => [{ key: "app", value: app }, { key: "tier", value: tier }]),
);
const rule = (kinds: readonly AffinityRule["kind"][]): fc.Arbitrary<AffinityRule> =>
  fc.record({ kind: fc.constantFrom(...kinds), required: fc.boolean(), weight: fc.integer({ min: 1, max: 100 }), topology: fc.constantFrom("NODE" as const, "NODE" as const, "CLUSTER" as const) }).chain((base): fc.Arbitrary<AffinityRule> => {
    if (base.kind.startsWith("APPLICATION")) return ruleLabels.map((labels) => ({ ...base, labels }));
    return base.topology === "NODE"
      ? fc.constantFrom("ssd", "hdd").map((value) => ({ ...base, labels: [{ key: "disk", value }] }))
      : fc.constantFrom("EDGE", "CDN").map((value) => ({ ...base, labels: [{ key: "selvedge.io/tier", value }] }));
  });

export interface Draw {
  readonly kinds?: readonly AffinityRule["kind"][];
  readonly capacity?: readonly PlacementSpec["capacityType"][];
  readonly cpu?: readonly number[];
}

/** One application: small or large, perhaps with rules, perhaps on the host's network. */
export const apps = ({ kinds = AFFINITY_KINDS, capacity = ["ON_DEMAND"], cpu = [300, 900, 1_700] }: Draw = {}): fc.Arbitrary<App> =>
  fc
    .record({
      cpuMillis: fc.constantFrom(...cpu), memoryMiB: fc.constantFrom(256, 1_024, 3_000), labels: fc.tuple(word, word), rules: fc.array(rule(kinds), { maxLength: 2 }),
      port: fc.option(fc.constantFrom(80, 443), { freq: 3 }), replicas: fc.integer({ min: 0, max: 4 }), capacityType: fc.constantFrom(...capacity),
    })
    .map(({ cpuMillis, memoryMiB, labels: [app, tier], rules, port, replicas, capacityType }) => {
      const base = template("shop/web:1", { cpuMillis, memoryMiB, labels: [{ key: "app", value: app }, { key: "tier", value: tier }] });
      const ports = port === null ? [] : [{ name: null, containerPort: port, protocol: "TCP" as const }];
      const made: PodTemplate = { ...base, containers: base.containers.map((container) => ({ ...container, ports })), ...(rules.length > 0 ? { affinity: rules } : {}) };
      const host = port === null ? {} : { networkType: "HOST" as const, subnet: null };
      return { template: made, spec: spec(made, { replicas, capacityType, ...host }) };
    });

export const nodes = (count: number): NodeDescription[] =>
  Array.from({ length: count }, (_, index) => node(index, { cpuMillis: 2_000 + 1_000 * (index % 2), memoryMiB: 4_096, pods: index === 0 ? 4 : 110, labels: { disk: index % 2 === 0 ? "ssd" : "hdd" } }));

export type Step =
  | { readonly kind: "assign"; readonly place: number; readonly app: App | null }
  | { readonly kind: "node"; readonly index: number; readonly isReady: boolean }
  | { readonly kind: "pass"; readonly ms: number };

export const steps = (draw?: Draw): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant("assign" as const), place: fc.nat(3), app: fc.option(apps(draw), { freq: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("node" as const), index: fc.nat(2), isReady: fc.boolean() }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 8_000 }) }) },
    ),
    { maxLength: 25 },
  );

/** A cluster whose every decision is looked at. */
export class Watched {
  readonly simulation: ClusterSimulation;
  readonly preempted: Happening[] = [];
  readonly #cluster: ReferenceCluster & { notReady: Set<string> };
  /** By placement and revision: pods of a former one go on. */
  readonly #made = new Map<string, App>();
  readonly #capacities = new Map<string, PlacementSpec["capacityType"]>();
  readonly #bound = new Map<string, string>();
  #instant: { at: number; bound: string[] } = { at: -1, bound: [] };
  #revision = 0;

  constructor(Simulation: Simulation, descriptions: readonly NodeDescription[]) {
    this.#cluster = { nodes: descriptions, notReady: new Set(), labels: LABELS };
    const none = (): undefined => undefined;
    this.simulation = new Simulation({
      code: "test-1", nodes: descriptions, labels: LABELS, seed: 1, nonce: "nonce", behaviours: DEFAULT_BEHAVIOURS, now: 0, contents: { keysOf: () => null, valuesOf: () => null },
      listener: {
        podChanged: (slot) => this.#changed(slot), podGone: (_, id) => this.#bound.delete(id), happened: (happening) => happening.reason === "Preempted" && this.preempted.push(happening),
        placementChanged: none, variantChanged: none, podRecordChanged: none, configSetChanged: none, serviceChanged: none, nodeChanged: none, faultsChanged: none,
      },
    });
  }

  get reference(): ReferenceCluster {
    return this.#cluster;
  }

  assign(place: number, app: App | null): void {
    const placementId = uuid(100 + place);
    if (app === null) return this.simulation.assign(placementId, null);
    // Which capacity an application has is fixed.
    const capacityType = this.#capacities.get(placementId) ?? app.spec.capacityType;
    this.#capacities.set(placementId, capacityType);
    // The last of them is a neighbour whom no rule of the others is about.
    const made = { ...app.spec, capacityType, applicationName: `app-${place}`, revisionId: uuid(1_000 + this.#revision++), namespace: place === 3 ? "other" : "default" };
    this.#made.set(`${placementId} ${made.revisionId}`, { template: app.template, spec: made });
    this.simulation.addTemplate(made.templateHash, app.template);
    this.simulation.assign(placementId, made);
  }

  setNode(index: number, isReady: boolean): void {
    const id = this.#cluster.nodes[index]?.id ?? "";
    if (isReady) this.#cluster.notReady.delete(id);
    else this.#cluster.notReady.add(id);
    this.simulation.setNodeStatus(index, isReady ? "READY" : "NOT_READY");
  }

  pods(): (PlacedPod & { readonly message: string | null; readonly isEnding: boolean })[] {
    return [...this.simulation.slots()].map((slot) => {
      const { id, nodeId, placementId, revisionId, message, phase } = this.simulation.report(slot);
      const app = this.#made.get(`${placementId} ${revisionId}`);
      if (app === undefined) throw new Error("a pod of nobody");
      return { id, nodeId, ...app, message, isEnding: phase === "TERMINATING" };
    });
  }

  #changed(slot: number): void {
    const { now } = this.simulation;
    if (this.#instant.at !== now) this.#instant = { at: now, bound: [] };
    const { id, nodeId, reason, message } = this.simulation.report(slot);
    const was = this.#bound.get(id);
    if (was !== undefined) return expect(nodeId, "a pod never changes its node").toBe(was);
    const pods = this.pods();
    const pod = pods.find((one) => one.id === id);
    if (pod === undefined) throw new Error("a pod that is not there");
    const others = pods.filter((one) => one.id !== id);
    if (nodeId !== null) {
      this.#bound.set(id, nodeId);
      this.#instant.bound.push(id);
      const where = this.#cluster.nodes.find((one) => one.id === nodeId);
      expect(where !== undefined && fits(this.#cluster, where, pod, others), `pod ${id} got node ${nodeId}`).toBe(true);
    } else if (reason === "Unschedulable" && others.every(({ spec: { capacityType } }) => capacityType === "ON_DEMAND")) {
      // Pods of one kind are told together what held for the first of them; others may have got nodes since, in the same instant.
      const { bound } = this.#instant;
      const then = bound.map((_, from) => new Set(bound.slice(from)));
      const possible = [new Set<string>(), ...then].map((undone) => explanation(this.#cluster, pod, others.map((one) => (undone.has(one.id) ? { ...one, nodeId: null } : one))));
      expect(possible).toContain(message);
    }
  }

  /** When nothing moves any more, nobody waits who fits somewhere, or who could by the end of SPOT pods. */
  expectNobodyWaitsForNothing(): void {
    const pods = this.pods();
    for (const pod of pods.filter(({ nodeId }) => nodeId === null)) {
      const others = pods.filter(({ id }) => id !== pod.id);
      for (const one of this.#cluster.nodes) expect(fits(this.#cluster, one, pod, others), `pod ${pod.id} waits, and ${one.id} would take it: ${pod.message}`).toBe(false);
      if (pod.spec.capacityType === "ON_DEMAND") expect(fewestVictims(this.#cluster, pod, others), `pod ${pod.id} waits for SPOT pods`).toBe(null);
    }
  }
}

export function play(Simulation: Simulation, taken: readonly Step[]): Watched {
  const watched = new Watched(Simulation, nodes(3));
  let now = 0;
  for (const step of taken) {
    if (step.kind === "assign") watched.assign(step.place, step.app);
    else if (step.kind === "node") watched.setNode(step.index, step.isReady);
    else now += step.ms;
    watched.simulation.advanceTo(now);
  }
  watched.simulation.advanceTo(now + 600_000);
  watched.expectNobodyWaitsForNothing();
  for (const { object } of watched.preempted) expect(object.kind).toBe("pod");
  return watched;
}
