import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { createPresence } from "#server/gateway/presence.ts";
import { markSilent } from "#server/reconcile/presence.ts";
import { wallClock } from "#tests/support/centre.ts";
import { eventually } from "#tests/support/eventually.ts";
import { openSubscribedApi } from "#tests/support/subscribed-api.ts";

interface Change {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly { readonly id: string; readonly name: string; readonly status?: string; readonly phase?: string }[];
  readonly removedIds: readonly string[];
  readonly at: string;
}

const { database, api, rows, bus, tenantId, namespaceId, token, connect, subscribe, message, wrote, close } = await openSubscribedApi();
afterAll(close);

describe("the product's subscriptions", () => {
  it("show a tenant's applications, then what changes of them, and go on from a cursor", async () => {
    const { secret } = await token(tenantId, "viewer", "VIEWER");
    const first = await rows.application(tenantId, namespaceId, "first");
    const raw = await connect(secret);
    const query = "subscription ($after: String) { applications(after: $after, filter: { namespaces: [\"default\"] }) { cursor snapshot complete upserted { id name status } removedIds at } }";
    subscribe(raw, "s", query);
    const snapshot = await message<Change>(raw, "s", 0);
    expect(snapshot).toMatchObject({ snapshot: true, complete: true, upserted: [{ id: globalId("Application", first.id), name: "first", status: "RUNNING" }], removedIds: [] });
    expect(Math.abs(Date.parse(snapshot.at) - wallClock.now())).toBeLessThan(5000);

    const second = await rows.application(tenantId, namespaceId, "second");
    await wrote("application", [second.id]);
    const change = await message<Change>(raw, "s", 1);
    expect(change).toMatchObject({ snapshot: false, complete: true, upserted: [{ name: "second" }] });
    raw.send({ id: "s", type: "complete" });

    await database.admin.query("delete from application where id = $1", [first.id]);
    await wrote("application", [], [first.id]);
    await eventually(async () => {
      const id = `resumed ${performance.now()}`;
      subscribe(raw, id, query, { after: change.cursor });
      expect(await message<Change>(raw, id, 0)).toMatchObject({ snapshot: false, upserted: [], removedIds: [globalId("Application", first.id)] });
    });
  });

  it("show the same over an event stream", async () => {
    const { secret } = await token(tenantId, "sse", "VIEWER");
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: "subscription { clusters { snapshot upserted { code } } }" }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("data:")) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain('"snapshot":true');
    await reader.cancel();
  });

  it("show pods by their filter, and clusters where an application has pods", async () => {
    const { secret } = await token(tenantId, "pods", "VIEWER");
    const region = await rows.region("region-pods");
    const clusterId = await rows.cluster(region, "hangzhou");
    await rows.cluster(region, "elsewhere");
    const application = await rows.application(tenantId, namespaceId, "with-pods");
    const vpc = await rows.vpc(tenantId, clusterId, "vpc");
    const placementId = await rows.placement({ tenantId, namespaceId, id: application.id, revisionId: application.revisionId }, clusterId, vpc);
    const pod = (name: string, values: object) => rows.pod({ tenantId, namespaceId, applicationId: application.id, placementId, revisionId: application.revisionId, clusterId }, name, values as never);
    const running = await pod("running", { phase: "RUNNING" });
    const pending = await pod("pending", { phase: "PENDING" });
    const raw = await connect(secret);
    const applicationIds = [globalId("Application", application.id)];
    subscribe(raw, "pods", "subscription ($f: PodFilter!) { pods(filter: $f) { cursor snapshot complete upserted { id name phase } removedIds at } }", { f: { applicationIds, phases: ["RUNNING"] } });
    subscribe(raw, "clusters", "subscription ($f: ClusterFilter) { clusters(filter: $f) { cursor snapshot complete upserted { id name } removedIds at } }", { f: { applicationIds } });
    expect((await message<Change>(raw, "pods", 0)).upserted.map(({ name }) => name)).toEqual(["running"]);
    expect((await message<Change>(raw, "clusters", 0)).upserted.map(({ name }) => name)).toEqual(["hangzhou"]);

    await database.admin.query("update pod set phase = case when id = $1 then 'FAILED' else 'RUNNING' end where application_id = $2", [running, application.id]);
    await database.admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, at) values ($1, $2, 'pod', $3, now())", [tenantId, clusterId, [running, pending]]);
    bus.publish("timeline");
    expect(await message<Change>(raw, "pods", 1)).toMatchObject({ snapshot: false, upserted: [{ name: "pending", phase: "RUNNING" }], removedIds: [globalId("Pod", running)] });
    expect((await message<Change>(raw, "clusters", 1)).upserted.map(({ name }) => name)).toEqual(["hangzhou"]);
  });

  it("show how many pods a cluster has as they come, to who asks for that", async () => {
    const { secret } = await token(tenantId, "counting", "VIEWER");
    const region = await rows.region("region-counted");
    const clusterId = await rows.cluster(region, "counted");
    const application = await rows.application(tenantId, namespaceId, "counted");
    const vpc = await rows.vpc(tenantId, clusterId, "vpc");
    const placementId = await rows.placement({ tenantId, namespaceId, id: application.id, revisionId: application.revisionId }, clusterId, vpc);
    const raw = await connect(secret);
    const filter = { f: { regionCodes: ["region-counted"] } };
    subscribe(raw, "with", "subscription ($f: ClusterFilter) { clusters(filter: $f) { ...Parts } } fragment Parts on ClustersChange { upserted { ... on Cluster { code podCount } } }", filter);
    subscribe(raw, "without", "subscription ($f: ClusterFilter) { clusters(filter: $f) { upserted { code status } } }", filter);
    expect(await message(raw, "with", 0)).toMatchObject({ upserted: [{ podCount: 0 }] });
    await message(raw, "without", 0);

    const podId = await rows.pod({ tenantId, namespaceId, applicationId: application.id, placementId, revisionId: application.revisionId, clusterId }, "one", {});
    await database.admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, at) values ($1, $2, 'pod', $3, now())", [tenantId, clusterId, [podId]]);
    bus.publish("timeline");
    expect(await message(raw, "with", 1)).toMatchObject({ upserted: [{ podCount: 1 }] });
    // The other one hears of the cluster's own change, and of nothing before it.
    await database.admin.query("update cluster set status = 'DISCONNECTED' where id = $1", [clusterId]);
    await wrote("cluster", [clusterId], [], { tenant: null });
    expect(await message(raw, "without", 1)).toMatchObject({ upserted: [{ status: "DISCONNECTED" }] });
  });

  it("follow an operation to its end, and end with it", async () => {
    const { secret } = await token(tenantId, "operations", "VIEWER");
    const id = await rows.operation(tenantId, { state: "RUNNING", completed: 1, total: 4 });
    const raw = await connect(secret);
    const query = "subscription ($id: ID!) { operation(id: $id) { state progress { completed total } } }";
    subscribe(raw, "o", query, { id: globalId("Operation", id) });
    expect(await message(raw, "o", 0)).toEqual({ state: "RUNNING", progress: { completed: 1, total: 4 } });
    await database.admin.query("update operation set completed = 3 where id = $1", [id]);
    await wrote("operation", [id]);
    expect(await message(raw, "o", 1)).toEqual({ state: "RUNNING", progress: { completed: 3, total: 4 } });
    await database.admin.query("update operation set completed = 4, state = 'SUCCEEDED', finished_at = now() where id = $1", [id]);
    await wrote("operation", [id]);
    expect(await message(raw, "o", 2)).toEqual({ state: "SUCCEEDED", progress: { completed: 4, total: 4 } });
    await raw.until("o", "complete");
    subscribe(raw, "done", query, { id: globalId("Operation", id) });
    expect(await message(raw, "done", 0)).toMatchObject({ state: "SUCCEEDED" });
    await raw.until("done", "complete");
  });

  it("say at once that what runs on a cluster is stale when it falls silent, and fresh when it is back", async () => {
    const { secret } = await token(tenantId, "staleness", "VIEWER");
    const { pool } = await database.openAs("selvedge_gateway", 1);
    const presence = createPresence(pool, wallClock, () => 30_000);
    const region = await rows.region("region-stale");
    const clusterId = await rows.cluster(region, "falls-silent");
    const talking = await rows.cluster(region, "talks");
    await database.admin.query("update cluster set last_seen_at = now() where id = any ($1)", [[clusterId, talking]]);
    const place = async (name: string, cluster: string): Promise<string> => {
      const { id, revisionId } = await rows.application(tenantId, namespaceId, name);
      const placementId = await rows.placement({ tenantId, namespaceId, id, revisionId }, cluster, await rows.vpc(tenantId, cluster, name));
      await rows.pod({ tenantId, namespaceId, applicationId: id, placementId, revisionId, clusterId: cluster }, `${name}-pod`);
      return id;
    };
    const [there, elsewhere] = [await place("on-silent", clusterId), await place("on-talking", talking)];
    const operation = await rows.operation(tenantId, { state: "RUNNING", target_type: "Application", target_id: there });

    const raw = await connect(secret);
    const applicationIds = [there, elsewhere].map((id) => globalId("Application", id));
    subscribe(raw, "pods", "subscription ($f: PodFilter!) { pods(filter: $f) { upserted { name stale } } }", { f: { applicationIds } });
    subscribe(raw, "narrow", "subscription ($f: PodFilter!) { pods(filter: $f) { upserted { name stale } } }", { f: { applicationIds, clusterIds: [globalId("Cluster", talking)] } });
    subscribe(raw, "applications", "subscription { applications(filter: { names: [\"on-silent\", \"on-talking\"] }) { upserted { name stale } } }");
    subscribe(raw, "application", "subscription ($id: ID!) { application(id: $id) { name stale } }", { id: applicationIds[0] });
    subscribe(raw, "operation", "subscription ($id: ID!) { operation(id: $id) { target { ... on Application { name stale } } } }", { id: globalId("Operation", operation) });
    const snapshots = await Promise.all(["pods", "narrow", "applications"].map((id) => message<Change>(raw, id, 0)));
    expect(snapshots.map(({ upserted }) => upserted.length)).toEqual([2, 1, 2]);
    await Promise.all([message(raw, "application", 0), message(raw, "operation", 0)]);

    const expectAll = async (nth: number, stale: boolean): Promise<void> => {
      expect((await message<Change>(raw, "pods", nth)).upserted).toEqual([{ name: "on-silent-pod", stale }]);
      expect((await message<Change>(raw, "applications", nth)).upserted).toEqual([{ name: "on-silent", stale }]);
      expect(await message(raw, "application", nth)).toEqual({ name: "on-silent", stale });
      expect(await message(raw, "operation", nth)).toEqual({ target: { name: "on-silent", stale } });
    };
    await database.admin.query("update cluster set last_seen_at = now() - interval '31 seconds' where id = $1", [clusterId]);
    expect(await presence.markSilent()).toContain(clusterId);
    bus.publish("timeline");
    await expectAll(1, true);
    presence.heard(clusterId, wallClock.now());
    expect(await presence.flush()).toEqual([clusterId]);
    bus.publish("timeline");
    await expectAll(2, false);
    // Where no gateway runs the worker tells it; the one that comes second has nothing to tell.
    await database.admin.query("update cluster set last_seen_at = now() - interval '31 seconds' where id = $1", [clusterId]);
    const { pool: workers } = await database.openAs("selvedge_worker", 1);
    const marked = await Promise.all([1, 2].map(() => markSilent({ pool: workers, bus, clock: wallClock, speed: 1 })));
    expect(marked.flat().filter((id) => id === clusterId)).toHaveLength(1);
    expect(await presence.markSilent()).not.toContain(clusterId);
    await expectAll(3, true);
    expect(raw.of("narrow")).toHaveLength(1);
    const { rows: events } = await database.admin.query("select type, count, object, involved_id from event where cluster_id = $1 and reason = 'ClusterDisconnected' order by count", [clusterId]);
    expect(events).toEqual([1, 2].map((count) => ({ type: "WARNING", count, object: "cluster/falls-silent", involved_id: clusterId })));
  });

  it("say null once an application is deleted, and end", async () => {
    const { secret } = await token(tenantId, "one", "VIEWER");
    const { id } = await rows.application(tenantId, namespaceId, "short-lived");
    const raw = await connect(secret);
    subscribe(raw, "a", "subscription ($id: ID!) { application(id: $id) { name } }", { id: globalId("Application", id) });
    expect(await message(raw, "a", 0)).toEqual({ name: "short-lived" });
    await database.admin.query("delete from application where id = $1", [id]);
    await wrote("application", [], [id]);
    await raw.until("a", "complete");
    expect(raw.of("a").at(-2)?.payload).toEqual({ data: { application: null } });
  });

  it("show nothing of another tenant, by id, filter, cursor or timeline", async () => {
    const stranger = await rows.tenant();
    const theirs = await rows.application(stranger, await rows.namespace(stranger, "default"), "theirs");
    const operation = await rows.operation(stranger);
    const mine = await connect((await token(tenantId, "nosy", "OWNER")).secret);
    const their = await connect((await token(stranger, "theirs", "OWNER")).secret);
    const query = "subscription ($after: String) { applications(after: $after) { cursor snapshot complete upserted { id name } removedIds at } }";
    subscribe(their, "s", query);
    const { cursor } = await message<Change>(their, "s", 0);

    subscribe(mine, "application", "subscription ($id: ID!) { application(id: $id) { name } }", { id: globalId("Application", theirs.id) });
    await mine.until("application", "complete");
    expect(mine.of("application")[0]?.payload).toEqual({ data: { application: null } });
    subscribe(mine, "operation", "subscription ($id: ID!) { operation(id: $id) { state } }", { id: globalId("Operation", operation) });
    subscribe(mine, "nonsense", "subscription ($id: ID!) { operation(id: $id) { state } }", { id: "nonsense" });
    for (const id of ["operation", "nonsense"]) {
      await mine.until(id, "complete");
      expect(mine.of(id)[0]?.payload).toMatchObject({ errors: [{ message: "There is no such operation.", extensions: { code: "BAD_USER_INPUT" } }] });
    }
    subscribe(mine, "cursor", query, { after: cursor });
    expect((await message<Change>(mine, "cursor", 0)).snapshot).toBe(true);
    await wrote("application", [theirs.id], [], { tenant: stranger });
    expect(await message<Change>(their, "s", 1)).toMatchObject({ upserted: [{ name: "theirs" }] });
    await sleep(300);
    expect(JSON.stringify(mine.received)).not.toContain(theirs.id);
    expect(JSON.stringify(mine.received)).not.toContain("theirs");
  });

  it("show a token of one namespace only that, also where the namespace is made later", async () => {
    const { secret } = await token(tenantId, "limited", "VIEWER", { namespaces: ["shop"] });
    await rows.application(tenantId, namespaceId, "in-default");
    const raw = await connect(secret);
    subscribe(raw, "s", "subscription { applications { cursor snapshot complete upserted { id name } removedIds at } }");
    expect((await message<Change>(raw, "s", 0)).upserted).toEqual([]);
    const shop = await rows.namespace(tenantId, "shop");
    // The token's namespaces are looked up again every few seconds.
    await eventually(
      async () => {
        const { id } = await rows.application(tenantId, shop, `in-shop-${performance.now()}`);
        await wrote("application", [id]);
        await sleep(300);
        expect(JSON.stringify(raw.of("s"))).toContain("in-shop");
      },
      { deadlineMs: 8000 },
    );
    expect(JSON.stringify(raw.of("s"))).not.toContain("in-default");
  });

  it("end within 5 s of the token's revocation through the API", async () => {
    const owner = await token(tenantId, "owner", "OWNER");
    const revocable = await token(tenantId, "revocable", "VIEWER");
    const raw = await connect(revocable.secret);
    subscribe(raw, "s", "subscription { applications { cursor } }");
    await message(raw, "s", 0);
    const revoked = performance.now();
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${owner.secret}` },
      body: JSON.stringify({ query: "mutation ($id: ID!) { revokeApiToken(input: { id: $id }) { userErrors { message } apiToken { revokedAt } } }", variables: { id: globalId("ApiToken", revocable.id) } }),
    });
    expect(await response.json()).toMatchObject({ data: { revokeApiToken: { userErrors: [], apiToken: { revokedAt: expect.any(String) } } } });
    expect((await raw.closed).code).toBe(4403);
    expect(performance.now() - revoked).toBeLessThan(5000);
    expect(JSON.stringify(raw.of("s"))).toContain("UNAUTHENTICATED");
  });

  it("refuse a cursor that is none, in words", async () => {
    const raw = await connect((await token(tenantId, "wrong", "VIEWER")).secret);
    subscribe(raw, "s", 'subscription { applications(after: "hunter2") { cursor } }');
    await raw.until("s", "complete");
    expect(raw.of("s")[0]?.payload).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(JSON.stringify(raw.received)).not.toContain("hunter2");
  });
});
