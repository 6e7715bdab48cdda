/** Operations that are cancelled or retried. */
import { randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { applicationInput, createFixture, must, refusals, reservations } from "./fixture.ts";
import { type Living, living, look, type Row, settle, templateWith, VERSION_2 } from "./life.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
const { application, operation, operations, placements, rollouts, steps } = look(admin);
afterAll(() => fixture.close());

const { applications } = services;
const named = (operationId: string | null): { operationId: string } => ({ operationId: globalId("Operation", operationId ?? "") });
const cancel = (one: Living, operationId: string | null) => services.operations.cancel(one.tenant.actor, named(operationId));
const retry = (one: Living, operationId: string | null) => services.operations.retry(one.tenant.actor, named(operationId));
/** What cancelling has to bring back: all that agents and reservations go by, without counters that only rise. */
async function desired(one: Living): Promise<object> {
  const { revision_id: revision, stopped, desired: pods } = await application(one.id);
  const there = (await placements(one.id)).filter((placement) => placement["deleting"] !== true);
  return {
    revision, stopped, pods,
    placements: there.map((placement) => ["cluster_id", "desired", "parked", "revision_id", "network_type", "vpc_id", "subnet_id"].map((column) => placement[column])),
    reserved: await Promise.all(one.clusters.map((cluster) => reservations(admin, cluster.id))),
  };
}

describe("cancel", () => {
  type Change = (one: Living) => Promise<{ operationId: string | null }>;
  const action = (one: Living) => ({ applicationId: one.applicationId });
  const changes: [string, { before?: Change; change: Change }][] = [
    ["UPGRADE_APPLICATION", { change: async (one) => must(await applications.upgrade(one.tenant.actor, { ...action(one), template: templateWith({ cpuMillis: 700 }) })) }],
    ["ROLL_BACK_APPLICATION", {
      before: async (one) => must(await applications.upgrade(one.tenant.actor, { ...action(one), template: templateWith({ cpuMillis: 700 }) })),
      change: async (one) => must(await applications.rollBack(one.tenant.actor, action(one))),
    }],
    ["SCALE_APPLICATION", { change: async (one) => must(await applications.scale(one.tenant.actor, { ...action(one), replicas: 5 })) }],
    ["UPDATE_DISTRIBUTION", {
      change: async (one) => {
        const added = await fixture.cluster();
        const clusters = [{ clusterId: one.clusters[1]?.globalId ?? "", replicas: 7, networkType: "HOST" as const }, { clusterId: added.globalId, replicas: 1, networkType: "VPC" as const }];
        return must(await applications.updateDistribution(one.tenant.actor, { ...action(one), distribution: { clusters } }));
      },
    }],
    ["STOP_APPLICATION", { change: async (one) => must(await applications.stop(one.tenant.actor, action(one))) }],
    ["START_APPLICATION", {
      before: async (one) => must(await applications.stop(one.tenant.actor, action(one))),
      change: async (one) => must(await applications.start(one.tenant.actor, action(one))),
    }],
  ];

  test.each(changes)("%s: what was before is wanted again, on the same operation, which is not over", async (kind, { before, change }) => {
    const one = await living(fixture);
    if (before) {
      await before(one);
      await settle(admin, one.id);
    }
    const was = await desired(one);
    const version = (await application(one.id))["version"] as number;
    const { operationId } = await change(one);
    expect(await desired(one)).not.toEqual(was);
    // One cluster had carried it out already.
    await admin.query("update operation_step set state = 'SUCCEEDED', completed = total, finished_at = now() where operation_id = $1 and cluster_id = $2", [operationId, one.clusters[1]?.id]);
    await admin.query("update operation set state = 'STALLED', completed = 1, error = 'No progress.' where id = $1", [operationId]);
    expect(must(await cancel(one, operationId))).toEqual({ operationId });

    expect(await desired(one)).toEqual(was);
    expect(await application(one.id)).toMatchObject({ version: version + 2, status: "UPDATING" });
    const back = await operation(operationId);
    const way = await steps(operationId);
    expect(back).toMatchObject({
      kind, state: "RUNNING", ends_as: "CANCELLED", error: "Cancelled by owner: it goes back to what was before.", completed: 0, finished_at: null,
      total: way.reduce((sum, step) => sum + (step["total"] as number), 0),
    });
    for (const step of way) expect(step).toMatchObject({ state: "PENDING", completed: 0, message: null, finished_at: null });
    const there = (await placements(one.id)).map((placement) => placement["cluster_id"]);
    expect(way.map((step) => step["cluster_id"])).toEqual(there);
    expect((await operations(one.id)).filter((other) => other["finished_at"] === null).map(({ id }) => id)).toEqual([operationId]);
    if (back["rollout_id"]) expect((await rollouts(one.id)).at(-1)).toMatchObject({ id: back["rollout_id"], state: "ABORTING", reason: "Cancelled by owner.", finished_at: null });

    expect(refusals(await cancel(one, operationId))).toMatchObject([{ code: "INVALID_STATE", state: "RUNNING", path: null, message: expect.stringContaining("way back") }]);
    await settle(admin, one.id);
    expect(await operation(operationId)).toMatchObject({ state: "CANCELLED" });
    expect(refusals(await cancel(one, operationId))).toMatchObject([{ code: "INVALID_STATE", state: "CANCELLED" }]);
  });

  test("the way back of a scale-up is as large as what goes, of a scale-down as what comes", async () => {
    const one = await living(fixture, 1);
    const up = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 6 }));
    await admin.query("update placement set created = 5 where application_id = $1", [one.id]);
    must(await cancel(one, up.operationId));
    expect(await steps(up.operationId)).toMatchObject([{ total: 4 }]);
    await settle(admin, one.id);
    const down = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 0 }));
    expect(await steps(down.operationId)).toMatchObject([{ total: 2 }]);
    must(await cancel(one, down.operationId));
    expect(await steps(down.operationId)).toMatchObject([{ total: 2 }]);
    expect(await operation(down.operationId)).toMatchObject({ total: 2, completed: 0 });
  });

  test("is refused where there is no room any more, and then nothing has changed", async () => {
    const one = await living(fixture, 1, { template: templateWith({ cpuMillis: 4_000 }) });
    const { operationId } = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 0 }));
    must(await applications.create((await fixture.tenant()).actor, applicationInput(one.clusters, { template: templateWith({ cpuMillis: 8_000 }) }, 4)));
    const before = [await desired(one), await operation(operationId), await steps(operationId)];
    expect(refusals(await cancel(one, operationId))).toMatchObject([{ code: "INSUFFICIENT_CAPACITY", path: null, failedChecks: [{ clusterId: one.clusters[0]?.id }] }]);
    expect([await desired(one), await operation(operationId), await steps(operationId)]).toEqual(before);
  });

  test("of a scale during a rollout leaves the rollout alone, also where that turned back meanwhile", async () => {
    const one = await living(fixture, 1);
    const [{ revision_id: old }] = [await application(one.id)];
    must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    const { operationId } = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 4 }));
    // The worker's part: the rollout failed and goes back.
    await admin.query("update application set revision_id = $2 where id = $1", [one.id, old]);
    await admin.query("update placement set revision_id = $2 where application_id = $1", [one.id, old]);
    await admin.query("update rollout set state = 'ABORTING' where application_id = $1", [one.id]);
    must(await cancel(one, operationId));
    expect(await application(one.id)).toMatchObject({ revision_id: old, desired: 2 });
    expect(await placements(one.id)).toMatchObject([{ revision_id: old, desired: 2 }]);
    expect(await rollouts(one.id)).toMatchObject([{ state: "ABORTING", reason: null }]);
  });

  test("of an upgrade is refused where what the old revision refers to is gone", async () => {
    const one = await living(fixture, 1);
    const { operationId } = must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    await admin.query(`update revision set template = jsonb_set(template, '{containers,0,env}', $2) where application_id = $1 and number = 1`, [
      one.id, JSON.stringify([{ name: "MODE", secretKey: { secretId: randomUUIDv7(), name: "keys", key: "mode" } }]),
    ]);
    expect(refusals(await cancel(one, operationId))).toMatchObject([{ code: "PLAN_REFUSED", failedChecks: [{ name: "CONFIG_REFERENCES", message: "Secret keys is gone." }] }]);
  });

  test("ends the application's step of an import that waits for the change", async () => {
    const one = await living(fixture, 1);
    const { operationId } = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 3 }));
    const imported = await operationWith(one, "IMPORT_MANIFESTS", null, [{ cluster: 0, state: "RUNNING" }], "RUNNING");
    must(await cancel(one, operationId));
    expect(await steps(imported)).toMatchObject([{ state: "SUPERSEDED" }]);
    const { rows } = await admin.query("select payload from graphile_worker._private_jobs where payload->>'operationId' = $1", [imported]);
    expect(rows).toHaveLength(1);
  });

  test("is refused for what has no way back, has ended, was superseded, or does not exist", async () => {
    const one = await living(fixture);
    const restart = must(await applications.restart(one.tenant.actor, { applicationId: one.applicationId }));
    expect(refusals(await cancel(one, restart.operationId))).toMatchObject([{ code: "INVALID_STATE", state: "PENDING", message: expect.stringContaining("RESTART_APPLICATION") }]);
    expect(refusals(await cancel(one, one.firstOperation))).toMatchObject([{ code: "INVALID_STATE", state: "SUCCEEDED" }]);
    const scale = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 3 }));
    expect(refusals(await cancel(one, restart.operationId))).toMatchObject([{ code: "INVALID_STATE", state: "SUPERSEDED" }]);
    const stranger = { ...one, tenant: await fixture.tenant() };
    expect(refusals(await cancel(stranger, scale.operationId))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "operationId"] }]);
    for (const operationId of ["", scale.operationId ?? "", globalId("Application", scale.operationId ?? ""), globalId("Operation", randomUUIDv7())]) {
      for (const act of [services.operations.cancel, services.operations.retry])
        expect(refusals(await act(one.tenant.actor, { operationId }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "operationId"] }]);
    }
    const shop = await fixture.namespace(one.tenant, "shop");
    const limited = one.tenant.as({ namespaces: ["shop"], namespaceIds: [shop] });
    expect(refusals(await services.operations.cancel(limited, named(scale.operationId)))).toMatchObject([{ code: "NOT_FOUND" }]);
    must(await applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
    expect(refusals(await cancel(one, scale.operationId))).toMatchObject([{ code: "INVALID_STATE", state: "SUPERSEDED" }]);
    expect(refusals(await cancel(one, (await operations(one.id)).at(-1)?.["id"] as string))).toMatchObject([{ code: "INVALID_STATE", state: "PENDING" }]);
  });

  test("with a key is done once", async () => {
    const one = await living(fixture, 1);
    const { operationId } = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 3 }));
    const input = { ...named(operationId), idempotencyKey: "k" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => services.operations.cancel(one.tenant.actor, input)));
    for (const answer of answers) expect(must(answer)).toEqual({ operationId });
    expect(await application(one.id)).toMatchObject({ version: 3, desired: 2 });
  });
});

