import { randomUUIDv7 } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { FaultOrder } from "#server/fleet/link.ts";
import { type Centre, createCentre, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let centre: Centre;
let clusters = 0;

beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());
beforeEach(async () => {
  await database.admin.query("delete from fault");
  centre = createCentre(database);
});
afterEach(() => centre.close());

const newAgent = (): ScriptedAgent => new ScriptedAgent(`c-${(clusters += 1)}`).connect(centre.link.dial());

interface Struck {
  readonly clusterId: string;
  readonly kind?: string;
  readonly lastsMs?: number;
}
/** As the services write it; the bus is told, or is not. */
async function inject({ clusterId, kind = "DISCONNECT_CLUSTER", lastsMs = 60_000 }: Struck, isTold = true): Promise<string> {
  const id = randomUUIDv7();
  const now = wallClock.now();
  await database.admin.query(
    "insert into fault (id, kind, cluster_id, target_type, target_id, mode, seed, starts_at, ends_at) values ($1, $2, $3, 'Cluster', $3, $4, 7, $5, $6)",
    [id, kind, clusterId, kind === "DISCONNECT_CLUSTER" ? "FLAPPING" : null, new Date(now), new Date(now + lastsMs)],
  );
  if (isTold) centre.bus.publish("faults");
  return id;
}
async function end(id: string): Promise<void> {
  await database.admin.query("update fault set ended_at = $2 where id = $1", [id, new Date(wallClock.now())]);
  centre.bus.publish("faults");
}

/** The ids in each order that an agent's connection got about its cluster. */
const ordersTo = (agent: ScriptedAgent, clusterId = agent.clusterId): string[][] =>
  agent.received.flatMap((message) => (message.type === "faults" && message.clusterId === clusterId ? [message.faults.map(({ id }) => id)] : []));
const last = (agent: ScriptedAgent, clusterId = agent.clusterId): string[] | undefined => ordersTo(agent, clusterId).at(-1);

test("all that are in force are named each time: when one begins, when one ends, after a hello, and once more when the last is over", async () => {
  await centre.gateway();
  const agent = newAgent();
  await agent.hello();
  expect(ordersTo(agent)).toEqual([]);
  const first = await inject(agent);
  await eventually(() => expect(last(agent)).toEqual([first]));
  expect(agent.received.findLast(({ type }) => type === "faults")).toMatchObject({ faults: [{ kind: "DISCONNECT_CLUSTER", mode: "FLAPPING", seed: 7 } satisfies Partial<FaultOrder>] });
  // The poll finds what the bus lost.
  const second = await inject({ ...agent, clusterId: agent.clusterId, kind: "SLOW_IMAGE_PULL", lastsMs: 4_000 }, false);
  await eventually(() => expect(last(agent)).toEqual([first, second]));
  const before = ordersTo(agent).length;
  await agent.hello();
  await eventually(() => expect(ordersTo(agent).slice(before)).toEqual([[first, second]]));
  await end(first);
  await eventually(() => expect(last(agent)).toEqual([second]));
  await eventually(() => expect(last(agent)).toEqual([]), { deadlineMs: 15_000 });
});

test("a cluster whose session ended is told where it last said hello, and so are all who may have one that said hello to nobody", async () => {
  await centre.gateway();
  const [agent, other] = [newAgent(), newAgent()];
  await agent.hello();
  await other.hello();
  // It goes on elsewhere than the centre knows of: its session is over.
  agent.say({ ...agent.reportMessage(), seq: 99 });
  await eventually(() => expect(agent.received.at(-1)).toMatchObject({ type: "refuse" }));
  const id = await inject(agent);
  await eventually(() => expect(last(agent)).toEqual([id]));
  expect(ordersTo(other, agent.clusterId)).toEqual([]);

  // A gateway that starts while it is cut off has no place for it.
  await centre.close();
  centre = createCentre(database);
  await centre.gateway();
  const fleets = [agent, other].map((one) => one.connect(centre.link.dial()));
  await other.hello();
  await eventually(() => expect(fleets.map((one) => ordersTo(one, agent.clusterId).at(-1))).toEqual([[id], [id]]));
  await end(id);
  await eventually(() => expect(fleets.map((one) => last(one, agent.clusterId))).toEqual([[], []]));
  // Nor has one that starts after it was ended: whoever still carries it out hears of that.
  await centre.close();
  centre = createCentre(database);
  await centre.gateway();
  const late = newAgent();
  await eventually(() => expect(ordersTo(late, agent.clusterId)).toEqual([[]]));
});
