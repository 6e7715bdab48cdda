import { randomUUID } from "node:crypto";
import { getNamedType, type GraphQLArgument, type GraphQLInputField, isEnumType, isInputObjectType, isInterfaceType, isListType, isNonNullType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { mappingOf } from "#schema/shared/mapping/kinds.ts";
import { type Columns, nothing, type Sql, sql } from "#schema/shared/mapping/sql.ts";
import { withMapping } from "#tests/support/changed-mapping.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Reading } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { seen } from "#tests/support/seen.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/**
 * Every argument that selects rows: what it finds is what plain SQL, written by hand, finds as the superuser. The arguments are listed from the schema, so
 * that a new one without its cases fails here.
 */
let database: TestDatabase;
const ids: Record<string, string> = {};
const TENANTS = ["mine", "another"] as const;
const NAMES = ["web", "Web-2", "100%", "a_b", "it's", 'say "hi"', "back\\slash", "rocket🚀", "ÄÖ", "straße"];

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  const regions = [await rows.region("east"), await rows.region("west")];
  const clusterValues = [
    { province: "Zhejiang", city: "Hangzhou", tier: "CENTER", isp: "TELECOM" },
    { province: "Zhejiang", city: "Shaoxing", tier: "EDGE", isp: "UNICOM", status: "DISCONNECTED" },
    { province: "Fujian", city: "Xiamen", tier: "CDN", isp: "MOBILE", name: "100% Hang_zhou" },
    { province: "Fujian", city: "xiamen", tier: "EDGE", isp: "MULTI_LINE" },
  ];
  for (const [index, values] of clusterValues.entries()) ids[`cluster${index}`] = await rows.cluster(regions[index % 2] as string, `c-${index}`, values);
  for (const who of TENANTS) {
    const tenantId = (ids[who] = await rows.tenant());
    const key = (name: string): string => `${who}.${name}`;
    const namespaces = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two"), await rows.namespace(tenantId, "empty")];
    const vpcs: string[] = [];
    const subnets: string[] = [];
    for (let cluster = 0; cluster < 3; cluster += 1) {
      const status = ["ACTIVE", "PENDING", "FAILED"][cluster];
      const vpcId = (ids[key(`vpc${cluster}`)] = await rows.vpc(tenantId, ids[`cluster${cluster}`] as string, ["Net", "100%", "net-b"][cluster] as string, { status }));
      vpcs.push(vpcId);
      subnets.push(await rows.subnet(tenantId, vpcId, ids[`cluster${cluster}`] as string, ["Sub", "a_b", "sub"][cluster] as string, { status: ["PENDING", "ACTIVE", "DELETING"][cluster] }));
      await rows.subnet(tenantId, vpcId, ids[`cluster${cluster}`] as string, "spare");
    }
    for (const [index, name] of NAMES.entries()) {
      const namespaceId = namespaces[index % 2] as string;
      const labels = [[], [{ key: "app", value: "web" }], [{ key: "app", value: "web" }, { key: "tier", value: "front" }]][index % 3];
      const application = await rows.application(tenantId, namespaceId, name, { status: ["RUNNING", "STOPPED", "DEGRADED"][index % 3], workload_kind: ["DEPLOYMENT", "JOB"][index % 2], labels });
      ids[key(`application${index}`)] = application.id;
      const of = { tenantId, namespaceId, ...application };
      const second = randomUUID();
      await database.admin.query("insert into revision select tenant_id, $2, application_id, namespace_id, 2, template, template_hash, message, created_by, created_at from revision where id = $1", [application.revisionId, second]);
      for (let cluster = index % 3; cluster < 3; cluster += 2) {
        const clusterId = ids[`cluster${cluster}`] as string;
        const placementId = await rows.placement(of, clusterId, vpcs[cluster] as string, index % 4 === 3 ? { network_type: "HOST" } : { subnet_id: subnets[cluster] });
        const pod = { tenantId, namespaceId, applicationId: application.id, placementId, revisionId: application.revisionId, clusterId };
        if (index < 6) ids[key(`pod${index}`)] = await rows.pod(pod, `${name}-1`, { phase: ["RUNNING", "PENDING", "FAILED"][index % 3], ready: index % 3 === 0 });
        if (index < 4) await rows.pod({ ...pod, revisionId: second }, `${name}-2`, { phase: "RUNNING", ready: false });
        if (index % 2 === 0) await rows.service({ tenantId, namespaceId, applicationId: application.id, clusterId, vpcId: vpcs[cluster] as string }, name, { status: ["ACTIVE", "UPDATING"][cluster % 2] });
      }
      const clusterOf = ids[`cluster${index % 3}`] as string;
      const happened = { tenantId, namespaceId, applicationId: application.id };
      const said = { type: ["NORMAL", "WARNING"][index % 2], reason: ["BackOff", "Failed", "Killing"][index % 3], message: name };
      for (const minute of ["11:29:59.999", "11:30:00.000", "11:30:00.001"].slice(index % 3)) await rows.event(happened, clusterOf, `2026-06-01T${minute}Z`, { ...said, object: `application/${name}` });
      for (const minute of index < 2 ? ["11:30:00.000", "11:59:00.000", "12:00:00.000"] : []) await rows.event({ ...happened, podId: ids[key(`pod${index}`)] as string }, clusterOf, `2026-06-01T${minute}Z`, { ...said, object: `pod/${name}` });
      if (tenantId === ids["mine"] && index < 3) await rows.event(null, clusterOf, "2026-06-01T11:30:00.000Z", { ...said, object: `node/${name}` });
      ids[key(`config${index}`)] = await rows.configMap(tenantId, namespaceId, name, { data: JSON.stringify([{ key: "b", value: "2" }, { key: "a", value: "1" }, { key: "", value: "empty" }, { key: "b", value: "again" }]) });
      await rows.secret(tenantId, namespaceId, name);
      const at = ["2026-05-01T00:00:00.000Z", "2026-05-01T00:00:00.001Z", "2026-05-01T00:00:00.002Z"][index % 3];
      await rows.auditEntry(tenantId, { at, action: ["createApplication", "deleteApplication"][index % 2], actor: ["ann", "Ann"][index % 2], target_type: "Application", ...(index === 9 ? {} : { target_id: application.id }) });
      ids[key(`operation${index}`)] = await rows.operation(tenantId, { kind: ["SCALE_APPLICATION", "CREATE_VPC"][index % 2], state: ["RUNNING", "FAILED", "SUCCEEDED"][index % 3], ...(index === 9 ? {} : { target_type: "Application", target_id: application.id }) });
      for (const [step, state] of ["PENDING", "RUNNING", "FAILED"].entries()) if (index % 2 === 0) await rows.operationStep(tenantId, ids[key(`operation${index}`)] as string, `step-${step}`, { state });
    }
  }
}, 120_000);
afterAll(() => database.drop());

