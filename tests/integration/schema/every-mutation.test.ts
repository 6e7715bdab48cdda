/**
 * What every mutation has in common, asked of each that takes an id: what is another tenant's, or of a namespace that the token does not reach, looks like
 * what does not exist, through each argument; an idempotencyKey makes it one effect; an expectedVersion that is over refuses it.
 */
import { randomUUIDv7 } from "node:crypto";
import { type GraphQLInputType, getNamedType, graphql, isInputObjectType, isObjectType, isScalarType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { globalId } from "#server/domain/ids.ts";
import { createSemaphore } from "#server/domain/semaphore.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createReads } from "#server/read/run.ts";
import { createLogDownloads, type LogViewer } from "#server/telemetry/logs-download.ts";
import { LogReader } from "#server/telemetry/logs-read.ts";
import { createFixture, must, type TestTenant } from "../services/fixture.ts";
import { raise } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";

const fixture = await createFixture(4);
const { admin, services } = fixture;
const { pool } = await fixture.database.openAs("selvedge_api", 4);
afterAll(() => fixture.close());
const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });
const logPlaces = createSemaphore(1);
const logReader = ({ tenantId, namespaceIds }: LogViewer): LogReader => new LogReader({ pool, scope: { tenantId, namespaceIds }, places: logPlaces });
const downloads = createLogDownloads({ pool, clock, speed: 1, keys: [Buffer.alloc(32)], readerFor: logReader });

const NOBODY = "01890000-0000-7000-8000-00000000dead";
type Ids = Readonly<Record<string, string>>;

/** One object of each kind, as global ids. */
async function objectsOf(tenant: TestTenant, namespace: string, clusterId: string): Promise<Ids> {
  const { actor } = tenant;
  const data = [{ key: "a", value: "1" }];
  const configMapId = globalId("ConfigMap", must(await services.configMaps.create(actor, { name: "settings", namespace, data })).configMapId);
  const secretId = globalId("Secret", must(await services.secrets.create(actor, { name: "keys", namespace, type: "OPAQUE", data })).secretId);
  const login = ["server", "username", "password"].map((key) => ({ key, value: key }));
  const registryId = globalId("Secret", must(await services.secrets.create(actor, { name: "login", namespace, type: "REGISTRY", data: login })).secretId);
  const application = must(await services.applications.create(actor, {
    name: "web", namespace, workloadKind: "DEPLOYMENT", capacityType: "ON_DEMAND", labels: [], deletionProtection: false,
    template: { runtime: "RUNC", terminationGracePeriodSeconds: 30, containers: [{ name: "web", image: "web:1", cpuMillis: 10, memoryMiB: 10, stdin: false, tty: false, ports: [{ containerPort: 80, protocol: "TCP" }] }] },
    distribution: { clusters: [{ clusterId, replicas: 1, networkType: "VPC" }] },
  }));
  const applicationId = globalId("Application", application.applicationId);
  const [serviceId = ""] = must(await services.services.create(actor, { name: "web", type: "CLUSTER_IP", applicationId, ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 80 }] })).serviceIds;
  const { rows: [own] } = await admin.query(
    "select vpc_id, subnet_id, namespace_id, p.id as placement_id, cluster_id, (select revision_id from application a where a.id = p.application_id) as revision_id, (select id from api_token t where t.tenant_id = p.tenant_id limit 1) as token from placement p where application_id = $1", [application.applicationId],
  );
  const podId = await rowsOf(admin).pod(
    { tenantId: actor.tenantId, namespaceId: own.namespace_id, applicationId: application.applicationId, placementId: own.placement_id, revisionId: own.revision_id, clusterId: own.cluster_id }, "web-1",
    { phase: "RUNNING", containers: JSON.stringify([{ name: "web", image: "web:1", state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: 1 }]) },
  );
  const terminal = randomUUIDv7();
  await admin.query(
    `insert into terminal_session (tenant_id, id, namespace_id, application_id, cluster_id, pod_id, pod_name, container, token_id, token_name, key_id, wrapped_key, ciphertext, columns, rows, state, opened_at, expires_at, active_at)
     values ($1, $2, $3, $4, $5, $6, 'web-1', 'web', $7, 'token', 'k', '', '', 80, 24, 'OPEN', '2026-01-01', '2026-02-01', '2026-01-01')`,
    [actor.tenantId, terminal, own.namespace_id, application.applicationId, own.cluster_id, podId, actor.tokenId],
  );
  const faultId = randomUUIDv7();
  await admin.query(
    `insert into fault (id, kind, cluster_id, target_type, target_id, seed, starts_at, ends_at) values ($1, 'CRASH_POD', $2, 'Pod', $1, 1, '2025-12-31', '2026-02-01')`, [faultId, clusterId.split(".")[1]],
  );
  return {
    Fault: globalId("Fault", faultId),
    Application: applicationId, ConfigMap: configMapId, Secret: secretId, Registry: registryId, Service: globalId("Service", serviceId), Operation: globalId("Operation", application.operationId ?? ""),
    Cluster: clusterId, Vpc: globalId("Vpc", own.vpc_id), Subnet: globalId("Subnet", own.subnet_id), Namespace: globalId("Namespace", own.namespace_id), ApiToken: globalId("ApiToken", own.token),
    Revision: globalId("Revision", own.revision_id), Pod: globalId("Pod", podId), TerminalSession: globalId("TerminalSession", terminal),
  };
}

