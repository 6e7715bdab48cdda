import { isDeepStrictEqual } from "node:util";
import { type Ask, type Connection, connectionOf, type Item, modelPage, type Order } from "./relay.ts";

/**
 * Every small page of a place in the schema, judged by the model. A place is a field that answers connections, below some parents at once; a page is one
 * size and direction between two cursors, each of which may stand anywhere, also beyond all rows, at the other one, or behind it.
 */
export interface Place {
  readonly name: string;
  readonly order: Order;
  /** By parent: what its list holds, in any sequence. */
  readonly parents: ReadonlyMap<string, readonly Item[]>;
  /** Where cursors stand. */
  readonly positions: readonly Item[];
  readonly nodeOf: (item: Item) => object;
}

/** What a server answers: by parent, then by size. */
export type Pages = ReadonlyMap<string, Readonly<Record<string, Connection>>>;
export type Answer = (after: Item | undefined, before: Item | undefined) => Pages | Promise<Pages>;

export const SIZES: readonly { readonly name: string; readonly text: string; readonly ask: Ask }[] = [
  { name: "unsaid", text: "", ask: {} },
  ...[1, 2, 3, 4].flatMap((size) => [
    { name: `first${size}`, text: `first: ${size},`, ask: { first: size } },
    { name: `last${size}`, text: `last: ${size},`, ask: { last: size } },
  ]),
];

/** All pages of a place at once, one size each: a selection of `field`, whose connections are of `type`, to stand where the variables $after and $before are. */
export const everySize = (field: string, args = ""): string => SIZES.map(({ name, text }) => `${name}: ${field}(${text} after: $after, before: $before ${args}) { ...Page }`).join("\n");
export const pageFragment = (type: string, node: string): string =>
  `fragment Page on ${type} { nodes { ${node} } edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }`;

/** Which pairs of cursors are looked at: one where each stands at the number of its position. Those with one cursor, or none, always are. */
export type Chosen = (after: number, before: number) => boolean;

/** Where the answers are not the model's; a few of them, told so that one can be looked at by itself. `cursorOf` as they were learned. */
export async function differences(
  { name, order, parents, positions, nodeOf }: Place,
  cursorOf: (item: Item) => string,
  answer: Answer,
  { atMost = 3, chosen = () => true }: { readonly atMost?: number; readonly chosen?: Chosen } = {},
): Promise<string[]> {
  const found: string[] = [];
  const anywhere = [undefined, ...positions];
  for (const [row, after] of anywhere.entries()) {
    for (const [column, before] of anywhere.entries()) {
      if (after && before && !chosen(row, column)) continue;
      const pages = await answer(after, before);
      for (const [parent, items] of parents) {
        for (const size of SIZES) {
          const ask: Ask = { ...size.ask, ...(after && { after }), ...(before && { before }) };
          const expected = connectionOf(modelPage(items, order, ask), nodeOf, cursorOf);
          const actual = pages.get(parent)?.[size.name];
          if (!isDeepStrictEqual(plain(actual), expected)) found.push(told(name, parent, items.length, ask, expected, actual));
          if (found.length >= atMost) return found;
        }
      }
    }
  }
  return found;
}

/** Answers come with objects that have no prototype. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

function told(place: string, parent: string, rows: number, ask: Ask, expected: Connection, actual: Connection | undefined): string {
  const shown = { ...ask, ...(ask.after && { after: ask.after.keys }), ...(ask.before && { before: ask.before.keys }) };
  return `${place}, ${parent} with ${rows} rows, ${JSON.stringify(shown)}\n  expected ${JSON.stringify(expected)}\n  was      ${JSON.stringify(actual)}`;
}

/** A server that answers as this function does: the model itself, or one with a fault. */
export const serverOf =
  ({ parents, nodeOf }: Place, cursorOf: (item: Item) => string, page: (items: readonly Item[], ask: Ask) => ReturnType<typeof modelPage>): Answer =>
  (after, before) =>
    new Map(
      [...parents].map(([parent, items]) => [
        parent,
        Object.fromEntries(SIZES.map(({ name, ask }) => [name, connectionOf(page(items, { ...ask, ...(after && { after }), ...(before && { before }) }), nodeOf, cursorOf)])),
      ]),
    );
