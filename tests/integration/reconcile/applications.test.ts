import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createDriver, type Driver } from "#server/reconcile/driver.ts";
import { sweep } from "#server/reconcile/sweep.ts";
import { type Centre, createCentre, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let tenant: DesiredState;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "reconcile");
});
afterAll(() => database.drop());
beforeEach(() => (centre = createCentre(database)));
afterEach(() => centre.close());

const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => (await database.admin.query<Row>(sql, values)).rows;
const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | undefined> => (await rows<Row>(sql, values))[0];
const applicationIs = (id: string): Promise<object | undefined> => one("select status, desired, created, ready, updated, unavailable from application where id = $1", [id]);
const operationIs = (id: string): Promise<object | undefined> => one("select state, completed, total, finished_at is not null as finished from operation where id = $1", [id]);

async function agents(...codes: string[]): Promise<ScriptedAgent[]> {
  const all = codes.map((code) => new ScriptedAgent(code).connect(centre.link.dial()));
  await Promise.all(all.map((agent) => agent.hello()));
  return all;
}
const on = (all: readonly ScriptedAgent[], replicas: number): { id: string; replicas: number }[] => all.map((agent) => ({ id: agent.clusterId, replicas }));
const told = (agent: ScriptedAgent, application: { placements: ReadonlyMap<string, string> }, generation: number): Promise<void> =>
  eventually(() => expect(agent.objects.get(application.placements.get(agent.clusterId) ?? "")?.generation).toBe(generation));

