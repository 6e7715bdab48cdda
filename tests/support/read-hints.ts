import { getNamedType, type GraphQLArgument, isEnumType, isInputObjectType, isObjectType, type GraphQLSchema } from "graphql";
import type { OperationHints } from "./random-arguments.ts";
import type { ReadWorld } from "./read-world.ts";
import { type Asking } from "./reading.ts";
import { answer, type Side, type Sides } from "./three-ways.ts";

/** Of each order. */
const CURSORS = 40;

/** What a generator may know of the world, with cursors that the interpreter gave out: of each page there is, in each order. */
export async function hintsOf(world: ReadWorld, sides: Sides, side: Side): Promise<OperationHints> {
  const cursors = new Map<string, Set<string>>();
  for (const viewer of world.viewers.filter(({ role, namespaceIds = null, whole }) => whole && role === "PLATFORM_ADMIN" && namespaceIds === null)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that they come in the same order each time
    for (const query of pageQueries(side.schema, world)) await gather(query, viewer);
  }
  return { ...world, cursors: new Map([...cursors].map(([order, some]) => [order, [...some]])) };

  async function gather(query: string, viewer: Asking): Promise<void> {
    const admission = sides.admit({ query, variables: {} }, viewer);
    if (!admission.ok) throw new AggregateError(admission.errors, query);
    const { data } = await answer(side, "interpreter", { execution: admission.operation.execution, viewer });
    for (const [, cursor = ""] of JSON.stringify(data).matchAll(/"cursor":"([^"]+)"/g)) {
      const [order] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as [string];
      const known = cursors.get(order) ?? new Set();
      cursors.set(order, known);
      if (known.size < CURSORS) known.add(cursor);
    }
  }
}

/** A query for each page field of each type, and each order that it may be asked in. */
function pageQueries(schema: GraphQLSchema, world: ReadWorld): string[] {
  const pages = (type: string): string[] => {
    const of = schema.getType(type);
    const fields = isObjectType(of) ? Object.values(of.getFields()).filter((field) => getNamedType(field.type).name.endsWith("Connection")) : [];
    return fields.flatMap(({ name, args }) => ordersOf(args.find((arg) => arg.name === "orderBy")).map((order) => `${name}(first: ${CURSORS}${order}) { edges { cursor } }`));
  };
  const ofNodes = [...world.ids].flatMap(([type, ids]) => pages(type).map((page) => `{ nodes(ids: ${JSON.stringify(ids.slice(0, 20))}) { ... on ${type} { ${page} } } }`));
  return [...pages("Query").map((page) => `{ ${page} }`), ...ofNodes];
}

function ordersOf(arg: GraphQLArgument | undefined): string[] {
  const input = arg && getNamedType(arg.type);
  if (!isInputObjectType(input)) return [""];
  const values = (name: string): string[] => {
    const type = getNamedType(input.getFields()[name]?.type);
    return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  };
  return values("field").flatMap((field) => values("direction").map((direction) => `, orderBy: { field: ${field}, direction: ${direction} }`));
}
