import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { freePort } from "#tests/support/ports.ts";
import { endProcesses, processesOf, removeDirectory, run, type Run, temporaryDirectory } from "#tests/support/runtime.ts";
import { NOTHING_COMPILED } from "#tests/support/surroundings.ts";

/** How the server starts, stops, is killed, and refuses. Each with a real process on a data directory of its own. */
const READY_WITHIN_S = 10;
const STOPPED_WITHIN_MS = 10_000;
/** These are promises of a machine that has nothing else to do: where others want it too, they hold in proportion, up to a point. */
const MAX_CROWDING = 3;
const crowding = (): number => Math.min(MAX_CROWDING, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

const opened: { readonly runs: Run[]; readonly directories: string[] } = { runs: [], directories: [] };

async function place(mode?: number, below = "data"): Promise<Place> {
  const parent = await temporaryDirectory(mode);
  const directory = path.join(parent, below);
  opened.directories.push(parent);
  const port = await freePort();
  return { directory, port, env: { PORT: String(port), SELVEDGE_DATA_DIR: directory } };
}

function start(env: Readonly<Record<string, string>>, command?: readonly [string, ...string[]]): Run {
  const started = run(env, command);
  opened.runs.push(started);
  return started;
}

const leftOf = ({ pid }: Run, { directory }: Place) => processesOf({ pid, directory });
const tokenOf = async ({ directory }: Place): Promise<string> => (await readFile(path.join(directory, "token"), "utf8")).trim();

async function ask({ port }: Place, token: string, query: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function role(here: Place, token: string): Promise<string> {
  const { data, errors } = (await ask(here, token, "{ viewer { role tenant { name } } }")) as { data?: { viewer: { role: string; tenant: { name: string } } }; errors?: [{ extensions: { code: string } }] };
  return data ? `${data.viewer.role} of ${data.viewer.tenant.name}` : (errors?.[0].extensions.code ?? "no answer");
}

/** What it printed, by the names in the first column. */
const tableOf = ({ printed }: Run): Record<string, string> =>
  Object.fromEntries(printed.flatMap((line) => [...line.matchAll(/^ {2}(\w+) +(.+)$/g)].map(([, name, value]) => [name ?? "", value ?? ""])));

/** Ends with this code, and with one line on standard error that is not the log's. */
async function refusal(started: Run): Promise<string> {
  expect(await started.exit).toEqual({ code: 1, signal: null });
  expect(started.errors).toHaveLength(1);
  return started.errors[0] as string;
}

async function stop(started: Run, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const since = performance.now();
  started.kill(signal);
  expect(await started.exit).toEqual({ code: 0, signal: null });
  expect(performance.now() - since).toBeLessThan(STOPPED_WITHIN_MS * crowding());
}

afterEach(async () => {
  for (const started of opened.runs.splice(0)) {
    started.kill("SIGKILL");
    await started.exit;
  }
  for (const directory of opened.directories.splice(0)) {
    await endProcesses(directory);
    await removeDirectory(directory);
  }
}, 30_000);

describe.runIf(process.platform === "linux")("a life", { timeout: 120_000 }, () => {
  test("a fresh directory: ready soon, a token that works, Postgres never as root, and after SIGTERM nothing is left", async () => {
    const here = await place();
    const server = start({ ...here.env, ...NOTHING_COMPILED });
    const ready = await server.ready();
    expect(ready["seconds"]).toBeLessThan(READY_WITHIN_S * crowding());
    expect(ready).toMatchObject({ graphql: `http://127.0.0.1:${here.port}/graphql`, dataDirectory: here.directory, tokenFile: path.join(here.directory, "token") });
    expect(await (await fetch(`http://127.0.0.1:${here.port}/readyz`)).json()).toMatchObject({ ready: true });
    expect(await role(here, await tokenOf(here))).toBe("PLATFORM_ADMIN of demo");
    for (const name of ["token", "encryption-key"]) expect((await stat(path.join(here.directory, name))).mode & 0o777).toBe(0o600);

    const running = await leftOf(server, here);
    expect(running.filter(({ command }) => command.includes("postgres")).length).toBeGreaterThan(3);
    expect(running.filter(({ command, uid }) => command.includes("postgres") && uid === 0)).toEqual([]);

    await stop(server);
    expect(await leftOf(server, here)).toEqual([]);
    expect(server.errors).toEqual([]);
    const token = await tokenOf(here);
    expect(JSON.stringify(server.log)).not.toContain(token);
    expect(tableOf(server)).toEqual({
      Console: `http://127.0.0.1:${here.port}`,
      GraphiQL: `http://127.0.0.1:${here.port}/graphql  (in a browser)`,
      GraphQL: `http://127.0.0.1:${here.port}/graphql  (HTTP, server-sent events, WebSocket)`,
      Token: `${token}  (kept in ${here.directory}/token)`,
      Data: `${here.directory}  (embedded Postgres)`,
      Fleet: expect.stringMatching(/^tiny, \d+ clusters, 1 × real time$/),
    });
    expect(server.log.filter(({ level }) => level === "warn" || level === "error" || level === "fatal")).toEqual([]);
  });

  test("with the whole of china a fresh start is as soon, and every cluster is there by then", async () => {
    const here = await place();
    const server = start({ ...here.env, ...NOTHING_COMPILED, SELVEDGE_FLEET: "china" });
    const ready = await server.ready();
    expect(ready).toMatchObject({ fleet: "china", clusters: 60 });
    expect(ready["seconds"]).toBeLessThan(READY_WITHIN_S * MAX_CROWDING);
    expect(await ask(here, await tokenOf(here), "{ clusters(first: 1) { totalCount } }")).toEqual({ data: { clusters: { totalCount: 60 } } });
    await stop(server);
  });

  test("kill -9 leaves Postgres running; the next start takes it over and goes on; then a stop leaves nothing", async () => {
    const here = await place();
    const first = start(here.env);
    await first.ready();
    const token = await tokenOf(here);
    first.kill("SIGKILL");
    await first.exit;
    const survivors = await leftOf(first, here);
    expect(survivors.some(({ command }) => command.includes("postgres"))).toBe(true);

    const second = start({ ...here.env, ...NOTHING_COMPILED });
    const ready = await second.ready();
    expect(ready["seconds"]).toBeLessThan(READY_WITHIN_S * crowding());
    const takenOver = second.log.find(({ msg }) => String(msg).startsWith("took over the embedded Postgres"));
    expect(survivors.map(({ pid }) => pid)).toContain(takenOver?.["postgres"]);
    expect(await tokenOf(here)).toBe(token);
    expect(await role(here, token)).toBe("PLATFORM_ADMIN of demo");
    await stop(second);
    expect(await leftOf(second, here)).toEqual([]);
  });

  test("killed while it starts, it starts the next time", async () => {
    const here = await place();
    for (const delayMs of [150, 500, 900]) {
      const killed = start(here.env);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      killed.kill("SIGKILL");
      await killed.exit;
    }
    const server = start(here.env);
    await server.ready();
    expect(await role(here, await tokenOf(here))).toBe("PLATFORM_ADMIN of demo");
    await stop(server);
    expect(await leftOf(server, here)).toEqual([]);
  });

  test("killed together with its Postgres, it finds everything again", async () => {
    const here = await place();
    const first = start(here.env);
    await first.ready();
    const all = await leftOf(first, here);
    for (const { pid } of all) process.kill(pid, "SIGKILL");
    await first.exit;
    const second = start(here.env);
    await second.ready();
    expect(await role(here, await tokenOf(here))).toBe("PLATFORM_ADMIN of demo");
    await stop(second, "SIGINT");
    expect(await leftOf(second, here)).toEqual([]);
  });

  test("a second start on the same directory is refused, and the first one does not notice", async () => {
    const here = await place();
    const first = start(here.env);
    await first.ready();
    for (const port of [await freePort(), here.port]) {
      const second = start({ ...here.env, PORT: String(port) });
      expect(await refusal(second)).toBe(`selvedge: another Selvedge (process ${first.pid}) is running on the data directory ${here.directory}`);
    }
    expect(await role(here, await tokenOf(here))).toBe("PLATFORM_ADMIN of demo");
    await stop(first);
  });

  test("another fleet on the same directory: how many clusters are left without an agent is told", async () => {
    const here = await place();
    const first = start({ ...here.env, SELVEDGE_FLEET: "china" });
    await first.ready();
    await stop(first);
    const second = start(here.env);
    const { clusters } = (await second.ready()) as { clusters: number };
    expect(second.log.filter(({ level }) => level === "warn")).toMatchObject([{ clusters: 60 - clusters, fleet: "tiny" }]);
    await stop(second);
  });

  test("npm start prints where everything is when nothing at all is logged, and SIGTERM to it reaches the server", async () => {
    const here = await place();
    const npm = start({ ...here.env, LOG_LEVEL: "silent" }, ["npm", "start", "--silent"]);
    await eventually(() => expect(Object.keys(tableOf(npm))).toEqual(["Console", "GraphiQL", "GraphQL", "Token", "Data", "Fleet"]), { deadlineMs: 60_000 });
    expect(await role(here, tableOf(npm)["Token"]?.split(" ")[0] ?? "")).toBe("PLATFORM_ADMIN of demo");
    await stop(npm);
    expect([npm.log, npm.errors]).toEqual([[], []]);
    expect(await leftOf(npm, here)).toEqual([]);
  });

  test("told to stop while it starts, it stops and leaves nothing; a second signal at the same moment changes nothing", async () => {
    const here = await place();
    const server = start(here.env);
    await eventually(() => expect(existsSync(path.join(here.directory, "postgres/data"))).toBe(true), { deadlineMs: 40_000 });
    server.kill("SIGINT");
    server.kill("SIGTERM");
    expect(await server.exit).toEqual({ code: 0, signal: null });
    expect(await leftOf(server, here)).toEqual([]);
  });

  test("another token in the settings works from the next start on, and the one before does not", async () => {
    const here = await place();
    const first = start(here.env);
    await first.ready();
    const generated = await tokenOf(here);
    await stop(first);

    const chosen = "chosen by the administrator, and long enough";
    const second = start({ ...here.env, SELVEDGE_ADMIN_TOKEN: chosen });
    expect(await second.ready()).toMatchObject({ tokenFile: null });
    expect(tableOf(second)["Token"]).toBe("as set in SELVEDGE_ADMIN_TOKEN");
    expect(await role(here, chosen)).toBe("PLATFORM_ADMIN of demo");
    expect(await role(here, generated)).toBe("UNAUTHENTICATED");
    expect(existsSync(path.join(here.directory, "token"))).toBe(false);
    await stop(second);
  });

  test("the end of Postgres ends the server, and says so", async () => {
    const here = await place();
    const server = start(here.env);
    await server.ready();
    const postmaster = (await leftOf(server, here)).find(({ command }) => command.includes("bin/postgres"));
    process.kill(postmaster?.pid as number, "SIGKILL");
    expect(await refusal(server)).toBe("selvedge: the embedded Postgres ended unexpectedly");
    await eventually(async () => expect(await leftOf(server, here)).toEqual([]));
  });
});

describe.runIf(process.platform === "linux" && process.getuid?.() === 0)("as root", { timeout: 120_000 }, () => {
  test("in a folder that only root may enter, the database lies elsewhere, and its Postgres is nobody's", async () => {
    const here = await place(0o700);
    const server = start(here.env);
    await server.ready();
    const said = server.log.find(({ msg }) => String(msg).startsWith("only root may enter the data directory"));
    const elsewhere = String(said?.["path"]);
    opened.directories.push(elsewhere);
    expect(elsewhere).toMatch(/^\/var\/lib\/selvedge\//);
    const postgres = (await processesOf({ pid: server.pid, directory: elsewhere })).filter(({ command }) => command.includes("postgres"));
    expect(postgres.length).toBeGreaterThan(3);
    expect(postgres.filter(({ uid }) => uid === 0)).toEqual([]);
    expect(await role(here, await tokenOf(here))).toBe("PLATFORM_ADMIN of demo");
    await stop(server);
    expect(await processesOf({ pid: server.pid, directory: elsewhere })).toEqual([]);
  });
});

describe("what it can't start with", { timeout: 60_000 }, () => {
  test("bad settings: every fault at once, and nothing was touched", async () => {
    const here = await place();
    const server = start({ ...here.env, PORT: "http", SELVEDGE_SPEED: "-1", SELVEDGE_ADMIN_TOKEN: "short", LOG_LEVEL: "loud" });
    expect(await server.exit).toEqual({ code: 1, signal: null });
    expect(server.errors.map((line) => line.split(" ")[1]).toSorted()).toEqual(["LOG_LEVEL", "PORT", "SELVEDGE_ADMIN_TOKEN", "SELVEDGE_SPEED"]);
    expect(server.errors.join("\n")).not.toContain("short");
    expect(existsSync(here.directory)).toBe(false);
  });

  test("a port in use: one line, and nothing was made", async () => {
    const here = await place();
    const holder = createServer().listen(here.port, "127.0.0.1");
    try {
      const server = start(here.env);
      expect(await refusal(server)).toBe(`selvedge: port ${here.port} on 127.0.0.1 is in use: stop what listens there, or set PORT to another`);
      expect(existsSync(here.directory)).toBe(false);
      if (process.platform === "linux") expect(await leftOf(server, here)).toEqual([]);
    } finally {
      holder.close();
    }
  });

  test("a database that can't be reached: one line, without its password", async () => {
    const here = await place();
    const line = await refusal(
      start({ ...here.env, DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${await freePort()}/selvedge`, SELVEDGE_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64") }),
    );
    expect(line).toMatch(/^selvedge: the database at 127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/);
    expect(line).not.toContain("hunter2");
  });

  test("a misspelt setting is told, whatever else is wrong", async () => {
    const here = await place();
    const server = start({ ...here.env, SELVEDGE_SPED: "3", SELVEDGE_FLEET: "atlantis" });
    expect(await refusal(server)).toMatch(/atlantis/);
    expect(server.log.filter(({ level }) => level === "warn")).toMatchObject([{ msg: "no such setting, ignored: SELVEDGE_SPED (did you mean SELVEDGE_SEED or SELVEDGE_SPEED?)" }]);
  });

  test("an unknown fleet: one line", async () => {
    const here = await place();
    expect(await refusal(start({ ...here.env, SELVEDGE_FLEET: "atlantis" }))).toMatch(/^selvedge: fleet description atlantis: /);
  });

  test.each([
    ["below a file", "/dev/null/data"],
    ["a file", path.resolve(import.meta.dirname, "../../package.json")],
  ])("a data directory that is %s: one line that names the setting", async (_, directory) => {
    const here = await place();
    const line = await refusal(start({ ...here.env, SELVEDGE_DATA_DIR: directory }));
    expect(line).toMatch(/^selvedge: SELVEDGE_DATA_DIR must be a folder/);
    expect(line).toContain(directory);
  });

  test.runIf(process.platform === "linux")("a data directory where nothing can be made: one line, and at once", async () => {
    const here = await place();
    for (const directory of ["/proc/selvedge", "/proc/selvedge/deep/data", "/proc"]) {
      expect(await refusal(start({ ...here.env, SELVEDGE_DATA_DIR: directory }))).toMatch(/^selvedge: SELVEDGE_DATA_DIR must be a folder/);
    }
  });
});
