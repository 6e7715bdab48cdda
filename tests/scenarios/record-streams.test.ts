import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "#clients/cli/exit.ts";
import { run as runCommand } from "#clients/cli/program.ts";
import {
  accepted, ClusterIdDocument, createClient, CreateApiTokenDocument, CreateEnrolmentTicketDocument, CreateNamespaceDocument, type SelvedgeClient, type TransportName, type TypedDocument,
} from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type FaultyNetwork, startFaultyNetwork } from "#tests/support/faulty-network.ts";
import { createInstallation, type Installation, type Member } from "#tests/support/installation.ts";
import { seededRandom } from "#tests/support/random.ts";
import { REASON, type RecordReader, startRecordReader, type StoredRecord, storedRecords, writeRecords, wrongWith } from "#tests/support/record-readers.ts";
import { type Reader, startReader } from "#tests/support/stream-readers.ts";
import * as subjects from "#tests/support/stream-subjects.ts";
import { createWriters, type Writers } from "#tests/support/stream-writers.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * The promise of the streams over several processes: two servers, and two with a worker and a gateway each, over one Postgres and one Redis, and readers at both servers, over WebSocket and over event streams. While events are
 * stored and applications change, readers lose their connections or go on at the other server, processes are killed with -9 and started again, Redis is gone, frozen and flushed, and Postgres
 * crashes. Whoever follows records is told each once, in the order of commits, from wherever it began; whoever follows state holds what the database has at each quiet point.
 */
const DELIVERIES = Number(process.env["SELVEDGE_TEST_DELIVERIES"] ?? 50_000);
const RECONNECTS = Number(process.env["SELVEDGE_TEST_RECONNECTS"] ?? 32);
const SPEED = "20";
const BATCH = 400;
const WRITERS = 3;
const CHANGES_A_PHASE = 4;
const PATIENT = { deadlineMs: 120_000, everyMs: 50 };
/** The promises: without Redis streams are so late at most, and so long after Postgres is back they are served. */
const LAG_MS = 2_000;
const BACK_MS = 5_000;
/** A machine that is busy is late by itself. */
const TRIES = 6;
const TRANSPORTS: readonly TransportName[] = ["websocket", "sse"];

const seed = testSeed();
const random = seededRandom(seed);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

let installation: Installation;
let apis: readonly [Member, Member];
/** Each a worker and a gateway, that there are fewer processes to start. */
let centres: readonly [Member, Member];
let writer: SelvedgeClient;
let writers: Writers;
const networks: FaultyNetwork[] = [];
/** Those who stay where they are, and those who move to the other server. */
const records: { readonly reader: RecordReader; disturb(): void }[] = [];
const states: Reader[] = [];
/** How late streams were without Redis, and how late Postgres's return was noticed. */
const lags: string[] = [];
let asked = 0;

async function pair(role: string): Promise<readonly [Member, Member]> {
  const member = (part: number): Promise<Member> => installation.member(`${role}-${part}`, { SELVEDGE_ROLE: role, SELVEDGE_SPEED: SPEED });
  return [await member(1), await member(2)];
}

beforeAll(async () => {
  console.info(`the seed of these histories is ${seed}`);
  installation = await createInstallation();
  apis = await pair("api");
  centres = await pair("worker,gateway");
  // The first brings the database to where it should be, and says how fast its time passes; the others find it so.
  await centres[0].start();
  await apis[0].start();
  writer = createClient({ url: apis[0].url, token: installation.token, retryForMs: 120_000 });
  const ticket = accepted((await writer.execute(CreateEnrolmentTicketDocument, { input: { maxClusters: 2 } })).createEnrolmentTicket).ticket ?? "";
  const fleet = await installation.member("fleet", {
    SELVEDGE_ROLE: "fleet", SELVEDGE_SPEED: SPEED, SELVEDGE_FLEET: "tiny", SELVEDGE_ENROLMENT_TICKET: ticket, SELVEDGE_GATEWAYS: centres.map(({ port }) => `ws://127.0.0.1:${port}/agent`).join(","),
  });
  await Promise.all([apis[1], centres[1], fleet].map((member) => member.start()));
  accepted((await writer.execute(CreateNamespaceDocument, { input: { name: "shop" } })).createNamespace);
  const clusterIds = await Promise.all(["hangzhou-1", "shaoxing-1"].map((code) => eventually(async () => (await writer.execute(ClusterIdDocument, { code })).cluster?.id ?? Promise.reject(new Error(code)), PATIENT)));
  writers = createWriters({ client: writer, clusterIds, random, liveApplications: 4 });
  await Promise.all([writers.createConfigMap("kept"), writers.createConfigMap("fleeting")]);
}, 300_000);
afterAll(async () => {
  await Promise.all([...records.map(({ reader }) => reader.stop()), ...states.map((reader) => reader.stop())]);
  await writer?.close();
  await Promise.all(networks.map((network) => network.close()));
  await installation?.close();
}, 60_000);

