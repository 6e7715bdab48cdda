import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Reading } from "#tests/support/reading.ts";
import { type Rows, rowsOf } from "#tests/support/rows.ts";
import { seen } from "#tests/support/seen.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/** Cursors that are no cursors, or not of this list, and page arguments that make no sense: what is said, where, and what is left of the answer. */
let database: TestDatabase;
let rows: Rows;
let tenantId: string;
let other: string;
const ids = { application: "", pod: "", lost: "", unknown: `Application.${randomUUID()}` };

beforeAll(async () => {
  database = await createTestDatabase();
  rows = rowsOf(database.admin);
  const region = await rows.region("east");
  const clusterId = await rows.cluster(region, "a");
  [tenantId, other] = [await rows.tenant(), await rows.tenant()];
  for (const tenant of [other, tenantId]) {
    const namespaceId = await rows.namespace(tenant, "default");
    const vpcId = await rows.vpc(tenant, clusterId, "net");
    for (const name of ["a", "b", "c", "d"]) {
      const application = await rows.application(tenant, namespaceId, name, { created_at: "2026-01-01T00:00:00.123Z" });
      const of = { tenantId: tenant, namespaceId, ...application };
      if (name !== "a") continue;
      const placementId = await rows.placement(of, clusterId, vpcId);
      const pod = { ...of, applicationId: application.id, placementId, clusterId };
      ids.application = `Application.${application.id}`;
      for (const podName of ["p1", "p2", "p3"]) ids.pod = `Pod.${await rows.pod(pod, podName)}`;
      // Its placement is gone.
      ids.lost = `Pod.${await rows.pod({ ...pod, placementId: randomUUID() }, "p4")}`;
    }
  }
});
afterAll(() => database.drop());

const ID = "01890000-0000-7000-8000-0000000000ff";
const encoded = (text: string | Buffer): string => Buffer.from(text as string).toString("base64url");
const cursor = (...parts: readonly unknown[]): string => encoded(JSON.stringify(parts));
const NAME = "Application:name,id";

