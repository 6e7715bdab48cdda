import { fork } from "node:child_process";
import { randomUUIDv7 } from "node:crypto";
import path from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { inPoolScope, inScope } from "#server/database/scope.ts";
import { enqueue, enqueueOn } from "#server/jobs/enqueue.ts";
import { createJobRunner, type Handlers, type JobRunner, type JobRunnerOptions } from "#server/jobs/runner.ts";
import { jobKey } from "#server/jobs/tasks.ts";
import { vacuumJobsTable } from "#server/jobs/tuning.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";

let database: TestDatabase;
const runners: JobRunner[] = [];

beforeAll(async () => (database = await createTestDatabase()));
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.stop();
  await database.admin.query("delete from graphile_worker._private_jobs");
});
afterAll(() => database.drop());

const nothing: Handlers = {
  reconcile_application: async () => undefined, check_rollout: async () => undefined, settle_operation: async () => undefined, sweep: async () => undefined,
  maintain_timeline: async () => undefined, maintain_metrics: async () => undefined, expire_idempotency: async () => undefined, expire_events: async () => undefined, maintain_logs: async () => undefined, expire_faults: async () => undefined, mark_silent: async () => undefined, rewrap_secrets: async () => undefined,
};
const payload = (): { tenantId: string; applicationId: string } => ({ tenantId: randomUUIDv7(), applicationId: randomUUIDv7() });

function runner(handlers: Partial<Handlers>, options: Partial<JobRunnerOptions> = {}): JobRunner {
  const made = createJobRunner({ address: database.address, login: database.login("selvedge_jobs"), logger: pino({ level: "silent" }), handlers: { ...nothing, ...handlers }, lookEveryMs: 200, ...options });
  runners.push(made);
  return made;
}
const ask = async (...jobs: { tenantId: string; applicationId: string }[]): Promise<void> => {
  const { pool } = await database.openAs("selvedge_api", 2);
  await inPoolScope(pool, {}, (client) => enqueueOn(client, "reconcile_application", jobs));
};
const jobs = async (): Promise<{ key: string | null; attempts: number; last_error: string | null; locked: boolean }[]> =>
  (await database.admin.query("select key, attempts, last_error, locked_at is not null as locked from graphile_worker._private_jobs order by id")).rows;

test("a job asked for in a transaction runs after the commit, and never after a rollback", async () => {
  const seen: string[] = [];
  await runner({ reconcile_application: async ({ applicationId }) => void seen.push(applicationId) }).start();
  const { orm } = await database.openAs("selvedge_api", 2);
  const [kept, dropped] = [payload(), payload()];
  await inScope(orm, { tenantId: kept.tenantId }, async (em) => {
    await enqueue(em, "reconcile_application", kept);
    await em.execute("select pg_sleep(0.2)");
    expect(seen).toEqual([]);
  });
  await expect(inScope(orm, { tenantId: dropped.tenantId }, async (em) => {
    await enqueue(em, "reconcile_application", dropped);
    throw new Error("rolled back");
  })).rejects.toThrow("rolled back");
  await eventually(() => expect(seen).toEqual([kept.applicationId]));
  expect(await eventually(async () => {
    const left = await jobs();
    expect(left).toEqual([]);
    return left;
  })).toEqual([]);
});

test("any number of requests for one look make one job; one that runs is followed by another", async () => {
  const job = payload();
  await ask(job, job);
  await ask(job);
  expect(await jobs()).toMatchObject([{ key: jobKey("reconcile_application", job) }]);
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  await runner({ reconcile_application: async () => {
    runs += 1;
    if (runs === 1) await gate.promise;
  } }).start();
  await eventually(() => expect(runs).toBe(1));
  await ask(job);
  await eventually(() => expect(runs).toBe(2));
  gate.resolve();
  await eventually(async () => expect(await jobs()).toEqual([]));
});

test("a request that meets its job at the moment when a worker takes it makes a second one", async () => {
  const job = payload();
  await ask(job);
  const worker = await database.admin.connect();
  try {
    await worker.query("begin");
    await worker.query("update graphile_worker._private_jobs set locked_at = now(), locked_by = 'pool-test', attempts = 1 where key = $1", [jobKey("reconcile_application", job)]);
    const asked = ask(job);
    await eventually(async () => {
      const { rows } = await database.admin.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%enqueue_many%'");
      expect(rows).toHaveLength(1);
    });
    await worker.query("commit");
    await asked;
  } finally {
    worker.release();
  }
  expect(await jobs()).toMatchObject([{ key: null, locked: true }, { key: jobKey("reconcile_application", job), locked: false }]);
});

test("a request without a time does not wait for one with a time", async () => {
  const job = payload();
  const { pool } = await database.openAs("selvedge_worker", 2);
  await inPoolScope(pool, {}, (client) => enqueueOn(client, "reconcile_application", job, { at: new Date(Date.now() + 3_600_000) }));
  let runs = 0;
  await runner({ reconcile_application: async () => void (runs += 1) }).start();
  await ask(job);
  await eventually(() => expect(runs).toBe(1));
  await eventually(async () => expect(await jobs()).toMatchObject([{ key: `${jobKey("reconcile_application", job)}:later`, attempts: 0 }]));
});

