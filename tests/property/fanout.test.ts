import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFanout } from "#server/realtime/fanout.ts";
import type { TimelineRow } from "#server/realtime/tailer.ts";

const MAX = 8;
const ids = fc.array(fc.constantFrom(..."abcdefghijkl"), { maxLength: 4 });
const row: fc.Arbitrary<TimelineRow> = fc.record({
  xid: fc.constant(1),
  seq: fc.constant(1),
  tenantId: fc.constantFrom("mine", "other", null),
  clusterId: fc.constantFrom("cluster-1", "cluster-2", null),
  kind: fc.constantFrom("pod" as const, "application" as const, "node" as const, "cluster" as const),
  ids,
  removedIds: ids,
  ownerIds: fc.constant(null),
});
const step = fc.oneof({ weight: 3, arbitrary: fc.array(row, { maxLength: 3 }).map((rows) => ({ rows })) }, { weight: 1, arbitrary: fc.constant("take" as const) }, { weight: 1, arbitrary: fc.constant("reset" as const) });

describe("the fan-out", () => {
  it("tells a subscriber of everything that it is interested in, of nothing else, and holds no more than its bound", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const fanout = createFanout(MAX);
        const subscriber = fanout.subscribe({ tenantId: "mine", kinds: { pod: "ids", node: "cluster", cluster: "apart" } });
        let expected = new Set<string>();
        let deleted = new Set<string>();
        let apart = new Set<string>();
        let all = false;
        for (const next of [...steps, "take" as const]) {
          if (next === "reset") {
            fanout.reset();
            all = true;
          } else if (next === "take") {
            const taken = subscriber.take();
            expect(taken.ids.size + taken.apart.size).toBeLessThanOrEqual(MAX);
            expect(taken.everything).toBe(all);
            if (!all) expect(taken).toEqual({ ids: expected, deleted, apart, everything: false });
            [expected, deleted, apart] = [new Set(), new Set(), new Set()];
            all = false;
            expect(subscriber.hasChanges).toBe(false);
          } else {
            fanout.deliver(next.rows);
            for (const { tenantId, kind, clusterId, ids: changed, removedIds } of next.rows) {
              if (tenantId === "other") continue;
              if (kind === "pod") for (const id of [...changed, ...removedIds]) expected.add(id);
              if (kind === "pod") for (const id of removedIds) deleted.add(id);
              if (kind === "cluster") for (const id of [...changed, ...removedIds]) apart.add(id);
              if (kind === "node" && clusterId) expected.add(clusterId);
              // Once it was too much, it stays everything until it is taken.
              if (expected.size + apart.size > MAX) all = true;
            }
          }
        }
      }),
    );
  });

  it("wakes who waits, at once, and forgets who has gone", async () => {
    const fanout = createFanout();
    const subscriber = fanout.subscribe({ tenantId: "mine", kinds: { pod: "ids" }, only: new Set(["a"]) });
    const { signal } = new AbortController();
    const deliver = (id: string): void => fanout.deliver([{ xid: 1, seq: 1, tenantId: "mine", clusterId: null, kind: "pod", ids: [id], removedIds: [], ownerIds: null }]);
    const started = performance.now();
    const waiting = subscriber.wait(10_000, signal);
    deliver("b");
    expect(subscriber.hasChanges).toBe(false);
    deliver("a");
    await waiting;
    expect(performance.now() - started).toBeLessThan(1000);
    expect([...subscriber.take().ids]).toEqual(["a"]);
    expect(fanout.size).toBe(1);
    subscriber.close();
    expect(fanout.size).toBe(0);
  });
});
