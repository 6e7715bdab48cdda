/**
 * Rollouts: an application's way from one revision to another.
 *
 *   PROGRESSING ──all pods on the new one──▶ SUCCEEDED
 *       ├── another change of revision, or the deletion, takes over ──▶ ABORTED
 *       ├── no progress for its deadline ──▶ ABORTING (with autoRollback) ──all back──▶ ROLLED_BACK, or FAILED where there is no way back
 *       └── its operation is cancelled ──▶ ABORTING ──another change of revision takes over──▶ ABORTED
 *
 * Invariants
 * - At most one of an application is under way: the database keeps it.
 * - While one is PROGRESSING, the application's revision is the one that it goes to; while it is ABORTING, the one that it came from.
 * - Mutations start and abort rollouts, and turn them back; how far they are, and how they end, is the worker's to say.
 * - Scaling, moving, stopping, starting and restarting leave a rollout alone: it goes on with what is wanted then.
 */
import { randomUUIDv7 } from "node:crypto";
import { accepted, type DomainError, invalidState, type Outcome } from "../../domain/errors.ts";
import type { RolloutStrategy, UpdateStrategy } from "../../domain/states.ts";
import type { Application } from "../../entities/application.ts";
import { Revision } from "../../entities/revision.ts";
import { Rollout } from "../../entities/rollout.ts";
import type { Transaction } from "../transaction.ts";
import { markUpdating, putToWork, raiseVersion } from "./change.ts";
import type { ApplicationResult } from "./create.ts";
import { distribute } from "./distribute.ts";
import { checkReferences } from "./template.ts";
import { desiredNow, wantedBefore } from "./wanted.ts";

export const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

/** How a rollout goes. */
export interface RolloutManner {
  readonly strategy: RolloutStrategy;
  /** Of this rollout alone; null: the application's. */
  readonly updateStrategy: UpdateStrategy | null;
  readonly progressDeadlineSeconds: number;
  readonly autoRollback: boolean;
}

export const FULL_ROLLOUT: RolloutManner = {
  strategy: "FULL",
  updateStrategy: null,
  progressDeadlineSeconds: DEFAULT_PROGRESS_DEADLINE_SECONDS,
  autoRollback: true,
};

export interface RevisionChange {
  readonly kind: "UPGRADE_APPLICATION" | "ROLL_BACK_APPLICATION";
  readonly revision: Revision;
  readonly manner: RolloutManner;
  /** Into the input, for refusals; null when no one field is at fault. */
  readonly path: readonly string[] | null;
}

/** The caller holds the application's lock. */
export async function rolloutUnderWay(tx: Transaction, application: Application): Promise<Rollout | null> {
  if (!application.rolloutId) return null;
  return tx.em.findOne(Rollout, { tenantId: tx.actor.tenantId, id: application.rolloutId, finishedAt: null });
}

/** Why an upgrade has to wait, or null. It takes over a rollout that is on its way back: a cluster that is cut off in the middle of one must not bar the mending of it. */
export async function refuseDuringRollout(tx: Transaction, application: Application): Promise<DomainError | null> {
  const rollout = await rolloutUnderWay(tx, application);
  if (!rollout || rollout.state === "ABORTING") return null;
  return invalidState(
    rollout.state,
    `A rollout of application ${application.name} is under way: wait for its end, cancel its operation, or roll back.`,
  );
}

/** Puts every placement on another revision, and starts the rollout that brings its pods there. */
export async function rollOut(tx: Transaction, application: Application, change: RevisionChange): Promise<Outcome<ApplicationResult>> {
  const { kind, revision, manner, path } = change;
  const before = await desiredNow(tx, application);
  await abortRollout(tx, application, `${KIND_WORDS[kind]} revision ${revision.number} by ${tx.actor.tokenName} took over.`);
  tx.em.assign(application, { revisionId: revision.id, rolloutStrategy: manner.updateStrategy });
  raiseVersion(tx, application);
  const distributed = await distribute(tx, application, {
    wanted: wantedBefore(before),
    revision,
    reason: null,
    path,
  });
  if (!distributed.ok) return distributed;
  markUpdating(tx, application);
  const rolloutId = randomUUIDv7();
  const operationId = await putToWork(tx, application, kind, distributed.value.steps, {
    before,
    rolloutId,
    deadlineSeconds: manner.progressDeadlineSeconds,
  });
  await startRollout(tx, application, { id: rolloutId, operationId, fromRevisionId: before.revisionId, manner });
  return accepted({ applicationId: application.id, operationId });
}

