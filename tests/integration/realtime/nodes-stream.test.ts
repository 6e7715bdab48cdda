import { setTimeout as sleep } from "node:timers/promises";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestError } from "#server/domain/request-error.ts";
import type { Role } from "#server/domain/states.ts";
import type { Viewer } from "#server/identity/viewer.ts";
import { parseCursor } from "#server/realtime/cursor.ts";
import { createFanout } from "#server/realtime/fanout.ts";
import { createLive } from "#server/realtime/live.ts";
import type { LiveTiming, Matcher, NodesState, NodesWatch, WatchedType } from "#server/realtime/state-stream.ts";
import { createTailer, type Tailer } from "#server/realtime/tailer.ts";
import { silentLogger } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { localBus, noRecords, viewerOf } from "#tests/support/small-api.ts";
import { type Mutant, runHistory } from "#tests/support/state-history.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();

describe("histories of watched objects", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it(`equal the database at every quiet point, across reconnects and restarts (seed ${SEED})`, { timeout: 90_000 }, async () => {
    const result = await runHistory(database, { seed: SEED, rounds: 4, follow: "objects" });
    expect(result.violations).toEqual([]);
    expect(result.messages).toBeGreaterThan(200);
    expect(result.resumes).toBeGreaterThan(20);
  });

  const MUTANTS: Record<string, Mutant> = {
    "loses the last row of a batch": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.length > 1 ? rows.slice(0, -1) : rows) }) },
    "forgets what was removed": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.map((row) => ({ ...row, removedIds: [] }))) }) },
    "replays nothing to who comes back": {
      tailer: (tailer) => ({ start: () => tailer.start(), close: () => tailer.close(), horizonAge: () => 0, caughtUp: () => tailer.caughtUp(), mayKnow: (xid) => tailer.mayKnow(xid), reach: (place) => tailer.reach(place), replay: async () => [], get position() { return tailer.position; } }),
    },
    "takes what is deleted for what is there": { matcher: (matcher) => ({ matching: (...args) => matcher.matching(...args), existing: async (_type, among) => [...among], records: noRecords }) },
  };
  it.each(Object.entries(MUTANTS))("show it when a server %s", { timeout: 90_000 }, async (_, mutant) => {
    // What coincides with what is chance, also from one seed: a bug may be without consequence in one history, but not in all of them.
    let found = 0;
    for (let seed = 7; seed < 11 && found === 0; seed += 1) found = (await runHistory(database, { seed, rounds: 12, mutant, quietMs: 1500, follow: "objects" })).violations.length;
    expect(found).toBeGreaterThan(0);
  });
});

