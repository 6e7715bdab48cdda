import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { SERVICE_RANGE, type ServicePort } from "#server/domain/service.ts";
import { Application } from "#server/entities/application.ts";
import { inScope } from "#server/database/scope.ts";
import { MAX_BATCH } from "#server/services/batch.ts";
import { mutate, scopeOf } from "#server/services/mutation.ts";
import { putService } from "#server/services/service.ts";
import { applicationInput, createFixture, FINGERPRINT_KEY, must, refusals, type TestCluster, type TestTenant } from "./fixture.ts";

const fixture = await createFixture(12);
const { admin, services } = fixture;
afterAll(() => fixture.close());

const HTTP: ServicePort = { name: "http", protocol: "TCP", port: 80, containerPort: 8080 };
const METRICS: ServicePort = { name: "metrics", protocol: "TCP", port: 9090, containerPort: 8080 };

interface Place {
  readonly tenant: TestTenant;
  readonly clusters: readonly TestCluster[];
  readonly applicationId: string;
  readonly uuid: string;
}

async function place(clusterCount = 2, changes: Parameters<typeof applicationInput>[1] = {}, tenant?: TestTenant): Promise<Place> {
  const owner = tenant ?? (await fixture.tenant());
  const clusters = await Promise.all(Array.from({ length: clusterCount }, () => fixture.cluster()));
  const made = must(await services.applications.create(owner.actor, applicationInput(clusters, changes)));
  return { tenant: owner, clusters, applicationId: globalId("Application", made.applicationId), uuid: made.applicationId };
}
const create = ({ tenant, applicationId }: Place, changes: object = {}) =>
  services.services.create(tenant.actor, { name: "web", applicationId, ports: [HTTP], type: "CLUSTER_IP", ...changes });
const serviceId = (id: string | undefined): string => globalId("Service", id ?? "");

interface Row {
  id: string;
  cluster_id: string;
  vpc_id: string;
  name: string;
  cluster_ip: string;
  ports: ServicePort[];
  status: string;
  version: number;
  generation: number;
  deleting: boolean;
}
const rowsOf = async ({ tenant }: Pick<Place, "tenant">): Promise<Row[]> =>
  (await admin.query<Row>("select *, host(cluster_ip) as cluster_ip from service where tenant_id = $1 order by cluster_id, name", [tenant.id])).rows;
const operationOf = async (id: string | null): Promise<Record<string, unknown>> =>
  (await admin.query("select kind, state, target_type, target_id, target_name, total from operation where id = $1", [id])).rows[0];
const stepsOf = async (id: string | null): Promise<Record<string, unknown>[]> =>
  (await admin.query("select cluster_id, target_type, target_id, name, total, state from operation_step where operation_id = $1 order by name", [id])).rows;
const jobsOf = async (tenantId: string): Promise<number> =>
  Number((await admin.query("select count(*) from graphile_worker._private_jobs where payload->>'tenantId' = $1", [tenantId])).rows[0].count);

