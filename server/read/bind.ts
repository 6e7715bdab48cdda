import type { MetadataStorage } from "@mikro-orm/postgresql";
import { type GraphQLField, type GraphQLObjectType, type GraphQLSchema, getNamedType, isCompositeType, isListType, isNullableType, isObjectType } from "graphql";
import { permits } from "../../schema/shared/mapping/access.ts";
import { type EntityMapping, entityOf, exposedProperty, type Mapping, mappingOf, type Selects, type Told } from "../../schema/shared/mapping/kinds.ts";
import { type Columns, TABLE, type Table } from "../../schema/shared/mapping/sql.ts";
import type { Role } from "../domain/states.ts";

/**
 * Binding: the mapping's entities and properties become tables and columns, once, at start. Every name that does not exist is found here, all
 * of them at once, so that a wrong mapping never waits for the query that uses it.
 */
export type ValueKind = "text" | "number" | "boolean" | "time" | "json" | "array";

export interface BoundColumn {
  readonly property: string;
  /** Quoted, without its table. */
  readonly name: string;
  readonly kind: ValueKind;
  /** Postgres' type, for the parameters that are compared with it. */
  readonly type: string;
  readonly nullable: boolean;
}

export interface BoundEntity {
  readonly name: string;
  /** What stands in `from`, without an alias. */
  readonly from: string;
  readonly columns: ReadonlyMap<string, BoundColumn>;
  /** The columns of the statement's main table, whose alias is `t`. */
  readonly main: Columns<never>;
}

/** An object type with rows. */
export interface BoundType {
  readonly type: GraphQLObjectType;
  readonly entity: BoundEntity;
  readonly isNode: boolean;
}

export interface Binding {
  readonly schema: GraphQLSchema;
  /** By entity name: what a sub-select may name. */
  entity(name: string): BoundEntity;
  /** By type name; undefined where the type has no rows. */
  type(name: string): BoundType | undefined;
  /** What tells of an entity's changes; by entity name. */
  told(entity: string): Told | undefined;
  /** The types that have rows and ids. */
  readonly nodes: readonly BoundType[];
  /** The root field that pages over the type. */
  rootPage(typeName: string): (Mapping & { kind: "pageOf" }) | undefined;
}

/** The main table of every statement; the renderer calls it `t`. */
export const mainTable = (columns: Columns<never>): Table => columns[TABLE];

export function columnsOf(entity: Pick<BoundEntity, "name" | "columns">): Columns<never> {
  const table: Table = { kind: "table", entity: entity.name };
  const columns: Record<string | symbol, unknown> = { [TABLE]: table };
  for (const property of entity.columns.keys()) columns[property] = { kind: "column", table, property };
  return columns as Columns<never>;
}

/** @throws where there is none: a fault of the schema that binding finds at start */
export function columnOf({ name, columns }: Pick<BoundEntity, "name" | "columns">, property: string): BoundColumn {
  const column = columns.get(property);
  if (!column) throw new Error(`${name} has no property ${property} that can be read`);
  return column;
}

/** Whether objects of this type may be shown to the role at all. */
export const maySee = (binding: Pick<Binding, "schema">, role: Role, type: string): boolean =>
  permits(role, binding.schema.getType(type)?.extensions["access"] as Role | undefined);

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const KINDS: readonly (readonly [RegExp, ValueKind])[] = [
  [/\[\]$/, "array"],
  [/^(uuid|text|varchar|inet|cidr)/, "text"],
  [/^(int|bigint|smallint|double|real)/, "number"],
  [/^bool/, "boolean"],
  [/^timestamptz/, "time"],
  [/^json/, "json"],
];
const kindOfColumn = (type: string): ValueKind | undefined => KINDS.find(([pattern]) => pattern.test(type))?.[1];

function makeEntity(name: string, from: string, columns: readonly BoundColumn[]): BoundEntity {
  const byProperty = new Map(columns.map((column) => [column.property, column]));
  return { name, from, columns: byProperty, main: columnsOf({ name, columns: byProperty }) };
}

function tablesOf(metadata: MetadataStorage): Map<string, BoundEntity> {
  const tables = new Map<string, BoundEntity>();
  for (const meta of metadata.getAll().values()) {
    const columns: BoundColumn[] = [];
    for (const prop of Object.values(meta.properties)) {
      const type = prop.columnTypes[0] ?? "";
      const kind = kindOfColumn(type);
      // What has no kind (bytes) can't be read: no mapping may name it.
      if (kind) columns.push({ property: prop.name, name: quoted(prop.fieldNames[0] as string), kind, type, nullable: prop.nullable ?? false });
    }
    tables.set(meta.className, makeEntity(meta.className, quoted(meta.tableName), columns));
  }
  return tables;
}

function sourceOf(typeName: string, { source }: EntityMapping): BoundEntity | undefined {
  if (!source) return undefined;
  const columns = Object.entries(source.columns).map(([property, { name, type }]): BoundColumn => {
    const kind = kindOfColumn(type);
    if (!kind) throw new Error(`${typeName}.${property}: no way to read a ${type}`);
    return { property, name: quoted(name), kind, type, nullable: false };
  });
  return makeEntity(typeName, source.from, columns);
}

