import { setTimeout } from "node:timers/promises";
import { parse, validateExecutionArgs } from "graphql";
import pino from "pino";
import { Registry } from "prom-client";
import type { Context } from "#schema/context.ts";
import { schema } from "#schema/index.ts";
import { openDatabase, openPool } from "#server/database/connect.ts";
import { createAuthenticator } from "#server/identity/authenticate.ts";
import type { Way } from "#server/read/answer.ts";
import { createReads } from "#server/read/run.ts";
import { createChanges } from "#server/realtime/changes.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { createApi } from "#server/transport/http.ts";
import type { Question, Target, Taken } from "./servers.ts";

/** What of ours is measured. */
export interface OursOptions {
  /** Those that may be taken besides the interpreter; null: all, as users run it. */
  readonly ways: readonly Way[] | null;
  /** 0: nothing is remembered. */
  readonly rememberedBytes: number;
}

/** Our side, as users run it: authentication, row-level security, limits (their numbers raised), masking, Yoga's HTTP. */
const target = JSON.parse(process.argv[2] as string) as Target;
const options = JSON.parse(process.argv[3] as string) as OursOptions;
const logger = pino({ level: "warn" }, pino.destination(2));
const { orm, pool } = await openDatabase({ address: target.address, login: target.api, max: target.connections, logger });
const clock = { now: () => Date.now() };
const bus = createInProcessBus({ instance: "bench", logger });
const authenticator = createAuthenticator({ orm, bus, clock, onError: (error) => logger.error(error) });

const metrics = new Registry();
const changes = createChanges({ pool: openPool({ address: target.address, login: target.tailer, max: 1, logger }), bus, logger, registry: metrics });
changes.start();

const reads = createReads({
  schema, metadata: orm.getMetadata(), pool, clock, speed: 1, onFault: (error) => logger.error({ err: error }, "a compiled statement was not understood"),
  ...(options.ways === null ? {} : { ways: options.ways }),
  ...(options.rememberedBytes > 0 ? { changes, rememberedBytes: options.rememberedBytes } : {}),
});
const absent = {} as never;
const server = { version: "0", simulated: true, speed: 1, maxPageSize: 200, logDays: 14 };
const api = createApi({
  host: "127.0.0.1",
  port: 0,
  allowedOrigins: null,
  schema,
  reads: reads.operations,
  makeContext: ({ actor, choice }): Context => ({ actor, clock, read: reads.reader(actor, choice), services: absent, live: absent, logs: absent, metrics: absent, server }),
  authenticate: (token) => authenticator.authenticate(token),
  clock,
  bus,
  logger,
  metrics,
  readiness: {},
  limits: { operationsPerSecond: 1e9, operationsBurst: 1e9 },
});
const { url } = await api.listen();

/** Which way it takes once it was asked before; asked of the reads themselves, beside HTTP. */
async function taken({ query, variables }: { query: string; variables?: Record<string, unknown> }): Promise<Taken> {
  const viewer = await authenticator.authenticate(target.token);
  const operation = validateExecutionArgs({ schema, document: parse(query), ...(variables ? { variableValues: variables } : {}) });
  if (viewer === null || !("operation" in operation)) throw new Error("The operation is not one that could be measured");
  let outcome = await reads.operations.query(operation, viewer);
  // The first comes before anybody looked for changes, and the second is the first that can be remembered.
  for (let again = 0; again < 20 && outcome.way === "compiled" && !("text" in outcome && outcome.remembered); again += 1) {
    await setTimeout(10);
    outcome = await reads.operations.query(operation, viewer);
  }
  return { way: outcome.way, remembered: "text" in outcome && outcome.remembered };
}

// Asked before and after a round: the CPU that this process has taken, in microseconds.
process.on("message", (question: Question) => {
  if (question === "cpu") process.send?.(process.cpuUsage().user + process.cpuUsage().system);
  else void taken(JSON.parse(question.body) as Parameters<typeof taken>[0]).then((answer) => process.send?.(answer));
});
process.send?.({ url: `${url}/graphql` });
