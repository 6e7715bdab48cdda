import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { NOW, openReading, type Reading } from "#tests/support/reading.ts";
import { type Rows, rowsOf } from "#tests/support/rows.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/** What a list of events shows: which window, the newest of each object and reason, for whom, and what each of them leads to. */
let database: TestDatabase;
let rows: Rows;
let reading: Reading;
const ids: Record<string, string> = {};
const HOUR = 3_600_000;
const at = (beforeMs: number): string => new Date(NOW - beforeMs).toISOString();
const CENTRE = "00000000-0000-0000-0000-000000000000";

beforeAll(async () => {
  database = await createTestDatabase();
  rows = rowsOf(database.admin);
  const cluster = (ids["cluster"] = await rows.cluster(await rows.region("east"), "a-1"));
  for (const who of ["mine", "another"]) {
    const tenantId = (ids[who] = await rows.tenant());
    const [one, two] = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two")];
    [ids[`${who}.one`], ids[`${who}.two`]] = [one, two];
    const vpc = await rows.vpc(tenantId, cluster, "net");
    for (const [name, namespaceId] of [["web", one], ["api", two]] as const) {
      const application = await rows.application(tenantId, namespaceId, name);
      const of = { tenantId, namespaceId, applicationId: application.id };
      const placementId = await rows.placement({ ...of, ...application }, cluster, vpc);
      const pod = await rows.pod({ ...of, placementId, revisionId: application.revisionId, clusterId: cluster }, `${name}-1`);
      Object.assign(ids, { [`${who}.${name}`]: application.id, [`${who}.${name}.pod`]: pod });
      const about = { object_id: pod, object: `pod/${name}-1`, involved_type: "Pod", involved_id: pod };
      // A series of three, of which the last two are of the last hour; one that is older than the list; one on its edge.
      for (const [count, before] of [[1, 2 * HOUR], [2, 1_800_000], [3, 60_000]] as const) ids[`${who}.${name}.backOff${count}`] = await rows.event({ ...of, podId: pod }, cluster, at(before), { ...about, reason: "BackOff", type: "WARNING", count, first_at: at(2 * HOUR), message: "Back-off restarting" });
      ids[`${who}.${name}.old`] = await rows.event({ ...of, podId: pod }, cluster, at(HOUR + 1), { ...about, reason: "Killing" });
      ids[`${who}.${name}.edge`] = await rows.event(of, cluster, at(HOUR), { object: `application/${name}`, reason: "ScalingReplicaSet", message: "Scaled UP from 0 to 5 pods", involved_type: "Application", involved_id: application.id });
    }
  }
  ids["node"] = await rows.event(null, cluster, at(5_000), { object: "node/n1", reason: "NodeNotReady", type: "WARNING", involved_type: "Fault", involved_id: ids["cluster"], cause: "fault 1" });
  ids["centre"] = await rows.event(null, CENTRE, at(4_000), { object: "centre/database", object_kind: "centre", object_id: CENTRE, reason: "CentreRestored", type: "WARNING" });
}, 60_000);
afterAll(() => database.drop());

const events = async (args: string, viewer: Parameters<Reading["data"]>[0], selection = "id"): Promise<string[]> =>
  ((await reading.data(viewer, `{ events${args} { nodes { ${selection} } } }`)).events.nodes as { readonly id: string }[]).map(({ id }) => id);
