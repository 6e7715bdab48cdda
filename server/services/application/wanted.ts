/** What a caller wants where, with everything that it names looked up. */
import type { DesiredBefore } from "../../domain/desired-before.ts";
import type { DistributionInput } from "../../domain/distribution.ts";
import { accepted, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import type { NetworkType } from "../../domain/states.ts";
import { quoted } from "../../domain/text.ts";
import type { Application } from "../../entities/application.ts";
import { Placement } from "../../entities/placement.ts";
import type { Transaction } from "../transaction.ts";
import { loadClusters } from "./clusters.ts";
import { findNetworks } from "./network.ts";

/** One cluster's share as it is to be. Ids are uuids. */
export interface Wanted {
  readonly clusterId: string;
  /** While the application is stopped: what it comes back to. */
  readonly replicas: number;
  readonly networkType: NetworkType;
  readonly vpcId: string;
  /** null with HOST. */
  readonly subnetId: string | null;
}

/** The distribution with everything that it names looked up; `path` leads to it. Its shape has been checked. */
export async function resolveDistribution(
  tx: Transaction,
  path: readonly string[],
  distribution: DistributionInput,
): Promise<Outcome<Wanted[]>> {
  const inputs = (distribution.clusters ?? []).map((input, index) => ({
    input,
    path: [...path, "clusters", String(index)],
    clusterId: uuidOf("Cluster", input.clusterId) ?? "",
  }));
  const clusters = await loadClusters(
    tx,
    inputs.map(({ clusterId }) => clusterId).filter((id) => id !== ""),
  );
  const unknown = inputs.filter(({ clusterId }) => !clusters.has(clusterId));
  if (unknown.length > 0) {
    return refused(
      ...unknown.map(({ input, path: at }) => notFound([...at, "clusterId"], `There is no cluster ${quoted(input.clusterId)}.`)),
    );
  }
  const { networks, errors } = await findNetworks(tx, inputs);
  if (errors.length > 0) return refused(...errors);
  return accepted(
    inputs.map(({ input, clusterId }, index) => {
      const network = networks[index];
      if (!network) throw new Error("a placement without a network");
      return { clusterId, replicas: input.replicas, networkType: input.networkType, ...network };
    }),
  );
}

/** The placements as they are wanted now, e.g. to change only their replicas. */
export async function presentlyWanted(tx: Transaction, application: Application): Promise<Wanted[]> {
  return wantedBefore(await desiredNow(tx, application));
}

/** What an operation may be told to go back to: taken before anything of it is done. */
export async function desiredNow(tx: Transaction, application: Application): Promise<DesiredBefore> {
  const staying = await tx.em.find(
    Placement,
    { tenantId: tx.actor.tenantId, applicationId: application.id, deleting: false },
    { orderBy: { clusterId: "asc" } },
  );
  const placements = staying.map(({ clusterId, desired, parked, networkType, vpcId, subnetId }) => ({
    clusterId,
    replicas: desired,
    parked: parked ?? null,
    networkType,
    vpcId,
    subnetId: subnetId ?? null,
  }));
  return { revisionId: application.revisionId, stopped: application.stopped, placements };
}

/** The placements that were wanted then. */
export const wantedBefore = ({ placements }: DesiredBefore): Wanted[] =>
  placements.map(({ parked, replicas, ...placement }) => ({ ...placement, replicas: parked ?? replicas }));
