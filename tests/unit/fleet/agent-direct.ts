/** Agents without loop or transport: a test is their clock, their store's commit and their gateway. */
import type { FleetCluster } from "#server/fleet/description.ts";
import { ClusterAgent } from "#server/fleet/agent/agent.ts";
import type { FleetStore } from "#server/fleet/agent/store.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { clusterIdOf } from "#server/fleet/identifiers.ts";
import type { AgentMessage, Report } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { uuid } from "./scripted-gateway.ts";
import { node } from "./simulated-cluster.ts";

export const bigCluster = (code: string, nodes = 20): FleetCluster => ({
  clusterId: clusterIdOf(code),
  description: {
    ...(loadFleetDescription("tiny").clusters[0] as FleetCluster).description,
    code,
    nodes: Array.from({ length: nodes }, (_, index) => node(index, { id: uuid(9_000 + index) })),
  },
});

export const SEALING_SEED = new Uint8Array(32).fill(7);

export function openAgents(store: FleetStore, clusters: readonly FleetCluster[], now = 0, sealingSeed = SEALING_SEED): ClusterAgent[] {
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const agents: ClusterAgent[] = [];
  store.transaction(() => {
    for (const cluster of clusters) {
      agents.push(new ClusterAgent({ cluster, seed: 1, behaviours: DEFAULT_BEHAVIOURS, store, now, nonce: "n", sealingSeed, logger }));
    }
  });
  return agents;
}

/** One tick of all agents; what leaves, in order. */
export function tick(store: FleetStore, agents: readonly ClusterAgent[], now: number): AgentMessage[] {
  for (const agent of agents) {
    agent.simulation.advanceTo(now);
    agent.makeReports(now);
  }
  store.transaction(() => {
    for (const agent of agents) if (agent.hasUnsaved) agent.save();
  });
  return agents.flatMap((agent) => {
    agent.saved();
    return agent.takeOutbox();
  });
}

export const reportsIn = (messages: readonly AgentMessage[]): Report[] => messages.filter((message) => message.type === "report");

export function welcome(agent: ClusterAgent, epoch = 0, ackedSeq = 0, term = 1): void {
  agent.receive({ type: "welcome", clusterId: agent.clusterId, protocol: 1, term, epoch, ackedSeq }, 0);
}

export function ack(agent: ClusterAgent, { epoch, seq }: Report): void {
  agent.receive({ type: "ack", clusterId: agent.clusterId, epoch, seq }, 0);
}
