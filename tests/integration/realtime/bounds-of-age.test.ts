import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dependency } from "#server/read/changes.ts";
import { createRemembered } from "#server/read/remembered.ts";
import { type ChangesFeed, createChanges } from "#server/realtime/changes.ts";
import { VOUCHES_MS } from "#server/realtime/looks.ts";
import { silentLogger } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { seededRandom } from "#tests/support/random.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { localBus } from "#tests/support/small-api.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * Two processes, as far as looks are concerned, each with writers and readers of its own: readers answer applications' versions from what they remember. In its
 * own process an answer is never older than the newest write that was acknowledged before it was asked for; in the other never older than one that was
 * acknowledged VOUCHES_MS before.
 */
const WRITERS = 4;
const READERS = 4;
const APPLICATIONS = 12;
const ANSWERS = 3000;

interface Faults {
  /** What the process answers its own writes without. */
  readonly silentAboutOwn?: boolean;
  readonly changes?: (changes: ChangesFeed) => ChangesFeed;
  /** The number that a text is stored with, of the one that there was before the read. */
  readonly since?: (since: number) => number;
  /** What a writer says of what it writes. */
  readonly told?: (id: string) => string;
}

describe("an answer from memory", () => {
  let database: TestDatabase;
  let tenantId: string;
  let ids: string[];
  let api: Pool;
  let tailing: Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    const rows = rowsOf(database.admin);
    tenantId = await rows.tenant();
    const namespaceId = await rows.namespace(tenantId, "default");
    ids = [];
    for (let n = 0; n < APPLICATIONS; n++) ids.push((await rows.application(tenantId, namespaceId, `app-${n}`)).id);
    tailing = (await database.openAs("selvedge_tailer", 2)).pool;
    api = (await database.openAs("selvedge_api", 2 * (WRITERS + READERS))).pool;
  });
  afterAll(() => database.drop());

  async function history(seed: number, faults: Faults = {}): Promise<{ violations: string[]; remembered: number; answers: number }> {
    const random = seededRandom(seed);
    const violations: string[] = [];
    let [answers, remembered] = [0, 0];
    let going = true;
    /** By application: versions as they were acknowledged, where and when. */
    const acknowledged = new Map<string, { readonly version: number; readonly at: number; readonly by: number }[]>(ids.map((id) => [id, []]));
    const inTenant = async <T>(work: (query: (text: string, values: unknown[]) => Promise<T[]>) => Promise<T>): Promise<T> => {
      const client = await api.connect();
      try {
        await client.query("begin");
        await client.query("select set_config('app.tenant_id', $1, true), set_config('app.namespace_ids', '*', true)", [tenantId]);
        const done = await work(async (text, values) => (await client.query(text, values)).rows as T[]);
        await client.query("commit");
        return done;
      } finally {
        client.release();
      }
    };
    const pick = (): string => ids[Math.floor(random() * ids.length)] as string;
    const bus = localBus();

    const processes = [0, 1].map((process) => {
      const plain = createChanges({ pool: tailing, bus, logger: silentLogger, registry: new Registry() });
      const changes = faults.changes?.(plain) ?? plain;
      changes.start();
      const memory = createRemembered<{ text: Uint8Array }>({ maxBytes: 1e6 });

      const write = async (): Promise<void> => {
        const id = pick();
        const late = random() < 0.3 ? random() * 30 : 0;
        const version = await inTenant<{ version: number }>(async (query) => {
          const [row] = await query("update application set version = version + 1 where id = $1 returning version", [id]);
          await query("insert into timeline (tenant_id, kind, ids, at) values ($1, 'application', $2, now())", [tenantId, [faults.told?.(id) ?? id]]);
          await sleep(late);
          return row as { version: number };
        });
        if (!faults.silentAboutOwn) changes.noteOwn(tenantId);
        acknowledged.get(id)?.push({ version: version.version, at: performance.now(), by: process });
        bus.publish("timeline");
        await sleep(random() * 60);
      };
      const read = async (): Promise<void> => {
        const id = pick();
        const asked = performance.now();
        const least = Math.max(0, ...(acknowledged.get(id) ?? []).filter(({ at, by }) => by === process || at < asked - VOUCHES_MS).map(({ version }) => version));
        const dependencies: Dependency[] = [{ kind: "application", id }];
        const current = changes.current(tenantId);
        const known = current === null ? undefined : memory.get(id, tenantId, changes, current);
        let says = known && Number(Buffer.from(known.text).toString());
        if (says === undefined) {
          says = (await inTenant<{ version: number }>(async (query) => (await query("select version from application where id = $1", [id]))[0] as { version: number })).version;
          if (current !== null) memory.set(id, { text: Buffer.from(String(says)) }, faults.since?.(current) ?? current, dependencies);
        } else remembered += 1;
        answers += 1;
        if (says < least) violations.push(`process ${process} answers version ${says} of ${id}, where ${least} was acknowledged in time`);
        await sleep(random() * 4);
      };
      return { changes: plain, write, read };
    });

    const keepOn = async (act: () => Promise<void>): Promise<void> => {
      while (going) await act();
    };
    const done = processes.flatMap(({ write, read }) => [...Array.from({ length: WRITERS }, () => keepOn(write)), ...Array.from({ length: READERS }, () => keepOn(async () => {
      await read();
      if (answers >= ANSWERS || violations.length > 0) going = false;
    }))]);
    await Promise.all(done);
    for (const { changes } of processes) await changes.close();
    return { violations, remembered, answers };
  }

  const seed = testSeed();
  it("is never older than its bound", async () => {
    console.info(`the seed of these histories is ${seed}`);
    const { violations, remembered } = await history(seed);
    expect(violations).toEqual([]);
    expect(remembered).toBeGreaterThan(ANSWERS / 20);
  }, 60_000);

  it.each<[string, Faults]>([
    ["who answers a mutation did not say so", { silentAboutOwn: true }],
    ["text were numbered by looks to come", { since: (since) => since + 3 }],
    ["a writer told of something else", { told: () => randomUUID() }],
    ["what was seen of changes were not asked", { changes: (changes) => ({ ...changes, changedSince: () => false }) }],
    ["old looks vouched", {
      changes: (changes) => {
        let last: number | null = null;
        return { ...changes, current: (tenant) => (last = changes.current(tenant) ?? last) };
      },
    }],
  ])("would be found too old if %s", async (_name, faults) => {
    let found: string[] = [];
    for (let n = 0; n < 5 && found.length === 0; n++) found = (await history(seed + n, faults)).violations;
    expect(found).not.toEqual([]);
  }, 120_000);
});
