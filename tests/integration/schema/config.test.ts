/** ConfigMaps and Secrets as clients see them: through the real schema, with the real services and reads behind it. */
import { type ExecutionResult, graphql } from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { createFixture, type TestTenant } from "../services/fixture.ts";
import { raise } from "#tests/support/reading.ts";

const fixture = await createFixture(4);
const { pool } = await fixture.database.openAs("selvedge_api", 4);
const rows = rowsOf(fixture.admin);
afterAll(() => fixture.close());

const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

/** Answers are read as loosely as a client without types reads them. */
type Data = ReturnType<typeof JSON.parse>;
async function run(actor: Actor, source: string, variableValues: object = {}): Promise<Data> {
  const contextValue = { actor, clock, read: reads.reader(actor), services: fixture.services, live: {}, server: {} };
  const result: ExecutionResult = await graphql({ schema, source, variableValues: variableValues as Record<string, unknown>, contextValue });
  if (result.errors) throw new Error(JSON.stringify(result.errors.map((error) => ({ message: error.message, path: error.path }))));
  return JSON.parse(JSON.stringify(result.data));
}

const ERRORS = "userErrors { __typename code message path ... on InUseError { usedByCount usedBy { __typename id } } ... on ConflictError { currentVersion current { ... on ConfigMap { version } ... on Secret { version } } } ... on AlreadyExistsError { existing { id } } }";
const mutation = (name: string, input: string, selection: string): string => `mutation ($input: ${input}!) { ${name}(input: $input) { ${selection} ${ERRORS} } }`;
const CREATE_MAP = mutation("createConfigMap", "CreateConfigMapInput", "configMap { id name namespace { name } description keys data { key value } version usedBy { totalCount } createdAt updatedAt } operation { id }");
const UPDATE_MAP = mutation("updateConfigMap", "UpdateConfigMapInput", "configMap { version keys } operation { kind state targetName target { __typename id ... on ConfigMap { name } } steps(first: 10) { nodes { name target { id } } } }");
const CREATE_SECRET = mutation("createSecret", "CreateSecretInput", "secret { id name namespace { name } description type keys version usedBy { totalCount } } operation { id }");
const UPDATE_SECRET = mutation("updateSecret", "UpdateSecretInput", "secret { version keys } operation { target { __typename ... on Secret { name } } }");
const remove = (name: string): string => mutation(name, "DeleteInput", "deletedId object { id } operation { id }");
const entry = (key: string, value: string) => ({ key, value });

const makeMap = async (tenant: TestTenant, name: string, data = [entry("a", "1"), entry("b", "2")], namespace = "default"): Promise<string> =>
  (await run(tenant.actor, CREATE_MAP, { input: { name, namespace, data } }))["createConfigMap"].configMap.id as string;

/** An application as a row, with a reference to the object from the revision that it is on. */
async function user(tenant: TestTenant, name: string, configId: string): Promise<{ tenantId: string; namespaceId: string; id: string; revisionId: string }> {
  const { rows: found } = await fixture.admin.query<{ id: string }>("select id from namespace where tenant_id = $1 and is_default", [tenant.id]);
  const namespaceId = found[0]?.id ?? "";
  const application = { tenantId: tenant.id, namespaceId, ...(await rows.application(tenant.id, namespaceId, name)) };
  const [kind, id] = configId.split(".") as ["ConfigMap" | "Secret", string];
  await rows.configReference(application, kind, id, { keys: ["a"] });
  return application;
}

