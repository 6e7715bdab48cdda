/**
 * From accepted to ready, through the whole system as `npm start` runs it: createApplication over HTTP, reconciliation, assignments, the link, agents
 * with their store, the simulated clusters, reports, the centre's rows. The speed is 1 and all modelled times are the product's own: an image of the
 * bench's is pulled in 2.1 s or so, a container created in 0.3 to 0.7 s, ready 0.1 to 0.4 s later; no pod can be ready sooner.
 *
 * The limit beside it: the same pods' rows, from arrays into a table like the centre's with its indexes, by bare upserts of 500 as the superuser.
 */
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type pg from "pg";
import { accepted, ClustersDocument, CreateApplicationDocument, type SelvedgeClient } from "#clients/typescript/index.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import { CpuOfServer } from "./deploy/cpu.ts";
import { upsertAgain } from "./deploy/limit.ts";
import { percentile } from "./writes/figures.ts";

export const takesOptions = true;

const HELP = "Options: --fleet china  --applications 10  --clusters 50 (of each)  --replicas 10 (on each)  --full (china-large: 100 applications on 100 of 1,000 clusters, 100,000 pods)";
const CREATE_LANES = 4;
const LOOK_MS = 250;
const ONLINE_DEADLINE_MS = 300_000;
const READY_DEADLINE_MS = 900_000;
const IDLE_MS = 5_000;
/** What a start leaves behind is done by then. */
const SETTLE_MS = 10_000;
/** A second, on a machine of two cores that does nothing else. */
const FLOOR_PODS = 2_000;

export async function run(args: readonly string[]): Promise<boolean> {
  const options = optionsOf(args);
  if (options === null) return true;
  const { fleet, applications, clusters: each, replicas } = options;
  const startedAt = performance.now();
  const server = await startServer({ env: { SELVEDGE_FLEET: fleet, LOG_LEVEL: "warn" }, readyDeadlineMs: ONLINE_DEADLINE_MS });
  try {
    const readyMs = performance.now() - startedAt;
    const sql = await server.sql();
    const client = server.client();
    const clusters = await onlineClusters(client, sql);
    const onlineMs = performance.now() - startedAt;
    const cpu = new CpuOfServer(server.dataDirectory);
    await sleep(SETTLE_MS);
    const idle = await cpu.over(() => sleep(IDLE_MS));
    const memory = await cpu.memoryMiB();
    const before = await counters(server);

    const wanted = each * replicas;
    const acceptedAt = new Map<string, number>();
    const readyAt: { application: string; at: number; pods: number }[] = [];
    const began = performance.now();
    const busy = await cpu.over(async () => {
      const creating = createAll(client, clusters, options, acceptedAt);
      await follow(sql, applications * wanted, readyAt, creating);
      await creating;
    });
    const tookMs = (readyAt.at(-1)?.at ?? performance.now()) - began;
    const after = await counters(server);
    const pods = applications * wanted;
    const rate = pods / (tookMs / 1_000);
    const waits = readyAt.flatMap(({ application, at, pods: some }) => Array.from({ length: some }, () => at - (acceptedAt.get(application) ?? at)));
    const limit = await upsertAgain(sql);

    console.log(`deploy: ${pods} pods, ${applications} applications on ${each} of ${clusters.length} clusters, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.version}`);
    console.table([
      { "": `start to ready, ${fleet}, empty data directory, ms`, value: readyMs.toFixed(0) },
      { "": "start to all clusters online, ms", value: onlineMs.toFixed(0) },
      { "": "idle: cores, MiB", value: `${cpu.coresOf(idle).toFixed(3)}, ${memory.toFixed(0)}` },
      { "": "pods ready, a second", value: rate.toFixed(0) },
      { "": "limit: rows upserted, a second; µs of Postgres' CPU a row", value: `${limit.rowsPerSecond.toFixed(0)}; ${limit.cpuMicrosARow.toFixed(0)}` },
      { "": "of the limit", value: (rate / limit.rowsPerSecond).toFixed(3) },
      { "": "accepted to ready, p50, p99, ms", value: `${percentile(waits, 0.5).toFixed(0)}, ${percentile(waits, 0.99).toFixed(0)}` },
      { "": "pods named in reports, a pod", value: ((after.pods - before.pods) / pods).toFixed(2) },
      { "": "reports; a pod", value: `${after.reports - before.reports}; ${((after.reports - before.reports) / pods).toFixed(3)}` },
    ]);
    console.log("Where the CPU went, µs a pod:");
    console.table(Object.entries(busy.ms).toSorted(([, a], [, b]) => b - a).map(([name, ms]) => ({ "": name, "µs a pod": ((ms * 1_000) / pods).toFixed(1), cores: (ms / busy.wallMs).toFixed(2) })));
    return rate >= FLOOR_PODS;
  } finally {
    await server.dispose();
  }
}

