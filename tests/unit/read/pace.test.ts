import { expect, test } from "vitest";
import { Pace } from "#server/read/pace.ts";

test("the least of what a statement took lately, for each tenant", () => {
  let now = 0;
  const pace = new Pace(() => now);
  expect(pace.expected("a", "one")).toBe(Infinity);
  pace.took("a", "one", 5);
  pace.took("a", "one", 2);
  pace.took("a", "one", 9);
  pace.took("a", "two", 7);
  expect([pace.expected("a", "one"), pace.expected("a", "two"), pace.expected("b", "one")]).toEqual([2, 7, Infinity]);
  // What was fast before the last two windows no longer counts.
  for (now = 1_000; now <= 31_000; now += 10_000) pace.took("a", "one", 8);
  expect([pace.expected("a", "one"), pace.expected("a", "two")]).toEqual([8, Infinity]);
});

test("is bounded, by entries and by their texts", () => {
  const pace = new Pace(() => 0);
  for (let index = 0; index < 3_000; index += 1) pace.took("a", `tenant ${index}`, 1);
  expect([pace.expected("a", "tenant 10"), pace.expected("a", "tenant 2999")]).toEqual([Infinity, 1]);
  pace.took("x".repeat(5_000), "one", 1);
  expect(pace.expected("x".repeat(5_000), "one")).toBe(Infinity);
});
