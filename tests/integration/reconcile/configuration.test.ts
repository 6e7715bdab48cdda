import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConfigEntry } from "#server/domain/configuration.ts";
import { createKeyRing } from "#server/domain/envelope.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { SealBroken, type SealingKey, sealingKeyOf, unseal } from "#server/domain/sealing.ts";
import type { Assign } from "#server/fleet/link.ts";
import { type Centre, createCentre, testKeyRing } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DeployedApplication, type DesiredState, desiredState, templateOf } from "#tests/support/desired.ts";
import { type DesiredObjects, desiredObjects, type StoredConfig } from "#tests/support/desired-objects.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

let database: TestDatabase;
let tenant: DesiredState;
let objects: DesiredObjects;
let centre: Centre;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "configuration");
  objects = desiredObjects(database.admin, tenant, testKeyRing);
});
afterAll(() => database.drop());
beforeEach(async () => {
  centre = createCentre(database);
  await centre.worker();
});
afterEach(() => centre.close());

const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | undefined> => (await database.admin.query<Row>(sql, values)).rows[0];
const operationIs = (id: string): Promise<object | undefined> => one("select state, completed, total, error, finished_at is not null as finished from operation where id = $1", [id]);

const using = (...configs: readonly StoredConfig[]): PodTemplate => ({
  ...templateOf("shop:1"),
  volumes: configs.map(({ id, kind, name }) => ({ name, source: kind === "ConfigMap" ? { type: "ConfigMapVolume", configMapId: id, name } : { type: "SecretVolume", secretId: id, name } })),
});

async function connected(code: string, { sealed = true }: { sealed?: boolean } = {}): Promise<{ agent: ScriptedAgent; key: SealingKey }> {
  const key = sealingKeyOf(randomBytes(32));
  const agent = new ScriptedAgent(code).connect(centre.link.dial());
  await agent.hello(sealed ? { sealingKey: key.publicKey } : {});
  return { agent, key };
}

const deploy = (name: string, template: PodTemplate, ...agents: readonly ScriptedAgent[]): Promise<DeployedApplication> =>
  tenant.application({ name, template, clusters: agents.map(({ clusterId }) => ({ id: clusterId, replicas: 2 })) });
const objectOf = (agent: ScriptedAgent, shop: DeployedApplication) => agent.objects.get(shop.placements.get(agent.clusterId) ?? "");
const told = (agent: ScriptedAgent, shop: DeployedApplication, generation: number): Promise<void> => eventually(() => expect(objectOf(agent, shop)?.generation).toBe(generation));
const opened = (agent: ScriptedAgent, key: SealingKey, content: string): readonly ConfigEntry[] =>
  (JSON.parse(unseal(key, agent.contents.get(content) ?? "", content)) as { entries: ConfigEntry[] }).entries;
const assigns = (agent: ScriptedAgent): Assign[] => agent.received.filter((message) => message.type === "assign");
/** How often each content was sent. */
const timesSent = (agent: ScriptedAgent, content: string): number => assigns(agent).filter(({ contents }) => contents && content in contents).length;

test("what a revision refers to is sent with the assignment, sealed: the cluster's key opens it, no other does", async () => {
  await centre.gateway();
  const { agent, key } = await connected("sealed-a");
  const { agent: other, key: otherKey } = await connected("sealed-b");
  const settings = await objects.config("ConfigMap", "settings", [{ key: "app.yaml", value: "level: debug" }]);
  const password = await objects.config("Secret", "password", [{ key: "token", value: "correct horse battery staple" }]);
  const shop = await deploy("sealed", using(settings, password), agent, other);
  await Promise.all([told(agent, shop, 1), told(other, shop, 1)]);

  const configs = [settings, password].toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, kind, name, content }) => ({ id, kind, name, content }));
  expect(objectOf(agent, shop)?.spec?.configs).toEqual(configs);
  expect(opened(agent, key, settings.content)).toEqual([{ key: "app.yaml", value: "level: debug" }]);
  expect(opened(agent, key, password.content)).toEqual([{ key: "token", value: "correct horse battery staple" }]);
  expect(opened(other, otherKey, password.content)).toEqual([{ key: "token", value: "correct horse battery staple" }]);
  expect(() => opened(agent, otherKey, password.content)).toThrow(SealBroken);
  expect(() => unseal(key, agent.contents.get(password.content) ?? "", settings.content)).toThrow(SealBroken);
  // Neither plain nor in any encoding of ours: in what was sent, nor in what is stored of it.
  expect(JSON.stringify(agent.received)).not.toContain("horse");
  expect(JSON.stringify(await one("select json_agg(spec) as specs, (select json_agg(template) from revision) as templates from assignment"))).not.toContain("horse");
});

