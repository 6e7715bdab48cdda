import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withMapping } from "#tests/support/changed-mapping.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type Answer, type Chosen, differences, everySize, pageFragment, type Pages, type Place, SIZES } from "#tests/support/page-places.ts";
import { type Lists, makePageWorld, type PageWorld } from "#tests/support/page-world.ts";
import { openReading, type Reading } from "#tests/support/reading.ts";
import { type Ask, type Connection, connectionOf, type Item, modelPage, type Order } from "#tests/support/relay.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * Every small page of every kind of place, in every way, against a model that is none of ours. Of the pages between two cursors a third in a run, another one by
 * the seed; all: SELVEDGE_PAGES=all npm test -- tests/integration/read/connections.test.ts
 */
const SEED = testSeed();
const chosen: Chosen = (after, before) => process.env["SELVEDGE_PAGES"] === "all" || (after + before) % 3 === SEED % 3;

let database: TestDatabase;
let world: PageWorld;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await makePageWorld(database);
}, 120_000);
afterAll(() => database.drop());

/** The product's orders of applications by the arguments that ask for them. */
const ORDERS: Readonly<Record<string, Readonly<Record<"ASC" | "DESC", Order>>>> = {
  NAME: { ASC: ["name", "id"], DESC: ["-name", "-id"] },
  CREATED_AT: { ASC: ["createdAt", "id"], DESC: ["-createdAt", "-id"] },
  UPDATED_AT: { ASC: ["updatedAt", "id"], DESC: ["-updatedAt", "-id"] },
};
/** Orders that the product has none of, by the same arguments: of numbers, of three keys, in directions that differ. */
const OTHER_ORDERS: typeof ORDERS = {
  NAME: { ASC: ["name", "-id"], DESC: ["-createdAt", "name", "-id"] },
  CREATED_AT: { ASC: ["version", "-createdAt", "id"], DESC: ["-version", "-id"] },
  UPDATED_AT: { ASC: ["id"], DESC: ["-name", "createdAt", "version", "id"] },
};
type Argument = { readonly field: string; readonly direction: "ASC" | "DESC" };
const argumentsOf = (orders: typeof ORDERS): (readonly [Argument, Order])[] =>
  Object.entries(orders).flatMap(([field, { ASC, DESC }]) => [[{ field, direction: "ASC" }, ASC], [{ field, direction: "DESC" }, DESC]] as const);

const nodeOfType = (type: string) => (item: Item): object => ({ id: `${type}.${item.id}` });
type Cursors = ReadonlyMap<string, string>;
const cursorIn = (cursors: Cursors) => (item: Item): string => {
  const cursor = cursors.get(item.id);
  if (cursor === undefined) throw new Error(`No cursor of ${item.id} was learned`);
  return cursor;
};
const learned = (items: readonly Item[], connection: Connection, order: Order): [string, string][] => {
  const expected = modelPage(items, order, { first: 200 }).items;
  expect(connection.edges).toHaveLength(expected.length);
  return expected.map((item, index) => [item.id, connection.edges[index]?.cursor as string]);
};

// ---------------------------------------------------------------- places

const ROOT = `query ($after: String, $before: String, $order: ApplicationOrder, $filter: ApplicationFilter) { ${everySize("applications", "orderBy: $order, filter: $filter")} } ${pageFragment("ApplicationConnection", "id")}`;

/** Applications of a tenant as the root's page shows them, in this order. */
async function rootPlace(reading: Reading, index: number, argument: Argument | undefined, order: Order, filtered: boolean): Promise<{ place: Place; cursors: Cursors; answer: Answer }> {
  const tenant = world.tenants[index] as PageWorld["tenants"][number];
  const outermost = world.tenants.at(-1) as PageWorld["tenants"][number];
  const items = filtered ? tenant.inOne : tenant.applications;
  const place: Place = {
    name: `applications by ${order.join(", ")}${filtered ? " in one namespace" : ""}`,
    order,
    parents: new Map([["root", items]]),
    positions: [...tenant.applications, ...outermost.applications],
    nodeOf: nodeOfType("Application"),
  };
  const variables = { order: argument, filter: filtered ? { namespaces: ["one"] } : undefined };
  const cursors = new Map<string, string>();
  for (const { tenantId, applications } of [tenant, outermost]) {
    const { all } = await reading.data({ tenantId }, "query ($order: ApplicationOrder) { all: applications(first: 200, orderBy: $order) { edges { cursor } } }", { order: argument });
    for (const [id, cursor] of learned(applications, all as Connection, order)) cursors.set(id, cursor);
  }
  return {
    place,
    cursors,
    answer: async (after, before) =>
      new Map([["root", (await reading.data({ tenantId: tenant.tenantId }, ROOT, { ...variables, after: after && cursorIn(cursors)(after), before: before && cursorIn(cursors)(before) })) as Record<string, Connection>]]),
  };
}

