/**
 * What clusters have reserved is the sum over their placements, whatever happens to applications in whatever order: all of life's mutations in
 * random sequences, by several callers at once, with clusters that are too small for all that is asked for.
 */
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { seededRandom } from "#tests/support/random.ts";
import { applicationInput, createFixture, must, type TestCluster, type TestTenant } from "./fixture.ts";
import { look, reservedAndWanted, settle, templateWith } from "./life.ts";
import { testSeed } from "#tests/support/seed.ts";

const fixture = await createFixture(8);
const { admin, services } = fixture;
const { application, operations, placements, rollouts } = look(admin);
afterAll(() => fixture.close());

const seed = testSeed();

interface Subject {
  readonly tenant: TestTenant;
  readonly id: string;
  readonly applicationId: string;
}

type Random = () => number;
const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const template = (random: Random) => templateWith({ image: `registry.example/shop/web:${Math.floor(random() * 4)}`, cpuMillis: pick(random, [50, 100, 400, 900]), memoryMiB: pick(random, [32, 64, 512]) });

/** One step of somebody's: accepted or refused, never broken. Returns its name and what came of it. */
async function step(random: Random, { tenant, id, applicationId }: Subject, clusters: readonly TestCluster[]): Promise<string> {
  const { applications } = services;
  const newest = async (): Promise<string> => globalId("Operation", (await operations(id)).at(-1)?.["id"] as string);
  const actions: readonly [string, () => Promise<{ ok: boolean; errors?: readonly { code: string }[] }>][] = [
    ["upgrade", () => applications.upgrade(tenant.actor, { applicationId, template: template(random) })],
    ["rollBack", () => applications.rollBack(tenant.actor, { applicationId })],
    ["rollBack to", () => applications.rollBack(tenant.actor, { applicationId, toRevision: 1 + Math.floor(random() * 4) })],
    ["stop", () => applications.stop(tenant.actor, { applicationId })],
    ["start", () => applications.start(tenant.actor, { applicationId })],
    ["start", () => applications.start(tenant.actor, { applicationId })],
    ["restart", () => applications.restart(tenant.actor, { applicationId })],
    ["scale", () => applications.scale(tenant.actor, { applicationId, replicas: Math.floor(random() * 12) })],
    ["scale one", () => applications.scale(tenant.actor, { applicationId, replicas: Math.floor(random() * 12), clusterId: pick(random, clusters).globalId })],
    ["distribute", () => {
      const some = clusters.filter(() => random() < 0.6);
      const chosen = some.length > 0 ? some : clusters.slice(0, 1);
      const networkType = pick(random, ["VPC", "HOST"] as const);
      return applications.updateDistribution(tenant.actor, {
        applicationId, distribution: { clusters: chosen.map((cluster) => ({ clusterId: cluster.globalId, replicas: Math.floor(random() * 8), networkType })) },
      });
    }],
    ["update", () => applications.update(tenant.actor, { applicationId, updateStrategy: { maxSurge: { count: 1 + Math.floor(random() * 3) } } })],
    ["cancel", async () => services.operations.cancel(tenant.actor, { operationId: await newest() })],
    ["cancel", async () => services.operations.cancel(tenant.actor, { operationId: await newest() })],
    ["retry", async () => {
      await admin.query("update operation set state = 'STALLED' where target_id = $1 and finished_at is null and ends_as is null", [id]);
      return services.operations.retry(tenant.actor, { operationId: await newest() });
    }],
    ["the fleet carries it out", async () => {
      await settle(admin, id);
      await admin.query("delete from placement where application_id = $1 and deleting", [id]);
      return { ok: true };
    }],
  ];
  const [name, act] = pick(random, actions);
  const outcome = await act();
  const codes = outcome.ok ? [] : (outcome.errors ?? []).map(({ code }) => code);
  for (const code of codes) expect(["INSUFFICIENT_CAPACITY", "INVALID_STATE", "NOT_FOUND", "PLAN_REFUSED"], `${name}: ${code}`).toContain(code);
  return `${name}: ${outcome.ok ? "accepted" : codes.join()}`;
}

/** What a long life has seen: each of its changes accepted, and something refused for lack of room. */
const ALL_OF_LIFE = [
  ...["upgrade", "rollBack", "stop", "start", "restart", "scale", "distribute", "cancel", "retry"].map((name) => `: ${name}: accepted`),
  "INSUFFICIENT_CAPACITY",
];