describe("creating services", () => {
  test("makes one on every cluster that the application runs on, in the placement's VPC, with an address of the range", async () => {
    const at = await place();
    const made = must(await create(at, { ports: [HTTP, METRICS] }));
    const rows = await rowsOf(at);
    expect(rows.map(({ cluster_id }) => cluster_id).toSorted()).toEqual(at.clusters.map(({ id }) => id).toSorted());
    expect(rows.map(({ id }) => id).toSorted()).toEqual([...made.serviceIds].toSorted());
    const placements = await admin.query("select cluster_id, vpc_id from placement where tenant_id = $1 order by cluster_id", [at.tenant.id]);
    expect(rows.map(({ cluster_id, vpc_id }) => ({ cluster_id, vpc_id }))).toEqual(placements.rows);
    for (const row of rows) {
      expect(row).toMatchObject({ name: "web", ports: [HTTP, METRICS], status: "PENDING", version: 1, generation: 1, deleting: false });
      expect(row.cluster_ip).toMatch(/^100\.96\.\d+\.\d+$/);
    }
    // One operation over both, with a step for each: clusters are what is counted.
    expect(await operationOf(made.operationId)).toEqual({ kind: "CREATE_SERVICE", state: "PENDING", target_type: null, target_id: null, target_name: "web", total: 2 });
    expect(await stepsOf(made.operationId)).toEqual(
      at.clusters.map(({ id, code }) => ({ cluster_id: id, target_type: "Service", target_id: rows.find((row) => row.cluster_id === id)?.id, name: code, total: 1, state: "PENDING" })),
    );
    const { rows: told } = await admin.query("select ids from timeline where tenant_id = $1 and kind = 'service'", [at.tenant.id]);
    expect(told.flatMap(({ ids }) => ids as string[]).toSorted()).toEqual([...made.serviceIds].toSorted());
    // The key of the job is the application's: that of its creation is still there, and is the same.
    expect(await jobsOf(at.tenant.id)).toBe(1);
  });

  test("makes it on the clusters that are named, and the operation's target is the service where there is one", async () => {
    const at = await place();
    const made = must(await create(at, { clusterIds: [at.clusters[1]?.globalId] }));
    expect(await rowsOf(at)).toMatchObject([{ cluster_id: at.clusters[1]?.id }]);
    expect(await operationOf(made.operationId)).toMatchObject({ target_type: "Service", target_id: made.serviceIds[0], total: 1 });
    const { rows } = await admin.query("select action, target_type, target_id, target_name, outcome from audit_entry where tenant_id = $1 and action = 'createServices'", [at.tenant.id]);
    expect(rows).toEqual([{ action: "createServices", target_type: "Service", target_id: made.serviceIds[0], target_name: "web", outcome: "ACCEPTED" }]);
  });

  test("refuses what an application does not run on, and lists every fault with its place", async () => {
    const at = await place();
    const elsewhere = await fixture.cluster();
    const first = at.clusters[0]?.globalId;
    expect(refusals(await create(at, { clusterIds: [elsewhere.globalId, "nonsense", first, first] }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "clusterIds", "0"] },
      { code: "NOT_FOUND", path: ["input", "clusterIds", "1"] },
      { code: "INVALID_ARGUMENT", path: ["input", "clusterIds", "3"] },
    ]);
    expect(refusals(await create(at, { clusterIds: [] }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "clusterIds"] }]);
    expect(refusals(await create(at, { name: "Web", ports: [{ ...HTTP, port: 0 }] }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "name"] },
      { code: "INVALID_ARGUMENT", path: ["input", "ports", "0", "port"] },
    ]);
    expect(refusals(await create(at, { applicationId: globalId("Application", "00000000-0000-7000-8000-000000000000") }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "applicationId"] }]);
    const stranger = await fixture.tenant();
    expect(refusals(await create({ ...at, tenant: stranger }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "applicationId"] }]);
    expect(await rowsOf(at)).toEqual([]);
  });

  test("refuses a port that no container declares, where they declare any", async () => {
    const at = await place(1);
    expect(refusals(await create(at, { ports: [HTTP, { ...METRICS, containerPort: 9090 }] }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "ports", "1", "containerPort"] }]);
    const { template } = applicationInput([]);
    const silent = await place(1, { template: { ...template, containers: template.containers.map(({ ports: _, ...container }) => container) } });
    must(await create(silent, { ports: [{ ...HTTP, containerPort: 1234 }] }));
  });

  test("refuses a name that its namespace has on such a cluster, and names who has it", async () => {
    const at = await place();
    const made = must(await create(at, { clusterIds: [at.clusters[0]?.globalId] }));
    const [error] = refusals(await create(at));
    expect(error).toMatchObject({ code: "ALREADY_EXISTS", path: ["input", "name"], existing: { type: "Service", id: made.serviceIds[0] } });
    expect(error?.message).toContain(at.clusters[0]?.code);
    must(await create(at, { clusterIds: [at.clusters[1]?.globalId] }));
    // Another namespace has names of its own, on the same cluster.
    await fixture.namespace(at.tenant, "other");
    const other = must(await services.applications.create(at.tenant.actor, applicationInput(at.clusters, { namespace: "other" })));
    must(await create({ ...at, applicationId: globalId("Application", other.applicationId) }));
  });

  test("of one name by several at once, of two applications, is one's", async () => {
    const at = await place(2);
    const other = must(await services.applications.create(at.tenant.actor, applicationInput(at.clusters, { name: "other" })));
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => create(n % 2 === 0 ? at : { ...at, applicationId: globalId("Application", other.applicationId) })));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    for (const answer of answers) if (!answer.ok) expect(refusals(answer)).toMatchObject([{ code: "ALREADY_EXISTS", path: ["input", "name"] }]);
    expect(await rowsOf(at)).toHaveLength(2);
  });

  test("refuses an application that is being deleted", async () => {
    const at = await place(1);
    must(await services.applications.delete(at.tenant.actor, { applicationId: at.applicationId, confirmName: "web" }));
    expect(refusals(await create(at))).toMatchObject([{ code: "INVALID_STATE" }]);
  });

  test("is not for a VIEWER, and a token of another namespace doesn't find the application", async () => {
    const at = await place(1);
    await expect(create({ ...at, tenant: { ...at.tenant, actor: at.tenant.as({ role: "VIEWER" }) } })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const other = await fixture.namespace(at.tenant, "other");
    const limited = at.tenant.as({ role: "OPERATOR", namespaces: ["other"], namespaceIds: [other] });
    expect(refusals(await create({ ...at, tenant: { ...at.tenant, actor: limited } }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "applicationId"] }]);
  });

  test("has one effect for a key", async () => {
    const at = await place();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(at, { idempotencyKey: "k" })));
    for (const answer of answers) expect(must(answer)).toEqual(must(answers[0] as (typeof answers)[0]));
    expect(await rowsOf(at)).toHaveLength(2);
  });
});

