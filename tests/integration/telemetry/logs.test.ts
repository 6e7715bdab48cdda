/** Lines from an agent's batch into the store, and out again: each once, in pages both ways, in streams, by signed addresses; and only to whom they belong. */
import { createHash, randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHUNK_SPAN_MS, type LogChunk, type LogLineEntry, LOGS_KEPT_DAYS } from "#server/domain/logs.ts";
import type { RecordBounds, RecordReader } from "#server/domain/records.ts";
import { createSemaphore } from "#server/domain/semaphore.ts";
import { maintainLogs } from "#server/reconcile/housekeeping.ts";
import type { LogLine, LogSelection } from "#server/telemetry/logs-chunks.ts";
import { createLogDownloads, type LogViewer } from "#server/telemetry/logs-download.ts";
import { LogReader } from "#server/telemetry/logs-read.ts";
import { type Centre, createCentre, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";
import { logPage } from "../../../schema/log/page.ts";

let database: TestDatabase;
let world: DesiredState;
let stranger: DesiredState;
let centre: Centre;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "logs");
  stranger = await desiredState(database.admin, "logs-stranger");
  ({ pool } = await database.openAs("selvedge_api", 4));
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
});
afterEach(() => centre.close());

const NOW = Date.now() - 3_600_000;
const readerOf = ({ tenantId, namespaceIds }: LogViewer): LogReader => new LogReader({ pool, scope: { tenantId, namespaceIds }, places: createSemaphore(2) });
const reader = (of: DesiredState = world): LogReader => readerOf({ tenantId: of.tenantId, namespaceIds: null });

