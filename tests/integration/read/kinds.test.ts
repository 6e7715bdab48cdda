import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { NOW, openReading, READERS, type Reading } from "#tests/support/reading.ts";
import { type Rows, rowsOf } from "#tests/support/rows.ts";

/** Every kind of mapping, asked through the schema of a database with one small tenant in it and another beside it. */
let database: TestDatabase;
let world: Rows;
let reading: Reading;
const ids: Record<string, string> = {};
const me = (): { tenantId: string } => ({ tenantId: ids["tenant"] as string });
const global = (type: string, name: string): string => `${type}.${ids[name]}`;

beforeAll(async () => {
  database = await createTestDatabase();
  world = rowsOf(database.admin);

  const tenant = (ids["tenant"] = await world.tenant("mine"));
  const other = (ids["other"] = await world.tenant("another"));
  const namespace = (ids["namespace"] = await world.namespace(tenant, "default"));
  const second = (ids["second"] = await world.namespace(tenant, "second"));
  ids["east"] = await world.region("east", "East");
  ids["west"] = await world.region("west", "West");
  ids["a"] = await world.cluster(ids["east"], "a-1", { last_seen_at: new Date(NOW - 5_000) });
  ids["b"] = await world.cluster(ids["east"], "b-1", { last_seen_at: new Date(NOW - 31_000), status: "DISCONNECTED", reserved_cpu_millis: 9_000, reserved_memory_mib: 900, reserved_pods: 9 });
  ids["c"] = await world.cluster(ids["west"], "c-1");
  ids["node"] = await world.clusterNode(ids["a"], "node-1");
  ids["vpc"] = await world.vpc(tenant, ids["a"], "net");
  ids["subnet"] = await world.subnet(tenant, ids["vpc"], ids["a"], "sub");
  ids["vpcB"] = await world.vpc(tenant, ids["b"], "net");
  await world.usage(tenant, ids["a"], { cpu_millis: 600, memory_mib: 160, pods: 2 });

  const web = await world.application(tenant, namespace, "web", { labels: [{ key: "app", value: "web" }, { key: "tier", value: "front" }] });
  ids["web"] = web.id;
  ids["revision"] = web.revisionId;
  const quiet = await world.application(tenant, second, "quiet", { status: "STOPPED", status_reason: "It was stopped." });
  ids["quiet"] = quiet.id;
  const placedA = (ids["placedA"] = await world.placement({ tenantId: tenant, namespaceId: namespace, ...web }, ids["a"], ids["vpc"], { subnet_id: ids["subnet"] }));
  const placedB = (ids["placedB"] = await world.placement({ tenantId: tenant, namespaceId: namespace, ...web }, ids["b"], ids["vpcB"], { network_type: "HOST" }));
  const podOf = (placementId: string, clusterId: string) => ({ tenantId: tenant, namespaceId: namespace, applicationId: web.id, revisionId: web.revisionId, placementId, clusterId });
  ids["pod1"] = await world.pod(podOf(placedA, ids["a"]), "web-1", { node_id: ids["node"], private_ip: "10.0.1.5", started_at: "2026-05-01T00:00:01.500Z" });
  ids["pod2"] = await world.pod(podOf(placedA, ids["a"]), "web-2", { phase: "PENDING", ready: false, reason: "Unschedulable", message: "no room" });
  ids["pod3"] = await world.pod(podOf(placedB, ids["b"]), "web-3", {});
  const serviceOf = (clusterId: string, vpcId: string) => ({ tenantId: tenant, namespaceId: namespace, applicationId: web.id, clusterId, vpcId });
  ids["service"] = await world.service(serviceOf(ids["a"], ids["vpc"]), "web", { cluster_ip: "100.96.1.2" });
  ids["service2"] = await world.service(serviceOf(ids["a"], ids["vpc"]), "web-admin", { status: "PENDING" });
  ids["serviceB"] = await world.service(serviceOf(ids["b"], ids["vpcB"]), "web");
  await world.service({ ...serviceOf(ids["c"], ids["vpc"]), applicationId: quiet.id, namespaceId: second }, "quiet");
  ids["operation"] = await world.operation(tenant, { target_type: "Application", target_id: web.id, namespace_id: namespace });
  await world.operationStep(tenant, ids["operation"], "a-1", { cluster_id: ids["a"], namespace_id: namespace, target_type: "Placement", target_id: placedA });
  await world.operationStep(tenant, ids["operation"], "b-1", { cluster_id: ids["b"], namespace_id: namespace, state: "SUCCEEDED" });
  ids["gone"] = await world.operation(tenant, { target_type: "Application", target_id: "00000000-0000-7000-8000-000000000000", state: "SUCCEEDED", completed: 0, total: 0, finished_at: "2026-05-02T00:00:00Z", created_at: "2026-05-02T00:00:00Z" });
  ids["audit"] = await world.auditEntry(tenant, { target_type: "Application", target_id: web.id, target_name: "web", input: { name: "web" }, source_address: "192.0.2.7" });
  ids["token"] = await world.apiToken(tenant, "ci", { namespaces: ["default"] });

  const otherNamespace = await world.namespace(other, "default");
  const otherWeb = await world.application(other, otherNamespace, "web");
  ids["otherWeb"] = otherWeb.id;
  const otherVpc = await world.vpc(other, ids["a"], "net");
  const otherPlaced = await world.placement({ tenantId: other, namespaceId: otherNamespace, ...otherWeb }, ids["a"], otherVpc);
  const otherPod = { tenantId: other, namespaceId: otherNamespace, applicationId: otherWeb.id, revisionId: otherWeb.revisionId, placementId: otherPlaced, clusterId: ids["a"] };
  await world.pod(otherPod, "web-1", { node_id: ids["node"] });
  await world.pod(otherPod, "web-2", { node_id: ids["node"], phase: "PENDING" });
  await world.service({ tenantId: other, namespaceId: otherNamespace, applicationId: otherWeb.id, clusterId: ids["a"], vpcId: otherVpc }, "web");
  await world.pod(otherPod, "web-3", { node_id: ids["node"], phase: "SUCCEEDED" });
});
afterAll(() => database.drop());

