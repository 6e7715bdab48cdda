import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("a clone is migrated, and each role logs in as itself", async () => {
  for (const role of ["selvedge_api", "selvedge_worker", "selvedge_gateway", "selvedge_tailer", "selvedge_jobs"] as const) {
    const { pool, orm } = await database.openAs(role);
    expect((await pool.query("select current_user::text as name, current_database() as database")).rows).toEqual([
      { name: role, database: database.address.database },
    ]);
    expect(await orm.em.fork().execute("select current_user::text as name")).toEqual([{ name: role }]);
  }
  await expect(database.openAs("selvedge_system").then(({ pool }) => pool.query("select 1"))).rejects.toThrow(/password authentication failed/);
});

test("int8 is a number, and one that would lose digits is refused", async () => {
  const { pool } = await database.openAs("selvedge_api");
  expect((await pool.query("select 9007199254740991::int8 as value")).rows).toEqual([{ value: 9_007_199_254_740_991 }]);
  await expect(pool.query("select 9007199254740993::int8 as value")).rejects.toThrow(/not a safe integer/);
});

test("roles that serve requests have a time limit on transactions, the job queue have none", async () => {
  const limits = async (role: "selvedge_api" | "selvedge_jobs") =>
    (await (await database.openAs(role)).pool.query("select current_setting('transaction_timeout') as whole, current_setting('idle_in_transaction_session_timeout') as idle"))
      .rows;
  expect(await limits("selvedge_api")).toEqual([{ whole: "10s", idle: "5s" }]);
  expect(await limits("selvedge_jobs")).toEqual([{ whole: "0", idle: "0" }]);
});
