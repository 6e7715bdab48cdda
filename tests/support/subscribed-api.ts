import type { Config } from "#server/config/config.ts";
import type { Role } from "#server/domain/states.ts";
import { hashToken, newToken, tokenPrefix } from "#server/identity/token.ts";
import { createMetrics } from "#server/observability/metrics.ts";
import type { Bus } from "#server/realtime/bus.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { type RunningApi, startApi } from "#server/roles/api.ts";
import { silentLogger, wallClock } from "./centre.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { openAuthenticated, type RawSocket } from "./raw-socket.ts";
import { type Rows, rowsOf } from "./rows.ts";

/** The API as it is composed, on a real database, with one tenant; what would come from services and gateway is written into the tables. */
export interface SubscribedApi {
  readonly database: TestDatabase;
  readonly api: RunningApi;
  readonly rows: Rows;
  readonly bus: Bus;
  readonly tenantId: string;
  readonly namespaceId: string;
  token(tenant: string, name: string, role: Role, more?: Record<string, unknown>): Promise<{ id: string; secret: string }>;
  connect(secret: string): Promise<RawSocket>;
  subscribe(raw: RawSocket, id: string, query: string, variables?: object): void;
  /** The nth message's only field. */
  message<T>(raw: RawSocket, id: string, nth: number): Promise<T>;
  /** As another process would be: without a word of the bus, it learns of everything by looking. */
  another(): Promise<RunningApi>;
  /** A row of the timeline. */
  wrote(kind: string, ids: readonly string[], removed?: readonly string[], from?: { readonly tenant?: string | null; readonly cluster?: string | null }): Promise<void>;
  close(): Promise<void>;
}

export async function openSubscribedApi(): Promise<SubscribedApi> {
  const bus = createInProcessBus({ instance: "a test of subscriptions" });
  const sockets: RawSocket[] = [];
  const database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const tenantId = await rows.tenant();
  const namespaceId = await rows.namespace(tenantId, "default");
  const { rows: life } = await database.admin.query<{ term: number }>("select term from database_life");
  const start = (on: Bus): Promise<RunningApi> => startApi({
    config: { http: { host: "127.0.0.1", port: 0, allowedOrigins: null }, reads: { rememberedBytes: 16 * 1024 * 1024 } } as Config,
    centre: { database: { address: database.address, encryptionKey: database.encryptionKey }, clock: wallClock, speed: 1, term: life[0]?.term ?? 0, bus: on },
    logger: silentLogger, metrics: createMetrics("api"), link: null, door: null, agents: null, fleetClusters: [], stopping: new AbortController().signal,
  });
  const api = await start(bus);
  const others: RunningApi[] = [];
  return {
    database, api, rows, bus, tenantId, namespaceId,
    token: async (tenant, name, role, more = {}) => {
      const secret = newToken();
      return { id: await rows.apiToken(tenant, name, { role, prefix: tokenPrefix(secret), hash: hashToken(secret), ...more }), secret };
    },
    another: async () => {
      const other = await start(createInProcessBus({ instance: "another" }));
      others.push(other);
      return other;
    },
    connect: async (secret) => {
      const raw = await openAuthenticated(api.url, secret);
      sockets.push(raw);
      return raw;
    },
    subscribe: (raw, id, query, variables = {}) => raw.send({ id, type: "subscribe", payload: { query, variables } }),
    message: <T>(raw: RawSocket, id: string, nth: number) =>
      eventually(() => {
        const { payload } = raw.of(id).filter(({ type }) => type === "next")[nth] ?? {};
        if (!payload) throw new Error(`no message ${nth} among ${JSON.stringify(raw.of(id)).slice(0, 800)}`);
        const { data, errors } = payload as { data?: Record<string, T>; errors?: unknown };
        if (!data) throw new Error(JSON.stringify(errors));
        return Object.values(data)[0] as T;
      }),
    wrote: async (kind, ids, removed = [], { tenant = tenantId, cluster = null } = {}) => {
      await database.admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, removed_ids, at) values ($1, $2, $3, $4, $5, now())", [tenant, cluster, kind, ids, removed]);
      bus.publish("timeline");
    },
    close: async () => {
      for (const raw of sockets) raw.socket.terminate();
      for (const each of [api, ...others]) await each.close();
      await bus.close();
      await database.drop();
    },
  };
}
