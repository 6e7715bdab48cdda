import { buildSchema } from "graphql";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEnforcer, type Admission, type Enforcer } from "#server/transport/enforce.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";
import { viewerOf } from "#tests/support/small-api.ts";

const schema = buildSchema(/* GraphQL */ `
  type Query { things(first: Int, last: Int): Things! byIds(ids: [ID!]!): [Thing]! named(name: String, size: Int! = 3): String }
  type Things { nodes: [Thing!]! }
  type Thing { id: ID! things(first: Int): Things! }
`);
for (const name of ["Query", "Things", "Thing"]) {
  const type = schema.getType(name);
  if (type && "getFields" in type) for (const field of Object.values(type.getFields())) field.extensions = { access: "VIEWER" };
}
const viewer = viewerOf("VIEWER", "a test");
const enforcer = (): Enforcer => createEnforcer({ schema, limits: { ...DEFAULT_LIMITS, operationsPerSecond: 1e9, operationsBurst: 1e9 } });

/** All that an admission says. */
const told = (admission: Admission): unknown =>
  admission.ok
    ? { cost: admission.operation.cost, kind: admission.operation.kind, name: admission.operation.name, execution: { ...admission.operation.execution, document: null, operation: null, fragments: null, fragmentDefinitions: null } }
    : admission.errors.map(({ message, extensions }) => ({ message, extensions }));

describe("what is kept of a document", () => {
  it("never changes what is answered to the next variables: an enforcer that knows the document says what a new one says", () => {
    const document = `
      query sized($n: Int, $m: Int = 5, $ids: [ID!]! = [], $name: String, $size: Int!) {
        things(first: $n) { nodes { id things(first: $m) { nodes { id } } } }
        byIds(ids: $ids) { id }
        named(name: $name, size: $size)
      }
      query fixed($name: String) { things(last: 7) { nodes { id } } named(name: $name) }
      query bare { things { ...Parts } }
      fragment Parts on Things { nodes { id } }
    `;
    const size = fc.option(fc.oneof(fc.integer({ min: -1, max: 220 }), fc.constant("wrong")), { nil: null });
    const variables = fc.record(
      { n: size, m: size, ids: fc.oneof(fc.array(fc.string(), { maxLength: 5 }), fc.constant("one")), name: fc.oneof(fc.string(), fc.integer()), size: fc.oneof({ weight: 5, arbitrary: fc.integer() }, fc.constant(null)) },
      { requiredKeys: ["size"] },
    );
    const request = fc.record({ query: fc.constant(document), operationName: fc.constantFrom("sized", "sized", "fixed", "bare", "none", null), variables: fc.option(variables) });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), (requests) => {
        const knowing = enforcer();
        for (const one of requests) expect(told(knowing.admit(one, viewer))).toEqual(told(enforcer().admit(one, viewer)));
      }),
    );
  });

  it("holds nothing of a caller's variables", () => {
    const knowing = enforcer();
    const query = "query ($name: String) { named(name: $name) }";
    knowing.admit({ query, variables: { name: "hunter2", stray: "hunter2" } }, viewer);
    const next = knowing.admit({ query }, viewer);
    expect(next.ok && [{ ...next.operation.execution.variableValues.coerced }, next.operation.execution.rawVariableValues]).toEqual([{}, {}]);
  });
});
