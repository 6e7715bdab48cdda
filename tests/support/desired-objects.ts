import { randomBytes, randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import type { ConfigEntry } from "#server/domain/configuration.ts";
import { encryptEntries, type KeyRing } from "#server/domain/envelope.ts";
import type { ConfigKind } from "#server/domain/placement.ts";
import type { DeployedApplication, DesiredState } from "./desired.ts";

export interface StoredConfig {
  readonly id: string;
  readonly kind: ConfigKind;
  readonly name: string;
  /** The name of its present content. */
  readonly content: string;
}

/** ConfigMaps, Secrets and Services of a tenant, as mutations leave them. */
export interface DesiredObjects {
  config(kind: ConfigKind, name: string, data: readonly ConfigEntry[]): Promise<StoredConfig>;
  /** Another content, with an operation over the placements of these applications; they are reconciled. */
  reconfigure(config: StoredConfig, data: readonly ConfigEntry[], applications: readonly DeployedApplication[]): Promise<StoredConfig & { operationId: string }>;
  service(application: DeployedApplication, clusterId: string, name: string, options?: { enqueue?: boolean }): Promise<{ id: string; operationId: string }>;
  changeService(application: DeployedApplication, serviceId: string, change: { port?: number; deleting?: boolean }): Promise<string>;
}

export function desiredObjects(admin: Pool, tenant: DesiredState, keyRing: KeyRing): DesiredObjects {
  const { tenantId, namespaceId } = tenant;
  const named = (): string => randomBytes(16).toString("hex");
  const write = async ({ id, kind, name, content }: StoredConfig, data: readonly ConfigEntry[]): Promise<void> => {
    const keys = data.map(({ key }) => key).toSorted();
    if (kind === "ConfigMap") {
      await admin.query(
        `insert into config_map (tenant_id, id, namespace_id, name, description, keys, data, content, version, created_at, updated_at) values ($1, $2, $3, $4, '', $5, $6, $7, 1, now(), now())
         on conflict (tenant_id, id) do update set keys = excluded.keys, data = excluded.data, content = excluded.content`,
        [tenantId, id, namespaceId, name, keys, JSON.stringify(data), content],
      );
      return;
    }
    const { keyId, wrappedKey, ciphertext } = encryptEntries(keyRing, data, `${tenantId}/${id}`);
    await admin.query(
      `insert into secret (tenant_id, id, namespace_id, name, description, type, keys, key_id, wrapped_key, ciphertext, content, version, created_at, updated_at)
       values ($1, $2, $3, $4, '', 'OPAQUE', $5, $6, $7, $8, $9, 1, now(), now())
       on conflict (tenant_id, id) do update set keys = excluded.keys, key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, ciphertext = excluded.ciphertext, content = excluded.content`,
      [tenantId, id, namespaceId, name, keys, keyId, wrappedKey, ciphertext, content],
    );
  };
  const stepOf = (serviceId: string, clusterId: string) => [{ targetType: "Service", targetId: serviceId, clusterId, total: 1 }];
  return {
    config: async (kind, name, data) => {
      const config: StoredConfig = { id: randomUUIDv7(), kind, name, content: named() };
      await write(config, data);
      return config;
    },
    reconfigure: async (config, data, applications) => {
      const next = { ...config, content: named() };
      await write(next, data);
      const steps = applications.flatMap(({ id: targetId, placements }) => [...placements.keys()].map((clusterId) => ({ targetId, clusterId, total: 1 })));
      const operationId = await tenant.operate("UPDATE_CONFIG", { type: config.kind, id: config.id, name: config.name }, steps);
      for (const { id } of applications) await tenant.ask(id);
      return { ...next, operationId };
    },
    service: async (application, clusterId, name, { enqueue = true } = {}) => {
      const id = randomUUIDv7();
      await admin.query(
        `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, cluster_ip, ports, status, version, generation, created_at, updated_at)
         select tenant_id, $2, namespace_id, application_id, cluster_id, vpc_id, $3, 'CLUSTER_IP', $4::inet, $5, 'PENDING', 1, 1, now(), now()
         from placement where application_id = $1 and cluster_id = $6`,
        [application.id, id, name, `100.96.0.${1 + (parseInt(id.slice(-2), 16) % 250)}`, JSON.stringify([{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }]), clusterId],
      );
      const operationId = await tenant.operate("CREATE_SERVICE", { type: "Service", id, name }, stepOf(id, clusterId));
      if (enqueue) await tenant.ask(application.id);
      return { id, operationId };
    },
    changeService: async (application, serviceId, { port, deleting = false }) => {
      const { rows: [service] } = await admin.query<{ cluster_id: string; name: string }>(
        `update service set generation = generation + 1, deleting = $2, status = case when $2 then 'DELETING' else 'UPDATING' end,
           ports = case when $3::int is null then ports else jsonb_set(ports, '{0,port}', to_jsonb($3::int)) end
         where id = $1 returning cluster_id, name`,
        [serviceId, deleting, port ?? null],
      );
      const operationId = await tenant.operate(deleting ? "DELETE_SERVICE" : "UPDATE_SERVICE", { type: "Service", id: serviceId, name: service?.name ?? "" }, stepOf(serviceId, service?.cluster_id ?? ""));
      await tenant.ask(application.id);
      return operationId;
    },
  };
}