test("a change raises the generation, sends the new content once, and its operation ends when all pods show it", async () => {
  await centre.gateway();
  const { agent, key } = await connected("change-a");
  const settings = await objects.config("ConfigMap", "changing", [{ key: "a", value: "1" }]);
  const steady = await objects.config("Secret", "steady", [{ key: "b", value: "2" }]);
  const [shop, store] = [await deploy("change-1", using(settings, steady), agent), await deploy("change-2", using(settings), agent)] as const;
  await Promise.all([told(agent, shop, 1), told(agent, store, 1)]);
  expect([settings, steady].map(({ content }) => timesSent(agent, content))).toEqual([1, 1]);
  await agent.comply();
  await eventually(async () => expect(await operationIs(shop.operationId)).toMatchObject({ state: "SUCCEEDED" }));

  const changed = await objects.reconfigure(settings, [{ key: "a", value: "3" }], [shop, store]);
  await Promise.all([told(agent, shop, 2), told(agent, store, 2)]);
  expect(opened(agent, key, changed.content)).toEqual([{ key: "a", value: "3" }]);
  expect([settings, steady, changed].map(({ content }) => timesSent(agent, content))).toEqual([1, 1, 1]);
  const [first, second] = [objectOf(agent, shop), objectOf(agent, store)];
  // Held, and shown by some of the pods.
  const report = (placementId: string, configured: number) => ({ placementId, term: 1, generation: 2, created: 2, ready: 2, updated: 2, configured });
  await agent.report({ placements: [report(first?.objectId ?? "", 1), report(second?.objectId ?? "", 2)] });
  await eventually(async () => expect(await operationIs(changed.operationId)).toMatchObject({ state: "RUNNING", completed: 2, total: 2, finished: false }));
  await agent.report({ placements: [report(first?.objectId ?? "", 2)] });
  await eventually(async () => expect(await operationIs(changed.operationId)).toMatchObject({ state: "SUCCEEDED", finished: true }));
});

test("an agent that has a content is not sent it again; one that has lost it is, with the object that names it", async () => {
  await centre.gateway();
  const { agent, key } = await connected("again-a");
  const settings = await objects.config("ConfigMap", "kept", [{ key: "a", value: "1" }]);
  const shop = await deploy("again", using(settings), agent);
  await told(agent, shop, 1);
  await agent.comply();

  agent.drop();
  agent.connect(centre.link.dial());
  await agent.hello({ sealingKey: key.publicKey });
  await tenant.change(shop, { replicas: 3, kind: "SCALE_APPLICATION" });
  await told(agent, shop, 2);
  expect(timesSent(agent, settings.content)).toBe(1);

  agent.drop();
  agent.contents.clear();
  const fresh = sealingKeyOf(randomBytes(32));
  agent.connect(centre.link.dial());
  // What lacks its contents is not held.
  await agent.hello({ sealingKey: fresh.publicKey, holds: [] });
  await eventually(() => expect(opened(agent, fresh, settings.content)).toEqual([{ key: "a", value: "1" }]));
  expect(objectOf(agent, shop)).toMatchObject({ generation: 2, spec: { replicas: 3 } });
});

test("an agent without a key gets its assignments without contents", async () => {
  await centre.gateway();
  const { agent } = await connected("keyless-a", { sealed: false });
  const settings = await objects.config("ConfigMap", "unseen", [{ key: "a", value: "1" }]);
  const shop = await deploy("keyless", using(settings), agent);
  await told(agent, shop, 1);
  expect(objectOf(agent, shop)?.spec?.configs).toHaveLength(1);
  expect(assigns(agent).some(({ contents }) => contents)).toBe(false);
});

