import { parse, type ValidatedExecutionArgs, validateExecutionArgs } from "graphql";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schema } from "#schema/index.ts";
import type { Database } from "#server/database/connect.ts";
import { createLru } from "#server/domain/lru.ts";
import type { Changes } from "#server/read/changes.ts";
import { type Memory, Recall } from "#server/read/compiled/remembering.ts";
import { createRemembered } from "#server/read/remembered.ts";
import { createReads } from "#server/read/run.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { actorOf, type Asking, NOW, raise } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";

/** Nothing vouches by itself: nobody asks often enough. */
class Seldom implements Changes {
  looks = 0;
  /** What the next look answers. */
  answer: number | null = 1;
  current(): null {
    return null;
  }
  async look(): Promise<number | null> {
    this.looks += 1;
    return this.answer;
  }
  changedSince(): boolean {
    return false;
  }
}

describe("who asks seldom", () => {
  let database: TestDatabase;
  let api: Database;
  let viewer: Asking;
  beforeAll(async () => {
    database = await createTestDatabase();
    const rows = rowsOf(database.admin);
    const tenantId = await rows.tenant();
    const namespaceId = await rows.namespace(tenantId, "default");
    await rows.application(tenantId, namespaceId, "shop");
    viewer = { tenantId };
    api = await database.openAs("selvedge_api", 2);
  });
  afterAll(() => database.drop());

  /** Every read takes at least so long. */
  const openReads = (changes: Changes, ms: number) => {
    const { pool } = api;
    const slow = { options: pool.options, connect: (...args: Parameters<Pool["connect"]>) => void setTimeout(() => pool.connect(...args), ms) } as unknown as Pool;
    const reads = createReads({ schema, metadata: api.orm.getMetadata(), pool: slow, clock: { now: () => NOW }, speed: 1, onFault: raise, changes });
    const execution = validateExecutionArgs({ schema, document: parse("{ applications(first: 5) { nodes { name } totalCount } }") }) as ValidatedExecutionArgs;
    return async (who: Asking): Promise<boolean> => {
      const outcome = await reads.operations.query(execution, actorOf(who));
      if (!("text" in outcome)) throw new Error(`it was not compiled: ${JSON.stringify(outcome)}`);
      expect(JSON.parse(Buffer.concat(outcome.text.pieces).toString())).toEqual({ data: { applications: { nodes: [{ name: "shop" }], totalCount: 1 } } });
      return outcome.remembered;
    };
  };

  it("pays nothing for what is asked once, and a look in place of a read for what is asked again", async () => {
    const changes = new Seldom();
    const ask = openReads(changes, 5);
    expect(await ask(viewer)).toBe(false);
    expect(changes.looks).toBe(0);
    // Who waits has it remembered.
    expect(await ask(viewer)).toBe(false);
    expect(changes.looks).toBe(1);
    expect(await ask(viewer)).toBe(true);
    expect(changes.looks).toBe(2);
    // For another it is the first time.
    expect(await ask({ ...viewer, role: "VIEWER" })).toBe(false);
    expect(changes.looks).toBe(2);
  });

  it("is answered all the same where looks say nothing", async () => {
    const changes = new Seldom();
    const ask = openReads(changes, 5);
    await ask(viewer);
    changes.answer = null;
    expect(await ask(viewer)).toBe(false);
    expect(await ask(viewer)).toBe(false);
    changes.answer = 2;
    expect(await ask(viewer)).toBe(false);
    expect(await ask(viewer)).toBe(true);
    expect(changes.looks).toBe(4);
  });

  it("does not wait for a look that takes about as long as the read", () => {
    const memory: Memory = { changes: new Seldom(), store: createRemembered({ maxBytes: 1e6 }), took: createLru({ maxEntries: 10 }) };
    const recall = (who: Asking) => Recall.of(memory, { number: 1, fields: [], weight: 0 }, {}, actorOf(who));
    expect(recall(viewer)?.isWorthALook).toBe(false);
    recall(viewer)?.took(1.5);
    expect(recall(viewer)?.isWorthALook).toBe(false);
    recall(viewer)?.took(2.5);
    expect(recall(viewer)?.isWorthALook).toBe(true);
    expect(recall({ ...viewer, namespaceIds: [] })?.isWorthALook).toBe(false);
    expect(Recall.of(memory, { number: 1, fields: [], weight: 0 }, { names: "x".repeat(3000) }, actorOf(viewer))).toBeNull();
  });
});
