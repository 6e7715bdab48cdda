import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "#clients/cli/program.ts";
import { type Answering, answering, isMutation, nameOf } from "#tests/support/answering.ts";
import { type RecordedTerminal, recordedTerminal } from "#tests/support/terminal.ts";

const NOW = "2026-11-26T06:03:12.000Z";
const CREATED = "2026-11-26T06:00:00.000Z";
const namespace = { id: "Namespace.1", name: "default" };
const operation = { id: "Operation.9", kind: "UPDATE_CONFIG", state: "RUNNING", targetName: "settings", progress: { completed: 0, total: 4, percent: 0 }, error: null, actor: "ci", createdAt: NOW, startedAt: NOW, finishedAt: null };
const common = { namespace, description: "What customers see", version: 4, createdAt: CREATED, updatedAt: NOW, usedBy: { totalCount: 1 } };
const users = { totalCount: 2, nodes: [{ id: "Application.1", name: "web", status: "RUNNING" }] };
const configMap = { ...common, id: "ConfigMap.1", name: "settings", keys: ["CURRENCY", "banner.txt"], data: [{ key: "CURRENCY", value: "CNY" }, { key: "banner.txt", value: "Tea\n\u001b[31mand\tcups\n" }], users };
const secret = { ...common, id: "Secret.1", name: "key", type: "OPAQUE", keys: ["extra", "token"], users };
const service = (code: string, more: object = {}) => ({
  id: `Service.${code}`, name: "web", namespace, application: { id: "Application.1", name: "web" }, cluster: { id: `Cluster.${code}`, code }, type: "CLUSTER_IP", clusterIp: "100.96.0.7",
  ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }], status: "ACTIVE", version: 2, createdAt: CREATED, vpc: { id: "Vpc.1", name: "default-vpc" },
  endpoints: { totalCount: 3, nodes: [{ address: "10.0.0.2", ready: true, pod: { id: "Pod.1", name: "web-1" } }, { address: "10.0.0.3", ready: false, pod: { id: "Pod.2", name: "web-2" } }] }, ...more,
});
const page = (...nodes: object[]) => ({ totalCount: nodes.length, nodes, pageInfo: { hasNextPage: false, endCursor: null } });

let folder: string;
let server: Answering | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "selvedge-cli-"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly inputs: readonly unknown[];
  readonly asked: Answering["asked"];
}

async function selvedge(answers: Readonly<Record<string, unknown>>, args: readonly string[], given: Partial<Parameters<typeof recordedTerminal>[0]> = {}): Promise<Ran> {
  const all: Readonly<Record<string, unknown>> = {
    ApplicationId: { application: { id: "Application.1", name: "web", version: 7, replicas: {} } },
    ClusterId: { cluster: { id: "Cluster.xian-1", code: "xian-1" } },
    ConfigMap: { server: { now: NOW }, configMaps: page(configMap) },
    ConfigMaps: { server: { now: NOW }, configMaps: page(configMap) },
    Secret: { server: { now: NOW }, secrets: page(secret) },
    Secrets: { server: { now: NOW }, secrets: page(secret) },
    Service: { server: { now: NOW }, services: page(service("xian-1"), service("beijing-1")) },
    Services: { server: { now: NOW }, services: page(service("xian-1"), service("beijing-1", { clusterIp: null, status: "PENDING" })) },
    Namespaces: { server: { now: NOW }, namespaces: page({ id: "Namespace.1", name: "default" }) },
    ...answers,
  };
  await server?.close();
  const asking = await answering((query) => ({ body: { data: all[nameOf(query)] } }));
  server = asking;
  const terminal: RecordedTerminal = recordedTerminal({ folder, ...given, env: { SELVEDGE_URL: asking.url, NO_COLOR: "1" } });
  const code = await run(args, terminal);
  return { code, ...terminal.written, asked: asking.asked, inputs: asking.asked.filter(({ query }) => isMutation(query)).map(({ variables }) => variables["input"]) };
}
const refused = (userErrors: object[] = []) => ({ userErrors, operation: null });

