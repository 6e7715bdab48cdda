import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expireIdempotency, maintainTimeline } from "#server/reconcile/housekeeping.ts";
import { wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { desiredState } from "#tests/support/desired.ts";

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const DAY = 24 * 3_600_000;
const partitions = async (): Promise<string[]> =>
  (await database.admin.query<{ name: string }>("select inhrelid::regclass::text as name from pg_inherits where inhparent = 'timeline'::regclass order by 1")).rows.map(({ name }) => name);
const append = (count: number): Promise<unknown> =>
  database.admin.query("do $$ begin for i in 1.." + count + " loop insert into timeline (kind, ids, at) values ('cluster', '{}', now()); commit; end loop; end $$");
const timeline = async (): Promise<number> => (await database.admin.query<{ n: number }>("select count(*)::int as n from timeline")).rows[0]?.n ?? 0;

test("partitions are cut ahead, filled, and dropped when their rows are a day old", async () => {
  const { pool } = await database.openAs("selvedge_worker", 2);
  const at = (offset: number) => ({ pool, speed: 1, clock: { now: () => wallClock.now() + offset } });
  await append(5);
  const first = await maintainTimeline(at(0), 50);
  expect(first.made).toBeGreaterThanOrEqual(3);
  // Transaction ids are the server's: those of other test files may have moved the end meanwhile.
  const second = await maintainTimeline(at(0), 50);
  expect(second.dropped).toBe(0);
  expect(await partitions()).toHaveLength(1 + first.made + second.made);

  await append(200);
  expect((await database.admin.query<{ n: number }>("select count(*)::int as n from timeline where tableoid <> 'timeline_default'::regclass")).rows[0]?.n).toBeGreaterThan(50);
  const { rows } = await database.admin.query<{ forced: boolean }>(
    "select bool_and(c.relrowsecurity and c.relforcerowsecurity) as forced from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'timeline'::regclass",
  );
  expect(rows).toEqual([{ forced: true }]);

  expect(await maintainTimeline(at(DAY / 2), 50)).toMatchObject({ dropped: 0 });
  const kept = await timeline();
  expect(kept).toBeGreaterThanOrEqual(205);
  expect((await maintainTimeline(at(DAY + 60_000), 50)).dropped).toBeGreaterThanOrEqual(2);
  expect(await timeline()).toBeLessThan(kept);
  await append(3);
  expect(await timeline()).toBeGreaterThanOrEqual(3);
});

test("idempotency keys are forgotten a day of the wall clock later, whatever the speed", async () => {
  const { tenantId } = await desiredState(database.admin, "housekeeping");
  const { pool } = await database.openAs("selvedge_worker", 2);
  const now = wallClock.now();
  const runAt = (speed: number): Promise<unknown> =>
    database.admin.query(
      "insert into simulation_clock (wall_base, simulated_base, speed) values ($1, $1, $2) on conflict (id) do update set wall_base = $1, simulated_base = $1, speed = $2",
      [now, speed],
    );
  for (const age of [0, DAY * 9, DAY * 11]) {
    await database.admin.query("insert into idempotency (tenant_id, mutation, key, fingerprint, result, created_at) values ($1, 'createApplication', $2, '', null, $3)", [tenantId, randomUUIDv7(), new Date(now - age)]);
  }
  await runAt(10);
  expect(await expireIdempotency({ pool, clock: { now: () => now }, speed: 10 })).toBe(1);
  // A worker that is wrong about the time or its speed forgets nothing that may still be replayed.
  expect(await expireIdempotency({ pool, clock: { now: () => now }, speed: 1 })).toBe(0);
  await runAt(1);
  expect(await expireIdempotency({ pool, clock: { now: () => now + DAY * 100 }, speed: 1 })).toBe(1);
});