// ---------------------------------------------------------------- places and cases

/** A field that selects rows. `sql`: all that it would show without its arguments; `t` is the row, $1 the tenant, $2 the parent's uuid. */
interface Place {
  readonly type: string;
  readonly parent?: { readonly field: string; readonly type: string; readonly id: string };
  readonly from: string;
}
const APPLICATION = { field: "application", type: "Application", id: "mine.application0" };
const PLACES: Readonly<Record<string, Place>> = {
  "Query.applications": { type: "Application", from: "application t where t.tenant_id = $1" },
  "Query.clusters": { type: "Cluster", from: "cluster t where $1::uuid is not null" },
  "Query.pods": { type: "Pod", from: "pod t where t.tenant_id = $1" },
  "Application.pods": { type: "Pod", parent: APPLICATION, from: "pod t where t.tenant_id = $1 and t.application_id = $2" },
  "Query.events": { type: "Event", from: "event t where (t.tenant_id = $1 or t.tenant_id is null)" },
  "Application.events": { type: "Event", parent: APPLICATION, from: "event t where t.tenant_id = $1 and t.application_id = $2" },
  "Pod.events": { type: "Event", parent: { field: "pod", type: "Pod", id: "mine.pod0" }, from: "event t where t.tenant_id = $1 and t.pod_id = $2" },
  "Query.vpcs": { type: "Vpc", from: "vpc t where t.tenant_id = $1" },
  "Query.subnets": { type: "Subnet", from: "subnet t where t.tenant_id = $1" },
  "Query.services": { type: "Service", from: "service t where t.tenant_id = $1" },
  "Query.configMaps": { type: "ConfigMap", from: "config_map t where t.tenant_id = $1" },
  "Query.secrets": { type: "Secret", from: "secret t where t.tenant_id = $1" },
  "Query.operations": { type: "Operation", from: "operation t where t.tenant_id = $1" },
  "Query.auditLog": { type: "AuditEntry", from: "audit_entry t where t.tenant_id = $1" },
  "Operation.steps": { type: "OperationStep", parent: { field: "operation", type: "Operation", id: "mine.operation0" }, from: "operation_step t where t.tenant_id = $1 and t.operation_id = $2" },
};
/** What no id leads to, and OperationStep has none. */
const shownOf = ({ type }: Place): string => (type === "OperationStep" ? "name" : "id");

