import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Asking, type Reading } from "#tests/support/reading.ts";
import { CONTAINERS, rowsOf, TEMPLATE } from "#tests/support/rows.ts";
import { seen } from "#tests/support/seen.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/**
 * A null where the schema says there is none: from every kind of place that a value comes from, the error that is told, its path, and how far the null
 * goes by the rules of GraphQL: to the nearest place that may be null, and no further. The data is made wrong as the superuser, without the
 * constraints that keep it right.
 */
let database: TestDatabase;
const ids: Record<string, string> = {};
const me = (): Asking => ({ tenantId: ids["tenant"] as string });
const gid = (type: string, name = type): string => `${type}.${ids[name]}`;

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const tenant = (ids["tenant"] = await rows.tenant("mine"));
  const [one, two] = [await rows.namespace(tenant, "one"), await rows.namespace(tenant, "two")];
  [ids["one"], ids["two"]] = [one, two];
  ids["Region"] = await rows.region("east");
  ids["Cluster"] = await rows.cluster(ids["Region"], "a");
  ids["ClusterNode"] = await rows.clusterNode(ids["Cluster"], "node");
  ids["Vpc"] = await rows.vpc(tenant, ids["Cluster"], "net");
  ids["Subnet"] = await rows.subnet(tenant, ids["Vpc"], ids["Cluster"], "sub");
  const application = await rows.application(tenant, one, "a", { labels: [{ key: "x", value: "1" }, { key: "y", value: "2" }] });
  [ids["Application"], ids["Revision"]] = [application.id, application.revisionId];
  ids["second"] = (await rows.application(tenant, one, "b")).id;
  const of = { tenantId: tenant, namespaceId: one, ...application };
  ids["Placement"] = await rows.placement(of, ids["Cluster"], ids["Vpc"]);
  const pod = { ...of, applicationId: application.id, placementId: ids["Placement"], clusterId: ids["Cluster"] };
  ids["Pod"] = await rows.pod(pod, "p-1", { node_id: ids["ClusterNode"], private_ip: "10.0.0.1" });
  ids["pod2"] = await rows.pod(pod, "p-2");
  ids["Service"] = await rows.service({ ...of, applicationId: application.id, clusterId: ids["Cluster"], vpcId: ids["Vpc"] }, "svc");
  ids["Operation"] = await rows.operation(tenant, { target_type: "Application", target_id: application.id, namespace_id: one });
  ids["step"] = await rows.operationStep(tenant, ids["Operation"], "step", { target_type: "Placement", target_id: ids["Placement"] });
  ids["Rollout"] = await rows.rollout(of, { update_strategy: { maxUnavailable: { count: 1 }, maxSurge: { percent: 10 } } });
  ids["ConfigMap"] = await rows.configMap(tenant, one, "config");
  ids["AuditEntry"] = await rows.auditEntry(tenant, { target_type: "Application", target_id: application.id });
  ids["ApiToken"] = await rows.apiToken(tenant, "ci", { namespaces: ["one"] });

  // What keeps the data right: foreign keys, not null, and the words of enumerations.
  const { rows: constraints } = await database.admin.query<{ relation: string; name: string }>(
    `select c.conrelid::regclass::text as relation, c.conname as name from pg_constraint c join pg_namespace n on n.oid = c.connamespace
     where n.nspname = 'public' and c.contype in ('f', 'c') and c.conparentid = 0`,
  );
  for (const { relation, name } of constraints) await database.admin.query(`alter table ${relation} drop constraint if exists "${name}"`);
  const { rows: columns } = await database.admin.query<{ relation: string; name: string }>(
    `select a.attrelid::regclass::text as relation, a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind = 'r' and not c.relispartition and a.attnum > 0 and a.attnotnull and not a.attisdropped
       and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey))`,
  );
  for (const { relation, name } of columns) await database.admin.query(`alter table ${relation} alter ${name} drop not null`);
}, 60_000);
afterAll(() => database.drop());

