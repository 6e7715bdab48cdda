import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scopeSettings } from "#server/database/scope.ts";
import { ScopedStatements } from "#server/read/scoped.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { rowsOf } from "#tests/support/rows.ts";

/** Statements under settings that hold for exactly these statements, whoever else uses the connection, and whatever goes wrong. */
let database: TestDatabase;
let pool: pg.Pool;
const tenants: string[] = [];
const settings = (tenantId: string): [string, string, string] => scopeSettings({ tenantId });
const NAMES = { text: "select name, current_setting('app.tenant_id') from namespace order by name", values: [] };

beforeAll(async () => {
  database = await createTestDatabase();
  ({ pool } = await database.openAs("selvedge_api", 3));
  const rows = rowsOf(database.admin);
  for (let index = 0; index < 5; index += 1) {
    const tenantId = await rows.tenant();
    tenants.push(tenantId);
    await rows.namespace(tenantId, `of-${tenantId}`);
  }
});
afterAll(() => database.drop());

test("mixed tenants and provoked errors on few connections: nobody sees another's, and nothing stays behind", { timeout: 60_000 }, async () => {
  const statements = new ScopedStatements({ pool });
  let failed = 0;
  const one = async (index: number): Promise<void> => {
    const tenantId = tenants[index % tenants.length] as string;
    if (index % 7 === 3) {
      // In the middle of a group: what comes before and after it must not be taken for another's.
      await expect(statements.run(settings(tenantId), [NAMES, { text: "select 1 / $1::integer", values: ["0"] }, NAMES])).rejects.toMatchObject({ code: "22012" });
      failed += 1;
      return;
    }
    const [first, again] = await statements.run(settings(tenantId), [NAMES, NAMES]);
    expect(first).toEqual([[`of-${tenantId}`, tenantId]]);
    expect(again).toEqual(first);
  };
  for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 100 }, (_, index) => one(round * 100 + index)));
  expect(failed).toBeGreaterThan(100);
  for (let index = 0; index < 10; index += 1) {
    const { rows } = await pool.query("select nullif(current_setting('app.tenant_id', true), '') as tenant, (select count(*)::integer from namespace) as seen, current_setting('transaction_read_only') as only");
    expect(rows).toEqual([{ tenant: null, seen: 0, only: "off" }]);
  }
});

describe("small reads that are asked at once", () => {
  const SHORT_LANES = 4;
  const whose = { text: "select pg_backend_pid()::text, current_setting('app.tenant_id'), (select string_agg(name, ',') from namespace), $1::text", values: ["x"] };
  const divided = { text: "select (1 / $1::integer)::text", values: ["1"] };
  let statements: ScopedStatements;
  let wide: pg.Pool;
  let writes = 0;
  const ask = async (index: number): Promise<string | undefined> => {
    const tenantId = tenants[index % tenants.length] as string;
    const [[row]] = (await statements.run(settings(tenantId), [{ ...whose, values: [`call ${index}`] }])) as [[[string, string, string, string]]];
    expect(row.slice(1)).toEqual([tenantId, `of-${tenantId}`, `call ${index}`]);
    return row[0];
  };
  beforeAll(async () => {
    ({ pool: wide } = await database.openAs("selvedge_api", 12));
    wide.on("connect", (client) => {
      const { stream } = (client as pg.PoolClient & { connection: pg.Connection }).connection;
      const write = stream.write.bind(stream) as (bytes: Uint8Array) => boolean;
      stream.write = ((bytes: Uint8Array) => {
        writes += 1;
        return write(bytes);
      }) as typeof stream.write;
    });
    statements = new ScopedStatements({ pool: wide });
    // Known to be short, for each tenant and on each connection.
    for (let index = 0; index < 20; index += 1) await ask(index);
    for (let index = 0; index < tenants.length; index += 1) await statements.run(settings(tenants[index] as string), [divided]);
    await Promise.all(Array.from({ length: 100 }, (_, index) => ask(index)));
  });

  test("share few connections and writes, in transactions of their own", async () => {
    writes = 0;
    const used = await Promise.all(Array.from({ length: 500 }, (_, index) => ask(index)));
    expect(new Set(used).size).toBeLessThanOrEqual(SHORT_LANES);
    expect(writes).toBeLessThan(500 / 4);
  });

  test("are not behind what takes long", async () => {
    const long = Array.from({ length: 6 }, () => statements.run(settings(tenants[0] as string), [{ text: "select pg_sleep(2)::text", values: [] }]));
    const began = performance.now();
    await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index)));
    expect(performance.now() - began).toBeLessThan(1500);
    await Promise.all(long);
  });

  test("do not fail with one of them that does", async () => {
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, (_, index) => (index % 10 === 5 ? statements.run(settings(tenants[0] as string), [{ ...divided, values: ["0"] }]) : ask(index))),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 200 }, (_, index) => (index % 10 === 5 ? "rejected" : "fulfilled")));
    }
  });

  test("are asked again where the connection breaks, on whatever connection is not", async () => {
    const breakAll = "select count(pg_terminate_backend(pid))::integer as broken from pg_stat_activity where datname = current_database() and usename = 'selvedge_api' and pid <> pg_backend_pid()";
    for (let round = 0; round < 5; round += 1) {
      const asked = Promise.all(Array.from({ length: 400 }, (_, index) => ask(index)));
      const { rows } = await database.admin.query<{ broken: number }>(breakAll);
      expect(rows[0]?.broken).toBeGreaterThan(0);
      await asked;
    }
    // All that are idle now, which nobody finds out before they are used.
    await database.admin.query(breakAll);
    expect(await ask(1)).toBeDefined();
  });

  test("fail where every connection breaks under them", async () => {
    const suicide = { text: "select pg_terminate_backend(pg_backend_pid())::text", values: [] };
    let ended = 0;
    const counting = (): void => void (ended += 1);
    wide.on("remove", counting);
    await expect(statements.run(settings(tenants[0] as string), [suicide])).rejects.toMatchObject({ code: "57P01" });
    await eventually(() => expect(ended).toBe(3));
    wide.off("remove", counting);
    expect(await ask(1)).toBeDefined();
  });
});

