/** An application's life: to another revision and back, stopped, started, restarted. */
import { randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { applicationInput, countRows, createFixture, must, refusals, reservations } from "./fixture.ts";
import { type Living, living, look, settle, templateWith, VERSION_2, VERSION_3 } from "./life.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
const { application, operation, operations, placements, revisions, rollouts, steps } = look(admin);
afterAll(() => fixture.close());

const { applications } = services;
const generations = async (id: string): Promise<unknown[]> => (await placements(id)).map((placement) => placement["generation"]);

describe("upgrade", () => {
  test("makes a revision and a rollout, puts every placement on it, and says how far back it could go", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    const [first] = await revisions(id);
    const { operationId } = must(
      await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2, message: "Faster", expectedVersion: 1 }),
    );
    const [, second] = await revisions(id);
    expect(second).toMatchObject({ number: 2, message: "Faster", created_by: "owner", template: { containers: [{ image: "registry.example/shop/web:2.0" }] } });
    expect(await application(id)).toMatchObject({ version: 2, revision_id: second?.["id"], status: "UPDATING", desired: 4, rollout_strategy: null });
    expect(await placements(id)).toEqual(clusters.map(() => expect.objectContaining({ revision_id: second?.["id"], desired: 2, generation: 2, reason: "Chosen by owner." })));
    const [rollout] = await rollouts(id);
    expect(rollout).toMatchObject({
      id: (await application(id))["rollout_id"], from_revision_id: first?.["id"], to_revision_id: second?.["id"], strategy: "FULL", state: "PROGRESSING", auto_rollback: true,
      progress_deadline_seconds: 600, operation_id: operationId, updated: 0, total: 4, reason: null, finished_at: null, cluster_ids: [],
      update_strategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } },
    });
    expect(await operation(operationId)).toMatchObject({
      kind: "UPGRADE_APPLICATION", state: "PENDING", total: 4, deadline_seconds: 600, rollout_id: rollout?.["id"], ends_as: null,
      before: { revisionId: first?.["id"], stopped: false, placements: clusters.map(({ id: clusterId }) => expect.objectContaining({ clusterId, replicas: 2, parked: null, networkType: "VPC" })) },
    });
    expect((await steps(operationId)).map(({ cluster_id: cluster, total, state }) => [cluster, total, state])).toEqual(clusters.map((cluster) => [cluster.id, 2, "PENDING"]));
    const { rows } = await admin.query("select kind, ids from timeline where tenant_id = $1 and kind = 'rollout'", [tenant.id]);
    expect(rows).toEqual([{ kind: "rollout", ids: [rollout?.["id"]] }]);
  });

  test("with a strategy of its own, which the application keeps until the next change", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    const strategy = { kind: "FULL" as const, updateStrategy: { maxUnavailable: { count: 0 } }, progressDeadlineSeconds: 30, autoRollback: false };
    const { operationId } = must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2, strategy }));
    const own = { maxUnavailable: { count: 0 }, maxSurge: { percent: 25 } };
    expect(await application(id)).toMatchObject({ rollout_strategy: own, update_strategy: { maxUnavailable: { percent: 25 } } });
    expect((await rollouts(id))[0]).toMatchObject({ update_strategy: own, progress_deadline_seconds: 30, auto_rollback: false });
    expect(await operation(operationId)).toMatchObject({ deadline_seconds: 30 });

    must(await applications.scale(tenant.actor, { applicationId, replicas: 3 }));
    expect(await application(id)).toMatchObject({ rollout_strategy: own });
    await settle(admin, id);
    must(await applications.restart(tenant.actor, { applicationId }));
    expect(await application(id)).toMatchObject({ rollout_strategy: null });
  });

  test("to the present template changes nothing: no revision, version or operation", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    const before = [await application(id), await countRows(admin, tenant.id)];
    const { template } = applicationInput([]);
    expect(must(await applications.upgrade(tenant.actor, { applicationId, template }))).toEqual({ applicationId: id, operationId: null });
    expect([await application(id), await countRows(admin, tenant.id)]).toEqual([before[0], { ...(before[1] as object), audit_entry: 2 }]);
  });

  test("what the template refers to is looked up, and held with the revision", async () => {
    const { tenant, id, applicationId } = await living(fixture, 1);
    const missing = globalId("ConfigMap", randomUUIDv7());
    const [container] = VERSION_2.containers;
    const template = {
      ...VERSION_2,
      containers: [{ ...(container as NonNullable<typeof container>), env: [{ name: "MODE", source: { configMapKey: { configMapId: missing, key: "mode" } } }] }],
    };
    expect(refusals(await applications.upgrade(tenant.actor, { applicationId, template }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "template", "containers", "0", "env", "0", "source", "configMapKey", "configMapId"] },
    ]);
    expect(await revisions(id)).toHaveLength(1);
  });

  test("is refused with every offence and its place", async () => {
    const { tenant, id, applicationId } = await living(fixture, 1);
    const strategy = { kind: "FULL" as const, progressDeadlineSeconds: 600, autoRollback: true };
    const upgrade = async (changes: object): Promise<object[]> =>
      refusals(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2, ...changes }));
    expect(await upgrade({ strategy: { ...strategy, kind: "CANARY" } })).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "strategy", "kind"], message: expect.stringContaining("not offered yet") },
    ]);
    for (const progressDeadlineSeconds of [0, -1, 86_401]) {
      expect(await upgrade({ strategy: { ...strategy, progressDeadlineSeconds } })).toMatchObject([
        { code: "INVALID_ARGUMENT", path: ["input", "strategy", "progressDeadlineSeconds"] },
      ]);
    }
    expect(await upgrade({ message: "m".repeat(257), strategy: { ...strategy, kind: "CANARY" } })).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "message"] },
      { code: "INVALID_ARGUMENT", path: ["input", "strategy", "kind"] },
    ]);
    expect(
      await upgrade({
        template: templateWith({ image: "no image", cpuMillis: 0 }),
        strategy: { ...strategy, updateStrategy: { maxUnavailable: { count: 0 }, maxSurge: { percent: 0 } } },
      }),
    ).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "template", "containers", "0", "image"] },
      { code: "INVALID_ARGUMENT", path: ["input", "template", "containers", "0", "cpuMillis"] },
      { code: "INVALID_ARGUMENT", path: ["input", "strategy", "updateStrategy"] },
    ]);
    expect(await application(id)).toMatchObject({ version: 1 });
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2, message: "m".repeat(256), strategy: { ...strategy, progressDeadlineSeconds: 86_400 } }));
  });

  test("to a template that is too big for a cluster is refused there, and changes nothing", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    const before = [await application(id), await placements(id), await revisions(id)];
    // Two of these fit on no cluster (4 nodes of 8,000), and then: one fits on no node.
    for (const cpuMillis of [17_000, 9_000]) {
      expect(refusals(await applications.upgrade(tenant.actor, { applicationId, template: templateWith({ cpuMillis }) }))).toMatchObject([
        { code: "INSUFFICIENT_CAPACITY", path: ["input", "template"], failedChecks: clusters.map((cluster) => ({ name: "CAPACITY", clusterId: cluster.id, ok: false })) },
      ]);
    }
    expect([await application(id), await placements(id), await revisions(id)]).toEqual(before);
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toEqual({ cpu: 200, memory: 128, pods: 2, usage: 200 });

    must(await applications.upgrade(tenant.actor, { applicationId, template: templateWith({ cpuMillis: 1_500, memoryMiB: 32 }) }));
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toEqual({ cpu: 3_000, memory: 64, pods: 2, usage: 3_000 });
  });

  test("on a cordoned cluster is no new pod", async () => {
    const { tenant, clusters, applicationId } = await living(fixture, 1);
    await admin.query("update cluster set cordoned = true where id = $1", [clusters[0]?.id]);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
  });

  test("waits for the end of a rollout, whatever the template; other changes go on with its revision and don't lose it", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    const [rollout] = await rollouts(id);
    for (const template of [VERSION_2, VERSION_3]) {
      expect(refusals(await applications.upgrade(tenant.actor, { applicationId, template }))).toMatchObject([{ code: "INVALID_STATE", state: "PROGRESSING", path: null }]);
    }
    for (const change of [
      () => applications.scale(tenant.actor, { applicationId, replicas: 3 }),
      () => applications.restart(tenant.actor, { applicationId }),
      () => applications.stop(tenant.actor, { applicationId }),
      () => applications.start(tenant.actor, { applicationId }),
    ])
      must(await change());
    expect(await rollouts(id)).toEqual([rollout]);
    expect(await application(id)).toMatchObject({ revision_id: rollout?.["to_revision_id"], rollout_id: rollout?.["id"] });
    expect((await placements(id)).map((placement) => placement["revision_id"])).toEqual([rollout?.["to_revision_id"], rollout?.["to_revision_id"]]);
    await settle(admin, id);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_3 }));
    expect((await rollouts(id)).map(({ state }) => state)).toEqual(["SUCCEEDED", "PROGRESSING"]);
  });

  test("takes over a rollout that is on its way back", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    const { operationId } = must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    must(await fixture.services.operations.cancel(tenant.actor, { operationId: globalId("Operation", operationId ?? "") }));
    expect((await rollouts(id)).map(({ state }) => state)).toEqual(["ABORTING"]);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_3 }));
    expect((await rollouts(id)).map(({ state }) => state)).toEqual(["ABORTED", "PROGRESSING"]);
    expect(await operation(operationId)).toMatchObject({ state: "SUPERSEDED" });
  });

  test("of a stopped application is what it comes back on", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    must(await applications.stop(tenant.actor, { applicationId }));
    await settle(admin, id);
    const { operationId } = must(await applications.upgrade(tenant.actor, { applicationId, template: templateWith({ cpuMillis: 300 }) }));
    expect(await operation(operationId)).toMatchObject({ total: 0, before: { stopped: true, placements: [{ replicas: 0, parked: 2 }, { replicas: 0, parked: 2 }] } });
    for (const cluster of clusters) expect((await reservations(admin, cluster.id)).cpu).toBe(0);
    must(await applications.start(tenant.actor, { applicationId }));
    for (const cluster of clusters) expect((await reservations(admin, cluster.id)).cpu).toBe(600);
    expect(await application(id)).toMatchObject({ desired: 4, stopped: false });
  });
});

