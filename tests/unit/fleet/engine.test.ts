import { describe, expect, it } from "vitest";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { DEFAULT_BEHAVIOURS, type Stage } from "#server/fleet/simulator/behaviours.ts";
import { node, restarted, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";

const web = template("shop/web:1");
const app = uuid(100);
const MINUTE = 60_000;

const running = (
  replicas: number,
  overrides: Parameters<typeof spec>[1] = {},
  options: Parameters<typeof simulatedCluster>[0] = {},
): SimulatedCluster => {
  const cluster = simulatedCluster(options);
  cluster.assign(app, spec(web, { replicas, ...overrides }), web);
  cluster.simulation.advanceTo(MINUTE);
  return cluster;
};

/** The states that one pod went through, each once: reason or phase, and ready. */
const way = (cluster: SimulatedCluster, id: string): string[] => {
  const states = cluster.history.flatMap(({ pod, gone }) => {
    if (gone === id) return ["gone"];
    return pod?.id === id ? [`${pod.reason ?? pod.phase}${pod.ready ? " ready" : ""}`] : [];
  });
  return states.filter((state, index) => state !== states[index - 1]);
};

describe("a pod's way", () => {
  it("leads from a node over the pull and the start to ready, within seconds", () => {
    const cluster = running(1);
    const [pod] = cluster.pods();
    expect(way(cluster, pod?.id ?? "")).toEqual(["PENDING", "STARTING", "RUNNING", "RUNNING ready"]);
    const readyAt = cluster.history.find((entry) => entry.pod?.ready === true)?.at ?? 0;
    expect(readyAt).toBeGreaterThan(700);
    expect(readyAt).toBeLessThan(5_000);
    expect(pod).toMatchObject({ ready: true, privateIp: "10.0.0.2", createdAt: 0, restartCount: 0, nodeId: "node-0" });
    expect(pod?.startedAt).toBeLessThan(readyAt);
    expect(cluster.simulation.nextDue()).toBe(Infinity);
  });

  it("is quicker where the node has the image already", () => {
    const cluster = running(1, {}, { nodes: [node(0)] });
    const first = cluster.history.find((entry) => entry.pod?.ready === true)?.at ?? 0;
    cluster.assign(app, spec(web, { replicas: 2 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    const second = cluster.history.findLast((entry) => entry.pod?.ready === true)?.at ?? 0;
    expect(second - MINUTE).toBeLessThan(first);
    expect(second - MINUTE).toBeLessThan(140 + 700 + 400 + 1);
  });

  it("waits for the pull under way instead of pulling again", () => {
    const cluster = running(5, {}, { nodes: [node(0)] });
    const startedAt = cluster.pods().map((pod) => pod.startedAt ?? 0);
    expect(Math.max(...startedAt) - Math.min(...startedAt)).toBeLessThanOrEqual(400);
  });

  it("takes longer in a sandbox", () => {
    const times = (["RUNC", "SANDBOX"] as const).map((runtime) => {
      const made = template("shop/web:1", { runtime });
      const cluster = simulatedCluster();
      cluster.assign(app, spec(made, { replicas: 3 }), made);
      cluster.simulation.advanceTo(MINUTE);
      return Math.min(...cluster.pods().map((pod) => pod.startedAt ?? 0));
    });
    // Chance falls the same way in both, so that the pull takes as long: what is left is 800 to 1,500 ms instead of 300 to 700.
    const longer = (times[1] ?? 0) - (times[0] ?? 0);
    expect(longer).toBeGreaterThanOrEqual(500);
    expect(longer).toBeLessThanOrEqual(800);
  });

  it("ends within the grace period, and gives its address and room back", () => {
    const quick = template("shop/web:1", { terminationGracePeriodSeconds: 1, cpuMillis: 4_000 });
    const cluster = simulatedCluster({ nodes: [node(0), node(1)] });
    cluster.assign(app, spec(quick, { replicas: 2 }), quick);
    cluster.simulation.advanceTo(MINUTE);
    cluster.assign(app, null);
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.pods().map((pod) => [pod.phase, pod.ready])).toEqual([["TERMINATING", false], ["TERMINATING", false]]);
    expect(cluster.simulation.nodes.free(0).cpuMillis).toBe(0);
    cluster.simulation.advanceTo(MINUTE + 1_000);
    expect(cluster.pods()).toEqual([]);
    expect(cluster.simulation.nodes.free(0)).toEqual({ cpuMillis: 4_000, memoryMiB: 8_192, pods: 110 });
    expect(cluster.simulation.counts(app)).toEqual({ created: 0, ready: 0, updated: 0, all: 0 });
  });
});

describe("failures", () => {
  it("backs off a container that crashes, from 10 s to 5 minutes, and counts its restarts", () => {
    const looping = template("shop/web:crashloop");
    const cluster = simulatedCluster();
    cluster.assign(app, spec(looping, { replicas: 1 }), looping);
    cluster.simulation.advanceTo(60 * MINUTE);
    const crashes = cluster.history.filter((entry) => entry.pod?.reason === "CrashLoopBackOff").map((entry) => entry.at);
    const restarts = cluster.history.flatMap(({ pod, at }) => (pod?.phase === "RUNNING" && pod.reason === null ? [at] : []));
    const waits = crashes.map((at, index) => ((restarts[index + 1] ?? NaN) - at) / 1_000).filter((wait) => !Number.isNaN(wait));
    expect(waits.slice(0, 7)).toEqual([10, 20, 40, 80, 160, 300, 300]);
    const [pod] = cluster.pods();
    expect(pod?.restartCount).toBe(waits.length);
    expect(cluster.history.some((entry) => entry.pod?.ready === true)).toBe(false);
    expect(cluster.history.find((entry) => entry.pod?.reason === "CrashLoopBackOff")?.pod).toMatchObject({
      phase: "RUNNING",
      message: expect.stringContaining("back-off 10s restarting failed container main of pod web-"),
      containers: [{ state: "WAITING", reason: "CrashLoopBackOff", exitCode: 1, startedAt: null }],
    });
  });

  it("keeps an image that is missing in ImagePullBackOff", () => {
    const missing = template("registry:5000/shop/web:missing@sha256:00");
    const cluster = simulatedCluster();
    cluster.assign(app, spec(missing, { replicas: 1 }), missing);
    cluster.simulation.advanceTo(5_000);
    expect(cluster.pods()).toMatchObject([
      { phase: "STARTING", reason: "ImagePullBackOff", startedAt: null, containers: [{ state: "WAITING", reason: "ImagePullBackOff" }] },
    ]);
  });

  it("restarts a container that is made to crash, in the same pod, and only that container", () => {
    const two = { ...web, containers: [...web.containers, { ...(web.containers[0] as (typeof web.containers)[0]), name: "side" }] };
    const cluster = simulatedCluster();
    cluster.assign(app, spec(two, { replicas: 1 }), two);
    cluster.simulation.advanceTo(MINUTE);
    const [before] = cluster.pods();
    expect(cluster.simulation.crashPod(before?.id ?? "", 1)).toBe(true);
    expect(cluster.simulation.crashPod(before?.id ?? "", 1)).toBe(false);
    expect(cluster.pods()[0]?.containers).toMatchObject([{ state: "RUNNING" }, { state: "WAITING", exitCode: 1 }]);
    expect(cluster.simulation.counts(app).ready).toBe(0);
    cluster.simulation.advanceTo(2 * MINUTE);
    const [after] = cluster.pods();
    expect(after).toMatchObject({ id: before?.id, name: before?.name, startedAt: before?.startedAt, ready: true, restartCount: 1 });
    expect(after?.containers).toMatchObject([
      { restartCount: 0, startedAt: before?.startedAt },
      { restartCount: 1, startedAt: MINUTE + 10_000 },
    ]);
    expect(cluster.simulation.crashPod(uuid(5))).toBe(false);
  });

  it("begins the back-off anew for a container that ran long enough", () => {
    const cluster = running(1);
    const id = cluster.pods()[0]?.id ?? "";
    const crashAndWait = (at: number): number => {
      cluster.simulation.advanceTo(at);
      expect(cluster.simulation.crashPod(id)).toBe(true);
      cluster.simulation.advanceTo(at);
      return cluster.simulation.nextDue() - at;
    };
    expect(crashAndWait(2 * MINUTE)).toBe(10_000);
    expect(crashAndWait(3 * MINUTE)).toBe(20_000);
    expect(crashAndWait(14 * MINUTE)).toBe(10_000);
  });

  it("takes chaos as one more behaviour", () => {
    const chaos: Stage = { from: "READY", delay: { kind: "range", minMs: 30_000, maxMs: 90_000 }, to: "CRASHED" };
    const cluster = simulatedCluster({ behaviours: { ...DEFAULT_BEHAVIOURS, stages: [...DEFAULT_BEHAVIOURS.stages, chaos] } });
    cluster.assign(app, spec(web, { replicas: 5 }), web);
    cluster.simulation.advanceTo(10 * MINUTE);
    for (const pod of cluster.pods()) expect(pod.restartCount).toBeGreaterThan(1);
  });
});

describe("scheduling", () => {
  it("spreads a placement over the nodes, then takes the emptier one", () => {
    const cluster = running(6);
    const perNode = Map.groupBy(cluster.pods(), (pod) => pod.nodeId);
    expect([...perNode.values()].map((pods) => pods.length)).toEqual([2, 2, 2]);
    const other = template("shop/other:1", { cpuMillis: 2_000 });
    cluster.assign(uuid(101), spec(other, { replicas: 1 }), other);
    cluster.assign(uuid(102), spec(other, { replicas: 1 }), other);
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.podsOf(uuid(102))[0]?.nodeId).not.toBe(cluster.podsOf(uuid(101))[0]?.nodeId);
  });

  it("says why no node takes a pod, and tries again when room appears", () => {
    const big = template("shop/big:1", { cpuMillis: 3_000, memoryMiB: 6_000 });
    const cluster = simulatedCluster({ nodes: [node(0), node(1), node(2, { memoryMiB: 1_024 }), node(3, { pods: 1 })] });
    cluster.simulation.setNodeStatus(3, "NOT_READY");
    cluster.assign(app, spec(big, { replicas: 3 }), big);
    cluster.simulation.advanceTo(MINUTE);
    const waiting = cluster.pods().filter((pod) => pod.nodeId === null);
    expect(waiting).toMatchObject([
      {
        phase: "PENDING", ready: false, reason: "Unschedulable", privateIp: null,
        message: "0/4 nodes are available: 3 Insufficient memory, 2 Insufficient cpu, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
        containers: [{ state: "WAITING", reason: null }],
      },
    ]);
    cluster.simulation.setNodeStatus(3, "READY");
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.simulation.counts(app)).toMatchObject({ created: 3, ready: 3 });
    expect(cluster.pods().find((pod) => pod.id === waiting[0]?.id)).toMatchObject({ nodeId: "node-3", reason: null });
  });

  it("tries again after a restart when it would have, and soon where nodes have come meanwhile", () => {
    const half = template("shop/web:1", { cpuMillis: 2_000 });
    const full = (): SimulatedCluster => {
      const cluster = simulatedCluster({ nodes: [node(0)] });
      cluster.assign(app, spec(half, { replicas: 3 }), half);
      cluster.simulation.advanceTo(MINUTE);
      return cluster;
    };
    const placements = [{ id: app, spec: spec(half, { replicas: 3 }) }];
    const same = restarted(full(), placements, [half]);
    same.simulation.advanceTo(MINUTE);
    expect(same.simulation.nextDue()).toBe(Infinity);
    const larger = restarted(full(), placements, [half], MINUTE, [node(0), node(1)]);
    larger.simulation.advanceTo(2 * MINUTE);
    expect(larger.simulation.counts(app)).toMatchObject({ created: 3, ready: 3 });

    // Room that had appeared just before is found at the same instant.
    const freed = full();
    freed.simulation.setNodeStatus(0, "NOT_READY");
    freed.simulation.advanceTo(MINUTE + 40);
    freed.simulation.setNodeStatus(0, "READY");
    freed.simulation.advanceTo(MINUTE + 60);
    const after = restarted(freed, placements, [half]);
    expect(freed.simulation.nextDue()).toBe(MINUTE + 140);
    expect(after.simulation.state).toEqual(freed.simulation.state);
  });

  it("lets pods of one application wait for room that another one frees", () => {
    const half = template("shop/half:1", { cpuMillis: 2_000 });
    const cluster = simulatedCluster({ nodes: [node(0)] });
    cluster.assign(app, spec(half, { replicas: 2 }), half);
    cluster.assign(uuid(101), spec(half, { replicas: 1 }), half);
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.simulation.counts(uuid(101))).toMatchObject({ created: 1, ready: 0 });
    cluster.assign(app, spec(half, { replicas: 1 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.simulation.counts(uuid(101))).toMatchObject({ created: 1, ready: 1 });
  });

  it("keeps pods waiting while their subnet has no address left", () => {
    const subnet = { id: uuid(22), vpcId: uuid(20), cidr: "10.9.0.0/29", gateway: "10.9.0.1" };
    const cluster = running(7, { subnet });
    expect(cluster.simulation.counts(app)).toMatchObject({ created: 7, ready: 5 });
    const addresses = cluster.pods().flatMap((pod) => pod.privateIp ?? []);
    expect(addresses.toSorted()).toEqual([2, 3, 4, 5, 6].map((last) => `10.9.0.${last}`));
    expect(cluster.pods().filter((pod) => !pod.ready)).toMatchObject(
      Array.from({ length: 2 }, () => ({ nodeId: null, reason: "AddressesExhausted", message: "subnet 10.9.0.0/29 has no free address" })),
    );
    cluster.simulation.crashPod(cluster.pods()[0]?.id ?? "");
    cluster.assign(app, spec(web, { replicas: 5, subnet }));
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 5, ready: 5, updated: 5, all: 5 });
  });

  it("gives pods on the host's network no address", () => {
    const cluster = running(2, { networkType: "HOST", subnet: null });
    expect(cluster.pods()).toMatchObject([{ privateIp: null, ready: true }, { privateIp: null, ready: true }]);
  });

  it("puts no two pods that serve the same port on one node, where they are on the host's network", () => {
    const serving = (port: number, protocol: "TCP" | "UDP"): PodTemplate => ({
      ...web, containers: web.containers.map((container) => ({ ...container, ports: [{ name: null, containerPort: port, protocol }] })),
    });
    const onHost = { networkType: "HOST" as const, subnet: null };
    const cluster = simulatedCluster();
    const nodesOf = (placementId: string): unknown[] => cluster.podsOf(placementId).map(({ nodeId }) => nodeId).toSorted();
    const [http, dns] = [serving(80, "TCP"), serving(80, "UDP")];
    cluster.assign(app, spec(http, { replicas: 4, ...onHost }), http);
    cluster.assign(uuid(101), spec(dns, { replicas: 3, ...onHost }), dns);
    cluster.assign(uuid(102), spec(http, { replicas: 3 }));
    cluster.simulation.advanceTo(MINUTE);
    const nodes = ["node-0", "node-1", "node-2"];
    expect(nodesOf(app)).toEqual([...nodes, null]);
    expect(nodesOf(uuid(101))).toEqual(nodes);
    expect(nodesOf(uuid(102))).toEqual(nodes);
    expect(cluster.podsOf(app).find(({ nodeId }) => nodeId === null)).toMatchObject({
      phase: "PENDING", reason: "Unschedulable", message: "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports.",
    });

    // After a restart the ports are still taken; the next pod follows when one is given back.
    const placements = [[app, http, { replicas: 4, ...onHost }], [uuid(101), dns, { replicas: 3, ...onHost }], [uuid(102), http, { replicas: 3 }]] as const;
    const after = restarted(cluster, placements.map(([id, of, changes]) => ({ id, spec: spec(of, changes) })), [http, dns]);
    after.simulation.advanceTo(2 * MINUTE);
    expect(after.podsOf(app).filter(({ ready }) => ready)).toHaveLength(3);
    after.assign(app, spec(http, { replicas: 2, ...onHost }));
    after.assign(uuid(103), spec(http, { replicas: 1, ...onHost }));
    after.simulation.advanceTo(3 * MINUTE);
    expect([after.podsOf(app), after.podsOf(uuid(103))].map((pods) => pods.filter(({ ready }) => ready).length)).toEqual([2, 1]);
  });
});

