import { mkdir } from "node:fs/promises";
import path from "node:path";
import { inject } from "vitest";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "#server/database/embedded.ts";
import { databaseUrl } from "./database.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./ports.ts";
import { type RedisServer, startRedis } from "./redis.ts";
import { endProcesses, removeDirectory, run, type Run, temporaryDirectory } from "./runtime.ts";

/**
 * Roles as processes of their own, over one Postgres and one Redis that are nobody else's: `node server/main.ts` each, which can be killed with -9 and
 * started again where it was. Without a redis-server they learn of each other by looking.
 */
export interface Installation {
  readonly token: string;
  /** Of all that belongs to it; gone with it. */
  readonly folder: string;
  /** null where there is no redis-server. */
  readonly redis: RedisServer | null;
  /** As the superuser, who sees every tenant's rows. */
  readonly sql: pg.Pool;
  /** Postgres crashes, and is started again; resolves when it accepts connections. */
  crashPostgres(): Promise<void>;
  /** `name`: of its data directory. Not started yet. */
  member(name: string, env: Readonly<Record<string, string>>): Promise<Member>;
  close(): Promise<void>;
}

export interface Member {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** Resolves when it is gone. */
  kill9(): Promise<void>;
}

const TOKEN = "t".repeat(40);
/** For a machine that does much else. */
const READY_DEADLINE_MS = 120_000;

export async function createInstallation(): Promise<Installation> {
  const folder = await temporaryDirectory();
  const startPostgres = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDirectory: folder, superuserPassword: "theirs", settings: { shared_buffers: "96MB", fsync: "off", full_page_writes: "off", max_connections: "200" } });
  let server = await startPostgres();
  const admin = new pg.Client({ ...server.address, ...server.superuser });
  await admin.connect();
  await admin.query("create role customer login createrole password 'theirs'");
  await admin.query("create database customer owner customer");
  await admin.end();
  const sql = new pg.Pool({ ...server.address, database: "customer", ...server.superuser, max: 6 });
  // Of one that waits, and of one that is in use.
  sql.on("error", () => undefined);
  sql.on("connect", (client) => void client.on("error", () => undefined));
  const redis: RedisServer | null = inject("redis") === null ? null : await startRedis();
  const centre = {
    DATABASE_URL: databaseUrl({ ...server.address, database: "customer" }, { user: "customer", password: "theirs" }),
    SELVEDGE_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString("base64"),
    SELVEDGE_ADMIN_TOKEN: TOKEN,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  };
  const running = new Set<Run>();

  return {
    token: TOKEN,
    folder,
    redis,
    sql,
    crashPostgres: async () => {
      const { ended, pid } = server;
      process.kill(pid, "SIGQUIT");
      await ended;
      server = await startPostgres();
    },
    member: async (name, env) => {
      const port = await freePort();
      const directory = path.join(folder, name);
      await mkdir(directory);
      let current: Run | null = null;
      return {
        name,
        port,
        url: `http://127.0.0.1:${port}`,
        start: async () => {
          const started = run({ ...(env["SELVEDGE_ROLE"] === "fleet" ? {} : centre), PORT: String(port), SELVEDGE_DATA_DIR: directory, ...env });
          current = started;
          running.add(started);
          void started.exit.then(() => running.delete(started));
          await Promise.race([started.ready(), eventually(() => Promise.reject(new Error(`${name} is not ready:\n${started.errors.join("\n")}`)), { deadlineMs: READY_DEADLINE_MS, everyMs: 1_000 })]);
        },
        kill9: async () => {
          current?.kill("SIGKILL");
          await current?.exit;
        },
      };
    },
    close: async () => {
      for (const each of running) each.kill("SIGKILL");
      await Promise.all([...running].map(({ exit }) => exit));
      await redis?.dispose();
      await sql.end();
      await server.stop();
      await endProcesses(folder);
      await removeDirectory(folder);
    },
  };
}
