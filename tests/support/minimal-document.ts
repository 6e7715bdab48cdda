import {
  getNamedType, getNullableType, type GraphQLField, type GraphQLInputType, type GraphQLNamedType, type GraphQLSchema, isAbstractType, isCompositeType, isEnumType, isInputObjectType,
  isInterfaceType, isListType, isNonNullType, isObjectType, isRequiredArgument, isRequiredInputField,
} from "graphql";

/** The shortest document that selects one field, and the fields on the way there, itself the last, as `Type.field`. */
export interface MinimalDocument {
  readonly coordinates: readonly string[];
  readonly text: string;
}

interface Step {
  /** null: a fragment on a type that the parent may be. */
  readonly field: GraphQLField<unknown, unknown> | null;
  readonly parent: GraphQLNamedType;
}
interface Way {
  readonly operation: string;
  readonly steps: readonly Step[];
}

/**
 * A document for each field of the schema's objects and interfaces, with arguments only where they are required. Of several ways to a type, the
 * one of the lowest `height`, then the shortest. Fields of a type that no root leads to have none.
 */
export function minimalDocuments(schema: GraphQLSchema, height: (coordinates: readonly string[]) => number): ReadonlyMap<string, MinimalDocument> {
  const coordinatesOf = ({ steps }: Way): string[] => steps.filter(({ field }) => field !== null).map(({ field, parent }) => `${parent.name}.${field?.name}`);
  const rank = (way: Way): number => height(coordinatesOf(way)) * 1_000 + way.steps.length;
  const ways = new Map<GraphQLNamedType, Way>();
  let waiting: { type: GraphQLNamedType; way: Way }[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type, index) =>
    type ? [{ type, way: { operation: ["query", "mutation", "subscription"][index] as string, steps: [] } }] : [],
  );
  while (waiting.length > 0) {
    const { type, way } = waiting.reduce((best, other) => (rank(other.way) < rank(best.way) ? other : best));
    waiting = waiting.filter((other) => other.type !== type);
    ways.set(type, way);
    const reach = (to: GraphQLNamedType, step: Step): void => {
      if (!ways.has(to)) waiting.push({ type: to, way: { ...way, steps: [...way.steps, step] } });
    };
    for (const field of fieldsOf(type)) if (isCompositeType(getNamedType(field.type))) reach(getNamedType(field.type), { field, parent: type });
    if (isAbstractType(type)) for (const possible of schema.getPossibleTypes(type)) reach(possible, { field: null, parent: possible });
  }

  const documents = new Map<string, MinimalDocument>();
  for (const [type, way] of ways) {
    for (const field of fieldsOf(type)) {
      const all: Way = { ...way, steps: [...way.steps, { field, parent: type }] };
      const below = isCompositeType(getNamedType(field.type)) ? " { __typename }" : "";
      const selected = all.steps.map((step) => (step.field ? `${step.field.name}${argumentsOf(step.field)}` : `... on ${step.parent.name}`)).join(" { ");
      documents.set(`${type.name}.${field.name}`, { coordinates: coordinatesOf(all), text: `${way.operation} { ${selected}${below}${" }".repeat(all.steps.length)}` });
    }
  }
  return documents;
}

const fieldsOf = (type: GraphQLNamedType): GraphQLField<unknown, unknown>[] => (isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []);

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(isRequiredArgument).map(({ name, type }) => `${name}: ${smallest(type)}`);
  return required.length > 0 ? `(${required.join(", ")})` : "";
}

const SCALARS: Readonly<Record<string, string>> = { DateTime: '"2026-06-01T12:00:00Z"', Int: "1", Float: "1", Boolean: "true", String: '"x"', ID: '"x"' };

function smallest(given: GraphQLInputType): string {
  const type = getNullableType(given);
  if (isListType(type)) return "[]";
  if (isNonNullType(type)) return smallest(type.ofType);
  if (isEnumType(type)) return type.getValues()[0]?.name as string;
  if (isInputObjectType(type)) {
    const all = Object.values(type.getFields());
    const needed = type.isOneOf ? all.slice(0, 1) : all.filter(isRequiredInputField);
    return `{ ${needed.map((field) => `${field.name}: ${smallest(field.type)}`).join(", ")} }`;
  }
  const value = SCALARS[type.name];
  if (value === undefined) throw new Error(`No smallest ${type.name} is known: add one to tests/support/minimal-document.ts`);
  return value;
}
