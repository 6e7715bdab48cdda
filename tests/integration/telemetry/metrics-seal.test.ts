/** What is sealed holds every window, whenever it was stored. The check is proven by faults that are planted into the text of what seals. */
import { randomUUIDv7 } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inPoolScope } from "#server/database/scope.ts";
import { HOUR_MS, SAMPLE_MS } from "#server/domain/metric-times.ts";
import { METRICS, RecordWriter } from "#server/domain/metric-values.ts";
import type * as SealModule from "#server/telemetry/metrics-seal.ts";
import { storeWindows, type Window } from "#server/telemetry/metrics-store.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { MutableGraph, type PlacedFault } from "#tests/support/mutated-graph.ts";
import { rowsOf } from "#tests/support/rows.ts";

const SEAL = "server/telemetry/metrics-seal.ts";
const graph = new MutableGraph([SEAL]);
const HOUR = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const clock = { now: (): number => HOUR + HOUR_MS + 2 * 60_000 };

let database: TestDatabase;
let world: DesiredState;
let gateway: Pool;
let clusters: readonly string[];
beforeAll(async () => {
  database = await createTestDatabase();
  world = await desiredState(database.admin, "sealing");
  ({ pool: gateway } = await database.openAs("selvedge_gateway", 3));
  const rows = rowsOf(database.admin);
  const region = await rows.region("east");
  clusters = [await rows.cluster(region, "seal-1"), await rows.cluster(region, "seal-2")];
  await gateway.query("select app.make_metric_partitions($1)", [new Date(HOUR)]);
});
afterAll(() => database.drop());

/** What an application's one pod on each cluster was measured at, by cluster and window. */
class History {
  readonly #applicationId: string;
  readonly #placements: ReadonlyMap<string, string>;
  readonly podIds = clusters.map(() => randomUUIDv7());
  readonly #stored = new Map<string, number>();

  constructor({ id, placements }: { readonly id: string; readonly placements: ReadonlyMap<string, string> }) {
    this.#applicationId = id;
    this.#placements = placements;
  }

