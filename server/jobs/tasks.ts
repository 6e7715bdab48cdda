/**
 * The jobs there are. A job says what to look at, never what changed: running it twice, late or twice at once is harmless.
 *
 * A job's key is made from its task and payload, so that any number of requests for the same look make one job. A job that has started no
 * longer holds its key: a request that comes then makes a second job, which sees what the first may have missed.
 */
export interface Tasks {
  /** Compare what an application should be with what its clusters have, and close the gap. */
  readonly reconcile_application: { readonly tenantId: string; readonly applicationId: string };
  /** The same, asked for at the moment when a rollout's deadline passes. */
  readonly check_rollout: { readonly tenantId: string; readonly applicationId: string; readonly rolloutId: string };
  /** Recompute an operation over several applications from its steps. */
  readonly settle_operation: { readonly tenantId: string; readonly operationId: string };
  /** Compare everything: what a lost request missed is found here. */
  readonly sweep: Readonly<Record<string, never>>;
  /** Cut timeline partitions ahead, drop old ones. */
  readonly maintain_timeline: Readonly<Record<string, never>>;
  /** Put hours of metrics that are over into chunks; cut partitions of metrics ahead, drop old ones. */
  readonly maintain_metrics: Readonly<Record<string, never>>;
  /** Forget idempotency keys that are too old to be replayed. */
  readonly expire_idempotency: Readonly<Record<string, never>>;
  /** Remove events that are kept no longer. */
  readonly expire_events: Readonly<Record<string, never>>;
  /** Cut partitions of lines of logs ahead, drop old ones. */
  readonly maintain_logs: Readonly<Record<string, never>>;
  /** Say of faults whose time is over that they have ended, and forget old ones. */
  readonly expire_faults: Readonly<Record<string, never>>;
  /** Say of clusters that have fallen silent that they have. */
  readonly mark_silent: Readonly<Record<string, never>>;
  /** Bring Secrets that are under an earlier encryption key under the current one. */
  readonly rewrap_secrets: Readonly<Record<string, never>>;
}

export type TaskName = keyof Tasks;

export const TASK_NAMES = [
  "reconcile_application", "check_rollout", "settle_operation", "sweep", "maintain_timeline", "maintain_metrics", "expire_idempotency", "expire_events", "maintain_logs", "expire_faults", "mark_silent", "rewrap_secrets",
] as const satisfies readonly TaskName[];

/** Equal for equal payloads: `task:value:value`, the values in the order of their names. */
export function jobKey<T extends TaskName>(task: T, payload: Tasks[T]): string {
  const values = Object.entries<string>(payload)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value);
  return [task, ...values].join(":");
}
