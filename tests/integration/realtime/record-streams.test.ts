import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { runRecordHistory } from "#tests/support/record-history.ts";
import { RECORD_MUTANTS } from "#tests/support/record-mutants.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();

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

  it.each(Object.entries(RECORD_MUTANTS))("show it when a server %s", { timeout: 120_000 }, async (_, mutant) => {
    // What coincides with what is chance, also from one seed.
    let found = 0;
    for (let seed = 7; seed < 11 && found === 0; seed += 1) found = (await runRecordHistory(database, { seed, rounds: 6, mutant, quietMs: 1_500 })).violations.length;
    expect(found).toBeGreaterThan(0);
  });
});
