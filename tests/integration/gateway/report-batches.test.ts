/** Reports of several clusters in one transaction: each counts once, and none suffers from another's. */
import { randomUUIDv7 } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Report } from "#server/fleet/link.ts";
import { createReportBatches } from "#server/gateway/report-batches.ts";
import type { Stored } from "#server/gateway/report.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { silentLogger, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";

const CLUSTERS = 20;

let database: TestDatabase;
let world: DesiredState;
let bus: ReturnType<typeof createInProcessBus>;
let pool: Pool;
/** Of the pool: begins, names of statements, and commits. */
const statements: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "batches");
  await database.admin.query("insert into region (id, code, name) values ($1, 'east', 'East')", [randomUUIDv7()]);
  bus = createInProcessBus({ instance: "batches" });
  pool = counting((await database.openAs("selvedge_gateway", 4)).pool);
});
afterAll(async () => {
  await bus.close();
  await database.drop();
});

/** Notes what its connections are asked. */
function counting(counted: Pool): Pool {
  counted.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const [first] = args as [string | { readonly name?: string; readonly text: string }];
      statements.push(typeof first === "string" ? (first.split(/[ ;]/, 1)[0] ?? "") : (first.name ?? first.text));
      return query(...args);
    }) as PoolClient["query"];
  });
  return counted;
}

interface Cluster {
  readonly id: string;
  readonly placementId: string;
  readonly revisionId: string;
  seq: number;
}

/** Clusters with an application of one pod each, as assigned. */
async function clusters(name: string, count: number): Promise<Cluster[]> {
  const made: Cluster[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = randomUUIDv7();
    await database.admin.query(
      `insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, cpu_millis, memory_mib, pods, prices)
       select $1, $2, $2, id, 'Zhejiang', 'Shaoxing', 'EDGE', 'TELECOM', 30, 120, 'ONLINE', 64000, 128000, 500, '{}' from region limit 1`,
      [id, `${name}-${index}`],
    );
    const application = await world.application({ name: `${name}-${index}`, clusters: [{ id, replicas: 1 }] });
    const placementId = application.placements.get(id) ?? "";
    const { rows } = await database.admin.query<{ revision_id: string }>(
      `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash)
       select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', jsonb_build_object('revisionId', revision_id), 'hash' from placement where id = $1
       returning spec ->> 'revisionId' as revision_id`,
      [placementId],
    );
    made.push({ id, placementId, revisionId: rows[0]?.revision_id ?? "", seq: 0 });
  }
  return made;
}

const reportOf = (cluster: Cluster, podName: string, seq = ++cluster.seq): Report => ({
  type: "report", clusterId: cluster.id, epoch: 1, seq, at: Date.now(), gone: [], nodes: [],
  pods: [{
    id: randomUUIDv7(), placementId: cluster.placementId, revisionId: cluster.revisionId, name: podName, nodeId: null, phase: "RUNNING", ready: true, reason: null, message: null,
    privateIp: null, restartCount: 0, containers: [], createdAt: Date.now(), startedAt: Date.now(),
  }],
  placements: [{ placementId: cluster.placementId, term: 1, generation: 1, created: 1, ready: 1, updated: 1 }],
});

const batches = (lanes = 1): ReturnType<typeof createReportBatches> => createReportBatches({ pool, bus, clock: wallClock, term: 1, logger: silentLogger, lanes });

/** What is asked for while a lane is busy comes together when it is free: the first of these holds it up. */
async function together(store: ReturnType<typeof createReportBatches>, first: Report, reports: readonly Report[]): Promise<PromiseSettledResult<Stored>[]> {
  const holder = await database.admin.connect();
  await holder.query("begin");
  await holder.query("select from cluster where id = $1 for no key update", [first.clusterId]);
  const holding = store({ report: first, termOffset: 0, from: "fleet" });
  await eventually(() => expect(statements).toContain("report-fence"));
  statements.length = 0;
  const stored = reports.map((report) => store({ report, termOffset: 0, from: "fleet" }));
  await holder.query("commit");
  holder.release();
  await holding;
  return Promise.allSettled(stored);
}

const podNames = async (some: readonly Cluster[]): Promise<string[]> =>
  (await database.admin.query<{ name: string }>("select name from pod where cluster_id = any ($1) order by name", [some.map(({ id }) => id)])).rows.map(({ name }) => name);