describe("cluster IPs", () => {
  test("50 creators at once, of several applications and namespaces, get an address each", async () => {
    const tenant = await fixture.tenant();
    const clusters = await Promise.all([fixture.cluster(), fixture.cluster()]);
    const other = await fixture.namespace(tenant, "other");
    const limited = tenant.as({ role: "OPERATOR", namespaces: ["other"], namespaceIds: [other] });
    const applications = await Promise.all(
      ["default", "other"].flatMap((namespace) => ["a", "b", "c"].map(async (name) => {
        const made = must(await services.applications.create(tenant.actor, applicationInput(clusters, { name, namespace }, 1)));
        return { actor: namespace === "other" ? limited : tenant.actor, applicationId: globalId("Application", made.applicationId) };
      })),
    );
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const { actor, applicationId } = applications[n % applications.length] as (typeof applications)[0];
        return services.services.create(actor, { name: `s-${n}`, applicationId, ports: [HTTP], type: "CLUSTER_IP" });
      }),
    );
    for (const answer of answers) must(answer);
    const rows = await rowsOf({ tenant });
    expect(rows).toHaveLength(100);
    for (const cluster of clusters) {
      const addresses = rows.filter(({ cluster_id }) => cluster_id === cluster.id).map(({ cluster_ip }) => cluster_ip);
      expect(new Set(addresses).size).toBe(50);
    }
  });

  test("go to the last one of the block, also from a token that doesn't see who has the others, and then say that there are no more", { timeout: 60_000 }, async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const made = must(await services.applications.create(tenant.actor, applicationInput([cluster], {}, 1)));
    const other = await fixture.namespace(tenant, "other");
    const mine = must(await services.applications.create(tenant.actor, applicationInput([cluster], { namespace: "other" }, 1)));
    // All but three, of another namespace.
    const free = [0, 40_000, SERVICE_RANGE.addresses - 1];
    const filling = await admin.connect();
    // Without the triggers of foreign keys: 65,531 rows.
    await filling.query("begin; set local session_replication_role = replica");
    await filling.query(
      `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, cluster_ip, ports, status, version, generation, created_at, updated_at)
       select p.tenant_id, gen_random_uuid(), p.namespace_id, p.application_id, p.cluster_id, p.vpc_id, 'full-' || n, 'CLUSTER_IP', $2::inet + n, '[]', 'ACTIVE', 1, 1, now(), now()
       from placement p, generate_series(0, $3::int - 1) n where p.application_id = $1 and n <> all ($4::int[])`,
      [made.applicationId, SERVICE_RANGE.first, SERVICE_RANGE.addresses, free],
    );
    await filling.query("commit");
    filling.release();
    const limited = tenant.as({ role: "OPERATOR", namespaces: ["other"], namespaceIds: [other] });
    const next = (n: number) => services.services.create(limited, { name: `s-${n}`, applicationId: globalId("Application", mine.applicationId), ports: [HTTP], type: "CLUSTER_IP" });
    const answers = await Promise.all([1, 2, 3, 4].map(next));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
    const { rows } = await admin.query<{ n: string }>("select cluster_ip - $2::inet as n from service where tenant_id = $1 and name like 's-%' order by 1", [tenant.id, SERVICE_RANGE.first]);
    expect(rows.map(({ n }) => Number(n))).toEqual(free);
    const [error] = refusals(await next(5));
    expect(error).toMatchObject({ code: "INSUFFICIENT_CAPACITY", failedChecks: [{ name: "NETWORK", ok: false, clusterId: cluster.id }] });
    expect(error?.message).toContain("65534 addresses of 100.96.0.0/16");
    // Another tenant's services have addresses of their own.
    const neighbour = await fixture.tenant();
    const theirs = must(await services.applications.create(neighbour.actor, applicationInput([cluster], {}, 1)));
    must(await services.services.create(neighbour.actor, { name: "web", applicationId: globalId("Application", theirs.applicationId), ports: [HTTP], type: "CLUSTER_IP" }));
  });
});

