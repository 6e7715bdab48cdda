import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, READERS, type Reading } from "#tests/support/reading.ts";
import { seededRandom } from "#tests/support/random.ts";
import { rowsOf, TEMPLATE } from "#tests/support/rows.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * Random queries over what belongs to applications, through the schema and each reader, against the same said in plain SQL, one row after the
 * other. And however many rows a query meets, it takes a statement for each page, count and object that its text asks for; or one for each root. By hand, with more of them:
 * SELVEDGE_OPERATIONS=1000 npm test -- tests/integration/read/random-queries.test.ts
 */
const SEED = testSeed();
const OPERATIONS = Number(process.env["SELVEDGE_OPERATIONS"] ?? 60);
const TIMEOUT_MS = 60_000 + OPERATIONS * 500;
const random = seededRandom(SEED);
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const chance = (p: number): boolean => random() < p;

let database: TestDatabase;
let reading: Reading;
let tenantId: string;
/** One token sees all, the other a namespace of two. */
let narrow: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const region = await rows.region("east");
  const clusters = await Promise.all(["a", "b", "c"].map((code) => rows.cluster(region, code)));
  for (const tenant of ["mine", "another"]) {
    const at = await rows.tenant(tenant);
    const namespaces = [await rows.namespace(at, "one"), await rows.namespace(at, "two")];
    if (tenant === "mine") [tenantId, narrow] = [at, namespaces[1] as string];
    const vpcs = new Map<string, string>();
    for (const cluster of clusters) vpcs.set(cluster, await rows.vpc(at, cluster, "net"));
    const configs: { readonly kind: "ConfigMap" | "Secret"; readonly id: string; readonly namespaceId: string }[] = [];
    for (let n = 0; n < 8; n += 1) {
      const namespaceId = namespaces[n % 2] as string;
      configs.push({ kind: "ConfigMap", namespaceId, id: await rows.configMap(at, namespaceId, `config-${n}`) }, { kind: "Secret", namespaceId, id: await rows.secret(at, namespaceId, `secret-${n}`) });
    }
    for (let n = 0; n < 14; n += 1) {
      const namespaceId = pick(namespaces);
      const application = await rows.application(at, namespaceId, `app-${n}`);
      const of = { tenantId: at, namespaceId, ...application };
      const revisions = [application.revisionId];
      for (let number = 2; number <= 1 + below(4); number += 1) {
        const id = randomUUID();
        const template = { ...TEMPLATE, labels: [{ key: "number", value: String(number) }] };
        await database.admin.query(
          "insert into revision select tenant_id, $2, application_id, namespace_id, $3, $4, template_hash, message, created_by, created_at from revision where id = $1",
          [application.revisionId, id, number, JSON.stringify(template)],
        );
        revisions.push(id);
      }
      await database.admin.query("update application set revision_id = $2 where id = $1", [application.id, pick(revisions)]);
      for (const revisionId of revisions) {
        for (const { kind, id } of configs.filter((config) => config.namespaceId === namespaceId && chance(0.3))) await rows.configReference({ ...of, revisionId }, kind, id);
      }
      if (revisions.length > 1) {
        const { rows: [rollout] } = await database.admin.query<{ id: string }>(
          `insert into rollout (tenant_id, id, application_id, namespace_id, from_revision_id, to_revision_id, strategy, update_strategy, progress_deadline_seconds, auto_rollback, state, started_at, progressed_at, finished_at)
           select tenant_id, gen_random_uuid(), id, namespace_id, $2, $3, 'FULL', update_strategy, 600, false, 'PROGRESSING', now(), now(), $4 from application where id = $1 returning id`,
          [application.id, pick(revisions), pick(revisions), chance(0.5) ? new Date(0) : null],
        );
        await database.admin.query("update application set rollout_id = $2 where id = $1", [application.id, rollout?.id]);
      }
      for (const clusterId of clusters.filter(() => chance(0.6))) {
        const vpcId = vpcs.get(clusterId) as string;
        const placementId = await rows.placement({ ...of, revisionId: pick(revisions) }, clusterId, vpcId);
        for (let pod = below(5); pod > 0; pod -= 1) {
          const values = { phase: pick(["RUNNING", "RUNNING", "STARTING", "TERMINATING", "FAILED", "SUCCEEDED"]), ready: chance(0.7), ...(chance(0.8) ? { private_ip: `10.0.${n}.${pod}` } : {}) };
          await rows.pod({ ...of, applicationId: application.id, placementId, clusterId, revisionId: pick(revisions) }, `app-${n}-${pod}`, values);
        }
        for (let service = below(3); service > 0; service -= 1) await rows.service({ ...of, applicationId: application.id, clusterId, vpcId }, `svc-${n}-${service}`);
      }
    }
  }
}, 60_000);
afterAll(() => database.drop());

