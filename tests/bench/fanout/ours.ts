import pino from "pino";
import { Registry } from "prom-client";
import type { Context } from "#schema/context.ts";
import { schema } from "#schema/index.ts";
import { openDatabase, openPool } from "#server/database/connect.ts";
import { createAuthenticator } from "#server/identity/authenticate.ts";
import { createReads } from "#server/read/run.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { createChanges } from "#server/realtime/changes.ts";
import { createFanout } from "#server/realtime/fanout.ts";
import { createLive } from "#server/realtime/live.ts";
import { createTailer } from "#server/realtime/tailer.ts";
import { createApi } from "#server/transport/http.ts";
import { serveAsks, type Target } from "./side.ts";

/** Our side, as users run it: authentication, row-level security, limits (their numbers raised), the timeline and its tailer. An event is told to the bus, as who commits does. */
const target = JSON.parse(process.argv[2] as string) as Target;
const logger = pino({ level: "warn" }, pino.destination(2));
const { orm, pool } = await openDatabase({ address: target.address, login: target.api, max: 10, logger });
const tailerPool = openPool({ address: target.address, login: target.tailer, max: 3, logger });
const clock = { now: () => Date.now() };
const bus = createInProcessBus({ instance: "bench", logger });
const registry = new Registry();
const authenticator = createAuthenticator({ orm, bus, clock, onError: (error) => logger.error(error) });
const changes = createChanges({ pool: tailerPool, bus, logger, registry });
changes.start();
const fanout = createFanout();
const tailer = createTailer({
  pool: tailerPool, bus, logger, registry,
  onRows: (rows) => {
    changes.noteRows(rows);
    fanout.deliver(rows);
  },
  onNewTerm: () => fanout.reset(),
});
await tailer.start();
const reads = createReads({
  schema, metadata: orm.getMetadata(), pool, clock, speed: 1, onFault: (error) => logger.error({ err: error }, "a compiled statement was not understood"), changes, rememberedBytes: 64 * 1024 * 1024,
});
const live = createLive({ tailer, fanout, matcher: (viewer) => reads.reader(viewer), clock, speed: 1 });
const absent = {} as never;
const api = createApi({
  host: "127.0.0.1", port: 0, allowedOrigins: null, schema, reads: reads.operations,
  makeContext: ({ actor, choice, viewer, resume }): Context => ({
    actor, clock, read: reads.reader(actor, choice), services: absent, live: live(viewer, resume), logs: absent, metrics: absent, server: { version: "0", simulated: true, speed: 1, maxPageSize: 200, logDays: 14 },
  }),
  authenticate: (token) => authenticator.authenticate(token),
  clock, bus, logger, metrics: registry, readiness: {},
  limits: { operationsPerSecond: 1e9, operationsBurst: 1e9, maxStreamsPerTenant: 1e6, maxConnections: 1e6, keepAliveMs: 3_600_000 },
});
const { url } = await api.listen();
const streams = async (): Promise<number> => (await registry.getSingleMetric("selvedge_subscription_streams")?.get())?.values[0]?.value ?? Number.NaN;
serveAsks(`${url}/graphql`, () => bus.publish("timeline"), streams);
