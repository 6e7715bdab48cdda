import { afterAll, beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { type Way, WAYS } from "#server/read/answer.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { ignoringMutants, type Mutant, MUTANTS } from "#tests/support/mapping-mutants.ts";
import { OperationGenerator, type RandomOperation } from "#tests/support/random-operation.ts";
import { randomMessage } from "#tests/support/random-messages.ts";
import { diceOf } from "#tests/support/random.ts";
import { hintsOf } from "#tests/support/read-hints.ts";
import { createReadWorld, type ReadWorld, type WorldViewer } from "#tests/support/read-world.ts";
import { cloneSchema } from "#tests/support/schema-clone.ts";
import { answer, type Answered, difference, openSides, type Running, type Side, type Sides } from "#tests/support/three-ways.ts";

/**
 * The comparison of the ways finds a fault in each kind of mapping, whichever way has it: each mutant's ways are compared with the product's interpreter, over the same
 * random operations, until each of them has differed.
 */
const SEED = Number(process.env["TEST_SEED"] ?? 11);
const OPERATIONS = 2_500;
const MESSAGES = 400;
const AT_ONCE = 6;

interface Asking {
  readonly asked: RandomOperation;
  readonly viewer: WorldViewer;
  readonly message?: object;
}

let database: TestDatabase;
let world: ReadWorld;
let sides: Sides;
let reference: Side;
let queries: Asking[];
let messages: Asking[];
/** What the product answers; asked for when it is needed. */
const answers = new Map<Asking, Promise<Answered>>();

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createReadWorld(database.admin);
  sides = await openSides(database, { max: AT_ONCE });
  reference = sides.side(schema, { ways: ["interpreter"] });
  const dice = diceOf(SEED);
  const generator = new OperationGenerator({ schema, dice, hints: await hintsOf(world, sides, reference) });
  const viewer = (): WorldViewer => dice.weighted(world.viewers, ({ weight }) => weight);
  queries = Array.from({ length: OPERATIONS }, () => {
    const who = viewer();
    return { viewer: who, asked: generator.query(who.role ?? "OWNER") };
  });
  const roots = Object.keys(schema.getSubscriptionType()?.getFields() ?? {});
  messages = Array.from({ length: MESSAGES }, () => {
    const [who, root] = [viewer(), dice.pick(roots)];
    return { viewer: who, asked: generator.subscription(who.role ?? "OWNER", root), message: randomMessage(schema, root, world, dice) };
  });
}, 120_000);
afterAll(() => database.drop());

const runningOf = ({ viewer, message }: Asking, asked: Asking["asked"] | Parameters<Sides["admit"]>[0]): Running | null => {
  const admission = sides.admit(asked, viewer);
  return admission.ok ? { execution: admission.operation.execution, viewer, ...(message ? { message } : {}) } : null;
};

interface Found {
  readonly mutant: Mutant;
  /** By way: how many operations there were before it, and how many of these had anything to do with it. */
  readonly at: ReadonlyMap<Way, readonly [operations: number, concerned: number]>;
}

async function find(mutant: Mutant): Promise<Found> {
  const clone = mutant.schema ? cloneSchema(schema) : schema;
  mutant.schema?.(clone);
  const side = sides.side(clone);
  const at = new Map<Way, readonly [number, number]>();
  let concerned = 0;
  for (const [index, asking] of (mutant.ofMessages ? messages : queries).entries()) {
    if (!mutant.concerns(asking.asked)) continue;
    const running = runningOf(asking, asking.asked);
    // What it takes the operation for has to be one; where it is none, it would not have been run.
    const taken = running && mutant.asked ? runningOf(asking, mutant.asked(asking.asked)) : running;
    if (!running || !taken) continue;
    concerned += 1;
    if (!answers.has(asking)) answers.set(asking, answer(reference, "interpreter", running));
    // oxlint-disable-next-line no-await-in-loop -- it ends where the mutant is found
    const expected = (await answers.get(asking)) as Answered;
    for (const way of WAYS.filter((one) => !at.has(one))) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      const answered = await answer(side, way, taken);
      const data = mutant.answered ? mutant.answered(answered.data) : answered.data;
      if (difference(expected, { ...answered, data, json: JSON.stringify(data) }) !== null) at.set(way, [index + 1, concerned]);
    }
    if (at.size === WAYS.length) break;
  }
  return { mutant, at };
}

async function findAll(mutants: readonly Mutant[]): Promise<void> {
  const left = [...mutants];
  const found: Found[] = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) found.push(await find(mutant));
  }));
  for (const { mutant, at } of found.toSorted((a, b) => (a.mutant.of < b.mutant.of ? -1 : 1))) {
    const lines = WAYS.map((way) => `${way} ${at.has(way) ? (at.get(way) ?? []).join("/") : "-"}`);
    process.stdout.write(`  ${mutant.of.padEnd(24)} ${mutant.name.padEnd(72)} ${lines.join("  ")}\n`);
  }
  const missed = found.flatMap(({ mutant, at }) => WAYS.filter((way) => !at.has(way)).map((way) => `${mutant.of}: ${mutant.name} (${way})`));
  expect(missed).toEqual([]);
}

test(`a fault in any kind of mapping is found (seed ${SEED})`, { timeout: 600_000 }, () => findAll(MUTANTS));

test(`a filter or an argument that is not looked at is found (seed ${SEED})`, { timeout: 600_000 }, () => findAll(ignoringMutants(schema)));

test("there is a mutant of each kind of mapping", () => {
  const kinds = ["exposed column", "exposed member", "globalId", "part", "one", "many", "page", "sql", "doc", "member", "union", "ref", "computed", "find", "list", "pageOf", "entity", "entities", "node", "nodes", "message", "pure"];
  expect(kinds.filter((kind) => !MUTANTS.some(({ of }) => of === kind))).toEqual([]);
});