describe("ConfigMaps", () => {
  test("are made, changed and deleted, each read back in the same answer", async () => {
    const tenant = await fixture.tenant();
    const { createConfigMap: made } = await run(tenant.actor, CREATE_MAP, { input: { name: "app.conf", namespace: "default", data: [entry("b", "2"), entry("a", "é\n")] } });
    expect(made).toEqual({
      configMap: {
        id: expect.stringMatching(/^ConfigMap\./) as string, name: "app.conf", namespace: { name: "default" }, description: "", keys: ["a", "b"], data: [entry("a", "é\n"), entry("b", "2")], version: 1,
        usedBy: { totalCount: 0 }, createdAt: "2026-01-01T00:00:00.000Z", updatedAt: "2026-01-01T00:00:00.000Z",
      },
      operation: null, userErrors: [],
    });
    const { id } = made.configMap;
    expect((await run(tenant.actor, UPDATE_MAP, { input: { configMapId: id, data: [entry("c", "")] } }))["updateConfigMap"]).toEqual({ configMap: { version: 2, keys: ["c"] }, operation: null, userErrors: [] });
    expect((await run(tenant.actor, UPDATE_MAP, { input: { configMapId: id, expectedVersion: 1 } }))["updateConfigMap"]).toMatchObject({
      configMap: null, userErrors: [{ __typename: "ConflictError", code: "CONFLICT", path: ["input", "expectedVersion"], currentVersion: 2, current: { version: 2 } }],
    });
    expect((await run(tenant.actor, CREATE_MAP, { input: { name: "app.conf", namespace: "default", data: [] } }))["createConfigMap"]).toMatchObject({ userErrors: [{ __typename: "AlreadyExistsError", existing: { id } }] });
    expect((await run(tenant.actor, remove("deleteConfigMap"), { input: { id, expectedVersion: 2 } }))["deleteConfigMap"]).toEqual({ deletedId: id, object: null, operation: null, userErrors: [] });
    expect(await run(tenant.actor, "query ($id: ID!) { node(id: $id) { id } }", { id })).toEqual({ node: null });
  });

  test("give the data of all keys, or of those that are asked for", async () => {
    const tenant = await fixture.tenant();
    const id = await makeMap(tenant, "config", [entry("a", "1"), entry("b", '{"x": "\\u0041\u{1f600}"}'), entry("c", "")]);
    const { node } = await run(tenant.actor, "query ($id: ID!) { node(id: $id) { ... on ConfigMap { all: data { key value } some: data(keys: [\"c\", \"b\", \"nope\"]) { key value } none: data(keys: []) { key } } } }", { id });
    expect(node).toEqual({ all: [entry("a", "1"), entry("b", '{"x": "\\u0041\u{1f600}"}'), entry("c", "")], some: [entry("b", '{"x": "\\u0041\u{1f600}"}'), entry("c", "")], none: [] });
  });

  test("are listed by name, and found by keyword, names and namespaces", async () => {
    const tenant = await fixture.tenant();
    await fixture.namespace(tenant, "team");
    for (const name of ["beta", "alpha", "gamma"]) await makeMap(tenant, name);
    await makeMap(tenant, "alpha", [], "team");
    const list = async (filter?: object): Promise<string[]> =>
      (await run(tenant.actor, "query ($filter: ConfigFilter) { configMaps(first: 10, filter: $filter) { totalCount nodes { name namespace { name } } } }", { filter }))["configMaps"].nodes.map(
        (node: Data) => `${node.namespace.name}/${node.name}`,
      );
    expect((await list()).map((name) => name.split("/")[1])).toEqual(["alpha", "alpha", "beta", "gamma"]);
    expect(await list({ keyword: "ALPH", namespaces: ["team"] })).toEqual(["team/alpha"]);
    expect(await list({ names: ["beta", "alph"] })).toEqual(["default/beta"]);
    expect(await list({ namespaces: ["nowhere"] })).toEqual([]);
    expect(await list({ names: [] })).toEqual([]);
  });
});

