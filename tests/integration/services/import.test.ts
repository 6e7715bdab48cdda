import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import type { ImportManifestsInput } from "#server/services/import/import.ts";
import { eventually } from "#tests/support/eventually.ts";
import { countRows, createFixture, must, refusals, reservations, type TestCluster, type TestTenant } from "./fixture.ts";

const fixture = await createFixture(6);
const { admin, services } = fixture;
afterAll(() => fixture.close());

const repository = new URL("../../../", import.meta.url);
const boutique = new URL("../shared/data/online-boutique.yaml", repository);
const example = (name: string): string => readFileSync(new URL(`clients/examples/${name}`, repository), "utf8");

const importInput = (
  yaml: string,
  clusters: readonly TestCluster[],
  changes: Partial<ImportManifestsInput> = {},
): ImportManifestsInput => ({
  yaml,
  namespace: "default",
  dryRun: false,
  distribution: { clusters: clusters.map((cluster) => ({ clusterId: cluster.globalId, replicas: 2, networkType: "VPC" as const })) },
  ...changes,
});

const deployment = (name: string, options: { image?: string; cpu?: string; extra?: string } = {}): string => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {app: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:${options.extra ?? ""}
      containers:
        - name: server
          image: ${options.image ?? "registry.example/shop/app:1.0"}
          env: [{name: TOKEN, value: canary-91b2}]
          resources: {requests: {cpu: ${options.cpu ?? "100m"}, memory: 64Mi}}
`;
const file = (...documents: readonly string[]): string => documents.join("\n---\n");

async function place(clusterCount = 2): Promise<{ tenant: TestTenant; clusters: TestCluster[] }> {
  const tenant = await fixture.tenant();
  return { tenant, clusters: await Promise.all(Array.from({ length: clusterCount }, () => fixture.cluster())) };
}

describe("an import", () => {
  test("makes applications, each with its operation, and one operation over all with a step an application and cluster", async () => {
    const { tenant, clusters } = await place();
    const result = must(
      await services.applications.importManifests(tenant.actor, importInput(file(deployment("front"), deployment("back")), clusters)),
    );
    expect(result.objects.map(({ kind, name, outcome, message }) => ({ kind, name, outcome, message }))).toEqual(
      ["front", "back"].map((name) => ({ kind: "Deployment", name, outcome: "CREATED", message: null })),
    );
    expect(await countRows(admin, tenant.id)).toMatchObject({
      application: 2,
      placement: 4,
      operation: 3,
      operation_step: 8,
      audit_entry: 1,
      jobs: 2,
      timeline: 6,
    });
    const {
      rows: [operation],
    } = await admin.query("select * from operation where id = $1", [result.operationId]);
    expect(operation).toMatchObject({
      kind: "IMPORT_MANIFESTS",
      state: "PENDING",
      target_type: null,
      target_id: null,
      target_name: "2 applications",
      total: 8,
      completed: 0,
    });
    const { rows: steps } = await admin.query("select name, target_id, cluster_id, total from operation_step where operation_id = $1", [
      result.operationId,
    ]);
    expect(steps).toHaveLength(4);
    for (const object of result.objects) {
      expect(new Set(steps.filter((step) => step.target_id === object.object?.id).map((step) => step.cluster_id))).toEqual(
        new Set(clusters.map((cluster) => cluster.id)),
      );
    }
    const {
      rows: [audit],
    } = await admin.query("select * from audit_entry where tenant_id = $1", [tenant.id]);
    expect(audit).toMatchObject({
      action: "importManifests",
      outcome: "ACCEPTED",
      target_type: "Operation",
      target_id: result.operationId,
    });
    expect(audit.input.yaml).toMatch(/^\[\d+ bytes\]$/);
    const {
      rows: [application],
    } = await admin.query("select labels from application where name = 'front' and tenant_id = $1", [tenant.id]);
    expect(application.labels).toEqual([{ key: "app", value: "front" }]);
  });

  test("of the same file again changes nothing, and waits for the same", async () => {
    const { tenant, clusters } = await place();
    const input = importInput(file(deployment("front"), deployment("back")), clusters);
    must(await services.applications.importManifests(tenant.actor, input));
    const rows = async (): Promise<unknown> =>
      (await admin.query("select id, version, revision_id from application where tenant_id = $1 order by id", [tenant.id])).rows;
    const before = await rows();
    const again = must(await services.applications.importManifests(tenant.actor, input));
    expect(again.objects.map((object) => [object.outcome, object.operationId])).toEqual([
      ["UNCHANGED", null],
      ["UNCHANGED", null],
    ]);
    expect(await rows()).toEqual(before);
    const {
      rows: [operation],
    } = await admin.query(
      "select total, (select count(*)::int from operation_step s where s.operation_id = o.id) as steps from operation o where id = $1",
      [again.operationId],
    );
    expect(operation).toEqual({ total: 8, steps: 4 });
    // The applications' own operations go on.
    const { rows: unfinished } = await admin.query(
      "select kind from operation where tenant_id = $1 and finished_at is null order by kind",
      [tenant.id],
    );
    expect(unfinished.map((row) => row.kind)).toEqual(["CREATE_APPLICATION", "CREATE_APPLICATION", "IMPORT_MANIFESTS", "IMPORT_MANIFESTS"]);
  });

  test("with a new template makes a revision and upgrades; with a new distribution only moves", async () => {
    const { tenant, clusters } = await place();
    const first = must(
      await services.applications.importManifests(tenant.actor, importInput(file(deployment("front"), deployment("back")), clusters)),
    );
    const second = must(
      await services.applications.importManifests(
        tenant.actor,
        importInput(file(deployment("front", { image: "registry.example/shop/app:2.0", cpu: "200m" }), deployment("back")), clusters),
      ),
    );
    expect(second.objects.map((object) => object.outcome)).toEqual(["UPDATED", "UNCHANGED"]);
    const { rows: revisions } = await admin.query(
      "select number, template->'containers'->0->>'image' as image from revision where application_id = $1 order by number",
      [second.objects[0]?.object?.id],
    );
    expect(revisions).toEqual([
      { number: 1, image: "registry.example/shop/app:1.0" },
      { number: 2, image: "registry.example/shop/app:2.0" },
    ]);
    const { rows: placed } = await admin.query(
      "select p.generation, p.revision_id = a.revision_id as newest from placement p join application a on a.id = p.application_id where a.name = 'front' and a.tenant_id = $1",
      [tenant.id],
    );
    expect(placed).toEqual([
      { generation: 2, newest: true },
      { generation: 2, newest: true },
    ]);
    // 2 pods of 100 and 2 of now 200 cpuMillis on each cluster.
    for (const cluster of clusters) expect(await reservations(admin, cluster.id)).toMatchObject({ cpu: 600, pods: 4 });
    const {
      rows: [upgrade],
    } = await admin.query("select kind from operation where id = $1", [second.objects[0]?.operationId]);
    expect(upgrade.kind).toBe("UPGRADE_APPLICATION");
    // The first import has lost one of its applications to the second; the import itself is the worker's to settle.
    const { rows: steps } = await admin.query("select target_id, state from operation_step where operation_id = $1 order by state", [
      first.operationId,
    ]);
    expect(steps.map((step) => step.state)).toEqual(["PENDING", "PENDING", "SUPERSEDED", "SUPERSEDED"]);
    const {
      rows: [old],
    } = await admin.query("select state from operation where id = $1", [first.operationId]);
    expect(old.state).toBe("PENDING");

    const third = must(
      await services.applications.importManifests(tenant.actor, importInput(file(deployment("back")), clusters.slice(0, 1))),
    );
    expect(third.objects).toMatchObject([{ outcome: "UPDATED" }]);
    expect((await admin.query("select kind from operation where id = $1", [third.objects[0]?.operationId])).rows).toEqual([
      { kind: "UPDATE_DISTRIBUTION" },
    ]);
  });

  test("with a new update strategy alone tells every cluster, and is no change of distribution", async () => {
    const { tenant, clusters } = await place();
    must(await services.applications.importManifests(tenant.actor, importInput(deployment("front"), clusters)));
    const careful = deployment("front").replace("spec:\n  selector", "spec:\n  strategy: {rollingUpdate: {maxUnavailable: 1}}\n  selector");
    const answer = must(await services.applications.importManifests(tenant.actor, importInput(careful, clusters)));
    expect(answer.objects).toMatchObject([{ outcome: "UPDATED", operationId: null, warnings: [] }]);
    const { rows: told } = await admin.query("select generation from placement where tenant_id = $1", [tenant.id]);
    expect(told).toEqual([{ generation: 2 }, { generation: 2 }]);
    const { rows: kinds } = await admin.query("select kind, total from operation where tenant_id = $1 and finished_at is null order by created_at, id", [
      tenant.id,
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual(["CREATE_APPLICATION", "IMPORT_MANIFESTS", "IMPORT_MANIFESTS"]);
    expect(answer.operationId).not.toBeNull();
  });

  test("lets one object fail without the others, and undoes all of that one", async () => {
    const { tenant, clusters } = await place(1);
    const huge = deployment("huge", { cpu: "200" });
    const result = must(
      await services.applications.importManifests(
        tenant.actor,
        importInput(file(deployment("one"), huge, deployment("Bad_Name"), deployment("two")), clusters),
      ),
    );
    expect(result.objects.map((object) => [object.name, object.outcome])).toEqual([
      ["one", "CREATED"],
      ["huge", "FAILED"],
      ["Bad_Name", "FAILED"],
      ["two", "CREATED"],
    ]);
    expect(result.objects[1]?.message).toContain("fits on no node");
    expect(result.objects[2]?.message).toContain("Bad_Name");
    expect(await countRows(admin, tenant.id)).toMatchObject({
      application: 2,
      revision: 2,
      placement: 2,
      operation: 3,
      operation_step: 4,
      jobs: 2,
    });
    expect(await reservations(admin, clusters[0]?.id ?? "")).toMatchObject({ cpu: 400, pods: 4 });
    const {
      rows: [told],
    } = await admin.query("select ids from timeline where tenant_id = $1 and kind = 'application'", [tenant.id]);
    expect(new Set(told.ids)).toEqual(new Set(result.objects.flatMap((object) => object.object?.id ?? [])));
  });

  test("counts what the same file takes, object by object, and gives back", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster({ nodes: 1, nodePods: 5 });
    const names = ["one", "two", "three"];
    const outcomes = async (...documents: string[]): Promise<unknown[]> => {
      const input = importInput(file(...documents), [cluster]);
      return must(await services.applications.importManifests(tenant.actor, input)).objects.map(({ name, outcome }) => [name, outcome]);
    };
    expect(await outcomes(...names.map((name) => deployment(name)))).toEqual([["one", "CREATED"], ["two", "CREATED"], ["three", "FAILED"]]);
    expect(await reservations(admin, cluster.id)).toEqual({ cpu: 400, memory: 256, pods: 4, usage: 400 });
    expect(await outcomes(deployment("one", { cpu: "50m" }), deployment("two", { cpu: "100" }))).toEqual([["one", "UPDATED"], ["two", "FAILED"]]);
    expect(await reservations(admin, cluster.id)).toEqual({ cpu: 300, memory: 256, pods: 4, usage: 300 });
  });

  test("waits for no cluster before its end, and looks again when others took the room meanwhile", async () => {
    const [tenant, other] = [await fixture.tenant(), await fixture.tenant()];
    const cluster = await fixture.cluster({ nodes: 1, nodePods: 5 });
    // Networks are there already: what is waited for below is the cluster's row alone.
    must(await services.applications.importManifests(tenant.actor, importInput(deployment("small"), [cluster])));
    const holder = await admin.connect();
    try {
      await holder.query("begin");
      await holder.query("update cluster set last_seen_at = last_seen_at where id = $1", [cluster.id]);
      const importing = services.applications.importManifests(tenant.actor, importInput(file(deployment("one"), deployment("two")), [cluster]));
      const waiting = (): Promise<{ rows: { query: string }[] }> =>
        admin.query("select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
      await eventually(async () => expect((await waiting()).rows).toHaveLength(1));
      // Its objects are made and checked; the one thing left to wait for is every cluster's reservation at once.
      await holder.query("select set_config('app.tenant_id', $1, true)", [other.id]);
      await holder.query("select app.reserve($1, 0, 0, 2)", [cluster.id]);
      await holder.query("commit");
      const { objects } = must(await importing);
      expect(objects.map(({ name, outcome }) => [name, outcome])).toEqual([["one", "FAILED"], ["two", "FAILED"]]);
      expect(await reservations(admin, cluster.id)).toMatchObject({ pods: 4 });
    } finally {
      holder.release();
    }
  });

  test("never waits in a circle with a report, which holds a placement and then wants the cluster", async () => {
    const { tenant, clusters } = await place(1);
    const yaml = (cpu: string): string => file(deployment("one", { cpu }), deployment("two", { cpu }));
    const { objects } = must(await services.applications.importManifests(tenant.actor, importInput(yaml("100m"), clusters)));
    const report = await admin.connect();
    try {
      await report.query("begin");
      await report.query("set local lock_timeout = '5s'");
      await report.query("update placement set ready = 1 where application_id = $1", [objects[1]?.object?.id]);
      const importing = services.applications.importManifests(tenant.actor, importInput(yaml("200m"), clusters));
      await eventually(async () =>
        expect((await admin.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).rowCount).toBe(1),
      );
      const started = performance.now();
      await report.query("update cluster set last_seen_at = last_seen_at where id = $1", [clusters[0]?.id]);
      // Far below the second after which Postgres would break a circle.
      expect(performance.now() - started).toBeLessThan(500);
      await report.query("commit");
      expect(must(await importing).objects.map(({ outcome }) => outcome)).toEqual(["UPDATED", "UPDATED"]);
      expect(await reservations(admin, clusters[0]?.id ?? "")).toMatchObject({ cpu: 800, pods: 4 });
    } finally {
      report.release();
    }
  });

  test("reports what is no application yet, what it does not know, and what is no object", async () => {
    const { tenant, clusters } = await place(1);
    const yaml = file(
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: front}",
      "kind: Sprocket\nmetadata: {name: s}",
      deployment("one"),
      "just text",
      "metadata: {name: nameless}",
      "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: old}",
      deployment("one"),
      "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v2, kind: Secret, metadata: {name: listed}}",
    );
    const { objects } = must(await services.applications.importManifests(tenant.actor, importInput(yaml, clusters)));
    expect(objects.map(({ kind, name, outcome, message }) => [kind, name, outcome, message])).toEqual([
      ["ServiceAccount", "front", "SKIPPED", "ServiceAccount is not supported yet."],
      ["Sprocket", "s", "SKIPPED", 'The kind "Sprocket" is unknown.'],
      ["Deployment", "one", "CREATED", null],
      ["", "", "FAILED", expect.stringMatching(/^The document at line \d+ is not a map\.$/)],
      ["", "nameless", "FAILED", expect.stringMatching(/^The document at line \d+ has no kind\.$/)],
      ["Deployment", "old", "SKIPPED", 'A Deployment of apiVersion "extensions/v1beta1" is not supported; apps/v1 is.'],
      ["Deployment", "one", "FAILED", 'The file has two Deployments "one".'],
      ["Secret", "listed", "SKIPPED", 'A Secret of apiVersion "v2" is not supported; v1 is.'],
    ]);
  });

  test("with nothing to import has no operation", async () => {
    const { tenant, clusters } = await place(1);
    const result = must(
      await services.applications.importManifests(
        tenant.actor,
        importInput("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: front}", clusters),
      ),
    );
    expect(result.operationId).toBeNull();
    expect(await countRows(admin, tenant.id)).toMatchObject({ operation: 0, jobs: 0, audit_entry: 1 });
  });

  test("answers the same under the same key, and does nothing again", async () => {
    const { tenant, clusters } = await place(1);
    const input = importInput(file(deployment("front"), "kind: Sprocket"), clusters, { idempotencyKey: "k" });
    const [first, ...others] = (
      await Promise.all(Array.from({ length: 5 }, () => services.applications.importManifests(tenant.actor, input)))
    ).map(must);
    for (const other of others) expect(other).toEqual(first);
    const counts = await countRows(admin, tenant.id);
    expect(counts).toMatchObject({ application: 1, operation: 2, audit_entry: 1, idempotency: 1 });
    expect(refusals(await services.applications.importManifests(tenant.actor, { ...input, yaml: `${input.yaml}\n` }))).toMatchObject([
      { code: "IDEMPOTENCY_MISMATCH" },
    ]);
    const {
      rows: [kept],
    } = await admin.query("select fingerprint, result::text as text from idempotency where tenant_id = $1", [tenant.id]);
    expect(kept.text).not.toContain("canary-91b2");
  });
});

describe("a dry run", () => {
  test("says what would happen, capacity included, and changes nothing", async () => {
    const { tenant, clusters } = await place(1);
    must(await services.applications.importManifests(tenant.actor, importInput(deployment("same"), clusters)));
    const before = await countRows(admin, tenant.id);
    const room = await reservations(admin, clusters[0]?.id ?? "");
    const published = fixture.published.length;
    const yaml = file(deployment("same"), deployment("new"), deployment("huge", { cpu: "200" }));
    const result = must(
      await services.applications.importManifests(tenant.actor, importInput(yaml, clusters, { dryRun: true, idempotencyKey: "k" })),
    );
    expect(result.objects.map((object) => [object.name, object.outcome, object.operationId, object.object === null])).toEqual([
      ["same", "UNCHANGED", null, false],
      ["new", "CREATED", null, true],
      ["huge", "FAILED", null, true],
    ]);
    expect(result.operationId).toBeNull();
    expect(await countRows(admin, tenant.id)).toEqual(before);
    expect(await reservations(admin, clusters[0]?.id ?? "")).toEqual(room);
    expect(fixture.published.length).toBe(published);
  });

  test("is refused as the import itself would be", async () => {
    const { tenant, clusters } = await place(1);
    expect(
      refusals(
        await services.applications.importManifests(
          tenant.actor,
          importInput(deployment("a"), clusters, { dryRun: true, namespace: "nowhere" }),
        ),
      ),
    ).toMatchObject([{ code: "NOT_FOUND", path: ["input", "namespace"] }]);
    expect((await countRows(admin, tenant.id))["audit_entry"]).toBe(0);
  });
});

describe("a refused import changes nothing", () => {
  const cases: [string, (clusters: readonly TestCluster[]) => ImportManifestsInput, string, string[], RegExp][] = [
    [
      "invalid YAML, with line and column",
      (clusters) => importInput("kind: Deployment\nmetadata:\n  name: [a, b\nspec: 1", clusters),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /line 4, column 1/,
    ],
    [
      "a key given twice",
      (clusters) => importInput("kind: Deployment\nmetadata:\n  name: a\n  name: b", clusters),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /line 4, column 3: The key is given twice/,
    ],
    [
      "an alias bomb",
      (clusters) =>
        importInput(
          "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]",
          clusters,
        ),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /[Aa]lias/,
    ],
    [
      "a cycle",
      (clusters) => importInput("kind: &a [Deployment, *a]", clusters),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /nested too deeply/,
    ],
    ["no objects", (clusters) => importInput("# nothing\n---\n", clusters), "INVALID_ARGUMENT", ["input", "yaml"], /no objects/],
    [
      "more than 200 objects",
      (clusters) => importInput(file(...Array.from({ length: 201 }, (_, n) => `kind: K${n}`)), clusters),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /200/,
    ],
    [
      "more than 1 MiB",
      (clusters) => importInput(`# ${"x".repeat(1_048_576)}`, clusters),
      "INVALID_ARGUMENT",
      ["input", "yaml"],
      /1048576/,
    ],
    [
      "an unknown namespace",
      (clusters) => importInput(deployment("a"), clusters, { namespace: "nowhere" }),
      "NOT_FOUND",
      ["input", "namespace"],
      /nowhere/,
    ],
    [
      "a cluster that does not exist",
      () =>
        importInput(deployment("a"), [], {
          distribution: {
            clusters: [{ clusterId: globalId("Cluster", "00000000-0000-7000-8000-000000000000"), replicas: 1, networkType: "VPC" }],
          },
        }),
      "NOT_FOUND",
      ["input", "distribution", "clusters", "0", "clusterId"],
      /no cluster/,
    ],
    [
      "replicas out of range",
      (clusters) =>
        importInput(deployment("a"), clusters, {
          distribution: { clusters: [{ clusterId: clusters[0]?.globalId ?? "", replicas: 1_001, networkType: "VPC" }] },
        }),
      "INVALID_ARGUMENT",
      ["input", "distribution", "clusters", "0", "replicas"],
      /1000/,
    ],
  ];
  test.each(cases)("%s", async (_, input, code, path, message) => {
    const { tenant, clusters } = await place(1);
    const errors = refusals(await services.applications.importManifests(tenant.actor, input(clusters)));
    expect(errors.map((error) => [error.code, error.path])).toEqual([[code, path]]);
    expect(errors[0]?.message).toMatch(message);
    expect(await countRows(admin, tenant.id)).toMatchObject({ application: 0, operation: 0, audit_entry: 1, jobs: 0, vpc: 0 });
  });

  test("a text that keeps a parser busy is read beside the event loop", async () => {
    const { tenant, clusters } = await place(1);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const errors = refusals(await services.applications.importManifests(tenant.actor, importInput("[".repeat(600_000), clusters)));
    clearInterval(timer);
    expect(errors[0]).toMatchObject({ code: "INVALID_ARGUMENT", path: ["input", "yaml"] });
    // The parser alone takes more than that on an idle machine, and several times as much on a busy one.
    expect(longest).toBeLessThan(2_000);
  }, 60_000);
});

