/** What a simulated cluster says of what happens in it, and of what it keeps silent. */
import { describe, expect, it } from "vitest";
import type { ContainerSpec, PodTemplate, Probe } from "#server/domain/pod-template.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";
import { node, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";

const MINUTE = 60_000;
const placement = uuid(100);
const web = template("shop/web:1");

const run = (of: PodTemplate, replicas: number, ms = MINUTE, options: Parameters<typeof simulatedCluster>[0] = {}): SimulatedCluster => {
  const cluster = simulatedCluster(options);
  cluster.assign(placement, spec(of, { replicas }), of);
  cluster.simulation.advanceTo(ms);
  return cluster;
};
const reasons = ({ happenings }: SimulatedCluster, kind = "pod"): string[] => happenings.filter(({ object }) => object.kind === kind).map(({ reason }) => reason);
const messagesOf = ({ happenings }: SimulatedCluster, reason: string): string[] => happenings.filter((one) => one.reason === reason).map(({ message }) => message);
const probed = (tag: string, probes: Partial<Pick<ContainerSpec, "livenessProbe" | "readinessProbe" | "lifecycle">>): PodTemplate => {
  const base = template(`shop/web:${tag}`);
  return { ...base, containers: base.containers.map((container) => ({ ...container, ...probes })) };
};
const probe: Probe = { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 5, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

describe("pods that start as they should", () => {
  it("are told of one by one where they are few, from node to start", () => {
    const cluster = run(web, 1);
    const [pod] = cluster.pods();
    expect(reasons(cluster)).toEqual(["Scheduled", "Pulling", "Pulled", "Started"]);
    expect(cluster.happenings.filter(({ object }) => object.kind === "pod").every(({ type, object }) => type === "NORMAL" && object.kind === "pod" && object.id === pod?.id && object.name === pod.name && object.placementId === placement)).toBe(true);
    expect(messagesOf(cluster, "Scheduled")).toEqual([`Successfully assigned ${pod?.name} to n0`]);
    expect(messagesOf(cluster, "Pulled")).toEqual([expect.stringMatching(/^Successfully pulled image "shop\/web:1" in [\d.]+s$/)]);
    cluster.assign(placement, spec(web, { replicas: 4 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(messagesOf(cluster, "Pulled")).toContain('Container image "shop/web:1" already present on machine');
  });

  it("are told of by their placement alone where they are many", () => {
    const cluster = run(web, 50);
    expect(reasons(cluster)).toEqual([]);
    expect(cluster.happenings).toMatchObject([{ type: "NORMAL", reason: "ScalingReplicaSet", message: "Scaled up from 0 to 50 pods", object: { kind: "placement", id: placement } }]);
  });

  it("are told of by ten at first, and then one each six seconds", () => {
    const cluster = simulatedCluster();
    for (let replicas = 1; replicas <= 30; replicas += 1) {
      cluster.assign(placement, spec(web, { replicas }), web);
      cluster.simulation.advanceTo(replicas * 1_000);
    }
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.pods().every(({ ready }) => ready)).toBe(true);
    expect(reasons(cluster).filter((reason) => reason === "Scheduled")).toHaveLength(14);
  });
});

describe("what goes wrong is told of every pod", () => {
  it("an image that is not there", () => {
    const cluster = run(template("shop/web:missing"), 30, 5_000);
    expect(new Set(reasons(cluster))).toEqual(new Set(["Failed", "BackOff"]));
    expect(reasons(cluster).filter((reason) => reason === "Failed")).toHaveLength(30);
    expect(messagesOf(cluster, "Failed")[0]).toBe('Failed to pull image "shop/web:missing": not found');
  });

  it("a container that crashes, each time", () => {
    const cluster = run(template("shop/web:crashloop"), 12, 3 * MINUTE);
    const backOffs = cluster.happenings.filter(({ reason, type }) => reason === "BackOff" && type === "WARNING");
    expect(backOffs.length).toBeGreaterThanOrEqual(12 * 4);
    const [pod] = cluster.pods();
    expect(backOffs.map(({ message }) => message)).toContain(`Back-off restarting failed container main in pod ${pod?.name}`);
  });

  it("a crash that somebody else caused", () => {
    const cluster = run(web, 1);
    expect(cluster.simulation.crashPod(cluster.pods()[0]?.id ?? "")).toBe(true);
    expect(reasons(cluster).at(-1)).toBe("BackOff");
  });

  it("probes that fail, with which they are, and what follows", () => {
    const hanging = run(probed("hangs", { livenessProbe: probe }), 1, 4 * MINUTE);
    expect(messagesOf(hanging, "Unhealthy")).toContain("Liveness probe failed: i/o timeout");
    expect(messagesOf(hanging, "Killing")).toContain("Container main failed liveness probe, will be restarted");
    const unready = run(probed("unready", { readinessProbe: probe }), 12, 2 * MINUTE);
    expect(messagesOf(unready, "Unhealthy")).toEqual(Array.from({ length: 12 }, () => "Readiness probe failed: connection refused"));
    const hooked = run(probed("1", { lifecycle: { postStart: ["false"], preStop: null } }), 1, 10_000);
    expect(reasons(hooked)).toEqual(expect.arrayContaining(["FailedPostStartHook", "BackOff"]));
  });

  it("no room, once for each reason that it has", () => {
    const cluster = run(template("shop/web:1", { cpuMillis: 3_000 }), 5, MINUTE, { nodes: [node(0), node(1)] });
    const waiting = cluster.happenings.filter(({ reason }) => reason === "FailedScheduling");
    expect(waiting).toHaveLength(3);
    expect(waiting.every(({ type }) => type === "WARNING")).toBe(true);
    const before = cluster.pods().find(({ nodeId }) => nodeId === null);
    expect(waiting[0]?.message).toBe(before?.message);
  });

  it("configuration that is not there", () => {
    const needy = template("shop/web:1");
    const mounting: PodTemplate = {
      ...needy, volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(50), name: "login" } }],
      containers: needy.containers.map((container) => ({ ...container, volumeMounts: [{ volume: "login", mountPath: "/run", readOnly: true }] })),
    };
    const cluster = run(mounting, 1);
    expect(messagesOf(cluster, "FailedMount")).toEqual(['MountVolume.SetUp failed: Secret "login" not found']);
  });
});

it("a node's status is told when it changes, and not when it is said again", () => {
  const cluster = run(web, 1);
  for (const status of ["NOT_READY", "NOT_READY", "READY"] as const) cluster.simulation.setNodeStatus(1, status);
  expect(cluster.happenings.slice(-2)).toMatchObject([
    { type: "WARNING", reason: "NodeNotReady", object: { kind: "node", id: "node-1", name: "n1" } },
    { type: "NORMAL", reason: "NodeReady", object: { kind: "node", id: "node-1", name: "n1" } },
  ]);
  expect(reasons(cluster, "node")).toHaveLength(2);
});

it("a placement says what it is to be: replicas, another revision, a restart, nothing", () => {
  const cluster = run(web, 3);
  const other = template("shop/web:2");
  cluster.assign(placement, spec(other, { replicas: 3, revisionId: uuid(12), revisionNumber: 2 }), other);
  cluster.assign(placement, spec(other, { replicas: 3, revisionId: uuid(12), revisionNumber: 2, restarts: 1 }));
  cluster.assign(placement, spec(other, { replicas: 3, revisionId: uuid(12), revisionNumber: 2, restarts: 1 }));
  cluster.assign(placement, null);
  expect(messagesOf(cluster, "ScalingReplicaSet")).toEqual([
    "Scaled up from 0 to 3 pods", "Replacing 3 pods by those of revision 2", "Replacing 3 pods by new ones, as was asked for", "Scaled down from 3 to 0 pods",
  ]);
  cluster.simulation.advanceTo(2 * MINUTE);
  expect(messagesOf(cluster, "Killing").length).toBeGreaterThan(0);
});
