/** The whole of a pod template, in and out as clients see it: each member, its references, its refusals, and the manifest that says the same. */
import { type ExecutionResult, graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { createFixture, must, type TestCluster, type TestTenant } from "../services/fixture.ts";
import { raise } from "#tests/support/reading.ts";

const fixture = await createFixture(4);
const { services } = fixture;
const { pool } = await fixture.database.openAs("selvedge_api", 4);
afterAll(() => fixture.close());
const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

type Data = ReturnType<typeof JSON.parse>;
async function run(actor: Actor, source: string, variableValues: object = {}): Promise<Data> {
  const result: ExecutionResult = await graphql({
    schema,
    source,
    variableValues: variableValues as Record<string, unknown>,
    contextValue: { actor, clock, read: reads.reader(actor), services, live: {}, server: {} },
  });
  if (result.errors) throw new Error(JSON.stringify(result.errors.map(({ message, path }) => ({ message, path }))));
  return result.data as Data;
}

const PROBE = `{ handler { __typename ... on HttpGetProbe { path port headers { name value } } ... on TcpSocketProbe { port } ... on ExecProbe { command } ... on GrpcProbe { port service } }
  initialDelaySeconds periodSeconds timeoutSeconds successThreshold failureThreshold }`;
const TEMPLATE = `runtime labels { key value } terminationGracePeriodSeconds
  volumes { name source { __typename ... on EmptyDirVolume { sizeLimitMiB } ... on ConfigMapVolume { name configMap { id keys } } ... on SecretVolume { name secret { id keys } } } }
  imagePullSecrets { name secret { id type } } affinity { kind required weight topology labels { key value } } logCollection { container path }
  containers { name env { name value configMapKey { name key configMap { id name } } secretKey { name key secret { id name } } } livenessProbe ${PROBE} readinessProbe ${PROBE}
    lifecycle { postStart preStop } volumeMounts { volume mountPath readOnly } }`;
const CREATE = `mutation ($input: CreateApplicationInput!) { createApplication(input: $input) { application { id manifest revision { template { ${TEMPLATE} } } } userErrors { code path message } } }`;

let tenant: TestTenant;
let cluster: TestCluster;
const ids: Record<string, string> = {};
beforeAll(async () => {
  tenant = await fixture.tenant();
  cluster = await fixture.cluster();
  await fixture.namespace(tenant, "other");
  const config = async (name: string, namespace = "default"): Promise<string> =>
    globalId("ConfigMap", must(await services.configMaps.create(tenant.actor, { name, namespace, data: [{ key: "mode", value: "fast" }, { key: "app.conf", value: "a: 1" }] })).configMapId);
  const secret = async (name: string, type: "OPAQUE" | "REGISTRY", keys: readonly string[]): Promise<string> =>
    globalId("Secret", must(await services.secrets.create(tenant.actor, { name, namespace: "default", type, data: keys.map((key) => ({ key, value: "canary-9c9c" })) })).secretId);
  ids["settings"] = await config("settings");
  ids["elsewhere"] = await config("elsewhere", "other");
  ids["login"] = await secret("login", "OPAQUE", ["password"]);
  ids["registry"] = await secret("registry", "REGISTRY", ["server", "username", "password"]);
});

const input = (name: string, template: object, container: object = {}): object => ({
  input: {
    name,
    namespace: "default",
    distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1 }] },
    template: { containers: [{ name: "server", image: "nginx", cpuMillis: 1, memoryMiB: 1, ...container }], ...template },
  },
});
const whole = (): [object, object] => [
  {
    runtime: "SANDBOX",
    labels: [{ key: "tier", value: "front" }, { key: "7", value: "seven" }],
    volumes: [{ name: "scratch", source: { emptyDir: { sizeLimitMiB: 64 } } }, { name: "conf", source: { configMapId: ids["settings"] } }, { name: "key", source: { secretId: ids["login"] } }],
    imagePullSecretIds: [ids["registry"]],
    affinity: [
      { kind: "APPLICATION_ANTI", required: true, topology: "NODE", labels: [{ key: "tier", value: "front" }, { key: "7", value: "seven" }] },
      { kind: "NODE", weight: 20, topology: "CLUSTER", labels: [{ key: "selvedge.io/tier", value: "EDGE" }] },
    ],
    logCollection: [{ container: "server" }, { container: "server", path: "/var/log/*.log" }],
  },
  {
    env: [
      { name: "PLAIN", source: { value: "yes" } },
      { name: "MODE", source: { configMapKey: { configMapId: ids["settings"], key: "mode" } } },
      { name: "PASSWORD", source: { secretKey: { secretId: ids["login"], key: "password" } } },
    ],
    livenessProbe: { handler: { httpGet: { path: "/healthz", port: 80, headers: [{ name: "X-Probe", value: "1" }] } }, failureThreshold: 5 },
    readinessProbe: { handler: { grpc: { port: 9000 } }, initialDelaySeconds: 3, periodSeconds: 4, timeoutSeconds: 2, successThreshold: 2, failureThreshold: 1 },
    lifecycle: { preStop: ["sh", "-c", "sleep 1"] },
    volumeMounts: [{ volume: "scratch", mountPath: "/tmp/x", readOnly: false }, { volume: "conf", mountPath: "/conf" }, { volume: "key", mountPath: "/key" }],
  },
];

