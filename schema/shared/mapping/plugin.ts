import SchemaBuilder, {
  BasePlugin,
  type FieldRef,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  RootFieldBuilder,
  type SchemaTypes,
} from "@pothos/core";
import type { GraphQLResolveInfo } from "graphql";
import type { Role } from "../../../server/domain/states.ts";
import type { Context } from "../../context.ts";
import { accessOf, type EntityOptions, EntityRef } from "./builders.ts";
import { DEFAULT_ORDER, type Link, type Mapping } from "./kinds.ts";
import { SlotError, slotOf } from "./slots.ts";
import { type Column, type Columns, type EntityToken, rows, type Sql, sql } from "./sql.ts";

/**
 * The mapping as a Pothos plugin: what the field builders of builders.ts do. A resolver made here does one of two things: within a row that the
 * interpreter loaded it takes what was put there for this field; at a root or in a payload it asks the reader to load.
 */
// ---------------------------------------------------------------- resolvers

function takeSlot(parent: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo): unknown {
  const value = (parent as Loose)[slotOf(String(info.path.key))];
  if (value === undefined) throw new Error(`${info.parentType.name}.${info.fieldName} was asked of a row that was not loaded for it`);
  if (value instanceof SlotError) throw value.error;
  return value;
}
const selfOrSlot = (parent: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo): unknown =>
  (parent as Loose)[slotOf(String(info.path.key))] ?? parent;
const load = (parent: unknown, args: unknown, context: Context, info: GraphQLResolveInfo): unknown => context.read.load(parent, args as never, context, info);

// ---------------------------------------------------------------- builders

/** Pothos' field builder, seen without its type parameters. */
interface Builder {
  readonly builder: PothosSchemaTypes.SchemaBuilder<SchemaTypes>;
  readonly arg: { readonly int: () => unknown; readonly string: () => unknown };
  createField(options: object): FieldRef<SchemaTypes, never>;
}
type Of = EntityRef<SchemaTypes, object>;
type Loose = Record<string, unknown>;

/** Gives Pothos what it knows of the options, and keeps the rest in the mapping. */
function describe(t: unknown, type: unknown, mapping: Mapping, resolve: unknown, options: object = {}, more: object = {}): never {
  const { where: _where, order: _order, from: _from, sql: _sql, items: _items, read: _read, otherwise: _otherwise, ...known } = options as Loose;
  return (t as Builder).createField({ ...known, type, resolve, ...more, extensions: { mapping } }) as never;
}

const PAGE_ARGS = (t: Builder): object => ({ first: t.arg.int(), after: t.arg.string(), last: t.arg.int(), before: t.arg.string() });

/** `XConnection { edges nodes pageInfo totalCount }` and `XEdge { cursor node }`, made once. */
function connectionOf(t: Builder, of: Of): unknown {
  if (of.connection) return of.connection;
  const { builder } = t;
  const access = accessOf(of.options);
  const edge = builder.objectRef<Loose>(`${of.name}Edge`);
  const connection = builder.objectRef<Loose>(`${of.name}Connection`);
  of.connection = connection;
  const field = (f: unknown, type: unknown, resolve?: unknown): FieldRef<SchemaTypes> =>
    (f as Builder).createField({ type, nullable: false, ...(resolve ? { resolve } : {}) });
  edge.implement({
    ...access,
    fields: (f) => ({
      cursor: field(f, "String", (row: { cursor: string }) => row.cursor),
      node: field(f, of, takeSlot),
    }),
  });
  connection.implement({
    ...access,
    fields: (f) => ({
      edges: field(f, [edge], takeSlot),
      nodes: field(f, [of], takeSlot),
      pageInfo: field(f, builder.options.mapping.pageInfo(), (page: { pageInfo: unknown }) => page.pageInfo),
      ...(of.options.totalCount === false ? {} : { totalCount: field(f, "Int", (page: { totalCount: unknown }) => page.totalCount) }),
    }),
  });
  return connection;
}

const selects = (options: Loose): { where: never; order: never; from: never } => ({
  where: options["where"] as never,
  order: (options["order"] ?? DEFAULT_ORDER) as never,
  from: options["from"] as never,
});

