import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExecutionResult } from "graphql";
import { schema } from "#schema/index.ts";
import type { BoundColumn, ValueKind } from "#server/read/bind.ts";
import { decoderOf, jsonDecoderOf, printed, type Statement, selected } from "#server/read/render.ts";
import { createReads } from "#server/read/run.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { actorOf, type Asking, NOW, openReading, raise, type Reading } from "#tests/support/reading.ts";
import { seededRandom } from "#tests/support/random.ts";
import { rowsOf } from "#tests/support/rows.ts";

/**
 * Rows that came as a tree by one statement, against the interpreter's: the same answers to the same documents. That this would notice is proven by
 * bugs planted into the statements on their way.
 */
let database: TestDatabase;
let interpreter: Reading;
let mixed: Reading;
/** What is done to each statement of the tree's reader before it is sent. */
let plant: (text: string) => string = (text) => text;
let planted = 0;
let tenantId: string;
const ids: Record<string, string> = {};
const owner = (): Asking => ({ tenantId });
const operator = (): Asking => ({ tenantId, role: "OPERATOR" });

beforeAll(async () => {
  database = await createTestDatabase();
  interpreter = await openReading(database);
  mixed = await openReading(database, {
    way: "mixed",
    onGroup: (group) => {
      for (const statement of group as readonly { text: Statement["text"] }[]) {
        const text = plant(statement.text);
        if (text !== statement.text) planted += 1;
        statement.text = text;
      }
    },
  });
  const rows = rowsOf(database.admin);
  tenantId = await rows.tenant();
  const region = await rows.region("east");
  const clusters = [await rows.cluster(region, "a", { last_seen_at: "2026-06-01T11:59:59.123456Z" }), await rows.cluster(region, "b")];
  const vpcs = [await rows.vpc(tenantId, clusters[0] as string, "net"), await rows.vpc(tenantId, clusters[1] as string, "net")];
  const namespaces = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two")];
  ids["token"] = await rows.apiToken(tenantId, "ci");
  for (let n = 0; n < 6; n += 1) {
    const namespaceId = namespaces[n % 2] as string;
    const application = await rows.application(tenantId, namespaceId, `app-${n}`, { created_at: `2026-01-01T00:00:00.12${6 - n}456Z`, description: n === 0 ? "" : "\u00e9\u4e2d\"\\\n" });
    ids[`app-${n}`] = application.id;
    const of = { tenantId, namespaceId, ...application };
    const config = await rows.configMap(tenantId, namespaceId, `config-${n}`);
    await rows.configReference(of, "ConfigMap", config);
    for (const at of [0, 1]) {
      const clusterId = clusters[at] as string;
      const placement = await rows.placement(of, clusterId, vpcs[at] as string);
      const podOf = { ...of, applicationId: application.id, placementId: placement, clusterId };
      for (let pod = 0; pod < 3; pod += 1) {
        await rows.pod(podOf, `app-${n}-${at}-${pod}`, { private_ip: `10.${at}.${n}.${pod}`, ready: pod > 0, started_at: pod === 0 ? null : `2026-05-01T00:00:0${pod}.98765${n}Z` });
      }
      await rows.service({ ...of, applicationId: application.id, clusterId, vpcId: vpcs[at] as string }, `svc-${n}`);
    }
    const operation = await rows.operation(tenantId, { target_type: "Application", target_id: application.id, namespace_id: namespaceId, created_at: `2026-05-0${n + 1}T00:00:00.12${n}456Z` });
    await rows.operationStep(tenantId, operation, "a", { cluster_id: clusters[0], namespace_id: namespaceId });
  }
  await rows.operation(tenantId, { target_type: "ApiToken", target_id: ids["token"], target_name: "ci" });
});
afterAll(() => database.drop());

