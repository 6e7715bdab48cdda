/** The mutations as clients see them: through the real schema, with the real services and reads behind it. */
import { readFileSync } from "node:fs";
import { type ExecutionResult, graphql } from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { globalId } from "#server/domain/ids.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { createFixture, type TestCluster, type TestTenant } from "../services/fixture.ts";
import { raise } from "#tests/support/reading.ts";

const fixture = await createFixture(4);
const { pool } = await fixture.database.openAs("selvedge_api", 4);
afterAll(() => fixture.close());

const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

/** Answers are read as loosely as a client without types reads them. */
type Data = ReturnType<typeof JSON.parse>;

async function run(actor: Actor, source: string, variableValues: object = {}): Promise<Data> {
  const result: ExecutionResult = await graphql({
    schema,
    source,
    variableValues: variableValues as Record<string, unknown>,
    contextValue: { actor, clock, read: reads.reader(actor), services: fixture.services, live: {}, server: {} },
  });
  if (result.errors) throw new Error(JSON.stringify(result.errors.map((error) => ({ message: error.message, path: error.path }))));
  return result.data as Data;
}

const ERRORS = `userErrors {
  __typename code message path
  ... on AlreadyExistsError { existing { id __typename } }
  ... on InUseError { usedByCount usedBy { id } }
  ... on ConflictError { currentVersion current { id ... on Application { version } } }
  ... on PlanRefusedError { failedChecks { name ok message cluster { code } } }
  ... on InvalidStateError { state }
}`;
const CREATE = `mutation ($input: CreateApplicationInput!) { createApplication(input: $input) {
  application { id name version status replicas { desired } placements(first: 10) { totalCount nodes { cluster { code } replicas { desired } vpc { name } subnet { cidr } } }
    revision { number template { containers { name env { name value } ports { containerPort protocol } } terminationGracePeriodSeconds } } updateStrategy { maxSurge { percent count } } }
  operation { kind state target { id } targetName progress { completed total } steps(first: 10) { nodes { name cluster { code } } } }
  ${ERRORS} } }`;

const input = (clusters: readonly TestCluster[], changes: object = {}, replicas = 2): object => ({
  input: {
    name: "web",
    namespace: "default",
    template: {
      containers: [
        {
          name: "server",
          image: "registry.example/web:1",
          cpuMillis: 100,
          memoryMiB: 64,
          ports: [{ containerPort: 80 }],
          env: [{ name: "A", source: { value: "1" } }],
        },
      ],
    },
    distribution: { clusters: clusters.map((cluster) => ({ clusterId: cluster.globalId, replicas })) },
    ...changes,
  },
});

async function place(): Promise<{ tenant: TestTenant; clusters: TestCluster[] }> {
  return { tenant: await fixture.tenant(), clusters: [await fixture.cluster(), await fixture.cluster()] };
}

