import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pg from "pg";
import { databaseUrl } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { freePort } from "#tests/support/ports.ts";
import { endProcesses, removeDirectory, run, type Run, temporaryDirectory } from "#tests/support/runtime.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "#server/database/embedded.ts";

/** A Postgres that is not ours: somebody else's server, on which we are given a database and a user. */
let folder: string;
let data: string;
let server: EmbeddedPostgres;
let admin: pg.Client;
const runs: Run[] = [];
const settings = { shared_buffers: "64MB", fsync: "off", max_connections: "100" };

const asAdmin = async (statement: string): Promise<void> => void (await admin.query(statement));
const connectAdmin = async (): Promise<void> => {
  admin = new pg.Client({ ...server.address, ...server.superuser });
  admin.on("error", () => undefined);
  await admin.connect();
};
const env = (user: string, database: string): Record<string, string> => ({
  DATABASE_URL: databaseUrl({ ...server.address, database }, { user, password: "theirs" }),
  SELVEDGE_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString("base64"),
  SELVEDGE_ADMIN_TOKEN: "t".repeat(40),
  SELVEDGE_DATA_DIR: data,
});
const start = (environment: Record<string, string>): Run => {
  const started = run(environment);
  runs.push(started);
  return started;
};

const below = async (name: string): Promise<string> => {
  const directory = path.join(data, name);
  await mkdir(directory);
  return directory;
};
async function ask(port: number, query: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${"t".repeat(40)}` },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  data = await temporaryDirectory();
  server = await startEmbeddedPostgres({ dataDirectory: folder, superuserPassword: "theirs", settings });
  await connectAdmin();
  await asAdmin("create role customer login createrole password 'theirs'");
  await asAdmin("create database customer owner customer");
  await asAdmin("create role powerless login password 'theirs'");
  await asAdmin("create role guest login createrole password 'theirs'");
});
afterAll(async () => {
  for (const each of runs) each.kill("SIGKILL");
  await Promise.all(runs.map(({ exit }) => exit));
  await admin.end();
  await server.stop();
  for (const directory of [folder, data]) {
    await endProcesses(directory);
    await removeDirectory(directory);
  }
});

describe("users that will not do are refused in one line", () => {
  test.each([
    ["powerless", "customer", /the database user powerless may not create roles/],
    ["guest", "customer", /the database user guest may not create schemas and tables/],
    ["customer", "nowhere", /can't be reached: database "nowhere" does not exist/],
    ["nobody", "customer", /can't be reached: password authentication failed/],
  ])("%s on %s", async (user, database, words) => {
    const refused = start(env(user, database));
    expect(await refused.exit).toEqual({ code: 1, signal: null });
    expect(refused.errors).toEqual([expect.stringMatching(words)]);
  });
});

test("an owner who is no superuser is enough; Postgres away and back: not ready meanwhile, serving within 5 s", { timeout: 60_000 }, async () => {
  const port = await freePort();
  const selvedge = start({ ...env("customer", "customer"), PORT: String(port) });
  await selvedge.ready();
  const readiness = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  const viewer = (): Promise<unknown> => ask(port, "{ viewer { role } }");
  await eventually(async () => expect(await readiness()).toBe(200));
  expect(await viewer()).toEqual({ data: { viewer: { role: "PLATFORM_ADMIN" } } });

  await server.stop();
  await eventually(async () => expect(await readiness()).toBe(503));
  server = await startEmbeddedPostgres({ dataDirectory: folder, superuserPassword: "theirs", settings });
  await connectAdmin();
  await eventually(async () => expect(await readiness()).toBe(200), { deadlineMs: 5_000 });
  expect(await viewer()).toEqual({ data: { viewer: { role: "PLATFORM_ADMIN" } } });

  selvedge.kill("SIGTERM");
  expect(await selvedge.exit).toEqual({ code: 0, signal: null });
});

test("roles in processes of their own: the API in one, the rest in another, started at once on an empty database", { timeout: 60_000 }, async () => {
  await asAdmin("drop database customer with (force)");
  await asAdmin("create database customer owner customer");
  const port = await freePort();
  const api = start({ ...env("customer", "customer"), SELVEDGE_ROLE: "api", PORT: String(port), SELVEDGE_DATA_DIR: await below("api") });
  const rest = start({ ...env("customer", "customer"), SELVEDGE_ROLE: "worker,gateway,fleet", SELVEDGE_DATA_DIR: await below("rest") });
  await Promise.all([api.ready(), rest.ready()]);
  await eventually(async () => {
    const answer = await ask(port, "{ clusters(first: 100) { totalCount nodes { status } } }");
    const { totalCount, nodes } = (answer as { data: { clusters: { totalCount: number; nodes: { status: string }[] } } }).data.clusters;
    expect(totalCount).toBeGreaterThan(1);
    expect(nodes.filter(({ status }) => status !== "ONLINE")).toEqual([]);
  }, { deadlineMs: 10_000 });
  for (const each of [rest, api]) {
    each.kill("SIGTERM");
    expect(await each.exit).toEqual({ code: 0, signal: null });
  }
});

test("another encryption key, with the one before it at hand: every process works, and Secrets come under it", { timeout: 60_000 }, async () => {
  await asAdmin("drop database customer with (force)");
  await asAdmin("create database customer owner customer");
  const port = await freePort();
  const before = start({ ...env("customer", "customer"), PORT: String(port), SELVEDGE_DATA_DIR: await below("before") });
  await before.ready();
  const made = (await ask(port, 'mutation { createSecret(input: { name: "db", namespace: "default", data: [{ key: "a", value: "canary" }] }) { secret { id } } }')) as { data: { createSecret: { secret: { id: string } } } };
  before.kill("SIGTERM");
  await before.exit;

  const after = { ...env("customer", "customer"), SELVEDGE_ENCRYPTION_KEY: Buffer.alloc(32, 4).toString("base64"), SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: Buffer.alloc(32, 3).toString("base64") };
  const api = start({ ...after, SELVEDGE_ROLE: "api", PORT: String(port), SELVEDGE_DATA_DIR: await below("api-after") });
  const worker = start({ ...after, SELVEDGE_ROLE: "worker", SELVEDGE_DATA_DIR: await below("worker-after") });
  await Promise.all([api.ready(), worker.ready()]);
  expect(await worker.said("all Secrets are under the current encryption key")).toMatchObject({ secrets: 1 });
  expect(await ask(port, `mutation { revealSecret(input: { id: "${made.data.createSecret.secret.id}" }) { data { key value } } }`)).toEqual({ data: { revealSecret: { data: [{ key: "a", value: "canary" }] } } });
  for (const each of [worker, api]) {
    each.kill("SIGTERM");
    expect(await each.exit).toEqual({ code: 0, signal: null });
  }
});

test("a second fleet on the same database is refused by both ends, and the first one's clusters stay as they are", { timeout: 60_000 }, async () => {
  await asAdmin("drop database customer with (force)");
  await asAdmin("create database customer owner customer");
  const first = start({ ...env("customer", "customer"), PORT: String(await freePort()), SELVEDGE_DATA_DIR: await below("first") });
  const { clusters } = await first.ready();
  const theirs = new pg.Client({ ...server.address, ...server.superuser, database: "customer" });
  await theirs.connect();
  try {
    const owners = async (): Promise<unknown[]> => (await theirs.query("select id, agent_store, epoch from cluster order by id")).rows;
    await eventually(async () => expect(await owners()).toHaveLength(Number(clusters)));
    // Each has reported since: its epoch has begun.
    await eventually(async () => expect((await theirs.query("select from cluster where epoch = 0")).rowCount).toBe(0), { deadlineMs: 10_000 });
    const before = await owners();
    const second = start({ ...env("customer", "customer"), PORT: String(await freePort()), SELVEDGE_DATA_DIR: await below("second") });
    await second.ready();
    const reason = expect.stringContaining("do two fleets use one database?");
    expect(await second.said("refused a hello")).toMatchObject({ level: "warn", reason });
    expect(await second.said("the gateway refused the cluster")).toMatchObject({ level: "warn", reason });
    expect(await owners()).toEqual(before);
    for (const each of [second, first]) {
      each.kill("SIGTERM");
      expect(await each.exit).toEqual({ code: 0, signal: null });
    }
    expect(first.log.filter(({ msg }) => String(msg).includes("a new epoch starts"))).toEqual([]);
  } finally {
    await theirs.end();
  }
});

test("a second installation on the same server would change the first one's roles, and is refused", async () => {
  await asAdmin("create role other login createrole password 'theirs'");
  await asAdmin("create database other owner other");
  const refused = start(env("other", "other"));
  expect(await refused.exit).toEqual({ code: 1, signal: null });
  expect(refused.errors).toEqual([expect.stringMatching(/the role selvedge_\w+ exists on this server but belongs to another user/)]);
});