describe("replicas and revisions", () => {
  it("removes pods that are not ready first, then the youngest", () => {
    const cluster = running(3);
    cluster.assign(app, spec(web, { replicas: 5 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    const [oldest, ...rest] = cluster.pods().toSorted((a, b) => a.createdAt - b.createdAt);
    cluster.simulation.crashPod(oldest?.id ?? "");
    cluster.assign(app, spec(web, { replicas: 2 }));
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.pods().map((pod) => pod.createdAt)).toEqual([0, 0]);
    expect(cluster.pods().map((pod) => pod.id).toSorted()).toEqual([rest[0]?.id, rest[1]?.id].toSorted());
  });

  it("replaces all pods with those of a new revision", () => {
    const cluster = running(4);
    const next = template("shop/web:2");
    cluster.assign(app, spec(next, { replicas: 4, revisionId: uuid(12), revisionNumber: 2 }), next);
    expect(cluster.simulation.counts(app)).toEqual({ created: 4, ready: 4, updated: 0, all: 4 });
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 5, ready: 3, updated: 2, all: 6 });
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 4, ready: 4, updated: 4, all: 4 });
    expect(cluster.pods().every((pod) => pod.revisionId === uuid(12) && pod.containers[0]?.image === "shop/web:2")).toBe(true);
    expect(cluster.simulation.pruneTemplates()).toEqual([spec(web).templateHash]);
  });

  it("stops at maxUnavailable when the new revision does not work, and returns to the old one without touching its pods", () => {
    const cluster = running(8);
    const before = new Map(cluster.pods().map((pod) => [pod.id, pod]));
    const broken = template("shop/web:crashloop");
    cluster.assign(app, spec(broken, { replicas: 8, revisionId: uuid(12) }), broken);
    cluster.simulation.advanceTo(30 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 10, ready: 6, updated: 4, all: 10 });
    cluster.assign(app, spec(web, { replicas: 8 }));
    cluster.simulation.advanceTo(40 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 8, ready: 8, updated: 8, all: 8 });
    const kept = cluster.pods().filter((pod) => before.has(pod.id));
    expect(kept).toHaveLength(6);
    expect(kept).toEqual(kept.map((pod) => before.get(pod.id)));
  });

  it("moves pods to another subnet as it would to another revision", () => {
    const cluster = running(4);
    const subnet = { id: uuid(23), vpcId: uuid(20), cidr: "172.16.5.0/24", gateway: "172.16.5.1" };
    cluster.assign(app, spec(web, { replicas: 4, subnet }));
    cluster.simulation.advanceTo(5 * MINUTE);
    expect(cluster.pods()).toHaveLength(4);
    for (const pod of cluster.pods()) expect(pod.privateIp).toMatch(/^172\.16\.5\./);
  });

  it("refuses what it cannot carry out and changes nothing", () => {
    const cluster = running(2);
    expect(() => cluster.assign(app, spec(template("never/sent:1")))).toThrow(/there is no template/);
    const on = (subnetId: string, cidr: string) => spec(web, { subnet: { id: subnetId, vpcId: uuid(20), cidr, gateway: "10.1.0.1" } });
    expect(() => cluster.assign(app, on(uuid(21), "10.1.0.0/20"))).toThrow(/is 10\.0\.0\.0\/20 here/);
    expect(() => cluster.assign(uuid(103), on(uuid(29), "10.1.0/20"))).toThrow(/no IPv4/);
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 2, ready: 2, updated: 2, all: 2 });
    expect(cluster.simulation.counts(uuid(103)).all).toBe(0);
  });
});

