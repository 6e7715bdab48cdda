/** The services on a real database, as the role that serves the API; clusters and tenants are arranged as the superuser. */
import { createHash, randomUUID, randomUUIDv7 } from "node:crypto";
import type pg from "pg";
import type { MikroORM } from "@mikro-orm/postgresql";
import { createKeyRing } from "#server/domain/envelope.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Role } from "#server/domain/states.ts";
import type { Actor } from "#server/identity/viewer.ts";
import type { Bus, BusChannel } from "#server/realtime/bus.ts";
import type { CreateApplicationInput } from "#server/services/application/input.ts";
import { createServices, type Services } from "#server/services/index.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";

export interface TestCluster {
  readonly id: string;
  readonly globalId: string;
  readonly code: string;
}

export interface TestTenant {
  readonly id: string;
  readonly actor: Actor;
  /** The same tenant in another role, or limited to namespaces. */
  as(changes: Partial<Actor>): Actor;
}

export interface Fixture {
  readonly database: TestDatabase;
  readonly admin: pg.Pool;
  readonly orm: MikroORM;
  readonly services: Services;
  /** What was published on the bus, oldest first. */
  readonly published: readonly string[];
  /** Moves the clock, in milliseconds. */
  advance(ms: number): void;
  tenant(name?: string): Promise<TestTenant>;
  namespace(tenant: TestTenant, name: string): Promise<string>;
  cluster(changes?: Partial<ClusterShape>): Promise<TestCluster>;
  close(): Promise<void>;
}

export interface ClusterShape {
  readonly nodes: number;
  readonly nodeCpuMillis: number;
  readonly nodeMemoryMiB: number;
  readonly nodePods: number;
  readonly cordoned: boolean;
}

export const FINGERPRINT_KEY = createHash("sha256").update("a key for tests").digest();
export const KEY_RING = createKeyRing(createHash("sha256").update("an encryption key for tests").digest());
const START = Date.UTC(2026, 0, 1);

export async function createFixture(connections = 4, speed = 1): Promise<Fixture> {
  const database = await createTestDatabase();
  const { orm, pool } = await database.openAs("selvedge_api", connections);
  const { admin } = database;
  const published: string[] = [];
  const bus: Bus = {
    publish: (channel: BusChannel, detail?: string) => void published.push(detail === undefined ? channel : `${channel}:${detail}`),
    subscribe: () => () => undefined,
    close: async () => undefined,
  };
  let now = START;
  const regionId = randomUUIDv7();
  await admin.query("insert into region (id, code, name) values ($1, 'test', 'Test')", [regionId]);
  let clusters = 0;
  return {
    database,
    admin,
    orm,
    published,
    services: createServices({ orm, pool, bus, clock: { now: () => now }, speed, fingerprintKey: FINGERPRINT_KEY, keyRing: KEY_RING }),
    advance: (ms) => void (now += ms),
    tenant: async (name = `tenant-${randomUUID()}`) => {
      const [id, tokenId] = [randomUUIDv7(), randomUUIDv7()];
      await admin.query("select app.create_tenant($1, $2, $3, $4, $5, 'slv_test', $6)", [
        id,
        name,
        new Date(now),
        randomUUIDv7(),
        tokenId,
        Buffer.from(tokenId),
      ]);
      const actor: Actor = {
        tenantId: id,
        tokenId,
        tokenName: "owner",
        role: "OWNER" satisfies Role,
        namespaces: null,
        namespaceIds: null,
        expiresAt: null,
        requestId: "r",
        sourceAddress: "127.0.0.1",
      };
      return { id, actor, as: (changes) => ({ ...actor, ...changes }) };
    },
    namespace: async (tenant, name) => {
      const id = randomUUIDv7();
      await admin.query(
        "insert into namespace (tenant_id, id, name, description, is_default, created_at) values ($1, $2, $3, '', false, $4)",
        [tenant.id, id, name, new Date(now)],
      );
      return id;
    },
    cluster: async (changes = {}) => {
      const shape: ClusterShape = { nodes: 4, nodeCpuMillis: 8_000, nodeMemoryMiB: 16_384, nodePods: 110, cordoned: false, ...changes };
      clusters += 1;
      const id = randomUUIDv7();
      const code = `city-${clusters}`;
      await admin.query(
        `insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, cordoned, cpu_millis, memory_mib, pods, prices)
         values ($1, $2, $2, $3, 'P', 'C', 'EDGE', 'TELECOM', 30, 120, 'ONLINE', $4, $5, $6, $7, '{}')`,
        [
          id,
          code,
          regionId,
          shape.cordoned,
          shape.nodes * shape.nodeCpuMillis,
          shape.nodes * shape.nodeMemoryMiB,
          shape.nodes * shape.nodePods,
        ],
      );
      for (let node = 1; node <= shape.nodes; node += 1) {
        await admin.query(
          "insert into cluster_node (id, cluster_id, name, status, labels, cpu_millis, memory_mib, pods) values ($1, $2, $3, 'READY', '[]', $4, $5, $6)",
          [randomUUIDv7(), id, `node-${node}`, shape.nodeCpuMillis, shape.nodeMemoryMiB, shape.nodePods],
        );
      }
      return { id, globalId: globalId("Cluster", id), code };
    },
    close: () => database.drop(),
  };
}

