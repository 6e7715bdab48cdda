import pino from "pino";
import { Registry } from "prom-client";
import type { Context } from "#schema/context.ts";
import { schema } from "#schema/index.ts";
import { openDatabase } from "#server/database/connect.ts";
import { createAuthenticator } from "#server/identity/authenticate.ts";
import { createReads } from "#server/read/run.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { createApi } from "#server/transport/http.ts";
import type { Target } from "./servers.ts";

/** Our side, as users run it: authentication, row-level security, limits (their numbers raised), masking, Yoga's HTTP. */
const target = JSON.parse(process.argv[2] as string) as Target;
const logger = pino({ level: "warn" }, pino.destination(2));
const { orm, pool } = await openDatabase({ address: target.address, login: target.api, max: target.connections, logger });
const clock = { now: () => Date.now() };
const bus = createInProcessBus({ instance: "bench", logger });
const authenticator = createAuthenticator({ orm, bus, clock, onError: (error) => logger.error(error) });
const reads = createReads({ schema, metadata: orm.getMetadata(), pool, clock, speed: 1 });
const absent = {} as never;
const server = { version: "0", simulated: true, speed: 1, maxPageSize: 200 };
const api = createApi({
  host: "127.0.0.1",
  port: 0,
  allowedOrigins: null,
  schema,
  reads: reads.operations,
  makeContext: ({ actor, choice }): Context => ({ actor, clock, read: reads.reader(actor, choice), services: absent, live: absent, server }),
  authenticate: (token) => authenticator.authenticate(token),
  clock,
  bus,
  logger,
  metrics: new Registry(),
  readiness: {},
  limits: { operationsPerSecond: 1e9, operationsBurst: 1e9 },
});
const { url } = await api.listen();
process.send?.({ url: `${url}/graphql` });
// Asked before and after a round: the CPU that this process has taken, in microseconds.
process.on("message", () => process.send?.(process.cpuUsage().user + process.cpuUsage().system));
