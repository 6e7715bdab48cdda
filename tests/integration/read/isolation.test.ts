import { type GraphQLInputType, type GraphQLObjectType, getNamedType, isInputObjectType, isListType, isNonNullType, isObjectType, isScalarType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, READERS, type Reading } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";

/** What is another tenant's, or of another namespace, looks like what does not exist: through each argument of the schema that takes an id. */
let database: TestDatabase;
let reading: Reading;
interface Owned {
  readonly tenantId: string;
  readonly namespaceId: string;
  readonly otherNamespaceId: string;
  /** Global ids by type. */
  readonly ids: ReadonlyMap<string, string>;
}
let mine: Owned;
let foreign: Owned;
const shared = new Map<string, string>();
const me = () => ({ tenantId: mine.tenantId, role: "PLATFORM_ADMIN" as const });
const NOBODY = "01890000-0000-7000-8000-00000000dead";

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const region = await rows.region("east");
  const cluster = await rows.cluster(region, "a-1");
  shared.set("Region", region).set("Cluster", cluster).set("ClusterNode", await rows.clusterNode(cluster, "node-1"));
  const own = async (): Promise<Owned> => {
    const tenantId = await rows.tenant();
    const [namespaceId, otherNamespaceId] = [await rows.namespace(tenantId, "default"), await rows.namespace(tenantId, "other")];
    const application = await rows.application(tenantId, namespaceId, "web");
    const vpc = await rows.vpc(tenantId, cluster, "net");
    const subnet = await rows.subnet(tenantId, vpc, cluster, "sub");
    const placement = await rows.placement({ tenantId, namespaceId, ...application }, cluster, vpc, { subnet_id: subnet });
    const pod = await rows.pod({ tenantId, namespaceId, applicationId: application.id, placementId: placement, revisionId: application.revisionId, clusterId: cluster }, "web-1", { private_ip: "10.0.1.2" });
    const operation = await rows.operation(tenantId, { target_type: "Application", target_id: application.id, namespace_id: namespaceId });
    await rows.operationStep(tenantId, operation, "a-1", { cluster_id: cluster, namespace_id: namespaceId });
    // The same again where a token of `namespaceId` can't look, in the subnet and on the cluster that they share.
    const hiddenId = await rows.namespace(tenantId, "hidden");
    const hidden = await rows.application(tenantId, hiddenId, "hidden");
    const hiddenPlacement = await rows.placement({ tenantId, namespaceId: hiddenId, ...hidden }, cluster, vpc, { subnet_id: subnet });
    await rows.pod({ tenantId, namespaceId: hiddenId, applicationId: hidden.id, placementId: hiddenPlacement, revisionId: hidden.revisionId, clusterId: cluster }, "hidden-1", { private_ip: "10.0.1.3" });
    const [configMap, secret] = [await rows.configMap(tenantId, namespaceId, "config"), await rows.secret(tenantId, namespaceId, "secret")];
    const hiddenConfigMap = await rows.configMap(tenantId, hiddenId, "hidden-config");
    await rows.secret(tenantId, hiddenId, "hidden-secret");
    for (const [kind, config] of [["ConfigMap", configMap], ["Secret", secret]] as const) await rows.configReference({ tenantId, namespaceId, ...application }, kind, config);
    await rows.configReference({ tenantId, namespaceId: hiddenId, ...hidden }, "ConfigMap", hiddenConfigMap);
    const service = await rows.service({ tenantId, namespaceId, applicationId: application.id, clusterId: cluster, vpcId: vpc }, "web", { cluster_ip: "100.96.0.1" });
    await rows.service({ tenantId, namespaceId: hiddenId, applicationId: hidden.id, clusterId: cluster, vpcId: vpc }, "hidden", { cluster_ip: "100.96.0.2" });
    const [rollout] = [await rows.rollout({ tenantId, namespaceId, ...application }), await rows.rollout({ tenantId, namespaceId: hiddenId, ...hidden })];
    await rows.usage(tenantId, cluster, { cpu_millis: 1_200, memory_mib: 320, pods: 4 });
    await rows.auditEntry(tenantId, { namespace_id: namespaceId, action: "inside" });
    await rows.auditEntry(tenantId, { namespace_id: hiddenId, action: "elsewhere" });
    await rows.apiToken(tenantId, "inside", { namespaces: ["default"] });
    await rows.apiToken(tenantId, "wider", { namespaces: ["default", "hidden"] });
    await rows.event({ tenantId, namespaceId: hiddenId, applicationId: hidden.id }, cluster, "2026-06-01T11:59:00.000Z");
    const found = {
      Event: await rows.event({ tenantId, namespaceId, applicationId: application.id, podId: pod }, cluster, "2026-06-01T11:59:00.000Z", { object: "pod/web-1" }),
      Tenant: tenantId, Namespace: namespaceId, Application: application.id, Revision: application.revisionId, Vpc: vpc, Subnet: subnet, Placement: placement, Pod: pod, Operation: operation,
      ConfigMap: configMap, Secret: secret, Service: service, Rollout: rollout,
      AuditEntry: await rows.auditEntry(tenantId, { target_type: "Application", target_id: application.id }), ApiToken: await rows.apiToken(tenantId, "ci"), Overview: tenantId,
    };
    return { tenantId, namespaceId, otherNamespaceId, ids: new Map(Object.entries(found).map(([type, id]) => [type, `${type}.${id}`])) };
  };
  [mine, foreign] = [await own(), await own()];
});
afterAll(() => database.drop());