describe("who uses one", () => {
  const USED_BY = "query ($id: ID!, $first: Int, $last: Int, $after: String, $before: String) { node(id: $id) { ... on ConfigMap { usedBy(first: $first, last: $last, after: $after, before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor } edges { cursor node { name } } nodes { id name } } } } }";
  test("is a page of applications, forward and backward, of each object its own", async () => {
    const tenant = await fixture.tenant();
    const [id, other] = [await makeMap(tenant, "config"), await makeMap(tenant, "other")];
    await makeMap(tenant, "unused");
    for (const name of ["c", "a", "d", "b"]) await user(tenant, name, id);
    await user(tenant, "z", other);
    const page = async (variables: object): Promise<Data> => (await run(tenant.actor, USED_BY, { id, ...variables }))["node"].usedBy;
    const names = (shown: Data): string[] => shown.nodes.map(({ name }: { name: string }) => name);
    const first = await page({ first: 3 });
    expect(first).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: true, hasPreviousPage: false }, edges: [{ node: { name: "a" } }, { node: { name: "b" } }, { node: { name: "c" } }] });
    const rest = await page({ first: 3, after: first.pageInfo.endCursor });
    expect([names(rest), rest.totalCount, rest.pageInfo.hasNextPage, rest.pageInfo.hasPreviousPage]).toEqual([["d"], 4, false, true]);
    const back = await page({ last: 2, before: rest.pageInfo.startCursor });
    expect([names(back), back.pageInfo.hasPreviousPage, back.pageInfo.hasNextPage]).toEqual([["b", "c"], true, true]);
    // All at once, in one statement for all objects.
    const { configMaps } = await run(tenant.actor, "{ configMaps(first: 10) { nodes { name usedBy(first: 1) { totalCount nodes { name } } } } }");
    expect(configMaps.nodes).toEqual([
      { name: "config", usedBy: { totalCount: 4, nodes: [{ name: "a" }] } }, { name: "other", usedBy: { totalCount: 1, nodes: [{ name: "z" }] } }, { name: "unused", usedBy: { totalCount: 0, nodes: [] } },
    ]);
  });

  test("is whoever is guarded against its deletion, and nobody else", async () => {
    const tenant = await fixture.tenant();
    const id = await makeMap(tenant, "config");
    const application = await user(tenant, "web", id);
    const users = async (): Promise<string[]> => (await run(tenant.actor, USED_BY, { id }))["node"].usedBy.nodes.map((node: Data) => node.id);
    const mine = globalId("Application", application.id);
    expect(await users()).toEqual([mine]);
    expect((await run(tenant.actor, remove("deleteConfigMap"), { input: { id } }))["deleteConfigMap"]).toMatchObject({
      deletedId: null, userErrors: [{ __typename: "InUseError", code: "IN_USE", usedByCount: 1, usedBy: [{ __typename: "Application", id: mine }] }],
    });
    expect((await run(tenant.actor, UPDATE_MAP, { input: { configMapId: id, data: [entry("b", "2")] } }))["updateConfigMap"]).toMatchObject({ configMap: null, userErrors: [{ code: "IN_USE", usedBy: [{ id: mine }] }] });

    // Another revision on the application, and the old one still on a placement; then on none.
    const cluster = await fixture.cluster();
    const next = await rows.application(tenant.id, application.namespaceId, "donor");
    const vpc = await rows.vpc(tenant.id, cluster.id, "net");
    const placement = await rows.placement(application, cluster.id, vpc);
    await fixture.admin.query("update application set revision_id = $2 where id = $1", [application.id, next.revisionId]);
    expect(await users()).toEqual([mine]);
    const { updateConfigMap } = await run(tenant.actor, UPDATE_MAP, { input: { configMapId: id, data: [entry("a", "2")] } });
    expect(updateConfigMap).toMatchObject({
      configMap: { version: 2 }, userErrors: [],
      operation: { kind: "UPDATE_CONFIG", state: "PENDING", targetName: "config", target: { __typename: "ConfigMap", id, name: "config" }, steps: { nodes: [{ name: `web on ${cluster.code}`, target: { id: mine } }] } },
    });
    await fixture.admin.query("update placement set revision_id = $2 where id = $1", [placement, next.revisionId]);
    expect(await users()).toEqual([]);
    expect((await run(tenant.actor, remove("deleteConfigMap"), { input: { id } }))["deleteConfigMap"]).toMatchObject({ deletedId: id, userErrors: [] });
  });
});

