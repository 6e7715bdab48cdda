import { MikroORM, type MetadataStorage } from "@mikro-orm/postgresql";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { entities } from "#server/entities/index.ts";
import { bind, type BoundEntity } from "#server/read/bind.ts";
import { bindOrder, type BoundOrder, decodeCursor, encodeCursor } from "#server/read/cursor.ts";
import { pageArguments, writeBeyond, writeOrder } from "#server/read/page.ts";
import { StatementWriter } from "#server/read/render.ts";

let pod: BoundEntity;
let metadata: MetadataStorage;
let byName: BoundOrder;
let newest: BoundOrder;
beforeAll(async () => {
  metadata = (await MikroORM.init({ entities: [...entities], dbName: "never-connected" })).getMetadata();
  pod = bind(schema, metadata).entity("Pod");
  byName = bindOrder("Pod", pod, ["name", "id"]);
  newest = bindOrder("Pod", pod, ["-createdAt", "-id"]);
});
const ID = "01890000-0000-7000-8000-0000000000ff";
const raw = (text: string): string => Buffer.from(text).toString("base64url");

describe("cursors", () => {
  test("carry any text there and back, in characters that need no escaping anywhere", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")), (name) => {
        const cursor = encodeCursor(byName, [name, ID]);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        fc.pre(cursor.length <= 4096);
        expect(decodeCursor(byName, "after", cursor)).toEqual([name, ID]);
      }),
    );
  });

  test("keep the microseconds that Postgres gave", () => {
    const values = ["2026-01-01 00:00:00.123456", ID];
    expect(decodeCursor(newest, "after", encodeCursor(newest, values))).toEqual(values);
  });

  test("are written as Postgres' json_build_array would", () => {
    expect(Buffer.from(encodeCursor(byName, ['a"\\\n\u0001é', ID]), "base64url").toString()).toBe(`["Pod:name,id", "a\\"\\\\\\n\\u0001é", "${ID}"]`);
  });

  test.each([
    ["nothing", ""],
    ["no base64url", "a b"],
    ["padding", `${raw(`["Pod:name,id", "a", "${ID}"]`)}=`],
    ["no JSON", raw("name")],
    ["no UTF-8", Buffer.concat([Buffer.from('["Pod:name,id", "'), Buffer.from([0xff]), Buffer.from(`", "${ID}"]`)]).toString("base64url")],
    ["a byte order mark before it", raw(`\ufeff["Pod:name,id", "a", "${ID}"]`)],
    ["no array", raw('{"a": 1}')],
    ["too few values", raw('["Pod:name,id", "a"]')],
    ["too many values", raw(`["Pod:name,id", "a", "${ID}", "b"]`)],
    ["a number for a text", raw(`["Pod:name,id", 1, "${ID}"]`)],
    ["null", raw(`["Pod:name,id", null, "${ID}"]`)],
    ["a uuid in capitals", raw(`["Pod:name,id", "a", "${ID.toUpperCase()}"]`)],
    ["another order", raw(`["Pod:-name,-id", "a", "${ID}"]`)],
    ["another type", raw(`["Vpc:name,id", "a", "${ID}"]`)],
    ["one that is far too long", raw(`["Pod:name,id", "${"a".repeat(5000)}", "${ID}"]`)],
  ])("refused: %s", (_name, cursor) => {
    expect(() => decodeCursor(byName, "before", cursor)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT", message: 'The argument "before" is not a cursor of this list' }));
  });

  test("whatever comes, it is a cursor or it is refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json().map(raw), fc.array(fc.string()).map((parts) => raw(JSON.stringify(["Pod:-createdAt,-id", ...parts])))), (cursor) => {
        try {
          expect(decodeCursor(newest, "after", cursor)).toHaveLength(2);
        } catch (error) {
          expect(error).toMatchObject({ code: "BAD_USER_INPUT" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("page arguments", () => {
  test("20 forward by default; a page backward; cursors as their values", () => {
    expect(pageArguments(byName, {})).toEqual({ forward: true, size: 20, after: null, before: null });
    expect(pageArguments(byName, { last: 5, before: encodeCursor(byName, ["x", ID]) })).toEqual({ forward: false, size: 5, after: null, before: ["x", ID] });
    expect(pageArguments(byName, { first: null, last: null, after: null })).toMatchObject({ forward: true, size: 20 });
  });
});

describe("keys in SQL", () => {
  const written = (write: (writer: StatementWriter) => void): { text: string; values: readonly unknown[] } => {
    const writer = new StatementWriter(bind(schema, metadata), pod);
    write(writer);
    return writer.statement();
  };

  test("one direction: a comparison of rows", () => {
    expect(written((writer) => writeBeyond(writer, byName, ["a", ID], "after"))).toMatchObject({ text: '(t."name", t."id") > ($1::text, $2::uuid)', values: ["a", ID] });
    expect(written((writer) => writeBeyond(writer, byName, ["a", ID], "before", true)).text).toBe('(t."name", t."id") <= ($1::text, $2::uuid)');
    expect(written((writer) => writeBeyond(writer, newest, ["2026-01-01 00:00:00.123456", ID], "after")).text).toBe(`(t."created_at", t."id") < (($1::timestamp at time zone 'UTC'), $2::uuid)`);
  });

  test("mixed directions: key by key", () => {
    const mixed = bindOrder("Pod", pod, ["-restartCount", "name", "id"]);
    expect(written((writer) => writeBeyond(writer, mixed, ["3", "a", ID], "after", true)).text).toBe(
      '((t."restart_count" < $1::int) or (t."restart_count" = $2::int and t."name" > $3::text) or (t."restart_count" = $4::int and t."name" = $5::text and t."id" >= $6::uuid))',
    );
    expect(written((writer) => writeOrder(writer, mixed, true)).text).toBe(' order by t."restart_count" desc, t."name", t."id"');
    expect(written((writer) => writeOrder(writer, mixed, false)).text).toBe(' order by t."restart_count", t."name" desc, t."id" desc');
  });
});
