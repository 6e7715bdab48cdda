/** Laws of the load on a cluster, under any assignments, crashes and node failures. fast-check prints the seed of a failure. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerSpec, PodTemplate, Probe } from "#server/domain/pod-template.ts";
import type { TimeWindow } from "#server/domain/traffic.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import type { ClusterLoad } from "#server/fleet/simulator/load/cluster-load.ts";
import type { Metrics } from "#server/fleet/simulator/load/total.ts";
import { spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";
import { node, simulatedCluster, type SimulatedCluster } from "../../unit/fleet/simulated-cluster.ts";

const probe: Probe = { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 1, periodSeconds: 5, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 2 };
const probed = (of: PodTemplate): PodTemplate => ({ ...of, containers: of.containers.map((each): ContainerSpec => ({ ...each, readinessProbe: probe })) });
const templates = [
  template("shop/web:1"), template("shop/web:2", { cpuMillis: 400, memoryMiB: 200 }), probed(template("shop/web:hangs", { cpuMillis: 250 })), probed(template("shop/web:unready")),
  template("shop/web:crashloop"), template("shop/web:missing"), template("shop/web:slow", { cpuMillis: 1_200 }),
] as const;
const APPS = [0, 1, 2].map((number) => uuid(100 + number));

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("assign" as const), app: fc.nat(2), template: fc.nat(templates.length - 1), replicas: fc.nat(8),
      rps: fc.option(fc.double({ min: 0, max: 500, noNaN: true })), elsewhere: fc.nat(10),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("node" as const), index: fc.nat(2), isReady: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly cluster = simulatedCluster();
  /** What each application was assigned last. */
  readonly specs = new Map<string, PlacementSpec | null>();
  #now = 0;

  act(next: Step): void {
    switch (next.kind) {
      case "assign": {
        const of = templates[next.template] as PodTemplate;
        const traffic = next.rps === null ? {} : { traffic: { profile: { constantRps: next.rps }, totalReplicas: next.replicas + next.elsewhere } };
        this.#assign(next.app, spec(of, { replicas: next.replicas, revisionId: uuid(40 + next.template), ...traffic }), of);
        break;
      }
      case "remove":
        this.#assign(next.app, null);
        break;
      case "crash": {
        const pods = this.cluster.pods();
        this.cluster.simulation.crashPod(pods[next.pick % Math.max(1, pods.length)]?.id ?? "");
        break;
      }
      case "node":
        this.cluster.simulation.setNodeStatus(next.index, next.isReady ? "READY" : "NOT_READY");
        break;
      case "pass":
        this.#now += next.ms;
    }
    this.cluster.simulation.advanceTo(this.#now);
  }

  /** What users send it, found in another way than the engine does. */
  offered(app: string): number {
    const wanted = this.specs.get(app) ?? null;
    if (wanted === null || wanted.replicas === 0) return 0;
    if (wanted.traffic !== undefined) return (wanted.traffic.profile.constantRps * wanted.replicas) / wanted.traffic.totalReplicas;
    const images = this.cluster.podsOf(app).flatMap((pod) => (pod.phase === "TERMINATING" ? [] : pod.containers.map(({ image }) => image)));
    const cores = images.map((image) => {
      const millis = templates.flatMap(({ containers }) => containers).find((container) => container.image === image)?.cpuMillis ?? NaN;
      return (millis - Math.min(3, millis / 20)) / 1_000;
    });
    return images.length === 0 ? 0 : wanted.replicas * Math.min(...cores) * 0.4 * 100;
  }

  #assign(app: number, of: PlacementSpec | null, made?: PodTemplate): void {
    this.specs.set(APPS[app] as string, of);
    this.cluster.assign(APPS[app] as string, of, made);
  }
}

type Answers = Pick<ClusterLoad, "ofPod" | "ofPlacement" | "ofNodes" | "ofCluster">;

const sum = (all: readonly (Metrics | null)[], name: keyof Metrics): number => all.reduce((total, each) => total + (each?.[name] ?? 0), 0);
const failed = (metrics: Metrics | null): number => ((metrics?.REQUESTS_PER_SECOND ?? 0) * (metrics?.ERROR_PERCENT ?? 0)) / 100;
const same = (one: number, other: number): boolean => Math.abs(one - other) <= 1e-6 * Math.max(1, Math.abs(one));