interface Nested {
  readonly name: string;
  /** The page of parents. */
  readonly parents: string;
  readonly field: string;
  readonly args?: string;
  readonly type: string;
  /** What tells a node, and how. */
  readonly node?: string;
  readonly nodeOf?: (item: Item) => object;
  readonly order: Order;
  readonly lists: (world: PageWorld) => Lists;
}
const PARENTS = `applications(first: 200, filter: { namespaces: ["parents"] })`;
const IMPORTS = "operations(first: 200, filter: { kinds: [IMPORT_MANIFESTS] })";
const STEP = { parents: IMPORTS, field: "steps", type: "OperationStep", node: "name message", nodeOf: ({ keys: { name, message } }: Item) => ({ name, message }), order: ["name", "id"] };
const BY_NUMBER: Nested = { name: "by an id, by number", parents: PARENTS, field: "revisions", type: "Revision", order: ["-number", "-id"], lists: ({ revisions }) => revisions };
const ALL_STEPS: Nested = { ...STEP, name: "by an id, all steps", lists: ({ steps }) => steps };
const SOME_STEPS: Nested = { ...STEP, name: "by an id, some steps", args: "states: [RUNNING]", lists: ({ runningSteps }) => runningSteps };
const BY_ID: Nested = { name: "by an id", parents: PARENTS, field: "pods", type: "Pod", order: ["name", "id"], lists: ({ pods }) => pods };
const NESTED: readonly Nested[] = [
  BY_ID,
  { name: "by an id, of those that a filter lets through", parents: PARENTS, field: "pods", args: "filter: { phases: [RUNNING], ready: true }", type: "Pod", order: ["name", "id"], lists: ({ runningPods }) => runningPods },
  BY_NUMBER,
  { name: "by an id, with a condition, by time", parents: PARENTS, field: "operations", type: "Operation", order: ["-createdAt", "-id"], lists: ({ operations }) => operations },
  ALL_STEPS,
  SOME_STEPS,
  { name: "by several properties", parents: "services(first: 200)", field: "endpoints", type: "ServiceEndpoint", node: "pod { id }", nodeOf: ({ id }) => ({ pod: { id: `Pod.${id}` } }), order: ["name", "id"], lists: ({ endpoints }) => endpoints },
  { name: "linked by a condition", parents: "configMaps(first: 200)", field: "usedBy", type: "Application", order: ["name", "id"], lists: ({ usedBy }) => usedBy },
];
const IN_DIRECTIONS_THAT_DIFFER: Nested = { name: "by an id, in directions that differ", parents: "namespaces(first: 200)", field: "applications", type: "Application", order: ["-createdAt", "name", "-id"], lists: ({ ofNamespaces }) => ofNamespaces };

type Parents = { readonly parents: { readonly nodes: readonly (Readonly<Record<string, Connection>> & { readonly id: never })[] } };

async function nestedPlace(reading: Reading, { name, parents, field, args = "", type, node = "id", nodeOf = nodeOfType(type), order, lists }: Nested): Promise<{ place: Place; cursors: Cursors; answer: Answer }> {
  const all = lists(world);
  const items = [...all.values()];
  // The longest list, and the outermost rows, which are the last list's.
  const place: Place = { name, order, parents: all, positions: [...(items.at(-2) as Item[]), ...(items.at(-1) as Item[])], nodeOf };
  const viewer = { tenantId: world.tenantId };
  const { parents: whole } = (await reading.data(viewer, `{ parents: ${parents} { nodes { id all: ${field}(first: 200 ${args}) { edges { cursor } } } } }`)) as Parents;
  const cursors = new Map(whole.nodes.filter((parent) => all.has(parent.id)).flatMap((parent) => learned(all.get(parent.id) as Item[], parent["all"] as Connection, order)));
  const document = `query ($after: String, $before: String) { parents: ${parents} { nodes { id ${everySize(field, args)} } } } ${pageFragment(`${type}Connection`, node)}`;
  return {
    place,
    cursors,
    answer: async (after, before): Promise<Pages> => {
      const { parents: found } = (await reading.data(viewer, document, { after: after && cursorIn(cursors)(after), before: before && cursorIn(cursors)(before) })) as Parents;
      return new Map(found.nodes.map((parent) => [parent.id as string, parent]));
    },
  };
}

