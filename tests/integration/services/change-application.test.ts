import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { applicationInput, countRows, createFixture, must, refusals, reservations, type TestCluster, type TestTenant } from "./fixture.ts";
import { VERSION_2 } from "./life.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
afterAll(() => fixture.close());

interface Running {
  readonly tenant: TestTenant;
  readonly clusters: readonly TestCluster[];
  readonly id: string;
  readonly applicationId: string;
  readonly firstOperation: string;
}

async function running(clusterCount = 2): Promise<Running> {
  const tenant = await fixture.tenant();
  const clusters = (await Promise.all(Array.from({ length: clusterCount }, () => fixture.cluster()))).toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const made = must(await services.applications.create(tenant.actor, applicationInput(clusters)));
  return {
    tenant,
    clusters,
    id: made.applicationId,
    applicationId: globalId("Application", made.applicationId),
    firstOperation: made.operationId ?? "",
  };
}

const row = async (table: string, id: string): Promise<Record<string, unknown>> =>
  (await admin.query(`select * from ${table} where id = $1`, [id])).rows[0];
const placements = async (id: string): Promise<Record<string, unknown>[]> =>
  (
    await admin.query(
      "select cluster_id, desired, generation, deleting, revision_id, reason, subnet_id from placement where application_id = $1 order by cluster_id",
      [id],
    )
  ).rows;
const operations = async (id: string): Promise<Record<string, unknown>[]> =>
  (
    await admin.query(
      "select id, kind, state, total, finished_at is not null as finished from operation where target_id = $1 order by created_at, id",
      [id],
    )
  ).rows;