type Wrong = readonly [table: string, id: () => string | undefined, set: Readonly<Record<string, unknown>>];
/** Does the work while the row's columns have these values. */
async function while_<T>([table, id, set]: Wrong, work: () => Promise<T>): Promise<T> {
  const columns = Object.keys(set);
  const { rows } = await database.admin.query<Record<string, unknown>>(`select ${columns.map((column) => `${column}::text as ${column}`).join(", ")} from ${table} where id = $1`, [id()]);
  const write = (values: readonly unknown[]): Promise<unknown> => database.admin.query(`update ${table} set ${columns.map((column, index) => `${column} = $${index + 2}`).join(", ")} where id = $1`, [id(), ...values]);
  await write(Object.values(set).map((value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : value)));
  try {
    return await work();
  } finally {
    await write(columns.map((column) => rows[0]?.[column]));
  }
}

const NULL = (place: string): string => `Cannot return null for non-nullable field ${place}.`;
const application = (selection: string): string => `{ application(id: "${gid("Application")}") { name ${selection} } server { version } }`;
const node = (type: string, selection: string, name = type): string => `{ node(id: "${gid(type, name)}") { id ... on ${type} { ${selection} } } server { version } }`;
const SERVER = { server: { version: "0.0.0" } };
/** A wrong row, a document, and what is answered: data, path, message. */
type Case = readonly [name: string, wrong: Wrong, document: () => string, data: unknown, path: string, message: string | RegExp];
const on = (table: string, name: string, set: Readonly<Record<string, unknown>>): Wrong => [table, () => ids[name], set];

const withContainer = (change: object): object => ({ ...TEMPLATE, containers: [TEMPLATE.containers[0], { ...TEMPLATE.containers[1], ...change }] });
const withProbe = (handler: unknown): object => withContainer({ livenessProbe: { handler, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 } });
const without = (key: string): object => Object.fromEntries(Object.entries(TEMPLATE).filter(([name]) => name !== key));

