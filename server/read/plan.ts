import {
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  isAbstractType,
  isObjectType,
  type SelectionNode,
} from "graphql";
import { type Condition, type Expression, exposedProperty, type Join, type Link, type Mapping, mappingOf, type Request, type Selects } from "../../schema/shared/mapping/kinds.ts";
import { SlotError, slotOf } from "../../schema/shared/mapping/slots.ts";
import type { Sql } from "../../schema/shared/mapping/sql.ts";
import { type Binding, type BoundColumn, type BoundEntity, type BoundType, kindOfField, type ValueKind } from "./bind.ts";
import { type BoundOrder, orderOf } from "./cursor.ts";
import { type PageArguments, pageArguments } from "./page.ts";

/**
 * A plan says what to load for one place of the selection: which columns and expressions of the rows there, and which related rows below.
 * It is made from the document, once for all rows of the place; a fault in one field's arguments is kept as that field's answer.
 */
export interface Plan {
  readonly bound: BoundType;
  /** Properties to select, in this order. */
  readonly columns: Map<string, BoundColumn>;
  readonly expressions: PlannedExpression[];
  readonly relations: Relation[];
  /** The same rows, seen as another entity type below a field of theirs. */
  readonly parts: { readonly slot: string; readonly plan: Plan }[];
  readonly faults: { readonly slot: string; readonly error: SlotError }[];
}

export interface PlannedExpression {
  readonly slot: string;
  readonly kind: ValueKind;
  readonly write: Sql;
}

export type Relation =
  | { readonly kind: "one"; readonly slot: string; readonly property: string; readonly plan: Plan }
  | { readonly kind: "many"; readonly slot: string; readonly property: string; readonly rows: Selected }
  | { readonly kind: "page"; readonly slot: string; readonly join: Join; readonly linked: Link | undefined; readonly page: PlannedPage }
  | { readonly kind: "ref"; readonly slot: string; readonly typeProperty: string; readonly idProperty: string; readonly planOf: PlanOf };

/** The plan for one concrete type at an abstract place; undefined for a type without rows. */
export type PlanOf = (typeName: string) => Plan | undefined;

export interface Selected {
  readonly plan: Plan;
  readonly where: Sql | null;
  /** null: any, because there is one row at most. */
  readonly order: BoundOrder | null;
}

export interface PlannedPage {
  readonly bound: BoundType;
  /** What stands in `from`. */
  readonly from: string;
  readonly where: Sql | null;
  readonly order: BoundOrder;
  readonly args: PageArguments;
  readonly totalCount: boolean;
  readonly pageInfo: ReadonlySet<string>;
  /** Where rows are asked for: under `nodes`, and under `edges` as their `node`. */
  readonly nodes: readonly View[];
  readonly edges: readonly EdgeView[];
}
/** Rows as one place of the connection shows them: each has row objects of its own, so that equal aliases below don't meet. */
export interface View {
  readonly slot: string;
  readonly plan: Plan;
}
export interface EdgeView {
  readonly slot: string;
  readonly nodes: readonly View[];
  readonly cursor: boolean;
}

type Info = Pick<GraphQLResolveInfo, "fragments" | "variableValues" | "schema">;
type Fields = Map<string, FieldNode[]>;

export class Planner {
  readonly #binding: Binding;
  readonly #info: Info;
  readonly #request: Request;

  constructor(binding: Binding, info: Info, request: Request) {
    this.#binding = binding;
    this.#info = info;
    this.#request = request;
  }

  /** The plan for rows of this type below these fields. */
  plan(typeName: string, fieldNodes: readonly FieldNode[]): Plan {
    const bound = this.#binding.type(typeName);
    if (!bound) throw new Error(`${typeName} has no rows`);
    const plan: Plan = { bound, columns: new Map(), expressions: [], relations: [], parts: [], faults: [] };
    this.#fill(plan, bound.type, fieldNodes);
    return plan;
  }