/** With what a reader makes of each kind of relation, page and value. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  "pages below rows": `{ applications { totalCount nodes { name createdAt description pods(first: 4) { totalCount edges { cursor node { name startedAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } tail: pods(last: 2) { nodes { name } pageInfo { hasNextPage hasPreviousPage } } } pageInfo { hasNextPage endCursor } } }`,
  "going on by cursors": `query ($after: String, $before: String) { namespaces { nodes { name
    applications(first: 2, after: $after) { edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage } }
    up: applications(last: 2, before: $before) { edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage } } } } }`,
  "orders that go down": `query ($later: String) { applications(first: 3, after: $later, orderBy: { field: CREATED_AT, direction: DESC }) { totalCount edges { cursor node { name pods(first: 1) { nodes { name } } } } pageInfo { hasNextPage hasPreviousPage } } operations { edges { cursor node { createdAt target { id } } } } }`,
  "one and many": `{ pods(first: 10) { nodes { name cluster { code lastSeenAt region { name } } application { name namespace { name } revision { number } } placement { subnet { name } } node { name } } } vpcs { nodes { name subnets { name } cluster { code } } } }`,
  "rows that agree in several properties": `{ services { nodes { name cluster { code } endpoints(first: 2) { totalCount nodes { address ready pod { name } } } } } }`,
  "rows that a condition links": `{ configMaps { nodes { name usedBy { totalCount edges { node { name } } } } } }`,
  "what SQL or code says": `{ applications { nodes { manifest stale labels { key value } replicas { desired ready } updateStrategy { maxSurge { count percent } } pods(first: 1) { nodes { stale observedAt containers { name image spec { image cpuMillis } } } } } } }`,
  "objects of several types": `{ operations { nodes { progress { percent } target { __typename id ... on Application { name namespace { name } pods(first: 1) { nodes { name } } } } steps { nodes { name cluster { code } target { id } } } } } }`,
  "filters below rows": `{ applications { nodes { name pods(filter: { ready: true }) { totalCount nodes { name } } none: pods(filter: { phases: [] }) { totalCount nodes { name } pageInfo { hasNextPage } } } } }`,
  "nothing of what there is": `{ applications { __typename } namespaces { nodes { applications { __typename } } edges { __typename } } }`,
};

let variables: Record<string, string> = {};
beforeAll(async () => {
  const cursorOf = async (order: string, index: number): Promise<string> => (await interpreter.data(owner(), `{ applications(${order}) { edges { cursor } } }`)).applications.edges[index].cursor as string;
  variables = { after: await cursorOf("first: 9", 1), before: await cursorOf("first: 9", 4), later: await cursorOf("orderBy: { field: CREATED_AT, direction: DESC }", 1) };
});

const shown = ({ data, errors }: ExecutionResult): unknown => ({ data, errors: errors?.map(({ message, path }) => ({ message, path })) });
const differs = async (document: string, as: Asking = owner(), of: Asking = as): Promise<boolean> => {
  const [expected, found] = [await interpreter.ask(of, document, variables), await mixed.ask(as, document, variables)];
  return JSON.stringify(shown(expected)) !== JSON.stringify(shown(found));
};

describe("the answers are the interpreter's", () => {
  test.each(Object.entries(DOCUMENTS))("%s", async (_name, document) => {
    for (const as of [owner(), operator()]) expect(shown(await mixed.ask(as, document, variables))).toEqual(shown(await interpreter.ask(as, document, variables)));
  });

  test("in one group, a statement for each root", async () => {
    mixed.groups();
    await mixed.data(owner(), DOCUMENTS["one and many"] as string);
    expect(mixed.groups().map((group) => group.length)).toEqual([2]);
  });

  test("with more values in a row than a function of SQL takes", async () => {
    const many = (field: string): string => Array.from({ length: 130 }, (_, index) => `x${index}: ${field}`).join(" ");
    const document = `{ namespaces { nodes { applications { nodes { operations { nodes { progress { ${many("percent")} } } } } } } } }`;
    expect(await differs(document)).toBe(false);
    mixed.groups();
    await mixed.data(owner(), document);
    expect(mixed.groups()).toHaveLength(1);
  });
});

/** Postgres' type, how it is read, and values of it. */
const VALUES: readonly (readonly [type: string, kind: ValueKind, values: readonly string[]])[] = [
  ["text", "text", ["", "null", "\"\\\n\u0001\u2028", "\u{1f680}"]],
  ["inet", "text", ["10.0.0.9", "10.0.0.0/24", "2001:db8::1"]],
  ["integer", "number", ["0", "-2147483648", "2147483647"]],
  ["bigint", "number", ["9007199254740993", "-9223372036854775808"]],
  ["double precision", "number", ["0.1", "-0", "1e300", "5e-324", "1234567890123456789", "NaN", "Infinity", "-Infinity"]],
  ["real", "number", ["0.1", "16777217", "1e-40"]],
  ["boolean", "boolean", ["true", "false"]],
  ["timestamptz", "time", ["2026-05-01T00:00:00.123456Z", "2026-05-01T00:00:00.9999999Z", "2026-05-01T02:00:00.5+02:00", "0099-01-01T00:00:00Z", "12026-01-01T00:00:00Z", "infinity"]],
  ["jsonb", "json", ["null", "[]", '{"b": 1.10, "a": 12345678901234567890, "__proto__": "x"}', '"\\u00e9"']],
  ["text[]", "array", ["{}", '{a,"b,c",NULL,"null"}']],
];
test("a value in JSON is the value in text, and what a cursor holds is that text", async () => {
  const { pool } = await database.openAs("selvedge_api", 1);
  const column = (type: string, kind: ValueKind): BoundColumn => ({ property: "v", name: '"v"', kind, type, nullable: false });
  const random = seededRandom(50);
  const comparable = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);
  for (const [type, kind, values] of VALUES) {
    for (const value of [...values, ...(type === "double precision" ? Array.from({ length: 50 }, () => String(random() * 10 ** Math.floor(random() * 40 - 20))) : [])]) {
      const of = column(type, kind);
      const text = `select ${selected(of)} as a, json_array(${selected(of)}) as b, ${printed(of)} as c from (select $1::${type} as v) t`;
      const { rows: [row] } = await pool.query<string[]>({ text, values: [value], rowMode: "array", types: { getTypeParser: () => (raw: string) => raw } });
      const [asText, asJson, cursor] = row as string[];
      const [inJson] = JSON.parse(asJson as string) as [never];
      expect([type, value, comparable(jsonDecoderOf(kind)(inJson))]).toEqual([type, value, comparable(decoderOf(kind)(asText as string))]);
      expect([type, value, cursor]).toEqual([type, value, asText]);
    }
  }
});

