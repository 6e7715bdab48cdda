import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { createDriver } from "#server/reconcile/driver.ts";
import { sweep } from "#server/reconcile/sweep.ts";
import { type Centre, createCentre, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, type DesiredState, desiredState, templateOf } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let tenant: DesiredState;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "rollouts");
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
});
afterEach(() => centre.close());

const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | undefined> => (await database.admin.query<Row>(sql, values)).rows[0];
const rolloutIs = (id: string): Promise<object | undefined> => one("select state, updated, total, reason, finished_at is not null as finished from rollout where id = $1", [id]);
const operationIs = (id: string): Promise<object | undefined> => one("select state, completed, total, error, finished_at is not null as finished from operation where id = $1", [id]);
const stepsOf = async (id: string): Promise<object[]> => (await database.admin.query<object>("select s.state, completed, total, message from operation_step s join cluster c on c.id = s.cluster_id where operation_id = $1 order by c.code", [id])).rows;
const statusOf = (id: string): Promise<object | undefined> => one("select status, status_reason as reason from application where id = $1", [id]);

/** Connected clusters with an application that runs on its first revision, two pods each. */
async function running(name: string, template: PodTemplate, clusters = 2): Promise<{ agents: ScriptedAgent[]; shop: DeployedApplication }> {
  const agents = Array.from({ length: clusters }, (_, index) => new ScriptedAgent(`${name}-${index}`).connect(centre.link.dial()));
  await Promise.all(agents.map((agent) => agent.hello()));
  const shop = await tenant.application({ name, template, clusters: agents.map(({ clusterId }) => ({ id: clusterId, replicas: 2 })) });
  await Promise.all(agents.map((agent) => told(agent, shop, 1)));
  await Promise.all(agents.map((agent) => agent.comply()));
  await eventually(async () => expect(await operationIs(shop.operationId)).toMatchObject({ state: "SUCCEEDED" }));
  return { agents, shop };
}
const objectOf = (agent: ScriptedAgent, shop: DeployedApplication) => agent.objects.get(shop.placements.get(agent.clusterId) ?? "");
const told = (agent: ScriptedAgent, shop: DeployedApplication, generation: number): Promise<void> => eventually(() => expect(objectOf(agent, shop)?.generation).toBe(generation));

const sized = (image: string, cpuMillis: number): PodTemplate => {
  const template = templateOf(image);
  return { ...template, containers: template.containers.map((container) => ({ ...container, cpuMillis })) };
};

test("a rollout succeeds once every cluster has all its pods on the new revision", async () => {
  await centre.worker();
  const { agents, shop } = await running("forward", templateOf("shop:1"));
  const { rolloutId, operationId, revisionId } = await tenant.upgrade(shop, { template: templateOf("shop:2") });
  await Promise.all(agents.map((agent) => told(agent, shop, 2)));
  expect(objectOf(agents[0] as ScriptedAgent, shop)?.spec).toMatchObject({ revisionId, revisionNumber: 2 });
  await agents[0]?.comply();
  await eventually(async () => expect(await rolloutIs(rolloutId)).toMatchObject({ state: "PROGRESSING", updated: 2, total: 4, finished: false }));
  await agents[1]?.comply();
  await eventually(async () => expect(await rolloutIs(rolloutId)).toEqual({ state: "SUCCEEDED", updated: 4, total: 4, reason: null, finished: true }));
  expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED", completed: 4 });
  const timeline = await one<{ rollouts: number }>("select count(*)::int as rollouts from timeline where kind = 'rollout' and $1 = any (ids) and tenant_id = $2", [rolloutId, tenant.tenantId]);
  expect(timeline?.rollouts).toBeGreaterThanOrEqual(2);
});

