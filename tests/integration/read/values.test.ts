import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Asking, type Reading } from "#tests/support/reading.ts";
import { CONTAINERS, rowsOf, TEMPLATE } from "#tests/support/rows.ts";
import { seen } from "#tests/support/seen.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/** Values at the edges of their types, as a client gets them: what is stored is written by hand in SQL, what is answered by hand here. */
let database: TestDatabase;
const ids: Record<string, string> = {};
const me = (): Asking => ({ tenantId: ids["tenant"] as string });

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const tenant = (ids["tenant"] = await rows.tenant("mine"));
  const namespace = await rows.namespace(tenant, "one");
  const region = await rows.region("east");
  ids["cluster"] = await rows.cluster(region, "a");
  const vpc = await rows.vpc(tenant, ids["cluster"], "net");
  const application = await rows.application(tenant, namespace, "a");
  [ids["application"], ids["revision"]] = [application.id, application.revisionId];
  const of = { tenantId: tenant, namespaceId: namespace, ...application };
  const placement = await rows.placement(of, ids["cluster"], vpc);
  ids["pod"] = await rows.pod({ ...of, applicationId: application.id, placementId: placement, clusterId: ids["cluster"] }, "p");
  ids["config"] = await rows.configMap(tenant, namespace, "config");
  ids["audit"] = await rows.auditEntry(tenant);
  ids["operation"] = await rows.operation(tenant);
  for (const table of ["application", "pod"]) await database.admin.query(`alter table ${table} alter created_at type timestamptz(6)`);
}, 60_000);
afterAll(() => database.drop());

