import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "#clients/cli/program.ts";
import { type Answering, answering } from "#tests/support/answering.ts";
import { recordedTerminal } from "#tests/support/terminal.ts";

const VIEWER = { viewer: { id: "ApiToken.1", name: "ci", role: "OPERATOR", namespaces: null, tenant: { id: "Tenant.1", name: "demo" } } };
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

describe("exit codes", () => {
  it("is 3 when nothing listens, and says where to look", async () => {
    server = await answering(() => ({ body: {} }));
    const { url } = server;
    await server.close();
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: url } });
    expect(await run(["get", "apps"], terminal)).toBe(3);
    expect(terminal.written.err).toMatch(/not reachable: .*ECONNREFUSED[^]*npm start/);
    expect(terminal.written.out).toBe("");
    server = undefined;
  });

  it("is 3 when something else answers there", async () => {
    server = await answering(() => ({ status: 502, body: "Bad gateway" }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "regions"], terminal)).toBe(3);
    expect(terminal.written.err).toContain("502");
  });

  it.each([
    ["no such command", ["gett"], "unknown command 'gett'"],
    ["help about no such command", ["frobnicate", "--help"], "unknown command 'frobnicate'"],
    ["help about no such object, after an option", ["--url", "http://host", "get", "clustres", "-h"], "unknown command 'clustres'. Did you mean clusters?"],
    ["help about no such command, the other way", ["help", "aply"], "unknown command 'aply'. Did you mean apply?"],
    ["a token without a role", ["create", "token", "ci"], "--role"],
    ["a wrong role", ["create", "token", "ci", "--role", "KING"], "must be one of VIEWER, OPERATOR"],
    ["a wrong span", ["create", "token", "ci", "--role", "viewer", "--expires", "30 days"], "30d"],
    ["no span at all", ["create", "token", "ci", "--role", "viewer", "--expires", "0d"], "30d"],
    ["a missing option", ["apply", "-f", "x.yaml"], "--clusters"],
    ["a wrong number", ["apply", "-f", "x.yaml", "--clusters", "a", "--replicas", "-1"], "whole number"],
    ["a wrong word", ["get", "pods", "--phase", "SLEEPING"], "must be one of PENDING"],
    ["a wrong format", ["get", "pods", "-o", "xml"], "table, json, yaml"],
    ["a wrong address", ["get", "pods", "--url", "ftp://host"], "no address of a server"],
  ])("is 2 for %s", async (_what, args, complaint) => {
    const terminal = recordedTerminal();
    expect(await run(args, terminal)).toBe(2);
    expect(terminal.written.err).toContain(complaint);
  });

  it("is 1 for a refused token, with a hint", async () => {
    server = await answering(() => ({ status: 401, body: { errors: [{ message: "Who are you?", extensions: { code: "UNAUTHENTICATED" } }] } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url, SELVEDGE_TOKEN: "wrong" } });
    expect(await run(["get", "apps"], terminal)).toBe(1);
    expect(terminal.written.err).toMatch(/Who are you\?[^]*selvedge login/);
  });

  it("is 1 for a refusal, with every reason and its path", async () => {
    const userErrors = [
      { __typename: "InvalidArgumentError", code: "INVALID_ARGUMENT", message: "Too long", path: ["input", "description"] },
      { __typename: "AlreadyExistsError", code: "ALREADY_EXISTS", message: "shop is taken", path: null },
    ];
    server = await answering(() => ({ body: { data: { createNamespace: { namespace: null, userErrors } } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["create", "namespace", "shop"], terminal)).toBe(1);
    expect(terminal.written.err).toBe("error: Too long [INVALID_ARGUMENT at input.description]\nerror: shop is taken [ALREADY_EXISTS]\n");
  });

  it("speaks of what a person typed where the server speaks of an id", async () => {
    const application = { id: "Application.1", name: "basket", version: 1, replicas: { desired: 1, created: 1, ready: 1, updated: 1, unavailable: 0 } };
    const userErrors = [{ __typename: "NotFoundError", code: "NOT_FOUND", message: 'Application basket does not run on a cluster "Cluster.00b9".', path: ["input", "clusterId"] }];
    server = await answering((query) => ({
      body: { data: query.includes("query ClusterId") ? { cluster: { id: "Cluster.00b9", code: "xian-1" } } : query.includes("mutation") ? { scaleApplication: { operation: null, userErrors } } : { application } },
    }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["scale", "app", "basket", "--replicas", "2", "--cluster", "xian-1"], terminal)).toBe(1);
    expect(terminal.written.err).toBe('error: Application basket does not run on a cluster "xian-1". [NOT_FOUND at input.clusterId]\n');
  });

  it("quotes the correlation id of a masked error", async () => {
    server = await answering(() => ({ body: { errors: [{ message: "Internal error", extensions: { code: "INTERNAL", correlationId: "c-42" } }] } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "apps"], terminal)).toBe(1);
    expect(terminal.written.err).toContain("c-42");
  });

  it("is 2, and deletes nothing, when nobody is there to confirm", async () => {
    const application = { id: "Application.1", name: "basket", version: 1, replicas: { desired: 1, created: 1, ready: 1, updated: 1, unavailable: 0 } };
    server = await answering(() => ({ body: { data: { application } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["delete", "app", "basket"], terminal)).toBe(2);
    expect(terminal.written.err).toContain("--yes");
    expect(server.asked.map(({ query }) => /^\s*(\w+)/.exec(query)?.[1])).toEqual(["query"]);
  });
});

describe("help", () => {
  it.each([[["--help"]], [["apply", "--help"]], [["get", "--help"]], [["get", "pods", "--help"]], [["describe", "app", "--help"]], [["scale", "app", "--help"]], [["upgrade", "--help"]], [["diff", "--help"]], [["export", "--help"]], [["rollout", "--help"]], [["rollout", "history", "--help"]], [["rollout", "restart", "--help"]], [["stop", "--help"]], [["cancel", "--help"]], [["retry", "--help"]], [["create", "secret", "--help"]], [["create", "secret", "tls", "--help"]], [["create", "svc", "--help"]], [["update", "cm", "--help"]], [["reveal", "secret", "--help"]], [["get", "configmap", "--help"]], [["describe", "services", "--help"]], [["delete", "secrets", "--help"]], [["delete", "app", "--help"]], [["wait", "--help"]], [["help", "apply"]], [["get", "operation", "--help"]], [["get", "events", "--help"]], [["describe", "applications", "--help"]]])(
    "%j exits with 0 and shows examples",
    async (args) => {
      const terminal = recordedTerminal();
      expect(await run(args, terminal)).toBe(0);
      expect(terminal.written.out).toMatch(/Usage: selvedge[^]*Examples:\n {2}/);
      expect(terminal.written.err).toBe("");
    },
  );
});

describe("the program's help", () => {
  it("stands in groups, and names every command once", async () => {
    const terminal = recordedTerminal();
    await run(["--help"], terminal);
    expect(terminal.written.out).toMatch(/\nManifests:\n[^]*\nLook:\n[^]*\nLife of an application:\n[^]*\nObjects:\n[^]*\nServer:\n[^]*\nExamples:\n/);
    const commands = [...terminal.written.out.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name).filter((name) => name !== "selvedge");
    expect(new Set(commands).size).toBe(commands.length);
    expect(commands).toEqual(expect.arrayContaining(["apply", "diff", "get", "upgrade", "rollout", "reveal", "help"]));
  });
});

describe("version", () => {
  it("is the package's", async () => {
    const terminal = recordedTerminal();
    expect(await run(["--version"], terminal)).toBe(0);
    expect(terminal.written.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("output", () => {
  const regions = [{ id: "Region.1", code: "east-china", name: "华东", clusters: { totalCount: 3 } }, { id: "Region.2", code: "north-china", name: "华北", clusters: { totalCount: 12 } }];

  it("is a table, json or yaml of the same", async () => {
    server = await answering(() => ({ body: { data: { regions } } }));
    const env = { SELVEDGE_URL: server.url };
    const [table, json, yaml] = [recordedTerminal({ env }), recordedTerminal({ env }), recordedTerminal({ env })];
    expect(await run(["get", "regions"], table)).toBe(0);
    expect(await run(["get", "regions", "-o", "json"], json)).toBe(0);
    expect(await run(["get", "regions", "north-china", "-o", "yaml"], yaml)).toBe(0);
    expect(table.written.out).toBe("CODE         NAME  CLUSTERS\neast-china   华东         3\nnorth-china  华北        12\n");
    expect(JSON.parse(json.written.out)).toEqual(regions);
    expect(yaml.written.out).toBe("- id: Region.2\n  code: north-china\n  name: 华北\n  clusters:\n    totalCount: 12\n");
  });

  it("has colours on a terminal, and none against NO_COLOR", async () => {
    server = await answering(() => ({ body: { data: { regions } } }));
    const colored = recordedTerminal({ isTTY: true, env: { SELVEDGE_URL: server.url } });
    const bare = recordedTerminal({ isTTY: true, env: { SELVEDGE_URL: server.url, NO_COLOR: "1" } });
    await run(["get", "regions"], colored);
    await run(["get", "regions"], bare);
    expect(colored.written.out).toContain("\u001b[");
    expect(bare.written.out).not.toContain("\u001b[");
  });

  it("fits a terminal, and is whole elsewhere", async () => {
    const wide = [{ ...regions[0], name: "a name that goes on and on" }];
    server = await answering(() => ({ body: { data: { regions: wide } } }));
    const env = { SELVEDGE_URL: server.url, NO_COLOR: "1" };
    const [narrow, pipe] = [recordedTerminal({ isTTY: true, columns: 32, env }), recordedTerminal({ columns: 32, env })];
    await run(["get", "regions"], narrow);
    await run(["get", "regions"], pipe);
    expect(narrow.written.out.trimEnd().split("\n").map((line) => line.length)).toEqual([32, 32]);
    expect(narrow.written.out).toContain("a name th…");
    expect(pipe.written.out).toContain("a name that goes on and on");
  });

  it("suggests what may have been meant", async () => {
    server = await answering(() => ({ body: { data: { regions } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "regions", "east-chine"], terminal)).toBe(1);
    expect(terminal.written.err).toContain("Did you mean east-china?");
  });

  it("names a region that is close to a mistyped one, instead of listing no clusters", async () => {
    server = await answering(() => ({ body: { data: { regions } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "clusters", "--region", "north-chine"], terminal)).toBe(1);
    expect(terminal.written.err).toBe("error: There is no region north-chine. Did you mean north-china?\n");
    expect(terminal.written.out).toBe("");
  });

  it.each(["namespaces", "namespace", "ns"])("takes %s in singular and plural", async (word) => {
    const nodes = [{ id: "Namespace.1", name: "shop", description: "", createdAt: "2026-11-23T06:00:00.000Z", applications: { totalCount: 0 } }];
    server = await answering(() => ({ body: { data: { server: { now: "2026-11-23T06:03:12.000Z" }, namespaces: { totalCount: 1, nodes, pageInfo: { hasNextPage: false, endCursor: null } } } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", word], terminal)).toBe(0);
    expect(terminal.written.out).toMatch(/^shop /m);
  });

  it("follows every page", async () => {
    const page = (from: number, hasNextPage: boolean) => ({
      totalCount: 3,
      nodes: [{ id: `Namespace.${from}`, name: `n${from}`, description: "", isDefault: false, createdAt: "2026-11-23T06:00:00.000Z", applications: { totalCount: 0 } }],
      pageInfo: { hasNextPage, endCursor: `c${from}` },
    });
    let from = 0;
    server = await answering(() => ({ body: { data: { server: { now: "2026-11-23T06:03:12.000Z" }, namespaces: page((from += 1), from < 3) } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "ns"], terminal)).toBe(0);
    expect(server.asked.map(({ variables }) => variables["after"])).toEqual([null, "c1", "c2"]);
    expect(terminal.written.out).toMatch(/n1 .*3m12s[^]*n2[^]*n3/);
  });
});

describe("apply", () => {
  const unchanged = { kind: "Deployment", name: "basket", outcome: "UNCHANGED", message: null, warnings: [], object: null };
  const skipped = { ...unchanged, kind: "Job", outcome: "SKIPPED", message: "Jobs are not imported" };

  it.each([
    ["all skipped", [skipped, { ...skipped, name: "other" }], [], "Nothing of m.yaml was applied: all 2 objects were skipped."],
    ["the only one skipped", [skipped], ["-o", "json"], "Nothing of m.yaml was applied: its only object was skipped."],
    ["none, in a dry run", [], ["--dry-run"], "Nothing of m.yaml would be applied: it holds no objects."],
  ])("is 1 and says so when nothing was applied: %s", async (_what, objects, options, complaint) => {
    await writeFile(path.join(folder, "m.yaml"), "kind: Job\n");
    server = await answering((query) =>
      query.includes("query ClusterId")
        ? { body: { data: { cluster: { id: "Cluster.1", code: "hangzhou-1" } } } }
        : { body: { data: { importManifests: { objects, operation: null, userErrors: [] } } } },
    );
    const terminal = recordedTerminal({ folder, env: { SELVEDGE_URL: server.url } });
    expect(await run(["apply", "-f", "m.yaml", "--clusters", "hangzhou-1", ...options], terminal)).toBe(1);
    expect(terminal.written.err).toBe(`error: ${complaint}\n`);
    expect(terminal.written.out).not.toContain("Nothing to do.");
  });

  it("says which file it can't read", async () => {
    const terminal = recordedTerminal({ folder });
    expect(await run(["apply", "-f", "nowhere.yaml", "--clusters", "a"], terminal)).toBe(1);
    expect(terminal.written.err).toContain("Can't read nowhere.yaml: there is no such file");
  });

  it("asks again with the same key when the answer was lost, so that nothing is done twice", async () => {
    await writeFile(path.join(folder, "m.yaml"), "kind: Deployment\n");
    let tries = 0;
    server = await answering((query) => {
      if (query.includes("query ClusterId")) return { body: { data: { cluster: { id: "Cluster.1", code: "hangzhou-1" } } } };
      tries += 1;
      return tries === 1 ? "hang up" : { body: { data: { importManifests: { objects: [unchanged], operation: null, userErrors: [] } } } };
    });
    const terminal = recordedTerminal({ folder, env: { SELVEDGE_URL: server.url } });
    expect(await run(["apply", "-f", "m.yaml", "--clusters", "hangzhou-1", "--replicas", "3"], terminal)).toBe(0);
    expect(terminal.written.out).toContain("Nothing to do.");
    const imports = server.asked.filter(({ query }) => query.includes("mutation ImportManifests")).map(({ variables }) => variables["input"] as Record<string, unknown>);
    expect(imports).toHaveLength(2);
    expect(imports[0]).toEqual(imports[1]);
    expect(imports[0]).toMatchObject({ yaml: "kind: Deployment\n", namespace: "default", distribution: { clusters: [{ clusterId: "Cluster.1", replicas: 3 }] }, idempotencyKey: expect.stringMatching(/./) });
    expect(terminal.written.err).toContain("reconnecting…");
  });

  it("says that an import which was interrupted on its way may have been accepted", async () => {
    await writeFile(path.join(folder, "m.yaml"), "kind: Deployment\n");
    const terminal = recordedTerminal({ folder, env: {} });
    server = await answering((query) => {
      if (query.includes("query ClusterId")) return { body: { data: { cluster: { id: "Cluster.1", code: "hangzhou-1" } } } };
      terminal.interrupt.abort();
      return { body: { data: { importManifests: { objects: [], operation: null, userErrors: [] } } } };
    });
    expect(await run(["apply", "-f", "m.yaml", "--clusters", "hangzhou-1", "--url", server.url], terminal)).toBe(130);
    expect(terminal.written.err).toContain("may have accepted the import");
  });

  it("names a cluster that is close to a mistyped one", async () => {
    await writeFile(path.join(folder, "m.yaml"), "kind: Deployment\n");
    server = await answering((query) =>
      query.includes("query ClusterId")
        ? { body: { data: { cluster: null } } }
        : { body: { data: { server: { now: "2026-11-23T06:03:12.000Z" }, clusters: { totalCount: 1, nodes: [{ code: "hangzhou-1" }], pageInfo: { hasNextPage: false, endCursor: null } } } } },
    );
    const terminal = recordedTerminal({ folder, env: { SELVEDGE_URL: server.url } });
    expect(await run(["apply", "-f", "m.yaml", "--clusters", "hangzou-1"], terminal)).toBe(1);
    expect(terminal.written.err).toContain("There is no cluster hangzou-1. Did you mean hangzhou-1?");
  });

  it("folds warnings to a count, and lists them when asked", async () => {
    const objects = [
      { kind: "Deployment", name: "basket", outcome: "CREATED", message: null, warnings: ["probes are not honoured yet", "hostAliases is ignored"], object: null },
      { kind: "Service", name: "basket", outcome: "SKIPPED", message: "Services come later", warnings: [], object: null },
    ];
    server = await answering((query) =>
      query.includes("query ClusterId")
        ? { body: { data: { cluster: { id: "Cluster.1", code: "hangzhou-1" } } } }
        : { body: { data: { importManifests: { objects, operation: null, userErrors: [] } } } },
    );
    const env = { SELVEDGE_URL: server.url };
    const [folded, full] = [recordedTerminal({ env, input: "kind: Deployment\n" }), recordedTerminal({ env, input: "kind: Deployment\n" })];
    expect(await run(["apply", "-f", "-", "--clusters", "hangzhou-1", "--dry-run"], folded)).toBe(0);
    expect(await run(["apply", "-f", "-", "--clusters", "hangzhou-1", "--dry-run", "--verbose"], full)).toBe(0);
    expect(folded.written.out).toMatch(/Deployment +basket +created +2 warnings\nService +basket +skipped +Services come later\n[^]*Dry run: nothing was changed/);
    expect(folded.written.out).not.toContain("hostAliases");
    expect(full.written.out).toContain("Deployment basket: hostAliases is ignored");
  });
});

describe("tokens", () => {
  const NOW = "2026-11-23T06:00:00.000Z";
  const ci = { id: "ApiToken.1", name: "ci", role: "OPERATOR", namespaces: ["shop"], prefix: "slv_ab", createdAt: NOW, lastUsedAt: null, expiresAt: "2026-11-25T06:00:00.000Z", revokedAt: null };
  const listed = (...nodes: object[]) => ({ server: { now: NOW }, viewer: { id: "ApiToken.9", tenant: { id: "Tenant.1", apiTokens: { totalCount: nodes.length, nodes, pageInfo: { hasNextPage: false, endCursor: null } } } } });

  it("creates one that expires by the server's clock, and prints nothing but the secret", async () => {
    server = await answering((query) => ({ body: { data: query.includes("mutation") ? { createApiToken: { apiToken: ci, secret: "slv_secret", userErrors: [] } } : { server: { now: NOW } } } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["create", "token", "ci", "--role", "operator", "--namespace", "shop,blog", "--expires", "30d"], terminal)).toBe(0);
    expect(terminal.written.out).toBe("slv_secret\n");
    expect(terminal.written.err).toContain("only time");
    expect(server.asked.at(-1)?.variables["input"]).toMatchObject({ name: "ci", role: "OPERATOR", namespaces: ["shop", "blog"], expiresAt: "2026-12-23T06:00:00.000Z" });
  });

  it("lists them with what became of them", async () => {
    server = await answering(() => ({ body: { data: listed(ci, { ...ci, id: "ApiToken.2", name: "old", namespaces: null, expiresAt: NOW }, { ...ci, id: "ApiToken.3", name: "gone", revokedAt: NOW }) } }));
    const terminal = recordedTerminal({ env: { SELVEDGE_URL: server.url } });
    expect(await run(["get", "tokens"], terminal)).toBe(0);
    expect(terminal.written.out).toMatch(/^ci +OPERATOR +shop +slv_ab +valid for 2d [^]*^old +OPERATOR +all +slv_ab +expired [^]*^gone .* revoked /m);
  });

  it("revokes by name the one that is not revoked yet, and asks for the id where two are left", async () => {
    const gone = { ...ci, id: "ApiToken.3", revokedAt: NOW };
    const twin = { ...ci, id: "ApiToken.2" };
    let nodes: object[] = [gone, ci];
    server = await answering((query) => ({ body: { data: query.includes("mutation") ? { revokeApiToken: { apiToken: ci, userErrors: [] } } : listed(...nodes) } }));
    const env = { SELVEDGE_URL: server.url };
    expect(await run(["delete", "token", "ci", "--yes"], recordedTerminal({ env }))).toBe(0);
    expect(server.asked.at(-1)?.variables["input"]).toMatchObject({ id: "ApiToken.1" });
    nodes = [gone, ci, twin];
    const torn = recordedTerminal({ env });
    expect(await run(["delete", "token", "ci", "--yes"], torn)).toBe(1);
    expect(torn.written.err).toContain("ApiToken.1 or ApiToken.2");
    expect(await run(["delete", "token", "ApiToken.2", "--yes"], recordedTerminal({ env }))).toBe(0);
    expect(server.asked.at(-1)?.variables["input"]).toMatchObject({ id: "ApiToken.2" });
    const asked = server.asked.length;
    expect(await run(["delete", "token", "ApiToken.2"], recordedTerminal({ env }))).toBe(2);
    expect(server.asked.slice(asked).some(({ query }) => query.includes("mutation"))).toBe(false);
  });
});

describe("settings", () => {
  it("login stores address and token for its owner only, and the next command uses them", async () => {
    server = await answering((query) => ({ body: { data: query.includes("viewer") ? VIEWER : { regions: [] } } }));
    const env = { XDG_CONFIG_HOME: folder };
    const terminal = recordedTerminal({ env });
    expect(await run(["login", "--url", server.url, "--token", "slv_secret"], terminal)).toBe(0);
    const file = path.join(folder, "selvedge", "login.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ url: server.url, token: "slv_secret" });
    expect(terminal.written.out).toContain("as ci (OPERATOR, tenant demo)");
    expect(terminal.written.out + terminal.written.err).not.toContain("slv_secret");
    expect(await run(["get", "regions"], recordedTerminal({ env }))).toBe(0);
    expect(server.asked.at(-1)?.authorization).toBe("Bearer slv_secret");
  });

  it("never sends a stored token to another address", async () => {
    server = await answering((query) => ({ body: { data: query.includes("viewer") ? VIEWER : { regions: [] } } }));
    const env = { XDG_CONFIG_HOME: folder };
    await run(["login", "--url", server.url, "--token", "slv_secret"], recordedTerminal({ env }));
    const other = await answering(() => ({ body: { data: { regions: [] } } }));
    expect(await run(["get", "regions", "--url", other.url], recordedTerminal({ env }))).toBe(0);
    expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
    await other.close();
  });

  it("does not keep a token that the server refuses", async () => {
    server = await answering(() => ({ status: 401, body: { errors: [{ message: "no", extensions: { code: "UNAUTHENTICATED" } }] } }));
    expect(await run(["login", "--url", server.url, "--token", "bad"], recordedTerminal({ env: { XDG_CONFIG_HOME: folder } }))).toBe(1);
    await expect(stat(path.join(folder, "selvedge", "login.json"))).rejects.toThrow("ENOENT");
  });

  it("takes the token of a server on this machine from its data directory", async () => {
    server = await answering(() => ({ body: { data: { regions: [] } } }));
    await writeFile(path.join(folder, "token"), "slv_local\n");
    expect(await run(["get", "regions", "--url", server.url], recordedTerminal({ env: { SELVEDGE_DATA_DIR: folder } }))).toBe(0);
    expect(server.asked[0]?.authorization).toBe("Bearer slv_local");
  });

  it("prefers the option to the environment, and the environment to the login", async () => {
    server = await answering((query) => ({ body: { data: query.includes("viewer") ? VIEWER : { regions: [] } } }));
    const env = { XDG_CONFIG_HOME: folder, SELVEDGE_URL: server.url, SELVEDGE_TOKEN: "from-environment" };
    await run(["login", "--token", "from-login"], recordedTerminal({ env: { ...env, SELVEDGE_TOKEN: "" } }));
    await run(["get", "regions"], recordedTerminal({ env }));
    await run(["get", "regions", "--token", "from-option"], recordedTerminal({ env }));
    expect(server.asked.slice(1).map(({ authorization }) => authorization)).toEqual(["Bearer from-environment", "Bearer from-option"]);
  });
});