test("everything that is asked for is kept and read back, with what it refers to", async () => {
  const { createApplication: made } = await run(tenant.actor, CREATE, input("whole", ...whole()));
  expect(made.userErrors).toEqual([]);
  expect(made.application.revision.template).toEqual({
    runtime: "SANDBOX",
    labels: [{ key: "tier", value: "front" }, { key: "7", value: "seven" }],
    terminationGracePeriodSeconds: 30,
    volumes: [
      { name: "scratch", source: { __typename: "EmptyDirVolume", sizeLimitMiB: 64 } },
      { name: "conf", source: { __typename: "ConfigMapVolume", name: "settings", configMap: { id: ids["settings"], keys: ["app.conf", "mode"] } } },
      { name: "key", source: { __typename: "SecretVolume", name: "login", secret: { id: ids["login"], keys: ["password"] } } },
    ],
    imagePullSecrets: [{ name: "registry", secret: { id: ids["registry"], type: "REGISTRY" } }],
    affinity: [
      { kind: "APPLICATION_ANTI", required: true, weight: 1, topology: "NODE", labels: [{ key: "tier", value: "front" }, { key: "7", value: "seven" }] },
      { kind: "NODE", required: false, weight: 20, topology: "CLUSTER", labels: [{ key: "selvedge.io/tier", value: "EDGE" }] },
    ],
    logCollection: [{ container: "server", path: null }, { container: "server", path: "/var/log/*.log" }],
    containers: [
      {
        name: "server",
        env: [
          { name: "PLAIN", value: "yes", configMapKey: null, secretKey: null },
          { name: "MODE", value: null, configMapKey: { name: "settings", key: "mode", configMap: { id: ids["settings"], name: "settings" } }, secretKey: null },
          { name: "PASSWORD", value: null, configMapKey: null, secretKey: { name: "login", key: "password", secret: { id: ids["login"], name: "login" } } },
        ],
        livenessProbe: {
          handler: { __typename: "HttpGetProbe", path: "/healthz", port: 80, headers: [{ name: "X-Probe", value: "1" }] },
          initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 5,
        },
        readinessProbe: { handler: { __typename: "GrpcProbe", port: 9000, service: null }, initialDelaySeconds: 3, periodSeconds: 4, timeoutSeconds: 2, successThreshold: 2, failureThreshold: 1 },
        lifecycle: { postStart: null, preStop: ["sh", "-c", "sleep 1"] },
        volumeMounts: [{ volume: "scratch", mountPath: "/tmp/x", readOnly: false }, { volume: "conf", mountPath: "/conf", readOnly: true }, { volume: "key", mountPath: "/key", readOnly: true }],
      },
    ],
  });
});

test("what is left out is null, or an empty list", async () => {
  const { createApplication: made } = await run(tenant.actor, CREATE, input("bare", {}));
  expect(made.application.revision.template).toEqual({
    runtime: "RUNC", labels: [], terminationGracePeriodSeconds: 30, volumes: [], imagePullSecrets: [], affinity: [], logCollection: [],
    containers: [{ name: "server", env: [], livenessProbe: null, readinessProbe: null, lifecycle: null, volumeMounts: [] }],
  });
  const { rows } = await fixture.admin.query("select r.template from revision r join application a on a.id = r.application_id where a.tenant_id = $1 and a.name = 'bare'", [tenant.id]);
  // A template without what came later has the hash that it always had.
  expect(Object.keys(rows[0].template).toSorted()).toEqual(["containers", "labels", "runtime", "terminationGracePeriodSeconds"]);
  expect(Object.keys(rows[0].template.containers[0]).toSorted()).toEqual(["args", "command", "cpuMillis", "env", "image", "memoryMiB", "name", "ports", "stdin", "tty"]);
});

