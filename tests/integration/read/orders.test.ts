import { getNamedType, isEnumType, isInputObjectType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { mappingOf } from "#schema/shared/mapping/kinds.ts";
import { withMapping } from "#tests/support/changed-mapping.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Asking, type Reading } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/**
 * Every list and page of the schema, in the order that plain SQL puts its rows in; and page by page, of any size and either way, each row once. Rows are made
 * in a sequence that is none of the orders, and there are ties wherever the tables let them be.
 */
let database: TestDatabase;
const ids: Record<string, string> = {};
const me = (): Asking => ({ tenantId: ids["tenant"] as string, role: "PLATFORM_ADMIN" });

const NAMES = ["m", "B", "a", "～", "𝄞", "é", "a-b"];
const TIMES = ["2026-03-01", "2026-01-01", "2026-02-01", "2026-01-01", "2026-03-01", "2026-01-01", "2026-02-01"];

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  for (const name of NAMES) await rows.tenant(name);
  const tenant = (ids["tenant"] = await rows.tenant("mine"));
  const [one, two] = [await rows.namespace(tenant, "n"), await rows.namespace(tenant, "N")];
  const regions: string[] = [];
  for (const name of ["m", "a", "Z"]) regions.push(await rows.region(name, "same"));
  ids["region"] = regions[0] as string;
  const clusters: string[] = [];
  for (const name of NAMES) clusters.push(await rows.cluster(regions[0] as string, name, { name: "same" }));
  ids["cluster"] = clusters[0] as string;
  for (const name of NAMES) await rows.clusterNode(ids["cluster"], name);
  for (const [index, clusterId] of clusters.entries()) {
    await database.admin.query("insert into fault (id, kind, cluster_id, target_type, target_id, seed, starts_at, ends_at) values (gen_random_uuid(), 'RECLAIM_SPOT', $1, 'Cluster', $1, 1, $2, '2099-01-01')", [clusterId, TIMES[index]]);
  }
  const vpcs: string[] = [];
  for (const clusterId of clusters) vpcs.push(await rows.vpc(tenant, clusterId, vpcs.length % 2 === 0 ? "same" : "Same"));
  ids["vpc"] = vpcs[0] as string;
  for (const [index, name] of NAMES.entries()) for (const vpc of [vpcs[0], vpcs[1]]) await rows.subnet(tenant, vpc as string, clusters[index] as string, name);
  ids["config"] = await rows.configMap(tenant, one, "m");
  ids["secret"] = await rows.secret(tenant, two, "m");
  const made: { id: string; revisionId: string; namespaceId: string }[] = [];
  for (const [index, name] of NAMES.entries()) {
    for (const namespaceId of [one, two]) {
      const application = await rows.application(tenant, namespaceId, name, { created_at: TIMES[index], updated_at: TIMES[6 - index] });
      made.push({ ...application, namespaceId });
      for (const [kind, id] of [["ConfigMap", ids["config"]], ["Secret", ids["secret"]]] as const) await rows.configReference({ tenantId: tenant, ...application, namespaceId }, kind, id);
      if (name !== "m") await (namespaceId === one ? rows.configMap : rows.secret)(tenant, namespaceId, name);
    }
  }
  for (const name of ["m", "a"]) await rows.configMap(tenant, two, name).then(() => rows.secret(tenant, one, name));
  const first = made[0] as (typeof made)[number];
  ids["application"] = first.id;
  ids["namespace"] = one;
  const of = { tenantId: tenant, ...first };
  for (const [index, clusterId] of clusters.entries()) {
    const placementId = await rows.placement(of, clusterId, vpcs[index] as string);
    ids["placement"] ??= placementId;
    await database.admin.query("insert into revision select tenant_id, gen_random_uuid(), application_id, namespace_id, $2, template, template_hash, message, created_by, created_at from revision where id = $1", [first.revisionId, [7, 3, 2, 9, 5, 4, 6][index]]);
    ids["service"] ??= await rows.service({ ...of, applicationId: first.id, clusterId, vpcId: vpcs[index] as string }, "zz");
  }
  for (const [index, name] of [...NAMES, ...NAMES].entries()) {
    const pod = await rows.pod({ ...of, applicationId: first.id, placementId: ids["placement"] as string, clusterId: ids["cluster"] }, name, { private_ip: `10.0.0.${index}` });
    ids["pod"] ??= pod;
    const minute = `2026-06-01T11:5${index % 5}:00.000Z`;
    await rows.event({ ...of, applicationId: first.id, podId: ids["pod"] }, ids["cluster"], minute);
    if (index % 3 === 0) await rows.event(null, ids["cluster"], minute);
    await rows.service({ ...of, applicationId: first.id, clusterId: clusters[index % 7] as string, vpcId: ids["vpc"] }, `${name}${index < 7 ? "" : "2"}`);
    const operation = await rows.operation(tenant, { created_at: TIMES[index % 7], target_type: "Application", target_id: first.id });
    ids["operation"] ??= operation;
    await rows.operationStep(tenant, ids["operation"], name, { message: String(index) });
    await rows.auditEntry(tenant, { at: TIMES[index % 7] });
    await rows.apiToken(tenant, name);
  }
}, 120_000);
afterAll(() => database.drop());

