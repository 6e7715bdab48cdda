import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { eventually } from "#tests/support/eventually.ts";
import { openSubscribedApi } from "#tests/support/subscribed-api.ts";

const { database, api, rows, tenantId, namespaceId, token, connect, subscribe, message, wrote, close } = await openSubscribedApi();
const { admin } = database;
afterAll(close);

interface Change {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly Record<string, unknown>[];
  readonly removedIds: readonly string[];
}

const told = (message: { readonly payload?: unknown } | undefined): Change => (message?.payload as { data: { watch: Change } }).data.watch;

const region = await rows.region("watched");
let places = 0;

/** An application with a service, a pod and all else, on a cluster of their own. */
async function place(tenant = tenantId, namespace = namespaceId) {
  const name = `app-${(places += 1)}`;
  const clusterId = await rows.cluster(region, `cluster-${name}`);
  const nodeId = await rows.clusterNode(clusterId, "node");
  const application = await rows.application(tenant, namespace, name);
  const vpcId = await rows.vpc(tenant, clusterId, name);
  const subnetId = await rows.subnet(tenant, vpcId, clusterId, "subnet");
  const placementId = await rows.placement({ tenantId: tenant, namespaceId: namespace, ...application }, clusterId, vpcId);
  const of = { tenantId: tenant, namespaceId: namespace, applicationId: application.id, clusterId };
  const serviceId = await rows.service({ ...of, vpcId }, name, { cluster_ip: "100.96.0.9" });
  const pod = (podName: string, values: object = {}) => rows.pod({ ...of, placementId, revisionId: application.revisionId }, podName, { node_id: nodeId, ...values });
  const podId = await pod(`${name}-1`, { private_ip: "10.0.0.1" });
  return { name, ...application, clusterId, nodeId, vpcId, subnetId, placementId, serviceId, podId, pod };
}

const WATCH = `subscription ($ids: [ID!]!, $after: String) { watch(ids: $ids, after: $after) { cursor snapshot complete at removedIds
  upserted { __typename id
    ... on Service { name status endpoints { totalCount nodes { address ready pod { phase } } } }
    ... on Pod { name phase } ... on Application { name is: status stale } ... on Operation { state } ... on Cluster { code } ... on Vpc { name }
  } } }`;

