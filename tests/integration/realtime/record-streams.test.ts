import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type RecordMutant, runRecordHistory } from "#tests/support/record-history.ts";

const SEED = Math.floor(Math.random() * 1e9);

describe("histories of streams of records", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it(`tell each record once, behind cursors of streams and of lists, across reconnects and restarts (seed ${SEED})`, { timeout: 120_000 }, async () => {
    const result = await runRecordHistory(database, { seed: SEED, rounds: 3 });
    expect(result.violations).toEqual([]);
    expect(result.written).toBeGreaterThan(100);
    expect(result.told).toBeGreaterThan(300);
    expect(result.reconnects).toBeGreaterThan(20);
    expect(result.fromEdges).toBeGreaterThan(4);
  });

  const text = (pool: Pool, from: string, to: string): Pool =>
    ({ query: (config: { text: string }) => pool.query({ ...config, text: config.text.replaceAll(from, to), name: undefined } as never) }) as never;
  const MUTANTS: Record<string, RecordMutant> = {
    "tells what is beyond transactions that still run": { pool: (pool) => text(pool, "pg_snapshot_xmin", "pg_snapshot_xmax") },
    "is not woken by the last row of a batch": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.slice(0, -1)) }) },
    "takes a page's last record for the last of its transaction": {
      reader: (reader) => ({ ...reader, page: async (bounds, limit) => {
        const { rows, end } = await reader.page(bounds, limit);
        return { rows, end: end && bounds.by === "commits" ? { ...end, xid: end.xid + 1 } : end };
      } }),
    },
    "takes what was looked through for what was told": {
      reader: (reader) => ({ ...reader, page: async (bounds, limit) => {
        const { rows, end } = await reader.page(bounds, limit);
        return { rows: rows.slice(0, 3), end };
      } }),
    },
    "tells again what a page saw": { reader: (reader) => ({ ...reader, page: (bounds, limit) => reader.page(bounds.by === "commits" ? { ...bounds, without: null } : bounds, limit) }) },
    "takes the horizon for all that a page saw": { edge: ([time = "", id = "", term = "", snapshot = ""]) => [time, id, term, `${snapshot.split(":")[0]}:${snapshot.split(":")[0]}:`] },
    "takes all that had begun for what a page saw": { edge: ([time = "", id = "", term = "", snapshot = ""]) => [time, id, term, `${snapshot.split(":")[1]}:${snapshot.split(":")[1]}:`] },
  };
  it.each(Object.entries(MUTANTS))("show it when a server %s", { timeout: 120_000 }, async (_, mutant) => {
    // What coincides with what is chance, also from one seed.
    let found = 0;
    for (let seed = 7; seed < 11 && found === 0; seed += 1) found = (await runRecordHistory(database, { seed, rounds: 6, mutant, quietMs: 1_500 })).violations.length;
    expect(found).toBeGreaterThan(0);
  });
});