describe("ConfigMaps", () => {
  const made = { CreateConfigMap: { createConfigMap: { configMap, ...refused() } } };

  it("are made of words, files and folders", async () => {
    await writeFile(path.join(folder, "banner.txt"), "Tea\n");
    await mkdir(path.join(folder, "pages"));
    await writeFile(path.join(folder, "pages/b.html"), "<b>");
    await writeFile(path.join(folder, "pages/a.html"), "<a>");
    await writeFile(path.join(folder, "pages/.hidden"), "no");
    const ran = await selvedge(made, ["create", "cm", "settings", "--from-literal", "A=b=c", "--from-file", "banner.txt", "--from-file", "other=banner.txt", "--from-file", "pages", "--description", "For all", "-n", "shop"]);
    expect(ran).toMatchObject({ code: 0, out: "ConfigMap settings is there, with 5 keys.\n", err: "" });
    expect(ran.inputs).toMatchObject([
      {
        name: "settings", namespace: "shop", description: "For all",
        data: [{ key: "A", value: "b=c" }, { key: "banner.txt", value: "Tea\n" }, { key: "other", value: "Tea\n" }, { key: "a.html", value: "<a>" }, { key: "b.html", value: "<b>" }],
      },
    ]);
  });

  it.each([
    ["a value without its key", ["--from-literal", "canary-4f2a"], "--from-literal must be key=value"],
    ["a value of an option that is misspelt", ["--from-litteral=canary-4f2a"], "unknown option '--from-litteral'"],
    ["a value of several lines", ["--frm=one 'two'\ncanary-4f2a"], "unknown option '--frm'"],
    ["words too many", ["--from-literal", "a=b", "canary-4f2a", "canary.4f2a"], "too many arguments for 'opaque'. Expected 1 argument but got 3."],
  ])("are complained about without %s: it may be a password", async (_what, args, complaint) => {
    const ran = await selvedge(made, ["create", "secret", "opaque", "key", ...args]);
    expect(ran).toMatchObject({ code: 2, inputs: [] });
    expect(ran.err).toContain(complaint);
    expect(ran.err).not.toContain("4f2a");
  });

  it.each([
    ["a key twice", 2, ["--from-literal", "A=1", "--from-literal", "A=2"], "The key A is given twice"],
    ["no key", 2, ["--from-literal", "=1"], "key=value"],
    ["no such file", 1, ["--from-file", "nowhere"], "Can't read nowhere: there is no such file"],
    ["bytes that are no text", 1, ["--from-file", "binary"], "it is not UTF-8 text"],
    ["a file that is too large", 1, ["--from-file", "large"], "1048577 bytes"],
  ])("are not made of %s", async (_what, code, args, complaint) => {
    await writeFile(path.join(folder, "binary"), Buffer.from([0xff, 0xfe, 0]));
    await writeFile(path.join(folder, "large"), "x".repeat(1_048_577));
    const ran = await selvedge(made, ["create", "cm", "settings", ...args]);
    expect(ran).toMatchObject({ code, inputs: [] });
    expect(ran.err).toContain(complaint);
  });

  it("keep the keys that an update does not name, and refuse a change in between", async () => {
    const ran = await selvedge({ UpdateConfigMap: { updateConfigMap: { configMap, operation, userErrors: [] } } }, ["update", "configmap", "settings", "--from-literal", "NEW=1", "--remove", "CURRENCY", "--no-wait"]);
    expect(ran).toMatchObject({ code: 0, out: "To follow it: selvedge wait Operation.9\n" });
    expect(ran.inputs).toMatchObject([{ configMapId: "ConfigMap.1", expectedVersion: 4, data: [{ key: "banner.txt" }, { key: "NEW", value: "1" }] }]);
    expect((await selvedge({}, ["update", "cm", "settings", "--remove", "CURENCY"])).err).toContain("has no key CURENCY. Did you mean CURRENCY?");
    expect(await selvedge({}, ["update", "cm", "settings"])).toMatchObject({ code: 2, asked: [] });
  });

  it.each(["cm", "configmap", "configmaps"])("are listed and described as %s, without moving the cursor", async (word) => {
    expect((await selvedge({}, ["get", word])).out).toMatch(/^NAMESPACE +NAME +KEYS +USED BY +VERSION +AGE +DESCRIPTION\ndefault +settings +2 +1 +4 +3m12s +What customers see\n$/);
    const { out } = await selvedge({}, ["describe", word, "settings"]);
    expect(out).toContain("2 keys\nCURRENCY:\n  CNY\nbanner.txt:\n  Tea\n  and  cups\n\nUsed by 2 applications\nNAME  STATUS\nweb   RUNNING\n… and 1 more\n");
    expect(out).not.toContain("\u001b");
  });

  it("are deleted once it was confirmed, and kept while they are used", async () => {
    expect(await selvedge({}, ["delete", "cm", "settings"])).toMatchObject({ code: 2, inputs: [] });
    expect(await selvedge({ DeleteConfigMap: { deleteConfigMap: { deletedId: "ConfigMap.1", ...refused() } } }, ["delete", "cm", "settings", "--yes"])).toMatchObject({ code: 0, out: "ConfigMap settings is gone.\n", inputs: [{ id: "ConfigMap.1", expectedVersion: 4 }] });
    const inUse = [{ __typename: "InUseError", code: "IN_USE", message: "ConfigMap settings is used by web.", path: ["input", "id"] }];
    expect(await selvedge({ DeleteConfigMap: { deleteConfigMap: { deletedId: null, ...refused(inUse) } } }, ["delete", "cm", "settings", "-y"])).toMatchObject({ code: 1, err: "error: ConfigMap settings is used by web. [IN_USE at input.id]\n" });
  });

  it("that are not there are looked for elsewhere, and under similar names", async () => {
    const none = { ConfigMap: { server: { now: NOW }, configMaps: page() } };
    expect((await selvedge(none, ["describe", "cm", "setings"])).err).toBe("error: There is no ConfigMap setings in namespace default. Did you mean settings?\n");
    expect((await selvedge(none, ["describe", "cm", "settings", "-n", "shop"])).err).toBe("error: There is no ConfigMap settings in namespace shop. There is one in default: -n default\n");
  });
});

