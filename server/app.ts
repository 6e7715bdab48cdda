import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import type { Logger } from "pino";
import { type Config, needsDatabase, ROLES, type ServerRole } from "./config/config.ts";
import { loadSecrets, lockDataDirectory, makeDataDirectory, type Secrets } from "./config/data-directory.ts";
import { type DatabaseAddress, type Login, parseDatabaseUrl, rolePassword } from "./database/address.ts";
import { ensureAdministrator } from "./database/administrator.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./database/embedded.ts";
import type { Prepared } from "./database/prepare.ts";
import { loadShard } from "./fleet/shards.ts";
import { clearDoorPlaces, makeDoorPlace } from "./gateway/door-place.ts";
import { SOURCE_HEADER } from "./gateway/door.ts";
import { hashToken, tokenPrefix } from "./identity/token.ts";
import { createMetrics, type Metrics } from "./observability/metrics.ts";
import type { RunningApi } from "./roles/api.ts";
import { type BusSettings, type Centre, type Facts, openBus, openClock } from "./roles/role.ts";
import { startThread, type Thread, type ThreadRole } from "./threads.ts";
import { listenFault } from "./transport/address.ts";
import { type AgentRoute, createAgentRoute } from "./transport/agents.ts";

/**
 * The composition root. Everything is built here once, in this order, and closed in reverse:
 *
 *   address (free?) → data directory (lock, secrets) → threads load their code │ Postgres → roles, migrations, clock, administrator
 *     → fleet, gateway and worker, API
 *
 * A process listens where it serves the API, or has a gateway: what comes for the gateway is handed on to its thread. A fleet alone needs no database
 * and listens nowhere.
 *
 * Closing: the API accepts nothing more → the worker finishes its jobs → the gateway stores what has come → the fleet saves → Postgres stops.
 */
export interface ServerOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Something that can't go on: a thread crashed, or Postgres ended. Called at most once; close() still has to be called. */
  readonly onFatal: (error: Error) => void;
  /** A process was started, or taken over, that outlives this one unless it is stopped: SIGQUIT ends it at once. */
  readonly onChild?: (pid: number) => void;
  /** Ends a start that is under way at its next step. */
  readonly signal?: AbortSignal;
}

export interface RunningServer {
  /** null where it listens nowhere. */
  readonly url: string | null;
  /** null for a fleet alone. */
  readonly secrets: Secrets | null;
  readonly fleetClusters: number | null;
  close(): Promise<void>;
}

/** Which threads there are, besides the main one with the API, and what runs on each. Nothing that a document asks for may delay a report. */
const THREADS: readonly { readonly name: string; readonly roles: readonly ThreadRole[] }[] = [
  { name: "fleet", roles: ["fleet"] },
  { name: "centre", roles: ["gateway", "worker"] },
];

/** All of them together stay under the 10 seconds that a stop may take. */
const THREAD_STOP_MS = 3_000;
const API_STOP_MS = 3_000;
/** A fleet that takes longer is no reason not to start: /readyz goes on telling. */
const REGISTER_DEADLINE_MS = 10_000;
const REGISTER_POLL_MS = 25;

