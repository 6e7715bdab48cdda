import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "#server/database/embedded.ts";
import { eventually } from "#tests/support/eventually.ts";
import { endProcesses, processesOf, removeDirectory, temporaryDirectory } from "#tests/support/runtime.ts";

let parent: string;
let running: EmbeddedPostgres[];
beforeEach(async () => {
  parent = await temporaryDirectory();
  running = [];
});
afterEach(async () => {
  for (const server of running) {
    await server.stop();
    // Where the path was too long, the socket lies outside.
    await removeDirectory(server.address.host);
  }
  await endProcesses(parent);
  await removeDirectory(parent);
});

async function start(name: string, superuserPassword = "secret", previousPasswords: readonly string[] = []): Promise<EmbeddedPostgres> {
  const dataDirectory = path.join(parent, name);
  await mkdir(dataDirectory, { recursive: true, mode: 0o711 });
  const server = await startEmbeddedPostgres({ dataDirectory, superuserPassword, previousPasswords, settings: { shared_buffers: "32MB", fsync: "off", max_connections: "20" } });
  running.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown> {
  const client = new pg.Client({ ...server.address, ...server.superuser });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

test("its locale is the same everywhere, its socket is the only way in, and what it wrote is there after a stop", async () => {
  const first = await start("data");
  expect(first.tookOver).toBe(false);
  expect(await ask(first, "select datlocprovider as provider, datlocale as locale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'postgres'")).toEqual({
    provider: "b", locale: "C.UTF-8", encoding: "UTF8",
  });
  expect(await ask(first, "select current_setting('listen_addresses') as addresses, current_setting('jit') as jit, current_setting('wal_level') as wal")).toEqual({
    addresses: "", jit: "off", wal: "minimal",
  });
  await ask(first, "create table kept as select 42 as answer");
  await first.stop();
  await first.ended;
  expect(await processesOf({ pid: -1, directory: parent })).toEqual([]);
  expect(await ask(await start("data"), "select answer from kept")).toEqual({ answer: 42 });
});

test("a second handle takes the living server over, and its stop stops it", async () => {
  const first = await start("data");
  const second = await start("data");
  expect(second).toMatchObject({ tookOver: true, pid: first.pid });
  await second.stop();
  await first.ended;
});

describe("places that are hard", () => {
  test.each([
    ["spaces, commas and quotes in the path", "my data, 'all' of it"],
    ["a path longer than a socket may have", "deep/".repeat(30)],
  ])("%s", async (_, name) => {
    expect(await ask(await start(name), "select 1 as one")).toEqual({ one: 1 });
  });

  test("a lock file with the number of a living process that is no Postgres", async () => {
    const first = await start("data");
    await first.stop();
    await writeFile(path.join(parent, "data/postgres/data/postmaster.pid"), `${process.pid}\n`);
    expect(await ask(await start("data"), "select 1 as one")).toEqual({ one: 1 });
  });

  test("somebody's link where the database should be is refused", async () => {
    await mkdir(path.join(parent, "data"));
    await symlink("/var", path.join(parent, "data/postgres"));
    await expect(start("data")).rejects.toThrow(/is not a folder of the user that runs Postgres/);
  });
});

test("another password than the one it was made with is told as what it is", async () => {
  await (await start("data")).stop();
  await expect(start("data", "another")).rejects.toThrow("the encryption key is not the one that this data directory was made with");
  await eventually(async () => expect(await processesOf({ pid: -1, directory: parent })).toEqual([]));
});

test("a password that was the present one before is changed for it, and holds no more afterwards", async () => {
  const first = await start("data", "first");
  await first.stop();
  await expect(start("data", "second", ["neither", "nor"])).rejects.toThrow(/is not the one/);
  const gone = () => eventually(async () => expect(await processesOf({ pid: -1, directory: parent })).toEqual([]));
  await gone();
  const second = await start("data", "second", ["neither", "first"]);
  expect(await ask(second, "select 1 as one")).toEqual({ one: 1 });
  // Also of a server that an earlier start left running.
  expect(await start("data", "third", ["second"])).toMatchObject({ tookOver: true, pid: second.pid });
  await second.stop();
  await expect(start("data", "second", ["first"])).rejects.toThrow(/is not the one/);
  await gone();
  expect(await ask(await start("data", "third"), "select 1 as one")).toEqual({ one: 1 });
});