describe("roll back", () => {
  /** Revisions 1, 2 and 3; the third is the present one. */
  async function upgradedTwice(): Promise<Living> {
    const one = await living(fixture);
    for (const template of [templateWith({ cpuMillis: 200 }), VERSION_3]) {
      must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template }));
      await settle(admin, one.id);
    }
    return one;
  }
  const numberOf = async (id: string): Promise<unknown> =>
    (await admin.query("select r.number from application a join revision r on r.id = a.revision_id where a.id = $1", [id])).rows[0]?.number;

  test("re-points to a revision that is there, with its size; numbers go on from the highest", async () => {
    const { tenant, clusters, id, applicationId } = await upgradedTwice();
    const { operationId } = must(await applications.rollBack(tenant.actor, { applicationId, toRevision: 2, expectedVersion: 3 }));
    expect(await numberOf(id)).toBe(2);
    expect(await revisions(id)).toHaveLength(3);
    expect(await application(id)).toMatchObject({ version: 4 });
    const numbers = Object.fromEntries((await revisions(id)).map((revision) => [revision["number"] as number, revision["id"]]));
    expect((await rollouts(id)).at(-1)).toMatchObject({ from_revision_id: numbers[3], to_revision_id: numbers[2], state: "PROGRESSING", auto_rollback: false, operation_id: operationId });
    expect(await operation(operationId)).toMatchObject({ kind: "ROLL_BACK_APPLICATION", before: { revisionId: numbers[3] } });
    for (const cluster of clusters) expect((await reservations(admin, cluster.id)).cpu).toBe(400);
    await settle(admin, id);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    expect((await revisions(id)).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  test("by default to the one before, step by step, and never to one that was given up", async () => {
    const { tenant, id, applicationId } = await upgradedTwice();
    for (const number of [2, 1]) {
      must(await applications.rollBack(tenant.actor, { applicationId }));
      expect(await numberOf(id)).toBe(number);
      await settle(admin, id);
    }
    expect(refusals(await applications.rollBack(tenant.actor, { applicationId }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "toRevision"], message: expect.stringContaining("no revision before 1") },
    ]);
    // 1 → 4: the one before 4 is 1, where it came from.
    must(await applications.upgrade(tenant.actor, { applicationId, template: templateWith({ image: "registry.example/shop/web:4.0" }) }));
    await settle(admin, id);
    must(await applications.rollBack(tenant.actor, { applicationId }));
    expect(await numberOf(id)).toBe(1);
  });

  test("to the present revision changes nothing; to one that does not exist is refused", async () => {
    const { tenant, id, applicationId } = await upgradedTwice();
    const before = [await application(id), await operations(id)];
    expect(must(await applications.rollBack(tenant.actor, { applicationId, toRevision: 3 }))).toEqual({ applicationId: id, operationId: null });
    for (const toRevision of [0, -1, 4]) {
      expect(refusals(await applications.rollBack(tenant.actor, { applicationId, toRevision }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "toRevision"] }]);
    }
    expect([await application(id), await operations(id)]).toEqual(before);
  });

  test("takes over from a rollout under way: that one is aborted, with the reason, and its operation superseded", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    const upgrade = must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    const back = must(await applications.rollBack(tenant.actor, { applicationId }));
    const [first, second] = await rollouts(id);
    expect(first).toMatchObject({ state: "ABORTED", reason: "A return to revision 1 by owner took over.", finished_at: expect.any(Date) });
    expect(second).toMatchObject({ state: "PROGRESSING", operation_id: back.operationId, from_revision_id: first?.["to_revision_id"], to_revision_id: first?.["from_revision_id"] });
    expect(await application(id)).toMatchObject({ rollout_id: second?.["id"] });
    expect(await operation(upgrade.operationId)).toMatchObject({ state: "SUPERSEDED" });
    expect(await numberOf(id)).toBe(1);
  });

  test("while a rollout goes back already, the one before is where it goes to: nothing more is done", async () => {
    const { tenant, id, applicationId } = await upgradedTwice();
    const upgrade = must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    must(await services.operations.cancel(tenant.actor, { operationId: globalId("Operation", upgrade.operationId ?? "") }));
    const before = [await application(id), await operations(id), await rollouts(id)];
    expect(must(await applications.rollBack(tenant.actor, { applicationId }))).toEqual({ applicationId: id, operationId: null });
    expect([await application(id), await operations(id), await rollouts(id)]).toEqual(before);
    expect(await numberOf(id)).toBe(3);
    // Further back is another matter.
    must(await applications.rollBack(tenant.actor, { applicationId, toRevision: 1 }));
    expect((await rollouts(id)).slice(-2)).toMatchObject([{ state: "ABORTED" }, { state: "PROGRESSING" }]);
    expect(await operation(upgrade.operationId)).toMatchObject({ state: "SUPERSEDED" });
  });

  test("is refused where what the revision refers to is gone, or has no room", async () => {
    const { tenant, id, applicationId, clusters } = await living(fixture, 1, { template: templateWith({ cpuMillis: 4_000 }) });
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    await settle(admin, id);
    const [cluster] = clusters;
    must(await applications.create((await fixture.tenant()).actor, applicationInput(clusters, { template: templateWith({ cpuMillis: 4_200 }) }, 6)));
    expect(refusals(await applications.rollBack(tenant.actor, { applicationId }))).toMatchObject([
      { code: "INSUFFICIENT_CAPACITY", path: ["input", "toRevision"], failedChecks: [{ clusterId: cluster?.id }] },
    ]);
    expect(await numberOf(id)).toBe(2);

    // As if revision 1 had used a ConfigMap that somebody has deleted since.
    await admin.query(
      `update revision set template = jsonb_set(template, '{containers,0,env}', $2) where application_id = $1 and number = 1`,
      [id, JSON.stringify([{ name: "MODE", configMapKey: { configMapId: randomUUIDv7(), name: "settings", key: "mode" } }])],
    );
    expect(refusals(await applications.rollBack(tenant.actor, { applicationId }))).toMatchObject([
      { code: "PLAN_REFUSED", path: ["input", "toRevision"], failedChecks: [{ name: "CONFIG_REFERENCES", message: "ConfigMap settings is gone." }] },
    ]);
  });
});

