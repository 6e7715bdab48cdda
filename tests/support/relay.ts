/**
 * A model of Relay connections over a list in memory, by the algorithm of their specification: EdgesToReturn and ApplyCursorsToEdges. It shares nothing
 * with what it judges. A cursor is a place in the order, which need not be a row's of this list: the specification leaves that open, and here what
 * was deleted meanwhile, or is another's, still says where to go on.
 *
 * hasNextPage and hasPreviousPage tell the truth where the specification only allows it: whether rows of the list lie behind the page, or before it,
 * which for the side that is not paged along is asked only where a cursor bounds that side.
 */
export type Key = string | number;
export interface Item {
  readonly id: string;
  /** By property: what the list may be ordered by. Times as texts of equal length. */
  readonly keys: Readonly<Record<string, Key>>;
}
/** Properties, with '-' before them from the largest down; `id` is the item's own. */
export type Order = readonly string[];
export interface Ask {
  readonly first?: number;
  readonly last?: number;
  readonly after?: Item;
  readonly before?: Item;
}
export interface ModelPage {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

const DEFAULT_SIZE = 20;

/** Texts by the bytes of their UTF-8. */
function compareKeys(a: Key, b: Key): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
  return Number(a) - Number(b);
}

export function compareBy(order: Order): (a: Item, b: Item) => number {
  return (a, b) => {
    for (const key of order) {
      const property = key.replace(/^-/, "");
      const [left, right] = property === "id" ? [a.id, b.id] : [a.keys[property] as Key, b.keys[property] as Key];
      const compared = compareKeys(left, right);
      if (compared !== 0) return key.startsWith("-") ? -compared : compared;
    }
    return 0;
  };
}

export function modelPage(list: readonly Item[], order: Order, { first, last, after, before }: Ask): ModelPage {
  const compare = compareBy(order);
  const all = list.toSorted(compare);
  const edges = all.filter((item) => (after === undefined || compare(item, after) > 0) && (before === undefined || compare(item, before) < 0));
  const size = first ?? last ?? DEFAULT_SIZE;
  const forward = last === undefined;
  const more = edges.length > size;
  const beyondBefore = before !== undefined && all.some((item) => compare(item, before) >= 0);
  const beyondAfter = after !== undefined && all.some((item) => compare(item, after) <= 0);
  return {
    items: forward ? edges.slice(0, size) : edges.slice(-size),
    hasNextPage: (forward && more) || beyondBefore,
    hasPreviousPage: (!forward && more) || beyondAfter,
    totalCount: all.length,
  };
}

/** The connection that a client is given. */
export interface Connection {
  readonly nodes: readonly object[];
  readonly edges: readonly { readonly cursor: string; readonly node: object }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly startCursor: string | null; readonly endCursor: string | null };
  readonly totalCount: number;
}

export function connectionOf(page: ModelPage, nodeOf: (item: Item) => object, cursorOf: (item: Item) => string): Connection {
  const edges = page.items.map((item) => ({ cursor: cursorOf(item), node: nodeOf(item) }));
  return {
    nodes: page.items.map(nodeOf),
    edges,
    pageInfo: { hasNextPage: page.hasNextPage, hasPreviousPage: page.hasPreviousPage, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
    totalCount: page.totalCount,
  };
}
