import { parse, validateExecutionArgs, type ValidatedExecutionArgs } from "graphql";
import { describe, expect, it } from "vitest";
import { isObjectType, getNamedType } from "graphql";
import { schema } from "#schema/index.ts";
import { createAudiences } from "#server/transport/audience.ts";
import { viewerOf } from "#tests/support/small-api.ts";

const documents = new Map<string, ReturnType<typeof parse>>();
/** The same text is the same document, as the enforcer keeps it. */
function operation(query: string, variableValues: Record<string, unknown> = {}): ValidatedExecutionArgs {
  const document = documents.get(query) ?? parse(query);
  documents.set(query, document);
  const args = validateExecutionArgs({ schema, document, variableValues });
  if (!("operation" in args)) throw new Error(String(args[0]));
  return args;
}
const { keyOf } = createAudiences();
const viewer = viewerOf("VIEWER", "one");
const QUERY = "subscription ($after: String, $f: ApplicationFilter) { applications(after: $after, filter: $f) { cursor } }";

describe("subscriptions that are told the same", () => {
  it("are those of one document and variables, wherever they begin and whichever token asks", () => {
    const key = keyOf(operation(QUERY, { f: { names: ["a"] }, after: "x" }), viewer);
    expect(keyOf(operation(QUERY, { f: { names: ["a"] }, after: "y" }), viewerOf("VIEWER", "another"))).toBe(key);
    expect(keyOf(operation(QUERY, { f: { names: ["a"] } }), viewer)).toBe(key);
  });

  it.each([
    ["variables", operation(QUERY, { f: { names: ["b"] } }), viewer],
    ["documents", operation(QUERY.replace("cursor", "cursor at"), { f: { names: ["a"] } }), viewer],
    ["roles", operation(QUERY, { f: { names: ["a"] } }), viewerOf("OWNER", "one")],
    ["tenants", operation(QUERY, { f: { names: ["a"] } }), viewerOf("VIEWER", "one", { tenantId: "00000000-0000-7000-8000-000000000002" })],
    ["namespaces", operation(QUERY, { f: { names: ["a"] } }), viewerOf("VIEWER", "one", { namespaces: ["shop"] })],
  ])("are not those of other %s", (_, other, who) => {
    expect(keyOf(other, who)).not.toBe(keyOf(operation(QUERY, { f: { names: ["a"] } }), viewer));
  });

  it("are not those where the same variable says more than where to begin", () => {
    const query = "subscription ($after: String) { applications(after: $after) { upserted { pods(after: $after) { nodes { id } } } } }";
    expect(keyOf(operation(query, { after: "x" }), viewer)).not.toBe(keyOf(operation(query, { after: "y" }), viewer));
  });

  it("are not those of another token where an object differs from token to token", () => {
    const ids = "subscription ($ids: [ID!]!) { watch(ids: $ids) { upserted { id } } }";
    const own = { ids: ["Viewer.00000000-0000-7000-8000-000000000001"] };
    const plain = { ids: ["Pod.00000000-0000-7000-8000-000000000001"] };
    const another = viewerOf("VIEWER", "another");
    expect(keyOf(operation(ids, own), viewer)).not.toBe(keyOf(operation(ids, own), another));
    expect(keyOf(operation(ids, plain), viewer)).toBe(keyOf(operation(ids, plain), another));
    const literal = operation('subscription { watch(ids: ["\\u0056iewer.00000000-0000-7000-8000-000000000001"]) { upserted { id } } }');
    expect(keyOf(literal, viewer)).not.toBe(keyOf(literal, another));
  });

  it("reach such an object by its id alone", () => {
    const fields = Object.values(schema.getTypeMap()).filter(isObjectType).flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, of: getNamedType(field.type).name })));
    expect(fields.filter(({ of }) => of === "Viewer").map(({ type }) => type)).toEqual(["Query"]);
  });
});