/** Told by the centre, and where readers are told to look for them. */
async function eventsOf(applicationId: string): Promise<unknown[]> {
  const events = await rows<{ id: string }>(
    "select id, type, reason, message, count, object, involved_type, involved_id, cause, namespace_id from event where tenant_id = $1 and application_id = $2 order by at, reason", [tenant.tenantId, applicationId]);
  const { ids } = (await one<{ ids: string[] }>("select coalesce(array_agg(id), '{}') as ids from (select unnest(ids) as id from timeline where kind = 'event' and tenant_id = $1 and owner_ids = $2) t", [tenant.tenantId, [applicationId]])) ?? { ids: [] };
  expect(ids.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  return events;
}

async function driver(): Promise<Driver> {
  const { pool } = await database.openAs("selvedge_worker", 4);
  return createDriver({ pool, bus: centre.bus, clock: wallClock, speed: 1 });
}

test("from a mutation's rows to ready pods, scaled, and removed: rows, statuses, operations and timeline follow", async () => {
  await centre.gateway();
  await centre.worker();
  const [a, b] = await agents("life-a", "life-b") as [ScriptedAgent, ScriptedAgent];
  const shop = await tenant.application({ name: "life", clusters: on([a, b], 2) });
  await Promise.all([told(a, shop, 1), told(b, shop, 1)]);
  expect(await applicationIs(shop.id)).toMatchObject({ status: "PENDING", desired: 4, unavailable: 4 });

  await a.comply();
  await eventually(async () => expect(await operationIs(shop.operationId)).toEqual({ state: "RUNNING", completed: 2, total: 4, finished: false }));
  expect(await applicationIs(shop.id)).toEqual({ status: "DEPLOYING", desired: 4, created: 2, ready: 2, updated: 2, unavailable: 2 });
  await b.comply();
  await eventually(async () => expect(await operationIs(shop.operationId)).toEqual({ state: "SUCCEEDED", completed: 4, total: 4, finished: true }));
  expect(await applicationIs(shop.id)).toEqual({ status: "RUNNING", desired: 4, created: 4, ready: 4, updated: 4, unavailable: 0 });

  const scaling = await tenant.change(shop, { replicas: 3, kind: "SCALE_APPLICATION" });
  await Promise.all([told(a, shop, 2), told(b, shop, 2)]);
  await Promise.all([a.comply(), b.comply()]);
  await eventually(async () => expect(await operationIs(scaling)).toEqual({ state: "SUCCEEDED", completed: 6, total: 6, finished: true }));
  expect(await applicationIs(shop.id)).toMatchObject({ status: "RUNNING", ready: 6 });

  const [first] = [...a.objects.values()];
  await a.report({
    pods: first ? [a.pod(first, 0, { ready: false, reason: "CrashLoopBackOff" })] : [],
    placements: [{ placementId: first?.objectId ?? "", term: 1, generation: 2, created: 3, ready: 2, updated: 3 }],
  });
  await eventually(async () => expect(await applicationIs(shop.id)).toMatchObject({ status: "DEGRADED", ready: 5, unavailable: 1 }));
  await a.comply();
  await eventually(async () => expect(await applicationIs(shop.id)).toMatchObject({ status: "RUNNING", ready: 6 }));
  const about = { object: "application/life", involved_type: "Application", involved_id: shop.id, cause: null, namespace_id: tenant.namespaceId, count: 1 };
  expect(await eventsOf(shop.id)).toMatchObject([
    { ...about, type: "WARNING", reason: "ApplicationDegraded", message: expect.stringContaining("CrashLoopBackOff") }, { ...about, type: "NORMAL", reason: "ApplicationRecovered", message: "All 6 pods are ready again" },
  ]);

  const deletion = await tenant.change(shop, { deleting: true, kind: "DELETE_APPLICATION" });
  await Promise.all([told(a, shop, 3), told(b, shop, 3)]);
  const before = (await one<{ seq: number }>("select max(seq) as seq from timeline"))?.seq;
  await a.comply();
  await eventually(async () => expect(await operationIs(deletion)).toMatchObject({ state: "RUNNING", finished: false }));
  expect(await rows("select cluster_id from placement where application_id = $1", [shop.id])).toEqual([{ cluster_id: b.clusterId }]);
  // Nothing can be looked up of it any more: whoever counts what is on a cluster goes by this.
  expect(await rows("select cluster_id from timeline where kind = 'placement' and removed_ids = $1 and seq > $2", [[shop.placements.get(a.clusterId)], before])).toEqual([{ cluster_id: a.clusterId }]);
  await b.comply();
  await eventually(async () => expect(await operationIs(deletion)).toEqual({ state: "SUCCEEDED", completed: 6, total: 6, finished: true }));
  for (const table of ["application", "placement", "revision", "assignment", "pod"]) {
    expect(await rows(`select from ${table} where ${table === "application" ? "id" : "application_id"} = $1`, [shop.id])).toEqual([]);
  }
  expect(await rows("select from timeline where kind = 'application' and $1::uuid = any (removed_ids) and tenant_id = $2", [shop.id, tenant.tenantId])).toHaveLength(1);
  expect(await one("select sum(cardinality(removed_ids))::int as pods from timeline where kind = 'pod' and tenant_id = $1", [tenant.tenantId])).toEqual({ pods: 6 });
});

test("an application that has left a cluster is told of again, though nothing else about it has changed: where it is placed is filtered by", async () => {
  await centre.gateway();
  await centre.worker();
  const [a, b] = await agents("left-a", "left-b") as [ScriptedAgent, ScriptedAgent];
  const shop = await tenant.application({ name: "left", clusters: on([a, b], 0) });
  await Promise.all([told(a, shop, 1), told(b, shop, 1)]);
  await Promise.all([a.comply(), b.comply()]);
  await tenant.change(shop, { deleting: true, kind: "DELETE_APPLICATION" });
  await Promise.all([told(a, shop, 2), told(b, shop, 2)]);
  const before = await one<{ seq: number }>("select max(seq) as seq from timeline");
  await a.comply();
  await eventually(async () => expect(await rows("select cluster_id from placement where application_id = $1", [shop.id])).toEqual([{ cluster_id: b.clusterId }]));
  expect(await rows("select from timeline where kind = 'application' and $1 = any (ids) and seq > $2", [shop.id, before?.seq])).toHaveLength(1);
});

test("an import is settled from the steps of all its applications, and ends once", async () => {
  await centre.gateway();
  await centre.worker();
  const [a, b] = await agents("import-a", "import-b") as [ScriptedAgent, ScriptedAgent];
  const applications: DeployedApplication[] = [];
  for (const name of ["one", "two", "three"]) applications.push(await tenant.application({ name: `import-${name}`, clusters: on([a, b], 1), kind: null, enqueue: false }));
  const operationId = await tenant.importing(applications);
  await Promise.all(applications.flatMap((application) => [told(a, application, 1), told(b, application, 1)]));
  await a.comply();
  await eventually(async () => expect(await operationIs(operationId)).toEqual({ state: "RUNNING", completed: 3, total: 6, finished: false }));
  await b.comply();
  await eventually(async () => expect(await operationIs(operationId)).toEqual({ state: "SUCCEEDED", completed: 6, total: 6, finished: true }));
  const ended = await rows<{ finished_at: Date }>("select finished_at from operation where id = $1", [operationId]);
  await b.comply();
  await (await driver()).settleOperation({ tenantId: tenant.tenantId, operationId });
  expect(await rows("select finished_at from operation where id = $1", [operationId])).toEqual(ended);
});

test("an import that failed in part is told of those applications that it failed of", async () => {
  await centre.gateway();
  await centre.worker();
  const [a] = await agents("part-a") as [ScriptedAgent];
  const applications: DeployedApplication[] = [];
  for (const name of ["good", "bad"]) applications.push(await tenant.application({ name: `part-${name}`, clusters: on([a], 1), kind: null, enqueue: false }));
  const [good, bad] = applications as [DeployedApplication, DeployedApplication];
  const operationId = await tenant.importing(applications);
  await Promise.all(applications.map((application) => told(a, application, 1)));
  await a.report({ placements: [{ placementId: bad.placements.get(a.clusterId) ?? "", term: 1, generation: 1, created: 0, ready: 0, updated: 0, problem: "There is no such volume." }] });
  await a.comply();
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "PARTIALLY_SUCCEEDED", finished: true }));
  expect(await eventsOf(good.id)).toEqual([]);
  expect(await eventsOf(bad.id)).toMatchObject([{ type: "WARNING", reason: "OperationFailed", message: "1 of 2 steps failed: There is no such volume.", object: "application/part-bad", involved_id: operationId }]);
});

