/**
 * Runs jobs: graphile-worker on our Postgres, as the role that owns the queue and nothing else. The handlers bring connections of their own.
 *
 * - A job that fails is logged once, with a correlation id, and tried again later and later; others pass it by (there are no named queues).
 *   What reaches the queue's table is the correlation id alone: an error's text may quote what it failed on.
 * - A worker pool that gives up (its database was away) is replaced by a new one. A killed one is noticed by the others: liveness.ts.
 * - Recurring jobs are asked for by every runner with a time ahead; the job's key makes one of them.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger as WorkerLogger, runTaskList, type TaskList, type WorkerPool } from "graphile-worker";
import type { Logger } from "pino";
import { Histogram, type Registry } from "prom-client";
import type { DatabaseAddress, Login } from "../database/address.ts";
import { openPool } from "../database/connect.ts";
import { enqueueOn } from "./enqueue.ts";
import { createLiveness } from "./liveness.ts";
import { TASK_NAMES, type TaskName, type Tasks } from "./tasks.ts";
import { tuneJobsTable, vacuumJobsTable } from "./tuning.ts";

export type Handlers = { readonly [T in TaskName]: (payload: Tasks[T]) => Promise<unknown> };

/** A task without arguments that is wanted again and again. */
export interface Recurring {
  readonly task: { [T in TaskName]: Record<string, never> extends Tasks[T] ? T : never }[TaskName];
  /** Wall-clock milliseconds. */
  readonly everyMs: number;
}

export interface JobRunnerOptions {
  readonly address: DatabaseAddress;
  /** selvedge_jobs. */
  readonly login: Login;
  readonly handlers: Handlers;
  readonly recurring?: readonly Recurring[];
  readonly logger: Logger;
  /** Jobs at a time. */
  readonly concurrency?: number;
  /** Where its metrics are kept; none without. */
  readonly registry?: Registry;
  readonly lookEveryMs?: number;
}

export interface JobRunner {
  start(): Promise<void>;
  /** Lets running jobs end and gives back what was only fetched. */
  stop(): Promise<void>;
}

const CONCURRENCY = 10;
/** Jobs fetched in one statement; they wait in this process for a free hand. */
const LOCAL_QUEUE = 100;
/** New jobs announce themselves; this is for those whose time has come, and for announcements that got lost. */
const POLL_MS = 500;
const RESTART_MS = 500;
const VACUUM_LOOK_MS = 10_000;

/** How the queue is run: jobs are fetched, completed and failed many in one statement. */
export const queuePreset = (concurrency: number) => ({
  worker: { concurrentJobs: concurrency, localQueue: { size: Math.max(LOCAL_QUEUE, concurrency) }, completeJobBatchDelay: 0, failJobBatchDelay: 0, pollInterval: POLL_MS },
});

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { logger, concurrency = CONCURRENCY } = options;
  const pool = openPool({ address: options.address, login: options.login, max: 6, applicationName: "selvedge jobs", logger });
  const liveness = createLiveness(options);
  const timers: NodeJS.Timeout[] = [];
  const background = new Set<Promise<unknown>>();
  let workers: WorkerPool | null = null;
  let supervision: Promise<void> | null = null;
  let stopping = false;

  const inBackground = (what: string, work: () => Promise<unknown>): void => {
    const running = work().catch((error: unknown) => logger.warn({ err: error }, what)).finally(() => background.delete(running));
    background.add(running);
  };
  const every = (milliseconds: number, what: string, work: () => Promise<unknown>): void => {
    timers.push(setInterval(() => inBackground(what, work), milliseconds));
  };
  const ask = async (task: Recurring["task"], at?: Date): Promise<void> => {
    const client = await pool.connect();
    try {
      await enqueueOn(client, task, {}, at ? { at } : {});
    } finally {
      client.release();
    }
  };

  const supervise = async (): Promise<void> => {
    while (!stopping) {
      workers = runTaskList(
        {
          preset: queuePreset(concurrency),
          noHandleSignals: true,
          logger: quietLogger(logger),
        },
        taskList(options),
        pool,
      );
      await liveness.hold(workers.id).catch((error: unknown) => logger.warn({ err: error }, "the worker pool's lock will be taken with the next connection"));
      await workers.promise.catch((error: unknown) => logger.error({ err: error }, "the worker pool gave up; starting a new one"));
      if (!stopping) await sleep(RESTART_MS);
    }
  };

  return {
    start: async () => {
      await tuneJobsTable(pool);
      supervision = supervise();
      every(VACUUM_LOOK_MS, "can't vacuum the jobs table", () => vacuumJobsTable(pool));
      for (const { task, everyMs } of options.recurring ?? []) {
        inBackground(`can't ask for ${task}`, () => ask(task));
        every(everyMs, `can't ask for ${task}`, () => ask(task, new Date(Date.now() + everyMs / 2)));
      }
    },
    stop: async () => {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      // It reports its own failures through its promise, which supervise() awaits.
      await Promise.resolve(workers?.gracefulShutdown("stopping")).catch(() => undefined);
      await supervision;
      await Promise.all(background);
      await liveness.close();
      await pool.end();
    },
  };
}

function taskList({ handlers, logger, registry }: JobRunnerOptions): TaskList {
  const seconds = registry && (registry.getSingleMetric("selvedge_job_seconds") as Histogram<"task" | "outcome"> | undefined ?? new Histogram({
    name: "selvedge_job_seconds", help: "Time that jobs took.", labelNames: ["task", "outcome"], buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10], registers: [registry],
  }));
  const run = <T extends TaskName>(task: T) => async (payload: Tasks[T], { job }: { job: { id: string; attempts: number } }): Promise<void> => {
    const start = performance.now();
    try {
      await handlers[task](payload);
      seconds?.observe({ task, outcome: "done" }, (performance.now() - start) / 1_000);
    } catch (error) {
      const correlationId = randomUUID();
      logger.error({ err: error, correlationId, task, job: job.id, attempt: job.attempts, payload }, "a job failed; it will be tried again");
      seconds?.observe({ task, outcome: "failed" }, (performance.now() - start) / 1_000);
      throw new Error(`see the log for ${correlationId}`, { cause: error });
    }
  };
  return Object.fromEntries(TASK_NAMES.map((task): [string, TaskList[string]] => [task, run(task) as TaskList[string]]));
}

/** The library's own messages: successes and failures of jobs are ours to tell. */
const quietLogger = (logger: Logger): WorkerLogger =>
  new WorkerLogger(() => (level, message, meta) => {
    if (meta && ("success" in meta || "failure" in meta)) return;
    if (level === "error" || level === "warning") logger.warn({ err: meta?.["error"] }, message);
    else logger.debug(message);
  });