describe("files of our own", () => {
  test("a shop of a dozen services is imported whole", async () => {
    const { tenant, clusters } = await place(2);
    const result = must(await services.applications.importManifests(tenant.actor, importInput(example("shop.yaml"), clusters)));
    const deployments = result.objects.filter((object) => object.kind === "Deployment");
    expect(deployments.length).toBeGreaterThanOrEqual(12);
    expect(deployments.map((object) => [object.name, object.outcome, object.message])).toEqual(
      deployments.map((object) => [object.name, "CREATED", null]),
    );
    const others = result.objects.filter((object) => object.kind !== "Deployment");
    expect(others.length).toBeGreaterThanOrEqual(10);
    for (const { kind, outcome, message } of others) expect([kind, outcome, message]).toEqual([kind, "CREATED", null]);
  });

  test.each(["hello.yaml", "shop.yaml"])("%s has nothing that can't be honoured", async (name) => {
    const { tenant, clusters } = await place(1);
    const { objects } = must(await services.applications.importManifests(tenant.actor, importInput(example(name), clusters)));
    expect(objects.flatMap(({ kind, name: of, warnings }) => warnings.map((warning) => `${kind} ${of}: ${warning}`))).toEqual([]);
  });

  test.each(["stateful.yaml", "job.yaml"])("%s is reported, not dropped", async (name) => {
    const { tenant, clusters } = await place(1);
    const { objects } = must(await services.applications.importManifests(tenant.actor, importInput(example(name), clusters)));
    expect(objects.length).toBeGreaterThan(0);
    expect(objects.map((object) => object.outcome)).not.toContain("FAILED");
    expect(objects.map((object) => object.outcome)).toContain("SKIPPED");
  });
});