test("an unchanged application is left alone: no row, no timeline", async () => {
  await centre.gateway();
  const [a] = await agents("still-a") as [ScriptedAgent];
  const shop = await tenant.application({ name: "still", clusters: on([a], 1), enqueue: false });
  const job = { tenantId: tenant.tenantId, applicationId: shop.id };
  const { reconcileApplication } = await driver();
  expect(await reconcileApplication(job)).toBe("changed");
  await told(a, shop, 1);
  await a.comply();
  expect(await reconcileApplication(job)).toBe("changed");
  const before = await one("select max(xid) as xid, count(*)::int as n from timeline");
  expect(await reconcileApplication(job)).toBe("in sync");
  expect(await one("select max(xid) as xid, count(*)::int as n from timeline")).toEqual(before);
});

test("many jobs for one application at once, in one worker and in several: each generation is written once", async () => {
  await centre.gateway();
  const [a] = await agents("crowd-a") as [ScriptedAgent];
  const shop = await tenant.application({ name: "crowd", clusters: on([a], 1), enqueue: false });
  const drivers = [await driver(), await driver(), await driver()];
  const results = await Promise.all(drivers.flatMap(({ reconcileApplication }) =>
    Array.from({ length: 4 }, () => reconcileApplication({ tenantId: tenant.tenantId, applicationId: shop.id }))));
  expect(results.filter((result) => result === "changed")).toHaveLength(1);
  expect(await rows("select generation from assignment where application_id = $1", [shop.id])).toEqual([{ generation: 1 }]);
});

test("applications that are reconciled together: one that is held waits for its holder alone, one that fails fails alone", async () => {
  await centre.gateway();
  const [a] = await agents("together-a") as [ScriptedAgent];
  const shops: DeployedApplication[] = [];
  for (const name of ["held", "broken", "one", "two", "gone"]) shops.push(await tenant.application({ name: `together-${name}`, clusters: on([a], 1), enqueue: false }));
  const [held, broken, , , gone] = shops as [DeployedApplication, DeployedApplication, DeployedApplication, DeployedApplication, DeployedApplication];
  await database.admin.query("delete from operation where target_id = $1", [gone.id]);
  await database.admin.query("delete from application where id = $1", [gone.id]);
  await database.admin.query(`create function refuse_broken() returns trigger language plpgsql as $$ begin raise 'no assignment of this one'; end $$`);
  await database.admin.query(`create trigger refuse_broken before insert on assignment for each row when (new.application_id = '${broken.id}') execute function refuse_broken()`);
  const { reconcileApplication } = await driver();
  const holder = await database.admin.connect();
  const settled = new Map<string, unknown>();
  try {
    await holder.query("begin");
    await holder.query("select from application where id = $1 for update", [held.id]);
    const all = shops.map((shop) => reconcileApplication({ tenantId: tenant.tenantId, applicationId: shop.id })
      .then((result) => settled.set(shop.name, result), (error: unknown) => settled.set(shop.name, String(error))));
    const assigned = (): Promise<object[]> => rows("select application_id from assignment where application_id = any ($1)", [shops.map(({ id }) => id)]);
    await eventually(async () => expect(await assigned()).toHaveLength(2));
    await holder.query("commit");
    await Promise.all(all);
  } finally {
    holder.release();
    await database.admin.query("drop function refuse_broken cascade");
  }
  expect(Object.fromEntries(settled)).toEqual({
    "together-held": "changed", "together-broken": expect.stringContaining("no assignment of this one"), "together-one": "changed", "together-two": "changed", "together-gone": "gone",
  });
});

test("a job of another tenant sees nothing to do", async () => {
  await centre.gateway();
  const [a] = await agents("other-a") as [ScriptedAgent];
  const other = await desiredState(database.admin, "reconcile-other");
  const shop = await tenant.application({ name: "other", clusters: on([a], 1), enqueue: false });
  expect(await (await driver()).reconcileApplication({ tenantId: other.tenantId, applicationId: shop.id })).toBe("gone");
});