describe("Secrets", () => {
  const made = { CreateSecret: { createSecret: { secret, ...refused() } } };

  it("are made of three kinds, with values from files and pipes", async () => {
    await writeFile(path.join(folder, "password"), "pass word\r\n");
    await writeFile(path.join(folder, "shop.crt"), "-----CERT\n");
    await writeFile(path.join(folder, "shop.key"), "-----KEY\n");
    const registry = ["create", "secret", "registry", "login", "--server", "registry.example.com", "--username", "ci"];
    const login = (password: string) => [{ name: "login", type: "REGISTRY", data: [{ key: "server", value: "registry.example.com" }, { key: "username", value: "ci" }, { key: "password", value: password }] }];
    expect((await selvedge(made, ["create", "secret", "generic", "key", "--from-literal", "token=abc"])).inputs).toMatchObject([{ name: "key", type: "OPAQUE", data: [{ key: "token", value: "abc" }] }]);
    expect((await selvedge(made, [...registry, "--password-file", "password"])).inputs).toMatchObject(login("pass word"));
    expect((await selvedge(made, [...registry, "--password-file", "-"], { input: "from a pipe\n" })).inputs).toMatchObject(login("from a pipe"));
    expect(await selvedge(made, registry)).toMatchObject({ code: 2, inputs: [] });
    expect(await selvedge(made, [...registry, "--password", "a", "--password-file", "password"])).toMatchObject({ code: 2, inputs: [] });
    expect((await selvedge(made, ["create", "secret", "tls", "shop", "--cert", "shop.crt", "--key", "shop.key"])).inputs).toMatchObject([{ type: "TLS", data: [{ key: "tls.crt", value: "-----CERT\n" }, { key: "tls.key", value: "-----KEY\n" }] }]);
  });

  it("are updated key by key", async () => {
    const ran = await selvedge({ UpdateSecret: { updateSecret: { secret, operation: null, userErrors: [] } } }, ["update", "secret", "key", "--from-literal", "token=new", "--remove", "extra"]);
    expect(ran).toMatchObject({ code: 0, out: "Secret key is saved; no pods have to be told.\n", inputs: [{ secretId: "Secret.1", expectedVersion: 4, data: [{ key: "token", value: "new" }], removeKeys: ["extra"] }] });
  });

  it("are listed and described by their keys alone", async () => {
    expect((await selvedge({}, ["get", "secrets"])).out).toMatch(/\ndefault +key +OPAQUE +2 +1 +4 +3m12s +What customers see\n$/);
    const { out } = await selvedge({}, ["describe", "secrets", "key"]);
    expect(out).toContain("2 keys\nextra: not shown\ntoken: not shown\nValues: selvedge reveal secret key\n\nUsed by 2 applications\n");
  });

  const revealed = { RevealSecret: { revealSecret: { data: [{ key: "token", value: "line 1\nline 2" }], userErrors: [] } } };

  it("are revealed only where it was confirmed", async () => {
    expect(await selvedge(revealed, ["reveal", "secret", "key"])).toMatchObject({ code: 2, out: "", inputs: [], err: expect.stringContaining("--yes") });
  });

  it("give one value as it is, byte for byte, and several as YAML", async () => {
    expect(await selvedge(revealed, ["reveal", "secret", "key", "--key", "token", "--yes"])).toMatchObject({ code: 0, out: "line 1\nline 2", inputs: [{ id: "Secret.1", keys: ["token"] }] });
    expect(await selvedge(revealed, ["reveal", "secret", "key", "-y"])).toMatchObject({ code: 0, out: "token: |-\n  line 1\n  line 2\n", inputs: [{ id: "Secret.1", keys: null }] });
    expect(JSON.parse((await selvedge(revealed, ["reveal", "secret", "key", "-y", "-o", "json"])).out)).toEqual([{ key: "token", value: "line 1\nline 2" }]);
    expect(await selvedge(revealed, ["reveal", "secret", "key", "-y", "--key", "tokne"])).toMatchObject({ code: 1, inputs: [], err: "error: Secret key has no key tokne. Did you mean token?\n" });
  });

  it("move no cursor on a terminal", async () => {
    const nasty = { RevealSecret: { revealSecret: { data: [{ key: "token", value: "a\u001b[2Jb\nc" }], userErrors: [] } } };
    expect((await selvedge(nasty, ["reveal", "secret", "key", "-y", "--key", "token"], { isTTY: true })).out).toBe("ab\nc\n");
  });
});

