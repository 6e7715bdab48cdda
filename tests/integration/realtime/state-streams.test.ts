import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestError } from "#server/domain/request-error.ts";
import type { Viewer } from "#server/identity/viewer.ts";
import { formatCursor, parseCursor } from "#server/realtime/cursor.ts";
import { createFanout } from "#server/realtime/fanout.ts";
import { createLive, type LiveFor } from "#server/realtime/live.ts";
import type { LiveTiming, Matcher, SetWatch, StateChange } from "#server/realtime/state-stream.ts";
import { createTailer, type Tailer } from "#server/realtime/tailer.ts";
import { silentLogger } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { localBus, noRecords, viewerOf } from "#tests/support/small-api.ts";
import { type Mutant, runHistory } from "#tests/support/state-history.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();

describe("histories of state streams", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it(`equal the database at every quiet point, across reconnects and restarts (seed ${SEED})`, { timeout: 90_000 }, async () => {
    const result = await runHistory(database, { seed: SEED, rounds: 4 });
    expect(result.violations).toEqual([]);
    expect(result.messages).toBeGreaterThan(200);
    expect(result.resumes).toBeGreaterThan(20);
  });

  const text = (pool: Pool, from: string, to: string): Pool =>
    ({ query: (config: { text: string }) => pool.query({ ...config, text: config.text.replaceAll(from, to), name: undefined } as never) }) as never;
  const MUTANTS: Record<string, Mutant> = {
    "reads beyond transactions that still run": { pool: (pool) => text(pool, "pg_snapshot_xmin", "pg_snapshot_xmax") },
    "loses the last row of a batch": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.length > 1 ? rows.slice(0, -1) : rows) }) },
    "forgets what was removed": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.map((row) => ({ ...row, removedIds: [] }))) }) },
    "replays nothing to who comes back": {
      tailer: (tailer) => ({ start: () => tailer.start(), close: () => tailer.close(), horizonAge: () => 0, caughtUp: () => tailer.caughtUp(), mayKnow: (xid) => tailer.mayKnow(xid), reach: (place) => tailer.reach(place), replay: async () => [], get position() { return tailer.position; } }),
    },
    "takes an overflow for no change": { fanout: (fanout) => ({ ...fanout, subscribe: (interest) => {
      const subscriber = fanout.subscribe(interest);
      return { ...subscriber, get hasChanges() { return subscriber.hasChanges; }, take: () => ({ ...subscriber.take(), everything: false }) };
    } }) },
  };
  it.each(Object.entries(MUTANTS))("show it when a server %s", { timeout: 90_000 }, async (_, mutant) => {
    const { violations } = await runHistory(database, { seed: 7, rounds: 12, mutant, quietMs: 1500 });
    expect(violations.length).toBeGreaterThan(0);
  });
});

