import { afterAll, describe, expect, test } from "vitest";
import type { ImportManifestsInput, ImportResult } from "#server/services/import/import.ts";
import { countRows, createFixture, must, refusals, type TestCluster, type TestTenant } from "./fixture.ts";

/** ConfigMaps, Secrets and Services in imported files, and Deployments that refer to them. */
const fixture = await createFixture(4);
const { admin, services } = fixture;
afterAll(() => fixture.close());

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const deployment = (name: string, { pod = "", container = "", labels = `{app: ${name}}` } = {}): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: ${labels}}
    spec:
      ${pod}
      containers:
        - {name: server, image: registry.example/app:1, ports: [{name: http, containerPort: 8080}], resources: {requests: {cpu: 100m, memory: 64Mi}}, ${container}}`;
const service = (name: string, selector: string, ports = "[{port: 80, targetPort: http}]"): string => `{apiVersion: v1, kind: Service, metadata: {name: ${name}}, spec: {selector: ${selector}, ports: ${ports}}}`;
const configMap = (name: string, data: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: ${data}}`;
const secret = (name: string, data: string, type = "Opaque"): string => `{apiVersion: v1, kind: Secret, type: ${type}, metadata: {name: ${name}}, stringData: ${data}}`;
const USES = {
  pod: "volumes: [{name: conf, configMap: {name: settings}}, {name: key, secret: {secretName: login}}]",
  container: "env: [{name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}, {name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}], volumeMounts: [{name: conf, mountPath: /conf}, {name: key, mountPath: /key}]",
};

class Place {
  readonly tenant: TestTenant;
  readonly clusters: readonly TestCluster[];
  constructor(tenant: TestTenant, clusters: readonly TestCluster[]) {
    this.tenant = tenant;
    this.clusters = clusters;
  }
  input(documents: readonly string[], changes: Partial<ImportManifestsInput> = {}): ImportManifestsInput {
    const clusters = this.clusters.map(({ globalId }) => ({ clusterId: globalId, replicas: 2, networkType: "VPC" as const }));
    return { yaml: documents.join("\n---\n"), namespace: "default", dryRun: false, distribution: { clusters }, ...changes };
  }
  async import(...documents: readonly string[]): Promise<ImportResult> {
    return must(await services.applications.importManifests(this.tenant.actor, this.input(documents)));
  }
  async outcomes(...documents: readonly string[]): Promise<unknown[]> {
    return (await this.import(...documents)).objects.map(({ kind, name, outcome, message }) => [kind, name, outcome, message]);
  }
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await admin.query(sql, [this.tenant.id])).rows;
  }
}

async function place(clusterCount = 2): Promise<Place> {
  const tenant = await fixture.tenant();
  return new Place(tenant, await Promise.all(Array.from({ length: clusterCount }, () => fixture.cluster())));
}

const FILE = [service("web", "{app: web}"), deployment("web", USES), secret("login", "{password: canary-p4ss}"), configMap("settings", "{mode: fast, app.conf: 'a: 1'}")];

test("an object with very many faults names some, and counts the others", async () => {
  const here = await place(1);
  const data = Array.from({ length: 3_000 }, (_, index) => `k${index}: "*"`).join(", ");
  const [[, , outcome, message]] = (await here.outcomes(`{apiVersion: v1, kind: Secret, metadata: {name: broken}, data: {${data}}}`)) as [[string, string, string, string]];
  expect(outcome).toBe("FAILED");
  expect(message).toMatch(/^data\.k0 must be base64\. .* There are 2980 faults more\.$/);
});