describe("updating a service", () => {
  const update = ({ tenant }: Place, id: string | undefined, changes: object = {}) => services.services.update(tenant.actor, { serviceId: serviceId(id), ports: [HTTP, METRICS], ...changes });

  test("replaces its ports, under a new generation, and takes over what was unfinished", async () => {
    const at = await place(1);
    const made = must(await create(at));
    const [id] = made.serviceIds;
    await admin.query("update service set status = 'FAILED', problem = 'no such port', observed_generation = 1 where id = $1", [id]);
    const changed = must(await update(at, id, { expectedVersion: 1 }));
    expect(await rowsOf(at)).toMatchObject([{ ports: [HTTP, METRICS], version: 2, generation: 2, status: "UPDATING", problem: null }]);
    expect(await operationOf(changed.operationId)).toEqual({ kind: "UPDATE_SERVICE", state: "PENDING", target_type: "Service", target_id: id, target_name: "web", total: 1 });
    expect(await operationOf(made.operationId)).toMatchObject({ state: "SUPERSEDED" });
    expect(await stepsOf(made.operationId)).toMatchObject([{ state: "SUPERSEDED" }]);
  });

  test("takes over its step of an operation over several, which goes on with the others", async () => {
    const at = await place(2);
    const made = must(await create(at));
    const [row, other] = await rowsOf(at);
    must(await update(at, row?.id));
    expect(await operationOf(made.operationId)).toMatchObject({ state: "PENDING" });
    const steps = await stepsOf(made.operationId);
    expect(steps.find(({ target_id }) => target_id === row?.id)).toMatchObject({ state: "SUPERSEDED" });
    expect(steps.find(({ target_id }) => target_id === other?.id)).toMatchObject({ state: "PENDING" });
    const { rows } = await admin.query("select payload->>'operationId' as id from graphile_worker._private_jobs where payload->>'operationId' = $1", [made.operationId]);
    expect(rows).toHaveLength(1);
  });

  test("leaves the clusters in peace where the ports are the same: a version, no operation", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    await admin.query("update service set status = 'ACTIVE' where id = $1", [id]);
    expect(must(await update(at, id, { ports: [HTTP] }))).toEqual({ serviceIds: [id], operationId: null });
    expect(await rowsOf(at)).toMatchObject([{ version: 2, generation: 1, status: "ACTIVE" }]);
  });

  test("stays PENDING while no cluster has confirmed it at all", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    must(await update(at, id));
    expect(await rowsOf(at)).toMatchObject([{ status: "PENDING", generation: 2 }]);
  });

  test("is refused for another version, for what is not there, for bad ports, and for what is being deleted", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    expect(refusals(await update(at, id, { expectedVersion: 7 }))).toMatchObject([{ code: "CONFLICT", path: ["input", "expectedVersion"], currentVersion: 1, current: { type: "Service", id } }]);
    expect(refusals(await update(at, id, { ports: [] }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "ports"] }]);
    expect(refusals(await update(at, id, { ports: [{ ...HTTP, containerPort: 1 }] }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "ports", "0", "containerPort"] }]);
    expect(refusals(await update({ ...at, tenant: await fixture.tenant() }, id))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "serviceId"] }]);
    must(await services.services.delete(at.tenant.actor, { ids: [serviceId(id)] }));
    expect(refusals(await update(at, id))).toMatchObject([{ code: "INVALID_STATE" }]);
    expect(await rowsOf(at)).toMatchObject([{ ports: [HTTP], version: 2 }]);
  });

  test("50 at once with the version that each saw lose nothing", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    let accepted = 0;
    await Promise.all(
      Array.from({ length: 10 }, async (_, client) => {
        for (let n = 0; n < 5; ) {
          const version = (await rowsOf(at))[0]?.version;
          const answer = await update(at, id, { ports: [{ ...HTTP, port: 1000 + client * 10 + n }], expectedVersion: version });
          if (!answer.ok) continue;
          accepted += 1;
          n += 1;
        }
      }),
    );
    expect(await rowsOf(at)).toMatchObject([{ version: 1 + accepted, generation: 51 }]);
    expect(accepted).toBe(50);
    const { rows } = await admin.query("select state, count(*)::int as count from operation where tenant_id = $1 and kind = 'UPDATE_SERVICE' group by 1 order by 1", [at.tenant.id]);
    expect(rows).toEqual([{ state: "PENDING", count: 1 }, { state: "SUPERSEDED", count: 49 }]);
  });
});