const withOtherOrders = <T>(work: () => Promise<T>): Promise<T> =>
  withMapping("Query.applications", (mapping) => ({ ...mapping, order: ({ orderBy }: { readonly orderBy?: Argument }) => OTHER_ORDERS[orderBy?.field ?? "NAME"]?.[orderBy?.direction ?? "ASC"] }) as never, work);
const withMixedNamespaces = <T>(work: () => Promise<T>): Promise<T> => withMapping("Namespace.applications", (mapping) => ({ ...mapping, order: IN_DIRECTIONS_THAT_DIFFER.order }) as never, work);

// ---------------------------------------------------------------- the checks

describe.each(WAYS_UNDER_TEST)(`%s (seed ${SEED})`, (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  describe("the root's pages", () => {
    test.each(argumentsOf(ORDERS))("in the order %o", async (argument, order) => {
      for (const index of [0, 1, 2, 3, 7]) {
        for (const filtered of index === 7 ? [false, true] : [false]) {
          const { place, cursors, answer } = await rootPlace(reading, index, argument, order, filtered);
          expect(await differences(place, cursorIn(cursors), answer, { chosen })).toEqual([]);
        }
      }
    }, 120_000);

    test.each(argumentsOf(OTHER_ORDERS))("in an order of the test's own, asked for as %o", async (argument, order) => {
      await withOtherOrders(async () => {
        const other = await openReading(database, { way });
        for (const index of [2, 7]) {
          const { place, cursors, answer } = await rootPlace(other, index, argument, order, false);
          expect(await differences(place, cursorIn(cursors), answer, { chosen })).toEqual([]);
        }
      });
    }, 120_000);

    test("in the default order", async () => {
      const { place, cursors, answer } = await rootPlace(reading, 5, undefined, ["name", "id"], false);
      expect(await differences(place, cursorIn(cursors), answer, { chosen })).toEqual([]);
    }, 60_000);
  });

  describe("pages below parents", () => {
    test.each(NESTED)("$name", async (nested) => {
      const { place, cursors, answer } = await nestedPlace(reading, nested);
      expect(await differences(place, cursorIn(cursors), answer, { chosen })).toEqual([]);
    }, 120_000);

    test("by an id, in directions that differ", async () => {
      await withMixedNamespaces(async () => {
        const { place, cursors, answer } = await nestedPlace(await openReading(database, { way }), IN_DIRECTIONS_THAT_DIFFER);
        expect(await differences(place, cursorIn(cursors), answer, { chosen })).toEqual([]);
      });
    }, 120_000);
  });

  test("each page by itself, its arguments written or as variables, absent or null", async () => {
    const { place, cursors } = await rootPlace(reading, 7, undefined, ["name", "id"], false);
    const items = world.tenants[7]?.applications as Item[];
    const [after, before] = [modelPage(items, place.order, {}).items[1] as Item, modelPage(items, place.order, {}).items[5] as Item];
    const viewer = { tenantId: world.tenants[7]?.tenantId as string };
    const documents = (ask: Ask): [string, Record<string, unknown>][] => {
      const given = { ...ask, ...(ask.after && { after: cursorIn(cursors)(ask.after) }), ...(ask.before && { before: cursorIn(cursors)(ask.before) }) };
      const literal = Object.entries(given).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
      const nulls = ["first", "last", "after", "before"].map((name) => `${name}: ${JSON.stringify(given[name as keyof Ask] ?? null)}`).join(", ");
      const variables = "first: $first, last: $last, after: $after, before: $before";
      const declared = "$first: Int, $last: Int, $after: String, $before: String";
      return [
        [`{ page: applications${literal === "" ? "" : `(${literal})`} { ...Page } }`, {}],
        [`{ page: applications(${nulls}) { ...Page } }`, {}],
        [`query (${declared}) { page: applications(${variables}) { ...Page } }`, given],
        [`query (${declared}) { page: applications(${variables}) { ...Page } }`, { first: null, last: null, after: null, before: null, ...given }],
      ];
    };
    for (const size of SIZES) {
      for (const bounds of [{}, { after }, { before }, { after, before }, { after: before, before: after }]) {
        const ask = { ...size.ask, ...bounds };
        const expected = connectionOf(modelPage(items, place.order, ask), place.nodeOf, cursorIn(cursors));
        for (const [document, variables] of documents(ask)) {
          expect((await reading.data(viewer, `${document} ${pageFragment("ApplicationConnection", "id")}`, variables)).page).toEqual(expected);
        }
      }
    }
  }, 60_000);

  test("whatever is selected of a connection, it says the same", async () => {
    const { place, cursors } = await nestedPlace(reading, BY_ID);
    const [parent, items] = [...place.parents].at(-2) as [string, readonly Item[]];
    const { items: sorted } = modelPage(items, place.order, {});
    const asks: Ask[] = [{ first: 2, after: sorted[1] as Item }, { last: 2, before: sorted[4] as Item, after: sorted[0] as Item }, { first: 50, before: sorted[3] as Item }, { last: 3 }];
    const parts = ["nodes { id }", "edges { cursor }", "edges { node { id } }", "pageInfo { hasNextPage }", "pageInfo { hasPreviousPage }", "pageInfo { startCursor }", "pageInfo { endCursor }", "totalCount"];
    const shown = (ask: Ask): string =>
      Object.entries({ ...ask, ...(ask.after && { after: cursorIn(cursors)(ask.after) }), ...(ask.before && { before: cursorIn(cursors)(ask.before) }) }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
    for (let chosen = 1; chosen < 2 ** parts.length; chosen += 1) {
      const selection = parts.filter((_, bit) => (chosen & (1 << bit)) !== 0).join(" ");
      const document = `query ($id: ID!) { application(id: $id) { ${asks.map((ask, index) => `page${index}: pods(${shown(ask)}) { ${selection} }`).join(" ")} } }`;
      const { application } = await reading.data({ tenantId: world.tenantId }, document, { id: parent });
      for (const [index, ask] of asks.entries()) {
        const whole = connectionOf(modelPage(items, place.order, ask), place.nodeOf, cursorIn(cursors));
        expect(application[`page${index}`], document).toEqual(projected(whole, chosen));
      }
    }
  }, 60_000);

  test("nothing at all selected but what its type is called", async () => {
    const { tenantId } = world;
    const data = await reading.data({ tenantId }, "{ operations { __typename pageInfo { __typename } edges { __typename node { __typename } } nodes { __typename } } none: operations(filter: { states: [] }) { __typename edges { __typename } pageInfo { __typename } } }");
    const { rows: [counted] } = await database.admin.query<{ n: number }>("select least(20, count(*))::integer as n from operation where tenant_id = $1", [tenantId]);
    const times = <T>(value: T): T[] => Array.from({ length: counted?.n ?? -1 }, () => value);
    expect(data).toEqual({
      operations: { __typename: "OperationConnection", pageInfo: { __typename: "PageInfo" }, edges: times({ __typename: "OperationEdge", node: { __typename: "Operation" } }), nodes: times({ __typename: "Operation" }) },
      none: { __typename: "OperationConnection", edges: [], pageInfo: { __typename: "PageInfo" } },
    });
  });

  // What a comparison by the model finds is in tests/unit/read/relay.test.ts; here, that it is the server's own answers that are compared.
  test("an order that goes the other way would be found, and a condition that is not asked", async () => {
    const turned = await withMapping("Application.revisions", (mapping) => ({ ...mapping, order: ["number", "id"] }) as never, async () => {
      const { place, cursors, answer } = await nestedPlace(await openReading(database, { way }), BY_NUMBER);
      return differences(place, cursorIn(cursors), answer, { atMost: 1 });
    });
    expect(turned).not.toEqual([]);
    const { place, cursors } = await nestedPlace(reading, SOME_STEPS);
    const unasked = await withMapping("Operation.steps", (mapping) => ({ ...mapping, where: undefined }) as never, async () => {
      const { answer } = await nestedPlace(await openReading(database, { way }), ALL_STEPS);
      return differences(place, cursorIn(cursors), answer, { atMost: 1 });
    });
    expect(unasked).not.toEqual([]);
  });
});

/** Of a whole connection what these bits select, in the sequence of `parts`. */
function projected({ nodes, edges, pageInfo, totalCount }: Connection, chosen: number): object {
  const has = (bit: number): boolean => (chosen & (1 << bit)) !== 0;
  const info = Object.fromEntries((["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"] as const).filter((_, index) => has(3 + index)).map((name) => [name, pageInfo[name]]));
  return {
    ...(has(0) && { nodes }),
    ...((has(1) || has(2)) && { edges: edges.map(({ cursor, node }) => ({ ...(has(1) && { cursor }), ...(has(2) && { node }) })) }),
    ...(Object.keys(info).length > 0 && { pageInfo: info }),
    ...(has(7) && { totalCount }),
  };
}
