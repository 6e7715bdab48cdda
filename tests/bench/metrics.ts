import { randomUUIDv7 } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { execute, parse } from "graphql";
import type { Pool } from "pg";
import type { Context } from "#schema/context.ts";
import { schema } from "#schema/index.ts";
import { openDatabase, openPool } from "#server/database/connect.ts";
import { inPoolScope } from "#server/database/scope.ts";
import { METRIC_NAMES } from "#server/domain/metric.ts";
import { HOUR_MS, MAX_METRICS_DAYS, SAMPLE_MS } from "#server/domain/metric-times.ts";
import { METRICS, MetricHour, RecordWriter } from "#server/domain/metric-values.ts";
import type { Samples } from "#server/fleet/link.ts";
import { checkMessage } from "#server/gateway/validate.ts";
import { createReads } from "#server/read/run.ts";
import { createMetricsIntake } from "#server/telemetry/metrics-intake.ts";
import { maintainMetrics, sealHours } from "#server/telemetry/metrics-seal.ts";
import { storeWindows, type Window, windowOf } from "#server/telemetry/metrics-store.ts";
import { actorOf } from "#tests/support/reading.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { startBenchDatabase } from "./postgres.ts";
import { median } from "./writes/figures.ts";

/**
 * Ingest: windows of 10,000 pods on 20 clusters, as the gateway takes them (parsed, looked through, decoded, whose they are, row-level security), against COPY binary, from a file on the
 * server, of a plain row a pod into a table with an index on (pod, time). Pods a second, in turn.
 *
 * Charts: 24 hours of an application of 100 pods in steps of five minutes, through the schema and the reader, against the same from the plain rows. Milliseconds, in turn. And 31 days of it,
 * among others of which as much is kept; against nothing, for nobody keeps plain rows for so long.
 *
 * Disk: what the hours of those 100 pods take as windows, and in chunks, with all their indexes.
 */
const CLUSTERS = 20;
const PODS_A_CLUSTER = 500;
const ROUNDS = 7;
const CHART_PODS = 100;
const CHART_HOURS = 24;
const CHART_ROUNDS = 9;
/** Pods of which 31 days are kept beside. */
const OTHERS = 30;
const POD_TIERS = ["metric_1m", "metric_5m", "metric_1h"] as const;
const FLOOR = { ingest: 0.5, chart: 10 };
const CAPACITY = { cpuMillis: 1_000_000, memoryMiB: 1_000_000 };