/** Sets a column to what this SQL says. */
const store = async (table: string, name: string, column: string, expression: string, parameters: readonly unknown[] = []): Promise<unknown> =>
  database.admin.query(`update ${table} set ${column} = ${expression} where id = $1`, [ids[name], ...parameters]);
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });
  const cluster = async (selection: string): Promise<Record<string, unknown>> => (await reading.data(me(), `{ cluster(code: "a") { ${selection} } }`)).cluster;
  const application = async (selection: string): Promise<Record<string, unknown>> => (await reading.data(me(), `{ application(id: "Application.${ids["application"]}") { ${selection} } }`)).application;
  const inAudit = async (): Promise<unknown> => (await reading.data(me(), "{ auditLog { nodes { input } } }")).auditLog.nodes[0].input;
  const errorsOf = async (document: string): Promise<unknown> => {
    const result = await reading.ask(me(), document);
    return { data: result.data, errors: seen(result) };
  };

  describe("floats in columns", () => {
    test.each([
      ["0.1", 0.1], ["1e-7", 1e-7], ["1e21", 1e21], ["123456789012345680000", 123456789012345680000], ["1.7976931348623157e308", Number.MAX_VALUE], ["5e-324", 5e-324], ["0.30000000000000004", 0.1 + 0.2],
      ["-1.5", -1.5], ["30", 30], ["9007199254740993", 9007199254740992], ["-0", 0],
    ])("%s", async (stored, value) => {
      await store("cluster", "cluster", "latitude", `${quoted(stored)}::double precision`);
      expect(await cluster("location { latitude }")).toEqual({ location: { latitude: value } });
    });

    test.each(["NaN", "Infinity", "-Infinity"])("%s is none", async (stored) => {
      await store("cluster", "cluster", "latitude", `${quoted(stored)}::double precision`);
      expect(await errorsOf('{ cluster(code: "a") { code location { longitude latitude } } }')).toEqual({ data: { cluster: null }, errors: [{ path: "cluster.location.latitude", code: "INTERNAL", message: `Float cannot represent non numeric value: ${stored}` }] });
      await store("cluster", "cluster", "latitude", "30");
    });
  });

  test.each([
    ["0.5", 0.5], ["0.10000000000000000555111512312578270211815834045410", 0.1], ["1e-7", 1e-7], ["1e21", 1e21], ["1E400", null], ["3", 3], ["3.0", 3], ["true", 1], ['"0.25"', 0.25], ['""', null], ['"x"', null], ["[]", null],
  ])("%s as a float in a document", async (stored, value) => {
    await store("cluster", "cluster", "prices", `jsonb_set(prices, '{spotDiscount}', $2::jsonb)`, [stored]);
    const { data, errors } = await reading.ask(me(), '{ cluster(code: "a") { prices { spotDiscount } } }');
    expect(data).toEqual({ cluster: value === null ? null : { prices: { spotDiscount: value } } });
    expect(errors?.map(({ path }) => path?.join("."))).toEqual(value === null ? ["cluster.prices.spotDiscount"] : undefined);
    await store("cluster", "cluster", "prices", `jsonb_set(prices, '{spotDiscount}', '0.5')`);
  });

  describe("integers", () => {
    test.each([0, -1, 2_147_483_647, -2_147_483_648])("%d in a column", async (value) => {
      await store("application", "application", "version", String(value));
      expect(await application("version")).toEqual({ version: value });
    });

    test.each([2_147_483_647, 0])("%d that SQL says", async (value) => {
      await database.admin.query("update cluster set reserved_cpu_millis = $1", [value]);
      expect((await reading.data({ ...me(), role: "PLATFORM_ADMIN" }, '{ cluster(code: "a") { allocated { cpuMillis } } }')).cluster).toEqual({ allocated: { cpuMillis: value } });
    });

    test("one that is larger is an error, not another number", async () => {
      await database.admin.query("update cluster set reserved_cpu_millis = 2147483648");
      const result = await reading.ask({ ...me(), role: "PLATFORM_ADMIN" }, '{ cluster(code: "a") { allocated { pods cpuMillis } } }');
      expect({ data: result.data, errors: seen(result) }).toEqual({ data: { cluster: null }, errors: [{ path: "cluster.allocated.cpuMillis", code: "INTERNAL", message: "Int cannot represent non 32-bit signed integer value: 2147483648" }] });
      await database.admin.query("update cluster set reserved_cpu_millis = 0");
    });

    // What a scalar makes of another type's value is the executor's rule, whoever answers.
    test.each([
      ["7", 7], ["7.0", 7], ["7e0", 7], ["-0", 0], ["true", 1], ["false", 0], ['"7"', 7], ["2147483647", 2_147_483_647], ["2147483648", null], ["-2147483649", null], ["7.5", null], ['""', null], ['"a"', null], ["{}", null], ["[7]", null], ["1e400", null],
    ])("%s in a document", async (stored, value) => {
      await store("revision", "revision", "template", `jsonb_set(template, '{terminationGracePeriodSeconds}', $2::jsonb)`, [stored]);
      const { data, errors } = await reading.ask(me(), `{ node(id: "Revision.${ids["revision"]}") { ... on Revision { template { terminationGracePeriodSeconds } } } }`);
      expect(data).toEqual({ node: value === null ? null : { template: { terminationGracePeriodSeconds: value } } });
      expect(errors?.map(({ path }) => path?.join("."))).toEqual(value === null ? ["node.template.terminationGracePeriodSeconds"] : undefined);
      await store("revision", "revision", "template", "$2::jsonb", [JSON.stringify(TEMPLATE)]);
    });
  });

  // The product writes none of these; whichever way reads them makes the same of them.
  test.each([
    ["null", null], ['{"preStop":["a"]}', { preStop: ["a"] }], ['"text"', { preStop: null }], ["5", { preStop: null }], ["[]", { preStop: null }],
  ])("%s where a document has an object", async (stored, value) => {
    await store("revision", "revision", "template", `jsonb_set($2::jsonb, '{containers,0,lifecycle}', $3::jsonb)`, [JSON.stringify(TEMPLATE), stored]);
    const { node } = await reading.data(me(), `{ node(id: "Revision.${ids["revision"]}") { ... on Revision { template { containers { lifecycle { preStop } } } } } }`);
    expect(node.template.containers[0]).toEqual({ lifecycle: value });
    await store("revision", "revision", "template", "$2::jsonb", [JSON.stringify(TEMPLATE)]);
  });

  test.each([
    ["true", true], ["false", false], ["1", true], ["0", false], ["2.5", true], ['"true"', null], ["[]", null],
  ])("%s as a boolean in a document", async (stored, value) => {
    await store("pod", "pod", "containers", `jsonb_set($2::jsonb, '{0,ready}', $3::jsonb)`, [JSON.stringify(CONTAINERS), stored]);
    const { data, errors } = await reading.ask(me(), `{ pod(id: "Pod.${ids["pod"]}") { containers { ready } } }`);
    expect(data).toEqual({ pod: value === null ? null : { containers: [{ ready: value }, { ready: false }] } });
    expect(errors?.map(({ path }) => path?.join("."))).toEqual(value === null ? ["pod.containers.0.ready"] : undefined);
    await store("pod", "pod", "containers", "$2::jsonb", [JSON.stringify(CONTAINERS)]);
  });

  test.each([
    ['"a"', "a"], ['""', ""], ["1", "1"], ["1.50", "1.5"], ["1e21", "1e+21"], ["0.0000001", "1e-7"], ["true", "true"], ["{}", null], ['["a"]', null],
  ])("%s as a text in a document", async (stored, value) => {
    await store("application", "application", "labels", "jsonb_build_array(jsonb_build_object('key', 'a', 'value', $2::jsonb))", [stored]);
    const { data, errors } = await reading.ask(me(), `{ application(id: "Application.${ids["application"]}") { labels { value } } }`);
    expect(data).toEqual({ application: value === null ? null : { labels: [{ value }] } });
    expect(errors?.map(({ path }) => path?.join("."))).toEqual(value === null ? ["application.labels.0.value"] : undefined);
  });

  describe("times", () => {
    test.each([
      ["2026-01-02 03:04:05+00", "2026-01-02T03:04:05.000Z"], ["2026-01-02 03:04:05.1+00", "2026-01-02T03:04:05.100Z"], ["2026-01-02 03:04:05.000999+00", "2026-01-02T03:04:05.000Z"], ["2026-01-02 03:04:05.999999+00", "2026-01-02T03:04:05.999Z"],
      ["1969-12-31 23:59:59.999999+00", "1969-12-31T23:59:59.999Z"], ["2026-01-02 03:04:05+14", "2026-01-01T13:04:05.000Z"], ["0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000Z"], ["0099-12-31 23:59:59.5+00", "0099-12-31T23:59:59.500Z"],
      ["9999-12-31 23:59:59.999999+00", "9999-12-31T23:59:59.999Z"], ["2024-02-29 00:00:00+00", "2024-02-29T00:00:00.000Z"], ["1900-01-01 00:00:00+00", "1900-01-01T00:00:00.000Z"],
    ])("%s", async (stored, shown) => {
      await store("application", "application", "created_at", `${quoted(stored)}::timestamptz`);
      expect(await application("createdAt")).toEqual({ createdAt: shown });
      // Said by an expression.
      await store("cluster", "cluster", "last_seen_at", `date_trunc('milliseconds', ${quoted(stored)}::timestamptz)`);
      expect((await reading.data(me(), `{ pod(id: "Pod.${ids["pod"]}") { observedAt cluster { lastSeenAt } } }`)).pod).toEqual({ observedAt: shown, cluster: { lastSeenAt: shown } });
    });

    test.each(["infinity", "-infinity", "0001-12-31 00:00:00+00 BC", "10000-01-01 00:00:00+00"])("%s can't be shown", async (stored) => {
      await store("application", "application", "created_at", `${quoted(stored)}::timestamptz`);
      expect(await errorsOf(`{ application(id: "Application.${ids["application"]}") { name createdAt } }`)).toEqual({ data: { application: null }, errors: [{ path: "application.createdAt", code: "INTERNAL", message: "Invalid time value" }] });
      await store("application", "application", "created_at", "'2026-01-01'");
    });

    test.each([
      ["0", "1970-01-01T00:00:00.000Z"], ["-1", "1969-12-31T23:59:59.999Z"], ["1.9", "1970-01-01T00:00:00.001Z"], ["253402300799999", "9999-12-31T23:59:59.999Z"], ["null", null], ['"2026-01-02T03:04:05+01:00"', "2026-01-02T02:04:05.000Z"],
    ])("%s in a document", async (stored, shown) => {
      await store("pod", "pod", "containers", `jsonb_set($2::jsonb, '{0,startedAt}', $3::jsonb)`, [JSON.stringify(CONTAINERS), stored]);
      expect((await reading.data(me(), `{ pod(id: "Pod.${ids["pod"]}") { containers { startedAt } } }`)).pod.containers[0]).toEqual({ startedAt: shown });
      await store("pod", "pod", "containers", "$2::jsonb", [JSON.stringify(CONTAINERS)]);
    });
  });

  const TEXTS: readonly (readonly [string, string])[] = [
    ...Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).map((character): [string, string] => [`the control character ${character.charCodeAt(0)}`, `a${character}b`]),
    ["the control character 127", "a\u007fb"], ["the control characters from 128 on", "\u0080\u0085\u009f"], ["U+2028 and U+2029", "a\u2028b\u2029c"], ["a byte order mark", "\ufeffa\ufeff"], ["quotes and backslashes", `"'\\\\"\\u0041\\n`], ["HTML", "</script><!-- & -->"],
    ["characters beyond the basic plane", "🚀\u{10ffff}\u{10000}"], ["joined and combined characters", "e\u0301👩‍👩‍👧"], ["from right to left", "\u202eabc\u202c עברית"], ["characters that are none", "\uffff\ufffe\ufffd"], ["blanks at the ends", "  a \n"], ["nothing", ""], ["what SQL and JSON are made of", "'); $1 {a,b} [null] %s ${x} NULL"],
    ["100,000 characters", "aé中🚀".repeat(25_000)],
  ];
  test.each(TEXTS)("%s in a text, in a list, in a document, in an expression", async (_name, text) => {
    await store("application", "application", "description", "$2::text", [text]);
    await store("application", "application", "labels", "$2::jsonb", [JSON.stringify([{ key: text, value: text }])]);
    await store("config_map", "config", "keys", "array[$2::text, '', $2]", [text]);
    await store("config_map", "config", "data", "$2::jsonb", [JSON.stringify([{ key: text, value: text }])]);
    await store("audit_entry", "audit", "input", "$2::jsonb", [JSON.stringify({ [text]: [text] })]);
    expect(await application("description labels { key value }")).toEqual({ description: text, labels: [{ key: text, value: text }] });
    expect((await reading.data(me(), `{ node(id: "ConfigMap.${ids["config"]}") { ... on ConfigMap { keys data { key value } } } }`)).node).toEqual({ keys: [text, "", text], data: [{ key: text, value: text }] });
    expect(await inAudit()).toEqual({ [text]: [text] });
  });

  test("names as long as an index takes, also where a cursor is made of them", async () => {
    for (const name of ["n".repeat(63), "n".repeat(64), "é".repeat(64), "🚀".repeat(253)]) {
      await store("application", "application", "name", "$2::text", [name]);
      const { edges } = (await reading.data(me(), "{ applications { edges { cursor node { name } } } }")).applications;
      expect(edges).toEqual([{ cursor: expect.any(String), node: { name } }]);
      expect((await reading.data(me(), "query ($cursor: String) { after: applications(after: $cursor) { nodes { name } pageInfo { hasPreviousPage } } before: applications(before: $cursor) { nodes { name } pageInfo { hasNextPage } } }", { cursor: edges[0].cursor })))
        .toEqual({ after: { nodes: [], pageInfo: { hasPreviousPage: true } }, before: { nodes: [], pageInfo: { hasNextPage: true } } });
    }
    await store("application", "application", "name", "'a'");
  });

  test("what Postgres takes for no text never comes in: halves of pairs and U+0000 in a document", async () => {
    for (const escape of ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800", "\\u0000"]) await expect(store("audit_entry", "audit", "input", "$2::jsonb", [`"${escape}"`])).rejects.toThrow(/unsupported Unicode escape sequence|invalid input syntax for type json/);
    await store("audit_entry", "audit", "input", "$2::jsonb", ['"\\ud83d\\ude80"']);
    expect(await inAudit()).toBe("🚀");
  });

  test.each([
    ["null"], ["true"], ["0"], ["-1.5e-7"], ["12345678901234567890"], ["0.1000000000000000055"], ['"text"'], ['""'], ["[]"], ["{}"], ["[null, [], [[]], {}, [{}], \"\", 0, false]"], ['{"a": {"b": {"c": [1, {"d": null}]}}}'],
    ['{"": 1, " ": 2, "a\\"b": 3, "__proto__": {"x": 1}, "constructor": null, "toJSON": "no", "then": 1, "length": 0, "0": "zero", "10": "ten", "9": "nine"}'], ['{"@type": "Pod", "__typename": "Pod", "@name": 1, "pieces": []}'],
  ])("JSON: %s", async (stored) => {
    await store("audit_entry", "audit", "input", "$2::jsonb", [stored]);
    // toEqual takes no notice of a prototype; the text does.
    const answered = await inAudit();
    expect(answered).toEqual(JSON.parse(stored));
    expect(JSON.stringify(sorted(answered))).toBe(JSON.stringify(sorted(JSON.parse(stored))));
  });

  test("JSON as deep as it is stored", async () => {
    await store("audit_entry", "audit", "input", "$2::jsonb", [`${'{"a":['.repeat(500)}1${"]}".repeat(500)}`]);
    expect(JSON.stringify(await inAudit())).toBe(`${'{"a":['.repeat(500)}1${"]}".repeat(500)}`);
  });

  test("SQL's null for JSON is null", async () => {
    await store("audit_entry", "audit", "input", "null");
    expect(await inAudit()).toBeNull();
  });

  test("lists that are empty, with empty texts, and with what looks like a list's own marks", async () => {
    for (const keys of [[], [""], ["", ""], ["NULL", "null"], ["{", "}", ",", '"', "\\", "{a,b}"], [" a", "b "], Array.from({ length: 1_000 }, (_, index) => `k${index}`)]) {
      await store("config_map", "config", "keys", "$2::text[]", [keys]);
      expect((await reading.data(me(), `{ node(id: "ConfigMap.${ids["config"]}") { ... on ConfigMap { keys } } }`)).node).toEqual({ keys });
    }
    await store("application", "application", "labels", "'[]'");
    expect(await application("labels { key }")).toEqual({ labels: [] });
  });

  describe("names in the document", () => {
    test("aliases of any length, alike in their first 63 and 64 bytes", async () => {
      const aliases = [1, 62, 63, 64, 65, 200, 5_000].map((length) => "a".repeat(length));
      const alike = ["x", "y"].flatMap((end) => [`${"b".repeat(62)}${end}`, `${"b".repeat(63)}${end}`, `${"b".repeat(64)}${end}`]);
      await store("application", "application", "version", "7");
      const found = await application([...aliases, ...alike].map((alias, index) => `${alias}: ${index % 2 === 0 ? "name" : "version"}`).join(" "));
      expect(found).toEqual(Object.fromEntries([...aliases, ...alike].map((alias, index) => [alias, index % 2 === 0 ? "a" : 7])));
    });

    test("as many as there are: 51 and 101 of an object, 1,700 of a row", async () => {
      for (const count of [50, 51, 100, 101, 1_700]) {
        const found = await application(Array.from({ length: count }, (_, index) => `f${index}: ${["name", "version", "createdAt"][index % 3]}`).join(" "));
        expect(Object.keys(found)).toEqual(Array.from({ length: count }, (_, index) => `f${index}`));
      }
      const labels = await application(`replicas { ${Array.from({ length: 120 }, (_, index) => `r${index}: desired`).join(" ")} }`);
      expect(Object.keys(labels["replicas"] as object)).toHaveLength(120);
    });

    test("keys come in the document's sequence, fragments included, also those that look like numbers to JavaScript", async () => {
      const text = async (selection: string): Promise<string> => JSON.stringify(await application(selection));
      expect(await text("version name __typename id: name")).toBe('{"version":7,"name":"a","__typename":"Application","id":"a"}');
      expect(await text("... on Node { b: __typename } a: version ... on Application { b: __typename c: name }")).toBe('{"b":"Application","a":7,"c":"a"}');
      expect(await text("constructor: name __proto__: version toString: name hasOwnProperty: name")).toBe('{"constructor":"a","toString":"a","hasOwnProperty":"a"}'.replace('"constructor":"a",', '"constructor":"a","__proto__":7,'));
    });
  });
});

/** With the keys of its objects in order: the sequence of a stored document's keys is nobody's promise. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]);
}
