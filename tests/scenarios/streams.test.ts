import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client as SqlClient } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accepted, ClusterIdDocument, createClient, CreateApplicationDocument, hasEnded, RolloutDocument, type SelvedgeClient, type TransportName, WatchOperationDocument, withIdempotencyKey } from "#clients/typescript/index.ts";
import { type FaultyNetwork, startFaultyNetwork } from "#tests/support/faulty-network.ts";
import { PLANTED_BUGS } from "#tests/support/planted-bugs.ts";
import { seededRandom } from "#tests/support/random.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import type { Row } from "#tests/support/stream-history.ts";
import { breakNow, type Reader, startReader } from "#tests/support/stream-readers.ts";
import * as subjects from "#tests/support/stream-subjects.ts";
import { createWriters, templateWith } from "#tests/support/stream-writers.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * The promise of the state streams, over WebSocket and event streams, against the server as users run it: ordered, unique, complete, resumable
 * across reconnects and restarts; equal to the database at every quiet point; never a silent jump.
 *
 * Writers create, scale, upgrade, stop, start, restart, change and delete applications, their services and their configuration, while readers follow
 * everything through networks that cut, stall and half-close their connections; the server is killed with -9 under them and started again. Some readers leave now and then, and another client goes on with
 * their cursor. At the quiet points all that a reader holds is compared with what a query answers and with the rows themselves. Then each
 * recorded history has bugs planted into it, and the checker has to find every one of them.
 */
const ROUNDS = 3;
const CHANGES_A_WRITER = 12;
const WRITERS = 3;
/** Rounds that begin with kill -9, amid the writing. */
const KILLED_ROUNDS: readonly number[] = [1];
/** More than a message holds: snapshots of pods come in parts. */
const RESIDENT_PODS = 230;
const LIVE_APPLICATIONS = 10;
/** Made before the readers come, for those who name what they watch. */
const WATCHED_APPLICATIONS = 5;
const QUIET_WITHIN_MS = 30_000;
const FAULT_EVERY_MS = [200, 900] as const;
const FAULT_LASTS_MS = [50, 2_500] as const;
/** Without a sign of life for so long, a connection is dead: stalls that last longer are found, shorter ones passed over. */
const DEAD_AFTER_MS = 1_500;
const FORGETFUL = 0.1;
const TRIES_FOR_EACH_BUG = 12;
const TRANSPORTS: readonly TransportName[] = ["websocket", "sse"];