function* faultsOf({ cluster, offered }: { readonly cluster: SimulatedCluster; offered(app: string): number }, load: Answers): Generator<string> {
  const { simulation } = cluster;
  const window: TimeWindow = { from: simulation.now, to: simulation.now };
  const slots = [...simulation.slots()];
  const pods = slots.map((slot) => ({ slot, report: simulation.report(slot), metrics: load.ofPod(slot, window) }));
  for (const app of APPS) {
    const own = pods.filter(({ report }) => report.placementId === app);
    const ready = own.filter(({ report }) => report.ready);
    const whole = load.ofPlacement(app, window);
    const rps = offered(app);
    if (!same(whole?.REQUESTS_PER_SECOND ?? 0, rps)) yield `${app} is sent ${whole?.REQUESTS_PER_SECOND} requests, not ${rps}`;
    const served = sum(own.map(({ metrics }) => metrics), "REQUESTS_PER_SECOND");
    const lost = ready.length === 0 ? rps : 0;
    if (!same(served + lost, rps)) yield `${app}: ${served} requests to pods and ${lost} lost are not ${rps}`;
    if (!same(failed(whole), lost + own.reduce((total, { metrics }) => total + failed(metrics), 0))) yield `${app}: ${failed(whole)} fail, which is not what its pods and nobody fail`;
    for (const { report, metrics } of own) {
      const runs = report.phase === "RUNNING" && report.reason !== "CrashLoopBackOff";
      if ((metrics !== null) !== runs) yield `${report.id} in ${report.phase} ${report.reason} is ${metrics === null ? "not " : ""}measured`;
      if (metrics === null) continue;
      if (!same(metrics.REQUESTS_PER_SECOND ?? NaN, report.ready ? rps / ready.length : 0)) yield `${report.id} does not get its part`;
      if ((metrics.CPU_USAGE_PERCENT ?? NaN) > 100 + 1e-9 || (metrics.MEMORY_USAGE_PERCENT ?? NaN) > 100) yield `${report.id} uses more than it may`;
      if ((metrics.LATENCY_P99_MS === null) !== (failed(metrics) >= (metrics.REQUESTS_PER_SECOND ?? NaN) * (1 - 1e-9))) yield `${report.id} answers, and says not how fast, or the reverse`;
    }
  }
  const all = load.ofCluster(window);
  const placements = APPS.map((app) => load.ofPlacement(app, window));
  const nodes = load.ofNodes(window);
  for (const name of ["CPU_MILLIS", "MEMORY_MIB", "NETWORK_RECEIVE_KBPS", "NETWORK_TRANSMIT_KBPS", "READY_REPLICAS"] as const) {
    const ofAll = all[name] ?? NaN;
    for (const parts of [placements, nodes, pods.map(({ metrics }) => metrics)]) if (!same(sum(parts, name), ofAll)) yield `${name} of the cluster is ${ofAll}, of its parts ${sum(parts, name)}`;
  }
  if (!same(sum(placements, "REQUESTS_PER_SECOND"), all.REQUESTS_PER_SECOND ?? NaN)) yield "the cluster's requests are not those of its placements";
}

const stories = fc.array(step, { minLength: 1, maxLength: 30 });

function play(steps: readonly Step[], planted: (load: Answers, cluster: SimulatedCluster) => Answers = (load) => load): void {
  const world = new World();
  for (const next of steps) {
    world.act(next);
    const faults = [...faultsOf({ cluster: world.cluster, offered: (app) => world.offered(app) }, planted(world.cluster.simulation.load, world.cluster))];
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }
}

describe("the load on a cluster", () => {
  it("keeps every request, gives each ready pod its part and no other, and adds up", () => {
    fc.assert(fc.property(stories, (steps) => play(steps)), { numRuns: 150 });
  });

  const others = (load: ClusterLoad | Answers): Answers => ({
    ofPod: (...asked) => load.ofPod(...asked), ofPlacement: (...asked) => load.ofPlacement(...asked), ofNodes: (...asked) => load.ofNodes(...asked), ofCluster: (...asked) => load.ofCluster(...asked),
  });
  const planted: Record<string, (load: Answers, cluster: SimulatedCluster) => Answers> = {
    "forgets what is lost": (load) => ({
      ...others(load),
      ofPlacement: (id, window) => {
        const metrics = load.ofPlacement(id, window);
        return metrics?.READY_REPLICAS === 0 ? { ...metrics, REQUESTS_PER_SECOND: 0, ERROR_PERCENT: null } : metrics;
      },
    }),
    "sends requests to pods that are not ready": (load) => ({
      ...others(load),
      ofPod: (slot, window) => {
        const metrics = load.ofPod(slot, window);
        return metrics?.READY_REPLICAS === 0 ? { ...metrics, REQUESTS_PER_SECOND: 1 } : metrics;
      },
    }),
    "measures pods that crashed": (load, { simulation }) => ({
      ...others(load),
      ofPod: (slot, window) => load.ofPod(slot, window) ?? (simulation.report(slot).reason === "CrashLoopBackOff" ? { ...load.ofCluster(window), REQUESTS_PER_SECOND: 0 } : null),
    }),
    "leaves a node out": (load) => ({ ...others(load), ofNodes: (window) => load.ofNodes(window).slice(1) }),
    "counts the errors of pods alone": (load) => ({
      ...others(load),
      ofPlacement: (id, window) => {
        const metrics = load.ofPlacement(id, window);
        return metrics?.ERROR_PERCENT === 100 ? { ...metrics, ERROR_PERCENT: 0 } : metrics;
      },
    }),
  };
  it.each(Object.entries(planted))("is found out where it %s", (_name, plant) => {
    expect(() => fc.assert(fc.property(stories, (steps) => play(steps, plant)), { numRuns: 200, seed: 1, endOnFailure: true })).toThrow();
  });

  it("never makes more replicas slower, nor let more requests fail", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 800, noNaN: true }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(100, 250, 1_000), (constantRps, replicas, cpuMillis) => {
        const of = template("shop/web:1", { cpuMillis });
        const [less, more] = [replicas, replicas + 1].map((count) => {
          const cluster = simulatedCluster({ nodes: [node(0, { cpuMillis: 32_000, memoryMiB: 64_000 })] });
          cluster.assign(uuid(100), spec(of, { replicas: count, traffic: { profile: { constantRps }, totalReplicas: count } }), of);
          cluster.simulation.advanceTo(60_000);
          return cluster.simulation.load.ofPlacement(uuid(100), { from: 0, to: 60_000 }) as Metrics;
        }) as [Metrics, Metrics];
        expect(more.READY_REPLICAS).toBe(replicas + 1);
        expect(more.LATENCY_P99_MS ?? NaN).toBeLessThanOrEqual((less.LATENCY_P99_MS ?? NaN) * (1 + 1e-9));
        expect(more.ERROR_PERCENT ?? NaN).toBeLessThanOrEqual((less.ERROR_PERCENT ?? NaN) + 1e-9);
      }),
      { numRuns: 200 },
    );
  });
});