const CASES: readonly Case[] = [
  // ---- columns
  ["a text, below a parent that may be null", on("application", "Application", { description: null }), () => application("description"), { application: null, ...SERVER }, "application.description", NULL("Application.description")],
  ["an enum", on("application", "Application", { status: null }), () => application("status"), { application: null, ...SERVER }, "application.status", NULL("Application.status")],
  ["an enum's word that the schema has none of", on("application", "Application", { status: "ASLEEP" }), () => application("status"), { application: null, ...SERVER }, "application.status", 'Enum "ApplicationStatus" cannot represent value: "ASLEEP"'],
  ["an enum's word in another case", on("application", "Application", { status: "Running" }), () => application("status"), { application: null, ...SERVER }, "application.status", 'Enum "ApplicationStatus" cannot represent value: "Running"'],
  ["a number", on("application", "Application", { version: null }), () => application("version"), { application: null, ...SERVER }, "application.version", NULL("Application.version")],
  ["a boolean", on("application", "Application", { deletion_protection: null }), () => application("deletionProtection"), { application: null, ...SERVER }, "application.deletionProtection", NULL("Application.deletionProtection")],
  ["a time", on("application", "Application", { updated_at: null }), () => application("updatedAt"), { application: null, ...SERVER }, "application.updatedAt", NULL("Application.updatedAt")],
  ["a block of addresses", on("vpc", "Vpc", { cidr: null }), () => node("Vpc", "cidr"), { node: null, ...SERVER }, "node.cidr", NULL("Vpc.cidr")],
  ["under an alias", on("application", "Application", { description: null }), () => application("said: description"), { application: null, ...SERVER }, "application.said", NULL("Application.description")],
  ["in a connection's nodes, which may not be null anywhere above", on("application", "second", { description: null }), () => "{ applications { nodes { name description } } server { version } }", null, "applications.nodes.1.description", NULL("Application.description")],
  ["in a connection's edges", on("application", "second", { description: null }), () => "{ applications { edges { cursor node { description } } } server { version } }", null, "applications.edges.1.node.description", NULL("Application.description")],
  ["in a list of the root's", on("region", "Region", { name: null }), () => "{ regions { code name } }", null, "regions.0.name", NULL("Region.name")],
  ["in rows that belong to another", on("subnet", "Subnet", { gateway: null }), () => node("Vpc", "subnets { name gateway }"), { node: null, ...SERVER }, "node.subnets.0.gateway", NULL("Subnet.gateway")],
  ["in one of many nodes", on("application", "second", { description: null }), () => `{ nodes(ids: ["${gid("Application")}", "${gid("Application", "second")}", "${gid("Pod")}"]) { id ... on Application { description } } }`,
    { nodes: [{ id: null, description: "" }, null, { id: null }] }, "nodes.1.description", NULL("Application.description")],
  ["below a parent that may be null, below one that may not", on("placement", "Placement", { reason: null }), () => node("Pod", "name placement { reason }"), { node: { id: null, name: "p-1", placement: null }, ...SERVER }, "node.placement.reason", NULL("Placement.reason")],
  // ---- lists in columns
  ["a list", on("config_map", "ConfigMap", { keys: null }), () => node("ConfigMap", "keys"), { node: null, ...SERVER }, "node.keys", NULL("ConfigMap.keys")],
  ["an item of a list", on("config_map", "ConfigMap", { keys: "{a,NULL,b}" }), () => node("ConfigMap", "keys"), { node: null, ...SERVER }, "node.keys.1", NULL("ConfigMap.keys")],
  ["an item of a list that may be null itself", on("api_token", "ApiToken", { namespaces: "{NULL}" }), () => node("ApiToken", "name namespaces"), { node: { id: null, name: "ci", namespaces: null }, ...SERVER }, "node.namespaces.0", NULL("ApiToken.namespaces")],
  // ---- parts
  ["a part's column", on("application", "Application", { ready: null }), () => application("replicas { desired ready }"), { application: null, ...SERVER }, "application.replicas.ready", NULL("ReplicaCounts.ready")],
  ["a part's column of another type", on("cluster", "Cluster", { latitude: null }), () => `{ cluster(code: "a") { location { latitude longitude } } }`, { cluster: null }, "cluster.location.latitude", NULL("GeoPoint.latitude")],
  ["the same row seen as an endpoint", on("pod", "Pod", { ready: null }), () => node("Service", "endpoints { nodes { address ready } }"), { node: null, ...SERVER }, "node.endpoints.nodes.0.ready", NULL("ServiceEndpoint.ready")],
  // ---- related rows
  ["a row that has vanished", on("pod", "Pod", { revision_id: randomUUID() }), () => node("Pod", "revision { number }"), { node: null, ...SERVER }, "node.revision", NULL("Pod.revision")],
  ["a row that is not named", on("pod", "Pod", { revision_id: null }), () => node("Pod", "revision { number }"), { node: null, ...SERVER }, "node.revision", NULL("Pod.revision")],
  ["a row that has vanished, of which nothing is asked", on("pod", "Pod", { application_id: randomUUID() }), () => node("Pod", "application { __typename }"), { node: null, ...SERVER }, "node.application", NULL("Pod.application")],
  ["a related row's own", on("revision", "Revision", { message: null }), () => node("Pod", "revision { message }"), { node: null, ...SERVER }, "node.revision.message", NULL("Revision.message")],
  ["below rows that may be null, a related row that has vanished", on("placement", "Placement", { vpc_id: randomUUID() }), () => node("Pod", "placement { vpc { name } }"), { node: { id: null, placement: null }, ...SERVER }, "node.placement.vpc", NULL("Placement.vpc")],
  // ---- expressions
  ["an expression", on("config_map", "ConfigMap", { data: null }), () => node("ConfigMap", "data { key }"), { node: null, ...SERVER }, "node.data", NULL("ConfigMap.data")],
  ["an expression of a row that has vanished", on("placement", "Placement", { cluster_id: randomUUID() }), () => node("Placement", "stale"), { node: null, ...SERVER }, "node.stale", NULL("Placement.stale")],
  ["an expression's member", on("config_map", "ConfigMap", { data: [{ key: "a", value: "1" }, { key: "b" }] }), () => node("ConfigMap", "data { key value }"), { node: null, ...SERVER }, "node.data.1.value", NULL("ConfigEntry.value")],
  ["an expression's item", on("config_map", "ConfigMap", { data: [{ key: "a", value: "1" }, null] }), () => node("ConfigMap", "data { key }"), { node: null, ...SERVER }, "node.data.1", NULL("ConfigMap.data")],
  ["an expression's document, where no such member was found", on("pod", "Pod", { containers: [CONTAINERS[0], { ...CONTAINERS[1], name: "other" }] }), () => node("Pod", "containers { name spec { image } }"), { node: null, ...SERVER }, "node.containers.1.spec", NULL("Container.spec")],
  // ---- documents
  ["a document", on("application", "Application", { labels: null }), () => application("labels { key }"), { application: null, ...SERVER }, "application.labels", NULL("Application.labels")],
  ["a document that is JSON's null", on("application", "Application", { update_strategy: "null" }), () => application("updateStrategy { maxSurge { count } }"), { application: null, ...SERVER }, "application.updateStrategy", NULL("Application.updateStrategy")],
  ["a document that is no list", on("application", "Application", { labels: { key: "x" } }), () => application("labels { key }"), { application: null, ...SERVER }, "application.labels", /Expected Iterable, but did not find one for field "Application\.labels"/],
  ["an item of a document", on("application", "Application", { labels: [null, { key: "x", value: "1" }] }), () => application("labels { key }"), { application: null, ...SERVER }, "application.labels.0", NULL("Application.labels")],
  ["a member that a document leaves out", on("application", "Application", { labels: [{ key: "x", value: "1" }, { key: "y" }] }), () => application("labels { key value }"), { application: null, ...SERVER }, "application.labels.1.value", NULL("Label.value")],
  ["a member that is null", on("application", "Application", { labels: [{ key: null, value: "1" }] }), () => application("labels { key value }"), { application: null, ...SERVER }, "application.labels.0.key", NULL("Label.key")],
  ["a document in a document", on("application", "Application", { update_strategy: { maxSurge: { count: 1 } } }), () => application("updateStrategy { maxSurge { count } maxUnavailable { percent } }"), { application: null, ...SERVER }, "application.updateStrategy.maxUnavailable", NULL("UpdateStrategy.maxUnavailable")],
  ["a template's member", on("revision", "Revision", { template: without("runtime") }), () => node("Revision", "template { runtime }"), { node: null, ...SERVER }, "node.template.runtime", NULL("PodTemplate.runtime")],
  ["a template's enum", on("revision", "Revision", { template: { ...TEMPLATE, runtime: "WASM" } }), () => node("Revision", "template { runtime }"), { node: null, ...SERVER }, "node.template.runtime", 'Enum "ContainerRuntime" cannot represent value: "WASM"'],
  ["a template's list that may not be left out", on("revision", "Revision", { template: without("labels") }), () => node("Revision", "template { labels { key } }"), { node: null, ...SERVER }, "node.template.labels", NULL("PodTemplate.labels")],
  ["a text in a template's list", on("revision", "Revision", { template: withContainer({ command: ["a", null] }) }), () => node("Revision", "template { containers { command } }"), { node: null, ...SERVER }, "node.template.containers.1.command.1", NULL("ContainerSpec.command")],
  ["an item of a list that may be left out, and is not", on("revision", "Revision", { template: { ...TEMPLATE, volumes: [null] } }), () => node("Revision", "template { volumes { name } }"), { node: null, ...SERVER }, "node.template.volumes.0", NULL("PodTemplate.volumes")],
  ["an item of a list that may be null, in a document", on("revision", "Revision", { template: withContainer({ lifecycle: { preStop: ["a", null], postStart: ["b"] } }) }), () => node("Revision", "template { containers { name lifecycle { postStart preStop } } }"),
    { node: { id: null, template: { containers: [{ name: "web", lifecycle: null }, { name: "log", lifecycle: { postStart: ["b"], preStop: null } }] } }, ...SERVER }, "node.template.containers.1.lifecycle.preStop.1", NULL("Lifecycle.preStop")],
  ["prices that leave a price out", on("cluster", "Cluster", { prices: { currency: "CNY" } }), () => `{ cluster(code: "a") { prices { currency eipHour } } }`, { cluster: null }, "cluster.prices.eipHour", NULL("PriceSheet.eipHour")],
  // ---- unions
  ["a union's member without a type: as far as what may be null", on("revision", "Revision", { template: withProbe({ port: 80 }) }), () => node("Revision", "template { containers { name livenessProbe { handler { __typename } } } }"),
    { node: { id: null, template: { containers: [{ name: "web", livenessProbe: null }, { name: "log", livenessProbe: null }] } }, ...SERVER }, "node.template.containers.1.livenessProbe.handler", /Abstract type "ProbeHandler" must resolve to an Object type at runtime/],
  ["a union's member of a type that there is none of", on("revision", "Revision", { template: withProbe({ type: "UdpProbe", port: 80 }) }), () => node("Revision", "template { containers { name livenessProbe { handler { __typename } } } }"),
    { node: { id: null, template: { containers: [{ name: "web", livenessProbe: null }, { name: "log", livenessProbe: null }] } }, ...SERVER }, "node.template.containers.1.livenessProbe.handler", /Abstract type "ProbeHandler" was resolved to a type "UdpProbe" that does not exist inside the schema/],
  ["a union's member of a type that is none of its own", on("revision", "Revision", { template: withProbe({ type: "Pod", port: 80 }) }), () => node("Revision", "template { containers { name livenessProbe { handler { __typename } } } }"),
    { node: { id: null, template: { containers: [{ name: "web", livenessProbe: null }, { name: "log", livenessProbe: null }] } }, ...SERVER }, "node.template.containers.1.livenessProbe.handler", /Runtime Object type "Pod" is not a possible type for "ProbeHandler"/],
  ["a union's member that is null", on("revision", "Revision", { template: withProbe(null) }), () => node("Revision", "template { containers { name livenessProbe { handler { __typename } } } }"),
    { node: { id: null, template: { containers: [{ name: "web", livenessProbe: null }, { name: "log", livenessProbe: null }] } }, ...SERVER }, "node.template.containers.1.livenessProbe.handler", NULL("Probe.handler")],
  ["a union's member that leaves out what its type has", on("revision", "Revision", { template: withProbe({ type: "TcpSocketProbe" }) }), () => node("Revision", "template { containers { name livenessProbe { handler { ... on TcpSocketProbe { port } ... on ExecProbe { command } } } } }"),
    { node: { id: null, template: { containers: [{ name: "web", livenessProbe: null }, { name: "log", livenessProbe: null }] } }, ...SERVER }, "node.template.containers.1.livenessProbe.handler.port", NULL("TcpSocketProbe.port")],
  ["a list of unions", on("revision", "Revision", { template: { ...TEMPLATE, volumes: [{ name: "v", source: {} }] } }), () => node("Revision", "template { volumes { name source { __typename } } }"), { node: null, ...SERVER }, "node.template.volumes.0.source", /Abstract type "VolumeSource" must resolve/],
];