const seed = testSeed();
const random = seededRandom(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const between = ([from, to]: readonly [number, number]): number => from + below(to - from);
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const faults = { pick, everyMs: () => between(FAULT_EVERY_MS), lastsMs: () => between(FAULT_LASTS_MS) };

let server: ServerProcess;
let sql: SqlClient;
/** One statement after the other: it is one connection. */
let asked: Promise<unknown> = Promise.resolve();
async function select<R>(text: string, values: readonly unknown[] = []): Promise<R[]> {
  const answer = asked.catch(() => undefined).then(() => sql.query(text, [...values]));
  asked = answer;
  return (await answer).rows as R[];
}
let writer: SelvedgeClient;
let folder: string;
let clusterIds: string[];

/** Room for the residents: the tiny fleet with larger nodes. */
async function roomyFleet(): Promise<string> {
  const tiny = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../server/fleet/presets/tiny.json"), "utf8")) as { tiers: Record<string, object> };
  for (const [name, tier] of Object.entries(tiny.tiers)) tiny.tiers[name] = { ...tier, cpuMillis: 64_000, memoryMiB: 65_536, pods: 220 };
  folder = await mkdtemp(path.join(tmpdir(), "selvedge-streams-"));
  const file = path.join(folder, "fleet.json");
  await writeFile(file, JSON.stringify(tiny));
  return file;
}

const inputFor = (name: string, replicas: number, cluster: string) => ({
  name,
  namespace: "default",
  template: templateWith(null),
  distribution: { clusters: [{ clusterId: cluster, replicas }] },
});

beforeAll(async () => {
  console.info(`the seed of these histories is ${seed}`);
  server = await startServer({ env: { SELVEDGE_FLEET: await roomyFleet(), SELVEDGE_SPEED: "20", LOG_LEVEL: "warn" } });
  sql = await server.sql();
  // Not through a network that breaks: what is written, and whether, is not in question here.
  writer = createClient({ url: server.url, token: server.token, retryForMs: 120_000 });
  clusterIds = await Promise.all(["hangzhou-1", "shaoxing-1"].map(async (code) => (await writer.execute(ClusterIdDocument, { code })).cluster?.id ?? ""));
  const created = await Promise.all(
    clusterIds.map((cluster, index) => writer.execute(CreateApplicationDocument, { input: withIdempotencyKey(inputFor(`resident-${index}`, RESIDENT_PODS / clusterIds.length, cluster)) })),
  );
  for (const { createApplication } of created) await writer.waitFor(accepted(createApplication).operation, { orThrow: true });
}, 180_000);
afterAll(async () => {
  await writer?.close();
  await server?.dispose();
  if (folder) await rm(folder, { recursive: true });
});

// ---------------------------------------------------------------- the promise

/** Follows an operation to its end, and says what is wrong with what was shown of it. */
async function followOperation(client: SelvedgeClient, id: string): Promise<string | null> {
  let ended: string | null = null;
  for await (const { operation } of client.subscribe(WatchOperationDocument, { id })) {
    if (ended !== null) return `operation ${id} goes on as ${operation.state} after it was ${ended}`;
    if (operation.id !== id) return `operation ${id} is shown as ${operation.id}`;
    if (hasEnded(operation)) ended = operation.state;
  }
  const [row] = await select<{ state: string }>("select state from operation where 'Operation.' || id = $1", [id]);
  return row?.state === ended ? null : `operation ${id} ended as ${ended}, the database says ${row?.state}`;
}

const readers: Reader[] = [];

describe(`state streams (seed ${seed})`, () => {
  it("equal the database at every quiet point, through networks that break and kill -9, and repeat and lose nothing", { timeout: 300_000 }, async () => {
    const { written, write, create, createService, createConfigMap, upgrade } = createWriters({ client: writer, clusterIds, random, liveApplications: LIVE_APPLICATIONS });
    await Promise.all([createConfigMap("kept"), createConfigMap("kept"), createConfigMap("fleeting")]);
    const rollouts: string[] = [];
    for (let made = 0; made < WATCHED_APPLICATIONS; made += 1) {
      const application = await create();
      await createService(application);
      await upgrade(application);
      const { rollout } = (await writer.execute(RolloutDocument, { namespace: "default", name: application.name })).application ?? {};
      if (rollout) rollouts.push(rollout.id);
    }
    const named = [...written.alive, ...written.services].map(({ id }) => id).concat(written.configMaps.kept, written.configMaps.fleeting, rollouts);
    const port = Number(new URL(server.url).port);
    const connect = (network: FaultyNetwork, transport: TransportName): SelvedgeClient =>
      createClient({ url: `http://127.0.0.1:${network.port}`, token: server.token, transport, deadAfterMs: DEAD_AFTER_MS });
    const start = async <Item extends Row>(about: subjects.Subject<Item>): Promise<void> => {
      for (const transport of TRANSPORTS) {
        for (const wanders of [null, { patience: () => 1 + below(8), forgets: () => random() < FORGETFUL }]) {
          const network = await startFaultyNetwork(port);
          const name = `over ${transport}${wanders === null ? "" : ", from client to client"}`;
          readers.push(startReader(about, { name, network, connect: () => connect(network, transport), witness: writer, select, wanders, quietWithinMs: QUIET_WITHIN_MS }));
        }
      }
    };
    await start(subjects.pods);
    await start(subjects.applications);
    await start(subjects.runningApplications);
    await start(subjects.clusters);
    await start(subjects.operations);
    await start(subjects.watched(named));
    const followers = await Promise.all(
      TRANSPORTS.map(async (transport) => {
        const network = await startFaultyNetwork(port);
        return { network, client: connect(network, transport) };
      }),
    );
    const networks = [...readers, ...followers].map(({ network }) => network);
    const wrong: string[] = [];
    let followed = 0;
    try {
      await Promise.all(readers.map((reader) => reader.quiet(written.acknowledged)));
      for (let round = 0; round < ROUNDS; round += 1) {
        let writing = true;
        const breaking = networks.map((network) => breakNow(network, faults, () => writing));
        const following: Promise<void>[] = [];
        const writers = Array.from({ length: WRITERS }, async () => {
          for (let change = 0; change < CHANGES_A_WRITER; change += 1) {
            await write();
            for (const { id } of written.operations.splice(0)) {
              followed += 1;
              following.push(followOperation(pick(followers).client, id).then((fault) => void (fault !== null && wrong.push(fault))));
            }
            await sleep(below(250));
          }
        });
        if (KILLED_ROUNDS.includes(round)) {
          await sleep(500);
          await server.kill9();
          await server.start();
          sql = await server.sql();
        }
        await Promise.all(writers);
        writing = false;
        await Promise.all(breaking);
        await Promise.all(following);
        await Promise.all(readers.map((reader) => reader.quiet(written.acknowledged)));
      }
    } finally {
      await Promise.all([...readers.map((reader) => reader.stop()), ...followers.map(({ client }) => client.close())]);
      await Promise.all(networks.map((network) => network.close()));
    }
    expect([...wrong, ...readers.flatMap((reader) => reader.violations())]).toEqual([]);
    // What the checker saw as it came, it sees in the record.
    expect(readers.flatMap((reader) => reader.find(reader.history))).toEqual([]);
    const sum = (count: (reader: Reader) => number): number => readers.reduce((total, reader) => total + count(reader), 0);
    const [messages, reconnects, clients] = [sum(({ counted }) => counted.messages), sum(({ counted }) => counted.reconnects), sum(({ counted }) => counted.clients)];
    console.info(`${messages} messages, ${reconnects} reconnects, ${clients} clients, ${followed} operations followed`);
    for (const { name, counted } of readers) expect({ name, reconnected: counted.reconnects > 0 }).toEqual({ name, reconnected: true });
    expect(clients).toBeGreaterThan(readers.length + 10);
    expect(followed).toBeGreaterThan(10);
  });

  describe("with a bug planted into what was recorded, are found out:", () => {
    it.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))("one that %s", { timeout: 120_000 }, (_name, bug) => {
      const planted = readers.flatMap((reader) => bug.places(reader.history).map((place) => ({ reader, place })));
      expect(planted.length, "nowhere in these histories could it be").toBeGreaterThan(0);
      for (let tries = 0; tries < TRIES_FOR_EACH_BUG; tries += 1) {
        const { reader, place } = pick(planted);
        const history = bug.plant(reader.history, place);
        expect(reader.find(history).length, `what it finds at ${place} of ${reader.name}`).toBeGreaterThan(0);
      }
    });
  });
});
