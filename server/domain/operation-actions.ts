/**
 * What may be done about an operation: taken back while it is under way, or tried again where it did not do all its work.
 *
 *   cancel   the same operation works its way back to what was wanted before it, and ends as CANCELLED once it is there
 *   retry    a new operation over the clusters that failed, or are not done; the one that it tries again has ended, or ends with it
 *
 * Whether a retry has anything to do depends on more than the operation: see `RetryFacts`.
 */
import { isTerminal, type OperationEnding, type OperationKind, type OperationState } from "./states.ts";

/** Of one application: of these a newer one takes over what an older one has not finished. */
export const APPLICATION_OPERATIONS = [
  "CREATE_APPLICATION", "UPGRADE_APPLICATION", "UPDATE_DISTRIBUTION", "SCALE_APPLICATION", "RESTART_APPLICATION", "STOP_APPLICATION", "START_APPLICATION",
  "ROLL_BACK_APPLICATION", "DELETE_APPLICATION",
] as const satisfies readonly OperationKind[];

/** Those that say what was wanted before them. */
export const CANCELLABLE_OPERATIONS = [
  "UPGRADE_APPLICATION", "ROLL_BACK_APPLICATION", "SCALE_APPLICATION", "UPDATE_DISTRIBUTION", "STOP_APPLICATION", "START_APPLICATION",
] as const satisfies readonly OperationKind[];

export const RETRYABLE_OPERATIONS = [
  ...APPLICATION_OPERATIONS, "CREATE_SERVICE", "UPDATE_SERVICE", "DELETE_SERVICE", "UPDATE_CONFIG", "IMPORT_MANIFESTS",
] as const satisfies readonly OperationKind[];

/** One that is STALLED still tries; a retry tells its clusters once more. */
export const RETRYABLE_STATES = ["FAILED", "PARTIALLY_SUCCEEDED", "STALLED"] as const satisfies readonly OperationState[];

export interface OperationFacts {
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** Not null: it works its way back, or has. */
  readonly endsAs?: OperationEnding | null | undefined;
}

/** `before`: what it would go back to. */
export const cancellable = ({ kind, state, endsAs, before }: OperationFacts & { readonly before?: unknown }): boolean =>
  isOneOf(CANCELLABLE_OPERATIONS, kind) && !isTerminal(state) && (endsAs ?? null) === null && (before ?? null) !== null;

export interface RetryFacts {
  /** A newer operation of the same object, or a retry of this one: the object has moved on, and the older one's work with it. */
  readonly newer: boolean;
  /** It brought another revision, and the application is not on that: its rollout turned back by itself. */
  readonly turnedBack: boolean;
  /** Steps that failed, or are not done, and whose object is still there, and stays unless the operation deletes it. */
  readonly stepsToRetry: number;
}

export const retryable = (operation: OperationFacts, { newer, turnedBack, stepsToRetry }: RetryFacts): boolean =>
  mayBeRetried(operation) && !newer && !turnedBack && stepsToRetry > 0;

/** As far as the operation itself says. */
export const mayBeRetried = ({ kind, state, endsAs }: OperationFacts): boolean =>
  isOneOf(RETRYABLE_OPERATIONS, kind) && isOneOf(RETRYABLE_STATES, state) && (endsAs ?? null) === null;

/** Cancelling these goes back to another revision. */
export const changesRevision = (kind: OperationKind): boolean => kind === "UPGRADE_APPLICATION" || kind === "ROLL_BACK_APPLICATION";

const isOneOf = <T extends string>(words: readonly T[], word: string): word is T => (words as readonly string[]).includes(word);
