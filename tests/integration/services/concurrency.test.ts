import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { applicationInput, countRows, createFixture, must, refusals, reservations } from "./fixture.ts";
import { reservedAndWanted, templateWith } from "./life.ts";

const fixture = await createFixture(12);
const { admin, services } = fixture;
afterAll(() => fixture.close());

const DAY_MS = 24 * 60 * 60 * 1000;

describe("one effect for a key", () => {
  test("20 callers at once with one key make one application, and all get it", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const input = { ...applicationInput([cluster]), idempotencyKey: "one" };
    const answers = await Promise.all(Array.from({ length: 20 }, () => services.applications.create(tenant.actor, input)));
    const [first] = answers.map(must);
    for (const answer of answers) expect(must(answer)).toEqual(first);
    expect(await countRows(admin, tenant.id)).toMatchObject({ application: 1, operation: 1, audit_entry: 1, idempotency: 1, jobs: 1 });
    expect((await reservations(admin, cluster.id)).pods).toBe(2);
  });

  test("another input under the same key is refused and changes nothing", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    must(await services.applications.create(tenant.actor, { ...applicationInput([cluster]), idempotencyKey: "k" }));
    const before = await countRows(admin, tenant.id);
    expect(
      refusals(
        await services.applications.create(tenant.actor, { ...applicationInput([cluster], { name: "other" }), idempotencyKey: "k" }),
      ),
    ).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH", path: ["input", "idempotencyKey"] }]);
    expect(await countRows(admin, tenant.id)).toEqual({ ...before, audit_entry: 2 });
  });

  test("a key belongs to one tenant and one mutation", async () => {
    const [one, other] = [await fixture.tenant(), await fixture.tenant()];
    const cluster = await fixture.cluster();
    const made = must(await services.applications.create(one.actor, { ...applicationInput([cluster]), idempotencyKey: "k" }));
    const theirs = must(await services.applications.create(other.actor, { ...applicationInput([cluster]), idempotencyKey: "k" }));
    expect(theirs.applicationId).not.toBe(made.applicationId);
    must(
      await services.applications.scale(one.actor, {
        applicationId: globalId("Application", made.applicationId),
        replicas: 3,
        idempotencyKey: "k",
      }),
    );
  });

  test("a refusal keeps no key: the same call may be accepted later", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const input = { ...applicationInput([cluster], { namespace: "later" }), idempotencyKey: "k" };
    expect(refusals(await services.applications.create(tenant.actor, input))).toMatchObject([{ code: "NOT_FOUND" }]);
    expect((await countRows(admin, tenant.id))["idempotency"]).toBe(0);
    await fixture.namespace(tenant, "later");
    must(await services.applications.create(tenant.actor, input));
  });

  test("a replay also when the object was changed since; after 24 hours the key is free", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const applicationId = globalId(
      "Application",
      must(await services.applications.create(tenant.actor, applicationInput([cluster]))).applicationId,
    );
    const scale = { applicationId, replicas: 3, expectedVersion: 1, idempotencyKey: "k" };
    const first = must(await services.applications.scale(tenant.actor, scale));
    must(await services.applications.update(tenant.actor, { applicationId, description: "since" }));
    fixture.advance(DAY_MS - 1);
    expect(must(await services.applications.scale(tenant.actor, scale))).toEqual(first);
    fixture.advance(1);
    expect(refusals(await services.applications.scale(tenant.actor, scale))).toMatchObject([{ code: "CONFLICT", currentVersion: 3 }]);
  });
});

test("a key is kept for 24 hours of the wall clock, however fast the simulation's runs", async () => {
  const speed = 60;
  const fast = await createFixture(2, speed);
  try {
    const tenant = await fast.tenant();
    const create = async () => must(await fast.services.namespaces.create(tenant.actor, { name: "shop", idempotencyKey: "k" }));
    const first = await create();
    fast.advance(DAY_MS * speed - 1);
    expect(await create()).toEqual(first);
    fast.advance(1);
    expect(refusals(await fast.services.namespaces.create(tenant.actor, { name: "shop", idempotencyKey: "k" }))).toMatchObject([
      { code: "ALREADY_EXISTS" },
    ]);
  } finally {
    await fast.close();
  }
});

test("50 concurrent changes with expectedVersion: none is lost", async () => {
  const tenant = await fixture.tenant();
  const cluster = await fixture.cluster();
  const made = must(await services.applications.create(tenant.actor, applicationInput([cluster], { description: "0" })));
  const applicationId = globalId("Application", made.applicationId);
  const read = async (): Promise<{ version: number; description: string }> =>
    (await admin.query("select version, description from application where id = $1", [made.applicationId])).rows[0];
  // Each caller reads, adds one, and writes under the version that it read, until it is accepted.
  const increment = async (): Promise<void> => {
    for (;;) {
      const { version, description } = await read();
      const answer = await services.applications.update(tenant.actor, {
        applicationId,
        description: String(Number(description) + 1),
        expectedVersion: version,
      });
      if (answer.ok) return;
      expect(refusals(answer)).toMatchObject([{ code: "CONFLICT" }]);
    }
  };
  await Promise.all(Array.from({ length: 50 }, increment));
  expect(await read()).toEqual({ version: 51, description: "50" });
}, 60_000);