export function applicationInput(
  clusters: readonly TestCluster[],
  changes: Partial<CreateApplicationInput> = {},
  replicas = 2,
): CreateApplicationInput {
  return {
    name: "web",
    namespace: "default",
    description: "A shop",
    workloadKind: "DEPLOYMENT",
    capacityType: "ON_DEMAND",
    labels: [{ key: "app", value: "web" }],
    template: {
      runtime: "RUNC",
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: "server",
          image: "registry.example/shop/web:1.0",
          cpuMillis: 100,
          memoryMiB: 64,
          stdin: false,
          tty: false,
          ports: [{ containerPort: 8080, protocol: "TCP" }],
          env: [{ name: "PASSWORD", source: { value: "canary-5e1f" } }],
        },
      ],
    },
    distribution: { clusters: clusters.map((cluster) => ({ clusterId: cluster.globalId, replicas, networkType: "VPC" as const })) },
    deletionProtection: false,
    ...changes,
  };
}

/** Everything that a mutation may leave behind, counted. */
export async function countRows(admin: pg.Pool, tenantId: string): Promise<Record<string, number>> {
  const tables = [
    "application",
    "revision",
    "placement",
    "operation",
    "operation_step",
    "audit_entry",
    "idempotency",
    "timeline",
    "vpc",
    "subnet",
    "namespace",
    "api_token",
  ];
  const counts = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await admin.query<{ count: string }>(`select count(*) as count from ${table} where tenant_id = $1`, [tenantId]);
      return [table, Number(rows[0]?.count)] as const;
    }),
  );
  const { rows } = await admin.query<{ count: string }>(
    "select count(*) as count from graphile_worker._private_jobs where payload->>'tenantId' = $1",
    [tenantId],
  );
  return { ...Object.fromEntries(counts), jobs: Number(rows[0]?.count) };
}

/** What clusters hold for all tenants, and what one tenant's usage rows say. */
export async function reservations(
  admin: pg.Pool,
  clusterId: string,
): Promise<{ cpu: number; memory: number; pods: number; usage: number }> {
  const { rows } = await admin.query<{ cpu: string; memory: string; pods: string; usage: string | null }>(
    `select reserved_cpu_millis as cpu, reserved_memory_mib as memory, reserved_pods as pods,
            (select sum(cpu_millis) from cluster_usage u where u.cluster_id = c.id) as usage
     from cluster c where id = $1`,
    [clusterId],
  );
  const [row] = rows;
  if (!row) throw new Error("no such cluster");
  return { cpu: Number(row.cpu), memory: Number(row.memory), pods: Number(row.pods), usage: Number(row.usage ?? 0) };
}

/** The value of an accepted outcome; a refusal fails the test with its reasons. */
export function must<T>(
  outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly unknown[] },
): T {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.errors)}`);
  return outcome.value;
}

/** The errors of a refused outcome; acceptance fails the test. */
export function refusals(outcome: {
  readonly ok: boolean;
  readonly errors?: readonly { code: string; path: readonly string[] | null; message: string }[];
}): { code: string; path: readonly string[] | null; message: string }[] {
  if (outcome.ok) throw new Error("accepted, though it should have been refused");
  return [...(outcome.errors ?? [])];
}
