import { type ExecutionResult, type GraphQLError, execute, parse, validate, validateExecutionArgs } from "graphql";
import { schema } from "#schema/index.ts";
import type { Context } from "#schema/context.ts";
import type { Clock } from "#server/domain/clock.ts";
import { createSemaphore } from "#server/domain/semaphore.ts";
import type { Role } from "#server/domain/states.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { type ReaderChoice, type Way } from "#server/read/answer.ts";
import type { Reader } from "#server/read/index.ts";
import type { Statement } from "#server/read/render.ts";
import { createReads } from "#server/read/run.ts";
import { LogReader } from "#server/telemetry/logs-read.ts";
import type { TestDatabase } from "./database.ts";

/** The time of tests that read: nothing in them depends on the wall clock. */
export const NOW = Date.parse("2026-06-01T12:00:00.000Z");

export interface Asking {
  readonly tenantId: string;
  readonly role?: Role;
  readonly namespaceIds?: readonly string[] | null;
}

export interface ReadingOptions {
  readonly max?: number;
  readonly speed?: number;
  /** Which way operations are run; the interpreter where nothing is said. One that can't be compiled goes the way that it is sent. */
  readonly way?: Way;
  /** Told of each group before it goes to the database. */
  readonly onGroup?: (statements: readonly Statement[]) => void;
}

export interface Reading {
  /** Runs a document as this viewer, through the real schema and reader under row-level security; neither limits nor roles are checked. */
  ask(viewer: Asking, document: string, variables?: Readonly<Record<string, unknown>>): Promise<ExecutionResult>;
  /** Its data; fails where there are errors. */
  // oxlint-disable-next-line typescript/no-explicit-any -- answers have the shape of their document
  data(viewer: Asking, document: string, variables?: Readonly<Record<string, unknown>>): Promise<any>;
  /** Its errors; fails where there are none. */
  errors(viewer: Asking, document: string, variables?: Readonly<Record<string, unknown>>): Promise<readonly GraphQLError[]>;
  reader(viewer: Asking): Reader;
  /** The groups of statements since the last call. */
  groups(): (readonly Statement[])[];
}

export const actorOf = ({ tenantId, role = "OWNER", namespaceIds = null }: Asking): Actor => ({
  tenantId,
  tokenId: "00000000-0000-7000-8000-00000000abcd",
  tokenName: "a test",
  role,
  namespaces: namespaceIds && namespaceIds.map((_, index) => `namespace-${index}`),
  namespaceIds,
  expiresAt: null,
  requestId: "test",
  sourceAddress: null,
});

/** The interpreter would answer, and nobody notice. */
export const raise = (error: Error): never => {
  throw error;
};
const absent = (what: string): never => new Proxy({}, { get: () => { throw new Error(`${what} has no part in this test`); } }) as never;

/** The ways that graphql-js runs by. */
export const READERS = ["interpreter", "mixed"] as const satisfies readonly Way[];

export async function openReading(database: TestDatabase, options: ReadingOptions = {}): Promise<Reading> {
  const { pool, orm } = await database.openAs("selvedge_api", options.max ?? 4);
  const { way = "interpreter" } = options;
  let groups: (readonly Statement[])[] = [];
  const onGroup = (group: readonly Statement[]): void => {
    groups.push(group);
    options.onGroup?.(group);
  };
  const clock: Clock = { now: () => NOW };
  const reads = createReads({ schema, metadata: orm.getMetadata(), pool, clock, speed: options.speed ?? 1, onGroup, onFault: raise });
  const places = createSemaphore(1);
  const reader = (viewer: Asking, choice?: ReaderChoice): Reader => reads.reader(actorOf(viewer), choice ?? (way === "compiled" ? "interpreter" : way));
  const contextOf = (viewer: Asking, read: Reader): Context => ({
    actor: actorOf(viewer),
    clock,
    read,
    services: absent("A service"),
    live: absent("A subscription"),
    logs: { of: ({ tenantId, namespaceIds }) => new LogReader({ pool, scope: { tenantId, namespaceIds }, places }), downloads: absent("A download") },
    metrics: absent("A subscription"),
    server: { version: "0.0.0", simulated: true, speed: options.speed ?? 1, maxPageSize: 200, logDays: 14 },
  });
  const run = async (viewer: Asking, source: string, variableValues: Readonly<Record<string, unknown>>): Promise<ExecutionResult> => {
    const document = parse(source);
    const invalid = validate(schema, document);
    if (invalid.length > 0) return { errors: invalid };
    let choice: ReaderChoice | undefined;
    if (way === "compiled") {
      const execution = validateExecutionArgs({ schema, document, variableValues });
      if (!("operation" in execution)) return { errors: execution };
      const outcome = await reads.operations.query(execution, actorOf(viewer));
      if ("text" in outcome) return JSON.parse(Buffer.concat(outcome.text.pieces).toString("utf8")) as ExecutionResult;
      choice = "failure" in outcome ? outcome.failure : outcome.way;
    }
    return execute({ schema, document, variableValues, contextValue: contextOf(viewer, reader(viewer, choice)) });
  };
  const ask: Reading["ask"] = async (viewer, source, variables = {}) => {
    const result = await run(viewer, source, variables);
    // As a client has it: plain objects.
    return { ...result, ...(result.data === undefined ? {} : { data: JSON.parse(JSON.stringify(result.data)) as never }) };
  };
  return {
    ask,
    reader: (viewer) => reader(viewer),
    data: async (viewer, source, variables) => {
      const result = await ask(viewer, source, variables);
      if (result.errors) throw new AggregateError(result.errors.map((error) => error.originalError ?? error), result.errors.map((error) => `${error.path?.join(".")}: ${error.message}`).join("\n"));
      return result.data;
    },
    errors: async (viewer, source, variables) => {
      const result = await ask(viewer, source, variables);
      if (!result.errors) throw new Error(`There should have been errors: ${JSON.stringify(result.data)}`);
      return result.errors;
    },
    groups: () => {
      const seen = groups;
      groups = [];
      return seen;
    },
  };
}
