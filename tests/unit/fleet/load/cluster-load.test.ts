/** What a cluster's pods use and how they answer, as applications are scaled, broken and updated. */
import { describe, expect, it } from "vitest";
import { METRIC_NAMES } from "#server/domain/metric.ts";
import type { ContainerSpec, PodTemplate } from "#server/domain/pod-template.ts";
import type { TimeWindow } from "#server/domain/traffic.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { LoadColumns } from "#server/fleet/simulator/load/columns.ts";
import type { Metrics } from "#server/fleet/simulator/load/total.ts";
import { spec, template, uuid } from "../scripted-gateway.ts";
import { node, simulatedCluster, type SimulatedCluster } from "../simulated-cluster.ts";

const app = uuid(100);
const MINUTE = 60_000;
const web = template("shop/web:1", { cpuMillis: 1_000, memoryMiB: 1_000 });
const nodes = [node(0, { cpuMillis: 16_000, memoryMiB: 32_000 }), node(1, { cpuMillis: 16_000, memoryMiB: 32_000 })];
const rps = (constantRps: number, totalReplicas = 0): Partial<PlacementSpec> => ({ traffic: { profile: { constantRps }, totalReplicas } });

const running = (of: PodTemplate, overrides: Partial<PlacementSpec> = {}): SimulatedCluster => {
  const cluster = simulatedCluster({ nodes });
  cluster.assign(app, spec(of, overrides), of);
  cluster.simulation.advanceTo(MINUTE);
  return cluster;
};
const now = ({ simulation }: SimulatedCluster): TimeWindow => ({ from: simulation.now, to: simulation.now });
const ofApp = (cluster: SimulatedCluster, window = now(cluster)): Metrics => cluster.simulation.load.ofPlacement(app, window) as Metrics;
const ofPods = (cluster: SimulatedCluster, window = now(cluster)): (Metrics | null)[] =>
  [...cluster.simulation.slots()].map((slot) => cluster.simulation.load.ofPod(slot, window));
const numberOf = (value: number | null | undefined): number => value ?? NaN;
const sum = (all: readonly (Metrics | null)[], name: keyof Metrics): number => all.reduce((total, each) => total + (each?.[name] ?? 0), 0);
const withMain = (of: PodTemplate, changes: Partial<ContainerSpec>): PodTemplate => ({ ...of, containers: of.containers.map((each) => ({ ...each, ...changes })) });