// ---------------------------------------------------------------- readers

async function networkTo({ port }: Member): Promise<FaultyNetwork> {
  const network = await startFaultyNetwork(port);
  networks.push(network);
  return network;
}
const urlOf = ({ port }: FaultyNetwork): string => `http://127.0.0.1:${port}`;

/** One stays at its server, through a network of its own, and is cut off now and then; the other goes on at the other server, with its cursor. */
async function follow(what: Pick<RecordReader, "name" | "lets"> & { readonly filter?: { readonly type: "WARNING" } | null; readonly edge?: string | null; readonly token?: string }, moves: boolean): Promise<void> {
  const { name, lets, filter = null, edge = null, token = installation.token } = what;
  for (const [home, transport] of TRANSPORTS.entries()) {
    const own = await Promise.all([0, 1].map((turn) => networkTo(apis[(home + turn) % 2] as Member)));
    let turn = 0;
    const reader = startRecordReader({
      name: `${name} over ${transport}${moves ? ", moving" : ""}`, filter, lets, edge,
      connect: () => createClient({ url: urlOf(own[(moves ? turn++ : 0) % 2] as FaultyNetwork), token, transport }),
    });
    records.push({ reader, disturb: () => (moves ? reader.move() : own[0]?.cut()) });
  }
}

const EDGES: TypedDocument<{ readonly events: { readonly edges: readonly { readonly cursor: string }[] } }, Record<string, never>> =
  '{ events(first: 5, filter: { since: "2000-01-01T00:00:00Z" }) { edges { cursor } } }';

async function edgeOfList(): Promise<string> {
  const { events } = await writer.execute(EDGES);
  return events.edges.at(-1)?.cursor ?? "";
}

async function startReaders(): Promise<void> {
  const all = (): boolean => true;
  const { secret } = accepted((await writer.execute(CreateApiTokenDocument, { input: { name: "of one namespace", role: "VIEWER", namespaces: ["shop"] } })).createApiToken);
  for (const moves of [false, true]) {
    await follow({ name: "all", lets: all }, moves);
    await follow({ name: "all from an edge", lets: all, edge: await edgeOfList() }, moves);
    await follow({ name: "warnings", lets: ({ type }) => type === "WARNING", filter: { type: "WARNING" } }, moves);
    await follow({ name: "those of a namespace", lets: ({ tenantId, namespace }) => tenantId === null || namespace === "shop", token: secret ?? "" }, moves);
  }
  const select = async <R>(text: string): Promise<R[]> => (await installation.sql.query(text)).rows as R[];
  const start = async <Item extends { readonly id: string }>(about: subjects.Subject<Item>): Promise<void> => {
    for (const [home, transport] of TRANSPORTS.entries()) {
      const own = await Promise.all([0, 1].map((turn) => networkTo(apis[(home + turn) % 2] as Member)));
      let turn = 0;
      const connect = (): SelvedgeClient => createClient({ url: urlOf(own[turn++ % 2] as FaultyNetwork), token: installation.token, transport });
      states.push(startReader(about, { name: `over ${transport}`, network: own[0] as FaultyNetwork, connect, witness: writer, select, wanders: { patience: () => 10, forgets: () => false }, quietWithinMs: PATIENT.deadlineMs }));
    }
  };
  await start(subjects.pods);
  await start(subjects.applications);
  await start(subjects.operations);
  await start(subjects.clusters);
  await eventually(() => expect(records.filter(({ reader }) => !reader.begun).map(({ reader }) => [reader.name, ...reader.failures()])).toEqual([]), PATIENT);
}

