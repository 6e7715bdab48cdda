import { type ExecutionResult, type GraphQLError, graphql } from "graphql";
import { schema } from "#schema/index.ts";
import type { Context } from "#schema/context.ts";
import type { Clock } from "#server/domain/clock.ts";
import type { Role } from "#server/domain/states.ts";
import type { Actor } from "#server/identity/viewer.ts";
import type { Way } from "#server/read/answer.ts";
import type { Reader } from "#server/read/index.ts";
import type { Statement } from "#server/read/render.ts";
import { createReads } from "#server/read/run.ts";
import type { TestDatabase } from "./database.ts";

/** The time of tests that read: nothing in them depends on the wall clock. */
export const NOW = Date.parse("2026-06-01T12:00:00.000Z");

export interface Asking {
  readonly tenantId: string;
  readonly role?: Role;
  readonly namespaceIds?: readonly string[] | null;
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

const absent = (what: string): never => new Proxy({}, { get: () => { throw new Error(`${what} has no part in this test`); } }) as never;

/** The ways that graphql-js runs by. */
export const READERS = ["interpreter", "mixed"] as const satisfies readonly Way[];

export interface ReadingOptions {
  readonly max?: number;
  readonly speed?: number;
  /** Whose rows the resolvers take from; the interpreter's where nothing is said. */
  readonly way?: Exclude<Way, "compiled">;
  /** Told of each group before it goes to the database. */
  readonly onGroup?: (statements: readonly Statement[]) => void;
}

export async function openReading(database: TestDatabase, options: ReadingOptions = {}): Promise<Reading> {
  const { pool, orm } = await database.openAs("selvedge_api", options.max ?? 4);
  const onGroup = (group: readonly Statement[]): void => {
    groups.push(group);
    options.onGroup?.(group);
  };
  let groups: (readonly Statement[])[] = [];
  const clock: Clock = { now: () => NOW };
  const reads = createReads({ schema, metadata: orm.getMetadata(), pool, clock, speed: options.speed ?? 1, onGroup });
  const reader = (viewer: Asking): Reader => reads.reader(actorOf(viewer), options.way);
  const ask = async (viewer: Asking, source: string, variableValues?: Readonly<Record<string, unknown>>): Promise<ExecutionResult> => {
    const contextValue: Context = {
      actor: actorOf(viewer),
      clock,
      read: reader(viewer),
      services: absent("A service"),
      live: absent("A subscription"),
      server: { version: "0.0.0", simulated: true, speed: options.speed ?? 1, maxPageSize: 200 },
    };
    const result = await graphql({ schema, source, contextValue, ...(variableValues ? { variableValues } : {}) });
    // As a client has it: plain objects.
    return { ...result, ...(result.data === undefined ? {} : { data: JSON.parse(JSON.stringify(result.data)) as never }) };
  };
  return {
    ask,
    reader,
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
