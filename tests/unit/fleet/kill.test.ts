/** Kills a fleet's process at random moments, in the middle of rollouts: nothing may start twice, and it must end where it should. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClockSettings } from "#server/domain/clock.ts";
import type { PodTemplate, Probe } from "#server/domain/pod-template.ts";
import { seal } from "#server/domain/sealing.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { POD_STATES } from "#server/fleet/simulator/behaviours.ts";
import { RandomStream } from "#server/fleet/simulator/random.ts";
import { portListener } from "#server/fleet/transport-port.ts";
import { eventually } from "../../support/eventually.ts";
import { placement, ScriptedGateway, spec, template, uuid } from "./scripted-gateway.ts";

const SEED = 20_261_123;
const KILLS = 8;
const REPLICAS = 8;
const clusters = loadFleetDescription("tiny").clusters.map((cluster) => cluster.clusterId);
const readinessProbe: Probe = {
  handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 2, failureThreshold: 3,
};
const placementOf = (cluster: number): string => uuid(100 + cluster);

describe("a fleet that is killed with -9", () => {
  let folder: string;
  let storePath: string;
  let clock: ClockSettings;
  let gateway: ScriptedGateway;
  let channel: MessageChannel;
  let child: ChildProcess | null = null;

  const startProcess = (): void => {
    const started = fork(join(import.meta.dirname, "fleet-process.ts"), [storePath, JSON.stringify(clock)], { serialization: "advanced" });
    started.on("message", (frame) => channel.port2.postMessage(frame));
    child = started;
  };

  const killProcess = async (): Promise<void> => {
    if (child === null) return;
    const killed = child;
    child = null;
    killed.kill("SIGKILL");
    await once(killed, "exit");
  };

  /** Each revision has a probe, and configuration of its own, which is sealed to the key that the cluster said hello with. */
  const assignAll = (generation: number, revision: number): void => {
    const base = template(`shop/web:${revision}`, { cpuMillis: 500, terminationGracePeriodSeconds: 1 });
    const made: PodTemplate = {
      ...base,
      volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(51), name: "login" } }],
      containers: base.containers.map((container) => ({
        ...container, readinessProbe, volumeMounts: [{ volume: "login", mountPath: "/run/login", readOnly: true }],
      })),
    };
    const content = `login-${revision}`;
    clusters.forEach((clusterId, index) => {
      const wanted = spec(made, {
        replicas: REPLICAS, revisionId: uuid(200 + revision), configs: [{ id: uuid(51), kind: "Secret", name: "login", content }],
      });
      const key = gateway.hellos.findLast((hello) => hello.clusterId === clusterId)?.sealingKey ?? "";
      const sealed = seal(key, JSON.stringify({ entries: [{ key: "password", value: `open sesame ${revision}` }] }), content);
      gateway.assign(clusterId, [placement(placementOf(index), generation, wanted)], [made], { [content]: sealed });
    });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-kill-"));
    storePath = join(folder, "fleet.db");
    clock = { wallBase: Date.now(), simulatedBase: Date.now(), speed: 5 };
    channel = new MessageChannel();
    channel.port2.on("message", (frame: object) => {
      if (child?.connected === true) child.send(frame, () => undefined);
    });
    gateway = new ScriptedGateway().listen(portListener(channel.port1));
  });

  afterEach(async () => {
    await killProcess();
    await gateway.close();
    channel.port1.close();
    rmSync(folder, { recursive: true });
  });

  it(`restarts no pod and ends as assigned after ${KILLS} kills in the middle of rollouts (seed ${SEED})`, async () => {
    const random = RandomStream.named("kills", SEED);
    startProcess();
    for (let round = 1; round <= KILLS; round++) {
      await eventually(() => expect(gateway.hellos).toHaveLength(2 * round), { deadlineMs: 30_000 });
      assignAll(round, round);
      const confirmed = (): unknown[] => clusters.map((_, index) => gateway.placements.get(placementOf(index))?.generation);
      await eventually(() => expect(confirmed()).toEqual([round, round]), { deadlineMs: 30_000, everyMs: 5 });
      await sleep(random.between(0, 600));
      await killProcess();
      startProcess();
    }
    await eventually(() => {
      for (const index of clusters.keys()) {
        const counts = { created: REPLICAS, ready: REPLICAS, updated: REPLICAS, configured: REPLICAS };
        expect(gateway.placements.get(placementOf(index))).toMatchObject({ generation: KILLS, ...counts });
        expect(gateway.podsOf(placementOf(index))).toHaveLength(REPLICAS);
        expect(gateway.readyPodsOf(placementOf(index))).toHaveLength(REPLICAS);
      }
    }, { deadlineMs: 60_000 });

    expect(gateway.faults).toEqual([]);
    expect(gateway.stored.filter((report) => report.epoch !== 1)).toEqual([]);
    // Whatever the kills: one pod is one name, one place and one start.
    const lives = Map.groupBy(gateway.received.flatMap((report) => report.pods), (pod) => pod.id);
    expect(lives.size).toBeGreaterThan(2 * REPLICAS);
    for (const life of lives.values()) {
      const distinct = <T>(values: T[]): number => new Set(values.filter((value) => value !== null)).size;
      expect(distinct(life.map((pod) => pod.name))).toBe(1);
      expect(distinct(life.map((pod) => pod.startedAt))).toBeLessThanOrEqual(1);
      expect(distinct(life.map((pod) => pod.nodeId))).toBeLessThanOrEqual(1);
      expect(distinct(life.map((pod) => pod.privateIp))).toBeLessThanOrEqual(1);
      expect(Math.max(...life.map((pod) => pod.restartCount))).toBe(0);
    }
    // The update's bounds held throughout, so no kill made pods that were there already.
    for (const report of gateway.received.flatMap((each) => each.placements)) expect(report.created).toBeLessThanOrEqual(REPLICAS + 2);

    // A kill at rest changes nothing at all, and the store says what the gateway knows.
    const pods = [...gateway.pods.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const reports = gateway.stored.length;
    const hellos = gateway.hellos.length;
    await killProcess();
    startProcess();
    await eventually(() => expect(gateway.hellos.length).toBe(hellos + 2), { deadlineMs: 30_000 });
    await eventually(() => expect(gateway.stored.length).toBeGreaterThanOrEqual(reports + 2), { deadlineMs: 30_000 });
    await killProcess();
    expect(gateway.stored.slice(reports).flatMap((report) => [...report.pods, ...report.gone])).toEqual([]);
    const store = new FleetStore(storePath);
    const stored = [1, 2].flatMap((cluster) => store.load(cluster).pods);
    const contents = [1, 2].map((cluster) => store.load(cluster).contents.map(({ name }) => name));
    store.close();
    expect(contents).toEqual([[`login-${KILLS}`], [`login-${KILLS}`]]);
    expect(stored.map(({ record }) => record.id).toSorted()).toEqual(pods.map((pod) => pod.id));
    expect(stored.every(({ record, isDirty }) => POD_STATES[record.state] === "READY" && !isDirty)).toBe(true);
  }, 240_000);
});
