import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  accepted,
  ApplicationDocument,
  ApplicationIdDocument,
  ApplicationsDocument,
  ClusterDocument,
  ClusterIdDocument,
  ClustersDocument,
  CreateApiTokenDocument,
  CreateApplicationDocument,
  type CreateApplicationInput,
  CreateNamespaceDocument,
  CreateTenantDocument,
  DeleteApplicationDocument,
  DeleteNamespaceDocument,
  ImportManifestsDocument,
  NamespacesDocument,
  OperationDocument,
  type OperationRowFragment,
  OperationsDocument,
  OverviewDocument,
  PodDocument,
  PodsDocument,
  RegionsDocument,
  RevokeApiTokenDocument,
  ScaleApplicationDocument,
  type SelvedgeClient,
  ServerDocument,
  TokensDocument,
  UpdateApplicationDocument,
  UpdateDistributionDocument,
  ViewerDocument,
  WatchApplicationDocument,
  WatchApplicationsDocument,
  WatchClustersDocument,
  WatchOperationDocument,
  WatchPodsDocument,
} from "#clients/typescript/index.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** Every documented operation against the real server: a file in clients/operations without a case here fails. */
const FOLDER = path.resolve(import.meta.dirname, "../../clients/operations");
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".graphql"))
  .filter((name) => /^\s*(query|mutation|subscription)\b/m.test(readFileSync(path.join(FOLDER, name), "utf8")))
  .map((name) => path.basename(name, ".graphql"))
  .toSorted();

const CLUSTER = "hangzhou-1";
const OTHER_CLUSTER = "shaoxing-1";

let server: ServerProcess;
let client: SelvedgeClient;
let clusterId: string;
let otherClusterId: string;
/** An application with two ready pods that every reading case finds. */
let application: { readonly id: string; readonly name: string };
let creation: OperationRowFragment;

const unique = (word: string): string => `${word}-${randomUUID().slice(0, 8)}`;

const inputFor = (name: string, replicas = 1): CreateApplicationInput => ({
  name,
  namespace: "default",
  description: "Made by a test.",
  template: { containers: [{ name: "web", image: "docker.io/library/nginx:1.29-alpine", cpuMillis: 50, memoryMiB: 32, ports: [{ name: "http", containerPort: 80 }], env: [{ name: "GREETING", source: { value: "hello" } }] }] },
  distribution: { clusters: [{ clusterId, replicas }] },
  idempotencyKey: randomUUID(),
});

async function create(name: string, replicas = 1): Promise<{ readonly id: string; readonly name: string; readonly operation: OperationRowFragment }> {
  const { createApplication } = await client.execute(CreateApplicationDocument, { input: inputFor(name, replicas) });
  const payload = accepted(createApplication);
  if (payload.application === null || payload.operation === null) throw new Error("accepted without an application and its operation");
  return { id: payload.application.id, name, operation: payload.operation };
}

/** The first message that the check finds enough, and everything seen before it. */
async function until<T>(stream: AsyncIterable<T>, enough: (message: T) => boolean): Promise<T[]> {
  const seen: T[] = [];
  for await (const message of stream) {
    seen.push(message);
    if (enough(message)) break;
  }
  return seen;
}

beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "5", LOG_LEVEL: "warn" } });
  client = server.client();
  clusterId = (await client.execute(ClusterIdDocument, { code: CLUSTER })).cluster?.id ?? "";
  otherClusterId = (await client.execute(ClusterIdDocument, { code: OTHER_CLUSTER })).cluster?.id ?? "";
  const made = await create("storefront", 2);
  application = made;
  creation = made.operation;
  expect((await client.waitForOperation(creation.id)).state).toBe("SUCCEEDED");
}, 180_000);
afterAll(() => server?.dispose());

