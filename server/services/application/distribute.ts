/**
 * Moving an application's placements to where they are wanted.
 *
 * Invariants
 * - What is reserved on a cluster is the sum over its placements of desired × what a pod of the placement's revision requests; SPOT reserves nothing,
 *   because whatever is reserved may take its place. `desired` and
 *   the reservation move together, here, in one transaction; nobody else moves either. So a removal gives its share back when it is accepted
 *   (desired becomes 0), and the worker that later deletes the row has nothing to give back. That is safe also for a cluster that is cut
 *   off: it hears of the removal no later than of what takes its place.
 * - A placement's generation rises exactly when what its agent is to do changes; what the cluster said of an older one (`problem`) is dropped.
 * - Of a stopped application no pods are wanted: `desired` is 0, and the replicas that it comes back to are `parked`, which are null otherwise.
 * - A placement that is being removed keeps its row until the cluster has confirmed; wanted again meanwhile, it lives on under a higher
 *   generation.
 */
import { randomUUIDv7 } from "node:crypto";
import { arrayText } from "../../database/arrays.ts";
import { amountsOf, difference, NOTHING, type PodRequests } from "../../domain/capacity.ts";
import { accepted, type Outcome, refused } from "../../domain/errors.ts";
import { podRequests } from "../../domain/pod-template.ts";
import { stepTotal } from "../../domain/step-total.ts";
import type { Application } from "../../entities/application.ts";
import { Placement } from "../../entities/placement.ts";
import { Revision } from "../../entities/revision.ts";
import type { StepPlan } from "../operation.ts";
import { moveServices } from "../service-followers.ts";
import type { Transaction } from "../transaction.ts";
import { checkCordons, type ClusterFacts, type Demand, loadClusters, reserve } from "./clusters.ts";
import { checkRegions, type RegionalDemand } from "./regions.ts";
import type { Wanted } from "./wanted.ts";

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
  /** All pods are replaced, though the placements stay as they are. */
  readonly anew?: boolean;
}

export interface DistributionResult {
  /** One for each cluster with pods to bring about or to remove. */
  readonly steps: readonly StepPlan[];
  readonly changed: boolean;
  /** More than `touchAll` asked for: a placement is new, goes, or is other than before. */
  readonly moved: boolean;
}

/** What a placement is to be now: no replicas while the application is stopped. */
interface Aim extends Wanted {
  readonly parked: number | null;
}

/** One cluster's part of the change: neither is null for a placement that stays. */
interface Move {
  readonly clusterId: string;
  readonly placement: Placement | null;
  readonly wanted: Aim | null;
}

/**
 * Moves the placements, `application.desired` and the reservations. The application is locked by the caller, or was made by it; whether it is
 * stopped is decided already.
 */
export async function distribute(
  tx: Transaction,
  application: Application,
  change: DistributionChange,
): Promise<Outcome<DistributionResult>> {
  const existing = await tx.em.find(Placement, { tenantId: tx.actor.tenantId, applicationId: application.id });
  const aims = change.wanted.map((one): Aim => (application.stopped ? { ...one, replicas: 0, parked: one.replicas } : { ...one, parked: null }));
  const moves = movesOf(application, existing, aims);
  const clusters = await loadClusters(
    tx,
    moves.map(({ clusterId }) => clusterId),
  );
  const held = await requestsOfRevisions(tx, existing);
  const reserves = application.capacityType !== "SPOT";
  const demands = moves.map((move) => demandOf(move, known(clusters, move.clusterId), podRequests(change.revision.template), held, reserves));
  const steps = moves.map((move) => stepOf(move, known(clusters, move.clusterId), application));

  const cordoned = checkCordons(demands, change.path);
  if (cordoned.length > 0) return refused(...cordoned);
  const unfit = await checkRegions(tx, application, change.revision.template, moves.flatMap((move) => regionalDemandOf(move, change)), change.path);
  if (unfit.length > 0) return refused(...unfit);
  const moved = moves.some(({ placement, wanted }) => !placement || (wanted ? differs(placement, wanted, change.revision) : !placement.deleting));
  const otherVpc = existing.length > 0 && moves.some(({ placement, wanted }) => wanted && placement?.vpcId !== wanted.vpcId);
  const changed = await carryOut(tx, application, change, moves);
  const byCluster = new Map(existing.map((placement) => [placement.clusterId, placement]));
  const total = (count: (one: Wanted) => number): number => aims.reduce((sum, one) => sum + count(one), 0);
  tx.em.assign(application, {
    desired: total(({ replicas }) => replicas),
    unavailable: total(({ clusterId, replicas }) => lacking(replicas, byCluster.get(clusterId))),
  });
  await tx.em.flush();
  const noRoom = await reserve(tx, demands, change.path);
  if (noRoom.length > 0) return refused(...noRoom);
  if (otherVpc) await moveServices(tx, application);
  tx.changed("placement", ...changed);
  return accepted({ steps, changed: changed.length > 0, moved });
}

/** A placement that is on its way out already is a part of no further change, but of the whole application's deletion, which waits for it. */
function movesOf(application: Application, existing: readonly Placement[], wanted: readonly Aim[]): Move[] {
  const byCluster = new Map(existing.map((placement) => [placement.clusterId, placement]));
  const staying = new Set(wanted.map(({ clusterId }) => clusterId));
  return [
    ...wanted.map((one) => ({ clusterId: one.clusterId, placement: byCluster.get(one.clusterId) ?? null, wanted: one })),
    ...existing
      .filter(({ clusterId, deleting }) => !staying.has(clusterId) && (!deleting || application.deleting))
      .map((placement) => ({ clusterId: placement.clusterId, placement, wanted: null })),
  ];
}