const of = (...names: string[]): string[] => names.map((name) => `Event.${ids[name]}`);

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });
  const mine = () => ({ tenantId: ids["mine"] as string });

  test("the last hour, newest first, of each object and reason the newest, with the platform's", async () => {
    const shown = await events("", mine());
    expect(shown.slice(0, 2)).toEqual(of("centre", "node"));
    expect(shown.slice(2, 4).toSorted()).toEqual(of("mine.web.backOff3", "mine.api.backOff3").toSorted());
    expect(shown.slice(4).toSorted()).toEqual(of("mine.web.edge", "mine.api.edge").toSorted());
  });

  test("since when is asked, and until when: then the newest of that time", async () => {
    const web = `applicationIds: ["Application.${ids["mine.web"]}"]`;
    expect(await events(`(filter: { ${web} since: "${at(3 * HOUR)}" })`, mine())).toEqual(of("mine.web.backOff3", "mine.web.edge", "mine.web.old"));
    expect(await events(`(filter: { ${web} until: "${at(60_000)}" })`, mine())).toEqual(of("mine.web.backOff2", "mine.web.edge"));
    expect(await events(`(filter: { ${web} since: "${at(3 * HOUR)}" until: "${at(1_800_000)}" })`, mine())).toEqual(of("mine.web.edge", "mine.web.old", "mine.web.backOff1"));
    // A condition leaves out, and brings no earlier one of a series back.
    expect(await events(`(filter: { ${web} keyword: "no such" })`, mine())).toEqual([]);
  });

  test("a word in reason, message or object, whatever the case", async () => {
    const found = async (keyword: string) => (await events(`(filter: { keyword: ${JSON.stringify(keyword)} })`, mine())).toSorted();
    expect(await found("backoff")).toEqual(of("mine.web.backOff3", "mine.api.backOff3").toSorted());
    expect(await found("scaled up")).toEqual(of("mine.web.edge", "mine.api.edge").toSorted());
    expect(await found("POD/WEB")).toEqual(of("mine.web.backOff3"));
    expect(await found("%")).toEqual([]);
  });

  test("a token of a namespace sees its own, and the platform's; another tenant only theirs", async () => {
    const shown = await events("", { ...mine(), role: "VIEWER", namespaceIds: [ids["mine.one"] as string] });
    expect(shown).toEqual(of("centre", "node", "mine.web.backOff3", "mine.web.edge"));
    expect(await events("", { ...mine(), namespaceIds: [] })).toEqual(of("centre", "node"));
    expect((await events("", { tenantId: ids["another"] as string })).toSorted()).toEqual(of("centre", "node", "another.web.backOff3", "another.api.backOff3", "another.web.edge", "another.api.edge").toSorted());
    const theirs = `podIds: ["Pod.${ids["another.web.pod"]}"]`;
    expect(await events(`(filter: { ${theirs} })`, mine())).toEqual([]);
    expect((await reading.data(mine(), `{ node(id: "Event.${ids["another.web.backOff3"]}") { id } }`)).node).toBe(null);
  });

  test("leads to what it is about: its application, its pod, its cluster, and what is behind it", async () => {
    const selection = "id type reason message count firstAt at object cause application { name } pod { name } cluster { code } involved { __typename id }";
    const { events: { nodes } } = await reading.data(mine(), `{ events(filter: { reasons: ["BackOff", "NodeNotReady", "CentreRestored"] clusterIds: ["Cluster.${ids["cluster"]}", "Cluster.${CENTRE}"] }) { nodes { ${selection} } } }`);
    expect(nodes).toMatchObject([
      { object: "centre/database", application: null, pod: null, cluster: null, involved: null },
      // A fault is no object of the schema yet, or this one is gone.
      { object: "node/n1", application: null, pod: null, cluster: { code: "a-1" }, involved: null, cause: "fault 1" },
      ...["web", "api"].toSorted((a, b) => ((ids[`mine.${a}.backOff3`] ?? "") > (ids[`mine.${b}.backOff3`] ?? "") ? -1 : 1)).map((name) => ({
        type: "WARNING", reason: "BackOff", count: 3, at: at(60_000), firstAt: at(2 * HOUR), object: `pod/${name}-1`, application: { name }, pod: { name: `${name}-1` }, cluster: { code: "a-1" },
        involved: { __typename: "Pod", id: `Pod.${ids[`mine.${name}.pod`]}` }, cause: null,
      })),
    ]);
  });

  test("of an application and of a pod", async () => {
    const { application } = await reading.data(mine(), `{ application(namespace: "one", name: "web") { events { nodes { id } } pods { nodes { events(filter: { since: "${at(3 * HOUR)}" }) { nodes { id } } } } } }`);
    expect(application.events.nodes.map(({ id }: { id: string }) => id)).toEqual(of("mine.web.backOff3", "mine.web.edge"));
    expect(application.pods.nodes[0].events.nodes.map(({ id }: { id: string }) => id)).toEqual(of("mine.web.backOff3", "mine.web.old"));
  });

  test("page by page each once, also while more happens", async () => {
    const seen: string[] = [];
    const later: string[] = [];
    for (let after: string | null = null; seen.length < 20;) {
      // oxlint-disable-next-line no-await-in-loop -- the next page begins behind this one
      const page: { readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean } } = (await reading.data(mine(), "query ($after: String) { events(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage } } }", { after })).events;
      seen.push(...page.edges.map(({ node }) => node.id));
      // oxlint-disable-next-line no-await-in-loop -- between two pages
      later.push(await rows.event(null, CENTRE, at(0), { reason: `Later${later.length}` }));
      after = page.edges.at(-1)?.cursor ?? null;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 2)).toEqual(of("centre", "node"));
    expect(seen.toSorted()).toEqual(of("centre", "node", "mine.web.backOff3", "mine.api.backOff3", "mine.web.edge", "mine.api.edge").toSorted());
    await database.admin.query("delete from event where id = any ($1)", [later]);
  });
});

test("the newest of a tenant are found by an index, without sorting what there is", async () => {
  await database.admin.query(
    `insert into event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object)
     select $1, gen_random_uuid(), case when n % 3 = 0 then null when n % 3 = 1 then $2::uuid else $3::uuid end, case when n % 3 > 0 then $4::uuid end, case when n % 3 > 0 then $5::uuid end,
       $6::timestamptz - n * interval '1 second', $6::timestamptz, 'NORMAL', 'Started', 'x', 1, 'placement', gen_random_uuid(), 'application/x'
     from generate_series(1, 30000) n`, [ids["cluster"], ids["mine"], ids["another"], ids["mine.web"], ids["mine.one"], at(0)]);
  await database.admin.query("analyze event");
  const { pool } = await database.openAs("selvedge_api", 1);
  const client = await pool.connect();
  try {
    await client.query("begin; select set_config('app.tenant_id', '" + ids["mine"] + "', true), set_config('app.namespace_ids', '*', true)");
    const { rows: lines } = await client.query<Record<string, string>>(
      `explain select * from app.events_in_sight() e where e.at >= '2026-01-01' and not exists (select from event n where n.object_id = e.object_id and n.reason = e.reason and n.cluster_id = e.cluster_id and (n.at, n.id) > (e.at, e.id))
       order by at desc, id desc limit 51`);
    const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/Merge Append|Append/);
    expect(plan).not.toMatch(/->\s+Sort|Seq Scan on event/);
  } finally {
    await client.query("rollback");
    client.release();
  }
});
