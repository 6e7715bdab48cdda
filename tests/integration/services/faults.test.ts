import { randomUUIDv7 } from "node:crypto";
import { graphql } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { MAX_FAULTS_A_CLUSTER } from "#server/domain/fault-rules.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { expireFaults } from "#server/reconcile/housekeeping.ts";
import { createServices } from "#server/services/index.ts";
import type { InjectFaultInput } from "#server/services/fault.ts";
import { raise } from "#tests/support/reading.ts";
import { createFixture, FINGERPRINT_KEY, KEY_RING, must, type TestCluster, type TestTenant } from "./fixture.ts";

const fixture = await createFixture(4);
const { admin, services, published } = fixture;
const { pool } = await fixture.database.openAs("selvedge_api", 2);
afterAll(() => fixture.close());
let now = Date.UTC(2026, 0, 1);
const clock = { now: () => now };
const pass = (ms: number): void => {
  now += ms;
  fixture.advance(ms);
};
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

let tenant: TestTenant;
let cluster: TestCluster;
let operator: Actor;
let nodeId: string;
let podId: string;
beforeAll(async () => {
  tenant = await fixture.tenant();
  cluster = await fixture.cluster();
  operator = tenant.as({ role: "PLATFORM_ADMIN" });
  nodeId = (await admin.query("select id from cluster_node where cluster_id = $1 order by name limit 1", [cluster.id])).rows[0].id;
  podId = await pod();
});

async function pod(): Promise<string> {
  const id = randomUUIDv7();
  await admin.query(
    `insert into pod (cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, restart_count, containers, created_at, epoch)
     select $1, $2, tenant_id, $2, id, $2, $2, 'web-1', 'RUNNING', true, 0, '[]', now(), 1 from namespace where tenant_id = $3`,
    [cluster.id, id, tenant.id],
  );
  return id;
}

const inject = (changes: Partial<InjectFaultInput>, actor = operator) => services.faults.inject(actor, { kind: "DISCONNECT_CLUSTER", durationSeconds: 60, ...changes });
const listed = async (actor = operator): Promise<{ id: string; target: { id: string }; mode: string | null; seed: number; endsAt: string }[]> => {
  const contextValue = { actor, clock, read: reads.reader(actor), services, live: {}, server: {} };
  const { data, errors } = await graphql({ schema, source: "{ faults { id target { id } mode seed endsAt } }", contextValue });
  expect(errors).toBeUndefined();
  return (data as { faults: Awaited<ReturnType<typeof listed>> }).faults;
};
const codes = (answer: Awaited<ReturnType<typeof inject>>): unknown => (answer.ok ? [] : answer.errors.map(({ code, path }) => [code, path?.join(".")]));

test("a fault is in force until its time or until it is ended, told to administrators of all tenants, and audited", async () => {
  const before = published.length;
  const { faultId } = must(await inject({ clusterId: cluster.globalId, mode: "TO_CENTRE", seed: -5, idempotencyKey: "one" }));
  expect(must(await inject({ clusterId: cluster.globalId, mode: "TO_CENTRE", seed: -5, idempotencyKey: "one" }))).toEqual({ faultId });
  expect(published.slice(before)).toContain("faults");
  const shown = { id: globalId("Fault", faultId), target: { id: cluster.globalId }, mode: "TO_CENTRE", seed: -5, endsAt: new Date(now + 60_000).toISOString() };
  const stranger = (await fixture.tenant()).as({ role: "PLATFORM_ADMIN" });
  expect([await listed(), await listed(stranger)]).toEqual([[shown], [shown]]);
  expect(await listed(tenant.as({ role: "PLATFORM_ADMIN", namespaces: [], namespaceIds: [] }))).toEqual([]);
  expect((await admin.query("select tenant_id, cluster_id, ids from timeline where kind = 'fault'")).rows).toEqual([{ tenant_id: null, cluster_id: cluster.id, ids: [faultId] }]);

  expect(codes(await inject({ clusterId: cluster.globalId }))).toEqual([["ALREADY_EXISTS", "input.clusterId"]]);
  pass(10_000);
  for (const _ of [1, 2]) must(await services.faults.end(operator, { faultId: shown.id }));
  expect(await listed()).toEqual([]);
  expect((await admin.query("select ended_at from fault where id = $1", [faultId])).rows[0].ended_at.getTime()).toBe(now);
  const audit = await admin.query("select action, target_type, target_id, outcome from audit_entry where tenant_id = $1 and target_id = $2 order by id", [tenant.id, faultId]);
  expect(audit.rows.map(({ action, outcome }) => [action, outcome])).toEqual([["injectFault", "ACCEPTED"], ["endFault", "ACCEPTED"], ["endFault", "ACCEPTED"]]);

  // One that ended by itself is in nobody's way, and is said to have ended before long.
  must(await inject({ clusterId: cluster.globalId, durationSeconds: 1 }));
  pass(1_000);
  expect(await listed()).toEqual([]);
  must(await inject({ clusterId: cluster.globalId, durationSeconds: 1 }));
  pass(1_000);
  const worker = (await fixture.database.openAs("selvedge_worker", 1)).pool;
  expect(await expireFaults({ pool: worker, clock, speed: 1 })).toEqual({ ended: 1, forgotten: 0 });
  expect(await expireFaults({ pool: worker, clock: { now: () => now + 8 * 24 * 3_600_000 }, speed: 1 })).toEqual({ ended: 0, forgotten: 3 });
});

