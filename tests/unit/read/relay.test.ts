import { expect, test } from "vitest";
import { FAULTY_PAGES } from "#tests/support/faulty-pages.ts";
import { differences, type Place, serverOf } from "#tests/support/page-places.ts";
import { type Item, modelPage, type Order } from "#tests/support/relay.ts";

/** The model of connections that all ways to read are judged by, and what a comparison with it finds. */
const idOf = (index: number): string => `00000000-0000-7000-8000-00000000000${index}`;
const item = (index: number, name: string, at: string): Item => ({ id: idOf(index), keys: { name, at: `2026-01-01T00:00:00.${at}` } });
const ITEMS = [item(5, "a", "000002"), item(2, "a", "000001"), item(7, "B", "000001"), item(3, "é", "001000"), item(1, "b", "000002")];
const LISTS = new Map([0, 1, 2, 3, 5].map((length) => [`of ${length}`, ITEMS.slice(0, length)]));
const ELSEWHERE = [{ id: idOf(0), keys: { name: "", at: "0001-01-01T00:00:00.000000" } }, { id: idOf(9), keys: { name: "～", at: "9999-12-31T23:59:59.999999" } }];
const ORDERS: readonly Order[] = [["name", "id"], ["-at", "-id"], ["-at", "name", "-id"]];

const cursorOf = ({ id }: Item): string => id;
const placeIn = (order: Order): Place => ({ name: order.join(), order, parents: LISTS, positions: [...ITEMS, ...ELSEWHERE], nodeOf: ({ id }) => ({ id }) });

test("finds nothing where there is nothing", async () => {
  for (const order of ORDERS) {
    const place = placeIn(order);
    expect(await differences(place, cursorOf, serverOf(place, cursorOf, (items, ask) => modelPage(items, order, ask)))).toEqual([]);
  }
});

test.each(FAULTY_PAGES)("finds a server that $name", async ({ page }) => {
  const found: string[] = [];
  for (const order of ORDERS) {
    const place = placeIn(order);
    found.push(...(await differences(place, cursorOf, serverOf(place, cursorOf, (items, ask) => page(items, order, ask)), { atMost: 1 })));
  }
  expect(found).not.toEqual([]);
});

test("pages as the specification's examples do", () => {
  const order = ["name", "id"];
  const all = modelPage(ITEMS, order, {}).items;
  expect(all.map(({ keys }) => keys["name"])).toEqual(["B", "a", "a", "b", "é"]);
  const [B, a, , b] = all as [Item, Item, Item, Item];
  const shown = (ask: Parameters<typeof modelPage>[2]): unknown[] => {
    const { items, hasPreviousPage, hasNextPage, totalCount } = modelPage(ITEMS, order, ask);
    return [items.map((one) => all.indexOf(one)), hasPreviousPage, hasNextPage, totalCount];
  };
  expect(shown({ first: 2 })).toEqual([[0, 1], false, true, 5]);
  expect(shown({ first: 2, after: a })).toEqual([[2, 3], true, true, 5]);
  expect(shown({ first: 3, after: a })).toEqual([[2, 3, 4], true, false, 5]);
  expect(shown({ last: 2 })).toEqual([[3, 4], true, false, 5]);
  expect(shown({ last: 3, before: b })).toEqual([[0, 1, 2], false, true, 5]);
  expect(shown({ first: 9, after: B, before: b })).toEqual([[1, 2], true, true, 5]);
  expect(shown({ first: 9, after: b, before: a })).toEqual([[], true, true, 5]);
  expect(shown({ first: 9, after: ELSEWHERE[1] as Item })).toEqual([[], true, false, 5]);
  expect(shown({ last: 9, before: ELSEWHERE[0] as Item })).toEqual([[], false, true, 5]);
});