/** Where counting would cost too much, nothing is counted. */
const countOf = ({ type }: Place): string => (type === "AuditEntry" || type === "Event" ? "" : "totalCount");

/** A value for one argument or member of a filter, and the condition that it means. */
type Case = readonly [value: unknown, where: string];
type Cases = () => readonly Case[];
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const inList = (values: readonly string[]): string => (values.length === 0 ? "false" : `in (${values.map(quoted).join(", ")})`);
const uuid = (name: string): string => ids[name] as string;

const among = (column: string, ...lists: (readonly string[])[]): Cases => () => [[[], "false"], ...lists.map((list): Case => [list, `${column} ${inList(list)}`])];
const textOf = (column: string): Cases => among(column, ["web"], ["Web-2", "100%"], ["WEB"], ["%"], ["a_b", "axb"], ["it's", 'say "hi"', "back\\slash"], ["rocket🚀"], ["web", "web"], [""], [" web"], ["{web}", "web,100%", "null", "NULL"]);
const KEYWORDS = ["", "web", "WEB", "eB", "%", "_", "0%", "a_b", "'", '"', "\\", "🚀", "\ud83d", "ä", "Ä", "STRASSE", "ß", "-", " ", "no such", "hang", "XIAMEN", "c-1", "zhejiang", "net", "sub", "1' or '1'='1"];
const keyword = (...columns: string[]): Cases => () =>
  // A half of a pair is no text of Postgres': it is sent as U+FFFD.
  KEYWORDS.map((word): Case => [word, `(${columns.map((column) => `position(lower(${quoted(word.toWellFormed())}) in lower(${column})) > 0`).join(" or ")})`]);
/** Of these objects' type: also what is none, unknown, of another type or tenant. */
const idsOf = (type: string, names: readonly string[], where: (uuids: readonly string[]) => string, foreign: readonly string[] = []): Cases => () => {
  const [first = "", second = ""] = names;
  const one = `${type}.${uuid(first)}`;
  return [
    [[], "false"],
    [[one], where([uuid(first)])],
    [[one, `${type}.${uuid(second)}`], where([uuid(first), uuid(second)])],
    [[one, one], where([uuid(first)])],
    [[`${type}.${randomUUID()}`], "false"],
    [[type === "Region" ? `Pod.${uuid(first)}` : `Region.${uuid(first)}`], "false"],
    [[uuid(first)], "false"],
    [[`${type.toLowerCase()}.${uuid(first)}`, `${type}.${uuid(first).toUpperCase()}`, ` ${one}`, `${one} `, "", type, `${type}.`, "null", "%", `${one}'`], "false"],
    [["nonsense", one, `Region.${uuid(second)}`], where([uuid(first)])],
    [foreign.map((name) => `${type}.${uuid(name)}`), "false"],
  ];
};
/** Of any type: the uuid counts. */
const anyIds = (column: string): Cases => () => [
  [[], "false"],
  [[`Application.${uuid("mine.application0")}`], `${column} = '${uuid("mine.application0")}'`],
  [[`Application.${uuid("mine.application0")}`, `Vpc.${uuid("mine.application1")}`], `${column} in ('${uuid("mine.application0")}', '${uuid("mine.application1")}')`],
  [[`Application.${uuid("another.application0")}`, `Application.${randomUUID()}`, "nonsense", "", uuid("mine.application0")], "false"],
];
const inUuids = (column: string) => (uuids: readonly string[]): string => `${column} ${inList(uuids)}`;
const exists = (from: string, column: string) => (uuids: readonly string[]): string => `exists (select from ${from} and ${column} ${inList(uuids)})`;
const namespaces = (namespaceId: string): Cases => () =>
  [[], ["one"], ["one", "two"], ["empty"], ["ONE"], ["none"], ["one", "none"], ["%"]].map((list): Case => [list, `exists (select from namespace n where n.tenant_id = $1 and n.id = ${namespaceId} and n.name ${list.length === 0 ? "= any ('{}')" : inList(list)})`]);