/** Each place where a type of the schema takes an id: the path into the field's arguments. */
interface Place {
  readonly type: GraphQLObjectType;
  readonly field: string;
  readonly path: readonly string[];
  readonly list: boolean;
}
function places(): Place[] {
  const found: Place[] = [];
  const visit = (type: GraphQLObjectType, field: string, input: GraphQLInputType, path: readonly string[]): void => {
    const named = getNamedType(input);
    const list = isListType(isNonNullType(input) ? input.ofType : input);
    if (isScalarType(named) && named.name === "ID") found.push({ type, field, path, list });
    if (isInputObjectType(named) && path.length < 4) for (const inner of Object.values(named.getFields())) visit(type, field, inner.type, [...path, inner.name]);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__") || type === schema.getMutationType() || type === schema.getSubscriptionType()) continue;
    for (const field of Object.values(type.getFields())) for (const argument of field.args) visit(type, field.name, argument.type, [argument.name]);
  }
  return found;
}
const PLACES = places();

/** A document that asks this field with this id, and the variables for it. */
function asking({ type, field, path, list }: Place, id: string): { document: string; variables: Record<string, unknown> } {
  const definition = type.getFields()[field];
  const argument = definition?.args.find(({ name }) => name === path[0]);
  const value = path.slice(1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), list ? [id] : id);
  const named = getNamedType(definition?.type as never);
  const below = isObjectType(named) && named.getFields()["edges"] ? "{ nodes { __typename } pageInfo { hasNextPage } }" : isScalarType(named) ? "" : "{ __typename }";
  const selection = `${field}(${path[0]}: $value) ${below}`;
  if (type === schema.getQueryType()) return { document: `query ($value: ${String(argument?.type)}) { answer: ${selection} }`, variables: { value } };
  const own = mine.ids.get(type.name) ?? `${type.name}.${shared.get(type.name)}`;
  return { document: `query ($own: ID!, $value: ${String(argument?.type)}) { node(id: $own) { __typename ... on ${type.name} { answer: ${selection} } } }`, variables: { own, value } };
}