const positions = async (some: readonly Cluster[]): Promise<number[]> =>
  (await database.admin.query<{ acked_seq: number }>("select acked_seq::int from cluster join unnest($1::uuid[]) with ordinality as asked (id, n) using (id) order by n", [some.map(({ id }) => id)])).rows.map((row) => row.acked_seq);

test("those of many clusters share one transaction and its statements, however many they are", async () => {
  const [first, ...others] = await clusters("shared", CLUSTERS + 1) as [Cluster, ...Cluster[]];
  const results = await together(batches(), reportOf(first, "first"), others.map((cluster, index) => reportOf(cluster, `pod-${String(index).padStart(2, "0")}`)));
  expect(results).toEqual(others.map(() => ({ status: "fulfilled", value: "stored" })));
  expect(statements.filter((statement) => statement === "begin")).toHaveLength(1);
  // What the first one still had to ask, and all that the others did: none of it grows with the clusters.
  expect(statements.length).toBeLessThan(15);
  expect(await podNames(others)).toEqual(others.map((_, index) => `pod-${String(index).padStart(2, "0")}`));
  expect(await positions(others)).toEqual(others.map(() => 1));
  const { rows } = await database.admin.query<{ kind: string; rows: number }>(
    "select kind, count(*)::int as rows from timeline where cluster_id = any ($1) group by kind order by kind", [others.map(({ id }) => id)]);
  expect(rows).toEqual([{ kind: "placement", rows: CLUSTERS }, { kind: "pod", rows: CLUSTERS }]);
  const ready = await database.admin.query("select sum(ready)::int as ready from placement where cluster_id = any ($1)", [others.map(({ id }) => id)]);
  expect(ready.rows).toEqual([{ ready: CLUSTERS }]);
});

test("one that was stored already, one that follows nothing and one of nobody change nothing, and the others are stored", async () => {
  const [first, good, again, ahead] = await clusters("mixed", 4) as [Cluster, Cluster, Cluster, Cluster];
  const store = batches();
  const said = reportOf(again, "once");
  await store({ report: said, termOffset: 0, from: "fleet" });
  const nobody: Cluster = { ...good, id: randomUUIDv7() };
  const results = await together(store, reportOf(first, "first"), [reportOf(good, "good"), said, reportOf(ahead, "ahead", 3), reportOf(nobody, "nobody", 1)]);
  expect(results).toMatchObject([
    { value: "stored" }, { value: "duplicate" }, { reason: { message: "report 1/3 does not follow 0/0" } }, { reason: { message: "unknown cluster" } },
  ]);
  expect(await podNames([good, again, ahead, nobody])).toEqual(["good", "once"]);
  expect(await positions([good, again, ahead])).toEqual([1, 1, 0]);
});

test("one that the database can't store fails alone; all others are stored, each once", async () => {
  await database.admin.query(`
    create function poison() returns trigger language plpgsql as $$ begin if new.name = 'poison' then raise exception 'poisoned'; end if; return new; end $$;
    create trigger poison before insert on pod for each row execute function poison()`);
  try {
    const [first, good, bad, other] = await clusters("poison", 4) as [Cluster, Cluster, Cluster, Cluster];
    const results = await together(batches(), reportOf(first, "first"), [reportOf(good, "good"), reportOf(bad, "poison"), reportOf(other, "other")]);
    expect(results).toMatchObject([{ value: "stored" }, { reason: { message: "poisoned" } }, { value: "stored" }]);
    expect(await podNames([good, bad, other])).toEqual(["good", "other"]);
    expect(await positions([good, bad, other])).toEqual([1, 0, 1]);
  } finally {
    await database.admin.query("drop trigger poison on pod; drop function poison()");
  }
});

test("a cluster names another one's placement and pod in vain, also where both report in one transaction", async () => {
  const [first, one, other] = await clusters("foreign", 3) as [Cluster, Cluster, Cluster];
  const own = reportOf(other, "own");
  const foreign: Report = {
    ...reportOf(one, "foreign"),
    pods: [{ ...(own.pods[0] as Report["pods"][number]), name: "stolen" }],
    placements: [{ placementId: other.placementId, term: 1, generation: 1, created: 7, ready: 7, updated: 7 }],
    gone: [own.pods[0]?.id ?? ""],
  };
  const results = await together(batches(), reportOf(first, "first"), [own, foreign]);
  expect(results).toMatchObject([{ value: "stored" }, { value: "stored" }]);
  expect(await podNames([one, other])).toEqual(["own"]);
  const { rows } = await database.admin.query("select ready from placement where id = $1", [other.placementId]);
  expect(rows).toEqual([{ ready: 1 }]);
});
