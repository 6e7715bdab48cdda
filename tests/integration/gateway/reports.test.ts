import { randomUUIDv7 } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { AssignedPlacement } from "#server/fleet/link.ts";
import { loadSendable, TemplateCache } from "#server/gateway/assignments.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";
import { desiredState, type DesiredState, templateOf } from "#tests/support/desired.ts";
import { contentHash } from "#server/domain/canonical.ts";

let database: TestDatabase;
let world: DesiredState;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "reports");
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
});
afterEach(() => centre.close());

const agentNamed = (code: string): ScriptedAgent => new ScriptedAgent(code).connect(centre.link.dial());
const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => (await database.admin.query<Row>(sql, values)).rows;
const podsOf = (clusterId: string): Promise<{ id: string; tenant_id: string; name: string }[]> => rows("select id, tenant_id, name from pod where cluster_id = $1 order by id", [clusterId]);
const positionOf = async (clusterId: string): Promise<unknown> => (await rows("select epoch, acked_seq as seq from cluster where id = $1", [clusterId]))[0];

/** A connected cluster with one assigned application of so many replicas; the assignment is written as the worker would. */
async function deployed(code: string, replicas = 2): Promise<{ agent: ScriptedAgent; object: AssignedPlacement; applicationId: string; placementId: string }> {
  const agent = agentNamed(code);
  await agent.hello();
  const application = await world.application({ name: `app-${code}`, clusters: [{ id: agent.clusterId, replicas }] });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await assign(agent.clusterId, placementId, 1);
  centre.bus.publish("assignments", agent.clusterId);
  const object = await eventually(() => agent.objects.get(placementId) ?? Promise.reject(new Error("not assigned")));
  return { agent, object, applicationId: application.id, placementId };
}