test("what a revision refers to is null once it is gone, and its name stays", async () => {
  const { rows } = await fixture.admin.query<{ id: string }>("select id from namespace where tenant_id = $1 and name = 'default'", [tenant.id]);
  const { configMapId } = must(await services.configMaps.create(tenant.actor, { name: "passing", namespace: "default", data: [{ key: "k", value: "v" }] }));
  const reference = globalId("ConfigMap", configMapId);
  const { createApplication: made } = await run(tenant.actor, CREATE, input("orphan", { volumes: [{ name: "v", source: { configMapId: reference } }] }, { env: [{ name: "A", source: { configMapKey: { configMapId: reference, key: "k" } } }] }));
  expect(made.userErrors).toEqual([]);
  await fixture.admin.query("delete from config_map where tenant_id = $1 and namespace_id = $2 and name = 'passing'", [tenant.id, rows[0]?.id]);
  const { application } = await run(tenant.actor, `query ($id: ID!) { application(id: $id) { revision { template { ${TEMPLATE} } } } }`, { id: made.application.id });
  expect(application.revision.template).toMatchObject({
    volumes: [{ source: { name: "passing", configMap: null } }],
    containers: [{ env: [{ configMapKey: { name: "passing", key: "k", configMap: null } }] }],
  });
});

describe("references are refused at submission, each at its place", () => {
  const at = ["input", "template"];
  const container = [...at, "containers", "0"];
  const cases: [string, () => [object, object], string, string[]][] = [
    ["a ConfigMap that is not there", () => [{ volumes: [{ name: "v", source: { configMapId: globalId("ConfigMap", "00000000-0000-7000-8000-000000000000") } }] }, {}], "NOT_FOUND", [...at, "volumes", "0", "source", "configMapId"]],
    ["a ConfigMap of another namespace", () => [{ volumes: [{ name: "v", source: { configMapId: ids["elsewhere"] } }] }, {}], "NOT_FOUND", [...at, "volumes", "0", "source", "configMapId"]],
    ["the id of a ConfigMap for a Secret", () => [{ volumes: [{ name: "v", source: { secretId: ids["settings"] } }] }, {}], "NOT_FOUND", [...at, "volumes", "0", "source", "secretId"]],
    ["a key that a ConfigMap has not", () => [{}, { env: [{ name: "A", source: { configMapKey: { configMapId: ids["settings"], key: "none" } } }] }], "NOT_FOUND", [...container, "env", "0", "source", "configMapKey", "key"]],
    ["a key that a Secret has not", () => [{}, { env: [{ name: "A", source: { secretKey: { secretId: ids["login"], key: "user" } } }] }], "NOT_FOUND", [...container, "env", "0", "source", "secretKey", "key"]],
    ["a pull secret of another type", () => [{ imagePullSecretIds: [ids["login"]] }, {}], "INVALID_ARGUMENT", [...at, "imagePullSecretIds", "0"]],
    ["an affinity without labels", () => [{ affinity: [{ kind: "NODE", topology: "NODE", labels: [] }] }, {}], "INVALID_ARGUMENT", [...at, "affinity", "0", "labels"]],
    ["an affinity to a label that clusters don't have", () => [{ affinity: [{ kind: "NODE", topology: "CLUSTER", labels: [{ key: "disk", value: "ssd" }] }] }, {}], "INVALID_ARGUMENT", [...at, "affinity", "0", "labels", "0", "key"]],
    ["a pull secret given twice", () => [{ imagePullSecretIds: [ids["registry"], ids["registry"]] }, {}], "INVALID_ARGUMENT", [...at, "imagePullSecretIds", "1"]],
    ["a probe without an end", () => [{}, { livenessProbe: { handler: { exec: { command: [] } }, periodSeconds: 0 } }], "INVALID_ARGUMENT", [...container, "livenessProbe", "periodSeconds"]],
    ["a Secret to write to", () => [{ volumes: [{ name: "v", source: { secretId: ids["login"] } }] }, { volumeMounts: [{ volume: "v", mountPath: "/v", readOnly: false }] }], "INVALID_ARGUMENT", [...container, "volumeMounts", "0", "readOnly"]],
  ];
  test.each(cases)("%s", async (_, parts, code, path) => {
    const { createApplication: refused } = await run(tenant.actor, CREATE, input("refused", ...parts()));
    expect(refused.application).toBeNull();
    expect(refused.userErrors[0]).toMatchObject({ code, path });
    expect(JSON.stringify(refused)).not.toContain("canary-9c9c");
  });

  test("an environment variable of two sources is no input at all", async () => {
    const two = { env: [{ name: "A", source: { value: "a", secretKey: { secretId: ids["login"], key: "password" } } }] };
    await expect(run(tenant.actor, CREATE, input("refused", {}, two))).rejects.toThrow(/EnvSourceInput/);
  });
});

