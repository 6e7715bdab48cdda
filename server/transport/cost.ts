import {
  isIntrospectionType, isListType, isNonNullType, isObjectType, Kind, SchemaMetaFieldDef, TypeMetaFieldDef, type DocumentNode, type FieldNode, type GraphQLCompositeType,
  type GraphQLError, type GraphQLField, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode, type ValueNode,
} from "graphql";
import { weightOf } from "../../schema/shared/mapping/access.ts";
import { METRIC_NAMES } from "../domain/metric.ts";
import { MAX_METRIC_POINTS, SAMPLE_MS } from "../domain/metric-times.ts";
import { apiError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { compositeOf, conditionOf, fieldOf, fragmentsOf } from "./selection.ts";

/**
 * What an operation costs, before it runs: about how many objects it may answer.
 *
 *   a leaf                0.1
 *   an object             1 + what is selected in it
 *   a connection          1 + page size × what is selected in it (its edges and nodes are these pages, not lists once more)
 *   a list                its length where the ids are given, else 10, × (1 + what is selected in each)
 *   a list in a message   the largest page: that many objects a message may have; of a subscription to ids, as many as there are ids
 *   a chart               its series × (1 + what is selected in each), and 0.1 for each of its points
 *   a field with `weight` that, in place of the 1 or 0.1
 *   a mutation            10 more
 *   __schema, __type      5000, 200
 *
 * Fragments are weighed once and remembered. What @skip and @include leave out counts all the same.
 */
// Reckoned in tenths, which are whole.
const TENTHS = 10;
const LEAF = 1;
const OBJECT = TENTHS;
const MUTATION = 10 * TENTHS;
const UNKNOWN_LENGTH = 10;
const SERIES = "MetricSeries";
const INTROSPECTION: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [SchemaMetaFieldDef, 5000 * TENTHS],
  [TypeMetaFieldDef, 200 * TENTHS],
]);

export type Variables = Readonly<Record<string, unknown>>;
/** `sizedBy`: the sizes that variables gave, by their names. The same sizes cost the same, and most operations have none. */
export type Cost = { readonly ok: true; readonly cost: number; readonly sizedBy: ReadonlyMap<string, Size> } | { readonly ok: false; readonly error: GraphQLError };

/** As much of a variable's value as a cost can depend on. */
type Size = number | string | null | undefined;
const sizeOf = (value: unknown): Size => {
  if (value === null || value === undefined || typeof value === "number") return value;
  if (Array.isArray(value)) return `${value.length} items`;
  // A time, or what a chart is asked for with.
  if (typeof value === "string") return value.length <= MAX_SIZED ? value : "another value";
  return typeof value === "object" && "from" in value && "to" in value ? JSON.stringify(chartSizeOf(value)) : "another value";
};

const MAX_SIZED = 64;
/** Of a chart, what its cost depends on. */
const chartSizeOf = (input: object): readonly [points: number, series: number] => {
  const { from, to, stepSeconds, metrics } = input as { readonly from?: unknown; readonly to?: unknown; readonly stepSeconds?: unknown; readonly metrics?: unknown };
  const span = (Date.parse(String(to)) - Date.parse(String(from))) / 1_000;
  const points = Math.ceil(span / Math.max(typeof stepSeconds === "number" ? stepSeconds : 1, SAMPLE_MS / 1_000)) + 1;
  // What is no chart is refused later, and costs as much as one until then.
  return [points >= 1 && points <= MAX_METRIC_POINTS ? points : MAX_METRIC_POINTS, Array.isArray(metrics) ? metrics.length : METRIC_NAMES.length];
};

/** Whether an operation that cost this costs it with these variables, too. */
export function costsTheSame({ sizedBy }: Extract<Cost, { ok: true }>, variables: Variables): boolean {
  for (const [name, size] of sizedBy) if (sizeOf(variables[name]) !== size) return false;
  return true;
}