describe("watching objects of any types", () => {
  it("shows each, then what becomes of it, and goes on from a cursor", async () => {
    const at = await place();
    const raw = await connect((await token(tenantId, "viewer", "VIEWER")).secret);
    const operation = await rows.operation(tenantId);
    const ids = [globalId("Service", at.serviceId), globalId("Application", at.id), globalId("Operation", operation), globalId("Vpc", at.vpcId), globalId("Cluster", at.clusterId), "nonsense"];
    subscribe(raw, "w", WATCH, { ids });
    const first = await message<Change>(raw, "w", 0);
    expect(first).toMatchObject({ snapshot: true, complete: true, removedIds: ["nonsense"] });
    expect(first.upserted).toEqual([
      { __typename: "Service", id: ids[0], name: at.name, status: "ACTIVE", endpoints: { totalCount: 1, nodes: [{ address: "10.0.0.1", ready: true, pod: { phase: "RUNNING" } }] } },
      { __typename: "Application", id: ids[1], name: at.name, is: "RUNNING", stale: true },
      { __typename: "Operation", id: ids[2], state: "RUNNING" },
      { __typename: "Vpc", id: ids[3], name: at.name },
      { __typename: "Cluster", id: ids[4], code: `cluster-${at.name}` },
    ]);
    await admin.query("update service set status = 'UPDATING' where id = $1", [at.serviceId]);
    await admin.query("update operation set state = 'SUCCEEDED', finished_at = now() where id = $1", [operation]);
    await wrote("service", [at.serviceId]);
    await wrote("operation", [operation]);
    await eventually(() => {
      const since = raw.of("w").slice(1).flatMap((one) => told(one).upserted);
      expect(since.map(({ id, status, state }) => [id, status ?? state])).toEqual([[ids[0], "UPDATING"], [ids[2], "SUCCEEDED"]]);
    });
    const { cursor } = told(raw.of("w").at(-1));
    raw.send({ id: "w", type: "complete" });
    await admin.query("delete from operation where id = $1", [operation]);
    await wrote("operation", [], [operation]);
    await wrote("vpc", [at.vpcId]);
    await eventually(async () => {
      const id = `resumed ${performance.now()}`;
      subscribe(raw, id, WATCH, { ids, after: cursor });
      expect(await message<Change>(raw, id, 0)).toMatchObject({ snapshot: false, complete: true, upserted: [{ id: ids[3] }], removedIds: [ids[2], "nonsense"] });
    });
  });

  it("tells of a service whenever its endpoints change, and not when others' do", async () => {
    const [at, other] = [await place(), await place()];
    // Of another application on the same cluster.
    const { rows: [neighbour] } = await admin.query<{ id: string }>(
      `insert into pod select cluster_id, gen_random_uuid(), tenant_id, $2, namespace_id, placement_id, revision_id, node_id, 'neighbour', phase, ready, reason, message, private_ip, restart_count, containers, created_at, started_at, epoch
       from pod where id = $1 returning id`, [at.podId, other.id],
    );
    const raw = await connect((await token(tenantId, "endpoints", "VIEWER")).secret);
    const ids = [globalId("Service", at.serviceId), globalId("Service", other.serviceId)];
    subscribe(raw, "w", WATCH, { ids });
    expect((await message<Change>(raw, "w", 0)).upserted).toMatchObject([{ endpoints: { totalCount: 1 } }, { endpoints: { totalCount: 1 } }]);
    const cluster = { cluster: at.clusterId };

    const born = await at.pod("born", { ready: false, private_ip: "10.0.0.2" });
    await wrote("pod", [neighbour?.id as string], [], cluster);
    await wrote("pod", [born], [], cluster);
    expect(await message<Change>(raw, "w", 1)).toMatchObject({
      snapshot: false, removedIds: [],
      upserted: [{ id: ids[0], endpoints: { totalCount: 2, nodes: [{ address: "10.0.0.1" }, { address: "10.0.0.2", ready: false }] } }],
    });
    await admin.query("update pod set ready = true where id = $1", [born]);
    await wrote("pod", [born], [], cluster);
    expect((await message<Change>(raw, "w", 2)).upserted).toMatchObject([{ endpoints: { nodes: [{}, { address: "10.0.0.2", ready: true }] } }]);
    await admin.query("update pod set phase = 'TERMINATING' where id = $1", [born]);
    await wrote("pod", [born], [], cluster);
    expect((await message<Change>(raw, "w", 3)).upserted).toMatchObject([{ endpoints: { totalCount: 1 } }]);
    // Gone without a word before.
    await admin.query("delete from pod where application_id = $1", [at.id]);
    await wrote("pod", [], [at.podId], cluster);
    expect((await message<Change>(raw, "w", 4)).upserted).toMatchObject([{ id: ids[0], endpoints: { totalCount: 0 } }]);
    expect(raw.of("w").flatMap((one) => told(one).upserted).filter(({ id }) => id === ids[1])).toHaveLength(1);
  });

  it("tells of what is on a cluster when that is heard from, or not, and of nothing elsewhere", async () => {
    const [at, other] = [await place(), await place()];
    const step = await rows.operation(tenantId);
    await rows.operationStep(tenantId, step, "step", { cluster_id: at.clusterId });
    const keys = (where: typeof at): string[] => [
      globalId("Application", where.id), globalId("Placement", where.placementId), globalId("Pod", where.podId), globalId("Service", where.serviceId), globalId("ClusterNode", where.nodeId), globalId("Cluster", where.clusterId),
    ];
    const raw = await connect((await token(tenantId, "silence", "VIEWER")).secret);
    const ids = [...keys(at), globalId("Operation", step), globalId("Revision", at.revisionId), globalId("Subnet", at.subnetId), globalId("Namespace", namespaceId), globalId("Region", region), ...keys(other)];
    subscribe(raw, "w", WATCH, { ids });
    expect((await message<Change>(raw, "w", 0)).upserted.map(({ id }) => id)).toEqual(ids);
    await wrote("cluster", [at.clusterId], [], { tenant: null });
    expect((await message<Change>(raw, "w", 1)).upserted.map(({ id }) => id)).toEqual([...keys(at), globalId("Operation", step)]);
  });

  it("shows nothing of another tenant, of another namespace, or of what asks for another role", async () => {
    const stranger = await rows.tenant();
    const theirs = await place(stranger, await rows.namespace(stranger, "default"));
    const at = await place();
    const { id: tokenId, secret } = await token(tenantId, "nosy", "VIEWER");
    const ids = [theirs.serviceId, at.serviceId].map((id) => globalId("Service", id)).concat(globalId("Pod", theirs.podId), globalId("Operation", await rows.operation(stranger)), globalId("ApiToken", tokenId), globalId("Viewer", tokenId), globalId("Overview", tenantId), globalId("Overview", stranger));
    const shown = async (name: string, as: string): Promise<string[]> => {
      const raw = await connect(as);
      subscribe(raw, name, WATCH, { ids });
      const { upserted, removedIds } = await message<Change>(raw, name, 0);
      expect([...upserted.map(({ id }) => id), ...removedIds].toSorted()).toEqual(ids.toSorted());
      return upserted.map(({ id }) => id as string);
    };
    const overview = globalId("Overview", tenantId);
    expect(await shown("viewer", secret)).toEqual([globalId("Service", at.serviceId), globalId("Viewer", tokenId), overview]);
    expect(await shown("owner", (await token(tenantId, "owner", "OWNER")).secret)).toEqual([globalId("Service", at.serviceId), globalId("ApiToken", tokenId), overview]);
    await rows.namespace(tenantId, "elsewhere");
    expect(await shown("limited", (await token(tenantId, "limited", "VIEWER", { namespaces: ["elsewhere"] })).secret)).toEqual([overview]);
    const raw = await connect(secret);
    subscribe(raw, "w", WATCH, { ids });
    await message<Change>(raw, "w", 0);
    await wrote("service", [theirs.serviceId], [], { tenant: stranger });
    await sleep(300);
    expect(raw.of("w")).toHaveLength(1);
  });

  it("takes at most 200 ids, and costs as much as it may answer", async () => {
    const raw = await connect((await token(tenantId, "many", "VIEWER")).secret);
    const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `Pod.00000000-0000-7000-8000-${String(n).padStart(12, "0")}`);
    const cheap = "subscription ($ids: [ID!]!) { watch(ids: $ids) { removedIds } }";
    subscribe(raw, "most", cheap, { ids: ids(200) });
    expect((await message<Change>(raw, "most", 0)).removedIds).toHaveLength(200);
    subscribe(raw, "more", cheap, { ids: ids(201) });
    await raw.until("more", "complete");
    expect(raw.of("more")[0]?.payload).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    const dear = "subscription ($ids: [ID!]!) { watch(ids: $ids) { upserted { ... on Service { endpoints(first: 200) { nodes { address } } } } removedIds } }";
    subscribe(raw, "dear", dear, { ids: ids(200) });
    expect(JSON.stringify(await eventually(() => raw.of("dear")[0] ?? Promise.reject(new Error("nothing yet"))))).toContain("QUERY_TOO_COMPLEX");
    subscribe(raw, "few", dear, { ids: ids(20) });
    expect((await message<Change>(raw, "few", 0)).removedIds).toHaveLength(20);
  });

  it("works over an event stream", async () => {
    const at = await place();
    const { secret } = await token(tenantId, "sse", "VIEWER");
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: WATCH, variables: { ids: [globalId("Service", at.serviceId)] } }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("data:")) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain(at.name);
    await reader.cancel();
  });
});