describe("stop and start", () => {
  test("park what was wanted, give the room back, and take it again", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    must(await applications.scale(tenant.actor, { applicationId, replicas: 5, clusterId: clusters[0]?.globalId ?? "" }));
    await settle(admin, id);
    const stop = must(await applications.stop(tenant.actor, { applicationId, expectedVersion: 2 }));
    expect(await application(id)).toMatchObject({ stopped: true, desired: 0, unavailable: 0, version: 3, status: "UPDATING" });
    expect(await placements(id)).toMatchObject([{ desired: 0, parked: 5, generation: 3, unavailable: 0 }, { desired: 0, parked: 2, generation: 2 }]);
    expect((await steps(stop.operationId)).map(({ total }) => total)).toEqual([5, 2]);
    expect(await operation(stop.operationId)).toMatchObject({ kind: "STOP_APPLICATION", before: { stopped: false, placements: [{ replicas: 5, parked: null }, { replicas: 2, parked: null }] } });
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toEqual({ cpu: 0, memory: 0, pods: 0, usage: 0 });
    await settle(admin, id);

    const start = must(await applications.start(tenant.actor, { applicationId }));
    expect(await application(id)).toMatchObject({ stopped: false, desired: 7, unavailable: 7, version: 4 });
    expect(await placements(id)).toMatchObject([{ desired: 5, parked: null, generation: 4 }, { desired: 2, parked: null, generation: 3 }]);
    expect((await steps(start.operationId)).map(({ total }) => total)).toEqual([5, 2]);
    expect(await operation(start.operationId)).toMatchObject({ kind: "START_APPLICATION", before: { stopped: true, placements: [{ replicas: 0, parked: 5 }, { replicas: 0, parked: 2 }] } });
    expect((await reservations(admin, clusters[0]?.id ?? "")).pods).toBe(5);
  });

  test("a placement of no replicas has nothing to do", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    must(await applications.scale(tenant.actor, { applicationId, replicas: 0, clusterId: clusters[0]?.globalId ?? "" }));
    must(await applications.stop(tenant.actor, { applicationId }));
    expect(await placements(id)).toMatchObject([{ parked: 0, generation: 2 }, { parked: 2, generation: 2 }]);
    must(await applications.start(tenant.actor, { applicationId }));
    expect(await placements(id)).toMatchObject([{ parked: null, desired: 0, generation: 2 }, { parked: null, desired: 2, generation: 3 }]);
  });

  test("while stopped, nothing that is about running pods is accepted; what else is there may change", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    must(await applications.stop(tenant.actor, { applicationId }));
    for (const refused of [
      await applications.stop(tenant.actor, { applicationId }),
      await applications.scale(tenant.actor, { applicationId, replicas: 1 }),
      await applications.restart(tenant.actor, { applicationId }),
      await applications.updateDistribution(tenant.actor, { applicationId, distribution: { clusters: [{ clusterId: clusters[0]?.globalId ?? "", replicas: 1, networkType: "VPC" }] } }),
    ])
      expect(refusals(refused)).toMatchObject([{ code: "INVALID_STATE", state: "STOPPED" }]);
    expect(await application(id)).toMatchObject({ version: 2 });
    must(await applications.update(tenant.actor, { applicationId, description: "resting", updateStrategy: { maxSurge: { count: 1 } } }));
    expect(await placements(id)).toMatchObject([{ desired: 0, parked: 2, generation: 3 }, { desired: 0, parked: 2, generation: 3 }]);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    must(await applications.rollBack(tenant.actor, { applicationId }));
    expect(await placements(id)).toMatchObject([{ desired: 0, parked: 2 }, { desired: 0, parked: 2 }]);
    must(await applications.delete(tenant.actor, { applicationId, confirmName: "web" }));
    expect(await placements(id)).toMatchObject([{ desired: 0, parked: null, deleting: true }, { desired: 0, parked: null, deleting: true }]);
  });

  test("only what is stopped can be started, also where no pods are wanted of it", async () => {
    const { tenant, applicationId } = await living(fixture, 1);
    expect(refusals(await applications.start(tenant.actor, { applicationId }))).toMatchObject([{ code: "INVALID_STATE", state: "RUNNING" }]);
    must(await applications.scale(tenant.actor, { applicationId, replicas: 0 }));
    expect(refusals(await applications.start(tenant.actor, { applicationId }))).toMatchObject([{ code: "INVALID_STATE", message: expect.stringContaining("scale it") }]);
  });

  test("a start is refused where the room is gone, or a cluster takes no pods, and leaves it stopped", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture, 2, { template: templateWith({ cpuMillis: 4_000 }) });
    must(await applications.stop(tenant.actor, { applicationId }));
    const [first, second] = clusters;
    must(await applications.create((await fixture.tenant()).actor, applicationInput([first as typeof clusters[number]], { template: templateWith({ cpuMillis: 8_000 }) }, 4)));
    expect(refusals(await applications.start(tenant.actor, { applicationId }))).toMatchObject([
      { code: "INSUFFICIENT_CAPACITY", path: null, failedChecks: [{ clusterId: first?.id }] },
    ]);
    await admin.query("update cluster set cordoned = true where id = $1", [second?.id]);
    expect(refusals(await applications.start(tenant.actor, { applicationId }))).toMatchObject([{ code: "PLAN_REFUSED", failedChecks: [{ name: "SCHEDULING", clusterId: second?.id }] }]);
    expect(await application(id)).toMatchObject({ stopped: true, version: 2, desired: 0 });
    expect(await placements(id)).toMatchObject([{ parked: 2 }, { parked: 2 }]);
  });
});