/** Ids differ each time: they are written as null where the answer has one. */
const withoutIds = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, item: unknown) => (key === "id" ? null : item)));

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  describe("a null for", () => {
    test.each(CASES)("%s", async (_name, wrong, document, data, path, message) => {
      const before = await reading.ask(me(), document());
      expect(before.errors).toBeUndefined();
      const result = await while_(wrong, () => reading.ask(me(), document()));
      expect({ data: withoutIds(result.data), errors: seen(result) }).toEqual({ data, errors: [{ path, code: "INTERNAL", message: typeof message === "string" ? message : expect.stringMatching(message) }] });
      // Nothing of it is remembered: the data is right again, and so is the answer.
      expect(await reading.ask(me(), document())).toEqual(before);
    });
  });

  test("a row that the viewer may not see is none, where it may be null and where it may not", async () => {
    const narrow = { ...me(), namespaceIds: [ids["one"] as string] };
    await while_(on("application", "Application", { namespace_id: ids["two"] }), async () => {
      const result = await reading.ask(narrow, node("Pod", "name application { name }"));
      expect({ data: result.data, errors: seen(result) }).toEqual({ data: { node: null, ...SERVER }, errors: [{ path: "node.application", code: "INTERNAL", message: NULL("Pod.application") }] });
      // Who sees all of it sees it.
      expect(await reading.data(me(), node("Pod", "name application { name }"))).toEqual({ node: { id: gid("Pod"), name: "p-1", application: { name: "a" } }, ...SERVER });
      // A reference may lead nowhere.
      expect((await reading.data(narrow, node("Operation", "target { id }"))).node).toEqual({ id: gid("Operation"), target: null });
    });
    await while_(on("placement", "Placement", { namespace_id: ids["two"] }), async () => {
      expect((await reading.data(narrow, node("Pod", "name placement { id }"))).node).toEqual({ id: gid("Pod"), name: "p-1", placement: null });
    });
  });

  test("a viewer's tenant that is gone leaves nothing, because nothing above it may be null", async () => {
    const result = await reading.ask({ tenantId: randomUUID() }, "{ server { version } viewer { name tenant { name } } }");
    expect({ data: result.data, errors: seen(result) }).toEqual({ data: null, errors: [{ path: "viewer.tenant", code: "INTERNAL", message: NULL("Viewer.tenant") }] });
  });

  test.each([
    ["without a type", { target_type: null }],
    ["without an id", { target_id: null }],
    ["of a type that the schema has none of", { target_type: "Nothing" }],
    ["of a type that is no node", { target_type: "OperationStep" }],
    ["of a type without rows", { target_type: "Label" }],
    ["of a type that is no object's", { target_type: "Node" }],
    ["of a type and another's id", { target_type: "Cluster" }],
    ["to what is gone", { target_id: randomUUID() }],
  ])("a reference %s leads nowhere, which is no error", async (_name, set) => {
    await while_(on("operation", "Operation", set), async () => {
      expect((await reading.data(me(), node("Operation", "target { id __typename }"))).node).toEqual({ id: gid("Operation"), target: null });
    });
  });

  test("each place that may be null has its own error; one that is above another's is told alone", async () => {
    await while_(on("placement", "Placement", { reason: null, vpc_id: randomUUID() }), async () => {
      const both = await reading.ask(me(), `{ a: node(id: "${gid("Pod")}") { ... on Pod { placement { reason } } } b: node(id: "${gid("Pod", "pod2")}") { ... on Pod { name placement { vpc { id } } } } c: node(id: "${gid("Placement")}") { ... on Placement { generation } } }`);
      expect(both.data).toEqual({ a: { placement: null }, b: { name: "p-2", placement: null }, c: { generation: 3 } });
      expect(seen(both).map(({ path, message }) => [path, message]).toSorted()).toEqual([["a.placement.reason", NULL("Placement.reason")], ["b.placement.vpc", NULL("Placement.vpc")]]);
      // Two nulls in one object: it is null once, and one of them is told.
      const one = await reading.ask(me(), node("Placement", "reason vpc { name }"));
      expect(one.data).toEqual({ node: null, ...SERVER });
      expect(seen(one)).toHaveLength(1);
      expect(["node.reason", "node.vpc"]).toContain(seen(one)[0]?.path);
    });
  });

  test("what is null but not asked for, or left out by a directive, is nobody's error", async () => {
    await while_(on("application", "Application", { description: null, labels: null, ready: null }), async () => {
      expect(await reading.data(me(), application("status description @skip(if: true) ... @include(if: false) { labels { key } } replicas { desired }"))).toEqual({ application: { name: "a", status: "RUNNING", replicas: { desired: 3 } }, ...SERVER });
    });
  });

  test("what may be null is: columns, documents, members and lists that are left out", async () => {
    const document = node("Revision", "template { volumes { name } imagePullSecrets { name } affinity { kind } logCollection { container } containers { volumeMounts { volume } livenessProbe { periodSeconds } ports { name } env { value configMapKey { name } } } }");
    const wrong = on("revision", "Revision", { template: { ...withContainer({ livenessProbe: null, volumeMounts: null }), volumes: null } });
    const right = { id: gid("Revision"), template: { volumes: [], imagePullSecrets: [], affinity: [], logCollection: [], containers: [
      { volumeMounts: [], livenessProbe: null, ports: [{ name: null }], env: [{ value: "1", configMapKey: null }] }, { volumeMounts: [], livenessProbe: null, ports: [], env: [] },
    ] } };
    expect((await reading.data(me(), document)).node).toEqual(right);
    await while_(wrong, async () => expect((await reading.data(me(), document)).node).toEqual(right));
  });
});
