import { afterAll, beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { type Way, WAYS } from "#server/read/answer.ts";
import { FaultSearch, inTurn } from "#tests/support/fault-search.ts";
import { ignoringMutants, type Mutant, MUTANTS } from "#tests/support/mapping-mutants.ts";
import { runningOf } from "#tests/support/random-askings.ts";
import { cloneSchema } from "#tests/support/schema-clone.ts";
import { answer, difference } from "#tests/support/three-ways.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * The comparison of the ways finds a fault in each kind of mapping, whichever way has it: each mutant's ways are compared with the product's interpreter, over the same
 * random operations, until each of them has differed; and where these did not reach its place, over more that aim at it.
 */
const SEED = testSeed();
const QUERIES = 800;
const MESSAGES = 200;
const MORE = 2_000;

let search: FaultSearch;
beforeAll(async () => {
  search = await FaultSearch.open({ seed: SEED, queries: QUERIES, messages: MESSAGES, more: MORE });
}, 300_000);
afterAll(() => search.close());

interface Found {
  readonly mutant: Mutant;
  /** By way: how many operations there were before it, and how many of these had anything to do with it. */
  readonly at: ReadonlyMap<Way, readonly [operations: number, concerned: number]>;
}

async function find(mutant: Mutant): Promise<Found> {
  const { sides } = search;
  const clone = mutant.schema ? cloneSchema(schema) : schema;
  mutant.schema?.(clone);
  const side = sides.side(clone);
  const at = new Map<Way, readonly [number, number]>();
  let concerned = 0;
  for await (const { asking, running, expected, number } of search.candidates(mutant.ofMessages ? "messages" : "queries", mutant.aim)) {
    if (!mutant.concerns(asking.asked)) continue;
    // What it takes the operation for has to be one; where it is none, it would not have been run.
    const taken = mutant.asked ? runningOf(sides, asking, mutant.asked(asking.asked)) : running;
    if (!taken) continue;
    concerned += 1;
    for (const way of WAYS.filter((one) => !at.has(one))) {
      const answered = await answer(side, way, taken);
      const data = mutant.answered ? mutant.answered(answered.data) : answered.data;
      if (difference(expected, { ...answered, data, json: JSON.stringify(data) }) !== null) at.set(way, [number, concerned]);
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

test("what mutants aim at can be reached", () => {
  const unreached = [...MUTANTS, ...ignoringMutants(schema)].flatMap(({ name, aim, ofMessages = false }) => (aim ? search.unreached(ofMessages ? "messages" : "queries", aim) : []).map((goal) => `${name}: ${goal}`));
  expect(unreached).toEqual([]);
});
