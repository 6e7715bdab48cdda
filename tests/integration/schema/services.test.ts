/** Services as clients see them: through the real schema, with the real services and reads behind it. */
import { type ExecutionResult, graphql } from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { applicationInput, createFixture, must, type TestCluster, type TestTenant } from "../services/fixture.ts";
import { raise } from "#tests/support/reading.ts";

const fixture = await createFixture(4);
const { pool } = await fixture.database.openAs("selvedge_api", 4);
afterAll(() => fixture.close());

const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

/** Answers are read as loosely as a client without types reads them. */
type Data = ReturnType<typeof JSON.parse>;
async function execute(actor: Actor, source: string, variableValues: object = {}): Promise<ExecutionResult> {
  return graphql({
    schema, source, variableValues: variableValues as Record<string, unknown>,
    contextValue: { actor, clock, read: reads.reader(actor), services: fixture.services, live: {}, server: {} },
  });
}
async function run(actor: Actor, source: string, variables: object = {}): Promise<Data> {
  const result = await execute(actor, source, variables);
  if (result.errors) throw new Error(JSON.stringify(result.errors.map(({ message, path }) => ({ message, path }))));
  return JSON.parse(JSON.stringify(result.data));
}

const ERRORS = `userErrors { __typename code message path
  ... on AlreadyExistsError { existing { id ... on Service { name } } } ... on ConflictError { currentVersion current { id ... on Service { version } } } ... on PlanRefusedError { failedChecks { name cluster { code } } } }`;
const SERVICES = `services { id name status version clusterIp type ports { name protocol port containerPort } cluster { code } application { name } vpc { name } endpoints { totalCount } }
  operation { kind state targetName target { id } progress { total } steps { nodes { name cluster { code } target { id } } } } ${ERRORS}`;
const CREATE = `mutation ($input: CreateServiceInput!) { createServices(input: $input) { ${SERVICES} } }`;
const UPDATE = `mutation ($input: UpdateServiceInput!) { updateService(input: $input) { ${SERVICES} } }`;
const DELETE = `mutation ($input: DeleteManyInput!) { deleteServices(input: $input) { results { id ok deletedId object { id ... on Service { status } } operation { kind target { id } } ${ERRORS} } } }`;

async function place(): Promise<{ tenant: TestTenant; clusters: readonly [TestCluster, TestCluster]; applicationId: string; uuid: string }> {
  const tenant = await fixture.tenant();
  const clusters = [await fixture.cluster(), await fixture.cluster()] as const;
  const { applicationId: uuid } = must(await fixture.services.applications.create(tenant.actor, applicationInput(clusters)));
  return { tenant, clusters, applicationId: globalId("Application", uuid), uuid };
}
const PORT = { name: "http", port: 80, containerPort: 8080 };

