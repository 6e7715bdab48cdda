import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "#server/identity/viewer.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { seededRandom } from "#tests/support/random.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";
import { happened, recorded, type Recording, startRecording, toldTables, type ToldTable, untold } from "#tests/support/tellings.ts";
import { createWorkload, type Workload } from "#tests/support/whole-workload.ts";
import { testSeed } from "#tests/support/seed.ts";

/** What has to have happened: rows that came (+), changed (~) and went (-). */
const COVERED = [
  "application+", "application~", "application-", "placement+", "placement~", "placement-", "pod+", "pod~", "pod-", "service+", "service~", "service-",
  "rollout+", "rollout~", "rollout-", "revision+", "revision-", "operation+", "operation~", "operation_step+", "operation_step~",
  "config_map+", "config_map~", "config_map-", "secret+", "secret~", "secret-", "namespace+", "namespace-", "vpc+", "subnet+",
  "region+", "region~", "cluster+", "cluster~", "cluster_node+", "cluster_node~", "cluster_node-",
];
const WITHIN_MS = 120_000;
const WRITERS = 3;

describe("the timeline", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  let database: TestDatabase;
  let centre: Centre;
  let tables: ToldTable[];
  let workload: Workload;

  beforeAll(async () => {
    console.info(`the seed of this workload is ${seed}`);
    database = await createTestDatabase();
    centre = createCentre(database);
    const { orm } = await database.openAs("selvedge_api", WRITERS + 1);
    tables = toldTables(orm.getMetadata());
    await startRecording(database.admin, tables);
    const [tenantId, tokenId] = [randomUUIDv7(), randomUUIDv7()];
    await database.admin.query("select app.create_tenant($1, $2, now(), $3, $4, 'slv_test', $5)", [tenantId, randomUUID(), randomUUIDv7(), tokenId, Buffer.from(tokenId)]);
    const actor: Actor = { tenantId, tokenId, tokenName: "owner", role: "OWNER", namespaces: null, namespaceIds: null, expiresAt: null, requestId: "r", sourceAddress: "127.0.0.1" };
    await centre.gateway();
    await centre.worker();
    const agents = ["one", "two", "three"].map((code) => new ScriptedAgent(code).connect(centre.link.dial()));
    for (const agent of agents) await agent.hello();
    workload = createWorkload({ orm, bus: centre.bus, actor, random, agents });
  }, 60_000);
  afterAll(async () => {
    await centre.close();
    await database.drop();
  });

  it("names every row that is remembered whenever it comes, goes or changes, and says whose it is", async () => {
    let going = true;
    const failures: unknown[] = [];
    const keepOn = async (act: () => Promise<void>): Promise<void> => {
      while (going) await act().catch((error: unknown) => void failures.push(error));
    };
    const all = [...Array.from({ length: WRITERS }, () => keepOn(() => workload.mutate())), keepOn(() => workload.speak()), keepOn(() => workload.speak())];
    try {
      await eventually(async () => {
        const covered = await happened(database.admin);
        expect(COVERED.filter((what) => !covered.has(what))).toEqual([]);
      }, { deadlineMs: WITHIN_MS, everyMs: 500 });
    } finally {
      going = false;
      await Promise.all(all);
    }
    expect(failures.slice(0, 3)).toEqual([]);
    expect(untold(await recorded(database.admin), tables)).toEqual([]);
  }, WITHIN_MS + 30_000);

  it("would be found out wherever it kept silent once", async () => {
    const recording = await recorded(database.admin);
    const found = (change: (tellings: Recording["tellings"]) => Recording["tellings"]): string[] => untold({ ...recording, tellings: change(recording.tellings) }, tables);
    for (const told of tables) {
      const { table, kind } = told;
      // A pod that is reported as it was is told of all the same.
      const matters = recording.changes.filter((change) => change.table === table && untold({ changes: [change], tellings: [] }, [told]).length > 0);
      const xids = new Set(matters.map(({ xid }) => xid));
      const tellings = recording.tellings.filter((telling) => telling.kind === kind && xids.has(telling.xid));
      const one = tellings[Math.floor(random() * tellings.length)];
      expect(one, `${table} is never told of`).toBeDefined();
      // All rows of one kind of one transaction: one cluster's alone may say the same as another's.
      expect(found((all) => all.filter(({ xid, kind: other }) => xid !== one?.xid || other !== kind)), `${kind} in one transaction`).not.toEqual([]);
    }
    for (const kind of ["placement", "pod", "service", "rollout", "operation"]) {
      expect(found((tellings) => tellings.map((telling) => (telling.kind === kind && telling.ownerIds !== null ? { ...telling, ownerIds: [] } : telling))), `owners of ${kind}`).not.toEqual([]);
      expect(found((tellings) => tellings.map((telling) => (telling.kind === kind ? { ...telling, ids: telling.ids.slice(1) } : telling))), `an id of ${kind}`).not.toEqual([]);
    }
    expect(untold(recording, tables.map((one) => ({ ...one, untold: [] }))).some((what) => what.startsWith("cluster changed in"))).toBe(true);
  });
});
