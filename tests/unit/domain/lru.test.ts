import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLru } from "#server/domain/lru.ts";

const weigh = (entries: readonly { readonly weight: number }[]): number => entries.reduce((sum, { weight }) => sum + weight, 0);

describe("the least recently used", () => {
  it("are forgotten, and told of, once there are too many or they weigh too much", () => {
    const command = fc.record({ key: fc.integer({ min: 0, max: 9 }), weight: fc.integer({ min: 1, max: 5 }), what: fc.constantFrom("get", "set", "set", "delete") });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
        const lru = createLru<number, string>({ maxEntries: 4, maxWeight: 10, onRemove: (value) => void removed.push(value) });
        const removed: string[] = [];
        const expected: string[] = [];
        /** Newest last, spelled out. */
        let model: { key: number; weight: number; value: string }[] = [];
        for (const [step, { key, weight, what }] of commands.entries()) {
          const known = model.find((entry) => entry.key === key);
          if (what === "get") {
            expect(lru.get(key)).toBe(known?.value);
            if (known) model = [...model.filter((entry) => entry !== known), known];
          } else if (what === "delete") {
            lru.delete(key);
            model = model.filter((entry) => entry !== known);
            if (known) expected.push(known.value);
          } else {
            const value = `${key} ${step}`;
            lru.set(key, value, weight);
            model = [...model.filter((entry) => entry.key !== key), { key, weight, value }];
            if (known) expected.push(known.value);
            while (model.length > 4 || weigh(model) > 10) expected.push(model.shift()?.value ?? "");
          }
          expect([lru.size, lru.weight]).toEqual([model.length, weigh(model)]);
          expect(removed).toEqual(expected);
        }
      }),
    );
  });
});