/** What must hold of every application after every step. */
async function checkApplication({ id }: Subject, trace: string): Promise<void> {
  const [row, rows, all, unfinished] = await Promise.all([application(id), placements(id), rollouts(id), operations(id)]);
  const staying = rows.filter((placement) => placement["deleting"] !== true);
  expect(row["desired"], trace).toBe(staying.reduce((sum, placement) => sum + (placement["desired"] as number), 0));
  for (const placement of rows) {
    expect(placement["parked"] !== null, trace).toBe(row["stopped"] === true && placement["deleting"] !== true);
    if (row["stopped"] === true || placement["deleting"] === true) expect(placement["desired"], trace).toBe(0);
  }
  for (const placement of staying) expect(placement["revision_id"], trace).toBe(row["revision_id"]);
  const underWay = all.filter((rollout) => rollout["finished_at"] === null);
  expect(underWay.length, trace).toBeLessThanOrEqual(1);
  for (const rollout of underWay) {
    expect(rollout["id"], trace).toBe(row["rollout_id"]);
    expect(row["revision_id"], trace).toBe(rollout["state"] === "ABORTING" ? rollout["from_revision_id"] : rollout["to_revision_id"]);
  }
  expect(unfinished.filter((operation) => operation["finished_at"] === null).length, trace).toBeLessThanOrEqual(1);
}

async function checkClusters(clusters: readonly TestCluster[], trace: string): Promise<void> {
  const { reserved, wanted, usage } = await reservedAndWanted(admin, clusters.map(({ id }) => id));
  expect(reserved, trace).toEqual(wanted);
  expect(usage, trace).toEqual(wanted);
}

async function subjects(clusters: readonly TestCluster[], count: number): Promise<Subject[]> {
  const made: Subject[] = [];
  for (let index = 0; index < count; index += 1) {
    const tenant = await fixture.tenant();
    const { applicationId: id } = must(await services.applications.create(tenant.actor, applicationInput(clusters)));
    made.push({ tenant, id, applicationId: globalId("Application", id) });
  }
  return made;
}
// Small, so that about one in three of what grows is refused.
const small = () => Promise.all(Array.from({ length: 3 }, () => fixture.cluster({ nodes: 2, nodeCpuMillis: 2_000, nodePods: 10 })));

describe(`reservations (TEST_SEED=${seed})`, () => {
  test("are what the placements ask for after every step of random lives", async () => {
    const random = seededRandom(seed);
    const clusters = await small();
    const lives = await subjects(clusters, 2);
    const log: string[] = [];
    const toCome = () => ALL_OF_LIFE.filter((what) => !log.some((line) => line.includes(what)));
    // 250 steps, and as many more as chance needs to bring everything about.
    for (let count = 0; count < 250 || (toCome().length > 0 && count < 2_000); count += 1) {
      const index = Math.floor(random() * lives.length);
      log.push(`${index}: ${await step(random, lives[index] as Subject, clusters)}`);
      const trace = `TEST_SEED=${seed}\n${log.slice(-12).join("\n")}`;
      await checkClusters(clusters, trace);
      for (const one of lives) await checkApplication(one, trace);
    }
    expect(toCome(), `TEST_SEED=${seed}`).toEqual([]);
    for (const one of lives) must(await services.applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
    await checkClusters(clusters, `TEST_SEED=${seed}: deleted`);
    expect((await reservedAndWanted(admin, clusters.map(({ id }) => id))).reserved).toMatchObject(clusters.map(() => ({ cpu: 0, memory: 0, pods: 0 })));
  }, 300_000);

  test("and when several change the same applications at once", async () => {
    const clusters = await small();
    const lives = await subjects(clusters, 2);
    await Promise.all(
      Array.from({ length: 8 }, async (_, caller) => {
        const random = seededRandom(seed + caller);
        for (let count = 0; count < 15; count += 1) await step(random, lives[caller % 2] as Subject, clusters);
      }),
    );
    await checkClusters(clusters, `TEST_SEED=${seed}`);
    for (const one of lives) await checkApplication(one, `TEST_SEED=${seed}`);
  }, 120_000);
});
