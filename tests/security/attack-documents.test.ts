import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anyCharacter } from "#tests/support/any-character.ts";
import { startSmallApi, type SmallApi } from "#tests/support/small-api.ts";

const doubling = (levels: number, selection: (next: string) => string, last = "hello"): string => {
  let document = "{ ...F0 }";
  for (let i = 0; i < levels; i++) document += ` fragment F${i} on Query { ${selection(`...F${i + 1}`)} }`;
  return `${document} fragment F${levels} on Query { ${last} }`;
};
const nested = (depth: number, open: string, inner: string, close: string): string => open.repeat(depth) + inner + close.repeat(depth);
const deepArray = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

const ATTACKS: Record<string, unknown> = {
  "doubling fragments by alias": { query: doubling(20, (next) => `a: self { ${next} } b: self { ${next} }`) },
  "doubling fragments in one field": { query: doubling(20, (next) => `self { ${next} } self { ${next} }`) },
  "doubling fragments without fields": { query: doubling(60, (next) => `${next} ${next}`) },
  "doubling inline fragments": { query: doubling(40, (next) => `... { ${next} } ... on Query { ${next} }`) },
  "a fragment that contains itself": { query: "{ ...A } fragment A on Query { self { ...B } } fragment B on Query { self { ...A } }" },
  "unused doubling fragments": { query: doubling(40, (next) => `x: self { ${next} } y: self { ${next} }`).replace("{ ...F0 }", "{ hello }") },
  "10,000 aliases": { query: `{ ${Array.from({ length: 10_000 }, (_, i) => `a${i}: hello`).join(" ")} }` },
  "600 aliases within the tokens": { query: `{ ${Array.from({ length: 600 }, (_, i) => `a${i}: hello`).join(" ")} }` },
  "the same field 1,900 times": { query: `{ ${"hello ".repeat(1900)} }` },
  "the same object 450 times": { query: `{ ${"self { hello } ".repeat(450)} }` },
  "400 spreads of one fragment": { query: `{ ${"...A ".repeat(400)} } fragment A on Query { self { self { hello } } }` },
  "200 fragments against each other": { query: `{ ${Array.from({ length: 200 }, (_, i) => `...F${i}`).join(" ")} } ${Array.from({ length: 200 }, (_, i) => `fragment F${i} on Query { hello }`).join(" ")}` },
  "50,000 levels deep": { query: nested(10_000, "{self", "{hello}", "}") },
  "600 levels deep": { query: nested(600, "{self", "{hello}", "}") },
  "list values 900 deep": { query: `{ byIds(ids: ${nested(900, "[", "1", "]")}) { id } }` },
  "object values 300 deep": { query: `{ secretInput(input: ${nested(300, "{value: 1 nested: ", "{value: 1}", "}")}) }` },
  "500 directives": { query: `{ hello ${"@skip(if: false) ".repeat(300)} }` },
  "unknown directives": { query: `{ hello ${"@a ".repeat(900)} }` },
  "900 variables": { query: `query (${Array.from({ length: 450 }, (_, i) => `$v${i}: Int`).join(" ")}) { hello }` },
  "400 operations": { query: Array.from({ length: 400 }, (_, i) => `query Q${i} { hello }`).join(" "), operationName: "Q1" },
  "expensive pages in pages": { query: "{ items(first: 200) { nodes { items(first: 200) { nodes { items(first: 200) { nodes { id } } } } } } }" },
  "expensive pages in fragments": { query: "{ items(first: 200) { ...P } } fragment P on ItemConnection { nodes { items(first: 200) { edges { node { name } } } } }" },
  "lists in lists": { query: "{ selves { selves { selves { selves { selves { selves { hello } } } } } } }" },
  "introspection in circles": { query: "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }" },
  "introspection 15 times": { query: `{ ${Array.from({ length: 15 }, (_, i) => `s${i}: __schema { types { name fields { name args { name type { name } } } } }`).join(" ")} }` },
  "a megabyte of variables": { query: "query ($ids: [ID!]!) { byIds(ids: $ids) { id } }", variables: { ids: Array.from({ length: 150_000 }, (_, i) => i) } },
  "a megabyte of wrong variables": { query: "query ($n: [Int!]) { hello }", variables: { n: Array.from({ length: 150_000 }, () => "x") } },
  "wrong values in a list that is used": { query: "query ($i: SecretInput) { secretInput(input: $i) }", variables: { i: { value: 1, nested: Array.from({ length: 100_000 }, () => ({})) } } },
  "variables 200,000 deep": `{"query":"query ($i: [ID!]!) { byIds(ids: $i) { id } }","variables":{"i":${nested(200_000, "[", "1", "]")}}}`,
  "input objects 20,000 deep": `{"query":"query ($i: SecretInput) { secretInput(input: $i) }","variables":{"i":${nested(20_000, '{"value":1,"nested":', '{"value":1}', "}")}}}`,
  "a prototype as variables": '{"query":"{ hello }","variables":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
  "a name from Object": { query: "{ constructor toString __proto__ hasOwnProperty }" },
  "operation name from Object": { query: "query toString { hello }", operationName: "constructor" },
  "a block string of 60 KB": { query: `{ hello(name: """${"x\n".repeat(30_000)}""") }` },
  "comments of 60 KB": { query: `{ hello } #${"x".repeat(60_000)}` },
  "a number of 60,000 digits": { query: `{ slow(ms: ${"9".repeat(60_000)}) }` },
  "control characters": { query: "{ hello\u0000\u0008 }" },
  "lone surrogates": { query: "{ hello(name: \"\ud800\") }" },
  "nothing but spreads of nothing": { query: `{ ${"...Nothing ".repeat(900)} }` },
  "an empty selection": { query: "{ }" },
  "a schema definition": { query: "type Query { hello: String } { hello }" },
  "a subscription with two roots": { query: "subscription { ticks(everyMs: 1) count(to: 1) }" },
  "a value nested 500 deep in JSON": { query: "{ hello }", variables: { x: deepArray(500) } },
};

