import { randomUUIDv7 } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { contentHash } from "#server/domain/canonical.ts";
import { type PodTemplate, podRequests, referencesOf } from "#server/domain/pod-template.ts";
import { DEFAULT_UPDATE_STRATEGY, type OperationKind } from "#server/domain/states.ts";

/** A tenant's desired state as mutations leave it, job included, written by the superuser: for tests of what comes after a mutation. */
export interface DesiredState {
  readonly tenantId: string;
  readonly namespaceId: string;
  application(options: ApplicationOptions): Promise<DeployedApplication>;
  /** Sets what every placement should have, supersedes unfinished operations, starts a new one. Returns its id. */
  change(application: DeployedApplication, change: { replicas?: number; deleting?: boolean; kind: OperationKind; enqueue?: boolean }): Promise<string>;
  /** Another revision, with its rollout and operation; the clusters' reservations are those of the new revision then. */
  upgrade(application: DeployedApplication, upgrade: Upgrade): Promise<{ operationId: string; rolloutId: string; revisionId: string }>;
  /** Parks what every placement should have. Returns the operation's id. */
  stop(application: DeployedApplication): Promise<string>;
  /** Starts an operation, of which each step names its target, and supersedes nothing. */
  operate(kind: OperationKind, target: { type: string; id: string | null; name: string }, steps: readonly StepWanted[]): Promise<string>;
  /** Asks for a reconciliation. */
  ask(applicationId: string): Promise<void>;
  /** One operation over several applications. Returns its id. */
  importing(applications: readonly DeployedApplication[]): Promise<string>;
}

export interface Upgrade {
  readonly template: PodTemplate;
  readonly deadlineSeconds?: number;
  readonly autoRollback?: boolean;
}

export interface StepWanted {
  /** Default: Application. */
  readonly targetType?: string;
  readonly targetId: string;
  readonly clusterId: string;
  readonly total: number;
}

export interface ApplicationOptions {
  readonly name: string;
  readonly clusters: readonly { readonly id: string; readonly replicas: number }[];
  readonly image?: string;
  /** Goes before `image`. */
  readonly template?: PodTemplate;
  /** Of its operation; null for none. */
  readonly kind?: OperationKind | null;
  readonly enqueue?: boolean;
}

export interface DeployedApplication {
  readonly id: string;
  readonly name: string;
  readonly operationId: string;
  /** By cluster. */
  readonly placements: ReadonlyMap<string, string>;
}

export const templateOf = (image: string): PodTemplate => ({
  runtime: "RUNC", labels: [], terminationGracePeriodSeconds: 30,
  containers: [{ name: "main", image, cpuMillis: 100, memoryMiB: 128, command: [], args: [], stdin: false, tty: false, ports: [], env: [] }],
});