interface StepShape {
  /** Index into the application's clusters. */
  readonly cluster: number;
  readonly state: string;
  readonly targetType?: string;
  readonly targetId?: string;
}

/** An operation as others, or the worker, left it. */
async function operationWith(one: Living, kind: string, target: { type: string; id: string } | null, shapes: readonly StepShape[], state: string): Promise<string> {
  const id = randomUUIDv7();
  const ended = !["PENDING", "RUNNING", "STALLED"].includes(state);
  await admin.query(
    `insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at, finished_at, deadline_seconds)
     select tenant_id, $2, $3, $4, namespace_id, $5, $6, 'web', 0, 2, 'owner', now(), now(), case when $7 then now() end, 77 from application where id = $1`,
    [one.id, id, kind, state, target?.type ?? null, target?.id ?? null, ended],
  );
  for (const { cluster, state: stepState, targetType = "Application", targetId = one.id } of shapes) {
    await admin.query(
      `insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, message, completed, total, finished_at)
       select tenant_id, $2, $3, namespace_id, $4, $5, $6, $7, $8, 'It did not work.', 0, 2, case when $9 then now() end from application where id = $1`,
      [one.id, randomUUIDv7(), id, one.clusters[cluster]?.id, targetType, targetId, one.clusters[cluster]?.code, stepState, !["PENDING", "RUNNING"].includes(stepState)],
    );
  }
  return id;
}