/** How the text of a `t.sql` expression becomes a value. */
export function kindOfField(field: GraphQLField<unknown, unknown>): ValueKind {
  const nullable = isNullableType(field.type) ? field.type : field.type.ofType;
  if (isListType(nullable)) return "json";
  const named = getNamedType(field.type);
  if (isCompositeType(named) || named.name === "JSON") return "json";
  if (named.name === "Int" || named.name === "Float") return "number";
  if (named.name === "Boolean") return "boolean";
  return named.name === "DateTime" ? "time" : "text";
}

/** @throws with every fault of the mapping: unknown entities and properties, orders that are not total, rows that nothing can load. */
export function bind(schema: GraphQLSchema, metadata: MetadataStorage): Binding {
  const entities = tablesOf(metadata);
  const types = new Map<string, BoundType>();
  const told = new Map<string, Told>();
  const faults: string[] = [];

  const objectTypes = Object.values(schema.getTypeMap()).filter((type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith("__"));
  for (const type of objectTypes) {
    const mapping = entityOf(type);
    if (!mapping) continue;
    const entity = sourceOf(type.name, mapping) ?? entities.get(mapping.entity);
    if (!entity) faults.push(`${type.name}: there is no entity ${mapping.entity}`);
    else {
      if (mapping.told) told.set(entity.name, mapping.told);
      types.set(type.name, { type, entity, isNode: type.getInterfaces().some(({ name }) => name === "Node") });
    }
  }

  const roots = new Map<string, Mapping & { kind: "pageOf" }>();
  for (const type of objectTypes) {
    for (const field of Object.values(type.getFields())) {
      const mapping = mappingOf(field);
      if (mapping?.kind === "pageOf" && type === schema.getQueryType()) roots.set(mapping.entity, mapping);
      faults.push(...faultsOf(`${type.name}.${field.name}`, types.get(type.name), exposedProperty(field), mapping, types));
    }
  }
  if (faults.length > 0) throw new Error(`The schema's mapping does not fit the entities:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);

  return {
    schema,
    entity: (name) => {
      const entity = entities.get(name);
      if (!entity) throw new Error(`There is no entity ${name}`);
      return entity;
    },
    type: (name) => types.get(name),
    told: (name) => told.get(name),
    nodes: [...types.values()].filter(({ isNode }) => isNode),
    rootPage: (typeName) => roots.get(typeName),
  };
}

function faultsOf(where: string, row: BoundType | undefined, exposed: string | undefined, mapping: Mapping | undefined, types: ReadonlyMap<string, BoundType>): string[] {
  const faults: string[] = [];
  const property = (entity: BoundEntity | undefined, name: string): void => {
    if (entity && !entity.columns.has(name)) faults.push(`${where}: ${entity.name} has no property ${name} that can be read`);
  };
  const target = (name: string): BoundEntity | undefined => {
    const found = types.get(name)?.entity;
    if (!found) faults.push(`${where}: ${name} has no rows`);
    return found;
  };
  const order = (entity: BoundEntity | undefined, { order: keys }: Selects): void => {
    // One that depends on arguments is checked when it is used.
    if (!entity || typeof keys === "function") return;
    faults.push(...orderFaults(entity, keys).map((fault) => `${where}: ${fault}`));
  };
  if (exposed !== undefined) property(row?.entity, exposed);
  switch (mapping?.kind) {
    case "globalId":
    case "doc":
      property(row?.entity, mapping.property);
      break;
    case "ref":
      property(row?.entity, mapping.typeProperty);
      property(row?.entity, mapping.idProperty);
      break;
    case "one":
      property(row?.entity, mapping.property);
      property(target(mapping.entity), "id");
      break;
    case "many": {
      property(row?.entity, "id");
      const entity = target(mapping.entity);
      property(entity, mapping.property);
      order(entity, mapping);
      break;
    }
    case "page": {
      const entity = target(mapping.entity);
      // The properties of a condition that links are checked by the compiler, and once more when it is written.
      for (const [theirs, own] of mapping.join) {
        property(entity, theirs);
        property(row?.entity, own);
        const [a, b] = [entity?.columns.get(theirs), row?.entity.columns.get(own)];
        if (a && a.type !== "uuid") faults.push(`${where}: ${entity?.name}.${theirs} is no uuid, so it can't be joined by`);
        if (b && (b.type !== "uuid" || b.nullable)) faults.push(`${where}: ${row?.entity.name}.${own} is no uuid that is always there, so it can't be joined by`);
      }
      if (mapping.join.length === 0) faults.push(`${where}: a page is joined by something`);
      order(entity, mapping);
      break;
    }
    case "code":
      for (const name of mapping.needs) property(row?.entity, name);
      break;
    case "list":
    case "pageOf":
      order(target(mapping.entity), mapping);
      break;
    case "find":
    case "entity":
    case "entities":
      target(mapping.entity);
      break;
    default:
  }
  const needsRow = mapping && ["one", "many", "page", "sql", "ref", "code"].includes(mapping.kind);
  if (needsRow && !row) faults.push(`${where}: only an entity's type can have a ${mapping.kind}`);
  return faults;
}

/** What is wrong with an order: keys are not null, and the last is the id, so that it is total. */
export function orderFaults(entity: BoundEntity, keys: readonly string[]): string[] {
  const faults: string[] = [];
  for (const key of keys) {
    const column = entity.columns.get(key.replace(/^-/, ""));
    if (!column) faults.push(`${entity.name} has no property ${key} to order by`);
    else if (column.nullable) faults.push(`${entity.name}.${column.property} may be null, so it can't be an order's key`);
  }
  if (keys.at(-1)?.replace(/^-/, "") !== "id") faults.push("an order ends in the id");
  return faults;
}