describe("applications", () => {
  test("are created with the contract's defaults, and read back in the same answer", async () => {
    const { tenant, clusters } = await place();
    const { createApplication: made } = await run(tenant.actor, CREATE, input(clusters));
    expect(made.userErrors).toEqual([]);
    expect(made.application).toMatchObject({
      name: "web",
      version: 1,
      status: "PENDING",
      replicas: { desired: 4 },
      updateStrategy: { maxSurge: { percent: 25, count: null } },
      revision: {
        number: 1,
        template: {
          terminationGracePeriodSeconds: 30,
          containers: [{ name: "server", env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80, protocol: "TCP" }] }],
        },
      },
    });
    expect(made.application.placements.totalCount).toBe(2);
    for (const node of made.application.placements.nodes)
      expect(node).toMatchObject({ replicas: { desired: 2 }, vpc: { name: "default-vpc" }, subnet: { cidr: "10.0.0.0/20" } });
    expect(made.operation).toMatchObject({
      kind: "CREATE_APPLICATION",
      state: "PENDING",
      target: { id: made.application.id },
      targetName: "web",
      progress: { completed: 0, total: 4 },
    });
    expect(made.operation.steps.nodes).toEqual(clusters.map(({ code }) => ({ name: code, cluster: { code } })));
  });

  test("are scaled, moved, updated and deleted", async () => {
    const { tenant, clusters } = await place();
    const {
      createApplication: {
        application: { id },
      },
    } = await run(tenant.actor, CREATE, input(clusters));
    const change = async (name: string, type: string, value: object): Promise<Data> =>
      (
        await run(
          tenant.actor,
          `mutation ($input: ${type}!) { ${name}(input: $input) { application { version replicas { desired } description } operation { kind progress { total } } ${ERRORS} } }`,
          { input: { applicationId: id, ...value } },
        )
      )[name];
    expect(
      await change("scaleApplication", "ScaleApplicationInput", { replicas: 3, clusterId: clusters[0]?.globalId, expectedVersion: 1 }),
    ).toMatchObject({
      application: { version: 2, replicas: { desired: 5 } },
      operation: { kind: "SCALE_APPLICATION", progress: { total: 5 } },
      userErrors: [],
    });
    expect(
      await change("updateDistribution", "UpdateDistributionInput", {
        distribution: { clusters: [{ clusterId: clusters[1]?.globalId, replicas: 1, networkType: "HOST" }] },
      }),
    ).toMatchObject({ application: { version: 3, replicas: { desired: 1 } }, operation: { kind: "UPDATE_DISTRIBUTION" }, userErrors: [] });
    expect(
      await change("updateApplication", "UpdateApplicationInput", { description: "new", updateStrategy: { maxSurge: { count: 2 } } }),
    ).toMatchObject({ application: { version: 4, description: "new" }, operation: null, userErrors: [] });
    expect(await change("updateApplication", "UpdateApplicationInput", { description: "x", expectedVersion: 1 })).toMatchObject({
      application: null,
      operation: null,
      userErrors: [
        {
          __typename: "ConflictError",
          code: "CONFLICT",
          path: ["input", "expectedVersion"],
          currentVersion: 4,
          current: { id, version: 4 },
        },
      ],
    });
    const remove = `mutation ($input: DeleteApplicationInput!) { deleteApplication(input: $input) { deletedId object { id ... on Application { status } } operation { kind } ${ERRORS} } }`;
    expect((await run(tenant.actor, remove, { input: { applicationId: id, confirmName: "web" } }))["deleteApplication"]).toEqual({
      deletedId: null,
      object: { id, status: "DELETING" },
      operation: { kind: "DELETE_APPLICATION" },
      userErrors: [],
    });
    expect(
      (await run(tenant.actor, remove, { input: { applicationId: id, confirmName: "web" } }))["deleteApplication"].userErrors,
    ).toMatchObject([{ __typename: "InvalidStateError", state: "DELETING" }]);
  });

  test("are refused with what a client can act on", async () => {
    const { tenant, clusters } = await place();
    const {
      createApplication: {
        application: { id },
      },
    } = await run(tenant.actor, CREATE, input(clusters));
    const refused = async (changes: object, replicas = 2): Promise<Data> =>
      (await run(tenant.actor, CREATE, input(clusters, changes, replicas)))["createApplication"];
    expect(await refused({})).toMatchObject({
      application: null,
      operation: null,
      userErrors: [{ __typename: "AlreadyExistsError", existing: { id, __typename: "Application" } }],
    });
    expect(await refused({ name: "Bad" })).toMatchObject({
      userErrors: [{ __typename: "InvalidArgumentError", code: "INVALID_ARGUMENT", path: ["input", "name"] }],
    });
    expect(await refused({ name: "other", namespace: "nowhere" })).toMatchObject({ userErrors: [{ __typename: "NotFoundError" }] });
    expect((await refused({ name: "other" }, 900))["userErrors"]).toMatchObject([
      {
        __typename: "PlanRefusedError",
        code: "INSUFFICIENT_CAPACITY",
        failedChecks: clusters.map(({ code }) => ({ name: "CAPACITY", ok: false, cluster: { code } })),
      },
    ]);
  });

  test("a replayed key answers with the objects as they are now", async () => {
    const { tenant, clusters } = await place();
    const first = (await run(tenant.actor, CREATE, input(clusters, { idempotencyKey: "k" })))["createApplication"];
    await run(tenant.actor, `mutation ($id: ID!) { updateApplication(input: {applicationId: $id, description: "since"}) { ${ERRORS} } }`, {
      id: first.application.id,
    });
    const again = (await run(tenant.actor, CREATE, input(clusters, { idempotencyKey: "k" })))["createApplication"];
    expect(again.application).toEqual({ ...first.application, version: 2 });
    expect(
      (await run(tenant.actor, CREATE, input(clusters, { idempotencyKey: "k", name: "other" })))["createApplication"].userErrors,
    ).toMatchObject([{ __typename: "RefusedError", code: "IDEMPOTENCY_MISMATCH" }]);
  });

  test("another tenant learns nothing, also not from the errors", async () => {
    const { tenant, clusters } = await place();
    const stranger = await fixture.tenant();
    const {
      createApplication: {
        application: { id },
      },
    } = await run(tenant.actor, CREATE, input(clusters));
    const scale = `mutation ($input: ScaleApplicationInput!) { scaleApplication(input: $input) { application { id } ${ERRORS} } }`;
    const foreign = (await run(stranger.actor, scale, { input: { applicationId: id, replicas: 1 } }))["scaleApplication"];
    const unknown = globalId("Application", "00000000-0000-7000-8000-000000000000");
    const missing = (await run(stranger.actor, scale, { input: { applicationId: unknown, replicas: 1 } }))["scaleApplication"];
    expect(JSON.stringify(foreign).replaceAll(id, "ID")).toBe(JSON.stringify(missing).replaceAll(unknown, "ID"));
  });
});