describe("restart", () => {
  test("tells every cluster, takes nothing more, and counts", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture);
    const { operationId } = must(await applications.restart(tenant.actor, { applicationId, expectedVersion: 1 }));
    expect(await application(id)).toMatchObject({ restarts: 1, version: 2, status: "UPDATING" });
    expect(await generations(id)).toEqual([2, 2]);
    expect(await operation(operationId)).toMatchObject({ kind: "RESTART_APPLICATION", total: 4, before: null });
    must(await applications.restart(tenant.actor, { applicationId }));
    expect(await application(id)).toMatchObject({ restarts: 2 });
    for (const cluster of clusters) expect((await reservations(admin, cluster.id)).pods).toBe(2);
  });
});

describe("update", () => {
  test("a new strategy takes the place of a rollout's own, and the rollout goes on by it", async () => {
    const { tenant, id, applicationId } = await living(fixture);
    const strategy = { kind: "FULL" as const, updateStrategy: { maxSurge: { count: 1 } }, progressDeadlineSeconds: 600, autoRollback: true };
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2, strategy }));
    must(await applications.update(tenant.actor, { applicationId, description: "no strategy" }));
    expect(await application(id)).toMatchObject({ rollout_strategy: { maxSurge: { count: 1 } } });
    expect(await generations(id)).toEqual([2, 2]);
    // What the application has already: only the rollout's goes.
    must(await applications.update(tenant.actor, { applicationId, updateStrategy: { maxSurge: { percent: 25 } } }));
    expect(await application(id)).toMatchObject({ rollout_strategy: null, update_strategy: { maxSurge: { percent: 25 } } });
    expect(await generations(id)).toEqual([3, 3]);
    expect((await rollouts(id))[0]).toMatchObject({ state: "PROGRESSING", update_strategy: { maxSurge: { percent: 25 } } });
    must(await applications.update(tenant.actor, { applicationId, updateStrategy: { maxSurge: { percent: 25 } } }));
    expect(await generations(id)).toEqual([3, 3]);
  });
});