describe("the load of pods", () => {
  it("is comfortable for an application that nobody gave a rate, whatever its size", () => {
    for (const [cpuMillis, replicas] of [[100, 1], [1_000, 4], [2_500, 3]] as const) {
      const metrics = ofApp(running(template("shop/web:1", { cpuMillis, memoryMiB: 500 }), { replicas }));
      expect(metrics.CPU_USAGE_PERCENT).toBeGreaterThan(40);
      expect(metrics.CPU_USAGE_PERCENT).toBeLessThan(44);
      expect(metrics.MEMORY_USAGE_PERCENT).toBeGreaterThan(30);
      expect(metrics.MEMORY_USAGE_PERCENT).toBeLessThan(60);
      expect(metrics).toMatchObject({ ERROR_PERCENT: expect.closeTo(0, 9), READY_REPLICAS: replicas });
    }
  });

  it("is shared by more pods when an application is scaled up: latency and usage fall, the rate stays", () => {
    const cluster = running(web, { replicas: 2, ...rps(180) });
    const before = ofApp(cluster);
    cluster.assign(app, spec(web, { replicas: 6, ...rps(180) }));
    expect(ofApp(cluster)).toEqual(before);
    cluster.simulation.advanceTo(2 * MINUTE);
    const after = ofApp(cluster);
    expect(before.REQUESTS_PER_SECOND).toBeCloseTo(180, 9);
    expect(after.REQUESTS_PER_SECOND).toBeCloseTo(180, 9);
    expect(numberOf(before.CPU_USAGE_PERCENT)).toBeGreaterThan(90);
    expect(numberOf(after.CPU_USAGE_PERCENT)).toBeLessThan(32);
    expect(numberOf(before.LATENCY_P99_MS)).toBeGreaterThan(5 * numberOf(after.LATENCY_P99_MS));
    // What is served needs the same work, and idle pods add to it.
    expect(after.CPU_MILLIS).toBeCloseTo(numberOf(before.CPU_MILLIS) + 4 * 3, 1);
  });

  it("goes to the others when a pod is killed, all of it is lost when none is left, and comes back", () => {
    const cluster = running(web, { replicas: 3, ...rps(120) });
    const before = ofPods(cluster);
    const kill = (id = ""): void => expect(cluster.simulation.crashPod(id)).toBe(true);
    const [first, ...rest] = cluster.pods();
    kill(first?.id);
    expect(ofPods(cluster).map((each) => each?.REQUESTS_PER_SECOND)).toEqual([undefined, 60, 60]);
    expect(sum(before, "REQUESTS_PER_SECOND")).toBeCloseTo(120, 9);
    expect(numberOf(ofApp(cluster).LATENCY_P99_MS)).toBeGreaterThan(numberOf(before[0]?.LATENCY_P99_MS));
    expect(ofApp(cluster)).toMatchObject({ ERROR_PERCENT: expect.closeTo(0, 9), READY_REPLICAS: 2 });
    for (const pod of rest) kill(pod.id);
    expect(ofApp(cluster)).toEqual({
      CPU_USAGE_PERCENT: null, CPU_MILLIS: 0, MEMORY_USAGE_PERCENT: null, MEMORY_MIB: 0, NETWORK_RECEIVE_KBPS: 0, NETWORK_TRANSMIT_KBPS: 0,
      REQUESTS_PER_SECOND: 120, ERROR_PERCENT: 100, LATENCY_P99_MS: null, READY_REPLICAS: 0,
    });
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(ofPods(cluster).map((each) => each?.REQUESTS_PER_SECOND)).toEqual([40, 40, 40]);
  });

  it("refuses what is too much, with the processor at its limit and memory for as many as there is room for", () => {
    const metrics = ofApp(running(web, { replicas: 1, ...rps(400) }));
    expect(metrics.CPU_USAGE_PERCENT).toBeCloseTo(100, 6);
    expect(metrics.ERROR_PERCENT).toBeCloseTo(100 * (1 - 99.7 / 400), 6);
    expect(metrics.NETWORK_RECEIVE_KBPS).toBeCloseTo(400 * 8, 6);
    expect(metrics.NETWORK_TRANSMIT_KBPS).toBeCloseTo(99.7 * 160, 3);
    expect(numberOf(metrics.LATENCY_P99_MS)).toBeGreaterThan(1_000);
    expect(numberOf(metrics.MEMORY_MIB)).toBeGreaterThan(300 + 99 * 0.25);
    const small = ofApp(running(template("shop/web:1", { cpuMillis: 1_000, memoryMiB: 8 }), { replicas: 1, ...rps(400) }));
    expect(small).toMatchObject({ MEMORY_MIB: 8, MEMORY_USAGE_PERCENT: 100 });
  });

  it("is a cluster's share of the application's rate by its desired replicas", () => {
    expect(ofApp(running(web, { replicas: 2, ...rps(100, 8) })).REQUESTS_PER_SECOND).toBeCloseTo(25, 9);
    expect(ofApp(running(web, { replicas: 0, ...rps(100, 8) }))).toMatchObject({ REQUESTS_PER_SECOND: 0, ERROR_PERCENT: null });
    // An application without replicas anywhere is switched off.
    expect(ofApp(running(web, { replicas: 0, ...rps(100, 0) })).REQUESTS_PER_SECOND).toBe(0);
  });

  it("is nothing for pods that start, crash or end, and little for those that run and are not ready", () => {
    const unready = withMain(template("shop/web:unready"), {
      readinessProbe: { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 },
    });
    for (const image of ["shop/web:crashloop", "shop/web:missing"]) expect(ofPods(running(template(image), { replicas: 1 }))).toEqual([null]);
    const cluster = running(unready, { replicas: 1, ...rps(10) });
    expect(ofPods(cluster)).toEqual([expect.objectContaining({ CPU_MILLIS: 3, REQUESTS_PER_SECOND: 0, ERROR_PERCENT: null, LATENCY_P99_MS: null, READY_REPLICAS: 0 })]);
    expect(ofApp(cluster)).toMatchObject({ REQUESTS_PER_SECOND: 10, ERROR_PERCENT: 100, READY_REPLICAS: 0 });
    const ending = running(web, { replicas: 1 });
    ending.assign(app, null);
    ending.simulation.advanceTo(MINUTE);
    expect(ofPods(ending)).toEqual([null]);
    expect(ofApp(ending).REQUESTS_PER_SECOND).toBe(0);
    expect(ending.simulation.load.ofPlacement(uuid(5), now(ending))).toBeNull();
  });

  it("does not burden the pods that are left in an update to larger ones, where nobody gave a rate", () => {
    const cluster = running(web, { replicas: 4 });
    const large = template("shop/web:2", { cpuMillis: 3_000, memoryMiB: 1_000 });
    cluster.assign(app, spec(large, { replicas: 4, revisionId: uuid(12) }), large);
    for (let at = MINUTE; at < 2 * MINUTE; at += 100) {
      cluster.simulation.advanceTo(at);
      expect(ofApp(cluster).ERROR_PERCENT).toBeCloseTo(0, 6);
    }
    expect(numberOf(ofApp(cluster).CPU_USAGE_PERCENT)).toBeCloseTo(40, 0);
    expect(ofApp(cluster).REQUESTS_PER_SECOND).toBeCloseTo(0.4 * 4 * 299.7, 6);
  });

  it("fails in a pod that hangs until its probe has noticed", () => {
    const hanging = withMain(template("shop/web:hangs", { cpuMillis: 1_000 }), {
      readinessProbe: { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    });
    const cluster = running(hanging, { replicas: 2, ...rps(20) });
    const seen = new Set<string>();
    for (let at = 0; at <= 5 * MINUTE; at += 1_000) {
      cluster.simulation.advanceTo(at);
      const pods = ofPods(cluster);
      const { ERROR_PERCENT, REQUESTS_PER_SECOND } = ofApp(cluster);
      if (at > MINUTE) expect(REQUESTS_PER_SECOND).toBeCloseTo(20, 9);
      for (const pod of pods) if (pod?.ERROR_PERCENT === 100) expect(pod).toMatchObject({ LATENCY_P99_MS: null, CPU_MILLIS: 3, NETWORK_TRANSMIT_KBPS: 0, READY_REPLICAS: 1 });
      seen.add(`${pods.filter((pod) => pod?.READY_REPLICAS === 1).length} ready, ${Math.round(numberOf(ERROR_PERCENT))} % fail`);
    }
    // One hangs before the other one does; then one is left alone, until it hangs, too; in the end none is ready.
    expect(seen).toContain("2 ready, 0 % fail");
    expect(seen).toContain("2 ready, 50 % fail");
    expect(seen).toContain("0 ready, 100 % fail");
  });

  it("takes more memory and time where requests wait for long, as for an image that is slow", () => {
    expect(DEFAULT_BEHAVIOURS.load.requestsByKind.SLOW?.waitMs).toBe(DEFAULT_BEHAVIOURS.containers.slowAnswerMs);
    const [normal, slow] = ["shop/web:1", "shop/web:slow"].map((image) => ofApp(running(template(image, { cpuMillis: 1_000, memoryMiB: 1_000 }), { replicas: 1, ...rps(40) })));
    expect(numberOf(slow?.LATENCY_P99_MS) - numberOf(normal?.LATENCY_P99_MS)).toBeCloseTo(2_995, 6);
    expect(numberOf(slow?.MEMORY_MIB) - numberOf(normal?.MEMORY_MIB)).toBeCloseTo(40 * 2.995 * 0.25, 6);
    expect(slow?.CPU_MILLIS).toBe(normal?.CPU_MILLIS);
  });

  it("is that of the container that serves; the others of its pod idle", () => {
    const [main] = web.containers as [ContainerSpec];
    const pair: PodTemplate = {
      ...web,
      containers: [{ ...main, name: "log", cpuMillis: 100, memoryMiB: 100 }, { ...main, ports: [{ name: null, containerPort: 80, protocol: "TCP" }] }],
    };
    const metrics = ofApp(running(pair, { replicas: 1, ...rps(400) }));
    expect(metrics.CPU_MILLIS).toBeCloseTo(1_000 + 3, 6);
    expect(metrics.CPU_USAGE_PERCENT).toBeCloseTo((100 * 1_003) / 1_100, 6);
  });
});

describe("the answers", () => {
  const busy = (): SimulatedCluster => {
    const cluster = running(web, { replicas: 7, ...rps(300) });
    const other = template("shop/other:1", { cpuMillis: 400, memoryMiB: 300 });
    cluster.assign(uuid(101), spec(other, { replicas: 5 }), other);
    cluster.assign(uuid(102), spec(template("shop/web:missing"), { replicas: 2, ...rps(50) }), template("shop/web:missing"));
    cluster.simulation.advanceTo(2 * MINUTE);
    cluster.simulation.crashPod(cluster.podsOf(app)[0]?.id ?? "");
    return cluster;
  };

  it("add up: pods to nodes and placements, these to the cluster", () => {
    const cluster = busy();
    const { load } = cluster.simulation;
    const window = now(cluster);
    const placements = [app, uuid(101), uuid(102)].map((id) => load.ofPlacement(id, window));
    const all = load.ofCluster(window);
    for (const name of ["CPU_MILLIS", "MEMORY_MIB", "NETWORK_RECEIVE_KBPS", "NETWORK_TRANSMIT_KBPS", "READY_REPLICAS", "REQUESTS_PER_SECOND"] as const) {
      expect(sum(placements, name)).toBeCloseTo(numberOf(all[name]), 6);
      // What no pod was sent is on no node.
      const onPods = numberOf(all[name]) - (name === "REQUESTS_PER_SECOND" ? 50 : 0);
      expect(sum(ofPods(cluster), name)).toBeCloseTo(onPods, 6);
      expect(sum(load.ofNodes(window), name)).toBeCloseTo(onPods, 6);
    }
    expect(all.CPU_USAGE_PERCENT).toBeCloseTo((100 * numberOf(all.CPU_MILLIS)) / 32_000, 9);
    expect(all.ERROR_PERCENT).toBeCloseTo((100 * 50) / numberOf(all.REQUESTS_PER_SECOND), 6);
    expect(all.LATENCY_P99_MS).toBe(Math.max(...ofPods(cluster).map((pod) => pod?.LATENCY_P99_MS ?? 0)));
  });

  it("are the same in columns, which are used again and grow", () => {
    const cluster = busy();
    const columns = new LoadColumns();
    const compare = (window: TimeWindow): void => {
      cluster.simulation.load.fill(columns, window);
      const slots = [...cluster.simulation.slots()].filter((slot) => cluster.simulation.load.ofPod(slot, window) !== null);
      expect(Array.from(columns.slots.subarray(0, columns.length))).toEqual(slots);
      slots.forEach((slot, row) => {
        const metrics = cluster.simulation.load.ofPod(slot, window);
        for (const name of METRIC_NAMES) expect(columns.column(name)[row]).toBe(Math.fround(metrics?.[name] ?? NaN));
      });
    };
    compare(now(cluster));
    cluster.assign(uuid(103), spec(template("shop/small:1", { cpuMillis: 10, memoryMiB: 8 }), { replicas: 200 }), template("shop/small:1", { cpuMillis: 10, memoryMiB: 8 }));
    cluster.assign(uuid(101), null);
    cluster.simulation.advanceTo(3 * MINUTE);
    compare({ from: 2 * MINUTE, to: 3 * MINUTE });
    expect(columns.length).toBe(207);
  });

  it("over a window are the mean of those of its instants, garbage and all", () => {
    const cluster = running(web, { replicas: 2, ...rps(50) });
    for (const [from, to] of [[0, 15_000], [100_000, 340_000], [7_000, 900_000], [1_780_000_000_000, 1_780_000_015_000]] as const) {
      const steps = 3_000;
      let mean = 0;
      for (let step = 0; step < steps; step++) {
        const at = from + ((to - from) * (step + 0.5)) / steps;
        mean += numberOf(ofApp(cluster, { from: at, to: at }).MEMORY_MIB) / steps;
      }
      expect(ofApp(cluster, { from, to }).MEMORY_MIB).toBeCloseTo(mean, 0);
    }
    const [one, other] = ofPods(cluster);
    expect(one?.MEMORY_MIB).not.toBe(other?.MEMORY_MIB);
    expect({ ...one, MEMORY_MIB: 0, MEMORY_USAGE_PERCENT: 0 }).toEqual({ ...other, MEMORY_MIB: 0, MEMORY_USAGE_PERCENT: 0 });
  });

  it("change nothing", () => {
    const [asked, silent] = [busy(), busy()];
    for (let at = 2 * MINUTE; at < 4 * MINUTE; at += 777) {
      for (const cluster of [asked, silent]) cluster.simulation.advanceTo(at);
      asked.simulation.load.ofCluster({ from: at - 777, to: at });
      asked.simulation.load.fill(new LoadColumns(), { from: at, to: at });
    }
    expect(asked.simulation.state).toEqual(silent.simulation.state);
    expect(asked.history).toEqual(silent.history);
    expect(asked.simulation.nextDue()).toBe(silent.simulation.nextDue());
  });
});
