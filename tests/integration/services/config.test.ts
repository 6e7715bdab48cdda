import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { decryptEntries } from "#server/domain/envelope.ts";
import { globalId } from "#server/domain/ids.ts";
import type { CreateApplicationInput } from "#server/services/application/input.ts";
import { mutate, type ServiceOptions } from "#server/services/mutation.ts";
import { putConfigMap } from "#server/services/config/config-map.ts";
import { putSecret } from "#server/services/config/secret.ts";
import { holdNamespace } from "#server/services/application/lookup.ts";
import { inScope } from "#server/database/scope.ts";
import { selfSigned } from "#tests/support/certificate.ts";
import { applicationInput, createFixture, FINGERPRINT_KEY, KEY_RING, must, refusals, type TestCluster, type TestTenant } from "./fixture.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
afterAll(() => fixture.close());

const entries = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([key, value]) => ({ key, value }));
const one = async <T>(text: string, values: readonly unknown[]): Promise<T> => (await admin.query(text, [...values])).rows[0] as T;

interface ConfigRow { version: number; content: string; keys: string[]; data: { key: string; value: string }[]; description: string }
const configRow = (id: string): Promise<ConfigRow> => one("select * from config_map where id = $1", [id]);
interface SecretRow { version: number; content: string; keys: string[]; key_id: string; wrapped_key: Buffer; ciphertext: Buffer; tenant_id: string; type: string }
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

type Container = CreateApplicationInput["template"]["containers"][number];
/** An application whose one container has these variables, and these volumes mounted. */
function using(clusters: readonly TestCluster[], name: string, env: Container["env"], volumes: CreateApplicationInput["template"]["volumes"] = [], replicas = 2): CreateApplicationInput {
  const input = applicationInput(clusters, { name }, replicas);
  const [container] = input.template.containers;
  if (!container) throw new Error("the fixture's template has a container");
  const volumeMounts = (volumes ?? []).map((volume) => ({ volume: volume.name, mountPath: `/etc/${volume.name}`, readOnly: true }));
  return { ...input, template: { ...input.template, volumes, containers: [{ ...container, env, volumeMounts }] } };
}
const takes = (configMapId: string, key: string): Container["env"] => [{ name: "A", source: { configMapKey: { configMapId: globalId("ConfigMap", configMapId), key } } }];
const takesSecret = (secretId: string, key: string): Container["env"] => [{ name: "A", source: { secretKey: { secretId: globalId("Secret", secretId), key } } }];
const mounts = (configMapId: string) => [{ name: "config", source: { configMapId: globalId("ConfigMap", configMapId) } }];
const makeApplication = async (tenant: TestTenant, input: CreateApplicationInput): Promise<string> => must(await services.applications.create(tenant.actor, input)).applicationId;