describe("what an object shows that is not in its own row", () => {
  /** Whether this row of the timeline makes the object come again, in a document that asks for these fields. */
  const observer = async (name: string) => {
    const raw = await connect((await token(tenantId, name, "VIEWER")).secret);
    let watches = 0;
    return async (id: string, fields: string) => {
      const operation = `${(watches += 1)}`;
      subscribe(raw, operation, `subscription ($ids: [ID!]!) { watch(ids: $ids) { snapshot upserted { id ... on ${id.split(".")[0]} { ${fields} } } } }`, { ids: [id] });
      await message<Change>(raw, operation, 0);
      let seen = 1;
      return {
        next: async () => (await message<Change>(raw, operation, seen++)).upserted,
        /** Nothing came since, however long one waits. */
        silent: async () => {
          await sleep(300);
          expect(raw.of(operation)).toHaveLength(seen);
        },
      };
    };
  };

  it("a cluster: its pods and what is reserved there, to who asks for that", async () => {
    const at = await place();
    const watch = await observer("of clusters");
    const id = globalId("Cluster", at.clusterId);
    const [counting, reserving, plain] = [await watch(id, "podCount"), await watch(id, "allocated { cpuMillis pods }"), await watch(id, "code")];
    const born = await at.pod("born");
    await wrote("pod", [born], [], { cluster: at.clusterId });
    expect(await counting.next()).toEqual([{ id, podCount: 2 }]);
    expect(await reserving.next()).toEqual([{ id, allocated: { cpuMillis: 0, pods: 0 } }]);
    await rows.usage(tenantId, at.clusterId, { cpu_millis: 250, memory_mib: 64, pods: 1 });
    await wrote("usage", [at.clusterId]);
    expect(await reserving.next()).toEqual([{ id, allocated: { cpuMillis: 250, pods: 1 } }]);
    await plain.silent();
    await wrote("usage", [(await place()).clusterId]);
    await reserving.silent();
  });

  it("a machine: what its pods ask for", async () => {
    const [at, other] = [await place(), await place()];
    const watch = await observer("of machines");
    const id = globalId("ClusterNode", at.nodeId);
    const [machine, plain] = [await watch(id, "allocated { pods }"), await watch(id, "name")];
    await wrote("pod", [other.podId], [], { cluster: other.clusterId });
    await machine.silent();
    await wrote("pod", [await at.pod("born")], [], { cluster: at.clusterId });
    expect(await machine.next()).toEqual([{ id, allocated: { pods: 2 } }]);
    await admin.query("delete from pod where id = $1", [at.podId]);
    await wrote("pod", [], [at.podId], { cluster: at.clusterId });
    expect(await machine.next()).toEqual([{ id, allocated: { pods: 1 } }]);
    await plain.silent();
  });

  it("a subnet: the addresses that its pods hold", async () => {
    const [at, other] = [await place(), await place()];
    await admin.query("update placement set subnet_id = $2 where id = $1", [at.placementId, at.subnetId]);
    const watch = await observer("of subnets");
    const id = globalId("Subnet", at.subnetId);
    const subnet = await watch(id, "usedIps availableIps");
    await wrote("pod", [other.podId], [], { cluster: other.clusterId });
    await subnet.silent();
    await wrote("pod", [await at.pod("born", { private_ip: "10.0.1.7" })], [], { cluster: at.clusterId });
    expect(await subnet.next()).toEqual([{ id, usedIps: 2, availableIps: 251 }]);
    await admin.query("delete from pod where id = $1", [at.podId]);
    await wrote("pod", [], [at.podId], { cluster: at.clusterId });
    expect(await subnet.next()).toEqual([{ id, usedIps: 1, availableIps: 252 }]);
  });

  it.each(["ConfigMap", "Secret"] as const)("a %s: the applications that use it, to who asks for them", async (type) => {
    const [at, other] = [await place(), await place()];
    const configId = type === "ConfigMap" ? await rows.configMap(tenantId, namespaceId, `used-by-${at.name}`) : await rows.secret(tenantId, namespaceId, `used-by-${at.name}`);
    const watch = await observer(`of ${type}s`);
    const id = globalId(type, configId);
    const [used, plain] = [await watch(id, "usedBy { nodes { name } }"), await watch(id, "version")];
    const users = (...names: string[]) => [{ id, usedBy: { nodes: names.map((name) => ({ name })) } }];
    await rows.configReference({ tenantId, namespaceId, id: at.id, revisionId: at.revisionId }, type, configId);
    await wrote("application", [at.id]);
    expect(await used.next()).toEqual(users(at.name));
    await wrote("application", [other.id]);
    await used.silent();
    // A rollout that ends has nothing to go back to any more.
    const { rows: [rollout] } = await admin.query<{ id: string }>(
      `insert into rollout (tenant_id, id, application_id, namespace_id, from_revision_id, to_revision_id, strategy, update_strategy, cluster_ids, progress_deadline_seconds, auto_rollback, state, updated, total, progressed_at, started_at)
       select tenant_id, gen_random_uuid(), id, namespace_id, revision_id, revision_id, 'FULL', update_strategy, '{}', 600, false, 'PROGRESSING', 0, 1, now(), now() from application where id = $1 returning id`, [at.id]);
    await wrote("rollout", [rollout?.id as string]);
    expect(await used.next()).toEqual(users(at.name));
    await admin.query("delete from config_reference where application_id = $1", [at.id]);
    await wrote("application", [], [at.id]);
    expect(await used.next()).toEqual(users());
    await plain.silent();
  });
});