describe("an import of everything", () => {
  test("makes what is referred to first, answers in the file's order, and spans applications and services by one operation", async () => {
    const here = await place();
    const { objects, operationId } = await here.import(...FILE);
    expect(objects.map(({ kind, name, outcome, message, warnings }) => [kind, name, outcome, message, warnings])).toEqual([
      ["Service", "web", "CREATED", null, []],
      ["Deployment", "web", "CREATED", null, []],
      ["Secret", "login", "CREATED", null, []],
      ["ConfigMap", "settings", "CREATED", null, []],
    ]);
    expect(objects.map(({ object }) => object?.type)).toEqual(["Service", "Application", "Secret", "ConfigMap"]);
    const [configs] = await here.rows("select id, keys, data from config_map where tenant_id = $1");
    const [secrets] = await here.rows("select id, type, keys, ciphertext::text from secret where tenant_id = $1");
    expect([configs, secrets]).toMatchObject([{ id: objects[3]?.object?.id, keys: ["app.conf", "mode"] }, { id: objects[2]?.object?.id, type: "OPAQUE", keys: ["password"] }]);
    const [revision] = await here.rows("select template from revision where tenant_id = $1");
    expect(revision?.["template"]).toMatchObject({
      volumes: [
        { name: "conf", source: { type: "ConfigMapVolume", configMapId: configs?.["id"], name: "settings" } },
        { name: "key", source: { type: "SecretVolume", secretId: secrets?.["id"], name: "login" } },
      ],
      containers: [{ env: [{ name: "MODE", configMapKey: { configMapId: configs?.["id"], name: "settings", key: "mode" } }, { name: "PASSWORD", secretKey: { secretId: secrets?.["id"], name: "login", key: "password" } }] }],
    });
    expect(await here.rows("select kind, keys from config_reference where tenant_id = $1 order by kind")).toEqual([{ kind: "ConfigMap", keys: ["mode"] }, { kind: "Secret", keys: ["password"] }]);
    expect(await here.rows("select name, ports, application_id from service where tenant_id = $1")).toEqual(
      here.clusters.map(() => ({ name: "web", ports: [{ name: "tcp-80", protocol: "TCP", port: 80, containerPort: 8_080 }], application_id: objects[1]?.object?.id })),
    );
    const { rows: steps } = await admin.query("select target_type, name, total from operation_step where operation_id = $1 order by target_type, name", [operationId]);
    expect(steps).toEqual([...here.clusters.map(() => ({ target_type: "Application", name: "web", total: 2 })), ...here.clusters.map(() => ({ target_type: "Service", name: "web", total: 1 }))]);
  });

  test("again changes nothing; a changed ConfigMap alone has its own operation to wait for", async () => {
    const here = await place(1);
    await here.import(...FILE);
    expect((await here.outcomes(...FILE)).map((row) => (row as string[])[2])).toEqual(["UNCHANGED", "UNCHANGED", "UNCHANGED", "UNCHANGED"]);
    const changed = await here.import(configMap("settings", "{mode: slow, app.conf: 'a: 1'}"));
    expect(changed).toMatchObject({ operationId: changed.objects[0]?.operationId, objects: [{ outcome: "UPDATED", operationId: expect.any(String) }] });
    const { rows } = await admin.query("select kind, target_type from operation where id = $1", [changed.operationId]);
    expect(rows).toEqual([{ kind: "UPDATE_CONFIG", target_type: "ConfigMap" }]);
    expect(await here.rows("select count(*)::int as revisions from revision where tenant_id = $1")).toEqual([{ revisions: 1 }]);
  });

  test("in a dry run says the same and keeps nothing", async () => {
    const here = await place(1);
    const before = await countRows(admin, here.tenant.id);
    const result = must(await services.applications.importManifests(here.tenant.actor, here.input(FILE, { dryRun: true })));
    expect(result.objects.map(({ outcome, object, operationId }) => [outcome, object, operationId])).toEqual(FILE.map(() => ["CREATED", null, null]));
    expect(await countRows(admin, here.tenant.id)).toEqual(before);
    expect(await here.rows("select id from secret where tenant_id = $1")).toEqual([]);
  });

  test("is for a token of other namespaces as if the namespace were not there", async () => {
    const here = await place(1);
    const other = await fixture.namespace(here.tenant, "other");
    const limited = here.tenant.as({ namespaces: ["other"], namespaceIds: [other] });
    expect(refusals(await services.applications.importManifests(limited, here.input(FILE)))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "namespace"] }]);
  });
});