const CLUSTERS = ["cluster0", "cluster1"];
const APPLICATIONS = ["mine.application0", "mine.application1"];
const THEIRS = ["another.application0"];
/** Each value by itself, and all of them. */
const enumOf = (column: string, name: string): Cases => () => {
  const type = schema.getType(name);
  const values = isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  return [[[], "false"], ...values.map((value): Case => [[value], `${column} = '${value}'`]), [values, "true"], [values.slice(0, 2), `${column} ${inList(values.slice(0, 2))}`]];
};

const POD_CASES: Readonly<Record<string, Cases>> = {
  "filter.phases": enumOf("t.phase", "PodPhase"),
  "filter.ready": () => [[true, "t.ready"], [false, "not t.ready"]],
  "filter.clusterIds": idsOf("Cluster", CLUSTERS, inUuids("t.cluster_id")),
  "filter.revisionNumber": () => [1, 2, 0, -1, 2_147_483_647, -2_147_483_648].map((number): Case => [number, `(select r.number from revision r where r.id = t.revision_id) = ${number}`]),
  "filter.keyword": keyword("t.name"),
  "filter.applicationIds": idsOf("Application", APPLICATIONS, inUuids("t.application_id"), THEIRS),
};
const EVENT_CASES: Readonly<Record<string, Cases>> = {
  "filter.since": () => ["2026-06-01T11:30:00.000Z", "2026-06-01T13:30:00.000+02:00", "2026-06-01T11:30:00.001Z", "2026-06-01T11:59:00Z", "2026-05-01T00:00:00Z", "9999-12-31T23:59:59.999Z"].map((at): Case => [at, `t.at >= ${quoted(at)}::timestamptz`]),
  "filter.until": () => ["2026-06-01T11:30:00.000Z", "2026-06-01T11:30:00.001Z", "2026-06-01T11:59:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"].map((at): Case => [at, `t.at < ${quoted(at)}::timestamptz`]),
  "filter.keyword": keyword("t.reason", "t.message", "t.object"),
  "filter.type": () => ["NORMAL", "WARNING"].map((type): Case => [type, `t.type = ${quoted(type)}`]),
  "filter.reasons": among("t.reason", ["BackOff"], ["BackOff", "Killing"], ["backoff"], ["%"], [""]),
  "filter.clusterIds": idsOf("Cluster", CLUSTERS, inUuids("t.cluster_id")),
  "filter.podIds": idsOf("Pod", ["mine.pod0", "mine.pod1"], inUuids("t.pod_id"), ["another.pod0"]),
  "filter.applicationIds": idsOf("Application", APPLICATIONS, inUuids("t.application_id"), THEIRS),
};
const CONFIG_CASES: Readonly<Record<string, Cases>> = { "filter.keyword": keyword("t.name"), "filter.names": textOf("t.name"), "filter.namespaces": namespaces("t.namespace_id") };
const networkCases = (vpcId: string, placedIn: string): Readonly<Record<string, Cases>> => ({
  "filter.keyword": keyword("t.name"),
  "filter.names": among("t.name", ["Net"], ["Sub"], ["100%", "a_b"], ["net", "sub"], ["%"]),
  "filter.statuses": enumOf("t.status", "NetworkStatus"),
  "filter.clusterIds": idsOf("Cluster", CLUSTERS, inUuids("t.cluster_id")),
  "filter.vpcIds": idsOf("Vpc", ["mine.vpc0", "mine.vpc1"], inUuids(vpcId), ["another.vpc0"]),
  "filter.applicationIds": idsOf("Application", APPLICATIONS, exists(`placement p where p.tenant_id = $1 and p.${placedIn} = t.id`, "p.application_id"), THEIRS),
  "filter.namespaces": () => [[], ["one"], ["two", "one"], ["empty"], ["none"]].map((list): Case => [list, `exists (select from placement p join namespace n on n.id = p.namespace_id where p.tenant_id = $1 and p.${placedIn} = t.id and n.name ${list.length === 0 ? "= any ('{}')" : inList(list)})`]),
});

