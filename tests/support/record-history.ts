import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { Registry } from "prom-client";
import { watchedEvents } from "#schema/event/subscriptions.ts";
import { schema } from "#schema/index.ts";
import type { RecordReader } from "#server/domain/records.ts";
import type { Viewer } from "#server/identity/viewer.ts";
import { WAYS } from "#server/read/answer.ts";
import { createReads } from "#server/read/run.ts";
import { createFanout, type Fanout } from "#server/realtime/fanout.ts";
import { createLive, type LiveFor } from "#server/realtime/live.ts";
import type { RecordBatch } from "#server/realtime/record-stream.ts";
import { createTailer } from "#server/realtime/tailer.ts";
import { silentLogger, wallClock } from "./centre.ts";
import type { TestDatabase } from "./database.ts";
import { seededRandom } from "./random.ts";
import { openReading, type Reading, raise } from "./reading.ts";
import { rowsOf } from "./rows.ts";
import { localBus, viewerOf } from "./small-api.ts";

/**
 * Histories of streams of records: sources write events in overlapping transactions, of which some commit late, hold back the horizon or are given up, and some tell of what happened long ago;
 * readers follow from now, or from the edge of a list, through reconnects to other servers and restarts, at their own pace. The model knows of each event its source and number, its
 * transaction and whether that committed. What a reader has to be told follows from the cursor that it began with alone:
 *
 *   from a place (xid)      all of transactions from it on
 *   from an edge (key, P)   what P sees and is newer than the key, and all that P does not see
 *
 * each once, and of one source in its order. Lists are judged, too: a page shows exactly what the snapshot in its cursors sees, and goes on where a stream's last record stands.
 */
export interface RecordHistoryOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Plants a bug; the history must then show violations. */
  readonly mutant?: RecordMutant;
  readonly quietMs?: number;
}
export interface RecordMutant {
  readonly pool?: (pool: Pool) => Pool;
  readonly fanout?: (fanout: Fanout) => Fanout;
  readonly reader?: (reader: RecordReader<string>) => RecordReader<string>;
  /** What a list gives out as the cursor of an edge: parts after the order's name. */
  readonly edge?: (parts: string[]) => string[];
}
export interface RecordHistoryResult {
  readonly violations: readonly string[];
  readonly told: number;
  readonly reconnects: number;
  readonly written: number;
  readonly fromEdges: number;
}

interface Written {
  readonly source: number;
  readonly n: number;
  readonly xid: number;
  /** As Postgres orders: time, then id. */
  readonly key: string;
  readonly warning: boolean;
  readonly mine: boolean;
}
const SOURCES = 6;

/** As a client's debugger would: the parts of a cursor. */
export const partsOf = (cursor: string): string[] => JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
const cursorOf = (parts: readonly string[]): string => Buffer.from(`[${parts.map((part) => JSON.stringify(part)).join(", ")}]`).toString("base64url");
/** Of a snapshot as Postgres writes it; on purpose not the product's own code. */
export function sees(snapshot: string, xid: number): boolean {
  const [xmin, xmax, running] = snapshot.split(":") as [string, string, string];
  return xid < Number(xmin) || (xid < Number(xmax) && !running.split(",").includes(String(xid)));
}