let me: TestTenant;
let mine: Ids;
let theirs: Ids;
let hidden: Ids;
let limited: Actor;
beforeAll(async () => {
  const cluster = await fixture.cluster();
  me = await fixture.tenant();
  const stranger = await fixture.tenant();
  await fixture.namespace(me, "hidden");
  mine = await objectsOf(me, "default", cluster.globalId);
  hidden = await objectsOf(me, "hidden", cluster.globalId);
  theirs = await objectsOf(stranger, "default", cluster.globalId);
  limited = me.as({ namespaces: ["default"], namespaceIds: [(mine["Namespace"] ?? "").split(".")[1] ?? ""] });
});

// ---- an input of each mutation, with every id that it takes

const template = (ids: Ids): object => ({
  containers: [{
    name: "web", image: "web:2", cpuMillis: 10, memoryMiB: 10,
    env: [{ name: "A", source: { configMapKey: { configMapId: ids["ConfigMap"], key: "a" } } }, { name: "B", source: { secretKey: { secretId: ids["Secret"], key: "a" } } }],
  }],
  volumes: [{ name: "c", source: { configMapId: ids["ConfigMap"] } }, { name: "s", source: { secretId: ids["Secret"] } }],
  imagePullSecretIds: [ids["Registry"]],
});
const distribution = (ids: Ids): object => ({ clusters: [{ clusterId: ids["Cluster"], replicas: 1, vpcId: ids["Vpc"], subnetId: ids["Subnet"] }] });
const ports = [{ name: "http", port: 81, containerPort: 80 }];
const application = ({ Application: applicationId }: Ids): object => ({ applicationId });
const INPUTS: Readonly<Record<string, (ids: Ids) => object>> = {
  createApplication: (ids) => ({ name: "new", namespace: "default", template: template(ids), distribution: distribution(ids) }),
  updateApplication: application, restartApplication: application, stopApplication: application, startApplication: application, rollBackApplication: application,
  upgradeApplication: (ids) => ({ ...application(ids), template: template(ids) }),
  updateDistribution: (ids) => ({ ...application(ids), distribution: distribution(ids) }),
  scaleApplication: (ids) => ({ ...application(ids), replicas: 2, clusterId: ids["Cluster"] }),
  deleteApplication: (ids) => ({ ...application(ids), confirmName: "web" }),
  cancelOperation: (ids) => ({ operationId: ids["Operation"] }), retryOperation: (ids) => ({ operationId: ids["Operation"] }),
  createServices: (ids) => ({ ...application(ids), name: "new", ports, clusterIds: [ids["Cluster"]] }),
  updateService: (ids) => ({ serviceId: ids["Service"], ports }), deleteServices: (ids) => ({ ids: [ids["Service"]] }),
  updateConfigMap: (ids) => ({ configMapId: ids["ConfigMap"], data: [{ key: "a", value: "2" }] }), deleteConfigMap: (ids) => ({ id: ids["ConfigMap"] }),
  updateSecret: (ids) => ({ secretId: ids["Secret"], data: [{ key: "a", value: "2" }] }), deleteSecret: (ids) => ({ id: ids["Secret"] }), revealSecret: (ids) => ({ id: ids["Secret"] }),
  importManifests: (ids) => ({ namespace: "default", yaml: "{ apiVersion: v1, kind: ConfigMap, metadata: { name: new } }", distribution: distribution(ids) }),
  injectFault: ({ Cluster: clusterId, Fault: nodeId, Application: podId }) => ({ kind: "SLOW_IMAGE_PULL", durationSeconds: 60, clusterId, nodeId, podId }), endFault: (ids) => ({ faultId: ids["Fault"] }),
  openTerminal: (ids) => ({ podId: ids["Pod"], container: "web" }), sendTerminalInput: (ids) => ({ sessionId: ids["TerminalSession"], sequence: 1, data: "x" }),
  resizeTerminal: (ids) => ({ sessionId: ids["TerminalSession"], columns: 100, rows: 30 }), closeTerminal: (ids) => ({ sessionId: ids["TerminalSession"] }),
  createLogDownload: (ids) => ({ target: { podId: ids["Pod"], applicationId: ids["Application"] }, filter: { podIds: [ids["Pod"]] } }),
  deleteNamespace: (ids) => ({ id: ids["Namespace"] }), revokeApiToken: (ids) => ({ id: ids["ApiToken"] }),
};

