import { type GraphQLEnumType, type GraphQLObjectType, getNamedType, isEnumType, isObjectType } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exposedProperty, mappingOf } from "#schema/shared/mapping/kinds.ts";
import { schema } from "#schema/index.ts";
import { bind, type BoundEntity } from "#server/read/bind.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";

/**
 * Columns that a field of an enum shows: compiled text has their stored words as they are, so that the database itself must keep every other word out of them.
 * All fields of the mapping are walked, and the catalog is asked.
 */
interface EnumColumn {
  readonly coordinate: string;
  readonly type: GraphQLEnumType;
  readonly entity: BoundEntity;
  readonly column: string;
}

let database: TestDatabase;
let columns: readonly EnumColumn[];

beforeAll(async () => {
  database = await createTestDatabase();
  const { orm } = await database.openAs("selvedge_api", 1);
  const binding = bind(schema, orm.getMetadata());
  const columnsOf = (type: GraphQLObjectType, entity: BoundEntity): EnumColumn[] =>
    Object.values(type.getFields()).flatMap((field): EnumColumn[] => {
      const named = getNamedType(field.type);
      // The same row, seen as another type.
      if (mappingOf(field)?.kind === "part" && isObjectType(named)) return columnsOf(named, binding.type(named.name)?.entity ?? entity);
      const exposed = exposedProperty(field);
      const column = exposed === undefined ? undefined : entity.columns.get(exposed);
      return isEnumType(named) && column ? [{ coordinate: `${type.name}.${field.name}`, type: named, entity, column: column.name }] : [];
    });
  columns = Object.values(schema.getTypeMap()).flatMap((type) => {
    const entity = isObjectType(type) ? binding.type(type.name)?.entity : undefined;
    return entity ? columnsOf(type as GraphQLObjectType, entity) : [];
  });
});
afterAll(() => database.drop());

/** `check (column in (…))`, as the catalog says it: of several words, and of one. */
const WORDS = /^CHECK \(\(\(?"?(\w+)"?\)?(?:::text)? = (?:ANY \(ARRAY\[(.+)\]\)|(.+))\)\)$/;

/** Rows may be seen through a function: what holds their values is the table behind it. */
const tableOf = ({ from, name }: BoundEntity): string => (from.endsWith("()") ? name.toLowerCase() : from);

/** What keeps the column to words of the enum; null where nothing does. */
async function wordsOf({ entity, column }: EnumColumn): Promise<readonly string[] | null> {
  const { rows } = await database.admin.query<{ definition: string }>(
    `select pg_get_constraintdef(c.oid) as definition from pg_constraint c
     join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
     where c.conrelid = $1::regclass and a.attname = $2 and c.contype = 'c' and c.convalidated and c.conenforced`,
    [tableOf(entity), column.replaceAll('"', "")],
  );
  const lists = rows.flatMap(({ definition }) => {
    const [, , several, one] = WORDS.exec(definition) ?? [];
    return [...(several ?? one ?? "").matchAll(/'((?:[^']|'')*)'::text/g)].map(([, word = ""]) => word.replaceAll("''", "'"));
  });
  return lists.length === 0 ? null : lists;
}

/** Columns that may hold what is no value of their field's enum. */
async function loose(): Promise<string[]> {
  const found: string[] = [];
  for (const one of columns) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, over one connection
    const words = await wordsOf(one);
    const shown = new Set(one.type.getValues().filter(({ name, value }) => name === value).map(({ name }) => name));
    const wrong = words?.filter((word) => !shown.has(word)) ?? [];
    if (words === null) found.push(`${one.coordinate}: nothing keeps ${one.entity.from}.${one.column} to words`);
    else if (wrong.length > 0) found.push(`${one.coordinate}: ${one.entity.from}.${one.column} may be ${wrong.join(", ")}, and ${one.type.name} has no such value`);
  }
  return found;
}

test("each column that shows an enum is held to its values by the database", async () => {
  expect(columns.map(({ coordinate }) => coordinate)).toEqual(expect.arrayContaining(["Application.status", "Operation.kind", "Rollout.state", "Service.type"]));
  expect(await loose()).toEqual([]);
});

test("a column that nothing holds, or that holds another word, is found", async () => {
  await database.admin.query("alter table cluster_node drop constraint cluster_node_status_check");
  await database.admin.query("alter table rollout drop constraint rollout_strategy_check, add constraint rollout_strategy_check check (strategy in ('FULL', 'BLUE\"GREEN'))");
  await database.admin.query("alter table service drop constraint service_type_check, add constraint service_type_check check (type in ('CLUSTER_IP')) not valid");
  expect(await loose()).toEqual([
    expect.stringContaining('ClusterNode.status: nothing keeps "cluster_node"."status" to words'),
    expect.stringContaining('BLUE"GREEN, and RolloutStrategy has no such value'),
    expect.stringContaining('Service.type: nothing keeps "service"."type" to words'),
  ]);
});
