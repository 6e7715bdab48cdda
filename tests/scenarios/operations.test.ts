import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  accepted,
  ApplicationDocument,
  ApplicationIdDocument,
  ApplicationManifestDocument,
  ApplicationsDocument,
  ApplicationTemplateDocument,
  CancelOperationDocument,
  ClusterDocument,
  ClusterIdDocument,
  ClustersDocument,
  ConfigMapDocument,
  ConfigMapsDocument,
  CreateApiTokenDocument,
  CreateEnrolmentTicketDocument,
  CreateApplicationDocument,
  type CreateApplicationInput,
  CreateConfigMapDocument,
  CreateNamespaceDocument,
  CreateSecretDocument,
  CreateServicesDocument,
  CreateTenantDocument,
  DeleteApplicationDocument,
  DeleteConfigMapDocument,
  DeleteNamespaceDocument,
  DeleteSecretDocument,
  DeleteServicesDocument,
  EndFaultDocument,
  FaultsDocument,
  EventsDocument,
  ImportManifestsDocument,
  InjectFaultDocument,
  NamespacesDocument,
  OperationDocument,
  type OperationRowFragment,
  OperationsDocument,
  OverviewDocument,
  PodDocument,
  PodsDocument,
  RegionsDocument,
  RestartApplicationDocument,
  RetryOperationDocument,
  RevealSecretDocument,
  RevisionsDocument,
  RevokeApiTokenDocument,
  RevokeClusterKeyDocument,
  RollBackApplicationDocument,
  RolloutDocument,
  ScaleApplicationDocument,
  SecretDocument,
  SecretsDocument,
  type SelvedgeClient,
  ServerDocument,
  ServiceDocument,
  ServicesDocument,
  StartApplicationDocument,
  StopApplicationDocument,
  TokensDocument,
  UpdateApplicationDocument,
  UpdateConfigMapDocument,
  UpdateDistributionDocument,
  UpdateSecretDocument,
  UpdateServiceDocument,
  UpgradeApplicationDocument,
  ViewerDocument,
  WatchApplicationDocument,
  WatchApplicationsDocument,
  WatchClustersDocument,
  WatchObjectsDocument,
  WatchOperationDocument,
  WatchOperationsDocument,
  WatchPodsDocument,
} from "#clients/typescript/index.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import { telemetryCases } from "#tests/support/telemetry-operations.ts";

/** Every documented operation against the real server: a file in clients/operations without a case here fails. */
const FOLDER = path.resolve(import.meta.dirname, "../../clients/operations");
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".graphql"))
  .filter((name) => /^\s*(query|mutation|subscription)\b/m.test(readFileSync(path.join(FOLDER, name), "utf8")))
  .map((name) => path.basename(name, ".graphql"))
  .toSorted();

const CLUSTER = "hangzhou-1";
const OTHER_CLUSTER = "shaoxing-1";
/** So fast that a minute, in which pods see what their Secrets have become, is three seconds. */
const SPEED = 20;

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

/** One whose pods are ready. */
async function settled(name: string, replicas = 1): Promise<Awaited<ReturnType<typeof create>>> {
  const made = await create(name, replicas);
  await succeeded(made.operation);
  return made;
}

async function succeeded(operation: { readonly id: string } | null): Promise<void> {
  if (operation === null) throw new Error("accepted without an operation");
  expect(await client.waitForOperation(operation.id)).toMatchObject({ state: "SUCCEEDED", error: null });
}

/** The input's template with another image, as an upgrade wants it: whole. */
const templateWith = (image: string): CreateApplicationInput["template"] => {
  const { template } = inputFor("any");
  return { ...template, containers: template.containers.map((container) => ({ ...container, image })) };
};
const NEWER = "docker.io/library/nginx:1.30-alpine";
/** No registry has it, so that its pods never get ready. */
const MISSING = "docker.io/library/nginx:missing";

