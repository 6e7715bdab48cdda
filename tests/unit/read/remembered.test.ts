import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Changes, Dependency } from "#server/read/changes.ts";
import { createRemembered, type Lookup } from "#server/read/remembered.ts";

type Checked = Pick<Changes, "changedSince">;
/** By kind and id: the last look that showed a change. */
const changesOf = (shown: ReadonlyMap<string, number>): Checked => ({
  changedSince: (tenantId, { kind, id }, since) => (shown.get(`${tenantId} ${kind} ${id}`) ?? 0) > since,
});
const on = (id: string): Dependency[] => [{ kind: "application", id }];
const text = (content: string) => ({ text: Buffer.from(content) });

describe("what is remembered", () => {
  it("is answered until something that it depends on has changed, and is gone then", () => {
    const lookups: Lookup[] = [];
    const remembered = createRemembered<{ text: Uint8Array }>({ maxBytes: 1e6, onLookup: (lookup) => void lookups.push(lookup) });
    const shown = new Map<string, number>();
    const get = (current: number): string | undefined => remembered.get("key", "t", changesOf(shown), current)?.text.toString();
    expect(get(1)).toBeUndefined();
    remembered.set("key", text("one"), 1, [...on("a"), ...on("b")]);
    expect(get(1)).toBe("one");
    shown.set("other application b", 2);
    expect(get(2)).toBe("one");
    shown.set("t application b", 3);
    expect(get(3)).toBeUndefined();
    expect(remembered.size).toBe(0);
    expect(get(3)).toBeUndefined();
    expect(lookups).toEqual(["miss", "hit", "hit", "stale", "miss"]);
  });

  it("counts as read when it was asked for last, so that old text which nothing has changed outlives what is forgotten of changes", () => {
    const remembered = createRemembered<{ text: Uint8Array }>({ maxBytes: 1e6 });
    let floor = 0;
    const changes: Checked = { changedSince: (_tenant, _dependency, since) => since < floor };
    remembered.set("key", text("one"), 1, on("a"));
    remembered.set("other", text("one"), 1, on("a"));
    expect(remembered.get("key", "t", changes, 5)).toBeDefined();
    floor = 4;
    expect(remembered.get("key", "t", changes, 6)).toBeDefined();
    expect(remembered.get("other", "t", changes, 6)).toBeUndefined();
    // A look that is older than the text takes nothing back.
    remembered.set("late", text("one"), 9, on("a"));
    expect(remembered.get("late", "t", changes, 5)).toBeDefined();
    floor = 9;
    expect(remembered.get("late", "t", changes, 9)).toBeDefined();
  });

  it("keeps to its bounds, and lets go what was not asked for longest", () => {
    const never: Checked = { changedSince: () => false };
    const remembered = createRemembered<{ text: Uint8Array }>({ maxBytes: 100_000, maxEntries: 50 });
    for (let i = 0; i < 1000; i++) {
      remembered.set(`key-${i}`, text("x".repeat(i * 7)), 1, on(`application-${i % 7}`));
      expect(remembered.size).toBeLessThanOrEqual(50);
      expect(remembered.bytes).toBeLessThanOrEqual(100_000);
      if (i > 0) expect(remembered.get("key-0", "t", never, 1)).toBeDefined();
    }
    expect(remembered.size).toBeGreaterThan(10);
    expect(remembered.get("key-500", "t", never, 1)).toBeUndefined();
  });

  it("does not take what would push out much else, and forgets what stood under its key", () => {
    const remembered = createRemembered<{ text: Uint8Array }>({ maxBytes: 100_000 });
    remembered.set("small", text("x"), 1, on("a"));
    remembered.set("large", text("x"), 1, on("a"));
    remembered.set("large", text("x".repeat(50_000)), 1, on("a"));
    expect(remembered.size).toBe(1);
  });

  it("counts no less than what is held: keys, text, lists and dependencies", () => {
    const weigh = (key: string, value: { text: Uint8Array } | { ids: string[]; cursors: string[] }, dependencies: Dependency[]): number => {
      const remembered = createRemembered({ maxBytes: 1e9 });
      remembered.set(key, value, 1, dependencies);
      return remembered.bytes;
    };
    const least = weigh("", text(""), []);
    expect(weigh("x".repeat(100), text(""), [])).toBe(least + 200);
    expect(weigh("", text("€".repeat(100)), [])).toBe(least + 300);
    expect(weigh("", text(""), [...on("a"), ...on("b")])).toBeGreaterThan(least + 2 * 36);
    expect(weigh("", { ids: [randomUUID()], cursors: ["x".repeat(100)] }, [])).toBeGreaterThan(least + 136);
  });

  it("has memory of its own: nothing larger is kept alive by it, and nobody changes it", () => {
    const never: Checked = { changedSince: () => false };
    const remembered = createRemembered<{ text: Uint8Array }>({ maxBytes: 1e6 });
    const message = Buffer.from("before the text after");
    remembered.set("key", { text: message.subarray(7, 15) }, 1, on("a"));
    message.fill(0);
    const kept = remembered.get("key", "t", never, 1)?.text;
    expect(kept?.toString()).toBe("the text");
    expect(kept?.buffer.byteLength).toBe(8);
  });
});
