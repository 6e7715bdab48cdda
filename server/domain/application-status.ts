/**
 * The status of an application, from what its placements have and what it was before.
 *
 *   PENDING ──a cluster confirmed──▶ DEPLOYING ──complete──▶ RUNNING ◀──complete── UPDATING ◀─┐
 *                                                              │  ▲                            │ a change that not every
 *                                             lacks pods       ▼  │ complete                   │ cluster has confirmed
 *                                                            DEGRADED ─────────────────────────┘ (from RUNNING and STOPPED too)
 *   any ──deletion accepted──▶ DELETING            complete with no pods wanted: STOPPED
 *
 * A placement is *in sync* when its cluster has confirmed the newest generation, and *complete* when it is in sync, its cluster has no problem
 * with it, and exactly the desired pods are there, all of the placement's revision and all ready. An application is complete when every
 * placement is, and none waits to be removed. UPDATING and DEPLOYING end with completeness only: a rollout that gets stuck stays visible as
 * one, its reason names what its pods suffer from, and its operation says STALLED.
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
  /** Why its cluster can't carry out what it has confirmed, a sentence; null when it can. */
  readonly problem: string | null;
}

/** Pods of one cluster that are not ready for one reason. */
export interface PodTrouble {
  readonly clusterCode: string;
  readonly reason: string;
  readonly pods: number;
}

export interface ApplicationFacts {
  /** No pods are wanted until it is started again. */
  readonly stopped?: boolean;
  readonly troubles?: readonly PodTrouble[];
  readonly problems?: readonly { readonly clusterCode: string; readonly problem: string }[];
}

export interface StatusVerdict {
  readonly status: ApplicationStatus;
  /** A sentence; null with RUNNING. */
  readonly reason: string | null;
}

/** Reasons, and clusters, that are named; of others only how many there are. */
const NAMED = 3;

export const isComplete = (placement: PlacementProgress): boolean =>
  placement.inSync && placement.problem === null && !placement.removing &&
  placement.created === placement.desired && placement.ready === placement.desired && placement.updated === placement.desired;

/**
 * How many wanted pods are ready on the placement's revision, at least: a cluster says how many are ready, and how many are of the revision. Exact
 * while pods of other revisions are ready; it never counts a ready pod of an old revision for one of the new that is not.
 */
export const readyOnRevision = ({ created, ready, updated, desired }: Pick<PlacementProgress, "created" | "ready" | "updated" | "desired">): number =>
  Math.max(0, Math.min(desired, ready, updated, ready + updated - created));

export function applicationStatus(
  before: ApplicationStatus, deleting: boolean, placements: readonly PlacementProgress[], { stopped = false, troubles = [], problems = [] }: ApplicationFacts = {},
): StatusVerdict {
  const sum = (count: (placement: PlacementProgress) => number): number => placements.reduce((total, placement) => total + count(placement), 0);
  const desired = sum((placement) => placement.desired);
  const ready = sum((placement) => Math.min(placement.ready, placement.desired));
  const created = sum((placement) => placement.created);
  const confirmed = placements.filter((placement) => placement.inSync).length;
  const removing = placements.filter((placement) => placement.removing).length;

  if (deleting) return { status: "DELETING", reason: `${plural(created, "pod")} on ${plural(placements.length, "cluster")} ${created === 1 ? "is" : "are"} left to remove.` };
  if (placements.every(isComplete)) {
    return desired === 0 ? { status: "STOPPED", reason: stopped ? "It was stopped." : "No pods are wanted." } : { status: "RUNNING", reason: null };
  }

  const waiting = confirmed < placements.length || removing > 0;
  const parts = [
    ...(confirmed < placements.length ? [`${confirmed} of ${plural(placements.length, "cluster")} ${placements.length === 1 ? "has" : "have"} confirmed the newest change`] : []),
    ...(removing > 0 ? [`it is being removed from ${plural(removing, "cluster")}`] : []),
    desired === 0 ? `${plural(created, "pod")} ${created === 1 ? "is" : "are"} left to remove` : `${ready} of ${plural(desired, "pod")} ${desired === 1 ? "is" : "are"} ready`,
  ];
  const reason = `${capitalised([parts.join(", "), ...describeTroubles(troubles), ...describeProblems(problems)].join("; "))}.`;
  if (before === "PENDING" || before === "DEPLOYING") {
    return placements.some((placement) => placement.everConfirmed) ? { status: "DEPLOYING", reason } : { status: "PENDING", reason };
  }
  return { status: waiting || before === "UPDATING" ? "UPDATING" : "DEGRADED", reason };
}

/** E.g. "3 CrashLoopBackOff, 1 ImagePullBackOff (shaoxing-2)": the most frequent first, and where they are. Empty where there is no trouble. */
export function describeTroubles(troubles: readonly PodTrouble[]): string[] {
  if (troubles.length === 0) return [];
  const most = (key: (trouble: PodTrouble) => string): [string, number][] =>
    [...Map.groupBy(troubles, key)].map(([name, some]): [string, number] => [name, some.reduce((sum, { pods }) => sum + pods, 0)])
      .toSorted(([a, pods], [b, others]) => others - pods || (a < b ? -1 : 1));
  const reasons = most(({ reason }) => reason);
  const clusters = most(({ clusterCode }) => clusterCode).map(([code]) => code);
  const rest = reasons.slice(NAMED).reduce((sum, [, pods]) => sum + pods, 0);
  const said = [...reasons.slice(0, NAMED).map(([reason, pods]) => `${pods} ${reason}`), ...(rest > 0 ? [`${rest} other`] : [])].join(", ");
  return [`${said} (${listed(clusters)})`];
}

function describeProblems(problems: NonNullable<ApplicationFacts["problems"]>): string[] {
  const all = problems.toSorted((a, b) => (a.clusterCode < b.clusterCode ? -1 : 1));
  const more = all.length - NAMED;
  return [...all.slice(0, NAMED).map(({ clusterCode, problem }) => `${clusterCode}: ${problem.replace(/\.$/, "")}`), ...(more > 0 ? [`${plural(more, "cluster")} more ${more === 1 ? "has" : "have"} problems`] : [])];
}

const listed = (names: readonly string[]): string => [...names.slice(0, NAMED), ...(names.length > NAMED ? [`${names.length - NAMED} more`] : [])].join(", ");
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