describe("references", () => {
  test("lead to what the namespace has already, and nowhere else", async () => {
    const here = await place(1);
    await fixture.namespace(here.tenant, "other");
    await here.import(configMap("settings", "{mode: fast}"), secret("login", "{password: p}"));
    expect(await here.outcomes(deployment("web", USES))).toEqual([["Deployment", "web", "CREATED", null]]);
    const elsewhere = must(await services.applications.importManifests(here.tenant.actor, here.input([deployment("web", USES)], { namespace: "other" })));
    expect(elsewhere.objects[0]).toMatchObject({ outcome: "FAILED", message: expect.stringContaining('"settings" is no ConfigMap of this namespace.') });
  });

  test("to what failed in the same file fail with it, and the rest goes on", async () => {
    const here = await place(1);
    expect(await here.outcomes(secret("login", "{'bad key': canary-k3y}"), configMap("settings", "{mode: fast}"), deployment("web", USES), deployment("plain"))).toMatchObject([
      ["Secret", "login", "FAILED", expect.not.stringContaining("canary")],
      ["ConfigMap", "settings", "CREATED", null],
      ["Deployment", "web", "FAILED", expect.stringContaining('"login" is no Secret of this namespace.')],
      ["Deployment", "plain", "CREATED", null],
    ]);
  });

  test("that go in the same file as their key don't stand in its way", async () => {
    const here = await place(1);
    await here.import(...FILE);
    const without = configMap("settings", "{app.conf: 'a: 1'}");
    expect(await here.outcomes(without)).toMatchObject([["ConfigMap", "settings", "FAILED", expect.stringContaining("mode")]]);
    expect(await here.outcomes(without, deployment("web"))).toEqual([["ConfigMap", "settings", "UPDATED", null], ["Deployment", "web", "UPDATED", null]]);
  });

  test("of pods to a registry are Secrets of its login", async () => {
    const here = await place(1);
    const auths = JSON.stringify({ auths: { "registry.example": { auth: base64("robot:canary-r0b0t") } } });
    const login = `{apiVersion: v1, kind: Secret, type: kubernetes.io/dockerconfigjson, metadata: {name: registry}, data: {.dockerconfigjson: ${base64(auths)}}}`;
    expect(await here.outcomes(deployment("web", { pod: "imagePullSecrets: [{name: registry}]" }), login)).toEqual([["Deployment", "web", "CREATED", null], ["Secret", "registry", "CREATED", null]]);
    expect(await here.rows("select type, keys from secret where tenant_id = $1")).toEqual([{ type: "REGISTRY", keys: ["password", "server", "username"] }]);
    expect(await here.rows("select template->'imagePullSecrets'->0->>'name' as name from revision where tenant_id = $1")).toEqual([{ name: "registry" }]);
  });
});

describe("a Service", () => {
  test("is of the application whose pods it selects: of the file, else of the namespace; of several the first by name", async () => {
    const here = await place(1);
    await here.import(deployment("alpha", { labels: "{tier: old}" }));
    const { objects } = await here.import(
      service("in-file", "{app: shop}"),
      service("in-namespace", "{tier: old}"),
      deployment("shop-b", { labels: "{app: shop}" }),
      deployment("shop-a", { labels: "{app: shop, extra: x}" }),
      service("nowhere", "{app: none}"),
    );
    expect(objects.map(({ name, outcome }) => [name, outcome])).toEqual([["in-file", "CREATED"], ["in-namespace", "CREATED"], ["shop-b", "CREATED"], ["shop-a", "CREATED"], ["nowhere", "FAILED"]]);
    expect(objects[0]?.warnings).toEqual(["spec.selector finds pods of several applications: the service is of shop-a, and not of shop-b."]);
    expect(objects[4]?.message).toBe('No application of the namespace default has pods with the labels "app=none".');
    expect(await here.rows("select s.name, a.name as application from service s join application a on a.id = s.application_id where s.tenant_id = $1 order by s.name")).toEqual([
      { name: "in-file", application: "shop-a" },
      { name: "in-namespace", application: "alpha" },
    ]);
  });

  test("changes its ports by its name, on clusters that its application still runs on", async () => {
    const here = await place(2);
    await here.import(deployment("web"), service("web", "{app: web}"));
    const [gone, kept] = here.clusters;
    const narrower = new Place(here.tenant, [kept as TestCluster]);
    const result = await narrower.import(deployment("web"), service("web", "{app: web}", "[{name: http, port: 8081, targetPort: 8080}]"));
    expect(result.objects.map(({ outcome }) => outcome)).toEqual(["UPDATED", "UPDATED"]);
    const rows = await here.rows("select cluster_id, ports->0->'port' as port from service where tenant_id = $1");
    expect(rows.find((row) => row["cluster_id"] === kept?.id)).toMatchObject({ port: 8_081 });
    expect(rows.find((row) => row["cluster_id"] === gone?.id)).toMatchObject({ port: 80 });
  });

  test("that can't be made fails by itself, with what it says", async () => {
    const here = await place(1);
    expect(
      await here.outcomes(
        deployment("web"),
        service("no-port", "{app: web}", "[{port: 80, targetPort: admin}]"),
        service("Bad", "{app: web}"),
        service("twice", "{app: web}"),
        service("twice", "{app: web}"),
        "{apiVersion: v1, kind: Service, metadata: {name: alias}, spec: {type: ExternalName, externalName: example.com}}",
      ),
    ).toEqual([
      ["Deployment", "web", "CREATED", null],
      ["Service", "no-port", "FAILED", 'spec.ports.0.targetPort "admin" is no TCP port of the application\'s containers.'],
      ["Service", "Bad", "FAILED", expect.stringContaining('"Bad"')],
      ["Service", "twice", "CREATED", null],
      ["Service", "twice", "FAILED", 'The file has two Services "twice".'],
      ["Service", "alias", "SKIPPED", "A Service of type ExternalName is an alias in DNS, which is not offered."],
    ]);
  });

  test("is made on so many clusters in one import that its transaction stays short, and the rest is told", async () => {
    const here = await place(50);
    const many = Array.from({ length: 22 }, (_, index) => service(`s-${index}`, "{app: web}"));
    const { objects } = await here.import(deployment("web"), ...many);
    const failed = objects.filter(({ outcome }) => outcome === "FAILED");
    expect(failed.map(({ name }) => name)).toEqual(["s-20", "s-21"]);
    expect(new Set(failed.map(({ message }) => message))).toEqual(new Set(["The file has services on too many clusters: import it in parts."]));
    expect(await here.rows("select count(*)::int as services from service where tenant_id = $1")).toEqual([{ services: 1_000 }]);
  }, 60_000);

  test("of pods that are passed over is passed over, too", async () => {
    const here = await place(1);
    const statefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}}}}";
    expect(await here.outcomes(service("db", "{app: db}"), statefulSet)).toEqual([
      ["Service", "db", "SKIPPED", "Its pods are those of StatefulSet db, which is passed over, too."],
      ["StatefulSet", "db", "SKIPPED", "StatefulSet is not supported yet."],
    ]);
  });
});

