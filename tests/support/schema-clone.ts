import { defaultFieldResolver, type GraphQLField, GraphQLObjectType, type GraphQLSchema, isObjectType, lexicographicSortSchema } from "graphql";
import type { Coordinate } from "./schema-paths.ts";

/** The same schema of objects of its own, which may be changed without changing the product's. Its names are in another order, which shows nowhere but in an introspection. */
export const cloneSchema = (schema: GraphQLSchema): GraphQLSchema => lexicographicSortSchema(schema);

export function fieldAt(schema: GraphQLSchema, coordinate: Coordinate): GraphQLField<unknown, unknown> {
  const [type = "", name = ""] = coordinate.split(".");
  const found = schema.getType(type);
  const field = found instanceof GraphQLObjectType ? found.getFields()[name] : undefined;
  if (!field) throw new Error(`There is no ${coordinate}`);
  return field as GraphQLField<unknown, unknown>;
}

/** A clone that tells of each field that resolves to something: neither null nor empty. */
export function observed(schema: GraphQLSchema, onValue: (coordinate: Coordinate) => void): GraphQLSchema {
  const clone = cloneSchema(schema);
  for (const type of Object.values(clone.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve ?? defaultFieldResolver;
      const tell = (value: unknown): unknown => {
        if (value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0)) onValue(`${type.name}.${field.name}`);
        return value;
      };
      field.resolve = (...call) => {
        const value: unknown = resolve(...call);
        return value instanceof Promise ? value.then(tell) : tell(value);
      };
    }
  }
  return clone;
}