/** `selvedge events -f` as a program reads it, at the server that is killed. */
async function followByCommand(): Promise<{ told(): readonly string[]; readonly listed: number; readonly said: readonly string[]; stop(): Promise<number> }> {
  const lines: string[] = [];
  const said: string[] = [];
  const interrupted = new AbortController();
  const done = runCommand(["events", "-f", "-o", "json", "--reason", REASON, "--since", "1d"], {
    out: { write: (text) => void lines.push(...text.split("\n").filter(Boolean)) },
    err: { write: (text) => void said.push(text) },
    input: Readable.from([]), env: { SELVEDGE_URL: apis[1].url, SELVEDGE_TOKEN: installation.token, HOME: installation.folder }, folder: installation.folder, interrupted: interrupted.signal,
  });
  // What was there before is listed; what comes is followed already.
  await eventually(() => expect([said, lines.length > 0]).toEqual([[], true]), PATIENT);
  const told = (): string[] => lines.map((line) => (JSON.parse(line) as { id: string }).id);
  return { told, listed: lines.length, said, stop: () => (interrupted.abort(), done) };
}

// ---------------------------------------------------------------- what happens, and what has to be true afterwards

/**
 * A part of everything is written, and readers are disturbed, while `meanwhile` happens; then all is quiet, and judged. `mutates`: applications are changed while it happens, not only afterwards:
 * a mutation that Postgres' end interrupts may fail.
 */
