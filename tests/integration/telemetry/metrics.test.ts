import { randomUUIDv7 } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { METRIC_NAMES, type MetricName } from "#server/domain/metric.ts";
import { HOUR_MS, SAMPLE_MS } from "#server/domain/metric-times.ts";
import { RecordWriter } from "#server/domain/metric-values.ts";
import { type PlacementSamples, SAMPLES_WINDOW } from "#server/fleet/link.ts";
import { maintainMetrics, sealHours } from "#server/telemetry/metrics-seal.ts";
import { createLiveMetrics } from "#server/telemetry/metrics-newest.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { actorOf, openReading, type Asking, type Reading } from "#tests/support/reading.ts";
import { nodeIdOf, ScriptedAgent } from "#tests/support/scripted-agent.ts";

/** An hour that is over, and in which the gateway's clock stands. */
const HOUR = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const gatewayClock = { now: (): number => HOUR + 59 * 60_000 };
const workerClock = { now: (): number => HOUR + HOUR_MS + 2 * 60_000 };
const at = (window: number): number => HOUR + window * SAMPLE_MS;

let database: TestDatabase;
let world: DesiredState;
let other: DesiredState;
let centre: Centre;
let reading: Reading;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "metrics");
  other = await desiredState(database.admin, "others");
  reading = await openReading(database);
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway({ clock: gatewayClock });
});
afterEach(() => centre.close());

const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> => (await database.admin.query<Row>(sql, values)).rows;
const count = async (table: string, clusterId: string): Promise<number> => (await rows<{ n: number }>(`select count(*)::int as n from ${table} where cluster_id = $1`, [clusterId]))[0]?.n ?? 0;

async function connected(code: string): Promise<ScriptedAgent> {
  const agent = new ScriptedAgent(code).connect(centre.link.dial());
  await agent.hello({ takes: ["sampled"] });
  return agent;
}

interface Deployed {
  readonly applicationId: string;
  readonly placements: ReadonlyMap<string, string>;
  readonly podId: string;
}