test("without progress for its deadline it goes back by itself, soon after, its reservations with it; nothing of it is called done", async () => {
  // No sweep: the job that was asked for finds it.
  await centre.worker({ sweepEveryMs: 600_000 });
  const { agents, shop } = await running("back", sized("shop:1", 100));
  const { rolloutId, operationId } = await tenant.upgrade(shop, { template: sized("shop:broken", 300), deadlineSeconds: 2 });
  const started = performance.now();
  await Promise.all(agents.map((agent) => told(agent, shop, 2)));
  const [first, second] = agents as [ScriptedAgent, ScriptedAgent];
  await first.comply();
  const object = objectOf(second, shop);
  if (!object) throw new Error("not assigned");
  await second.report({
    pods: [second.pod(object, 0), second.pod(object, 5, { ready: false, phase: "PENDING", reason: "ImagePullBackOff" })],
    placements: [{ placementId: object.objectId, term: 1, generation: 2, created: 3, ready: 2, updated: 1 }],
  });
  await eventually(async () => expect(await statusOf(shop.id)).toEqual({ status: "UPDATING", reason: "4 of 4 pods are ready; 1 ImagePullBackOff (back-1)." }));
  await eventually(async () => expect(await stepsOf(operationId)).toMatchObject([{ state: "SUCCEEDED", completed: 2 }, { state: "RUNNING", completed: 0 }]));

  const reason = "No progress for 2 seconds: 2 of 4 replicas were ready on revision 2; 1 ImagePullBackOff (back-1). It goes back to revision 1.";
  await eventually(async () => expect(await rolloutIs(rolloutId)).toMatchObject({ state: "ABORTING", reason, finished: false }));
  expect(performance.now() - started).toBeLessThan(6_000);
  await Promise.all(agents.map((agent) => told(agent, shop, 3)));
  expect(objectOf(first, shop)?.spec).toMatchObject({ revisionNumber: 1 });
  expect(await operationIs(operationId)).toMatchObject({ error: reason, completed: 0, total: 4, finished: false });
  expect(await one("select reserved_cpu_millis::int as cpu from cluster where id = $1", [first.clusterId])).toEqual({ cpu: 200 });
  expect(await one("select a.revision_id = r.id as back, rollout_strategy from application a join revision r on r.application_id = a.id and r.number = 1 where a.id = $1", [shop.id])).toEqual({ back: true, rollout_strategy: null });

  await first.comply();
  await eventually(async () => expect(await stepsOf(operationId)).toMatchObject([{ state: "ROLLED_BACK", completed: 2 }, { state: "PENDING" }]));
  await second.comply();
  await eventually(async () => expect(await rolloutIs(rolloutId)).toEqual({ state: "ROLLED_BACK", updated: 0, total: 4, reason, finished: true }));
  expect(await operationIs(operationId)).toEqual({ state: "ROLLED_BACK", completed: 4, total: 4, error: reason, finished: true });
  await eventually(async () => expect(await statusOf(shop.id)).toEqual({ status: "RUNNING", reason: null }));
});

test("where a cluster has no room for the old revision nothing is switched, on any cluster, and the rollout says why it failed", async () => {
  await centre.worker();
  const { agents, shop } = await running("no-room", sized("shop:1", 1_000));
  const { rolloutId, operationId, revisionId } = await tenant.upgrade(shop, { template: sized("shop:small", 100), deadlineSeconds: 1 });
  const [first, second] = agents.toSorted((a, b) => (a.clusterId < b.clusterId ? -1 : 1)) as [ScriptedAgent, ScriptedAgent];
  // Others took what it gave back: 64,000 are there.
  await database.admin.query("update cluster set reserved_cpu_millis = 63_000 where id = $1", [second.clusterId]);
  await eventually(async () => expect(await rolloutIs(rolloutId)).toMatchObject({
    state: "FAILED", finished: true,
    reason: `No progress for 1 second: 0 of 4 replicas were ready on revision 2. It goes back to revision 1. It could not: Cluster ${second.code} has no room: 1800 cpuMillis needed, 1000 of 64000 free.`,
  }));
  expect(await one("select count(*)::int as n from placement where application_id = $1 and revision_id = $2 and generation = 2", [shop.id, revisionId])).toEqual({ n: 2 });
  expect(await one("select reserved_cpu_millis::int as cpu from cluster where id = $1", [first.clusterId])).toEqual({ cpu: 200 });
  expect(await operationIs(operationId)).toMatchObject({ finished: false });

  // The clusters may still get there.
  await Promise.all(agents.map((agent) => agent.comply()));
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await rolloutIs(rolloutId)).toMatchObject({ state: "FAILED" });
});