test("an assignment that names a content which is no longer the newest waits for the next one", async () => {
  await centre.close();
  centre = createCentre(database);
  await centre.gateway();
  const { agent } = await connected("stale-a");
  const settings = await objects.config("ConfigMap", "moving", [{ key: "a", value: "1" }]);
  const clusters = [{ id: agent.clusterId, replicas: 1 }];
  const stale = await tenant.application({ name: "stale", template: using(settings), clusters, enqueue: false });
  const plain = await tenant.application({ name: "stale-not", clusters, enqueue: false });
  // Both at once, the one as it was planned before the content changed.
  await database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash)
     select p.cluster_id, p.id, p.tenant_id, p.application_id, p.namespace_id, 'placement', 1, 'old', jsonb_build_object('tenantId', p.tenant_id, 'revisionId', r.id, 'templateHash', r.template_hash,
       'replicas', 1, 'configs', case when p.application_id = $2 then $3::jsonb else '[]' end), r.template_hash
     from placement p join revision r on r.id = p.revision_id where p.application_id = any ($1)`,
    [[stale.id, plain.id], stale.id, JSON.stringify([{ ...settings, content: "gone" }])],
  );
  await told(agent, plain, 1);
  expect(objectOf(agent, stale)).toBeUndefined();
  await centre.worker();
  await tenant.ask(stale.id);
  await told(agent, stale, 2);
  expect(agent.contents.has(settings.content)).toBe(true);
});

test("a secret under a key that the centre does not know is left out; the rest goes", async () => {
  const strange = desiredObjects(database.admin, tenant, createKeyRing(Buffer.alloc(32, 99)));
  await centre.gateway();
  const { agent, key } = await connected("strange-a");
  const locked = await strange.config("Secret", "locked", [{ key: "a", value: "1" }]);
  const settings = await objects.config("ConfigMap", "beside", [{ key: "b", value: "2" }]);
  const shop = await deploy("strange", using(locked, settings), agent);
  await told(agent, shop, 1);
  expect(agent.contents.has(locked.content)).toBe(false);
  expect(opened(agent, key, settings.content)).toEqual([{ key: "b", value: "2" }]);
});

test("contents that are large together go in messages of a bounded size, each with what its objects name", async () => {
  await centre.gateway();
  const { agent, key } = await connected("large-a");
  agent.drop();
  const all: StoredConfig[] = [];
  for (let index = 0; index < 6; index += 1) all.push(await objects.config("ConfigMap", `large-${index}`, [{ key: "a", value: "x".repeat(200_000) }]));
  const shops: DeployedApplication[] = [];
  for (const [index, config] of all.entries()) shops.push(await deploy(`large-${index}`, using(config), agent));
  await eventually(async () => expect(await one("select count(*)::int as n from assignment where cluster_id = $1", [agent.clusterId])).toEqual({ n: 6 }));
  // All of them at once.
  agent.connect(centre.link.dial());
  await agent.hello({ sealingKey: key.publicKey });
  await Promise.all(shops.map((shop) => told(agent, shop, 1)));
  expect(assigns(agent).length).toBeGreaterThan(1);
  for (const message of assigns(agent)) {
    expect(JSON.stringify(message).length).toBeLessThan(900_000);
    for (const object of message.objects) if (object.kind === "placement") for (const { content } of object.spec?.configs ?? []) expect(message.contents).toHaveProperty(content);
  }
  expect(all.map(({ content }) => timesSent(agent, content))).toEqual(all.map(() => 1));
});

test("the gateway sees no configuration of a cluster that no application uses there", async () => {
  const { pool } = await database.openAs("selvedge_gateway", 1);
  await centre.gateway();
  const { agent } = await connected("scoped-a");
  const { agent: stranger } = await connected("scoped-b");
  const secret = await objects.config("Secret", "scoped", [{ key: "a", value: "1" }]);
  const shop = await deploy("scoped", using(secret), agent);
  await told(agent, shop, 1);
  const seen = async (clusterId: string): Promise<number | undefined> => {
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query("select set_config('app.cluster_ids', $1, true)", [`{${clusterId}}`]);
      return (await client.query("select id, ciphertext from secret where id = $1", [secret.id])).rowCount ?? undefined;
    } finally {
      await client.query("rollback");
      client.release();
    }
  };
  expect(await seen(agent.clusterId)).toBe(1);
  expect(await seen(stranger.clusterId)).toBe(0);
});
