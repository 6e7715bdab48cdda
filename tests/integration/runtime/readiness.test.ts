import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countMissing, countStrangers } from "#server/roles/api.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  centre = createCentre(database);
  await centre.gateway();
});
afterAll(async () => {
  await centre.close();
  await database.drop();
});

const join = async (code: string): Promise<string> => {
  const agent = new ScriptedAgent(code).connect(centre.link.dial());
  await agent.hello();
  return agent.clusterId;
};

test("the clusters of an earlier fleet do not stand in for those of this one", async () => {
  const earlier = [await join("earlier-1"), await join("earlier-2")];
  const { pool } = await database.openAs("selvedge_api", 1);
  const late = new ScriptedAgent("late", randomUUIDv7()).connect(centre.link.dial());
  const fleet = [await join("here"), late.clusterId];
  const missing = countMissing(pool, fleet);
  expect(await missing()).toBe(1);
  await late.hello();
  expect(await missing()).toBe(0);

  expect(await countStrangers(pool, fleet)).toBe(2);
  expect(await countStrangers(pool, [...fleet, ...earlier])).toBe(0);
});