/** Puts the application, and its placements where asked for, on a new revision that refers to nothing. Returns the revision before. */
async function moveAway(applicationId: string, { placements = true } = {}): Promise<string> {
  const { revision_id: before } = await one<{ revision_id: string }>("select revision_id from application where id = $1", [applicationId]);
  const id = randomUUIDv7();
  await admin.query(
    `insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
     select tenant_id, $2, application_id, namespace_id, number + 1, template, 'none', '', 'a test', created_at from revision where id = $1`, [before, id]);
  await admin.query("update application set revision_id = $2 where id = $1", [applicationId, id]);
  if (placements) await admin.query("update placement set revision_id = $2 where application_id = $1", [applicationId, id]);
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

describe("ConfigMaps", () => {
  test("are made, changed under a rising version, and deleted", async () => {
    const tenant = await fixture.tenant();
    const id = await makeConfigMap(tenant, "app.config", { b: "2", a: "1" });
    const first = await configRow(id);
    expect(first).toMatchObject({ version: 1, keys: ["a", "b"], data: entries({ a: "1", b: "2" }), description: "" });
    expect(first.content).toMatch(/^[0-9a-f]{32}$/);

    const configMapId = globalId("ConfigMap", id);
    expect(must(await services.configMaps.update(tenant.actor, { configMapId, description: "new", expectedVersion: 1 }))).toEqual({ configMapId: id, operationId: null });
    expect(await configRow(id)).toMatchObject({ version: 2, description: "new", content: first.content });
    // The same data in another order is the same content.
    must(await services.configMaps.update(tenant.actor, { configMapId, data: entries({ b: "2", a: "1" }) }));
    expect(await configRow(id)).toMatchObject({ version: 3, description: "new", content: first.content });
    // Another value under the same keys is another one; what is not given is gone.
    must(await services.configMaps.update(tenant.actor, { configMapId, data: entries({ a: "3" }) }));
    const changed = await configRow(id);
    expect(changed).toMatchObject({ version: 4, keys: ["a"], data: entries({ a: "3" }) });
    expect(changed.content).not.toBe(first.content);
    must(await services.configMaps.update(tenant.actor, { configMapId, data: [] }));
    expect(await configRow(id)).toMatchObject({ version: 5, keys: [], data: [] });

    expect(refusals(await services.configMaps.delete(tenant.actor, { id: configMapId, expectedVersion: 4 }))).toMatchObject([{ code: "CONFLICT" }]);
    expect(must(await services.configMaps.delete(tenant.actor, { id: configMapId, expectedVersion: 5 }))).toEqual({ deleted: { type: "ConfigMap", id }, object: null, operationId: null });
    expect(await configRow(id)).toBeUndefined();
    expect(await timelineOf(tenant, "configMap")).toEqual({ ids: Array.from({ length: 5 }, () => id), removed: [id] });
    expect(refusals(await services.configMaps.delete(tenant.actor, { id: configMapId }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "id"] }]);
  });

  test("are refused with every reason at once, and none of it happens", async () => {
    const tenant = await fixture.tenant();
    const id = await makeConfigMap(tenant, "taken", { a: "1" });
    const bad = await services.configMaps.create(tenant.actor, { name: "No", namespace: "default", description: "x".repeat(257), data: [{ key: "../a", value: "x".repeat(1024 * 1024 + 1) }] });
    expect(refusals(bad).map(({ path }) => path?.join("."))).toEqual(["input.name", "input.description", "input.data.0.key", "input.data"]);
    expect(refusals(await services.configMaps.create(tenant.actor, { name: "taken", namespace: "default", data: [] }))).toMatchObject([
      { code: "ALREADY_EXISTS", path: ["input", "name"], existing: { type: "ConfigMap", id } },
    ]);
    expect(refusals(await services.configMaps.create(tenant.actor, { name: "x", namespace: "nowhere", data: [] }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "namespace"] }]);
    const configMapId = globalId("ConfigMap", id);
    expect(refusals(await services.configMaps.update(tenant.actor, { configMapId, data: [], expectedVersion: 2 }))).toMatchObject([
      { code: "CONFLICT", path: ["input", "expectedVersion"], currentVersion: 1, current: { type: "ConfigMap", id } },
    ]);
    expect(refusals(await services.configMaps.update(tenant.actor, { configMapId, data: entries({ "a b": "" }) }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "data", "0", "key"] }]);
    for (const wrong of [globalId("Secret", id), globalId("ConfigMap", randomUUID()), "nonsense"]) {
      expect(refusals(await services.configMaps.update(tenant.actor, { configMapId: wrong }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "configMapId"] }]);
    }
    expect(await configRow(id)).toMatchObject({ version: 1, keys: ["a"] });
  });

  test("of another tenant, or of a namespace that the token does not reach, don't exist", async () => {
    const [tenant, stranger] = [await fixture.tenant(), await fixture.tenant()];
    const namespaceId = await fixture.namespace(tenant, "team");
    const id = globalId("ConfigMap", await makeConfigMap(tenant, "mine", { a: "1" }));
    const limited = tenant.as({ role: "OPERATOR", namespaces: ["team"], namespaceIds: [namespaceId] });
    for (const actor of [stranger.actor, limited]) {
      expect(refusals(await services.configMaps.update(actor, { configMapId: id, data: [] }))).toMatchObject([{ code: "NOT_FOUND" }]);
      expect(refusals(await services.configMaps.delete(actor, { id }))).toMatchObject([{ code: "NOT_FOUND" }]);
    }
    expect(refusals(await services.configMaps.create(limited, { name: "x", namespace: "default", data: [] }))).toMatchObject([{ code: "NOT_FOUND" }]);
    must(await services.configMaps.create(limited, { name: "mine", namespace: "team", data: [] }));
    await expect(services.configMaps.create(tenant.as({ role: "VIEWER" }), { name: "x", namespace: "default", data: [] })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("made twice at once exist once", async () => {
    const tenant = await fixture.tenant();
    const made = await Promise.all(Array.from({ length: 6 }, () => services.configMaps.create(tenant.actor, { name: "once", namespace: "default", data: [] })));
    expect(made.filter(({ ok }) => ok)).toHaveLength(1);
    for (const outcome of made) if (!outcome.ok) expect(refusals(outcome)).toMatchObject([{ code: "ALREADY_EXISTS" }]);
  });

  test("have no lost update: of many increments at once none is gone", async () => {
    const tenant = await fixture.tenant();
    const id = await makeConfigMap(tenant, "counter", { n: "0" });
    const increment = async (): Promise<void> => {
      for (;;) {
        const { version, data } = await configRow(id);
        const outcome = await services.configMaps.update(tenant.actor, { configMapId: globalId("ConfigMap", id), data: entries({ n: String(Number(data[0]?.value) + 1) }), expectedVersion: version });
        if (outcome.ok) return;
        expect(refusals(outcome)).toMatchObject([{ code: "CONFLICT" }]);
      }
    };
    await Promise.all(Array.from({ length: 10 }, increment));
    expect(await configRow(id)).toMatchObject({ version: 11, data: entries({ n: "10" }) });
  });
});

describe("what is in use", () => {
  test("can't be deleted, and keeps the keys that environment variables take; other keys may go", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster()];
    const id = await makeConfigMap(tenant, "config", { taken: "1", mounted: "2" });
    const configMapId = globalId("ConfigMap", id);
    const users = [await makeApplication(tenant, using(clusters, "by-env", takes(id, "taken"))), await makeApplication(tenant, using(clusters, "by-file", [], mounts(id)))];
    const usedBy = users.map((user) => ({ type: "Application", id: user }));
    expect(refusals(await services.configMaps.delete(tenant.actor, { id: configMapId }))).toMatchObject([{ code: "IN_USE", usedBy, usedByCount: 2, message: "ConfigMap config is used by 2 applications." }]);
    expect(refusals(await services.configMaps.update(tenant.actor, { configMapId, data: entries({ mounted: "2" }) }))).toMatchObject([
      { code: "IN_USE", usedBy: [{ type: "Application", id: users[0] }], usedByCount: 1, message: "Environment variables of 1 application take taken from ConfigMap config." },
    ]);
    must(await services.configMaps.update(tenant.actor, { configMapId, data: entries({ taken: "1", other: "3" }) }));
    expect(await configRow(id)).toMatchObject({ version: 2, keys: ["other", "taken"] });
  });

  test("is named for at most 20 applications, and counted for all", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const id = await makeConfigMap(tenant, "shared", { a: "1" });
    for (let n = 10; n < 32; n += 1) await makeApplication(tenant, using([cluster], `app-${n}`, takes(id, "a"), [], 1));
    const [refusal] = refusals(await services.configMaps.delete(tenant.actor, { id: globalId("ConfigMap", id) })) as unknown as { usedBy: unknown[]; usedByCount: number }[];
    expect(refusal?.usedBy).toHaveLength(20);
    expect(refusal?.usedByCount).toBe(22);
  });

  test("is so as long as an application, a placement or a way back is on a revision that refers to it", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster()];
    const id = await makeConfigMap(tenant, "config", { a: "1" });
    const remove = () => services.configMaps.delete(tenant.actor, { id: globalId("ConfigMap", id) });
    const applicationId = await makeApplication(tenant, using(clusters, "web", takes(id, "a")));
    const before = await moveAway(applicationId, { placements: false });
    expect(refusals(await remove())).toMatchObject([{ code: "IN_USE" }]);
    await admin.query("update placement p set revision_id = a.revision_id from application a where a.id = p.application_id and a.id = $1", [applicationId]);
    const rollout = randomUUIDv7();
    await admin.query(
      `insert into rollout (tenant_id, id, application_id, namespace_id, from_revision_id, to_revision_id, strategy, update_strategy, progress_deadline_seconds, auto_rollback, state, started_at, progressed_at)
       select tenant_id, $2, id, namespace_id, $3, revision_id, 'FULL', '{}', 60, true, 'PROGRESSING', now(), now() from application where id = $1`, [applicationId, rollout, before]);
    expect(refusals(await remove())).toMatchObject([{ code: "IN_USE" }]);
    await admin.query("update rollout set state = 'SUCCEEDED', finished_at = now() where id = $1", [rollout]);
    // The old revision still names it, and lives on without it.
    must(await remove());
  });

  test("by an application that is made at the same time: either it is found in use, or the application finds it gone", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster({ nodes: 20 })];
    for (let round = 0; round < 8; round += 1) {
      const id = await makeConfigMap(tenant, `config-${round}`, { a: "1" });
      const [made, removed] = await Promise.all([
        services.applications.create(tenant.actor, using(clusters, `web-${round}`, takes(id, "a"), [], 1)),
        services.configMaps.delete(tenant.actor, { id: globalId("ConfigMap", id) }),
      ]);
      expect(made.ok).not.toBe(removed.ok);
      expect(refusals(made.ok ? removed : made)).toMatchObject([{ code: made.ok ? "IN_USE" : "NOT_FOUND" }]);
    }
  });
});

