import { type OperationDefinitionNode, parse } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { costOf } from "#server/transport/cost.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";

test("the data of ConfigMaps, up to 1 MiB each, is given for a default page at once and not for many, nor many times; without it pages are as large as others", () => {
  const admitted = (text: string): boolean => {
    const document = parse(text);
    return costOf(schema, document, document.definitions[0] as OperationDefinitionNode, {}, DEFAULT_LIMITS).ok;
  };
  const page = (first: number, fields: string): string => `{ configMaps(first: ${first}) { nodes { name ${fields} } } }`;
  expect(admitted(page(DEFAULT_LIMITS.defaultPageSize, "data { key value }"))).toBe(true);
  expect(admitted(page(30, "data { key value }"))).toBe(false);
  expect(admitted(page(15, "some: data(keys: []) { key } data { key value }"))).toBe(false);
  expect(admitted(page(DEFAULT_LIMITS.maxPageSize, "keys version"))).toBe(true);
});

test("an import weighs what it may write: one document can't ask for more than a few", () => {
  const imports = (count: number): boolean => {
    const document = parse(`mutation ($input: ImportManifestsInput!) { ${Array.from({ length: count }, (_, n) => `a${n}: importManifests(input: $input) { objects { name outcome message } operation { id } }`).join(" ")} }`);
    return costOf(schema, document, document.definitions[0] as OperationDefinitionNode, {}, DEFAULT_LIMITS).ok;
  };
  expect(imports(1)).toBe(true);
  expect(imports(DEFAULT_LIMITS.maxRootFields)).toBe(false);
});
