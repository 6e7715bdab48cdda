/**
 * The status of an application, from what its placements have and what it was before.
 *
 *   PENDING ──a cluster confirmed──▶ DEPLOYING ──complete──▶ RUNNING ◀──complete── UPDATING ◀─┐
 *                                                              │  ▲                            │ a change that not every
 *                                             lacks pods       ▼  │ complete                   │ cluster has confirmed
 *                                                            DEGRADED ─────────────────────────┘ (from RUNNING and STOPPED too)
 *   any ──deletion accepted──▶ DELETING            complete with no pods wanted: STOPPED
 *
 * A placement is *in sync* when its cluster has confirmed the newest generation, and *complete* when it is in sync and exactly the desired
 * pods are there, all of the placement's revision and all ready. An application is complete when every placement is, and none waits to be
 * removed. UPDATING and DEPLOYING end with completeness only: a rollout that gets stuck stays visible as one, and its operation says STALLED.
 */
import type { ApplicationStatus } from "./states.ts";

export interface PlacementProgress {
  /** 0 where it is being removed. */
  readonly desired: number;
  readonly created: number;
  readonly ready: number;
  /** Pods of the placement's revision. */
  readonly updated: number;
  /** It is to go, and waits for its cluster to say that nothing is left. */
  readonly removing: boolean;
  readonly inSync: boolean;
  /** Its cluster has confirmed some generation of it. */
  readonly everConfirmed: boolean;
}

export interface StatusVerdict {
  readonly status: ApplicationStatus;
  /** A sentence; null with RUNNING. */
  readonly reason: string | null;
}

export const isComplete = (placement: PlacementProgress): boolean =>
  placement.inSync && !placement.removing && placement.created === placement.desired && placement.ready === placement.desired && placement.updated === placement.desired;

export function applicationStatus(before: ApplicationStatus, deleting: boolean, placements: readonly PlacementProgress[]): StatusVerdict {
  const sum = (count: (placement: PlacementProgress) => number): number => placements.reduce((total, placement) => total + count(placement), 0);
  const desired = sum((placement) => placement.desired);
  const ready = sum((placement) => Math.min(placement.ready, placement.desired));
  const created = sum((placement) => placement.created);
  const confirmed = placements.filter((placement) => placement.inSync).length;
  const removing = placements.filter((placement) => placement.removing).length;

  if (deleting) return { status: "DELETING", reason: `${plural(created, "pod")} on ${plural(placements.length, "cluster")} ${created === 1 ? "is" : "are"} left to remove.` };
  if (placements.every(isComplete)) return desired === 0 ? { status: "STOPPED", reason: "No pods are wanted." } : { status: "RUNNING", reason: null };

  const waiting = confirmed < placements.length || removing > 0;
  const parts = [
    ...(confirmed < placements.length ? [`${confirmed} of ${plural(placements.length, "cluster")} ${placements.length === 1 ? "has" : "have"} confirmed the newest change`] : []),
    ...(removing > 0 ? [`it is being removed from ${plural(removing, "cluster")}`] : []),
    `${ready} of ${plural(desired, "pod")} ${desired === 1 ? "is" : "are"} ready`,
  ];
  const reason = `${capitalised(parts.join(", "))}.`;
  if (before === "PENDING" || before === "DEPLOYING") {
    return placements.some((placement) => placement.everConfirmed) ? { status: "DEPLOYING", reason } : { status: "PENDING", reason };
  }
  return { status: waiting || before === "UPDATING" ? "UPDATING" : "DEGRADED", reason };
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
