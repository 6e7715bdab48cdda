import { type Ask, compareBy, type Item, type ModelPage, modelPage, type Order } from "./relay.ts";

/** Servers of pages with one fault each, as programmers have made them: what a comparison of pages must find. */
export interface FaultyPages {
  readonly name: string;
  page(items: readonly Item[], order: Order, ask: Ask): ModelPage;
}

const LEAST_ID = "00000000-0000-0000-0000-000000000000";
const GREATEST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const descends = (order: Order): boolean => order.at(-1)?.startsWith("-") ?? false;
/** The places right beside an item. */
const justBefore = (order: Order, item: Item): Item => ({ ...item, id: descends(order) ? GREATEST_ID : LEAST_ID });
const justBehind = (order: Order, item: Item): Item => ({ ...item, id: descends(order) ? LEAST_ID : GREATEST_ID });
const moved = (ask: Ask, move: (item: Item) => Item): Ask => ({ ...ask, ...(ask.after && { after: move(ask.after) }), ...(ask.before && { before: move(ask.before) }) });
const truncated = (item: Item): Item => ({
  ...item,
  keys: Object.fromEntries(Object.entries(item.keys).map(([key, value]) => [key, typeof value === "string" && /\d{2}\.\d{6}$/.test(value) ? `${value.slice(0, -3)}000` : value])),
});
const between = (items: readonly Item[], order: Order, { after, before }: Ask): Item[] => {
  const compare = compareBy(order);
  return items.filter((item) => (!after || compare(item, after) > 0) && (!before || compare(item, before) < 0));
};
const uniform = (order: Order): Order => order.map((key) => (order[0]?.startsWith("-") ? `-${key.replace(/^-/, "")}` : key.replace(/^-/, "")));

export const FAULTY_PAGES: readonly FaultyPages[] = [
  { name: "shows one more than asked for", page: (items, order, ask) => modelPage(items, order, { ...ask, ...(ask.first && { first: ask.first + 1 }), ...(ask.last && { last: ask.last + 1 }) }) },
  { name: "reads last as first", page: (items, order, { last, ...ask }) => modelPage(items, order, { ...ask, ...(last && { first: last }) }) },
  { name: "turns a backward page round", page: (items, order, ask) => { const page = modelPage(items, order, ask); return ask.last ? { ...page, items: page.items.toReversed() } : page; } },
  { name: "forgets `after`", page: (items, order, { after: _, ...ask }) => modelPage(items, order, ask) },
  { name: "forgets `before`", page: (items, order, { before: _, ...ask }) => modelPage(items, order, ask) },
  { name: "begins at `after`", page: (items, order, ask) => modelPage(items, order, { ...ask, ...(ask.after && { after: justBefore(order, ask.after) }) }) },
  { name: "ends at `before`", page: (items, order, ask) => modelPage(items, order, { ...ask, ...(ask.before && { before: justBehind(order, ask.before) }) }) },
  { name: "compares the first key alone, strictly", page: (items, order, ask) => modelPage(items, order, { ...ask, ...(ask.after && { after: justBehind(order, ask.after) }), ...(ask.before && { before: justBefore(order, ask.before) }) }) },
  { name: "has cursors of milliseconds", page: (items, order, ask) => modelPage(items, order, moved(ask, truncated)) },
  { name: "breaks no ties", page: (items, order, ask) => modelPage(items, order, moved(ask, (item) => ({ ...item, id: LEAST_ID }))) },
  {
    name: "compares as if all directions were the first's",
    page: (items, order, ask) => {
      const all = modelPage(items, order, {});
      const wrong = new Set(between(items, uniform(order), ask));
      const page = modelPage([...wrong], order, { ...(ask.first && { first: ask.first }), ...(ask.last && { last: ask.last }) });
      return { ...modelPage(items, order, ask), items: page.items, totalCount: all.totalCount };
    },
  },
  { name: "orders upside down", page: (items, order, ask) => modelPage(items, order.map((key) => (key.startsWith("-") ? key.slice(1) : `-${key}`)), ask) },
  { name: "orders ties by nothing", page: (items, order, ask) => modelPage(items, [...order.slice(0, -1), descends(order) ? "id" : "-id"], ask) },
  { name: "says there is more where the page is just full", page: (items, order, ask) => {
    const page = modelPage(items, order, ask);
    const full = page.items.length === (ask.first ?? ask.last);
    return { ...page, hasNextPage: page.hasNextPage || (full && ask.last === undefined), hasPreviousPage: page.hasPreviousPage || (full && ask.last !== undefined) };
  } },
  { name: "sees nothing from `before` on", page: (items, order, ask) => ({ ...modelPage(items, order, ask), hasNextPage: ask.last === undefined && modelPage(between(items, order, ask), order, { ...(ask.first && { first: ask.first }) }).hasNextPage }) },
  { name: "sees nothing up to `after`", page: (items, order, ask) => ({ ...modelPage(items, order, ask), hasPreviousPage: ask.last !== undefined && modelPage(between(items, order, ask), order, { last: ask.last }).hasPreviousPage }) },
  { name: "takes `after` itself for nothing before the page", page: (items, order, ask) => {
    const compare = compareBy(order);
    const page = modelPage(items, order, ask);
    const { after } = ask;
    return { ...page, hasPreviousPage: (ask.last !== undefined && between(items, order, ask).length > ask.last) || (after !== undefined && items.some((item) => compare(item, after) < 0)) };
  } },
  { name: "takes any `before` for a next page", page: (items, order, ask) => { const page = modelPage(items, order, ask); return { ...page, hasNextPage: page.hasNextPage || ask.before !== undefined }; } },
  { name: "takes any `after` for a page before", page: (items, order, ask) => { const page = modelPage(items, order, ask); return { ...page, hasPreviousPage: page.hasPreviousPage || ask.after !== undefined }; } },
  { name: "counts what lies between the cursors", page: (items, order, ask) => ({ ...modelPage(items, order, ask), totalCount: between(items, order, ask).length }) },
  { name: "counts the page", page: (items, order, ask) => { const page = modelPage(items, order, ask); return { ...page, totalCount: page.items.length }; } },
  { name: "lets crossed cursors change places", page: (items, order, { after, before, ...ask }) => {
    const crossed = after && before && compareBy(order)(after, before) > 0;
    return modelPage(items, order, { ...ask, ...(after && { after: crossed ? before : after }), ...(before && { before: crossed ? after : before }) });
  } },
];
