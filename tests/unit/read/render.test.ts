import { MikroORM } from "@mikro-orm/postgresql";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { Pod } from "#schema/pod/ref.ts";
import { Placement } from "#schema/application/ref.ts";
import { type Columns, every, isOneOf, nothing, param, rows, type Sql, sql, text, time, uuid, uuids } from "#schema/shared/mapping/sql.ts";
import type { Application as ApplicationRow } from "#server/entities/application.ts";
import { entities } from "#server/entities/index.ts";
import { type Binding, bind } from "#server/read/bind.ts";
import { decoderOf, type Statement, StatementWriter, writeWhere } from "#server/read/render.ts";

let binding: Binding;
let application: Columns<ApplicationRow>;
beforeAll(async () => {
  const orm = await MikroORM.init({ entities: [...entities], dbName: "never-connected" });
  binding = bind(schema, orm.getMetadata());
  application = binding.entity("Application").main as never;
});
const render = (of: Sql): Statement => new StatementWriter(binding, binding.entity("Application")).sql(of).statement();
const ID = "01890000-0000-7000-8000-0000000000ff";

test("properties become columns, sub-selects get tables of their own, values stand beside the text in its order", () => {
  const pods = rows(Pod, (pod) => {
    const placements = rows(Placement, (placement) => sql`select ${placement.id} from ${placement} where ${placement.applicationId} = ${application.id} and ${placement.reason} = ${text("b")}`);
    return sql`select count(*) from ${pod} where ${pod.placementId} in (${placements}) and ${pod.name} <> ${text("c")}`;
  });
  expect(render(sql`${application.name} = ${text("a")} and (${pods}) > 0 and ${application.namespaceId} = ${uuid(ID)}`)).toMatchObject({
    text:
      't."name" = $1::text and (select count(*) from "pod" t1 where t1."placement_id" in (select t2."id" from "placement" t2 where t2."application_id" = t."id" and t2."reason" = $2::text) ' +
      'and t1."name" <> $3::text) > 0 and t."namespace_id" = $4::uuid',
    values: ["a", "b", "c", ID],
  });
});

test("one plan for all values, unless a condition compares with a value that may fit most rows or none", () => {
  const statement = (where: Sql | null, selected: Sql = application.id as never): Statement => {
    const writer = new StatementWriter(binding, binding.entity("Application")).write("select ").sql(sql`${selected}`).write(" from application t where true");
    writeWhere(writer, where);
    return writer.write(" limit ").param(20, "integer").statement();
  };
  const named = rows(Pod, (pod) => sql`select ${pod.applicationId} from ${pod} where ${pod.name} = ${text("a")}`);
  const once = (made: Statement): boolean | undefined => made.plannedOnce;
  expect(once(statement(null))).toBe(true);
  expect(once(statement(sql`${application.id} = ${uuid(ID)}`))).toBe(true);
  expect(once(statement(null, sql`${application.createdAt} < ${time(new Date(0))}`))).toBe(true);
  expect(once(statement(sql`${application.name} = ${text("a")}`))).toBe(false);
  expect(once(statement(sql`${application.id} in (${named})`))).toBe(false);
  expect(once(statement(isOneOf(application.id, [ID], "uuid[]")))).toBe(false);
  expect(once(statement(every([sql`${application.id} = ${uuid(ID)}`, sql`${application.name} = ${text("a")}`])))).toBe(false);
});

test("as many parameters in the text as values, whatever is nested", () => {
  const condition: fc.Arbitrary<Sql> = fc.letrec<{ condition: Sql }>((tie) => ({
    condition: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0")).map((value) => sql`${application.name} = ${text(value)}`),
      fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => sql`(${a} or ${b})`),
      fc.array(tie("condition"), { maxLength: 3 }).map((all) => every(all) ?? sql`true`),
    ),
  })).condition;
  fc.assert(
    fc.property(condition, (made) => {
      const { text: written, values } = render(made);
      expect([...written.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number))).toEqual(values.map((_, index) => index + 1));
    }),
  );
});

test("a table is known in its own select alone", () => {
  let escaped: Sql | undefined;
  render(sql`exists (${rows(Pod, (pod) => {
    escaped = sql`${pod.name}`;
    return sql`select from ${pod}`;
  })})`);
  expect(() => render(escaped as Sql)).toThrow("A table of Pod is named outside its select");
});

test("values as Postgres reads them", () => {
  const values = (made: Sql): unknown => render(made).values[0];
  expect(values(sql`${uuids([ID, ID])}`)).toBe(`{${ID},${ID}}`);
  expect(values(sql`${param(['a"b', "c\\d", "", "e,f", "{}", "null"], "text[]")}`)).toBe('{"a\\"b","c\\\\d","","e,f","{}","null"}');
  expect(values(sql`${time(new Date(0))}`)).toBe("1970-01-01T00:00:00.000Z");
  expect(values(sql`${param({ a: [1] }, "jsonb")}`)).toBe('{"a":[1]}');
  expect(values(sql`${param(null, "text")}`)).toBeNull();
  expect(() => render(sql`${uuid("1 or true")}`)).toThrow("A uuid was expected");
  for (const held of [text("a\0"), param(["a\0"], "text[]")]) expect(() => render(sql`${held}`)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT" }));
});

test("what comes back, as the entities have it", () => {
  const moment = decoderOf("time")("2026-01-01 00:00:00.12") as Date;
  expect(moment.toISOString()).toBe("2026-01-01T00:00:00.120Z");
  expect((decoderOf("time")("2026-01-01 00:00:00") as Date).toISOString()).toBe("2026-01-01T00:00:00.000Z");
  expect([decoderOf("boolean")("t"), decoderOf("boolean")("f"), decoderOf("number")("-12.5"), decoderOf("json")('{"a": [null]}'), decoderOf("array")('["a"]')]).toEqual([true, false, -12.5, { a: [null] }, ["a"]]);
});

test("conditions together: what asks for nothing is left out, what nothing meets decides", () => {
  const one = sql`a`;
  expect(every([null, undefined])).toBeNull();
  expect(every([one, nothing, null])).toBe(nothing);
  expect(render(every([sql`a`, null, sql`b or c`]) as Sql).text).toBe("(a) and (b or c)");
  expect(isOneOf(application.status, [], "text[]")).toBe(nothing);
});