test("of 50 concurrent changes of an application's life under one version, one is accepted; the others change nothing", async () => {
  const tenant = await fixture.tenant();
  const cluster = await fixture.cluster();
  const made = must(await services.applications.create(tenant.actor, applicationInput([cluster])));
  const change = { applicationId: globalId("Application", made.applicationId), expectedVersion: 1 };
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => {
      const kinds = [
        () => services.applications.upgrade(tenant.actor, { ...change, template: templateWith({ image: `registry.example/shop/web:${index}`, cpuMillis: 100 + index }) }),
        () => services.applications.stop(tenant.actor, change),
        () => services.applications.restart(tenant.actor, change),
        () => services.applications.scale(tenant.actor, { ...change, replicas: 3 + index }),
      ];
      return (kinds[index % kinds.length] as (typeof kinds)[number])();
    }),
  );
  expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
  for (const answer of answers.filter((one) => !one.ok)) expect(refusals(answer)).toMatchObject([{ code: "CONFLICT", path: ["input", "expectedVersion"], currentVersion: 2 }]);
  const { rows: [counts] } = await admin.query(
    "select a.version, (select count(*)::int from operation o where o.target_id = a.id) as operations, (select count(*)::int from revision r where r.application_id = a.id) as revisions, (select count(*)::int from rollout r where r.application_id = a.id) as rollouts from application a where id = $1",
    [made.applicationId],
  );
  expect(counts).toMatchObject({ version: 2, operations: 2 });
  expect(counts.revisions - 1).toBe(counts.rollouts);
  const { reserved, wanted, usage } = await reservedAndWanted(admin, [cluster.id]);
  expect(reserved).toEqual(wanted);
  expect(usage).toEqual(wanted);
}, 60_000);

test("of 50 concurrent upgrades without a version one makes a revision; the others find its rollout under way", async () => {
  const tenant = await fixture.tenant();
  const cluster = await fixture.cluster();
  const made = must(await services.applications.create(tenant.actor, applicationInput([cluster])));
  const applicationId = globalId("Application", made.applicationId);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      services.applications.upgrade(tenant.actor, { applicationId, template: templateWith({ image: `registry.example/shop/web:${index}` }) }),
    ),
  );
  expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
  for (const answer of answers.filter((one) => !one.ok)) expect(refusals(answer)).toMatchObject([{ code: "INVALID_STATE", state: "PROGRESSING" }]);
  const { rows } = await admin.query("select number from revision where application_id = $1 order by number", [made.applicationId]);
  expect(rows).toEqual([{ number: 1 }, { number: 2 }]);
}, 60_000);

describe("the last free resources", () => {
  test("50 concurrent creators on clusters in any order take exactly what there is", async () => {
    const tenants = await Promise.all([fixture.tenant(), fixture.tenant()]);
    // Room for 14 applications of 2 pods on each cluster.
    const shape = { nodes: 2, nodePods: 14 };
    const clusters = [await fixture.cluster(shape), await fixture.cluster(shape), await fixture.cluster(shape)];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const tenant = tenants[index % 2] as (typeof tenants)[number];
        return services.applications.create(
          tenant.actor,
          applicationInput(index % 3 === 0 ? clusters : clusters.toReversed(), { name: `app-${index}` }),
        );
      }),
    );
    const refusedOnes = answers.filter((answer) => !answer.ok);
    expect(answers.length - refusedOnes.length).toBe(14);
    for (const answer of refusedOnes) expect(refusals(answer)).toMatchObject([{ code: "INSUFFICIENT_CAPACITY" }]);
    for (const cluster of clusters) {
      expect(await reservations(admin, cluster.id)).toEqual({ cpu: 2_800, memory: 1_792, pods: 28, usage: 2_800 });
      const {
        rows: [sum],
      } = await admin.query("select sum(desired)::int as pods from placement where cluster_id = $1", [cluster.id]);
      expect(sum.pods).toBe(28);
    }
  }, 60_000);

  test("50 callers of one name make one application; the others learn of it", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => services.applications.create(tenant.actor, applicationInput([cluster]))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    for (const answer of answers.filter((one) => !one.ok)) expect(refusals(answer)).toMatchObject([{ code: "ALREADY_EXISTS" }]);
    expect((await reservations(admin, cluster.id)).pods).toBe(2);
  }, 60_000);

  test("scaling one application up and down by many at once ends with the reservation of its last size", async () => {
    const tenant = await fixture.tenant();
    const clusters = [await fixture.cluster(), await fixture.cluster()];
    const made = must(await services.applications.create(tenant.actor, applicationInput(clusters)));
    const applicationId = globalId("Application", made.applicationId);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        services.applications.scale(tenant.actor, {
          applicationId,
          replicas: index % 7,
          clusterId: index % 2 === 0 ? clusters[index % 2]?.globalId : null,
        }),
      ),
    );
    for (const cluster of clusters) {
      const {
        rows: [placement],
      } = await admin.query("select desired from placement where cluster_id = $1", [cluster.id]);
      expect(await reservations(admin, cluster.id)).toEqual({
        cpu: placement.desired * 100,
        memory: placement.desired * 64,
        pods: placement.desired,
        usage: placement.desired * 100,
      });
    }
    const {
      rows: [application],
    } = await admin.query("select version, desired from application where id = $1", [made.applicationId]);
    expect(application.version).toBe(41);
    const { rows: unfinished } = await admin.query("select id from operation where target_id = $1 and finished_at is null", [
      made.applicationId,
    ]);
    expect(unfinished).toHaveLength(1);
  }, 60_000);
});
