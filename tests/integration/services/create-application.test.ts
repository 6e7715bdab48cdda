import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { RequestError } from "#server/domain/request-error.ts";
import { applicationInput, countRows, createFixture, must, refusals, reservations } from "./fixture.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
afterAll(() => fixture.close());

describe("what one accepted mutation writes", () => {
  test("state, audit, operation with steps, timeline and job, all together", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster(), await fixture.cluster()];
    const before = fixture.published.length;
    const { applicationId, operationId } = must(await services.applications.create(tenant.actor, applicationInput(clusters)));

    expect(await countRows(admin, tenant.id)).toEqual({
      application: 1,
      revision: 1,
      placement: 2,
      operation: 1,
      operation_step: 2,
      audit_entry: 1,
      idempotency: 0,
      timeline: 6,
      vpc: 2,
      subnet: 2,
      namespace: 1,
      api_token: 1,
      jobs: 1,
    });
    const {
      rows: [application],
    } = await admin.query("select * from application where id = $1", [applicationId]);
    expect(application).toMatchObject({
      name: "web",
      status: "PENDING",
      version: 1,
      desired: 4,
      deleting: false,
      update_strategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } },
    });
    const {
      rows: [operation],
    } = await admin.query("select * from operation where id = $1", [operationId]);
    expect(operation).toMatchObject({
      kind: "CREATE_APPLICATION",
      state: "PENDING",
      target_id: applicationId,
      target_name: "web",
      completed: 0,
      total: 4,
      actor: "owner",
    });
    const { rows: steps } = await admin.query("select name, total, cluster_id, target_id, state from operation_step order by name");
    expect(steps).toEqual(
      clusters.map((cluster) => ({ name: cluster.code, total: 2, cluster_id: cluster.id, target_id: applicationId, state: "PENDING" })),
    );
    const { rows: timeline } = await admin.query("select kind, ids, xid from timeline where tenant_id = $1 order by kind", [tenant.id]);
    expect(timeline.map((row) => row.kind)).toEqual(["application", "operation", "placement", "subnet", "usage", "vpc"]);
    expect(new Set(timeline.map((row) => row.xid)).size).toBe(1);
    expect(timeline[0].ids).toEqual([applicationId]);
    expect(timeline[2].ids).toHaveLength(2);
    expect(new Set(timeline[4].ids)).toEqual(new Set(clusters.map((cluster) => cluster.id)));
    const {
      rows: [job],
    } = await admin.query("select payload, key from graphile_worker._private_jobs where payload->>'tenantId' = $1", [tenant.id]);
    expect(job.payload).toEqual({ tenantId: tenant.id, applicationId });
    const {
      rows: [audit],
    } = await admin.query("select * from audit_entry where tenant_id = $1", [tenant.id]);
    expect(audit).toMatchObject({
      action: "createApplication",
      outcome: "ACCEPTED",
      actor: "owner",
      target_type: "Application",
      target_id: applicationId,
      target_name: "web",
    });
    expect(audit.input.name).toBe("web");
    expect(JSON.stringify(audit)).not.toContain("canary-5e1f");
    expect(fixture.published.slice(before)).toEqual(["timeline"]);
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toEqual({ cpu: 200, memory: 128, pods: 2, usage: 200 });
  });

  // The last statement of the transaction, one in the middle, and one before the operation: none may leave anything behind.
  test.each(["timeline", "operation_step", "placement", "audit_entry"])(
    "a failure when %s is written leaves nothing at all",
    async (table) => {
      const tenant = await fixture.tenant();
      const cluster = await fixture.cluster();
      const before = await countRows(admin, tenant.id);
      const published = fixture.published.length;
      await admin.query(`create function fail_${table}() returns trigger language plpgsql as $$ begin raise exception 'planted'; end $$`);
      await admin.query(`create trigger planted before insert on ${table} for each row execute function fail_${table}()`);
      try {
        await expect(services.applications.create(tenant.actor, { ...applicationInput([cluster]), idempotencyKey: "k" })).rejects.toThrow(
          "planted",
        );
      } finally {
        await admin.query(`drop trigger planted on ${table}`);
      }
      expect(await countRows(admin, tenant.id)).toEqual(before);
      expect(await reservations(admin, cluster.id)).toEqual({ cpu: 0, memory: 0, pods: 0, usage: 0 });
      expect(fixture.published.length).toBe(published);
      must(await services.applications.create(tenant.actor, { ...applicationInput([cluster]), idempotencyKey: "k" }));
    },
  );

  test("text that looks like SQL, like a placeholder or like an escape is stored as it is", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const description = "'; drop table application; -- ? ?? $1 :x \\ \\' E'' \u{1f600} {}";
    const { applicationId } = must(await services.applications.create(tenant.actor, applicationInput([cluster], { description })));
    const {
      rows: [row],
    } = await admin.query("select description from application where id = $1", [applicationId]);
    expect(row.description).toBe(description);
  });
});

