import { randomUUIDv7 } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Centre, createCentre, testKeyRing } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, type DesiredState, desiredState, templateOf } from "#tests/support/desired.ts";
import { type DesiredObjects, desiredObjects } from "#tests/support/desired-objects.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let tenant: DesiredState;
let objects: DesiredObjects;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "services");
  objects = desiredObjects(database.admin, tenant, testKeyRing);
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
  await centre.worker();
});
afterEach(() => centre.close());

const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | undefined> => (await database.admin.query<Row>(sql, values)).rows[0];
const serviceIs = (id: string): Promise<object | undefined> => one("select status, generation, observed_generation as observed, problem from service where id = $1", [id]);
const operationIs = (id: string): Promise<object | undefined> => one("select state, completed, total, error from operation where id = $1", [id]);
const eventsOf = async (serviceId: string): Promise<object[]> =>
  (await database.admin.query<object>("select type, reason, message, count, object, cluster_id, involved_type, involved_id from event where object_id = $1 order by at, id", [serviceId])).rows;

async function running(name: string): Promise<{ agent: ScriptedAgent; shop: DeployedApplication }> {
  const agent = new ScriptedAgent(name).connect(centre.link.dial());
  await agent.hello();
  const shop = await tenant.application({ name, template: templateOf("shop:1"), clusters: [{ id: agent.clusterId, replicas: 1 }] });
  await eventually(() => expect(agent.objects.size).toBe(1));
  await agent.comply();
  await eventually(async () => expect(await one("select status from application where id = $1", [shop.id])).toEqual({ status: "RUNNING" }));
  return { agent, shop };
}
const told = (agent: ScriptedAgent, serviceId: string, generation: number): Promise<void> => eventually(() => expect(agent.services.get(serviceId)?.generation).toBe(generation));

test("a service's life: told, confirmed, changed, and gone only once its cluster has removed it", async () => {
  const { agent, shop } = await running("life");
  const { id, operationId } = await objects.service(shop, agent.clusterId, "web");
  await told(agent, id, 1);
  expect(agent.services.get(id)).toMatchObject({
    kind: "service",
    spec: { tenantId: tenant.tenantId, applicationId: shop.id, namespace: "default", name: "web", clusterIp: expect.stringMatching(/^100\.96\.0\.\d+$/), ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }] },
  });
  expect(await serviceIs(id)).toEqual({ status: "PENDING", generation: 1, observed: 0, problem: null });
  await agent.comply();
  await eventually(async () => expect(await operationIs(operationId)).toEqual({ state: "SUCCEEDED", completed: 1, total: 1, error: null }));
  expect(await serviceIs(id)).toEqual({ status: "ACTIVE", generation: 1, observed: 1, problem: null });

  const change = await objects.changeService(shop, id, { port: 8080 });
  await told(agent, id, 2);
  expect(agent.services.get(id)?.spec?.ports).toMatchObject([{ port: 8080 }]);
  expect(await serviceIs(id)).toMatchObject({ status: "UPDATING", generation: 2, observed: 1 });
  await agent.comply();
  await eventually(async () => expect(await operationIs(change)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await serviceIs(id)).toMatchObject({ status: "ACTIVE", observed: 2 });

  const active = { type: "NORMAL", reason: "ServiceActive", object: "service/web", cluster_id: agent.clusterId, involved_type: "Operation" };
  expect(await eventsOf(id)).toEqual([
    { ...active, count: 1, involved_id: operationId, message: expect.stringMatching(/^Answers at 100\.96\.0\.\d+, port 80$/) },
    { ...active, count: 2, involved_id: change, message: expect.stringMatching(/, port 8080$/) },
  ]);

  const deletion = await objects.changeService(shop, id, { deleting: true });
  await told(agent, id, 3);
  expect(agent.services.get(id)?.spec).toBeNull();
  // Held, and not carried out yet.
  await agent.report({ services: [{ serviceId: id, term: 1, generation: 3 }] });
  expect(await serviceIs(id)).toMatchObject({ status: "DELETING" });
  await agent.comply();
  await eventually(async () => expect(await operationIs(deletion)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await serviceIs(id)).toBeUndefined();
  expect(await one("select from assignment where object_id = $1", [id])).toBeUndefined();
  expect(await one("select count(*)::int as n from timeline where kind = 'service' and $1 = any (removed_ids)", [id])).toEqual({ n: 1 });
  expect(await one("select status from application where id = $1", [shop.id])).toEqual({ status: "RUNNING" });
});

