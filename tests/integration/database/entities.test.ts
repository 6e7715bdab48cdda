import type { EntityName, MikroORM } from "@mikro-orm/postgresql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entities } from "#server/entities/index.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";

/** Entities and migrations are written apart (a migration never imports an entity): this keeps them one. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Column {
  readonly type: string;
  readonly nullable: boolean;
}

/** Types of Postgres that an entity's property of the given type may lie in. */
const COLUMN_TYPES: Readonly<Record<string, readonly string[]>> = {
  uuid: ["uuid"],
  text: ["text", "cidr", "inet"],
  integer: ["integer"],
  bigint: ["bigint"],
  double: ["double precision"],
  boolean: ["boolean"],
  datetime: ["timestamp(3) with time zone"],
  json: ["jsonb"],
  array: ["text[]"],
  blob: ["bytea"],
};

/** The entities' own types are too many to be told apart here. */
const metadataOf = (orm: MikroORM, entity: (typeof entities)[number]) => orm.getMetadata().get(entity as unknown as EntityName<Record<string, unknown>>);

test("every entity's table has exactly its columns, of its types, and null where it may be", async () => {
  const { orm } = await database.openAs("selvedge_api");
  const { rows } = await database.admin.query<{ table: string; column: string; type: string; nullable: boolean }>(`
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`);
  const tables = Map.groupBy(rows, ({ table }) => table);

  const differences: string[] = [];
  for (const entity of entities) {
    const { tableName, props } = metadataOf(orm, entity);
    const found = new Map<string, Column>((tables.get(tableName) ?? []).map(({ column, type, nullable }) => [column, { type, nullable }]));
    if (found.size === 0) differences.push(`${tableName}: no such table`);
    for (const prop of props) {
      const [name] = prop.fieldNames;
      const column = name === undefined ? undefined : found.get(name);
      if (name === undefined || column === undefined) {
        differences.push(`${tableName}.${name}: no such column (property ${prop.name})`);
        continue;
      }
      found.delete(name);
      const allowed = COLUMN_TYPES[prop.runtimeType === "Date" ? "datetime" : prop.type.replace(/Type$/, "").toLowerCase()];
      if (!allowed?.includes(column.type)) differences.push(`${tableName}.${name}: ${column.type} does not hold a ${prop.type}`);
      if (column.nullable !== (prop.nullable ?? false)) differences.push(`${tableName}.${name}: ${column.nullable ? "may" : "may not"} be null in the table only`);
    }
    for (const name of found.keys()) differences.push(`${tableName}.${name}: no property has it`);
  }
  expect(differences).toEqual([]);
});

test("an entity's primary key is its table's, in the same order", async () => {
  const { orm } = await database.openAs("selvedge_api");
  const { rows } = await database.admin.query<{ table: string; columns: string[] }>(`
    select i.indrelid::regclass::text as table,
           array(select a.attname::text from unnest(i.indkey) with ordinality k(attnum, place) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by place) as columns
    from pg_index i where i.indisprimary and i.indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`);
  const keys = new Map(rows.map(({ table, columns }) => [table, columns]));
  for (const entity of entities) {
    const meta = metadataOf(orm, entity);
    const key = meta.primaryKeys.map((name) => meta.properties[name]?.fieldNames[0]);
    expect([meta.tableName, key]).toEqual([meta.tableName, keys.get(meta.tableName)]);
  }
});
