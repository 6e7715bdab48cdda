import { hkdfSync } from "node:crypto";
import type { Pool } from "pg";
import { schema } from "../../schema/index.ts";
import type { Context, Logs, ServerFacts } from "../../schema/context.ts";
import { migrations } from "../../migrations/index.ts";
import manifest from "../../package.json" with { type: "json" };
import { keyRingOf, roleLogin } from "../database/address.ts";
import { openDatabase, openPool } from "../database/connect.ts";
import { LOGS_KEPT_DAYS } from "../domain/logs.ts";
import { createSemaphore } from "../domain/semaphore.ts";
import { STALE_AFTER_SECONDS } from "../domain/states.ts";
import { createAuthenticator } from "../identity/authenticate.ts";
import { createChanges } from "../realtime/changes.ts";
import { createFanout } from "../realtime/fanout.ts";
import { createLive } from "../realtime/live.ts";
import { createTailer } from "../realtime/tailer.ts";
import { createLiveMetrics } from "../telemetry/metrics-newest.ts";
import { createServices } from "../services/index.ts";
import { createLogDownloads, type LogViewer } from "../telemetry/logs-download.ts";
import { LogReader } from "../telemetry/logs-read.ts";
import type { AgentRoute } from "../transport/agents.ts";
import { createApi } from "../transport/http.ts";
import { DEFAULT_LIMITS } from "../transport/limits.ts";
import { createMeasuredReads } from "./measured-reads.ts";
import { centreOf, type RoleContext, type RunningRole } from "./role.ts";

export interface RunningApi extends RunningRole {
  readonly url: string;
  /** How many of the fleet's clusters the gateway has not stored yet: callers would be told that these don't exist. */
  missingClusters(): Promise<number>;
}

const CONNECTIONS = 10;
/** Pages of lines of logs at a time: they leave most connections to other reads. */
const LOG_READS = 4;
/** Of the tailer, of replays, and of looks for what has changed. */
const TAILER_CONNECTIONS = 3;
/** An older one means that a transaction hangs somewhere on this server, and holds back every subscription. */
const MAX_HORIZON_AGE_MS = 15_000;

export interface ApiContext extends RoleContext {
  /** The clusters of this process's fleet; none where it has none. */
  readonly fleetClusters: readonly string[];
  /** The way to this process's gateway. */
  readonly agents: AgentRoute | null;
}

