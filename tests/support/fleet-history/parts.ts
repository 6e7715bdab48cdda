/** The code that a history runs: the project's own, or a copy with a fault planted in it. */
import { ClusterAgent } from "#server/fleet/agent/agent.ts";
import type { AgentStore } from "#server/fleet/agent/store.ts";
import { type FleetCluster, loadFleetDescription } from "#server/fleet/description.ts";
import { clusterIdOf } from "#server/fleet/identifiers.ts";
import { type Behaviours, DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { ClusterSession } from "#server/gateway/session.ts";
import { vouchedBy } from "#server/gateway/vouched.ts";
import { MutableGraph, type PlacedFault } from "../mutated-graph.ts";
import { uuidOf } from "./wanted.ts";

export interface Parts {
  readonly ClusterAgent: typeof ClusterAgent;
  readonly ClusterSession: typeof ClusterSession;
  readonly vouchedBy: typeof vouchedBy;
}
export const OWN_PARTS: Parts = { ClusterAgent, ClusterSession, vouchedBy };

const FILES = ["server/fleet/agent", "server/fleet/simulator", "server/fleet/link.ts", "server/gateway/session.ts", "server/gateway/vouched.ts"];

/** Few pods make many reports: what is only said in parts is said in parts here. */
export const SMALL_BATCHES: readonly PlacedFault[] = [
  { name: "small batches", path: "server/fleet/link.ts", text: "BATCH_LIMIT = 500", by: "BATCH_LIMIT = 2" },
  { name: "a small window", path: "server/fleet/link.ts", text: "REPORT_WINDOW = 4", by: "REPORT_WINDOW = 2" },
];

/** Loads the code with these faults in it. */
export function partsLoader(): (faults: readonly PlacedFault[]) => Promise<Parts> {
  const graph = new MutableGraph(FILES);
  return async (faults) => {
    const of = <Module>(file: string): Promise<Module> => graph.load<Module>(file, faults);
    const [agent, session, vouched] = [
      await of<Pick<Parts, "ClusterAgent">>("server/fleet/agent/agent.ts"), await of<Pick<Parts, "ClusterSession">>("server/gateway/session.ts"), await of<Pick<Parts, "vouchedBy">>("server/gateway/vouched.ts"),
    ];
    return { ClusterAgent: agent.ClusterAgent, ClusterSession: session.ClusterSession, vouchedBy: vouched.vouchedBy };
  };
}

/** Agents that log nothing. */
export type SilentAgent = (options: { readonly cluster: FleetCluster; readonly store: AgentStore; readonly now: number; readonly nonce: string }) => ClusterAgent;

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const sealingSeed = new Uint8Array(32).fill(7);
/** So long a node may be silent before its pods are given up. */
export const NODE_GRACE_MS = 5_000;
/** As they come, but quick to try again: half a minute has to be enough for everything. */
const behaviours: Behaviours = {
  ...DEFAULT_BEHAVIOURS,
  backOff: { firstMs: 1_000, factor: 2, maxMs: 4_000, resetAfterMs: 600_000 },
  filesRefresh: { minMs: 500, maxMs: 3_000 },
  faults: { ...DEFAULT_BEHAVIOURS.faults, nodeGraceMs: NODE_GRACE_MS },
};

export const agentsOf = ({ ClusterAgent: Agent }: Parts, seed: number): SilentAgent => (options) => new Agent({ ...options, seed, behaviours, sealingSeed, logger });

const [tiny] = loadFleetDescription("tiny").clusters;

export function clusterNamed(code: string, index: number): FleetCluster {
  if (tiny === undefined) throw new Error("the preset tiny has no cluster");
  const nodes = [0, 1, 2].map((node) => ({ id: uuidOf(900 + 10 * index + node), name: `${code}-n${node}`, labels: {}, cpuMillis: 4_000, memoryMiB: 8_192, pods: 110 }));
  return { clusterId: clusterIdOf(code), description: { ...tiny.description, code, nodes } };
}
