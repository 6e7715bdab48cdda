import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, READERS, type Reading } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";

/** Pages at their edges, forward and backward, at a root and below many parents, against a sort in memory. */
let database: TestDatabase;
let reading: Reading;
let tenantId: string;
const me = (): { tenantId: string } => ({ tenantId });

interface App {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}
const apps: App[] = [];
/** Names with upper and lower case, punctuation and other scripts: the order is that of their bytes. */
const NAMES = ["a", "A", "a-b", "a.b", "ab", "b", "B", "\u00e9", "\u4e2d", "z\"quoted\"", "z\\slash", "z'tick", "zz"];
const TIMES = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", "2026-03-01T12:30:00.120Z"];

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  tenantId = await rows.tenant();
  const [one, two] = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two")];
  for (const [index, name] of NAMES.entries()) {
    for (const namespaceId of index % 2 === 0 ? [one, two] : [one]) {
      const createdAt = TIMES[index % TIMES.length] as string;
      const { id } = await rows.application(tenantId, namespaceId, name, { created_at: createdAt });
      apps.push({ id: `Application.${id}`, name, createdAt });
    }
  }
});
afterAll(() => database.drop());

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
const compare = {
  NAME: (a: App, b: App) => Buffer.compare(bytes(a.name), bytes(b.name)) || (a.id < b.id ? -1 : 1),
  CREATED_AT: (a: App, b: App) => (a.createdAt === b.createdAt ? (a.id < b.id ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1),
};
type Field = keyof typeof compare;
const sorted = (field: Field, direction: "ASC" | "DESC"): App[] => {
  const ascending = apps.toSorted(compare[field]);
  return direction === "ASC" ? ascending : ascending.toReversed();
};

interface PageArgs {
  readonly first?: number;
  readonly last?: number;
  readonly after?: string;
  readonly before?: string;
}
interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly startCursor: string | null; readonly endCursor: string | null };
  readonly totalCount: number;
}
const DOCUMENT = `query ($first: Int, $last: Int, $after: String, $before: String, $order: ApplicationOrder) {
  applications(first: $first, last: $last, after: $after, before: $before, orderBy: $order) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }
}`;
const page = async (args: PageArgs, field: Field = "NAME", direction: "ASC" | "DESC" = "ASC"): Promise<Page> =>
  (await reading.data(me(), DOCUMENT, { ...args, order: { field, direction } })).applications as Page;
const idsOf = (of: Page): string[] => of.edges.map((edge) => edge.node.id);

/** The cursor of each position, learned by reading all. */
async function cursors(field: Field, direction: "ASC" | "DESC"): Promise<string[]> {
  return (await page({ first: 200 }, field, direction)).edges.map((edge) => edge.cursor);
}

