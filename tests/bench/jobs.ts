import { randomUUID } from "node:crypto";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger as WorkerLogger, runTaskList } from "graphile-worker";
import type { Pool } from "pg";
import pino from "pino";
import { openPool } from "#server/database/connect.ts";
import { inPoolScope } from "#server/database/scope.ts";
import { enqueueOn } from "#server/jobs/enqueue.ts";
import { createJobRunner, queuePreset } from "#server/jobs/runner.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { observe } from "#server/reconcile/application/observe.ts";
import { createDriver } from "#server/reconcile/driver.ts";
import { sweep } from "#server/reconcile/sweep.ts";
import { CONNECTIONS, JOBS_AT_A_TIME } from "#server/reconcile/worker.ts";
import { type BenchDatabase, startBenchDatabase } from "./postgres.ts";
import { type Application, complyAll, fillApplications, scaleAll, tidy } from "./writes/fleet.ts";
import { median, percentile } from "./writes/figures.ts";

/**
 * Reconciliation as the worker role runs it: the queue, the driver, row-level security. 2,000 applications of 10 tenants, three placements each. The
 * limit is what the queue itself does: jobs that do nothing, under the same settings.
 *
 * - told: every application was scaled; a job writes three assignments.
 * - reported: its clusters have done it; a job writes the application's counts, three steps and the operation's end.
 * - unchanged: a job looks, and writes nothing.
 */
const TENANTS = 10;
const APPLICATIONS = 200;
const ROUNDS = 5;
const LATENCIES = 300;
const LATENCY_EVERY_MS = 5;
const FLOORS = { jobs: 1_000, sweep: 5_000 };

export async function run(): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const admin = openPool({ address: database.address, login: database.superuser, max: 2 });
  stack.defer(() => admin.end());
  const applications = await fillApplications(admin, TENANTS, APPLICATIONS);
  const pool = openPool({ address: database.address, login: database.login("selvedge_worker"), max: CONNECTIONS });
  stack.defer(() => pool.end());

  const rates: Record<"told" | "reported" | "unchanged" | "nothing" | "sweep" | "look", number[]> = { told: [], reported: [], unchanged: [], nothing: [], sweep: [], look: [] };
  // The first round warms up, and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const measured = {} as Record<keyof typeof rates, number>;
    await scaleAll(admin);
    await tidy(admin);
    measured.told = await reconcileAll(database, pool, admin, applications);
    await complyAll(admin);
    await tidy(admin);
    measured.reported = await reconcileAll(database, pool, admin, applications);
    measured.unchanged = await reconcileAll(database, pool, admin, applications);
    measured.nothing = await doNothing(database, admin, applications.length);
    measured.sweep = await perSecond(applications.length, async () => {
      const { asked } = await sweep({ pool, clock, speed: 1 });
      if (asked > 0) throw new Error(`The sweep found ${asked} applications that differ: the rounds before did not end as they should`);
    });
    measured.look = await perSecond(applications.length, () => lookOnly(pool, applications));
    if (round > 0) for (const [name, rate] of Object.entries(measured)) rates[name as keyof typeof rates].push(rate);
  }
  const ours = await latencies(database, pool, applications);
  const theirs = await latenciesOfNothing(database, admin);

  const limit = median(rates.nothing);
  const line = (name: keyof typeof rates, raw: number, floor: number | ""): Record<string, string | number> => ({
    "": LABELS[name], "median, /s": median(rates[name]).toFixed(0), "lowest, /s": Math.min(...rates[name]).toFixed(0), "of the limit": (median(rates[name]) / raw).toFixed(3), "floor, /s": floor,
  });
  console.log(`jobs: ${applications.length} applications of ${TENANTS} tenants, ${ROUNDS} rounds in turn, ${cpus().length} cores shared with Postgres, node ${process.version}`);
  console.table([
    line("told", limit, FLOORS.jobs), line("reported", limit, FLOORS.jobs), line("unchanged", limit, FLOORS.jobs), line("nothing", limit, ""),
    line("sweep", median(rates.look), FLOORS.sweep), line("look", median(rates.look), ""),
  ]);
  console.log(`from a commit to the job's start, a job each ${LATENCY_EVERY_MS} ms (${LATENCIES} of them)`);
  console.table([{ "": "reconcile", ...ours }, { "": "a job that does nothing", ...theirs }]);
  return [rates.told, rates.reported, rates.unchanged].every((some) => median(some) >= FLOORS.jobs) && median(rates.sweep) >= FLOORS.sweep;
}

const LABELS = {
  told: "reconcile: assignments written", reported: "reconcile: counts, steps, operation ended", unchanged: "reconcile: nothing to do", nothing: "limit: jobs that do nothing",
  sweep: "sweep: applications compared", look: "limit: the look's statement alone",
} as const;

const logger = pino({ level: "warn" }, pino.destination(2));
const clock = { now: () => Date.now() };

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return count / ((performance.now() - start) / 1_000);
}