/** Where one that names everything is refused. */
const ACCEPTED: typeof INPUTS = { ...INPUTS, injectFault: ({ Cluster: clusterId }) => ({ kind: "DISCONNECT_CLUSTER", durationSeconds: 60, clusterId }) };
/** Of the platform. */
const BY_ADMINISTRATORS = new Set(["injectFault", "endFault"]);

/** What has to be so for a mutation to be accepted. */
const PREPARED: Readonly<Record<string, (tenant: TestTenant, ids: Ids) => Promise<unknown>>> = {
  startApplication: ({ actor }, ids) => services.applications.stop(actor, { applicationId: ids["Application"] ?? "" }),
  rollBackApplication: async ({ actor }, ids) => {
    const container = { name: "web", image: "web:2", cpuMillis: 10, memoryMiB: 10, stdin: false, tty: false };
    must(await services.applications.upgrade(actor, { applicationId: ids["Application"] ?? "", template: { runtime: "RUNC", terminationGracePeriodSeconds: 30, containers: [container] } }));
  },
  cancelOperation: (_tenant, ids) => admin.query(
    `update operation o set kind = 'SCALE_APPLICATION', before = jsonb_build_object('revisionId', a.revision_id, 'stopped', false, 'placements',
       (select jsonb_agg(jsonb_build_object('clusterId', cluster_id, 'replicas', 1, 'parked', null, 'networkType', network_type, 'vpcId', vpc_id, 'subnetId', subnet_id)) from placement p where p.application_id = a.id))
     from application a where o.id = $1 and a.id = o.target_id`, [(ids["Operation"] ?? "").split(".")[1]]),
  retryOperation: (_tenant, ids) => admin.query("update operation set state = 'STALLED' where id = $1", [(ids["Operation"] ?? "").split(".")[1]]),
};

/** Each path to an id in an input, without the places in lists. */
interface Place { readonly mutation: string; readonly path: readonly string[] }
function places(): Place[] {
  const found: Place[] = [];
  const visit = (mutation: string, input: GraphQLInputType, path: readonly string[]): void => {
    const named = getNamedType(input);
    if (isScalarType(named) && named.name === "ID") found.push({ mutation, path });
    if (isInputObjectType(named) && path.length < 10) for (const inner of Object.values(named.getFields())) visit(mutation, inner.type, [...path, inner.name]);
  };
  for (const { name, args } of Object.values(schema.getMutationType()?.getFields() ?? {})) for (const argument of args) visit(name, argument.type, []);
  return found;
}
const PLACES = places();

/** The ids at the path, and the value with others in their place. */
function replaced(value: unknown, path: readonly string[], id: string): { value: unknown; times: number } {
  if (Array.isArray(value)) {
    const all = value.map((one) => replaced(one, path, id));
    return { value: all.map((one) => one.value), times: all.reduce((sum, { times }) => sum + times, 0) };
  }
  const [name, ...rest] = path;
  if (name === undefined) return { value: id, times: 1 };
  if (typeof value !== "object" || value === null || !(name in value)) return { value, times: 0 };
  const inner = replaced((value as Record<string, unknown>)[name], rest, id);
  return { value: { ...value, [name]: inner.value }, times: inner.times };
}

async function answer(actor: Actor, { mutation, path }: Place, id: string): Promise<string> {
  const input = replaced(INPUTS[mutation]?.(mine), path, id).value as { readonly target?: Ids };
  const { target, ...others } = input;
  // Of a target one member is said: the one that is tried.
  const member = path[0] === "target" ? (path[1] ?? "") : "applicationId";
  return (await ask(actor, mutation, target ? { ...others, target: { [member]: target[member] } } : input)).replaceAll(id, "ID");
}

async function ask(actor: Actor, mutation: string, input: object): Promise<string> {
  const asked: Actor = BY_ADMINISTRATORS.has(mutation) ? { ...actor, role: "PLATFORM_ADMIN" } : actor;
  const field = schema.getMutationType()?.getFields()[mutation];
  const payload = getNamedType(field?.type as never);
  const fields = isObjectType(payload) ? payload.getFields() : {};
  const errors = "userErrors { __typename code message path }";
  const selection = fields["results"] ? `results { ok object { id } operation { id } ${errors} }` : `${errors} ${fields["operation"] ? "operation { id }" : ""}`;
  const result = await graphql({
    schema, source: `mutation ($input: ${String(field?.args[0]?.type)}) { answer: ${mutation}(input: $input) { ${selection} } }`, variableValues: { input },
    contextValue: { actor: asked, clock, read: reads.reader(asked), services, live: {}, server: {}, logs: { of: logReader, downloads } },
  });
  return JSON.stringify(result);
}