/** Starts the roles of the configuration. Rejects with an error whose message is one clear line; nothing is left running then. */
export async function startServer({ config, logger, onFatal, onChild, signal }: ServerOptions): Promise<RunningServer> {
  const stack = new AsyncDisposableStack();
  const has = (role: ServerRole): boolean => config.roles.includes(role);
  const stopping = new AbortController();
  let closing = false;
  const fatal = (error: Error): void => {
    if (closing) return;
    closing = true;
    onFatal(error);
  };
  const close = (): Promise<void> => {
    closing = true;
    stopping.abort();
    return stack.disposeAsync();
  };

  try {
    const listens = has("api") || has("gateway");
    // Known before anything is made. Where something is made already, the lock may know better who has the address: another Selvedge.
    const fault = listens ? await listenFault(config.http.host, config.http.port) : null;
    if (fault !== null && !existsSync(config.dataDirectory)) throw fault;
    await makeDataDirectory(config.dataDirectory);
    if (config.databaseUrl === null || has("fleet")) {
      const lock = lockDataDirectory(config.dataDirectory);
      stack.defer(() => lock.release());
    }
    if (fault !== null) throw fault;
    const fleetClusters = has("fleet") ? loadShard(config.simulation.fleet, config.simulation.shard).clusters.map(({ clusterId }) => clusterId) : null;
    const door = has("gateway") ? await makeDoor(stack, logger) : null;

    const threads = openThreads(config, door, logger, fatal);
    const stopThreads = stack.use(new AsyncDisposableStack());
    for (const thread of threads) stopThreads.defer(async () => void (await thread.stop(THREAD_STOP_MS)));
    const announceStop = (): void => threads.forEach((thread) => thread.announceStop());
    // One that waits for a gateway, say, waits no longer.
    signal?.addEventListener("abort", announceStop, { once: true });
    const metrics = createMetrics("api", () => Promise.all(threads.map((thread) => thread.metrics())));
    const agents = door === null ? null : createAgentRoute({ door, sourceHeader: SOURCE_HEADER, logger });

    if (!needsDatabase(config.roles)) {
      stack.defer(announceStop);
      await Promise.all(threads.map((thread) => thread.start(null)));
      signal?.throwIfAborted();
      return { url: null, secrets: null, fleetClusters: fleetClusters?.length ?? null, close };
    }

    const secrets = await loadSecrets(config);
    // Loading code takes as long as starting Postgres: both at once. What can't be loaded is told where it is waited for.
    const opening = openServer(config, secrets, logger);
    const loading = has("api") ? import("./roles/api.ts") : null;
    loading?.catch(() => undefined);
    // Threads are stopped before Postgres, though they were opened first.
    const { address, owner, embedded } = await opening;
    if (embedded) {
      onChild?.(embedded.pid);
      void embedded.ended.then(() => fatal(new Error("the embedded Postgres ended unexpectedly")));
      stack.defer(() => embedded.stop());
    }
    stack.use(stopThreads.move());
    stack.defer(announceStop);
    signal?.throwIfAborted();

    const { prepareDatabase } = await import("./database/prepare.ts");
    const prepared = await prepareDatabase({
      address,
      owner,
      encryptionKey: secrets.encryptionKey,
      speed: has("gateway") ? config.simulation.speed : null,
      wall: Date.now(),
      logger,
    });
    if (prepared.migrated.length > 0) logger.info({ migrations: prepared.migrated, term: prepared.term }, "the database was migrated");
    if (config.redisUrl === null && config.roles.length < ROLES.length) {
      logger.warn("REDIS_URL is not set: processes learn of each other's changes by looking, about once a second");
    }
    const facts = factsOf(config, address, secrets, prepared);
    const clock = openClock(facts.clock);
    if (has("api")) await administrate(address, owner, secrets, new Date(clock.now()), logger);
    signal?.throwIfAborted();

    const serve = async (): Promise<RunningApi | null> => {
      if (loading === null) return null;
      const { startApi } = await loading;
      const bus = await openBus(facts.bus, logger);
      stack.defer(() => bus.close());
      const centre: Centre = { database: facts.database, clock, speed: facts.clock.speed, term: facts.term, bus };
      const api = await startApi({ config, centre, logger, metrics, link: null, door, agents, stopping: stopping.signal, fleetClusters: has("gateway") ? (fleetClusters ?? []) : [] });
      stack.defer(() => inTime(api.close(), API_STOP_MS, logger));
      return api;
    };
    // All are waited for, also when one fails: what has started by then is closed.
    const [served, ...started] = await Promise.allSettled([serve(), ...threads.map((thread) => thread.start(facts))]);
    for (const outcome of [served, ...started]) if (outcome.status === "rejected") throw outcome.reason;
    signal?.throwIfAborted();
    const api = served.status === "fulfilled" ? served.value : null;
    const front = api === null && agents !== null ? await openFront(config, agents, metrics, logger, stack) : null;
    const deadline = performance.now() + REGISTER_DEADLINE_MS;
    while (api !== null && performance.now() < deadline && (await api.missingClusters()) > 0) await sleep(REGISTER_POLL_MS);
    signal?.throwIfAborted();
    return { url: api?.url ?? front, secrets, fleetClusters: fleetClusters?.length ?? null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeDoor(stack: AsyncDisposableStack, logger: Logger): Promise<string> {
  const place = await makeDoorPlace();
  stack.defer(() => place.remove());
  // Beside the start, which it is no reason to fail.
  void clearDoorPlaces(Date.now()).catch((error: unknown) => logger.debug({ err: error }, "what killed processes left could not be cleared"));
  return place.path;
}

/** What listens for the gateway where no API does. Returns its address. */
async function openFront(config: Config, agents: AgentRoute, metrics: Metrics, logger: Logger, stack: AsyncDisposableStack): Promise<string> {
  const { startFront } = await import("./transport/front.ts");
  const front = await startFront({ host: config.http.host, port: config.http.port, agents, metrics: metrics.registry, logger });
  stack.defer(() => front.close());
  return front.url;
}

function openThreads(config: Config, door: string | null, logger: Logger, onCrash: (error: Error) => void): Thread[] {
  const link = new MessageChannel();
  const ports: Partial<Record<string, MessageChannel["port1"]>> = { fleet: link.port1, centre: link.port2 };
  const linked = config.roles.includes("fleet") && config.roles.includes("gateway");
  if (!linked) {
    link.port1.close();
    link.port2.close();
  }
  return THREADS.flatMap(({ name, roles }) => {
    const wanted = roles.filter((role) => config.roles.includes(role));
    return wanted.length === 0 ? [] : [startThread({ name, roles: wanted, config, link: (linked && ports[name]) || null, door: name === "centre" ? door : null, logger, onCrash })];
  });
}

interface OpenedServer {
  readonly address: DatabaseAddress;
  readonly owner: Login;
  readonly embedded: EmbeddedPostgres | null;
}

/** The database of the settings, or our own. */
async function openServer(config: Config, { encryptionKey, previousKeys }: Secrets, logger: Logger): Promise<OpenedServer> {
  if (config.databaseUrl !== null) {
    const { address, login } = parseDatabaseUrl(config.databaseUrl);
    return { address, owner: login, embedded: null };
  }
  const embedded = await startEmbeddedPostgres({
    dataDirectory: config.dataDirectory,
    superuserPassword: rolePassword(encryptionKey, "superuser"),
    previousPasswords: previousKeys.map((key) => rolePassword(key, "superuser")),
    logger,
  });
  try {
    const { createOwnDatabase } = await import("./database/prepare.ts");
    return { ...(await createOwnDatabase(embedded.address, embedded.superuser, encryptionKey)), embedded };
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

function factsOf(config: Config, address: DatabaseAddress, { encryptionKey, previousKeys }: Secrets, prepared: Prepared): Facts {
  const bus: BusSettings =
    config.redisUrl === null
      ? { kind: "in-process", instance: randomUUID() }
      : { kind: "redis", url: config.redisUrl, installation: prepared.installation };
  return { database: { address, encryptionKey, previousKeys }, clock: prepared.clock, term: prepared.term, bus };
}

async function administrate(address: DatabaseAddress, owner: Login, { adminToken }: Secrets, at: Date, logger: Logger): Promise<void> {
  const valid = await ensureAdministrator({ address, owner, hash: hashToken(adminToken), prefix: tokenPrefix(adminToken), at });
  if (!valid) logger.warn("the administrator's token was revoked: set another one in SELVEDGE_ADMIN_TOKEN to get in again");
}

/** Waits for what is being closed, but not for ever. */
async function inTime(work: Promise<void>, deadlineMs: number, logger: Logger): Promise<void> {
  const givenUp = new AbortController();
  const late = sleep(deadlineMs, "late" as const, { signal: givenUp.signal }).catch(() => undefined);
  if ((await Promise.race([work, late])) === "late") logger.warn({ deadlineMs }, "not everything was finished in time");
  givenUp.abort();
}