describe.each(READERS)("%s", (way) => {
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  test("any page in any order is a slice of the whole in that order, and knows what is around it", async () => {
    const orders = await Promise.all(
      (["NAME", "CREATED_AT"] as const).flatMap((field) => (["ASC", "DESC"] as const).map(async (direction) => ({ field, direction, all: sorted(field, direction).map(({ id }) => id), cursors: await cursors(field, direction) }))),
    );
    const position = fc.option(fc.nat(apps.length - 1), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...orders), fc.boolean(), fc.integer({ min: 1, max: 30 }), position, position, async (order, forward, size, after, before) => {
        const from = after === undefined ? 0 : after + 1;
        const to = Math.max(from, before ?? order.all.length);
        const window = order.all.slice(from, to);
        const expected = forward ? window.slice(0, size) : window.slice(-size);
        const found = await page(
          { [forward ? "first" : "last"]: size, ...(after === undefined ? {} : { after: order.cursors[after] as string }), ...(before === undefined ? {} : { before: order.cursors[before] as string }) },
          order.field,
          order.direction,
        );
        expect(idsOf(found)).toEqual(expected);
        const more = window.length > size;
        expect(found.pageInfo).toEqual({
          hasNextPage: (forward && more) || before !== undefined,
          hasPreviousPage: (!forward && more) || after !== undefined,
          startCursor: found.edges[0]?.cursor ?? null,
          endCursor: found.edges.at(-1)?.cursor ?? null,
        });
        expect(found.edges.map(({ cursor }) => cursor)).toEqual(expected.map((id) => order.cursors[order.all.indexOf(id)]));
        expect(found.totalCount).toBe(apps.length);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test("going on by cursor meets each row once, forward and backward, whatever the page size", async () => {
    for (const size of [1, 3, apps.length - 1, apps.length, apps.length + 1]) {
      const forward: string[] = [];
      for (let after: string | undefined; ; ) {
        const found = await page({ first: size, ...(after === undefined ? {} : { after }) });
        forward.push(...idsOf(found));
        if (!found.pageInfo.hasNextPage) break;
        after = found.pageInfo.endCursor as string;
      }
      expect(forward).toEqual(sorted("NAME", "ASC").map(({ id }) => id));
      const backward: string[] = [];
      for (let before: string | undefined; ; ) {
        const found = await page({ last: size, ...(before === undefined ? {} : { before }) });
        backward.unshift(...idsOf(found));
        if (!found.pageInfo.hasPreviousPage) break;
        before = found.pageInfo.startCursor as string;
      }
      expect(backward).toEqual(forward);
    }
  });

  test("below many parents each page is its parent's own", async () => {
    const { namespaces } = await reading.data(me(), `{ namespaces {
      nodes { name applications(first: 4) { nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } tail: applications(last: 3) { edges { node { name } } pageInfo { hasNextPage hasPreviousPage } } }
    } }`);
    const namesIn = (even: boolean): string[] => [...new Set(NAMES)].filter((name) => !even || NAMES.indexOf(name) % 2 === 0).toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
    for (const [index, even] of [false, true].entries()) {
      const names = namesIn(even);
      const { applications, tail } = namespaces.nodes[index];
      expect(applications).toEqual({ nodes: names.slice(0, 4).map((name) => ({ name })), pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: expect.any(String) }, totalCount: names.length });
      expect(tail).toEqual({ edges: names.slice(-3).map((name) => ({ node: { name } })), pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    }
    // One cursor for all parents: where it stands in the order, it stands in each.
    const after = namespaces.nodes[1].applications.pageInfo.endCursor as string;
    const next = await reading.data(me(), `query ($after: String) { namespaces { nodes { applications(first: 100, after: $after) { nodes { name } pageInfo { hasNextPage hasPreviousPage } } } } }`, { after });
    for (const [index, even] of [false, true].entries()) {
      const boundary = namesIn(true)[3] as string;
      expect(next.namespaces.nodes[index].applications).toMatchObject({ pageInfo: { hasNextPage: false, hasPreviousPage: true } });
      const found = next.namespaces.nodes[index].applications.nodes.map((node: { name: string }) => node.name) as string[];
      expect(found.filter((name) => name !== boundary)).toEqual(namesIn(even).filter((name) => Buffer.compare(bytes(name), bytes(boundary)) > 0));
    }
  });

  test("an empty connection", async () => {
    const { applications } = await reading.data(me(), `{ applications(filter: { names: ["none"] }) { nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`);
    expect(applications).toEqual({ nodes: [], edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null }, totalCount: 0 });
  });

  test("20 unless something is said", async () => {
    expect((await page({})).edges).toHaveLength(Math.min(20, apps.length));
  });

  describe("refused", () => {
    const refusal = async (variables: Record<string, unknown>): Promise<{ message: string; code: unknown; path: unknown }> => {
      const [error] = await reading.errors(me(), DOCUMENT, variables);
      return { message: error?.message ?? "", code: (error?.originalError as { code?: unknown } | undefined)?.code, path: error?.path };
    };
    test.each([
      ["first of none", { first: 0 }, /"first" must be 1 to 200/],
      ["first below none", { first: -1 }, /"first" must be 1 to 200/],
      ["first above the limit", { first: 201 }, /"first" must be 1 to 200/],
      ["last above the limit", { last: 201 }, /"last" must be 1 to 200/],
      ["both ways at once", { first: 1, last: 1 }, /by "first" or by "last"/],
      ["a cursor that is none", { after: "nonsense" }, /"after" is not a cursor of this list/],
      ["an empty cursor", { before: "" }, /"before" is not a cursor of this list/],
      ["a cursor of other text", { after: Buffer.from('["Application:name,id", "a"]').toString("base64url") }, /"after" is not a cursor/],
      ["a cursor whose id is none", { after: Buffer.from('["Application:name,id", "a", "b"]').toString("base64url") }, /"after" is not a cursor/],
      ["a cursor with a character that Postgres has not", { after: Buffer.from('["Application:name,id", "\\u0000", "00000000-0000-7000-8000-000000000000"]').toString("base64url") }, /"after" is not a cursor/],
    ])("%s", async (_name, variables, message) => {
      expect(await refusal(variables)).toEqual({ message: expect.stringMatching(message), code: "BAD_USER_INPUT", path: ["applications"] });
    });

    test("a cursor of another order, and of another type", async () => {
      const [byName] = await cursors("NAME", "ASC");
      const [byTime] = await cursors("CREATED_AT", "ASC");
      await expect(page({ after: byTime as string })).rejects.toThrow("not a cursor of this list");
      await expect(page({ after: byName as string }, "NAME", "DESC")).rejects.toThrow("not a cursor of this list");
      const [error] = await reading.errors(me(), "query ($after: String) { pods(after: $after) { nodes { id } } }", { after: byName });
      expect(error?.originalError).toMatchObject({ code: "BAD_USER_INPUT" });
    });

    test("a page below rows fails at its own place, and leaves the rest", async () => {
      const { data, errors } = await reading.ask(me(), `{ namespaces { nodes { name applications(first: 0) { totalCount } } } }`);
      expect(errors?.map(({ path, message }) => [path, message])).toEqual([[["namespaces", "nodes", 0, "applications"], 'The argument "first" must be 1 to 200']]);
      expect(data).toBeNull();
    });

    test("a time in a cursor that does not exist is the caller's mistake, not the database's", async () => {
      for (const time of ["2026-02-30 00:00:00", "0000-01-01 00:00:00", "2026-01-01 25:00:00", "infinity"]) {
        const after = Buffer.from(`["Application:createdAt,id", "${time}", "00000000-0000-7000-8000-000000000000"]`).toString("base64url");
        const [error] = await reading.errors(me(), DOCUMENT, { after, order: { field: "CREATED_AT", direction: "ASC" } });
        expect(error?.originalError).toMatchObject({ code: "BAD_USER_INPUT" });
      }
    });
  });
});

test("a pageInfo in which everything is left out is empty", async () => {
  const query = "query ($no: Boolean!) { applications(first: 1) { pageInfo { hasNextPage @include(if: $no) } } namespaces { nodes { applications(first: 1) { pageInfo { endCursor @include(if: $no) } } } } }";
  const found = await reading.data(me(), query, { no: false });
  expect(found).toEqual({ applications: { pageInfo: {} }, namespaces: { nodes: [{ applications: { pageInfo: {} } }, { applications: { pageInfo: {} } }] } });
});
