import { buildSchema, type ExecutionArgs, parse, validateExecutionArgs, type ValidatedExecutionArgs } from "graphql";
import { expect, test } from "vitest";
import type { ReadOutcome } from "#server/read/answer.ts";
import type { Reads } from "#server/read/run.ts";
import { answer, difference, type Running } from "#tests/support/three-ways.ts";

/** The comparison itself: what it must notice of text that comes as an answer. */
const schema = buildSchema("type Query { a: Int b: [String!] }");
const args: ExecutionArgs = { schema, document: parse("{ a b }") };
const running: Running = { execution: validateExecutionArgs(args) as ValidatedExecutionArgs, viewer: { tenantId: "00000000-0000-7000-8000-000000000001" } };
const rootValue = { a: 1, b: ["\u2028\u{1F600}"] };

const readsOf = (...outcomes: readonly ReadOutcome[]): Reads => {
  let asked = 0;
  const next = (): ReadOutcome => outcomes[Math.min(asked++, outcomes.length - 1)] as ReadOutcome;
  return { operations: { query: next, message: next }, reader: () => ({}) as never, remembered: null };
};
const text = (content: string | Buffer, byteLength = Buffer.byteLength(content)): ReadOutcome => ({ way: "compiled", remembered: false, text: { pieces: [Buffer.from(content.slice(0, 5) as string), Buffer.from(content.slice(5) as string)], byteLength } });
const right = '{"data":{"a":1,"b":["\u2028\u{1F600}"]}}';

async function judged(...outcomes: readonly ReadOutcome[]): Promise<string | null> {
  const expected = await answer({ schema, reads: readsOf() }, "interpreter", { ...running, execution: { ...running.execution, rootValue } });
  return difference(expected, await answer({ schema, reads: readsOf(...outcomes) }, "compiled", running));
}

test("text that says the same is no difference, however it is written", async () => {
  expect(await judged(text(right))).toBeNull();
  expect(await judged(text('{ "data" : {"a": 1.0, "b": ["\\u2028\\ud83d\\ude00"]}}'))).toBeNull();
});

test.each([
  ["another value", text(right.replace("1", "2"))],
  ["another order of the keys", text('{"data":{"b":["\u2028\u{1F600}"],"a":1}}')],
  ["a key twice, and another value the last time", text(right.replace('"a":1', '"a":1,"a":2'))],
  ["what is no JSON", text(`${right},`)],
  ["what is no UTF-8", text(Buffer.concat([Buffer.from('{"data":{"a":1,"b":["'), Buffer.from([0xff]), Buffer.from('"]}}')]))],
  ["errors beside the data", text(right.replace(/\}$/, ',"errors":[]}'))],
  ["a length that it has not", text(right, 3)],
])("text with %s is a difference", async (_, outcome) => {
  expect(await judged(outcome)).not.toBeNull();
});

test("text that is another when it is asked for once more is a difference", async () => {
  expect(await judged(text(right), text(right.replace("1", " 1")))).toMatch(/once more/);
});
