/**
 * The black holes between a fleet's clusters and its connection: what is lost of a cluster's messages while it is cut off (simulator/cuts.ts says when).
 *
 * - Lost means lost: nothing is kept, closed or answered, and the other clusters of the connection don't notice. Of a cluster that can't be heard pings
 *   say nothing either.
 * - Orders about faults get through: they are for whoever simulates the cluster, not for its agent.
 * - Once all gets through again, the agent says hello anew: it can't know what was lost.
 */
import { type Cut, WHOLE } from "./simulator/cuts.ts";

interface Cuttable {
  readonly clusterId: string;
  readonly simulation: { readonly cut: Cut };
  /** Says hello anew. */
  connected(): void;
}

export class BlackHoles {
  readonly #cuts = new Map<string, Cut>();

  /** Looks what is cut now; whom everything reaches again says hello, if there is a connection. */
  look(agent: Cuttable, isConnected: boolean): void {
    const { cut } = agent.simulation;
    const isWhole = !cut.toCentre && !cut.toCluster;
    if (!isWhole) this.#cuts.set(agent.clusterId, cut);
    else if (this.#cuts.delete(agent.clusterId) && isConnected) agent.connected();
  }

  of(clusterId: string): Cut {
    return this.#cuts.get(clusterId) ?? WHOLE;
  }

  /** Clusters that can be heard. */
  audible(clusterIds: Iterable<string>): string[] {
    return [...clusterIds].filter((clusterId) => !this.of(clusterId).toCentre);
  }
}