describe("hostile documents", () => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi();
    // What is measured is the document, not the first use of the code.
    await (await small.post({ query: "{ hello items { nodes { id } } }" })).text();
  });
  afterAll(() => small.api.close());

  it.each(Object.entries(ATTACKS))("%s: answered within a second, never with a 5xx", async (_, body) => {
    const started = performance.now();
    const response = await small.post(body);
    const text = await response.text();
    const elapsed = performance.now() - started;
    expect(response.status).toBeLessThan(500);
    expect(text).not.toContain('"INTERNAL"');
    expect(elapsed).toBeLessThan(1000);
  });

  it("gives each of the limits its code", async () => {
    const code = async (body: unknown): Promise<unknown> => {
      const { errors } = (await (await small.post(body)).json()) as { errors?: { extensions: { code: string } }[] };
      return errors?.[0]?.extensions.code;
    };
    for (const name of ["doubling fragments by alias", "doubling fragments without fields", "10,000 aliases", "600 aliases within the tokens", "600 levels deep", "500 directives", "expensive pages in pages", "expensive pages in fragments", "lists in lists", "introspection 15 times", "the same object 450 times"]) {
      expect(await code(ATTACKS[name]), name).toBe("QUERY_TOO_COMPLEX");
    }
  });

  it("leaves what tools need: the whole introspection", async () => {
    const { getIntrospectionQuery, buildClientSchema } = await import("graphql");
    const { data, errors } = (await (await small.post({ query: getIntrospectionQuery() })).json()) as { data: never; errors?: unknown };
    expect(errors).toBeUndefined();
    expect(buildClientSchema(data).getQueryType()?.name).toBe("Query");
  });

  it("survives any document made of its own words, within a second and without a 5xx", async () => {
    const words = ["{", "}", "(", ")", "...", "on", "Query", "Item", "fragment", "A", "B", "query", "subscription", "$v", ":", "Int", "!", "hello", "self", "items", "first", "nodes", "id", "1", "99", '"s"', "@skip", "if", "true", "[", "]", "__typename", "null", "=", "name"];
    const document = fc.oneof(fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(" ")), fc.string({ maxLength: 200, unit: anyCharacter }));
    await fc.assert(
      fc.asyncProperty(document, fc.jsonValue({ maxDepth: 3 }), async (query, variables) => {
        const started = performance.now();
        const response = await small.post({ query, variables });
        await response.text();
        expect(response.status).toBeLessThan(500);
        expect(performance.now() - started).toBeLessThan(1000);
      }),
      { numRuns: 300 },
    );
  });
});