test("a namespace list is a list, none matches none", async () => {
  const statements = new ScopedStatements({ pool });
  const tenantId = tenants[0] as string;
  expect(await statements.run(scopeSettings({ tenantId, namespaceIds: [] }), [NAMES])).toEqual([[]]);
  expect(await statements.run(scopeSettings({}), [NAMES])).toEqual([[]]);
});

test("nothing can be written", async () => {
  const statements = new ScopedStatements({ pool });
  const write = { text: "update namespace set description = 'x' returning id", values: [] };
  await expect(statements.run(settings(tenants[0] as string), [write])).rejects.toMatchObject({ code: "25006" });
});

test("statements are prepared by their text, a bounded number on each connection", async () => {
  const statements = new ScopedStatements({ pool, maxPrepared: 5 });
  const settingsOfOne = settings(tenants[0] as string);
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 12; index += 1) {
      expect(await statements.run(settingsOfOne, [{ text: `select $1::integer + ${index}`, values: ["1"] }])).toEqual([[[String(index + 1)]]]);
    }
  }
  const prepared = { text: "select count(*) from pg_prepared_statements where statement like 'select $1::integer + %'", values: [] };
  const [[count]] = (await statements.run(settingsOfOne, [prepared])) as [[[string]]];
  expect(Number(count[0])).toBeLessThanOrEqual(5);
  expect(Number(count[0])).toBeGreaterThan(0);
});

test("one plan for all values where every statement of the group says so, in that group alone", async () => {
  const statements = new ScopedStatements({ pool });
  const of = settings(tenants[0] as string);
  const shown = { text: "select current_setting('plan_cache_mode'), current_setting('jit')", values: [] };
  const modes = async (...asked: (boolean | undefined)[]): Promise<unknown> => (await statements.run(of, asked.map((once) => (once === undefined ? shown : { ...shown, plannedOnce: once }))))[0];
  expect(await modes(true, true)).toEqual([["force_generic_plan", "off"]]);
  expect(await modes(true, false)).toEqual([["auto", "off"]]);
  expect(await modes(undefined, true)).toEqual([["auto", "off"]]);
  expect((await pool.query("select current_setting('plan_cache_mode') as mode")).rows).toEqual([{ mode: "auto" }]);

  const alone = new ScopedStatements({ pool: (await database.openAs("selvedge_api", 1)).pool });
  const limited = { text: "select name from namespace where id > $1::uuid order by name limit $2::integer", values: ["00000000-0000-0000-0000-000000000000", "3"] };
  for (const plannedOnce of [false, true, true]) await alone.run(of, [{ ...limited, plannedOnce }]);
  const plans = { text: "select custom_plans, generic_plans from pg_prepared_statements where statement like 'select name from namespace where id%'", values: [] };
  expect(await alone.run(of, [plans])).toEqual([[["1", "2"]]]);
});

describe("when it goes wrong", () => {
  test("too many waiting: refused at once, the others are served", async () => {
    const statements = new ScopedStatements({ pool, maxWaiting: 2 });
    const slow = { text: "select pg_sleep(0.2)::text", values: [] };
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => statements.run(settings(tenants[0] as string), [slow])));
    expect(results.map(({ status }) => status).filter((status) => status === "fulfilled")).toHaveLength(5);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "RATE_LIMITED", details: { retryAfterMs: expect.any(Number) } } });
  });

  test("a database that does not answer in time", async () => {
    const statements = new ScopedStatements({ pool, timeoutMs: 300 });
    await expect(statements.run(settings(tenants[0] as string), [{ text: "select pg_sleep(5)::text", values: [] }])).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await statements.run(settings(tenants[0] as string), [NAMES])).toHaveLength(1);
  });

  test("connections that the server ends under way: others take their place, and everything is answered", async () => {
    const statements = new ScopedStatements({ pool });
    const asked = Array.from({ length: 6 }, () => statements.run(settings(tenants[0] as string), [{ text: "select pg_sleep(2)::text", values: [] }]).then(() => "answered", (error: Error) => error.message));
    const sleeping = "from pg_stat_activity where datname = current_database() and query like 'select pg_sleep(2)%' and state = 'active'";
    await eventually(async () => expect((await database.admin.query(`select pid ${sleeping}`)).rows).toHaveLength(3));
    await database.admin.query(`select pg_terminate_backend(pid) ${sleeping}`);
    expect(await Promise.all(asked)).toEqual(asked.map(() => "answered"));
    expect(await statements.run(settings(tenants[1] as string), [NAMES])).toEqual([[[`of-${tenants[1]}`, tenants[1]]]]);
  });

  test("a database that is not there: every waiting read fails, none hangs", async () => {
    const { default: pg } = await import("pg");
    const nowhere = new pg.Pool({ host: "127.0.0.1", port: 1, max: 1 });
    const statements = new ScopedStatements({ pool: nowhere });
    const results = await Promise.allSettled([1, 2, 3].map(() => statements.run(settings(tenants[0] as string), [NAMES])));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await nowhere.end();
  });
});
