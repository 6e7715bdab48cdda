/** What the centre decides of scheduling: SPOT reserves nothing, and rules about regions are looked at when a change is accepted. */
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import type { AffinityRule } from "#server/domain/affinity.ts";
import { applicationInput, createFixture, must, refusals, reservations, type TestCluster, type TestTenant } from "./fixture.ts";

const fixture = await createFixture();
const { admin, services } = fixture;
afterAll(() => fixture.close());

describe("SPOT", () => {
  test("is accepted and told to the cluster, and reserves nothing: what is reserved goes before it", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster({ nodes: 1, nodeCpuMillis: 1_000 });
    const spot = must(await services.applications.create(tenant.actor, applicationInput([cluster], { name: "batch", capacityType: "SPOT" }, 10)));
    expect(await reservations(admin, cluster.id)).toEqual({ cpu: 0, memory: 0, pods: 0, usage: 0 });
    const { rows } = await admin.query("select capacity_type, desired from application where id = $1", [spot.applicationId]);
    expect(rows).toEqual([{ capacity_type: "SPOT", desired: 10 }]);
    // All of the cluster, though SPOT pods fill it.
    must(await services.applications.create(tenant.actor, applicationInput([cluster], {}, 10)));
    expect(await reservations(admin, cluster.id)).toMatchObject({ cpu: 1_000, pods: 10 });
    must(await services.applications.scale(tenant.actor, { applicationId: globalId("Application", spot.applicationId), replicas: 40 }));
    must(await services.applications.delete(tenant.actor, { applicationId: globalId("Application", spot.applicationId), confirmName: "batch" }));
    expect(await reservations(admin, cluster.id)).toMatchObject({ cpu: 1_000, pods: 10 });
  });

  test("has to fit on a node all the same", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster({ nodes: 1, nodeCpuMillis: 99 });
    expect(refusals(await services.applications.create(tenant.actor, applicationInput([cluster], { capacityType: "SPOT" })))).toMatchObject([{ code: "INSUFFICIENT_CAPACITY" }]);
  });

  test("is not what an application becomes by an import", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const yaml = (capacity: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web${capacity} }
spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: a, image: nginx, resources: { requests: { cpu: 1m, memory: 1Mi } } }] } } }`;
    const input = (text: string) => ({ yaml: text, namespace: "default", distribution: { clusters: [{ clusterId: cluster.globalId, replicas: 1, networkType: "VPC" as const }] }, dryRun: false });
    const outcomes = async (text: string) => must(await services.applications.importManifests(tenant.actor, input(text))).objects.map(({ outcome, message }) => [outcome, message]);
    const spot = ", annotations: { selvedge.io/capacity-type: SPOT }";
    expect(await outcomes(yaml(""))).toEqual([["CREATED", null]]);
    expect(await outcomes(yaml(spot))).toEqual([["FAILED", "Application web is ON_DEMAND; the capacity type is fixed when an application is made."]]);
  });
});

describe("required rules about applications in a region", () => {
  const regional = (kind: AffinityRule["kind"], name: string): AffinityRule => ({ kind, required: true, weight: 1, topology: "REGION", labels: [{ key: "selvedge.io/application", value: name }] });
  const input = (name: string, clusters: readonly TestCluster[], rules: readonly AffinityRule[], replicas = 1) => {
    const whole = applicationInput(clusters, { name }, replicas);
    return { ...whole, template: { ...whole.template, affinity: rules } };
  };
  const create = (tenant: TestTenant, ...given: Parameters<typeof input>) => services.applications.create(tenant.actor, input(...given));

  test("hold by what is wanted in the region when the change is accepted", async () => {
    const tenant = await fixture.tenant();
    const [here, near] = [await fixture.cluster(), await fixture.cluster()];
    const far = await fixture.cluster();
    await admin.query("with made as (insert into region (id, code, name) values (gen_random_uuid(), $2, 'Far') returning id) update cluster set region_id = (select id from made) where id = $1", [far.id, `far-${far.code}`]);
    const refusedAt = async (...given: Parameters<typeof input>) => refusals(await create(tenant, ...given));

    const [none] = await refusedAt("web", [here], [regional("APPLICATION", "cache")]);
    expect(none).toEqual(expect.objectContaining({
      code: "PLAN_REFUSED", path: ["input", "distribution"],
      message: `Cluster ${here.code}: the region test has no pods with application cache, which a required rule of affinity asks for.`,
    }));
    must(await create(tenant, "cache", [near], []));
    must(await create(tenant, "web", [here], [regional("APPLICATION", "cache")]));
    expect(await refusedAt("other", [far, here], [regional("APPLICATION", "cache")])).toMatchObject([{ code: "PLAN_REFUSED", failedChecks: [{ name: "SCHEDULING", clusterId: far.id }] }]);
    expect(await refusedAt("lonely", [here], [regional("APPLICATION_ANTI", "cache")])).toMatchObject([{ message: expect.stringContaining("to keep away from") }]);
    must(await create(tenant, "lonely", [far], [regional("APPLICATION_ANTI", "cache")]));
    // What only prefers, or is of another tenant, is nobody's hindrance.
    must(await create(tenant, "easy", [far], [{ ...regional("APPLICATION", "cache"), required: false }]));
    expect(refusals(await create(await fixture.tenant(), "web", [here], [regional("APPLICATION", "cache")]))).toHaveLength(1);
  });

  test("count an application's own pods", async () => {
    const tenant = await fixture.tenant();
    const [here, near] = [await fixture.cluster(), await fixture.cluster()];
    must(await create(tenant, "together", [here], [regional("APPLICATION", "together")], 2));
    expect(refusals(await create(tenant, "apart", [here, near], [regional("APPLICATION_ANTI", "apart")]))).toMatchObject([{ code: "PLAN_REFUSED" }]);
    const { applicationId } = must(await create(tenant, "apart", [here], [regional("APPLICATION_ANTI", "apart")]));
    const scale = (replicas: number) => services.applications.scale(tenant.actor, { applicationId: globalId("Application", applicationId), replicas });
    expect(refusals(await scale(2))).toMatchObject([{ code: "PLAN_REFUSED" }]);
    must(await scale(0));
    must(await scale(1));
  });

  test("keep others away that come later, by whatever change they come", async () => {
    const tenant = await fixture.tenant();
    const here = await fixture.cluster();
    must(await create(tenant, "hermit", [here], [regional("APPLICATION_ANTI", "crowd")]));
    expect(refusals(await create(tenant, "crowd", [here], []))).toMatchObject([{
      code: "PLAN_REFUSED", message: `Cluster ${here.code}: the region test has pods of application hermit, which a required rule of affinity keeps away from pods with application crowd.`,
    }]);
    // Nobody else is concerned: others by name, by labels, and of another tenant.
    must(await create(tenant, "others", [here], []));
    must(await create(await fixture.tenant(), "crowd", [here], []));

    const shy = { kind: "APPLICATION_ANTI", required: true, weight: 1, topology: "REGION", labels: [{ key: "noise", value: "loud" }] } as const;
    must(await create(tenant, "shy", [here], [shy]));
    const { applicationId } = must(await create(tenant, "band", [here], []));
    const band = globalId("Application", applicationId);
    const { template } = input("band", [here], []);
    const loud = { applicationId: band, template: { ...template, labels: [{ key: "noise", value: "loud" }] } };
    expect(refusals(await services.applications.upgrade(tenant.actor, loud))).toMatchObject([{ code: "PLAN_REFUSED", message: expect.stringContaining("keeps away from pods with noise=loud") }]);
    // Where no pods of it are wanted any more it keeps nobody away.
    const { rows } = await admin.query<{ id: string }>("select id from application where tenant_id = $1 and name = 'shy'", [tenant.actor.tenantId]);
    must(await services.applications.scale(tenant.actor, { applicationId: globalId("Application", rows[0]?.id ?? ""), replicas: 0 }));
    must(await services.applications.upgrade(tenant.actor, loud));
  });

  test("are asked again where all pods are made anew, and not where they stay", async () => {
    const tenant = await fixture.tenant();
    const here = await fixture.cluster();
    const cache = must(await create(tenant, "cache", [here], []));
    const { applicationId } = must(await create(tenant, "web", [here], [regional("APPLICATION", "cache")], 2));
    const web = globalId("Application", applicationId);
    must(await services.applications.restart(tenant.actor, { applicationId: web }));
    must(await services.applications.scale(tenant.actor, { applicationId: globalId("Application", cache.applicationId), replicas: 0 }));
    expect(refusals(await services.applications.restart(tenant.actor, { applicationId: web }))).toMatchObject([{ code: "PLAN_REFUSED" }]);
    must(await services.applications.scale(tenant.actor, { applicationId: web, replicas: 1 }));
  });
});