/** `path`: from the root to the list, `@` where it stands; `sql`: its rows in their order, as they are told by `shown`. */
interface Place {
  readonly path: string;
  readonly sql: string;
  readonly shown?: string;
  readonly args?: string;
}
const NAME = `order by t.name collate "C", t.id`;
const T = (): string => `'${ids["tenant"]}'`;
const at = (type: string, name: string, field: string): string => `node(id: "${type}.${ids[name]}") { ... on ${type} { ${field} } }`;
const of = (table: string, column: string, name: string, order = NAME): string => `select id from ${table} t where t.${column} = '${ids[name]}' ${order}`;
const all = (table: string, order = NAME): string => `select id from ${table} t where t.tenant_id = ${T()} ${order}`;

const APPLICATION_ORDERS: Readonly<Record<string, string>> = { NAME: `t.name collate "C"`, CREATED_AT: "t.created_at", UPDATED_AT: "t.updated_at" };
const PLACES: Readonly<Record<string, () => Place>> = {
  "Query.tenants": () => ({ path: "@", sql: `select id from tenant t ${NAME}` }),
  "Query.namespaces": () => ({ path: "@", sql: all("namespace") }),
  "Query.applications": () => ({ path: "@", sql: all("application") }),
  "Query.clusters": () => ({ path: "@", sql: `select id from cluster t order by t.name collate "C", t.id` }),
  "Query.pods": () => ({ path: "@", sql: all("pod") }),
  "Query.vpcs": () => ({ path: "@", sql: all("vpc") }),
  "Query.subnets": () => ({ path: "@", sql: all("subnet") }),
  "Query.services": () => ({ path: "@", sql: all("service") }),
  "Query.configMaps": () => ({ path: "@", sql: all("config_map") }),
  "Query.secrets": () => ({ path: "@", sql: all("secret") }),
  "Query.operations": () => ({ path: "@", sql: all("operation", "order by t.created_at desc, t.id desc") }),
  "Query.auditLog": () => ({ path: "@", sql: all("audit_entry", "order by t.at desc, t.id desc") }),
  "Query.events": () => ({ path: "@", sql: "select id from event t order by t.at desc, t.id desc" }),
  "Application.events": () => ({ path: at("Application", "application", "@"), sql: of("event", "application_id", "application", "order by t.at desc, t.id desc") }),
  "Pod.events": () => ({ path: at("Pod", "pod", "@"), sql: of("event", "pod_id", "pod", "order by t.at desc, t.id desc") }),
  "Query.faults": () => ({ path: "@", sql: "select id from fault t order by t.starts_at desc, t.id desc" }),
  "Query.regions": () => ({ path: "@", sql: "select id from region t order by t.name, t.id" }),
  "Namespace.applications": () => ({ path: at("Namespace", "namespace", "@"), sql: of("application", "namespace_id", "namespace") }),
  "Application.revisions": () => ({ path: at("Application", "application", "@"), sql: of("revision", "application_id", "application", "order by t.number desc, t.id desc") }),
  "Application.placements": () => ({ path: at("Application", "application", "@"), sql: of("placement", "application_id", "application", "order by t.id") }),
  "Application.pods": () => ({ path: at("Application", "application", "@"), sql: of("pod", "application_id", "application") }),
  "Application.services": () => ({ path: at("Application", "application", "@"), sql: of("service", "application_id", "application") }),
  "Application.operations": () => ({ path: at("Application", "application", "@"), sql: of("operation", "target_id", "application", "order by t.created_at desc, t.id desc") }),
  "Placement.pods": () => ({ path: at("Placement", "placement", "@"), sql: of("pod", "placement_id", "placement") }),
  "Region.clusters": () => ({ path: at("Region", "region", "@"), sql: of("cluster", "region_id", "region") }),
  "Cluster.nodes": () => ({ path: at("Cluster", "cluster", "@"), sql: of("cluster_node", "cluster_id", "cluster") }),
  "Vpc.subnets": () => ({ path: at("Vpc", "vpc", "@"), sql: of("subnet", "vpc_id", "vpc") }),
  "Vpc.services": () => ({ path: at("Vpc", "vpc", "@"), sql: of("service", "vpc_id", "vpc") }),
  "ConfigMap.usedBy": () => ({ path: at("ConfigMap", "config", "@"), sql: all("application") }),
  "Secret.usedBy": () => ({ path: at("Secret", "secret", "@"), sql: all("application") }),
  "Service.endpoints": () => ({ path: at("Service", "service", "@"), sql: of("pod", "cluster_id", "cluster"), shown: "pod { id }" }),
  "Operation.steps": () => ({ path: at("Operation", "operation", "@"), sql: `select message as id from operation_step t where t.operation_id = '${ids["operation"]}' ${NAME}`, shown: "message" }),
  "Tenant.apiTokens": () => ({ path: at("Tenant", "tenant", "@"), sql: of("api_token", "tenant_id", "tenant") }),
  "Overview.distribution": () => ({ path: "overview { @ }", sql: `select id from region t where t.id = '${ids["region"]}'`, shown: "region { id }" }),
};