describe("what a refusal writes", () => {
  test("an audit entry and nothing else", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const before = await countRows(admin, tenant.id);
    const errors = refusals(
      await services.applications.create(tenant.actor, applicationInput([cluster], { name: "Bad Name", idempotencyKey: "k" })),
    );
    expect(errors).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "name"] }]);
    expect(await countRows(admin, tenant.id)).toEqual({ ...before, audit_entry: 1 });
    const {
      rows: [audit],
    } = await admin.query("select * from audit_entry where tenant_id = $1", [tenant.id]);
    expect(audit).toMatchObject({
      outcome: "REFUSED",
      action: "createApplication",
      input: { name: "Bad Name", template: { containers: [{ env: [{ name: "PASSWORD", source: "[redacted]" }] }] } },
    });
    expect(JSON.stringify(audit)).not.toContain("canary-5e1f");
  });

  test("text that no database keeps is refused with its place, and its audit entry is kept", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    for (const description of ["a\0b", "half \ud800 pair"]) {
      const errors = refusals(await services.applications.create(tenant.actor, applicationInput([cluster], { description })));
      expect(errors).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "description"] }]);
    }
    expect((await countRows(admin, tenant.id))["audit_entry"]).toBe(2);
  });

  test("a huge refused input leaves a small audit entry", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const labels = Array.from({ length: 5_000 }, (_, index) => ({ key: `k${index}`, value: "v".repeat(63) }));
    expect(
      refusals(await services.applications.create(tenant.actor, applicationInput([cluster], { labels, description: "d".repeat(100_000) }))),
    ).not.toHaveLength(0);
    const {
      rows: [audit],
    } = await admin.query("select length(input::text) as size from audit_entry where tenant_id = $1", [tenant.id]);
    expect(audit.size).toBeLessThan(20_000);
  });
});

