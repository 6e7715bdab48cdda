import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accepted, ClusterIdDocument, ImportManifestsDocument, type SelvedgeClient, type TypedDocument } from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** Files as people have them, brought to a running fleet: everything in them comes to run, and what is exported again is the same. */
const CANARY = "canary-1m9o";
const FILE = `
apiVersion: v1
kind: Service
metadata: { name: till }
spec: { selector: { app: till }, ports: [{ name: http, port: 80, targetPort: web }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: till-settings, annotations: { selvedge.io/description: What the till reads } }
data: { currency: CNY, till.yaml: "rounding: up\\n" }
---
apiVersion: v1
kind: Secret
metadata: { name: till-login }
stringData: { password: ${CANARY} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: till, labels: { app: till } }
spec:
  selector: { matchLabels: { app: till } }
  template:
    metadata: { labels: { app: till } }
    spec:
      volumes: [{ name: settings, configMap: { name: till-settings } }, { name: scratch, emptyDir: { sizeLimit: 16Mi } }]
      containers:
        - name: till
          image: docker.io/library/nginx:1.29-alpine
          ports: [{ name: web, containerPort: 8080 }]
          env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: till-login, key: password } } }]
          envFrom: [{ prefix: TILL_, configMapRef: { name: till-settings } }]
          resources: { requests: { cpu: 50m, memory: 32Mi } }
          readinessProbe: { httpGet: { path: /ready, port: web }, periodSeconds: 2 }
          livenessProbe: { tcpSocket: { port: web } }
          lifecycle: { preStop: { exec: { command: [sleep, "1"] } } }
          volumeMounts: [{ name: settings, mountPath: /etc/till }, { name: scratch, mountPath: /tmp/till }]
`;
const boutique = new URL("../../../shared/data/online-boutique.yaml", import.meta.url);

let server: ServerProcess;
let client: SelvedgeClient;
let clusterIds: string[];
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "warn" } });
  client = server.client();
  clusterIds = await Promise.all(["hangzhou-1", "shaoxing-1"].map(async (code) => (await client.execute(ClusterIdDocument, { code })).cluster?.id ?? ""));
}, 180_000);
afterAll(() => server?.dispose());

interface Shown {
  readonly application: {
    readonly manifest: string;
    readonly status: string;
    readonly services: { readonly nodes: readonly { readonly name: string; readonly status: string; readonly clusterIp: string | null; readonly endpoints: { readonly totalCount: number } }[] };
  } | null;
}
const SHOWN: TypedDocument<Shown, { name: string }> = {
  toString: () =>
    `query Shown($name: String!) { application(namespace: "default", name: $name) { manifest status services(first: 50) { nodes { name status clusterIp endpoints(first: 1) { totalCount } } } } }`,
};
const shown = async (name: string): Promise<NonNullable<Shown["application"]>> => {
  const { application } = await client.execute(SHOWN, { name });
  if (application === null) throw new Error(`there is no application ${name}`);
  return application;
};

async function bring(yaml: string, replicas = 1) {
  const distribution = { clusters: clusterIds.map((clusterId) => ({ clusterId, replicas })) };
  const { objects, operation } = accepted((await client.execute(ImportManifestsDocument, { input: { yaml, namespace: "default", distribution } })).importManifests);
  return { objects, ended: operation === null ? null : await client.waitForOperation(operation.id) };
}

describe("an imported file", () => {
  it("runs with its configuration and its service, and is UNCHANGED when it is brought again", async () => {
    const { objects, ended } = await bring(FILE);
    expect(objects.map(({ kind, name, outcome, message }) => [kind, name, outcome, message])).toEqual([
      ["Service", "till", "CREATED", null],
      ["ConfigMap", "till-settings", "CREATED", null],
      ["Secret", "till-login", "CREATED", null],
      ["Deployment", "till", "CREATED", null],
    ]);
    expect(ended).toMatchObject({ kind: "IMPORT_MANIFESTS", state: "SUCCEEDED", error: null });
    await eventually(async () => {
      const { status, services } = await shown("till");
      expect(status).toBe("RUNNING");
      expect(services.nodes.map(({ name, status: state, endpoints }) => [name, state, endpoints.totalCount])).toEqual([["till", "ACTIVE", 1], ["till", "ACTIVE", 1]]);
    });
    const again = await bring(FILE);
    expect(again.objects.map(({ outcome }) => outcome)).toEqual(["UNCHANGED", "UNCHANGED", "UNCHANGED", "UNCHANGED"]);
    expect(again.ended?.state).toBe("SUCCEEDED");
  }, 120_000);

  it("is exported as what makes the same application again", async () => {
    const { manifest } = await shown("till");
    expect(manifest).not.toContain(CANARY);
    expect((await bring(manifest)).objects).toMatchObject([{ kind: "Deployment", outcome: "UNCHANGED", warnings: [] }]);
    // What an envFrom stood for is written out.
    expect(manifest).toContain("TILL_currency");
  }, 120_000);
});

describe.runIf(existsSync(boutique))("a real public shop", () => {
  it("runs whole: every Deployment, Service and probe", async () => {
    const { objects, ended } = await bring(readFileSync(boutique, "utf8"));
    expect(objects.filter(({ kind, outcome }) => kind !== "ServiceAccount" && outcome !== "CREATED")).toEqual([]);
    expect(ended).toMatchObject({ state: "SUCCEEDED", error: null });
    for (const { kind, name } of objects) {
      if (kind !== "Deployment") continue;
      const { services } = await shown(name);
      for (const service of services.nodes) expect(service).toMatchObject({ status: "ACTIVE", clusterIp: expect.stringMatching(/^100\.96\./) });
    }
  }, 180_000);
});