describe("a state stream", () => {
  let database: TestDatabase;
  let tailer: Tailer;
  let fanout: ReturnType<typeof createFanout>;
  const bus = localBus();
  const tenantId = "00000000-0000-7000-8000-0000000000aa";
  const clock = { time: Date.now(), now: () => clock.time };
  /** What there is, by id; in place of tables. */
  const objects = new Map<string, string>();
  const matcher = (_viewer: Viewer): Matcher => ({
    records: noRecords,
    existing: async (_type, among) => among.filter((id) => objects.has(id)),
    matching: async (_type, args, { among, after, limit }) => {
      const { filter } = args as { filter?: { states?: string[] } | null };
      const ids = [...objects].filter(([id, state]) => (!filter?.states || filter.states.includes(state)) && (!among || among.includes(id)) && (after === undefined || id > after)).map(([id]) => id);
      return ids.toSorted().slice(0, limit);
    },
  });
  const idOf = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  const wrote = async (ids: string[], removed: string[] = [], kind = "pod"): Promise<void> => {
    await database.admin.query("insert into timeline (tenant_id, kind, ids, removed_ids, at) values ($1, $2, $3, $4, now())", [tenantId, kind, ids, removed]);
    bus.publish("timeline");
  };
  /** All that was written so far. The position alone does not say so: transactions of other databases of the server move it on as well. */
  const handedOn = async (): Promise<void> => {
    const caughtUp = tailer.caughtUp();
    await eventually(() => expect(caughtUp()).toBe(true));
  };
  const liveWith = (timing: Partial<LiveTiming> = {}): LiveFor => createLive({ tailer, fanout, matcher, clock, speed: 60, timing: { gatherMs: 5, messageSize: 5, ...timing } });
  const watch = (more: Partial<SetWatch> = {}, timing: Partial<LiveTiming> = {}) =>
    liveWith(timing)(() => viewerOf("VIEWER", "me", { tenantId })).changes({ type: "Pod", args: { filter: null }, kinds: { pod: "ids" }, ...more });
  const next = async (stream: AsyncIterator<StateChange>): Promise<StateChange> => {
    const step = await stream.next();
    if (step.done) throw new Error("the stream ended");
    return step.value;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const { pool } = await database.openAs("selvedge_tailer", 2);
    fanout = createFanout();
    tailer = createTailer({ pool, bus, logger: silentLogger, registry: new Registry(), pollMs: 50, onRows: (rows) => fanout.deliver(rows), onNewTerm: () => fanout.reset() });
    await tailer.start();
  });
  afterAll(async () => {
    await tailer.close();
    await database.drop();
  });
  const fill = (count: number): void => {
    objects.clear();
    for (let i = 1; i <= count; i++) objects.set(idOf(i), "RUNNING");
  };

  it("begins with a snapshot in parts: only the first says snapshot, only the last complete", async () => {
    for (const [count, parts] of [[0, [0]], [5, [5]], [6, [5, 1]], [12, [5, 5, 2]]] as const) {
      fill(count);
      const stream = watch();
      const seen: StateChange[] = [];
      do seen.push(await next(stream));
      while (!seen.at(-1)?.complete);
      expect(seen.map((message) => message.upserted.length)).toEqual(parts);
      expect(seen.map((message) => message.snapshot)).toEqual(parts.map((_, i) => i === 0));
      expect(seen.flatMap((message) => message.upserted)).toEqual([...objects.keys()]);
      expect(seen[0]?.at).toBe(clock.time);
      await stream.return?.();
    }
  });

  it("tells what came and what went, to who had it", async () => {
    fill(3);
    const stream = watch({ args: { filter: { states: ["RUNNING"] } } });
    await next(stream);
    objects.set(idOf(4), "RUNNING").set(idOf(2), "FAILED").set(idOf(9), "FAILED").delete(idOf(3));
    await wrote([idOf(2), idOf(4), idOf(9)], [idOf(3)]);
    const message = await next(stream);
    expect(message).toMatchObject({ snapshot: false, complete: true, upserted: [idOf(4)] });
    // Not 9, which it never had.
    expect(message.removed.toSorted()).toEqual([idOf(2), idOf(3)]);
    await stream.return?.();
  });

  it("goes on from a cursor with what changed meanwhile, and says so even if that is nothing", async () => {
    fill(3);
    const first = watch();
    const { cursor } = await next(first);
    await first.return?.();
    const idle = watch({ after: cursor });
    expect(await next(idle)).toMatchObject({ snapshot: false, complete: true, upserted: [], removed: [] });
    await idle.return?.();
    objects.delete(idOf(1));
    objects.set(idOf(7), "RUNNING");
    await wrote([idOf(7)], [idOf(1)]);
    await eventually(async () => {
      const stream = watch({ after: cursor });
      const message = await next(stream);
      await stream.return?.();
      expect(message).toMatchObject({ snapshot: false, upserted: [idOf(7)], removed: [idOf(1)] });
    });
  });

  it("tells who comes back what was deleted before, though the timeline tells it only later", async () => {
    fill(3);
    const first = watch();
    const { cursor } = await next(first);
    await first.return?.();
    // Holds back the horizon: what is committed meanwhile is not on the timeline yet, as readers of it go.
    const slow = await database.admin.connect();
    await slow.query("begin");
    await slow.query("select pg_current_xact_id()");
    objects.delete(idOf(2));
    await wrote([], [idOf(2)]);
    const stream = watch({ after: cursor }, { heartbeatMs: 150 });
    for (let i = 0; i < 2; i++) expect(await next(stream)).toMatchObject({ snapshot: false, removed: [] });
    await slow.query("commit");
    slow.release();
    await eventually(async () => expect((await next(stream)).removed).toEqual([idOf(2)]), { everyMs: 0 });
    // Once that is settled, it remembers what it has shown.
    await wrote([], [idOf(77)]);
    await eventually(async () => {
      const message = await next(stream);
      expect(message.removed).toEqual([]);
      expect(message.upserted).toEqual([]);
    });
    await stream.return?.();
  });

  it.each<[string, (cursor: string) => Partial<SetWatch>, Partial<LiveTiming>]>([
    ["another filter", (after) => ({ after, args: { filter: { states: ["RUNNING"] } } }), {}],
    ["another type", (after) => ({ after, type: "Application" }), {}],
    ["too long an absence to look through", (after) => ({ after }), { replayRows: 1 }],
  ])("begins anew with the cursor of %s", async (_, more, timing) => {
    fill(3);
    const first = watch();
    const { cursor } = await next(first);
    await first.return?.();
    for (let i = 0; i < 3; i++) await wrote([idOf(1)]);
    await handedOn();
    const stream = watch(more(cursor), timing);
    expect((await next(stream)).snapshot).toBe(true);
    await stream.return?.();
  });

  it("begins anew with a cursor that is ahead of the server, which has gone back in time", async () => {
    fill(3);
    const first = watch();
    const { cursor } = await next(first);
    await first.return?.();
    const { position, ...rest } = parseCursor(cursor);
    const ahead = watch({ after: formatCursor({ ...rest, position: { ...position, xid: position.xid + 1_000 } }) });
    expect(await next(ahead)).toMatchObject({ snapshot: true, upserted: [...objects.keys()] });
    await ahead.return?.();
  });

  it("begins anew with the cursor of an unfinished snapshot", async () => {
    fill(12);
    const first = watch();
    const { cursor, complete } = await next(first);
    expect(complete).toBe(false);
    await first.return?.();
    const stream = watch({ after: cursor });
    expect((await next(stream)).snapshot).toBe(true);
    await stream.return?.();
  });

  it("begins anew with a cursor older than what is kept, by the simulation's clock and its speed", async () => {
    fill(1);
    const first = watch();
    const { cursor } = await next(first);
    await first.return?.();
    const before = clock.time;
    try {
      clock.time = before + 22.9 * 3_600_000 * 60;
      const young = watch({ after: cursor });
      expect((await next(young)).snapshot).toBe(false);
      await young.return?.();
      clock.time = before + 23.1 * 3_600_000 * 60;
      const old = watch({ after: cursor });
      expect((await next(old)).snapshot).toBe(true);
      await old.return?.();
    } finally {
      clock.time = before;
    }
  });

  it("refuses what is no cursor", async () => {
    await expect(watch({ after: "no cursor" }).next()).rejects.toThrow(RequestError);
  });

  it("says something every few seconds, with a cursor that moves on", async () => {
    fill(1);
    const stream = watch({}, { heartbeatMs: 150 });
    const { cursor } = await next(stream);
    await database.admin.query("select pg_current_xact_id()");
    await sleep(100);
    const started = performance.now();
    const message = await next(stream);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(message).toMatchObject({ snapshot: false, complete: true, upserted: [], removed: [] });
    // A heartbeat may have been due before the transaction above was there to see.
    let latest = message;
    while (latest.cursor === cursor && performance.now() - started < 10_000) latest = await next(stream);
    expect(latest.cursor).not.toBe(cursor);
    await stream.return?.();
  });

  it("merges what a slow reader did not take", async () => {
    fill(3);
    const stream = watch();
    await next(stream);
    for (let i = 0; i < 20; i++) await wrote([idOf(1 + (i % 3))]);
    await wrote([idOf(1)]);
    await handedOn();
    expect((await next(stream)).upserted.toSorted()).toEqual([idOf(1), idOf(2), idOf(3)]);
    await stream.return?.();
  });

  describe("of what lies on clusters", () => {
    const [here, elsewhere] = [idOf(501), idOf(502)];
    /** RUNNING is what lies on `here`. */
    const concernedBy = (uuids: readonly string[]) => ({ filter: { states: uuids.includes(here) ? ["RUNNING"] : [] } });
    const kinds = { pod: "ids", cluster: "apart" } as const;

    it("tells again what a change of its cluster concerns, and nothing else", async () => {
      fill(6);
      objects.set(idOf(2), "FAILED");
      const stream = watch({ kinds, concernedBy });
      for (let complete = false; !complete; ) ({ complete } = await next(stream));
      await wrote([elsewhere], [], "cluster");
      await wrote([here], [], "cluster");
      expect(await next(stream)).toMatchObject({ snapshot: false, complete: true, upserted: [1, 3, 4, 5, 6].map(idOf), removed: [] });
      await stream.return?.();
    });

    it("tells it to who comes back, too", async () => {
      fill(3);
      const first = watch({ kinds, concernedBy });
      const { cursor } = await next(first);
      await first.return?.();
      await wrote([here], [], "cluster");
      await handedOn();
      const resumed = watch({ kinds, concernedBy, after: cursor });
      expect(await next(resumed)).toMatchObject({ snapshot: false, upserted: [...objects.keys()] });
      await resumed.return?.();
    });

    it("begins anew where it concerns too much to name", async () => {
      fill(4);
      const stream = watch({ kinds, concernedBy }, { rememberedIds: 3 });
      await next(stream);
      await wrote([here], [], "cluster");
      expect(await next(stream)).toMatchObject({ snapshot: true, upserted: [...objects.keys()] });
      await stream.return?.();
    });
  });

  describe("of a token of some namespaces", () => {
    const limited = (more: Partial<SetWatch> = {}, timing: Partial<LiveTiming> = {}) =>
      liveWith(timing)(() => viewerOf("VIEWER", "me", { tenantId, namespaces: ["shop"], namespaceIds: [idOf(900)] })).changes({ type: "Pod", args: { filter: { states: ["RUNNING"] } }, kinds: { pod: "ids" }, ...more });
    const foreign = idOf(800);

    it("names nothing that it may not see, though it cannot remember what it was shown", async () => {
      fill(4);
      const stream = limited({}, { rememberedIds: 3 });
      await next(stream);
      // Another namespace's changes.
      await wrote([foreign]);
      objects.set(idOf(1), "FAILED");
      await wrote([idOf(1)]);
      expect(await next(stream)).toMatchObject({ snapshot: false, upserted: [], removed: [idOf(1)] });
      // Deleted: its own, or another's. Nobody can tell.
      objects.delete(idOf(2));
      await wrote([], [idOf(2), foreign]);
      expect(await next(stream)).toMatchObject({ snapshot: true, upserted: [idOf(3), idOf(4)], removed: [] });
      await stream.return?.();
    });

    it("nor when it comes back", async () => {
      fill(3);
      const first = limited();
      const { cursor } = await next(first);
      await first.return?.();
      for (const [removed, expected] of [[[], { snapshot: false, upserted: [] }], [[foreign], { snapshot: true, upserted: [...objects.keys()] }]] as const) {
        await wrote([foreign], [...removed]);
        await handedOn();
        const resumed = limited({ after: cursor });
        expect(await next(resumed)).toMatchObject({ ...expected, removed: [] });
        await resumed.return?.();
      }
    });
  });

  it("splits what is too much for one message, and only the last one's cursor is behind it all", async () => {
    fill(12);
    const stream = watch();
    let started: StateChange;
    do started = await next(stream);
    while (!started.complete);
    await wrote([...objects.keys()]);
    const seen: StateChange[] = [];
    while (seen.flatMap((message) => message.upserted).length < 12) seen.push(await next(stream));
    expect(seen.every((message) => message.upserted.length <= 5)).toBe(true);
    expect(seen.at(-1)?.complete).toBe(true);
    await stream.return?.();
    // Who left after the first part is told the rest, however often it leaves after a first part.
    let cursor = seen[0]?.cursor;
    for (let i = 0; i < 3; i++) {
      const resumed = watch({ after: cursor });
      const part = await next(resumed);
      expect(part).toMatchObject({ complete: false, snapshot: false });
      cursor = part.cursor;
      await resumed.return?.();
    }
    const resumed = watch({ after: cursor });
    const told: string[] = [];
    while (told.length < 12) told.push(...(await next(resumed)).upserted);
    expect(new Set(told)).toEqual(new Set(objects.keys()));
    await resumed.return?.();
  });

  it("leaves nothing behind when it is ended, also while it waits", async () => {
    fill(1);
    const before = fanout.size;
    const stream = watch();
    await next(stream);
    expect(fanout.size).toBe(before + 1);
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toMatchObject({ done: true });
    expect(fanout.size).toBe(before);
  });

  describe("of one object", () => {
    const follow = (id: string | null, timing: Partial<LiveTiming> = {}) =>
      liveWith(timing)(() => viewerOf("VIEWER", "me", { tenantId })).object({ type: "Pod", id, kinds: { pod: "ids" }, ended: { filter: { states: ["SUCCEEDED"] } } });

    it("comes at once, with its changes alone, and every few seconds", async () => {
      fill(2);
      const stream = follow(idOf(1), { heartbeatMs: 300 });
      expect((await stream.next()).value).toEqual({ id: idOf(1) });
      const started = performance.now();
      await wrote([idOf(2)]);
      expect((await stream.next()).value).toEqual({ id: idOf(1) });
      expect(performance.now() - started).toBeGreaterThan(200);
      const changed = performance.now();
      await wrote([idOf(1)]);
      expect((await stream.next()).value).toEqual({ id: idOf(1) });
      expect(performance.now() - changed).toBeLessThan(250);
      await stream.return?.();
    });

    it("comes when what concerns it changes, and not for what does not", async () => {
      fill(2);
      const [mine, others] = [idOf(501), idOf(502)];
      const stream = liveWith()(() => viewerOf("VIEWER", "me", { tenantId })).object({
        type: "Pod", id: idOf(1), kinds: { pod: "ids", cluster: "apart" }, concernedBy: (uuids) => ({ filter: { states: uuids.includes(mine) ? ["RUNNING"] : [] } }),
      });
      await stream.next();
      const waiting = stream.next();
      await wrote([others], [], "cluster");
      expect(await Promise.race([waiting, sleep(300, "nothing")])).toBe("nothing");
      await wrote([mine], [], "cluster");
      expect(await Promise.race([waiting, sleep(3000, "nothing")])).toEqual({ done: false, value: { id: idOf(1) } });
      await stream.return?.();
    });

    it("ends after the message that shows its end", async () => {
      fill(1);
      const stream = follow(idOf(1));
      await stream.next();
      objects.set(idOf(1), "SUCCEEDED");
      await wrote([idOf(1)]);
      expect((await stream.next()).value).toEqual({ id: idOf(1) });
      expect((await stream.next()).done).toBe(true);
    });

    it("says that it is gone, and ends; so does one that never was", async () => {
      fill(1);
      const stream = follow(idOf(1));
      await stream.next();
      objects.clear();
      await wrote([], [idOf(1)]);
      expect((await stream.next()).value).toEqual({ id: null });
      expect((await stream.next()).done).toBe(true);
      for (const id of [idOf(99), null]) {
        const none = follow(id);
        expect((await none.next()).value).toEqual({ id: null });
        expect((await none.next()).done).toBe(true);
      }
    });
  });
});