describe("another content", () => {
  test("is an operation over every placement that uses it, and wakes the applications up", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster(), await fixture.cluster()];
    const id = await makeConfigMap(tenant, "config", { a: "1" });
    const [web, jobs] = [await makeApplication(tenant, using(clusters, "web", takes(id, "a"), [], 3)), await makeApplication(tenant, using(clusters.slice(1), "jobs", [], mounts(id), 1))];
    const other = await makeApplication(tenant, applicationInput(clusters, { name: "other" }));
    await forgetJobs();

    const { operationId } = must(await services.configMaps.update(tenant.actor, { configMapId: globalId("ConfigMap", id), data: entries({ a: "2" }) }));
    expect(await operationRow(operationId ?? "")).toMatchObject({ kind: "UPDATE_CONFIG", state: "PENDING", target_type: "ConfigMap", target_id: id, target_name: "config", total: 7, finished_at: null });
    const [x, y] = clusters.map(({ code }) => code);
    expect(await stepRows(operationId ?? "")).toEqual([
      { name: `jobs on ${y}`, target_type: "Application", target_id: jobs, total: 1, state: "PENDING" },
      { name: `web on ${x}`, target_type: "Application", target_id: web, total: 3, state: "PENDING" },
      { name: `web on ${y}`, target_type: "Application", target_id: web, total: 3, state: "PENDING" },
    ]);
    expect([await jobsFor(web), await jobsFor(jobs), await jobsFor(other)]).toEqual([1, 1, 0]);

    await forgetJobs();
    must(await services.configMaps.update(tenant.actor, { configMapId: globalId("ConfigMap", id), description: "no other content" }));
    expect([await jobsFor(web), (await operationRow(operationId ?? "")).state]).toEqual([0, "PENDING"]);

    const second = must(await services.configMaps.update(tenant.actor, { configMapId: globalId("ConfigMap", id), data: entries({ a: "3" }) }));
    expect(await operationRow(operationId ?? "")).toMatchObject({ state: "SUPERSEDED", finished_at: expect.any(Date) as Date });
    expect((await stepRows(operationId ?? "")).map(({ state }) => state)).toEqual(["SUPERSEDED", "SUPERSEDED", "SUPERSEDED"]);
    expect(await operationRow(second.operationId ?? "")).toMatchObject({ state: "PENDING" });
    expect((await timelineOf(tenant, "operation")).ids.filter((one) => one === operationId)).toHaveLength(2);
  });

  test("that nobody uses is none; nor do applications count that are being deleted", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster()];
    const id = await makeConfigMap(tenant, "config", { a: "1" });
    const set = async (value: string) => must(await services.configMaps.update(tenant.actor, { configMapId: globalId("ConfigMap", id), data: entries({ a: value }) })).operationId;
    expect(await set("2")).toBeNull();
    const applicationId = await makeApplication(tenant, using(clusters, "web", takes(id, "a")));
    expect(await set("3")).not.toBeNull();
    must(await services.applications.delete(tenant.actor, { applicationId: globalId("Application", applicationId), confirmName: "web" }));
    expect(await set("4")).toBeNull();
    // Its pods are not gone yet.
    expect(refusals(await services.configMaps.delete(tenant.actor, { id: globalId("ConfigMap", id) }))).toMatchObject([{ code: "IN_USE" }]);
  });
});