/** Jobs a second, from the commit that asks for all of them to the end of the last. */
async function reconcileAll(database: BenchDatabase, pool: Pool, admin: Pool, applications: readonly Application[]): Promise<number> {
  let left = applications.length;
  const done = Promise.withResolvers<void>();
  const runner = reconciling(database, pool, () => {
    left -= 1;
    if (left === 0) done.resolve();
  });
  await using _ = await runner;
  const client = await admin.connect();
  try {
    // Notifications of the commit start the work.
    await client.query("begin");
    await enqueueOn(client, "reconcile_application", applications);
    return await perSecond(applications.length, async () => {
      await client.query("commit");
      await done.promise;
    });
  } finally {
    client.release();
  }
}

async function reconciling(database: BenchDatabase, pool: Pool, onDone: (application: Application) => void, onStart?: (application: Application) => void): Promise<AsyncDisposable> {
  const bus = createInProcessBus({ instance: randomUUID(), logger });
  const driver = createDriver({ pool, bus, clock, speed: 1 });
  const nothing = async (): Promise<void> => undefined;
  const runner = createJobRunner({
    address: database.address, login: database.login("selvedge_jobs"), logger, concurrency: JOBS_AT_A_TIME,
    handlers: {
      reconcile_application: async (job) => {
        onStart?.(job);
        await driver.reconcileApplication(job);
        onDone(job);
      },
      check_rollout: nothing, settle_operation: nothing, sweep: nothing, maintain_timeline: nothing, maintain_metrics: nothing, expire_idempotency: nothing, expire_events: nothing, maintain_logs: nothing, expire_faults: nothing, mark_silent: nothing, rewrap_secrets: nothing,
    },
  });
  await runner.start();
  // The queue's first look finds nothing; it listens from then on.
  await sleep(200);
  return {
    [Symbol.asyncDispose]: async () => {
      await runner.stop();
      await bus.close();
    },
  };
}

async function idling(database: BenchDatabase, onStart: (payload: unknown) => void): Promise<AsyncDisposable> {
  const pool = openPool({ address: database.address, login: database.login("selvedge_jobs"), max: 6 });
  const workers = runTaskList({ preset: queuePreset(JOBS_AT_A_TIME), noHandleSignals: true, logger: new WorkerLogger(() => () => undefined) }, { nothing: async (payload) => onStart(payload) }, pool);
  await sleep(200);
  return {
    [Symbol.asyncDispose]: async () => {
      await workers.gracefulShutdown("done");
      await pool.end();
    },
  };
}

const NOTHING = "select app.enqueue_many('nothing', array(select json_build_object('n', n) from generate_series(1, $1) n), array(select 'nothing:' || n from generate_series(1, $1) n))";

async function doNothing(database: BenchDatabase, admin: Pool, count: number): Promise<number> {
  let left = count;
  const done = Promise.withResolvers<void>();
  await using _ = await idling(database, () => {
    left -= 1;
    if (left === 0) done.resolve();
  });
  const client = await admin.connect();
  try {
    await client.query("begin");
    await client.query(NOTHING, [count]);
    return await perSecond(count, async () => {
      await client.query("commit");
      await done.promise;
    });
  } finally {
    client.release();
  }
}

/** What the sweep asks the database, without what it makes of the answer. */
async function lookOnly(pool: Pool, applications: readonly Application[]): Promise<void> {
  for (const [tenantId, some] of Map.groupBy(applications, (application) => application.tenantId)) {
    await inPoolScope(pool, { tenantId }, (client) => observe(client, some.map(({ applicationId }) => applicationId)));
  }
}

type Latencies = Record<"p50, ms" | "p99, ms", string>;
const latencyOf = (values: readonly number[]): Latencies => ({ "p50, ms": percentile(values, 0.5).toFixed(1), "p99, ms": percentile(values, 0.99).toFixed(1) });

async function latencies(database: BenchDatabase, pool: Pool, applications: readonly Application[]): Promise<Latencies> {
  const committed = new Map<string, number>();
  const started = new Map<string, number>();
  await using _ = await reconciling(database, pool, () => undefined, ({ applicationId }) => started.set(applicationId, performance.now()));
  const api = openPool({ address: database.address, login: database.login("selvedge_api"), max: 1 });
  try {
    for (const application of applications.slice(0, LATENCIES)) {
      await inPoolScope(api, { tenantId: application.tenantId }, (client) => enqueueOn(client, "reconcile_application", application));
      committed.set(application.applicationId, performance.now());
      await sleep(LATENCY_EVERY_MS);
    }
    await sleep(500);
  } finally {
    await api.end();
  }
  return latencyOf([...committed].map(([id, at]) => Math.max(0, (started.get(id) ?? Infinity) - at)));
}

async function latenciesOfNothing(database: BenchDatabase, admin: Pool): Promise<Latencies> {
  const committed: number[] = [];
  const started: number[] = [];
  await using _ = await idling(database, (payload) => (started[(payload as { n: number }).n] = performance.now()));
  for (let n = 0; n < LATENCIES; n += 1) {
    await admin.query("select app.enqueue('nothing', $1, 'nothing:' || $2)", [JSON.stringify({ n }), n]);
    committed[n] = performance.now();
    await sleep(LATENCY_EVERY_MS);
  }
  await sleep(500);
  return latencyOf(committed.map((at, n) => Math.max(0, (started[n] ?? Infinity) - at)));
}