/** How one gets from an object to others: SQL for their ids in order, given the first one's as $1. Of a root, the tenant's. */
interface Relation {
  readonly to: string;
  readonly many: boolean;
  readonly sql: string;
}
const one = (to: string, sql: string): Relation => ({ to, many: false, sql });
const page = (to: string, sql: string): Relation => ({ to, many: true, sql });
const OF_APPLICATION = (to: string, order: string): Relation => page(to, `select id from ${to.toLowerCase()} where application_id = $1 order by ${order}`);
const USED_BY = page("Application", `select a.id from application a where exists (select from config_reference r where r.config_id = $1 and r.application_id = a.id and (
  r.revision_id = a.revision_id
  or r.revision_id in (select p.revision_id from placement p where p.application_id = a.id)
  or r.revision_id in (select o.from_revision_id from rollout o where o.application_id = a.id and o.finished_at is null))) order by a.name collate "C", a.id`);
const RELATIONS: Readonly<Record<string, Readonly<Record<string, Relation>>>> = {
  Query: {
    applications: page("Application", `select id from application where tenant_id = $1 order by name collate "C", id`),
    services: page("Service", `select id from service where tenant_id = $1 order by name collate "C", id`),
    configMaps: page("ConfigMap", `select id from config_map where tenant_id = $1 order by name collate "C", id`),
    secrets: page("Secret", `select id from secret where tenant_id = $1 order by name collate "C", id`),
  },
  Application: {
    services: OF_APPLICATION("Service", `name collate "C", id`),
    revisions: OF_APPLICATION("Revision", "number desc, id desc"),
    placements: OF_APPLICATION("Placement", "id"),
    pods: OF_APPLICATION("Pod", `name collate "C", id`),
    revision: one("Revision", "select revision_id as id from application where id = $1"),
    rollout: one("Rollout", "select rollout_id as id from application where id = $1 and rollout_id is not null"),
  },
  Service: {
    endpoints: page("ServiceEndpoint", `select p.id from pod p join service s on s.application_id = p.application_id and s.cluster_id = p.cluster_id
      where s.id = $1 and p.private_ip is not null and p.phase not in ('TERMINATING', 'SUCCEEDED', 'FAILED') order by p.name collate "C", p.id`),
    application: one("Application", "select application_id as id from service where id = $1"),
    vpc: one("Vpc", "select vpc_id as id from service where id = $1"),
  },
  ServiceEndpoint: { pod: one("Pod", "select $1::uuid as id") },
  Vpc: { services: page("Service", `select id from service where vpc_id = $1 order by name collate "C", id`) },
  Pod: { application: one("Application", "select application_id as id from pod where id = $1"), revision: one("Revision", "select revision_id as id from pod where id = $1") },
  Placement: { revision: one("Revision", "select revision_id as id from placement where id = $1"), pods: page("Pod", `select id from pod where placement_id = $1 order by name collate "C", id`) },
  Revision: { application: one("Application", "select application_id as id from revision where id = $1") },
  Rollout: { from: one("Revision", "select from_revision_id as id from rollout where id = $1"), to: one("Revision", "select to_revision_id as id from rollout where id = $1") },
  ConfigMap: { usedBy: USED_BY },
  Secret: { usedBy: USED_BY },
};
/** Fields of its own that each type shows, as SQL has them. */
const OWN: Readonly<Record<string, readonly [field: string, sql: string]>> = {
  Revision: ["number", "select number as value from revision where id = $1"],
  ServiceEndpoint: ["address", "select host(private_ip) as value from pod where id = $1"],
  Rollout: ["state", "select state as value from rollout where id = $1"],
  Placement: ["generation", "select generation as value from placement where id = $1"],
};
const nameOf = (type: string): readonly [string, string] => [
  "name", `select name as value from ${type === "ConfigMap" ? "config_map" : type.toLowerCase()} where id = $1`,
];

interface Selected {
  readonly alias: string;
  readonly field: string;
  readonly relation: Relation;
  readonly first: number | null;
  readonly last: number | null;
  readonly count: boolean;
  readonly below: readonly Selected[];
}

const selectionOn = (type: string, depth: number): fc.Arbitrary<readonly Selected[]> => {
  const relations = Object.entries(RELATIONS[type] ?? {});
  if (depth === 0 || relations.length === 0) return fc.constant([]);
  const some = fc.constantFrom(...relations).chain(([field, relation]) =>
    fc.record({
      field: fc.constant(field), relation: fc.constant(relation), count: fc.boolean(),
      size: fc.option(fc.integer({ min: 1, max: 4 })), forward: fc.boolean(), below: selectionOn(relation.to, depth - 1),
    }));
  return fc.array(some, { minLength: type === "Query" ? 1 : 0, maxLength: 3 }).map((fields) =>
    fields.map(({ size, forward, ...rest }, index) => ({ ...rest, alias: `f${index}`, first: forward ? size : null, last: forward ? null : size })));
};

