import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ApplicationRowFragment, EventRowFragment, PodRowFragment } from "#clients/typescript/index.ts";
import { type Ended, runCommand, startCommand } from "#tests/support/command.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** A day with the command line, against the real server: each test goes on where the one before it stopped. */
let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "selvedge-cli-"));
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "warn" } });
}, 120_000);
afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const selvedge = (...args: string[]): Promise<Ended> => runCommand(args, server.environment);
const json = async <T>(...args: string[]): Promise<T> => {
  const ended = await selvedge(...args, "-o", "json");
  expect(ended).toMatchObject({ code: 0, err: "" });
  return JSON.parse(ended.out) as T;
};
const manifest = async (text: string): Promise<string> => {
  const file = path.join(folder, "manifest.yaml");
  await writeFile(file, text);
  return file;
};
const deployment = (name: string, container = "{ name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 32Mi } } }"): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  selector: { matchLabels: { app: ${name} } }\n  template:\n    metadata: { labels: { app: ${name} } }\n    spec: { containers: [${container}] }\n`;

describe("from an empty platform to a running application and back", { timeout: 120_000 }, () => {
  it("has nothing yet, and says so", async () => {
    expect(await selvedge("get", "apps")).toMatchObject({ code: 0, out: "No applications.\n" });
    expect(await json("get", "pods")).toEqual([]);
  });

  it("makes a namespace, once", async () => {
    expect(await selvedge("create", "namespace", "shop", "--description", "What customers see")).toMatchObject({ code: 0 });
    const again = await selvedge("create", "namespace", "shop");
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/\[ALREADY_EXISTS at input\.name\]/);
    expect((await selvedge("get", "namespaces")).out).toMatch(/^shop +0 +\S+ +What customers see$/m);
  });

  it("rehearses an import without doing it", async () => {
    const rehearsed = await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1", "-n", "shop", "--dry-run");
    expect(rehearsed.code).toBe(0);
    expect(rehearsed.out).toMatch(/^Deployment +hello +created/m);
    expect(rehearsed.out).toContain("Dry run: nothing was changed.");
    expect(await json("get", "apps", "-n", "shop")).toEqual([]);
  });

  it("imports, and stays until every pod is ready", async () => {
    const applied = await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1", "--clusters", "shaoxing-1", "--replicas", "2", "-n", "shop");
    expect(applied.out).toMatch(/succeeded, 4 of 4 pods/);
    expect(applied.code).toBe(0);
    const [app] = await json<ApplicationRowFragment[]>("get", "apps", "hello", "-n", "shop");
    expect(app).toMatchObject({ name: "hello", status: "RUNNING", replicas: { desired: 4, ready: 4 }, placements: { totalCount: 2 } });
  });

  it("lists by application, cluster, namespace and phase", async () => {
    expect(await json<PodRowFragment[]>("get", "pods", "--app", "hello", "-n", "shop")).toHaveLength(4);
    expect(await json<PodRowFragment[]>("get", "pods", "-n", "shop", "--cluster", "shaoxing-1")).toHaveLength(2);
    expect(await json<PodRowFragment[]>("get", "pods", "--phase", "running")).toHaveLength(4);
    expect(await json<PodRowFragment[]>("get", "pods", "--phase", "PENDING,FAILED")).toEqual([]);
    expect(await json<PodRowFragment[]>("get", "pods", "-n", "default")).toEqual([]);
    expect(parse((await selvedge("get", "clusters", "-o", "yaml")).out)).toHaveLength(2);
    expect((await selvedge("get", "nodes", "--cluster", "hangzhou-1")).out.match(/READY/g)).toHaveLength(2);
    expect((await selvedge("get", "regions")).out).toMatch(/^east-china +East China +2$/m);
    expect((await selvedge("get", "operations")).out).toMatch(/^Operation\.\S+ +IMPORT_MANIFESTS +\S.* SUCCEEDED +4\/4 +administrator /m);
  });

  it("describes each kind of thing", async () => {
    const [pod] = await json<PodRowFragment[]>("get", "pods", "--app", "hello", "-n", "shop");
    expect((await selvedge("describe", "pod", pod?.name ?? "")).out).toMatch(/Phase: +RUNNING[^]*Containers\n.*\nweb +RUNNING +yes +0/);
    expect((await selvedge("describe", "app", "hello", "-n", "shop")).out).toMatch(/On 2 clusters[^]*hangzhou-1 +ONLINE +2\/2[^]*4 pods[^]*Last operations/);
    expect((await selvedge("describe", "app", "hello", "-n", "shop")).out).toMatch(/Events of the last hour\n *LAST SEEN +TYPE +REASON +CLUSTER +OBJECT +MESSAGE\n[^]*Started +hangzhou-1 +pod\/hello-\S+ +Started container web/);
    expect((await selvedge("describe", "application", "hello", "-n", "shop")).out).toMatch(/\nhangzhou-1 [^]*\nshaoxing-1 [^]*4 pods/);
    expect((await selvedge("describe", "cluster", "hangzhou-1")).out).toMatch(/Place: +Hangzhou, Zhejiang[^]*2 nodes/);
    const [operation] = await json<{ id: string }[]>("get", "operations");
    expect((await selvedge("describe", "operation", operation?.id ?? "")).out).toMatch(/State: +SUCCEEDED[^]*Progress: +4 of 4 \(100%\)/);
  });

  it("lists what happened, the newest last", async () => {
    const events = await json<EventRowFragment[]>("get", "events", "--app", "hello", "-n", "shop", "--cluster", "hangzhou-1", "--type", "normal", "--since", "30m");
    expect(events.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["ScalingReplicaSet", "Scheduled", "Pulled", "Started"]));
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted());
    expect((await selvedge("get", "events", "--reason", "Nothing")).out).toBe("No events.\n");
    const [pod] = await json<PodRowFragment[]>("get", "pods", "--app", "hello", "-n", "shop");
    expect((await json<EventRowFragment[]>("get", "events", "--pod", pod?.name ?? "", "--keyword", "STARTED")).map(({ object }) => object)).toEqual([`pod/${pod?.name}`]);
  });

  it("scales one cluster, and then all", async () => {
    expect((await selvedge("scale", "app", "hello", "-n", "shop", "--replicas", "3", "--cluster", "hangzhou-1")).out).toMatch(/succeeded/);
    expect(await json<PodRowFragment[]>("get", "pods", "-n", "shop")).toHaveLength(5);
    expect((await selvedge("scale", "app", "hello", "-n", "shop", "--replicas", "1")).out).toMatch(/succeeded/);
    expect((await json<ApplicationRowFragment[]>("get", "apps", "-n", "shop"))[0]).toMatchObject({ replicas: { desired: 2, ready: 2 } });
  });

  it("keeps a namespace that is in use", async () => {
    const kept = await selvedge("delete", "namespace", "shop", "--yes");
    expect(kept.code).toBe(1);
    expect(kept.err).toContain("[IN_USE");
  });

  it("deletes an application with its pods, then the namespace", async () => {
    expect(await selvedge("delete", "app", "hello", "-n", "shop")).toMatchObject({ code: 2 });
    const deleted = await selvedge("delete", "app", "hello", "-n", "shop", "--yes");
    expect(deleted.out).toMatch(/succeeded/);
    expect(deleted.code).toBe(0);
    expect(await json("get", "pods")).toEqual([]);
    expect(await selvedge("delete", "namespace", "shop", "--yes")).toMatchObject({ code: 0, out: "Namespace shop is gone.\n" });
  });
});

describe("an application's life", { timeout: 180_000 }, () => {
  const file = async (image: string): Promise<string> => manifest(deployment("web", `{ name: web, image: ${image}, resources: { requests: { cpu: 50m, memory: 32Mi } } }`));
  const apply = async (image: string, ...more: string[]): Promise<Ended> => selvedge("apply", "-f", await file(image), "--clusters", "hangzhou-1,shaoxing-1", "--replicas", "2", ...more);
  const diff = async (image: string): Promise<Ended> => selvedge("diff", "-f", await file(image), "--clusters", "hangzhou-1,shaoxing-1", "--replicas", "2");
  const images = async (): Promise<unknown> => (await json<{ currentRevision: { template: { containers: { image: string }[] } } }>("describe", "app", "web")).currentRevision.template.containers.map(({ image }) => image);

  it("is brought up, and compared with its file", async () => {
    expect(await diff("nginx:1.28")).toMatchObject({ code: 1, out: "+ Deployment web: would be created\n" });
    expect(await apply("nginx:1.28")).toMatchObject({ code: 0 });
    expect(await diff("nginx:1.28")).toMatchObject({ code: 0, out: "= 1 object unchanged\n" });
    const differs = await diff("nginx:1.29");
    expect(differs).toMatchObject({ code: 1, err: "" });
    expect(differs.out).toBe("~ Deployment web: would be updated\n    - spec.template.spec.containers[web].image: nginx:1.28\n    + spec.template.spec.containers[web].image: nginx:1.29\n");
    expect(await diff("nginx:a b")).toMatchObject({ code: 2 });
  });

  it("comes out as a manifest that changes nothing", async () => {
    const exported = await selvedge("export", "app", "web");
    expect(exported).toMatchObject({ code: 0, err: "" });
    expect(await selvedge("diff", "-f", await manifest(exported.out), "--clusters", "hangzhou-1,shaoxing-1", "--replicas", "2")).toMatchObject({ code: 0 });
  });

  it("is upgraded, by a file and by words, with a history", async () => {
    expect((await apply("nginx:1.29")).out).toMatch(/^Deployment +web +updated[^]*succeeded, 4 of 4 pods/m);
    const upgraded = await selvedge("upgrade", "web", "--image", "nginx:1.30", "--env", "GREETING=hello", "-m", "A greeting", "--max-surge", "100%");
    expect(upgraded).toMatchObject({ code: 0, out: expect.stringMatching(/^web: succeeded, 4 of 4 pods/) });
    expect(await selvedge("upgrade", "web", "--image", "nginx:1.30")).toMatchObject({ code: 0, out: "web is like that already: revision 3.\n" });
    const history = await selvedge("rollout", "history", "web");
    expect(history.out).toMatch(/^ +3 \* .*A greeting$[^]*^ +2 .*image[^]*^ +1 /m);
    const revision = await selvedge("rollout", "history", "web", "--revision", "3");
    expect(revision.out).toMatch(/- nginx:1\.29\n +\+ nginx:1\.30/);
    expect(await selvedge("rollout", "status", "web")).toMatchObject({ code: 0, out: expect.stringMatching(/Revision: +2 → 3: A greeting\nState: +SUCCEEDED[^]*hangzhou-1 +ONLINE +3 +2\/2 +2\/2/) });
  });

  it("goes back", async () => {
    expect(await selvedge("rollout", "undo", "web", "--to-revision", "1")).toMatchObject({ code: 0 });
    expect(await images()).toEqual(["nginx:1.28"]);
    expect(await selvedge("rollout", "undo", "web", "--to-revision", "77")).toMatchObject({ code: 1, err: expect.stringContaining("77") });
  });

  it("goes back by itself when an upgrade fails, and says so", async () => {
    const failed = await selvedge("upgrade", "web", "--image", "nginx:missing", "--deadline", "30s");
    expect(failed).toMatchObject({ code: 1, out: expect.stringMatching(/^web: rolled back/) });
    expect(await images()).toEqual(["nginx:1.28"]);
    expect(await selvedge("rollout", "status", "web")).toMatchObject({ code: 1, out: expect.stringMatching(/State: +ROLLED_BACK/) });
  });

  it("is cancelled half-way", async () => {
    const begun = await json<{ operation: { id: string } }>("upgrade", "web", "--image", "nginx:missing", "--no-wait");
    const cancelled = await selvedge("cancel", "op", begun.operation.id);
    expect(cancelled).toMatchObject({ code: 0, out: expect.stringMatching(/^web: cancelled/) });
    expect(await images()).toEqual(["nginx:1.28"]);
    expect(await selvedge("cancel", "op", begun.operation.id)).toMatchObject({ code: 1, err: expect.stringContaining("[INVALID_STATE") });
    expect(await selvedge("retry", "op", begun.operation.id)).toMatchObject({ code: 1, err: expect.stringContaining("[INVALID_STATE") });
  });

  it("stops, starts and restarts", async () => {
    expect(await selvedge("stop", "web")).toMatchObject({ code: 0 });
    expect((await selvedge("get", "apps", "web")).out).toMatch(/web +STOPPED +0\/0/);
    expect(await selvedge("scale", "web", "--replicas", "3")).toMatchObject({ code: 1, err: expect.stringContaining("[INVALID_STATE") });
    expect(await selvedge("start", "web")).toMatchObject({ code: 0 });
    // Those that are on their way out are not waited for.
    const running = async (): Promise<string[]> => (await json<PodRowFragment[]>("get", "pods", "--app", "web", "--phase", "running")).map(({ id }) => id);
    const before = await running();
    expect(before).toHaveLength(4);
    expect(await selvedge("rollout", "restart", "web")).toMatchObject({ code: 0 });
    const after = await running();
    expect(after).toHaveLength(4);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(await selvedge("scale", "web", "--replicas", "1")).toMatchObject({ code: 0 });
  });
});

describe("configuration and services", { timeout: 180_000 }, () => {
  it("are made, listed and described", async () => {
    expect(await selvedge("create", "cm", "settings", "--from-literal", "CURRENCY=CNY", "--from-file", "banner=clients/examples/hello.yaml")).toMatchObject({ code: 0 });
    expect(await selvedge("create", "secret", "opaque", "key", "--from-literal", "token=not-a-secret-at-all")).toMatchObject({ code: 0 });
    expect((await selvedge("get", "cm")).out).toMatch(/^default +settings +2 +0 +1 /m);
    expect((await selvedge("get", "secrets")).out).toMatch(/^default +key +OPAQUE +1 +0 +1 /m);
    expect((await selvedge("describe", "cm", "settings")).out).toMatch(/^CURRENCY:\n {2}CNY$[^]*apiVersion: apps\/v1[^]*Used by no application/m);
    expect(await selvedge("create", "svc", "web", "--app", "web", "--port", "http=80:8080")).toMatchObject({ code: 0, out: expect.stringMatching(/^web: succeeded, 2 of 2 clusters/) });
    expect((await selvedge("get", "svc", "--cluster", "hangzhou-1")).out).toMatch(/^default +web +web +hangzhou-1 +100\.96\.\S+ +http 80:8080\/tcp +ACTIVE /m);
    expect((await selvedge("describe", "svc", "web")).out).toMatch(/^hangzhou-1$[^]*Endpoints: +1 ready of 1[^]*^shaoxing-1$/m);
  });

  it("shows a Secret's values to who asks for them only", async () => {
    for (const args of [["describe", "secret", "key"], ["get", "secrets", "-o", "json"], ["describe", "secret", "key", "-o", "yaml"]]) {
      const shown = await selvedge(...args);
      expect(shown.code).toBe(0);
      expect(shown.out).not.toContain("not-a-secret-at-all");
    }
    expect(await selvedge("reveal", "secret", "key")).toMatchObject({ code: 2 });
    expect(await selvedge("reveal", "secret", "key", "--key", "token", "--yes")).toMatchObject({ code: 0, out: "not-a-secret-at-all" });
  });

  it("come from a file with the application that uses them, and are kept while it does", async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: pages }\ndata: { LOCALE: zh-CN, index.html: hello }\n---\n${deployment(
      "reader",
      "{ name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 32Mi } }, env: [{ name: LOCALE, valueFrom: { configMapKeyRef: { name: pages, key: LOCALE } } }], volumeMounts: [{ name: pages, mountPath: /pages }] }",
    ).replace("spec: { containers:", "spec: { volumes: [{ name: pages, configMap: { name: pages } }], containers:")}`;
    const apply = async (yaml: string): Promise<Ended> => selvedge("apply", "-f", await manifest(yaml), "--clusters", "hangzhou-1");
    const first = await apply(text);
    expect(first.out).toMatch(/^ConfigMap +pages +created[^]*^Deployment +reader +created/m);
    expect(first.code).toBe(0);
    expect((await apply(text)).out).toMatch(/^ConfigMap +pages +unchanged[^]*^Deployment +reader +unchanged/m);
    const other = text.replace("index.html: hello", "index.html: welcome");
    const differs = await selvedge("diff", "-f", await manifest(other), "--clusters", "hangzhou-1");
    expect(differs).toMatchObject({ code: 1, err: "" });
    expect(differs.out).toContain("~ ConfigMap pages: would be updated\n    - data[index.html]: hello\n    + data[index.html]: welcome\n");
    expect(await apply(other)).toMatchObject({ code: 0, out: expect.stringMatching(/^ConfigMap +pages +updated/m) });
    expect((await selvedge("describe", "app", "reader")).out).toMatch(/\/pages: +files of ConfigMap pages, read-only\n +LOCALE: +from ConfigMap pages, LOCALE$/m);
    expect((await selvedge("describe", "cm", "pages")).out).toMatch(/Used by 1 application\nNAME +STATUS\nreader +/);
    expect(await selvedge("delete", "cm", "pages", "--yes")).toMatchObject({ code: 1, err: expect.stringContaining("[IN_USE") });
    const updated = await selvedge("update", "cm", "pages", "--from-literal", "index.html=again");
    expect(updated).toMatchObject({ code: 0, out: expect.stringMatching(/^pages: succeeded/) });
  });

  it("are taken away", async () => {
    expect(await selvedge("delete", "app", "reader", "--yes")).toMatchObject({ code: 0 });
    expect(await selvedge("delete", "cm", "pages", "--yes")).toMatchObject({ code: 0, out: "ConfigMap pages is gone.\n" });
    expect(await selvedge("delete", "cm", "settings", "--yes")).toMatchObject({ code: 0 });
    expect(await selvedge("delete", "secret", "key", "--yes")).toMatchObject({ code: 0 });
    expect(await selvedge("delete", "svc", "web", "--cluster", "shaoxing-1", "--yes")).toMatchObject({ code: 0 });
    expect(await json("get", "svc")).toMatchObject([{ cluster: { code: "hangzhou-1" } }]);
    // The last service goes with its application.
    expect(await selvedge("delete", "app", "web", "--yes")).toMatchObject({ code: 0 });
    await eventually(async () => expect(await json("get", "svc")).toEqual([]), { deadlineMs: 30_000 });
  });
});

