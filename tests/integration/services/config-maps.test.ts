import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { configuring, entries, using, takes, mounts } from "./configuring.ts";
import { applicationInput, createFixture, must, refusals } from "./fixture.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
const { configRow, makeConfigMap, makeSecret, makeApplication, moveAway, jobsFor, forgetJobs, operationRow, stepRows, timelineOf } = configuring(fixture);
afterAll(() => fixture.close());

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
    const before = await moveAway(applicationId);
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