describe("delete", () => {
  test("takes the services along, ends a rollout, and leaves new configuration on its way alone", async () => {
    const { tenant, clusters, id, applicationId } = await living(fixture, 1);
    must(await applications.upgrade(tenant.actor, { applicationId, template: VERSION_2 }));
    const [service, leaving] = [randomUUIDv7(), randomUUIDv7()];
    for (const [serviceId, name, status] of [[service, "web", "ACTIVE"], [leaving, "old", "DELETING"]] as const) {
      await admin.query(
        `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, cluster_ip, ports, status, version, generation, deleting, created_at, updated_at)
         select tenant_id, $2, namespace_id, id, $3, (select vpc_id from placement where application_id = $1), $4, 'CLUSTER_IP', null, '[]', $5, 1, 1, $5 = 'DELETING', now(), now() from application where id = $1`,
        [id, serviceId, clusters[0]?.id, name, status],
      );
    }
    /** An unfinished operation with one step, as others make them. */
    const under = async (kind: string, targetType: string, targetId: string): Promise<string> => {
      const operationId = randomUUIDv7();
      await admin.query(
        `insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at)
         select tenant_id, $2, $3, 'RUNNING', namespace_id, null, null, 'x', 0, 1, 'owner', now(), now() from application where id = $1`, [id, operationId, kind],
      );
      await admin.query(
        `insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, completed, total)
         select tenant_id, $2, $3, namespace_id, $4, $5, $6, 'c', 'RUNNING', 0, 1 from application where id = $1`, [id, randomUUIDv7(), operationId, clusters[0]?.id, targetType, targetId],
      );
      return operationId;
    };
    const made = await under("CREATE_SERVICE", "Service", service);
    const gone = await under("DELETE_SERVICE", "Service", leaving);
    const config = await under("UPDATE_CONFIG", "Application", id);

    // A change that is not the deletion leaves all three alone.
    must(await applications.scale(tenant.actor, { applicationId, replicas: 1 }));
    for (const other of [made, gone, config]) expect(await steps(other)).toMatchObject([{ state: "RUNNING" }]);
    must(await applications.delete(tenant.actor, { applicationId, confirmName: "web" }));
    const { rows } = await admin.query("select name, status, deleting, generation from service where application_id = $1 order by name", [id]);
    expect(rows).toEqual([
      { name: "old", status: "DELETING", deleting: true, generation: 1 },
      { name: "web", status: "DELETING", deleting: true, generation: 2 },
    ]);
    expect(await steps(made)).toMatchObject([{ state: "SUPERSEDED" }]);
    for (const other of [gone, config]) expect(await steps(other)).toMatchObject([{ state: "RUNNING" }]);
    expect(await rollouts(id)).toMatchObject([{ state: "ABORTED", reason: "The application was deleted by owner." }]);
  });
});

