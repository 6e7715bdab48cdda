import type { GraphQLSchema } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import type { createReads } from "#server/read/run.ts";
import { COMPILER_MUTANTS, type CompilerMutant } from "#tests/support/compiler-mutants.ts";
import { type Candidate, FaultSearch, inTurn } from "#tests/support/fault-search.ts";
import { MutableGraph } from "#tests/support/mutated-graph.ts";
import { cloneSchema } from "#tests/support/schema-clone.ts";
import { answer, compiledAnswer, difference, type Side, wrongWay } from "#tests/support/three-ways.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * The comparison of the ways finds a fault in the compiler's own text: each mutant is a compiler with one fault in it, which answers the same random operations as
 * all others, until it differs from the interpreter. Where these did not reach its place, it answers more of them, which aim at it. What is printed is how many operations
 * there were before it was found, and how many of these had anything to do with it.
 */
const SEED = testSeed();
const QUERIES = 300;
const MESSAGES = 100;
const MORE = 2_000;
/** A third of them in a run, another one by the seed; all: SELVEDGE_MUTANTS=all npm test -- tests/property/read/compiler-mutants.test.ts */
const MUTANTS = COMPILER_MUTANTS.filter((_mutant, index) => process.env["SELVEDGE_MUTANTS"] === "all" || index % 3 === SEED % 3);

/** What is loaded from its text: the compiler, and what of its own it works with. */
const WITHIN = ["server/read/run.ts", "server/read/compiled", "server/read/page.ts", "server/read/render.ts", "server/read/touched.ts", "server/read/remembered.ts"];
type Run = { readonly createReads: typeof createReads };

let search: FaultSearch;
const graph = new MutableGraph(WITHIN);
beforeAll(async () => {
  search = await FaultSearch.open({ seed: SEED, queries: QUERIES, messages: MESSAGES, more: MORE });
}, 300_000);
afterAll(() => search.close());

function schemaOf(mutant?: CompilerMutant): GraphQLSchema {
  if (!mutant?.schema) return schema;
  const clone = cloneSchema(schema);
  mutant.schema(clone);
  return clone;
}

async function sideOf(mutant?: CompilerMutant): Promise<Side> {
  const { createReads: create } = await graph.load<Run>("server/read/run.ts", mutant && [mutant, ...(mutant.also ? [mutant.also] : [])]);
  return search.sides.side(schemaOf(mutant), { createReads: create });
}

async function fault(side: Side, { running, expected, asking }: Candidate): Promise<string | null> {
  const found = await compiledAnswer(side, running);
  if (found instanceof Error) return `it failed: ${found.message}`;
  return typeof found === "string" ? wrongWay(expected, found, asking.viewer) : difference(expected, found);
}

interface Found {
  readonly mutant: CompilerMutant;
  /** How many operations there were before it, and how many of these had anything to do with it. */
  readonly at: readonly [operations: number, concerned: number] | null;
}

async function find(mutant: CompilerMutant): Promise<Found> {
  const side = await sideOf(mutant);
  const reference = mutant.schema ? search.sides.side(side.schema, { ways: ["interpreter"] }) : null;
  let concerned = 0;
  for await (const candidate of search.candidates(mutant.ofMessages ? "messages" : "queries", mutant.aim)) {
    if (mutant.concerns && !mutant.concerns(candidate.asking.asked)) continue;
    concerned += 1;
    // oxlint-disable-next-line no-await-in-loop -- it ends where the mutant is found
    const expected = reference ? await answer(reference, "interpreter", candidate.running) : candidate.expected;
    if ((await fault(side, { ...candidate, expected })) !== null) return { mutant, at: [candidate.number, concerned] };
  }
  return { mutant, at: null };
}

test(`a fault in the compiler is found (seed ${SEED})`, { timeout: 600_000 }, async () => {
  const found: Found[] = [];
  await inTurn(MUTANTS, async (mutant) => void found.push(await find(mutant)));
  for (const { mutant, at } of found.toSorted((a, b) => MUTANTS.indexOf(a.mutant) - MUTANTS.indexOf(b.mutant))) {
    process.stdout.write(`  ${mutant.of.padEnd(16)} ${mutant.name.padEnd(80)} ${(at?.join("/") ?? "-").padStart(9)}\n`);
  }
  expect(found.filter(({ at }) => at === null).map(({ mutant }) => `${mutant.of}: ${mutant.name}`)).toEqual([]);
});

test(`the compiler as it is, loaded in the same way, has none (seed ${SEED})`, { timeout: 600_000 }, async () => {
  const side = await sideOf();
  const faults: string[] = [];
  await inTurn([...search.shared("queries"), ...search.shared("messages")], async (candidate) => {
    const differing = await fault(side, candidate);
    if (differing !== null) faults.push(`${differing}\n${candidate.asking.asked.query}`);
  });
  expect(faults).toEqual([]);
});

test("what mutants aim at can be reached", () => {
  const unreached = COMPILER_MUTANTS.flatMap(({ name, aim, ofMessages = false }) => (aim ? search.unreached(ofMessages ? "messages" : "queries", aim) : []).map((goal) => `${name}: ${goal}`));
  expect(unreached).toEqual([]);
});
