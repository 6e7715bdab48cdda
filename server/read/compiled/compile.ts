import {
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, getNamedType, type GraphQLCompositeType, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema,
  isAbstractType, isLeafType, isListType, isNonNullType, isObjectType, isUnionType, Kind, type OperationDefinitionNode, type SelectionNode,
} from "graphql";
import { exposedProperty, mappingOf } from "../../../schema/shared/mapping/kinds.ts";
import type { Reason } from "../answer.ts";
import { type Binding, type BoundColumn, type BoundType } from "../bind.ts";
import type {
  CompiledOperation, ConnectionField, ConnectionShape, DocumentField, DocumentShape, EdgeField, ObjectShape, PageFact, PageInfoField, RootField, RowField, RowsOf, RowsShape, Value,
} from "./shape.ts";

/** This operation can't be one statement's text. */
export class NotCompiled extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(`not compiled: ${reason}`);
    this.reason = reason;
  }
}

/** Beyond that, planning the statement costs more than the levels' round trips. */
const MAX_FIELDS = 1_500;
const MAX_PLACES = 60;

export interface CompileOptions {
  readonly binding: Binding;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The values of the variables that @skip and @include ask for. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly number: number;
}

/** @throws NotCompiled */
export function compile(options: CompileOptions): CompiledOperation {
  const { binding, operation } = options;
  const root = binding.schema.getRootType(operation.operation);
  if (!root || operation.operation === "mutation") throw new NotCompiled("mutation");
  return { number: options.number, fields: new Compiler(options).rootFields(root, [operation]) };
}

/** The variables that decide which fields there are. */
export function conditionVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  const visit = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      for (const directive of selection.directives ?? []) {
        const value = directive.name.value === "skip" || directive.name.value === "include" ? directive.arguments?.[0]?.value : undefined;
        if (value?.kind === Kind.VARIABLE) names.add(value.name.value);
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) visit(selection.selectionSet.selections);
    }
  };
  for (const definition of document.definitions) if ("selectionSet" in definition && definition.selectionSet) visit(definition.selectionSet.selections);
  return [...names];
}

interface Selecting {
  readonly selectionSet?: { readonly selections: readonly SelectionNode[] } | undefined;
}
type Groups = Map<string, FieldNode[]>;
type AnyField = GraphQLField<unknown, unknown>;

