import { afterAll, describe, expect, test } from "vitest";
import { inScope } from "#server/database/scope.ts";
import { globalId } from "#server/domain/ids.ts";
import { holdNamespace } from "#server/services/application/lookup.ts";
import { putConfigMap } from "#server/services/config/config-map.ts";
import { putSecret } from "#server/services/config/secret.ts";
import { claimKey, fingerprintOf } from "#server/services/idempotency.ts";
import { mutate, type ServiceOptions } from "#server/services/mutation.ts";
import { selfSigned } from "#tests/support/certificate.ts";
import { configuring, entries, using, takes, takesSecret } from "./configuring.ts";
import { createFixture, FINGERPRINT_KEY, KEY_RING, must, refusals, type TestTenant } from "./fixture.ts";

const fixture = await createFixture(4);
const { admin, services } = fixture;
const { one, configRow, secretRow, valuesOf, makeSecret, makeApplication, operationRow, timelineOf } = configuring(fixture);
afterAll(() => fixture.close());

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

test("an idempotency key has one effect, knows another input by it, and is recognised when the encryption key has changed", async () => {
  const tenant = await fixture.tenant();
  const input = { name: "db", namespace: "default", type: "OPAQUE" as const, data: entries({ a: "canary-1" }), idempotencyKey: "k" };
  const first = must(await services.secrets.create(tenant.actor, input));
  expect(must(await services.secrets.create(tenant.actor, input))).toEqual(first);
  expect(refusals(await services.secrets.create(tenant.actor, { ...input, data: entries({ a: "canary-2" }) }))).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH" }]);
  const { fingerprint } = await one<{ fingerprint: string }>("select fingerprint from idempotency where tenant_id = $1", [tenant.id]);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);

  const claim = (keys: readonly Uint8Array[]) =>
    inScope(fixture.orm, { tenantId: tenant.id }, (em) => claimKey(em, { tenantId: tenant.id, mutation: "createSecret", key: "k" }, keys.map((key) => fingerprintOf(key, input)), Date.UTC(2026, 0, 1), 1));
  const later = Buffer.alloc(32, 9);
  expect(await claim([later])).toEqual({ state: "mismatch" });
  expect(await claim([later, FINGERPRINT_KEY])).toEqual({ state: "replay", result: first });
});
