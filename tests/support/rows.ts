import { randomUUID } from "node:crypto";
import type { Pool } from "pg";

/**
 * Rows for tests that read, written past the services straight into the tables: what a test asks for and defaults for the rest. Each function
 * inserts one row and answers its uuid.
 */
export interface Rows {
  tenant(name?: string): Promise<string>;
  namespace(tenantId: string, name: string): Promise<string>;
  region(code: string, name?: string): Promise<string>;
  cluster(regionId: string, code: string, values?: Values): Promise<string>;
  clusterNode(clusterId: string, name: string, values?: Values): Promise<string>;
  vpc(tenantId: string, clusterId: string, name: string, values?: Values): Promise<string>;
  subnet(tenantId: string, vpcId: string, clusterId: string, name: string, values?: Values): Promise<string>;
  /** With its revision 1. */
  application(tenantId: string, namespaceId: string, name: string, values?: Values): Promise<{ id: string; revisionId: string }>;
  placement(application: { tenantId: string; namespaceId: string; id: string; revisionId: string }, clusterId: string, vpcId: string, values?: Values): Promise<string>;
  pod(of: { tenantId: string; namespaceId: string; applicationId: string; placementId: string; revisionId: string; clusterId: string }, name: string, values?: Values): Promise<string>;
  service(of: { tenantId: string; namespaceId: string; applicationId: string; clusterId: string; vpcId: string }, name: string, values?: Values): Promise<string>;
  /** The application's, to its revision. */
  rollout(application: { tenantId: string; namespaceId: string; id: string; revisionId: string }, values?: Values): Promise<string>;
  operation(tenantId: string, values?: Values): Promise<string>;
  operationStep(tenantId: string, operationId: string, name: string, values?: Values): Promise<string>;
  configMap(tenantId: string, namespaceId: string, name: string, values?: Values): Promise<string>;
  /** Its envelope opens under no key. */
  secret(tenantId: string, namespaceId: string, name: string, values?: Values): Promise<string>;
  /** That a revision of the application refers to a ConfigMap or Secret. */
  configReference(of: { tenantId: string; namespaceId: string; id: string; revisionId: string }, kind: "ConfigMap" | "Secret", configId: string, values?: Values): Promise<void>;
  auditEntry(tenantId: string, values?: Values): Promise<string>;
  apiToken(tenantId: string, name: string, values?: Values): Promise<string>;
  /** Of an application or a pod of it; without `of` the platform's, of the cluster. A series of its own unless the values say of which. */
  event(of: { tenantId: string; namespaceId: string; applicationId: string; podId?: string } | null, clusterId: string, at: string, values?: Values): Promise<string>;
  usage(tenantId: string, clusterId: string, values: Values): Promise<void>;
}

/** By column. */
export type Values = Readonly<Record<string, unknown>>;

export const TEMPLATE = {
  runtime: "RUNC",
  containers: [
    { name: "web", image: "nginx:1", cpuMillis: 250, memoryMiB: 64, command: [], args: ["-v"], stdin: false, tty: false, ports: [{ name: null, containerPort: 80, protocol: "TCP" }], env: [{ name: "A", value: "1" }] },
    { name: "log", image: "busybox:1", cpuMillis: 50, memoryMiB: 16, command: ["tail"], args: [], stdin: false, tty: false, ports: [], env: [] },
  ],
  labels: [{ key: "app", value: "web" }],
  terminationGracePeriodSeconds: 30,
};
const STARTED = Date.parse("2026-05-31T00:00:00.000Z");
export const CONTAINERS = [
  { name: "web", image: "nginx:1", state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: STARTED },
  { name: "log", image: "busybox:1", state: "WAITING", ready: false, restartCount: 2, reason: "CrashLoopBackOff", exitCode: 1, startedAt: null },
];
const CREATED = "2026-05-01T00:00:00.000Z";