const textOf = (type: string, selected: readonly Selected[]): string => {
  const own = type === "Query" ? "" : (OWN[type] ?? nameOf(type))[0];
  const fields = selected.map(({ alias, field, relation, first, last, count, below: inner }) => {
    const args = first !== null ? `(first: ${first})` : last !== null ? `(last: ${last})` : "";
    const nested = textOf(relation.to, inner);
    return relation.many ? `${alias}: ${field}${args} { ${count ? "totalCount" : ""} pageInfo { hasNextPage hasPreviousPage } nodes ${nested} }` : `${alias}: ${field} ${nested}`;
  });
  return `{ ${[own, ...fields].join(" ")} }`;
};

type Answer = Readonly<Record<string, unknown>>;
/** The rows that the viewer sees of a type, by the tenant and namespace in the row itself. */
async function seen(namespaceId: string | null, type: string, ids: readonly string[]): Promise<readonly string[]> {
  if (namespaceId === null || type === "Vpc" || ids.length === 0) return ids;
  const table = type === "ConfigMap" ? "config_map" : type === "ServiceEndpoint" ? "pod" : type.toLowerCase();
  const { rows } = await database.admin.query<{ id: string }>(`select id from ${table} where id = any ($1) and namespace_id = $2`, [ids, namespaceId]);
  const visible = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => visible.has(id));
}

async function plainly(type: string, id: string, selected: readonly Selected[], namespaceId: string | null): Promise<Answer> {
  const answer: Record<string, unknown> = {};
  if (type !== "Query") {
    const [field, sql] = OWN[type] ?? nameOf(type);
    answer[field] = (await database.admin.query<{ value: unknown }>(sql, [id])).rows[0]?.value;
  }
  for (const { alias, relation, first, last, count, below: inner } of selected) {
    const { rows } = await database.admin.query<{ id: string }>(relation.sql, [id]);
    const all = await seen(namespaceId, relation.to, rows.map((row) => row.id));
    const shown = last === null ? all.slice(0, first ?? 20) : all.slice(-last);
    const nodes = await Promise.all(shown.map((of) => plainly(relation.to, of, inner, namespaceId)));
    if (!relation.many) answer[alias] = nodes[0] ?? null;
    else {
      const pageInfo = { hasNextPage: last === null && all.length > shown.length, hasPreviousPage: last !== null && all.length > shown.length };
      answer[alias] = { ...(count ? { totalCount: all.length } : {}), pageInfo, nodes };
    }
  }
  return answer;
}

/** A page, a count, and an object each. */
const statementsFor = (selected: readonly Selected[]): number => selected.reduce((sum, { relation, count, below: inner }) => sum + 1 + (relation.many && count ? 1 : 0) + statementsFor(inner), 0);

describe.each(READERS)("%s", (way) => {
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  test(`any query says what plain SQL says, in a statement for each relation in its text (seed ${SEED})`, { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(selectionOn("Query", 4), fc.boolean(), async (selected, all) => {
        const namespaceId = all ? null : narrow;
        reading.groups();
        const found = await reading.data({ tenantId, namespaceIds: namespaceId === null ? null : [namespaceId] }, textOf("Query", selected));
        const statements = reading.groups().flat().length;
        expect(found).toEqual(await plainly("Query", tenantId, selected, namespaceId));
        if (way === "mixed") expect(statements).toBe(selected.length);
        else expect(statements).toBeLessThanOrEqual(statementsFor(selected));
      }),
      { seed: SEED, numRuns: OPERATIONS },
    );
  });

  test("the day's page of applications takes as many statements for 14 as for one", async () => {
    const document = `query ($first: Int) { applications(first: $first) { nodes { name
      services { totalCount nodes { name endpoints { totalCount nodes { address ready pod { name } } } } } rollout { state from { number } to { number } }
      revisions { nodes { number changes { path } } } manifest
    } } configMaps(first: $first) { nodes { name usedBy { totalCount nodes { name } } } } secrets(first: $first) { nodes { name usedBy { nodes { name } } } } }`;
    const statements = async (first: number): Promise<number> => {
      reading.groups();
      await reading.data({ tenantId }, document, { first });
      return reading.groups().flat().length;
    };
    const [few, many] = [await statements(1), await statements(14)];
    if (way === "mixed") expect(many).toBe(3);
    expect(many).toBeLessThan(20);
    // One application may have no service or rollout at all: then less is asked.
    expect(few).toBeLessThanOrEqual(many);
  });
});