describe("namespaces, tokens and tenants", () => {
  test("a namespace is made, used and deleted", async () => {
    const { tenant, clusters } = await place();
    const { createNamespace: made } = await run(
      tenant.actor,
      `mutation { createNamespace(input: {name: "shop", description: "Shops"}) { namespace { id name description isDefault } ${ERRORS} } }`,
    );
    expect(made).toMatchObject({ namespace: { name: "shop", description: "Shops", isDefault: false }, userErrors: [] });
    const {
      createApplication: { application },
    } = await run(tenant.actor, CREATE, input(clusters, { namespace: "shop" }));
    const remove = `mutation ($id: ID!) { deleteNamespace(input: {id: $id}) { deletedId object { id } ${ERRORS} } }`;
    expect((await run(tenant.actor, remove, { id: made.namespace.id }))["deleteNamespace"]).toMatchObject({
      deletedId: null,
      userErrors: [{ __typename: "InUseError", usedByCount: 1, usedBy: [{ id: application.id }] }],
    });
    const {
      createNamespace: { namespace: empty },
    } = await run(tenant.actor, `mutation { createNamespace(input: {name: "empty"}) { namespace { id } } }`);
    expect((await run(tenant.actor, remove, { id: empty.id }))["deleteNamespace"]).toEqual({
      deletedId: empty.id,
      object: null,
      userErrors: [],
    });
  });

  test("a token's secret comes once, and a revoked token says so", async () => {
    const { tenant } = await place();
    const create = `mutation { createApiToken(input: {name: "ci", role: OPERATOR, expiresAt: "2027-01-01T00:00:00Z", idempotencyKey: "k"}) { apiToken { id name role prefix expiresAt revokedAt } secret ${ERRORS} } }`;
    const { createApiToken: made } = await run(tenant.actor, create);
    expect(made).toMatchObject({
      apiToken: { name: "ci", role: "OPERATOR", expiresAt: "2027-01-01T00:00:00.000Z", revokedAt: null },
      userErrors: [],
    });
    expect(made.secret.startsWith(made.apiToken.prefix)).toBe(true);
    expect((await run(tenant.actor, create))["createApiToken"]).toEqual({ ...made, secret: null });
    const { revokeApiToken: revoked } = await run(
      tenant.actor,
      `mutation ($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { id revokedAt } ${ERRORS} } }`,
      { id: made.apiToken.id },
    );
    expect(revoked).toMatchObject({ apiToken: { id: made.apiToken.id, revokedAt: "2026-01-01T00:00:00.000Z" }, userErrors: [] });
  });

  test("a new tenant is shown to the platform's administrator, though it is not theirs", async () => {
    const { tenant } = await place();
    const name = `acme-${tenant.id}`;
    const { createTenant: made } = await run(
      tenant.as({ role: "PLATFORM_ADMIN" }),
      `mutation ($name: String!) { createTenant(input: {name: $name}) { tenant { id name createdAt } ownerToken ${ERRORS} } }`,
      { name },
    );
    expect(made).toMatchObject({
      tenant: { name, createdAt: "2026-01-01T00:00:00.000Z" },
      ownerToken: expect.stringMatching(/^slv_/),
      userErrors: [],
    });
  });
});

