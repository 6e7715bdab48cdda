import { parse, validate } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { ROLES } from "#server/domain/states.ts";
import type { OperationHints } from "#tests/support/random-arguments.ts";
import { OperationGenerator } from "#tests/support/random-operation.ts";
import { diceOf } from "#tests/support/random.ts";
import { shrink } from "#tests/support/shrink-document.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();
const ID = "00000000-0000-7000-8000-000000000001";
const hints: OperationHints = {
  ids: new Map([["Application", [`Application.${ID}`]], ["Pod", [`Pod.${ID}`]], ["Cluster", [`Cluster.${ID}`]], ["Vpc", [`Vpc.${ID}`]]]),
  foreignIds: [`Pod.${ID}`], words: new Map([["keyword", ["a"]]]), labels: [{ key: "a", value: "b" }], cursors: new Map([["Pod:name,id", ["W10"]]]),
};
const operations = (seed: number, count: number) => {
  const generator = new OperationGenerator({ schema, hints, dice: diceOf(seed) });
  return Array.from({ length: count }, (_, index) => generator.query(ROLES[index % ROLES.length] ?? "OWNER"));
};

test(`random operations are the same for the same seed (${SEED})`, { timeout: 60_000 }, () => {
  expect(operations(SEED, 50)).toEqual(operations(SEED, 50));
});

test(`random operations are valid, but for those that are meant not to be (seed ${SEED})`, { timeout: 60_000 }, () => {
  const invalid = operations(SEED, 400).flatMap(({ query }) => validate(schema, parse(query)).map(({ message }) => message));
  const meant = /nope|must have a selection|must not have a selection|can never be of type "Cluster"|is required|ID cannot represent|Int cannot represent non-integer value: "1"|"Nowhere"|"twice"|\$nowhere|"pods?" conflict|"viewer" conflict|"id" conflict/;
  expect(invalid.filter((message) => !meant.test(message))).toEqual([]);
  expect(invalid.length).toBeLessThan(40);
});

test("what is shrunk keeps what matters, and nothing else", async () => {
  const query = `query Q($a: Int, $b: Boolean!) { one: pods(first: $a, filter: { ready: true, keyword: "x" }) @include(if: $b) { nodes { id ... on Pod { ...F name } } totalCount } regions { id } }
    fragment F on Pod { ready reason ...G } fragment G on Pod { phase }`;
  const smaller = await shrink({ query, variables: { a: 1, b: true } }, async (candidate) => {
    const valid = validate(schema, parse(candidate.query)).length === 0;
    return valid && /keyword/.test(candidate.query) && /phase/.test(candidate.query);
  });
  expect(smaller.query.replace(/\s+/g, " ").trim()).toBe('query Q { pods(filter: { keyword: "x" }) { nodes { ...F } } } fragment F on Pod { ...G } fragment G on Pod { phase }');
  expect(smaller.variables).toEqual({});
});
