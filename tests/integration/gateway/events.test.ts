import { randomUUIDv7 } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { EventReport } from "#server/fleet/link.ts";
import { expireEvents } from "#server/reconcile/housekeeping.ts";
import { type Centre, createCentre, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { nodeIdOf, ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let world: DesiredState;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "events");
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
});
afterEach(() => centre.close());

const agentNamed = (code: string, clusterId?: string): ScriptedAgent => new ScriptedAgent(code, clusterId).connect(centre.link.dial());
const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => (await database.admin.query<Row>(sql, values)).rows;
const eventsOf = (clusterId: string): Promise<Record<string, unknown>[]> =>
  rows("select id, tenant_id, application_id, namespace_id, pod_id, type, reason, message, count, object, object_kind, involved_type, involved_id, cause, at, first_at from event where cluster_id = $1 order by at, id", [clusterId]);

/** A connected cluster with a placement that it was assigned. */
async function deployed(code: string): Promise<{ agent: ScriptedAgent; applicationId: string; placementId: string }> {
  const agent = agentNamed(code);
  await agent.hello();
  const application = await world.application({ name: `app-${code}`, clusters: [{ id: agent.clusterId, replicas: 1 }], enqueue: false });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where id = $1`, [placementId]);
  return { agent, applicationId: application.id, placementId };
}

const happened = (object: EventReport["object"], changes: Partial<EventReport> = {}): EventReport => ({
  id: randomUUIDv7(), at: 2_000, firstAt: 1_000, type: "WARNING", reason: "BackOff", message: "it fell over", count: 3, object, ...changes,
});

test("what happened is stored once, whichever reports bring it, with whose it is and what it is called from our own rows", async () => {
  const { agent, applicationId, placementId } = await deployed("events-1");
  const podId = randomUUIDv7();
  const node = nodeIdOf(agent.clusterId);
  const events = [
    happened({ kind: "pod", id: podId, name: "web-x", placementId }),
    happened({ kind: "placement", id: placementId }, { faultId: "01932c07-0000-7000-8000-00000000fa17" }),
    happened({ kind: "node", id: node, name: "called by the agent" }, { reason: "NodeNotReady" }),
    happened({ kind: "cluster" }, { reason: "EventsLost" }),
  ];
  await agent.report({ events });
  // The same again by the same number, by the next, and by those of a new epoch, which also has one that is new.
  const from = agent.received.length;
  agent.say(agent.reportMessage({ seq: agent.seq, events }));
  await agent.next("ack", from);
  await agent.report({ events: events.slice(1) });
  agent.epoch = 2;
  agent.seq = 0;
  const more = happened({ kind: "cluster" }, { reason: "EventsLost", count: 9, message: "more", at: 3_000 });
  await agent.report({ full: true, fullEnds: true, events: [...events.map((event) => ({ ...event, message: "told otherwise" })), more] });

  const platform = { tenant_id: null, application_id: null, namespace_id: null, pod_id: null };
  const tenants = { tenant_id: world.tenantId, application_id: applicationId, namespace_id: world.namespaceId };
  const stored = await eventsOf(agent.clusterId);
  expect(stored).toHaveLength(5);
  expect(stored.every(({ message }) => message === "it fell over" || message === "more")).toBe(true);
  expect(stored.filter(({ id }) => id !== more.id).toSorted((a, b) => events.findIndex(({ id }) => id === a["id"]) - events.findIndex(({ id }) => id === b["id"]))).toMatchObject([
    { ...tenants, object: "pod/web-x", pod_id: podId, involved_type: "Pod", involved_id: podId, count: 3, cause: null, at: new Date(2_000), first_at: new Date(1_000) },
    { ...tenants, object: "application/app-events-1", involved_type: "Fault", involved_id: "01932c07-0000-7000-8000-00000000fa17", pod_id: null },
    { ...platform, object: "node/events-1-1", involved_type: "ClusterNode", involved_id: node },
    { ...platform, object: "cluster/events-1", involved_type: "Cluster", involved_id: agent.clusterId },
  ]);
  const told = await rows<{ tenant_id: string | null; ids: string[]; owner_ids: string[] | null }>("select tenant_id, ids, owner_ids from timeline where kind = 'event' and cluster_id = $1 order by seq", [agent.clusterId]);
  expect(told.flatMap(({ ids }) => ids).toSorted()).toEqual(stored.map(({ id }) => id).toSorted());
  expect(told.filter(({ tenant_id }) => tenant_id !== null)).toMatchObject([{ owner_ids: [applicationId] }]);
});

test("of what the cluster was not given nothing is stored, and nothing lies in the future", async () => {
  const { agent, placementId } = await deployed("events-2");
  const other = await deployed("events-3");
  const ahead = happened({ kind: "cluster" }, { at: 253_402_300_799_999, firstAt: 253_402_300_799_999 });
  await agent.report({
    events: [
      happened({ kind: "pod", id: randomUUIDv7(), name: "web-x", placementId: other.placementId }),
      happened({ kind: "placement", id: other.placementId }),
      // A service that has a placement's id is none.
      happened({ kind: "service", id: placementId }),
      happened({ kind: "node", id: nodeIdOf(other.agent.clusterId), name: "n" }),
      ahead,
    ],
  });
  const stored = (await eventsOf(agent.clusterId)) as { id: string; at: Date; first_at: Date }[];
  expect(stored.map(({ id }) => id)).toEqual([ahead.id]);
  expect(stored[0]?.at.getTime()).toBeLessThanOrEqual(Date.now());
  expect(stored[0]?.first_at.getTime()).toBeLessThanOrEqual(Date.now());
  // The id that this cluster used is another's too: neither touches the other.
  await other.agent.report({ events: [happened({ kind: "cluster" }, { id: ahead.id, message: "another's" })] });
  expect(await rows("select message from event where id = $1 order by message", [ahead.id])).toEqual([{ message: "another's" }, { message: "it fell over" }]);
});

test.each([
  ["too many", { events: Array.from({ length: 501 }, () => happened({ kind: "cluster" })) }, "events is no list of at most 500"],
  ["an object of no kind", { events: [{ ...happened({ kind: "cluster" }), object: { kind: "moon" } }] }, "events[0].object.kind is none of"],
  ["a pod without a placement", { events: [{ ...happened({ kind: "cluster" }), object: { kind: "pod", id: randomUUIDv7(), name: "n" } }] }, "events[0].object.placementId is no uuid"],
  ["a reason of several words", { events: [happened({ kind: "cluster" }, { reason: "Back off" })] }, "events[0].reason is malformed"],
  ["a message that is too long", { events: [happened({ kind: "cluster" }, { message: "x".repeat(1_025) })] }, "events[0].message is no text"],
])("%s is refused in words for the agent's log", async (_what, changes, reason) => {
  const agent = agentNamed(`refused-${randomUUIDv7()}`);
  await agent.hello();
  agent.say({ ...agent.reportMessage(), ...changes });
  await eventually(() => expect(agent.received).toContainEqual({ type: "refuse", clusterId: agent.clusterId, reason: expect.stringContaining(reason) }));
  expect(await eventsOf(agent.clusterId)).toEqual([]);
});

describe("what the centre notices", () => {
  test("a cluster falls silent, and comes back, once and again: each is counted", async () => {
    const attentive = createCentre(database);
    onTestFinished(() => attentive.close());
    await attentive.gateway({ silentAfterMs: 2_500 });
    const agent = new ScriptedAgent("silent-1").connect(attentive.link.dial());
    await agent.hello();
    const told = async (): Promise<unknown[]> => (await eventsOf(agent.clusterId)).map(({ reason, count, type, object }) => [reason, count, type, object]);
    const disconnected = (count: number): unknown[] => ["ClusterDisconnected", count, "WARNING", "cluster/silent-1"];
    const connected = (count: number): unknown[] => ["ClusterConnected", count, "NORMAL", "cluster/silent-1"];
    await eventually(async () => expect(await told()).toEqual([disconnected(1)]), { deadlineMs: 15_000 });
    // Nothing is known of why; the next time it is cut off.
    const faultId = randomUUIDv7();
    await database.admin.query(
      "insert into fault (id, kind, cluster_id, target_type, target_id, mode, seed, starts_at, ends_at) values ($1, 'DISCONNECT_CLUSTER', $2, 'Cluster', $2, 'BOTH_WAYS', 7, now(), now() + interval '1 hour')", [faultId, agent.clusterId]);
    agent.say({ type: "ping", clusterIds: [agent.clusterId], at: Date.now() });
    await eventually(async () => expect(await told()).toEqual([disconnected(1), connected(1)]), { deadlineMs: 15_000 });
    await eventually(async () => expect(await told()).toEqual([disconnected(1), connected(1), disconnected(2)]), { deadlineMs: 15_000 });
    expect((await eventsOf(agent.clusterId)).filter(({ reason }) => reason === "ClusterDisconnected").map(({ cause, involved_type, involved_id }) => [cause, involved_type, involved_id])).toEqual([
      [null, "Cluster", agent.clusterId], [`fault ${faultId}`, "Fault", faultId],
    ]);
    // A hello vouches for nothing.
    await agent.hello();
    expect(await told()).toEqual([disconnected(1), connected(1), disconnected(2)]);
    agent.say({ type: "ping", clusterIds: [agent.clusterId], at: Date.now() });
    await eventually(async () => expect(await told()).toEqual([disconnected(1), connected(1), disconnected(2), connected(2)]), { deadlineMs: 15_000 });
  }, 60_000);

  test("an agent's store went back: told once, with what it knows no more; a new one is told too", async () => {
    const agent = agentNamed("back-1");
    await agent.hello();
    for (let report = 0; report < 3; report += 1) await agent.report();
    const told = async (): Promise<Record<string, unknown>[]> => (await eventsOf(agent.clusterId)).filter(({ reason }) => reason === "AgentStoreRestored");
    await agent.hello();
    expect(await told()).toEqual([]);
    agent.seq = 1;
    await agent.hello();
    await agent.hello();
    expect(await told()).toMatchObject([{ type: "WARNING", object: "cluster/back-1", tenant_id: null, cause: "a store that went back", message: expect.stringContaining("its reports up to 1/1, here are those up to 1/3") }]);
  });

  test("an agent knows a later term than the database: that went back", async () => {
    const agent = agentNamed("term-1");
    await agent.hello({ term: 7 });
    await agent.hello();
    expect((await eventsOf(agent.clusterId)).map(({ reason, type }) => [reason, type])).toEqual([["CentreRestored", "WARNING"]]);
  });
});

test("events are kept for fourteen days of the simulation, and go in steps", async () => {
  const agent = agentNamed("old-1");
  await agent.hello();
  const now = wallClock.now();
  const day = 86_400_000;
  const ages = [13.9, 14.1, 15, 16, 400].map((days) => happened({ kind: "cluster" }, { at: now - days * day, firstAt: now - days * day }));
  await agent.report({ events: ages.map((event) => ({ ...event, at: Math.floor(event.at), firstAt: Math.floor(event.firstAt) })) });
  await database.admin.query("delete from event where cluster_id <> $1", [agent.clusterId]);
  const { pool } = await database.openAs("selvedge_worker", 1);
  const expire = (steps: number): Promise<number> => expireEvents({ pool, clock: { now: () => now } }, 2, steps);
  expect(await expire(1)).toBe(2);
  // The oldest first.
  expect((await eventsOf(agent.clusterId)).map(({ id }) => id).toSorted()).toEqual([ages[0]?.id, ages[1]?.id, ages[2]?.id].filter((id) => id !== undefined).toSorted());
  expect(await expire(100)).toBe(2);
  expect((await eventsOf(agent.clusterId)).map(({ id }) => id)).toEqual([ages[0]?.id]);
});