export async function run(): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const admin = openPool({ address: database.address, login: database.superuser, max: 2 });
  stack.defer(() => admin.end());
  const gateway = openPool({ address: database.address, login: database.login("selvedge_gateway"), max: 4 });
  stack.defer(() => gateway.end());
  const folder = await mkdtemp(path.join(tmpdir(), "selvedge-bench-copy-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const plain = METRIC_NAMES.map((_, index) => `m${index} real`).join(", ");
  await admin.query(`create table plain (pod_id uuid, at timestamptz, ${plain}, primary key (pod_id, at))`);
  const world = await desiredState(admin, "bench");
  const file = path.join(folder, "rows");

  // ---- ingest
  const clusters = await Promise.all(Array.from({ length: CLUSTERS }, (_, index) => addCluster(admin, index)));
  const fleets = await Promise.all(clusters.map((clusterId, index) => deployed(admin, world, `app-${index}`, clusterId, PODS_A_CLUSTER)));
  const now = Math.floor(Date.now() / SAMPLE_MS) * SAMPLE_MS;
  const store = createMetricsIntake({ pool: gateway, clock: { now: () => now }, lanes: 1, onStored: () => undefined });
  const ingest = { ours: [] as number[], limit: [] as number[] };
  const rows = CLUSTERS * PODS_A_CLUSTER;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const at = now - (round + 1) * SAMPLE_MS;
    const messages = fleets.map((fleet) => JSON.stringify(samplesOf(fleet, at)));
    const ours = await seconds(async () => {
      await Promise.all(messages.map((message) => store({ window: received(message), from: "bench" })));
    });
    await writeFile(file, copyBinary(fleets, [at]), { mode: 0o644 });
    const limit = await seconds(() => admin.query(`copy plain from '${file}' (format binary)`));
    // The first warms up.
    if (round === 0) continue;
    ingest.ours.push(rows / ours);
    ingest.limit.push(rows / limit);
  }

  // ---- charts
  const chartCluster = await addCluster(admin, CLUSTERS);
  const charted = await deployed(admin, world, "charted", chartCluster, CHART_PODS);
  const end = Math.floor(now / HOUR_MS) * HOUR_MS;
  for (let hour = end - (CHART_HOURS - 1) * HOUR_MS; hour < end; hour += HOUR_MS) {
    await gateway.query("select app.make_metric_partitions($1)", [new Date(hour)]);
    const times = Array.from({ length: HOUR_MS / SAMPLE_MS }, (_, window) => hour + window * SAMPLE_MS);
    await inPoolScope(gateway, { clusterIds: [chartCluster] }, (client) => storeWindows(client, times.map((at) => checked(samplesOf(charted, at)))));
    await writeFile(file, copyBinary([charted], times), { mode: 0o644 });
    await admin.query(`copy plain from '${file}' (format binary)`);
  }
  const worker = openPool({ address: database.address, login: database.login("selvedge_worker"), max: 2 });
  stack.defer(() => worker.end());
  const sealing = await seconds(() => sealHours({ pool: worker, clock: { now: () => end + 61_000 } }));
  const disk: Record<string, number> = { windows: await bytesOf(admin, "metric_window", `where application_id = '${charted.applicationId}'`), ...Object.fromEntries(await Promise.all(POD_TIERS.map(async (table) => [table, await bytesOf(admin, table, "")]))) };
  // Windows that are in chunks go, as the job has it.
  await maintainMetrics({ pool: worker, clock: { now: () => end + 61_000 } });
  await admin.query("vacuum analyze");
  const { orm, pool } = await openDatabase({ address: database.address, login: database.login("selvedge_api"), max: 2 });
  stack.defer(async () => void (await Promise.all([orm.close(true), pool.end()])));
  const reads = createReads({ schema, metadata: orm.getMetadata(), pool, clock: { now: () => end + 61_000 }, speed: 1, onFault: (error) => { throw error; } });
  const from = end - (CHART_HOURS - 1) * HOUR_MS;
  const actor = actorOf({ tenantId: world.tenantId });
  const absent = null as never;
  const clock = { now: () => end + 61_000 };
  const server = { version: "0", simulated: true, speed: 1, maxPageSize: 200, logDays: 14 };
  const document = parse("query ($id: ID!, $input: MetricsInput!) { application(id: $id) { metrics(input: $input) { stepSeconds points { at value min max } } } }");
  const chart = async (since: number, stepSeconds: number, expected: number): Promise<void> => {
    const variableValues = { id: `Application.${charted.applicationId}`, input: { from: new Date(since).toISOString(), to: new Date(end).toISOString(), stepSeconds, metrics: ["CPU_MILLIS"] } };
    const contextValue: Context = { actor, clock, read: reads.reader(actor, "mixed"), services: absent, live: absent, logs: absent, metrics: absent, server };
    const { data, errors } = await execute({ schema, document, variableValues, contextValue });
    if (errors !== undefined) throw new AggregateError(errors);
    if (!JSON.stringify(data).includes(`"stepSeconds":${expected}`)) throw new Error("the chart is another one");
  };
  const raw = `select to_timestamp(floor(extract(epoch from at) / 300) * 300) as step, avg(total), min(total), max(total)
    from (select at, sum(m1) as total from plain where pod_id = any ($1) and at >= $2 and at < $3 group by at) t group by 1 order by 1`;
  const charts = { ours: [] as number[], limit: [] as number[] };
  for (let round = 0; round <= CHART_ROUNDS; round += 1) {
    const ours = (await seconds(() => chart(from, 288, 300))) * 1_000;
    const limit = (await seconds(() => admin.query(raw, [charted.podIds, new Date(from), new Date(end)]))) * 1_000;
    if (round === 0) continue;
    charts.ours.push(ours);
    charts.limit.push(limit);
  }

  await addDays(admin, world.tenantId, [charted.applicationId, ...charted.podIds.slice(0, OTHERS)], end - MAX_METRICS_DAYS * 24 * HOUR_MS, from);
  const long: number[] = [];
  for (let round = 0; round <= CHART_ROUNDS; round += 1) {
    const took = (await seconds(() => chart(end - MAX_METRICS_DAYS * 24 * HOUR_MS, 300, 1_800))) * 1_000;
    if (round > 0) long.push(took);
  }

  const ratios = { ingest: median(ingest.ours) / median(ingest.limit), chart: median(charts.limit) / median(charts.ours) };
  console.log(`metrics: ${ROUNDS} windows of ${rows} pods, ${CHART_ROUNDS} charts, in turn, ${cpus().length} cores shared with Postgres, node ${process.version}`);
  console.table([
    { "": "ingest, pods/s", ours: median(ingest.ours).toFixed(0), limit: median(ingest.limit).toFixed(0), ratio: ratios.ingest.toFixed(2), floor: FLOOR.ingest },
    { "": `chart of ${CHART_HOURS - 1} h, ${CHART_PODS} pods, ms`, ours: median(charts.ours).toFixed(2), limit: median(charts.limit).toFixed(1), ratio: ratios.chart.toFixed(1), floor: FLOOR.chart },
    { "": `chart of ${MAX_METRICS_DAYS} days, ms`, ours: median(long).toFixed(2), limit: "", ratio: "", floor: "" },
    ...Object.entries(disk).map(([of, bytes]) => ({ "": `disk, ${of}, bytes a pod and hour`, ours: (bytes / CHART_PODS / (CHART_HOURS - 1)).toFixed(0), limit: "", ratio: "", floor: "" })),
    { "": "hours of those pods, sealed a second", ours: (((CHART_HOURS - 1) * CHART_PODS) / sealing).toFixed(0), limit: "", ratio: "", floor: "" },
  ]);
  return ratios.ingest >= FLOOR.ingest && ratios.chart >= FLOOR.chart;
}