interface Deployed {
  readonly agent: ScriptedAgent;
  readonly applicationId: string;
  readonly placementId: string;
}
async function deployed(code: string): Promise<Deployed> {
  const agent = new ScriptedAgent(code).connect(centre.link.dial());
  const welcome = await agent.hello({ takes: ["logsAck"] });
  expect(welcome.takes).toContain("logs");
  const application = await world.application({ name: `app-${code}`, clusters: [{ id: agent.clusterId, replicas: 1 }], enqueue: false });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where id = $1`, [placementId]);
  return { agent, applicationId: application.id, placementId };
}

const chunk = (placementId: string, podId: string, lines: readonly LogLineEntry[], container = "main"): LogChunk => ({ podId, podName: `pod-${podId.slice(-4)}`, placementId, container, lines });
async function ship({ agent }: Deployed, from: number, to: number, chunks: readonly LogChunk[], changes: object = {}): Promise<number> {
  const received = agent.received.length;
  agent.say({ type: "logs", clusterId: agent.clusterId, epoch: 1, from, to, chunks, ...changes });
  return (await agent.next("logsAck", received)).position;
}
const textsOf = (lines: readonly { readonly value: LogLine }[]): string[] => lines.map(({ value }) => value.line);
const all = async (selection: LogSelection, of = reader()): Promise<string[]> => textsOf((await of.walk(selection, { ascending: true, start: null, limit: 10_000 })).lines);

test("a batch is stored once, where it follows what is stored; whose it is follows from our own assignment", async () => {
  const site = await deployed("logs-1");
  const other = await deployed("logs-2");
  const podId = randomUUIDv7();
  const mine = chunk(site.placementId, podId, [[NOW, "STDOUT", "a"], [NOW + 5, "STDERR", "b"]]);
  // Of what the cluster was not given nothing is stored, and nothing lies in the future.
  const foreign = chunk(other.placementId, podId, [[NOW, "STDOUT", "not given"]]);
  const ahead = chunk(site.placementId, podId, [[253_402_300_799_999, "SYSTEM", "c"]]);
  expect(await ship(site, 0, 2, [mine, foreign, ahead])).toBe(2);
  expect(await ship(site, 0, 2, [mine])).toBe(2);
  expect(await ship(site, 1, 3, [mine])).toBe(2);
  expect(await ship(site, 5, 6, [mine])).toBe(2);
  expect(await ship(site, 2, 3, [chunk(site.placementId, podId, [[NOW + 6, "FILE", "d"]])])).toBe(3);
  expect(await ship(site, 9, 10, [chunk(site.placementId, podId, [[NOW + 7, "FILE", "e"]])], { skips: true })).toBe(10);
  // Another epoch begins anew, and the one before is over.
  expect(await ship(site, 0, 1, [chunk(site.placementId, podId, [[NOW + 8, "STDOUT", "f"]])], { epoch: 2 })).toBe(1);
  expect(await ship(site, 10, 11, [mine])).toBe(1);

  const selection = { target: { applicationId: site.applicationId } };
  const { lines } = await reader().walk(selection, { ascending: true, start: null, limit: 100 });
  expect(textsOf(lines)).toEqual(["a", "b", "d", "e", "f", "c"]);
  expect(lines.every(({ value }) => value.at <= Date.now() && value.podId === podId)).toBe(true);
  expect(lines.map(({ value }) => value.stream)).toEqual(["STDOUT", "STDERR", "FILE", "FILE", "STDOUT", "SYSTEM"]);
  expect(await all({ target: { podId } })).toEqual(["a", "b", "d", "e", "f", "c"]);
  expect(await all({ target: { applicationId: other.applicationId } })).toEqual([]);
  expect(await all(selection, reader(stranger))).toEqual([]);
  expect(await all(selection, readerOf({ tenantId: world.tenantId, namespaceIds: [] }))).toEqual([]);
  expect(await reader().applicationOf({ podId })).toBe(site.applicationId);
  expect(await reader(stranger).applicationOf({ podId })).toBeNull();
  const { rows } = await database.admin.query("select tenant_id, owner_ids from timeline where kind = 'log' and cluster_id = $1", [site.agent.clusterId]);
  expect(rows).toHaveLength(4);
  expect(rows[0]).toEqual({ tenant_id: world.tenantId, owner_ids: [site.applicationId] });
});

test.each([
  ["a line with an end in it", [[NOW, "STDOUT", "a\nb"]], "has an end of a line in it"],
  ["lines that go back", [[NOW, "STDOUT", "a"], [NOW - 1, "STDOUT", "b"]], "goes back in time"],
  ["lines that are far apart", [[NOW, "STDOUT", "a"], [NOW + CHUNK_SPAN_MS + 1, "STDOUT", "b"]], "spans more than"],
  ["no lines", [], "is empty"],
  ["another stream", [[NOW, "STDIN", "a"]], "is none of"],
])("%s is refused in words", async (_what, lines, reason) => {
  const agent = new ScriptedAgent(`logs-${randomUUIDv7()}`).connect(centre.link.dial());
  await agent.hello({ takes: ["logsAck"] });
  agent.say({ type: "logs", clusterId: agent.clusterId, epoch: 1, from: 0, to: 1, chunks: [chunk(randomUUIDv7(), randomUUIDv7(), lines as unknown as LogLineEntry[])] });
  await eventually(() => expect(agent.received).toContainEqual({ type: "refuse", clusterId: agent.clusterId, reason: expect.stringContaining(reason) }));
});

describe("many lines of many pods", () => {
  let site: Deployed;
  let target: LogSelection["target"];
  const lines: { at: number; line: string; pod: number }[] = [];
  const pods = Array.from({ length: 3 }, () => randomUUIDv7());

  beforeEach(async () => {
    lines.length = 0;
    site = await deployed(`logs-${randomUUIDv7()}`);
    target = { applicationId: site.applicationId };
    // Chunks that reach into each other, also across batches.
    for (let batch = 0; batch < 8; batch += 1) {
      const chunks = pods.map((podId, pod) => {
        const entries = Array.from({ length: 20 }, (_, index): LogLineEntry => [NOW + batch * 8_000 + pod * 7 + index * 400, index % 5 === 0 ? "STDERR" : "STDOUT", `${index % 7 === 0 ? "Error" : "line"} ${batch}-${pod}-${index}`]);
        for (const [at, , line] of entries) lines.push({ at, line, pod });
        return chunk(site.placementId, podId, entries, pod === 2 ? "sidecar" : "main");
      });
      await ship(site, batch, batch + 1, chunks);
    }
    lines.sort((a, b) => a.at - b.at);
  });

  test("pages go both ways, one behind the other, and say whether there is more", async () => {
    const expected = lines.map(({ line }) => line).toReversed();
    const forward: string[] = [];
    let after: string | null = null;
    for (let more = true; more; ) {
      const page = await logPage(reader(), { target }, { first: 70, after });
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      forward.push(...page.edges.map(({ node }) => node.line));
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    // Lines of one instant may stand in either order.
    expect(forward.toSorted()).toEqual(expected.toSorted());
    const times = forward.map((line) => lines.find((one) => one.line === line)?.at ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    const backward: string[] = [];
    let before: string | null = null;
    for (let more = true; more; ) {
      const page = await logPage(reader(), { target }, { last: 70, before });
      backward.unshift(...page.edges.map(({ node }) => node.line));
      before = page.pageInfo.startCursor;
      more = page.pageInfo.hasPreviousPage;
    }
    expect(backward).toEqual(forward);
    await expect(logPage(reader(), { target }, { first: 201 })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    await expect(logPage(reader(), { target }, { after: "nonsense" })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test.each<[string, Omit<LogSelection, "target">, (line: { at: number; line: string; pod: number }) => boolean]>([
    ["since and until", { since: NOW + 5_000, until: NOW + 19_000 }, ({ at }) => at >= NOW + 5_000 && at < NOW + 19_000],
    ["a keyword in any case", { keyword: "eRROR" }, ({ line }) => line.startsWith("Error")],
    ["a keyword that is a pattern elsewhere", { keyword: "%" }, () => false],
    ["a container", { container: "sidecar" }, ({ pod }) => pod === 2],
    ["a stream", { stream: "STDERR" }, ({ line }) => Number(line.split("-")[2]) % 5 === 0],
    ["pods", { podIds: [pods[1] ?? ""] }, ({ pod }) => pod === 1],
  ])("a filter for %s", async (_what, filter, fits) => {
    expect((await all({ target, ...filter })).toSorted()).toEqual(lines.filter(fits).map(({ line }) => line).toSorted());
  });

  test("a stream tells each line once behind any edge of a list, and what was stored since", async () => {
    const page = await logPage(reader(), { target }, { first: 200 });
    const edge = page.edges[100];
    // Late, and in between what the list has.
    await ship(site, 8, 9, [chunk(site.placementId, pods[0] ?? "", [[NOW + 1, "STDOUT", "late"]])]);
    await ship(site, 9, 10, [chunk(site.placementId, pods[0] ?? "", [[NOW + 90_000, "STDOUT", "new"]])]);
    const told = await tellAll(reader().records({ target }), edge?.cursor ?? "");
    const newer = page.edges.slice(0, 100).map(({ node }) => node.line);
    expect(told.toSorted()).toEqual([...newer, "late", "new"].toSorted());
  });

  test("by commits in small pages nothing is missed or told twice, and a source keeps its order", async () => {
    const records = reader().records({ target });
    const { rows: [snapshot] } = await database.admin.query<{ xid: number }>("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid");
    const told: string[] = [];
    let from: Extract<RecordBounds, { by: "commits" }>["from"] = { xid: 0, key: null };
    for (;;) {
      const page = await records.page({ by: "commits", from, before: snapshot?.xid ?? 0, without: null }, 7);
      told.push(...page.rows.map(({ value }) => value.line));
      if (page.end === null) break;
      from = page.end;
    }
    expect(told.toSorted()).toEqual(lines.map(({ line }) => line).toSorted());
    for (const pod of [0, 1, 2]) {
      const numbers = told.filter((line) => line.split("-")[1] === String(pod)).map((line) => Number(line.split(/[ -]/)[1]) * 100 + Number(line.split("-")[2]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test("a signed address gives the text, to whoever has it, until its token or its time ends; a changed one gives nothing", async () => {
    const hash = createHash("sha256").update(randomUUIDv7()).digest();
    const tokenId = randomUUIDv7();
    await database.admin.query("insert into api_token (tenant_id, id, name, role, namespaces, prefix, hash, created_at) values ($1, $2, 'reader', 'VIEWER', null, 'slv_', $3, now())", [world.tenantId, tokenId, hash]);
    let now = Date.now();
    const downloads = createLogDownloads({ pool, clock: { now: () => now }, speed: 1, keys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)], readerFor: readerOf });
    const former = createLogDownloads({ pool, clock: wallClock, speed: 1, keys: [Buffer.alloc(32, 2)], readerFor: readerOf });
    const viewer = { tenantId: world.tenantId, namespaceIds: null, tokenId, origin: "http://here" };
    const { url, expiresAt } = downloads.create(viewer, { target, stream: "STDERR" });
    const signed = url.slice("http://here/logs/".length);
    const read = async (text: string): Promise<string[] | null> => {
      const opened = await downloads.open(text);
      if (opened === null) return null;
      const pieces: string[] = [];
      for await (const piece of opened.pieces()) pieces.push(piece);
      return pieces.join("").trimEnd().split("\n");
    };
    const text = await read(signed);
    expect(text).toHaveLength(lines.length / 5);
    expect(text?.[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z pod-\w{4}\/main STDERR Error 0-0-0$/);
    expect(await read(former.create(viewer, { target }).url.slice("http://here/logs/".length))).toHaveLength(lines.length);
    for (const wrong of [`${signed}x`, `x${signed}`, signed.replace(".", ".."), "", ".", `${signed.split(".")[0]}.`]) expect(await downloads.open(wrong)).toBeNull();

    const opened = await downloads.open(signed);
    now = expiresAt;
    expect(await downloads.open(signed)).toBeNull();
    now -= 1;
    await database.admin.query("update api_token set revoked_at = now() where id = $1", [tokenId]);
    expect(await downloads.open(signed)).toBeNull();
    expect(opened).not.toBeNull();
  });
});

test("days ahead have partitions, those that are kept no longer go, and rows outside of them too", async () => {
  const { pool: worker } = await database.openAs("selvedge_worker", 2);
  const site = await deployed("logs-days");
  const old = Date.now() - (LOGS_KEPT_DAYS + 2) * 86_400_000;
  await ship(site, 0, 1, [chunk(site.placementId, randomUUIDv7(), [[old, "STDOUT", "old"]]), chunk(site.placementId, randomUUIDv7(), [[Date.now(), "STDOUT", "new"]])]);
  expect(await all({ target: { applicationId: site.applicationId } })).toEqual(["old", "new"]);
  const maintain = (now: number): ReturnType<typeof maintainLogs> => maintainLogs({ pool: worker, clock: { now: () => now }, speed: 1 });
  const first = await maintain(Date.now());
  expect(first.removed).toBeGreaterThan(0);
  expect(await all({ target: { applicationId: site.applicationId } })).toEqual(["new"]);
  const later = Date.now() + 3 * 86_400_000;
  expect((await maintain(later)).made).toBeGreaterThan(0);
  expect(await maintain(later)).toMatchObject({ made: 0, dropped: 0 });
  expect((await maintain(later + (LOGS_KEPT_DAYS + 3) * 86_400_000)).dropped).toBeGreaterThan(0);
  const { rows } = await database.admin.query("select relname from pg_class where relname like 'log_chunk%' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)");
  expect(rows).toEqual([]);
});

/** As the engine of record streams does it, until there is no more. */
async function tellAll(records: RecordReader<LogLine>, after: string): Promise<string[]> {
  const { rows: [snapshot] } = await database.admin.query<{ xid: number }>("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid");
  const cursor = records.parse(after);
  if (cursor.seen === null) throw new Error("an edge says what its page saw");
  const told: string[] = [];
  let { key } = cursor;
  for (;;) {
    const page = await records.page({ by: "time", after: key, seen: cursor.seen }, 13);
    told.push(...page.rows.map(({ value }) => value.line));
    if (page.end === null) break;
    ({ key } = page.end);
  }
  let from: Extract<RecordBounds, { by: "commits" }>["from"] = { xid: cursor.seen.xmin, key: null };
  for (;;) {
    const page = await records.page({ by: "commits", from, before: snapshot?.xid ?? 0, without: cursor.seen }, 13);
    told.push(...page.rows.map(({ value }) => value.line));
    if (page.end === null) break;
    from = page.end;
  }
  return told;
}
