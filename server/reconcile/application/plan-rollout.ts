/**
 * A rollout takes an application from one revision to another; at most one is under way.
 *
 *   PROGRESSING ──every placement complete──▶ SUCCEEDED
 *        ├── another change of revision, or the deletion of the application ──▶ ABORTED
 *        ├── its deadline passed, with autoRollback ──▶ ABORTING ──complete on the old revision──▶ ROLLED_BACK
 *        │                                              (a cancelled one is ABORTING too: the mutation said so)
 *        └── its deadline passed, and there is no way back (no old revision, no room for it) ──▶ FAILED
 *
 * - Progress is that more replicas stand ready on the new revision than ever before in this rollout: a pod that crashes and comes back is none.
 * - The deadline counts from the last progress, and only while an unfinished cluster is connected: from the moment on which the first of those that
 *   are connected came, where that is later. While none is, nothing passes.
 * - Without autoRollback the deadline changes nothing here: the operation says STALLED, and it goes on.
 * - The way back moves reservations, which may be refused; so it is an action that ends in ABORTING or FAILED when it is carried out, and the
 *   application is planned again then, in the same transaction.
 */
import { describeTroubles, isComplete, readyOnRevision } from "../../domain/application-status.ts";
import { duration } from "../../domain/operation-progress.ts";
import { isTerminal, type RolloutState } from "../../domain/states.ts";
import type { PlacementLook } from "./plan-placements.ts";
import type { OperationRow, RolloutRow, Situation } from "./situation.ts";

export interface RolloutUpdate {
  readonly id: string;
  readonly state: RolloutState;
  readonly updated: number;
  readonly total: number;
  readonly reason: string | null;
  /** Milliseconds on the simulation's clock, both. */
  readonly progressedAt: number;
  readonly finishedAt: number | null;
}

/** Take the placements that are on the new revision back to the old one. */
export interface RollBackAction {
  readonly rolloutId: string;
  readonly operationId: string | null;
  readonly fromRevisionId: string;
  readonly toRevisionId: string;
  /** Why. */
  readonly reason: string;
}

export interface RolloutPlan {
  readonly rollout: RolloutUpdate | null;
  readonly rollBack: RollBackAction | null;
  /** When a deadline passes, unless something happens before; milliseconds on the simulation's clock. */
  readonly checkAt: number | null;
}

const NOTHING: RolloutPlan = { rollout: null, rollBack: null, checkAt: null };

export function planRollout(situation: Situation, left: readonly PlacementLook[], now: number): RolloutPlan {
  const { application, rollout } = situation;
  if (!rollout || rollout.state === "PAUSED") return NOTHING;
  if (application.deleting) return { ...NOTHING, rollout: ended(rollout, "ABORTED", "The application is being deleted.", now) };
  const staying = left.filter(({ progress }) => !progress.removing);
  return rollout.state === "ABORTING" ? goingBack(situation, rollout, staying, now) : goingForward(situation, rollout, staying, now);
}

function goingForward(situation: Situation, rollout: RolloutRow, staying: readonly PlacementLook[], now: number): RolloutPlan {
  const concerned = staying.filter(({ revisionId }) => revisionId === rollout.toRevisionId);
  if (concerned.length === 0 && situation.application.revisionId !== rollout.toRevisionId) return { ...NOTHING, rollout: ended(rollout, "ABORTED", TAKEN_OVER, now) };

  const total = concerned.reduce((sum, { progress }) => sum + progress.desired, 0);
  if (concerned.every(({ progress }) => isComplete(progress))) {
    return { ...NOTHING, rollout: { ...ended(rollout, "SUCCEEDED", null, now), updated: total, total } };
  }
  const there = concerned.reduce((sum, { progress }) => sum + (progress.inSync ? readyOnRevision(progress) : 0), 0);
  const updated = Math.min(total, Math.max(rollout.updated, there));
  const progressedAt = updated > rollout.updated ? now : rollout.progressedAt;
  const moved = changed(rollout, { updated, total, progressedAt });

  const unfinished = new Set(concerned.filter(({ progress }) => !isComplete(progress)).map(({ clusterId }) => clusterId));
  const since = rollout.online.filter(({ clusterId }) => unfinished.has(clusterId)).map((cluster) => cluster.since);
  if (!rollout.autoRollback) return { rollout: moved, rollBack: null, checkAt: stallsAt(situation, rollout, now) };
  if (since.length === 0) return { ...NOTHING, rollout: moved };
  const deadline = Math.max(progressedAt, Math.min(...since)) + rollout.progressDeadlineSeconds * 1_000;
  if (now < deadline) return { rollout: moved, rollBack: null, checkAt: deadline };

  // What its pods suffer from is said here or nowhere: once the way back is taken, they are gone.
  const because = [`${updated} of ${total} replicas were ready on revision ${rollout.toNumber}`, ...describeTroubles(situation.troubles)].join("; ");
  const reason = `No progress for ${duration(rollout.progressDeadlineSeconds)}: ${because}.`;
  if (rollout.fromRevisionId === null || !hasWayBack(rollout)) return { ...NOTHING, rollout: { ...ended(rollout, "FAILED", `${reason} There is no revision to go back to.`, now), updated, total } };
  const { id: rolloutId, operationId, fromRevisionId, toRevisionId } = rollout;
  return { rollout: moved, rollBack: { rolloutId, operationId, fromRevisionId, toRevisionId, reason: `${reason} It goes back to revision ${rollout.fromNumber}.` }, checkAt: null };
}