describe.each(READERS)("%s", (way) => {
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  describe("a row", () => {
    test("shows its properties, its global id, its parts and its documents", async () => {
      const { application } = await reading.data(me(), `query ($id: ID!) { application(id: $id) {
        __typename id name description workloadKind capacityType status statusReason version deletionProtection createdAt
        labels { key value } replicas { desired ready unavailable } updateStrategy { maxUnavailable { count percent } maxSurge { count percent } }
      } }`, { id: global("Application", "web") });
      expect(application).toEqual({
        __typename: "Application", id: global("Application", "web"), name: "web", description: "", workloadKind: "DEPLOYMENT", capacityType: "ON_DEMAND", status: "RUNNING", statusReason: null,
        version: 1, deletionProtection: false, createdAt: "2026-05-01T00:00:00.000Z", labels: [{ key: "app", value: "web" }, { key: "tier", value: "front" }],
        replicas: { desired: 3, ready: 0, unavailable: 0 }, updateStrategy: { maxUnavailable: { count: null, percent: 25 }, maxSurge: { count: 1, percent: null } },
      });
    });

    test("is found by other arguments as well, and needs one of them", async () => {
      const { application, cluster } = await reading.data(me(), `{ application(namespace: "second", name: "quiet") { id statusReason } cluster(code: "c-1") { id lastSeenAt location { latitude longitude } } }`);
      expect(application).toEqual({ id: global("Application", "quiet"), statusReason: "It was stopped." });
      expect(cluster).toEqual({ id: global("Cluster", "c"), lastSeenAt: null, location: { latitude: 30.25, longitude: 120.5 } });
      const [error] = await reading.errors(me(), "{ application(name: \"web\") { id } }");
      expect(error?.message).toMatch(/by its id, or by its namespace and name/);
    });

    test("gives each alias its own, also where they meet in fragments and in parts", async () => {
      const { a, b } = await reading.data(me(), `
        query ($id: ID!, $no: Boolean = false) {
          a: application(id: $id) { short: pods(first: 1) { nodes { name } } ...Long namespace @include(if: $no) { name } }
          b: application(id: $id) { ...Long ... on Node { id } ... @skip(if: true) { name } }
        }
        fragment Long on Application { long: pods(last: 2) { nodes { name } } placements { nodes { cluster { code } } } ... on Application { placements { totalCount } } }
      `, { id: global("Application", "web") });
      expect(a).toEqual({ short: { nodes: [{ name: "web-1" }] }, long: { nodes: [{ name: "web-2" }, { name: "web-3" }] }, placements: { nodes: expect.arrayContaining([{ cluster: { code: "a-1" } }, { cluster: { code: "b-1" } }]), totalCount: 2 } });
      expect(b).toEqual({ long: a.long, placements: a.placements, id: global("Application", "web") });
    });
  });

  describe("related rows", () => {
    test("one, many, page, count, and null where there is none", async () => {
      const { pod, other, vpcs } = await reading.data(me(), `query ($pod: ID!, $other: ID!) {
        pod(id: $pod) { name node { name capacity { cpuMillis } } placement { subnet { name vpc { name } } } application { name } revision { number } cluster { code region { name } podCount } privateIp startedAt }
        other: pod(id: $other) { node { name } placement { subnet { name } } privateIp startedAt }
        vpcs(filter: { names: ["net"] }) { nodes { cluster { code } subnets { name cidr gateway usedIps availableIps } } }
      }`, { pod: global("Pod", "pod1"), other: global("Pod", "pod3") });
      expect(pod).toEqual({
        name: "web-1", node: { name: "node-1", capacity: { cpuMillis: 16_000 } }, placement: { subnet: { name: "sub", vpc: { name: "net" } } }, application: { name: "web" }, revision: { number: 1 },
        cluster: { code: "a-1", region: { name: "East" }, podCount: 2 }, privateIp: "10.0.1.5", startedAt: "2026-05-01T00:00:01.500Z",
      });
      expect(other).toEqual({ node: null, placement: { subnet: null }, privateIp: null, startedAt: null });
      expect(vpcs.nodes).toHaveLength(2);
      expect(vpcs.nodes).toContainEqual({ cluster: { code: "a-1" }, subnets: [{ name: "sub", cidr: "10.0.1.0/24", gateway: "10.0.1.1", usedIps: 1, availableIps: 252 }] });
      expect(vpcs.nodes).toContainEqual({ cluster: { code: "b-1" }, subnets: [] });
    });

    test("are shown under nodes and edges at once, each with its own selection", async () => {
      const { applications } = await reading.data(me(), `{ applications { nodes { x: pods(first: 1) { totalCount nodes { name } } } edges { cursor node { name x: pods(last: 1) { nodes { name } } } again: node { x: version } } more: edges { node { id } } totalCount } }`);
      expect(applications.totalCount).toBe(2);
      expect(applications.nodes).toEqual([{ x: { totalCount: 0, nodes: [] } }, { x: { totalCount: 3, nodes: [{ name: "web-1" }] } }]);
      expect(applications.edges.map((edge: { node: unknown; again: unknown }) => [edge.node, edge.again])).toEqual([
        [{ name: "quiet", x: { nodes: [] } }, { x: 1 }],
        [{ name: "web", x: { nodes: [{ name: "web-3" }] } }, { x: 1 }],
      ]);
      expect(applications.more.map((edge: { node: { id: string } }) => edge.node.id)).toEqual([global("Application", "quiet"), global("Application", "web")]);
    });
  });

  describe("rows that agree in several properties", () => {
    /** Pods of the same application elsewhere, and those that no service sends anything to. */
    const endpoints = async (document: string, variables?: Record<string, unknown>): Promise<Record<string, unknown>[]> => (await reading.data(me(), document, variables)).services.nodes;
    beforeAll(async () => {
      const of = { tenantId: ids["tenant"] as string, namespaceId: ids["namespace"] as string, applicationId: ids["web"] as string, revisionId: ids["revision"] as string };
      const here = { ...of, placementId: ids["placedA"] as string, clusterId: ids["a"] as string };
      for (const [n, values] of [
        { ready: false }, { phase: "TERMINATING" }, { phase: "SUCCEEDED", ready: false }, { phase: "FAILED", ready: false }, { phase: "UNKNOWN", ready: false }, { phase: "STARTING", ready: false },
      ].entries()) ids[`endpoint${n}`] = await world.pod(here, `x-${n}`, { private_ip: `10.0.2.${n}`, ...values });
      ids["endpointB"] = await world.pod({ ...of, placementId: ids["placedB"] as string, clusterId: ids["b"] as string }, "x-b", { private_ip: "10.0.1.5" });
    });
    afterAll(async () => {
      await database.admin.query("delete from pod where name like 'x-%'");
    });

    test("are a page of each, counted, and shown as another type", async () => {
      reading.groups();
      const found = await endpoints(`{ services(filter: { names: ["web", "web-admin"] }) { nodes { name cluster { code } clusterIp endpoints { totalCount nodes { address ready pod { name phase node { name } } } } } } }`);
      const here = [
        { address: "10.0.1.5", ready: true, pod: { name: "web-1", phase: "RUNNING", node: { name: "node-1" } } },
        { address: "10.0.2.0", ready: false, pod: { name: "x-0", phase: "RUNNING", node: null } },
        { address: "10.0.2.4", ready: false, pod: { name: "x-4", phase: "UNKNOWN", node: null } },
        { address: "10.0.2.5", ready: false, pod: { name: "x-5", phase: "STARTING", node: null } },
      ];
      expect(found).toHaveLength(3);
      expect(found).toContainEqual({ name: "web", cluster: { code: "a-1" }, clusterIp: "100.96.1.2", endpoints: { totalCount: 4, nodes: here } });
      expect(found).toContainEqual({ name: "web-admin", cluster: { code: "a-1" }, clusterIp: null, endpoints: { totalCount: 4, nodes: here } });
      expect(found).toContainEqual({ name: "web", cluster: { code: "b-1" }, clusterIp: null, endpoints: { totalCount: 1, nodes: [{ address: "10.0.1.5", ready: true, pod: { name: "x-b", phase: "RUNNING", node: null } }] } });
      // The services; their clusters, the pages of all of them and the counts; nodes. Two services of one application there ask once.
      const groups = reading.groups();
      expect(groups.map((group) => group.length)).toEqual(way === "mixed" ? [1] : [1, 3, 1]);
      if (way === "mixed") return;
      const page = groups[1]?.find(({ text }) => text.includes("cross join lateral"));
      expect(page?.values.slice(0, 2)).toEqual([`{${ids["web"]},${ids["web"]}}`, expect.stringContaining(ids["b"] as string)]);
    });

    test("are paged each for itself, in both directions", async () => {
      const document = `query ($first: Int, $after: String, $last: Int) { services(filter: { names: ["web"] }) { nodes { endpoints(first: $first, after: $after, last: $last) { edges { cursor node { pod { name } } } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }`;
      type Page = { endpoints: { edges: { cursor: string; node: { pod: { name: string } } }[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string } } };
      const pages = async (variables: Record<string, unknown>): Promise<Page["endpoints"][]> => ((await endpoints(document, variables)) as unknown as Page[]).map((page) => page.endpoints);
      const names = ({ edges }: Page["endpoints"]): string[] => edges.map(({ node }) => node.pod.name);
      const first = await pages({ first: 3 });
      const [a, b] = first.toSorted((x, y) => y.edges.length - x.edges.length);
      expect([names(a as Page["endpoints"]), a?.pageInfo.hasNextPage]).toEqual([["web-1", "x-0", "x-4"], true]);
      expect([names(b as Page["endpoints"]), b?.pageInfo.hasNextPage]).toEqual([["x-b"], false]);
      const next = await pages({ first: 3, after: a?.pageInfo.endCursor });
      expect(next.map(names).toSorted()).toEqual([["x-5"], ["x-b"]]);
      expect((await pages({ last: 1 })).map(names).toSorted()).toEqual([["x-5"], ["x-b"]]);
    });

    test("are found from the application, the VPC and by id as well, and end with their namespace's limits", async () => {
      const document = "query ($app: ID!, $id: ID!) { application(id: $app) { services { totalCount nodes { vpc { name services { totalCount } } namespace { name } application { name } } } } node(id: $id) { ... on Service { type status version ports { name protocol port containerPort } endpoints { totalCount } } } }";
      const { application, node } = await reading.data(me(), document, { app: global("Application", "web"), id: global("Service", "service2") });
      expect(application.services.totalCount).toBe(3);
      expect(application.services.nodes).toContainEqual({ vpc: { name: "net", services: { totalCount: 3 } }, namespace: { name: "default" }, application: { name: "web" } });
      expect(node).toEqual({ type: "CLUSTER_IP", status: "PENDING", version: 1, ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }], endpoints: { totalCount: 4 } });
      const limited = { ...me(), namespaceIds: [ids["second"] as string] };
      expect(await reading.data(limited, "query ($id: ID!) { node(id: $id) { id } services { nodes { name } } }", { id: global("Service", "service") })).toEqual({ node: null, services: { nodes: [{ name: "quiet" }] } });
    });
  });

  describe("what SQL or code says of a row", () => {
    test("containers from the row's document, with their specs only from the template", async () => {
      const { pod } = await reading.data(me(), `query ($id: ID!) { pod(id: $id) { containers { name state ready restartCount reason exitCode startedAt spec { image cpuMillis args ports { containerPort protocol name } env { name value } } } } }`, { id: global("Pod", "pod1") });
      expect(pod.containers).toEqual([
        { name: "web", state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: "2026-05-31T00:00:00.000Z", spec: { image: "nginx:1", cpuMillis: 250, args: ["-v"], ports: [{ containerPort: 80, protocol: "TCP", name: null }], env: [{ name: "A", value: "1" }] } },
        { name: "log", state: "WAITING", ready: false, restartCount: 2, reason: "CrashLoopBackOff", exitCode: 1, startedAt: null, spec: { image: "busybox:1", cpuMillis: 50, args: [], ports: [], env: [] } },
      ]);
    });

    test("what depends on how long a cluster has been silent", async () => {
      const { pods, application, quiet, placements } = await reading.data(me(), `query ($web: ID!, $quiet: ID!) {
        pods { nodes { name stale observedAt } } application(id: $web) { stale } quiet: application(id: $quiet) { stale }
        placements: application(id: $web) { placements { nodes { stale observedAt cluster { code } } } }
      }`, { web: global("Application", "web"), quiet: global("Application", "quiet") });
      expect(pods.nodes).toEqual([
        { name: "web-1", stale: false, observedAt: "2026-06-01T11:59:55.000Z" },
        { name: "web-2", stale: false, observedAt: "2026-06-01T11:59:55.000Z" },
        { name: "web-3", stale: true, observedAt: "2026-06-01T11:59:29.000Z" },
      ]);
      expect([application.stale, quiet.stale]).toEqual([true, false]);
      expect(placements.placements.nodes).toContainEqual({ stale: true, observedAt: "2026-06-01T11:59:29.000Z", cluster: { code: "b-1" } });
    });

    test("staleness is told in real time where the simulation runs faster", async () => {
      const fast = await openReading(database, { way, speed: 10 });
      const { pods } = await fast.data(me(), "{ pods { nodes { stale } } }");
      expect(pods.nodes).toEqual([{ stale: false }, { stale: false }, { stale: false }]);
    });

    test("what is allocated: the tenant's share, or all tenants' for the platform", async () => {
      const document = `{ a: cluster(code: "a-1") { allocated { cpuMillis memoryMiB pods } nodes { nodes { allocated { cpuMillis memoryMiB pods } labels { key value } } } } b: cluster(code: "b-1") { allocated { cpuMillis memoryMiB pods } prices { currency cpuCoreHour spotDiscount } } }`;
      const mine = await reading.data(me(), document);
      expect(mine.a).toEqual({ allocated: { cpuMillis: 600, memoryMiB: 160, pods: 2 }, nodes: { nodes: [{ allocated: { cpuMillis: 300, memoryMiB: 80, pods: 1 }, labels: [{ key: "zone", value: "a" }] }] } });
      expect(mine.b).toEqual({ allocated: { cpuMillis: 0, memoryMiB: 0, pods: 0 }, prices: { currency: "CNY", cpuCoreHour: "0.05", spotDiscount: 0.5 } });
      const platform = await reading.data({ ...me(), role: "PLATFORM_ADMIN" }, document);
      expect(platform.b.allocated).toEqual({ cpuMillis: 9_000, memoryMiB: 900, pods: 9 });
      expect(platform.a.nodes.nodes[0].allocated).toEqual({ cpuMillis: 900, memoryMiB: 240, pods: 3 });
    });

    test("an operation's progress, of nothing to do as well", async () => {
      const { operations } = await reading.data(me(), "{ operations { nodes { progress { completed total percent } cancellable retryable steps { nodes { name } } } } }");
      expect(operations.nodes).toEqual([
        { progress: { completed: 0, total: 0, percent: 100 }, cancellable: false, retryable: false, steps: { nodes: [] } },
        { progress: { completed: 1, total: 4, percent: 25 }, cancellable: false, retryable: false, steps: { nodes: [{ name: "a-1" }, { name: "b-1" }] } },
      ]);
    });

    test("the overview", async () => {
      const { overview } = await reading.data(me(), `{ overview { id applications { total byStatus { status count } } pods { total running other stale byPhase { phase count } } resources { cpuMillis memoryMiB vpcs services } distribution { region { code clusters(first: 1) { nodes { code } } } clusters applications pods } } }`);
      expect(overview).toEqual({
        id: `Overview.${ids["tenant"]}`,
        applications: { total: 2, byStatus: [{ status: "RUNNING", count: 1 }, { status: "STOPPED", count: 1 }] },
        pods: { total: 3, running: 2, other: 1, stale: 1, byPhase: [{ phase: "PENDING", count: 1 }, { phase: "RUNNING", count: 2 }] },
        resources: { cpuMillis: 600, memoryMiB: 160, vpcs: 2, services: 4 },
        distribution: [{ region: { code: "east", clusters: { nodes: [{ code: "a-1" }] } }, clusters: 2, applications: 1, pods: 3 }],
      });
    });
  });

  describe("objects of one of several types", () => {
    test("by type and id columns; null once they are gone", async () => {
      const { operations } = await reading.data(me(), `{ operations { nodes { target { __typename id ... on Application { name namespace { name } } } steps(states: [RUNNING]) { nodes { target { id ... on Placement { reason } } cluster { code } } } } } }`);
      expect(operations.nodes[0].target).toBeNull();
      expect(operations.nodes[1]).toEqual({
        target: { __typename: "Application", id: global("Application", "web"), name: "web", namespace: { name: "default" } },
        steps: { nodes: [{ target: { id: global("Placement", "placedA"), reason: "chosen" }, cluster: { code: "a-1" } }] },
      });
    });

    test("node and nodes: by the type in the id, in the order asked, null for what is none", async () => {
      const list = [global("Pod", "pod1"), "nonsense", global("Cluster", "a"), `Pod.${ids["web"]}`, global("Application", "otherWeb"), global("OperationStep", "pod1"), "Query.00000000-0000-7000-8000-000000000000", global("Pod", "pod1"), `Overview.${ids["tenant"]}`, `Tenant.${ids["tenant"]}`];
      const { nodes, node } = await reading.data(me(), `query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id ... on Pod { name cluster { code } } ... on Cluster { code } ... on Overview { applications { total } } } node(id: $id) { __typename ... on Viewer { name role tenant { name } namespaces } } }`, { ids: list, id: "Viewer.00000000-0000-7000-8000-00000000abcd" });
      const pod = { id: global("Pod", "pod1"), name: "web-1", cluster: { code: "a-1" } };
      expect(nodes).toEqual([pod, null, { id: global("Cluster", "a"), code: "a-1" }, null, null, null, null, pod, { id: `Overview.${ids["tenant"]}`, applications: { total: 2 } }, { id: `Tenant.${ids["tenant"]}` }]);
      expect(node).toEqual({ __typename: "Viewer", name: "a test", role: "OWNER", tenant: { name: "mine" }, namespaces: null });
      const [error] = await reading.errors(me(), "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids: Array.from({ length: 201 }, () => "x") });
      expect(error?.message).toMatch(/At most 200/);
    });

    test("of a type that needs more than the viewer's role: as if it did not exist", async () => {
      const document = "query ($id: ID!) { node(id: $id) { id } }";
      for (const [type, name] of [["AuditEntry", "audit"], ["ApiToken", "token"]] as const) {
        expect(await reading.data({ ...me(), role: "OPERATOR" }, document, { id: global(type, name) })).toEqual({ node: null });
        expect(await reading.data({ ...me(), role: "OWNER" }, document, { id: global(type, name) })).toEqual({ node: { id: global(type, name) } });
      }
    });
  });

  test("a reference to a type that needs more than the viewer's role leads nowhere", async () => {
    await world.operation(ids["tenant"] as string, { target_type: "ApiToken", target_id: ids["token"], target_name: "ci", created_at: "2020-01-01T00:00:00Z" });
    const document = "{ operations(last: 1) { nodes { target { id } } } }";
    expect(await reading.data({ ...me(), role: "OPERATOR" }, document)).toEqual({ operations: { nodes: [{ target: null }] } });
    expect(await reading.data({ ...me(), role: "OWNER" }, document)).toEqual({ operations: { nodes: [{ target: { id: global("ApiToken", "token") } }] } });
    await database.admin.query("delete from operation where target_name = 'ci'");
  });

  describe("who is asking", () => {
    test("viewer, tenant, tokens, audit log", async () => {
      const { viewer, auditLog, server } = await reading.data(me(), `{ viewer { id tenant { name apiTokens { nodes { name namespaces role lastUsedAt } totalCount } } } auditLog { edges { node { action actor at outcome input sourceAddress targetName target { ... on Application { name } } } } } server { now speed maxPageSize } }`);
      expect(viewer).toEqual({ id: "Viewer.00000000-0000-7000-8000-00000000abcd", tenant: { name: "mine", apiTokens: { nodes: [{ name: "ci", namespaces: ["default"], role: "OWNER", lastUsedAt: null }], totalCount: 1 } } });
      expect(auditLog.edges).toEqual([{ node: { action: "createApplication", actor: "a test", at: "2026-05-01T00:00:00.000Z", outcome: "ACCEPTED", input: { name: "web" }, sourceAddress: "192.0.2.7", targetName: "web", target: { name: "web" } } }]);
      expect(server).toEqual({ now: "2026-06-01T12:00:00.000Z", speed: 1, maxPageSize: 200 });
    });

    test("all tenants, for the platform alone", async () => {
      const { tenants } = await reading.data({ ...me(), role: "PLATFORM_ADMIN" }, `{ tenants(first: 1) { nodes { name } totalCount pageInfo { hasNextPage endCursor } } }`);
      expect(tenants).toMatchObject({ nodes: [{ name: "another" }], pageInfo: { hasNextPage: true } });
      const next = await reading.data({ ...me(), role: "PLATFORM_ADMIN" }, `query ($after: String) { tenants(first: 1, after: $after) { nodes { name } pageInfo { hasPreviousPage } } }`, { after: tenants.pageInfo.endCursor });
      expect(next.tenants).toEqual({ nodes: [{ name: "mine" }], pageInfo: { hasPreviousPage: true } });
    });
  });

  describe("filters", () => {
    const names = async (document: string): Promise<string[]> => {
      const data = await reading.data(me(), document.replace(/#(\w+)\.(\w+)/g, (_, type: string, name: string) => `"${global(type, name)}"`));
      return (Object.values(data)[0] as { nodes: { name?: string; code?: string }[] }).nodes.map((node) => node.name ?? node.code ?? "");
    };
    test.each([
      ["applications(filter: { keyword: \"WE\" })", ["web"]],
      ["applications(filter: { keyword: \"%\" })", []],
      ["applications(filter: { names: [\"quiet\", \"none\"] })", ["quiet"]],
      ["applications(filter: { namespaces: [\"default\"] })", ["web"]],
      ["applications(filter: { statuses: [STOPPED, FAILED] })", ["quiet"]],
      ["applications(filter: { statuses: [] })", []],
      ["applications(filter: { clusterIds: [#Cluster.b] })", ["web"]],
      ["applications(filter: { clusterIds: [#Cluster.c, \"no id\"] })", []],
      ["applications(filter: { workloadKinds: [DEPLOYMENT], labels: [{ key: \"tier\", value: \"front\" }, { key: \"app\", value: \"web\" }] })", ["web"]],
      ["applications(filter: { labels: [{ key: \"tier\", value: \"back\" }] })", []],
      ["applications(filter: {}, orderBy: { field: NAME, direction: DESC })", ["web", "quiet"]],
      ["applications(filter: null, orderBy: { field: CREATED_AT, direction: ASC })", ["quiet", "web"]],
      ["pods(filter: { phases: [PENDING] })", ["web-2"]],
      ["pods(filter: { ready: true })", ["web-1", "web-3"]],
      ["pods(filter: { clusterIds: [#Cluster.b] })", ["web-3"]],
      ["pods(filter: { revisionNumber: 1, keyword: \"-1\" })", ["web-1"]],
      ["pods(filter: { revisionNumber: 2 })", []],
      ["pods(filter: { applicationIds: [#Application.quiet] })", []],
      ["pods(filter: { applicationIds: [#Application.web, #Application.otherWeb] })", ["web-1", "web-2", "web-3"]],
      ["clusters(filter: { keyword: \"B-\" })", ["b-1"]],
      ["clusters(filter: { ids: [#Cluster.a] })", ["a-1"]],
      ["clusters(filter: { applicationIds: [#Application.web] })", ["a-1", "b-1"]],
      ["clusters(filter: { regionCodes: [\"west\"] })", ["c-1"]],
      ["clusters(filter: { statuses: [DISCONNECTED], tiers: [EDGE], isps: [TELECOM], provinces: [\"Zhejiang\"], cities: [\"b-1\"] })", ["b-1"]],
      ["vpcs(filter: { applicationIds: [#Application.web], clusterIds: [#Cluster.a] })", ["net"]],
      ["vpcs(filter: { namespaces: [\"second\"] })", []],
      ["subnets(filter: { vpcIds: [#Vpc.vpc], namespaces: [\"default\"], statuses: [ACTIVE], keyword: \"SU\", names: [\"sub\"] })", ["sub"]],
      ["subnets(filter: { vpcIds: [#Vpc.vpcB] })", []],
      ["services(filter: { applicationIds: [#Application.web] })", ["web", "web", "web-admin"]],
      ["services(filter: { applicationIds: [#Application.web], clusterIds: [#Cluster.a], statuses: [ACTIVE] })", ["web"]],
      ["services(filter: { vpcIds: [#Vpc.vpcB] })", ["web"]],
      ["services(filter: { namespaces: [\"second\"] })", ["quiet"]],
      ["services(filter: { keyword: \"ADM\" })", ["web-admin"]],
      ["services(filter: { names: [\"web\"], clusterIds: [#Cluster.c] })", []],
      ["services(filter: { applicationIds: [#Application.otherWeb] })", []],
    ])("%s", async (field, expected) => {
      const leaf = field.startsWith("clusters") ? "code" : "name";
      const found = await names(`{ ${field} { nodes { ${leaf} } } }`);
      expect(field.includes("CREATED_AT") ? found.toSorted() : found).toEqual(expected);
    });

    test("operations and the audit log", async () => {
      const document = `query ($web: ID!) { a: operations(filter: { targetIds: [$web], states: [RUNNING], kinds: [CREATE_APPLICATION] }) { totalCount } b: operations(filter: { kinds: [DELETE_APPLICATION] }) { totalCount }
        c: auditLog(filter: { since: "2026-05-01T00:00:00Z", until: "2026-05-01T00:00:00.001Z", actions: ["createApplication"], actor: "a test", targetIds: [$web] }) { nodes { action } } d: auditLog(filter: { until: "2026-05-01T00:00:00Z" }) { nodes { action } } }`;
      expect(await reading.data(me(), document, { web: global("Application", "web") })).toEqual({ a: { totalCount: 1 }, b: { totalCount: 0 }, c: { nodes: [{ action: "createApplication" }] }, d: { nodes: [] } });
    });

    test("text that Postgres can't hold is the caller's mistake", async () => {
      const [error] = await reading.errors(me(), "query ($k: String) { applications(filter: { keyword: $k }) { totalCount } }", { k: "a\0b" });
      expect(error?.originalError).toMatchObject({ code: "BAD_USER_INPUT" });
    });
  });

  describe("the database is asked once a level, or once", () => {
    test("three levels: three groups, or one; a statement for each relation whatever the number of parents", async () => {
      reading.groups();
      await reading.data(me(), "{ applications { nodes { name placements { nodes { cluster { code region { name } } } } pods(first: 2) { nodes { name cluster { code } } totalCount } } } }");
      const groups = reading.groups().map((group) => group.length);
      // applications; placements, pods and their count; clusters of both; regions
      expect(groups).toEqual(way === "mixed" ? [1] : [1, 3, 2, 1]);
    });

    test("root fields of one operation go together", async () => {
      reading.groups();
      await reading.data(me(), "{ applications { totalCount } pods { nodes { id } } clusters { nodes { id } totalCount } }");
      expect(reading.groups().map((group) => group.length)).toEqual(way === "mixed" ? [3] : [4]);
    });

    test("objects by their ids: one statement for each type, each row once", async () => {
      reading.groups();
      const list = ["pod1", "pod2", "pod3", "pod1"].map((name) => global("Pod", name)).concat(["a", "b"].map((name) => global("Cluster", name)));
      await reading.data(me(), "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Pod { name application { name } } ... on Cluster { code } } }", { ids: list });
      expect(reading.groups().map((group) => group.map(({ values }) => values[0]))).toEqual([
        [`{${["pod1", "pod2", "pod3"].map((name) => ids[name]).join(",")}}`, `{${["a", "b"].map((name) => ids[name]).join(",")}}`],
        ...(way === "mixed" ? [] : [[`{${ids["web"]}}`]]),
      ]);
    });

    test("what directives leave out is not asked for, and what fragments bring in is, each once", async () => {
      reading.groups();
      const document = `
        query ($no: Boolean!, $yes: Boolean!) { applications(first: 1) { nodes {
          name pods @include(if: $no) { totalCount } ... @skip(if: $yes) { placements { totalCount } } ...A ...B @skip(if: $no) ...A
        } } }
        fragment A on Application { revision { number } ...B }
        fragment B on Node { ... on Application { namespace { name } } }`;
      const { applications } = await reading.data(me(), document, { no: false, yes: true });
      expect(applications.nodes).toEqual([{ name: "quiet", revision: { number: 1 }, namespace: { name: "second" } }]);
      expect(reading.groups().map((group) => group.length)).toEqual(way === "mixed" ? [1] : [1, 2]);
    });

    test("only the columns that the selection needs are read", async () => {
      reading.groups();
      await reading.data(me(), "{ pods { nodes { name } } }");
      const [[statement] = []] = reading.groups();
      expect(statement?.text).toBe('select t."name" as c0 from "pod" t where true order by t."name", t."id" limit $1::integer');
    });
  });

  describe("matching", () => {
    test("the ids that the root page would show, narrowed, continued and limited", async () => {
      const reader = reading.reader(me());
      const all = await reader.matching("Pod", { filter: { ready: true } }, { limit: 10 });
      expect(all).toEqual([ids["pod1"], ids["pod3"]].toSorted());
      expect(await reader.matching("Pod", {}, { among: [ids["pod2"] as string, ids["otherWeb"] as string], limit: 10 })).toEqual([ids["pod2"]]);
      expect(await reader.matching("Pod", { filter: { ready: true } }, { after: all[0] as string, limit: 10 })).toEqual([all[1]]);
      expect(await reader.matching("Pod", {}, { limit: 2 })).toHaveLength(2);
      expect(await reader.matching("Pod", { filter: { phases: [] } }, { limit: 2 })).toEqual([]);
      expect(await reader.matching("Application", { filter: { namespaces: ["default"] } }, { limit: 10 })).toEqual([ids["web"]]);
      await expect(reader.matching("Placement", {}, { limit: 1 })).rejects.toThrow("No root field pages over Placement");
    });
  });
});