describe("services", () => {
  it("are made on all of an application's clusters, or on some", async () => {
    const made = { CreateServices: { createServices: { services: [service("xian-1")], operation, userErrors: [] } } };
    const ran = await selvedge(made, ["create", "svc", "web", "--app", "web", "--port", "http=80:8080/tcp", "--port", "53/udp", "--no-wait"]);
    expect(ran).toMatchObject({ code: 0, out: "To follow it: selvedge wait Operation.9\n" });
    expect(ran.inputs).toMatchObject([{ name: "web", applicationId: "Application.1", clusterIds: null, ports: [{ name: "http", port: 80, containerPort: 8080, protocol: "TCP" }, { name: "udp-53", port: 53, containerPort: 53, protocol: "UDP" }] }]);
    expect((await selvedge(made, ["create", "service", "web", "--app", "web", "--port", "80", "--cluster", "xian-1", "--no-wait"])).inputs).toMatchObject([{ clusterIds: ["Cluster.xian-1"] }]);
    expect(await selvedge(made, ["create", "svc", "web", "--app", "web"])).toMatchObject({ code: 2, err: expect.stringContaining("--port") });
  });

  it("are listed with their addresses, one line a cluster", async () => {
    const { out, asked } = await selvedge({}, ["get", "svc", "--app", "web", "--cluster", "xian-1"]);
    expect(out).toMatch(/\ndefault +web +web +beijing-1 +- +http 80:8080\/tcp +PENDING +3m12s\ndefault +web +web +xian-1 +100\.96\.0\.7 +http 80:8080\/tcp +ACTIVE +3m12s\n$/);
    expect(asked.at(-1)?.variables["filter"]).toEqual({ applicationIds: ["Application.1"], clusterIds: ["Cluster.xian-1"] });
  });

  it("are described with the pods behind them, cluster by cluster", async () => {
    const { out } = await selvedge({}, ["describe", "service", "web"]);
    expect(out).toMatch(/^Name: +web\n[^]*\n\nbeijing-1\n[^]*\n\nxian-1\n[^]*Cluster IP: 100\.96\.0\.7\n[^]*Endpoints: +1 ready of 3\n +POD +ADDRESS +READY\n +web-1 +10\.0\.0\.2 +yes\n +web-2 +10\.0\.0\.3 +no\n +… and 1 more\n$/);
  });

  it("get other ports on every cluster, and several operations to follow", async () => {
    const ran = await selvedge({ UpdateService: { updateService: { services: [], operation, userErrors: [] } } }, ["update", "svc", "web", "--port", "80:9090", "--no-wait"]);
    expect(ran.inputs).toMatchObject([{ serviceId: "Service.beijing-1", expectedVersion: 2, ports: [{ name: "tcp-80", containerPort: 9090 }] }, { serviceId: "Service.xian-1" }]);
    expect(ran).toMatchObject({ code: 0, out: "To follow them:\n  selvedge wait Operation.9\n  selvedge wait Operation.9\n" });
  });

  it("are deleted on every cluster at once; what was refused is said, and exits with 1", async () => {
    const conflict = [{ __typename: "InUseError", code: "IN_USE", message: 'Service "Service.xian-1" is in a backend group.', path: ["input", "ids", "1"] }];
    const results = [
      { id: "Service.beijing-1", ok: true, deletedId: null, operation: { ...operation, kind: "DELETE_SERVICE" }, userErrors: [] },
      { id: "Service.xian-1", ok: false, deletedId: null, operation: null, userErrors: conflict },
    ];
    const ran = await selvedge({ DeleteServices: { deleteServices: { results } } }, ["delete", "svc", "web", "--yes", "--no-wait"]);
    expect(ran).toMatchObject({ code: 1, out: "To follow it: selvedge wait Operation.9\n", err: 'error: Service "web on xian-1" is in a backend group. [IN_USE at input.ids.1]\n' });
    expect(ran.inputs).toMatchObject([{ ids: ["Service.beijing-1", "Service.xian-1"] }]);
    expect(await selvedge({ Service: { server: { now: NOW }, services: page(service("xian-1", { status: "DELETING" })) } }, ["delete", "svc", "web", "--yes"])).toMatchObject({ code: 1, err: "error: Service web is being deleted.\n", inputs: [] });
  });
});
