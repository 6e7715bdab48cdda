import { buildSchema, GraphQLError, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import pino from "pino";
import { Registry } from "prom-client";
import type { Role } from "#server/domain/states.ts";
import type { Viewer } from "#server/identity/viewer.ts";
import type { OperationReads, ReaderChoice } from "#server/read/answer.ts";
import type { Bus, BusChannel } from "#server/realtime/bus.ts";
import { createApi, type Api, type ApiOptions } from "#server/transport/http.ts";
import type { ContextRequest } from "#server/transport/run.ts";

/**
 * The transport with a schema of its own, a dozen fields that each show one behaviour: so that what transport promises is tested without a
 * database, and proven not to depend on the product's schema.
 */
const SDL = /* GraphQL */ `
  type Query {
    hello(name: String = "world"): String!
    whoAmI: String!
    "Throws an error whose message must never be seen."
    broken: String
    "Serialises to something that an Int cannot be."
    wrongInt: Int
    forbiddenHere: String
    slow(ms: Int!): String
    self: Query
    selves: [Query!]!
    items(first: Int, last: Int, after: String): ItemConnection!
    byIds(ids: [ID!]!): [Item]!
    adminOnly: String
    undeclared: String
    secretInput(input: SecretInput): String
    withDefault(n: Int! = 3): Int
    "The reader that the context was made with; fails where that is a failure."
    reader: String
  }
  type ItemConnection { edges: [ItemEdge!]! nodes: [Item!]! totalCount: Int! }
  type ItemEdge { cursor: String! node: Item! }
  type Item { id: ID! name: String! items(first: Int): ItemConnection! }
  input SecretInput { value: Int! name: String color: Color nested: [SecretInput!] }
  enum Color { RED GREEN }
  type Mutation { add(n: Int!): Int! slowAdd(n: Int!, ms: Int!): Int! }
  type Subscription {
    count(to: Int!, everyMs: Int): Int!
    "Never ends; a number every everyMs."
    ticks(everyMs: Int!): Int!
    bytes(size: Int!): String!
    brokenSource: Int
    brokenMessage: Int
    readers(to: Int!): String
  }
`;

export interface Counters {
  added: number;
  slowFinished: number;
  sourcesOpen: number;
  /** Messages whose making was begun, by subscription field. */
  made: Record<string, number>;
}

export function smallSchema(counters: Counters): GraphQLSchema {
  const schema = buildSchema(SDL);
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const item = (n: number): object => ({ id: String(n), name: `item ${n}`, items: page });
  const page = ({ first, last }: { first?: number; last?: number }): object => {
    const nodes = Array.from({ length: first ?? last ?? 20 }, (_, i) => item(i));
    return { nodes, edges: nodes.map((node, i) => ({ cursor: String(i), node })), totalCount: nodes.length };
  };
  const resolvers: Record<string, Record<string, GraphQLFieldResolver<unknown, ContextRequest, never>>> = {
    Query: {
      hello: (_, args: { name: string }) => `Hello, ${args.name}`,
      whoAmI: (_, __, context) => `${context.actor.tokenName} ${context.actor.requestId.length}`,
      broken: () => {
        throw new Error("connection to 10.1.2.3 failed: password hunter2");
      },
      wrongInt: () => "hunter2",
      forbiddenHere: () => {
        throw new GraphQLError("Not this one.", { extensions: { code: "FORBIDDEN" } });
      },
      slow: async (_, args: { ms: number }) => {
        await sleep(args.ms);
        counters.slowFinished += 1;
        return "done";
      },
      self: () => ({}),
      selves: () => [{}, {}],
      items: (_, args) => page(args),
      byIds: (_, args: { ids: string[] }) => args.ids.map((id) => item(Number(id))),
      adminOnly: () => "admin",
      undeclared: () => "never",
      secretInput: () => "taken",
      withDefault: (_, args: { n: number }) => args.n,
      reader: (_, __, { choice }) => readerOf(choice),
    },
    Mutation: {
      add: (_, args: { n: number }) => (counters.added += args.n),
      slowAdd: async (_, args: { n: number; ms: number }) => {
        await sleep(args.ms);
        return (counters.added += args.n);
      },
    },
  };
  const numbers = (to: number, everyMs: number): AsyncIterableIterator<number> => {
    let n = 0;
    let open = true;
    counters.sourcesOpen += 1;
    const end = async (): Promise<IteratorResult<number>> => {
      if (open) counters.sourcesOpen -= 1;
      open = false;
      return { done: true, value: undefined };
    };
    return {
      async next() {
        if (n > 0 && everyMs > 0) await sleep(everyMs);
        return open && n < to ? { done: false, value: ++n } : end();
      },
      return: end,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  const subscribers: Record<string, { subscribe: GraphQLFieldResolver<unknown, unknown, never>; resolve: GraphQLFieldResolver<unknown, ContextRequest, never> }> = {
    count: { subscribe: (_, args: { to: number; everyMs?: number }) => numbers(args.to, args.everyMs ?? 0), resolve: (n) => n },
    ticks: { subscribe: (_, args: { everyMs: number }) => numbers(Infinity, args.everyMs), resolve: (n) => n },
    bytes: { subscribe: () => numbers(Infinity, 0), resolve: (_, args: { size: number }) => "x".repeat(args.size) },
    brokenSource: {
      subscribe: () => {
        throw new Error("hunter2");
      },
      resolve: () => 1,
    },
    readers: { subscribe: (_, args: { to: number }) => numbers(args.to, 0), resolve: (_, __, { choice }: ContextRequest) => readerOf(choice) },
    brokenMessage: {
      subscribe: () => numbers(2, 0),
      resolve: () => {
        throw new Error("hunter2");
      },
    },
  };

  const access: Record<string, Role | undefined> = { "Query.adminOnly": "PLATFORM_ADMIN", "Query.undeclared": undefined };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      const role = coordinate in access ? access[coordinate] : "VIEWER";
      if (role) field.extensions = { ...field.extensions, access: role };
      const resolve = resolvers[type.name]?.[field.name];
      if (resolve) field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
      const subscriber = type.name === "Subscription" ? subscribers[field.name] : undefined;
      if (!subscriber) continue;
      field.subscribe = subscriber.subscribe as GraphQLFieldResolver<unknown, unknown>;
      field.resolve = ((source, args, context, info) => {
        counters.made[field.name] = (counters.made[field.name] ?? 0) + 1;
        return subscriber.resolve(source, args as never, context as ContextRequest, info);
      }) as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return schema;
}

function readerOf(choice: ReaderChoice): string {
  if (choice instanceof Error) throw choice;
  return choice;
}

export const viewerOf = (role: Role, tokenName: string, more: Partial<Viewer> = {}): Viewer => ({
  tenantId: "00000000-0000-7000-8000-000000000001", tokenId: `id of ${tokenName}`, tokenName, role, namespaces: null, namespaceIds: null, expiresAt: null, ...more,
});

/** Of a matcher that stands for a store without records. */
export const noRecords = (): never => {
  throw new Error("there are no records here");
};

export function localBus(): Bus {
  const listeners = new Map<BusChannel, Set<(detail: string | undefined) => void>>();
  return {
    publish: (channel, detail) => queueMicrotask(() => listeners.get(channel)?.forEach((listener) => listener(detail))),
    subscribe(channel, listener) {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set.add(listener));
      return () => set.delete(listener);
    },
    close: async () => listeners.clear(),
  };
}

/** The small schema says of no field where its value lies. */
export const INTERPRETED: OperationReads = {
  query: () => ({ way: "interpreter", reason: "off", again: false }),
  message: () => ({ way: "interpreter", reason: "off", again: false }),
};

export interface SmallApi {
  readonly api: Api;
  readonly url: string;
  readonly bus: Bus;
  readonly counters: Counters;
  /** Tokens and their viewers; deleting one revokes it. */
  readonly tokens: Map<string, Viewer>;
  readonly log: string[];
  readonly clock: { time: number; now(): number };
  post(body: unknown, init?: { token?: string | null; headers?: Record<string, string> }): Promise<Response>;
}

export const VIEWER = "viewer-token-0123456789abcdef0123456789";
export const ADMIN = "admin-token-0123456789abcdef0123456789ab";

/** Listens on a free port; the caller closes `api`. */
export async function startSmallApi(options: Partial<ApiOptions> = {}): Promise<SmallApi> {
  const counters: Counters = { added: 0, slowFinished: 0, sourcesOpen: 0, made: {} };
  const tokens = new Map([
    [VIEWER, viewerOf("VIEWER", "viewer")],
    [ADMIN, viewerOf("PLATFORM_ADMIN", "admin")],
  ]);
  const log: string[] = [];
  const bus = localBus();
  const clock = { time: Date.now(), now: () => clock.time };
  const api = createApi({
    host: "127.0.0.1",
    port: 0,
    schema: smallSchema(counters),
    makeContext: (request) => request,
    reads: INTERPRETED,
    authenticate: async (token) => tokens.get(token) ?? null,
    clock,
    bus,
    logger: pino({ level: "debug" }, { write: (line: string) => void log.push(line) }),
    metrics: new Registry(),
    readiness: {},
    allowedOrigins: null,
    ...options,
  });
  const { url } = await api.listen();
  return {
    api, url, bus, counters, tokens, log, clock,
    post: (body, init = {}) => {
      const { token = VIEWER, headers = {} } = init;
      return fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    },
  };
}
