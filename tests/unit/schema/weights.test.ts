import { type OperationDefinitionNode, parse } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { costOf } from "#server/transport/cost.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";

test("an import weighs what it may write: one document can't ask for more than a few", () => {
  const imports = (count: number): boolean => {
    const document = parse(`mutation ($input: ImportManifestsInput!) { ${Array.from({ length: count }, (_, n) => `a${n}: importManifests(input: $input) { objects { name outcome message } operation { id } }`).join(" ")} }`);
    return costOf(schema, document, document.definitions[0] as OperationDefinitionNode, {}, DEFAULT_LIMITS).ok;
  };
  expect(imports(1)).toBe(true);
  expect(imports(DEFAULT_LIMITS.maxRootFields)).toBe(false);
});
