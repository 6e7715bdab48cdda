import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "#clients/cli/program.ts";
import { type Answering, answering, isMutation, nameOf } from "#tests/support/answering.ts";
import { type RecordedTerminal, recordedTerminal } from "#tests/support/terminal.ts";

const FILE = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { template: { spec: { containers: [{ name: web, image: "nginx:2", resources: { requests: { cpu: 100m, memory: 64Mi } } }] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { greeting: hello, page: "one\\ntwo\\nthree\\n" }
---
apiVersion: v1
kind: Secret
metadata: { name: key }
stringData: { token: very-secret, extra: also-secret }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 9090 }] }
`;
const PRESENT = FILE.slice(0, FILE.indexOf("---")).replace("nginx:2", "nginx:1");

const object = (kind: string, name: string, outcome: string, message: string | null = null) => ({ kind, name, outcome, message, warnings: [], object: null });
const ALL = [object("Deployment", "web", "UPDATED"), object("ConfigMap", "settings", "UPDATED"), object("Secret", "key", "UPDATED"), object("Service", "web", "UPDATED")];

let folder: string;
let server: Answering | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "selvedge-cli-"));
  await writeFile(path.join(folder, "m.yaml"), FILE);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

/** Runs diff against a server that rehearses the import with this result. */
async function diffed(importManifests: object, ...args: string[]): Promise<{ readonly code: number; readonly terminal: RecordedTerminal }> {
  server = await answering((query) => {
    const data: Record<string, unknown> = {
      ClusterId: { cluster: { id: "Cluster.1", code: "xian-1" } },
      ImportManifests: { importManifests },
      ApplicationManifest: { application: { id: "Application.1", name: "web", version: 1, manifest: PRESENT, placements: { totalCount: 2, nodes: [{ id: "P.1", cluster: { id: "Cluster.1", code: "xian-1" }, replicas: { desired: 1 } }, { id: "P.2", cluster: { id: "Cluster.2", code: "beijing-1" }, replicas: { desired: 3 } }] } } },
      ConfigMap: { server: { now: "" }, configMaps: { nodes: [{ id: "ConfigMap.1", description: "", data: [{ key: "greeting", value: "hello" }, { key: "page", value: "one\n2\nthree\n" }] }] } },
      Secret: { server: { now: "" }, secrets: { nodes: [{ id: "Secret.1", description: "", keys: ["old", "token"] }] } },
      Services: { server: { now: "" }, services: { totalCount: 1, nodes: [{ id: "Service.1", cluster: { id: "Cluster.1", code: "xian-1" }, ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }] }], pageInfo: { hasNextPage: false, endCursor: null } } },
    };
    return { body: { data: data[nameOf(query)] } };
  });
  const terminal = recordedTerminal({ folder, env: { SELVEDGE_URL: server.url } });
  return { code: await run(["diff", "-f", "m.yaml", "--clusters", "xian-1", "--replicas", "2", ...args], terminal), terminal };
}

describe("diff", () => {
  it("shows what would change, field by field, and exits with 1", async () => {
    const { code, terminal } = await diffed({ objects: ALL, operation: null, userErrors: [] });
    expect(terminal.written.err).toBe("");
    expect(code).toBe(1);
    expect(terminal.written.out.split("\n")).toEqual([
      "~ Deployment web: would be updated",
      "    - clusters.beijing-1.replicas: 3",
      "    - clusters.xian-1.replicas: 1",
      "    + clusters.xian-1.replicas: 2",
      "    - spec.template.spec.containers[web].image: nginx:1",
      "    + spec.template.spec.containers[web].image: nginx:2",
      "~ ConfigMap settings: would be updated",
      "    data.page:",
      "      one",
      "    - 2",
      "    + two",
      "      three",
      "~ Secret key: would be updated",
      "    + data.extra: (not shown)",
      "    - data.old: (not shown)",
      "~ Service web: would be updated",
      "    - clusters.xian-1.ports[80/TCP].targetPort: 8080",
      "    + clusters.xian-1.ports[80/TCP].targetPort: 9090",
      "",
    ]);
    expect(server?.asked.filter(({ query }) => isMutation(query)).map(({ variables }) => (variables["input"] as { dryRun: boolean }).dryRun)).toEqual([true]);
  });

  it("never shows a Secret's value, in no format", async () => {
    for (const output of ["table", "json", "yaml"]) {
      const { terminal } = await diffed({ objects: ALL, operation: null, userErrors: [] }, "--verbose", "-o", output);
      expect(terminal.written.out).toContain("data.extra");
      expect(terminal.written.out).not.toMatch(/very-secret|also-secret/);
      await server?.close();
    }
  });

  it("exits with 0 where nothing would change", async () => {
    const { code, terminal } = await diffed({ objects: ALL.map((one) => ({ ...one, outcome: "UNCHANGED" })), operation: null, userErrors: [] });
    expect({ code, ...terminal.written }).toEqual({ code: 0, out: "= 4 objects unchanged\n", err: "" });
  });

  it("shows the fields of what would be new when asked", async () => {
    const objects = [object("Deployment", "web", "CREATED")];
    const folded = await diffed({ objects, operation: null, userErrors: [] });
    expect({ code: folded.code, out: folded.terminal.written.out }).toEqual({ code: 1, out: "+ Deployment web: would be created\n" });
    await server?.close();
    const full = await diffed({ objects, operation: null, userErrors: [] }, "--verbose");
    expect(full.terminal.written.out).toContain("    + spec.template.spec.containers[web].image: nginx:2\n");
  });

  it.each([
    ["an object can't be applied", { objects: [object("Deployment", "web", "FAILED", "The image is wrong.")], operation: null, userErrors: [] }, "1 object can't be applied: Deployment web"],
    ["the import is refused", { objects: [], operation: null, userErrors: [{ __typename: "NotFoundError", code: "NOT_FOUND", message: "There is no namespace default.", path: ["input", "namespace"] }] }, "[NOT_FOUND at input.namespace]"],
  ])("exits with 2 where %s, because 1 says that something differs", async (_what, answer, complaint) => {
    const { code, terminal } = await diffed(answer);
    expect(code).toBe(2);
    expect(terminal.written.err).toContain(complaint);
    expect(terminal.written.err.match(/error:/g)).toHaveLength(1);
  });

  it("exits with 2 for a file that it can't read, and with 3 where nothing listens", async () => {
    const terminal = recordedTerminal({ folder, env: { SELVEDGE_URL: "http://127.0.0.1:9" } });
    expect(await run(["diff", "-f", "nowhere.yaml", "--clusters", "xian-1"], terminal)).toBe(2);
    expect(terminal.written.err).toContain("Can't read nowhere.yaml");
    expect(await run(["diff", "-f", "m.yaml", "--clusters", "xian-1"], terminal)).toBe(3);
  });
});
