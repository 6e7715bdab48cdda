import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPool } from "#server/database/connect.ts";
import { scopeSettings } from "#server/database/scope.ts";
import type { Statement } from "#server/read/render.ts";
import type { RawRow } from "#server/read/rows.ts";
import { type ByteRow, ScopedStatements } from "#server/read/scoped.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { seededRandom } from "#tests/support/random.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { startTlsProxy } from "#tests/support/tls-proxy.ts";
import { testSeed } from "#tests/support/seed.ts";

/** Rows as bytes: those of the strings that run() gives, and nothing else about the connection changes. */
let database: TestDatabase;
let pool: pg.Pool;
const tenants: string[] = [];
const settings = (tenantId: string): [string, string, string] => scopeSettings({ tenantId });
const tenantOf = (index: number): string => tenants[index % tenants.length] as string;
const NAMES: Statement = { text: "select name, current_setting('app.tenant_id') from namespace order by name", values: [] };
const ECHO = "select $1::text, $2::text, $3::text";

beforeAll(async () => {
  database = await createTestDatabase();
  ({ pool } = await database.openAs("selvedge_api", 3));
  const rows = rowsOf(database.admin);
  for (let index = 0; index < 4; index += 1) {
    const tenantId = await rows.tenant();
    tenants.push(tenantId);
    await rows.namespace(tenantId, `of-${tenantId}`);
  }
  // Notices come between the rows.
  await database.admin.query(`
    create function noisy(rows integer) returns setof text language plpgsql as $$ begin for n in 1 .. rows loop raise notice 'row %', n; return next 'é' || n; end loop; end $$;
    grant execute on function noisy to selvedge_api`);
});
afterAll(() => database.drop());

const asText = (rows: readonly (readonly ByteRow[])[]): RawRow[][] =>
  rows.map((some) =>
    some.map((row) =>
      row.map((field) => {
        if (field !== null && !Buffer.isBuffer(field)) throw new TypeError(`${typeof field} is not bytes`);
        return field?.toString() ?? null;
      }),
    ),
  );

/** Values of any script, null, empty, and of lengths about those of buffers and packets. */
function valuesFrom(random: () => number): () => string | null {
  const below = (limit: number): number => Math.floor(random() * limit);
  const ALPHABETS = ["abc", "äöß", "→漢字", "😀🜁", "\"\\\n\t,{}", "\u0001\u007f\u0080\u2028\uffff"] as const;
  const LENGTHS = [1, 3, 10, 40, 40, 200, 200, 2_000, 5_000] as const;
  return () => {
    const kind = random();
    if (kind < 0.1) return null;
    if (kind < 0.2) return "";
    const letters = [...(ALPHABETS[below(ALPHABETS.length)] as string), ..."xyz"];
    return Array.from({ length: below(LENGTHS[below(LENGTHS.length)] as number) }, () => letters[below(letters.length)]).join("");
  };
}

async function echoes(statements: ScopedStatements, random: () => number, groups: number): Promise<void> {
  const value = valuesFrom(random);
  for (let group = 0; group < groups; group += 1) {
    const asked = Array.from({ length: 1 + Math.floor(random() * 30) }, (): Statement => ({ text: ECHO, values: [value(), value(), value()] }));
    const [bytes, strings] = await Promise.all([statements.runBytes(settings(tenantOf(group)), asked), statements.run(settings(tenantOf(group)), asked)]);
    expect(strings).toEqual(asked.map(({ values }) => [values]));
    expect(asText(bytes)).toEqual(strings);
  }
}

test("thousands of random values", { timeout: 60_000 }, async () => {
  const seed = testSeed();
  console.log(`seed ${seed}`);
  await echoes(new ScopedStatements({ pool }), seededRandom(seed), 120);
});

test("fields of a megabyte, some at once", { timeout: 60_000 }, async () => {
  const statements = new ScopedStatements({ pool });
  const text = "select repeat($1, $2::integer), $1, repeat($1, $2::integer) from generate_series(1, 3)";
  const all = await Promise.all(["x", "é", "漢", "😀"].map(async (letter) => ({ letter, rows: await statements.runBytes(settings(tenantOf(0)), [{ text, values: [letter, "1048576"] }]) })));
  for (const { letter, rows } of all) {
    const long = Buffer.from(letter.repeat(1_048_576));
    expect(rows[0]).toHaveLength(3);
    for (const [first, second, third] of rows[0] as ByteRow[]) expect([first?.equals(long), second?.toString(), third?.equals(long)]).toEqual([true, letter, true]);
  }
});

