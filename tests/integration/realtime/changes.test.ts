import { randomUUID } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Dependency } from "#server/read/changes.ts";
import { type ChangesFeed, type ChangesOptions, createChanges, parseSnapshot } from "#server/realtime/changes.ts";
import { silentLogger } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { localBus } from "#tests/support/small-api.ts";

describe("looks at the timeline", () => {
  let database: TestDatabase;
  let tailing: Pool;
  const tenant = randomUUID();
  const opened: ChangesFeed[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    tailing = (await database.openAs("selvedge_tailer", 3)).pool;
  });
  afterEach(async () => {
    for (const changes of opened.splice(0)) await changes.close();
  });
  afterAll(() => database.drop());

  const open = (options: Partial<ChangesOptions> = {}) => {
    const registry = new Registry();
    const changes = createChanges({ pool: tailing, bus: localBus(), logger: silentLogger, registry, ...options });
    changes.start();
    opened.push(changes);
    const looks = async (): Promise<Record<string, number>> =>
      Object.fromEntries(((await registry.getMetricsAsJSON()).find(({ name }) => name === "selvedge_changes_looks_total")?.values ?? []).map(({ labels, value }) => [labels["outcome"], value]));
    return { changes, looks };
  };
  /** The number of a look, larger than `after`. */
  const current = (changes: ChangesFeed, after = 0): Promise<number> =>
    eventually(() => {
      const number = changes.current(tenant);
      if (number === null || number <= after) throw new Error(`the newest look is ${number}`);
      return number;
    }, { everyMs: 2 });
  const insert = (client: Pool | PoolClient, kind: string, ids: readonly string[], { removed = [], owners = null, of = tenant }: { removed?: string[]; owners?: string[] | null; of?: string | null } = {}) =>
    client.query("insert into timeline (tenant_id, kind, ids, removed_ids, owner_ids, at) values ($1, $2, $3, $4, $5, now())", [of, kind, ids, removed, owners]);
  const begin = async (kind: string, ids: readonly string[]): Promise<PoolClient> => {
    const client = await database.admin.connect();
    await client.query("begin");
    await insert(client, kind, ids);
    return client;
  };
  const commit = async (client: PoolClient): Promise<void> => {
    await client.query("commit");
    client.release();
  };
  const changed = (changes: ChangesFeed, dependency: Dependency, since: number): Promise<void> => eventually(async () => {
    await current(changes, since);
    expect(changes.changedSince(tenant, dependency, since)).toBe(true);
  });

  it("show what was committed, whatever else is still running, and what was running when it is committed", async () => {
    const { changes } = open();
    const [early, late, other] = [randomUUID(), randomUUID(), randomUUID()];
    const slow = await begin("pod", [early]);
    const since = await current(changes);
    await commit(await begin("pod", [late]));
    await changed(changes, { kind: "pod", id: late }, since);
    const between = await current(changes, since);
    expect(changes.changedSince(tenant, { kind: "pod", id: early }, since)).toBe(false);
    expect(changes.changedSince(tenant, { kind: "pod", id: late }, between)).toBe(false);
    await commit(slow);
    await changed(changes, { kind: "pod", id: early }, between);
    expect(changes.changedSince(tenant, { kind: "pod", id: other }, since)).toBe(false);
    expect(changes.changedSince(randomUUID(), { kind: "pod" }, since)).toBe(false);
  });

  it("tell changes of one application from another's, where the writer says whose they are", async () => {
    const { changes } = open();
    const [mine, theirs, pod] = [randomUUID(), randomUUID(), randomUUID()];
    const since = await current(changes);
    await insert(database.admin, "pod", [], { removed: [pod], owners: [mine] });
    await changed(changes, { kind: "pod", owner: mine }, since);
    expect(changes.changedSince(tenant, { kind: "pod", owner: theirs }, since)).toBe(false);
    expect(changes.changedSince(tenant, { kind: "pod", id: pod }, since)).toBe(true);
    await insert(database.admin, "pod", [], { removed: [randomUUID()] });
    await changed(changes, { kind: "pod", owner: theirs }, since);
    const next = await current(changes, since);
    await insert(database.admin, "cluster", [theirs], { of: null });
    await changed(changes, { kind: "cluster" }, next);
  });

  it("do not vouch for a tenant whose mutation is answered until one has begun afterwards", async () => {
    const { changes } = open();
    await eventually(async () => {
      await current(changes);
      changes.noteOwn(tenant);
      expect(changes.current(tenant)).toBeNull();
      expect(changes.current(randomUUID())).not.toBeNull();
    });
    const since = await current(changes);
    const id = randomUUID();
    await insert(database.admin, "application", [id]);
    changes.noteOwn(tenant);
    expect(changes.current(tenant)).toBeNull();
    await current(changes, since);
    expect(changes.changedSince(tenant, { kind: "application", id }, since)).toBe(true);
  });

  it("happen while somebody asks often, and not otherwise", async () => {
    const bus = localBus();
    const { changes, looks } = open({ bus });
    await current(changes, await current(changes) + 2);
    // The last of them comes soon after the last question. From then on not even the bus makes one, nor one question.
    let count = -1;
    await eventually(async () => {
      const before = count;
      count = (await looks())["compared"] ?? 0;
      bus.publish("timeline");
      changes.current(tenant);
      expect(count).toBe(before);
    }, { everyMs: 1500, deadlineMs: 12_000 });
    await current(changes);
    expect((await looks())["compared"]).toBeGreaterThan(count);
  });

  it("happen when somebody waits for one: one for all who wait", async () => {
    const { changes, looks } = open();
    // All get the same number, and there were no more looks than that. Where the machine is so slow that nobody waited to its end, they try again.
    const together = (): Promise<number> => eventually(async () => {
      const [number, ...others] = new Set(await Promise.all(Array.from({ length: 20 }, () => changes.look(tenant))));
      expect(others).toEqual([]);
      expect(number).toEqual(expect.any(Number));
      return number as number;
    });
    const since = await together();
    expect(Object.values(await looks()).reduce((sum, count) => sum + count)).toBe(since);
    const id = randomUUID();
    await insert(database.admin, "application", [id]);
    await eventually(async () => expect(await together()).toBeGreaterThan(since));
    expect(changes.changedSince(tenant, { kind: "application", id }, since)).toBe(true);
  });

  it("that are waited for show what was noted before, and wait for nothing that is noted later", async () => {
    const { changes } = open();
    // However slow the machine is, some looks are waited for until they end.
    let asked = 0;
    for (let seen = 0; seen < 20; asked += 1) {
      expect(asked).toBeLessThan(2000);
      const id = randomUUID();
      const before = await changes.look(tenant);
      // One is under way that may not show it.
      const early = changes.look(randomUUID());
      await insert(database.admin, "application", [id]);
      changes.noteOwn(tenant);
      const waiting = changes.look(tenant);
      let changing = setImmediate(function again() {
        changes.noteOwn(tenant);
        changing = setImmediate(again);
      });
      const number = await waiting;
      clearImmediate(changing);
      await early;
      if (before === null || number === null) continue;
      seen += 1;
      expect(number).toBeGreaterThan(before);
      expect(changes.changedSince(tenant, { kind: "application", id }, before)).toBe(true);
    }
  });

  it("are waited for no longer than they are worth, and not at all just after one failed", async () => {
    let answer: "slow" | "fails" = "slow";
    const held: ((error: Error) => void)[] = [];
    const query = (): Promise<never> => new Promise((_resolve, reject) => (answer === "slow" ? held.push(reject) : reject(new Error("away"))));
    const { changes, looks } = open({ pool: { query } as unknown as Pool });
    expect(await changes.look(tenant)).toBeNull();
    // It is still under way: nobody begins another.
    expect(await changes.look(tenant)).toBeNull();
    expect(held).toHaveLength(1);
    answer = "fails";
    held[0]?.(new Error("away"));
    await eventually(async () => expect(await looks()).toEqual({ failed: 1 }));
    expect(await changes.look(tenant)).toBeNull();
    expect(await looks()).toEqual({ failed: 1 });
    await eventually(async () => {
      await changes.look(tenant);
      expect((await looks())["failed"]).toBeGreaterThan(1);
    });
  });

  it("make everything void where there is more than they read, in another life of the database, and when told to", async () => {
    const { changes, looks } = open({ maxRows: 3 });
    const nothing: Dependency = { kind: "vpc", id: randomUUID() };
    let since = await current(changes);
    await database.admin.query("insert into timeline (tenant_id, kind, ids, at) select $1, 'pod', '{}', now() from generate_series(1, 10)", [tenant]);
    await changed(changes, nothing, since);
    since = await current(changes, since);
    expect(changes.changedSince(tenant, nothing, since)).toBe(false);
    await database.admin.query("update database_life set term = term + 1");
    await changed(changes, nothing, since);
    expect((await looks())["forgot"]).toBe(3);
    since = await current(changes, since);
    changes.forget();
    expect(changes.changedSince(tenant, nothing, since)).toBe(true);
    await changed(changes, nothing, since);
  });

  it("vouch for nothing where they fail, and begin anew", async () => {
    let failing = false;
    const query = (...args: unknown[]): unknown => (failing ? Promise.reject(new Error("away")) : (tailing.query as (...all: unknown[]) => unknown)(...args));
    const { changes, looks } = open({ pool: { query } as unknown as Pool });
    const since = await current(changes);
    failing = true;
    await eventually(() => expect(changes.current(tenant)).toBeNull());
    failing = false;
    await changed(changes, { kind: "vpc", id: randomUUID() }, since);
    expect(await looks()).toMatchObject({ forgot: 2 });
  });

  it("read what is new by the index, however much there is", async () => {
    const { rows } = await database.admin.query<{ xid: number }>("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid");
    const from = rows[0]?.xid ?? 0;
    await database.admin.query("insert into timeline (xid, tenant_id, kind, ids, at) select $1::bigint - n, $2, 'pod', '{}', now() from generate_series(1, 20000) n where $1::bigint - n > 0", [from, tenant]);
    await database.admin.query("analyze timeline");
    const { changes } = open();
    const queries: { values?: unknown[]; text?: string }[] = [];
    const pool = { query: (query: { text: string; values: unknown[] }) => (queries.push(query), tailing.query(query)) } as unknown as Pool;
    const watched = open({ pool });
    await current(watched.changes, await current(watched.changes));
    await current(changes);
    const { text = "", values = [] } = queries.at(-1) ?? {};
    const client = await database.admin.connect();
    try {
      await client.query("set plan_cache_mode = force_generic_plan");
      await client.query(`prepare look (bigint, bigint[], bigint) as ${text}`);
      const { rows: lines } = await client.query<{ "QUERY PLAN": string }>(`explain execute look (${String(values[0])}, '{1,2}', ${String(values[2])})`);
      const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
      expect(plan).not.toMatch(/Seq Scan on timeline/);
    } finally {
      client.release(true);
    }
  });
});

it("a snapshot's text is read as Postgres writes it", () => {
  expect(parseSnapshot("10:20:10,14")).toEqual({ end: 20, running: new Set([10, 14]) });
  expect(parseSnapshot("10:10:")).toEqual({ end: 10, running: new Set() });
});