describe("deleting services", () => {
  const remove = ({ tenant }: Place, ids: readonly string[], key?: string) => services.services.delete(tenant.actor, { ids, ...(key ? { idempotencyKey: key } : {}) });

  test("answers item by item: one that is refused leaves the others as they are", async () => {
    const at = await place(2);
    const { serviceIds, operationId } = must(await create(at));
    const [first, second] = serviceIds.map(serviceId);
    const foreign = await place(1);
    const { serviceIds: [theirs] } = must(await create(foreign));
    const { items } = must(await remove(at, [first as string, "Service.nonsense", serviceId(theirs), second as string, first as string]));
    expect(items.map(({ id }) => id)).toEqual([first, "Service.nonsense", serviceId(theirs), second, first]);
    expect(items.map(({ deletion, errors }) => deletion?.object?.id ?? errors.map(({ code, path }) => [code, path]))).toEqual([
      serviceIds[0], [["NOT_FOUND", ["input", "ids", "1"]]], [["NOT_FOUND", ["input", "ids", "2"]]], serviceIds[1], [["INVALID_STATE", null]],
    ]);
    for (const { deletion } of items) if (deletion) expect(await operationOf(deletion.operationId)).toMatchObject({ kind: "DELETE_SERVICE", target_type: "Service", total: 1 });
    for (const row of await rowsOf(at)) expect(row).toMatchObject({ deleting: true, status: "DELETING", version: 2, generation: 2 });
    for (const step of await stepsOf(operationId)) expect(step).toMatchObject({ state: "SUPERSEDED" });
    expect(await rowsOf(foreign)).toMatchObject([{ deleting: false }]);
  });

  test("given again under its key gives the same answer, refusals and all", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    const ids = [serviceId(id), "Service.nonsense"];
    const first = must(await remove(at, ids, "k"));
    expect(must(await remove(at, ids, "k"))).toEqual(first);
    expect(await rowsOf(at)).toMatchObject([{ version: 2 }]);
    expect(refusals(await remove(at, [serviceId(id)], "k"))).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH" }]);
  });

  test("takes 1 to 100 ids", async () => {
    const at = await place(1);
    for (const count of [0, MAX_BATCH + 1]) expect(refusals(await remove(at, Array.from({ length: count }, () => "x")))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "ids"] }]);
    expect(must(await remove(at, Array.from({ length: MAX_BATCH }, () => "x"))).items).toHaveLength(MAX_BATCH);
  });

  test("keeps name and address until the cluster has confirmed", async () => {
    const at = await place(1);
    const { serviceIds: [id] } = must(await create(at));
    must(await remove(at, [serviceId(id)]));
    const [error] = refusals(await create(at));
    expect(error).toMatchObject({ code: "ALREADY_EXISTS", path: ["input", "name"] });
    expect(error?.message).toContain("is being deleted");
  });

  test("comes with its application's, whose operations of services end", async () => {
    const at = await place(2);
    const made = must(await create(at));
    must(await services.applications.delete(at.tenant.actor, { applicationId: at.applicationId, confirmName: "web" }));
    for (const row of await rowsOf(at)) expect(row).toMatchObject({ deleting: true, status: "DELETING", generation: 2 });
    for (const step of await stepsOf(made.operationId)) expect(step).toMatchObject({ state: "SUPERSEDED" });
    const { rows } = await admin.query("select ids from timeline where tenant_id = $1 and kind = 'service' order by at, xid, seq", [at.tenant.id]);
    expect((rows.at(-1)?.ids as string[]).toSorted()).toEqual([...made.serviceIds].toSorted());
  });
});

