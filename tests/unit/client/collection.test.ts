import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSet, liveCollection, type SetChange } from "#clients/typescript/collection.ts";
import { createClient } from "#clients/typescript/index.ts";
import { WatchPodsDocument } from "#clients/typescript/generated.ts";
import { eventually } from "#tests/support/eventually.ts";
import { never, startFaultyApi } from "#tests/support/faulty-api.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();

interface Item {
  readonly id: string;
  readonly version: number;
}
type Step = { readonly kind: "put"; readonly ids: readonly number[] } | { readonly kind: "remove"; readonly ids: readonly number[] } | { readonly kind: "snapshot" };

/** What a server says that holds these objects, in messages of at most `size`. */
function* messagesOf(steps: readonly Step[], size: number): Generator<{ change: SetChange<Item>; truth: ReadonlyMap<string, Item> }> {
  const truth = new Map<string, Item>();
  let version = 0;
  const cut = function* (upserted: readonly Item[], removedIds: readonly string[], snapshot: boolean): Generator<SetChange<Item>> {
    const count = Math.max(1, Math.ceil(upserted.length / size), Math.ceil(removedIds.length / size));
    for (let part = 0; part < count; part += 1) {
      const slice = <T>(all: readonly T[]): readonly T[] => all.slice(part * size, (part + 1) * size);
      yield { cursor: `${version}.${part}`, snapshot: snapshot && part === 0, complete: part === count - 1, upserted: slice(upserted), removedIds: slice(removedIds) };
    }
  };
  for (const step of [{ kind: "snapshot" } as const, ...steps]) {
    version += 1;
    let upserted: Item[] = [];
    let removedIds: string[] = [];
    if (step.kind === "put") upserted = [...new Set(step.ids)].map((id) => ({ id: `Pod.${id}`, version }));
    if (step.kind === "remove") removedIds = [...new Set(step.ids)].map((id) => `Pod.${id}`);
    for (const item of upserted) truth.set(item.id, item);
    for (const id of removedIds) truth.delete(id);
    if (step.kind === "snapshot") upserted = [...truth.values()];
    for (const change of cut(upserted, removedIds, step.kind === "snapshot")) yield { change, truth: new Map(truth) };
  }
}

const ids = fc.array(fc.nat(12), { minLength: 1, maxLength: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: ids.map((of) => ({ kind: "put", ids: of }) as const) },
  { weight: 3, arbitrary: ids.map((of) => ({ kind: "remove", ids: of }) as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "snapshot" } as const) },
);

describe("a set that is kept", () => {
  it(`is what the server holds after each complete message, and does not move before (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), fc.integer({ min: 1, max: 5 }), (steps, size) => {
        const set = createSet<Item>();
        for (const { change, truth } of messagesOf(steps, size)) {
          const before = set.whole && new Map(set.whole);
          const changed = set.merge(change);
          if (change.complete) expect(new Map(set.whole)).toEqual(truth);
          else expect([changed, set.whole && new Map(set.whole)]).toEqual([false, before]);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it(`is the same where a stream was resumed amid a change or a snapshot (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), fc.infiniteStream(fc.nat(9)), (steps, dice) => {
        const set = createSet<Item>();
        let group: SetChange<Item>[] = [];
        let truth: ReadonlyMap<string, Item> = new Map();
        for (const message of messagesOf(steps, 2)) {
          group.push(message.change);
          ({ truth } = message);
          if (!message.change.complete) continue;
          // Cut somewhere in it, and sent again from its beginning: that is where its cursors are.
          const cutAt = (dice.next().value ?? 0) % group.length;
          for (const change of [...group.slice(0, cutAt), ...group]) set.merge(change);
          expect(new Map(set.whole)).toEqual(truth);
          group = [];
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe("liveCollection", () => {
  const change = (cursor: number, snapshot: boolean, complete: boolean, upserted: readonly string[], removedIds: readonly string[] = []) => ({
    pods: { cursor: String(cursor), snapshot, complete, upserted: upserted.map((id) => ({ id })), removedIds, at: "2026-11-23T06:00:00.000Z" },
  });

  it.each(["websocket", "sse"] as const)("shows whole views only, across a server that goes away amid a snapshot (%s)", async (transport) => {
    const gate = Promise.withResolvers<void>();
    const api = await startFaultyApi({
      pods: async function* (_args, subscription) {
        yield change(1, true, false, ["Pod.1", "Pod.2"]);
        // The first one breaks off here: the rest of the snapshot is nowhere.
        if (subscription === 1) return;
        yield change(2, false, true, ["Pod.3"]);
        await gate.promise;
        yield change(3, false, false, ["Pod.4"]);
        yield change(4, false, true, ["Pod.5"], ["Pod.1"]);
        await never();
      },
    });
    const client = createClient({ url: `http://127.0.0.1:${api.port}`, transport });
    try {
      const pods = liveCollection(client, WatchPodsDocument, { filter: {} }, (data) => data.pods);
      expect(pods.current).toBeNull();
      const seen: string[][] = [];
      for await (const view of pods) {
        seen.push([...view.keys()]);
        gate.resolve();
        if (seen.length === 2) break;
      }
      expect(seen).toEqual([["Pod.1", "Pod.2", "Pod.3"], ["Pod.2", "Pod.3", "Pod.4", "Pod.5"]]);
      expect([pods.cursor, pods.state.kind]).toEqual(["4", "over"]);
      expect(api.afters).toEqual([null, "1"]);
    } finally {
      await client.close();
      await api.kill();
    }
  });

  it("gives a slow reader the newest view, and leaves the one that it was given alone", async () => {
    const api = await startFaultyApi({
      pods: async function* ({ after }) {
        if (after === null) yield change(1, true, true, ["Pod.0"]);
        for (let n = Number(after ?? 1); n <= 500; n += 1) yield change(n + 1, false, true, [`Pod.${n}`]);
        await never();
      },
    });
    const client = createClient({ url: `http://127.0.0.1:${api.port}` });
    try {
      await using pods = liveCollection(client, WatchPodsDocument, { filter: {} }, (data) => data.pods);
      const first = (await pods.next()).value as ReadonlyMap<string, unknown>;
      const size = first.size;
      await eventually(() => expect(pods.current?.size).toBe(501));
      expect(first.size).toBe(size);
      const last = (await pods.next()).value as ReadonlyMap<string, unknown>;
      expect(last.size).toBe(501);
      expect(pods.state).toEqual({ kind: "live" });
    } finally {
      await client.close();
      await api.kill();
    }
  });

  it("throws where its stream fails for good", async () => {
    const api = await startFaultyApi({}, { onConnect: () => false });
    const client = createClient({ url: `http://127.0.0.1:${api.port}` });
    try {
      const pods = liveCollection(client, WatchPodsDocument, { filter: {} }, (data) => data.pods);
      await expect(pods.next()).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(pods.state).toMatchObject({ kind: "over", how: "failed", error: { code: "FORBIDDEN" } });
    } finally {
      await client.close();
      await api.kill();
    }
  });
});
