/** Backups that are put back while the other side went on: of an agent's store, and of the centre's database. Both find together again, and say what happened. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type Fleet } from "#server/fleet/fleet.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { type Centre, createCentre, silentLogger, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, desiredState, type DesiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";

const DEADLINE = { deadlineMs: 40_000 };
const description = loadFleetDescription("tiny");
const cluster = description.clusters[0];
if (cluster === undefined) throw new Error("the preset tiny has no cluster");
const { clusterId } = cluster;

let folder: string;
let database: TestDatabase;
let centre: Centre;
let fleet: Fleet;
let said: string[];
let isOpen = false;
const databases: TestDatabase[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "selvedge-restored-"));
  said = [];
  database = await createTestDatabase();
  databases.push(database);
});
afterEach(async () => {
  await fleet.close();
  await centre.close();
  for (const each of databases.splice(0)) await each.drop();
  await rm(folder, { recursive: true });
});

const storePath = (): string => path.join(folder, "fleet.db");
const logger = pino({ level: "warn" }, { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) });

async function openCentre(): Promise<void> {
  centre = createCentre(database);
  await centre.gateway({ logger });
  await centre.worker();
  isOpen = true;
}

async function closeCentre(): Promise<void> {
  isOpen = false;
  await centre.close();
}

async function openFleet(): Promise<void> {
  fleet = createFleet({
    description: { ...description, clusters: description.clusters.slice(0, 1) }, seed: 1, clock: wallClock, storePath: storePath(), sealingSeed: new Uint8Array(32).fill(7),
    dialer: { dial: async () => (isOpen ? centre.link.dial() : Promise.reject(new Error("the centre is away"))) }, logger: { ...silentLogger, info: () => undefined, error: () => undefined, warn: (_fields, message) => void said.push(message) },
    behaviours: { ...DEFAULT_BEHAVIOURS, backOff: { ...DEFAULT_BEHAVIOURS.backOff, firstMs: 500 } },
  });
  await fleet.start();
}

async function deployed(replicas: number): Promise<{ world: DesiredState; application: DeployedApplication }> {
  await openCentre();
  await openFleet();
  await eventually(async () => expect((await database.admin.query("select from cluster where id = $1", [clusterId])).rowCount).toBe(1), DEADLINE);
  const world = await desiredState(database.admin, "restored");
  const application = await world.application({ name: "web", clusters: [{ id: clusterId, replicas }] });
  await ready(replicas);
  return { world, application };
}

/** The cluster has so many ready pods, the centre knows exactly these, and everything is confirmed. */
const ready = (replicas: number): Promise<void> =>
  eventually(async () => {
    expect(fleet.stats()).toMatchObject({ pods: replicas, readyPods: replicas });
    const { rows } = await database.admin.query(
      `select (select count(*)::int from pod where cluster_id = $1 and ready) as ready, (select count(*)::int from pod where cluster_id = $1) as pods,
         p.created, p.ready as counted, a.generation = a.confirmed_generation as confirmed from placement p join assignment a on a.object_id = p.id where p.cluster_id = $1`, [clusterId],
    );
    expect(rows).toEqual([{ ready: replicas, pods: replicas, created: replicas, counted: replicas, confirmed: true }]);
  }, DEADLINE);

const podIds = async (): Promise<string[]> => (await database.admin.query<{ id: string }>("select id from pod where cluster_id = $1 order by id", [clusterId])).rows.map(({ id }) => id);

test("an agent whose store was put back says its whole state anew, and takes what it missed", { timeout: 120_000 }, async () => {
  const { world, application } = await deployed(2);
  await fleet.close();
  await copyFile(storePath(), `${storePath()}.backup`);
  const before = await podIds();
  await openFleet();
  await world.change(application, { replicas: 4, kind: "SCALE_APPLICATION" });
  await ready(4);
  await fleet.close();
  await copyFile(`${storePath()}.backup`, storePath());
  await openFleet();
  await ready(4);
  expect(await podIds()).toEqual(expect.arrayContaining(before));
  expect(said).toContain("the centre and this agent's store disagree about what was reported: a new epoch starts with the whole state");
  expect(said).toContain("the agent's store went back in time, or was lost: it says its whole state anew");
});

test("a database that was put back has its way, also where it has given the same generation to something else since", { timeout: 120_000 }, async () => {
  const { world, application } = await deployed(2);
  await closeCentre();
  const backup = await database.copy();
  databases.push(backup);
  await openCentre();
  await world.change(application, { replicas: 5, kind: "SCALE_APPLICATION" });
  await ready(5);
  const lost = (await database.admin.query<{ generation: number }>("select generation from assignment where cluster_id = $1", [clusterId])).rows[0]?.generation;

  await closeCentre();
  database = backup;
  // In the backup's life the same generation says something else, before any agent is heard.
  const { rows: [assignment] } = await database.admin.query<{ spec: object }>("select spec from assignment where cluster_id = $1", [clusterId]);
  const spec = { ...assignment?.spec, replicas: 3 };
  await database.admin.query("update placement set desired = 3, generation = $2 where cluster_id = $1", [clusterId, lost]);
  await database.admin.query("update assignment set spec = $2, content_hash = $3, generation = $4 where cluster_id = $1", [clusterId, JSON.stringify(spec), contentHash(spec), lost]);
  await openCentre();
  await ready(3);
  expect(said).toContain("the database went back in time: what it wants of the cluster outranks what the agent holds");
});