describe("the manifest", () => {
  const importing = (yaml: string, namespace = "default", dryRun = false): object => ({
    input: { yaml, namespace, dryRun, distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1 }] } },
  });
  const IMPORT = "mutation ($input: ImportManifestsInput!) { importManifests(input: $input) { objects { kind outcome message warnings object { __typename id } } userErrors { message } } }";
  const manifestOf = async (actor: Actor, name: string): Promise<{ id: string; version: number; description: string; manifest: string; again: string }> =>
    (await run(actor, "query ($name: String) { application(namespace: \"default\", name: $name) { id version description manifest again: manifest } }", { name })).application;

  test("imported again, changes nothing: it is the same application", async () => {
    const { createApplication: made } = await run(tenant.actor, CREATE, { input: { ...(input("same", ...whole()) as { input: object }).input, description: "A shop: 1", labels: [{ key: "b", value: "1" }, { key: "2", value: "" }], updateStrategy: { maxSurge: { count: 1 } } } });
    const { id, manifest, again, version } = await manifestOf(tenant.actor, "same");
    expect([id, manifest, again]).toEqual([made.application.id, made.application.manifest, manifest]);
    expect(manifest).not.toContain("canary-9c9c");
    const { importManifests } = await run(tenant.actor, IMPORT, importing(manifest));
    expect(importManifests).toEqual({ userErrors: [], objects: [{ kind: "Deployment", outcome: "UNCHANGED", message: null, warnings: [], object: { __typename: "Application", id } }] });
    expect((await manifestOf(tenant.actor, "same")).version).toBe(version);
  });

  test("imported under another name, makes an application with the same manifest but for the name", async () => {
    const { manifest } = await manifestOf(tenant.actor, "same");
    const { importManifests } = await run(tenant.actor, IMPORT, importing(manifest.replace("name: same", "name: twin")));
    expect(importManifests.objects).toMatchObject([{ outcome: "CREATED", warnings: [] }]);
    const twin = await manifestOf(tenant.actor, "twin");
    expect(twin.description).toBe("A shop: 1");
    const sorted = (text: string): string[] => text.split("\n").toSorted();
    expect(sorted(twin.manifest.replace("name: twin", "name: same"))).toEqual(sorted(manifest));
  });

  test("changed, changes just that; another description with it, and none keeps it", async () => {
    const { manifest, version } = await manifestOf(tenant.actor, "twin");
    const { importManifests } = await run(tenant.actor, IMPORT, importing(manifest.replace("A shop: 1", "Another").replace("failureThreshold: 5", "failureThreshold: 6")));
    expect(importManifests.objects).toMatchObject([{ outcome: "UPDATED" }]);
    const changed = await manifestOf(tenant.actor, "twin");
    expect(changed).toMatchObject({ version: version + 1, description: "Another" });
    expect(changed.manifest).toContain("failureThreshold: 6");
    const silent = changed.manifest.replace(/\n {2}annotations:\n.*description.*\n/, "\n");
    expect(silent).not.toBe(changed.manifest);
    expect((await run(tenant.actor, IMPORT, importing(silent))).importManifests.objects).toMatchObject([{ outcome: "UNCHANGED" }]);
    expect((await manifestOf(tenant.actor, "twin")).description).toBe("Another");
  });

  test("is for the tenant alone, and for its namespaces", async () => {
    const other = await fixture.tenant();
    expect(await manifestOf(other.actor, "same")).toBeNull();
    expect(await manifestOf(tenant.as({ role: "VIEWER" }), "same")).toMatchObject({ manifest: expect.stringContaining("kind: Deployment") });
    expect(await manifestOf(tenant.as({ namespaces: [], namespaceIds: [] }), "same")).toBeNull();
  });

  test("of many applications is each one's own", async () => {
    const { applications } = await run(tenant.actor, "{ applications(first: 50) { nodes { name manifest } } }");
    expect(applications.nodes.length).toBeGreaterThanOrEqual(4);
    for (const { name, manifest } of applications.nodes) expect(manifest).toContain(`name: ${name}`);
  });
});
