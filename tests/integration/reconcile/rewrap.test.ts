import { randomUUIDv7 } from "node:crypto";
import pino from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createKeyRing, decryptEntries, encryptEntries, type KeyRing } from "#server/domain/envelope.ts";
import { createRewrapper, type RewrapOptions } from "#server/reconcile/rewrap.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { createCentre } from "#tests/support/centre.ts";
import { eventually } from "#tests/support/eventually.ts";
import { rowsOf } from "#tests/support/rows.ts";

const [OLD, NEW, STRANGE] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array];
const oldRing = createKeyRing(OLD);
const rotating = createKeyRing(NEW, [OLD]);
const newRing = createKeyRing(NEW);

let database: TestDatabase;
let pool: RewrapOptions["pool"];
let tenants: { readonly id: string; readonly namespaceId: string }[];
let said: { level: number; msg: string; secrets?: number; keys?: string[] }[];
const logger = pino({ level: "info" }, { write: (line) => void said.push(JSON.parse(line) as (typeof said)[number]) });

beforeAll(async () => {
  database = await createTestDatabase();
  ({ pool } = await database.openAs("selvedge_worker", 4));
  const rows = rowsOf(database.admin);
  tenants = await Promise.all(
    ["one", "two"].map(async (name) => {
      const id = await rows.tenant(name);
      return { id, namespaceId: await rows.namespace(id, "default") };
    }),
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  said = [];
  await database.admin.query("delete from secret");
});

async function plant(ring: KeyRing, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const [id, tenant] = [randomUUIDv7(), tenants[n % tenants.length] as (typeof tenants)[number]];
    const { keyId, wrappedKey, ciphertext } = encryptEntries(ring, [{ key: "a", value: `canary ${id}` }], `${tenant.id}/${id}`);
    await database.admin.query(
      `insert into secret (tenant_id, id, namespace_id, name, description, type, keys, key_id, wrapped_key, ciphertext, content, version, created_at, updated_at)
       values ($1, $2, $3, $4, '', 'OPAQUE', '{a}', $5, $6, $7, 'c', 7, '2026-01-01', '2026-01-01')`,
      [tenant.id, id, tenant.namespaceId, `secret-${id}`, keyId, wrappedKey, ciphertext],
    );
  }
}
interface Row { tenant_id: string; id: string; key_id: string; wrapped_key: Buffer; ciphertext: Buffer; version: number; updated_at: Date }
const secrets = async (): Promise<Row[]> => (await database.admin.query<Row>("select * from secret order by id")).rows;
const readableWith = async (ring: KeyRing): Promise<number> => {
  let readable = 0;
  for (const { tenant_id, id, key_id: keyId, wrapped_key: wrappedKey, ciphertext } of await secrets()) {
    if (!ring.keys.has(keyId)) continue;
    expect(decryptEntries(ring, { keyId, wrappedKey, ciphertext }, `${tenant_id}/${id}`)).toEqual([{ key: "a", value: `canary ${id}` }]);
    readable += 1;
  }
  return readable;
};

test("everything of every tenant comes under the current key, in batches, and nothing else of it changes", async () => {
  await plant(oldRing, 23);
  await plant(newRing, 2);
  const before = await secrets();
  const run = createRewrapper({ pool, keyRing: rotating, logger, batch: 5 });
  expect(await run()).toEqual({ rewrapped: 23, unreadable: 0 });
  expect(await readableWith(newRing)).toBe(25);
  expect(await readableWith(oldRing)).toBe(0);
  const kept = ({ key_id: _key, wrapped_key: _wrapped, ...rest }: Row) => rest;
  expect((await secrets()).map(kept)).toEqual(before.map(kept));
  expect(await run()).toEqual({ rewrapped: 0, unreadable: 0 });
  expect(said.map(({ msg, secrets: count }) => [msg, count])).toEqual([["all Secrets are under the current encryption key", 23]]);
});

test("with nothing to do it says nothing, unless somebody waits to hear that an earlier key can go", async () => {
  await plant(newRing, 1);
  expect(await createRewrapper({ pool, keyRing: newRing, logger })()).toEqual({ rewrapped: 0, unreadable: 0 });
  expect(said).toEqual([]);
  await createRewrapper({ pool, keyRing: rotating, logger })();
  expect(said).toHaveLength(1);
});

test("one that can't be opened is told by its key's id, counted, and holds no other up", async () => {
  await plant(createKeyRing(STRANGE), 6);
  await plant(oldRing, 4);
  await database.admin.query("update secret set wrapped_key = wrapped_key || '\\x00' where id = (select id from secret where key_id = $1 order by id limit 1)", [oldRing.currentKeyId]);
  const registry = new Registry();
  const run = createRewrapper({ pool, keyRing: rotating, logger, registry, batch: 2 });
  expect(await run()).toEqual({ rewrapped: 3, unreadable: 7 });
  await run();
  expect(said).toMatchObject([{ level: 50, secrets: 7, keys: [oldRing.currentKeyId, createKeyRing(STRANGE).currentKeyId].toSorted() }]);
  expect(await registry.metrics()).toMatch(/^selvedge_secrets_on_old_keys 7$/m);
  expect(await readableWith(newRing)).toBe(3);
});

test("who changes a Secret meanwhile wins", async () => {
  await plant(oldRing, 1);
  const [row] = await secrets();
  const fresh = encryptEntries(rotating, [{ key: "a", value: `canary ${row?.id}` }], `${row?.tenant_id}/${row?.id}`);
  const client = await database.admin.connect();
  await client.query("begin");
  await client.query("update secret set key_id = $1, wrapped_key = $2, ciphertext = $3", [fresh.keyId, fresh.wrappedKey, fresh.ciphertext]);
  const running = createRewrapper({ pool, keyRing: rotating, logger })();
  await eventually(async () => {
    const { rows } = await database.admin.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    expect(rows).toHaveLength(1);
  });
  await client.query("commit");
  client.release();
  expect(await running).toEqual({ rewrapped: 0, unreadable: 0 });
  expect(await readableWith(newRing)).toBe(1);
});

test("two at once do it once", async () => {
  await plant(oldRing, 12);
  const runs = await Promise.all([1, 2].map(() => createRewrapper({ pool, keyRing: rotating, logger, batch: 3 })()));
  expect(runs.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(12);
  expect(await readableWith(newRing)).toBe(12);
});

test("a worker does it by itself", async () => {
  await plant(oldRing, 3);
  const centre = createCentre(database);
  await centre.worker({ keyRing: rotating });
  await eventually(async () => expect(await readableWith(newRing)).toBe(3));
  await centre.close();
});

test("the worker may change how a Secret's key is wrapped, and nothing else of it", async () => {
  for (const column of ["ciphertext", "content", "keys", "name", "version"]) {
    await expect(pool.query(`update secret set ${column} = ${column}`)).rejects.toThrow(/permission denied/);
  }
  await expect(pool.query("delete from secret")).rejects.toThrow(/permission denied/);
});