const CASES: Readonly<Record<string, Readonly<Record<string, Cases>>>> = {
  "Query.applications": {
    "filter.keyword": keyword("t.name"),
    "filter.names": textOf("t.name"),
    "filter.namespaces": namespaces("t.namespace_id"),
    "filter.statuses": enumOf("t.status", "ApplicationStatus"),
    "filter.clusterIds": idsOf("Cluster", CLUSTERS, exists("placement p where p.application_id = t.id", "p.cluster_id")),
    "filter.workloadKinds": enumOf("t.workload_kind", "WorkloadKind"),
    "filter.labels": () => {
      const has = (key: string, value: string): string => `exists (select from jsonb_array_elements(t.labels) l where l ->> 'key' = ${quoted(key)} and l ->> 'value' = ${quoted(value)})`;
      return [
        [[], "true"],
        [[{ key: "app", value: "web" }], has("app", "web")],
        [[{ key: "app", value: "web" }, { key: "tier", value: "front" }], `${has("app", "web")} and ${has("tier", "front")}`],
        [[{ key: "tier", value: "front" }, { key: "tier", value: "front" }], has("tier", "front")],
        [[{ key: "app", value: "front" }], "false"],
        [[{ key: "tier", value: "" }], "false"],
        // A half of a pair is no text of Postgres': it is sent as U+FFFD.
        [[{ key: "app", value: "web\ud83d" }], "false"],
        [[{ key: "\\u0000", value: "\u0001" }], "false"],
        [[{ key: "app", value: "%" }, { key: "'", value: '"\\' }], "false"],
      ];
    },
  },
  "Query.clusters": {
    "filter.keyword": keyword("t.code", "t.name", "t.province", "t.city"),
    "filter.ids": idsOf("Cluster", CLUSTERS, inUuids("t.id")),
    "filter.provinces": among("t.province", ["Zhejiang"], ["Fujian", "Zhejiang"], ["zhejiang"], ["%"]),
    "filter.cities": among("t.city", ["Xiamen"], ["xiamen"], ["Xiamen", "Hangzhou"], [""]),
    "filter.applicationIds": idsOf("Application", APPLICATIONS, exists("pod p where p.tenant_id = $1 and p.cluster_id = t.id", "p.application_id"), THEIRS),
    "filter.regionCodes": () => [[], ["east"], ["east", "west"], ["EAST"], ["none"]].map((list): Case => [list, `(select r.code from region r where r.id = t.region_id) ${list.length === 0 ? "= any ('{}')" : inList(list)}`]),
    "filter.tiers": enumOf("t.tier", "ClusterTier"),
    "filter.isps": enumOf("t.isp", "Isp"),
    "filter.statuses": enumOf("t.status", "ClusterStatus"),
  },
  "Query.pods": POD_CASES,
  "Application.pods": POD_CASES,
  "Query.events": EVENT_CASES,
  "Application.events": EVENT_CASES,
  "Pod.events": EVENT_CASES,
  "Query.vpcs": networkCases("t.id", "vpc_id"),
  "Query.subnets": networkCases("t.vpc_id", "subnet_id"),
  "Query.services": {
    ...networkCases("t.vpc_id", ""),
    "filter.names": textOf("t.name"),
    "filter.applicationIds": idsOf("Application", APPLICATIONS, inUuids("t.application_id"), THEIRS),
    "filter.namespaces": namespaces("t.namespace_id"),
  },
  "Query.configMaps": CONFIG_CASES,
  "Query.secrets": CONFIG_CASES,
  "Query.operations": { "filter.states": enumOf("t.state", "OperationState"), "filter.kinds": enumOf("t.kind", "OperationKind"), "filter.targetIds": anyIds("t.target_id") },
  "Query.auditLog": {
    // What comes with more than milliseconds is cut to them, as all times are.
    "filter.since": () => ["2026-05-01T00:00:00.001Z", "2026-05-01T02:00:00.001+02:00", "2026-05-01T00:00:00.0010001Z", "2026-05-01T00:00:00.001999Z", "2026-05-01T00:00:00.002Z", "2026-05-01T00:00:00.003Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"]
      .map((at): Case => [at, `t.at >= ${quoted(at.replace(/(\.\d{3})\d+/, "$1"))}::timestamptz`]),
    "filter.until": () => ["2026-05-01T00:00:00.000Z", "2026-05-01T00:00:00.001Z", "2026-04-30T22:00:00.001-02:00", "2026-05-01T00:00:00.0019Z", "2026-05-01T00:00:00.003Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"]
      .map((at): Case => [at, `t.at < ${quoted(at.replace(/(\.\d{3})\d+/, "$1"))}::timestamptz`]),
    "filter.actions": among("t.action", ["createApplication"], ["createApplication", "deleteApplication"], ["CREATEAPPLICATION"], [""]),
    "filter.actor": () => ["ann", "Ann", "ANN", "", "an", "'"].map((actor): Case => [actor, `t.actor = ${quoted(actor)}`]),
    "filter.targetIds": anyIds("t.target_id"),
  },
  "Operation.steps": { states: enumOf("t.state", "OperationState") },
};

