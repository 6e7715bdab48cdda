import { randomUUID } from "node:crypto";
import { cpus } from "node:os";
import type { Pool } from "pg";
import { openPool } from "#server/database/connect.ts";
import { inPoolScope } from "#server/database/scope.ts";
import type { PlacementReport, PodReport, Report } from "#server/fleet/link.ts";
import { storeReports } from "#server/gateway/report.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { createDriver } from "#server/reconcile/driver.ts";
import { startBenchDatabase } from "./postgres.ts";
import { median } from "./writes/figures.ts";
import { fillApplications, tidy } from "./writes/fleet.ts";

/**
 * Storing reports of 500 pods, as the gateway does: row-level security, whose the pods are, the placements' counts, the report's number, timeline and
 * jobs. The limit is a bare upsert of the same rows into the same table, from arrays, as the superuser. Rows a second, each side's reports one after another.
 */
const PODS_A_REPORT = 500;
/** A side's in each round: two reports' worth of pods. */
const CLUSTERS_A_ROUND = 2;
/** The first round warms up, and is not counted. */
const ROUNDS = 9;
const FLOOR = 0.5;

export async function run(): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const admin = openPool({ address: database.address, login: database.superuser, max: 2 });
  stack.defer(() => admin.end());
  const fleets = await assigned(admin, database.address, database.login("selvedge_worker"));
  const gateway = openPool({ address: database.address, login: database.login("selvedge_gateway"), max: 2 });
  stack.defer(() => gateway.end());

  const rates = { new: { ours: [] as number[], limit: [] as number[] }, changed: { ours: [] as number[], limit: [] as number[] }, same: { ours: [] as number[], limit: [] as number[] } };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [mine, theirs] = [fleets.splice(0, CLUSTERS_A_ROUND), fleets.splice(0, CLUSTERS_A_ROUND)];
    await tidy(admin);
    const cases = { new: podsOf(STARTING), changed: podsOf(RUNNING), same: podsOf(RUNNING) };
    for (const [name, pods] of Object.entries(cases) as [keyof typeof rates, (fleet: Fleet) => readonly PodReport[][]][]) {
      const ours = await rowsPerSecond(mine, pods, (fleet, reported) => store(gateway, fleet, reported));
      const limit = await rowsPerSecond(theirs, pods, (fleet, reported) => upsert(admin, fleet, reported));
      if (round === 0) continue;
      rates[name].ours.push(ours);
      rates[name].limit.push(limit);
    }
  }
  const { rows } = await admin.query<{ stored: number }>("select count(*)::int as stored from pod");
  if (rows[0]?.stored !== ROUNDS * CLUSTERS_A_ROUND * 2 * PODS_A_REPORT * 2) throw new Error(`There are ${rows[0]?.stored} pods: not every report was stored as it should`);

  const line = (label: string, { ours, limit }: { ours: number[]; limit: number[] }, floor: number | "") => ({
    "": label, "ours, rows/s": median(ours).toFixed(0), "limit, rows/s": median(limit).toFixed(0), "a report of ours, ms": ((PODS_A_REPORT * 1_000) / median(ours)).toFixed(1), ratio: (median(ours) / median(limit)).toFixed(3), floor,
  });
  console.log(`reports: ${PODS_A_REPORT} pods each, ${ROUNDS - 1} rounds in turn, ${cpus().length} cores shared with Postgres, node ${process.version}`);
  console.table([line("new pods", rates.new, FLOOR), line("phase changes", rates.changed, FLOOR), line("said again, unchanged", rates.same, "")]);
  return [rates.new, rates.changed].every(({ ours, limit }) => median(ours) / median(limit) >= FLOOR);
}

interface Fleet {
  readonly clusterId: string;
  /** Its placements, and to whom they belong, as the limit has to know. */
  readonly placements: readonly { readonly id: string; readonly tenantId: string; readonly applicationId: string; readonly namespaceId: string; readonly revisionId: string }[];
  /** The same in each report about it. */
  readonly podIds: readonly string[];
  seq: number;
}

async function assigned(admin: Pool, address: Parameters<typeof openPool>[0]["address"], login: Parameters<typeof openPool>[0]["login"]): Promise<Fleet[]> {
  const applications = await fillApplications(admin, 10, 200);
  const pool = openPool({ address, login, max: 4 });
  const bus = createInProcessBus({ instance: randomUUID() });
  try {
    const driver = createDriver({ pool, bus, clock, speed: 1 });
    await Promise.all(applications.map((application) => driver.reconcileApplication(application)));
  } finally {
    await bus.close();
    await pool.end();
  }
  const { rows } = await admin.query<{ clusterId: string; placements: Fleet["placements"] }>(`
    select cluster_id as "clusterId", json_agg(json_build_object('id', id, 'tenantId', tenant_id, 'applicationId', application_id, 'namespaceId', namespace_id, 'revisionId', revision_id)) as placements
    from placement group by cluster_id order by cluster_id`);
  return rows.map((row) => ({ ...row, podIds: Array.from({ length: PODS_A_REPORT * 2 }, () => randomUUID()), seq: 0 }));
}