/** Serves the schema: reads, services and live streams under one port. */
export async function startApi(context: ApiContext): Promise<RunningApi> {
  const { config, logger, metrics, fleetClusters, agents } = context;
  const { database, clock, speed, term, bus } = centreOf(context);
  const { address, encryptionKey } = database;
  const stack = new AsyncDisposableStack();
  try {
    const { orm, pool } = await openDatabase({ address, login: roleLogin(encryptionKey, "selvedge_api"), max: CONNECTIONS, logger });
    stack.defer(async () => void (await Promise.all([orm.close(true), pool.end()])));
    const tailerPool = openPool({ address, login: roleLogin(encryptionKey, "selvedge_tailer"), max: TAILER_CONNECTIONS, logger });
    stack.defer(() => tailerPool.end());

    const changes = createChanges({ pool: tailerPool, bus, logger, registry: metrics.registry });
    changes.start();
    stack.defer(() => changes.close());
    const fanout = createFanout();
    const tailer = createTailer({
      pool: tailerPool,
      bus,
      logger,
      registry: metrics.registry,
      onRows: (rows) => {
        // In this order: who asks after a message must not get what was remembered before.
        changes.noteRows(rows);
        fanout.deliver(rows);
      },
      onNewTerm: () => {
        changes.forget();
        fanout.reset();
      },
    });
    await tailer.start();
    stack.defer(() => tailer.close());

    const authenticator = createAuthenticator({ orm, bus, clock, onError: (error) => logger.warn({ err: error }, "the last use of tokens was not noted") });
    stack.defer(() => authenticator.close());
    const { rememberedBytes } = config.reads;
    const reads = createMeasuredReads({ schema, metadata: orm.getMetadata(), pool, clock, speed, changes, rememberedBytes }, { registry: metrics.registry, logger });
    const live = createLive({ tailer, fanout, matcher: (viewer) => reads.reader(viewer), clock, speed });
    const fingerprintKey = (key: Uint8Array): Uint8Array => derive(key, "idempotency fingerprints");
    const server: ServerFacts = { version: manifest.version, simulated: true, speed, maxPageSize: DEFAULT_LIMITS.maxPageSize, logDays: LOGS_KEPT_DAYS };
    const services = createServices({
      orm, pool, bus, clock, speed, fingerprintKey: fingerprintKey(encryptionKey), previousFingerprintKeys: database.previousKeys?.map(fingerprintKey) ?? [], keyRing: keyRingOf(database),
      simulated: server.simulated, onCommitted: (tenantId) => changes.noteOwn(tenantId),
    });

    const places = createSemaphore(LOG_READS);
    const logReader = ({ tenantId, namespaceIds }: LogViewer): LogReader => new LogReader({ pool, scope: { tenantId, namespaceIds }, places });
    const downloadKeys = (key: Uint8Array): Uint8Array => derive(key, "log downloads");
    const downloads = createLogDownloads({
      pool, clock, speed, readerFor: logReader, keys: [downloadKeys(encryptionKey), ...(database.previousKeys?.map(downloadKeys) ?? [])],
    });
    const logs: Logs = { of: logReader, downloads };
    const liveMetrics = createLiveMetrics({ pool, bus, clock });
    stack.defer(() => liveMetrics.close());

    const missingClusters = countMissing(pool, fleetClusters);
    const strangers = fleetClusters.length === 0 ? 0 : await countStrangers(pool, fleetClusters);
    if (strangers > 0) {
      const { fleet } = config.simulation;
      logger.warn(
        { clusters: strangers, fleet },
        `${strangers} clusters of the database have no agent in the fleet ${fleet}: they are DISCONNECTED after ${STALE_AFTER_SECONDS} s of silence (was SELVEDGE_FLEET another one before?)`,
      );
    }

    const api = createApi({
      host: config.http.host,
      port: config.http.port,
      allowedOrigins: config.http.allowedOrigins,
      publicUrl: config.http.publicUrl,
      schema,
      reads: reads.operations,
      makeContext: ({ actor, choice, viewer, resume }): Context => ({ actor, clock, read: reads.reader(actor, choice), services, live: live(viewer, resume), logs, metrics: { follow: (what) => liveMetrics.follow(what, viewer) }, server }),
      downloads,
      authenticate: (token) => authenticator.authenticate(token),
      clock,
      bus,
      logger,
      metrics: metrics.registry,
      agents,
      readiness: {
        database: async () => {
          const { rows } = await pool.query<{ term: number }>("select term from database_life");
          if (rows[0]?.term !== term) throw new Error("the database was replaced by another: the server must be started again");
        },
        migrations: async () => {
          const { rows } = await pool.query<{ name: string }>("select name from mikro_orm_migrations");
          const missing = migrations.filter(({ name }) => !rows.some((row) => row.name === name));
          if (missing.length > 0) throw new Error(`the database lacks ${missing.map(({ name }) => name).join(", ")}`);
        },
        bus: async () => {
          if (bus.ready === false) throw new Error("Redis is away: other processes learn of changes a little later");
        },
        fleet: async () => {
          const silent = await missingClusters();
          if (silent > 0) throw new Error(`${silent} clusters have not been heard of yet`);
        },
        timeline: async () => {
          const age = tailer.horizonAge();
          if (age > MAX_HORIZON_AGE_MS) throw new Error(`the timeline is held back for ${Math.round(age / 1_000)} s: look for a long transaction on the server`);
        },
      },
    });
    const { url } = await api.listen();
    stack.defer(() => api.close());
    return { url, missingClusters, close: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** How many of these clusters were never heard of. Clusters stay: once all were there, the database is not asked again. */
export function countMissing(pool: Pool, clusterIds: readonly string[]): () => Promise<number> {
  let missing = clusterIds.length;
  return async () => {
    if (missing > 0) {
      const { rows } = await pool.query<{ heard: number }>("select count(*)::int as heard from cluster where id = any ($1::uuid[]) and last_seen_at is not null", [clusterIds]);
      missing = clusterIds.length - (rows[0]?.heard ?? 0);
    }
    return missing;
  };
}

/** How many clusters the database knows that are none of these: it was begun with another fleet. */
export async function countStrangers(pool: Pool, clusterIds: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ strangers: number }>("select count(*)::int as strangers from cluster where id <> all ($1::uuid[])", [clusterIds]);
  return rows[0]?.strangers ?? 0;
}

const derive = (encryptionKey: Uint8Array, purpose: string): Uint8Array => new Uint8Array(hkdfSync("sha256", encryptionKey, "", `selvedge ${purpose}`, 32));
