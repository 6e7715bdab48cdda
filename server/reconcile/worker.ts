import type { Pool } from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { DatabaseAddress, Login } from "../database/address.ts";
import type { Clock } from "../domain/clock.ts";
import type { KeyRing } from "../domain/envelope.ts";
import { createJobRunner } from "../jobs/runner.ts";
import type { Bus } from "../realtime/bus.ts";
import { maintainMetrics } from "../telemetry/metrics-seal.ts";
import { createDriver } from "./driver.ts";
import { expireEvents, expireFaults, expireIdempotency, maintainLogs, maintainTimeline } from "./housekeeping.ts";
import { markSilent } from "./presence.ts";
import { createRewrapper } from "./rewrap.ts";
import { sweep } from "./sweep.ts";

export interface WorkerOptions {
  readonly address: DatabaseAddress;
  /** selvedge_jobs, who owns the queue. */
  readonly jobsLogin: Login;
  /** Connected as selvedge_worker, with CONNECTIONS of them. The caller's to close. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly speed: number;
  /** Of Secrets. */
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly concurrency?: number;
  readonly sweepEveryMs?: number;
  readonly lookEveryMs?: number;
  readonly registry?: Registry;
}

export interface Worker {
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Many more than connections: reconciliations of one tenant that run at the same time share a transaction. */
export const JOBS_AT_A_TIME = 200;
/** For the driver's lanes, the sweep, and what else there is. */
export const CONNECTIONS = 8;
const SWEEP_EVERY_MS = 15_000;

/** The role `worker`: every job there is, and what makes them run. */
export function createWorker(options: WorkerOptions): Worker {
  const driver = createDriver(options);
  const rewrapSecrets = createRewrapper(options);
  const runner = createJobRunner({
    ...options,
    login: options.jobsLogin,
    concurrency: options.concurrency ?? JOBS_AT_A_TIME,
    handlers: {
      reconcile_application: (job) => driver.reconcileApplication(job),
      check_rollout: ({ tenantId, applicationId }) => driver.reconcileApplication({ tenantId, applicationId }),
      settle_operation: (job) => driver.settleOperation(job),
      sweep: () => sweep(options),
      maintain_timeline: () => maintainTimeline(options),
      maintain_metrics: () => maintainMetrics(options),
      expire_idempotency: () => expireIdempotency(options),
      expire_events: () => expireEvents(options),
      maintain_logs: () => maintainLogs(options),
      expire_faults: () => expireFaults(options),
      mark_silent: () => markSilent(options),
      rewrap_secrets: () => rewrapSecrets(),
    },
    recurring: [
      { task: "sweep", everyMs: options.sweepEveryMs ?? SWEEP_EVERY_MS },
      { task: "maintain_timeline", everyMs: 60_000 },
      { task: "maintain_metrics", everyMs: 60_000 },
      { task: "expire_idempotency", everyMs: 600_000 },
      { task: "expire_events", everyMs: 60_000 },
      { task: "maintain_logs", everyMs: 60_000 },
      { task: "expire_faults", everyMs: 60_000 },
      { task: "mark_silent", everyMs: 5_000 },
      { task: "rewrap_secrets", everyMs: 600_000 },
    ],
  });
  return { start: () => runner.start(), close: () => runner.stop() };
}