test("by TLS, in pieces of any size", { timeout: 60_000 }, async () => {
  const seed = testSeed();
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  await using proxy = await startTlsProxy(database.address, () => 1 + Math.floor(random() ** 4 * 5_000));
  const tls = openPool({ address: proxy.address, login: database.login("selvedge_api"), max: 2 });
  try {
    const statements = new ScopedStatements({ pool: tls });
    await echoes(statements, random, 15);
    expect(asText(await statements.runBytes(settings(tenantOf(1)), [NAMES]))).toEqual([[[`of-${tenantOf(1)}`, tenantOf(1)]]]);
    expect((await tls.query("select 'é' as e, 7::int8 as n")).rows).toEqual([{ e: "é", n: 7 }]);
  } finally {
    await tls.end();
  }
});

test("bytes, strings and ordinary queries in turn on few connections, with errors and notices: each gets its own, as it asked", { timeout: 60_000 }, async () => {
  const seed = testSeed();
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const statements = new ScopedStatements({ pool });
  const seen = new Map<string, number>();
  const kinds: readonly [name: string, one: (index: number) => Promise<void>][] = [
    ["bytes", async (index) => {
      const own = { text: "select $1::text from generate_series(1, $2::integer)", values: [`é${index}`, String(index % 5)] };
      const [names, rows, again] = asText(await statements.runBytes(settings(tenantOf(index)), [NAMES, own, NAMES]));
      expect(names).toEqual([[`of-${tenantOf(index)}`, tenantOf(index)]]);
      expect(rows).toEqual(Array.from({ length: index % 5 }, () => [`é${index}`]));
      expect(again).toEqual(names);
    }],
    ["strings", async (index) => {
      expect(await statements.run(settings(tenantOf(index)), [NAMES, { text: "select $1::text", values: [`é${index}`] }])).toEqual([[[`of-${tenantOf(index)}`, tenantOf(index)]], [[`é${index}`]]]);
    }],
    ["plain", async (index) => {
      const { rows } = await pool.query("select $1::text as text, $2::integer as number, null as nothing, (select count(*)::integer from namespace) as seen", [`é${index}`, index]);
      expect(rows).toEqual([{ text: `é${index}`, number: index, nothing: null, seen: 0 }]);
    }],
    ["notices", async (index) => {
      const rows = Array.from({ length: 5 }, (_, row) => [`é${row + 1}`]);
      expect(asText(await statements.runBytes(settings(tenantOf(index)), [{ text: "select * from noisy($1::integer)", values: ["5"] }, NAMES]))).toEqual([rows, [[`of-${tenantOf(index)}`, tenantOf(index)]]]);
    }],
    ["copy", async (index) => {
      expect(asText(await statements.runBytes(settings(tenantOf(index)), [{ text: "copy (select 'é' from generate_series(1, 9)) to stdout", values: [] }, NAMES]))).toEqual([[], [[`of-${tenantOf(index)}`, tenantOf(index)]]]);
    }],
    ["plain error", (index) => expect(pool.query("select $1::integer / 0", [index])).rejects.toMatchObject({ code: "22012" })],
    ["error", (index) => expect(statements.runBytes(settings(tenantOf(index)), [NAMES, { text: "select 1 / $1::integer", values: ["0"] }, NAMES])).rejects.toMatchObject({ code: "22012" })],
    ["error amid rows", (index) =>
      expect(statements.runBytes(settings(tenantOf(index)), [{ text: "select repeat('x', 1000), 1 / (200 - n) from generate_series(1, $1::integer) n", values: ["300"] }])).rejects.toMatchObject({ code: "22012" })],
  ];
  const one = async (index: number): Promise<void> => {
    // The last ones, errors, cost a new connection each.
    const [name, ask] = kinds[Math.floor(random() ** 3 * kinds.length)] as (typeof kinds)[number];
    seen.set(name, (seen.get(name) ?? 0) + 1);
    await ask(index);
  };
  for (let round = 0; round < 6; round += 1) await Promise.all(Array.from({ length: 100 }, (_, index) => one(round * 100 + index)));
  expect(seen.size).toBe(kinds.length);
});