async function serviceOf(one: Living, cluster: number, changes: { deleting?: boolean; observed?: number } = {}): Promise<string> {
  const id = randomUUIDv7();
  await admin.query(
    `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, cluster_ip, ports, status, version, generation, observed_generation, problem, deleting, created_at, updated_at)
     select a.tenant_id, $2, a.namespace_id, a.id, p.cluster_id, p.vpc_id, 'web', 'CLUSTER_IP', null, '[]', 'FAILED', 1, 3, $4, 'no address', $5, now(), now()
     from application a join placement p on p.application_id = a.id and p.cluster_id = $3 where a.id = $1`,
    [one.id, id, one.clusters[cluster]?.id, changes.observed ?? 0, changes.deleting ?? false],
  );
  return id;
}
const service = async (id: string): Promise<Row> => (await admin.query<Row>("select * from service where id = $1", [id])).rows[0] ?? {};

describe("retry", () => {
  test("of new configuration: the placement is told anew, and the application's own operations go on", async () => {
    const one = await living(fixture);
    const scale = must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas: 3 }));
    const config = { type: "ConfigMap", id: randomUUIDv7() };
    const stalled = await operationWith(one, "UPDATE_CONFIG", config, [{ cluster: 0, state: "RUNNING" }, { cluster: 1, state: "SUCCEEDED" }], "STALLED");
    const { operationId } = must(await retry(one, stalled));
    expect(await operation(stalled)).toMatchObject({ state: "SUPERSEDED" });
    expect(await operation(operationId)).toMatchObject({ kind: "UPDATE_CONFIG", target_type: "ConfigMap", target_id: config.id });
    expect(await steps(operationId)).toMatchObject([{ target_type: "Application", target_id: one.id, cluster_id: one.clusters[0]?.id }]);
    expect((await placements(one.id)).map(({ generation }) => generation)).toEqual([3, 2]);
    expect(await operation(scale.operationId)).toMatchObject({ state: "PENDING" });
  });

  test.each(["FAILED", "PARTIALLY_SUCCEEDED"])("is over for one that ended as %s once a newer operation begins: who watches it is told", async (state) => {
    const one = await living(fixture, 1);
    const scale = async (replicas: number): Promise<string> => must(await applications.scale(one.tenant.actor, { applicationId: one.applicationId, replicas })).operationId ?? "";
    const told = async (): Promise<string[]> =>
      (await admin.query("select ids from timeline where tenant_id = $1 and kind = 'operation' order by xid desc, seq desc limit 1", [one.tenant.id])).rows[0]?.ids ?? [];
    const first = await scale(3);
    await admin.query("update operation_step set state = 'FAILED', finished_at = now() where operation_id = $1", [first]);
    await admin.query("update operation set state = $2, finished_at = now() where id = $1", [first, state]);
    const second = await scale(4);
    expect((await told()).toSorted()).toEqual([first, second].toSorted());
    await settle(admin, one.id);
    // Nothing is to be said of those that are over for good, nor of the one that was told before.
    const third = await scale(5);
    expect(await told()).toEqual([third]);
  });

  test("a new operation over the cluster that failed, which is told anew; the others are left alone", async () => {
    const one = await living(fixture);
    const { operationId } = must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2, strategy: { kind: "FULL", progressDeadlineSeconds: 60, autoRollback: false } }));
    const [worked, failed] = one.clusters;
    await admin.query("update operation_step set state = case when cluster_id = $2 then 'SUCCEEDED' else 'FAILED' end, finished_at = now() where operation_id = $1", [operationId, worked?.id]);
    await admin.query("update operation set state = 'PARTIALLY_SUCCEEDED', finished_at = now() where id = $1", [operationId]);
    await admin.query("update rollout set state = 'FAILED', reason = 'broken', finished_at = now() where application_id = $1", [one.id]);
    await admin.query("update placement set problem = 'no such image' where application_id = $1 and cluster_id = $2", [one.id, failed?.id]);
    const reserved = await desired(one);

    const retried = must(await retry(one, operationId));
    expect(retried.operationId).not.toBe(operationId);
    const [before, after] = [await operation(operationId), await operation(retried.operationId)];
    expect(before).toMatchObject({ state: "PARTIALLY_SUCCEEDED" });
    expect(after).toMatchObject({ kind: "UPGRADE_APPLICATION", state: "PENDING", retry_of: operationId, total: 2, deadline_seconds: 60, before: before["before"] });
    expect(await steps(retried.operationId)).toMatchObject([{ cluster_id: failed?.id, state: "PENDING", total: 2, completed: 0, message: null }]);
    expect(await placements(one.id)).toMatchObject([{ generation: 2 }, { generation: 3, problem: null }]);
    expect(await application(one.id)).toMatchObject({ version: 2, status: "UPDATING" });
    expect(await desired(one)).toEqual(reserved);
    // A rollout ends once, too: another one like it.
    const [first, second] = await rollouts(one.id);
    expect(first).toMatchObject({ state: "FAILED" });
    expect(second).toMatchObject({
      id: after["rollout_id"], state: "PROGRESSING", operation_id: retried.operationId, auto_rollback: false, progress_deadline_seconds: 60,
      from_revision_id: first?.["from_revision_id"], to_revision_id: first?.["to_revision_id"],
    });
    expect(await application(one.id)).toMatchObject({ rollout_id: second?.["id"] });
    // And it can be cancelled like the first.
    must(await cancel(one, retried.operationId));
    expect(await application(one.id)).toMatchObject({ revision_id: first?.["from_revision_id"] });
  });

  test("one whose rollout turned back by itself has nothing to try again", async () => {
    const one = await living(fixture, 1);
    const [{ revision_id: old }] = [await application(one.id)];
    const { operationId } = must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    await admin.query("update operation_step set state = 'FAILED', finished_at = now() where operation_id = $1", [operationId]);
    await admin.query("update operation set state = 'FAILED', finished_at = now() where id = $1", [operationId]);
    await admin.query("update application set revision_id = $2 where id = $1", [one.id, old]);
    expect(refusals(await retry(one, operationId))).toMatchObject([{ code: "INVALID_STATE", state: "FAILED", message: expect.stringContaining("went back") }]);
  });

  test("of one that is stalled takes it over, with its rollout, over the clusters that are not done", async () => {
    const one = await living(fixture);
    const { operationId } = must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    await admin.query("update operation_step set state = 'SUCCEEDED', finished_at = now() where operation_id = $1 and cluster_id = $2", [operationId, one.clusters[0]?.id]);
    await admin.query("update operation set state = 'STALLED' where id = $1", [operationId]);
    await admin.query("update rollout set progressed_at = '2020-01-01' where application_id = $1", [one.id]);
    const retried = must(await retry(one, operationId));
    expect(await operation(operationId)).toMatchObject({ state: "SUPERSEDED", finished_at: expect.any(Date) });
    expect((await steps(operationId)).map(({ state }) => state)).toEqual(["SUCCEEDED", "SUPERSEDED"]);
    expect(await steps(retried.operationId)).toMatchObject([{ cluster_id: one.clusters[1]?.id, state: "PENDING" }]);
    const [rollout, ...others] = await rollouts(one.id);
    expect(others).toEqual([]);
    expect(rollout).toMatchObject({ state: "PROGRESSING", operation_id: retried.operationId });
    expect((rollout?.["progressed_at"] as Date).getUTCFullYear()).toBe(2026);
    expect(await operation(retried.operationId)).toMatchObject({ rollout_id: rollout?.["id"] });
  });

  test.each([["CREATE_SERVICE", {}, "PENDING"], ["UPDATE_SERVICE", { observed: 2 }, "UPDATING"], ["DELETE_SERVICE", { deleting: true, observed: 2 }, "DELETING"]] as const)(
    "%s: the service is told anew",
    async (kind, changes, status) => {
      const one = await living(fixture);
      const [good, bad] = [await serviceOf(one, 0, changes), await serviceOf(one, 1, changes)];
      const shapes = [{ cluster: 0, state: "SUCCEEDED", targetType: "Service", targetId: good }, { cluster: 1, state: "FAILED", targetType: "Service", targetId: bad }];
      const failed = await operationWith(one, kind, { type: "Service", id: bad }, shapes, "PARTIALLY_SUCCEEDED");
      await admin.query("delete from graphile_worker._private_jobs");
      const { operationId } = must(await retry(one, failed));
      expect(await service(bad)).toMatchObject({ generation: 4, problem: null, status, version: 1 });
      expect(await service(good)).toMatchObject({ generation: 3 });
      expect(await operation(operationId)).toMatchObject({ kind, retry_of: failed, target_type: "Service", target_id: bad, deadline_seconds: 77, before: null });
      expect(await steps(operationId)).toMatchObject([{ target_type: "Service", target_id: bad, cluster_id: one.clusters[1]?.id, state: "PENDING" }]);
      const { rows } = await admin.query("select payload->>'applicationId' as id from graphile_worker._private_jobs");
      expect(rows).toEqual([{ id: one.id }]);
      expect((await placements(one.id)).map(({ generation }) => generation)).toEqual([1, 1]);
    },
  );

  test("an import: each application and service that failed, and no other", async () => {
    const one = await living(fixture);
    const bad = await serviceOf(one, 1);
    const gone = randomUUIDv7();
    const failed = await operationWith(one, "IMPORT_MANIFESTS", null, [
      { cluster: 0, state: "FAILED" }, { cluster: 1, state: "SUCCEEDED" }, { cluster: 1, state: "FAILED", targetType: "Service", targetId: bad },
      { cluster: 0, state: "FAILED", targetType: "Service", targetId: gone }, { cluster: 0, state: "FAILED", targetId: gone },
    ], "FAILED");
    const { operationId } = must(await retry(one, failed));
    expect((await steps(operationId)).map((step) => [step["cluster_id"], step["target_type"], step["target_id"]])).toEqual([
      [one.clusters[0]?.id, "Application", one.id], [one.clusters[1]?.id, "Service", bad],
    ]);
    expect((await placements(one.id)).map(({ generation }) => generation)).toEqual([2, 1]);
    expect(await service(bad)).toMatchObject({ generation: 4 });
    expect(await operation(operationId)).toMatchObject({ kind: "IMPORT_MANIFESTS", target_id: null, total: 4 });
  });

  test("one that is stalled over many applications ends as it is taken over", async () => {
    const one = await living(fixture);
    const stalled = await operationWith(one, "IMPORT_MANIFESTS", null, [{ cluster: 0, state: "RUNNING" }, { cluster: 1, state: "SUCCEEDED" }], "STALLED");
    const { operationId } = must(await retry(one, stalled));
    expect(await operation(stalled)).toMatchObject({ state: "SUPERSEDED", finished_at: expect.any(Date) });
    expect((await steps(stalled)).map(({ state }) => state)).toEqual(["SUPERSEDED", "SUCCEEDED"]);
    expect(await steps(operationId)).toMatchObject([{ cluster_id: one.clusters[0]?.id }]);
  });

  test("a deletion goes on where it failed", async () => {
    const one = await living(fixture, 1);
    const { operationId } = must(await applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
    await admin.query("update operation_step set state = 'FAILED', finished_at = now() where operation_id = $1", [operationId]);
    await admin.query("update operation set state = 'FAILED', finished_at = now() where id = $1", [operationId]);
    const retried = must(await retry(one, operationId));
    expect(await operation(retried.operationId)).toMatchObject({ kind: "DELETE_APPLICATION", retry_of: operationId });
    expect(await placements(one.id)).toMatchObject([{ deleting: true, generation: 3 }]);
    expect(await application(one.id)).toMatchObject({ status: "DELETING", deleting: true });
  });

  test("what is being deleted is not brought about again: of many objects the others are", async () => {
    const one = await living(fixture);
    const [going, staying] = [await serviceOf(one, 0, { deleting: true }), await serviceOf(one, 1)];
    const shapes = [{ cluster: 0, state: "FAILED", targetType: "Service", targetId: going }, { cluster: 1, state: "FAILED", targetType: "Service", targetId: staying }];
    const made = await operationWith(one, "CREATE_SERVICE", null, shapes, "FAILED");
    const { operationId } = must(await retry(one, made));
    expect(await steps(operationId)).toMatchObject([{ target_id: staying }]);
    expect(await service(going)).toMatchObject({ generation: 3 });
    const imported = await operationWith(one, "IMPORT_MANIFESTS", null, [{ cluster: 0, state: "FAILED" }, ...shapes], "FAILED");
    must(await applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
    expect(refusals(await retry(one, imported))).toMatchObject([{ code: "INVALID_STATE", message: expect.stringContaining("gone") }]);
  });

  test("is retried once: then the newer one is, also where it has several targets", async () => {
    const one = await living(fixture);
    const failed = await operationWith(one, "IMPORT_MANIFESTS", null, [{ cluster: 0, state: "FAILED" }], "FAILED");
    const answers = await Promise.all([retry(one, failed), retry(one, failed)]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(refusals(await retry(one, failed))).toMatchObject([{ code: "INVALID_STATE", message: expect.stringContaining("newer") }]);
    expect((await placements(one.id)).map(({ generation }) => generation)).toEqual([2, 1]);
  });

  test("a deletion of which only services are left tells these anew, each once", async () => {
    const one = await living(fixture, 3);
    const [beside, alone] = [await serviceOf(one, 0), await serviceOf(one, 2)];
    const { operationId } = must(await applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
    await admin.query("delete from placement where application_id = $1 and cluster_id = any ($2)", [one.id, [one.clusters[0]?.id, one.clusters[2]?.id]]);
    await admin.query("update operation set state = 'STALLED' where id = $1", [operationId]);
    const retried = must(await retry(one, operationId));
    expect(await steps(retried.operationId)).toHaveLength(3);
    for (const id of [beside, alone]) expect(await service(id)).toMatchObject({ generation: 5, status: "DELETING" });
    expect(await placements(one.id)).toMatchObject([{ generation: 3 }]);
  });

  test("a rollout that is tried again goes back by itself only where there is something to go back to", async () => {
    const one = await living(fixture, 1);
    const { operationId } = must(await applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    await admin.query("update operation_step set state = 'FAILED', finished_at = now() where operation_id = $1", [operationId]);
    await admin.query("update operation set state = 'FAILED', finished_at = now() where id = $1", [operationId]);
    await admin.query("update rollout set state = 'FAILED', finished_at = now() where application_id = $1", [one.id]);
    // No rollout under way kept what the old revision refers to.
    await admin.query(`update revision set template = jsonb_set(template, '{containers,0,env}', $2) where application_id = $1 and number = 1`, [
      one.id, JSON.stringify([{ name: "MODE", secretKey: { secretId: randomUUIDv7(), name: "keys", key: "mode" } }]),
    ]);
    must(await retry(one, operationId));
    expect(await rollouts(one.id)).toMatchObject([{ auto_rollback: true }, { state: "PROGRESSING", auto_rollback: false }]);
  });

  test("is refused where nothing failed, something newer came, it went back, or what failed is gone", async () => {
    const one = await living(fixture);
    const why = async (operationId: string): Promise<object[]> => refusals(await retry(one, operationId));
    expect(await why(one.firstOperation)).toMatchObject([{ code: "INVALID_STATE", state: "SUCCEEDED", path: null }]);
    const target = { type: "Application", id: one.id };
    const failed = await operationWith(one, "SCALE_APPLICATION", target, [{ cluster: 0, state: "FAILED" }], "FAILED");
    const back = await operationWith(one, "SCALE_APPLICATION", target, [{ cluster: 0, state: "FAILED" }], "FAILED");
    expect(await why(failed)).toMatchObject([{ code: "INVALID_STATE", state: "FAILED", message: expect.stringContaining("newer") }]);
    await admin.query("update operation set ends_as = 'ROLLED_BACK' where id = $1", [back]);
    expect(await why(back)).toMatchObject([{ code: "INVALID_STATE", state: "FAILED", message: expect.stringContaining("went back") }]);
    const elsewhere = await operationWith(one, "UPDATE_DISTRIBUTION", target, [{ cluster: 1, state: "FAILED" }], "FAILED");
    await admin.query("delete from placement where application_id = $1 and cluster_id = $2", [one.id, one.clusters[1]?.id]);
    expect(await why(elsewhere)).toMatchObject([{ code: "INVALID_STATE", message: expect.stringContaining("gone") }]);
    const stranger = { ...one, tenant: await fixture.tenant() };
    expect(refusals(await retry(stranger, failed))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "operationId"] }]);
  });
});
