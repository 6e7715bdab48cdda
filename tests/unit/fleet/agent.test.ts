import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type Fleet } from "#server/fleet/fleet.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { type AgentConnection, type AgentMessage, type LinkDialer } from "#server/fleet/link.ts";
import { portDialer, portListener } from "#server/fleet/transport-port.ts";
import { eventually } from "../../support/eventually.ts";
import { placement, ScriptedGateway, spec, template, uuid } from "./scripted-gateway.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const description = loadFleetDescription("tiny");
const clusterId = description.clusters[0]?.clusterId ?? "";
const web = template("shop/web:1");
const id = uuid(100);
const sealingSeed = new Uint8Array(32).fill(7);

const bound = (connection: AgentConnection): AgentConnection => ({
  buffered: 0,
  onDrain: () => undefined,
  send: (message) => connection.send(message),
  onMessage: (listener) => connection.onMessage(listener),
  onClose: (listener) => connection.onClose(listener),
  close: (reason) => connection.close(reason),
});

/** A clock that stands still until it is told to go on: all waits of the simulation are the test's. */
class ManualClock {
  #now = 1_700_000_000_000;
  now(): number {
    return this.#now;
  }
  pass(ms: number): void {
    this.#now += ms;
  }
}

/** Small reports that a cluster has under way without an ack. */
const UNDER_WAY = 1;