/** An application with a placement on each of the clusters, and a pod on the first. */
async function deployed(of: DesiredState, name: string, agents: readonly ScriptedAgent[]): Promise<Deployed> {
  const application = await of.application({ name, clusters: agents.map(({ clusterId }) => ({ id: clusterId, replicas: 1 })), enqueue: false });
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where application_id = $1`, [application.id]);
  const podId = randomUUIDv7();
  await database.admin.query(
    `insert into pod (cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, node_id, name, phase, ready, restart_count, containers, created_at, epoch)
     select p.cluster_id, $2, p.tenant_id, p.application_id, p.namespace_id, p.id, p.revision_id, $3, $4, 'RUNNING', true, 0, '[]', now(), 1
     from placement p where p.application_id = $1 and p.cluster_id = $5`, [application.id, podId, nodeIdOf(agents[0]?.clusterId ?? ""), `${name}-pod`, agents[0]?.clusterId]);
  return { applicationId: application.id, placements: application.placements, podId };
}

/** A pod of a core and a GiB. */
const podValues = (cpu: number, changes: Partial<Record<MetricName, number>> = {}): Record<MetricName, number> => ({
  CPU_MILLIS: cpu, CPU_USAGE_PERCENT: cpu / 10, MEMORY_MIB: 512, MEMORY_USAGE_PERCENT: 50, NETWORK_RECEIVE_KBPS: 8, NETWORK_TRANSMIT_KBPS: 16, REQUESTS_PER_SECOND: 10, ERROR_PERCENT: 0,
  LATENCY_P99_MS: cpu / 100, READY_REPLICAS: 1, ...changes,
});
function samplesOf(placementId: string, pods: readonly { id: string; values: Record<MetricName, number> }[], lostRps = 0): PlacementSamples {
  const writer = new RecordWriter();
  for (const { id, values } of pods) writer.add(id, 0, (metric) => values[METRIC_NAMES[metric] as MetricName]);
  return { placementId, lostRps, pods: writer.base64() };
}
async function say(agent: ScriptedAgent, window: number, placements: readonly PlacementSamples[]): Promise<void> {
  const from = agent.received.length;
  agent.say({ type: "samples", clusterId: agent.clusterId, at: at(window), nodes: [nodeIdOf(agent.clusterId)], placements });
  await eventually(() => expect(agent.received.slice(from)).toContainEqual({ type: "sampled", clusterId: agent.clusterId, at: at(window) }), { deadlineMs: 20_000, everyMs: 5 });
}

const FIELDS = "metric unit stepSeconds points { at value min max }";
const input = (from: number, to: number, step: number | null, metrics: readonly MetricName[]): object => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), stepSeconds: step, metrics });
interface Series {
  readonly metric: MetricName;
  readonly stepSeconds: number;
  readonly points: readonly { readonly at: string; readonly value: number | null; readonly min: number | null; readonly max: number | null }[];
}
async function series(viewer: Asking, type: "Application" | "Pod" | "Cluster" | "ClusterNode", id: string, wanted: object): Promise<Series[]> {
  const data = await reading.data(viewer, `query ($id: ID!, $input: MetricsInput!) { node(id: $id) { ... on ${type} { metrics(input: $input) { ${FIELDS} } } } }`, { id: `${type}.${id}`, input: wanted });
  return data.node.metrics as Series[];
}
const mine = (): Asking => ({ tenantId: world.tenantId });

test("a window is stored once, for whom our own assignments say, and charts say the same before and after its hour is in chunks", async () => {
  const [a, b] = [await connected("metrics-a"), await connected("metrics-b")];
  const web = await deployed(world, "web", [a, b]);
  const theirs = await deployed(other, "theirs", [a]);
  const placement = (of: Deployed, agent: ScriptedAgent): string => of.placements.get(agent.clusterId) ?? "";
  for (let window = 0; window < 24; window += 1) {
    // Windows 8 to 11 were not measured: a gap.
    if (window >= 8 && window < 12) continue;
    const onA = [
      samplesOf(placement(web, a), [{ id: web.podId, values: podValues(100 + window) }, { id: randomUUIDv7(), values: podValues(300, { REQUESTS_PER_SECOND: 30, ERROR_PERCENT: 20, LATENCY_P99_MS: 80 }) }]),
      samplesOf(placement(theirs, a), [{ id: theirs.podId, values: podValues(1_000) }]),
      // Not assigned here.
      samplesOf(randomUUIDv7(), [{ id: randomUUIDv7(), values: podValues(9_999) }]),
    ];
    await say(a, window, onA);
    if (window === 3) await say(a, window, onA);
    await say(b, window, [samplesOf(placement(web, b), [], 10)]);
  }
  expect(await count("metric_window", a.clusterId)).toBe(40);

  const all = input(HOUR, HOUR + 6 * 60_000, 60, ["CPU_MILLIS", "CPU_USAGE_PERCENT", "ERROR_PERCENT", "LATENCY_P99_MS", "READY_REPLICAS", "REQUESTS_PER_SECOND"]);
  const look = async () => ({
    application: await series(mine(), "Application", web.applicationId, all),
    pod: await series(mine(), "Pod", web.podId, all),
    cluster: await series(mine(), "Cluster", a.clusterId, all),
    platform: await series({ ...mine(), role: "PLATFORM_ADMIN" }, "Cluster", a.clusterId, all),
    node: await series(mine(), "ClusterNode", nodeIdOf(a.clusterId), all),
    foreign: await series({ tenantId: other.tenantId }, "ClusterNode", nodeIdOf(a.clusterId), all),
  });
  const before = await look();
  const first = (some: readonly Series[], metric: MetricName) => some.find((one) => one.metric === metric)?.points[0];
  expect(first(before.application, "CPU_MILLIS")).toEqual({ at: new Date(HOUR).toISOString(), value: 401.5, min: 400, max: 403 });
  expect(first(before.application, "CPU_USAGE_PERCENT")?.value).toBeCloseTo(20.075, 3);
  // 6 of 40 fail, and the 10 that no pod is sent.
  expect(first(before.application, "ERROR_PERCENT")?.value).toBeCloseTo(32, 3);
  expect(first(before.application, "LATENCY_P99_MS")?.value).toBe(80);
  expect(first(before.application, "READY_REPLICAS")?.value).toBe(2);
  expect(before.application[0]?.points.map(({ value }) => value === null)).toEqual([false, false, true, false, false, false]);
  expect(first(before.pod, "CPU_MILLIS")).toMatchObject({ value: 101.5, min: 100, max: 103 });
  expect(first(before.cluster, "CPU_MILLIS")?.value).toBe(401.5);
  expect(first(before.cluster, "CPU_USAGE_PERCENT")?.value).toBeCloseTo(40_150 / 64_000, 3);
  expect(first(before.platform, "CPU_MILLIS")?.value).toBe(1401.5);
  expect(first(before.node, "REQUESTS_PER_SECOND")?.value).toBe(40);
  expect(first(before.foreign, "CPU_MILLIS")?.value).toBe(1_000);

  const { pool } = await database.openAs("selvedge_worker", 2);
  expect(await sealHours({ pool, clock: workerClock })).toBeGreaterThan(0);
  expect(await sealHours({ pool, clock: workerClock })).toBe(0);
  // Whatever is read now comes from chunks.
  expect(await rows("select from metric_5m where owner_id = $1", [web.applicationId])).toHaveLength(1);
  expect(await look()).toEqual(before);
  const five = await series(mine(), "Application", web.applicationId, input(HOUR, HOUR + 5 * 60_000, 300, ["CPU_MILLIS"]));
  const windows = Array.from({ length: 20 }, (_, window) => 400 + window).filter((_, window) => window < 8 || window >= 12);
  expect(five).toMatchObject([{ stepSeconds: 300, points: [{ value: windows.reduce((sum, value) => sum + value, 0) / 16, min: 400, max: 419 }] }]);

  // What comes late makes just its hour due again, and is in it then.
  await say(a, 9, [samplesOf(placement(web, a), [{ id: web.podId, values: podValues(700) }])]);
  expect(await sealHours({ pool, clock: workerClock })).toBeGreaterThan(0);
  const late = await series(mine(), "Application", web.applicationId, input(HOUR, HOUR + 6 * 60_000, 60, ["CPU_MILLIS"]));
  expect(late[0]?.points[2]).toMatchObject({ value: 700, min: 700, max: 700 });

  // Another tenant's is nobody's to see.
  expect(await reading.data({ tenantId: other.tenantId }, "query ($id: ID!) { node(id: $id) { id } }", { id: `Application.${web.applicationId}` })).toEqual({ node: null });
});

test("two jobs that seal the same at once leave what one alone does", async () => {
  const agent = await connected("metrics-c");
  const web = await deployed(world, "twice", [agent]);
  for (let window = 0; window < 4; window += 1) await say(agent, window, [samplesOf(web.placements.get(agent.clusterId) ?? "", [{ id: web.podId, values: podValues(100) }])]);
  const { pool } = await database.openAs("selvedge_worker", 6);
  await Promise.all([1, 2, 3].map(() => sealHours({ pool, clock: workerClock })));
  expect(await series(mine(), "Pod", web.podId, input(HOUR, HOUR + 60_000, 60, ["CPU_MILLIS"]))).toMatchObject([{ points: [{ value: 100, min: 100, max: 100 }] }]);
});

test("what an agent may not say ends its cluster's session, and what comes too late is answered and not stored", async () => {
  const agent = await connected("metrics-d");
  await say(agent, -240, []);
  expect(await count("metric_share", agent.clusterId)).toBe(0);
  const refused = async (message: object): Promise<string> => {
    const from = agent.received.length;
    agent.say({ type: "samples", clusterId: agent.clusterId, at: at(0), nodes: [nodeIdOf(agent.clusterId)], placements: [], ...message });
    const { reason } = await agent.next("refuse", from);
    await agent.hello({ takes: ["sampled"] });
    return reason;
  };
  expect(await refused({ at: at(0) + 1 })).toMatch(/beginning of a window/);
  expect(await refused({ nodes: [randomUUIDv7()] })).toMatch(/not the cluster's/);
  expect(await refused({ placements: [{ placementId: randomUUIDv7(), lostRps: 0, pods: "AAAA" }] })).toMatch(/no records/);
  expect(await refused({ placements: [samplesOf(randomUUIDv7(), [{ id: randomUUIDv7(), values: podValues(NaN) }])] })).toMatch(/CPU_USAGE_PERCENT/);
});

test("times that a chart can't have are refused with their place", async () => {
  const web = await deployed(world, "refused", [await connected("metrics-e")]);
  const errors = async (wanted: object) => (await reading.errors(mine(), `query ($id: ID!, $input: MetricsInput!) { application(id: $id) { load: metrics(input: $input) { unit } } }`, { id: `Application.${web.applicationId}`, input: wanted }))
    .map(({ path, message }) => ({ path, message }));
  expect(await errors(input(HOUR, HOUR, null, []))).toMatchObject([{ path: ["application", "load"], message: expect.stringMatching(/input\.from/) }]);
  expect(await errors(input(HOUR - 31 * 24 * HOUR_MS - 1, HOUR, null, []))).toMatchObject([{ path: ["application", "load"], message: expect.stringMatching(/31 days/) }]);
  expect(await errors(input(HOUR, HOUR + 1, 0, []))).toMatchObject([{ message: expect.stringMatching(/stepSeconds/) }]);
});

test("who follows a target is sent the newest that is stored, at each interval, until it is gone", async () => {
  const agent = await connected("metrics-f");
  const web = await deployed(world, "followed", [agent]);
  const { pool } = await database.openAs("selvedge_api", 2);
  let now = at(101);
  const live = createLiveMetrics({ pool, bus: centre.bus, clock: { now: () => now }, lookMs: 60_000 });
  const follow = (target: Parameters<typeof live.follow>[0]["target"], tenantId = world.tenantId) => live.follow({ target, metrics: ["CPU_MILLIS"], intervalSeconds: 1 }, () => actorOf({ tenantId }));
  const pod = follow({ owner: "pod", id: web.podId });
  expect((await pod.next()).value).toMatchObject({ values: [{ metric: "CPU_MILLIS", value: null }] });
  await say(agent, 100, [samplesOf(web.placements.get(agent.clusterId) ?? "", [{ id: web.podId, values: podValues(250) }])]);
  await eventually(async () => expect((await pod.next()).value).toEqual({ at: at(101), values: [{ metric: "CPU_MILLIS", value: 250 }] }), { deadlineMs: 20_000 });
  for (const owner of ["application", "cluster", "node"] as const) {
    const id = { application: web.applicationId, cluster: agent.clusterId, node: nodeIdOf(agent.clusterId) }[owner];
    const stream = follow({ owner, id });
    expect((await stream.next()).value).toMatchObject({ values: [{ value: 250 }] });
    await stream.return?.();
  }
  expect(await follow({ owner: "pod", id: web.podId }, other.tenantId).next()).toMatchObject({ done: true });
  now += 60_000;
  expect((await pod.next()).value).toMatchObject({ values: [{ value: null }] });
  await database.admin.query("delete from pod where id = $1", [web.podId]);
  centre.bus.publish("metrics");
  await eventually(async () => expect((await pod.next()).done).toBe(true), { deadlineMs: 20_000 });
  live.close();
});

test("a window is told as soon as it is stored, however long the interval is; the next one when that is over", async () => {
  const agent = await connected("metrics-g");
  const web = await deployed(world, "at-once", [agent]);
  const { pool } = await database.openAs("selvedge_api", 2);
  const live = createLiveMetrics({ pool, bus: centre.bus, clock: { now: () => at(101) } });
  const follow = (intervalSeconds: number) => live.follow({ target: { owner: "pod", id: web.podId }, metrics: ["CPU_MILLIS"], intervalSeconds }, () => actorOf({ tenantId: world.tenantId }));
  const store = (window: number) => say(agent, window, [samplesOf(web.placements.get(agent.clusterId) ?? "", [{ id: web.podId, values: podValues(window) }])]);
  const [seldom, each] = [follow(3_600), follow(1)];
  for (const stream of [seldom, each]) expect((await stream.next()).value).toMatchObject({ values: [{ value: null }] });
  const told = seldom.next();
  await store(99);
  expect((await told).value).toEqual({ at: at(100), values: [{ metric: "CPU_MILLIS", value: 99 }] });
  let isTold = false;
  void seldom.next().then(() => (isTold = true));
  await store(100);
  await eventually(async () => expect((await each.next()).value).toMatchObject({ at: at(101) }), { deadlineMs: 20_000 });
  // Both have one read, which the other has seen by now.
  expect(isTold).toBe(false);
  await seldom.return?.();
  await each.return?.();
  live.close();
});

test("a gateway ends while windows are on their way: the next is sent them again, and each is stored once", async () => {
  const agent = await connected("metrics-h");
  const other = createCentre(database);
  await other.gateway({ clock: gatewayClock });
  const web = await deployed(world, "moved", [agent]);
  const placementId = web.placements.get(agent.clusterId) ?? "";
  const windows = Array.from({ length: 12 }, (_, window) => 120 + window);
  const tell = (some: readonly number[]): void => {
    for (const window of some) {
      const placements = [samplesOf(placementId, [{ id: web.podId, values: podValues(window) }])];
      agent.say({ type: "samples", clusterId: agent.clusterId, at: at(window), nodes: [nodeIdOf(agent.clusterId)], placements });
    }
  };
  // They are on their way when the first gateway ends; nobody knows which of them are stored.
  tell(windows.slice(0, SAMPLES_WINDOW));
  await eventually(() => expect(agent.received.some(({ type }) => type === "sampled")).toBe(true), { deadlineMs: 20_000, everyMs: 1 });
  const closing = centre.close();
  agent.connect(other.link.dial());
  await agent.hello({ takes: ["sampled"] });
  for (let from = 0; from < windows.length; from += SAMPLES_WINDOW) {
    const received = agent.received.length;
    const some = windows.slice(from, from + SAMPLES_WINDOW);
    tell(some);
    const stored = (): number[] => agent.received.slice(received).flatMap((one) => (one.type === "sampled" ? [one.at] : [])).toSorted((a, b) => a - b);
    await eventually(() => expect(stored()).toEqual(some.map(at)), { deadlineMs: 20_000 });
  }
  await closing;
  expect((await rows<{ at: Date }>("select at from metric_window where cluster_id = $1 order by at", [agent.clusterId])).map(({ at: stored }) => stored.getTime())).toEqual(windows.map(at));
  await sealHours({ pool: (await database.openAs("selvedge_worker", 2)).pool, clock: workerClock });
  expect(await series(mine(), "Application", web.applicationId, input(at(120), at(132), 15, ["CPU_MILLIS"]))).toMatchObject([{ points: windows.map((window) => ({ at: new Date(at(window)).toISOString(), value: window, min: window, max: window })) }]);
  await other.close();
});

test("partitions are made ahead, and dropped once nothing in them is kept", async () => {
  const { pool } = await database.openAs("selvedge_worker", 2);
  const { admin } = database;
  const partitions = async (table: string): Promise<number> => (await rows<{ n: number }>("select count(*)::int as n from pg_inherits where inhparent = $1::regclass", [table]))[0]?.n ?? 0;
  await admin.query("select app.make_metric_partition('metric_window', 3600, now() - interval '5 hours'), app.make_metric_partition('metric_5m', 86400, now() - interval '33 days'), app.make_metric_partition('metric_5m', 86400, now() - interval '31 days')");
  await admin.query("insert into metric_hour (at) values (date_trunc('hour', now() - interval '5 hours'))");
  const windows = await partitions("metric_window");
  // In a day's last hour the next day's is made as well: what is counted is not how many there are.
  const isKept = async (days: number): Promise<boolean | undefined> =>
    (await rows<{ kept: boolean }>("select to_regclass('metric_5m_' || floor(extract(epoch from now() - make_interval(days => $1)) / 86400)) is not null as kept", [days]))[0]?.kept;
  // An hour that is in no chunk yet stays.
  const { made, dropped } = await maintainMetrics({ pool, clock: { now: () => 0 } });
  expect(made).toBeGreaterThan(0);
  expect(dropped).toBe(1);
  expect([await isKept(33), await isKept(31)]).toEqual([false, true]);
  await sealHours({ pool, clock: { now: () => Date.now() } });
  await maintainMetrics({ pool, clock: { now: () => Date.now() } });
  expect(await partitions("metric_window")).toBeLessThanOrEqual(windows + 2 - 1);
  expect(await rows("select from metric_hour where at < now() - interval '5 hours'")).toEqual([]);
});
