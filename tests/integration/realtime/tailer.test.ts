import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { comparePositions } from "#server/realtime/cursor.ts";
import { createTailer, type Tailer, type TailerOptions, type TimelineRow } from "#server/realtime/tailer.ts";
import { silentLogger } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { seededRandom } from "#tests/support/random.ts";
import { localBus } from "#tests/support/small-api.ts";

const INSERT = "insert into timeline (tenant_id, kind, ids, at) values ($1, 'pod', $2, now())";

describe("the tailer", () => {
  let database: TestDatabase;
  let tailing: Pool;
  const opened: Tailer[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    tailing = (await database.openAs("selvedge_tailer", 3)).pool;
  });
  afterEach(async () => {
    for (const tailer of opened.splice(0)) await tailer.close();
  });
  afterAll(() => database.drop());

  const open = async (options: Partial<TailerOptions> = {}): Promise<{ tailer: Tailer; rows: TimelineRow[]; newTerms: () => number }> => {
    const rows: TimelineRow[] = [];
    let newTerms = 0;
    const tailer = createTailer({
      pool: tailing, bus: localBus(), logger: silentLogger, registry: new Registry(), pollMs: 20, onRows: (batch) => void rows.push(...batch), onNewTerm: () => void (newTerms += 1), ...options,
    });
    await tailer.start();
    opened.push(tailer);
    return { tailer, rows, newTerms: () => newTerms };
  };
  const begin = async (id: string): Promise<PoolClient> => {
    const client = await database.admin.connect();
    await client.query("begin");
    await client.query(INSERT, [null, [id]]);
    return client;
  };
  const end = async (client: PoolClient, how: "commit" | "rollback"): Promise<void> => {
    await client.query(how);
    client.release();
  };

  it("waits for a transaction that began earlier and commits later, and hands its row on first", async () => {
    const { rows } = await open();
    const [early, late] = [randomUUID(), randomUUID()];
    const slow = await begin(early);
    await end(await begin(late), "commit");
    await sleep(200);
    expect(rows).toEqual([]);
    await end(slow, "commit");
    await eventually(() => expect(rows.map((row) => row.ids[0])).toEqual([early, late]));
  });

  it("is not held up for good by one that rolls back", async () => {
    const { rows } = await open();
    const id = randomUUID();
    const slow = await begin(randomUUID());
    await end(await begin(id), "commit");
    await end(slow, "rollback");
    await eventually(() => expect(rows.map((row) => row.ids[0])).toEqual([id]));
  });

  it("catches up with a place that another one gave out, though nobody woke it; and waits for none that nobody can have given out", async () => {
    const [{ tailer: behind, rows }, { tailer: ahead }] = [await open({ pollMs: 60_000 }), await open()];
    const id = randomUUID();
    const before = behind.position;
    await end(await begin(id), "commit");
    await eventually(() => expect(comparePositions(ahead.position, before)).toBeGreaterThan(0));
    await behind.reach(ahead.position);
    expect(comparePositions(behind.position, ahead.position)).toBeGreaterThanOrEqual(0);
    expect(rows.map((row) => row.ids[0])).toEqual([id]);
    const { xid } = behind.position;
    await behind.reach({ ...behind.position, xid: xid + 1_000_000 });
    await behind.reach({ ...behind.position, term: behind.position.term + 1, xid: xid + 1 });
    await behind.reach(before);
    expect(behind.position.xid).toBe(xid);
  });

  /** Writers whose transactions overlap and commit in another order than they began. Answers what was committed. */
  const storm = async (writers: number, each: number, seed: number): Promise<Set<string>> => {
    const committed = new Set<string>();
    const random = seededRandom(seed);
    await Promise.all(
      Array.from({ length: writers }, async () => {
        for (let i = 0; i < each; i++) {
          const client = await database.admin.connect();
          const [first, second] = [randomUUID(), randomUUID()];
          const [one, two, abandon] = [random(), random(), random() < 0.1];
          await client.query("begin");
          await client.query(INSERT, [null, [first]]);
          if (one < 0.5) await sleep(one * 20);
          await client.query(INSERT, [null, [second]]);
          if (two < 0.3) await sleep(two * 60);
          await client.query(abandon ? "rollback" : "commit");
          client.release();
          if (!abandon) committed.add(first).add(second);
        }
      }),
    );
    return committed;
  };

  it("hands on each of thousands of interleaved rows once, in order, in bounded batches; reading by the sequence alone would lose some", async () => {
    const sizes: number[] = [];
    const rows: TimelineRow[] = [];
    await open({
      batchRows: 7,
      onRows: (batch) => {
        sizes.push(batch.length);
        rows.push(...batch);
      },
    });
    // The planted bug: one that trusts the sequence. If it lost nothing, this test would prove nothing.
    const naive = new Set<string>();
    let last = 0;
    let going = true;
    const trusting = (async () => {
      while (going) {
        const { rows: found } = await tailing.query<{ seq: number; ids: string[] }>("select seq, ids from timeline where seq > $1 order by seq", [last]);
        for (const row of found) naive.add(row.ids[0] as string);
        last = found.at(-1)?.seq ?? last;
        await sleep(2);
      }
    })();
    const committed = await storm(4, 150, 20_261_123);
    await eventually(() => expect(rows.length).toBe(committed.size), { deadlineMs: 10_000 });
    going = false;
    await trusting;

    const received = rows.map((row) => row.ids[0] as string);
    expect(new Set(received)).toEqual(committed);
    expect(received.length).toBe(committed.size);
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1] as TimelineRow, rows[i] as TimelineRow];
      expect(before.xid < after.xid || (before.xid === after.xid && before.seq < after.seq)).toBe(true);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    expect([...committed].filter((id) => !naive.has(id)).length).toBeGreaterThan(0);
  });

  it("replays what lies between two places, for a tenant and kinds, and gives up where it is too much", async () => {
    const { tailer, rows } = await open();
    const from = tailer.position;
    const [mine, others] = [randomUUID(), randomUUID()];
    await database.admin.query(INSERT, [mine, [mine]]);
    await database.admin.query(INSERT, [others, [others]]);
    await database.admin.query(INSERT, [null, [randomUUID()]]);
    await eventually(() => expect(rows).toHaveLength(3));
    const filter = { tenantId: mine, kinds: ["pod"] as const };
    const replayed = await tailer.replay(from, tailer.position, filter, 100);
    expect(replayed?.map((row) => row.tenantId)).toEqual([mine, null]);
    expect(await tailer.replay(from, tailer.position, { tenantId: mine, kinds: ["application"] }, 100)).toEqual([]);
    expect(await tailer.replay(tailer.position, tailer.position, filter, 100)).toEqual([]);
    expect(await tailer.replay(from, tailer.position, filter, 2)).toBeNull();
    expect(await tailer.replay({ ...from, term: from.term + 1 }, tailer.position, filter, 100)).toBeNull();
    const { position } = tailer;
    expect(await tailer.replay({ ...position, xid: position.xid + 1 }, position, filter, 100)).toBeNull();
    expect(await tailer.replay({ ...position, seq: position.seq + 1 }, position, filter, 100)).toBeNull();
  });

  it("is woken by the bus", async () => {
    const bus = localBus();
    const { rows } = await open({ bus, pollMs: 60_000 });
    await database.admin.query(INSERT, [null, [randomUUID()]]);
    await eventually(() => {
      bus.publish("timeline");
      expect(rows).toHaveLength(1);
    });
    await sleep(100);
    await database.admin.query(INSERT, [null, [randomUUID()]]);
    await sleep(100);
    expect(rows).toHaveLength(1);
    const started = performance.now();
    bus.publish("timeline");
    await eventually(() => expect(rows).toHaveLength(2), { everyMs: 2 });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("goes on where it was when its connections are cut", async () => {
    const { rows } = await open();
    await database.admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'selvedge_tailer' and datname = current_database()");
    const id = randomUUID();
    await database.admin.query(INSERT, [null, [id]]);
    await eventually(() => expect(rows.map((row) => row.ids[0])).toEqual([id]));
  });

  it("tells how long a transaction holds everything back", async () => {
    const { tailer } = await open();
    await eventually(() => expect(tailer.horizonAge()).toBeLessThan(200));
    const slow = await begin(randomUUID());
    await end(await begin(randomUUID()), "commit");
    await eventually(() => expect(tailer.horizonAge()).toBeGreaterThan(400));
    await end(slow, "rollback");
    await eventually(() => expect(tailer.horizonAge()).toBeLessThan(200));
  });

  it("starts everybody anew when the database's term changes, and never takes a place back", async () => {
    const { tailer, newTerms } = await open();
    const before = tailer.position;
    await database.admin.query("update database_life set term = term + 1");
    await eventually(() => expect(newTerms()).toBe(1));
    expect(tailer.position.term).toBe(before.term + 1);
    const places = [tailer.position];
    for (let i = 0; i < 10; i++) {
      await database.admin.query(INSERT, [null, [randomUUID()]]);
      await sleep(10);
      places.push(tailer.position);
    }
    expect(places).toEqual(places.toSorted(comparePositions));
  });
});