function demandOf(
  { placement, wanted }: Move,
  cluster: ClusterFacts,
  requests: PodRequests,
  held: ReadonlyMap<string, PodRequests>,
  reserves: boolean,
): Demand {
  const before = placement ? amountsOf(known(held, placement.revisionId), placement.desired) : NOTHING;
  const desired = wanted?.replicas ?? 0;
  return { cluster, requests, change: reserves ? difference(amountsOf(requests, desired), before) : NOTHING, addedPods: desired - before.pods, desired };
}

function regionalDemandOf({ clusterId, placement, wanted }: Move, { revision, anew = false }: DistributionChange): RegionalDemand[] {
  if (wanted === null || wanted.replicas === 0) return [];
  const isNew = anew || placement === null || placement.revisionId !== revision.id || wanted.replicas > placement.desired || isElsewhere(placement, wanted);
  return [{ clusterId, desired: wanted.replicas, isNew }];
}

const stepOf = ({ placement, wanted }: Move, cluster: ClusterFacts, application: Application): StepPlan => ({
  targetId: application.id,
  clusterId: cluster.id,
  name: cluster.code,
  total: stepTotal(wanted?.replicas ?? 0, { desired: placement?.desired ?? 0, created: placement?.created ?? 0 }),
});

/** Returns the ids of the placements that are new or other than before. One that only comes back to other replicas gives its agent nothing to do. */
async function carryOut(tx: Transaction, application: Application, change: DistributionChange, moves: readonly Move[]): Promise<string[]> {
  const added: Placement[] = [];
  const touched: string[] = [];
  const parkedOnly: string[] = [];
  for (const { placement, wanted } of moves) {
    if (!placement) {
      if (wanted) added.push(newPlacement(tx, application, change, wanted));
    } else if (!wanted) {
      if (placement.deleting) continue;
      tx.em.assign(placement, { desired: 0, parked: null, unavailable: 0, deleting: true, problem: null, generation: placement.generation + 1 });
      touched.push(placement.id);
    } else if (change.touchAll || differs(placement, wanted, change.revision)) {
      const { replicas: desired, parked, networkType, vpcId, subnetId } = wanted;
      const reason = change.reason ?? placement.reason;
      const generation = placement.generation + 1;
      tx.em.assign(placement, {
        desired,
        parked,
        unavailable: lacking(desired, placement),
        networkType,
        vpcId,
        subnetId,
        revisionId: change.revision.id,
        deleting: false,
        problem: null,
        reason,
        generation,
      });
      touched.push(placement.id);
    } else if ((placement.parked ?? null) !== wanted.parked) {
      tx.em.assign(placement, { parked: wanted.parked, reason: change.reason ?? placement.reason });
      parkedOnly.push(placement.id);
    }
  }
  await lockPlacements(tx, [...touched, ...parkedOnly]);
  if (added.length > 0) await tx.em.insertMany(Placement, added);
  return [...added.map(({ id }) => id), ...touched, ...parkedOnly];
}

/** In the order of their ids, as reports take them: so that whoever changes several of them waits for nobody in a circle. */
export async function lockPlacements(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length < 2) return;
  await tx.em.execute("select from placement where tenant_id = ? and id = any (?::uuid[]) order by id for no key update", [tx.actor.tenantId, arrayText(ids)]);
}

/** Wanted pods that are not ready, as far as the cluster has said. */
const lacking = (desired: number, placement: Placement | undefined): number => Math.max(0, desired - (placement?.ready ?? 0));

const differs = (placement: Placement, wanted: Wanted, revision: Revision): boolean =>
  placement.deleting ||
  placement.desired !== wanted.replicas ||
  placement.revisionId !== revision.id ||
  isElsewhere(placement, wanted);

/** In another network, which pods can't change. */
const isElsewhere = (placement: Placement, wanted: Wanted): boolean =>
  placement.networkType !== wanted.networkType || placement.vpcId !== wanted.vpcId || (placement.subnetId ?? null) !== wanted.subnetId;

const newPlacement = (tx: Transaction, application: Application, change: DistributionChange, wanted: Aim): Placement => ({
  tenantId: tx.actor.tenantId,
  id: randomUUIDv7(),
  applicationId: application.id,
  namespaceId: application.namespaceId,
  clusterId: wanted.clusterId,
  revisionId: change.revision.id,
  networkType: wanted.networkType,
  vpcId: wanted.vpcId,
  subnetId: wanted.subnetId,
  desired: wanted.replicas,
  created: 0,
  ready: 0,
  updated: 0,
  unavailable: wanted.replicas,
  generation: 1,
  observedGeneration: 0,
  reason: change.reason ?? "",
  assignEip: false,
  eipBandwidthMbps: 5,
  deleting: false,
  parked: wanted.parked,
  configured: 0,
  problem: null,
});

async function requestsOfRevisions(tx: Transaction, placements: readonly Placement[]): Promise<Map<string, PodRequests>> {
  const ids = [...new Set(placements.map(({ revisionId }) => revisionId))];
  if (ids.length === 0) return new Map();
  const revisions = await tx.em.find(Revision, { tenantId: tx.actor.tenantId, id: { $in: ids } });
  return new Map(revisions.map((revision) => [revision.id, podRequests(revision.template)]));
}

/** Foreign keys keep what is asked for here. */
function known<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id);
  if (value === undefined) throw new Error(`${id} vanished during the transaction`);
  return value;
}
