import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphQLObjectType } from "graphql";
import { schema } from "#schema/index.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type RandomAsking, RandomAskings, runningOf } from "#tests/support/random-askings.ts";
import { diceOf } from "#tests/support/random.ts";
import { hintsOf } from "#tests/support/read-hints.ts";
import { createReadWorld, type ReadWorld } from "#tests/support/read-world.ts";
import { observed } from "#tests/support/schema-clone.ts";
import { schemaPaths } from "#tests/support/schema-paths.ts";
import { shrink } from "#tests/support/shrink-document.ts";
import { answer, type Asked, difference, openSides, reproduction, type Side, type Sides, Tally, wrongWay } from "#tests/support/three-ways.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * Whatever is asked, all ways give one answer: random operations and random messages of subscriptions, over the product's schema. By hand, with more of them:
 * SELVEDGE_OPERATIONS=100000 npm test -- tests/property/read/three-ways.test.ts
 */
const SEED = testSeed();
const OPERATIONS = Number(process.env["SELVEDGE_OPERATIONS"] ?? 2_000);
const BY_HAND = OPERATIONS > 2_000;
const MESSAGES = Math.ceil(OPERATIONS / 5);
const TIMEOUT_MS = 120_000 + OPERATIONS * 100;

/** Of what is admitted, as much has to be compiled at least: a comparison of the interpreter with itself proves nothing. */
const COMPILED_QUERIES = 0.6;
const COMPILED_MESSAGES = 0.75;
/** Where each field has answered something at least so often, the rest of the schema was not left out by chance. */
const ANSWERS_A_FIELD = 2;
const NEVER_ANSWERS: ReadonlyMap<string, string> = new Map([
  ["Rollout.steps", "a FULL rollout has none, and others are not offered yet"],
  ["Rollout.currentStep", "as its steps"],
  ["RolloutStep.percent", "there is no step"],
  ["RolloutStep.pauseSeconds", "there is no step"],
  ["RolloutStep.state", "there is no step"],
]);

const AT_ONCE = 6;
/** What one batch answered decides what the next one asks for; within it nothing depends on which answer comes first. */
const BATCH = 100;

let database: TestDatabase;
let world: ReadWorld;
let sides: Sides;
let reference: Side;
let side: Side;
/** How often each field answered something since it was cleared. */
const landed = new Map<string, number>();

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createReadWorld(database.admin);
  sides = await openSides(database, { max: AT_ONCE });
  reference = sides.side(observed(schema, (coordinate) => landed.set(coordinate, (landed.get(coordinate) ?? 0) + 1)), { ways: ["interpreter"] });
  side = sides.side();
}, 60_000);
afterAll(() => database.drop());

/** Lasts over all batches. */
interface Run {
  readonly tally: Tally;
  readonly answers: ReadonlyMap<string, number>;
}

async function run(of: "queries" | "messages", count: number): Promise<Run> {
  const hints = await hintsOf(world, sides, sides.side());
  const askings = new RandomAskings({ schema, world, hints, dice: diceOf(SEED), of });
  const tally = new Tally();
  const answers = new Map<string, number>();
  const began = performance.now();
  let told = began;
  while (tally.asked < count) {
    landed.clear();
    const batch = askings.batch(Math.min(BATCH, count - tally.asked));
    tally.asked += batch.length;
    // oxlint-disable-next-line no-await-in-loop -- the next batch depends on this one
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let one = batch.shift(); one; one = batch.shift()) await compare(one, tally);
    }));
    askings.landed(landed);
    for (const [coordinate, times] of landed) answers.set(coordinate, (answers.get(coordinate) ?? 0) + times);
    if (BY_HAND && performance.now() - told > 10_000) {
      told = performance.now();
      process.stdout.write(`${of}: ${tally.asked} of ${count}, ${Math.round((1000 * tally.asked) / (told - began))} a second\n`);
    }
  }
  process.stdout.write(`${of} (TEST_SEED=${SEED}), in ${((performance.now() - began) / 1000).toFixed(1)} s\n${tally.table()}\n`);
  return { tally, answers };
}

async function compare(asking: RandomAsking, tally: Tally): Promise<void> {
  const { asked, viewer, now, message } = asking;
  const differs = async (other: Asked): Promise<string | null> => {
    const running = runningOf(sides, asking, other);
    if (!running) return null;
    const expected = await answer(reference, "interpreter", running);
    if (viewer.whole && !message && expected.internal.length > 0) return `the interpreter has an internal error: ${expected.internal.map(String).join(", ")}`;
    if (other === asked && expected.errors.length > 0) tally.failed += 1;
    // The interpreter has answered: it is what the others are compared with.
    for (const way of ["compiled", "mixed"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one way after the other, so that the first to differ is told
      const found = await answer(side, way, running);
      if (other === asked && way === "compiled") tally.count(found.took);
      const wrong = wrongWay(expected, found.took.reason, viewer);
      if (wrong !== null) return wrong;
      const differing = difference(expected, found);
      if (differing !== null) return `${way} (as ${found.took.way}${found.took.reason === null ? "" : `, ${found.took.reason}`}): ${differing}`;
    }
    return null;
  };
  if (!runningOf(sides, asking)) {
    tally.refused += 1;
    return;
  }
  const found = await differs(asked);
  if (found === null) return;
  const smaller = await shrink(asked, async (candidate) => (await differs(candidate)) !== null);
  throw new Error(`${(await differs(smaller)) ?? found}\n\nTEST_SEED=${SEED}\n${reproduction(smaller, viewer, { now, ...(message ? { message } : {}) })}\n\nas it was asked first:\n${reproduction(asked, viewer)}`);
}

test(`any query has one answer (seed ${SEED})`, { timeout: TIMEOUT_MS }, async () => {
  const { tally, answers } = await run("queries", OPERATIONS);
  expect(tally.refused / tally.asked).toBeLessThan(0.1);
  expect(tally.failed / tally.asked).toBeLessThan(0.15);
  expect(tally.share("compiled")).toBeGreaterThanOrEqual(COMPILED_QUERIES);

  const { fields } = schemaPaths(schema, schema.getQueryType() as GraphQLObjectType, "PLATFORM_ADMIN");
  const seldom = fields.map(({ coordinate }) => ({ coordinate, answered: answers.get(coordinate) ?? 0 })).filter(({ answered }) => answered < ANSWERS_A_FIELD);
  expect(seldom.filter(({ coordinate }) => !NEVER_ANSWERS.has(coordinate))).toEqual([]);
  expect([...NEVER_ANSWERS.keys()].filter((coordinate) => answers.has(coordinate))).toEqual([]);
});

test(`any message of a subscription has one answer (seed ${SEED})`, { timeout: TIMEOUT_MS }, async () => {
  const roots = Object.keys(schema.getSubscriptionType()?.getFields() ?? {});
  const { tally, answers } = await run("messages", MESSAGES);
  expect(tally.refused / tally.asked).toBeLessThan(0.3);
  expect(tally.share("compiled")).toBeGreaterThanOrEqual(COMPILED_MESSAGES);
  expect(roots.filter((field) => !answers.has(`Subscription.${field}`))).toEqual([]);
});