/** For a page of applications by name. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["an empty text", ""],
  ["no base64url", "not a cursor"],
  ["base64 with its other alphabet", Buffer.from(`["${NAME}","\u00bf\u00fe~~>>??","${ID}"]`).toString("base64").replaceAll("=", "").concat("+/")],
  ["base64 with padding", `${cursor(NAME, "ab", ID)}=`],
  ["with a line break", `${cursor(NAME, "a", ID)}\n`],
  ["no JSON", encoded("a,b")],
  ["JSON that is broken off", encoded(`["${NAME}", "a", "${ID}"`)],
  ["JSON with something behind it", encoded(`["${NAME}", "a", "${ID}"] []`)],
  ["an object", encoded(`{"0": "${NAME}"}`)],
  ["a text", encoded(`"${NAME}"`)],
  ["null", encoded("null")],
  ["nothing in it", encoded("[]")],
  ["no UTF-8", encoded(Buffer.concat([Buffer.from(`["${NAME}", "`), Buffer.from([0xc3, 0x28]), Buffer.from(`", "${ID}"]`)]))],
  ["half a surrogate pair's three bytes", encoded(Buffer.concat([Buffer.from(`["${NAME}", "`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(`", "${ID}"]`)]))],
  ["the order alone", cursor(NAME)],
  ["one value too few", cursor(NAME, "a")],
  ["one value too many", cursor(NAME, "a", ID, ID)],
  ["a number for a text", cursor(NAME, 1, ID)],
  ["null for a text", cursor(NAME, null, ID)],
  ["a list for a text", cursor(NAME, ["a"], ID)],
  ["U+0000 in a text", cursor(NAME, "a\0", ID)],
  ["an id that is none", cursor(NAME, "a", "b")],
  ["an id in capitals", cursor(NAME, "a", ID.toUpperCase())],
  ["a global id", cursor(NAME, "a", `Application.${ID}`)],
  ["another direction", cursor("Application:-name,-id", "a", ID)],
  ["another order", cursor("Application:createdAt,id", "2026-01-01 00:00:00", ID)],
  ["another type of the same order", cursor("Pod:name,id", "a", ID)],
  ["a type as another case has it", cursor("application:name,id", "a", ID)],
  ["more than 4096 characters", cursor(NAME, "a".repeat(3100), ID)],
  ["SQL", cursor(NAME, "a", `${ID}'; drop table pod; --`)],
];
const MESSAGE = (argument: string): string => `The argument "${argument}" is not a cursor of this list`;
const BAD = (path: string, argument: string) => [{ path, code: "BAD_USER_INPUT", message: MESSAGE(argument) }];

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  const me = (): { tenantId: string } => ({ tenantId });
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  describe("refused: a cursor with", () => {
    test.each(REFUSED)("%s", async (_name, bad) => {
      for (const argument of ["after", "before"]) {
        const result = await reading.ask(me(), `query ($bad: String) { page: applications(${argument}: $bad) { totalCount } }`, { bad });
        expect({ data: result.data, errors: seen(result) }).toEqual({ data: null, errors: BAD("page", argument) });
        // In a literal, backward, together with a good one, and where nothing could be found.
        for (const more of ["", ", last: 2", `, ${argument === "after" ? "before" : "after"}: ${JSON.stringify(cursor(NAME, "b", ID))}`, ", filter: { statuses: [] }"]) {
          const again = await reading.ask(me(), `{ applications(${argument}: ${JSON.stringify(bad)}${more}) { __typename } }`);
          expect({ data: again.data, errors: seen(again) }).toEqual({ data: null, errors: BAD("applications", argument) });
        }
      }
    });

    test("a time that Postgres would not read, or would read otherwise", async () => {
      const document = "query ($after: String) { applications(after: $after, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { name } } }";
      for (const time of [
        "2026-02-30 00:00:00", "0000-01-01 00:00:00", "2026-01-01 25:00:00", "2026-01-01 24:00:00.5", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01 00:00:00+02", "2026-01-01", "infinity", "-infinity", "now", "today",
        "2026-01-01 00:00:00 BC", "10000-01-01 00:00:00", "2026-01-01 00:00:00.1234567", "2026-01-01 00:00:61", "",
      ]) {
        expect([time, seen(await reading.ask(me(), document, { after: cursor("Application:createdAt,id", time, ID) }))]).toEqual([time, BAD("applications", "after")]);
      }
    });

    test("a number that is none, or none of the column's", async () => {
      const document = "query ($id: ID!, $after: String) { application(id: $id) { revisions(after: $after) { nodes { number } } } }";
      for (const number of ["", "a", "1.5", "1e3", "0x1", " 1", "+1", "2147483648", "-2147483648000", "NaN", "Infinity", "99999999999"]) {
        const result = await reading.ask(me(), document, { id: ids.application, after: cursor("Revision:-number,-id", number, ID) });
        expect([number, seen(result)]).toEqual([number, BAD("application.revisions", "after")]);
      }
    });
  });

  test("a place is as good as a row: one that was made up, one of another tenant, one that was deleted meanwhile", async () => {
    const document = "query ($after: String, $before: String) { applications(after: $after, before: $before) { nodes { name } pageInfo { hasNextPage hasPreviousPage } totalCount } }";
    const shown = async (variables: object): Promise<unknown> => (await reading.data(me(), document, { ...variables })).applications;
    const page = (names: string[], hasPreviousPage: boolean, hasNextPage: boolean): object => ({ nodes: names.map((name) => ({ name })), pageInfo: { hasNextPage, hasPreviousPage }, totalCount: 4 });
    expect(await shown({ after: cursor(NAME, "bb", ID) })).toEqual(page(["c", "d"], true, false));
    expect(await shown({ before: cursor(NAME, "", ID) })).toEqual(page([], false, true));
    const { applications } = await reading.data({ tenantId: other }, "{ applications { edges { cursor node { name } } } }");
    const theirs = applications.edges.map((edge: { cursor: string }) => edge.cursor) as string[];
    // Which of two equal names comes first is a matter of ids.
    expect(await shown({ after: theirs[1] })).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: false, hasPreviousPage: true } });

    const namespace = await database.admin.query<{ id: string }>("select id from namespace where tenant_id = $1", [tenantId]);
    const doomed = await rows.application(tenantId, namespace.rows[0]?.id as string, "bbb");
    const { edges } = (await reading.data(me(), "{ applications { edges { cursor node { name } } } }")).applications as { edges: { cursor: string; node: { name: string } }[] };
    const gone = edges.find(({ node }) => node.name === "bbb")?.cursor;
    await database.admin.query("with r as (delete from revision where id = $2) delete from application where id = $1", [doomed.id, doomed.revisionId]);
    expect(await shown({ after: gone })).toEqual(page(["c", "d"], true, false));
    expect(await shown({ before: gone })).toEqual(page(["a", "b"], false, true));
    expect(await shown({ after: gone, before: gone })).toEqual(page([], true, true));
  });

  test("a token that sees less goes on from where one that sees more was", async () => {
    const { applications } = await reading.data(me(), "{ applications(first: 2) { pageInfo { endCursor } } }");
    const narrow = { ...me(), namespaceIds: [] };
    const document = "query ($after: String) { applications(after: $after) { nodes { name } pageInfo { hasPreviousPage hasNextPage startCursor } totalCount } }";
    expect(await reading.data(narrow, document, { after: applications.pageInfo.endCursor })).toEqual({ applications: { nodes: [], pageInfo: { hasPreviousPage: false, hasNextPage: false, startCursor: null }, totalCount: 0 } });
  });

  describe("sizes", () => {
    test.each([
      ["first: 0", 'The argument "first" must be 1 to 200'],
      ["first: -1", 'The argument "first" must be 1 to 200'],
      ["first: 201", 'The argument "first" must be 1 to 200'],
      ["first: 2147483647", 'The argument "first" must be 1 to 200'],
      ["last: 0", 'The argument "last" must be 1 to 200'],
      ["last: -2147483648", 'The argument "last" must be 1 to 200'],
      ["last: 201", 'The argument "last" must be 1 to 200'],
      ["first: 1, last: 1", 'A page is asked for by "first" or by "last", not by both'],
      // One fault is told, in this sequence.
      ["first: 0, last: 0", 'The argument "first" must be 1 to 200'],
      ["first: 1, last: 0", 'The argument "last" must be 1 to 200'],
      ['first: 1, last: 1, after: ""', 'A page is asked for by "first" or by "last", not by both'],
      ['after: "x", before: "y"', MESSAGE("after")],
      ['first: 0, after: ""', 'The argument "first" must be 1 to 200'],
      ['before: "", filter: { keyword: "\\u0000" }', MESSAGE("before")],
    ])("%s", async (args, message) => {
      const result = await reading.ask(me(), `{ applications(${args}) { nodes { id } } }`);
      expect({ data: result.data, errors: seen(result) }).toEqual({ data: null, errors: [{ path: "applications", code: "BAD_USER_INPUT", message }] });
    });

    test("1 and 200 are sizes", async () => {
      expect(await reading.data(me(), "{ one: applications(first: 1) { nodes { name } } all: applications(last: 200) { nodes { name } } }")).toEqual({ one: { nodes: [{ name: "a" }] }, all: { nodes: ["a", "b", "c", "d"].map((name) => ({ name })) } });
    });
  });

  describe("what is left of the answer", () => {
    const BAD_PODS = 'pods(after: "x") { totalCount }';
    const answer = async (document: string, variables?: Record<string, unknown>): Promise<{ data: unknown; errors: unknown }> => {
      const result = await reading.ask(me(), document, variables);
      return { data: result.data, errors: seen(result).map(({ path, code, message }) => [path, code, message]) };
    };
    const told = (...paths: string[]): string[][] => paths.map((path) => [path, "BAD_USER_INPUT", MESSAGE("after")]);

    test("a parent that may be null is, and those beside it are not", async () => {
      expect(await answer(`query ($id: ID!) { bad: application(id: $id) { name ${BAD_PODS} } good: application(id: $id) { name pods { totalCount } } }`, { id: ids.application }))
        .toEqual({ data: { bad: null, good: { name: "a", pods: { totalCount: 4 } } }, errors: told("bad.pods") });
      expect(await answer(`query ($id: ID!) { node(id: $id) { id ... on Application { ${BAD_PODS} } } server { version } }`, { id: ids.application })).toEqual({ data: { node: null, server: { version: "0.0.0" } }, errors: told("node.pods") });
    });

    test("a nullable parent below one that may not be null", async () => {
      expect(await answer(`query ($id: ID!) { pod(id: $id) { name placement { ${BAD_PODS} } application { name } } }`, { id: ids.pod })).toEqual({ data: { pod: { name: "p3", placement: null, application: { name: "a" } } }, errors: told("pod.placement.pods") });
      expect(await answer(`query ($id: ID!) { pod(id: $id) { name application { ${BAD_PODS} } } }`, { id: ids.pod })).toEqual({ data: { pod: null }, errors: told("pod.application.pods") });
    });

    test("of a list whose items may be null, the item", async () => {
      expect(await answer(`query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Application { ${BAD_PODS} } } }`, { ids: [ids.pod, ids.application, ids.unknown] }))
        .toEqual({ data: { nodes: [{ id: ids.pod }, null, null] }, errors: told("nodes.1.pods") });
    });

    test("of a list whose items may not be null, nothing; the first is told of", async () => {
      expect(await answer(`{ server { version } applications { nodes { name ${BAD_PODS} } } }`)).toEqual({ data: null, errors: told("applications.nodes.0.pods") });
      expect(await answer(`{ applications { edges { node { ${BAD_PODS} } } } }`)).toEqual({ data: null, errors: told("applications.edges.0.node.pods") });
    });

    test("nothing is refused where there is no parent to ask of, or where directives leave it out", async () => {
      expect(await answer(`query ($id: ID!) { application(id: $id) { ${BAD_PODS} } }`, { id: ids.unknown })).toEqual({ data: { application: null }, errors: [] });
      expect(await answer(`query ($id: ID!) { pod(id: $id) { placement { ${BAD_PODS} } } }`, { id: ids.lost })).toEqual({ data: { pod: { placement: null } }, errors: [] });
      expect(await answer(`{ applications(filter: { names: ["none"] }) { nodes { ${BAD_PODS} } } }`)).toEqual({ data: { applications: { nodes: [] } }, errors: [] });
      expect(await answer(`query ($no: Boolean!) { applications(after: "x") @include(if: $no) { totalCount } namespaces { nodes { name applications(first: 0) @skip(if: true) { totalCount } } } }`, { no: false })).toEqual({ data: { namespaces: { nodes: [{ name: "default" }] } }, errors: [] });
    });

    test("each field that is wrong is told of, in its own place", async () => {
      expect(await answer(`query ($id: ID!) { application(id: $id) { name } a: application(id: $id) { x: ${BAD_PODS} } b: pod(id: "${ids.pod}") { placement { y: ${BAD_PODS} } } }`, { id: ids.application }).then(({ data, errors }) => ({ data, errors: (errors as string[][]).toSorted() })))
        .toEqual({ data: { application: { name: "a" }, a: null, b: { placement: null } }, errors: told("a.x.pods", "b.placement.y.pods").map(([path, ...rest]) => [path?.replace(".pods", ""), ...rest]) });
    });
  });
});