test("each list and page of the schema is here, and each order that can be asked for", () => {
  const found: string[] = [];
  const orders: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type === schema.getSubscriptionType()) continue;
    for (const field of Object.values(type.getFields())) {
      if (["page", "pageOf", "many", "list"].includes(mappingOf(field)?.kind ?? "")) found.push(`${type.name}.${field.name}`);
      for (const arg of field.args) if (arg.name === "orderBy") orders.push(`${type.name}.${field.name}`);
    }
  }
  expect(Object.keys(PLACES).toSorted()).toEqual(found.toSorted());
  expect(orders).toEqual(["Query.applications"]);
  const order = getNamedType(schema.getQueryType()?.getFields()["applications"]?.args.find(({ name }) => name === "orderBy")?.type);
  const field = isInputObjectType(order) ? getNamedType(order.getFields()["field"]?.type) : undefined;
  expect(isEnumType(field) && field.getValues().map(({ name }) => name).toSorted()).toEqual(Object.keys(APPLICATION_ORDERS).toSorted());
});

const uuidIn = (node: unknown): string => {
  const inner = Object.values(node as object)[0] as unknown;
  return typeof inner === "string" ? (inner.split(".").at(-1) as string) : uuidIn(inner);
};
type Found = { readonly nodes: readonly unknown[]; readonly pageInfo: Readonly<Record<string, unknown>> } | readonly unknown[];
const listIn = (data: unknown): Found => (Array.isArray(data) || "pageInfo" in (data as object) ? (data as Found) : listIn(Object.values(data as object)[0]));

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  const truth = async ({ sql }: Place): Promise<string[]> => (await database.admin.query<{ id: string }>(sql)).rows.map(({ id }) => id);
  const read = async (asking: Reading, coordinate: string, { path, shown = "id", args = "" }: Place, page?: string): Promise<Found> => {
    const field = coordinate.split(".")[1] as string;
    const text = page === undefined ? `${field} { ${shown} }` : `${field}(${page}${args}) { nodes { ${shown} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
    return listIn(await asking.data(me(), `{ ${path.replace("@", text)} }`));
  };
  const isList = (coordinate: string): boolean => ["Vpc.subnets", "Query.regions", "Query.faults", "Overview.distribution"].includes(coordinate);

  const walked = async (coordinate: string, place: Place, size: number, forward: boolean): Promise<string[]> => {
    const met: string[] = [];
    // One more than could be is enough to see that it never ends.
    for (let page = "", turns = 0; turns <= 40; turns += 1) {
      const { nodes, pageInfo } = (await read(reading, coordinate, place, `${forward ? "first" : "last"}: ${size}${page}`)) as Exclude<Found, readonly unknown[]>;
      if (forward) met.push(...nodes.map(uuidIn));
      else met.unshift(...nodes.map(uuidIn));
      if (pageInfo[forward ? "hasNextPage" : "hasPreviousPage"] !== true) return met;
      page = `, ${forward ? `after: "${pageInfo["endCursor"] as string}"` : `before: "${pageInfo["startCursor"] as string}"`}`;
    }
    throw new Error(`${coordinate} by ${size} never ends`);
  };

  test.each(Object.keys(PLACES))("%s", async (coordinate) => {
    const place = (PLACES[coordinate] as () => Place)();
    const expected = await truth(place);
    if (isList(coordinate)) {
      expect(((await read(reading, coordinate, place)) as unknown[]).map(uuidIn)).toEqual(expected);
      return;
    }
    expect(expected.length).toBeGreaterThan(1);
    for (const size of [1, 2, 3, expected.length - 1, expected.length, expected.length + 1, 200]) {
      expect([size, await walked(coordinate, place, size, true)]).toEqual([size, expected]);
      expect([size, await walked(coordinate, place, size, false)]).toEqual([size, expected]);
    }
  }, 60_000);

  test.each(Object.entries(APPLICATION_ORDERS).flatMap(([field, key]) => (["ASC", "DESC"] as const).map((direction) => [field, direction, key] as const)))("applications by %s %s", async (field, direction, key) => {
    const place: Place = { path: "@", args: `, orderBy: { field: ${field}, direction: ${direction} }`, sql: all("application", `order by ${key} ${direction}, t.id ${direction}`) };
    const expected = await truth(place);
    for (const size of [1, 2, 5, expected.length, 200]) {
      expect([size, await walked("Query.applications", place, size, true)]).toEqual([size, expected]);
      expect([size, await walked("Query.applications", place, size, false)]).toEqual([size, expected]);
    }
  }, 60_000);

  test("a list in another order would be found", async () => {
    const place = (PLACES["Vpc.subnets"] as () => Place)();
    for (const order of [["-name", "-id"], ["id"]]) {
      const found = await withMapping("Vpc.subnets", (mapping) => ({ ...mapping, order }) as never, async () => read(await openReading(database, { way }), "Vpc.subnets", place));
      expect((found as unknown[]).map(uuidIn)).not.toEqual(await truth(place));
    }
  });
});
