import { getNamedType, type GraphQLCompositeType, type GraphQLField, type GraphQLNamedType, type GraphQLSchema, isAbstractType, isCompositeType, isInterfaceType, isObjectType } from "graphql";
import { permits, requiredRole } from "#schema/shared/mapping/access.ts";
import { mappingOf } from "#schema/shared/mapping/kinds.ts";
import type { Role } from "#server/domain/states.ts";
import type { Dice } from "./random.ts";

/** One step from a root to a type: through a field, or, where there is none, by a fragment on one of the types that an abstract one may be. */
export interface Step {
  readonly from: GraphQLCompositeType;
  readonly field: GraphQLField<unknown, unknown> | null;
  readonly to: GraphQLCompositeType;
}
export interface ReachedField {
  readonly coordinate: Coordinate;
  readonly type: GraphQLCompositeType;
  readonly field: GraphQLField<unknown, unknown>;
}
export type Coordinate = `${string}.${string}`;

/** What a role may select below a root type, and random ways there. */
export interface SchemaPaths {
  /** All fields of objects that may be reached. */
  readonly fields: readonly ReachedField[];
  /** And of interfaces: of objects of which it is not said what they are. */
  readonly ofInterfaces: readonly ReachedField[];
  /** Without a circle; not always the shortest. */
  path(to: GraphQLNamedType, dice: Dice): Step[];
}

export const coordinateOf = (type: GraphQLNamedType, field: { readonly name: string }): Coordinate => `${type.name}.${field.name}`;

/** Without those that code answers from elsewhere: no way of reading has a part in them. */
export function permittedFields(type: GraphQLNamedType, role: Role): GraphQLField<unknown, unknown>[] {
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).filter((field) => permits(role, requiredRole(type, field)) && mappingOf(field)?.kind !== "code");
}

/** A fragment on a node's type counts as several steps, or every path would begin with `node`. */
const NODE_STEP = 4;
/** From here on only what comes nearer to the root is taken. */
const LONG = 5;

export function schemaPaths(schema: GraphQLSchema, root: GraphQLCompositeType, role: Role): SchemaPaths {
  const distance = new Map<GraphQLNamedType, number>([[root, 0]]);
  const into = new Map<GraphQLNamedType, Step[]>();
  const waiting: GraphQLCompositeType[] = [root];
  const reach = (step: Step, cost: number): void => {
    const steps = into.get(step.to) ?? [];
    if (!steps.some(({ from, field }) => from === step.from && field === step.field)) into.set(step.to, [...steps, step]);
    const there = (distance.get(step.from) as number) + cost;
    if (there >= (distance.get(step.to) ?? Infinity)) return;
    distance.set(step.to, there);
    waiting.push(step.to);
  };
  for (let type = waiting.shift(); type; type = waiting.shift()) {
    for (const field of permittedFields(type, role)) {
      const to = getNamedType(field.type);
      if (isCompositeType(to)) reach({ from: type, field, to }, 1);
    }
    if (isAbstractType(type)) for (const to of schema.getPossibleTypes(type)) if (permittedFields(to, role).length > 0) reach({ from: type, field: null, to }, isInterfaceType(type) ? NODE_STEP : 1);
  }
  const fieldsOf = (fits: (type: GraphQLNamedType) => boolean): ReachedField[] =>
    ([...distance.keys()] as GraphQLCompositeType[]).filter(fits).flatMap((type) => permittedFields(type, role).map((field) => ({ coordinate: coordinateOf(type, field), type, field })));

  return {
    fields: fieldsOf(isObjectType),
    ofInterfaces: fieldsOf(isInterfaceType),
    path(to, dice) {
      const steps: Step[] = [];
      const visited = new Set<GraphQLNamedType>([to]);
      for (let at = to; at !== root; at = (steps[0] as Step).from) {
        const here = distance.get(at);
        if (here === undefined) throw new Error(`${root.name} does not lead to ${at.name}`);
        const all = into.get(at) ?? [];
        const nearer = all.filter(({ from }) => (distance.get(from) as number) < here);
        const around = all.filter(({ from }) => (distance.get(from) as number) <= here && !visited.has(from));
        const step = dice.pick(steps.length < LONG && around.length > 0 && dice.chance(0.4) ? around : nearer);
        visited.add(step.from);
        steps.unshift(step);
      }
      return steps;
    },
  };
}
