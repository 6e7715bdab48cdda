import { expect, test } from "vitest";
import { createGather } from "#server/domain/gather.ts";

interface Item {
  readonly key: string;
  readonly group: string;
}

/** A gather whose groups end when the test says so. */
function gathering(options: { lanes?: number; most?: number } = {}) {
  const groups: { items: string[]; end: (failures?: Record<string, Error>) => void }[] = [];
  const ask = createGather<Item, string>({
    keyOf: ({ key }) => key, groupOf: ({ group }) => group, lanes: options.lanes ?? 1, most: options.most ?? 10,
    work: (items) => new Promise((resolve) => {
      groups.push({
        items: items.map(({ key }) => key),
        end: (failures = {}) => resolve(items.map(({ key }) => (failures[key] ? { status: "rejected", reason: failures[key] } : { status: "fulfilled", value: `${key} done` }))),
      });
    }),
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { groups, turn, ask: (group: string, key: string) => ask({ group, key }) };
}

test("who comes alone is served alone, those that come meanwhile together, each with its own result", async () => {
  const { groups, ask, turn } = gathering();
  const first = ask("a", "1");
  await turn();
  const others = ["2", "3"].map((key) => ask("a", key));
  await turn();
  expect(groups.map(({ items }) => items)).toEqual([["1"]]);
  groups[0]?.end();
  expect(await first).toBe("1 done");
  await turn();
  expect(groups.map(({ items }) => items)).toEqual([["1"], ["2", "3"]]);
  groups[1]?.end({ 3: new Error("of 3 alone") });
  expect(await Promise.allSettled(others)).toMatchObject([{ value: "2 done" }, { reason: { message: "of 3 alone" } }]);
});

test("groups never mix, are no larger than they may be, and take turns", async () => {
  const { groups, ask, turn } = gathering({ most: 2 });
  void ["1", "2", "3"].map((key) => ask("a", key));
  void ask("b", "4");
  for (let round = 0; round < 3; round += 1) {
    await turn();
    groups[round]?.end();
  }
  await turn();
  expect(groups.map(({ items }) => items)).toEqual([["1", "2"], ["4"], ["3"]]);
});

test("a group weighs no more than it may, and what weighs more is done alone", async () => {
  const groups: number[][] = [];
  const ask = createGather<number, number>({
    keyOf: String, groupOf: () => "", lanes: 1, most: 10, weight: { of: (item) => item, most: 10 },
    work: async (items) => {
      groups.push([...items]);
      return items.map((value) => ({ status: "fulfilled", value }));
    },
  });
  await Promise.all([4, 5, 3, 25, 1, 9].map(ask));
  expect(groups).toEqual([[4, 5], [3], [25], [1, 9]]);
});

test("a key never runs twice at once, whatever lanes are free: what is asked for again runs afterwards", async () => {
  const { groups, ask, turn } = gathering({ lanes: 3 });
  const asked = ["1", "1", "2"].map((key) => ask("a", key));
  await turn();
  expect(groups.map(({ items }) => items)).toEqual([["1", "2"]]);
  groups[0]?.end();
  await turn();
  expect(groups.map(({ items }) => items)).toEqual([["1", "2"], ["1"]]);
  groups[1]?.end();
  expect(await Promise.all(asked)).toEqual(["1 done", "1 done", "2 done"]);
});

test("work that throws fails its own group, and the lane goes on", async () => {
  let calls = 0;
  const ask = createGather<string, string>({
    keyOf: (item) => item, groupOf: () => "", lanes: 1, most: 1,
    work: async (items) => {
      calls += 1;
      if (calls === 1) throw new Error("away");
      return items.map((item) => ({ status: "fulfilled", value: item }));
    },
  });
  expect(await Promise.allSettled([ask("1"), ask("2")])).toMatchObject([{ reason: { message: "away" } }, { value: "2" }]);
});