const KIND_WORDS = { UPGRADE_APPLICATION: "An upgrade to", ROLL_BACK_APPLICATION: "A return to" } as const;

export interface NewRollout {
  readonly id: string;
  readonly operationId: string;
  readonly fromRevisionId: string;
  readonly manner: RolloutManner;
}

/** To the application's revision, which its placements have been put on already. None other is under way. */
export async function startRollout(tx: Transaction, application: Application, { id, operationId, fromRevisionId, manner }: NewRollout): Promise<void> {
  await tx.em.insert(Rollout, {
    tenantId: tx.actor.tenantId,
    id,
    applicationId: application.id,
    namespaceId: application.namespaceId,
    fromRevisionId,
    toRevisionId: application.revisionId,
    strategy: manner.strategy,
    updateStrategy: manner.updateStrategy ?? application.updateStrategy,
    clusterIds: [],
    progressDeadlineSeconds: manner.progressDeadlineSeconds,
    autoRollback: manner.autoRollback,
    operationId,
    state: "PROGRESSING",
    updated: 0,
    total: application.desired,
    reason: null,
    startedAt: tx.at,
    progressedAt: tx.at,
    finishedAt: null,
  });
  tx.em.assign(application, { rolloutId: id });
  tx.changed("rollout", id);
}

/** The rollout under way, if there is one, goes on by this strategy: the application's new one. */
export async function goOnBy(tx: Transaction, application: Application, updateStrategy: UpdateStrategy): Promise<void> {
  const rollout = await rolloutUnderWay(tx, application);
  if (!rollout) return;
  tx.em.assign(rollout, { updateStrategy });
  tx.changed("rollout", rollout.id);
}

/** Turns the rollout around, if it is under way still: the application's revision is the old one again, and the worker ends it once all pods are. */
export async function turnBack(tx: Transaction, rolloutId: string, reason: string): Promise<void> {
  const rollout = await tx.em.findOne(Rollout, { tenantId: tx.actor.tenantId, id: rolloutId, finishedAt: null });
  if (!rollout) return;
  tx.em.assign(rollout, { state: "ABORTING", reason, progressedAt: tx.at });
  tx.changed("rollout", rollout.id);
}

/**
 * Another operation carries it on: the same rollout while it is under way, else one like it, to the application's revision. Since the first one ended
 * nothing has kept what its old revision refers to: where that is gone, the new one does not go back by itself.
 */
export async function carryOn(tx: Transaction, application: Application, rollout: Rollout, ids: { readonly id: string; readonly operationId: string }): Promise<void> {
  if (rollout.finishedAt) {
    const { strategy, updateStrategy, progressDeadlineSeconds } = rollout;
    const fromRevisionId = rollout.fromRevisionId ?? application.revisionId;
    const autoRollback = rollout.autoRollback && (await isWhole(tx, application, fromRevisionId));
    await startRollout(tx, application, { ...ids, fromRevisionId, manner: { strategy, updateStrategy, progressDeadlineSeconds, autoRollback } });
    return;
  }
  tx.em.assign(rollout, { operationId: ids.operationId, progressedAt: tx.at });
  tx.changed("rollout", rollout.id);
}

/** Whether all that the revision refers to is there; it stays until the transaction ends. */
async function isWhole(tx: Transaction, { namespaceId }: Application, revisionId: string): Promise<boolean> {
  const { template } = await tx.em.findOneOrFail(Revision, { tenantId: tx.actor.tenantId, id: revisionId });
  return (await checkReferences(tx, namespaceId, template)).length === 0;
}

/** Ends the rollout under way, if there is one: old and new pods stand as they are, and something else moves them on. */
export async function abortRollout(tx: Transaction, application: Application, reason: string): Promise<void> {
  const rollout = await rolloutUnderWay(tx, application);
  if (!rollout) return;
  tx.em.assign(rollout, { state: "ABORTED", reason, finishedAt: tx.at });
  // Before another one starts: the database lets only one be under way.
  await tx.em.flush();
  tx.changed("rollout", rollout.id);
}
