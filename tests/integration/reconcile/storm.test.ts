import { afterAll, beforeAll, expect, test } from "vitest";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { seededRandom } from "#tests/support/random.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  centre = createCentre(database);
});
afterAll(async () => {
  await centre.close();
  await database.drop();
});

const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => (await database.admin.query<Row>(sql, values)).rows;

/** Says again and again that it has what it was last told of, so long as that is news. */
async function comply(agent: ScriptedAgent, stop: AbortSignal): Promise<void> {
  const said = new Map<string, number>();
  while (!stop.aborted) {
    const news = [...agent.objects.values()].filter((object) => said.get(object.objectId) !== object.generation);
    if (news.length > 0) {
      const about = new Set(news.map((object) => object.objectId));
      await agent.comply((object) => about.has(object.objectId));
      for (const object of news) said.set(object.objectId, object.generation);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("changes, jobs and reports of many applications at once end as wanted, without a deadlock", async () => {
  await centre.gateway();
  await centre.worker();
  const tenant = await desiredState(database.admin, "storm");
  const agents = ["storm-a", "storm-b", "storm-c"].map((code) => new ScriptedAgent(code).connect(centre.link.dial()));
  for (const agent of agents) await agent.hello();
  const stop = new AbortController();
  const complying = agents.map((agent) => comply(agent, stop.signal));
  const random = seededRandom(20_261_123);
  const wanted = new Map<string, number>();
  try {
    const applications: DeployedApplication[] = [];
    for (let index = 0; index < 24; index += 1) {
      const application = await tenant.application({ name: `storm-${index}`, clusters: agents.map(({ clusterId }) => ({ id: clusterId, replicas: 1 })) });
      applications.push(application);
      wanted.set(application.id, 1);
    }
    const changing = Array.from({ length: 4 }, async (_, lane) => {
      for (let round = 0; round < 15; round += 1) {
        const application = applications[Math.floor(random() * 6) * 4 + lane] as DeployedApplication;
        const replicas = Math.floor(random() * 4);
        await tenant.change(application, { replicas, kind: "SCALE_APPLICATION" });
        wanted.set(application.id, replicas);
      }
    });
    await Promise.all(changing);
    await eventually(async () => {
      const applications_ = await rows<{ id: string; status: string; ready: number }>("select id, status, ready from application");
      const expected = [...wanted].map(([id, replicas]) => ({ id, status: replicas === 0 ? "STOPPED" : "RUNNING", ready: replicas * 3 }));
      expect(applications_.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    }, { deadlineMs: 20_000, everyMs: 100 });
    expect(await rows("select state from operation where finished_at is null")).toEqual([]);
    expect(await rows("select a.object_id from assignment a join placement p on p.id = a.object_id where a.generation <> p.generation or a.confirmed_generation <> a.generation or p.observed_generation <> p.generation")).toEqual([]);
    // What the database says agrees with what the agents were told last.
    for (const agent of agents) {
      for (const object of agent.objects.values()) expect(object.spec?.replicas).toBe(wanted.get(object.spec?.applicationId ?? ""));
    }
    expect(await rows("select count(*)::int as pods from pod where ready")).toEqual(await rows("select sum(ready)::int as pods from placement"));
  } finally {
    stop.abort();
    await Promise.all(complying);
  }
  expect(await rows("select deadlocks::int from pg_stat_database where datname = current_database()")).toEqual([{ deadlocks: 0 }]);
}, 60_000);
