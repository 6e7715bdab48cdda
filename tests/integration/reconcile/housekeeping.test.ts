import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expireIdempotency, maintainTimeline } from "#server/reconcile/housekeeping.ts";
import { wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const DAY = 24 * 3_600_000;
const WIDTH = 50;
interface Partition {
  readonly name: string;
  /** Transaction ids from here up to, but not with, there. */
  readonly lower: number;
  readonly upper: number;
}

const partitions = async (): Promise<Partition[]> => {
  const { rows } = await database.admin.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'timeline'::regclass and inhrelid <> 'timeline_default'::regclass",
  );
  return rows.map(({ name }) => ({ name, lower: Number(name.split("_")[1]), upper: Number(name.split("_")[2]) })).toSorted((a, b) => a.lower - b.lower);
};
/** As if written by this transaction; answers where it lies. */
const appendAs = async (xid: number): Promise<string | undefined> =>
  (await database.admin.query<{ name: string }>("insert into timeline (xid, kind, ids, at) values ($1, 'cluster', '{}', now()) returning tableoid::regclass::text as name", [xid])).rows[0]?.name;
/** Uses up as many transaction ids. */
const pass = (count: number): Promise<unknown> =>
  database.admin.query("do $$ begin for i in 1.." + count + " loop perform pg_current_xact_id(); commit; end loop; end $$");
const timeline = async (): Promise<number> => (await database.admin.query<{ n: number }>("select count(*)::int as n from timeline")).rows[0]?.n ?? 0;

/** Transaction ids are the server's, and other test files use them too: nothing here counts on how many are used meanwhile. */
test("partitions are cut ahead, filled, and dropped when their rows are a day old", async () => {
  const { pool } = await database.openAs("selvedge_worker", 2);
  const maintain = (offset: number): Promise<{ made: number; dropped: number }> => maintainTimeline({ pool, speed: 1, clock: { now: () => wallClock.now() + offset } }, WIDTH);
  expect((await maintain(0)).made).toBeGreaterThanOrEqual(3);
  const cut = await partitions();
  for (const { lower, upper } of cut) expect([lower % WIDTH, upper - lower]).toEqual([0, WIDTH]);
  for (const [index, { lower }] of cut.entries()) expect(lower).toBe((cut[0]?.lower ?? 0) + index * WIDTH);
  for (const { name, lower, upper } of cut) expect([await appendAs(lower), await appendAs(upper - 1)]).toEqual([name, name]);
  expect(await appendAs(1)).toBe("timeline_default");
  const { rows } = await database.admin.query<{ forced: boolean }>(
    "select bool_and(c.relrowsecurity and c.relforcerowsecurity) as forced from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'timeline'::regclass",
  );
  expect(rows).toEqual([{ forced: true }]);

  // All that were cut lie in the past now, and their rows are young.
  await pass(WIDTH * 5);
  expect((await maintain(DAY / 2)).dropped).toBe(0);
  expect(await timeline()).toBe(2 * cut.length + 1);
  // A day later they go, as soon as whatever older runs on this server has ended.
  await eventually(async () => {
    await maintain(DAY + 60_000);
    expect((await partitions()).map(({ name }) => name)).not.toContain(cut.at(-1)?.name);
    expect(await timeline()).toBe(0);
  }, { deadlineMs: 12_000 });
  // There are always some ahead: what is written next has a place.
  expect((await partitions()).length).toBeGreaterThanOrEqual(3);
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