/** Arguments of queries' fields that the cases above are not for: those of pages, orders, keys; and what a test below is about. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "Query.applications orderBy", "Query.application id", "Query.application namespace", "Query.application name", "Query.cluster id", "Query.cluster code", "Query.node id", "Query.nodes ids", "Query.pod id", "Query.operation id",
  "ConfigMap.data keys", "Revision.changes from",
  // They pick out no rows: tests/integration/telemetry/metrics.test.ts.
  "Application.metrics input", "Cluster.metrics input", "ClusterNode.metrics input", "Pod.metrics input",
]);

/** All arguments of mapped fields outside mutations and subscriptions, those of filters by member. */
function argumentsInSchema(): string[] {
  const found: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(isObjectType(type) || isInterfaceType(type)) || type === schema.getMutationType() || type === schema.getSubscriptionType() || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const { kind } = mappingOf(field) ?? {};
      // Answered by code, from elsewhere: tested there.
      if (kind === "code") continue;
      for (const arg of field.args) {
        if (["first", "last", "after", "before"].includes(arg.name) && (kind === "page" || kind === "pageOf")) continue;
        const named = getNamedType(arg.type);
        if (arg.name === "filter" && isInputObjectType(named)) for (const member of Object.keys(named.getFields())) found.push(`${type.name}.${field.name} filter.${member}`);
        else found.push(`${type.name}.${field.name} ${arg.name}`);
      }
    }
  }
  return found;
}

describe("the list", () => {
  test("has each argument of the schema, and no other", () => {
    const listed = Object.entries(CASES).flatMap(([coordinate, members]) => Object.keys(members).map((member) => `${coordinate} ${member}`));
    expect([...listed, ...ELSEWHERE].toSorted()).toEqual(argumentsInSchema().toSorted());
  });
});

// ---------------------------------------------------------------- asking

/** The argument's type, written where a variable of it is declared. */
const argOf = (coordinate: string, name: string): GraphQLArgument => {
  const [type = "", field = ""] = coordinate.split(".");
  const found = schema.getType(type);
  const arg = (isObjectType(found) ? found.getFields()[field]?.args : undefined)?.find((one) => one.name === name);
  if (!arg) throw new Error(`${coordinate} has no argument ${name}`);
  return arg;
};
const memberOf = (coordinate: string, path: string): GraphQLArgument | GraphQLInputField => {
  const [name = "", member] = path.split(".");
  const arg = argOf(coordinate, name);
  const input = getNamedType(arg.type);
  return member !== undefined && isInputObjectType(input) ? (input.getFields()[member] as GraphQLInputField) : arg;
};

/** `{ "filter.names": ["a"], states: [] }` as arguments. */
function argumentsFrom(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [name = "", member] = path.split(".");
    if (member === undefined) args[name] = value;
    else args[name] = { ...(args[name] as object | undefined), [member]: value };
  }
  return args;
}

async function found(reading: Reading, coordinate: string, args: Readonly<Record<string, unknown>>): Promise<string[]> {
  const place = PLACES[coordinate] as Place;
  const names = Object.keys(args);
  const declared = ["$first: Int!", ...names.map((name) => `$${name}: ${String(argOf(coordinate, name).type)}`)].join(", ");
  const field = `${coordinate.split(".")[1]}(first: $first${names.map((name) => `, ${name}: $${name}`).join("")}) { nodes { ${shownOf(place)} } ${countOf(place)} }`;
  const { parent } = place;
  const document = `query (${declared}) { ${parent ? `parent: ${parent.field}(id: "${parent.type}.${uuid(parent.id)}") { found: ${field} }` : `found: ${field}`} }`;
  const data = await reading.data({ tenantId: uuid("mine") }, document, { first: 200, ...args });
  const { nodes, totalCount } = (parent ? data.parent : data).found as { nodes: { id: string; name: string }[]; totalCount?: number };
  if (countOf(place) !== "") expect(totalCount).toBe(nodes.length);
  return nodes.map((node) => node[shownOf(place) as "id" | "name"]).toSorted();
}