test("without autoRollback its operation is STALLED soon after the deadline, and it goes on", async () => {
  await centre.worker({ sweepEveryMs: 600_000 });
  const { agents, shop } = await running("patient", templateOf("shop:1"), 1);
  const { rolloutId, operationId } = await tenant.upgrade(shop, { template: templateOf("shop:2"), deadlineSeconds: 1, autoRollback: false });
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "STALLED", error: "No progress for 1 second: 1 of 1 steps are unfinished. It is still trying." }));
  expect(await rolloutIs(rolloutId)).toMatchObject({ state: "PROGRESSING" });
  await agents[0]?.comply();
  await eventually(async () => expect(await rolloutIs(rolloutId)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED", error: null });
});

test("time passes only while an unfinished cluster is connected, and begins again when one comes back", async () => {
  const { pool } = await database.openAs("selvedge_worker", 4);
  let later = 0;
  const clock = { now: (): number => wallClock.now() + later };
  const { reconcileApplication } = createDriver({ pool, bus: centre.bus, clock, speed: 1 });
  const agent = new ScriptedAgent("cut-off").connect(centre.link.dial());
  await agent.hello();
  const shop = await tenant.application({ name: "cut-off", clusters: [{ id: agent.clusterId, replicas: 1 }], enqueue: false });
  const { rolloutId } = await tenant.upgrade(shop, { template: templateOf("shop:2"), deadlineSeconds: 60 });
  const job = { tenantId: tenant.tenantId, applicationId: shop.id };
  await reconcileApplication(job);
  await database.admin.query("update cluster set status = 'DISCONNECTED' where id = $1", [agent.clusterId]);
  later = 3_600_000;
  await reconcileApplication(job);
  expect(await rolloutIs(rolloutId)).toMatchObject({ state: "PROGRESSING" });

  await database.admin.query("update cluster set status = 'ONLINE', online_since = $2 where id = $1", [agent.clusterId, new Date(clock.now() - 30_000)]);
  await reconcileApplication(job);
  expect(await rolloutIs(rolloutId)).toMatchObject({ state: "PROGRESSING" });
  // Whoever looks next does so when the time has come, in half a minute.
  await database.admin.query("delete from graphile_worker._private_jobs");
  await sweep({ pool, clock, speed: 1 });
  const asked = await one<{ run_at: Date }>("select run_at from graphile_worker.jobs where key = $1", [`check_rollout:${shop.id}:${rolloutId}:${tenant.tenantId}:later`]);
  expect((asked?.run_at.getTime() ?? 0) - Date.now()).toBeGreaterThan(20_000);
  expect((asked?.run_at.getTime() ?? 0) - Date.now()).toBeLessThan(31_000);
  later += 31_000;
  await reconcileApplication(job);
  expect(await rolloutIs(rolloutId)).toMatchObject({ state: "ABORTING" });
});

test("rollouts that go back are done one by one, also where their applications are looked at together", async () => {
  const { pool } = await database.openAs("selvedge_worker", 6);
  let later = 0;
  const { reconcileApplication } = createDriver({ pool, bus: centre.bus, clock: { now: () => wallClock.now() + later }, speed: 1 });
  const agents = [0, 1].map((index) => new ScriptedAgent(`crowd-${index}`).connect(centre.link.dial()));
  await Promise.all(agents.map((agent) => agent.hello()));
  const shops: { id: string; rolloutId: string }[] = [];
  for (let index = 0; index < 6; index += 1) {
    const shop = await tenant.application({ name: `crowd-${index}`, template: sized("shop:1", 10), clusters: agents.map(({ clusterId }) => ({ id: clusterId, replicas: 1 })), enqueue: false });
    const { rolloutId } = await tenant.upgrade(shop, { template: sized("shop:2", 20), deadlineSeconds: 60 });
    shops.push({ id: shop.id, rolloutId });
  }
  const all = (): Promise<string[]> => Promise.all(shops.map(({ id }) => reconcileApplication({ tenantId: tenant.tenantId, applicationId: id })));
  await database.admin.query("update cluster set reserved_cpu_millis = 120 where id = any ($1)", [agents.map(({ clusterId }) => clusterId)]);
  await database.admin.query("update cluster_usage set cpu_millis = 120 where cluster_id = any ($1)", [agents.map(({ clusterId }) => clusterId)]);
  expect(await all()).toEqual(shops.map(() => "changed"));
  later = 61_000;
  expect(await all()).toEqual(shops.map(() => "changed"));
  for (const { rolloutId } of shops) expect(await rolloutIs(rolloutId)).toMatchObject({ state: "ABORTING" });
  expect(await one("select min(reserved_cpu_millis)::int as low, max(reserved_cpu_millis)::int as high from cluster where id = any ($1)", [agents.map(({ clusterId }) => clusterId)])).toEqual({ low: 60, high: 60 });
});

