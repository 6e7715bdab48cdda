import { randomUUIDv7 } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { DEFAULT_UPDATE_STRATEGY, type OperationKind } from "#server/domain/states.ts";

/** A tenant's desired state as mutations leave it, job included, written by the superuser: for tests of what comes after a mutation. */
export interface DesiredState {
  readonly tenantId: string;
  readonly namespaceId: string;
  application(options: ApplicationOptions): Promise<DeployedApplication>;
  /** Sets what every placement should have, supersedes unfinished operations, starts a new one. Returns its id. */
  change(application: DeployedApplication, change: { replicas?: number; deleting?: boolean; kind: OperationKind; enqueue?: boolean }): Promise<string>;
  /** One operation over several applications. Returns its id. */
  importing(applications: readonly DeployedApplication[]): Promise<string>;
}

export interface ApplicationOptions {
  readonly name: string;
  readonly clusters: readonly { readonly id: string; readonly replicas: number }[];
  readonly image?: string;
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

  const operation = async (client: PoolClient, kind: OperationKind, targetId: string | null, name: string, steps: readonly { targetId: string; clusterId: string; total: number }[]): Promise<string> => {
    const id = randomUUIDv7();
    await client.query(
      "insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at) values ($1, $2, $3, 'PENDING', $4, 'Application', $5, $6, 0, $7, 'test', now(), now())",
      [tenantId, id, kind, namespaceId, targetId, name, steps.reduce((sum, step) => sum + step.total, 0)],
    );
    for (const step of steps) {
      await client.query(
        "insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, completed, total) values ($1, $2, $3, $4, $5, 'Application', $6, $7, 'PENDING', 0, $8)",
        [tenantId, randomUUIDv7(), id, namespaceId, step.clusterId, step.targetId, name, step.total],
      );
    }
    return id;
  };

  const ask = (client: PoolClient, applicationId: string): Promise<unknown> =>
    client.query("select app.enqueue('reconcile_application', $1, $2)", [JSON.stringify({ tenantId, applicationId }), `reconcile_application:${applicationId}:${tenantId}`]);

  return {
    tenantId,
    namespaceId,
    application: ({ name, clusters, image = "shop/frontend:1", kind = "CREATE_APPLICATION", enqueue = true }) =>
      inTransaction(admin, async (client) => {
        const [id, revisionId] = [randomUUIDv7(), randomUUIDv7()];
        const template = templateOf(image);
        const placements = new Map(clusters.map((cluster) => [cluster.id, randomUUIDv7()]));
        await client.query(
          `insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
           values ($1, $2, $3, $4, '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'PENDING', 1, false, $5, $6, $7, now(), now())`,
          [tenantId, id, namespaceId, name, JSON.stringify(DEFAULT_UPDATE_STRATEGY), revisionId, clusters.reduce((sum, cluster) => sum + cluster.replicas, 0)],
        );
        await client.query(
          "insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at) values ($1, $2, $3, $4, 1, $5, $6, '', 'test', now())",
          [tenantId, revisionId, id, namespaceId, JSON.stringify(template), contentHash(template)],
        );
        for (const cluster of clusters) {
          const network = await networkOn(client, cluster.id);
          await client.query(
            `insert into placement (tenant_id, id, application_id, namespace_id, cluster_id, revision_id, network_type, vpc_id, subnet_id, desired, unavailable, generation, reason)
             values ($1, $2, $3, $4, $5, $6, 'VPC', $7, $8, $9, $9, 1, 'test')`,
            [tenantId, placements.get(cluster.id), id, namespaceId, cluster.id, revisionId, network.vpcId, network.subnetId, cluster.replicas],
          );
        }
        const steps = clusters.map((cluster) => ({ targetId: id, clusterId: cluster.id, total: cluster.replicas }));
        const operationId = kind ? await operation(client, kind, id, name, steps) : "";
        if (enqueue) await ask(client, id);
        return { id, name, operationId, placements };
      }),
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
        await client.query("update operation_step set state = 'SUPERSEDED', finished_at = now() where target_id = $1 and finished_at is null", [application.id]);
        await client.query("update operation set state = 'SUPERSEDED', finished_at = now() where target_id = $1 and finished_at is null", [application.id]);
        const steps = rows.map((row) => ({ targetId: application.id, clusterId: row.cluster_id, total: deleting ? row.created : (replicas ?? 0) }));
        const operationId = await operation(client, kind, application.id, application.name, steps);
        if (enqueue) await ask(client, application.id);
        return operationId;
      }),
    importing: (applications) =>
      inTransaction(admin, async (client) => {
        const { rows } = await client.query<{ application_id: string; cluster_id: string; desired: number }>(
          "select application_id, cluster_id, desired from placement where application_id = any ($1)", [applications.map(({ id }) => id)],
        );
        const id = await operation(client, "IMPORT_MANIFESTS", null, "shop.yaml", rows.map((row) => ({ targetId: row.application_id, clusterId: row.cluster_id, total: row.desired })));
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
