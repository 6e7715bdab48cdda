import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  accepted,
  ClusterIdDocument,
  CreateApplicationDocument,
  CreateNamespaceDocument,
  CreateTenantDocument,
  GraphqlError,
  ScaleApplicationDocument,
  type SelvedgeClient,
  UpdateApplicationDocument,
} from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { seededRandom } from "#tests/support/random.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import { testSeed } from "#tests/support/seed.ts";

/**
 * Durable accept and idempotency under kill -9. Thousands of mutations of three kinds from many callers at once, while the server is killed
 * again and again at random moments; a caller whose answer was lost sends the same input with the same key. Afterwards the database must hold
 * every mutation exactly once, with its audit entry, its answer and its timeline record in the same transaction, and nothing that nobody asked for.
 * Ten thousand of them with six kills: SELVEDGE_TEST_MUTATIONS=10000 SELVEDGE_TEST_KILLS=6 npm test -- tests/scenarios/acknowledged.test.ts
 */
const TOTAL = Number(process.env["SELVEDGE_TEST_MUTATIONS"] ?? 4_000);
const KILLS = Number(process.env["SELVEDGE_TEST_KILLS"] ?? 4);
const TENANTS = 5;
const APPLICATIONS_EACH = 4;
const CALLERS = 32;
/** One in so many is sent by several callers at the same moment with the same key. */
const CONTESTED_EVERY = 20;
const CONTENDERS = 8;
const RETRY_FOR_MS = 60_000;

const seed = testSeed();
const random = seededRandom(seed);
const below = (limit: number): number => Math.floor(random() * limit);

type Kind = "createNamespace" | "updateApplication" | "scaleApplication";
interface Work {
  readonly kind: Kind;
  readonly key: string;
  readonly tenant: number;
  readonly application: number;
  readonly replicas: number;
  readonly contested: boolean;
}

const plan: readonly Work[] = Array.from({ length: TOTAL }, (_, index) => {
  const dice = random();
  const kind: Kind = dice < 0.7 ? "createNamespace" : dice < 0.96 ? "updateApplication" : "scaleApplication";
  return { kind, key: `work-${index}`, tenant: below(TENANTS), application: below(APPLICATIONS_EACH), replicas: below(3), contested: index % CONTESTED_EVERY === 0 };
});
const ofKind = (kind: Kind): readonly Work[] => plan.filter((work) => work.kind === kind);

let server: ServerProcess;
/** The answer's id by key, for what was acknowledged. */
const acknowledged = new Map<string, string>();
const applicationIds: string[][] = [];

async function perform(client: SelvedgeClient, work: Work): Promise<string> {
  const applicationId = applicationIds[work.tenant]?.[work.application] ?? "";
  const retrying = { retryForMs: RETRY_FOR_MS };
  switch (work.kind) {
    case "createNamespace": {
      const input = { name: work.key, description: `Made by ${work.key}`, idempotencyKey: work.key };
      return accepted((await client.executeWith(retrying, CreateNamespaceDocument, { input })).createNamespace).namespace?.id ?? "none";
    }
    case "updateApplication": {
      const input = { applicationId, description: `Changed by ${work.key}`, idempotencyKey: work.key };
      return accepted((await client.executeWith(retrying, UpdateApplicationDocument, { input })).updateApplication).application?.id ?? "none";
    }
    case "scaleApplication": {
      const input = { applicationId, replicas: work.replicas, idempotencyKey: work.key };
      return accepted((await client.executeWith(retrying, ScaleApplicationDocument, { input })).scaleApplication).application?.id ?? "none";
    }
  }
}

/** A rate limit is no failure of the promise: the caller waits as told. */
async function untilAcknowledged(client: SelvedgeClient, work: Work): Promise<string> {
  for (;;) {
    try {
      return await perform(client, work);
    } catch (error) {
      if (!(error instanceof GraphqlError) || error.code !== "RATE_LIMITED") throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? 100));
    }
  }
}

async function call(clients: readonly SelvedgeClient[], queue: Iterator<Work>): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const work = next.value;
    const client = clients[work.tenant] as SelvedgeClient;
    const answers = await Promise.all(Array.from({ length: work.contested ? CONTENDERS : 1 }, () => untilAcknowledged(client, work)));
    expect(new Set(answers).size, `answers to ${work.key}`).toBe(1);
    acknowledged.set(work.key, answers[0] as string);
  }
}

/** Kills at random moments: each time a random number of answers has come, and a little later. */
async function killAgainAndAgain(running: AbortSignal): Promise<number> {
  const moments = Array.from({ length: KILLS }, () => TOTAL * (0.02 + 0.94 * random())).toSorted((a, b) => a - b);
  let kills = 0;
  for (const moment of moments) {
    while (acknowledged.size < moment && !running.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    if (running.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, random() * 40));
    await server.kill9();
    kills += 1;
    await server.start();
  }
  return kills;
}

beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "error" } });
  const admin = server.client();
  const clusterId = (await admin.execute(ClusterIdDocument, { code: "hangzhou-1" })).cluster?.id ?? "";
  const clients: SelvedgeClient[] = [];
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    const { ownerToken } = accepted((await admin.execute(CreateTenantDocument, { input: { name: `tenant-${tenant}` } })).createTenant);
    const client = server.client(ownerToken ?? "");
    clients.push(client);
    const ids: string[] = [];
    for (let index = 0; index < APPLICATIONS_EACH; index += 1) {
      const template = { containers: [{ name: "web", image: "docker.io/library/nginx:1.29-alpine", cpuMillis: 10, memoryMiB: 8 }] };
      const input = { name: `app-${index}`, namespace: "default", template, distribution: { clusters: [{ clusterId, replicas: 0 }] } };
      ids.push(accepted((await client.execute(CreateApplicationDocument, { input })).createApplication).application?.id ?? "");
    }
    applicationIds.push(ids);
  }
  process.stdout.write(`acknowledged.test.ts: TEST_SEED=${seed}\n`);
  const queue = plan[Symbol.iterator]();
  const done = new AbortController();
  const began = performance.now();
  const calling = Promise.all(Array.from({ length: CALLERS }, () => call(clients, queue))).finally(() => done.abort());
  const [kills] = await Promise.all([killAgainAndAgain(done.signal), calling]);
  process.stdout.write(`acknowledged.test.ts: ${acknowledged.size} acknowledged in ${((performance.now() - began) / 1000).toFixed(1)} s across ${kills} kills\n`);
  expect(kills).toBe(KILLS);
}, 600_000);
afterAll(() => server?.dispose());

describe(`${TOTAL} acknowledged mutations across ${KILLS} kills (TEST_SEED=${seed})`, () => {
  const select = async <Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> => {
    const connection = await server.sql();
    return (await connection.query<Row>(statement, values)).rows;
  };
  const uuid = (globalId: string | undefined): string => globalId?.split(".")[1] ?? "";

  it("are all acknowledged in the end", () => {
    expect(acknowledged.size).toBe(TOTAL);
  });

  it("have each one audit entry, and nothing else has", async () => {
    const entries = await select<{ key: string; action: Kind; target: string; count: number }>(
      `select input ->> 'idempotencyKey' as key, action, target_id as target, count(*)::int as count from audit_entry
       where outcome = 'ACCEPTED' and action in ('createNamespace', 'updateApplication', 'scaleApplication') group by 1, 2, 3`,
    );
    const expected = plan.map(({ key, kind }) => ({ key, action: kind, target: uuid(acknowledged.get(key)), count: 1 }));
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    expect(entries.toSorted(byKey)).toEqual(expected.toSorted(byKey));
    expect(await select("select action, input from audit_entry where outcome = 'REFUSED'")).toEqual([]);
  });

  it("have each their effect, once", async () => {
    const namespaces = await select<{ id: string; name: string }>("select id, name from namespace where not is_default");
    expect(new Map(namespaces.map(({ id, name }) => [name, id]))).toEqual(new Map(ofKind("createNamespace").map(({ key }) => [key, uuid(acknowledged.get(key))])));
    expect(namespaces).toHaveLength(ofKind("createNamespace").length);

    const changes = [...ofKind("updateApplication"), ...ofKind("scaleApplication")];
    const versions = await select<{ id: string; version: number }>("select id, version from application");
    const expected = applicationIds.flatMap((ids, tenant) => ids.map((id, index) => [uuid(id), 1 + changes.filter((work) => work.tenant === tenant && work.application === index).length] as const));
    expect(new Map(versions.map(({ id, version }) => [id, version]))).toEqual(new Map(expected));
  });

  it("were committed whole: state, audit entry, kept answer and timeline record by one transaction", { timeout: 120_000 }, async () => {
    // Thousands of rows in seconds: nobody has told the planner yet.
    await select("analyze namespace, audit_entry, idempotency, timeline");
    const [halves] = await select<{ namespaces: number; audited: number; kept: number; announced: number }>(
      `select count(*)::int as namespaces,
              count(*) filter (where a.xmin = n.xmin)::int as audited,
              count(*) filter (where i.xmin = n.xmin and i.result is not null)::int as kept,
              count(*) filter (where exists (select from timeline t where mod(t.xid, 4294967296) = n.xmin::text::bigint and t.kind = 'namespace' and n.id = any (t.ids)))::int as announced
       from namespace n
       left join audit_entry a on a.tenant_id = n.tenant_id and a.target_id = n.id and a.outcome = 'ACCEPTED'
       left join idempotency i on i.tenant_id = n.tenant_id and i.mutation = 'createNamespace' and i.key = n.name
       where not n.is_default`,
    );
    const all = ofKind("createNamespace").length;
    expect(halves).toEqual({ namespaces: all, audited: all, kept: all, announced: all });
    const [keys] = await select<{ count: number }>("select count(*)::int as count from idempotency where key like 'work-%' and result is not null");
    expect(keys?.count).toBe(TOTAL);
  });

  it("lost no job: every operation ends, and the clusters run what was asked for last", { timeout: 120_000 }, async () => {
    await eventually(
      async () => {
        expect(await select("select id, kind, state from operation where finished_at is null")).toEqual([]);
        const [pods] = await select<{ desired: number; ready: number }>(
          "select (select coalesce(sum(desired), 0)::int from application) as desired, (select count(*)::int from pod where ready and phase = 'RUNNING') as ready",
        );
        expect(pods?.ready).toBe(pods?.desired);
      },
      { deadlineMs: 100_000, everyMs: 500 },
    );
  });
});