/** By their global ids, once all of them have said hello. */
async function onlineClusters(client: SelvedgeClient, sql: pg.Client): Promise<string[]> {
  const deadline = performance.now() + ONLINE_DEADLINE_MS;
  for (let known = -1; ;) {
    const { rows } = await sql.query<{ online: number }>("select count(*)::int as online from cluster where status = 'ONLINE'");
    const online = rows[0]?.online ?? 0;
    // Readiness waits for the gateway, not for the last cluster.
    if (online > 0 && online === known) break;
    if (performance.now() > deadline) throw new Error(`${online} clusters are online`);
    known = online;
    await sleep(500);
  }
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const { clusters }: { clusters: { nodes: readonly { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor?: string | null } } } = await client.execute(ClustersDocument, { first: 100, after });
    ids.push(...clusters.nodes.map(({ id }) => id));
    if (!clusters.pageInfo.hasNextPage) return ids;
    after = clusters.pageInfo.endCursor ?? null;
  }
}

async function createAll(client: SelvedgeClient, clusters: readonly string[], { applications, clusters: each, replicas }: Options, acceptedAt: Map<string, number>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < applications; index = next++) {
      const on = Array.from({ length: each }, (_, at) => clusters[(index * each + at) % clusters.length] as string);
      const name = `deploy-${index}`;
      const { createApplication } = await client.execute(CreateApplicationDocument, {
        input: {
          name, namespace: "default", idempotencyKey: randomUUID(),
          template: { containers: [{ name: "web", image: "example.org/deploy:1", cpuMillis: 50, memoryMiB: 64 }] },
          distribution: { clusters: on.map((clusterId) => ({ clusterId, replicas })) },
        },
      });
      accepted(createApplication);
      acceptedAt.set(name, performance.now());
    }
  };
  await Promise.all(Array.from({ length: CREATE_LANES }, lane));
}

/** Looks at the placements' rows until all pods are ready, and notes how many became so when. */
async function follow(sql: pg.Client, wanted: number, readyAt: { application: string; at: number; pods: number }[], creating: Promise<void>): Promise<void> {
  const known = new Map<string, number>();
  const failed = creating.then(() => new Promise<never>(() => undefined));
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (let total = 0; total < wanted;) {
    const look = sql.query<{ name: string; ready: number }>("select a.name, sum(p.ready)::int as ready from placement p join application a on a.tenant_id = p.tenant_id and a.id = p.application_id group by a.name");
    const { rows } = await Promise.race([look, failed]);
    const at = performance.now();
    for (const { name, ready } of rows) {
      const more = ready - (known.get(name) ?? 0);
      if (more <= 0) continue;
      known.set(name, ready);
      readyAt.push({ application: name, at, pods: more });
      total += more;
    }
    if (at > deadline) throw new Error(`Only ${total} of ${wanted} pods got ready`);
    await sleep(LOOK_MS);
  }
}

async function counters(server: ServerProcess): Promise<{ reports: number; pods: number }> {
  const text = await (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${server.token}` } })).text();
  const sum = (name: string): number => [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce((total, [, value]) => total + Number(value), 0);
  return { reports: sum("selvedge_gateway_report_seconds_count"), pods: sum("selvedge_gateway_pods_total") };
}

interface Options {
  readonly fleet: string;
  readonly applications: number;
  readonly clusters: number;
  readonly replicas: number;
}

/** null where only help was asked for. */
function optionsOf(args: readonly string[]): Options | null {
  const text = { type: "string", default: "" } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { fleet: text, applications: text, clusters: text, replicas: text, full: { type: "boolean" }, help: { type: "boolean" } } });
    if (values.help) {
      console.log(HELP);
      return null;
    }
    const number = (value: string, fallback: number): number => {
      const parsed = value === "" ? fallback : Number(value);
      if (!Number.isInteger(parsed) || parsed < 1) throw new Error(`"${value}" is no whole number above 0. `);
      return parsed;
    };
    return {
      fleet: values.fleet || (values.full ? "china-large" : "china"),
      applications: number(values.applications, values.full ? 100 : 10),
      clusters: number(values.clusters, values.full ? 100 : 50),
      replicas: number(values.replicas, 10),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${HELP}`);
    process.exit(2);
  }
}
