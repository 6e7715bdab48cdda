import {
  type DocumentNode, type FieldNode, getNamedType, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema, isLeafType, isListType,
  isNonNullType, isObjectType, isUnionType, type OperationDefinitionNode,
} from "graphql";
import { exposedProperty, mappingOf } from "../../../schema/shared/mapping/kinds.ts";
import { type Binding, type BoundType, columnOf } from "../bind.ts";
import { NotCompiled } from "./not-compiled.ts";
import { type Selecting, Selections } from "./selections.ts";
import type {
  CompiledOperation, ConnectionField, ConnectionShape, DocumentField, DocumentShape, EdgeField, ObjectShape, PageInfoName, PageInfoField, RootField, RowField, RowsOf, RowsShape, TextField, Value,
} from "./shape.ts";

/** Beyond that, planning the statement costs more than the levels' round trips. */
const MAX_FIELDS = 1_500;
const MAX_PLACES = 60;
const ABSTRACT_FIELDS = 100;

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
  const compiler = new Compiler(options);
  const fields = compiler.rootFields(root, [operation]);
  return { number: options.number, fields, weight: compiler.weight };
}

type AnyField = GraphQLField<unknown, unknown>;

class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #binding: Binding;
  readonly #selections: Selections;
  #fields = 0;
  #places = 0;
  #shapes = 0;
  #abstract = 0;

  constructor({ binding, document, conditions }: CompileOptions) {
    this.#binding = binding;
    this.#schema = binding.schema;
    this.#selections = new Selections(binding.schema, document, conditions);
  }

  /** How much there is to keep; places of any type are drawn when they are needed, and count as so many fields. */
  get weight(): number {
    return this.#fields + this.#abstract * ABSTRACT_FIELDS;
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
          return { kind: "pageOf", ...asked, mapping, connection: this.#connection(mapping.entity, field, group) };
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
    const known = new Map<string, RowsShape | NotCompiled | undefined>();
    this.#abstract += 1;
    return (typeName) => {
      if (!known.has(typeName)) known.set(typeName, this.#binding.type(typeName)?.isNode ? this.#drawn(typeName, nodes) : undefined);
      const rows = known.get(typeName);
      if (rows instanceof NotCompiled) throw rows;
      return rows;
    };
  }

  #drawn(typeName: string, nodes: readonly Selecting[]): RowsShape | NotCompiled {
    try {
      return this.#rows(typeName, nodes);
    } catch (error) {
      if (error instanceof NotCompiled) return error;
      throw error;
    }
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
      const column = columnOf(bound.entity, exposed);
      if (column.kind === "json") return { kind: "doc", key, column, nullable, value: this.#value(field.type, group) };
      if (!isLeafType(named) || list !== (column.kind === "array")) throw new NotCompiled("resolver");
      return { kind: "column", key, column, leaf: named, nullable, list, nullableItems };
    }
    switch (mapping?.kind) {
      case "globalId":
        return { kind: "globalId", key, typeName: type.name, column: columnOf(bound.entity, mapping.property) };
      case "part": {
        const as = this.#binding.type(named.name);
        const shape = this.#object(as ?? bound, named as GraphQLObjectType, group);
        return { kind: "part", key, shape, bound: as ?? null };
      }
      case "sql":
        if (mapping.read) throw new NotCompiled("resolver");
        return { kind: "sql", ...asked, nullable, mapping, names: isObjectType(named) ? this.#names(named, group) : NO_NAMES, value: this.#value(field.type, group) };
      case "doc":
        return { kind: "doc", key, column: columnOf(bound.entity, mapping.property), nullable, value: this.#value(field.type, group) };
      case "one":
        return { kind: "one", key, nullable, property: columnOf(bound.entity, mapping.property), rows: this.#rows(mapping.entity, group) };
      case "many":
      case "list":
        return { kind: "many", ...asked, mapping, rows: this.#rows(mapping.entity, group) };
      case "page":
        return { kind: "page", ...asked, mapping, connection: this.#connection(mapping.entity, field, group) };
      case "ref":
        return { kind: "ref", key, nullable, type: columnOf(bound.entity, mapping.typeProperty), id: columnOf(bound.entity, mapping.idProperty), rowsOf: this.#rowsOf(group) };
      default:
        throw new NotCompiled("resolver");
    }
  }

  #names(type: GraphQLObjectType, nodes: readonly Selecting[]): ReadonlySet<string> {
    return new Set([...this.#selections.collect(type, nodes).values()].map(([node]) => (node as FieldNode).name.value));
  }

  // ---------------------------------------------------------------- connections

  #connection(typeName: string, { type: of }: AnyField, nodes: readonly FieldNode[]): ConnectionShape {
    const bound = this.#bound(typeName);
    if ((this.#places += 1) > MAX_PLACES) throw new NotCompiled("large");
    const type = getNamedType(of) as GraphQLObjectType;
    const edge = getNamedType(type.getFields()["edges"]?.type) as GraphQLObjectType;
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
              return { kind: "fact", key: factKey, name: name as PageInfoName };
            }),
          };
      }
    });
    this.#shapes += 1;
    const edges = fields.filter((field) => field.kind === "edges");
    const selection = {
      lists: edges.length > 0 || fields.some(({ kind }) => kind === "nodes"),
      cursors: edges.some((field) => field.fields.some(({ kind }) => kind === "cursor")),
      totalCount: fields.some(({ kind }) => kind === "totalCount"),
      pageInfo,
    };
    return { number: this.#shapes, bound, fields, selection };
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
  #each<T>(type: GraphQLObjectType, nodes: readonly Selecting[], make: (key: string, field: AnyField, group: readonly FieldNode[]) => T): (T | TextField)[] {
    return [...this.#selections.collect(type, nodes)].map(([key, group]) => {
      if ((this.#fields += 1) > MAX_FIELDS) throw new NotCompiled("large");
      const name = (group[0] as FieldNode).name.value;
      if (name === "__typename") return { kind: "text", key, json: `"${type.name}"` };
      const field = type.getFields()[name];
      if (!field) throw new NotCompiled("introspection");
      return make(key, field, group);
    });
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();

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

