/**
 * How many pods to make and to remove next: Kubernetes' rules for a Deployment, as a pure function of what is there.
 *
 * D desired replicas, S = maxSurge (percent rounded up), U = maxUnavailable (percent rounded down; one when both are zero, else nothing
 * could move). Laws, kept whatever pods do by themselves:
 * - making never raises the pods above D + S;
 * - removing never takes a ready pod while D − U or fewer are ready, unless the current pods are more than D;
 * - when new pods get ready, repeating the plan ends with D current pods and no old ones.
 * Terminating pods count nowhere.
 */
import type { IntOrPercent, UpdateStrategy } from "../../domain/states.ts";

export interface PodCounts {
  readonly pods: number;
  readonly ready: number;
}

export interface ReplicaPlan {
  /** Current pods to make. */
  readonly create: number;
  /** Current pods to remove: those not ready first, then the youngest. */
  readonly removeCurrent: number;
  /** Old pods to remove, of those not ready and of those ready. */
  readonly removeOldUnready: number;
  readonly removeOldReady: number;
}

export function updateBounds(desired: number, strategy: UpdateStrategy): { maxSurge: number; maxUnavailable: number } {
  const maxSurge = resolve(strategy.maxSurge, desired, Math.ceil);
  const maxUnavailable = Math.min(desired, resolve(strategy.maxUnavailable, desired, Math.floor));
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge, maxUnavailable: Math.min(desired, 1) } : { maxSurge, maxUnavailable };
}

const resolve = (value: IntOrPercent, of: number, round: (share: number) => number): number =>
  value.count ?? round(((value.percent ?? 0) * of) / 100);

export function planReplicas(desired: number, strategy: UpdateStrategy, current: PodCounts, old: PodCounts): ReplicaPlan {
  const removeCurrent = Math.max(0, current.pods - desired);
  if (desired === 0) {
    return { create: 0, removeCurrent, removeOldUnready: old.pods - old.ready, removeOldReady: old.ready };
  }
  const { maxSurge, maxUnavailable } = updateBounds(desired, strategy);
  const total = current.pods + old.pods;
  const missing = Math.max(0, desired - current.pods);
  if (old.pods === 0) return { create: missing, removeCurrent, removeOldUnready: 0, removeOldReady: 0 };

  const create = Math.max(0, Math.min(missing, desired + maxSurge - total));
  const currentStaying = current.pods - removeCurrent;
  // Those not ready go first, so removing current pods takes the ready ones only beyond that.
  const currentReady = Math.min(current.ready, currentStaying);
  const minReady = desired - maxUnavailable;
  const removable = currentStaying + old.pods - minReady - (currentStaying - currentReady);
  const removeOldUnready = Math.max(0, Math.min(old.pods - old.ready, removable));
  const removeOldReady = Math.max(0, Math.min(old.ready, currentReady + old.ready - minReady));
  return { create, removeCurrent, removeOldUnready, removeOldReady };
}