async function expected(coordinate: string, wheres: readonly string[]): Promise<string[]> {
  const place = PLACES[coordinate] as Place;
  const shown = shownOf(place) === "name" ? "t.name" : `'${place.type}.' || t.id`;
  const parameters = [uuid("mine"), ...(place.parent ? [uuid(place.parent.id)] : [])];
  const { rows } = await database.admin.query<{ shown: string }>(`select ${shown} as shown from ${place.from}${wheres.map((where) => ` and (${where})`).join("")}`, parameters);
  return rows.map((row) => row.shown).toSorted();
}

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  describe.each(Object.keys(CASES))("%s", (coordinate) => {
    const members = CASES[coordinate] as Readonly<Record<string, Cases>>;

    test.each(Object.keys(members))("%s", async (path) => {
      const cases = (members[path] as Cases)();
      const answers = new Set<string>();
      for (const [value, where] of cases) {
        const answer = await found(reading, coordinate, argumentsFrom({ [path]: value }));
        expect([value, answer]).toEqual([value, await expected(coordinate, [where])]);
        answers.add(answer.join());
      }
      // Cases that all find the same would prove little.
      expect(answers.size).toBeGreaterThan(1);
      const all = await expected(coordinate, []);
      if (isNonNullType(memberOf(coordinate, path).type)) throw new Error(`${coordinate} ${path} must be given: say what that means`);
      expect(await found(reading, coordinate, argumentsFrom({ [path]: null }))).toEqual(all);
      // A list's only item may be written without its brackets.
      const listed = isListType(memberOf(coordinate, path).type) && cases.find(([value]) => Array.isArray(value) && value.length === 1);
      if (listed) expect(await found(reading, coordinate, argumentsFrom({ [path]: (listed[0] as unknown[])[0] }))).toEqual(await expected(coordinate, [listed[1]]));
    }, 60_000);

    test("nothing, null and an empty filter ask for nothing", async () => {
      const all = await expected(coordinate, []);
      expect(all.length).toBeGreaterThan(2);
      expect(await found(reading, coordinate, {})).toEqual(all);
      const name = (Object.keys(members)[0] as string).split(".")[0] as string;
      expect(await found(reading, coordinate, { [name]: null })).toEqual(all);
      if (name === "filter") expect(await found(reading, coordinate, { filter: {} })).toEqual(all);
    });

    test("two members ask for both", async () => {
      const paths = Object.keys(members);
      for (const [index, path] of paths.entries()) {
        for (const other of paths.slice(index + 1)) {
          const [some, others] = [(members[path] as Cases)(), (members[other] as Cases)()];
          for (const [a, b] of [[1, 1], [0, 1], [2, -1]] as const) {
            const [first, second] = [some[a % some.length] as Case, others.at(b) as Case];
            expect([path, first[0], other, second[0], await found(reading, coordinate, argumentsFrom({ [path]: first[0], [other]: second[0] }))]).toEqual([path, first[0], other, second[0], await expected(coordinate, [first[1], second[1]])]);
          }
        }
      }
    }, 60_000);
  });

  test("an object by other arguments than its id", async () => {
    const asked = async (document: string): Promise<unknown> => (await reading.data({ tenantId: uuid("mine") }, `{ found: ${document} { id } }`)).found;
    const [own, theirs, cluster] = [uuid("mine.application0"), uuid("another.application0"), uuid("cluster0")];
    expect(await asked(`application(id: "Application.${own}")`)).toEqual({ id: `Application.${own}` });
    expect(await asked(`application(namespace: "one", name: "web")`)).toEqual({ id: `Application.${own}` });
    expect(await asked(`application(id: "Application.${own}", namespace: "one", name: "web")`)).toEqual({ id: `Application.${own}` });
    expect(await asked(`application(id: "Application.${own}", name: "web")`)).toEqual({ id: `Application.${own}` });
    expect(await asked(`application(id: null, namespace: "one", name: "web")`)).toEqual({ id: `Application.${own}` });
    for (const nobody of [`id: "Application.${theirs}"`, `id: "Application.${own}", namespace: "two"`, `id: "Application.${own}", name: "Web-2"`, `id: "Cluster.${own}"`, `id: "${own}"`, `id: ""`, `namespace: "two", name: "web"`, `namespace: "one", name: "WEB"`, `id: "nonsense", namespace: "one", name: "web"`]) {
      expect([nobody, await asked(`application(${nobody})`)]).toEqual([nobody, null]);
    }
    expect(await asked(`cluster(id: "Cluster.${cluster}")`)).toEqual({ id: `Cluster.${cluster}` });
    expect(await asked(`cluster(code: "c-0")`)).toEqual({ id: `Cluster.${cluster}` });
    for (const nobody of [`code: "C-0"`, `id: "Cluster.${cluster}", code: "c-1"`, `id: "Region.${cluster}"`, `id: "", code: "c-0"`]) expect([nobody, await asked(`cluster(${nobody})`)]).toEqual([nobody, null]);
    for (const [document, message] of [
      ["application", "An application is asked for by its id, or by its namespace and name"],
      ['application(name: "web")', "An application is asked for by its id, or by its namespace and name"],
      ['application(id: null, namespace: "one", name: null)', "An application is asked for by its id, or by its namespace and name"],
      ["cluster(code: null)", "A cluster is asked for by its id or by its code"],
    ] as const) {
      const result = await reading.ask({ tenantId: uuid("mine") }, `{ ${document} { id } server { version } }`);
      expect({ data: result.data, errors: seen(result) }).toEqual({ data: { [document.split("(")[0] as string]: null, server: { version: "0.0.0" } }, errors: [{ path: document.split("(")[0], code: "BAD_USER_INPUT", message }] });
    }
  });

  test("a ConfigMap's data by its keys: in the data's own order, and no key twice that is not there twice", async () => {
    const data = async (keys: string): Promise<string[]> => ((await reading.data({ tenantId: uuid("mine") }, `{ node(id: "ConfigMap.${uuid("mine.config0")}") { ... on ConfigMap { data${keys} { value } } } }`)).node.data as { value: string }[]).map(({ value }) => value);
    expect(await data("")).toEqual(["2", "1", "empty", "again"]);
    expect(await data("(keys: null)")).toEqual(["2", "1", "empty", "again"]);
    expect(await data("(keys: [])")).toEqual([]);
    expect(await data('(keys: ["a", "b"])')).toEqual(["2", "1", "again"]);
    expect(await data('(keys: ["a", "a", "none", "%"])')).toEqual(["1"]);
    expect(await data('(keys: [""])')).toEqual(["empty"]);
  });

  test("text that Postgres can't hold is the caller's mistake, in each place that text can be given", async () => {
    for (const [coordinate, members] of Object.entries(CASES)) {
      for (const path of Object.keys(members)) {
        const type = memberOf(coordinate, path).type;
        const named = getNamedType(type).name;
        if (named !== "String" && named !== "LabelInput") continue;
        const text = named === "LabelInput" ? { key: "a", value: "b\0" } : "a\0b";
        const result = await reading.ask({ tenantId: uuid("mine") }, documentOf(coordinate, path), argumentsFrom({ [path]: isListType(type) ? [text] : text }));
        // Told of the root's field whose statement it would have been in.
        const own = (PLACES[coordinate] as Place).parent ? "parent" : coordinate.split(".")[1];
        expect([coordinate, path, seen(result)]).toEqual([coordinate, path, [{ path: own, code: "BAD_USER_INPUT", message: "Text must not contain the character U+0000" }]]);
      }
    }
  });

  test("a condition that is not asked, the opposite of it, or nothing, would be found", async () => {
    type Where = (pod: Columns<{ phase: string }>) => Sql | null;
    const answer = async (where: Where): Promise<string[]> =>
      withMapping("Query.pods", (mapping) => ({ ...mapping, where }) as never, async () => found(await openReading(database, { way }), "Query.pods", { filter: { phases: ["RUNNING"] } }));
    const right = await expected("Query.pods", ["t.phase = 'RUNNING'"]);
    expect(await found(reading, "Query.pods", { filter: { phases: ["RUNNING"] } })).toEqual(right);
    const wrongs: readonly Where[] = [() => null, (pod) => sql`${pod.phase} <> 'RUNNING'`, (pod) => sql`${pod.phase} <= 'RUNNING'`, () => nothing];
    for (const wrong of wrongs) expect(await answer(wrong)).not.toEqual(right);
    expect(await answer((pod) => sql`${pod.phase} = 'RUNNING'`)).toEqual(right);
  });
});

function documentOf(coordinate: string, path: string): string {
  const name = path.split(".")[0] as string;
  const { parent } = PLACES[coordinate] as Place;
  const field = `${coordinate.split(".")[1]}(${name}: $${name}) { edges { __typename } }`;
  return `query ($${name}: ${String(argOf(coordinate, name).type)}) { ${parent ? `parent: ${parent.field}(id: "${parent.type}.${uuid(parent.id)}") { ${field} }` : field} }`;
}
