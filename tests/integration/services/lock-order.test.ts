/**
 * In which order mutations take rows that others change too: whoever waits for one holds none that comes after it. Each test holds the first row,
 * starts the mutation, and looks whether it has taken one that comes later.
 */
import type pg from "pg";
import { afterAll, expect, test } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { configuring } from "./configuring.ts";
import { applicationInput, createFixture, must } from "./fixture.ts";
import { living, look, templateWith } from "./life.ts";

const fixture = await createFixture(6);
const { admin, services } = fixture;
const { placements } = look(admin);
const { makeConfigMap } = configuring(fixture);
afterAll(() => fixture.close());

/** The row is held until `look` has answered; `mutation` waits for it meanwhile. */
async function whileHeld<T>(table: string, id: string, mutation: () => Promise<unknown>, then: () => Promise<T>): Promise<T> {
  const holder: pg.PoolClient = await admin.connect();
  try {
    await holder.query("begin");
    await holder.query(`select from ${table} where id = $1 for update`, [id]);
    const running = mutation();
    await eventually(async () => {
      const { rows } = await admin.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
      expect(rows).toHaveLength(1);
    });
    const seen = await then();
    await holder.query("rollback");
    await running;
    return seen;
  } finally {
    holder.release();
  }
}

const isFree = async (table: string, id: string): Promise<boolean> => (await admin.query(`select from ${table} where id = $1 for no key update skip locked`, [id])).rowCount === 1;

test("placements, in the order of their ids, wherever their rows lie", async () => {
  const one = await living(fixture, 4);
  const [first, ...others] = (await placements(one.id)).map((row) => row["id"] as string).toSorted();
  // Its row lies behind the others' now.
  await admin.query("update placement set reason = 'written again' where id = $1", [first]);
  const clusters = one.clusters.toReversed().map(({ globalId: clusterId }) => ({ clusterId, replicas: 5, networkType: "VPC" as const }));
  const change = async () => must(await services.applications.updateDistribution(one.tenant.actor, { applicationId: one.applicationId, distribution: { clusters } }));
  const free = await whileHeld("placement", first ?? "", change, () => Promise.all(others.map((id) => isFree("placement", id))));
  expect(free).toEqual(others.map(() => true));
});

test("services, in the order of their ids", async () => {
  const one = await living(fixture, 1);
  const ids: string[] = [];
  for (const name of ["c", "b", "a"]) {
    const ports = [{ name: "http", protocol: "TCP" as const, port: 80, containerPort: 8080 }];
    ids.push(...must(await services.services.create(one.tenant.actor, { applicationId: one.applicationId, name, type: "CLUSTER_IP", ports })).serviceIds);
  }
  const [first, ...others] = ids.toSorted();
  await admin.query("update service set problem = 'written again' where id = $1", [first]);
  const remove = async () => must(await services.applications.delete(one.tenant.actor, { applicationId: one.applicationId, confirmName: "web" }));
  const free = await whileHeld("service", first ?? "", remove, () => Promise.all(others.map((id) => isFree("service", id))));
  expect(free).toEqual(others.map(() => true));
});

const deployment = (name: string, image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: ${image}, resources: { requests: { cpu: 100m, memory: 64Mi } } }] }
`;

test("an import's applications, in the order of their ids, before anything else that it changes", async () => {
  const tenant = await fixture.tenant();
  const cluster = await fixture.cluster();
  const made = async (name: string): Promise<string> => must(await services.applications.create(tenant.actor, applicationInput([cluster], { name, template: templateWith({ image: "shop:1" }) }))).applicationId;
  const [first, second] = [await made("first"), await made("second")];
  const configMap = await makeConfigMap(tenant, "settings", { a: "1" });
  const yaml = [
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: '2' }\n", deployment("second", "shop:2"), deployment("first", "shop:2"), deployment(`'none,{"\\'`, "shop:2"),
  ].join("---\n");
  const distribution = { clusters: [{ clusterId: cluster.globalId, replicas: 1, networkType: "VPC" as const }] };
  const run = async () => must(await services.applications.importManifests(tenant.actor, { yaml, namespace: "default", distribution, dryRun: false }));
  const free = await whileHeld("application", first, run, async () => [await isFree("application", second), await isFree("config_map", configMap)]);
  expect(free).toEqual([true, true]);
  const { rows } = await admin.query("select count(*)::int as n from revision where application_id = any ($1)", [[first, second]]);
  expect(rows).toEqual([{ n: 4 }]);
});