class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #binding: Binding;
  readonly #conditions: Readonly<Record<string, unknown>>;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  #fields = 0;
  #places = 0;
  #shapes = 0;

  constructor({ binding, document, conditions }: CompileOptions) {
    this.#binding = binding;
    this.#schema = binding.schema;
    this.#conditions = conditions;
    for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
  }

  // ---------------------------------------------------------------- roots

  rootFields(type: GraphQLObjectType, nodes: readonly Selecting[]): RootField[] {
    return this.#each(type, nodes, (key, field, group): RootField => {
      const mapping = mappingOf(field);
      const asked = { key, field, node: group[0] as FieldNode };
      const nullable = !isNonNullType(field.type);
      switch (mapping?.kind) {
        case "find":
          return { kind: "find", ...asked, nullable, mapping, rows: this.#rows(mapping.entity, group) };
        case "list":
          return { kind: "list", ...asked, mapping, rows: this.#rows(mapping.entity, group) };
        case "pageOf":
          return { kind: "pageOf", ...asked, mapping, connection: this.#connection(mapping.entity, group) };
        case "entity":
          return { kind: "entity", ...asked, nullable, mapping, rows: this.#rows(mapping.entity, group) };
        case "entities":
          return { kind: "entities", ...asked, mapping, rows: this.#rows(mapping.entity, group) };
        case "node":
          return { kind: "node", ...asked, nullable, mapping, rowsOf: this.#rowsOf(group) };
        case "nodes":
          return { kind: "nodes", ...asked, mapping, rowsOf: this.#rowsOf(group) };
        case "message":
          return { kind: "message", ...asked, fields: this.rootFields(getNamedType(field.type) as GraphQLObjectType, group) };
        case "pure":
          return this.#given(key, field, mapping.from);
        default: {
          const exposed = exposedProperty(field);
          // Of a root there is nothing to expose: only a message has properties.
          if (exposed === undefined || this.#isRoot(type)) throw new NotCompiled("resolver");
          return this.#given(key, field, (parent: Readonly<Record<string, unknown>>) => parent[exposed]);
        }
      }
    });
  }

  #isRoot(type: GraphQLObjectType): boolean {
    return type === this.#schema.getQueryType() || type === this.#schema.getSubscriptionType();
  }

  #given(key: string, field: AnyField, from: (parent: never) => unknown): RootField {
    const { nullable, list, nullableItems, named } = wrapping(field.type);
    if (!isLeafType(named)) throw new NotCompiled("resolver");
    return { kind: "given", key, leaf: named, list, nullable, nullableItems, from };
  }

  // ---------------------------------------------------------------- rows

  #rows(typeName: string, nodes: readonly Selecting[]): RowsShape {
    const bound = this.#bound(typeName);
    if ((this.#places += 1) > MAX_PLACES) throw new NotCompiled("large");
    return { bound, shape: this.#object(bound, bound.type, nodes) };
  }

  #rowsOf(nodes: readonly Selecting[]): RowsOf {
    const places = new Map<string, RowsShape | undefined>();
    return (typeName) => {
      if (!places.has(typeName)) places.set(typeName, this.#binding.type(typeName)?.isNode ? this.#rows(typeName, nodes) : undefined);
      return places.get(typeName);
    };
  }

  #bound(typeName: string): BoundType {
    const bound = this.#binding.type(typeName);
    if (!bound) throw new Error(`${typeName} has no rows`);
    return bound;
  }

  #object(bound: BoundType, type: GraphQLObjectType, nodes: readonly Selecting[]): ObjectShape {
    this.#shapes += 1;
    return { number: this.#shapes, type, fields: this.#each(type, nodes, (key, field, group) => this.#rowField(bound, type, key, field, group)) };
  }

  #rowField(bound: BoundType, type: GraphQLObjectType, key: string, field: AnyField, group: readonly FieldNode[]): RowField {
    const mapping = mappingOf(field);
    const asked = { key, field, node: group[0] as FieldNode };
    const { nullable, list, nullableItems, named } = wrapping(field.type);
    const exposed = exposedProperty(field);
    if (exposed !== undefined) {
      const column = columnOf(bound, exposed);
      if (column.kind === "json") return { kind: "doc", key, column, nullable, value: this.#value(field.type, group) };
      if (!isLeafType(named) || list !== (column.kind === "array")) throw new NotCompiled("resolver");
      return { kind: "column", key, column, leaf: named, nullable, list, nullableItems };
    }
    switch (mapping?.kind) {
      case "globalId":
        return { kind: "globalId", key, typeName: type.name, column: columnOf(bound, mapping.property) };
      case "part": {
        const as = this.#binding.type(named.name);
        const shape = this.#object(as ?? bound, named as GraphQLObjectType, group);
        return { kind: "part", key, shape, bound: as ?? null };
      }
      case "sql":
        if (mapping.read) throw new NotCompiled("resolver");
        return { kind: "sql", ...asked, nullable, mapping, names: isObjectType(named) ? this.#names(named, group) : NO_NAMES, value: this.#value(field.type, group) };
      case "doc":
        return { kind: "doc", key, column: columnOf(bound, mapping.property), nullable, value: this.#value(field.type, group) };
      case "one":
        return { kind: "one", key, nullable, property: columnOf(bound, mapping.property), rows: this.#rows(mapping.entity, group) };
      case "many":
      case "list":
        return { kind: "many", ...asked, mapping, rows: this.#rows(mapping.entity, group) };
      case "page":
        return { kind: "page", ...asked, mapping, connection: this.#connection(mapping.entity, group) };
      case "ref":
        return { kind: "ref", key, type: columnOf(bound, mapping.typeProperty), id: columnOf(bound, mapping.idProperty), rowsOf: this.#rowsOf(group) };
      default:
        throw new NotCompiled("resolver");
    }
  }

  #names(type: GraphQLObjectType, nodes: readonly Selecting[]): ReadonlySet<string> {
    return new Set([...this.#collect(type, nodes).values()].map(([node]) => (node as FieldNode).name.value));
  }

  // ---------------------------------------------------------------- connections

  #connection(typeName: string, nodes: readonly FieldNode[]): ConnectionShape {
    const bound = this.#bound(typeName);
    if ((this.#places += 1) > MAX_PLACES) throw new NotCompiled("large");
    const type = this.#schema.getType(`${typeName}Connection`) as GraphQLObjectType;
    const edge = this.#schema.getType(`${typeName}Edge`) as GraphQLObjectType;
    const info = getNamedType(type.getFields()["pageInfo"]?.type) as GraphQLObjectType;
    const pageInfo = new Set<string>();
    const fields = this.#each(type, nodes, (key, field, group): ConnectionField => {
      switch (field.name) {
        case "totalCount":
          return { kind: "totalCount", key };
        case "nodes":
          return { kind: "nodes", key, shape: this.#object(bound, bound.type, group) };
        case "edges":
          return {
            kind: "edges",
            key,
            fields: this.#each(edge, group, (edgeKey, { name }, below): EdgeField =>
              name === "cursor" ? { kind: "cursor", key: edgeKey } : { kind: "node", key: edgeKey, shape: this.#object(bound, bound.type, below) }),
          };
        default:
          return {
            kind: "pageInfo",
            key,
            fields: this.#each(info, group, (factKey, { name }): PageInfoField => {
              pageInfo.add(name);
              return { kind: "fact", key: factKey, name: name as PageFact };
            }),
          };
      }
    });
    this.#shapes += 1;
    return { number: this.#shapes, bound, fields, pageInfo };
  }

  // ---------------------------------------------------------------- documents

  #value(type: GraphQLOutputType, group: readonly FieldNode[]): Value {
    const inner = isNonNullType(type) ? type.ofType : type;
    if (isListType(inner)) return { kind: "list", item: this.#value(inner.ofType, group), nullableItems: !isNonNullType(inner.ofType) };
    if (isLeafType(inner)) return { kind: "leaf", leaf: inner };
    if (isUnionType(inner)) return { kind: "union", shapes: new Map(inner.getTypes().map((member) => [member.name, this.#document(member, group)])) };
    if (isObjectType(inner)) return { kind: "object", shape: this.#document(inner, group) };
    throw new NotCompiled("resolver");
  }

  #document(type: GraphQLObjectType, nodes: readonly Selecting[]): DocumentShape {
    return {
      fields: this.#each(type, nodes, (key, field, group): DocumentField => {
        const nullable = !isNonNullType(field.type);
        const mapping = mappingOf(field);
        const exposed = exposedProperty(field);
        if (exposed !== undefined) return { kind: "member", key, nullable, property: exposed, value: this.#value(field.type, group), otherwise: null };
        if (mapping?.kind === "member") {
          return { kind: "member", key, nullable, property: mapping.property, value: this.#value(field.type, group), otherwise: JSON.stringify(mapping.otherwise) };
        }
        if (mapping?.kind === "entity" && mapping.property !== undefined && mapping.from === undefined) {
          return { kind: "entity", key, nullable, property: mapping.property, rows: this.#rows(mapping.entity, group) };
        }
        throw new NotCompiled("resolver");
      }),
    };
  }

  // ---------------------------------------------------------------- selections

  /** The fields selected below these nodes, in the answer's order. */
  #each<T>(type: GraphQLObjectType, nodes: readonly Selecting[], make: (key: string, field: AnyField, group: readonly FieldNode[]) => T): (T | { kind: "text"; key: string; json: string })[] {
    return [...this.#collect(type, nodes)].map(([key, group]) => {
      if ((this.#fields += 1) > MAX_FIELDS) throw new NotCompiled("large");
      const name = (group[0] as FieldNode).name.value;
      if (name === "__typename") return { kind: "text", key, json: `"${type.name}"` };
      const field = type.getFields()[name];
      if (!field) throw new NotCompiled("introspection");
      return make(key, field, group);
    });
  }

  #collect(type: GraphQLObjectType, nodes: readonly Selecting[]): Groups {
    const groups: Groups = new Map();
    const visited = new Set<string>();
    for (const node of nodes) if (node.selectionSet) this.#visit(type, node.selectionSet.selections, groups, visited);
    return groups;
  }

  #visit(type: GraphQLObjectType, selections: readonly SelectionNode[], groups: Groups, visited: Set<string>): void {
    for (const selection of selections) {
      if (selection.directives?.length && !this.#included(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const group = groups.get(key);
        if (group) group.push(selection);
        else groups.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (this.#applies(type, selection.typeCondition?.name.value)) this.#visit(type, selection.selectionSet.selections, groups, visited);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = this.#fragments.get(selection.name.value);
        if (fragment && this.#applies(type, fragment.typeCondition.name.value)) this.#visit(type, fragment.selectionSet.selections, groups, visited);
      }
    }
  }

  #included(selection: SelectionNode): boolean {
    const condition = (name: string): unknown => {
      const value = selection.directives?.find((directive) => directive.name.value === name)?.arguments?.[0]?.value;
      if (value === undefined) return undefined;
      return value.kind === Kind.VARIABLE ? this.#conditions[value.name.value] : value.kind === Kind.BOOLEAN && value.value;
    };
    return condition("skip") !== true && condition("include") !== false;
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const abstract = this.#schema.getType(condition) as GraphQLCompositeType | undefined;
    return isAbstractType(abstract) && this.#schema.isSubType(abstract, type);
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();

function columnOf(bound: BoundType, property: string): BoundColumn {
  const column = bound.entity.columns.get(property);
  if (!column) throw new Error(`${bound.type.name} has no property ${property}`);
  return column;
}

interface Wrapping {
  readonly nullable: boolean;
  readonly list: boolean;
  readonly nullableItems: boolean;
  readonly named: GraphQLNamedType;
}
function wrapping(type: GraphQLOutputType): Wrapping {
  const inner = isNonNullType(type) ? type.ofType : type;
  const list = isListType(inner);
  return { nullable: !isNonNullType(type), list, nullableItems: list && !isNonNullType(inner.ofType), named: getNamedType(type) };
}