  planOf(fieldNodes: readonly FieldNode[]): PlanOf {
    const plans = new Map<string, Plan | undefined>();
    return (typeName) => {
      if (!plans.has(typeName)) plans.set(typeName, this.#binding.type(typeName)?.isNode ? this.plan(typeName, fieldNodes) : undefined);
      return plans.get(typeName);
    };
  }

  /** Which rows a root field selects, and in which order. @throws what its condition throws */
  selected(plan: Plan, selects: Selects, args: Readonly<Record<string, unknown>>): Selected {
    return { plan, where: this.where(plan.bound.entity, selects.where, args), order: orderOf(plan.bound, selects, args) };
  }

  where(entity: BoundEntity, where: Condition | undefined, args: Readonly<Record<string, unknown>>): Sql | null {
    return where?.(entity.main, args as never, this.#request) ?? null;
  }

  /** A connection's page. @throws RequestError for page arguments and cursors that are refused */
  page(typeName: string, selects: Selects, args: Readonly<Record<string, unknown>>, fieldNodes: readonly FieldNode[]): PlannedPage {
    const bound = this.#binding.type(typeName);
    if (!bound) throw new Error(`${typeName} has no rows`);
    const order = orderOf(bound, selects, args);
    const pageArgs = pageArguments(order, args);
    const where = this.where(bound.entity, selects.where, args);

    const connection = this.#binding.schema.getType(`${typeName}Connection`) as GraphQLObjectType;
    const edge = this.#binding.schema.getType(`${typeName}Edge`) as GraphQLObjectType;
    const nodes: View[] = [];
    const edges: EdgeView[] = [];
    let totalCount = false;
    const pageInfo = new Set<string>();
    for (const [key, group] of this.#collect(connection, fieldNodes)) {
      const name = (group[0] as FieldNode).name.value;
      if (name === "totalCount") totalCount = true;
      if (name === "pageInfo") for (const field of this.#names(getNamedType(connection.getFields()["pageInfo"]?.type) as GraphQLObjectType, group)) pageInfo.add(field);
      if (name === "nodes") nodes.push({ slot: slotOf(key), plan: this.plan(typeName, group) });
      if (name !== "edges") continue;
      const below = [...this.#collect(edge, group)];
      edges.push({
        slot: slotOf(key),
        cursor: below.some(([, [node]]) => node?.name.value === "cursor"),
        nodes: below.filter(([, [node]]) => node?.name.value === "node").map(([edgeKey, nodeGroup]) => ({ slot: slotOf(edgeKey), plan: this.plan(typeName, nodeGroup) })),
      });
    }
    return { bound, from: selects.from ?? bound.entity.from, where, order, args: pageArgs, totalCount, pageInfo, nodes, edges };
  }

  #fill(plan: Plan, type: GraphQLObjectType, fieldNodes: readonly FieldNode[]): void {
    for (const [key, group] of this.#collect(type, fieldNodes)) {
      const field = type.getFields()[(group[0] as FieldNode).name.value];
      if (!field) continue; // __typename
      const exposed = exposedProperty(field);
      const mapping = mappingOf(field);
      if (exposed !== undefined) need(plan, exposed);
      else if (mapping) {
        try {
          this.#mapped(plan, slotOf(key), field, mapping, group);
        } catch (error) {
          plan.faults.push({ slot: slotOf(key), error: new SlotError(error as Error) });
        }
      }
    }
  }

  #mapped(plan: Plan, slot: string, field: GraphQLField<unknown, unknown>, mapping: Mapping, group: readonly FieldNode[]): void {
    const args = (): Record<string, unknown> => getArgumentValues(field, group[0] as FieldNode, this.#info.variableValues);
    switch (mapping.kind) {
      case "globalId":
      case "doc":
        need(plan, mapping.property);
        return;
      case "part": {
        const type = getNamedType(field.type) as GraphQLObjectType;
        if (this.#binding.type(type.name)) {
          plan.parts.push({ slot, plan: this.plan(type.name, group) });
        } else this.#fill(plan, type, group);
        return;
      }
      case "sql": {
        const type = getNamedType(field.type);
        const names = isObjectType(type) ? this.#names(type, group) : NO_NAMES;
        const sql: Expression = mapping.sql;
        plan.expressions.push({ slot, kind: kindOfField(field), write: sql(plan.bound.entity.main, args() as never, this.#request, names) });
        return;
      }
      case "code":
        for (const property of mapping.needs) need(plan, property);
        return;
      case "one":
        need(plan, mapping.property);
        plan.relations.push({ kind: "one", slot, property: mapping.property, plan: this.plan(mapping.entity, group) });
        return;
      case "many":
        need(plan, "id");
        plan.relations.push({ kind: "many", slot, property: mapping.property, rows: this.selected(this.plan(mapping.entity, group), mapping, args()) });
        return;
      case "page":
        for (const [, own] of mapping.join) need(plan, own);
        plan.relations.push({ kind: "page", slot, join: mapping.join, linked: mapping.linked, page: this.page(mapping.entity, mapping, args(), group) });
        return;
      case "ref":
        need(plan, mapping.typeProperty);
        need(plan, mapping.idProperty);
        plan.relations.push({ kind: "ref", slot, typeProperty: mapping.typeProperty, idProperty: mapping.idProperty, planOf: this.planOf(group) });
        return;
      default:
      // A root's mapping inside an entity's type loads when it is resolved.
    }
  }

  #names(type: GraphQLObjectType, group: readonly FieldNode[]): ReadonlySet<string> {
    return new Set([...this.#collect(type, group).values()].map(([node]) => (node as FieldNode).name.value));
  }

  /** The fields below these, by response key, as execution will see them for this type. */
  #collect(type: GraphQLObjectType, fieldNodes: readonly FieldNode[]): Fields {
    const fields: Fields = new Map();
    const visited = new Set<string>();
    for (const node of fieldNodes) if (node.selectionSet) this.#visit(type, node.selectionSet.selections, fields, visited);
    return fields;
  }

  #visit(type: GraphQLObjectType, selections: readonly SelectionNode[], fields: Fields, visited: Set<string>): void {
    for (const selection of selections) {
      if (selection.directives?.length && !this.#included(selection)) continue;
      if (selection.kind === "Field") {
        const key = selection.alias?.value ?? selection.name.value;
        const group = fields.get(key);
        if (group) group.push(selection);
        else fields.set(key, [selection]);
      } else if (selection.kind === "InlineFragment") {
        if (this.#applies(type, selection.typeCondition?.name.value)) this.#visit(type, selection.selectionSet.selections, fields, visited);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment: FragmentDefinitionNode | undefined = this.#info.fragments[selection.name.value];
        if (fragment && this.#applies(type, fragment.typeCondition.name.value)) this.#visit(type, fragment.selectionSet.selections, fields, visited);
      }
    }
  }

  #included(selection: SelectionNode): boolean {
    const { variableValues } = this.#info;
    if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.["if"] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.["if"] !== false;
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const abstract = this.#info.schema.getType(condition);
    return isAbstractType(abstract) && this.#info.schema.isSubType(abstract, type);
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();

function need(plan: Plan, property: string): void {
  if (plan.columns.has(property)) return;
  const column = plan.bound.entity.columns.get(property);
  if (!column) throw new Error(`${plan.bound.type.name} has no property ${property}`);
  plan.columns.set(property, column);
}