interface Fleet {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly applicationId: string;
  readonly placementId: string;
  readonly podIds: readonly string[];
}

async function addCluster(admin: Pool, index: number): Promise<string> {
  const [id, region] = [randomUUIDv7(), randomUUIDv7()];
  await admin.query("insert into region (id, code, name) values ($1, $2, $2)", [region, `region-${index}`]);
  await admin.query(
    `insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, cpu_millis, memory_mib, pods, prices)
     values ($1, $2, $2, $3, 'P', 'C', 'EDGE', 'TELECOM', 1, 1, 'ONLINE', 1000000, 1000000, 10000, '{}')`, [id, `cluster-${index}`, region]);
  return id;
}

async function deployed(admin: Pool, world: DesiredState, name: string, clusterId: string, pods: number): Promise<Fleet> {
  const application = await world.application({ name, clusters: [{ id: clusterId, replicas: pods }], enqueue: false });
  await admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where application_id = $1`, [application.id]);
  return { clusterId, nodeId: randomUUIDv7(), applicationId: application.id, placementId: application.placements.get(clusterId) ?? "", podIds: Array.from({ length: pods }, () => randomUUIDv7()) };
}

/** Some of it differs from pod to pod, and all from time to time. */
const valueOf = (metric: number, pod: number, at: number): number => 1 + ((metric * 31 + pod * 7 + at / SAMPLE_MS) % 97);

function samplesOf({ clusterId, nodeId, placementId, podIds }: Fleet, at: number): Samples {
  const writer = new RecordWriter();
  for (const [pod, id] of podIds.entries()) writer.add(id, 0, (metric) => valueOf(metric, pod, at));
  return { type: "samples", clusterId, at, nodes: [nodeId], placements: [{ placementId, lostRps: 0, pods: writer.base64() }] };
}

/** From the wire. */
function received(text: string): Window {
  const looked = checkMessage(JSON.parse(text));
  if (!looked.ok || looked.message.type !== "samples") throw new Error(looked.ok ? "it is another message" : looked.reason);
  return checked(looked.message);
}

function checked(samples: Samples): Window {
  const window = windowOf(samples, new Map(samples.nodes.map((id) => [id, CAPACITY])));
  if (typeof window === "string") throw new Error(window);
  return window;
}

/** What its rows take: their share of the table, indexes and all. */
async function bytesOf(admin: Pool, table: string, where: string): Promise<number> {
  const { rows } = await admin.query<{ bytes: number }>(
    `select ((select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = '${table}'::regclass) * (select coalesce(sum(pg_column_size(t.*)), 0) from ${table} t ${where}) / greatest(1, (select sum(pg_column_size(t.*)) from ${table} t)))::float as bytes`);
  return rows[0]?.bytes ?? 0;
}

/** Hours of these owners in chunks of five minutes, the same one again and again. */
async function addDays(admin: Pool, tenantId: string, ownerIds: readonly string[], from: number, to: number): Promise<void> {
  const hour = new MetricHour(from);
  for (let at = 0; at < hour.values.length; at += 1) hour.values[at] = 1 + (at % 97);
  for (let day = from; day < to + 24 * HOUR_MS; day += 24 * HOUR_MS) await admin.query("select app.make_metric_partition('metric_5m', 86400, $1)", [new Date(day)]);
  await admin.query(
    `insert into metric_5m (tenant_id, owner_id, at, namespace_id, settled, chunk)
     select $1, owner, at, $2, 1, $3 from generate_series($4::timestamptz, $5::timestamptz - interval '1 hour', interval '1 hour') at cross join unnest($6::uuid[]) owner on conflict do nothing`,
    [tenantId, randomUUIDv7(), hour.chunk(300), new Date(from), new Date(to), ownerIds]);
  await admin.query("analyze metric_5m");
}

const EPOCH_2000 = Date.UTC(2000, 0, 1);

/** The file format of COPY … (format binary). */
function copyBinary(fleets: readonly Fleet[], times: readonly number[]): Buffer {
  const header = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
  const width = 2 + 4 + 16 + 4 + 8 + METRICS * 8;
  const rows: Buffer[] = [header];
  for (const { podIds } of fleets) {
    for (const at of times) {
      for (const [pod, id] of podIds.entries()) {
        const row = Buffer.alloc(width);
        row.writeInt16BE(2 + METRICS, 0);
        row.writeInt32BE(16, 2);
        Buffer.from(id.replaceAll("-", ""), "hex").copy(row, 6);
        row.writeInt32BE(8, 22);
        row.writeBigInt64BE(BigInt(at - EPOCH_2000) * 1_000n, 26);
        for (let metric = 0; metric < METRICS; metric += 1) {
          row.writeInt32BE(4, 34 + metric * 8);
          row.writeFloatBE(valueOf(metric, pod, at), 38 + metric * 8);
        }
        rows.push(row);
      }
    }
  }
  return Buffer.concat([...rows, Buffer.from([0xff, 0xff])]);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}