describe("services", () => {
  test("are created with the contract's defaults, changed and deleted, and read back in each answer", async () => {
    const { tenant, clusters, applicationId } = await place();
    const { createServices: made } = await run(tenant.actor, CREATE, { input: { name: "web", applicationId, ports: [PORT] } });
    expect(made.userErrors).toEqual([]);
    expect(made.services.map(({ cluster }: Data) => cluster.code).toSorted()).toEqual(clusters.map(({ code }) => code).toSorted());
    for (const service of made.services) {
      expect(service).toMatchObject({
        name: "web", status: "PENDING", version: 1, type: "CLUSTER_IP", ports: [{ ...PORT, protocol: "TCP" }], application: { name: "web" }, vpc: { name: "default-vpc" }, endpoints: { totalCount: 0 },
      });
      expect(service.clusterIp).toMatch(/^100\.96\.\d+\.\d+$/);
    }
    expect(made.operation).toMatchObject({ kind: "CREATE_SERVICE", state: "PENDING", targetName: "web", target: null, progress: { total: 2 } });
    expect(made.operation.steps.nodes.map(({ target }: Data) => target.id).toSorted()).toEqual(made.services.map(({ id }: Data) => id).toSorted());

    const [{ id }] = made.services;
    const { updateService: changed } = await run(tenant.actor, UPDATE, { input: { serviceId: id, ports: [PORT, { ...PORT, name: "udp", protocol: "UDP", port: 81, containerPort: 8080 }].slice(0, 1), expectedVersion: 1 } });
    expect(changed).toMatchObject({ services: [{ id, version: 2 }], operation: null, userErrors: [] });
    const { updateService: other } = await run(tenant.actor, UPDATE, { input: { serviceId: id, ports: [{ ...PORT, port: 8080 }] } });
    expect(other).toMatchObject({ services: [{ id, version: 3, ports: [{ port: 8080 }] }], operation: { kind: "UPDATE_SERVICE", target: { id }, progress: { total: 1 } } });

    const { deleteServices } = await run(tenant.actor, DELETE, { input: { ids: [id, "Service.unknown"] } });
    expect(deleteServices.results).toMatchObject([
      { id, ok: true, deletedId: null, object: { id, status: "DELETING" }, operation: { kind: "DELETE_SERVICE", target: { id } }, userErrors: [] },
      { id: "Service.unknown", ok: false, deletedId: null, object: null, operation: null, userErrors: [{ __typename: "NotFoundError", code: "NOT_FOUND", path: ["input", "ids", "1"] }] },
    ]);
  });

  test("are refused with errors that lead somewhere", async () => {
    const { tenant, clusters, applicationId } = await place();
    const only = { name: "web", applicationId, ports: [PORT], clusterIds: [clusters[0].globalId] };
    const { createServices: { services: [service] } } = await run(tenant.actor, CREATE, { input: only });
    expect((await run(tenant.actor, CREATE, { input: only })).createServices).toMatchObject({ services: [], operation: null, userErrors: [{ __typename: "AlreadyExistsError", existing: { id: service.id, name: "web" } }] });
    expect((await run(tenant.actor, UPDATE, { input: { serviceId: service.id, ports: [PORT], expectedVersion: 9 } })).updateService).toMatchObject({
      services: [], userErrors: [{ __typename: "ConflictError", currentVersion: 1, current: { id: service.id, version: 1 } }],
    });
  });

  test("a batch that is refused as a whole says so of each; an empty one has nowhere to say it", async () => {
    const { tenant, applicationId } = await place();
    const { createServices: { services } } = await run(tenant.actor, CREATE, { input: { name: "web", applicationId, ports: [PORT] } });
    const ids = services.map(({ id }: Data) => id) as string[];
    await run(tenant.actor, DELETE, { input: { ids: [ids[0]], idempotencyKey: "k" } });
    expect((await run(tenant.actor, DELETE, { input: { ids, idempotencyKey: "k" } })).deleteServices.results).toMatchObject(ids.map((id) => ({ id, ok: false, userErrors: [{ code: "IDEMPOTENCY_MISMATCH" }] })));
    const many = Array.from({ length: 101 }, (_, n) => `x${n}`);
    const { deleteServices } = await run(tenant.actor, DELETE, { input: { ids: many } });
    expect(deleteServices.results).toHaveLength(101);
    expect(deleteServices.results[100]).toMatchObject({ id: "x100", ok: false, userErrors: [{ code: "INVALID_ARGUMENT", path: ["input", "ids"] }] });
    const { errors } = await execute(tenant.actor, DELETE, { input: { ids: [] } });
    expect(errors?.[0]?.originalError).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("have the pods of their application on their cluster as endpoints", async () => {
    const { tenant, clusters, applicationId, uuid } = await place();
    const { createServices: { services } } = await run(tenant.actor, CREATE, { input: { name: "web", applicationId, ports: [PORT] } });
    const { rows } = await fixture.admin.query("select id, cluster_id, namespace_id, revision_id from placement where application_id = $1 and cluster_id = $2", [uuid, clusters[0].id]);
    const [placement] = rows;
    const of = { tenantId: tenant.id, namespaceId: placement.namespace_id, applicationId: uuid, placementId: placement.id, revisionId: placement.revision_id, clusterId: clusters[0].id };
    await rowsOf(fixture.admin).pod(of, "web-1", { private_ip: "10.0.0.7" });
    await rowsOf(fixture.admin).pod(of, "web-2", { phase: "PENDING", ready: false });
    const found = await run(tenant.actor, "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Service { cluster { code } endpoints { nodes { address ready pod { name cluster { code } } } } } } }", { ids: services.map(({ id }: Data) => id) });
    expect(found.nodes).toContainEqual({ cluster: { code: clusters[0].code }, endpoints: { nodes: [{ address: "10.0.0.7", ready: true, pod: { name: "web-1", cluster: { code: clusters[0].code } } }] } });
    expect(found.nodes).toContainEqual({ cluster: { code: clusters[1].code }, endpoints: { nodes: [] } });
  });
});