type Phase = Pick<PodReport, "phase" | "ready" | "startedAt">;
const STARTING: Phase = { phase: "STARTING", ready: false, startedAt: null };
const RUNNING: Phase = { phase: "RUNNING", ready: true, startedAt: 1_780_000_001_000 };
const CONTAINERS: PodReport["containers"] = ["main", "logs"].map((name) => ({
  name, image: `registry.example/shop/${name}:1.4.2`, state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: 1_780_000_000_000,
}));
const clock = { now: () => Date.now() };
const PODS_A_PLACEMENT = 10;

/** The cluster's pods in two reports' worth, ten of a placement. */
const podsOf = (phase: Phase) => (fleet: Fleet): PodReport[][] => {
  const pods = fleet.podIds.map((id, index): PodReport => {
    const placement = fleet.placements[Math.floor(index / PODS_A_PLACEMENT)] as Fleet["placements"][number];
    return {
      id, placementId: placement.id, revisionId: placement.revisionId, name: `application-${index}-${id.slice(0, 8)}`, nodeId: null, reason: null, message: null,
      privateIp: `10.0.${index >> 8}.${index & 255}`, restartCount: 0, containers: CONTAINERS, createdAt: 1_780_000_000_000, ...phase,
    };
  });
  return [pods.slice(0, PODS_A_REPORT), pods.slice(PODS_A_REPORT)];
};

async function rowsPerSecond(fleets: readonly Fleet[], podsOfFleet: (fleet: Fleet) => readonly PodReport[][], work: (fleet: Fleet, pods: readonly PodReport[]) => Promise<void>): Promise<number> {
  const batches = fleets.flatMap((fleet) => podsOfFleet(fleet).map((pods) => ({ fleet, pods })));
  const start = performance.now();
  for (const { fleet, pods } of batches) await work(fleet, pods);
  return batches.reduce((sum, { pods }) => sum + pods.length, 0) / ((performance.now() - start) / 1_000);
}

async function store(pool: Pool, fleet: Fleet, pods: readonly PodReport[]): Promise<void> {
  fleet.seq += 1;
  const placements = [...Map.groupBy(pods, (pod) => pod.placementId)].map(([placementId, some]): PlacementReport => ({
    placementId, term: 1, generation: 1, created: some.length, ready: some.filter(({ ready }) => ready).length, updated: some.length,
  }));
  const report: Report = { type: "report", clusterId: fleet.clusterId, epoch: 1, seq: fleet.seq, at: clock.now(), pods, gone: [], placements, nodes: [] };
  await inPoolScope(pool, { clusterIds: [fleet.clusterId] }, (client) => storeReports(client, [{ report, termOffset: 0 }], { term: 1, now: clock.now() }));
}

async function upsert(pool: Pool, fleet: Fleet, pods: readonly PodReport[]): Promise<void> {
  const owners = new Map(fleet.placements.map((placement) => [placement.id, placement]));
  const ownersOf = pods.map((pod) => owners.get(pod.placementId));
  await pool.query({
    name: "limit",
    text: LIMIT,
    values: [
      fleet.clusterId, pods.map(({ id }) => id), ownersOf.map((owner) => owner?.tenantId), ownersOf.map((owner) => owner?.applicationId), ownersOf.map((owner) => owner?.namespaceId),
      pods.map((pod) => pod.placementId), pods.map((pod) => pod.revisionId), pods.map((pod) => pod.name), pods.map((pod) => pod.phase), pods.map((pod) => pod.ready),
      pods.map((pod) => pod.privateIp), pods.map((pod) => JSON.stringify(pod.containers)), pods.map((pod) => new Date(pod.createdAt)),
      pods.map((pod) => (pod.startedAt === null ? null : new Date(pod.startedAt))),
    ],
  });
}

const LIMIT = `
insert into pod (cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, private_ip, restart_count, containers, created_at, started_at, epoch)
select $1, id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, private_ip, 0, containers, created_at, started_at, 1
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::boolean[], $11::inet[], $12::jsonb[], $13::timestamptz[], $14::timestamptz[])
  as x (id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, private_ip, containers, created_at, started_at)
on conflict (cluster_id, id) do update set
  revision_id = excluded.revision_id, name = excluded.name, phase = excluded.phase, ready = excluded.ready, private_ip = excluded.private_ip, restart_count = excluded.restart_count,
  containers = excluded.containers, created_at = excluded.created_at, started_at = excluded.started_at, epoch = excluded.epoch`;
