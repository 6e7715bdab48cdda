/** That many pods are cheap: the figures are generous, so that only a change of the order of growth fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { ack, bigCluster, openAgents, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";
import { node, simulatedCluster } from "./simulated-cluster.ts";

const web = template("shop/web:1", { cpuMillis: 10, memoryMiB: 10 });

describe("100,000 pods", () => {
  it("get ready in seconds of wall time, on one timer heap a cluster", () => {
    const startedAt = performance.now();
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
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it("are stored, reported and acknowledged by their agents in seconds, too", () => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-scale-"));
    const store = new FleetStore(join(folder, "fleet.db"));
    const startedAt = performance.now();
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
    const took = performance.now() - startedAt;
    store.close();
    rmSync(folder, { recursive: true });
    expect(ready.size).toBe(100_000);
    expect(took).toBeLessThan(30_000);
  }, 60_000);
});