export async function desiredState(admin: Pool, tenantName: string): Promise<DesiredState> {
  const tenantId = randomUUIDv7();
  const namespaceId = randomUUIDv7();
  await admin.query("insert into tenant (id, name, created_at) values ($1, $2, now())", [tenantId, tenantName]);
  await admin.query("insert into namespace (tenant_id, id, name, description, is_default, created_at) values ($1, $2, 'default', '', true, now())", [tenantId, namespaceId]);
  const networks = new Map<string, { vpcId: string; subnetId: string }>();

  const networkOn = async (client: PoolClient, clusterId: string): Promise<{ vpcId: string; subnetId: string }> => {
    const known = networks.get(clusterId);
    if (known) return known;
    const network = { vpcId: randomUUIDv7(), subnetId: randomUUIDv7() };
    await client.query(
      "insert into vpc (tenant_id, id, cluster_id, name, cidr, is_default, status, version, created_at) values ($1, $2, $3, 'default-vpc', '10.0.0.0/16', true, 'ACTIVE', 1, now())",
      [tenantId, network.vpcId, clusterId],
    );
    await client.query(
      "insert into subnet (tenant_id, id, vpc_id, cluster_id, name, cidr, gateway, is_default, status, created_at) values ($1, $2, $3, $4, 'default-subnet', '10.0.0.0/20', '10.0.0.1', true, 'ACTIVE', now())",
      [tenantId, network.subnetId, network.vpcId, clusterId],
    );
    networks.set(clusterId, network);
    return network;
  };

  const operation = async (
    client: PoolClient, kind: OperationKind, target: { type: string; id: string | null; name: string }, steps: readonly StepWanted[],
    { deadlineSeconds = 600, rolloutId = null }: { deadlineSeconds?: number; rolloutId?: string | null } = {},
  ): Promise<string> => {
    const id = randomUUIDv7();
    await client.query(
      `insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at, deadline_seconds, rollout_id)
       values ($1, $2, $3, 'PENDING', $4, $5, $6, $7, 0, $8, 'test', now(), now(), $9, $10)`,
      [tenantId, id, kind, namespaceId, target.id === null ? null : target.type, target.id, target.name, steps.reduce((sum, step) => sum + step.total, 0), deadlineSeconds, rolloutId],
    );
    for (const step of steps) {
      await client.query(
        "insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, completed, total) values ($1, $2, $3, $4, $5, $6, $7, $8, 'PENDING', 0, $9)",
        [tenantId, randomUUIDv7(), id, namespaceId, step.clusterId, step.targetType ?? "Application", step.targetId, target.name, step.total],
      );
    }
    return id;
  };

  const addRevision = async (client: PoolClient, applicationId: string, number: number, template: PodTemplate): Promise<string> => {
    const id = randomUUIDv7();
    await client.query(
      "insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, '', 'test', now())",
      [tenantId, id, applicationId, namespaceId, number, JSON.stringify(template), contentHash(template)],
    );
    for (const reference of referencesOf(template)) {
      await client.query(
        "insert into config_reference (tenant_id, revision_id, kind, config_id, application_id, namespace_id, keys) values ($1, $2, $3, $4, $5, $6, $7)",
        [tenantId, id, reference.kind, reference.id, applicationId, namespaceId, reference.keys],
      );
    }
    return id;
  };

  const supersede = async (client: PoolClient, applicationId: string): Promise<void> => {
    await client.query(
      `update operation_step s set state = 'SUPERSEDED', finished_at = now() from operation o
       where s.target_id = $1 and s.finished_at is null and o.id = s.operation_id and o.kind <> 'UPDATE_CONFIG'`, [applicationId],
    );
    await client.query("update operation set state = 'SUPERSEDED', finished_at = now() where target_id = $1 and finished_at is null", [applicationId]);
  };

  const ask = (client: PoolClient, applicationId: string): Promise<unknown> =>
    client.query("select app.enqueue('reconcile_application', $1, $2)", [JSON.stringify({ tenantId, applicationId }), `reconcile_application:${applicationId}:${tenantId}`]);

  return {
    tenantId,
    namespaceId,
    application: ({ name, clusters, image = "shop/frontend:1", template, kind = "CREATE_APPLICATION", enqueue = true }) =>
      inTransaction(admin, async (client) => {
        const id = randomUUIDv7();
        const placements = new Map(clusters.map((cluster) => [cluster.id, randomUUIDv7()]));
        await client.query(
          `insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
           values ($1, $2, $3, $4, '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'PENDING', 1, false, $5, $2, $6, now(), now())`,
          [tenantId, id, namespaceId, name, JSON.stringify(DEFAULT_UPDATE_STRATEGY), clusters.reduce((sum, cluster) => sum + cluster.replicas, 0)],
        );
        const revisionId = await addRevision(client, id, 1, template ?? templateOf(image));
        await client.query("update application set revision_id = $2 where id = $1", [id, revisionId]);
        for (const cluster of clusters) {
          const network = await networkOn(client, cluster.id);
          await client.query(
            `insert into placement (tenant_id, id, application_id, namespace_id, cluster_id, revision_id, network_type, vpc_id, subnet_id, desired, unavailable, generation, reason)
             values ($1, $2, $3, $4, $5, $6, 'VPC', $7, $8, $9, $9, 1, 'test')`,
            [tenantId, placements.get(cluster.id), id, namespaceId, cluster.id, revisionId, network.vpcId, network.subnetId, cluster.replicas],
          );
        }
        const steps = clusters.map((cluster) => ({ targetId: id, clusterId: cluster.id, total: cluster.replicas }));
        const operationId = kind ? await operation(client, kind, { type: "Application", id, name }, steps) : "";
        if (enqueue) await ask(client, id);
        return { id, name, operationId, placements };
      }),
    upgrade: (application, { template, deadlineSeconds = 600, autoRollback = true }) =>
      inTransaction(admin, async (client) => {
        const { rows: [before] } = await client.query<{ revision_id: string; number: number }>(
          "select a.revision_id, (select max(number) from revision r where r.application_id = a.id) as number from application a where a.id = $1 for update", [application.id],
        );
        const revisionId = await addRevision(client, application.id, (before?.number ?? 0) + 1, template);
        const { rows } = await client.query<{ cluster_id: string; desired: number }>(
          "update placement set revision_id = $2, generation = generation + 1 where application_id = $1 and not deleting returning cluster_id, desired", [application.id, revisionId],
        );
        const { cpuMillis, memoryMiB } = podRequests(template);
        for (const { cluster_id: clusterId, desired } of rows) {
          const amounts = [clusterId, cpuMillis * desired, memoryMiB * desired, desired];
          await client.query("update cluster set reserved_cpu_millis = $2, reserved_memory_mib = $3, reserved_pods = $4 where id = $1", amounts);
          await client.query(
            `insert into cluster_usage (tenant_id, cluster_id, cpu_millis, memory_mib, pods) values ($1, $2, $3, $4, $5)
             on conflict (tenant_id, cluster_id) do update set cpu_millis = excluded.cpu_millis, memory_mib = excluded.memory_mib, pods = excluded.pods`,
            [tenantId, ...amounts],
          );
        }
        const rolloutId = randomUUIDv7();
        await supersede(client, application.id);
        const steps = rows.map((row) => ({ targetId: application.id, clusterId: row.cluster_id, total: row.desired }));
        const operationId = await operation(client, "UPGRADE_APPLICATION", { type: "Application", id: application.id, name: application.name }, steps, { deadlineSeconds, rolloutId });
        await client.query(
          `insert into rollout (tenant_id, id, application_id, namespace_id, from_revision_id, to_revision_id, strategy, update_strategy, progress_deadline_seconds, auto_rollback,
             operation_id, state, total, started_at, progressed_at)
           values ($1, $2, $3, $4, $5, $6, 'FULL', $7, $8, $9, $10, 'PROGRESSING', $11, now(), now())`,
          [
            tenantId, rolloutId, application.id, namespaceId, before?.revision_id, revisionId, JSON.stringify(DEFAULT_UPDATE_STRATEGY), deadlineSeconds, autoRollback, operationId,
            rows.reduce((sum, { desired }) => sum + desired, 0),
          ],
        );
        await client.query("update application set revision_id = $2, rollout_id = $3, status = 'UPDATING', version = version + 1 where id = $1", [application.id, revisionId, rolloutId]);
        await ask(client, application.id);
        return { operationId, rolloutId, revisionId };
      }),
    stop: (application) =>
      inTransaction(admin, async (client) => {
        await client.query("select from application where id = $1 for update", [application.id]);
        const { rows } = await client.query<{ cluster_id: string; parked: number; created: number }>(
          "update placement set parked = desired, desired = 0, generation = generation + 1 where application_id = $1 and not deleting returning cluster_id, parked, created", [application.id],
        );
        await client.query("update application set stopped = true, desired = 0, status = 'UPDATING', version = version + 1 where id = $1", [application.id]);
        await supersede(client, application.id);
        const steps = rows.map((row) => ({ targetId: application.id, clusterId: row.cluster_id, total: Math.max(row.created, row.parked) }));
        const operationId = await operation(client, "STOP_APPLICATION", { type: "Application", id: application.id, name: application.name }, steps);
        await ask(client, application.id);
        return operationId;
      }),
    operate: (kind, target, steps) => inTransaction(admin, (client) => operation(client, kind, target, steps)),
    ask: async (applicationId) => {
      await inTransaction(admin, (client) => ask(client, applicationId));
    },
    change: (application, { replicas, deleting = false, kind, enqueue = true }) =>
      inTransaction(admin, async (client) => {
        await client.query("select from application where id = $1 for update", [application.id]);
        const { rows } = await client.query<{ cluster_id: string; created: number }>(
          "update placement set desired = coalesce($2, desired), deleting = $3, generation = generation + 1 where application_id = $1 returning cluster_id, created",
          [application.id, deleting ? 0 : (replicas ?? null), deleting],
        );
        await client.query(
          "update application set deleting = $2, status = case when $2 then 'DELETING' else 'UPDATING' end, version = version + 1, desired = (select coalesce(sum(desired), 0) from placement where application_id = $1) where id = $1",
          [application.id, deleting],
        );
        await supersede(client, application.id);
        const steps = rows.map((row) => ({ targetId: application.id, clusterId: row.cluster_id, total: deleting ? row.created : (replicas ?? 0) }));
        const operationId = await operation(client, kind, { type: "Application", id: application.id, name: application.name }, steps);
        if (enqueue) await ask(client, application.id);
        return operationId;
      }),
    importing: (applications) =>
      inTransaction(admin, async (client) => {
        const { rows } = await client.query<{ application_id: string; cluster_id: string; desired: number }>(
          "select application_id, cluster_id, desired from placement where application_id = any ($1)", [applications.map(({ id }) => id)],
        );
        const id = await operation(client, "IMPORT_MANIFESTS", { type: "Application", id: null, name: "shop.yaml" }, rows.map((row) => ({ targetId: row.application_id, clusterId: row.cluster_id, total: row.desired })));
        for (const application of applications) await ask(client, application.id);
        return id;
      }),
  };
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
