import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createPresence } from "#server/gateway/presence.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let centre: Centre;

beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway({ silentAfterMs: 2_500 });
});
afterEach(() => centre.close());

const statusOf = async (clusterId: string): Promise<string | undefined> => (await database.admin.query<{ status: string }>("select status from cluster where id = $1", [clusterId])).rows[0]?.status;
const tellings = async (clusterId: string): Promise<number> => (await database.admin.query<{ n: number }>("select count(*)::int as n from timeline where kind = 'cluster' and cluster_id = $1 and tenant_id is null", [clusterId])).rows[0]?.n ?? 0;

test("a silent cluster becomes DISCONNECTED, a pinging one does not, and each change is told once", async () => {
  const connection = centre.link.dial();
  const [silent, talking] = [new ScriptedAgent("silent").connect(connection), new ScriptedAgent("talking").connect(connection)];
  await silent.hello();
  await talking.hello();
  const pings = setInterval(() => talking.say({ type: "ping", clusterIds: [talking.clusterId], at: Date.now() }), 200);
  try {
    await talking.next("pong");
    await eventually(async () => expect(await statusOf(silent.clusterId)).toBe("DISCONNECTED"), { deadlineMs: 12_000 });
    expect(await statusOf(talking.clusterId)).toBe("ONLINE");
    expect(await tellings(silent.clusterId)).toBe(2);
    expect(await tellings(talking.clusterId)).toBe(1);
    silent.say({ type: "ping", clusterIds: [silent.clusterId], at: Date.now() });
    await eventually(async () => expect(await statusOf(silent.clusterId)).toBe("ONLINE"));
    expect(await tellings(silent.clusterId)).toBe(3);
  } finally {
    clearInterval(pings);
  }
});

test("another store's agent is refused while the cluster's own is heard from, and takes over once that is silent", async () => {
  const own = new ScriptedAgent("claimed").connect(centre.link.dial());
  await own.hello();
  const other = new ScriptedAgent("claimed", own.clusterId);
  other.store = "another";
  other.epoch = 9;
  const storeOf = async (): Promise<unknown> => (await database.admin.query("select agent_store, epoch from cluster where id = $1", [own.clusterId])).rows[0];
  const pings = setInterval(() => own.say({ type: "ping", clusterIds: [own.clusterId], at: Date.now() }), 200);
  try {
    other.connect(centre.link.dial());
    other.say(other.helloMessage());
    await eventually(() => expect(other.received).toMatchObject([{ type: "refuse", clusterId: own.clusterId, reason: expect.stringContaining("answers to another agent") }]));
    // Neither its session nor its place was touched: it goes on reporting.
    await own.report();
    expect(own.received.filter(({ type }) => type === "refuse")).toEqual([]);
    expect(await storeOf()).toEqual({ agent_store: "kept", epoch: 1 });
    // After a restart of the cluster's own agent it is the same agent.
    own.connect(centre.link.dial());
    await own.hello();
  } finally {
    clearInterval(pings);
  }
  await eventually(async () => expect(await statusOf(own.clusterId)).toBe("DISCONNECTED"), { deadlineMs: 12_000 });
  other.received.length = 0;
  expect(await other.hello()).toMatchObject({ epoch: 1, ackedSeq: 1 });
  expect(await storeOf()).toEqual({ agent_store: "another", epoch: 1 });
  const from = own.received.length;
  own.say(own.helloMessage());
  await eventually(() => expect(own.received.slice(from)).toContainEqual({ type: "refuse", clusterId: own.clusterId, reason: expect.stringContaining("answers to another agent") }));
});

test("a hello vouches for nothing: a cluster that only ever says hello stays as old as it is", async () => {
  const agent = new ScriptedAgent("one-way").connect(centre.link.dial());
  await agent.hello();
  await eventually(async () => expect(await statusOf(agent.clusterId)).toBe("DISCONNECTED"), { deadlineMs: 12_000 });
  const seen = async (): Promise<unknown> => (await database.admin.query("select last_seen_at from cluster where id = $1", [agent.clusterId])).rows[0];
  const before = await seen();
  agent.connect(centre.link.dial());
  await agent.hello();
  // Nor does a report that leaves something out; one that was made an hour ago vouches for what was then.
  await agent.report({ more: true });
  await agent.report({ at: Date.now() - 3_600_000 });
  expect(await seen()).toEqual(before);
  expect(await statusOf(agent.clusterId)).toBe("DISCONNECTED");
  await agent.report();
  await eventually(async () => expect(await statusOf(agent.clusterId)).toBe("ONLINE"));
  expect(await seen()).not.toEqual(before);
});

test("signs of life that could not be stored for a while count for when they came", async () => {
  const agent = new ScriptedAgent("kept").connect(centre.link.dial());
  await agent.hello();
  const { pool } = await database.openAs("selvedge_gateway", 2);
  let now = Date.now();
  const presence = createPresence(pool, { now: () => now }, () => 30_000);
  presence.heard(agent.clusterId, now);
  const heardAt = now;
  now += 600_000;
  expect(await presence.flush()).toEqual([]);
  expect((await database.admin.query("select last_seen_at from cluster where id = $1", [agent.clusterId])).rows).toEqual([{ last_seen_at: new Date(heardAt) }]);
  // The running centre may have been first.
  await presence.markSilent();
  expect(await statusOf(agent.clusterId)).toBe("DISCONNECTED");
});

test("a ping counts only for clusters of its own connection", async () => {
  const victim = new ScriptedAgent("victim").connect(centre.link.dial());
  await victim.hello();
  const rogue = new ScriptedAgent("rogue").connect(centre.link.dial());
  await rogue.hello();
  const pings = setInterval(() => rogue.say({ type: "ping", clusterIds: [rogue.clusterId, victim.clusterId], at: Date.now() }), 200);
  try {
    await eventually(async () => expect(await statusOf(victim.clusterId)).toBe("DISCONNECTED"), { deadlineMs: 12_000 });
    expect(await statusOf(rogue.clusterId)).toBe("ONLINE");
  } finally {
    clearInterval(pings);
  }
});
