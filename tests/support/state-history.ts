import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { Registry } from "prom-client";
import { schema } from "#schema/index.ts";
import { WATCHED } from "#schema/shared/watched.ts";
import type { Viewer } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { comparePositions, parseCursor, type Position } from "#server/realtime/cursor.ts";
import { createFanout, type Fanout } from "#server/realtime/fanout.ts";
import { createLive, type LiveFor } from "#server/realtime/live.ts";
import type { Matcher, StateChange } from "#server/realtime/state-stream.ts";
import { createTailer, type Tailer } from "#server/realtime/tailer.ts";
import { silentLogger, wallClock } from "./centre.ts";
import type { TestDatabase } from "./database.ts";
import { seededRandom } from "./random.ts";
import { rowsOf } from "./rows.ts";
import { localBus, viewerOf } from "./small-api.ts";
import { raise } from "./reading.ts";

/**
 * Histories of state streams: writers change applications in overlapping transactions, subscribers follow them through reconnects to other
 * servers and restarts, and at each quiet point what every subscriber holds is compared with the database. They follow sets, by filters, or objects by
 * their ids: applications, and revisions, which go with their application.
 *
 * The bounds are tiny on purpose: messages of 5, sets of 8, memories of 20, so that snapshots in parts, overflows and forgotten sets happen
 * in every run.
 */
export interface HistoryOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Plants a bug; the history must then show violations. */
  readonly mutant?: Mutant;
  readonly quietMs?: number;
  /** Default: sets. */
  readonly follow?: "sets" | "objects";
}
export interface Mutant {
  readonly pool?: (pool: Pool) => Pool;
  readonly fanout?: (fanout: Fanout) => Fanout;
  readonly tailer?: (tailer: Tailer) => Tailer;
  readonly matcher?: (matcher: Matcher) => Matcher;
}
export interface HistoryResult {
  readonly violations: readonly string[];
  readonly messages: number;
  readonly reconnects: number;
  readonly resumes: number;
}

interface Stack {
  readonly live: LiveFor;
  close(): Promise<void>;
  /** Its connections, once nobody reads by it any more. */
  disconnect(): Promise<void>;
}