  window(cluster: number, window: number, value: number): Window {
    const clusterId = clusters[cluster] as string;
    const writer = new RecordWriter();
    writer.add(this.podIds[cluster] as string, 0, () => value);
    this.#stored.set(`${cluster} ${window}`, value);
    const pods = Buffer.from(writer.base64(), "base64");
    return { clusterId, at: HOUR + window * SAMPLE_MS, nodeIds: [randomUUIDv7()], capacities: [{ cpuMillis: 1_000, memoryMiB: 1_000 }], placements: [{ placementId: this.#placements.get(clusterId) ?? "", lostRps: 0, pods }] };
  }

  /** How the chunks differ from what was stored, of the application and of its pods; null where they don't. */
  async fault(): Promise<string | null> {
    const { rows } = await database.admin.query<{ owner_id: string; chunk: Buffer }>("select owner_id, chunk from metric_15s where owner_id = $1 union all select owner_id, chunk from metric_1m where owner_id = any ($2)", [this.#applicationId, this.podIds]);
    const chunk = (owner: string): Buffer => rows.find(({ owner_id }) => owner_id === owner)?.chunk ?? Buffer.alloc(METRICS * 4 * 240);
    // CPU_MILLIS, of the application in windows, of pods in minutes.
    for (let window = 0; window < 240; window += 1) {
      const said = [0, 1].flatMap((cluster) => this.#stored.get(`${cluster} ${window}`) ?? []);
      const truth = said.length === 0 ? NaN : said.reduce((sum, value) => sum + value, 0);
      const found = chunk(this.#applicationId).readFloatLE((240 + window) * 4);
      if (!Object.is(found, truth)) return `window ${window} of the application is ${found}, should be ${truth}`;
    }
    for (const [cluster, podId] of this.podIds.entries()) {
      for (let minute = 0; minute < 60; minute += 1) {
        const said = [0, 1, 2, 3].flatMap((part) => this.#stored.get(`${cluster} ${minute * 4 + part}`) ?? []);
        const truth = said.length === 0 ? NaN : Math.fround(said.reduce((sum, value) => sum + value, 0) / said.length);
        const found = chunk(podId).readFloatLE(60 * 13 + minute * 4);
        if (!Object.is(found, truth)) return `minute ${minute} of a pod is ${found}, should be ${truth}`;
      }
    }
    return null;
  }
}

const store = (windows: readonly Window[]): Promise<number> => inPoolScope(gateway, { clusterIds: [...new Set(windows.map(({ clusterId }) => clusterId))] }, (client: PoolClient) => storeWindows(client, windows));

/** Windows with gaps; some that come late, and one whose transaction is still open while the hour is sealed. What is wrong after any of it, null: nothing. */
async function faultOf({ sealHours }: Pick<typeof SealModule, "sealHours">, name: string): Promise<string | null> {
  const application = await world.application({ name, clusters: clusters.map((id) => ({ id, replicas: 1 })), enqueue: false });
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where application_id = $1`, [application.id]);
  // Its own, for a statement of one name has one text on a connection.
  const { pool: worker } = await database.openAs("selvedge_worker", 2);
  const history = new History(application);
  const sealed = async (): Promise<string | null> => {
    await sealHours({ pool: worker, clock });
    return history.fault();
  };
  await store([0, 1].flatMap((cluster) => [0, 1, 2, 3, 4, 6, 9].filter((window) => (window + cluster) % 5 !== 4).map((window) => history.window(cluster, window, 100 * (cluster + 1) + window))));
  const first = await sealed();
  if (first !== null) return `at first: ${first}`;
  await store([history.window(0, 4, 7)]);
  const late = await sealed();
  if (late !== null) return `late: ${late}`;

  const open = await gateway.connect();
  try {
    await open.query("begin");
    await open.query("select set_config('app.cluster_ids', $1, true), pg_current_xact_id()", [`{${clusters[0]}}`]);
    await store([history.window(1, 20, 9)]);
    await sealHours({ pool: worker, clock });
    await storeWindows(open, [history.window(0, 20, 11)]);
    await open.query("commit");
  } finally {
    open.release();
  }
  const overtaken = await sealed();
  return overtaken === null ? null : `overtaken: ${overtaken}`;
}

const planted = (name: string, text: string, by: string): PlacedFault => ({ path: SEAL, name, text, by });
const FAULTS: readonly PlacedFault[] = [
  planted("an application is sealed from a part of its windows", "where tenant_id = $1 and application_id = $2 and at >= $3 and at < $4", "where tenant_id = $1 and application_id = $2 and at >= $3 and at < $4 order by cluster_id limit 6"),
  planted("pods are sealed without their hour's last windows", "cluster_id = $3 and at >= $4 and at < $5", "cluster_id = $3 and at >= $4 and at < $5::timestamptz - interval '3530 s'"),
  planted("what is sealed stays as it is", "do update set settled = excluded.settled, chunk = excluded.chunk, namespace_id = excluded.namespace_id where kept.settled <= excluded.settled", "do nothing"),
  planted("an hour is settled to what has not ended", "pg_snapshot_xmin(pg_current_snapshot())", "pg_snapshot_xmax(pg_current_snapshot())"),
  planted("what comes late is not looked for", "[at, settled]);", '[at, settled === "0" ? settled : "9000000000000000000"]);'),
  planted("of an application only pods are sealed", "if (one.application_id !== null) applications.set(one.application_id, one);", ""),
];

test("chunks hold what was stored, early, late, and overtaken", async () => {
  expect(await faultOf(await graph.load<typeof SealModule>(SEAL), "as-it-is")).toBeNull();
});

test.each(FAULTS.map((one, index) => [one.name, one, `fault-${index}`] as const))("%s: is found", async (_name, one, application) => {
  expect(await faultOf(await graph.load<typeof SealModule>(SEAL, [one]), application)).not.toBeNull();
});