export function costOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Variables, limits: Limits): Cost {
  const fragments = fragmentsOf(document);
  // What is in a connection weighs less than the same fragment elsewhere: its lists are the page.
  const known = new Map<string, number>();
  const sizedBy = new Map<string, Size>();
  let refusal: GraphQLError | undefined;
  const messages = operation.operation === "subscription" ? messageTypes(schema) : new Set<GraphQLCompositeType>();
  let messageSize = limits.maxPageSize;
  /** Of the chart that is being weighed. */
  let chartPoints = 0;

  const within = (parent: GraphQLCompositeType, set: SelectionSetNode, inConnection: boolean): number => {
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const field = fieldOf(schema, parent, selection);
        if (field) sum += ofField(parent, field, selection, inConnection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        sum += within(conditionOf(schema, parent, selection.typeCondition?.name.value), selection.selectionSet, inConnection);
      } else {
        const key = `${inConnection ? "page" : "list"} ${chartPoints} ${selection.name.value}`;
        let cost = known.get(key);
        if (cost === undefined) {
          const fragment = fragments.get(selection.name.value);
          cost = fragment ? within(conditionOf(schema, parent, fragment.typeCondition.name.value), fragment.selectionSet, inConnection) : 0;
          known.set(key, cost);
        }
        sum += cost;
      }
    }
    return sum;
  };

  const ofField = (parent: GraphQLCompositeType, field: GraphQLField<unknown, unknown>, node: FieldNode, inConnection: boolean): number => {
    const composite = compositeOf(field);
    const mutation = parent === schema.getMutationType() ? MUTATION : 0;
    if (!composite || !node.selectionSet) return mutation + (weightInTenths(field) ?? LEAF);
    if (parent.name === SERIES && field.name === "points") return chartPoints * LEAF;
    if (composite.name === SERIES) {
      const [points, series] = chartSizeOf((argument(node, "input") ?? {}));
      chartPoints = points;
      const each = OBJECT + within(composite, node.selectionSet, false);
      chartPoints = 0;
      return series * each;
    }
    const page = pageSizeOf(field, node);
    // A subscription has one root field: what it is of is known before its messages are weighed.
    if (messages.size > 0 && parent === schema.getSubscriptionType() && field.args.some((arg) => arg.name === "ids")) messageSize = Math.min(limits.maxPageSize, lengthOf(field, node));
    const below = within(composite, node.selectionSet, page !== null);
    const own = weightInTenths(field) ?? INTROSPECTION.get(field) ?? OBJECT;
    if (page !== null) return mutation + own + page * below;
    if (isList(field) && !inConnection && !isIntrospectionType(parent)) return mutation + (messages.has(parent) ? messageSize : lengthOf(field, node)) * (own + below);
    return mutation + own + below;
  };

  /** null: the field is no connection. */
  const pageSizeOf = (field: GraphQLField<unknown, unknown>, node: FieldNode): number | null => {
    if (!field.args.some((arg) => arg.name === "first")) return null;
    let size: number | null = null;
    for (const name of ["first", "last"]) {
      const given = argument(node, name);
      if (given === undefined || given === null) continue;
      const value = typeof given === "number" ? given : NaN;
      if (!(value >= 1 && value <= limits.maxPageSize)) {
        refusal ??= apiError("BAD_USER_INPUT", `"${name}" of "${field.name}" must be between 1 and ${limits.maxPageSize}.`, { nodes: node });
        continue;
      }
      size = Math.max(size ?? 0, value);
    }
    return size ?? limits.defaultPageSize;
  };

  const lengthOf = (field: GraphQLField<unknown, unknown>, node: FieldNode): number => {
    if (!field.args.some((arg) => arg.name === "ids")) return UNKNOWN_LENGTH;
    const ids = argument(node, "ids");
    return Array.isArray(ids) ? ids.length : 1;
  };

  const argument = (node: FieldNode, name: string): unknown => {
    const given = node.arguments?.find((arg) => arg.name.value === name);
    return given && valueIn(given.value);
  };
  const valueIn = (value: ValueNode): unknown => {
    if (value.kind === Kind.OBJECT) return Object.fromEntries(value.fields.map((member) => [member.name.value, valueIn(member.value)]));
    if (value.kind !== Kind.VARIABLE) return valueOf(value);
    const variable = value.name.value;
    sizedBy.set(variable, sizeOf(variables[variable]));
    return variables[variable];
  };

  const root = schema.getRootType(operation.operation);
  const cost = root ? Math.ceil(within(root, operation.selectionSet, false) / TENTHS) : 0;
  if (refusal) return { ok: false, error: refusal };
  if (cost > limits.maxCost) {
    const shown = cost < 1e12 ? cost : "over 1000000000000";
    return {
      ok: false,
      error: apiError("QUERY_TOO_COMPLEX", `The operation costs ${shown}, with its page sizes counted in; at most ${limits.maxCost} is allowed. Ask for smaller pages or fewer nested lists.`, {
        nodes: operation,
        details: { maxCost: limits.maxCost, ...(typeof shown === "number" ? { cost: shown } : {}) },
      }),
    };
  }
  return { ok: true, cost, sizedBy };
}

/** What subscriptions to many objects answer; one that follows a single object answers that, and its lists are lists like others. */
function messageTypes(schema: GraphQLSchema): ReadonlySet<GraphQLCompositeType> {
  const types = Object.values(schema.getSubscriptionType()?.getFields() ?? {}).map((field) => compositeOf(field));
  return new Set(types.filter((type) => isObjectType(type) && !type.getInterfaces().some(({ name }) => name === "Node")) as GraphQLCompositeType[]);
}

function weightInTenths(field: GraphQLField<unknown, unknown>): number | undefined {
  const weight = weightOf(field);
  return weight === undefined ? undefined : weight * TENTHS;
}

const isList = (field: GraphQLField<unknown, unknown>): boolean => isListType(isNonNullType(field.type) ? field.type.ofType : field.type);

/** As much of a literal as sizes need: numbers, texts, and lists of anything. */
function valueOf(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
      return node.value;
    case Kind.LIST:
      return node.values;
    case Kind.NULL:
      return null;
    default:
      return node;
  }
}