describe("Secrets", () => {
  test("are made OPAQUE by default, changed and deleted, and show keys alone", async () => {
    const tenant = await fixture.tenant();
    const { createSecret: made } = await run(tenant.actor, CREATE_SECRET, { input: { name: "db", namespace: "default", description: "d", data: [entry("password", "canary")] } });
    expect(made).toEqual({
      secret: { id: expect.stringMatching(/^Secret\./) as string, name: "db", namespace: { name: "default" }, description: "d", type: "OPAQUE", keys: ["password"], version: 1, usedBy: { totalCount: 0 } },
      operation: null, userErrors: [],
    });
    const { id } = made.secret;
    expect((await run(tenant.actor, UPDATE_SECRET, { input: { secretId: id, data: [entry("user", "me")] } }))["updateSecret"]).toEqual({ secret: { version: 2, keys: ["password", "user"] }, operation: null, userErrors: [] });
    const application = await user(tenant, "web", id);
    expect((await run(tenant.actor, `query ($id: ID!) { node(id: $id) { ... on Secret { type usedBy { nodes { id } } } } secrets(filter: { names: ["db"] }) { totalCount } overview { resources { configMaps secrets } } }`, { id }))).toEqual({
      node: { type: "OPAQUE", usedBy: { nodes: [{ id: globalId("Application", application.id) }] } }, secrets: { totalCount: 1 }, overview: { resources: { configMaps: 0, secrets: 1 } },
    });
    expect((await run(tenant.actor, remove("deleteSecret"), { input: { id } }))["deleteSecret"]).toMatchObject({ deletedId: null, userErrors: [{ code: "IN_USE" }] });
    await fixture.admin.query("delete from config_reference where config_id = $1", [id.split(".")[1]]);
    expect((await run(tenant.actor, remove("deleteSecret"), { input: { id } }))["deleteSecret"]).toMatchObject({ deletedId: id, userErrors: [] });
  });

  test("have no field of values, whatever it may be called", () => {
    const type = schema.getType("Secret") as { getFields(): object };
    expect(Object.keys(type.getFields()).toSorted()).toEqual(["createdAt", "description", "id", "keys", "name", "namespace", "type", "updatedAt", "usedBy", "version"]);
  });

  test("are revealed by a mutation of its own", async () => {
    const tenant = await fixture.tenant();
    const { createSecret } = await run(tenant.actor, CREATE_SECRET, { input: { name: "db", namespace: "default", data: [entry("b", "2"), entry("a", "canary")] } });
    const reveal = async (input: object): Promise<Data> => (await run(tenant.actor, mutation("revealSecret", "RevealSecretInput", "data { key value }"), { input: { id: createSecret.secret.id, ...input } }))["revealSecret"];
    expect(await reveal({})).toEqual({ data: [entry("a", "canary"), entry("b", "2")], userErrors: [] });
    expect(await reveal({ keys: ["b"] })).toEqual({ data: [entry("b", "2")], userErrors: [] });
    expect(await reveal({ keys: ["nope"] })).toMatchObject({ data: [], userErrors: [{ code: "NOT_FOUND", path: ["input", "keys", "0"] }] });
    const { auditLog } = await run(tenant.actor, `{ auditLog(filter: { actions: ["revealSecret"] }) { nodes { outcome targetName target { ... on Secret { name } } input } } }`);
    expect(auditLog.nodes.map(({ outcome }: Data) => outcome)).toEqual(["REFUSED", "ACCEPTED", "ACCEPTED"]);
    expect(auditLog.nodes[0]).toMatchObject({ targetName: "db", target: { name: "db" } });
    expect(JSON.stringify(auditLog)).not.toContain("canary");
  });
});