test("a stopped application is STOPPED once its pods are gone, which its operation counts", async () => {
  await centre.worker();
  const { agents, shop } = await running("stopping", templateOf("shop:1"), 1);
  const [agent] = agents as [ScriptedAgent];
  const operationId = await tenant.stop(shop);
  await told(agent, shop, 2);
  const object = objectOf(agent, shop);
  await agent.report({ placements: [{ placementId: object?.objectId ?? "", term: 1, generation: 2, created: 1, ready: 1, updated: 1 }] });
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "RUNNING", completed: 1, total: 2 }));
  expect(await statusOf(shop.id)).toEqual({ status: "UPDATING", reason: "1 pod is left to remove." });
  await agent.comply();
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED", completed: 2 }));
  expect(await statusOf(shop.id)).toEqual({ status: "STOPPED", reason: "It was stopped." });
});

test("a cluster that can't carry it out fails its step with what it says; the operation succeeds in part", async () => {
  await centre.worker();
  const { agents, shop } = await running("trouble", templateOf("shop:1"));
  const [first, second] = agents as [ScriptedAgent, ScriptedAgent];
  const operationId = await tenant.change(shop, { replicas: 3, kind: "SCALE_APPLICATION" });
  await Promise.all(agents.map((agent) => told(agent, shop, 2)));
  await first.comply();
  const object = objectOf(second, shop);
  await second.report({ placements: [{ placementId: object?.objectId ?? "", term: 1, generation: 2, created: 2, ready: 2, updated: 2, problem: "The image pull secret can't be opened." }] });
  await eventually(async () => expect(await operationIs(operationId)).toEqual({
    state: "PARTIALLY_SUCCEEDED", completed: 3, total: 6, finished: true, error: "1 of 2 steps failed: The image pull secret can't be opened.",
  }));
  expect(await stepsOf(operationId)).toMatchObject([{ state: "SUCCEEDED", message: null }, { state: "FAILED", message: "The image pull secret can't be opened." }]);
  expect(await statusOf(shop.id)).toEqual({ status: "UPDATING", reason: "5 of 6 pods are ready; trouble-1: The image pull secret can't be opened." });

  // Told anew, it has no problem any more.
  await database.admin.query("update placement set generation = generation + 1 where id = $1", [object?.objectId]);
  await tenant.ask(shop.id);
  await told(second, shop, 3);
  await second.comply();
  await eventually(async () => expect(await statusOf(shop.id)).toEqual({ status: "RUNNING", reason: null }));
  expect(await operationIs(operationId)).toMatchObject({ state: "PARTIALLY_SUCCEEDED" });
});

