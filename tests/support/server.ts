import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { createClient, type SelvedgeClient } from "#clients/typescript/index.ts";
import { rolePassword } from "#server/database/address.ts";
import { DATABASE } from "#server/database/prepare.ts";
import { eventually } from "./eventually.ts";
import { TEMPORARY_PREFIX } from "./postgres.ts";
import { surroundings } from "./surroundings.ts";

/**
 * The product as users run it: `node server/main.ts` in a process of its own, on a data directory and a port of its own, with its embedded
 * Postgres. It can be killed with -9 and started again on what it left behind.
 */
export interface ServerProcess {
  readonly url: string;
  readonly dataDirectory: string;
  /** The administrator's token, from the data directory. */
  readonly token: string;
  /** What it wrote, a line each; the newest MAX_LINES. */
  readonly lines: readonly string[];
  /** What a person's shell would have set to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  client(token?: string): SelvedgeClient;
  /** A connection as the superuser, who sees every tenant's rows: for asserting only. Ends with dispose(), or with the server's Postgres. */
  sql(): Promise<pg.Client>;
  /** Of the process alone, at any moment, as a crash would: Postgres stays. Resolves when it is gone. */
  kill9(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Again, on the same port and data, with these settings beside those from before. Resolves when it is ready. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops everything that is left, and removes the data. */
  dispose(): Promise<void>;
}

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Until it is ready, each time. */
  readonly readyDeadlineMs?: number;
}

const ROOT = path.resolve(import.meta.dirname, "../..");
const MAX_LINES = 5_000;
/** Far more than the ten seconds of the promise, which tests/scenarios/runtime.test.ts is for: here the machine may be doing much else. */
const READY_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 15_000;

export async function startServer({ env = {}, readyDeadlineMs = READY_DEADLINE_MS }: ServerOptions = {}): Promise<ServerProcess> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), `${TEMPORARY_PREFIX}${process.pid}-`));
  // Postgres does not run as root, and must be able to enter.
  await chmod(dataDirectory, 0o711);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const opened: { end(): Promise<void> }[] = [];
  let child: ChildProcess | null = null;
  let token = "";

  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
  };

  const start = async (settings: Readonly<Record<string, string>> = {}): Promise<void> => {
    const started = spawn(process.execPath, ["server/main.ts"], {
      cwd: ROOT,
      env: { ...surroundings(), ...env, ...settings, PORT: String(port), SELVEDGE_DATA_DIR: dataDirectory },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child = started;
    for (const output of [started.stdout, started.stderr]) createInterface({ input: output }).on("line", keep);
    await eventually(
      async () => {
        if (started.exitCode !== null || started.signalCode !== null) return;
        const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
        if (!response.ok) throw new Error(`/readyz answered ${response.status}: ${await response.text()}\n${tail(lines)}`);
      },
      { deadlineMs: readyDeadlineMs, everyMs: 50 },
    );
    if (started.exitCode !== null || started.signalCode !== null) throw new Error(`the server ended with ${started.exitCode ?? started.signalCode}:\n${tail(lines)}`);
    token = env["SELVEDGE_ADMIN_TOKEN"] ?? (await readFile(path.join(dataDirectory, "token"), "utf8")).trim();
  };

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    if (ending === null) return null;
    child = null;
    if (ending.exitCode !== null || ending.signalCode !== null) return ending.exitCode;
    const gone = once(ending, "exit");
    ending.kill(signal);
    const late = setTimeout(() => ending.kill("SIGKILL"), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(late);
    return ending.exitCode;
  };

  const dispose = async (): Promise<void> => {
    await Promise.allSettled(opened.map((connection) => connection.end()));
    await end("SIGTERM");
    await endPostgres(dataDirectory);
    await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };

  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    dataDirectory,
    lines,
    get token() {
      return token;
    },
    get environment() {
      return { SELVEDGE_URL: url, SELVEDGE_TOKEN: token };
    },
    client(own = token) {
      const client = createClient({ url, token: own });
      opened.push({ end: () => client.close() });
      return client;
    },
    async sql() {
      const key = Buffer.from((await readFile(path.join(dataDirectory, "encryption-key"), "utf8")).trim(), "base64");
      const connection = new pg.Client({ host: path.join(dataDirectory, "postgres/run"), port: 5432, database: DATABASE, user: "postgres", password: rolePassword(key, "superuser") });
      connection.on("error", () => undefined);
      await connection.connect();
      opened.push(connection);
      return connection;
    },
    kill9: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    start,
    dispose,
  };
}

const tail = (lines: readonly string[]): string => lines.slice(-20).join("\n");

/** A Postgres that outlived its killed server. */
async function endPostgres(dataDirectory: string): Promise<void> {
  const pid = Number.parseInt(await readFile(path.join(dataDirectory, "postgres/data/postmaster.pid"), "utf8").catch(() => ""), 10);
  const alive = async (): Promise<boolean> => (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).startsWith("postgres");
  if (Number.isNaN(pid) || !(await alive())) return;
  process.kill(pid, "SIGQUIT");
  await eventually(async () => {
    if (await alive()) throw new Error(`Postgres ${pid} does not end`);
  });
}

/** A port that was free a moment ago; kept through restarts, because clients come back to it. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