describe.each(READERS)("%s", (way) => {
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  test("there are places to look at, of roots and of types below", () => {
    expect(PLACES.map(({ type, field, path }) => `${type.name}.${field}(${path.join(".")})`)).toEqual(
      expect.arrayContaining(["Query.node(id)", "Query.nodes(ids)", "Query.pods(filter.applicationIds)", "Application.pods(filter.clusterIds)", "Query.application(id)", "Query.auditLog(filter.targetIds)"]),
    );
  });

  test.each(PLACES.map((place) => [`${place.type.name}.${place.field}(${place.path.join(".")})`, place] as const))("%s: a foreign id is one that does not exist", async (_name, place) => {
    const answer = (id: string) => {
      const { document, variables } = asking(place, id);
      return reading.data(me(), document, variables);
    };
    for (const [type, id] of foreign.ids) {
      expect(await answer(id), `${type} of another tenant`).toEqual(await answer(`${type}.${NOBODY}`));
    }
    for (const nonsense of ["", "x", "Pod.", `pod.${NOBODY}`, `Pod.${NOBODY}'; drop table pod`, "Pod.\0", mine.ids.get("Pod")?.toUpperCase() as string]) {
      const { errors } = await reading.ask(me(), ...(Object.values(asking(place, nonsense)) as [string, Record<string, unknown>]));
      expect(errors, nonsense).toBeUndefined();
    }
  });

  test("the walk can tell: an id of one's own is answered otherwise", async () => {
    let otherwise = 0;
    for (const place of PLACES) {
      for (const [type, id] of mine.ids) {
        const [own, nobody] = [asking(place, id), asking(place, `${type}.${NOBODY}`)];
        if (JSON.stringify(await reading.data(me(), own.document, own.variables)) !== JSON.stringify(await reading.data(me(), nobody.document, nobody.variables))) otherwise += 1;
      }
    }
    expect(otherwise).toBeGreaterThan(20);
  }, 60_000);

  describe("everything that lists", () => {
    const everything = `{
      applications { totalCount nodes { id } } pods { totalCount nodes { id } } operations { totalCount nodes { id steps { nodes { name } } } } vpcs { totalCount nodes { id } } subnets { totalCount nodes { id usedIps } }
      namespaces { totalCount nodes { id } } clusters { nodes { podCount allocated { pods } nodes { nodes { allocated { pods } } } } } auditLog { nodes { id } } viewer { tenant { id apiTokens { totalCount } } }
      configMaps { totalCount nodes { id usedBy { totalCount nodes { id } } } } secrets { totalCount nodes { id usedBy { totalCount nodes { id } } } }
      services { totalCount nodes { id clusterIp application { id rollout { id } } } } events { nodes { id } }
      overview { applications { total } pods { total } resources { cpuMillis vpcs configMaps secrets services } distribution { applications pods } }
    }`;

    test("shows one's own only, and as much to each of two like tenants", async () => {
      const shown = async (tenant: Owned): Promise<string> => JSON.stringify(await reading.data({ tenantId: tenant.tenantId }, everything));
      const [one, other] = [await shown(mine), await shown(foreign)];
      for (const id of foreign.ids.values()) expect(one).not.toContain(id.split(".")[1]);
      for (const id of mine.ids.values()) expect(other).not.toContain(id.split(".")[1]);
      const blind = (text: string): string => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "uuid");
      expect(blind(one)).toBe(blind(other));
    });

    test("shows nothing to a tenant that does not exist", async () => {
      const data = await reading.data({ tenantId: NOBODY }, "{ applications { totalCount } pods { totalCount } operations { totalCount } vpcs { totalCount } subnets { totalCount } namespaces { totalCount } configMaps { totalCount } secrets { totalCount } clusters { nodes { podCount } } }");
      expect(data).toEqual({ applications: { totalCount: 0 }, pods: { totalCount: 0 }, operations: { totalCount: 0 }, vpcs: { totalCount: 0 }, subnets: { totalCount: 0 }, namespaces: { totalCount: 0 }, configMaps: { totalCount: 0 }, secrets: { totalCount: 0 }, clusters: { nodes: [{ podCount: 0 }] } });
    });

    test("for a token of one namespace, shows that namespace only", async () => {
      const document = `query ($id: ID!) { applications { totalCount } pods { totalCount } operations { totalCount } namespaces { nodes { name } } configMaps { totalCount } secrets { totalCount } services { totalCount } overview { applications { total } pods { total } resources { configMaps secrets services } } node(id: $id) { id } application(namespace: "default", name: "web") { id } }`;
      const variables = { id: mine.ids.get("Pod") };
      expect(await reading.data({ tenantId: mine.tenantId, namespaceIds: [mine.namespaceId] }, document, variables)).toMatchObject({
        applications: { totalCount: 1 }, pods: { totalCount: 1 }, operations: { totalCount: 1 }, namespaces: { nodes: [{ name: "default" }] }, configMaps: { totalCount: 1 }, secrets: { totalCount: 1 }, services: { totalCount: 1 },
        overview: { applications: { total: 1 }, pods: { total: 1 }, resources: { configMaps: 1, secrets: 1, services: 1 } }, node: variables,
      });
      for (const namespaceIds of [[mine.otherNamespaceId], [foreign.namespaceId], []]) {
        expect(await reading.data({ tenantId: mine.tenantId, namespaceIds }, document, variables)).toMatchObject({
          applications: { totalCount: 0 }, pods: { totalCount: 0 }, operations: { totalCount: 0 }, namespaces: { nodes: namespaceIds[0] === mine.otherNamespaceId ? [{ name: "other" }] : [] },
          configMaps: { totalCount: 0 }, secrets: { totalCount: 0 }, services: { totalCount: 0 }, overview: { applications: { total: 0 }, pods: { total: 0 }, resources: { configMaps: 0, secrets: 0, services: 0 } }, node: null, application: null,
        });
      }
    });

    test("for a token of one namespace, what is the whole tenant's is out of sight, and sums are those of the namespace", async () => {
      const document = `query ($entry: ID!, $token: ID!) {
        auditLog { nodes { action } } entry: node(id: $entry) { id } viewer { tenant { apiTokens { totalCount nodes { name } } } } token: node(id: $token) { id }
        overview { resources { cpuMillis memoryMiB } } clusters { nodes { podCount allocated { cpuMillis memoryMiB pods } nodes { nodes { allocated { pods } } } } }
        subnets { nodes { usedIps availableIps } } tenants { totalCount }
      }`;
      const variables = { entry: mine.ids.get("AuditEntry"), token: mine.ids.get("ApiToken") };
      const asked = (role: "OWNER" | "PLATFORM_ADMIN", namespaceIds: readonly string[] | null) => reading.data({ tenantId: mine.tenantId, role, namespaceIds }, document, variables);
      const shared = { nodes: { nodes: [{ allocated: { pods: 0 } }] } };
      for (const role of ["OWNER", "PLATFORM_ADMIN"] as const) {
        expect(await asked(role, [mine.namespaceId])).toEqual({
          auditLog: { nodes: [{ action: "inside" }] }, entry: null, viewer: { tenant: { apiTokens: { totalCount: 1, nodes: [{ name: "inside" }] } } }, token: null,
          overview: { resources: { cpuMillis: 600, memoryMiB: 160 } }, clusters: { nodes: [{ podCount: 1, allocated: { cpuMillis: 600, memoryMiB: 160, pods: 2 }, ...shared }] },
          // What is left of a subnet is the same for everybody.
          subnets: { nodes: [{ usedIps: 2, availableIps: 251 }] }, tenants: { totalCount: 0 },
        });
      }
      const whole = await asked("OWNER", null);
      expect(whole).toMatchObject({
        auditLog: { nodes: expect.arrayContaining([{ action: "elsewhere" }, { action: "inside" }]) }, entry: { id: variables.entry }, viewer: { tenant: { apiTokens: { totalCount: 3 } } }, token: { id: variables.token },
        overview: { resources: { cpuMillis: 1_200, memoryMiB: 320 } }, clusters: { nodes: [{ podCount: 2, allocated: { cpuMillis: 1_200, memoryMiB: 320, pods: 4 }, ...shared }] },
        subnets: { nodes: [{ usedIps: 2, availableIps: 251 }] },
      });
      expect((await asked("PLATFORM_ADMIN", null)).tenants.totalCount).toBe(2);
    });

    test("a cursor of another tenant's list is a place in the order, and shows nothing of theirs", async () => {
      const theirs = await reading.data({ tenantId: foreign.tenantId }, "{ applications(first: 1) { edges { cursor } } }");
      const shown = await reading.data(
        { tenantId: mine.tenantId },
        "query ($after: String) { all: applications { nodes { id } } after: applications(after: $after) { nodes { id } } before: applications(before: $after, last: 5) { nodes { id } } }",
        { after: theirs.applications.edges[0].cursor },
      );
      expect(shown.all.nodes).toHaveLength(2);
      expect(shown.all.nodes).toEqual(expect.arrayContaining([...shown.after.nodes, ...shown.before.nodes]));
    });

    test("matching narrows to one's own", async () => {
      const uuidOf = (owned: Owned): string => owned.ids.get("Pod")?.slice(4) as string;
      expect(await reading.reader({ tenantId: mine.tenantId }).matching("Pod", {}, { among: [uuidOf(mine), uuidOf(foreign)], limit: 10 })).toEqual([uuidOf(mine)]);
      expect(await reading.reader({ tenantId: mine.tenantId, namespaceIds: [mine.otherNamespaceId] }).matching("Pod", {}, { limit: 10 })).toEqual([]);
    });
  });
});