describe("what moves an application", () => {
  test("into another VPC moves its services on that cluster, and leaves alone what its operations wait for", async () => {
    const at = await place(2);
    const made = must(await create(at));
    await admin.query("update service set status = 'ACTIVE', observed_generation = 1 where tenant_id = $1", [at.tenant.id]);
    const [stays, moves] = at.clusters as [TestCluster, TestCluster];
    const { rows: [vpc] } = await admin.query(
      "insert into vpc (tenant_id, id, cluster_id, name, cidr, is_default, status, version, created_at) values ($1, gen_random_uuid(), $2, 'other', '10.1.0.0/16', false, 'ACTIVE', 1, now()) returning id",
      [at.tenant.id, moves.id],
    );
    await admin.query(
      "insert into subnet (tenant_id, id, vpc_id, cluster_id, name, cidr, gateway, is_default, status, created_at) values ($1, gen_random_uuid(), $2, $3, 'sub', '10.1.0.0/24', '10.1.0.1', false, 'ACTIVE', now())",
      [at.tenant.id, vpc.id, moves.id],
    );
    const distribution = (vpcId: string | null) => ({ clusters: [{ clusterId: stays.globalId, replicas: 2, networkType: "VPC" as const }, { clusterId: moves.globalId, replicas: 2, networkType: "VPC" as const, ...(vpcId ? { vpcId } : {}) }] });
    must(await services.applications.updateDistribution(at.tenant.actor, { applicationId: at.applicationId, distribution: distribution(globalId("Vpc", vpc.id)) }));
    const rows = await rowsOf(at);
    expect(rows.find(({ cluster_id }) => cluster_id === moves.id)).toMatchObject({ vpc_id: vpc.id, generation: 2, version: 1, status: "UPDATING" });
    expect(rows.find(({ cluster_id }) => cluster_id === stays.id)).toMatchObject({ generation: 1, status: "ACTIVE" });
    expect(await stepsOf(made.operationId)).toMatchObject([{ state: "PENDING" }, { state: "PENDING" }]);
    // And scaling moves nothing.
    must(await services.applications.scale(at.tenant.actor, { applicationId: at.applicationId, replicas: 3 }));
    expect((await rowsOf(at)).map(({ generation }) => generation).toSorted()).toEqual([1, 2]);
  });
});