describe("Secrets", () => {
  test("are kept encrypted; an update sets and removes keys and keeps the others", async () => {
    const tenant = await fixture.tenant();
    const id = await makeSecret(tenant, "db", { user: "me", password: "canary-1" });
    const first = await secretRow(id);
    expect(first).toMatchObject({ version: 1, type: "OPAQUE", keys: ["password", "user"], key_id: KEY_RING.currentKeyId });
    expect(first.ciphertext.includes("canary")).toBe(false);
    expect(await valuesOf(id)).toEqual({ user: "me", password: "canary-1" });

    const secretId = globalId("Secret", id);
    const update = (changes: object) => services.secrets.update(tenant.actor, { secretId, ...changes });
    must(await update({ data: entries({ password: "canary-2", host: "db" }), expectedVersion: 1 }));
    expect(await valuesOf(id)).toEqual({ user: "me", password: "canary-2", host: "db" });
    const second = await secretRow(id);
    expect(second).toMatchObject({ version: 2, keys: ["host", "password", "user"] });
    for (const member of ["content", "wrapped_key", "ciphertext"] as const) expect(second[member]).not.toEqual(first[member]);
    must(await update({ removeKeys: ["host", "user"] }));
    expect(await valuesOf(id)).toEqual({ password: "canary-2" });
    // Nothing else than before: another version, the same content.
    const third = await secretRow(id);
    must(await update({ data: entries({ password: "canary-2" }) }));
    must(await update({ description: "x" }));
    expect(await secretRow(id)).toMatchObject({ version: 5, content: third.content, ciphertext: third.ciphertext });

    expect(refusals(await update({ removeKeys: ["password"] }))).toMatchObject([{ code: "INVALID_ARGUMENT", message: "A Secret needs at least one key." }]);
    expect(refusals(await update({ removeKeys: ["nope", "password"], data: entries({ password: "x" }) }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "removeKeys", "0"] }, { code: "INVALID_ARGUMENT", path: ["input", "removeKeys", "1"] },
    ]);
    expect(refusals(await update({ expectedVersion: 4 }))).toMatchObject([{ code: "CONFLICT", currentVersion: 5 }]);
    expect(must(await services.secrets.delete(tenant.actor, { id: secretId, expectedVersion: 5 }))).toMatchObject({ deleted: { type: "Secret", id } });
    expect(await timelineOf(tenant, "secret")).toEqual({ ids: Array.from({ length: 5 }, () => id), removed: [id] });
  });

  test("have what their type asks for, also after an update", async () => {
    const tenant = await fixture.tenant();
    const make = (name: string, type: "REGISTRY" | "TLS", values: Readonly<Record<string, string>>) => services.secrets.create(tenant.actor, { name, namespace: "default", type, data: entries(values) });
    const login = { server: "registry.example", username: "me", password: "canary" };
    const registry = globalId("Secret", must(await make("registry", "REGISTRY", login)).secretId);
    expect(refusals(await make("other", "REGISTRY", { server: "x" }))).toMatchObject([{ path: ["input", "data"] }]);
    expect(refusals(await services.secrets.update(tenant.actor, { secretId: registry, removeKeys: ["username"] }))).toMatchObject([{ code: "INVALID_ARGUMENT" }]);
    expect(refusals(await services.secrets.update(tenant.actor, { secretId: registry, data: entries({ more: "x" }) }))).toMatchObject([{ code: "INVALID_ARGUMENT" }]);
    const [first, second] = [selfSigned("a"), selfSigned("b")];
    const id = must(await make("tls", "TLS", { "tls.crt": first.crt, "tls.key": first.key })).secretId;
    const renew = (values: Readonly<Record<string, string>>) => services.secrets.update(tenant.actor, { secretId: globalId("Secret", id), data: entries(values) });
    expect(refusals(await renew({ "tls.crt": second.crt }))).toMatchObject([{ code: "INVALID_ARGUMENT", message: expect.stringContaining("don't belong together") as string }]);
    must(await renew({ "tls.crt": second.crt, "tls.key": second.key }));
    expect(await valuesOf(id)).toEqual({ "tls.crt": second.crt, "tls.key": second.key });
  });

  test("in use are guarded as ConfigMaps are, and a change reaches who uses them", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster()];
    const id = await makeSecret(tenant, "db", { password: "1", other: "2" });
    const secretId = globalId("Secret", id);
    const applicationId = await makeApplication(tenant, using(clusters, "web", takesSecret(id, "password")));
    expect(refusals(await services.secrets.delete(tenant.actor, { id: secretId }))).toMatchObject([{ code: "IN_USE", usedBy: [{ type: "Application", id: applicationId }] }]);
    expect(refusals(await services.secrets.update(tenant.actor, { secretId, removeKeys: ["password"] }))).toMatchObject([{ code: "IN_USE" }]);
    const { operationId } = must(await services.secrets.update(tenant.actor, { secretId, removeKeys: ["other"], data: entries({ password: "3" }) }));
    expect(await operationRow(operationId ?? "")).toMatchObject({ kind: "UPDATE_CONFIG", target_type: "Secret", target_id: id, total: 2 });
  });

  test("that were encrypted under a key that is gone can be set anew, and nothing else", async () => {
    const tenant = await fixture.tenant();
    const id = await makeSecret(tenant, "db", { a: "1", b: "2" });
    await admin.query("update secret set key_id = 'ffffffffffffffff' where id = $1", [id]);
    const secretId = globalId("Secret", id);
    const unreadable = [{ code: "INVALID_STATE", state: "UNREADABLE" }];
    expect(refusals(await services.secrets.reveal(tenant.actor, { id: secretId }))).toMatchObject(unreadable);
    expect(refusals(await services.secrets.update(tenant.actor, { secretId, data: entries({ a: "3" }) }))).toMatchObject(unreadable);
    must(await services.secrets.update(tenant.actor, { secretId, data: entries({ a: "3" }), removeKeys: ["b"] }));
    expect(await valuesOf(id)).toEqual({ a: "3" });
  });

  test("that somebody moved to another row in the database don't open there", async () => {
    const tenant = await fixture.tenant();
    const [mine, theirs] = [await makeSecret(tenant, "mine", { a: "1" }), await makeSecret(tenant, "theirs", { a: "2" })];
    await admin.query("update secret s set wrapped_key = o.wrapped_key, ciphertext = o.ciphertext from secret o where s.id = $1 and o.id = $2", [mine, theirs]);
    await expect(services.secrets.reveal(tenant.actor, { id: globalId("Secret", mine) })).rejects.toThrow(/changed, or made for another place/);
  });
});