describe("what is not loaded as a tree", () => {
  test("a root whose statement would be too long", async () => {
    const pages = Array.from({ length: 200 }, (_, index) => `x${index}: pods(first: 1) { totalCount nodes { name cluster { code region { name } } } pageInfo { hasNextPage } }`).join(" ");
    const document = `{ applications(first: 2) { nodes { ${pages} } } clusters { nodes { region { name } } } }`;
    expect(await differs(document)).toBe(false);
    mixed.groups();
    await mixed.data(owner(), document);
    const groups = mixed.groups();
    expect(groups.length).toBeGreaterThan(1);
    expect(Math.max(...groups.flat().map(({ text }) => text.length))).toBeLessThan(24_000);
    // The other root has its own way still.
    expect(groups[0]?.filter(({ text }) => text.includes("json_array"))).toHaveLength(1);
  });

  test("a value that Postgres can't hold is told of where there are rows to ask it of, and nowhere else", async () => {
    const document = (name: string): string => `{ applications(filter: { names: ["${name}"] }) { nodes { name pods(filter: { keyword: "a\\u0000b" }) { totalCount } } } }`;
    expect(shown(await mixed.ask(owner(), document("none")))).toEqual({ data: { applications: { nodes: [] } }, errors: undefined });
    const { errors } = await mixed.ask(owner(), document("app-1"));
    expect(errors?.map(({ originalError }) => originalError)).toEqual([expect.objectContaining({ code: "BAD_USER_INPUT" })]);
    expect(await differs(document("app-1"))).toBe(false);
  });

  test("a bad argument below rows is told of at its own place", async () => {
    const document = `{ applications { nodes { name pods(first: 0) { totalCount } } } }`;
    expect(await differs(document)).toBe(false);
    expect((await mixed.ask(owner(), document)).errors?.[0]?.path).toEqual(["applications", "nodes", 0, "pods"]);
  });
});

