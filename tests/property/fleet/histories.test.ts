/**
 * Histories of a fleet and its centre in virtual time, with everything that may go wrong between them, judged by what was promised (tests/support/fleet-history).
 * Each run plays others: it begins at a seed that it draws, and names. `SELVEDGE_HISTORIES=10000` plays so many; `TEST_SEED` begins at that seed. A failing one is
 * made short and told.
 */
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGateway } from "#server/gateway/gateway.ts";
import { MutableGraph } from "#tests/support/mutated-graph.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { GATEWAY_FAULTS, HISTORY_FAULTS } from "#tests/support/fleet-history/faults.ts";
import { ModelCentre } from "#tests/support/fleet-history/model-centre.ts";
import { OWN_PARTS, type Parts, partsLoader, SMALL_BATCHES } from "#tests/support/fleet-history/parts.ts";
import { play, type Played } from "#tests/support/fleet-history/play.ts";
import { postgresCentre } from "#tests/support/fleet-history/postgres-centre.ts";
import { REGRESSIONS } from "#tests/support/fleet-history/regressions.ts";
import { shrink } from "#tests/support/fleet-history/shrink.ts";
import { type Story, storyOf, told } from "#tests/support/fleet-history/story.ts";
import { testSeed } from "#tests/support/seed.ts";

const asked = Number(process.env["SELVEDGE_HISTORIES"] ?? 0);
const HISTORIES = asked || 500;
/** A busy machine plays fewer, unless it was asked for more. */
const BUDGET_MS = asked > 0 ? Infinity : 10_000;
const LEAST = 60;
const firstSeed = testSeed();

const load = partsLoader();
/** Every other history in small batches. */
const variantsOf = async (...faults: Parameters<typeof load>[0]): Promise<readonly [Parts, Parts]> => [faults.length > 0 ? await load(faults) : OWN_PARTS, await load([...SMALL_BATCHES, ...faults])];
const partsFor = (seed: number, [whole, small]: readonly [Parts, Parts]): Parts => (seed % 2 === 1 ? small : whole);

const inModel = (story: Story, parts: Parts): Promise<Played> => play(story, parts, (now) => new ModelCentre(parts, now));
/** What breaks a promise, or the code. */
const breachesOf = (playing: Promise<Played>): Promise<readonly string[]> => playing.then(({ breaches }) => breaches, (error: Error) => [`it threw: ${error.stack}`]);

async function failure(story: Story, parts: Parts, breaches: readonly string[]): Promise<string> {
  const short = await shrink(story, async (shorter) => (await breachesOf(inModel(shorter, parts))).length > 0);
  const shown = await breachesOf(inModel(short, parts));
  return `${breaches[0]}\nmade short:\n${told(short)}\n${(shown.length > 0 ? shown : breaches).slice(0, 3).join("\n")}`;
}

describe("a fleet and its centre", () => {
  it(`keep what was promised, whatever happens (seeds from ${firstSeed})`, { timeout: asked > 0 ? 3_600_000 : 120_000 }, async () => {
    const variants = await variantsOf();
    const startedAt = performance.now();
    let comparisons = 0;
    let played = 0;
    for (; played < HISTORIES && (played < LEAST || performance.now() - startedAt < BUDGET_MS); played += 1) {
      const story = storyOf(firstSeed + played);
      const parts = partsFor(story.seed, variants);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { breaches, comparisons: some } = await inModel(story, parts);
      // oxlint-disable-next-line no-await-in-loop -- the first ends it
      if (breaches.length > 0) expect.fail(await failure(story, parts, breaches));
      comparisons += some;
    }
    expect(comparisons).toBeGreaterThan(10 * played);
  });

  it.each(REGRESSIONS)("keep it where once they did not: $name", { timeout: 60_000 }, async ({ story, isSmall }) => {
    const variants = await variantsOf();
    expect(await breachesOf(inModel(story, variants[isSmall ? 1 : 0]))).toEqual([]);
  });

  it.each(HISTORY_FAULTS)("are found out where $name", { timeout: 120_000 }, async ({ shownBy, ...fault }) => {
    expect(await breachesOf(inModel(shownBy, partsFor(shownBy.seed, await variantsOf(fault))))).not.toEqual([]);
  });
});

describe("the real gateway on a real database", () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    ({ pool } = await database.openAs("selvedge_gateway", 6));
  });
  afterAll(() => database.drop());

  const inPostgres = async (story: Story, gateway = createGateway): Promise<Played> => {
    let close: (() => Promise<void>) | undefined;
    try {
      return await play(story, OWN_PARTS, async (now) => {
        const centre = await postgresCentre({ database, pool, now, gateway });
        close = () => centre.close();
        return centre;
      });
    } finally {
      await close?.();
    }
  };

  it(`keeps what the model of it keeps (seeds from ${firstSeed})`, { timeout: 240_000 }, async () => {
    const startedAt = performance.now();
    const budgetMs = asked > 0 ? 200_000 : 6_000;
    for (let seed = firstSeed; seed < firstSeed + 24 && (seed < firstSeed + 2 || performance.now() - startedAt < budgetMs); seed += 1) {
      const story = storyOf(seed);
      // oxlint-disable-next-line no-await-in-loop -- one database
      const breaches = await breachesOf(inPostgres(story));
      if (breaches.length > 0) expect.fail(`${told(story)}\n${breaches.slice(0, 3).join("\n")}`);
    }
  });

  const graph = new MutableGraph(["server/gateway"]);
  it.each(GATEWAY_FAULTS)("is found out where it $name", { timeout: 120_000 }, async ({ shownBy, ...fault }) => {
    const { createGateway: faulty } = await graph.load<{ readonly createGateway: typeof createGateway }>("server/gateway/gateway.ts", [fault]);
    expect(await breachesOf(inPostgres(shownBy, faulty))).not.toEqual([]);
  });
});
