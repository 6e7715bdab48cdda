import { isObjectType } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { committedSchema, printedSchema } from "#schema/print.ts";
import { entityOf, exposedProperty, mappingOf } from "#schema/shared/mapping/kinds.ts";

test("schema/schema.graphql is what the code prints", () => {
  if (committedSchema() !== printedSchema()) expect.fail("schema/schema.graphql is out of step. Mend it with: npm run schema");
});

test("fields of entities say where their values lie; those that run code of their own are few, and listed here", () => {
  const bare: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || !entityOf(type)) continue;
    for (const field of Object.values(type.getFields())) if (!mappingOf(field) && exposedProperty(field) === undefined) bare.push(`${type.name}.${field.name}`);
  }
  expect(bare).toEqual([]);
});

test("what only code can find out is listed: an operation that asks for it is not one statement's text", () => {
  const coded: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) for (const field of Object.values(type.getFields())) if (mappingOf(field)?.kind === "code") coded.push(`${type.name}.${field.name}`);
  }
  expect(coded).toEqual(["Application.logs", "Pod.logs"]);
});

test("what code makes of what SQL says is listed, too: an operation that asks for it is not one statement's text", () => {
  const read: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const mapping = mappingOf(field);
      if (mapping?.kind === "sql" && mapping.read) read.push(`${type.name}.${field.name}`);
    }
  }
  expect(read.toSorted()).toEqual(["Application.manifest", "Application.metrics", "Cluster.metrics", "ClusterNode.metrics", "Pod.metrics", "Revision.changes"]);
});