describe("bad input changes nothing", () => {
  const cases: [string, (tools: { cluster: { globalId: string; id: string; code: string } }) => object, string, string[] | null][] = [
    ["an unknown namespace", () => ({ namespace: "nowhere" }), "NOT_FOUND", ["input", "namespace"]],
    ["a bad name", () => ({ name: "Web" }), "INVALID_ARGUMENT", ["input", "name"]],
    ["an over-long description", () => ({ description: "x".repeat(257) }), "INVALID_ARGUMENT", ["input", "description"]],
    ["a workload kind that is not offered", () => ({ workloadKind: "JOB" }), "INVALID_ARGUMENT", ["input", "workloadKind"]],
    ["a capacity type that is not offered", () => ({ capacityType: "OFF_PEAK" }), "INVALID_ARGUMENT", ["input", "capacityType"]],
    ["no clusters", () => ({ distribution: { clusters: [] } }), "INVALID_ARGUMENT", ["input", "distribution", "clusters"]],
    [
      "a cluster id that is none",
      () => ({ distribution: { clusters: [{ clusterId: "nonsense", replicas: 1, networkType: "VPC" }] } }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "clusterId"],
    ],
    [
      "an id of another type",
      ({ cluster }) => ({ distribution: { clusters: [{ clusterId: globalId("Pod", cluster.id), replicas: 1, networkType: "VPC" }] } }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "clusterId"],
    ],
    [
      "a cluster that does not exist",
      () => ({
        distribution: {
          clusters: [{ clusterId: globalId("Cluster", "00000000-0000-7000-8000-000000000000"), replicas: 1, networkType: "VPC" }],
        },
      }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "clusterId"],
    ],
    [
      "a cluster named twice",
      ({ cluster }) => ({
        distribution: { clusters: [0, 1].map(() => ({ clusterId: cluster.globalId, replicas: 1, networkType: "VPC" })) },
      }),
      "INVALID_ARGUMENT",
      ["input", "distribution", "clusters", "1", "clusterId"],
    ],
    [
      "replicas below 0",
      ({ cluster }) => ({ distribution: { clusters: [{ clusterId: cluster.globalId, replicas: -1, networkType: "VPC" }] } }),
      "INVALID_ARGUMENT",
      ["input", "distribution", "clusters", "0", "replicas"],
    ],
    [
      "replicas above 1000",
      ({ cluster }) => ({ distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1001, networkType: "VPC" }] } }),
      "INVALID_ARGUMENT",
      ["input", "distribution", "clusters", "0", "replicas"],
    ],
    [
      "an unknown VPC",
      ({ cluster }) => ({ distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1, networkType: "VPC", vpcId: "Vpc.x" }] } }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "vpcId"],
    ],
    [
      "an unknown subnet",
      ({ cluster }) => ({
        distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1, networkType: "VPC", subnetId: "Subnet.x" }] },
      }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "subnetId"],
    ],
    ["an empty idempotency key", () => ({ idempotencyKey: "" }), "INVALID_ARGUMENT", ["input", "idempotencyKey"]],
    ["an endless idempotency key", () => ({ idempotencyKey: "k".repeat(129) }), "INVALID_ARGUMENT", ["input", "idempotencyKey"]],
    [
      "no capacity left",
      ({ cluster }) => ({ distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 900, networkType: "VPC" }] } }),
      "INSUFFICIENT_CAPACITY",
      ["input", "distribution"],
    ],
  ];
  test.each(cases)("%s", async (_, changes, code, path) => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const before = await countRows(admin, tenant.id);
    const errors = refusals(await services.applications.create(tenant.actor, applicationInput([cluster], changes({ cluster }))));
    expect(errors.map((error) => [error.code, error.path])).toEqual([[code, path]]);
    expect(await countRows(admin, tenant.id)).toEqual({ ...before, audit_entry: 1 });
    expect((await reservations(admin, cluster.id)).pods).toBe(0);
  });

  test("every fault is told at once", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const input = applicationInput([cluster], { name: "-", description: "x".repeat(300) }, -5);
    expect(refusals(await services.applications.create(tenant.actor, input)).map((error) => error.path?.join("."))).toEqual([
      "input.name",
      "input.description",
      "input.distribution.clusters.0.replicas",
    ]);
  });

  test("a name that is taken, with the one that has it", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const { applicationId } = must(await services.applications.create(tenant.actor, applicationInput([cluster])));
    expect(refusals(await services.applications.create(tenant.actor, applicationInput([cluster])))).toMatchObject([
      { code: "ALREADY_EXISTS", path: ["input", "name"], existing: { type: "Application", id: applicationId } },
    ]);
  });

  test("a cordoned cluster takes no new pods, but an application without pods there", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster({ cordoned: true });
    expect(refusals(await services.applications.create(tenant.actor, applicationInput([cluster])))).toMatchObject([
      { code: "PLAN_REFUSED", failedChecks: [{ name: "SCHEDULING", clusterId: cluster.id, ok: false }] },
    ]);
    must(await services.applications.create(tenant.actor, applicationInput([cluster], {}, 0)));
  });

  test("a pod that fits on no node, though the cluster has room", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster({ nodes: 4, nodeCpuMillis: 1_000 });
    const base = applicationInput([cluster], {}, 1);
    const template = { ...base.template, containers: base.template.containers.map((container) => ({ ...container, cpuMillis: 1_500 })) };
    expect(refusals(await services.applications.create(tenant.actor, { ...base, template }))).toMatchObject([
      {
        code: "INSUFFICIENT_CAPACITY",
        failedChecks: [{ name: "CAPACITY", clusterId: cluster.id, message: expect.stringContaining("fits on no node") }],
      },
    ]);
    expect((await reservations(admin, cluster.id)).cpu).toBe(0);
  });

  test("every cluster without room is named, with what is missing", async () => {
    const tenant = await fixture.tenant();
    const [large, small, tiny] = [
      await fixture.cluster(),
      await fixture.cluster({ nodes: 1, nodePods: 1 }),
      await fixture.cluster({ nodes: 1, nodeCpuMillis: 150 }),
    ];
    const [error] = refusals(await services.applications.create(tenant.actor, applicationInput([large, small, tiny])));
    expect(error).toMatchObject({ code: "INSUFFICIENT_CAPACITY" });
    const checks = (error as unknown as { failedChecks: { clusterId: string; message: string }[] }).failedChecks;
    expect(checks.map((check) => [check.clusterId, check.message])).toEqual([
      [small.id, `Cluster ${small.code} has no room: 2 pods needed, 1 of 1 free.`],
      [tiny.id, `Cluster ${tiny.code} has no room: 200 cpuMillis needed, 150 of 150 free.`],
    ]);
  });
});

