/**
 * That many pods and clusters are cheap. Work is counted, and time is that of this thread's CPU: how busy the machine is decides nothing. The figures are
 * generous, so that only a change of the order of growth fails.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type Fleet } from "#server/fleet/fleet.ts";
import { HELLO_WINDOW } from "#server/fleet/greetings.ts";
import { portDialer, portListener } from "#server/fleet/transport-port.ts";
import { eventually } from "../../support/eventually.ts";
import { ack, bigCluster, openAgents, SEALING_SEED, tick, welcome } from "./agent-direct.ts";
import { placement, ScriptedGateway, spec, template, uuid } from "./scripted-gateway.ts";
import { node, simulatedCluster } from "./simulated-cluster.ts";

const web = template("shop/web:1", { cpuMillis: 10, memoryMiB: 10 });

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

describe("100,000 pods", () => {
  it("get ready in seconds of wall time, on one timer heap a cluster", () => {
    const before = cpuMs();
    let ready = 0;
    for (let cluster = 0; cluster < 100; cluster++) {
      const simulated = simulatedCluster({ seed: cluster, nodes: Array.from({ length: 10 }, (_, index) => node(index)) });
      simulated.simulation.addTemplate(contentHash(web), web);
      for (let app = 0; app < 10; app++) simulated.simulation.assign(uuid(app), spec(web, { replicas: 100 }));
      simulated.simulation.advanceTo(10_000);
      ready += simulated.simulation.readyCount;
      simulated.history.length = 0;
    }
    expect(ready).toBe(100_000);
    expect(cpuMs() - before).toBeLessThan(10_000);
  }, 120_000);

  it("are stored, reported and acknowledged by their agents in seconds, too", () => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-scale-"));
    const store = new FleetStore(join(folder, "fleet.db"));
    const before = cpuMs();
    const agents = openAgents(store, Array.from({ length: 100 }, (_, index) => bigCluster(`scale-${index}`)));
    const agentOf = new Map(agents.map((agent) => [agent.clusterId, agent]));
    const ready = new Set<string>();
    for (const agent of agents) agent.connected();
    for (let now = 0; now <= 10_000; now += 250) {
      for (const message of tick(store, agents, now)) {
        const agent = message.type === "ping" ? undefined : agentOf.get(message.clusterId);
        if (agent === undefined) continue;
        if (message.type === "hello") {
          welcome(agent);
          const objects = Array.from({ length: 10 }, (_, app) => placement(uuid(app), 1, spec(web, { replicas: 100 })));
          agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects, templates: { [contentHash(web)]: web } }, 0);
        } else if (message.type === "report") {
          for (const pod of message.pods) if (pod.ready) ready.add(pod.id);
          ack(agent, message);
        }
      }
    }
    const took = cpuMs() - before;
    store.close();
    rmSync(folder, { recursive: true });
    expect(ready.size).toBe(100_000);
    expect(took).toBeLessThan(30_000);
  }, 300_000);
});

describe("a fleet of many clusters", () => {
  const CLUSTERS = 300;
  let folder: string;
  let gateway: ScriptedGateway;
  let fleet: Fleet;
  let clock: { at: number; now(): number };
  let ports: MessageChannel;

  const description = { name: "many", clusters: loadFleetDescription("china-large").clusters.slice(0, CLUSTERS) };
  const clusterIds = description.clusters.map((cluster) => cluster.clusterId);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "fleet-scale-"));
    clock = { at: 1_700_000_000_000, now: () => clock.at };
    ports = new MessageChannel();
    gateway = new ScriptedGateway();
    const dialer = portDialer(ports.port2, 1_000);
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    fleet = createFleet({ description, seed: 1, clock, storePath: join(folder, "fleet.db"), sealingSeed: SEALING_SEED, dialer, logger, tickMs: 5 });
    await fleet.start();
  });
  afterEach(async () => {
    await fleet.close();
    await gateway.close();
    ports.port1.close();
    ports.port2.close();
    rmSync(folder, { recursive: true });
  });

  const within = (check: () => unknown): Promise<unknown> => eventually(check, { deadlineMs: 60_000, everyMs: 5 });
  /** So many ticks later. */
  const ticked = (ticks: number): Promise<unknown> => {
    const until = fleet.stats().ticks + ticks;
    return within(() => expect(fleet.stats().ticks).toBeGreaterThanOrEqual(until));
  };
  const running = async (): Promise<void> => {
    gateway.listen(portListener(ports.port1));
    await within(() => expect(fleet.stats().welcomed).toBe(CLUSTERS));
    for (const [index, clusterId] of clusterIds.entries()) gateway.assign(clusterId, [placement(uuid(1_000 + index), 1, spec(web, { replicas: 5 }))], [web]);
    await within(() => expect(fleet.stats().pods).toBe(CLUSTERS * 5));
    clock.at += 60_000;
    await within(() => expect(fleet.stats().readyPods).toBe(CLUSTERS * 5));
    await within(() => expect([...gateway.pods.values()].filter((pod) => pod.ready)).toHaveLength(CLUSTERS * 5));
    // The last acks are on their way.
    await ticked(20);
  };

  it("looks at no cluster where nothing happens, however often it ticks", async () => {
    await running();
    const { visits } = fleet.stats();
    await ticked(100);
    expect(fleet.stats().visits).toBe(visits);
  }, 120_000);

  it("looks at a cluster where something happens when it does, and at no other", async () => {
    await running();
    const before = fleet.stats();
    const victim = gateway.podsOf(uuid(1_000))[0]?.id ?? "";
    gateway.send({ type: "faults", clusterId: clusterIds[0] ?? "", faults: [{ id: uuid(7_000), kind: "CRASH_POD", podId: victim, seed: 1, startsAt: clock.at, endsAt: clock.at + 60_000 }] });
    for (let passed = 0; passed < 15; passed += 1) {
      clock.at += 1_000;
      await ticked(2);
    }
    await within(() => expect(gateway.pods.get(victim)).toMatchObject({ ready: true, restartCount: 1 }));
    const after = fleet.stats();
    expect(after.ticks - before.ticks).toBeGreaterThanOrEqual(30);
    // The order, the crash, the restart, ready again: each once when it happens and once when it is acknowledged.
    expect(after.visits - before.visits).toBeLessThanOrEqual(12);
  }, 120_000);

  it("lets a bounded number of clusters say hello at a time, and all of them in the end", async () => {
    gateway.welcomes = false;
    gateway.listen(portListener(ports.port1));
    await within(() => expect(gateway.hellos.length).toBeGreaterThanOrEqual(HELLO_WINDOW));
    await ticked(10);
    expect(gateway.hellos).toHaveLength(HELLO_WINDOW);
    for (const { clusterId } of gateway.hellos.slice(0, 10)) gateway.welcome(clusterId);
    await within(() => expect(gateway.hellos.length).toBeGreaterThanOrEqual(HELLO_WINDOW + 10));
    gateway.welcomes = true;
    for (const { clusterId } of gateway.hellos.slice(10)) gateway.welcome(clusterId);
    await within(() => expect(fleet.stats().welcomed).toBe(CLUSTERS));
    expect(new Set(gateway.hellos.map(({ clusterId }) => clusterId))).toEqual(new Set(clusterIds));
  }, 120_000);
});