function goingBack({ application }: Situation, rollout: RolloutRow, staying: readonly PlacementLook[], now: number): RolloutPlan {
  if (application.revisionId === rollout.toRevisionId || staying.some(({ revisionId }) => revisionId === rollout.toRevisionId)) {
    return { ...NOTHING, rollout: ended(rollout, "ABORTED", TAKEN_OVER, now) };
  }
  const total = staying.reduce((sum, { progress }) => sum + progress.desired, 0);
  if (staying.every(({ progress }) => isComplete(progress))) {
    return { ...NOTHING, rollout: { ...ended(rollout, "ROLLED_BACK", rollout.reason, now), updated: 0, total } };
  }
  // Clusters that have not confirmed the way back say how many pods are on the new revision; the others how many are not.
  const there = staying.reduce((sum, { progress }) => sum + (progress.inSync ? Math.max(0, progress.created - progress.updated) : progress.updated), 0);
  return { ...NOTHING, rollout: changed(rollout, { updated: Math.min(total, rollout.updated, there), total, progressedAt: rollout.progressedAt }) };
}

const hasWayBack = ({ fromRevisionId, toRevisionId }: RolloutRow): boolean => fromRevisionId !== null && fromRevisionId !== toRevisionId;

/** The operation is the one of the rollout under way, which will be taken back by itself unless it gets on; `planned` is what becomes of that now. */
export const mayGoBack = ({ rollout }: Situation, planned: RolloutPlan, operation: OperationRow): boolean =>
  rollout?.state === "PROGRESSING" && rollout.autoRollback && hasWayBack(rollout) && (planned.rollout?.finishedAt ?? null) === null &&
  (operation.id === rollout.operationId || operation.rolloutId === rollout.id);

const TAKEN_OVER = "Another change of the application took over.";

const ended = (rollout: RolloutRow, state: RolloutState, reason: string | null, now: number): RolloutUpdate => ({
  id: rollout.id, state, updated: rollout.updated, total: rollout.total, reason, progressedAt: rollout.progressedAt, finishedAt: now,
});

function changed(rollout: RolloutRow, next: Pick<RolloutUpdate, "updated" | "total" | "progressedAt">): RolloutUpdate | null {
  if (next.updated === rollout.updated && next.total === rollout.total && next.progressedAt === rollout.progressedAt) return null;
  return { id: rollout.id, state: rollout.state, reason: rollout.reason, finishedAt: null, ...next };
}

/** When the rollout's operation becomes STALLED; null where it is already, or nothing is unfinished. */
function stallsAt({ operations }: Situation, rollout: RolloutRow, now: number): number | null {
  const at = operations
    .filter(({ id, rolloutId, state }) => (id === rollout.operationId || rolloutId === rollout.id) && !isTerminal(state))
    .map(({ progressedAt, deadlineSeconds }) => progressedAt + deadlineSeconds * 1_000)
    .filter((deadline) => deadline > now);
  return at.length === 0 ? null : Math.min(...at);
}