const cases: Readonly<Record<string, () => Promise<void>>> = {
  viewer: async () => {
    const { viewer } = await client.execute(ViewerDocument);
    expect(viewer).toMatchObject({ role: "PLATFORM_ADMIN", namespaces: null, tenant: { name: "demo" } });
  },
  server: async () => {
    const { server: facts } = await client.execute(ServerDocument);
    expect(facts).toMatchObject({ simulated: true, speed: 5, maxPageSize: 200 });
    expect(facts.now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  },
  overview: async () => {
    const { overview } = await client.execute(OverviewDocument);
    expect(overview.applications.total).toBeGreaterThan(0);
    expect(overview.pods.total).toBe(overview.pods.running + overview.pods.other);
    expect(overview.pods.byPhase.reduce((sum, { count }) => sum + count, 0)).toBe(overview.pods.total);
    expect(overview.distribution.map(({ region }) => region.code)).toEqual(["east-china"]);
  },
  regions: async () => {
    const { regions } = await client.execute(RegionsDocument);
    expect(regions).toMatchObject([{ code: "east-china", name: "East China", clusters: { totalCount: 2 } }]);
  },
  clusters: async () => {
    const { clusters } = await client.execute(ClustersDocument, { filter: { cities: ["Hangzhou"] } });
    expect(clusters).toMatchObject({ totalCount: 1, nodes: [{ code: CLUSTER, status: "ONLINE", region: { code: "east-china" }, tier: "EDGE", cordoned: false }] });
    expect(clusters.nodes[0]?.podCount).toBeGreaterThanOrEqual(2);
    expect(clusters.nodes[0]?.allocated.cpuMillis).toBeGreaterThanOrEqual(100);
  },
  cluster: async () => {
    const { cluster } = await client.execute(ClusterDocument, { code: CLUSTER });
    expect(cluster).toMatchObject({ code: CLUSTER, city: "Hangzhou", nodes: { totalCount: 2 } });
    expect(cluster?.nodes.nodes.map(({ status }) => status)).toEqual(["READY", "READY"]);
    expect((await client.execute(ClusterDocument, { code: "atlantis-1" })).cluster).toBeNull();
  },
  "cluster-id": async () => {
    expect((await client.execute(ClusterIdDocument, { code: CLUSTER })).cluster).toEqual({ id: clusterId, code: CLUSTER });
  },
  namespaces: async () => {
    const { namespaces } = await client.execute(NamespacesDocument);
    expect(namespaces.nodes).toContainEqual(expect.objectContaining({ name: "default", isDefault: true }));
  },
  applications: async () => {
    const { applications } = await client.execute(ApplicationsDocument, { filter: { names: [application.name], namespaces: ["default"] }, orderBy: { field: "NAME", direction: "ASC" } });
    expect(applications).toMatchObject({ totalCount: 1, nodes: [{ id: application.id, status: "RUNNING", replicas: { desired: 2, ready: 2 }, placements: { totalCount: 1 } }] });
  },
  application: async () => {
    const { application: found } = await client.execute(ApplicationDocument, { namespace: "default", name: application.name });
    expect(found).toMatchObject({ id: application.id, status: "RUNNING", description: "Made by a test.", currentRevision: { number: 1 } });
    expect(found?.currentRevision.template.containers).toMatchObject([{ name: "web", cpuMillis: 50, memoryMiB: 32, ports: [{ containerPort: 80, protocol: "TCP" }], env: [{ name: "GREETING", value: "hello" }] }]);
    expect(found?.allPlacements.nodes).toMatchObject([{ cluster: { code: CLUSTER }, replicas: { desired: 2, ready: 2 }, networkType: "VPC", vpc: { name: "default-vpc" }, subnet: { name: "default-subnet" } }]);
    expect(found?.pods.nodes.map(({ ready, phase }) => [ready, phase])).toEqual([[true, "RUNNING"], [true, "RUNNING"]]);
    expect(new Set(found?.pods.nodes.map(({ privateIp }) => privateIp)).size).toBe(2);
    expect(found?.operations.nodes.map(({ id }) => id)).toContain(creation.id);
    expect((await client.execute(ApplicationDocument, { namespace: "default", name: "nobody" })).application).toBeNull();
  },
  "application-id": async () => {
    const { application: found } = await client.execute(ApplicationIdDocument, { namespace: "default", name: application.name });
    expect(found).toMatchObject({ id: application.id, name: application.name, replicas: { desired: 2 } });
  },
  pods: async () => {
    const { pods } = await client.execute(PodsDocument, { first: 1, filter: { applicationIds: [application.id], phases: ["RUNNING"], ready: true, clusterIds: [clusterId] } });
    expect(pods).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true } });
    const next = await client.execute(PodsDocument, { first: 1, after: pods.pageInfo.endCursor, filter: { applicationIds: [application.id] } });
    expect(next.pods.nodes[0]?.id).not.toBe(pods.nodes[0]?.id);
    expect(next.pods.pageInfo.hasNextPage).toBe(false);
  },
  pod: async () => {
    const { pods } = await client.execute(PodsDocument, { filter: { applicationIds: [application.id] } });
    const { pod } = await client.execute(PodDocument, { id: pods.nodes[0]?.id ?? "" });
    expect(pod).toMatchObject({ ready: true, restartCount: 0, containers: [{ name: "web", state: "RUNNING", ready: true }] });
  },
  operations: async () => {
    const { operations } = await client.execute(OperationsDocument, { filter: { targetIds: [application.id], kinds: ["CREATE_APPLICATION"], states: ["SUCCEEDED"] } });
    expect(operations.nodes.map(({ id }) => id)).toEqual([creation.id]);
  },
  operation: async () => {
    const { operation } = await client.execute(OperationDocument, { id: creation.id });
    expect(operation).toMatchObject({ kind: "CREATE_APPLICATION", state: "SUCCEEDED", progress: { completed: 2, total: 2, percent: 100 }, error: null, cancellable: false, target: { __typename: "Application", id: application.id } });
    expect(operation?.steps.nodes).toMatchObject([{ state: "SUCCEEDED", cluster: { code: CLUSTER } }]);
  },
  tokens: async () => {
    const { viewer } = await client.execute(TokensDocument);
    expect(viewer.tenant.apiTokens.nodes).toContainEqual(expect.objectContaining({ role: "PLATFORM_ADMIN", revokedAt: null, prefix: server.token.slice(0, viewer.tenant.apiTokens.nodes[0]?.prefix.length) }));
    expect(JSON.stringify(viewer)).not.toContain(server.token);
  },
  "create-application": async () => {
    const { operation } = await create(unique("made"));
    expect(operation).toMatchObject({ kind: "CREATE_APPLICATION", progress: { total: 1 } });
    const { createApplication } = await client.execute(CreateApplicationDocument, { input: { ...inputFor("Bad_Name"), distribution: { clusters: [{ clusterId, replicas: 1_001 }] } } });
    expect(createApplication.application).toBeNull();
    expect(createApplication.userErrors.map(({ path: place }) => place?.join("."))).toEqual(expect.arrayContaining(["input.name", "input.distribution.clusters.0.replicas"]));
  },
  "update-application": async () => {
    const made = await create(unique("updated"));
    const { updateApplication } = await client.execute(UpdateApplicationDocument, { input: { applicationId: made.id, description: "Another", expectedVersion: 1 } });
    expect(accepted(updateApplication).application).toMatchObject({ description: "Another", version: 2 });
    const stale = await client.execute(UpdateApplicationDocument, { input: { applicationId: made.id, description: "Late", expectedVersion: 1 } });
    expect(stale.updateApplication.userErrors).toMatchObject([{ __typename: "ConflictError", code: "CONFLICT" }]);
  },
  "update-distribution": async () => {
    const made = await create(unique("moved"));
    const distribution = { clusters: [{ clusterId: otherClusterId, replicas: 1 }] };
    const { operation } = accepted((await client.execute(UpdateDistributionDocument, { input: { applicationId: made.id, distribution } })).updateDistribution);
    expect((await client.waitForOperation(operation?.id ?? "")).state).toBe("SUCCEEDED");
    const { application: moved } = await client.execute(ApplicationDocument, { namespace: "default", name: made.name });
    expect(moved?.pods.nodes.map(({ cluster, ready }) => [cluster.code, ready])).toEqual([[OTHER_CLUSTER, true]]);
  },
  "scale-application": async () => {
    const made = await create(unique("scaled"));
    const { operation } = accepted((await client.execute(ScaleApplicationDocument, { input: { applicationId: made.id, replicas: 2, idempotencyKey: randomUUID() } })).scaleApplication);
    const ended = await client.waitForOperation(operation?.id ?? "");
    expect(ended).toMatchObject({ state: "SUCCEEDED", kind: "SCALE_APPLICATION" });
  },
  "delete-application": async () => {
    const made = await create(unique("deleted"));
    const wrong = await client.execute(DeleteApplicationDocument, { input: { applicationId: made.id, confirmName: "another" } });
    expect(wrong.deleteApplication.userErrors).toMatchObject([{ path: ["input", "confirmName"] }]);
    const { operation } = accepted((await client.execute(DeleteApplicationDocument, { input: { applicationId: made.id, confirmName: made.name } })).deleteApplication);
    expect((await client.waitForOperation(operation?.id ?? "")).state).toBe("SUCCEEDED");
    expect((await client.execute(ApplicationIdDocument, { namespace: "default", name: made.name })).application).toBeNull();
  },
  "create-namespace": async () => {
    const input = { name: unique("team"), description: "A team's own", idempotencyKey: randomUUID() };
    const first = accepted((await client.execute(CreateNamespaceDocument, { input })).createNamespace);
    const again = accepted((await client.execute(CreateNamespaceDocument, { input })).createNamespace);
    expect(first.namespace).toMatchObject({ name: input.name, description: input.description, isDefault: false });
    expect(again.namespace).toEqual(first.namespace);
    const other = await client.execute(CreateNamespaceDocument, { input: { ...input, description: "Something else" } });
    expect(other.createNamespace.userErrors).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH" }]);
  },
  "delete-namespace": async () => {
    const { namespace } = accepted((await client.execute(CreateNamespaceDocument, { input: { name: unique("short") } })).createNamespace);
    const { deletedId } = accepted((await client.execute(DeleteNamespaceDocument, { input: { id: namespace?.id ?? "" } })).deleteNamespace);
    expect(deletedId).toBe(namespace?.id);
  },
  "import-manifests": async () => {
    const name = unique("imported");
    const yaml = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  selector: { matchLabels: { app: x } }\n  template:\n    metadata: { labels: { app: x } }\n    spec: { containers: [{ name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 32Mi } } }] }\n---\napiVersion: v1\nkind: Gadget\nmetadata: { name: odd }\n`;
    const input = { yaml, namespace: "default", distribution: { clusters: [{ clusterId, replicas: 1 }] } };
    const rehearsed = accepted((await client.execute(ImportManifestsDocument, { input: { ...input, dryRun: true } })).importManifests);
    expect(rehearsed.objects).toMatchObject([{ kind: "Deployment", name, outcome: "CREATED" }, { kind: "Gadget", name: "odd", outcome: "SKIPPED" }]);
    expect((await client.execute(ApplicationIdDocument, { namespace: "default", name })).application).toBeNull();
    const real = accepted((await client.execute(ImportManifestsDocument, { input })).importManifests);
    expect((await client.waitForOperation(real.operation?.id ?? "")).state).toBe("SUCCEEDED");
    expect(accepted((await client.execute(ImportManifestsDocument, { input })).importManifests).objects).toMatchObject([{ outcome: "UNCHANGED" }, { outcome: "SKIPPED" }]);
    const broken = await client.execute(ImportManifestsDocument, { input: { ...input, yaml: "kind: Deployment\n  name: [" } });
    expect(broken.importManifests.userErrors[0]?.message).toMatch(/line \d+.*column \d+/i);
  },
  "create-api-token": async () => {
    const made = accepted((await client.execute(CreateApiTokenDocument, { input: { name: unique("reader"), role: "VIEWER" } })).createApiToken);
    const reader = server.client(made.secret ?? "");
    expect((await reader.execute(ViewerDocument)).viewer).toMatchObject({ role: "VIEWER" });
    await expect(reader.execute(CreateApiTokenDocument, { input: { name: "more", role: "OWNER" } })).rejects.toMatchObject({ code: "FORBIDDEN" });
  },
  "revoke-api-token": async () => {
    const made = accepted((await client.execute(CreateApiTokenDocument, { input: { name: unique("brief"), role: "VIEWER" } })).createApiToken);
    const { apiToken } = accepted((await client.execute(RevokeApiTokenDocument, { input: { id: made.apiToken?.id ?? "" } })).revokeApiToken);
    expect(apiToken?.revokedAt).not.toBeNull();
    await expect(server.client(made.secret ?? "").execute(ViewerDocument)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  },
  "create-tenant": async () => {
    const name = unique("tenant");
    const { tenant, ownerToken } = accepted((await client.execute(CreateTenantDocument, { input: { name } })).createTenant);
    expect(tenant).toMatchObject({ name });
    const owner = server.client(ownerToken ?? "");
    expect((await owner.execute(ViewerDocument)).viewer).toMatchObject({ role: "OWNER", tenant: { name } });
    // Another tenant's application looks like one that does not exist.
    expect((await owner.execute(ApplicationsDocument, {})).applications.totalCount).toBe(0);
    expect((await owner.execute(PodsDocument, { filter: { applicationIds: [application.id] } })).pods.totalCount).toBe(0);
  },
  "watch-operation": async () => {
    const made = await create(unique("watched"));
    const seen = await until(client.subscribe(WatchOperationDocument, { id: made.operation.id }), () => false);
    expect(seen.at(-1)?.operation).toMatchObject({ id: made.operation.id, state: "SUCCEEDED", progress: { completed: 1, total: 1, percent: 100 }, failedSteps: { totalCount: 0 } });
  },
  "watch-application": async () => {
    const made = await create(unique("mayfly"));
    await client.waitForOperation(made.operation.id);
    const stream = client.subscribe(WatchApplicationDocument, { id: made.id });
    const first = await stream.next();
    expect(first.value?.application).toMatchObject({ name: made.name, status: "RUNNING" });
    accepted((await client.execute(DeleteApplicationDocument, { input: { applicationId: made.id, confirmName: made.name } })).deleteApplication);
    const rest = await until(stream, () => false);
    expect(rest.at(-1)).toEqual({ application: null });
  },
  "watch-applications": async () => {
    const name = unique("arrival");
    const stream = client.subscribe(WatchApplicationsDocument, { filter: { namespaces: ["default"] } });
    const first = await stream.next();
    expect(first.value?.applications).toMatchObject({ snapshot: true });
    expect(first.value?.applications.upserted.map(({ id }) => id)).toContain(application.id);
    await create(name);
    const seen = await until(stream, ({ applications }) => applications.upserted.some((other) => other.name === name));
    expect(seen.at(-1)?.applications.snapshot).toBe(false);
  },
  "watch-pods": async () => {
    const made = await create(unique("podded"));
    const seen = await until(client.subscribe(WatchPodsDocument, { filter: { applicationIds: [made.id] } }), ({ pods }) => pods.upserted.some(({ ready }) => ready));
    const cursor = seen.at(-1)?.pods.cursor ?? "";
    accepted((await client.execute(ScaleApplicationDocument, { input: { applicationId: made.id, replicas: 0 } })).scaleApplication);
    const resumed = await until(client.subscribe(WatchPodsDocument, { filter: { applicationIds: [made.id] }, after: cursor }), ({ pods }) => pods.removedIds.length > 0);
    expect(resumed.map(({ pods }) => pods.snapshot)).not.toContain(true);
  },
  "watch-clusters": async () => {
    const stream = client.subscribe(WatchClustersDocument, { filter: { regionCodes: ["east-china"] } });
    const [first] = await until(stream, ({ clusters }) => clusters.complete);
    expect(first?.clusters.snapshot).toBe(true);
    expect(first?.clusters.upserted.map(({ code }) => code).toSorted()).toEqual([CLUSTER, OTHER_CLUSTER]);
  },
};

it("has a case for every documented operation, and no other", () => {
  expect(Object.keys(cases).toSorted()).toEqual(files);
});

describe("documented operations", () => {
  it.each(Object.entries(cases))("%s", async (_name, run) => run(), 60_000);
});