describe("import", () => {
  const yaml = (image: string, replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: server, image: "${image}", resources: { requests: { cpu: 100m, memory: 64Mi } } }] }
`;

  test("of another template is an upgrade with a rollout; it waits for the one before", async () => {
    const { tenant, clusters, id } = await living(fixture, 1);
    const importing = (image: string, replicas = 2) =>
      applications.importManifests(tenant.actor, {
        yaml: yaml(image, replicas), namespace: "default", dryRun: false,
        distribution: { clusters: clusters.map((cluster) => ({ clusterId: cluster.globalId, replicas, networkType: "VPC" as const })) },
      });
    const [object] = must(await importing("registry.example/shop/web:2.0")).objects;
    expect(object).toMatchObject({ outcome: "UPDATED" });
    const [rollout] = await rollouts(id);
    expect(rollout).toMatchObject({ state: "PROGRESSING", auto_rollback: false, to_revision_id: (await application(id))["revision_id"] });
    expect((await operations(id)).at(-1)).toMatchObject({ kind: "UPGRADE_APPLICATION", rollout_id: rollout?.["id"], before: null });
    const [again] = must(await importing("registry.example/shop/web:3.0")).objects;
    expect(again).toMatchObject({ outcome: "FAILED" });
    expect(await revisions(id)).toHaveLength(2);

    // What it comes back to may be imported while it is stopped.
    await settle(admin, id);
    must(await applications.stop(tenant.actor, { applicationId: globalId("Application", id) }));
    const [resized] = must(await importing("registry.example/shop/web:2.0", 4)).objects;
    expect(resized).toMatchObject({ outcome: "UPDATED" });
    expect(await placements(id)).toMatchObject([{ desired: 0, parked: expect.any(Number) }]);
    expect((await reservations(admin, clusters[0]?.id ?? "")).pods).toBe(0);
  });
});
