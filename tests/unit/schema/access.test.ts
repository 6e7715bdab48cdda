import { isInterfaceType, isObjectType } from "graphql";
import { describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { permits, requiredRole } from "#schema/shared/mapping/access.ts";
import { ROLES, type Role } from "#server/domain/states.ts";
import { createEnforcer } from "#server/transport/enforce.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";
import { minimalDocuments } from "#tests/support/minimal-document.ts";
import { viewerOf } from "#tests/support/small-api.ts";

/**
 * Who may select what: decisions, made here and not read from the schema. Whoever adds a root field, a mutation or a type adds its line; each
 * field is then asked for by every role, in a real document, of the function that every transport asks.
 */
const ROOTS: Readonly<Record<string, readonly [Role, ...string[]][]>> = {
  Query: [
    ["VIEWER", "application", "applications", "cluster", "clusters", "configMaps", "events", "namespaces", "node", "nodes", "operation", "operations", "overview", "pod", "pods", "regions", "secrets", "server", "services", "subnets", "viewer", "vpcs"],
    ["OWNER", "auditLog"],
    ["PLATFORM_ADMIN", "faults", "tenants"],
  ],
  Mutation: [
    ["OPERATOR", "createApplication", "createConfigMap", "createNamespace", "createSecret", "createServices", "deleteApplication", "deleteConfigMap", "deleteNamespace", "deleteSecret", "deleteServices", "importManifests", "revealSecret", "scaleApplication", "updateApplication", "updateConfigMap", "updateDistribution", "updateSecret", "updateService"],
    ["VIEWER", "createLogDownload"],
    ["OPERATOR", "closeTerminal", "openTerminal", "resizeTerminal", "sendTerminalInput"],
    ["OPERATOR", "cancelOperation", "restartApplication", "retryOperation", "rollBackApplication", "startApplication", "stopApplication", "upgradeApplication"],
    ["OWNER", "createApiToken", "revokeApiToken"],
    ["PLATFORM_ADMIN", "createEnrolmentTicket", "createTenant", "endFault", "injectFault", "revokeClusterKey"],
  ],
  Subscription: [["VIEWER", "application", "applications", "clusters", "events", "logs", "metrics", "operation", "operations", "pods", "watch"], ["OPERATOR", "terminal"]],
};
/** Of a type's fields, wherever the type is met. */
const TYPES: Readonly<Record<Role, readonly string[]>> = {
  VIEWER: [
    "AffinityRule", "AlreadyExistsError", "Application", "ApplicationConnection", "ApplicationEdge", "ApplicationOverview", "ApplicationPayload", "ApplicationStatusCount",
    "ApplicationsChange", "BatchPayload", "BatchResult", "Change", "Cluster", "ClusterConnection", "ClusterEdge", "ClusterNode", "ClusterNodeConnection", "ClusterNodeEdge",
    "ClustersChange", "ComputeResources", "ConfigEntry", "ConfigMap", "ConfigMapConnection", "ConfigMapEdge", "ConfigMapKey", "ConfigMapPayload", "ConfigMapVolume",
    "ConflictError", "Container", "ContainerPort", "ContainerSpec", "DeletePayload", "EmptyDirVolume", "EnvVar", "Event", "EventBatch", "EventConnection", "EventEdge", "ExecProbe", "GeoPoint", "GrpcProbe", "HttpGetProbe",
    "HttpHeader", "ImportManifestsPayload", "ImportedObject", "InUseError", "IntOrPercent", "InvalidArgumentError", "InvalidStateError", "Label", "Lifecycle",
    "LogBatch", "LogCollectionRule", "LogDownload", "LogDownloadPayload", "LogLine", "LogLineConnection", "LogLineEdge", "MetricPoint", "MetricSample", "MetricSeries", "MetricValue", "Namespace", "NamespaceConnection", "NamespaceEdge", "NamespacePayload", "Node", "NodesChange", "NotFoundError", "Operation", "OperationConnection",
    "OperationEdge", "OperationPayload", "OperationProgress", "OperationStep", "OperationStepConnection", "OperationStepEdge", "OperationsChange", "Overview", "PageInfo", "Placement", "PlacementConnection",
    "PlacementEdge", "PlanCheck", "PlanRefusedError", "Pod", "PodConnection", "PodEdge", "PodOverview", "PodPhaseCount", "PodTemplate", "PodsChange", "PriceSheet",
    "Probe", "RefusedError", "Region", "RegionOverview", "ReplicaCounts", "ResourceOverview", "Revision", "RevisionConnection", "RevisionEdge", "Rollout", "RolloutStep", "Secret",
    "SecretConnection", "SecretEdge", "SecretKey", "SecretPayload", "SecretRef", "SecretVolume", "ServerInfo", "Service", "ServiceConnection", "ServiceEdge",
    "ServiceEndpoint", "ServiceEndpointConnection", "ServiceEndpointEdge", "ServicePort", "ServicesPayload", "Subnet", "SubnetConnection", "SubnetEdge",
    "TcpSocketProbe", "Tenant", "TenantConnection", "TenantEdge", "UpdateStrategy", "UserError", "Viewer", "Volume", "VolumeMount", "Vpc", "VpcConnection", "VpcEdge",
  ],
  OPERATOR: ["RevealSecretPayload", "TerminalOutput", "TerminalPayload", "TerminalSession"],
  OWNER: ["ApiToken", "ApiTokenConnection", "ApiTokenEdge", "ApiTokenPayload", "AuditEntry", "AuditEntryConnection", "AuditEntryEdge", "CreateApiTokenPayload"],
  PLATFORM_ADMIN: ["CreateEnrolmentTicketPayload", "CreateTenantPayload", "Fault", "FaultPayload", "RevokeClusterKeyPayload"],
};
/** Where one field of a type is decided otherwise. */
const FIELDS: Readonly<Record<string, Role>> = { "Tenant.apiTokens": "OWNER" };

const decided = new Map<string, Role>([
  ...Object.entries(ROOTS).flatMap(([root, lines]) => lines.flatMap(([role, ...fields]) => fields.map((field): [string, Role] => [`${root}.${field}`, role]))),
  ...Object.entries(FIELDS),
]);
const typeRole = new Map(Object.entries(TYPES).flatMap(([role, types]) => types.map((type): [string, Role] => [type, role as Role])));
const decisionOf = (coordinate: string): Role | undefined => decided.get(coordinate) ?? typeRole.get(coordinate.split(".")[0] as string);

const types = Object.values(schema.getTypeMap()).filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith("__"));
const fields = types.flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : []));
const heightOf = (coordinate: string): number => {
  const role = decisionOf(coordinate);
  return role === undefined ? ROLES.length : ROLES.indexOf(role);
};
const documents = minimalDocuments(schema, (coordinates) => Math.max(0, ...coordinates.map(heightOf)));