test("an import answers object by object", async () => {
  const { tenant, clusters } = await place();
  const yaml = readFileSync(new URL("../../../clients/examples/shop.yaml", import.meta.url), "utf8");
  const source = `mutation ($input: ImportManifestsInput!) { importManifests(input: $input) {
    objects { kind name outcome message warnings object { __typename id ... on Application { name } ... on Service { name } ... on ConfigMap { name } ... on Secret { name } } operation { kind } } operation { kind progress { total } steps(first: 100) { totalCount nodes { target { id } } } } ${ERRORS} } }`;
  const value = {
    yaml,
    namespace: "default",
    distribution: { clusters: clusters.map((cluster) => ({ clusterId: cluster.globalId, replicas: 1 })) },
  };
  const { importManifests: dry } = await run(tenant.actor, source, { input: { ...value, dryRun: true } });
  expect(dry).toMatchObject({ operation: null, userErrors: [] });
  const { importManifests: made } = await run(tenant.actor, source, { input: value });
  const created = made.objects.filter((object: Data) => object["outcome"] === "CREATED");
  expect(created.length).toBeGreaterThanOrEqual(12);
  // Services have no operation of their own: that of the import covers them. New configuration is on its way to nobody yet.
  const shown = {
    ConfigMap: { __typename: "ConfigMap", operation: null },
    Secret: { __typename: "Secret", operation: null },
    Deployment: { __typename: "Application", operation: { kind: "CREATE_APPLICATION" } },
    Service: { __typename: "Service", operation: null },
  } as const;
  for (const object of created) {
    const { __typename, operation } = shown[object["kind"] as keyof typeof shown];
    expect(object).toMatchObject({ object: { __typename, name: object.name }, operation });
  }
  const placed = created.filter((object: Data) => ["Deployment", "Service"].includes(object["kind"])).length * 2;
  expect(made.operation).toMatchObject({ kind: "IMPORT_MANIFESTS", progress: { total: placed }, steps: { totalCount: placed } });
  expect(dry.objects.map((object: Data) => [object["name"], object["outcome"]])).toEqual(
    made.objects.map((object: Data) => [object["name"], object["outcome"]]),
  );
  const { importManifests: bad } = await run(tenant.actor, source, { input: { ...value, yaml: "a: [" } });
  expect(bad).toMatchObject({
    objects: [],
    operation: null,
    userErrors: [{ __typename: "InvalidArgumentError", path: ["input", "yaml"], message: expect.stringMatching(/line 1, column \d+/) }],
  });
});