/** Sets an upgrade in motion. */
async function upgrade(applicationId: string, image: string, message = "Newer"): Promise<OperationRowFragment> {
  const { operation } = accepted((await client.execute(UpgradeApplicationDocument, { input: { applicationId, template: templateWith(image), message } })).upgradeApplication);
  if (operation === null) throw new Error("accepted without an operation");
  return operation;
}

const find = async (name: string) => (await client.execute(ApplicationDocument, { namespace: "default", name })).application;

/** Its pods but for those that are on their way out: an operation does not wait for them. */
const stayingPods = (found: Awaited<ReturnType<typeof find>>) => found?.pods.nodes.filter(({ phase }) => phase !== "TERMINATING");

async function createConfigMap(name = unique("settings")): Promise<{ readonly id: string; readonly name: string; readonly version: number }> {
  const input = { name, namespace: "default", description: "For a test", data: [{ key: "CURRENCY", value: "CNY" }, { key: "banner.txt", value: "Tea\n" }] };
  const { configMap } = accepted((await client.execute(CreateConfigMapDocument, { input })).createConfigMap);
  if (configMap === null) throw new Error("accepted without a ConfigMap");
  return configMap;
}

async function createSecret(name = unique("key")): Promise<{ readonly id: string; readonly name: string; readonly version: number }> {
  const input = { name, namespace: "default", type: "OPAQUE" as const, data: [{ key: "token", value: TOKEN_VALUE }, { key: "extra", value: "more" }] };
  const { secret } = accepted((await client.execute(CreateSecretDocument, { input })).createSecret);
  if (secret === null) throw new Error("accepted without a Secret");
  return secret;
}
const TOKEN_VALUE = "a-value-that-no-query-shows";

/** An application that takes a variable of the ConfigMap and mounts the Secret. */
async function createUser(configMapId: string, secretId: string): Promise<Awaited<ReturnType<typeof create>>> {
  const name = unique("configured");
  const given = inputFor(name);
  const [container] = given.template.containers;
  if (container === undefined) throw new Error("no container");
  const template = {
    ...given.template,
    volumes: [{ name: "key", source: { secretId } }],
    containers: [{ ...container, env: [{ name: "CURRENCY", source: { configMapKey: { configMapId, key: "CURRENCY" } } }], volumeMounts: [{ volume: "key", mountPath: "/etc/key" }] }],
  };
  const { application: made, operation } = accepted((await client.execute(CreateApplicationDocument, { input: { ...given, template } })).createApplication);
  if (made === null || operation === null) throw new Error("accepted without an application and its operation");
  await succeeded(operation);
  return { id: made.id, name, operation };
}

