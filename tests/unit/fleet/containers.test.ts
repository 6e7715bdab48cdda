/** Pods with probes and hooks: what their containers do, when, and what is said of it. */
import { describe, expect, it } from "vitest";
import type { ContainerSpec, PodTemplate, Probe, ProbeHandler } from "#server/domain/pod-template.ts";
import type { PodReport } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { modelledCommand } from "#server/fleet/simulator/commands.ts";
import { restarted, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";

const app = uuid(100);
const MINUTE = 60_000;
const { hang, hook } = DEFAULT_BEHAVIOURS.containers;

const http: ProbeHandler = { type: "HttpGetProbe", path: "/healthz", port: 8080, headers: [] };
const probe = (overrides: Partial<Probe> = {}): Probe => ({
  handler: http, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3, ...overrides,
});
const of = (image: string, ...changes: readonly Partial<ContainerSpec>[]): PodTemplate => {
  const made = template(image);
  const [main] = made.containers;
  return { ...made, containers: changes.map((change, index) => ({ ...(main as ContainerSpec), name: index === 0 ? "main" : `side-${index}`, ...change })) };
};

const run = (made: PodTemplate, untilMs = 5 * MINUTE, replicas = 1): SimulatedCluster => {
  const cluster = simulatedCluster();
  cluster.assign(app, spec(made, { replicas }), made);
  cluster.simulation.advanceTo(untilMs);
  return cluster;
};

interface Said {
  readonly at: number;
  readonly pod: PodReport;
}
/** What was said of the (only) pod, since its containers run. */
const said = (cluster: SimulatedCluster): Said[] =>
  cluster.history.flatMap(({ at, pod }) => (pod === undefined || pod.startedAt === null ? [] : [{ at: at - pod.startedAt, pod }]));
const firstAt = (cluster: SimulatedCluster, fits: (pod: PodReport) => boolean): number | undefined => said(cluster).find(({ pod }) => fits(pod))?.at;

describe("readiness", () => {
  it("comes with as many successes in a row as are asked for, each a period after the other", () => {
    const cluster = run(of("shop/web:1", { readinessProbe: probe({ initialDelaySeconds: 7, periodSeconds: 4, successThreshold: 3 }) }));
    expect(firstAt(cluster, (pod) => pod.ready)).toBe(15_000);
    expect(cluster.pods()).toMatchObject([{ ready: true, reason: null, message: null, restartCount: 0 }]);
    expect(cluster.simulation.nextDue()).toBe(Infinity);
  });

  it("never comes to an image that is unready, and the pod says why; without a probe there is nothing to fail", () => {
    const cluster = run(of("shop/web:unready", { readinessProbe: probe({ initialDelaySeconds: 2 }), livenessProbe: probe() }), 60 * MINUTE);
    expect(firstAt(cluster, (pod) => pod.reason === "Unhealthy")).toBe(2_000);
    expect(cluster.pods()).toMatchObject([
      {
        phase: "RUNNING", ready: false, restartCount: 0, reason: "Unhealthy", message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
        containers: [{ state: "RUNNING", ready: false, reason: "Unhealthy" }],
      },
    ]);
    expect(cluster.simulation.counts(app)).toMatchObject({ created: 1, ready: 0 });
    expect(run(of("shop/web:unready", {})).simulation.counts(app).ready).toBe(1);
  });

  it.each<[string, ProbeHandler, readonly ContainerSpec["ports"][number][], string | null]>([
    ["HTTP on a declared port", http, [{ name: null, containerPort: 8080, protocol: "TCP" }], null],
    ["HTTP where none is declared", http, [], null],
    ["HTTP on another port", http, [{ name: null, containerPort: 80, protocol: "TCP" }], "Readiness probe failed: dial tcp: port 8080: connect: connection refused"],
    ["TCP on a port of UDP", { type: "TcpSocketProbe", port: 53 }, [{ name: null, containerPort: 53, protocol: "UDP" }], "Readiness probe failed: dial tcp: port 53: connect: connection refused"],
    ["gRPC on a declared port", { type: "GrpcProbe", port: 9, service: null }, [{ name: null, containerPort: 9, protocol: "TCP" }], null],
    ["a command", { type: "ExecProbe", command: ["cat", "/tmp/healthy"] }, [], null],
    ["a command that fails", { type: "ExecProbe", command: ["sh", "-c", "exit 4"] }, [], "Readiness probe failed: command exited with 4"],
    ["a command that takes too long", { type: "ExecProbe", command: ["sleep", "5"] }, [], "Readiness probe failed: command timed out"],
  ])("follows from what the container serves: %s", (_name, handler, ports, message) => {
    const [pod] = run(of("shop/web:1", { ports, readinessProbe: probe({ handler }) })).pods();
    expect(pod).toMatchObject({ ready: message === null, message });
  });

  it.each([[1, false], [2, false], [3, true], [10, true]])("of a slow image needs a timeout of 3 s: %i s", (timeoutSeconds, isReady) => {
    const cluster = run(of("shop/web:slow", { readinessProbe: probe({ timeoutSeconds }) }));
    expect(cluster.pods()).toMatchObject([{ ready: isReady }]);
    expect(firstAt(cluster, isReady ? (pod) => pod.ready : (pod) => pod.reason === "Unhealthy")).toBe(Math.min(3, timeoutSeconds) * 1_000);
  });

  it("is lost with as many failures in a row as are allowed, and comes back after the restart that liveness brings", () => {
    const probes = { readinessProbe: probe({ periodSeconds: 5, failureThreshold: 2 }), livenessProbe: probe({ periodSeconds: 10, failureThreshold: 3 }) };
    const cluster = run(of("shop/web:hangs", probes), 4 * MINUTE);
    const lostAt = said(cluster).find(({ pod, at }) => at > 0 && !pod.ready && pod.reason === "Unhealthy")?.at ?? 0;
    const killedAt = firstAt(cluster, (pod) => pod.restartCount === 0 && pod.reason === "CrashLoopBackOff") ?? 0;
    expect(lostAt).toBeGreaterThan(hang.minMs);
    expect(lostAt).toBeLessThanOrEqual(hang.maxMs + 2 * 5_000 + 1_000);
    // Both began to fail with the first probe after the same instant.
    expect(killedAt).toBeGreaterThan(lostAt);
    expect((lostAt - 1_000 - 5_000) % 5_000).toBe(0);
    expect((killedAt - 1_000) % 10_000).toBe(0);
    expect(said(cluster).find(({ pod }) => pod.reason === "CrashLoopBackOff")?.pod).toMatchObject({
      message: expect.stringMatching(/^Liveness probe failed: context deadline exceeded .*; back-off 10s restarting failed container main of pod web-/),
      containers: [{ state: "WAITING", reason: "CrashLoopBackOff", exitCode: 137, startedAt: null }],
    });
    expect(firstAt(cluster, (pod) => pod.restartCount === 1 && pod.ready)).toBe(killedAt + 10_000);
  });
});

describe("liveness", () => {
  it("that always fails restarts the container with growing waits, like a crash", () => {
    const cluster = run(of("shop/web:1", { livenessProbe: probe({ handler: { type: "ExecProbe", command: ["false"] }, periodSeconds: 2 }) }), 20 * MINUTE);
    const kills = said(cluster).filter(({ pod }) => pod.reason === "CrashLoopBackOff").map(({ at }) => at);
    const starts = said(cluster).filter(({ pod }) => pod.reason === null && !pod.ready).map(({ at }) => at);
    expect(kills.slice(0, 3)).toEqual([4_000, 4_000 + 10_000 + 4_000, 18_000 + 20_000 + 4_000]);
    expect(starts.slice(0, 3)).toEqual([0, 14_000, 38_000]);
    // Between the starts it is ready, as nothing says otherwise.
    expect(said(cluster).some(({ pod }) => pod.ready)).toBe(true);
  });

  it("lets an image that crashes crash, which is never ready", () => {
    const cluster = run(of("shop/web:crashloop", { readinessProbe: probe(), livenessProbe: probe() }));
    expect(said(cluster).some(({ pod }) => pod.ready)).toBe(false);
    expect(cluster.pods()).toMatchObject([{ reason: "CrashLoopBackOff", containers: [{ exitCode: 1 }] }]);
    expect(cluster.pods()[0]?.message).toMatch(/^back-off /);
  });
});

describe("several containers", () => {
  it("make a pod ready when all are, and each restarts by itself", () => {
    const failing = { livenessProbe: probe({ handler: { type: "ExecProbe", command: ["false"] }, periodSeconds: 30, failureThreshold: 1, initialDelaySeconds: 30 }) };
    const cluster = run(of("shop/web:1", { readinessProbe: probe({ initialDelaySeconds: 5 }) }, failing), 38_000);
    expect(firstAt(cluster, (pod) => pod.ready)).toBe(5_000);
    expect(cluster.pods()).toMatchObject([
      { ready: false, reason: "CrashLoopBackOff", containers: [{ state: "RUNNING", ready: true }, { state: "WAITING", exitCode: 137 }] },
    ]);
    const [pod] = cluster.pods();
    // The one that runs can crash, too, and both wait.
    expect(cluster.simulation.crashPod(pod?.id ?? "", 1)).toBe(false);
    expect(cluster.simulation.crashPod(pod?.id ?? "", 0)).toBe(true);
    expect(cluster.pods()[0]?.containers).toMatchObject([{ state: "WAITING", exitCode: 1 }, { state: "WAITING", exitCode: 137 }]);
    cluster.simulation.advanceTo(60_000);
    expect(cluster.pods()).toMatchObject([{ ready: true, restartCount: 2, containers: [{ restartCount: 1 }, { restartCount: 1 }] }]);
  });
});

describe("hooks", () => {
  it("hold up the start: a container runs when its postStart is over", () => {
    const startOf = (postStart: readonly string[] | null): number =>
      run(of("shop/web:1", { lifecycle: { postStart, preStop: null }, livenessProbe: probe() })).pods()[0]?.startedAt ?? NaN;
    const without = startOf(null);
    expect(startOf(["sh", "-c", "sleep 4"])).toBe(without + 4_000);
    const some = startOf(["echo", "hello"]) - without;
    expect(some).toBeGreaterThanOrEqual(hook.minMs);
    expect(some).toBeLessThanOrEqual(hook.maxMs);
  });

  it("kill a container whose postStart fails, and start it again after a wait", () => {
    const cluster = run(of("shop/web:1", { lifecycle: { postStart: ["sh", "-c", "exit 7"], preStop: null } }), 3 * MINUTE);
    expect(said(cluster).some(({ pod }) => pod.ready)).toBe(false);
    const [pod] = cluster.pods();
    expect(pod?.restartCount).toBeGreaterThan(2);
    expect(pod).toMatchObject({
      reason: "FailedPostStartHook", message: expect.stringMatching(/^PostStartHook failed: command exited with 7; back-off \d+s restarting/),
      containers: [{ state: "WAITING", reason: "FailedPostStartHook", exitCode: 137 }],
    });
  });

  it.each([[20, 3, 3_300, 5_000], [2, 30, 2_000, 2_000]])(
    "hold up the end within the grace period of %i s: a preStop of %i s",
    (terminationGracePeriodSeconds, seconds, minMs, maxMs) => {
      const made = { ...of("shop/web:1", { lifecycle: { postStart: null, preStop: ["sleep", String(seconds)] } }), terminationGracePeriodSeconds };
      const cluster = run(made, MINUTE);
      cluster.assign(app, null);
      cluster.simulation.advanceTo(2 * MINUTE);
      const goneAt = cluster.history.find(({ gone }) => gone !== undefined)?.at ?? NaN;
      expect(goneAt - MINUTE).toBeGreaterThanOrEqual(minMs);
      expect(goneAt - MINUTE).toBeLessThanOrEqual(maxMs);
    },
  );

  it.each([
    [["true"], null, 0],
    [["false"], null, 1],
    [["/bin/false"], null, 1],
    [["sh", "-c", "sleep 2 && sleep 1"], 3_000, 0],
    [["sh", "-c", "sleep 2; exit 9"], 2_000, 9],
    [["exit"], null, 0],
    [["nginx", "-s", "quit"], null, 0],
  ])("know of %o that it takes %s ms and ends with %i", (command, tookMs, exitCode) => {
    expect(modelledCommand(command)).toEqual({ tookMs, exitCode });
  });
});

describe("a restart of the fleet", () => {
  it("goes on with probes, waits and readiness where they were", () => {
    const made = of("shop/web:hangs", { readinessProbe: probe({ periodSeconds: 7 }), livenessProbe: probe({ failureThreshold: 2 }) });
    for (const at of [30_000, 100_000, 130_000, 150_000]) {
      const before = run(made, at, 6);
      const after = restarted(before, [{ id: app, spec: spec(made, { replicas: 6 }) }], [made]);
      expect(after.pods()).toEqual(before.pods());
      before.simulation.advanceTo(20 * MINUTE);
      after.simulation.advanceTo(20 * MINUTE);
      expect(after.pods()).toEqual(before.pods());
    }
  });
});