test("what a cluster can't carry out is FAILED with its words, until it is told anew and can", async () => {
  const { agent, shop } = await running("failing");
  const { id, operationId } = await objects.service(shop, agent.clusterId, "web");
  await told(agent, id, 1);
  await agent.report({ services: [{ serviceId: id, term: 1, generation: 1, problem: "The port is taken." }] });
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "FAILED", error: "1 of 1 steps failed: The port is taken." }));
  expect(await serviceIs(id)).toMatchObject({ status: "FAILED", problem: "The port is taken." });
  const change = await objects.changeService(shop, id, { port: 81 });
  await told(agent, id, 2);
  expect(await serviceIs(id)).toMatchObject({ status: "UPDATING" });
  expect(await operationIs(change)).toMatchObject({ state: "PENDING" });
  await agent.comply();
  await eventually(async () => expect(await operationIs(change)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await serviceIs(id)).toMatchObject({ status: "ACTIVE", problem: null });
  expect(await eventsOf(id)).toMatchObject([{ type: "WARNING", reason: "ServiceFailed", message: "The port is taken.", involved_id: operationId }, { reason: "ServiceActive", involved_id: change }]);
  const failed = await one("select message, involved_id from event where application_id = $1 and reason = 'OperationFailed'", [shop.id]);
  expect(failed).toEqual({ message: "1 of 1 steps failed: The port is taken.", involved_id: operationId });
});

test("an application goes only after its services; one that was never told of goes at once", async () => {
  const { agent, shop } = await running("ending");
  const { id } = await objects.service(shop, agent.clusterId, "web");
  await told(agent, id, 1);
  await agent.comply();
  await eventually(async () => expect(await serviceIs(id)).toMatchObject({ status: "ACTIVE" }));
  await database.admin.query("update service set deleting = true, status = 'DELETING', generation = 2 where id = $1", [id]);
  const operationId = await tenant.change(shop, { deleting: true, kind: "DELETE_APPLICATION" });
  await told(agent, id, 2);
  // Pods and placement first.
  const [object] = [...agent.objects.values()];
  await eventually(() => expect(agent.objects.get(object?.objectId ?? "")?.spec).toBeNull());
  await agent.report({ placements: [{ placementId: object?.objectId ?? "", term: 1, generation: 2, created: 0, ready: 0, updated: 0, removed: true }] });
  await eventually(async () => expect(await one("select from placement where application_id = $1", [shop.id])).toBeUndefined());
  expect(await one("select status from application where id = $1", [shop.id])).toEqual({ status: "DELETING" });
  expect(await operationIs(operationId)).toMatchObject({ state: "RUNNING" });
  await agent.report({ services: [{ serviceId: id, term: 1, generation: 2, removed: true }] });
  await eventually(async () => expect(await operationIs(operationId)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await one("select from application where id = $1", [shop.id])).toBeUndefined();

  const { agent: other, shop: store } = await running("untold");
  const { id: untold } = await objects.service(store, other.clusterId, "web", { enqueue: false });
  const deletion = await objects.changeService(store, untold, { deleting: true });
  await eventually(async () => expect(await operationIs(deletion)).toMatchObject({ state: "SUCCEEDED" }));
  expect(await serviceIs(untold)).toBeUndefined();
  expect(other.services.has(untold)).toBe(false);
});

test("a cluster that lost a service is told of it again, and it is no longer ACTIVE meanwhile", async () => {
  const { agent, shop } = await running("losing");
  const { id } = await objects.service(shop, agent.clusterId, "web");
  await told(agent, id, 1);
  await agent.comply();
  await eventually(async () => expect(await serviceIs(id)).toMatchObject({ status: "ACTIVE" }));
  agent.services.clear();
  agent.drop();
  agent.connect(centre.link.dial());
  await agent.hello();
  await told(agent, id, 1);
  await eventually(async () => expect(await serviceIs(id)).toMatchObject({ status: "UPDATING", observed: 0 }));
  await agent.comply();
  await eventually(async () => expect(await serviceIs(id)).toMatchObject({ status: "ACTIVE", observed: 1 }));
});

test("strays are taken back as what they are; a service of another cluster can't be confirmed", async () => {
  const { agent, shop } = await running("strays");
  const { id } = await objects.service(shop, agent.clusterId, "web");
  await told(agent, id, 1);
  const rogue = new ScriptedAgent("rogue").connect(centre.link.dial());
  const [service, placement] = [randomUUIDv7(), randomUUIDv7()];
  await rogue.hello({ holds: [{ kind: "service", objectId: service, term: 1, generation: 4 }, { objectId: placement, term: 1, generation: 2 }] });
  await eventually(() => expect([...rogue.services.values(), ...rogue.objects.values()]).toEqual([
    { objectId: service, kind: "service", generation: 5, spec: null }, { objectId: placement, kind: "placement", generation: 3, spec: null },
  ]));
  await rogue.report({ services: [{ serviceId: id, term: 1, generation: 1, problem: "mine" }], pods: [] });
  expect(await serviceIs(id)).toEqual({ status: "PENDING", generation: 1, observed: 0, problem: null });
  // A pod of a service is none.
  const [object] = [...agent.objects.values()];
  if (object) await agent.report({ pods: [{ ...agent.pod(object, 7), placementId: id }] });
  expect(await one("select count(*)::int as n from pod where cluster_id = $1", [agent.clusterId])).toEqual({ n: 1 });
});