describe("a watch", { timeout: 180_000 }, () => {
  it("tells of each change, and goes on across a restart of the server", async () => {
    expect(await selvedge("apply", "-f", await manifest(deployment("seen")), "--clusters", "hangzhou-1")).toMatchObject({ code: 0 });
    const watch = startCommand(["get", "pods", "--app", "seen", "-w"], server.environment);
    try {
      const deadline = { deadlineMs: 60_000 };
      await eventually(() => expect(watch.out).toMatch(/^added +default +seen-\S+ +hangzhou-1 +\S+ +RUNNING/m), deadline);
      await server.kill9();
      await eventually(() => expect(watch.err).toContain("reconnecting…"), deadline);
      await server.start();
      await eventually(() => expect(watch.err).toContain("connected again"), deadline);
      expect(await selvedge("scale", "seen", "--replicas", "2")).toMatchObject({ code: 0 });
      await eventually(() => expect(new Set([...watch.out.matchAll(/^(?:added|changed) +default +(\S+) .* RUNNING +yes/gm)].map(([, name]) => name)).size).toBe(2), deadline);
      expect(await selvedge("delete", "app", "seen", "--yes")).toMatchObject({ code: 0 });
      await eventually(() => expect(watch.out.match(/^removed /gm)).toHaveLength(2), deadline);
      watch.signal("SIGINT");
      expect((await watch.done()).code).toBe(130);
    } finally {
      watch.signal("SIGKILL");
    }
  });
});