export function rowsOf(admin: Pool): Rows {
  const insert = async (table: string, values: Values): Promise<string> => {
    const columns = Object.keys(values);
    const encoded = Object.values(values).map((value) => (value !== null && typeof value === "object" && !(value instanceof Date) && !Buffer.isBuffer(value) && !isTexts(value) ? JSON.stringify(value) : value));
    await admin.query(`insert into ${table} (${columns.join(", ")}) values (${columns.map((_, index) => `$${index + 1}`).join(", ")})`, encoded);
    return values["id"] as string;
  };
  const id = randomUUID;
  return {
    tenant: (name = `tenant-${id()}`) => insert("tenant", { id: id(), name, created_at: CREATED }),
    namespace: (tenant_id, name) => insert("namespace", { tenant_id, id: id(), name, description: "", is_default: name === "default", created_at: CREATED }),
    region: (code, name = code) => insert("region", { id: id(), code, name }),
    cluster: (region_id, code, values) =>
      insert("cluster", {
        id: id(), code, name: code, region_id, province: "Zhejiang", city: code, tier: "EDGE", isp: "TELECOM", latitude: 30.25, longitude: 120.5, status: "ONLINE",
        cpu_millis: 64_000, memory_mib: 131_072, pods: 1_000,
        prices: { currency: "CNY", cpuCoreHour: "0.05", memoryGiBHour: "0.01", publicGiB: "0.8", eipHour: "0.02", spotDiscount: 0.5, offPeakDiscount: 0.3 },
        ...values,
      }),
    clusterNode: (cluster_id, name, values) =>
      insert("cluster_node", { id: id(), cluster_id, name, status: "READY", labels: JSON.stringify([{ key: "zone", value: "a" }]), cpu_millis: 16_000, memory_mib: 32_768, pods: 250, ...values }),
    vpc: (tenant_id, cluster_id, name, values) =>
      insert("vpc", { tenant_id, id: id(), cluster_id, name, cidr: "10.0.0.0/16", is_default: false, status: "ACTIVE", version: 1, created_at: CREATED, ...values }),
    subnet: (tenant_id, vpc_id, cluster_id, name, values) =>
      insert("subnet", { tenant_id, id: id(), vpc_id, cluster_id, name, cidr: "10.0.1.0/24", gateway: "10.0.1.1", is_default: false, status: "ACTIVE", created_at: CREATED, ...values }),
    application: async (tenant_id, namespace_id, name, values) => {
      const [applicationId, revisionId] = [id(), id()];
      // One statement, because each row needs the other.
      await admin.query(
        `with revised as (
           insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
           values ($1, $3, $2, $4, 1, $5, 'hash', 'first', 'a test', $6)
         )
         insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection,
           update_strategy, revision_id, desired, created_at, updated_at)
         values ($1, $2, $4, $7, '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'RUNNING', 1, false, '{"maxUnavailable": {"percent": 25}, "maxSurge": {"count": 1}}', $3, 3, $6, $6)`,
        [tenant_id, applicationId, revisionId, namespace_id, JSON.stringify(TEMPLATE), CREATED, name],
      );
      for (const [column, value] of Object.entries(values ?? {})) {
        await admin.query(`update application set ${column} = $2 where id = $1`, [applicationId, Array.isArray(value) ? JSON.stringify(value) : value]);
      }
      return { id: applicationId, revisionId };
    },
    placement: ({ tenantId, namespaceId, id: application_id, revisionId }, cluster_id, vpc_id, values) =>
      insert("placement", {
        tenant_id: tenantId, id: id(), application_id, namespace_id: namespaceId, cluster_id, revision_id: revisionId, network_type: "VPC", vpc_id, desired: 2, created: 2, ready: 1,
        generation: 3, observed_generation: 2, reason: "chosen", ...values,
      }),
    pod: (of, name, values) =>
      insert("pod", {
        cluster_id: of.clusterId, id: id(), tenant_id: of.tenantId, application_id: of.applicationId, namespace_id: of.namespaceId, placement_id: of.placementId, revision_id: of.revisionId,
        name, phase: "RUNNING", ready: true, restart_count: 0, containers: JSON.stringify(CONTAINERS), created_at: CREATED, epoch: 1, ...values,
      }),
    service: (of, name, values) =>
      insert("service", {
        tenant_id: of.tenantId, id: id(), namespace_id: of.namespaceId, application_id: of.applicationId, cluster_id: of.clusterId, vpc_id: of.vpcId, name, type: "CLUSTER_IP",
        ports: JSON.stringify([{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }]), status: "ACTIVE", version: 1, generation: 1, observed_generation: 1,
        created_at: CREATED, updated_at: CREATED, ...values,
      }),
    rollout: async ({ tenantId, namespaceId, id: application_id, revisionId }, values) => {
      const rollout = await insert("rollout", {
        tenant_id: tenantId, id: id(), application_id, namespace_id: namespaceId, to_revision_id: revisionId, strategy: "FULL", update_strategy: "{}", progress_deadline_seconds: 600, auto_rollback: true,
        state: "SUCCEEDED", started_at: CREATED, progressed_at: CREATED, finished_at: CREATED, ...values,
      });
      await admin.query("update application set rollout_id = $2 where id = $1", [application_id, rollout]);
      return rollout;
    },
    operation: (tenant_id, values) =>
      insert("operation", {
        tenant_id, id: id(), kind: "CREATE_APPLICATION", state: "RUNNING", target_name: "web", completed: 1, total: 4, actor: "a test", created_at: CREATED, progressed_at: CREATED, ...values,
      }),
    operationStep: (tenant_id, operation_id, name, values) =>
      insert("operation_step", { tenant_id, id: id(), operation_id, name, state: "RUNNING", completed: 0, total: 1, ...values }),
    configMap: (tenant_id, namespace_id, name, values) =>
      insert("config_map", {
        tenant_id, id: id(), namespace_id, name, description: "", keys: ["a"], data: JSON.stringify([{ key: "a", value: "1" }]), content: id(), version: 1, created_at: CREATED, updated_at: CREATED, ...values,
      }),
    secret: (tenant_id, namespace_id, name, values) =>
      insert("secret", {
        tenant_id, id: id(), namespace_id, name, description: "", type: "OPAQUE", keys: ["a"], key_id: "0".repeat(16), wrapped_key: Buffer.alloc(60), ciphertext: Buffer.alloc(28), content: id(), version: 1,
        created_at: CREATED, updated_at: CREATED, ...values,
      }),
    configReference: async ({ tenantId, namespaceId, id: application_id, revisionId }, kind, config_id, values) => {
      await insert("config_reference", { tenant_id: tenantId, revision_id: revisionId, kind, config_id, application_id, namespace_id: namespaceId, keys: [], ...values });
    },
    auditEntry: (tenant_id, values) => insert("audit_entry", { tenant_id, id: id(), at: CREATED, actor: "a test", action: "createApplication", outcome: "ACCEPTED", ...values }),
    apiToken: (tenant_id, name, values) =>
      insert("api_token", { tenant_id, id: id(), name, role: "OWNER", prefix: "slv_abc", hash: Buffer.from(id()), created_at: CREATED, ...values }),
    event: (of, cluster_id, at, values) => {
      const [kind, object_id] = of === null ? ["node", id()] : of.podId === undefined ? ["placement", id()] : ["pod", id()];
      return insert("event", {
        cluster_id, id: id(), tenant_id: of?.tenantId ?? null, application_id: of?.applicationId ?? null, namespace_id: of?.namespaceId ?? null, pod_id: of?.podId ?? null, at, first_at: at, type: "NORMAL",
        reason: "Started", message: "it did", count: 1, object_kind: kind, object_id, object: `${kind}/it`, ...values,
      });
    },
    usage: async (tenant_id, cluster_id, values) => {
      await insert("cluster_usage", { tenant_id, cluster_id, ...values });
    },
  };
}

const isTexts = (value: object): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