describe("who may", () => {
  test("a VIEWER may not, whatever the input", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    await expect(services.applications.create(tenant.as({ role: "VIEWER" }), applicationInput([cluster]))).rejects.toThrow(RequestError);
    expect((await countRows(admin, tenant.id))["application"]).toBe(0);
  });

  test("a token limited to namespaces sees no other namespace", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const shopId = await fixture.namespace(tenant, "shop");
    const limited = tenant.as({ role: "OPERATOR", namespaces: ["shop"], namespaceIds: [shopId] });
    expect(refusals(await services.applications.create(limited, applicationInput([cluster])))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "namespace"] },
    ]);
    must(await services.applications.create(limited, applicationInput([cluster], { namespace: "shop" })));
  });
});

describe("the default network", () => {
  test("is made once a tenant and cluster, whoever comes first", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster(), await fixture.cluster()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        services.applications.create(
          tenant.actor,
          applicationInput(index % 2 === 0 ? clusters : clusters.toReversed(), { name: `app-${index}` }, 1),
        ),
      ),
    );
    answers.forEach(must);
    const { rows } = await admin.query(
      "select v.name, v.cidr::text, v.is_default, v.status, s.name as subnet, s.cidr::text as subnet_cidr, host(s.gateway) as gateway from vpc v join subnet s on s.vpc_id = v.id where v.tenant_id = $1",
      [tenant.id],
    );
    expect(rows).toEqual(
      clusters.map(() => ({
        name: "default-vpc",
        cidr: "10.0.0.0/16",
        is_default: true,
        status: "ACTIVE",
        subnet: "default-subnet",
        subnet_cidr: "10.0.0.0/20",
        gateway: "10.0.0.1",
      })),
    );
  });

  test("a named subnet has to be in the named VPC, and both on the placement's cluster", async () => {
    const tenant = await fixture.tenant();
    const [here, there] = [await fixture.cluster(), await fixture.cluster()];
    must(await services.applications.create(tenant.actor, applicationInput([here, there], { name: "first" })));
    const { rows } = await admin.query(
      "select v.id as vpc, s.id as subnet, v.cluster_id from vpc v join subnet s on s.vpc_id = v.id where v.tenant_id = $1",
      [tenant.id],
    );
    const of = (cluster: { id: string }): { vpcId: string; subnetId: string } => {
      const row = rows.find((one) => one.cluster_id === cluster.id);
      return { vpcId: globalId("Vpc", row.vpc), subnetId: globalId("Subnet", row.subnet) };
    };
    const place = (network: object): ReturnType<typeof applicationInput> =>
      applicationInput([], {
        name: "second",
        distribution: { clusters: [{ clusterId: here.globalId, replicas: 1, networkType: "VPC", ...network }] },
      });
    const at = ["input", "distribution", "clusters", "0"];
    expect(refusals(await services.applications.create(tenant.actor, place({ vpcId: of(there).vpcId })))).toMatchObject([
      { code: "VPC_MISMATCH", path: [...at, "vpcId"] },
    ]);
    expect(refusals(await services.applications.create(tenant.actor, place({ subnetId: of(there).subnetId })))).toMatchObject([
      { code: "VPC_MISMATCH", path: [...at, "subnetId"] },
    ]);
    expect(
      refusals(await services.applications.create(tenant.actor, place({ vpcId: of(here).vpcId, subnetId: of(there).subnetId }))),
    ).toMatchObject([{ code: "VPC_MISMATCH", path: [...at, "subnetId"] }]);
    expect(
      refusals(await services.applications.create(tenant.actor, place({ subnetId: of(here).subnetId, networkType: "HOST" }))),
    ).toMatchObject([{ code: "INVALID_ARGUMENT", path: [...at, "subnetId"] }]);
    const { applicationId } = must(await services.applications.create(tenant.actor, place({ vpcId: of(here).vpcId })));
    const {
      rows: [placement],
    } = await admin.query("select vpc_id, subnet_id from placement where application_id = $1", [applicationId]);
    expect(placement.subnet_id).toBe(rows.find((one) => one.cluster_id === here.id).subnet);

    const stranger = await fixture.tenant();
    expect(refusals(await services.applications.create(stranger.actor, place({ vpcId: of(here).vpcId })))).toMatchObject([
      { code: "NOT_FOUND", path: [...at, "vpcId"] },
    ]);
  });
});