describe("scale", () => {
  test("every placement, with its reservation, version, generation and operation", async () => {
    const { tenant, clusters, id, applicationId, firstOperation } = await running();
    await admin.query("update application set status = 'RUNNING', status_reason = null where id = $1", [id]);
    const { operationId } = must(await services.applications.scale(tenant.actor, { applicationId, replicas: 5, expectedVersion: 1 }));
    expect(await row("application", id)).toMatchObject({ version: 2, desired: 10, status: "UPDATING" });
    expect(await placements(id)).toEqual(
      clusters.map((cluster) => expect.objectContaining({ cluster_id: cluster.id, desired: 5, generation: 2, reason: "Scaled by owner." })),
    );
    expect(await operations(id)).toEqual([
      { id: firstOperation, kind: "CREATE_APPLICATION", state: "SUPERSEDED", total: 4, finished: true },
      { id: operationId, kind: "SCALE_APPLICATION", state: "PENDING", total: 10, finished: false },
    ]);
    const { rows: steps } = await admin.query("select distinct state from operation_step where operation_id = $1", [firstOperation]);
    expect(steps).toEqual([{ state: "SUPERSEDED" }]);
    const {
      rows: [told],
    } = await admin.query("select ids from timeline where tenant_id = $1 and kind = 'operation' order by xid desc, seq desc limit 1", [
      tenant.id,
    ]);
    expect(new Set(told.ids)).toEqual(new Set([firstOperation, operationId]));
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toMatchObject({ cpu: 500, pods: 5, usage: 500 });
  });

  test("what is not ready is unavailable at once, on each placement and in sum", async () => {
    const { tenant, clusters, id, applicationId } = await running();
    const unavailable = async (): Promise<unknown[]> => {
      const { rows } = await admin.query<{ unavailable: number }>(
        "select unavailable from placement where application_id = $1 order by cluster_id",
        [id],
      );
      return [(await row("application", id))["unavailable"], ...rows.map((placement) => placement.unavailable)];
    };
    expect(await unavailable()).toEqual([4, 2, 2]);
    await admin.query("update placement set ready = 1 where application_id = $1 and cluster_id = $2", [id, clusters[0]?.id]);
    must(await services.applications.scale(tenant.actor, { applicationId, replicas: 5 }));
    expect(await unavailable()).toEqual([9, 4, 5]);
    must(await services.applications.scale(tenant.actor, { applicationId, replicas: 0 }));
    expect(await unavailable()).toEqual([0, 0, 0]);
    must(await services.applications.scale(tenant.actor, { applicationId, replicas: 5 }));
    must(await services.applications.delete(tenant.actor, { applicationId, confirmName: "web" }));
    expect(await unavailable()).toEqual([0, 0, 0]);
  });

  test("takes over an operation that stalled, whose complaint ends with it", async () => {
    const { tenant, applicationId, firstOperation } = await running(1);
    await admin.query("update operation set state = 'STALLED', error = 'No progress. It is still trying.' where id = $1", [firstOperation]);
    must(await services.applications.scale(tenant.actor, { applicationId, replicas: 5 }));
    expect(await row("operation", firstOperation)).toMatchObject({ state: "SUPERSEDED", error: null });
  });

  test("one cluster leaves the other placement and its generation alone; scaling down gives room back", async () => {
    const {
      tenant,
      clusters: [first, second],
      id,
      applicationId,
    } = await running();
    must(await services.applications.scale(tenant.actor, { applicationId, clusterId: first?.globalId, replicas: 0 }));
    const byCluster = new Map((await placements(id)).map((placement) => [placement["cluster_id"], placement]));
    expect(byCluster.get(first?.id)).toMatchObject({ desired: 0, generation: 2 });
    expect(byCluster.get(second?.id)).toMatchObject({ desired: 2, generation: 1 });
    expect(await row("application", id)).toMatchObject({ version: 2, desired: 2 });
    expect(await reservations(admin, first?.id ?? "")).toEqual({ cpu: 0, memory: 0, pods: 0, usage: 0 });
  });

  test("to what it is already rises the version, but no generation, and says so in an operation", async () => {
    const { tenant, id, applicationId } = await running();
    const { operationId } = must(await services.applications.scale(tenant.actor, { applicationId, replicas: 2 }));
    expect(operationId).not.toBeNull();
    expect(await row("application", id)).toMatchObject({ version: 2, desired: 4 });
    expect((await placements(id)).map((placement) => placement["generation"])).toEqual([1, 1]);
  });

  test("a cordoned cluster gives pods up but takes none", async () => {
    const {
      tenant,
      clusters: [cluster],
      applicationId,
    } = await running(1);
    await admin.query("update cluster set cordoned = true where id = $1", [cluster?.id]);
    expect(refusals(await services.applications.scale(tenant.actor, { applicationId, replicas: 3 }))).toMatchObject([
      { code: "PLAN_REFUSED", failedChecks: [{ name: "SCHEDULING" }] },
    ]);
    must(await services.applications.scale(tenant.actor, { applicationId, replicas: 1 }));
    expect((await reservations(admin, cluster?.id ?? "")).pods).toBe(1);
  });
});