test("an upgrade that a cluster can't carry out is not over before its rollout is: it goes back, and says so", async () => {
  await centre.worker({ sweepEveryMs: 600_000 });
  const { agents, shop } = await running("doomed", templateOf("shop:1"));
  const [first, second] = agents as [ScriptedAgent, ScriptedAgent];
  const { rolloutId, operationId } = await tenant.upgrade(shop, { template: templateOf("shop:2"), deadlineSeconds: 2 });
  await Promise.all(agents.map((agent) => told(agent, shop, 2)));
  await first.comply();
  const problem = "The image pull secret can't be opened.";
  await second.report({ placements: [{ placementId: objectOf(second, shop)?.objectId ?? "", term: 1, generation: 2, created: 2, ready: 2, updated: 0, problem }] });
  await eventually(async () => expect(await stepsOf(operationId)).toMatchObject([{ state: "SUCCEEDED" }, { state: "FAILED", message: problem }]));
  expect(await operationIs(operationId)).toMatchObject({ state: "RUNNING", completed: 2, error: null, finished: false });
  await Promise.all(agents.map((agent) => told(agent, shop, 3)));
  // What it said of another generation is dropped.
  expect(await one("select problem from placement where id = $1", [objectOf(second, shop)?.objectId])).toEqual({ problem: null });
  await Promise.all(agents.map((agent) => agent.comply()));
  await eventually(async () => expect(await rolloutIs(rolloutId)).toMatchObject({ state: "ROLLED_BACK" }));
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "ROLLED_BACK", finished: true }));
});

test("without a way back by itself an upgrade that a cluster can't carry out ends at once, in part", async () => {
  await centre.worker({ sweepEveryMs: 600_000 });
  const { agents, shop } = await running("partly", templateOf("shop:1"));
  const [first, second] = agents as [ScriptedAgent, ScriptedAgent];
  const { operationId } = await tenant.upgrade(shop, { template: templateOf("shop:2"), autoRollback: false });
  await Promise.all(agents.map((agent) => told(agent, shop, 2)));
  await first.comply();
  await second.report({ placements: [{ placementId: objectOf(second, shop)?.objectId ?? "", term: 1, generation: 2, created: 2, ready: 2, updated: 0, problem: "No." }] });
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "PARTIALLY_SUCCEEDED", finished: true }));
});

test("a deleted application's rollouts go with it, and whoever follows them is told", async () => {
  await centre.worker();
  const { agents, shop } = await running("going", templateOf("shop:1"), 1);
  const [agent] = agents as [ScriptedAgent];
  const { rolloutId, operationId } = await tenant.upgrade(shop, { template: templateOf("shop:2") });
  await told(agent, shop, 2);
  await agent.comply();
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED" }));
  await tenant.change(shop, { deleting: true, kind: "DELETE_APPLICATION" });
  await told(agent, shop, 3);
  await agent.comply();
  await eventually(async () => expect(await one("select id from application where id = $1", [shop.id])).toBeUndefined());
  expect(await one("select kind, removed_ids from timeline where kind = 'rollout' and $1 = any (removed_ids)", [rolloutId])).toMatchObject({ removed_ids: [rolloutId] });
});

test("an operation whose application is gone, and which nobody looks at any more, is brought to its end by the sweep", async () => {
  const { pool } = await database.openAs("selvedge_worker", 4);
  const config = { type: "ConfigMap", id: "01890000-0000-7000-8000-00000000c0f1", name: "settings" };
  const agent = new ScriptedAgent("orphan").connect(centre.link.dial());
  await agent.hello();
  // Its application went between the look at who uses the ConfigMap and the commit of what that led to.
  const operationId = await tenant.operate("UPDATE_CONFIG", config, [{ targetId: "01890000-0000-7000-8000-00000000dead", clusterId: agent.clusterId, total: 2 }]);
  await sweep({ pool, clock: wallClock, speed: 1 });
  const { settleOperation } = createDriver({ pool, bus: centre.bus, clock: wallClock, speed: 1 });
  const { rows } = await database.admin.query<{ payload: { tenantId: string; operationId: string } }>("select payload from graphile_worker._private_jobs where payload->>'operationId' = $1", [operationId]);
  expect(rows).toHaveLength(1);
  expect(await settleOperation({ tenantId: tenant.tenantId, operationId })).toBe("changed");
  expect(await stepsOf(operationId)).toMatchObject([{ state: "SUPERSEDED" }]);
  expect(await operationIs(operationId)).toMatchObject({ state: "SUPERSEDED", finished: true });
});
