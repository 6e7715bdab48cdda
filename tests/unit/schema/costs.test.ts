import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Kind, type OperationDefinitionNode, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { costOf, type Variables } from "#server/transport/cost.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";

const { maxPageSize } = DEFAULT_LIMITS;
const folder = path.resolve(import.meta.dirname, "../../../clients/operations");
const written = parse(readdirSync(folder).map((file) => readFileSync(path.join(folder, file), "utf8")).join("\n"));
const operations = written.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

const costIn = (document: typeof written, operation: OperationDefinitionNode, variables: Variables): number => {
  const cost = costOf(schema, document, operation, variables, { ...DEFAULT_LIMITS, maxCost: Infinity });
  if (!cost.ok) throw cost.error;
  return cost.cost;
};

describe("what the clients ask for", () => {
  test.each(operations.map((operation) => [operation.name?.value ?? "", operation] as const))("%s is admitted, with its largest page", (_name, operation) => {
    const ids = Array.from({ length: maxPageSize }, (_, n) => String(n));
    const metrics = { from: "2026-06-01T11:59:00Z", to: "2026-06-01T12:00:00Z", stepSeconds: 15 };
    expect(costIn(written, operation, { first: maxPageSize, ids, metrics })).toBeLessThanOrEqual(DEFAULT_LIMITS.maxCost);
  });
});

describe("pages in pages of what belongs to an application are not", () => {
  const ATTACKS: Readonly<Record<string, string>> = {
    "the endpoints of services of applications": "{ applications(first: 200) { nodes { services(first: 200) { nodes { endpoints(first: 200) { nodes { address } } } } } } }",
    "who uses what, and so on": "{ configMaps(first: 200) { nodes { usedBy(first: 200) { nodes { services(first: 200) { nodes { id } } } } } } }",
    "in a circle": "{ services(first: 100) { nodes { application { services(first: 100) { nodes { application { services(first: 100) { nodes { id } } } } } } } } }",
    "the templates of all revisions": `{ applications(first: 200) { nodes { revisions(first: 200) { nodes { template { containers { env { name } volumeMounts { volume } } } } } } } }`,
    "what changed in all revisions": "{ applications(first: 100) { nodes { revisions(first: 100) { nodes { changes { path before after } } } } } }",
    "many manifests": "{ applications(first: 200) { nodes { manifest } } }",
    "a manifest under many names": `{ applications(first: 20) { nodes { ${Array.from({ length: 12 }, (_, n) => `m${n}: manifest`).join(" ")} } } }`,
    "the data of ConfigMaps by other ways": `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ConfigMap { data { key value } } } }`,
    "the data of ConfigMaps in a message": "subscription ($ids: [ID!]!) { watch(ids: $ids) { upserted { ... on ConfigMap { data { value } } } } }",
    "endpoints in messages": "subscription ($ids: [ID!]!) { watch(ids: $ids) { upserted { ... on Service { endpoints(first: 200) { nodes { pod { name } } } } } } }",
    "charts of many": "{ applications(first: 20) { nodes { metrics(input: { from: \"2026-05-01T00:00:00Z\", to: \"2026-06-01T00:00:00Z\" }) { points { value } } } } }",
    "steps of operations in messages": "subscription { operations { upserted { steps(first: 200) { nodes { name } } } } }",
  };
  test.each(Object.entries(ATTACKS))("%s", (_name, text) => {
    const document = parse(text);
    const ids = Array.from({ length: maxPageSize }, (_, n) => String(n));
    expect(costIn(document, document.definitions[0] as OperationDefinitionNode, { ids })).toBeGreaterThan(DEFAULT_LIMITS.maxCost);
  });
});
