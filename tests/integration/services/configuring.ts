/** What tests of ConfigMaps and Secrets have in common: making them, applications that use them, and looking at what is kept. */
import { randomUUIDv7 } from "node:crypto";
import { decryptEntries } from "#server/domain/envelope.ts";
import { globalId } from "#server/domain/ids.ts";
import type { CreateApplicationInput } from "#server/services/application/input.ts";
import { applicationInput, type Fixture, KEY_RING, must, type TestCluster, type TestTenant } from "./fixture.ts";

export const entries = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([key, value]) => ({ key, value }));

export interface ConfigRow { version: number; content: string; keys: string[]; data: { key: string; value: string }[]; description: string }
export interface SecretRow { version: number; content: string; keys: string[]; key_id: string; wrapped_key: Buffer; ciphertext: Buffer; tenant_id: string; type: string }

export type Container = CreateApplicationInput["template"]["containers"][number];
/** An application whose one container has these variables, and these volumes mounted. */
export function using(clusters: readonly TestCluster[], name: string, env: Container["env"], volumes: CreateApplicationInput["template"]["volumes"] = [], replicas = 2): CreateApplicationInput {
  const input = applicationInput(clusters, { name }, replicas);
  const [container] = input.template.containers;
  if (!container) throw new Error("the fixture's template has a container");
  const volumeMounts = (volumes ?? []).map((volume) => ({ volume: volume.name, mountPath: `/etc/${volume.name}`, readOnly: true }));
  return { ...input, template: { ...input.template, volumes, containers: [{ ...container, env, volumeMounts }] } };
}
export const takes = (configMapId: string, key: string): Container["env"] => [{ name: "A", source: { configMapKey: { configMapId: globalId("ConfigMap", configMapId), key } } }];
export const takesSecret = (secretId: string, key: string): Container["env"] => [{ name: "A", source: { secretKey: { secretId: globalId("Secret", secretId), key } } }];
export const mounts = (configMapId: string) => [{ name: "config", source: { configMapId: globalId("ConfigMap", configMapId) } }];
export function configuring({ admin, services }: Fixture) {
  const one = async <T>(text: string, values: readonly unknown[]): Promise<T> => (await admin.query(text, [...values])).rows[0] as T;

  const configRow = (id: string): Promise<ConfigRow> => one("select * from config_map where id = $1", [id]);
  const secretRow = (id: string): Promise<SecretRow> => one("select * from secret where id = $1", [id]);
  async function valuesOf(id: string, ring = KEY_RING): Promise<Record<string, string>> {
    const row = await secretRow(id);
    const opened = decryptEntries(ring, { keyId: row.key_id, wrappedKey: row.wrapped_key, ciphertext: row.ciphertext }, `${row.tenant_id}/${id}`);
    return Object.fromEntries(opened.map(({ key, value }) => [key, value]));
  }

  const makeConfigMap = async (tenant: TestTenant, name: string, values: Readonly<Record<string, string>>, namespace = "default"): Promise<string> =>
    must(await services.configMaps.create(tenant.actor, { name, namespace, data: entries(values) })).configMapId;
  const makeSecret = async (tenant: TestTenant, name: string, values: Readonly<Record<string, string>>, namespace = "default"): Promise<string> =>
    must(await services.secrets.create(tenant.actor, { name, namespace, type: "OPAQUE", data: entries(values) })).secretId;

  const makeApplication = async (tenant: TestTenant, input: CreateApplicationInput): Promise<string> => must(await services.applications.create(tenant.actor, input)).applicationId;

  /** Puts the application, but not its placements, on a new revision that refers to nothing. Returns the revision before. */
  async function moveAway(applicationId: string): Promise<string> {
    const { revision_id: before } = await one<{ revision_id: string }>("select revision_id from application where id = $1", [applicationId]);
    const id = randomUUIDv7();
    await admin.query(
      `insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
       select tenant_id, $2, application_id, namespace_id, number + 1, template, 'none', '', 'a test', created_at from revision where id = $1`, [before, id]);
    await admin.query("update application set revision_id = $2 where id = $1", [applicationId, id]);
    return before;
  }

  const jobsFor = async (applicationId: string): Promise<number> =>
    (await one<{ jobs: number }>("select count(*)::int as jobs from graphile_worker._private_jobs where payload->>'applicationId' = $1", [applicationId])).jobs;
  const forgetJobs = () => admin.query("delete from graphile_worker._private_jobs");
  const operationRow = (id: string) => one<{ kind: string; state: string; target_type: string; target_id: string; target_name: string; total: number; finished_at: Date | null }>("select * from operation where id = $1", [id]);
  const stepRows = async (operationId: string) =>
    (await admin.query<{ name: string; target_type: string; target_id: string; total: number; state: string }>("select name, target_type, target_id, total, state from operation_step where operation_id = $1 order by name", [operationId])).rows;
  const timelineOf = async (tenant: TestTenant, kind: string): Promise<{ ids: string[]; removed: string[] }> => {
    const { rows } = await admin.query<{ ids: string[]; removed_ids: string[] }>("select ids, removed_ids from timeline where tenant_id = $1 and kind = $2", [tenant.id, kind]);
    return { ids: rows.flatMap(({ ids }) => ids), removed: rows.flatMap(({ removed_ids }) => removed_ids) };
  };
  return { one, configRow, secretRow, valuesOf, makeConfigMap, makeSecret, makeApplication, moveAway, jobsFor, forgetJobs, operationRow, stepRows, timelineOf };
}
