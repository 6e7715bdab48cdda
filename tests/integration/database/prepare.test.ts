import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { roleLogin } from "#server/database/address.ts";
import { ensureAdministrator } from "#server/database/administrator.ts";
import { OWNER, prepareDatabase } from "#server/database/prepare.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { migrations } from "../../../migrations/index.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const owner = () => roleLogin(database.encryptionKey, OWNER);
const prepare = (options: { wall?: number; speed?: number | null } = {}) =>
  prepareDatabase({ address: database.address, owner: owner(), encryptionKey: database.encryptionKey, speed: options.speed === undefined ? 1 : options.speed, wall: options.wall ?? 1_000_000 });

test("on an empty database, by several processes at once: each finds it prepared, the migrations ran once", async () => {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await database.admin.query(`create database ${name} owner ${OWNER}`);
  try {
    const address = { ...inject("postgres").address, database: name };
    const all = await Promise.all(
      [1, 2, 3].map(() => prepareDatabase({ address, owner: owner(), encryptionKey: database.encryptionKey, speed: 1, wall: 5_000 })),
    );
    expect(all.flatMap(({ migrated }) => migrated)).toEqual(migrations.map(({ name: each }) => each));
    expect(all.map(({ term, clock }) => ({ term, clock }))).toEqual(Array(3).fill({ term: 1, clock: { wallBase: 5_000, simulatedBase: 5_000, speed: 1 } }));
  } finally {
    await database.admin.query(`drop database ${name} with (force)`);
  }
});

test("the term stays through restarts, and rises when the database is another server's or was restored", async () => {
  const first = await prepare();
  expect((await prepare()).term).toBe(first.term);
  await database.admin.query("update database_life set identity = 'the server that it was copied from:1'");
  expect((await prepare()).term).toBe(first.term + 1);
  expect((await prepare()).term).toBe(first.term + 1);
});

test("the clock goes on where it was: another speed makes no jump, and who has no say leaves it", async () => {
  await database.admin.query("update simulation_clock set wall_base = 1000, simulated_base = 1000, speed = 1");
  expect((await prepare({ speed: 10, wall: 2_000 })).clock).toEqual({ wallBase: 2_000, simulatedBase: 2_000, speed: 10 });
  expect((await prepare({ speed: 10, wall: 3_000 })).clock).toEqual({ wallBase: 2_000, simulatedBase: 2_000, speed: 10 });
  expect((await prepare({ speed: null, wall: 4_000 })).clock).toEqual({ wallBase: 2_000, simulatedBase: 2_000, speed: 10 });
  expect((await prepare({ speed: 1, wall: 3_000 })).clock).toEqual({ wallBase: 3_000, simulatedBase: 12_000, speed: 1 });
});

test("the administrator's token: made once, replaced by another one, and revoked until then", async () => {
  const at = new Date("2026-01-01T00:00:00Z");
  const ensure = (hash: string) => ensureAdministrator({ address: database.address, owner: owner(), hash: Buffer.from(hash), prefix: hash.slice(0, 3), at });
  const tokens = async (): Promise<unknown[]> =>
    (
      await database.admin.query(
        "select t.name as tenant, k.name, k.role, convert_from(k.hash, 'UTF8') as hash, k.revoked_at is null as valid from api_token k join tenant t on t.id = k.tenant_id order by k.created_at",
      )
    ).rows;
  const administrator = { tenant: "demo", name: "administrator", role: "PLATFORM_ADMIN", valid: true };

  expect(await Promise.all([ensure("one"), ensure("one")])).toEqual([true, true]);
  expect(await tokens()).toEqual([{ ...administrator, hash: "one" }]);
  expect((await database.admin.query("select name, is_default from namespace")).rows).toEqual([{ name: "default", is_default: true }]);

  expect(await ensure("two")).toBe(true);
  expect(await tokens()).toEqual([{ ...administrator, hash: "two" }]);

  await database.admin.query("update api_token set revoked_at = now()");
  expect(await ensure("two")).toBe(false);
  expect(await tokens()).toEqual([{ ...administrator, hash: "two", valid: false }]);
  expect(await ensure("three")).toBe(true);
  expect(await tokens()).toEqual([{ ...administrator, hash: "three" }]);
});