const methods: ThisType<Builder> & Record<string, (this: Builder, ...args: never[]) => unknown> = {
  globalId(property: string, options?: object) {
    const resolve = (row: Loose, _args: unknown, _context: unknown, info: GraphQLResolveInfo): string => `${info.parentType.name}.${row[property] as string}`;
    return describe(this, "ID", { kind: "globalId", property }, resolve, options, { nullable: false });
  },
  part(type: unknown, options?: object) {
    return describe(this, type, { kind: "part" }, selfOrSlot, options, { nullable: false });
  },
  one(of: Of, property: string, options: object = {}) {
    return describe(this, of, { kind: "one", entity: of.name, property }, takeSlot, { nullable: false, ...options });
  },
  many(of: Of, property: string, options: Loose = {}) {
    return describe(this, [of], { kind: "many", entity: of.name, property, ...selects(options) }, takeSlot, options, { nullable: false });
  },
  page(of: Of, by: string | Readonly<Record<string, string>> | Link, options: Loose = {}) {
    const args = { ...PAGE_ARGS(this), ...(options["args"] as object) };
    const linked = typeof by === "function" ? by : undefined;
    const join = typeof by === "object" ? Object.entries(by) : [[typeof by === "string" ? by : "id", "id"] as const];
    return describe(this, connectionOf(this, of), { kind: "page", entity: of.name, join, linked, ...selects(options) }, takeSlot, options, { args, nullable: false });
  },
  count(of: Of, property: string, options: Loose = {}) {
    const where = options["where"] as ((columns: Columns<object>) => Sql) | undefined;
    const count = (columns: Columns<{ id: string }>): Sql =>
      sql`(${rows(of as unknown as EntityToken<Loose>, (other) => {
        const mine = sql`select count(*)::integer from ${other} where ${other[property] as Column} = ${columns.id}`;
        return where ? sql`${mine} and ${where(other)}` : mine;
      })})`;
    return describe(this, "Int", { kind: "sql", sql: count as never, read: false }, takeSlot, options, { nullable: false });
  },
  sql(options: Loose) {
    const read = options["read"] as ((value: unknown, args: unknown) => unknown) | undefined;
    const resolve = read ? (...call: Parameters<typeof takeSlot>) => read(takeSlot(...call), call[1]) : takeSlot;
    return describe(this, options["type"], { kind: "sql", sql: options["sql"] as never, read: read !== undefined }, resolve, { nullable: false, ...options });
  },
  doc(property: string, options: Loose) {
    return describe(this, options["type"], { kind: "doc", property }, (row: Loose) => row[property], { nullable: false, ...options });
  },
  ref(typeProperty: string, idProperty: string, options: object = {}) {
    return describe(this, this.builder.options.mapping.node(), { kind: "ref", typeProperty, idProperty }, takeSlot, { nullable: true, ...options });
  },
  code(options: Loose) {
    const { needs, resolve, ...others } = options;
    return describe(this, options["type"], { kind: "code", needs: needs as readonly string[] }, resolve, { nullable: false, ...others });
  },
  member(property: string, options: Loose) {
    const otherwise = options["otherwise"] as readonly [];
    return describe(this, options["type"], { kind: "member", property, otherwise }, (row: Loose) => row[property] ?? otherwise, options, { nullable: false });
  },
  pure(options: Loose) {
    const from = options["from"] as (message: unknown) => unknown;
    return describe(this, options["type"], { kind: "pure", from }, (message: unknown) => from(message), { nullable: false, ...options });
  },
  message(options: Loose) {
    return describe(this, options["type"], { kind: "message" }, (message: unknown) => message, options, { nullable: false });
  },
  find(of: Of, options: Loose) {
    return describe(this, of, { kind: "find", entity: of.name, where: options["where"] as never }, load, { nullable: true, ...options });
  },
  list(of: Of, options: Loose = {}) {
    return describe(this, [of], { kind: "list", entity: of.name, ...selects(options) }, load, options, { nullable: false });
  },
  pageOf(of: Of, options: Loose = {}) {
    const args = { ...PAGE_ARGS(this), ...(options["args"] as object) };
    return describe(this, connectionOf(this, of), { kind: "pageOf", entity: of.name, ...selects(options) }, load, options, { args, nullable: false });
  },
  entity(of: Of, by: never, options: Loose = {}) {
    const property = typeof by === "string" ? (by as string) : undefined;
    const key = property === undefined ? by : (parent: Loose): string => parent[property] as string;
    return describe(this, of, { kind: "entity", entity: of.name, key: key, property, from: options["from"] as string | undefined }, load, { nullable: true, ...options });
  },
  entities(of: Of, key: never, options: object = {}) {
    return describe(this, [of], { kind: "entities", entity: of.name, key }, load, options, { nullable: false });
  },
  node(key: never, options: object = {}) {
    return describe(this, this.builder.options.mapping.node(), { kind: "node", key }, load, { nullable: true, ...options });
  },
  nodes(key: never, options: Loose = {}) {
    const existing = options["items"] === "existing";
    const nullable = { list: false, items: !existing };
    return describe(this, [this.builder.options.mapping.node()], { kind: "nodes", key, existing }, load, options, { nullable });
  },
};
Object.assign(RootFieldBuilder.prototype, methods);

SchemaBuilder.prototype.entity = function entity(this: PothosSchemaTypes.SchemaBuilder<SchemaTypes>, name: string, options: EntityOptions = {}) {
  return new EntityRef(this, name, options) as never;
};

// ---------------------------------------------------------------- access and weight

const kept = (options: object, extensions: object | undefined): Record<string, unknown> => {
  const { access, weight } = options as { access?: Role; weight?: number };
  return { ...extensions, ...(access === undefined ? {} : { access }), ...(weight === undefined ? {} : { weight }) };
};

export class MappingPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    return { ...config, extensions: kept(config.pothosOptions, config.extensions as object) };
  }
  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    return { ...config, extensions: kept(config.pothosOptions, config.extensions as object) };
  }
}
SchemaBuilder.registerPlugin("mapping", MappingPlugin);