test("a job that always fails is logged once a try with its correlation id, keeps its text to itself, and holds nobody up", async () => {
  const poison = payload();
  const done: string[] = [];
  const lines: string[] = [];
  await runner({
    reconcile_application: async ({ applicationId }) => {
      if (applicationId === poison.applicationId) throw new Error("the secret is hunter2");
      done.push(applicationId);
    },
  }, { concurrency: 1, logger: pino({ level: "info" }, { write: (line: string) => void lines.push(line) }) }).start();
  const others = Array.from({ length: 50 }, payload);
  await ask(poison);
  await ask(...others);
  await eventually(() => expect(new Set(done)).toEqual(new Set(others.map((job) => job.applicationId))));
  const [left] = await eventually(async () => {
    const all = await jobs();
    expect(all).toMatchObject([{ attempts: 1, locked: false }]);
    return all;
  });
  const failures = lines.map((line) => JSON.parse(line) as { msg: string; correlationId?: string; err?: { message: string } }).filter((line) => line.msg.startsWith("a job failed"));
  expect(failures).toMatchObject([{ err: { message: "the secret is hunter2" } }]);
  expect(left?.last_error).toBe(`see the log for ${failures[0]?.correlationId}`);
  // Asked for again, it is tried again at once.
  await ask(poison);
  await eventually(() => expect(lines.filter((line) => line.includes("a job failed"))).toHaveLength(2));
});

test("a worker process that is killed: another one has its jobs within seconds, the newest request of each once", async () => {
  const child = fork(path.join(import.meta.dirname, "hanging-worker.ts"), [JSON.stringify({ address: database.address, login: database.login("selvedge_jobs") })], { execPath: process.execPath, stdio: "inherit" });
  const said: unknown[] = [];
  child.on("message", (message) => said.push(message));
  try {
    await eventually(() => expect(said).toContain("ready"), { deadlineMs: 15_000 });
    const taken = Array.from({ length: 12 }, payload);
    await ask(...taken);
    await eventually(() => expect(said.filter((message) => message === "took a job")).toHaveLength(5));
    await eventually(async () => expect((await jobs()).filter((job) => job.locked)).toHaveLength(12));
    // Asked for again while it runs: its successor is to run, and itself no more.
    await ask(taken[0] as ReturnType<typeof payload>);
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    const done: string[] = [];
    await runner({ reconcile_application: async ({ applicationId }) => void done.push(applicationId) }, { lookEveryMs: 1_000 }).start();
    await eventually(() => expect(new Set(done)).toEqual(new Set(taken.map((job) => job.applicationId))), { deadlineMs: 8_000 });
    await eventually(async () => expect(await jobs()).toEqual([]));
    expect(done).toHaveLength(12);
  } finally {
    child.kill("SIGKILL");
  }
}, 40_000);

test("a living worker's long job is not taken from it", async () => {
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const long = async (): Promise<void> => {
    runs += 1;
    await gate.promise;
  };
  await runner({ reconcile_application: long }, { lookEveryMs: 50 }).start();
  await runner({ reconcile_application: long }, { lookEveryMs: 50 }).start();
  await ask(payload());
  await eventually(() => expect(runs).toBe(1));
  await expect(eventually(() => expect(runs).toBe(2), { deadlineMs: 1_000 })).rejects.toThrow();
  gate.resolve();
});

test("a worker whose connections are cut goes on working", async () => {
  const seen: string[] = [];
  await runner({ reconcile_application: async ({ applicationId }) => void seen.push(applicationId) }).start();
  const before = payload();
  await ask(before);
  await eventually(() => expect(seen).toEqual([before.applicationId]));
  await database.admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'selvedge_jobs'");
  const after = payload();
  await ask(after);
  await eventually(() => expect(seen).toContain(after.applicationId), { deadlineMs: 10_000 });
  await eventually(async () => expect(await jobs()).toEqual([]), { deadlineMs: 10_000 });
});

test("stopping waits for the job that runs and gives back the others", async () => {
  const gate = Promise.withResolvers<void>();
  let finished = false;
  const stopped = runner({ reconcile_application: async () => {
    await gate.promise;
    finished = true;
  } }, { concurrency: 1 });
  await stopped.start();
  await ask(payload(), payload(), payload());
  await eventually(async () => expect((await jobs()).filter((job) => job.locked)).toHaveLength(3));
  const stopping = stopped.stop();
  runners.splice(0);
  gate.resolve();
  await stopping;
  expect(finished).toBe(true);
  expect(await jobs()).toMatchObject([{ attempts: 0, locked: false }, { attempts: 0, locked: false }]);
});

test("recurring jobs run again and again, however many runners ask for them", async () => {
  let runs = 0;
  const recurring = [{ task: "sweep" as const, everyMs: 200 }];
  const handlers = { sweep: async () => void (runs += 1) };
  const start = performance.now();
  for (let count = 0; count < 3; count += 1) await runner(handlers, { recurring }).start();
  await eventually(() => expect(runs).toBeGreaterThan(6), { deadlineMs: 10_000 });
  // Each runner alone would have asked that often; at their starts they ask without a time.
  expect(runs).toBeLessThanOrEqual(3 + (performance.now() - start) / 100);
});

test("the jobs table is vacuumed by number of changes, and when there is enough to clear", async () => {
  await runner({}).start();
  const { rows } = await database.admin.query<{ options: string[] }>("select reloptions as options from pg_class where oid = 'graphile_worker._private_jobs'::regclass");
  expect(rows[0]?.options).toEqual(expect.arrayContaining(["autovacuum_vacuum_scale_factor=0", "autovacuum_analyze_threshold=2000"]));
  const { pool } = await database.openAs("selvedge_jobs", 2);
  await ask(...Array.from({ length: 300 }, payload));
  await database.admin.query("delete from graphile_worker._private_jobs");
  await database.admin.query("select pg_stat_force_next_flush()");
  await eventually(async () => expect(await vacuumJobsTable(pool, 100)).toBe(true));
  await eventually(async () => expect(await vacuumJobsTable(pool, 100)).toBe(false));
});