describe("operations as a set", () => {
  const query = "subscription ($f: OperationFilter, $after: String) { operations(filter: $f, after: $after) { cursor snapshot complete upserted { id state kind } removedIds at } }";

  it("come with those that have ended, and leave it as the filter says", async () => {
    const { id: applicationId } = await rows.application(tenantId, namespaceId, "operated");
    const of = { target_type: "Application", target_id: applicationId };
    const ended = await rows.operation(tenantId, { ...of, state: "SUCCEEDED" });
    const running = await rows.operation(tenantId, { ...of, state: "RUNNING" });
    await rows.operation(tenantId, { state: "RUNNING" });
    const raw = await connect((await token(tenantId, "set", "VIEWER")).secret);
    const targetIds = [globalId("Application", applicationId)];
    subscribe(raw, "all", query, { f: { targetIds } });
    subscribe(raw, "unfinished", query, { f: { targetIds, states: ["PENDING", "RUNNING"] } });
    const all = await message<Change>(raw, "all", 0);
    expect(all).toMatchObject({ snapshot: true, complete: true });
    expect(all.upserted.map(({ id }) => id).toSorted()).toEqual([ended, running].map((id) => globalId("Operation", id)).toSorted());
    expect((await message<Change>(raw, "unfinished", 0)).upserted.map(({ id }) => id)).toEqual([globalId("Operation", running)]);

    const next = await rows.operation(tenantId, { ...of, kind: "SCALE_APPLICATION", state: "PENDING" });
    await admin.query("update operation set state = 'SUPERSEDED', finished_at = now() where id = $1", [running]);
    await wrote("operation", [running, next]);
    const moved = await message<Change>(raw, "all", 1);
    expect(moved.upserted.map(({ id, state }) => [id, state]).toSorted()).toEqual([[globalId("Operation", running), "SUPERSEDED"], [globalId("Operation", next), "PENDING"]].toSorted());
    expect(await message<Change>(raw, "unfinished", 1)).toMatchObject({ snapshot: false, upserted: [{ id: globalId("Operation", next), kind: "SCALE_APPLICATION" }], removedIds: [globalId("Operation", running)] });

    await admin.query("update operation set state = 'RUNNING' where id = $1", [next]);
    await wrote("operation", [next]);
    await message<Change>(raw, "all", 2);
    await eventually(async () => {
      const id = `resumed ${performance.now()}`;
      subscribe(raw, id, query, { f: { targetIds }, after: moved.cursor });
      expect(await message<Change>(raw, id, 0)).toMatchObject({ snapshot: false, upserted: [{ id: globalId("Operation", next), state: "RUNNING" }] });
    });
    // Of another filter it begins anew.
    subscribe(raw, "other", query, { f: null, after: moved.cursor });
    expect((await message<Change>(raw, "other", 0)).snapshot).toBe(true);
  });

  it("show nothing of another tenant", async () => {
    const stranger = await rows.tenant();
    const theirs = await rows.operation(stranger);
    const raw = await connect((await token(tenantId, "nosy too", "OWNER")).secret);
    subscribe(raw, "s", query, {});
    expect((await message<Change>(raw, "s", 0)).upserted.map(({ id }) => id)).not.toContain(globalId("Operation", theirs));
    await wrote("operation", [theirs], [], { tenant: stranger });
    await sleep(300);
    expect(JSON.stringify(raw.received)).not.toContain(theirs);
  });
});