/** A service of an application of its own, active on its cluster. */
async function createService(replicas = 1): Promise<{ readonly id: string; readonly name: string; readonly version: number; readonly applicationId: string }> {
  const made = await settled(unique("served"), replicas);
  const input = { name: unique("svc"), applicationId: made.id, ports: [{ name: "http", port: 8080, containerPort: 80 }] };
  const { services, operation } = accepted((await client.execute(CreateServicesDocument, { input })).createServices);
  expect(services).toMatchObject([{ name: input.name, application: { id: made.id }, cluster: { code: CLUSTER }, type: "CLUSTER_IP", ports: [{ name: "http", protocol: "TCP", port: 8080, containerPort: 80 }] }]);
  expect(operation).toMatchObject({ kind: "CREATE_SERVICE", targetName: input.name });
  await succeeded(operation);
  const [service] = services;
  if (service === undefined) throw new Error("accepted without a service");
  return { ...service, applicationId: made.id };
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
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: String(SPEED), LOG_LEVEL: "warn" } });
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
    expect(facts).toMatchObject({ simulated: true, speed: SPEED, maxPageSize: 200 });
    expect(facts.now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  },
  overview: async () => {
    const { overview } = await client.execute(OverviewDocument);
    expect(overview.applications.total).toBeGreaterThan(0);
    expect(overview.pods.total).toBe(overview.pods.running + overview.pods.other);
    expect(overview.pods.byPhase.reduce((sum, { count }) => sum + count, 0)).toBe(overview.pods.total);
    expect(overview.resources).toMatchObject({ vpcs: expect.any(Number), services: expect.any(Number), configMaps: expect.any(Number), secrets: expect.any(Number) });
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
  events: async () => {
    const { events } = await client.execute(EventsDocument, { first: 100, filter: { applicationIds: [application.id], clusterIds: [clusterId], type: "NORMAL" } });
    expect(events.nodes.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["ScalingReplicaSet", "Scheduled", "Started"]));
    expect(events.nodes.find(({ reason }) => reason === "ScalingReplicaSet")).toMatchObject({ object: `application/${application.name}`, message: "Scaled up from 0 to 2 pods", count: 1, application: { id: application.id }, cluster: { code: CLUSTER } });
    const first = await client.execute(EventsDocument, { first: 1, filter: { applicationIds: [application.id] } });
    const next = await client.execute(EventsDocument, { first: 1, after: first.events.pageInfo.endCursor, filter: { applicationIds: [application.id], keyword: "PODS" } });
    expect(next.events.nodes.map(({ id }) => id)).not.toEqual(first.events.nodes.map(({ id }) => id));
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
  "upgrade-application": async () => {
    const made = await settled(unique("upgraded"));
    const operation = await upgrade(made.id, NEWER);
    expect(operation).toMatchObject({ kind: "UPGRADE_APPLICATION", targetName: made.name });
    await succeeded(operation);
    const found = await find(made.name);
    expect(found).toMatchObject({ status: "RUNNING", currentRevision: { number: 2, message: "Newer", template: { containers: [{ image: NEWER }] } }, replicas: { ready: 1, updated: 1 } });
    expect(stayingPods(found)?.map(({ revision }) => revision.number)).toEqual([2]);
    const late = await client.execute(UpgradeApplicationDocument, { input: { applicationId: made.id, template: templateWith(NEWER), expectedVersion: 1 } });
    expect(late.upgradeApplication.userErrors).toMatchObject([{ code: "CONFLICT" }]);
  },
  "roll-back-application": async () => {
    const made = await settled(unique("undone"));
    await succeeded(await upgrade(made.id, NEWER));
    const { operation } = accepted((await client.execute(RollBackApplicationDocument, { input: { applicationId: made.id } })).rollBackApplication);
    expect(operation).toMatchObject({ kind: "ROLL_BACK_APPLICATION" });
    await succeeded(operation);
    const found = await find(made.name);
    expect(found?.currentRevision.number).toBe(1);
    expect(stayingPods(found)).toMatchObject([{ revision: { number: 1 }, ready: true }]);
    const nowhere = await client.execute(RollBackApplicationDocument, { input: { applicationId: made.id, toRevision: 99 } });
    expect(nowhere.rollBackApplication.userErrors).toMatchObject([{ path: ["input", "toRevision"] }]);
  },
  "stop-application": async () => {
    const made = await settled(unique("stopped"));
    const { operation } = accepted((await client.execute(StopApplicationDocument, { input: { applicationId: made.id } })).stopApplication);
    expect(operation).toMatchObject({ kind: "STOP_APPLICATION" });
    await succeeded(operation);
    const found = await find(made.name);
    expect(found).toMatchObject({ status: "STOPPED", replicas: { desired: 0, ready: 0 } });
    expect(stayingPods(found)).toEqual([]);
    const scaled = await client.execute(ScaleApplicationDocument, { input: { applicationId: made.id, replicas: 2 } });
    expect(scaled.scaleApplication.userErrors).toMatchObject([{ code: "INVALID_STATE" }]);
  },
  "start-application": async () => {
    const made = await settled(unique("started"), 2);
    await succeeded(accepted((await client.execute(StopApplicationDocument, { input: { applicationId: made.id } })).stopApplication).operation);
    const { operation } = accepted((await client.execute(StartApplicationDocument, { input: { applicationId: made.id } })).startApplication);
    expect(operation).toMatchObject({ kind: "START_APPLICATION" });
    await succeeded(operation);
    expect(await find(made.name)).toMatchObject({ status: "RUNNING", replicas: { desired: 2, ready: 2 } });
  },
  "restart-application": async () => {
    const made = await settled(unique("restarted"));
    const before = await find(made.name);
    const { operation } = accepted((await client.execute(RestartApplicationDocument, { input: { applicationId: made.id } })).restartApplication);
    expect(operation).toMatchObject({ kind: "RESTART_APPLICATION" });
    await succeeded(operation);
    const after = await find(made.name);
    expect(after?.currentRevision.number).toBe(1);
    expect(stayingPods(after)).toMatchObject([{ ready: true }]);
    expect(stayingPods(after)?.[0]?.id).not.toBe(stayingPods(before)?.[0]?.id);
  },
  "cancel-operation": async () => {
    const made = await settled(unique("cancelled"));
    const under = await upgrade(made.id, MISSING);
    const { operation } = accepted((await client.execute(CancelOperationDocument, { input: { operationId: under.id } })).cancelOperation);
    expect(operation?.id).toBe(under.id);
    expect(await client.waitForOperation(under.id)).toMatchObject({ state: "CANCELLED" });
    expect(await find(made.name)).toMatchObject({ currentRevision: { number: 1 }, replicas: { ready: 1, updated: 1 } });
    const again = await client.execute(CancelOperationDocument, { input: { operationId: under.id } });
    expect(again.cancelOperation.userErrors).toMatchObject([{ code: "INVALID_STATE" }]);
  },
  "retry-operation": async () => {
    const { retryOperation } = await client.execute(RetryOperationDocument, { input: { operationId: creation.id } });
    expect(retryOperation).toMatchObject({ operation: null, userErrors: [{ code: "INVALID_STATE" }] });
  },
  rollout: async () => {
    const made = await settled(unique("rolled"));
    expect((await client.execute(RolloutDocument, { namespace: "default", name: made.name })).application).toMatchObject({ rollout: null, allPlacements: { totalCount: 1 }, operations: { nodes: [{ id: made.operation.id }] } });
    const operation = await upgrade(made.id, NEWER);
    await succeeded(operation);
    const { application: found } = await client.execute(RolloutDocument, { namespace: "default", name: made.name });
    expect(found?.rollout).toMatchObject({ state: "SUCCEEDED", from: { number: 1 }, to: { number: 2, message: "Newer" }, updated: 1, total: 1, reason: null, autoRollback: true, operation: { id: operation.id } });
    expect(found?.rollout?.operation?.steps.nodes).toMatchObject([{ state: "SUCCEEDED", cluster: { code: CLUSTER } }]);
    expect(found?.allPlacements.nodes).toMatchObject([{ cluster: { code: CLUSTER }, replicas: { ready: 1, updated: 1 }, revision: { number: 2 } }]);
  },
  revisions: async () => {
    const made = await settled(unique("revised"));
    await upgrade(made.id, NEWER);
    const { application: found } = await client.execute(RevisionsDocument, { namespace: "default", name: made.name, first: 1 });
    expect(found).toMatchObject({ currentRevision: { number: 2 }, revisions: { totalCount: 2, nodes: [{ number: 2, message: "Newer" }], pageInfo: { hasNextPage: true } } });
    expect(found?.revisions.nodes[0]?.changes).toMatchObject([{ path: expect.stringContaining("image"), before: "docker.io/library/nginx:1.29-alpine", after: NEWER }]);
    const next = await client.execute(RevisionsDocument, { namespace: "default", name: made.name, after: found?.revisions.pageInfo.endCursor ?? null });
    expect(next.application?.revisions.nodes).toMatchObject([{ number: 1, changes: [] }]);
  },
  "application-manifest": async () => {
    const { application: found } = await client.execute(ApplicationManifestDocument, { namespace: "default", name: application.name });
    expect(found).toMatchObject({ name: application.name, placements: { totalCount: 1, nodes: [{ cluster: { code: CLUSTER }, replicas: { desired: 2 } }] } });
    const input = { yaml: found?.manifest ?? "", namespace: "default", distribution: { clusters: [{ clusterId, replicas: 2 }] }, dryRun: true };
    const { objects } = accepted((await client.execute(ImportManifestsDocument, { input })).importManifests);
    expect(objects).toMatchObject([{ kind: "Deployment", name: application.name, outcome: "UNCHANGED", warnings: [] }]);
  },
  "application-template": async () => {
    const { application: found } = await client.execute(ApplicationTemplateDocument, { namespace: "default", name: application.name });
    expect(found).toMatchObject({ id: application.id, version: expect.any(Number), revision: { number: 1 } });
    expect(found?.revision.template).toMatchObject({
      runtime: "RUNC", terminationGracePeriodSeconds: 30, volumes: [], imagePullSecrets: [], affinity: [], logCollection: [],
      containers: [{ name: "web", cpuMillis: 50, ports: [{ name: "http", containerPort: 80, protocol: "TCP" }], env: [{ name: "GREETING", value: "hello", configMapKey: null, secretKey: null }], livenessProbe: null, readinessProbe: null, lifecycle: null, volumeMounts: [] }],
    });
  },
  "create-config-map": async () => {
    const made = await createConfigMap();
    expect(made).toMatchObject({ version: 1 });
    const again = await client.execute(CreateConfigMapDocument, { input: { name: made.name, namespace: "default", data: [] } });
    expect(again.createConfigMap.userErrors).toMatchObject([{ code: "ALREADY_EXISTS", path: ["input", "name"] }]);
  },
  "update-config-map": async () => {
    const [configMap, secret] = [await createConfigMap(), await createSecret()];
    await createUser(configMap.id, secret.id);
    const update = async (data: { key: string; value: string }[]) => (await client.execute(UpdateConfigMapDocument, { input: { configMapId: configMap.id, data } })).updateConfigMap;
    const { operation, configMap: changed } = accepted(await update([{ key: "CURRENCY", value: "EUR" }]));
    expect(changed).toMatchObject({ keys: ["CURRENCY"], version: 2 });
    expect(operation).toMatchObject({ kind: "UPDATE_CONFIG", targetName: configMap.name });
    await succeeded(operation);
    // A variable takes this key.
    expect((await update([])).userErrors).toMatchObject([{ code: "IN_USE" }]);
  },
  "delete-config-map": async () => {
    const made = await createConfigMap();
    const { deletedId } = accepted((await client.execute(DeleteConfigMapDocument, { input: { id: made.id } })).deleteConfigMap);
    expect(deletedId).toBe(made.id);
    expect((await client.execute(ConfigMapDocument, { namespace: "default", name: made.name })).configMaps.nodes).toEqual([]);
  },
  "config-map": async () => {
    const [configMap, secret] = [await createConfigMap(), await createSecret()];
    const user = await createUser(configMap.id, secret.id);
    const { configMaps } = await client.execute(ConfigMapDocument, { namespace: "default", name: configMap.name });
    expect(configMaps.nodes).toMatchObject([
      { id: configMap.id, description: "For a test", keys: ["CURRENCY", "banner.txt"], data: [{ key: "CURRENCY", value: "CNY" }, { key: "banner.txt", value: "Tea\n" }], usedBy: { totalCount: 1 }, users: { totalCount: 1, nodes: [{ id: user.id, name: user.name }] } },
    ]);
    const inUse = await client.execute(DeleteConfigMapDocument, { input: { id: configMap.id } });
    expect(inUse.deleteConfigMap.userErrors).toMatchObject([{ __typename: "InUseError", code: "IN_USE" }]);
  },
  "config-maps": async () => {
    const made = await createConfigMap();
    const { configMaps } = await client.execute(ConfigMapsDocument, { filter: { names: [made.name], namespaces: ["default"] } });
    expect(configMaps).toMatchObject({ totalCount: 1, nodes: [{ id: made.id, namespace: { name: "default" }, usedBy: { totalCount: 0 } }] });
    expect((await client.execute(ConfigMapsDocument, { first: 1 })).configMaps.nodes).toHaveLength(1);
  },
  "create-secret": async () => {
    const made = await createSecret();
    expect(made).toMatchObject({ version: 1 });
    expect(JSON.stringify(made)).not.toContain(TOKEN_VALUE);
    const torn = await client.execute(CreateSecretDocument, { input: { name: unique("tls"), namespace: "default", type: "TLS", data: [{ key: "tls.crt", value: "no certificate" }] } });
    expect(torn.createSecret).toMatchObject({ secret: null, userErrors: [{ code: "INVALID_ARGUMENT" }] });
  },
  "update-secret": async () => {
    const [configMap, secret] = [await createConfigMap(), await createSecret()];
    await createUser(configMap.id, secret.id);
    const input = { secretId: secret.id, data: [{ key: "token", value: "another" }], removeKeys: ["extra"], expectedVersion: secret.version };
    const { operation, secret: changed } = accepted((await client.execute(UpdateSecretDocument, { input })).updateSecret);
    expect(changed).toMatchObject({ keys: ["token"], version: 2 });
    expect(operation).toMatchObject({ kind: "UPDATE_CONFIG", targetName: secret.name });
    await succeeded(operation);
    expect((await client.execute(UpdateSecretDocument, { input })).updateSecret.userErrors).toMatchObject([{ code: "CONFLICT" }]);
  },
  "delete-secret": async () => {
    const made = await createSecret();
    const { deletedId } = accepted((await client.execute(DeleteSecretDocument, { input: { id: made.id } })).deleteSecret);
    expect(deletedId).toBe(made.id);
    expect((await client.execute(SecretDocument, { namespace: "default", name: made.name })).secrets.nodes).toEqual([]);
  },
  secret: async () => {
    const made = await createSecret();
    const found = await client.execute(SecretDocument, { namespace: "default", name: made.name });
    expect(found.secrets.nodes).toMatchObject([{ id: made.id, type: "OPAQUE", keys: ["extra", "token"], users: { totalCount: 0, nodes: [] } }]);
    expect(JSON.stringify(found)).not.toContain(TOKEN_VALUE);
  },
  secrets: async () => {
    const made = await createSecret();
    const { secrets } = await client.execute(SecretsDocument, { filter: { names: [made.name] } });
    expect(secrets).toMatchObject({ totalCount: 1, nodes: [{ id: made.id, type: "OPAQUE", keys: ["extra", "token"] }] });
  },
  "reveal-secret": async () => {
    const made = await createSecret();
    const { data } = accepted((await client.execute(RevealSecretDocument, { input: { id: made.id, keys: ["token"] } })).revealSecret);
    expect(data).toEqual([{ key: "token", value: TOKEN_VALUE }]);
    const { secret: reader } = accepted((await client.execute(CreateApiTokenDocument, { input: { name: unique("reader"), role: "VIEWER" } })).createApiToken);
    await expect(server.client(reader ?? "").execute(RevealSecretDocument, { input: { id: made.id } })).rejects.toMatchObject({ code: "FORBIDDEN" });
  },
  "create-services": async () => {
    const made = await createService();
    const input = { name: made.name, applicationId: made.applicationId, ports: [{ name: "http", port: 80, containerPort: 80 }] };
    expect((await client.execute(CreateServicesDocument, { input })).createServices.userErrors).toMatchObject([{ code: "ALREADY_EXISTS" }]);
  },
  "update-service": async () => {
    const made = await createService();
    const input = { serviceId: made.id, ports: [{ name: "http", port: 9090, containerPort: 80 }], expectedVersion: made.version };
    const { services, operation } = accepted((await client.execute(UpdateServiceDocument, { input })).updateService);
    expect(services).toMatchObject([{ id: made.id, version: made.version + 1, ports: [{ port: 9090 }] }]);
    expect(operation).toMatchObject({ kind: "UPDATE_SERVICE" });
    await succeeded(operation);
    expect((await client.execute(UpdateServiceDocument, { input })).updateService.userErrors).toMatchObject([{ code: "CONFLICT" }]);
  },
  "delete-services": async () => {
    const made = await createService();
    const { results } = (await client.execute(DeleteServicesDocument, { input: { ids: [made.id, "Service.00000000-0000-0000-0000-000000000000"] } })).deleteServices;
    expect(results).toMatchObject([{ id: made.id, ok: true, userErrors: [] }, { ok: false, operation: null, userErrors: [{ code: "NOT_FOUND" }] }]);
    await succeeded(results[0]?.operation ?? null);
    expect((await client.execute(ServicesDocument, { filter: { names: [made.name] } })).services.totalCount).toBe(0);
  },
  service: async () => {
    const made = await createService(2);
    const { services } = await client.execute(ServiceDocument, { namespace: "default", name: made.name });
    expect(services).toMatchObject({ totalCount: 1, nodes: [{ id: made.id, status: "ACTIVE", vpc: { name: "default-vpc" }, endpoints: { totalCount: 2 } }] });
    const { pods } = await client.execute(PodsDocument, { filter: { applicationIds: [made.applicationId] } });
    const behind = services.nodes[0]?.endpoints.nodes.map(({ address, ready, pod }) => ({ address, ready, pod: pod.id })) ?? [];
    expect(behind.toSorted((a, b) => (a.pod < b.pod ? -1 : 1))).toEqual(pods.nodes.map(({ id, privateIp }) => ({ address: privateIp, ready: true, pod: id })).toSorted((a, b) => (a.pod < b.pod ? -1 : 1)));
    expect((await client.execute(ServiceDocument, { namespace: "default", name: made.name, clusterIds: [otherClusterId] })).services.nodes).toEqual([]);
  },
  services: async () => {
    const made = await createService();
    const { services } = await client.execute(ServicesDocument, { filter: { applicationIds: [made.applicationId], clusterIds: [clusterId], statuses: ["ACTIVE"] } });
    expect(services).toMatchObject({ totalCount: 1, nodes: [{ id: made.id, clusterIp: expect.stringMatching(/^100\.96\.\d+\.\d+$/), application: { id: made.applicationId } }] });
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
  "create-enrolment-ticket": async () => {
    const made = accepted((await client.execute(CreateEnrolmentTicketDocument, { input: { clusterCodes: ["edge-1", "edge-2"] } })).createEnrolmentTicket);
    expect(made).toMatchObject({ ticket: expect.stringMatching(/^slvt_/), clusterCodes: ["edge-1", "edge-2"], maxClusters: 2 });
  },
  "revoke-cluster-key": async () => {
    // Those of this server are in its own process, and have none.
    const { revokeClusterKey } = await client.execute(RevokeClusterKeyDocument, { input: { clusterCode: OTHER_CLUSTER } });
    expect(revokeClusterKey).toMatchObject({ cluster: null, userErrors: [{ __typename: "NotFoundError", path: ["input", "clusterCode"] }] });
  },
  faults: async () => {
    const { fault } = accepted((await client.execute(InjectFaultDocument, { input: { kind: "SLOW_IMAGE_PULL", clusterId: otherClusterId, durationSeconds: 3_600, seed: 7 } })).injectFault);
    const { faults } = await client.execute(FaultsDocument);
    expect(faults).toContainEqual({ ...fault, kind: "SLOW_IMAGE_PULL", target: { __typename: "Cluster", id: otherClusterId, code: OTHER_CLUSTER }, mode: null, seed: 7 });
    accepted((await client.execute(EndFaultDocument, { input: { faultId: fault?.id ?? "" } })).endFault);
  },
  "inject-fault": async () => {
    const input = { kind: "DISCONNECT_CLUSTER" as const, clusterId: otherClusterId, durationSeconds: 1, mode: "TO_CENTRE" as const, idempotencyKey: randomUUID() };
    const { fault } = accepted((await client.execute(InjectFaultDocument, { input })).injectFault);
    expect(fault).toMatchObject({ kind: "DISCONNECT_CLUSTER", mode: "TO_CENTRE", cluster: { code: OTHER_CLUSTER } });
    expect(accepted((await client.execute(InjectFaultDocument, { input })).injectFault).fault).toEqual(fault);
    const { injectFault } = await client.execute(InjectFaultDocument, { input: { kind: "FAIL_NODE", clusterId, durationSeconds: 100_000 } });
    expect(injectFault).toMatchObject({ fault: null, userErrors: [{ path: ["input", "clusterId"] }, { path: ["input", "nodeId"] }, { path: ["input", "durationSeconds"] }] });
  },
  "end-fault": async () => {
    const { fault } = accepted((await client.execute(InjectFaultDocument, { input: { kind: "RECLAIM_SPOT", clusterId: otherClusterId, durationSeconds: 3_600 } })).injectFault);
    const ended = accepted((await client.execute(EndFaultDocument, { input: { faultId: fault?.id ?? "" } })).endFault);
    expect(Date.parse(ended.fault?.endsAt ?? "")).toBeLessThan(Date.parse(fault?.endsAt ?? ""));
    expect((await client.execute(FaultsDocument)).faults.map(({ id }) => id)).not.toContain(fault?.id);
  },
  ...telemetryCases({ client: () => client, application: () => application, clusterId: () => clusterId, clusterCode: CLUSTER }),
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
  "watch-operations": async () => {
    const stream = client.subscribe(WatchOperationsDocument, { filter: { kinds: ["CREATE_APPLICATION"] } });
    const first = await until(stream, ({ operations }) => operations.complete);
    expect(first[0]?.operations.snapshot).toBe(true);
    expect(first.flatMap(({ operations }) => operations.upserted.map(({ id }) => id))).toContain(creation.id);
    const resumed = client.subscribe(WatchOperationsDocument, { filter: { kinds: ["CREATE_APPLICATION"] }, after: first.at(-1)?.operations.cursor ?? null });
    const made = await create(unique("announced"));
    const seen = await until(resumed, ({ operations }) => operations.upserted.some(({ id, state }) => id === made.operation.id && state === "SUCCEEDED"));
    expect(seen.map(({ operations }) => operations.snapshot)).not.toContain(true);
  },
  "watch-objects": async () => {
    const configMap = await createConfigMap();
    const stream = client.subscribe(WatchObjectsDocument, { ids: [configMap.id, application.id] });
    const first = await stream.next();
    expect(first.value?.watch).toMatchObject({ snapshot: true });
    expect(first.value?.watch.upserted).toEqual(
      expect.arrayContaining([expect.objectContaining({ __typename: "ConfigMap", id: configMap.id, version: 1 }), expect.objectContaining({ __typename: "Application", id: application.id, applicationStatus: "RUNNING" })]),
    );
    accepted((await client.execute(UpdateConfigMapDocument, { input: { configMapId: configMap.id, description: "Changed" } })).updateConfigMap);
    await until(stream, ({ watch }) => watch.upserted.some((object) => object.__typename === "ConfigMap" && object.version === 2));
    const again = client.subscribe(WatchObjectsDocument, { ids: [configMap.id] });
    await again.next();
    accepted((await client.execute(DeleteConfigMapDocument, { input: { id: configMap.id } })).deleteConfigMap);
    const seen = await until(again, ({ watch }) => watch.removedIds.length > 0);
    expect(seen.at(-1)?.watch.removedIds).toEqual([configMap.id]);
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
