import type { GraphQLObjectType } from "graphql";
import { schema } from "#schema/index.ts";
import { type Mapping, mappingOf } from "#schema/shared/mapping/kinds.ts";

/**
 * Does the work as if the schema described one field otherwise: for orders that the product has none of, and for bugs that a test must find. The schema is
 * this test file's own, because each file has its modules to itself. Readings are opened within the work: what one knows of the schema was learned when it was opened.
 */
export async function withMapping<T>(coordinate: `${string}.${string}`, change: (mapping: Mapping) => Mapping, work: () => Promise<T>): Promise<T> {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const field = (schema.getType(typeName) as GraphQLObjectType | undefined)?.getFields()[fieldName];
  const mapping = field && mappingOf(field);
  if (!mapping) throw new Error(`${coordinate} has no mapping`);
  const extensions = field.extensions as Record<string, unknown>;
  extensions["mapping"] = change(mapping);
  try {
    return await work();
  } finally {
    extensions["mapping"] = mapping;
  }
}