describe("a restart", () => {
  it("remembers where a placement's pods are, for the spread", () => {
    const big = template("shop/big:1", { cpuMillis: 3_000 });
    const cluster = simulatedCluster({ nodes: [node(0), node(1)] });
    cluster.simulation.setNodeStatus(0, "NOT_READY");
    cluster.assign(uuid(101), spec(big, { replicas: 1 }), big);
    cluster.simulation.advanceTo(0);
    cluster.simulation.setNodeStatus(0, "READY");
    cluster.assign(app, spec(web, { replicas: 1 }), web);
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.podsOf(app)[0]?.nodeId).toBe("node-0");
    const placements = [{ id: uuid(101), spec: spec(big, { replicas: 1 }) }, { id: app, spec: spec(web, { replicas: 1 }) }];
    const after = restarted(cluster, placements, [web, big]);
    after.assign(app, spec(web, { replicas: 2 }));
    after.simulation.advanceTo(2 * MINUTE);
    expect(after.podsOf(app).map((pod) => pod.nodeId)).toEqual(["node-0", "node-1"]);
  });

  it("keeps what was left of the timers where the clock was set back", () => {
    const cluster = simulatedCluster({ now: 50 * MINUTE });
    cluster.assign(app, spec(web, { replicas: 1 }), web);
    cluster.simulation.advanceTo(50 * MINUTE);
    const left = cluster.simulation.nextDue() - 50 * MINUTE;
    const after = restarted(cluster, [{ id: app, spec: spec(web, { replicas: 1 }) }], [web], 10 * MINUTE);
    after.simulation.advanceTo(10 * MINUTE);
    expect(after.simulation.nextDue() - 10 * MINUTE).toBe(left);
    after.simulation.advanceTo(11 * MINUTE);
    expect(after.simulation.counts(app).ready).toBe(1);
  });
});