test("a reader of what has failed says so wherever it is asked, and asks nobody", async () => {
  const { pool, orm } = await database.openAs("selvedge_api", 1);
  const groups: unknown[] = [];
  const reads = createReads({ schema, metadata: orm.getMetadata(), pool, clock: { now: () => NOW }, speed: 1, onFault: raise, onGroup: (group) => groups.push(group) });
  const failure = new Error("the database is away");
  const reader = reads.reader(actorOf(owner()), failure);
  await expect(reader.load(null, {}, null, null as never)).rejects.toBe(failure);
  await expect(reader.matching("Pod", {}, { limit: 1 })).rejects.toBe(failure);
  await expect(reader.existing("Pod", [])).rejects.toBe(failure);
  expect(groups).toEqual([]);
});

/** Each with documents that must tell. */
const BUGS: readonly (readonly [name: string, plant: (text: string) => string])[] = [
  ["rows of a page in another order", (text) => text.replace(/ order by (t\d+)\."name", (t\d+)\."id"\)(?! t\d)/g, ' order by $1."name" desc, $2."id")')],
  ["a lost limit", (text) => text.replace(/ limit (\$\d+::integer)/g, " limit 100 + $1")],
  ["the limit counts one less", (text) => text.replace(/ limit (\$\d+::integer)/g, " limit $1 - 1")],
  ["times without what is below a second", (text) => text.replaceAll("at time zone 'UTC')", "at time zone 'UTC')::timestamp(0)")],
  ["cursors of less precise times", (text) => text.replace(/concat\((\([^)]* at time zone 'UTC'\))\)/g, "concat($1::timestamp(2))")],
  ["a lost join", (text) => text.replace(/ and t\d+\."(application|placement|namespace)_id" = t\d+\."id"/g, "")],
  ["a lost join of one of several properties", (text) => text.replace(/ and t\d+\."cluster_id" = t\d+\."cluster_id"/g, "")],
  ["any row for the one that is meant", (text) => text.replace(/where (t\d+)\."id" = t\d+\."[a-z_]+" limit 1/g, 'where $1."id" is not null limit 1')],
  ["a lost cursor", (text) => text.replace(/("id"\)) ([<>]) (\(\$)/g, "$1 <> $3")],
  ["a cursor whose row is shown again", (text) => text.replace(/("id"\)) ([<>]) (\(\$)/g, "$1 $2= $3")],
  ["rows up to a cursor that are not looked for", (text) => text.replaceAll(", exists (select from", ", not exists (select from")],
  ["a lost condition", (text) => text.replace(/(t\d+\."ready") = /g, "$1 is not null or $1 = ")],
  ["a count of something else", (text) => text.replaceAll("(select count(*) from", "(select 1 + count(*) from")],
  ["a text without its beginning", (text) => text.replaceAll("concat_ws('|', ", "concat_ws('', ")],
  ["a reference that finds no application", (text) => text.replaceAll("when 'Application' then", "when 'Applications' then")],
];

describe("planted bugs are noticed", () => {
  test.each(BUGS)("%s", async (_name, bug) => {
    planted = 0;
    plant = bug;
    try {
      const noticed = [];
      for (const [name, document] of Object.entries(DOCUMENTS)) if (await differs(document)) noticed.push(name);
      expect(planted).toBeGreaterThan(0);
      expect(noticed).not.toEqual([]);
    } finally {
      plant = (text) => text;
    }
  });

  test("a reference that shows what the role may not see", async () => {
    expect(await differs(DOCUMENTS["objects of several types"] as string, owner(), operator())).toBe(true);
  });
});