describe("the fleet's agents on the port transport", () => {
  let folder: string;
  let clock: ManualClock;
  let gateway: ScriptedGateway;
  let ports: { port1: MessagePort; port2: MessagePort };
  let fleet: Fleet;

  const startFleet = async (storePath = join(folder, "fleet.db")): Promise<Fleet> => {
    fleet = createFleet({ description, seed: 7, clock, storePath, sealingSeed, dialer: portDialer(ports.port2, 500), logger: quiet, tickMs: 10 });
    await fleet.start();
    return fleet;
  };

  /** The gateway's memory lives on in the new one: it is the centre's database. */
  const restartGateway = async (change: (next: ScriptedGateway) => void = () => undefined): Promise<void> => {
    const before = gateway;
    await before.close();
    gateway = new ScriptedGateway();
    for (const [cluster, position] of before.position) gateway.position.set(cluster, position);
    for (const [podId, pod] of before.pods) gateway.pods.set(podId, pod);
    for (const [placementId, report] of before.placements) gateway.placements.set(placementId, report);
    gateway.term = before.term;
    change(gateway);
    gateway.listen(portListener(ports.port1));
  };

  /** Lets simulated time pass until the expectation holds. */
  const passUntil = (expectation: () => void): Promise<void> =>
    eventually(() => {
      clock.pass(100);
      expectation();
      return Promise.resolve();
    }, { deadlineMs: 10_000 });

  const settled = (expectation: () => void): Promise<void> =>
    eventually(() => {
      expectation();
      return Promise.resolve();
    }, { deadlineMs: 10_000 });

  const runThree = async (): Promise<void> => {
    await settled(() => expect(gateway.hellos).toHaveLength(2));
    gateway.assign(clusterId, [placement(id, 1, spec(web))], [web]);
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(3));
    await settled(() => expect(gateway.placements.get(id)).toMatchObject({ generation: 1, created: 3, ready: 3, updated: 3 }));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-"));
    clock = new ManualClock();
    ports = new MessageChannel();
    gateway = new ScriptedGateway().listen(portListener(ports.port1));
  });

  afterEach(async () => {
    await fleet.close();
    await gateway.close();
    ports.port1.close();
    rmSync(folder, { recursive: true });
    expect(gateway.faults).toEqual([]);
  });

  it("says hello for each cluster and starts its epoch with the whole state", async () => {
    await startFleet();
    await settled(() => expect(gateway.stored).toHaveLength(2));
    expect(gateway.hellos.map((hello) => hello.description.code)).toEqual(["hangzhou-1", "shaoxing-1"]);
    expect(gateway.hellos[0]).toMatchObject({ epoch: 1, lastSeq: 0, holds: [], templates: [] });
    expect(gateway.stored[0]).toMatchObject({ epoch: 1, seq: 1, full: true, fullEnds: true, pods: [] });
    expect(gateway.stored[0]?.nodes.map((node) => node.status)).toEqual(["READY", "READY"]);
  });

  it("makes an assignment true and reports every pod's way to ready", async () => {
    await startFleet();
    await runThree();
    const pods = gateway.readyPodsOf(id);
    expect(new Set(pods.map((pod) => pod.privateIp)).size).toBe(3);
    for (const pod of pods) {
      expect(pod).toMatchObject({ phase: "RUNNING", reason: null, restartCount: 0, revisionId: uuid(11) });
      expect(pod.name).toMatch(/^web-[0-9a-f]{8}-[b-z2-9]{5}$/);
      expect(pod.containers).toMatchObject([{ name: "main", image: "shop/web:1", state: "RUNNING", ready: true }]);
    }
    const phases = gateway.stored.flatMap((report) => report.pods).filter((pod) => pod.id === pods[0]?.id).map((pod) => pod.phase);
    expect(phases[0]).toBe("STARTING");
    expect(phases.at(-1)).toBe("RUNNING");
  });

  it("has stored whatever a message says before that message leaves", async () => {
    const storePath = join(folder, "fleet.db");
    const dialer = portDialer(ports.port2, 500);
    const unstored: string[] = [];
    let looked = 0;
    /** What a kill would leave now: the files as they are, read by somebody else. */
    const lookInto = (message: AgentMessage): void => {
      if (message.type !== "report" || message.clusterId !== clusterId) return;
      for (const suffix of ["", "-wal"]) copyFileSync(`${storePath}${suffix}`, join(folder, `copy.db${suffix}`));
      const copy = new FleetStore(join(folder, "copy.db"));
      const stored = copy.load(1);
      copy.close();
      rmSync(join(folder, "copy.db"));
      looked += 1;
      const isStored = stored.reports.some((report) => isDeepStrictEqual(report, message));
      if (stored.lastSeq < message.seq || !isStored) unstored.push(`report ${message.seq}`);
      for (const { placementId, generation } of message.placements) {
        const isHeld = stored.placements.some((held) => held.id === placementId && held.generation >= generation);
        if (!isHeld) unstored.push(`generation ${generation}`);
      }
      for (const pod of message.pods) if (!stored.pods.some(({ record }) => record.id === pod.id)) unstored.push(`pod ${pod.id}`);
    };
    const watching: LinkDialer = {
      async dial() {
        const connection = await dialer.dial();
        return { ...bound(connection), send: (message) => (lookInto(message), connection.send(message)) };
      },
    };
    fleet = createFleet({ description, seed: 7, clock, storePath, sealingSeed, dialer: watching, logger: quiet, tickMs: 10 });
    await fleet.start();
    await runThree();
    expect(unstored).toEqual([]);
    expect(looked).toBeGreaterThan(3);
  });

  it("confirms what it holds when it is offered the same or an older generation, and changes nothing", async () => {
    await startFleet();
    await runThree();
    gateway.assign(clusterId, [placement(id, 5, spec(web, { replicas: 4 }))]);
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(4));
    for (const older of [5, 4, 1]) {
      const reports = gateway.stored.length;
      gateway.assign(clusterId, [placement(id, older, spec(web, { replicas: 1 }))]);
      await settled(() => {
        const confirmations = gateway.stored.slice(reports).flatMap((report) => report.placements);
        expect(confirmations.at(-1)).toMatchObject({ placementId: id, term: 1, generation: 5 });
      });
      clock.pass(5_000);
    }
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(4));
  });

  it("lets a higher term outrank a higher generation, and refuses a lower term", async () => {
    await startFleet();
    await runThree();
    gateway.assign(clusterId, [placement(id, 9, spec(web, { replicas: 2 }))]);
    await passUntil(() => expect(gateway.placements.get(id)).toMatchObject({ generation: 9, created: 2 }));
    gateway.term = 2;
    gateway.assign(clusterId, [placement(id, 1, spec(web, { replicas: 1 }))]);
    await passUntil(() => expect(gateway.placements.get(id)).toMatchObject({ term: 2, generation: 1, created: 1 }));
    gateway.term = 1;
    const reports = gateway.stored.length;
    gateway.assign(clusterId, [placement(id, 99, spec(web, { replicas: 3 })), placement(uuid(101), 1, spec(web))]);
    const confirmations = (): unknown[] => gateway.stored.slice(reports).flatMap((report) => report.placements);
    await settled(() => expect(confirmations()).toMatchObject([{ term: 2, generation: 1, created: 1 }]));
    expect(gateway.podsOf(uuid(101))).toEqual([]);
  });

  it("carries a tombstone out, says so, and lets go of it once that is acknowledged", async () => {
    await startFleet();
    await runThree();
    gateway.assign(clusterId, [placement(id, 2, null)]);
    await passUntil(() => expect(gateway.placements.get(id)).toMatchObject({ generation: 2, created: 0, removed: true }));
    expect(gateway.podsOf(id)).toEqual([]);
    // Confirmed before it was carried out, too.
    expect(gateway.stored.flatMap((report) => report.placements)).toContainEqual(expect.objectContaining({ generation: 2, created: 0 }));
    // The ack has come by then.
    const { ticks } = fleet.stats();
    await settled(() => expect(fleet.stats().ticks).toBeGreaterThan(ticks + 2));
    gateway.hangUp();
    await settled(() => expect(gateway.hellos).toHaveLength(4));
    expect(gateway.hellos[2]).toMatchObject({ clusterId, holds: [], templates: [] });
    gateway.assign(clusterId, [placement(id, 3, null)]);
    await settled(() => expect(gateway.placements.get(id)).toMatchObject({ generation: 3, removed: true }));
  });

  it("goes on behind the last stored report after a reconnect: every report counts exactly once", async () => {
    await startFleet();
    await runThree();
    gateway.acks = false;
    gateway.assign(clusterId, [placement(id, 2, spec(web, { replicas: 6 }))]);
    await passUntil(() => expect(gateway.received.length - gateway.stored.length).toBe(UNDER_WAY));
    // It waits for its ack: whatever happens now coalesces into the reports that follow it.
    clock.pass(60_000);
    await settled(() => expect(fleet.stats().readyPods).toBe(6));
    expect(gateway.received.length - gateway.stored.length).toBe(UNDER_WAY);
    const unacked = gateway.received.slice(-UNDER_WAY);
    await restartGateway();
    await settled(() => expect(gateway.readyPodsOf(id)).toHaveLength(6));
    expect(gateway.hellos[0]).toMatchObject({ holds: [{ objectId: id, term: 1, generation: 2 }], templates: [spec(web).templateHash] });
    expect(gateway.stored.filter((report) => report.clusterId === clusterId).slice(0, UNDER_WAY)).toEqual(unacked);
    expect(gateway.stored.some((report) => report.full === true)).toBe(false);
  });

  it("restarts no pod after a restart from its store, and goes on with those that were starting", async () => {
    await startFleet();
    await runThree();
    gateway.assign(clusterId, [placement(id, 2, spec(web, { replicas: 5 }))]);
    await settled(() => expect(gateway.podsOf(id).filter((pod) => pod.phase === "STARTING")).toHaveLength(2));
    const before = new Map(gateway.podsOf(id).map((pod) => [pod.id, pod]));
    const reports = gateway.stored.length;
    await fleet.close();
    clock.pass(50);
    await startFleet();
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(5));
    for (const pod of gateway.podsOf(id)) {
      const old = before.get(pod.id);
      const { name, nodeId, privateIp, createdAt } = old ?? {};
      expect(pod).toMatchObject({ name, nodeId, privateIp, createdAt, restartCount: 0 });
      if (old?.ready === true) expect(pod).toEqual(old);
    }
    const saidAgain = gateway.stored.slice(reports).flatMap((report) => report.pods).filter((pod) => before.get(pod.id)?.ready === true);
    expect(saidAgain).toEqual([]);
    expect(gateway.stored.slice(reports).some((report) => report.full === true)).toBe(false);
  });

  it("sends the same reports again after a restart that came between the commit and the ack", async () => {
    await startFleet();
    await runThree();
    gateway.acks = false;
    gateway.assign(clusterId, [placement(id, 2, spec(web, { replicas: 6 }))]);
    await passUntil(() => expect(gateway.received.length - gateway.stored.length).toBe(UNDER_WAY));
    const unacked = gateway.received.slice(-UNDER_WAY);
    await fleet.close();
    await restartGateway();
    await startFleet();
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(6));
    expect(gateway.stored.filter((report) => report.clusterId === clusterId).slice(0, UNDER_WAY)).toEqual(unacked);
  });

  it("starts a new epoch with its full state when the centre knows more reports than it holds", async () => {
    await startFleet();
    await runThree();
    const ghost = { ...(gateway.podsOf(id)[0] as NonNullable<ReturnType<typeof gateway.podsOf>[0]>), id: uuid(999) };
    await restartGateway((next) => {
      next.position.set(clusterId, { epoch: 1, seq: 10_000 });
      next.pods.set(ghost.id, ghost);
    });
    await settled(() => expect(gateway.stored.some((report) => report.clusterId === clusterId && report.fullEnds === true)).toBe(true));
    const full = gateway.stored.find((report) => report.clusterId === clusterId);
    expect(full).toMatchObject({ epoch: 2, seq: 1, full: true, fullEnds: true });
    expect(full?.pods).toHaveLength(3);
    expect(full?.placements).toMatchObject([{ placementId: id, created: 3, ready: 3 }]);
    expect(gateway.podsOf(id)).toHaveLength(3);
    const now = clock.now();
    const crash = { id: uuid(800), kind: "CRASH_POD" as const, podId: gateway.podsOf(id)[0]?.id ?? "", seed: 1, startsAt: now, endsAt: now + 60_000 };
    gateway.send({ type: "faults", clusterId, faults: [crash] });
    await passUntil(() => expect(gateway.podsOf(id).map((pod) => pod.reason)).toContain("CrashLoopBackOff"));
  });

  it("starts a new epoch when the centre lost reports that it had acknowledged", async () => {
    await startFleet();
    await runThree();
    const { seq } = gateway.position.get(clusterId) ?? { seq: 0 };
    expect(seq).toBeGreaterThan(2);
    await restartGateway((next) => {
      next.term = 2;
      next.pods.clear();
      next.position.set(clusterId, { epoch: 1, seq: 2 });
    });
    await settled(() => expect(gateway.podsOf(id)).toHaveLength(3));
    expect(gateway.position.get(clusterId)).toMatchObject({ epoch: 2 });
  });

  it("starts a new epoch, with other ids, after its store was lost", async () => {
    await startFleet();
    await runThree();
    const before = gateway.podsOf(id).map((pod) => pod.id);
    await fleet.close();
    const stores = (): string[] => gateway.hellos.filter((hello) => hello.clusterId === clusterId).map((hello) => hello.store);
    await startFleet();
    await settled(() => expect(stores()).toHaveLength(2));
    await fleet.close();
    await startFleet(join(folder, "another.db"));
    await settled(() => expect(gateway.position.get(clusterId)).toMatchObject({ epoch: 2 }));
    const [first, second, third] = stores();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(gateway.podsOf(id)).toEqual([]);
    gateway.assign(clusterId, [placement(id, 1, spec(web))], [web]);
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(3));
    expect(gateway.podsOf(id).some((pod) => before.includes(pod.id))).toBe(false);
  });

  it("refuses a store that another fleet has", async () => {
    await startFleet();
    const second = createFleet({
      description, seed: 7, clock, storePath: join(folder, "fleet.db"), sealingSeed, logger: quiet,
      dialer: { dial: () => Promise.reject(new Error("nobody there")) },
    });
    await expect(second.start()).rejects.toThrow(/store .*fleet\.db can't be opened/);
  });

  it("asks by a new connection for a template that never came", async () => {
    await startFleet();
    await settled(() => expect(gateway.hellos).toHaveLength(2));
    gateway.assign(clusterId, [placement(id, 1, spec(web))]);
    await settled(() => expect(gateway.hellos).toHaveLength(4));
    expect(gateway.connections).toBe(2);
    gateway.assign(clusterId, [placement(id, 1, spec(web))], [web]);
    await passUntil(() => expect(gateway.readyPodsOf(id)).toHaveLength(3));
  });
});