/** All that could be changed of somebody's, and that is not kept of who tries. */
const state = async (): Promise<string> => {
  const tables = ["application", "placement", "revision", "service", "config_map", "secret", "namespace", "api_token", "operation", "operation_step", "rollout", "fault", "terminal_session", "terminal_input"];
  return JSON.stringify(await Promise.all(tables.map(async (table) => (await admin.query(`select md5(string_agg(t::text, ',' order by t::text)) as hash from ${table} t`)).rows)));
};

const takes = (mutation: string, name: string): boolean => {
  const input = getNamedType(schema.getMutationType()?.getFields()[mutation]?.args[0]?.type as never);
  return isInputObjectType(input) && name in input.getFields();
};

test("every mutation that takes an id is tried, through each of its arguments", () => {
  expect([...new Set(PLACES.map(({ mutation }) => mutation))].toSorted()).toEqual(Object.keys(INPUTS).toSorted());
  expect(PLACES.filter(({ mutation, path }) => replaced(INPUTS[mutation]?.(mine ?? {}), path, "x").times === 0)).toEqual([]);
});

describe.each(PLACES.map((place) => [`${place.mutation}(${place.path.join(".")})`, place] as const))("%s", (_name, place) => {
  const tried = async (actor: Actor, ids: Ids, types: readonly string[]): Promise<void> => {
    const before = await state();
    for (const type of types) {
      const id = ids[type] ?? "";
      const nobody = `${id.split(".")[0]}.${NOBODY}`;
      const [real, none] = [await answer(actor, place, id), await answer(actor, place, nobody)];
      expect(real, type).toBe(none);
      // A filter picks out what the target has: nothing, of others.
      expect(real, type).toMatch(place.path[0] === "filter" ? /^\{"data":\{"answer":\{"userErrors":\[\]\}\}\}$/ : /NOT_FOUND|of the whole tenant/);
    }
    expect(await state()).toBe(before);
  };

  test("another tenant's", () => tried(me.actor, theirs, Object.keys(theirs).filter((type) => type !== "Cluster" && type !== "Fault")));
  test("of a namespace that the token does not reach", () => tried(limited, hidden, ["Application", "ConfigMap", "Secret", "Registry", "Service", "Operation", "Namespace", "Revision", "Pod", "TerminalSession"]));
});

describe.each(Object.keys(INPUTS).filter((mutation) => takes(mutation, "expectedVersion")))("%s", (mutation) => {
  test("refuses a version that is over, and changes nothing", async () => {
    const before = await state();
    // Namespaces and tokens have none, and say so.
    expect(await ask(me.actor, mutation, { ...INPUTS[mutation]?.(mine), expectedVersion: 77 })).toMatch(/"code":"CONFLICT"|has no version/);
    expect(await state()).toBe(before);
  });
});

describe.each(Object.keys(INPUTS).filter((mutation) => takes(mutation, "idempotencyKey")))("%s", (mutation) => {
  test("with a key is done once, and answered alike; with another input the key is refused", async () => {
    const { id: clusterId } = await fixture.cluster();
    const tenant = await fixture.tenant();
    // Something to delete, where there is nothing in the way.
    const empty = globalId("Namespace", await fixture.namespace(tenant, "empty"));
    const made = await objectsOf(tenant, "default", globalId("Cluster", clusterId));
    const unused = {
      ConfigMap: globalId("ConfigMap", must(await services.configMaps.create(tenant.actor, { name: "unused", namespace: "default", data: [{ key: "a", value: "1" }] })).configMapId),
      Secret: globalId("Secret", must(await services.secrets.create(tenant.actor, { name: "unused", namespace: "default", type: "OPAQUE", data: [{ key: "a", value: "1" }] })).secretId),
    };
    await PREPARED[mutation]?.(tenant, made);
    const input = { ...ACCEPTED[mutation]?.({ ...made, ...unused, Namespace: empty }), idempotencyKey: "one" };
    const first = await ask(tenant.actor, mutation, input);
    expect(first).not.toMatch(/"code"|"errors"/);
    const after = await state();
    expect(await ask(tenant.actor, mutation, input)).toBe(first);
    expect(await state()).toBe(after);
    const again = await Promise.all(Array.from({ length: 4 }, () => ask(tenant.actor, mutation, { ...input, idempotencyKey: "one" })));
    expect(new Set(again)).toEqual(new Set([first]));
    expect(await state()).toBe(after);
    const idPath = PLACES.find((place) => place.mutation === mutation);
    const other = replaced(input, idPath?.path ?? [], `Application.${NOBODY}`).value as object;
    expect(await ask(tenant.actor, mutation, other)).toContain("IDEMPOTENCY_MISMATCH");
    expect(await state()).toBe(after);
  });
});