test("an import whose last step nobody told of is found by the sweep", async () => {
  await centre.gateway();
  const [a] = await agents("sweep-import") as [ScriptedAgent];
  const shop = await tenant.application({ name: "sweep-import", clusters: on([a], 2), kind: null, enqueue: false });
  const operationId = await tenant.importing([shop]);
  await database.admin.query("delete from graphile_worker._private_jobs");
  await database.admin.query("update operation_step set state = 'SUCCEEDED', completed = total, finished_at = now() where operation_id = $1", [operationId]);
  const { pool } = await database.openAs("selvedge_worker", 4);
  await sweep({ pool, clock: wallClock, speed: 1 });
  expect(await rows("select from graphile_worker.jobs where key = $1", [`settle_operation:${operationId}:${tenant.tenantId}`])).toHaveLength(1);
  await centre.worker();
  await eventually(async () => expect(await operationIs(operationId)).toEqual({ state: "SUCCEEDED", completed: 2, total: 2, finished: true }));
});

test("what nobody asked for is found by the sweep", async () => {
  await centre.gateway();
  const [a] = await agents("sweep-a") as [ScriptedAgent];
  const lost = await tenant.application({ name: "lost", clusters: on([a], 1), enqueue: false });
  const { pool } = await database.openAs("selvedge_worker", 4);
  const first = await sweep({ pool, clock: wallClock, speed: 1, batch: 2 });
  expect(first.asked).toBeGreaterThanOrEqual(1);
  expect(await rows("select from graphile_worker.jobs where key like $1", [`reconcile_application:${lost.id}:%`])).toHaveLength(1);

  // A worker whose only source of work are its own sweeps.
  await database.admin.query("delete from graphile_worker._private_jobs");
  await centre.worker({ sweepEveryMs: 200 });
  await told(a, lost, 1);
  await database.admin.query("alter function app.enqueue_many(text, json[], text[], timestamptz) rename to enqueue_many_away");
  try {
    await database.admin.query("create function app.enqueue_many(text, json[], text[], timestamptz) returns void language sql as 'select'");
    await a.comply();
  } finally {
    await database.admin.query("drop function if exists app.enqueue_many(text, json[], text[], timestamptz)");
    await database.admin.query("alter function app.enqueue_many_away(text, json[], text[], timestamptz) rename to enqueue_many");
  }
  await eventually(async () => expect(await operationIs(lost.operationId)).toMatchObject({ state: "SUCCEEDED" }));
});

test("an operation without progress for its deadline is STALLED, and goes on when there is some", async () => {
  await centre.gateway();
  const [a] = await agents("stall-a") as [ScriptedAgent];
  const shop = await tenant.application({ name: "stall", clusters: on([a], 1), enqueue: false });
  const { pool } = await database.openAs("selvedge_worker", 4);
  const job = { tenantId: tenant.tenantId, applicationId: shop.id };
  const later = createDriver({ pool, bus: centre.bus, speed: 1, clock: { now: () => Date.now() + 700_000 } });
  await later.reconcileApplication(job);
  expect(await operationIs(shop.operationId)).toMatchObject({ state: "STALLED", finished: false });
  // Once, however often it is looked at.
  await later.reconcileApplication(job);
  expect(await eventsOf(shop.id)).toMatchObject([
    { type: "WARNING", reason: "OperationStalled", message: expect.stringContaining("No progress for 10 minutes"), count: 1, object: "application/stall", involved_type: "Operation", involved_id: shop.operationId, cause: `operation ${shop.operationId}` },
  ]);
  await told(a, shop, 1);
  await a.comply();
  await later.reconcileApplication(job);
  expect(await operationIs(shop.operationId)).toMatchObject({ state: "SUCCEEDED", finished: true });
});

test("a placement that is wanted again while it is removed lives on under a higher generation", async () => {
  await centre.gateway();
  await centre.worker();
  const [a] = await agents("again-a") as [ScriptedAgent];
  const shop = await tenant.application({ name: "again", clusters: on([a], 1) });
  await told(a, shop, 1);
  await a.comply();
  await database.admin.query("update placement set deleting = true, desired = 0, generation = 2 where application_id = $1", [shop.id]);
  await database.admin.query("select app.enqueue('reconcile_application', $1, $2)", [JSON.stringify({ tenantId: tenant.tenantId, applicationId: shop.id }), `reconcile_application:${shop.id}:${tenant.tenantId}`]);
  await eventually(() => expect([...a.objects.values()]).toMatchObject([{ generation: 2, spec: null }]));
  await database.admin.query("update placement set deleting = false", []);
  await tenant.change(shop, { replicas: 1, kind: "SCALE_APPLICATION" });
  await eventually(() => expect([...a.objects.values()]).toMatchObject([{ generation: 3, spec: { replicas: 1 } }]));
  await a.comply();
  await eventually(async () => expect(await applicationIs(shop.id)).toMatchObject({ status: "RUNNING" }));
});
