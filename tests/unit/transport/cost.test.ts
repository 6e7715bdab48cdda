import { buildSchema, parse, type OperationDefinitionNode } from "graphql";
import { describe, expect, it } from "vitest";
import { costOf } from "#server/transport/cost.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";
import { measureShape } from "#server/transport/shape.ts";

const schema = buildSchema(/* GraphQL */ `
  interface Node { id: ID! }
  type Query { name: String things(first: Int, last: Int): Things! plain: [Thing!]! byIds(ids: [ID!]!): [Thing]! one: Thing node: Node heavy: Int chart(input: MetricsInput!): [MetricSeries!]! }
  input MetricsInput { from: String! to: String! stepSeconds: Int metrics: [String!] }
  type MetricSeries { unit: String points: [MetricPoint!]! }
  type MetricPoint { at: String value: Float }
  type Things { nodes: [Thing!]! edges: [Edge!]! totalCount: Int! }
  type Edge { node: Thing! cursor: String! }
  type Thing implements Node { id: ID! name: String things(first: Int): Things! plain: [Thing!]! }
  type Mutation { change: Thing }
  type Subscription { changes: Change! thing: Thing watch(ids: [ID!]!): Change! }
  type Change { cursor: String! upserted: [Thing!]! }
`);
const heavy = schema.getQueryType()?.getFields()["heavy"];
if (heavy) heavy.extensions = { weight: 50 };

const cost = (source: string, variables: Record<string, unknown> = {}, maxCost = 1e9): number | string => {
  const document = parse(source);
  const result = costOf(schema, document, document.definitions[0] as OperationDefinitionNode, variables, { ...DEFAULT_LIMITS, maxCost });
  return result.ok ? result.cost : String(result.error.extensions["code"]);
};

describe("the cost of an operation", () => {
  it.each([
    ["a leaf", "{ name }", {}, 1],
    ["ten leaves", `{ ${Array.from({ length: 10 }, (_, i) => `a${i}: name`).join(" ")} }`, {}, 1],
    ["an object", "{ one { id } }", {}, 2],
    ["a page of the default size: its nodes once", "{ things { nodes { id } } }", {}, 1 + 20 * 1.1],
    ["a page of 100", "{ things(first: 100) { nodes { id } totalCount } }", {}, 1 + 100 * 1.2],
    ["a page by a variable", "query ($n: Int) { things(first: $n) { nodes { id } } }", { n: 200 }, 1 + 200 * 1.1],
    ["a page from its end", "{ things(last: 50) { edges { node { id } } } }", {}, 1 + 50 * 2.1],
    ["pages in pages", "{ things(first: 10) { nodes { things(first: 10) { nodes { id } } } } }", {}, 1 + 10 * (1 + 1 + 10 * 1.1)],
    ["a list of unknown length", "{ plain { id } }", {}, 11],
    ["a list of given ids", 'query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', { ids: Array.from({ length: 40 }, String) }, 44],
    ["a chart: series by points", '{ chart(input: { from: "2026-06-01T00:00:00Z", to: "2026-06-01T01:00:00Z", stepSeconds: 60, metrics: [A, B] }) { unit points { at value } } }', {}, 2 * (1.1 + 6.1)],
    ["a chart by a variable", "query ($input: MetricsInput!) { chart(input: $input) { points { value } } }", { input: { from: "2026-06-01T00:00:00Z", to: "2026-06-01T01:00:00Z", stepSeconds: 900 } }, 10 * 1.5],
    ["a chart by variables", "query ($from: String!, $to: String!) { chart(input: { from: $from, to: $to, metrics: [A] }) { points { value } } }", { from: "2026-06-01T00:00:00Z", to: "2026-06-01T01:00:00Z" }, 1 + 24.1],
    ["a chart of a time that is none", '{ chart(input: { from: "?", to: "2026-06-01T01:00:00Z", metrics: [A] }) { points { value } } }', {}, 151],
    ["a field with a weight", "{ heavy }", {}, 50],
    ["a mutation", "mutation { change { id } }", {}, 12],
    ["a message with as many objects as it may have", "subscription { changes { cursor upserted { id } } }", {}, 1 + 0.1 + 200 * 1.1],
    ["a message with as many objects as were asked for", "subscription ($ids: [ID!]!) { watch(ids: $ids) { cursor upserted { id } } }", { ids: ["a", "b", "c"] }, 1 + 0.1 + 3 * 1.1],
    ["and never more than a message may have", "subscription ($ids: [ID!]!) { watch(ids: $ids) { upserted { id } } }", { ids: Array.from({ length: 300 }, String) }, 1 + 200 * 1.1],
    ["a message with one object", "subscription { thing { plain { id } } }", {}, 1 + 11],
    ["what fragments hold, each time", "{ one { ...F } two: one { ...F } } fragment F on Thing { plain { id } }", {}, 2 * (1 + 11)],
    ["a fragment in a connection: a page, not a list", "{ things(first: 10) { ...F } } fragment F on Things { nodes { id } }", {}, 1 + 10 * 1.1],
  ])("%s", (_, source, variables, expected) => {
    expect(cost(source, variables)).toBe(Math.ceil(Math.round(expected * 10) / 10));
  });

  it("is refused above the limit, and page sizes outside theirs whatever they cost", () => {
    expect(cost("{ plain { id } }", {}, 11)).toBe(11);
    expect(cost("{ plain { id } }", {}, 10)).toBe("QUERY_TOO_COMPLEX");
    for (const size of [0, -1, 201, 2 ** 31]) expect(cost("query ($n: Int) { things(first: $n) { totalCount } }", { n: size })).toBe("BAD_USER_INPUT");
  });

  it("takes a moment for fragments that double", () => {
    const levels = 60;
    const fragments = Array.from({ length: levels }, (_, i) => `fragment F${i} on Thing { plain { ...F${i + 1} ...F${i + 1} } }`).join(" ");
    const started = performance.now();
    expect(cost(`{ one { ...F0 } } ${fragments} fragment F${levels} on Thing { id }`, {}, 20_000)).toBe("QUERY_TOO_COMPLEX");
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe("the shape of a document", () => {
  it("follows fragments, once each", () => {
    expect(measureShape(parse("{ a: one { ...F } ...on Query { name @skip(if: true) } } fragment F on Thing { things { nodes { id } } }"))).toEqual({
      depth: 4, rootFields: 2, selections: 7, aliases: 1, directives: 1,
    });
  });
  it("grows with what doubles, and not with how long it takes", () => {
    const levels = 200;
    const fragments = Array.from({ length: levels }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(" ");
    const started = performance.now();
    expect(measureShape(parse(`{ ...F0 } ${fragments} fragment F${levels} on Query { name }`)).selections).toBeGreaterThan(1e50);
    expect(performance.now() - started).toBeLessThan(200);
  });
  it("ends on a fragment that contains itself", () => {
    expect(measureShape(parse("{ ...A } fragment A on Query { one { id } ...B } fragment B on Query { ...A }")).depth).toBe(2);
  });
});