describe("updateDistribution", () => {
  test("adds, changes and removes placements; what goes gives its room back at once and keeps its row", async () => {
    const {
      tenant,
      clusters: [kept, gone],
      id,
      applicationId,
    } = await running();
    const added = await fixture.cluster();
    await admin.query("update placement set created = 2 where application_id = $1", [id]);
    const { operationId } = must(
      await services.applications.updateDistribution(tenant.actor, {
        applicationId,
        distribution: {
          clusters: [
            { clusterId: kept?.globalId ?? "", replicas: 3, networkType: "VPC" },
            { clusterId: added.globalId, replicas: 4, networkType: "HOST" },
          ],
        },
      }),
    );
    const byCluster = new Map((await placements(id)).map((placement) => [placement["cluster_id"], placement]));
    expect(byCluster.get(kept?.id)).toMatchObject({ desired: 3, generation: 2, deleting: false });
    expect(byCluster.get(gone?.id)).toMatchObject({ desired: 0, generation: 2, deleting: true });
    expect(byCluster.get(added.id)).toMatchObject({ desired: 4, generation: 1, deleting: false, subnet_id: null });
    expect((await reservations(admin, gone?.id ?? "")).pods).toBe(0);
    expect((await reservations(admin, added.id)).pods).toBe(4);
    const { rows: steps } = await admin.query("select cluster_id, total from operation_step where operation_id = $1", [operationId]);
    expect(new Map(steps.map((step) => [step.cluster_id, step.total]))).toEqual(
      new Map([
        [kept?.id, 3],
        [gone?.id, 2],
        [added.id, 4],
      ]),
    );
    expect(await row("application", id)).toMatchObject({ desired: 7, version: 2 });

    // Wanted again before its cluster confirmed: the same placement lives on, under a higher generation.
    must(
      await services.applications.updateDistribution(tenant.actor, {
        applicationId,
        distribution: {
          clusters: [kept, gone, added].map((cluster) => ({
            clusterId: cluster?.globalId ?? "",
            replicas: 1,
            networkType: "VPC" as const,
          })),
        },
      }),
    );
    expect((await placements(id)).find((placement) => placement["cluster_id"] === gone?.id)).toMatchObject({
      desired: 1,
      generation: 3,
      deleting: false,
    });
    expect((await reservations(admin, gone?.id ?? "")).pods).toBe(1);
  });

  test("what is on its way out is no part of a later change, but of the whole application's deletion", async () => {
    const {
      tenant,
      clusters: [kept, gone],
      id,
      applicationId,
    } = await running();
    await admin.query("update placement set created = 2, ready = 2 where application_id = $1", [id]);
    const distribution = { clusters: [{ clusterId: kept?.globalId ?? "", replicas: 2, networkType: "VPC" as const }] };
    const stepsOf = async (operationId: string | null): Promise<Map<string, number>> => {
      const { rows } = await admin.query<{ cluster_id: string; total: number }>(
        "select cluster_id, total from operation_step where operation_id = $1",
        [operationId],
      );
      return new Map(rows.map((step) => [step.cluster_id, step.total]));
    };
    const leaving = must(await services.applications.updateDistribution(tenant.actor, { applicationId, distribution }));
    expect(await stepsOf(leaving.operationId)).toEqual(new Map([[kept?.id, 2], [gone?.id, 2]]));
    const again = must(await services.applications.updateDistribution(tenant.actor, { applicationId, distribution }));
    expect(await stepsOf(again.operationId)).toEqual(new Map([[kept?.id, 2]]));
    const scaled = must(await services.applications.scale(tenant.actor, { applicationId, replicas: 3 }));
    expect(await stepsOf(scaled.operationId)).toEqual(new Map([[kept?.id, 3]]));
    const deleted = must(await services.applications.delete(tenant.actor, { applicationId, confirmName: "web" }));
    expect(await stepsOf(deleted.operationId)).toEqual(new Map([[kept?.id, 3], [gone?.id, 2]]));
  });

  test("without room on one of the clusters nothing changes anywhere", async () => {
    const {
      tenant,
      clusters: [first, second],
      id,
      applicationId,
    } = await running();
    const small = await fixture.cluster({ nodes: 1, nodePods: 1 });
    const before = { placements: await placements(id), counts: await countRows(admin, tenant.id) };
    const errors = refusals(
      await services.applications.updateDistribution(tenant.actor, {
        applicationId,
        distribution: {
          clusters: [
            { clusterId: first?.globalId ?? "", replicas: 9, networkType: "VPC" },
            { clusterId: small.globalId, replicas: 2, networkType: "VPC" },
          ],
        },
      }),
    );
    expect(errors).toMatchObject([{ code: "INSUFFICIENT_CAPACITY", path: ["input", "distribution"] }]);
    expect(await placements(id)).toEqual(before.placements);
    expect(await countRows(admin, tenant.id)).toEqual({ ...before.counts, audit_entry: 2 });
    expect((await reservations(admin, first?.id ?? "")).pods).toBe(2);
    expect((await reservations(admin, second?.id ?? "")).pods).toBe(2);
  });
});