test("what is kept does not change with what comes later", async () => {
  const statements = new ScopedStatements({ pool });
  const text = "select $1::text || n from generate_series(1, 50) n";
  const kept = await Promise.all(Array.from({ length: 40 }, (_, index) => statements.runBytes(settings(tenantOf(index)), [{ text, values: [`é${index}-`] }])));
  await Promise.all(Array.from({ length: 40 }, () => statements.runBytes(settings(tenantOf(0)), [{ text, values: ["x".repeat(50)] }])));
  for (const [index, rows] of kept.entries()) expect(asText(rows)).toEqual([Array.from({ length: 50 }, (_, row) => [`é${index}-${row + 1}`])]);
});

test("nothing can be written, and nothing of another tenant is seen", async () => {
  const statements = new ScopedStatements({ pool });
  await expect(statements.runBytes(settings(tenantOf(0)), [{ text: "update namespace set description = 'x' returning id", values: [] }])).rejects.toMatchObject({ code: "25006" });
  expect(await statements.runBytes(scopeSettings({}), [NAMES])).toEqual([[]]);
  expect(await statements.runBytes(scopeSettings({ tenantId: tenantOf(0), namespaceIds: [] }), [NAMES])).toEqual([[]]);
});

describe("when it goes wrong", () => {
  const SLOW: Statement = { text: "select pg_sleep(0.2)::text", values: [] };

  test("too many waiting, of both kinds: refused at once, the others are served", async () => {
    const statements = new ScopedStatements({ pool, maxWaiting: 2 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => (index % 2 ? statements.run(settings(tenantOf(0)), [SLOW]) : statements.runBytes(settings(tenantOf(0)), [SLOW]))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "RATE_LIMITED" } });
  });

  test("a time-out amid the rows: those that still come are nobody's", async () => {
    const statements = new ScopedStatements({ pool, timeoutMs: 300 });
    const drip = { text: "select repeat('x', 20000), pg_sleep(0.02)::text from generate_series(1, 500)", values: [] };
    const asked = Array.from({ length: 3 }, () => statements.runBytes(settings(tenantOf(0)), [drip]));
    const after = Array.from({ length: 20 }, (_, index) => new ScopedStatements({ pool }).runBytes(settings(tenantOf(index)), [NAMES]));
    for (const one of asked) await expect(one).rejects.toMatchObject({ code: "TIMEOUT" });
    for (const [index, one] of after.entries()) expect(asText(await one)).toEqual([[[`of-${tenantOf(index)}`, tenantOf(index)]]]);
  });

  test("a connection that the server ends amid the rows", async () => {
    const statements = new ScopedStatements({ pool });
    const drip = { text: "select repeat('x', 20000), pg_sleep(0.02)::text from generate_series(1, 700)", values: [] };
    const asked = statements.runBytes(settings(tenantOf(0)), [drip]).then(() => "answered", (error: Error) => error.message);
    const sleeping = "from pg_stat_activity where datname = current_database() and query like '%generate_series(1, 700)' and state = 'active' and pid <> pg_backend_pid()";
    await eventually(async () => expect((await database.admin.query(`select pid ${sleeping}`)).rows).toHaveLength(1));
    await database.admin.query(`select pg_terminate_backend(pid) ${sleeping}`);
    expect(await asked).not.toBe("answered");
    expect(asText(await statements.runBytes(settings(tenantOf(1)), [NAMES]))).toEqual([[[`of-${tenantOf(1)}`, tenantOf(1)]]]);
  });

  test("a pool whose connections are not framed: told, and strings go on", async () => {
    const plain = new pg.Pool({ ...database.address, ...database.login("selvedge_api"), max: 1 });
    try {
      const statements = new ScopedStatements({ pool: plain });
      for (let index = 0; index < 2; index += 1) await expect(statements.runBytes(settings(tenantOf(0)), [NAMES])).rejects.toThrow("no rows as bytes");
      expect(await statements.run(settings(tenantOf(0)), [NAMES])).toEqual([[[`of-${tenantOf(0)}`, tenantOf(0)]]]);
    } finally {
      await plain.end();
    }
  });
});