test("no value of a Secret is in any answer, audit entry, kept result, timeline row, job or operation, whatever becomes of it", async () => {
  const here = await place(1);
  const canary = "canary-0a0a";
  const docker = (config: string): string => `{apiVersion: v1, kind: Secret, type: kubernetes.io/dockerconfigjson, metadata: {name: r${config.length}}, stringData: {.dockerconfigjson: '${config}'}}`;
  const documents = [
    secret("ok", `{key: ${canary}}`),
    secret("ok", `{key: ${canary}-2}`),
    secret("tls", `{tls.crt: ${canary}, tls.key: ${canary}}`, "kubernetes.io/tls"),
    secret("wrong", `{key: [${canary}]}`),
    secret("bad", `{"${"k".repeat(300)}": ${canary}}`),
    `{apiVersion: v1, kind: Secret, metadata: {name: base}, data: {key: "${canary}"}}`,
    `{apiVersion: v1, kind: Secret, metadata: {name: control}, stringData: {key: "${canary}\\0"}}`,
    secret("odd", `{key: ${canary}}`, `example.com/${"x".repeat(10)}`),
    docker(`{"auths": {"a": {"username": "${canary}"}}}`),
    docker(`{"auths": "${canary}"`),
    deployment("web", { container: "env: [{name: A, valueFrom: {secretKeyRef: {name: ok, key: key}}}]" }),
  ];
  const answers = [must(await services.applications.importManifests(here.tenant.actor, here.input(documents, { idempotencyKey: "k" })))];
  expect(answers[0]?.objects.map(({ outcome }) => outcome)).toEqual(["CREATED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "CREATED", "FAILED", "FAILED", "CREATED"]);
  answers.push(must(await services.applications.importManifests(here.tenant.actor, here.input(documents.map((document) => document.replaceAll(canary, `${canary}-new`))))));
  const broken = refusals(await services.applications.importManifests(here.tenant.actor, here.input([`kind: Secret\nstringData:\n  key: "a" ${canary}\n  other: *${canary}`])));
  const kept = await Promise.all(
    ["audit_entry", "idempotency", "timeline", "operation", "operation_step", "revision", "secret"].map((table) => here.rows(`select ${table}::text as text from ${table} where tenant_id = $1`)),
  );
  const jobs = await admin.query("select payload::text from graphile_worker._private_jobs");
  const everything = JSON.stringify([answers, broken, kept, jobs.rows]);
  expect(everything).not.toContain(canary);
  expect(everything).not.toContain(base64(canary).slice(0, 12));
  // As Postgres writes what a column of bytes holds.
  expect(everything).not.toContain(Buffer.from(canary).toString("hex"));
});