describe("revealSecret", () => {
  test("answers all values or the named ones, to an OPERATOR, and leaves an entry each time", async () => {
    const tenant = await fixture.tenant();
    const operator = tenant.as({ role: "OPERATOR", tokenName: "curious" });
    const id = await makeSecret(tenant, "db", { user: "me", password: "canary-1" });
    const secret = globalId("Secret", id);
    expect(must(await services.secrets.reveal(operator, { id: secret }))).toEqual(entries({ password: "canary-1", user: "me" }));
    expect(must(await services.secrets.reveal(operator, { id: secret, keys: ["user"] }))).toEqual(entries({ user: "me" }));
    expect(must(await services.secrets.reveal(operator, { id: secret, keys: [] }))).toEqual([]);
    expect(refusals(await services.secrets.reveal(operator, { id: secret, keys: ["user", "nope"] }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "keys", "1"] }]);
    expect(refusals(await services.secrets.reveal((await fixture.tenant()).actor, { id: secret }))).toMatchObject([{ code: "NOT_FOUND" }]);
    await expect(services.secrets.reveal(tenant.as({ role: "VIEWER" }), { id: secret })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { rows } = await admin.query("select actor, outcome, target_type, target_id, target_name, input from audit_entry where tenant_id = $1 and action = 'revealSecret' order by id", [tenant.id]);
    const entry = (outcome: string, input: object) => ({ actor: "curious", outcome, target_type: "Secret", target_id: id, target_name: "db", input: { id: secret, ...input } });
    expect(rows).toEqual([entry("ACCEPTED", {}), entry("ACCEPTED", { keys: ["user"] }), entry("ACCEPTED", { keys: [] }), entry("REFUSED", { keys: ["user", "nope"] })]);
  });

  test("keeps nothing under a key, even if one came along", async () => {
    const tenant = await fixture.tenant();
    const id = globalId("Secret", await makeSecret(tenant, "db", { a: "canary" }));
    for (let time = 0; time < 2; time += 1) expect(must(await services.secrets.reveal(tenant.actor, { id, idempotencyKey: "k" } as never))).toEqual(entries({ a: "canary" }));
    expect((await admin.query("select 1 from idempotency where tenant_id = $1", [tenant.id])).rowCount).toBe(0);
    expect((await admin.query("select 1 from audit_entry where tenant_id = $1 and action = 'revealSecret'", [tenant.id])).rowCount).toBe(2);
  });
});