export async function runRecordHistory(database: TestDatabase, { seed, rounds, mutant = {}, quietMs = 10_000 }: RecordHistoryOptions): Promise<RecordHistoryResult> {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const rows = rowsOf(database.admin);
  const place = randomUUID().slice(0, 8);
  const cluster = await rows.cluster(await rows.region(`r-${place}`), `c-${place}`);
  // What is the platform's, of other histories in the same database, is everybody's to see.
  const here = `Cluster.${cluster}`;
  const of = async () => {
    const tenantId = await rows.tenant();
    const namespaceId = await rows.namespace(tenantId, "default");
    return { tenantId, namespaceId, applicationId: (await rows.application(tenantId, namespaceId, "web")).id };
  };
  const [mine, stranger] = [await of(), await of()];
  const viewer: Viewer = viewerOf("VIEWER", "history", { tenantId: mine.tenantId });
  const bus = localBus();
  const violations: string[] = [];
  const counted = { told: 0, reconnects: 0, written: 0, fromEdges: 0 };

  // ---- servers
  interface Stack {
    readonly live: LiveFor;
    close(): Promise<void>;
    disconnect(): Promise<void>;
  }
  const openStack = async (): Promise<Stack> => {
    const api = await database.openAs("selvedge_api", 3);
    const tailing = await database.openAs("selvedge_tailer", 2);
    const plain = createFanout(8);
    const fanout = mutant.fanout?.(plain) ?? plain;
    const tailer = createTailer({
      pool: mutant.pool?.(tailing.pool) ?? tailing.pool, bus, logger: silentLogger, registry: new Registry(), pollMs: 50, batchRows: 3,
      onRows: (batch) => fanout.deliver(batch), onNewTerm: () => fanout.reset(),
    });
    await tailer.start();
    const reads = createReads({ schema, metadata: api.orm.getMetadata(), pool: api.pool, clock: wallClock, speed: 1, onFault: raise, scannedRecords: 7 });
    const matcher = (who: Viewer) => {
      const reader = reads.reader(who);
      const { records } = reader;
      return mutant.reader ? { matching: raiseUnused, existing: raiseUnused, records: (...args: Parameters<typeof records>) => (mutant.reader as (r: RecordReader<string>) => RecordReader<string>)(reader.records(...args)) } : reader;
    };
    const live = createLive({ tailer, fanout, matcher: matcher, clock: wallClock, speed: 1, timing: { gatherMs: 2, messageSize: 4, heartbeatMs: 200 } });
    return { live, close: () => tailer.close(), disconnect: async () => void (await Promise.all([api.close(), tailing.close()])) };
  };
  const stacks: Stack[] = [await openStack(), await openStack()];
  let retired: Stack | null = null;
  const readings: Reading[] = [];
  for (const way of WAYS) readings.push(await openReading(database, { way, max: 2 }));

  // ---- writers
  const written = new Map<string, Written>();
  const numbers = Array.from({ length: SOURCES }, () => 0);
  /** How far each source's clock is behind: it tells late. */
  const lags = Array.from({ length: SOURCES }, (_, source) => (source % 3 === 0 ? 3_600_000 : source % 3 === 1 ? 1_000 : 0));
  const busy = new Set<number>();
  const write = async (): Promise<void> => {
    const free = numbers.map((_, source) => source).filter((source) => !busy.has(source));
    if (free.length === 0) return sleep(2);
    const sources = free.filter(() => random() < 0.4).slice(0, 2);
    if (sources.length === 0) sources.push(pick(free));
    for (const source of sources) busy.add(source);
    const [abandon, wait, platform, foreign] = [random() < 0.1, random() < 0.15 ? 80 : random() * 8, random() < 0.2, random() < 0.15];
    const client = await database.admin.connect();
    const pending: [string, Written][] = [];
    try {
      await client.query("begin");
      const whose = platform ? null : foreign ? stranger : mine;
      for (const source of sources) {
        for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
          numbers[source] = (numbers[source] ?? 0) + 1;
          const n = numbers[source];
          const warning = random() < 0.4;
          // Now and then several in one instant.
          const at = new Date(Date.now() - (lags[source] ?? 0)).toISOString();
          const { rows: stored } = await client.query<{ id: string; xid: string; key: string }>(
            `insert into event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object)
             values ($1, ('00000000-0000-7000-8000-' || lpad(to_hex($2::int * 1000000 + $3::int), 12, '0'))::uuid, $4, $5, $6, $7::timestamptz, $7, $8, $9, 'it did', 1, $10, gen_random_uuid(), 'it')
             returning id, xid::text, (at at time zone 'UTC')::text || ' ' || id as key`,
            [cluster, source, n, whose?.tenantId ?? null, whose?.applicationId ?? null, whose?.namespaceId ?? null, at, warning ? "WARNING" : "NORMAL", `S${source}N${n}`, platform ? "cluster" : "placement"],
          );
          const row = stored[0] as { id: string; xid: string; key: string };
          pending.push([row.id, { source, n, xid: Number(row.xid), key: row.key.padEnd(23), warning, mine: whose !== stranger }]);
        }
      }
      await client.query("insert into timeline (tenant_id, kind, ids, at) values ($1, 'event', $2, now())", [whose?.tenantId ?? null, pending.map(([id]) => id)]);
      await sleep(wait);
      await client.query(abandon ? "rollback" : "commit");
      if (!abandon) {
        for (const [id, one] of pending) written.set(id, one);
        counted.written += pending.length;
        bus.publish("timeline");
      }
    } finally {
      client.release();
      for (const source of sources) busy.delete(source);
    }
  };

  // ---- readers
  interface Filtered {
    readonly name: string;
    readonly filter: { readonly type?: "WARNING"; readonly reasons?: string[] } | null;
    readonly lets: (one: Written) => boolean;
  }
  const FILTERS: readonly Filtered[] = [
    { name: "all", filter: null, lets: () => true },
    { name: "warnings", filter: { type: "WARNING" }, lets: ({ warning }) => warning },
    { name: "nothing", filter: { reasons: ["None"] }, lets: () => false },
  ];
  const asOf = (parts: readonly string[]): ((one: Written) => boolean) => {
    const [, time, id, , snapshot, , xid] = parts as [string, string, string, string, string, string?, string?];
    const key = `${time} ${id}`;
    if (xid !== undefined) return (one) => one.xid >= Number(xid);
    return (one) => !sees(snapshot, one.xid) || compareKeys(one.key, key) > 0;
  };
  const reading = ({ name, filter, lets }: Filtered, edge: { readonly cursor: string; readonly honest: string } | null) => {
    const label = `${name}, from ${edge === null ? "now" : "an edge"}`;
    const told = new Map<string, number>();
    const newest = new Map<number, number>();
    let expected = edge === null ? null : asOf(partsOf(edge.honest));
    let cursor = edge?.cursor ?? null;
    let last: string | null = null;
    let iterator: AsyncIterableIterator<RecordBatch<string>> | null = null;
    let going = true;
    const accept = (batch: RecordBatch<string>): void => {
      expected ??= asOf(partsOf(batch.cursor));
      if (batch.records.length > 4) violations.push(`${label}: a message of more than 4`);
      for (const id of batch.records) {
        counted.told += 1;
        told.set(id, (told.get(id) ?? 0) + 1);
        last = id;
        const n = parseInt(id.slice(-12), 16);
        const source = Math.floor(n / 1_000_000);
        if ((newest.get(source) ?? 0) >= n) violations.push(`${label}: ${n % 1_000_000} of source ${source} after ${(newest.get(source) ?? 0) % 1_000_000}`);
        newest.set(source, n);
      }
      ({ cursor } = batch);
    };
    const loop = (async () => {
      while (going) {
        const stream = pick(stacks).live(() => viewer).records(watchedEvents({ ...filter, clusterIds: [here] }, cursor));
        iterator = stream;
        // Who begins now has a place to come back to with the first message.
        let patience = random() < 0.6 ? 1 + Math.floor(random() * 12) : Infinity;
        for await (const batch of stream) {
          accept(batch);
          if (random() < 0.05) await sleep(random() * 60);
          if ((patience -= 1) <= 0 || !going) break;
        }
        counted.reconnects += 1;
        if (going && random() < 0.3) await sleep(random() * 40);
      }
    })().catch((error: unknown) => void violations.push(`${label}: ${String(error)}`));
    return {
      label,
      get place() {
        return cursor !== null && last !== null ? { cursor, last } : null;
      },
      wrong(): string | null {
        if (!expected) return "was told nothing";
        for (const [id, times] of told) if (times > 1) return `was told ${id} ${times} times`;
        for (const [id, one] of written) {
          if (one.mine && lets(one) && expected(one) && !told.has(id)) return `was not told ${one.n} of source ${one.source}, of transaction ${one.xid}`;
          if (told.has(id) && !(one.mine && lets(one) && expected(one))) return `was told ${one.n} of source ${one.source}, of transaction ${one.xid}, for no reason`;
        }
        for (const id of told.keys()) if (!written.has(id)) return `was told ${id}, which was never committed`;
        return null;
      },
      interrupt: () => void iterator?.return?.(),
      async stop(): Promise<void> {
        going = false;
        await iterator?.return?.();
        await loop;
      },
    };
  };

  // ---- lists
  interface Edge {
    readonly cursor: string;
    readonly node: { readonly id: string };
  }
  const list = async (args: string, way = pick(readings)): Promise<Edge[]> =>
    (await way.data({ tenantId: mine.tenantId, role: "VIEWER" }, `{ events(${args}, filter: { since: "2000-01-01T00:00:00Z", clusterIds: ["${here}"] }) { edges { cursor node { id } } } }`)).events.edges as Edge[];
  const uuidOfEdge = ({ node }: Edge): string => node.id.slice("Event.".length);
  /** Pages that are read while others commit; what their snapshot says is compared with what they show, once all is decided. */
  const pages: { readonly edges: readonly Edge[]; readonly size: number }[] = [];
  const begin = async (): Promise<ReturnType<typeof reading> | null> => {
    const size = 1 + Math.floor(random() * 30);
    const edges = await list(`first: ${size}`);
    pages.push({ edges, size });
    if (edges.length === 0) return null;
    const honest = (random() < 0.4 ? (edges[0] as Edge) : pick(edges)).cursor;
    const [name = "", ...parts] = partsOf(honest);
    counted.fromEdges += 1;
    return reading(pick(FILTERS.slice(0, 2)), { honest, cursor: mutant.edge ? cursorOf([name, ...mutant.edge(parts)]) : honest });
  };
  const judgePages = (): void => {
    for (const { edges, size } of pages.splice(0)) {
      const snapshot = partsOf(edges[0]?.cursor ?? cursorOf(["", "", "", "", "0:0:"]))[4] as string;
      if (edges.length === 0) continue;
      const shown = [...written].filter(([, one]) => one.mine && sees(snapshot, one.xid)).toSorted(([, a], [, b]) => compareKeys(b.key, a.key)).slice(0, size);
      if (shown.map(([id]) => id).join() !== edges.map(uuidOfEdge).join()) violations.push(`a page shows ${edges.length} rows, and its snapshot ${snapshot} sees others`);
    }
  };
  const judgePlaces = async (readers: readonly ReturnType<typeof reading>[]): Promise<void> => {
    for (const { label, place } of readers) {
      const last = place && written.get(place.last);
      if (!place || !last) continue;
      const older = await list(`first: 5, after: ${JSON.stringify(place.cursor)}`);
      const newer = await list(`last: 5, before: ${JSON.stringify(place.cursor)}`);
      const sorted = [...written].filter(([, one]) => one.mine).toSorted(([, a], [, b]) => compareKeys(b.key, a.key)).map(([id]) => id);
      const at = sorted.indexOf(place.last);
      if (older.map(uuidOfEdge).join() !== sorted.slice(at + 1, at + 6).join()) violations.push(`${label}: a list does not go on behind its last record`);
      if (newer.map(uuidOfEdge).join() !== sorted.slice(Math.max(0, at - 5), at).join()) violations.push(`${label}: a list does not end before its last record`);
    }
  };

  const readers = FILTERS.map((filter) => reading(filter, null));
  for (let round = 0; round < rounds && violations.length === 0; round += 1) {
    const writing = Promise.all(Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 14; i += 1) await write();
    }));
    for (let i = 0; i < 3; i += 1) {
      const one = await begin();
      if (one) readers.push(one);
    }
    await writing;
    // A server is replaced under its readers.
    const old = stacks.shift() as Stack;
    stacks.push(await openStack());
    await old.close();
    await retired?.disconnect();
    retired = old;
    for (const reader of readers) reader.interrupt();
    await Promise.all(Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 5; i += 1) await write();
    }));
    const deadline = performance.now() + quietMs;
    for (const reader of readers) {
      let wrong = reader.wrong();
      while (wrong !== null && performance.now() < deadline && violations.length === 0) {
        await sleep(20);
        wrong = reader.wrong();
      }
      if (wrong !== null) violations.push(`round ${round}, ${reader.label}: ${wrong}`);
    }
    judgePages();
    if (!mutant.edge) await judgePlaces(readers);
    // Those that began at edges have been told what they were owed.
    for (const reader of readers.splice(FILTERS.length)) await reader.stop();
  }
  await Promise.all(readers.map((reader) => reader.stop()));
  for (const stack of stacks) await stack.close();
  for (const stack of [...stacks, ...(retired ? [retired] : [])]) await stack.disconnect();
  return { violations, ...counted };
}

/** Times without zeros at the end compare by their digits. */
function compareKeys(a: string, b: string): number {
  const [aDay = "", aTime = "", aId = ""] = a.trim().split(" ");
  const [bDay = "", bTime = "", bId = ""] = b.trim().split(" ");
  const [left, right] = [`${aDay} ${withMillis(aTime)} ${aId}`, `${bDay} ${withMillis(bTime)} ${bId}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
const withMillis = (time: string): string => {
  const [seconds = "", fraction = ""] = time.split(".");
  return `${seconds}.${fraction.padEnd(6, "0")}`;
};
const raiseUnused = (): never => {
  throw new Error("only records are read here");
};