describe("an upgrade that gets stuck", { timeout: 180_000 }, () => {
  it("is not waited for without end: it says so, and goes on", async () => {
    expect(await selvedge("apply", "-f", await manifest(deployment("stuck")), "--clusters", "hangzhou-1")).toMatchObject({ code: 0 });
    const upgraded = await selvedge("upgrade", "stuck", "--image", "nginx:missing", "--deadline", "10s", "--no-rollback");
    expect(upgraded).toMatchObject({ code: 1, out: expect.stringMatching(/^stuck: stalled, 0 of 1 pod[^]*No progress for 10 seconds[^]*selvedge wait Operation\./) });
    expect(await selvedge("rollout", "status", "stuck")).toMatchObject({ code: 1, out: expect.stringMatching(/^Revision: +1 → 2/m) });
    expect(await selvedge("rollout", "undo", "stuck")).toMatchObject({ code: 0 });
    expect(await selvedge("delete", "app", "stuck", "--yes")).toMatchObject({ code: 0 });
  });
});

describe("what can't be done is said precisely, and changes nothing", { timeout: 120_000 }, () => {
  it.each([
    ["YAML that is none", "kind: Deployment\n  name: [", /line 2, column \d+|line \d+.*column \d+/i],
    ["a container twice", deployment("twice", "{ name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 32Mi } } }, { name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 32Mi } } }"), /web/],
    ["no processor time", deployment("idle", "{ name: web, image: nginx, resources: { requests: { cpu: 0, memory: 32Mi } } }"), /cpu/i],
    ["an absurd amount of memory", deployment("huge", "{ name: web, image: nginx, resources: { requests: { cpu: 50m, memory: 9999Ti } } }"), /memory/i],
    ["a bad name", deployment("Not_A_Name"), /Not_A_Name/],
  ])("%s", async (_what, text, complaint) => {
    const ended = await selvedge("apply", "-f", await manifest(text), "--clusters", "hangzhou-1");
    expect(ended.code).toBe(1);
    expect(ended.out + ended.err).toMatch(complaint);
    expect(await json("get", "apps")).toEqual([]);
  });

  it("no room left", async () => {
    const ended = await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1", "--replicas", "900");
    expect(ended.code).toBe(1);
    expect(ended.out + ended.err).toMatch(/hangzhou-1|INSUFFICIENT_CAPACITY/);
    expect(await json("get", "apps")).toEqual([]);
  });

  it("too many replicas", async () => {
    const ended = await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1", "--replicas", "1001");
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/1,?000.*\[INVALID_ARGUMENT at input\.distribution\.clusters\.0\.replicas\]/);
  });

  it("an unknown namespace, cluster, application, operation", async () => {
    expect((await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1", "-n", "nowhere")).err).toMatch(/nowhere.*\[NOT_FOUND at input\.namespace\]/);
    expect((await selvedge("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-7")).err).toContain("Did you mean hangzhou-1?");
    expect((await selvedge("describe", "app", "ghost")).err).toContain("There is no application ghost in namespace default.");
    expect((await selvedge("get", "apps", "-n", "defualt")).err).toContain("There is no namespace defualt. Did you mean default?");
    expect(await selvedge("get", "clusters", "--region", "east-chine")).toMatchObject({ code: 1, out: "", err: expect.stringContaining("Did you mean east-china?") });
    expect((await selvedge("wait", "Operation.00000000-0000-0000-0000-000000000000")).err).toContain("There is no operation");
  });

  it("kinds that are not imported yet are reported, and nothing else happens", async () => {
    const ended = await selvedge("apply", "-f", "clients/examples/job.yaml", "--clusters", "hangzhou-1");
    expect(ended.out).toMatch(/^Job +ledger-migration +skipped +\S/m);
    expect(ended.out).toMatch(/^CronJob +morning-report +skipped +\S/m);
    expect(ended.err).toMatch(/Nothing of \S+job\.yaml was applied: all \d+ objects were skipped\./);
    expect(ended.code).toBe(1);
  });

  it("what a token may not do, and anything once it is revoked", async () => {
    const made = await selvedge("create", "token", "reader", "--role", "VIEWER", "--namespace", "default", "--expires", "30d");
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^\S+\n$/) });
    const reader = { ...server.environment, SELVEDGE_TOKEN: made.out.trim() };
    expect(await runCommand(["get", "apps"], reader)).toMatchObject({ code: 0, out: "No applications.\n" });
    expect(await runCommand(["create", "namespace", "mine"], reader)).toMatchObject({ code: 1, err: expect.stringContaining("role does not allow") });
    expect((await selvedge("get", "tokens")).out).toMatch(/^reader +VIEWER +default +\S+ +valid for (29d23h|30d)/m);
    expect(await selvedge("delete", "token", "reader", "--yes")).toMatchObject({ code: 0, out: "Token reader is revoked.\n" });
    expect(await runCommand(["get", "apps"], reader)).toMatchObject({ code: 1, err: expect.stringContaining("selvedge login") });
    expect((await selvedge("delete", "token", "reader", "--yes")).err).toContain("There is no token reader.");
  });

  it("a token that nobody knows", async () => {
    const ended = await runCommand(["get", "apps"], { ...server.environment, SELVEDGE_TOKEN: "slv_wrong" });
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("selvedge login");
  });
});