async function assign(clusterId: string, placementId: string, generation: number, tombstone = false, image = "shop/frontend:1"): Promise<void> {
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', $2::int, 'hash-' || $2::int,
       case when $3::boolean then null else jsonb_build_object('tenantId', tenant_id, 'applicationId', application_id, 'applicationName', 'shop', 'namespace', 'default', 'replicas', desired,
         'revisionId', revision_id, 'revisionNumber', 1, 'templateHash', $4::text) end, case when $3 then null else $4::text end
     from placement where id = $1
     on conflict (cluster_id, object_id) do update set generation = excluded.generation, spec = excluded.spec, content_hash = excluded.content_hash`,
    [placementId, generation, tombstone, contentHash(templateOf(image))],
  );
  expect(clusterId).not.toBe("");
}

test("a hello stores the cluster, its region and nodes, and is welcomed with where reports go on", async () => {
  const agent = agentNamed("hello-1");
  const welcome = await agent.hello();
  expect(welcome).toMatchObject({ protocol: 1, term: 1, epoch: 0, ackedSeq: 0 });
  expect(await rows("select code, status, cpu_millis, memory_mib, pods, city from cluster where id = $1", [agent.clusterId])).toEqual([
    { code: "hello-1", status: "ONLINE", cpu_millis: 64_000, memory_mib: 128_000, pods: 500, city: "Shaoxing" },
  ]);
  expect(await rows("select name, status, labels from cluster_node where cluster_id = $1", [agent.clusterId])).toEqual([
    { name: "hello-1-1", status: "READY", labels: [{ key: "zone", value: "a" }] },
  ]);
  expect(await rows("select kind, ids from timeline where cluster_id = $1 order by kind", [agent.clusterId])).toMatchObject([{ kind: "cluster", ids: [agent.clusterId] }, { kind: "node" }, { kind: "region" }]);
});

test("a second hello that says the same writes nothing to the timeline, and one that calls its region otherwise tells of that alone", async () => {
  const agent = agentNamed("hello-2");
  await agent.hello();
  const told = "select kind from timeline where cluster_id = $1 order by seq";
  const before = await rows(told, [agent.clusterId]);
  await agent.hello();
  expect(await rows(told, [agent.clusterId])).toEqual(before);
  const { description } = agent.helloMessage();
  await agent.hello({ description: { ...description, region: { ...description.region, name: "Called otherwise" } } });
  expect(await rows(told, [agent.clusterId])).toEqual([...before, { kind: "region" }]);
});

test("an assignment is sent with its template once, and confirmed by the report that brings its pods", async () => {
  const { agent, object, placementId, applicationId } = await deployed("assign-1");
  expect(object.spec).toMatchObject({ replicas: 2, applicationName: "shop" });
  expect(agent.templates).toEqual(new Set([contentHash(templateOf("shop/frontend:1"))]));
  await agent.comply();
  expect(await podsOf(agent.clusterId)).toMatchObject([{ tenant_id: world.tenantId, name: "shop-0" }, { tenant_id: world.tenantId, name: "shop-1" }]);
  expect(await rows("select created, ready, updated, unavailable, observed_generation from placement where id = $1", [placementId])).toEqual([
    { created: 2, ready: 2, updated: 2, unavailable: 0, observed_generation: 1 },
  ]);
  expect(await rows("select confirmed_term, confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_term: 1, confirmed_generation: 1 }]);
  expect(await rows("select kind, cardinality(ids) as ids from timeline where cluster_id = $1 and tenant_id = $2 order by kind", [agent.clusterId, world.tenantId])).toEqual([
    { kind: "placement", ids: 1 }, { kind: "pod", ids: 2 },
  ]);
  expect(await rows("select from graphile_worker.jobs where key = $1", [`reconcile_application:${applicationId}:${world.tenantId}`])).toHaveLength(1);

  await assign(agent.clusterId, placementId, 2);
  centre.bus.publish("assignments", agent.clusterId);
  await eventually(() => expect(agent.objects.get(placementId)?.generation).toBe(2));
  const assigns = agent.received.filter((message) => message.type === "assign");
  expect(assigns.map((message) => Object.keys(message.templates).length)).toEqual([1, 0]);
});

test("a report counts once: sent again it is acknowledged again and changes nothing", async () => {
  const { agent, placementId } = await deployed("once-1");
  await agent.comply();
  const before = await rows<{ n: number }>("select count(*)::int as n from timeline");
  await agent.report({ seq: 1, placements: [{ placementId, term: 1, generation: 1, created: 0, ready: 0, updated: 0 }] });
  expect(await rows("select ready from placement where id = $1", [placementId])).toEqual([{ ready: 2 }]);
  expect(await rows("select count(*)::int as n from timeline")).toEqual(before);
  expect(await positionOf(agent.clusterId)).toEqual({ epoch: 1, seq: 1 });
});

test("a connection that dies between commit and ack: the report sent again after the reconnect is a duplicate", async () => {
  const { agent, object } = await deployed("crash-1");
  const message = agent.reportMessage({ pods: [agent.pod(object, 0)] });
  agent.say(message);
  // Gone before the ack could be sent; what was received is stored all the same.
  await eventually(async () => expect(await positionOf(agent.clusterId)).toEqual({ epoch: 1, seq: 1 }), { everyMs: 1 });
  agent.drop();
  agent.connect(centre.link.dial());
  expect(await agent.hello()).toMatchObject({ epoch: 1, ackedSeq: 1 });
  const from = agent.received.length;
  agent.say(message);
  expect(await agent.next("ack", from)).toMatchObject({ epoch: 1, seq: 1 });
  expect(await podsOf(agent.clusterId)).toHaveLength(1);
});

test("a gap refuses the cluster, stores nothing, and the agent resumes where it is told", async () => {
  const { agent, object } = await deployed("gap-1");
  const from = agent.received.length;
  agent.say(agent.reportMessage({ seq: 3, pods: [agent.pod(object, 0)] }));
  const refuse = await eventually(() => agent.received.slice(from).find((message) => message.type === "refuse") ?? Promise.reject(new Error("no refuse")));
  expect(refuse).toMatchObject({ clusterId: agent.clusterId, reason: expect.stringContaining("1/3 does not follow") });
  expect(await podsOf(agent.clusterId)).toEqual([]);
  expect(await agent.hello()).toMatchObject({ epoch: 0, ackedSeq: 0 });
  await agent.report({ pods: [agent.pod(object, 0)] });
  expect(await podsOf(agent.clusterId)).toHaveLength(1);
});

test("a window of reports sent without waiting is stored in order", async () => {
  const { agent, object } = await deployed("window-1", 4);
  const from = agent.received.length;
  for (let index = 0; index < 4; index += 1) agent.say(agent.reportMessage({ pods: [agent.pod(object, index)] }));
  await eventually(() => expect(agent.received.slice(from).map((message) => message.type === "ack" && message.seq)).toEqual([1, 2, 3, 4]));
  expect(await podsOf(agent.clusterId)).toHaveLength(4);
});

test("more reports than the window are a breach: memory stays bounded", async () => {
  const { agent } = await deployed("flood-1");
  const from = agent.received.length;
  for (let index = 0; index < 200; index += 1) agent.say(agent.reportMessage());
  await eventually(() => expect(agent.received.slice(from).filter((message) => message.type === "refuse")).toEqual([
    { type: "refuse", clusterId: agent.clusterId, reason: "more than 4 reports without an ack" },
  ]));
});

test("a pod id of another cluster is another pod: neither overwrites the other", async () => {
  const [one, two] = [await deployed("foreign-1", 1), await deployed("foreign-2", 1)];
  await one.agent.comply();
  const stolen = { ...two.agent.pod(two.object, 0), id: one.agent.pod(one.object, 0).id, name: "stolen" };
  await two.agent.report({ pods: [stolen], gone: [] });
  await two.agent.report({ gone: [stolen.id] });
  expect(await podsOf(one.agent.clusterId)).toMatchObject([{ name: "shop-0" }]);
  expect(await podsOf(two.agent.clusterId)).toEqual([]);
});

test("a cluster that names a placement it was not given stores nothing of it, whoever's it is", async () => {
  const victim = await deployed("victim-1", 1);
  await victim.agent.comply();
  const other = await desiredState(database.admin, "reports-other");
  const elsewhere = await other.application({ name: "other", clusters: [{ id: victim.agent.clusterId, replicas: 1 }] });
  const rogue = agentNamed("rogue-1");
  await rogue.hello();
  const foreign = [victim.placementId, elsewhere.placements.get(victim.agent.clusterId) ?? "", randomUUIDv7()];
  await rogue.report({
    pods: foreign.map((placementId, index) => ({ ...rogue.pod(victim.object, index), placementId })),
    placements: foreign.map((placementId) => ({ placementId, term: 1, generation: 1, created: 9, ready: 9, updated: 9 })),
    nodes: [{ nodeId: victim.agent.helloMessage().description.nodes[0]?.id ?? "", status: "NOT_READY" }],
  });
  expect(await podsOf(rogue.clusterId)).toEqual([]);
  expect(await rows("select ready from placement where id = $1", [victim.placementId])).toEqual([{ ready: 1 }]);
  expect(await rows("select status from cluster_node where cluster_id = $1", [victim.agent.clusterId])).toEqual([{ status: "READY" }]);
});

test("a pod never moves to another placement, nor names a revision of another application", async () => {
  const { agent, object } = await deployed("move-1", 1);
  const second = await world.application({ name: "app-move-2", clusters: [{ id: agent.clusterId, replicas: 1 }] });
  const secondPlacement = second.placements.get(agent.clusterId) ?? "";
  await assign(agent.clusterId, secondPlacement, 1);
  centre.bus.publish("assignments", agent.clusterId);
  const secondObject = await eventually(() => agent.objects.get(secondPlacement) ?? Promise.reject(new Error("not assigned")));
  await agent.report({ pods: [agent.pod(object, 0)] });
  await agent.report({ pods: [{ ...agent.pod(object, 0), placementId: secondPlacement, revisionId: secondObject.spec?.revisionId ?? "" }, { ...agent.pod(secondObject, 0), revisionId: object.spec?.revisionId ?? "" }] });
  expect(await rows("select placement_id from pod where cluster_id = $1", [agent.clusterId])).toEqual([{ placement_id: object.objectId }]);
});

test("a new epoch brings the whole state: pods that it does not name are gone, and so are counts without pods", async () => {
  const { agent, object, placementId } = await deployed("epoch-1", 3);
  await agent.comply();
  agent.epoch = 2;
  agent.seq = 0;
  agent.say(agent.helloMessage({ holds: [] }));
  await eventually(async () => expect(await rows("select observed_generation from placement where id = $1", [placementId])).toEqual([{ observed_generation: 0 }]));
  await agent.report({ full: true, pods: [agent.pod(object, 1)] });
  expect(await podsOf(agent.clusterId)).toHaveLength(3);
  await agent.report({ full: true, fullEnds: true });
  expect(await podsOf(agent.clusterId)).toMatchObject([{ id: agent.pod(object, 1).id }]);
  expect(await rows("select ready from placement where id = $1", [placementId])).toEqual([{ ready: 3 }]);
  await agent.report({ gone: [agent.pod(object, 1).id], full: true, fullEnds: true });
  expect(await rows("select created, ready, unavailable from placement where id = $1", [placementId])).toEqual([{ created: 0, ready: 0, unavailable: 3 }]);
});

test("counts that the whole state told stay where their pods are yet to come", async () => {
  const { agent, placementId } = await deployed("epoch-3", 3);
  agent.epoch = 2;
  agent.seq = 0;
  await agent.hello({ holds: [{ objectId: placementId, term: 1, generation: 1 }] });
  await agent.report({ full: true, fullEnds: true, more: true, placements: [{ placementId, term: 1, generation: 1, created: 3, ready: 0, updated: 3 }] });
  expect(await rows("select created from placement where id = $1", [placementId])).toEqual([{ created: 3 }]);
});

test("reports of an epoch that is over are refused", async () => {
  const { agent } = await deployed("epoch-2", 1);
  await agent.comply();
  agent.epoch = 5;
  agent.seq = 0;
  await agent.hello();
  await agent.report({ full: true, fullEnds: true });
  const from = agent.received.length;
  agent.say(agent.reportMessage({ epoch: 1, seq: 2 }));
  await eventually(() => expect(agent.received.slice(from)).toMatchObject([{ type: "refuse", reason: expect.stringContaining("epoch 1 is over") }]));
});

test("what the agent lost is sent again, what the centre does not know is taken back", async () => {
  const { agent, placementId } = await deployed("holds-1");
  await agent.comply();
  agent.drop();
  const stray = randomUUIDv7();
  agent.objects.clear();
  agent.connect(centre.link.dial());
  await agent.hello({ holds: [{ objectId: stray, term: 1, generation: 7 }] });
  await eventually(() => expect([...agent.objects.values()]).toEqual(expect.arrayContaining([
    expect.objectContaining({ objectId: placementId, generation: 1 }), { objectId: stray, kind: "placement", generation: 8, spec: null },
  ])));
  expect(await rows("select confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_generation: 0 }]);
});

test("under a new term everything is assigned again; confirmations of the old one don't count", async () => {
  const { agent, placementId } = await deployed("term-1");
  await agent.comply();
  await centre.close();
  centre = createCentre(database);
  await centre.gateway({ term: 2 });
  agent.connect(centre.link.dial());
  agent.received.length = 0;
  expect(await agent.hello()).toMatchObject({ term: 2 });
  const assign2 = await agent.next("assign");
  expect(assign2).toMatchObject({ term: 2, objects: [{ objectId: placementId, generation: 1 }], templates: {} });
  await agent.report({ placements: [{ placementId, term: 1, generation: 1, created: 2, ready: 2, updated: 2 }] });
  expect(await rows("select confirmed_term, confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_term: 0, confirmed_generation: 0 }]);
  await agent.report({ placements: [{ placementId, term: 2, generation: 1, created: 2, ready: 2, updated: 2 }] });
  expect(await rows("select confirmed_term, confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_term: 2, confirmed_generation: 1 }]);
});

test.each([
  ["term-2", "holds objects of", { holds: [{ objectId: randomUUIDv7(), term: 9, generation: 1 }] }],
  ["term-3", "was told of", { term: 9 }],
])("a centre whose database was lost outranks an agent (%s) that %s a later term, and only there", async (code, _, known) => {
  const bystander = agentNamed(`${code}-bystander`);
  await bystander.hello();
  const agent = agentNamed(code);
  expect(await agent.hello(known)).toMatchObject({ term: 10 });
  const application = await world.application({ name: `app-${code}`, clusters: [{ id: agent.clusterId, replicas: 2 }] });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await assign(agent.clusterId, placementId, 1);
  const confirmed = (): Promise<unknown> => rows("select confirmed_term, confirmed_generation from assignment where object_id = $1", [placementId]);
  await eventually(() => expect(agent.objects.get(placementId)).toMatchObject({ generation: 1 }));
  // What the agent holds of the life before is no confirmation.
  await agent.report({ placements: [{ placementId, term: 1, generation: 1, created: 0, ready: 0, updated: 0 }] });
  expect(await confirmed()).toEqual([{ confirmed_term: 0, confirmed_generation: 0 }]);
  await agent.comply();
  expect(await confirmed()).toEqual([{ confirmed_term: 1, confirmed_generation: 1 }]);

  // It stays so: the next hello changes nothing any more.
  agent.connect(centre.link.dial());
  expect(await agent.hello()).toMatchObject({ term: 10 });
  expect(await confirmed()).toEqual([{ confirmed_term: 1, confirmed_generation: 1 }]);
  expect(await bystander.hello()).toMatchObject({ term: 1 });

  // A restore outranks all that again.
  await centre.close();
  centre = createCentre(database);
  await centre.gateway({ term: 2 });
  agent.connect(centre.link.dial());
  expect(await agent.hello()).toMatchObject({ term: 11 });
  expect(await confirmed()).toEqual([{ confirmed_term: 0, confirmed_generation: 0 }]);
});

test("a term that no centre can have told is not believed", async () => {
  const agent = agentNamed("term-4");
  agent.say(agent.helloMessage({ term: 2_000_000_000 }));
  await eventually(() => expect(agent.received).toMatchObject([{ type: "refuse", clusterId: agent.clusterId, reason: expect.stringContaining("2000000000") }]));
  expect(await agent.hello({ term: 1_000_000_000 })).toMatchObject({ term: 1_000_000_001 });
  // What it was told by then counts, however high it is.
  expect(await agent.hello()).toMatchObject({ term: 1_000_000_001 });
});

test("a centre that went back in time within its term raises the generation above what the agent holds", async () => {
  const { agent, placementId } = await deployed("back-1");
  await agent.comply();
  agent.drop();
  agent.connect(centre.link.dial());
  await agent.hello({ holds: [{ objectId: placementId, term: 1, generation: 6 }] });
  await eventually(() => expect(agent.objects.get(placementId)?.generation).toBe(7));
});

test("a centre that went back in time, and gave the same generation to something else, goes above it", async () => {
  const { agent, placementId } = await deployed("back-2");
  await agent.comply();
  const { rows: [assigned] } = await database.admin.query<{ content_hash: string }>("select content_hash from assignment where object_id = $1", [placementId]);
  const generation = async (): Promise<unknown> => (await rows("select generation from assignment where object_id = $1", [placementId]))[0];
  await agent.hello({ holds: [{ objectId: placementId, term: 1, generation: 1, hash: assigned?.content_hash ?? "" }] });
  expect(await generation()).toEqual({ generation: 1 });
  await agent.hello({ holds: [{ objectId: placementId, term: 1, generation: 1, hash: "another" }] });
  expect(await generation()).toEqual({ generation: 2 });
  await eventually(() => expect(agent.objects.get(placementId)?.generation).toBe(2));
});

test("a tombstone is confirmed by its removal, not by its arrival", async () => {
  const { agent, placementId } = await deployed("tomb-1");
  await agent.comply();
  await assign(agent.clusterId, placementId, 2, true);
  centre.bus.publish("assignments", agent.clusterId);
  await eventually(() => expect(agent.objects.get(placementId)).toMatchObject({ generation: 2, spec: null }));
  await agent.report({ placements: [{ placementId, term: 1, generation: 2, created: 0, ready: 0, updated: 0 }] });
  expect(await rows("select confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_generation: 1 }]);
  await agent.comply();
  expect(await rows("select confirmed_generation from assignment where object_id = $1", [placementId])).toEqual([{ confirmed_generation: 2 }]);
});

test("a report over several placements and a mutation of them wait for each other in one order", async () => {
  const { agent, object } = await deployed("order-1", 1);
  const second = await world.application({ name: "app-order-2", clusters: [{ id: agent.clusterId, replicas: 1 }] });
  const secondId = second.placements.get(agent.clusterId) ?? "";
  await assign(agent.clusterId, secondId, 1);
  const [low, high] = [object.objectId, secondId].toSorted() as [string, string];
  const mutation = await database.admin.connect();
  const change = "update placement set reason = reason where id = $1";
  try {
    for (const order of [[high, low], [low, high]]) {
      await mutation.query("begin");
      await mutation.query(change, [low]);
      const stored = agent.report({ placements: order.map((placementId, index) => ({ placementId, term: 1, generation: 1, created: 1, ready: index, updated: 1 })) });
      await eventually(async () => expect(await rows("select from pg_stat_activity where wait_event_type = 'Lock' and query like '%with reported as%'")).toHaveLength(1));
      // Far below the time after which Postgres would find a circle.
      await mutation.query("set local lock_timeout = '300ms'");
      await mutation.query(change, [high]);
      await mutation.query("commit");
      await stored;
    }
  } finally {
    await mutation.query("rollback");
    mutation.release();
  }
  expect(await rows("select ready from placement where id = any ($1)", [[low, high]])).toHaveLength(2);
});

test("assignments that nobody announced are found by the poll", async () => {
  const agent = agentNamed("poll-1");
  await agent.hello();
  const application = await world.application({ name: "app-poll", clusters: [{ id: agent.clusterId, replicas: 1 }] });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await assign(agent.clusterId, placementId, 1);
  await eventually(() => expect(agent.objects.has(placementId)).toBe(true));
});

test("all objects of a batch get their templates, also when these are more than are kept", async () => {
  const agent = agentNamed("cache-1");
  await agent.hello();
  const { pool } = await database.openAs("selvedge_gateway", 1);
  const objectIds: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    const image = `shop/cached:${index}`;
    const application = await world.application({ name: `app-cache-${index}`, image, clusters: [{ id: agent.clusterId, replicas: 1 }] });
    const placementId = application.placements.get(agent.clusterId) ?? "";
    await assign(agent.clusterId, placementId, 1, false, image);
    objectIds.push(placementId);
  }
  const templates = new TemplateCache(2);
  const load = async (from: number, to: number): Promise<string[]> => {
    const loaded = await loadSendable(pool, new Map([[agent.clusterId, objectIds.slice(from, to)]]), templates);
    const objects = loaded.get(agent.clusterId) ?? [];
    expect(objects.every(({ kind, spec, template }) => kind === "placement" && spec?.templateHash === template?.hash)).toBe(true);
    return objects.map(({ objectId }) => objectId).toSorted();
  };
  expect(await load(0, 3)).toEqual(objectIds.slice(0, 3).toSorted());
  // The oldest that is kept is among those that are wanted again.
  expect(await load(0, 6)).toEqual(objectIds.toSorted());
  expect(await load(5, 6)).toEqual(objectIds.slice(5));
});

test("a bad message of one cluster refuses that cluster only", async () => {
  const connection = centre.link.dial();
  const good = new ScriptedAgent("good-1").connect(connection);
  const bad = new ScriptedAgent("bad-1").connect(connection);
  await good.hello();
  await bad.hello({ clusterId: bad.clusterId });
  bad.say({ ...bad.reportMessage(), pods: [{ id: "no uuid" }] });
  await eventually(() => expect(bad.received).toContainEqual({ type: "refuse", clusterId: bad.clusterId, reason: "malformed report: pods[0].id is no uuid" }));
  good.received.length = 0;
  await good.report();
  bad.say({ type: "dance", clusterId: bad.clusterId });
  bad.say("nonsense");
  await eventually(() => expect(bad.received).toEqual(expect.arrayContaining([
    { type: "refuse", clusterId: bad.clusterId, reason: "unknown message type" }, { type: "refuse", clusterId: null, reason: "unknown message type" },
  ])));
  good.received.length = 0;
  await good.report();
  expect(await positionOf(good.clusterId)).toEqual({ epoch: 1, seq: 2 });
});

test.each([
  ["a protocol that nobody speaks", { protocols: [99] }, "the gateway speaks version 1 of the protocol, the agent 99"],
  ["a name without end", { description: { name: "x".repeat(300) } }, "malformed hello"],
])("a hello with %s is refused", async (_, changes, reason) => {
  const agent = agentNamed(`refused-${reason.length}`);
  const message = agent.helloMessage();
  agent.say({ ...message, ...changes, description: { ...message.description, ...("description" in changes ? changes.description : {}) } });
  await eventually(() => expect(agent.received).toMatchObject([{ type: "refuse", clusterId: agent.clusterId, reason: expect.stringContaining(reason) }]));
  expect(await rows("select from cluster where id = $1", [agent.clusterId])).toEqual([]);
});

test("a cluster can't take another's code or node", async () => {
  const owner = agentNamed("owner-1");
  await owner.hello();
  const thief = agentNamed("owner-1");
  thief.say(thief.helloMessage());
  await eventually(() => expect(thief.received).toMatchObject([{ type: "refuse", clusterId: thief.clusterId, reason: "the code owner-1 is another cluster's" }]));
  const sneak = agentNamed("sneak-1");
  const message = sneak.helloMessage();
  sneak.say({ ...message, description: { ...message.description, nodes: owner.helloMessage().description.nodes } });
  await eventually(() => expect(sneak.received).toMatchObject([{ type: "refuse", reason: "a node is another cluster's" }]));
  expect(await rows("select id from cluster where code in ('owner-1', 'sneak-1')")).toEqual([{ id: owner.clusterId }]);
});