describe("who may select what", () => {
  test("is decided for every field, root field, mutation and type, and for nothing that is not there", () => {
    expect(fields.length).toBeGreaterThan(300);
    expect(fields.filter((field) => decisionOf(field) === undefined).map((field) => `${field}: decide in tests/unit/schema/access.test.ts who may select it`)).toEqual([]);
    expect([...decided.keys()].filter((coordinate) => !fields.includes(coordinate))).toEqual([]);
    expect([...typeRole.keys()].filter((name) => !types.some((type) => type.name === name))).toEqual([]);
    expect(fields.filter((field) => !documents.has(field)).map((field) => `no document reaches ${field}`)).toEqual([]);
  });

  test("is what each field itself says, also behind another that is stricter", () => {
    const said = types.flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, requiredRole(type, field)]) : []));
    expect(said).toEqual(fields.map((field) => [field, decisionOf(field)]));
  });

  test.each(ROLES)("is what the enforcer answers a %s, field by field", (role) => {
    const enforcer = createEnforcer({ schema, limits: { ...DEFAULT_LIMITS, operationsBurst: 1e6, cachedDocuments: 1 } });
    const viewer = viewerOf(role, role);
    const wrong: string[] = [];
    for (const [field, { coordinates, text }] of documents) {
      const refused = coordinates.find((coordinate) => !permits(role, decisionOf(coordinate)));
      const expected = refused === undefined ? "admitted" : `FORBIDDEN ${refused}`;
      const admission = enforcer.admit({ query: text }, viewer);
      const answered = admission.ok ? "admitted" : admission.errors.map(({ extensions, message }) => (extensions["code"] === "FORBIDDEN" ? `FORBIDDEN ${String(extensions["field"])}` : message)).join("; ");
      if (answered !== expected) wrong.push(`${field}: ${answered}, not ${expected}, by ${text}`);
    }
    expect(wrong).toEqual([]);
  });

  test("never includes what nobody is known for", () => {
    const enforcer = createEnforcer({ schema, limits: DEFAULT_LIMITS });
    for (const { text } of documents.values()) expect(enforcer.admit({ query: text }, null)).toMatchObject({ ok: false, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });
});

test("no mutation is decided to be open to a VIEWER, but one that changes nothing: a link to what a VIEWER may read", () => {
  expect([...decided].filter(([field, role]) => field.startsWith("Mutation.") && permits("VIEWER", role))).toEqual([["Mutation.createLogDownload", "VIEWER"]]);
});

test("roles are ordered, and nothing said is nothing permitted", () => {
  expect(ROLES.map((role) => ROLES.filter((required) => permits(role, required)))).toEqual([["VIEWER"], ["VIEWER", "OPERATOR"], ["VIEWER", "OPERATOR", "OWNER"], [...ROLES]]);
  expect(ROLES.filter((role) => permits(role, undefined))).toEqual([]);
});