describe("put, for imports", () => {
  const options: ServiceOptions = {
    orm: fixture.orm, bus: { publish: () => undefined, subscribe: () => () => undefined, close: async () => undefined }, clock: { now: () => Date.UTC(2026, 0, 1) }, speed: 1,
    fingerprintKey: FINGERPRINT_KEY, keyRing: KEY_RING,
  };
  type Work = Parameters<typeof mutate>[2];
  const put = async (tenant: TestTenant, work: (tx: Parameters<Work>[0], namespace: Parameters<typeof putConfigMap>[1]) => ReturnType<typeof putConfigMap>) =>
    mutate(options, { name: "importManifests", actor: tenant.actor, role: "OPERATOR", input: {} }, async (tx) => {
      const namespace = await holdNamespace(tx, "default");
      return namespace.ok ? work(tx, namespace.value) : namespace;
    });

  test("makes, changes or leaves a ConfigMap", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster()];
    const config = (data: Readonly<Record<string, string>>, more: object = {}) => put(tenant, (tx, namespace) => putConfigMap(tx, namespace, { name: "config", data: entries(data), ...more }));
    const { id } = must(await config({ a: "1" }));
    expect(must(await config({ a: "1" }))).toEqual({ id, applied: "UNCHANGED", operationId: null });
    expect(await configRow(id)).toMatchObject({ version: 1 });
    expect(must(await config({ a: "1" }, { description: "x" }))).toEqual({ id, applied: "UPDATED", operationId: null });
    await makeApplication(tenant, using(clusters, "web", takes(id, "a")));
    expect(must(await config({ a: "2" }))).toEqual({ id, applied: "UPDATED", operationId: expect.any(String) as string });
    expect(await configRow(id)).toMatchObject({ version: 3, description: "x" });
    expect(refusals(await config({}))).toMatchObject([{ code: "IN_USE" }]);
    expect(refusals(await config({ a: "nul\0" }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "data", "0", "value"] }]);
  });

  test("makes, changes or leaves a Secret, whole, and never its type", async () => {
    const tenant = await fixture.tenant();
    const secret = (data: Readonly<Record<string, string>>, type: "OPAQUE" | "REGISTRY" = "OPAQUE") => put(tenant, (tx, namespace) => putSecret(tx, KEY_RING, namespace, { name: "db", type, data: entries(data) }));
    const { id } = must(await secret({ a: "1", b: "2" }));
    expect(must(await secret({ b: "2", a: "1" }))).toEqual({ id, applied: "UNCHANGED", operationId: null });
    expect(must(await secret({ a: "3" }))).toEqual({ id, applied: "UPDATED", operationId: null });
    expect(await valuesOf(id)).toEqual({ a: "3" });
    expect(refusals(await secret({ server: "s", username: "u", password: "p" }, "REGISTRY"))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "type"] }]);
    // One that can't be read any more is made readable again by an import of it.
    await admin.query("update secret set key_id = 'ffffffffffffffff' where id = $1", [id]);
    expect(must(await secret({ a: "3" }))).toMatchObject({ applied: "UPDATED" });
    expect(await valuesOf(id)).toEqual({ a: "3" });
  });
});