describe("update", () => {
  test("what is left out stays; texts and labels alone give the fleet nothing to do", async () => {
    const { tenant, id, applicationId } = await running();
    const jobs = (await countRows(admin, tenant.id))["jobs"];
    await admin.query("delete from graphile_worker._private_jobs");
    const { operationId } = must(
      await services.applications.update(tenant.actor, { applicationId, description: "New", deletionProtection: true, expectedVersion: 1 }),
    );
    expect(operationId).toBeNull();
    expect(jobs).toBe(1);
    expect(await row("application", id)).toMatchObject({
      version: 2,
      description: "New",
      deletion_protection: true,
      labels: [{ key: "app", value: "web" }],
    });
    expect((await placements(id)).map((placement) => placement["generation"])).toEqual([1, 1]);
    expect((await countRows(admin, tenant.id))["jobs"]).toBe(0);
    must(await services.applications.update(tenant.actor, { applicationId, labels: [] }));
    expect(await row("application", id)).toMatchObject({ version: 3, description: "New", labels: [] });
  });

  test("a new update strategy is told to every cluster", async () => {
    const { tenant, id, applicationId } = await running();
    must(await services.applications.update(tenant.actor, { applicationId, updateStrategy: { maxSurge: { count: 0 } } }));
    expect(await row("application", id)).toMatchObject({ update_strategy: { maxUnavailable: { percent: 25 }, maxSurge: { count: 0 } } });
    expect(await placements(id)).toEqual(
      [1, 2].map(() => expect.objectContaining({ generation: 2, reason: "Chosen by owner.", desired: 2 })),
    );
    // With the surge at 0 already, no pod may be unavailable either: nothing could ever be replaced.
    expect(
      refusals(await services.applications.update(tenant.actor, { applicationId, updateStrategy: { maxUnavailable: { percent: 0 } } })),
    ).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "updateStrategy"] }]);
  });
});

describe("delete", () => {
  test("asks for the name, gives the room back, and leaves the rest to the worker", async () => {
    const { tenant, clusters, id, applicationId } = await running();
    expect(refusals(await services.applications.delete(tenant.actor, { applicationId, confirmName: "wbe" }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "confirmName"] },
    ]);
    const value = must(await services.applications.delete(tenant.actor, { applicationId, confirmName: "web" }));
    expect(value).toMatchObject({ deleted: null, object: { type: "Application", id } });
    expect(await row("application", id)).toMatchObject({ status: "DELETING", deleting: true, desired: 0, version: 2 });
    expect(await placements(id)).toEqual(clusters.map(() => expect.objectContaining({ deleting: true, desired: 0, generation: 2 })));
    expect((await operations(id)).map(({ kind, state, total }) => [kind, state, total])).toEqual([
      ["CREATE_APPLICATION", "SUPERSEDED", 4],
      ["DELETE_APPLICATION", "PENDING", 4],
    ]);
    for (const cluster of clusters) expect((await reservations(admin, cluster.id)).pods).toBe(0);

    for (const refused of [
      await services.applications.delete(tenant.actor, { applicationId, confirmName: "web" }),
      await services.applications.update(tenant.actor, { applicationId, description: "x" }),
      await services.applications.scale(tenant.actor, { applicationId, replicas: 1 }),
    ])
      expect(refusals(refused)).toMatchObject([{ code: "INVALID_STATE", state: "DELETING" }]);
    expect(refusals(await services.applications.create(tenant.actor, applicationInput(clusters)))).toMatchObject([
      { code: "ALREADY_EXISTS" },
    ]);
  });

  test("is refused under deletion protection", async () => {
    const { tenant, id, applicationId } = await running(1);
    must(await services.applications.update(tenant.actor, { applicationId, deletionProtection: true }));
    expect(refusals(await services.applications.delete(tenant.actor, { applicationId, confirmName: "web" }))).toMatchObject([
      { code: "PROTECTED" },
    ]);
    expect(await row("application", id)).toMatchObject({ deleting: false });
  });
});

