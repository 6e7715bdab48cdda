import { afterAll, beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import type { Role } from "#server/domain/states.ts";
import { type Way, WAYS } from "#server/read/answer.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { ignoringMutants, type Mutant, MUTANTS } from "#tests/support/mapping-mutants.ts";
import { OperationGenerator, type RandomOperation } from "#tests/support/random-operation.ts";
import { randomMessage } from "#tests/support/random-messages.ts";
import { diceOf } from "#tests/support/random.ts";
import { hintsOf } from "#tests/support/read-hints.ts";
import { createReadWorld, type ReadWorld, type WorldViewer } from "#tests/support/read-world.ts";
import { cloneSchema, observed } from "#tests/support/schema-clone.ts";
import { answer, type Answered, difference, openSides, type Running, type Side, type Sides } from "#tests/support/three-ways.ts";

/**
 * The comparison of the ways finds a fault in each kind of mapping, whichever way has it: each mutant's ways are compared with the product's interpreter, over the same
 * random operations, until each of them has differed.
 */
const SEED = Number(process.env["TEST_SEED"] ?? 11);
const OPERATIONS = 2_500;
const MESSAGES = 400;
const AT_ONCE = 6;
const BATCH = 100;

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
/** What the product answers. */
const answers = new Map<Asking, Answered>();

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createReadWorld(database.admin);
  sides = await openSides(database, { max: AT_ONCE });
  const landed = new Map<string, number>();
  reference = sides.side(observed(schema, (coordinate) => landed.set(coordinate, (landed.get(coordinate) ?? 0) + 1)), { ways: ["interpreter"] });
  const dice = diceOf(SEED);
  const hints = await hintsOf(world, sides, reference);
  const viewer = (): WorldViewer => dice.weighted(world.viewers, ({ weight }) => weight);
  const made = async (count: number, generator: OperationGenerator, next: (role: Role) => Omit<Asking, "viewer">): Promise<Asking[]> => {
    const all: Asking[] = [];
    while (all.length < count) {
      landed.clear();
      const batch = Array.from({ length: BATCH }, (): Asking => {
        const who = viewer();
        return { viewer: who, ...next(who.role ?? "OWNER") };
      });
      all.push(...batch);
      // oxlint-disable-next-line no-await-in-loop -- what one batch answers decides what the next one asks for
      await inTurn(batch, async (asking) => {
        const running = runningOf(asking, asking.asked);
        if (running) answers.set(asking, await answer(reference, "interpreter", running));
      });
      generator.landed(landed);
    }
    return all;
  };
  const generator = new OperationGenerator({ schema, dice, hints });
  queries = await made(OPERATIONS, generator, (role) => ({ asked: generator.query(role) }));
  const roots = Object.keys(schema.getSubscriptionType()?.getFields() ?? {});
  const ofMessages = new OperationGenerator({ schema, dice, hints });
  messages = await made(MESSAGES, ofMessages, (role) => {
    const root = dice.pick(roots);
    return { asked: ofMessages.subscription(role, root), message: randomMessage(schema, root, world, dice) };
  });
}, 300_000);
afterAll(() => database.drop());

/** Several at once. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  }));
}

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
    const expected = answers.get(asking) as Answered;
    for (const way of WAYS.filter((one) => !at.has(one))) {
      // oxlint-disable-next-line no-await-in-loop -- it ends where the mutant is found
      const answered = await answer(side, way, taken);
      const data = mutant.answered ? mutant.answered(answered.data) : answered.data;
      if (difference(expected, { ...answered, data, json: JSON.stringify(data) }) !== null) at.set(way, [index + 1, concerned]);
    }
    if (at.size === WAYS.length) break;
  }
  return { mutant, at };
}

async function findAll(mutants: readonly Mutant[]): Promise<void> {
  const found: Found[] = [];
  await inTurn(mutants, async (mutant) => void found.push(await find(mutant)));
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
  const kinds = ["exposed column", "exposed member", "globalId", "part", "one", "many", "page", "sql", "doc", "member", "union", "ref", "find", "list", "pageOf", "entity", "entities", "node", "nodes", "message", "pure"];
  expect(kinds.filter((kind) => !MUTANTS.some(({ of }) => of === kind))).toEqual([]);
});