test("a namespace that has ConfigMaps or Secrets is not deleted", async () => {
  const tenant = await fixture.tenant();
  const namespaceId = await fixture.namespace(tenant, "team");
  const remove = () => services.namespaces.delete(tenant.actor, { id: globalId("Namespace", namespaceId) });
  const [configMap, secret] = [await makeConfigMap(tenant, "config", {}, "team"), await makeSecret(tenant, "db", { a: "1" }, "team")];
  expect(refusals(await remove())).toMatchObject([
    { code: "IN_USE", usedByCount: 2, usedBy: [{ type: "ConfigMap", id: configMap }, { type: "Secret", id: secret }], message: "Namespace team still has 1 ConfigMap and 1 Secret." },
  ]);
  must(await services.configMaps.delete(tenant.actor, { id: globalId("ConfigMap", configMap) }));
  must(await services.secrets.delete(tenant.actor, { id: globalId("Secret", secret) }));
  must(await remove());
});

test("an idempotency key has one effect, knows another input by it, and is recognised when the encryption key has changed", async () => {
  const tenant = await fixture.tenant();
  const input = { name: "db", namespace: "default", type: "OPAQUE" as const, data: entries({ a: "canary-1" }), idempotencyKey: "k" };
  const first = must(await services.secrets.create(tenant.actor, input));
  expect(must(await services.secrets.create(tenant.actor, input))).toEqual(first);
  expect(refusals(await services.secrets.create(tenant.actor, { ...input, data: entries({ a: "canary-2" }) }))).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH" }]);
  const { fingerprint } = await one<{ fingerprint: string }>("select fingerprint from idempotency where tenant_id = $1", [tenant.id]);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);

  const { claimKey, fingerprintOf } = await import("#server/services/idempotency.ts");
  const claim = (keys: readonly Uint8Array[]) =>
    inScope(fixture.orm, { tenantId: tenant.id }, (em) => claimKey(em, { tenantId: tenant.id, mutation: "createSecret", key: "k" }, keys.map((key) => fingerprintOf(key, input)), Date.UTC(2026, 0, 1), 1));
  const later = Buffer.alloc(32, 9);
  expect(await claim([later])).toEqual({ state: "mismatch" });
  expect(await claim([later, FINGERPRINT_KEY])).toEqual({ state: "replay", result: first });
});