describe("putting a service", () => {
  const options = { orm: fixture.orm, bus: { publish: () => undefined, subscribe: () => () => undefined, close: async () => undefined }, clock: { now: () => Date.UTC(2026, 0, 1) }, speed: 1, fingerprintKey: FINGERPRINT_KEY };
  const put = (at: Place, ports: readonly ServicePort[], clusterIds: readonly string[], name = "web") =>
    mutate(options as never, { name: "importManifests", role: "OPERATOR", actor: at.tenant.actor, input: {} }, async (tx) => {
      const application = await tx.em.findOneOrFail(Application, { tenantId: at.tenant.id, id: at.uuid });
      return putService(tx, application, { name, ports, clusterIds, path: ["input", "yaml"] });
    });

  test("creates, changes, completes or leaves alone, by the name", async () => {
    const at = await place(2);
    const [first, second] = at.clusters.map(({ id }) => id) as [string, string];
    const created = must(await put(at, [HTTP], [first]));
    expect(created).toMatchObject({ applied: "CREATED", operationId: null, serviceIds: [created.id], steps: [{ targetType: "Service", targetId: created.id, clusterId: first, total: 1 }] });
    expect(must(await put(at, [HTTP], [first]))).toMatchObject({ applied: "UNCHANGED", id: created.id, steps: [] });
    expect(must(await put(at, [METRICS], [first]))).toMatchObject({ applied: "UPDATED", id: created.id, steps: [{ targetId: created.id }] });
    const completed = must(await put(at, [METRICS], [first, second]));
    expect(completed).toMatchObject({ applied: "CREATED", steps: [{ clusterId: second }] });
    expect(completed.serviceIds).toHaveLength(2);
    expect((await rowsOf(at)).map(({ ports, version, cluster_id }) => [cluster_id, ports, version])).toEqual([[first, [METRICS], 2], [second, [METRICS], 1]].toSorted());
  });

  test("refuses another application's, one on its way out, bad ports and foreign clusters, with the caller's path", async () => {
    const at = await place(1);
    const [cluster] = at.clusters.map(({ id }) => id) as [string];
    const { applicationId } = must(await services.applications.create(at.tenant.actor, applicationInput(at.clusters, { name: "other" })));
    const { serviceIds: [taken] } = must(await create({ ...at, applicationId: globalId("Application", applicationId) }));
    expect(refusals(await put(at, [HTTP], [cluster]))).toMatchObject([{ code: "ALREADY_EXISTS", path: ["input", "yaml"], existing: { id: taken } }]);
    expect(refusals(await put(at, [], [cluster], "mine"))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "yaml"] }]);
    expect(refusals(await put(at, [HTTP], [(await fixture.cluster()).id], "mine"))).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "yaml"] }]);
    const mine = must(await put(at, [HTTP], [cluster], "mine"));
    must(await services.services.delete(at.tenant.actor, { ids: [serviceId(mine.id)] }));
    expect(refusals(await put(at, [HTTP], [cluster], "mine"))).toMatchObject([{ code: "ALREADY_EXISTS" }]);
  });
});

test("row-level security keeps services to their tenant", async () => {
  const at = await place(1);
  must(await create(at));
  const stranger = await fixture.tenant();
  const seen = await inScope(fixture.orm, scopeOf(stranger.actor), (em) => em.execute("select id from service"));
  expect(seen).toEqual([]);
});