async function phase(name: string, part: number, meanwhile: () => Promise<void>, { mutates = true } = {}): Promise<void> {
  const began = performance.now();
  // Those that don't follow all are told more than a third.
  const told = records.reduce((sum, { reader }) => sum + (reader.name.startsWith("all") ? 1 : 1 / 3), 0);
  const count = Math.ceil((DELIVERIES * part) / told);
  const writing = Array.from({ length: WRITERS }, () => writeRecords(installation.sql, { count: Math.ceil(count / WRITERS), batch: BATCH, random }));
  const happening = meanwhile();
  const changing = (async () => {
    if (!mutates) await happening;
    for (let change = 0; change < CHANGES_A_PHASE; change += 1) await writers.write();
  })();
  const disturbing = (async () => {
    for (let left = Math.ceil(RECONNECTS * part); left > 0; left -= 1) {
      pick(records).disturb();
      asked += 1;
      await sleep(random() * 100);
    }
  })();
  await Promise.all([happening, ...writing, changing, disturbing]);
  const stored = await eventually(async () => judged(await storedRecords(installation.sql)), { ...PATIENT, everyMs: 250 });
  await Promise.all(states.map((reader) => reader.quiet(writers.written.acknowledged)));
  console.info(`${name}: ${stored} records, ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

/** Throws what is wrong with any of them. */
function judged(stored: readonly StoredRecord[]): number {
  for (const { reader } of records) {
    const wrong = reader.failures()[0] ?? wrongWith(reader.told, reader.expected(stored));
    if (wrong !== null) throw new Error(`${reader.name}: ${wrong}`);
  }
  return stored.length;
}

/** How long it takes until everybody is told of one record more. */
async function lag(): Promise<number> {
  const { rows } = await installation.sql.query<{ id: string }>(`
    with stored as (
      insert into event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object)
      select id, $1, now(), now(), 'WARNING', 'Probe', 'it did', 1, 'cluster', id, 'cluster/' || code from cluster limit 1 returning cluster_id, id
    ) insert into timeline (cluster_id, kind, ids, at) select cluster_id, 'event', array[id], now() from stored returning 'Event.' || ids[1] as id`, [randomUUID()]);
  const [{ id } = { id: "" }] = rows;
  const stored = performance.now();
  await eventually(() => expect(records.filter(({ reader }) => reader.told.lastIndexOf(id) < 0).map(({ reader }) => reader.name)).toEqual([]), { ...PATIENT, everyMs: 10 });
  return performance.now() - stored;
}

async function within(what: string, limitMs: number, measure: () => Promise<number>): Promise<void> {
  const measured: number[] = [];
  while (measured.length < TRIES && Math.min(...measured) > limitMs) measured.push(Math.round(await measure()));
  lags.push(`${what}: ${measured.join(", ")} ms`);
  expect(Math.min(...measured), what).toBeLessThanOrEqual(limitMs);
}

describe.runIf(process.platform === "linux")(`streams over several processes (seed ${seed})`, { timeout: 900_000 }, () => {
  test("tell each record once and in order, and all state, whatever is killed, cut, frozen or flushed", async () => {
    await writeRecords(installation.sql, { count: 50, batch: 10, random });
    await startReaders();
    const before = (await storedRecords(installation.sql)).length;
    const command = await followByCommand();
    const { redis } = installation;
    const again = async (members: readonly Member[]): Promise<void> => {
      await Promise.all(members.map((member) => member.kill9()));
      await Promise.all(members.map((member) => member.start()));
    };
    await phase("a server is killed", 0.2, () => again([apis[1]]));
    if (redis !== null) {
      await phase("Redis is killed", 0.15, () => redis.kill());
      await within("without Redis", LAG_MS, lag);
      await redis.start();
      await phase("Redis is frozen", 0.15, async () => redis.freeze());
      await within("with a frozen Redis", LAG_MS, lag);
      redis.thaw();
      await phase("Redis is flushed", 0.1, () => redis.flush());
      await within("with a flushed Redis", LAG_MS, lag);
    }
    await phase("a worker and a gateway are killed", 0.2, () => again([centres[0]]));
    await phase("Postgres crashes", 0.2, () => installation.crashPostgres(), { mutates: false });
    await within("Postgres is back", BACK_MS, async () => {
      await installation.crashPostgres();
      const back = performance.now();
      await lag();
      return performance.now() - back;
    });
    await eventually(async () => judged(await storedRecords(installation.sql)), { ...PATIENT, everyMs: 250 });

    const followed = (await storedRecords(installation.sql)).slice(before).filter(({ reason }) => reason === REASON).map(({ id }) => id);
    await eventually(() => expect(wrongWith(command.told().slice(command.listed), followed)).toBe(null), { ...PATIENT, everyMs: 250 });
    expect(command.said.slice(0, 2)).toEqual([expect.stringMatching(/^reconnecting… .*; what was shown is stale\n$/), "connected again\n"]);
    expect(await command.stop()).toBe(EXIT.interrupted);

    await Promise.all(states.map((reader) => reader.stop()));
    expect(states.flatMap((reader) => [...reader.violations(), ...reader.find(reader.history)])).toEqual([]);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const deliveries = sum(records.map(({ reader }) => reader.told.length));
    const reconnects = sum(records.map(({ reader }) => reader.counted.reconnects));
    console.info(`${deliveries} records told in ${sum(records.map(({ reader }) => reader.counted.messages))} messages to ${records.length} readers, ${reconnects} reconnects (${asked} asked for)`);
    console.info(`${sum(states.map(({ counted }) => counted.messages))} messages of state to ${states.length} readers, ${sum(states.map(({ counted }) => counted.clients))} clients`);
    console.info(lags.join("; "));
    expect(deliveries).toBeGreaterThanOrEqual(redis === null ? DELIVERIES / 2 : DELIVERIES);
    expect(reconnects).toBeGreaterThanOrEqual(redis === null ? RECONNECTS / 2 : RECONNECTS);
  });

  test("a record that is lost, doubled or out of place would have been found", () => {
    for (const { reader } of records) {
      const { told } = reader;
      const at = 1 + Math.floor(random() * (told.length - 2));
      const planted = [told.toSpliced(at, 1), told.toSpliced(at, 0, told[at] as string), told.with(at, told[at - 1] as string).with(at - 1, told[at] as string), told.slice(0, -1), told.slice(1)];
      for (const history of planted) expect(wrongWith(history, told), `${reader.name} at ${at}`).not.toBe(null);
      expect(wrongWith(told, told)).toBe(null);
    }
  });
});
