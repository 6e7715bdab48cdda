/** The real fleet on the real gateway and worker: what is configured and exposed comes true, and configuration survives the loss of the fleet's key. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { simulatedTime } from "#server/domain/clock.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type Fleet } from "#server/fleet/fleet.ts";
import { type Centre, createCentre, testKeyRing } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, type DesiredState, desiredState, templateOf } from "#tests/support/desired.ts";
import { type DesiredObjects, desiredObjects, type StoredConfig } from "#tests/support/desired-objects.ts";
import { eventually } from "#tests/support/eventually.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const description = loadFleetDescription("tiny");
const [clusterId = ""] = description.clusters.map((cluster) => cluster.clusterId);

let database: TestDatabase;
let tenant: DesiredState;
let objects: DesiredObjects;
let centre: Centre;
let folder: string;
let fleet: Fleet;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "real-fleet");
  objects = desiredObjects(database.admin, tenant, testKeyRing);
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.gateway();
  await centre.worker();
  folder = mkdtempSync(path.join(tmpdir(), "real-fleet-"));
});
afterEach(async () => {
  await fleet.close();
  await centre.close();
  rmSync(folder, { recursive: true });
});

/** Its clock runs 30 times as fast as the centre's, so that files follow within two seconds. */
const settings = { wallBase: Date.now(), simulatedBase: Date.now(), speed: 30 };
async function startFleet(seed: number): Promise<void> {
  fleet = createFleet({
    description, seed: 1, clock: { now: () => simulatedTime(settings, Date.now()) }, storePath: path.join(folder, "fleet.db"),
    sealingSeed: new Uint8Array(32).fill(seed), dialer: { dial: () => Promise.resolve(centre.link.dial()) }, logger: quiet, tickMs: 10,
  });
  await fleet.start();
  await eventually(() => expect(fleet.stats().welcomed).toBe(description.clusters.length));
}

const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | undefined> => (await database.admin.query<Row>(sql, values)).rows[0];
const operationIs = (id: string): Promise<object | undefined> => one("select state, error from operation where id = $1", [id]);
const placementIs = (shop: DeployedApplication): Promise<object | undefined> =>
  one("select created, ready, configured, problem, observed_generation = generation as settled from placement where application_id = $1", [shop.id]);
const succeeded = (id: string): Promise<void> => eventually(async () => expect(await operationIs(id)).toEqual({ state: "SUCCEEDED", error: null }), { deadlineMs: 20_000 });

const using = (config: StoredConfig): PodTemplate => {
  const base = templateOf("shop:1");
  return {
    ...base,
    volumes: [{ name: "config", source: { type: "SecretVolume", secretId: config.id, name: config.name } }],
    containers: base.containers.map((container) => ({
      ...container,
      volumeMounts: [{ volume: "config", mountPath: "/etc/config", readOnly: true }],
      env: [{ name: "A", secretKey: { secretId: config.id, name: config.name, key: "a" } }],
    })),
  };
};

test("configuration reaches pods, follows a change, and comes again after the fleet's key was lost; a service is active", async () => {
  await startFleet(1);
  const secret = await objects.config("Secret", "login", [{ key: "a", value: "1" }]);
  const shop = await tenant.application({ name: "shop", template: using(secret), clusters: [{ id: clusterId, replicas: 3 }] });
  await succeeded(shop.operationId);
  expect(await placementIs(shop)).toEqual({ created: 3, ready: 3, configured: 3, problem: null, settled: true });

  const service = await objects.service(shop, clusterId, "web");
  await succeeded(service.operationId);
  const changed = await objects.reconfigure(secret, [{ key: "a", value: "2" }], [shop]);
  await succeeded(changed.operationId ?? "");
  expect(await placementIs(shop)).toEqual({ created: 3, ready: 3, configured: 3, problem: null, settled: true });

  await fleet.close();
  await startFleet(2);
  await eventually(async () => expect(await placementIs(shop)).toEqual({ created: 3, ready: 3, configured: 3, problem: null, settled: true }), { deadlineMs: 20_000 });
  const again = await objects.reconfigure(secret, [{ key: "a", value: "3" }], [shop]);
  await succeeded(again.operationId ?? "");
  expect(await placementIs(shop)).toEqual({ created: 3, ready: 3, configured: 3, problem: null, settled: true });
}, 90_000);