describe("what must hold for every change", () => {
  type Run = (running: Running, change: { applicationId: string; expectedVersion?: number }) => Promise<{ ok: boolean }>;
  const changes: [string, Run][] = [
    ["update", ({ tenant }, change) => services.applications.update(tenant.actor, { ...change, description: "x" })],
    ["scale", ({ tenant }, change) => services.applications.scale(tenant.actor, { ...change, replicas: 1 })],
    [
      "updateDistribution",
      ({ tenant, clusters: [cluster] }, change) =>
        services.applications.updateDistribution(tenant.actor, {
          ...change,
          distribution: { clusters: [{ clusterId: cluster?.globalId ?? "", replicas: 1, networkType: "VPC" }] },
        }),
    ],
    ["upgrade", ({ tenant }, change) => services.applications.upgrade(tenant.actor, { ...change, template: VERSION_2 })],
    ["rollBack", ({ tenant }, change) => services.applications.rollBack(tenant.actor, { ...change, toRevision: 1 })],
    ["stop", ({ tenant }, change) => services.applications.stop(tenant.actor, change)],
    ["start", ({ tenant }, change) => services.applications.start(tenant.actor, change)],
    ["restart", ({ tenant }, change) => services.applications.restart(tenant.actor, change)],
    ["delete", ({ tenant }, change) => services.applications.delete(tenant.actor, { ...change, confirmName: "web" })],
  ];

  test.each(changes)("%s: a stale version changes nothing and tells the present one", async (_, run) => {
    const made = await running();
    must(await services.applications.update(made.tenant.actor, { applicationId: made.applicationId, description: "newer" }));
    const before = [await row("application", made.id), await placements(made.id), await operations(made.id)];
    expect(refusals(await run(made, { applicationId: made.applicationId, expectedVersion: 1 }))).toMatchObject([
      { code: "CONFLICT", path: ["input", "expectedVersion"], currentVersion: 2, current: { type: "Application", id: made.id } },
    ]);
    expect([await row("application", made.id), await placements(made.id), await operations(made.id)]).toEqual(before);
  });

  test.each(changes)("%s: another tenant's application is one that does not exist, whatever looks like an id", async (_, run) => {
    const made = await running();
    const stranger = { ...made, tenant: await fixture.tenant() };
    for (const applicationId of [made.applicationId, made.id, "Application.", "", globalId("Pod", made.id)]) {
      const errors = refusals(await run(applicationId === made.applicationId ? stranger : made, { applicationId }));
      expect(errors).toMatchObject([{ code: "NOT_FOUND", path: ["input", "applicationId"] }]);
    }
    expect(await row("application", made.id)).toMatchObject({ version: 1, deleting: false });
  });

  test.each(changes)("%s: a token limited to other namespaces finds nothing", async (_, run) => {
    const made = await running();
    const shop = await fixture.namespace(made.tenant, "shop");
    const actor = made.tenant.as({ namespaces: ["shop"], namespaceIds: [shop] });
    const limited = { ...made, tenant: { ...made.tenant, actor } };
    expect(refusals(await run(limited, { applicationId: made.applicationId }))).toMatchObject([{ code: "NOT_FOUND" }]);
  });

  test("a cluster where it does not run can't be scaled", async () => {
    const { tenant, applicationId } = await running();
    const other = await fixture.cluster();
    for (const clusterId of [other.globalId, "nonsense"]) {
      expect(refusals(await services.applications.scale(tenant.actor, { applicationId, clusterId, replicas: 1 }))).toMatchObject([
        { code: "NOT_FOUND", path: ["input", "clusterId"] },
      ]);
    }
  });
});