test("what is wrong is said with its path, and nothing is kept", async () => {
  const other = await fixture.tenant();
  const foreign = globalId("Pod", podId);
  expect(codes(await inject({ kind: "CRASH_POD", podId: foreign }, other.as({ role: "PLATFORM_ADMIN" })))).toEqual([["NOT_FOUND", "input.podId"]]);
  expect(codes(await inject({ clusterId: "Cluster.nonsense", durationSeconds: 0 }))).toEqual([["INVALID_ARGUMENT", "input.durationSeconds"], ["NOT_FOUND", "input.clusterId"]]);
  expect(codes(await inject({ kind: "FAIL_NODE", clusterId: cluster.globalId, nodeId: globalId("ClusterNode", randomUUIDv7()) }))).toEqual([["INVALID_ARGUMENT", "input.clusterId"], ["NOT_FOUND", "input.nodeId"]]);
  expect(await services.faults.end(operator, { faultId: globalId("Fault", randomUUIDv7()) })).toMatchObject({ ok: false, errors: [{ code: "NOT_FOUND", path: ["input", "faultId"] }] });
  await expect(inject({ clusterId: cluster.globalId }, tenant.actor)).rejects.toThrow(/PLATFORM_ADMIN/);
  await expect(inject({ clusterId: cluster.globalId }, tenant.as({ role: "PLATFORM_ADMIN", namespaces: ["default"], namespaceIds: [] }))).rejects.toThrow(/whole tenant/);
  const real = createServices({ orm: fixture.orm, bus: { publish: () => undefined, subscribe: () => () => undefined, close: async () => undefined }, clock, speed: 1, fingerprintKey: FINGERPRINT_KEY, keyRing: KEY_RING, simulated: false });
  expect(await real.faults.inject(operator, { kind: "DISCONNECT_CLUSTER", clusterId: cluster.globalId, durationSeconds: 5 })).toMatchObject({ ok: false, errors: [{ code: "INVALID_STATE", state: "NOT_SIMULATED" }] });
  expect(await listed()).toEqual([]);
});

test("a target that is gone, or another tenant's, is shown as its cluster", async () => {
  const node = must(await inject({ kind: "FAIL_NODE", nodeId: globalId("ClusterNode", nodeId) }));
  pass(1);
  const crash = must(await inject({ kind: "CRASH_POD", podId: globalId("Pod", podId) }));
  const targets = async (actor?: Actor): Promise<unknown> => (await listed(actor)).map(({ id, target }) => [id.split(".")[1], target.id]);
  expect(await targets()).toEqual([[crash.faultId, globalId("Pod", podId)], [node.faultId, globalId("ClusterNode", nodeId)]]);
  const stranger = (await fixture.tenant()).as({ role: "PLATFORM_ADMIN" });
  expect(await targets(stranger)).toEqual([[crash.faultId, cluster.globalId], [node.faultId, globalId("ClusterNode", nodeId)]]);
  await admin.query("delete from pod where id = $1", [podId]);
  expect(await targets()).toEqual([[crash.faultId, cluster.globalId], [node.faultId, globalId("ClusterNode", nodeId)]]);
});

test("asked for at once, one of a kind strikes a target; and a cluster has only so many", async () => {
  const { globalId: clusterId, id } = await fixture.cluster();
  const all = await Promise.all(Array.from({ length: 6 }, () => inject({ kind: "SLOW_IMAGE_PULL", clusterId })));
  expect(all.filter(({ ok }) => ok)).toHaveLength(1);
  expect(all.filter(({ ok }) => !ok).map(codes)).toEqual(Array.from({ length: 5 }, () => [["ALREADY_EXISTS", "input.clusterId"]]));
  await admin.query(
    "insert into fault (id, kind, cluster_id, target_type, target_id, seed, starts_at, ends_at) select gen_random_uuid(), 'CRASH_POD', $1, 'Pod', gen_random_uuid(), 1, $2, $3 from generate_series(2, $4)",
    [id, new Date(now), new Date(now + 60_000), MAX_FAULTS_A_CLUSTER],
  );
  expect(await inject({ kind: "RECLAIM_SPOT", clusterId })).toMatchObject({ ok: false, errors: [{ code: "INVALID_STATE", state: "TOO_MANY_FAULTS" }] });
});