describe("a stream of objects of several types", () => {
  let database: TestDatabase;
  let tailer: Tailer;
  let fanout: ReturnType<typeof createFanout>;
  const bus = localBus();
  const tenantId = "00000000-0000-7000-8000-0000000000ab";
  const clock = { time: Date.now(), now: () => clock.time };
  const idOf = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  const pod = (n: number): string => `Pod.${idOf(n)}`;
  const service = (n: number): string => `Service.${idOf(n)}`;
  /** What there is, by global id, and the cluster that it is on; in place of tables. */
  const objects = new Map<string, string>();
  const asked: string[] = [];
  const matcher = ({ role }: Viewer): Matcher => ({
    matching: async () => [],
    records: noRecords,
    existing: async (type, among, where) => {
      asked.push(`${type} ${among.length}`);
      if (type === "Secret" && role === "VIEWER") return [];
      const clusters = where as readonly string[] | undefined;
      return among.filter((id) => objects.has(`${type}.${id}`) && (!clusters || clusters.includes(objects.get(`${type}.${id}`) ?? "")));
    },
  });
  const TYPES: Record<string, WatchedType> = {
    Pod: { kinds: { pod: "ids", cluster: "apart" }, concernedBy: (ids) => ids },
    Service: { kinds: { service: "ids", pod: "around" }, concernedBy: (ids) => ids },
    Revision: { kinds: { application: "gone" } },
    Secret: { kinds: { secret: "ids" } },
    Region: { kinds: {} },
  };
  const wrote = async (kind: string, ids: string[], removed: string[] = [], cluster: string | null = null): Promise<void> => {
    await database.admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, removed_ids, at) values ($1, $2, $3, $4, $5, now())", [kind === "cluster" ? null : tenantId, cluster, kind, ids, removed]);
    bus.publish("timeline");
  };
  let role: Role = "OWNER";
  const watch = (ids: readonly string[], after: string | null = null, timing: Partial<LiveTiming> = {}, more: Partial<NodesWatch> = {}) =>
    createLive({ tailer, fanout, matcher, clock, speed: 60, timing: { gatherMs: 5, ...timing } })(() => viewerOf(role, "me", { tenantId })).nodes({ ids, after, typeOf: (type) => TYPES[type], ...more });
  const next = async (stream: AsyncIterator<NodesState>): Promise<NodesState> => {
    const step = await stream.next();
    if (step.done) throw new Error("the stream ended");
    return step.value;
  };
  const handedOn = async (write: () => Promise<void>): Promise<void> => {
    await write();
    // The position alone does not say so: transactions of other databases of the server move it on as well.
    const caughtUp = tailer.caughtUp();
    await eventually(() => expect(caughtUp()).toBe(true));
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const { pool } = await database.openAs("selvedge_tailer", 2);
    fanout = createFanout(20);
    tailer = createTailer({ pool, bus, logger: silentLogger, registry: new Registry(), pollMs: 50, onRows: (rows) => fanout.deliver(rows), onNewTerm: () => fanout.reset() });
    await tailer.start();
  });
  afterAll(async () => {
    await tailer.close();
    await database.drop();
  });
  const [here, elsewhere] = [idOf(501), idOf(502)];
  const fill = (...entries: [string, string?][]): void => {
    objects.clear();
    for (const [id, cluster = here] of entries) objects.set(id, cluster);
  };

  it("begins with all of them in their order, each once, and with what is not there", async () => {
    fill([pod(1)], [service(1)], [pod(2)]);
    const ids = [service(1), pod(2), "Pod.nonsense", pod(1), pod(9), "Unheard." + idOf(1), pod(2), ""];
    const stream = watch(ids);
    expect(await next(stream)).toMatchObject({ snapshot: true, complete: true, upserted: [service(1), pod(2), pod(1)], removed: ["Pod.nonsense", pod(9), "Unheard." + idOf(1), ""], at: clock.time });
    await stream.return?.();
    const none = watch([]);
    expect(await next(none)).toMatchObject({ snapshot: true, upserted: [], removed: [] });
    await none.return?.();
  });

  it("tells what of them changed, came and went, and nothing of others", async () => {
    fill([pod(1)], [pod(2)], [pod(3)], [pod(4)]);
    const stream = watch([pod(1), pod(2), pod(3), pod(8)]);
    await next(stream);
    objects.delete(pod(2));
    objects.set(pod(8), here);
    // One statement: one transaction.
    await wrote("pod", [idOf(1), idOf(4), idOf(8)], [idOf(2)]);
    expect(await next(stream)).toMatchObject({ snapshot: false, complete: true, upserted: [pod(1), pod(8)], removed: [pod(2)] });
    // What it knows to be gone it is not told again.
    await wrote("pod", [], [idOf(2)]);
    await wrote("service", [idOf(1)]);
    await wrote("pod", [idOf(3)]);
    expect(await next(stream)).toMatchObject({ upserted: [pod(3)], removed: [] });
    await stream.return?.();
  });

  it("tells one uuid of two types apart", async () => {
    fill([pod(1)], [service(1)]);
    const stream = watch([pod(1), service(1)], null);
    await next(stream);
    await wrote("service", [idOf(1)]);
    expect(await next(stream)).toMatchObject({ upserted: [service(1)], removed: [] });
    await stream.return?.();
  });

  it("tells again what others concern: by their ids, by where they were, and everything where that is not known", async () => {
    fill([service(1), here], [service(2), elsewhere], [pod(3), here], [pod(4), elsewhere]);
    const stream = watch([service(1), service(2), pod(3), pod(4)]);
    await next(stream);
    await wrote("cluster", [elsewhere]);
    expect(await next(stream)).toMatchObject({ upserted: [pod(4)], removed: [] });
    // A pod that is gone: nothing is known of it but where it was.
    await wrote("pod", [], [idOf(77)], here);
    expect(await next(stream)).toMatchObject({ upserted: [service(1)], removed: [] });
    await wrote("pod", [], [idOf(77)]);
    expect(await next(stream)).toMatchObject({ upserted: [service(1), service(2)], removed: [] });
    await stream.return?.();
  });

  it("finds out what went with something else", async () => {
    const revision = (n: number): string => `Revision.${idOf(n)}`;
    fill([revision(1)], [revision(2)]);
    const stream = watch([revision(1), revision(2)], null, { heartbeatMs: 60_000 });
    await next(stream);
    await wrote("application", [idOf(40)]);
    objects.delete(revision(2));
    await wrote("application", [], [idOf(41)]);
    expect(await next(stream)).toMatchObject({ upserted: [revision(1)], removed: [revision(2)] });
    await stream.return?.();
  });

  it("goes on from a cursor: what changed meanwhile, and all that is not there", async () => {
    fill([pod(1)], [pod(2)], [pod(3)]);
    const ids = [pod(1), pod(2), pod(3), pod(9)];
    const first = watch(ids);
    const { cursor } = await next(first);
    await first.return?.();
    const idle = watch(ids.toReversed(), cursor);
    expect(await next(idle)).toMatchObject({ snapshot: false, complete: true, upserted: [], removed: [pod(9)] });
    await idle.return?.();
    objects.delete(pod(1));
    await handedOn(() => wrote("pod", [idOf(2)], [idOf(1)]));
    const resumed = watch(ids, cursor);
    expect(await next(resumed)).toMatchObject({ snapshot: false, upserted: [pod(2)], removed: [pod(1), pod(9)] });
    await resumed.return?.();
    await handedOn(() => wrote("cluster", [here]));
    const concerned = watch(ids, cursor);
    expect(await next(concerned)).toMatchObject({ snapshot: false, upserted: [pod(2), pod(3)] });
    await concerned.return?.();
  });

  it("begins anew with the cursor of other ids, of another role, of too long ago, and refuses what is none", async () => {
    fill([pod(1)], [pod(2)]);
    const first = watch([pod(1)]);
    const { cursor } = await next(first);
    await first.return?.();
    const begins = async (ids: readonly string[], timing: Partial<LiveTiming> = {}): Promise<boolean> => {
      const stream = watch(ids, cursor, timing);
      const { snapshot } = await next(stream);
      await stream.return?.();
      return snapshot;
    };
    expect(await begins([pod(1)])).toBe(false);
    expect(await begins([pod(1), pod(2)])).toBe(true);
    for (let i = 0; i < 3; i++) await handedOn(() => wrote("pod", [idOf(7)]));
    expect(await begins([pod(1)], { replayRows: 1 })).toBe(true);
    role = "VIEWER";
    try {
      expect(await begins([pod(1)])).toBe(true);
    } finally {
      role = "OWNER";
    }
    const before = clock.time;
    try {
      clock.time = before + 23.1 * 3_600_000 * 60;
      expect(await begins([pod(1)])).toBe(true);
    } finally {
      clock.time = before;
    }
    await expect(watch([pod(1)], "no cursor").next()).rejects.toThrow(RequestError);
  });

  it("looks at all of them where too much changed to name it, and needs no snapshot for that", async () => {
    const many = Array.from({ length: 30 }, (_, n) => n + 1);
    fill(...many.map((n): [string] => [pod(n)]));
    const stream = watch(many.map(pod));
    await next(stream);
    objects.delete(pod(5));
    await wrote("pod", many.map(idOf));
    expect(await next(stream)).toMatchObject({ snapshot: false, upserted: many.filter((n) => n !== 5).map(pod), removed: [pod(5)] });
    await stream.return?.();
  });

  it("asks for each message anew what the viewer's role may see", async () => {
    const secret = `Secret.${idOf(1)}`;
    fill([secret], [pod(1)]);
    const stream = watch([secret, pod(1)]);
    expect(await next(stream)).toMatchObject({ upserted: [secret, pod(1)] });
    role = "VIEWER";
    try {
      await wrote("secret", [idOf(1)]);
      expect(await next(stream)).toMatchObject({ upserted: [], removed: [secret] });
    } finally {
      role = "OWNER";
    }
    await stream.return?.();
  });

  it("says something every few seconds, with a cursor that moves on, also of what never changes", async () => {
    for (const ids of [[pod(1)], [`Region.${idOf(1)}`]]) {
      fill([ids[0] as string]);
      const stream = watch(ids, null, { heartbeatMs: 150 });
      const { cursor } = await next(stream);
      await handedOn(() => wrote("pod", [idOf(66)]));
      const started = performance.now();
      const message = await next(stream);
      expect(performance.now() - started).toBeLessThan(1000);
      expect(message).toMatchObject({ snapshot: false, complete: true, upserted: [], removed: [] });
      expect(parseCursor(message.cursor).position.xid).toBeGreaterThan(parseCursor(cursor).position.xid);
      await stream.return?.();
    }
  });

  it("merges what a slow reader did not take, asks nothing meanwhile, and leaves nobody behind", async () => {
    fill([pod(1)], [pod(2)]);
    const size = fanout.size;
    const stream = watch([pod(1), pod(2), service(1)]);
    await next(stream);
    expect(fanout.size).toBe(size + 2);
    asked.length = 0;
    for (let i = 0; i < 10; i++) await wrote("pod", [idOf(1 + (i % 2))]);
    await handedOn(() => wrote("pod", [idOf(1)]));
    expect(asked).toEqual([]);
    expect((await next(stream)).upserted).toEqual([pod(1), pod(2)]);
    const waiting = stream.next();
    await sleep(20);
    await stream.return?.();
    expect(await waiting).toMatchObject({ done: true });
    expect(fanout.size).toBe(size);
  });
});
