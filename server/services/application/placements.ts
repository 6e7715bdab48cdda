/**
 * An application's distribution: turning what a caller wants into placements, and moving the stored placements there.
 *
 * Invariants
 * - What is reserved on a cluster is the sum over its placements of desired × what a pod of the placement's revision requests. Every change
 *   here moves `desired` and the reservation together, in one transaction; nobody else moves either. So a removal gives its share back when
 *   it is accepted (desired becomes 0), and the worker that later deletes the row has nothing to give back. That is safe also for a cluster
 *   that is cut off: it hears of the removal no later than of what takes its place.
 * - A placement's generation rises exactly when what its agent is to do changes.
 * - A placement that is being removed keeps its row until the cluster has confirmed; wanted again meanwhile, it lives on under a higher
 *   generation.
 */
import { randomUUIDv7 } from "node:crypto";
import { amountsOf, difference, NOTHING, type PodRequests } from "../../domain/capacity.ts";
import type { DistributionInput } from "../../domain/distribution.ts";
import { accepted, type DomainError, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { podRequests } from "../../domain/pod-template.ts";
import type { NetworkType } from "../../domain/states.ts";
import { quoted } from "../../domain/text.ts";
import type { Application } from "../../entities/application.ts";
import { Placement } from "../../entities/placement.ts";
import { Revision } from "../../entities/revision.ts";
import type { StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { checkCordons, type ClusterFacts, type Demand, loadClusters, reserve } from "./clusters.ts";
import { findNetworks } from "./network.ts";

/** One cluster's share as it is to be. Ids are uuids. */
export interface Wanted {
  readonly clusterId: string;
  readonly replicas: number;
  readonly networkType: NetworkType;
  readonly vpcId: string;
  /** null with HOST. */
  readonly subnetId: string | null;
}

/** The distribution with everything that it names looked up; `path` leads to it. Its shape has been checked. */
export async function resolveDistribution(tx: Transaction, path: readonly string[], distribution: DistributionInput): Promise<Outcome<Wanted[]>> {
  const inputs = (distribution.clusters ?? []).map((input, index) => ({
    input, path: [...path, "clusters", String(index)], clusterId: uuidOf("Cluster", input.clusterId) ?? "",
  }));
  const clusters = await loadClusters(tx, inputs.map(({ clusterId }) => clusterId).filter((id) => id !== ""));
  const unknown = inputs.filter(({ clusterId }) => !clusters.has(clusterId));
  if (unknown.length > 0) {
    return refused(...unknown.map(({ input, path: at }) => notFound([...at, "clusterId"], `There is no cluster ${quoted(input.clusterId)}.`)));
  }
  const { networks, errors } = await findNetworks(tx, inputs);
  if (errors.length > 0) return refused(...errors);
  return accepted(inputs.map(({ input, clusterId }, index) => {
    const network = networks[index];
    if (!network) throw new Error("a placement without a network");
    return { clusterId, replicas: input.replicas, networkType: input.networkType, ...network };
  }));
}

export interface DistributionChange {
  /** Every placement that the application is to have; others are removed. */
  readonly wanted: readonly Wanted[];
  readonly revision: Revision;
  /** Why these replicas are here, for people; null leaves what was said before. */
  readonly reason: string | null;
  /** Into the input, for refusals; null when no one field is at fault. */
  readonly path: readonly string[] | null;
  /** What the agents are told changed beyond the placements' own columns. */
  readonly touchAll?: boolean;
}

export interface DistributionResult {
  /** One for each cluster with pods to bring about or to remove. */
  readonly steps: readonly StepPlan[];
  readonly changed: boolean;
}

/** Moves the placements, `application.desired` and the reservations. The application is locked by the caller, or was made by it. */
export async function distribute(tx: Transaction, application: Application, change: DistributionChange): Promise<Outcome<DistributionResult>> {
  const { tenantId } = tx.actor;
  const existing = await tx.em.find(Placement, { tenantId, applicationId: application.id });
  const clusters = await loadClusters(tx, [...existing, ...change.wanted].map(({ clusterId }) => clusterId));
  const factsOf = (clusterId: string): ClusterFacts => {
    const facts = clusters.get(clusterId);
    if (!facts) throw new Error(`cluster ${clusterId} vanished`);
    return facts;
  };
  const requests = podRequests(change.revision.template);
  const before = await requestsByRevision(tx, existing.map(({ revisionId }) => revisionId));
  const byCluster = new Map(existing.map((placement) => [placement.clusterId, placement]));
  const wantedClusters = new Set(change.wanted.map(({ clusterId }) => clusterId));

  const demands: Demand[] = [];
  const steps: StepPlan[] = [];
  const added: Placement[] = [];
  const touched: string[] = [];
  const step = (clusterId: string, total: number): void => void steps.push({ targetId: application.id, clusterId, name: factsOf(clusterId).code, total });

  for (const wanted of change.wanted) {
    const placement = byCluster.get(wanted.clusterId);
    const held = placement ? amountsOf(requestsOf(before, placement), placement.desired) : NOTHING;
    demands.push({
      cluster: factsOf(wanted.clusterId), requests, change: difference(amountsOf(requests, wanted.replicas), held),
      addedPods: wanted.replicas - (placement?.desired ?? 0), desired: wanted.replicas,
    });
    step(wanted.clusterId, wanted.replicas);
    if (!placement) {
      added.push(newPlacement(tx, application, change, wanted));
    } else if (change.touchAll || differs(placement, wanted, change.revision)) {
      tx.em.assign(placement, {
        desired: wanted.replicas, networkType: wanted.networkType, vpcId: wanted.vpcId, subnetId: wanted.subnetId,
        revisionId: change.revision.id, deleting: false, reason: change.reason ?? placement.reason, generation: placement.generation + 1,
      });
      touched.push(placement.id);
    }
  }
  for (const placement of existing) {
    if (wantedClusters.has(placement.clusterId)) continue;
    step(placement.clusterId, Math.max(placement.created, placement.desired));
    if (placement.deleting) continue;
    demands.push({
      cluster: factsOf(placement.clusterId), requests, change: difference(NOTHING, amountsOf(requestsOf(before, placement), placement.desired)),
      addedPods: 0, desired: 0,
    });
    tx.em.assign(placement, { desired: 0, deleting: true, generation: placement.generation + 1 });
    touched.push(placement.id);
  }

  const refusals = checkCordons(demands, change.path);
  if (refusals.length > 0) return refused(...refusals);
  if (added.length > 0) await tx.em.insertMany(Placement, added);
  const desired = change.wanted.reduce((sum, { replicas }) => sum + replicas, 0);
  if (application.desired !== desired) tx.em.assign(application, { desired });
  await tx.em.flush();
  const noRoom: DomainError[] = await reserve(tx, demands, change.path);
  if (noRoom.length > 0) return refused(...noRoom);
  tx.changed("placement", ...added.map(({ id }) => id), ...touched);
  return accepted({ steps, changed: added.length > 0 || touched.length > 0 });
}

/** The placements as they are wanted now, e.g. to change only their replicas. */
export async function presentlyWanted(tx: Transaction, application: Application): Promise<Wanted[]> {
  const placements = await tx.em.find(Placement, { tenantId: tx.actor.tenantId, applicationId: application.id, deleting: false }, { orderBy: { clusterId: "asc" } });
  return placements.map(({ clusterId, desired, networkType, vpcId, subnetId }) => ({ clusterId, replicas: desired, networkType, vpcId, subnetId: subnetId ?? null }));
}

const differs = (placement: Placement, wanted: Wanted, revision: Revision): boolean =>
  placement.deleting || placement.desired !== wanted.replicas || placement.revisionId !== revision.id || placement.networkType !== wanted.networkType ||
  placement.vpcId !== wanted.vpcId || (placement.subnetId ?? null) !== wanted.subnetId;

const newPlacement = (tx: Transaction, application: Application, change: DistributionChange, wanted: Wanted): Placement => ({
  tenantId: tx.actor.tenantId, id: randomUUIDv7(), applicationId: application.id, namespaceId: application.namespaceId, clusterId: wanted.clusterId,
  revisionId: change.revision.id, networkType: wanted.networkType, vpcId: wanted.vpcId, subnetId: wanted.subnetId, desired: wanted.replicas,
  created: 0, ready: 0, updated: 0, unavailable: wanted.replicas, generation: 1, observedGeneration: 0, reason: change.reason ?? "",
  assignEip: false, eipBandwidthMbps: 5, deleting: false,
});

async function requestsByRevision(tx: Transaction, revisionIds: readonly string[]): Promise<Map<string, PodRequests>> {
  if (revisionIds.length === 0) return new Map();
  const revisions = await tx.em.find(Revision, { tenantId: tx.actor.tenantId, id: { $in: [...new Set(revisionIds)] } });
  return new Map(revisions.map((revision) => [revision.id, podRequests(revision.template)]));
}

function requestsOf(requests: ReadonlyMap<string, PodRequests>, placement: Placement): PodRequests {
  const found = requests.get(placement.revisionId);
  if (!found) throw new Error(`placement ${placement.id} has no revision`);
  return found;
}