describe.runIf(existsSync(boutique))("a real public shop", () => {
  test("its 12 Deployments and 12 Services are on five clusters, with every probe; ServiceAccounts are skipped; what is not honoured is said", async () => {
    const { tenant, clusters } = await place(5);
    const result = must(await services.applications.importManifests(tenant.actor, importInput(readFileSync(boutique, "utf8"), clusters)));
    const by = (outcome: string): string[] => result.objects.filter((object) => object.outcome === outcome).map((object) => object.kind);
    expect(by("CREATED").toSorted()).toEqual(["Deployment", "Service"].flatMap((kind) => Array.from({ length: 12 }, () => kind)));
    expect(new Set(by("SKIPPED"))).toEqual(new Set(["ServiceAccount"]));
    expect(result.objects.flatMap(({ warnings }) => warnings).filter((warning) => /[pP]robe/.test(warning) && !warning.includes("startupProbe"))).toEqual([]);
    expect(result.objects.flatMap(({ outcome, message }) => (outcome === "FAILED" ? [message] : []))).toEqual([]);
    const frontend = result.objects.find((object) => object.kind === "Deployment" && object.name === "frontend");
    expect(frontend?.warnings.toSorted()).toEqual([
      "spec.template.metadata.annotations is not honoured.",
      "spec.template.spec.containers.0.resources.limits.cpu is not honoured: pods are sized by their requests.",
      "spec.template.spec.containers.0.resources.limits.memory is not honoured: pods are sized by their requests.",
      "spec.template.spec.containers.0.securityContext is not honoured.",
      "spec.template.spec.securityContext is not honoured.",
      "spec.template.spec.serviceAccountName is not honoured.",
    ]);
    const {
      rows: [operation],
    } = await admin.query("select total, target_name from operation where id = $1", [result.operationId]);
    // Two pods of each application, and each service, on each cluster.
    expect(operation).toEqual({ total: 180, target_name: "12 applications and 12 services" });
    const { rows: made } = await admin.query("select name, count(*)::int as clusters, count(distinct cluster_ip)::int as addresses from service where tenant_id = $1 group by name", [tenant.id]);
    expect(made).toHaveLength(12);
    for (const service of made) expect(service).toMatchObject({ clusters: 5 });
    const { rows: probes } = await admin.query(
      `select a.name, c->'livenessProbe'->'handler'->>'type' as live, c->'readinessProbe'->'handler'->>'type' as ready
       from revision r join application a on a.id = r.application_id, jsonb_array_elements(r.template->'containers') c where a.tenant_id = $1`,
      [tenant.id],
    );
    const yaml = readFileSync(boutique, "utf8");
    for (const [kind, key] of [["live", "livenessProbe"], ["ready", "readinessProbe"]] as const)
      expect(probes.filter((row) => row[kind] !== null)).toHaveLength(yaml.match(new RegExp(`^ *${key}:`, "gm"))?.length ?? 0);
    const {
      rows: [row],
    } = await admin.query(
      "select r.template from revision r join application a on a.id = r.application_id where a.tenant_id = $1 and a.name = 'frontend'",
      [tenant.id],
    );
    expect(row.template).toMatchObject({
      containers: [{ name: "server", cpuMillis: 100, memoryMiB: 64, ports: [{ containerPort: 8080, protocol: "TCP", name: null }] }],
      labels: [{ key: "app", value: "frontend" }],
    });
    expect(row.template.containers[0].env).toContainEqual({ name: "PORT", value: "8080" });
    expect(row.template.containers[0].readinessProbe).toEqual({
      handler: { type: "HttpGetProbe", path: "/_healthz", port: 8080, headers: [{ name: "Cookie", value: "shop_session-id=x-readiness-probe" }] },
      initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3,
    });
  });
});