export async function runHistory(database: TestDatabase, { seed, rounds, mutant = {}, quietMs = 6000, follow = "sets" }: HistoryOptions): Promise<HistoryResult> {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const rows = rowsOf(database.admin);
  const tenantId = await rows.tenant();
  const namespaceId = await rows.namespace(tenantId, "default");
  const stranger = await rows.tenant();
  const strangersNamespace = await rows.namespace(stranger, "default");
  const viewer: Viewer = viewerOf("VIEWER", "history", { tenantId });
  const bus = localBus();
  const violations: string[] = [];
  const counted = { messages: 0, reconnects: 0, resumes: 0 };

  const openStack = async (): Promise<Stack> => {
    const api = await database.openAs("selvedge_api", 4);
    const tailing = await database.openAs("selvedge_tailer", 2);
    const plain = createFanout(8);
    const fanout = mutant.fanout?.(plain) ?? plain;
    const created = createTailer({
      pool: mutant.pool?.(tailing.pool) ?? tailing.pool, bus, logger: silentLogger, registry: new Registry(), pollMs: 50, batchRows: 9,
      onRows: (batch) => fanout.deliver(batch), onNewTerm: () => fanout.reset(),
    });
    const tailer = mutant.tailer?.(created) ?? created;
    await tailer.start();
    const reads = createReads({ schema, metadata: api.orm.getMetadata(), pool: api.pool, clock: wallClock, speed: 1, onFault: raise });
    const live = createLive({ tailer, fanout, matcher: (who) => mutant.matcher?.(reads.reader(who)) ?? reads.reader(who), clock: wallClock, speed: 1, timing: { gatherMs: 5, messageSize: 5, rememberedIds: 20, heartbeatMs: 300 } });
    return { live, close: () => created.close(), disconnect: async () => void (await Promise.all([api.close(), tailing.close()])) };
  };
  const stacks: Stack[] = [await openStack(), await openStack()];
  let retired: Stack | null = null;

  // ---- writers
  const alive: string[] = [];
  const change = async (): Promise<void> => {
    const client = await database.admin.connect();
    const mine = rowsOf(client as unknown as Pool);
    try {
      const [what, abandon, wait] = [random(), random() < 0.1, random() * 15];
      const foreign = random() < 0.15;
      await client.query("begin");
      let born: string | undefined;
      let changed: string[] = [];
      let removed: string[] = [];
      if (foreign) changed = [(await mine.application(stranger, strangersNamespace, `app-${Math.floor(random() * 1e12).toString(36)}`)).id];
      else if (what < 0.4 || alive.length < 5) {
        born = (await mine.application(tenantId, namespaceId, `app-${Math.floor(random() * 1e12).toString(36)}`, { status: pick(["RUNNING", "PENDING"]) })).id;
        changed = [born];
      } else if (what < 0.8) {
        const id = pick(alive);
        const { rowCount } = await client.query("update application set version = version + 1, status = $2 where id = $1", [id, pick(["RUNNING", "PENDING", "FAILED"])]);
        if (rowCount === 1) changed = [id];
      } else {
        const id = alive.splice(Math.floor(random() * alive.length), 1)[0] as string;
        await client.query("delete from application where id = $1", [id]);
        removed = [id];
        if (abandon) alive.push(id);
      }
      if (changed.length + removed.length > 0) {
        await client.query("insert into timeline (tenant_id, kind, ids, removed_ids, at) values ($1, 'application', $2, $3, now())", [foreign ? stranger : tenantId, changed, removed]);
      }
      await sleep(wait);
      await client.query(abandon ? "rollback" : "commit");
      if (born && !abandon) alive.push(born);
      if (!abandon) bus.publish("timeline");
    } finally {
      client.release();
    }
  };

  // ---- subscribers
  /** What one follows, how its messages' objects are read (by id, afresh, under the viewer's tenant, as their fields do), and what it should hold. */
  interface Following {
    readonly name: string;
    open(stack: Stack, after: string | null): AsyncIterableIterator<StateChange>;
    read(ids: readonly string[]): Promise<Map<string, number>>;
    expected(): Promise<Map<string, number>>;
    readonly most: number;
  }
  const versions = async (condition: string, values: readonly unknown[]): Promise<Map<string, number>> => {
    const { rows: found } = await database.admin.query<{ id: string; version: number }>(condition, [tenantId, ...values]);
    return new Map(found.map(({ id, version }) => [id, version]));
  };
  const ofSet = (name: string, filter: Record<string, unknown> | null): Following => ({
    name,
    open: (stack, after) => stack.live(() => viewer).changes({ type: "Application", args: { filter }, after, kinds: { application: "ids" } }),
    read: (ids) => versions("select id, version from application where tenant_id = $1 and id = any ($2)", [ids]),
    expected: () => versions(`select id, version from application where tenant_id = $1 ${filter?.["statuses"] ? "and status = 'RUNNING'" : filter?.["keyword"] ? "and name like '%a%'" : ""}`, []),
    most: 5,
  });
  const ofObjects = (name: string, ids: readonly string[]): Following => {
    const read = (some: readonly string[]): Promise<Map<string, number>> =>
      versions(
        `select 'Application.' || id as id, version from application where tenant_id = $1 and 'Application.' || id = any ($2)
         union all select 'Revision.' || id, number from revision where tenant_id = $1 and 'Revision.' || id = any ($2)`,
        [some],
      );
    return { name, open: (stack, after) => stack.live(() => viewer).nodes({ ids, after, typeOf: (type) => WATCHED[type] }), read, expected: () => read(ids), most: ids.length };
  };

  const following = ({ name, open, read, expected, most }: Following) => {
    const held = new Map<string, number>();
    let cursor: string | null = null;
    let place: Position | null = null;
    let iterator: AsyncIterableIterator<StateChange> | null = null;
    let going = true;
    const apply = async (message: StateChange): Promise<void> => {
      counted.messages += 1;
      const { position } = parseCursor(message.cursor);
      if (!message.snapshot && place && comparePositions(position, place) < 0) violations.push(`${name}: a cursor went back from ${JSON.stringify(place)} to ${JSON.stringify(position)}`);
      if (message.upserted.length > most || message.removed.length > most) violations.push(`${name}: a message of more than ${most}`);
      if (message.snapshot) held.clear();
      for (const [id, version] of await read(message.upserted)) held.set(id, version);
      for (const id of message.removed) held.delete(id);
      place = position;
      cursor = message.cursor;
    };
    const loop = (async () => {
      while (going) {
        const stack = pick(stacks);
        if (cursor) counted.resumes += 1;
        const stream = open(stack, cursor);
        iterator = stream;
        const patience = random() < 0.5 ? Math.floor(random() * 12) : Infinity;
        let seen = 0;
        for await (const message of stream) {
          await apply(message);
          if (random() < 0.05) await sleep(random() * 60);
          seen += 1;
          if (seen > patience || !going) break;
        }
        counted.reconnects += 1;
        if (going && random() < 0.3) await sleep(random() * 50);
      }
    })();
    return {
      name, held, expected,
      interrupt: () => void iterator?.return?.(),
      async stop(): Promise<void> {
        going = false;
        await iterator?.return?.();
        await loop;
      },
    };
  };
  const watched: string[] = [];
  for (let i = 0; i < 16 && follow === "objects"; i++) {
    const { id, revisionId } = await rows.application(tenantId, namespaceId, `watched-${i}`);
    alive.push(id);
    watched.push(`Application.${id}`, `Revision.${revisionId}`);
  }
  const foreign = follow === "objects" ? await rows.application(stranger, strangersNamespace, "foreign") : null;
  const subscribers = (
    follow === "sets"
      ? [
          ...[0, 1, 2].map((n) => ofSet(`all-${n}`, null)),
          ...[0, 1].map((n) => ofSet(`running-${n}`, { statuses: ["RUNNING"] })),
          ofSet("keyword", { keyword: "a" }),
        ]
      : [
          ...[0, 1, 2].map((n) => ofObjects(`everything-${n}`, [...watched, `Application.${foreign?.id}`, "Application.nonsense"])),
          ...[0, 1].map((n) => ofObjects(`some-${n}`, watched.filter((_, i) => i % 4 > 1))),
          ofObjects("revisions", watched.filter((id) => id.startsWith("Revision"))),
        ]
  ).map(following);

  const difference = (held: ReadonlyMap<string, number>, truth: ReadonlyMap<string, number>): string | null => {
    for (const [id, version] of truth) if (held.get(id) !== version) return held.has(id) ? `holds version ${held.get(id)} of ${id}, which is at ${version}` : `lacks ${id}`;
    for (const id of held.keys()) if (!truth.has(id)) return `still holds ${id}`;
    return null;
  };

  for (let round = 0; round < rounds && violations.length === 0; round++) {
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 15; i++) await change();
    }));
    // A server is replaced under its subscribers.
    const old = stacks.shift() as Stack;
    stacks.push(await openStack());
    await old.close();
    // Who read by it is told below to leave, and has done so by the next round.
    await retired?.disconnect();
    retired = old;
    for (const subscriber of subscribers) subscriber.interrupt();
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 10; i++) await change();
    }));
    // Quiet: nothing is written, and everybody has to arrive.
    const deadline = performance.now() + quietMs;
    for (const { name, held, expected } of subscribers) {
      const truth = await expected();
      let wrong = difference(held, truth);
      while (wrong !== null && performance.now() < deadline) {
        await sleep(20);
        wrong = difference(held, truth);
      }
      if (wrong !== null) violations.push(`round ${round}, ${name}: ${wrong}`);
    }
  }
  await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  for (const stack of stacks) await stack.close();
  for (const stack of [...stacks, ...(retired ? [retired] : [])]) await stack.disconnect();
  return { violations, ...counted };
}
