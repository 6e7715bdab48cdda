import { deploymentManifest, type ManifestSource } from "../../server/domain/manifest.ts";
import type { Application as ApplicationRow } from "../../server/entities/application.ts";
import type { Placement as PlacementRow } from "../../server/entities/placement.ts";
import { Node } from "../builder.ts";
import { EVENT_ORDER, eventConditions, EventFilter } from "../event/filter.ts";
import { Event } from "../event/ref.ts";
import { Cluster } from "../fleet/ref.ts";
import { applicationChart, readChart } from "../metric/charts.ts";
import { MetricSeries, MetricsInput } from "../metric/type.ts";
import { Service, Subnet, Vpc } from "../network/ref.ts";
import { Operation } from "../operation/ref.ts";
import { podConditions, PodFilter } from "../pod/filter.ts";
import { Pod } from "../pod/ref.ts";
import { Rollout } from "../rollout/ref.ts";
import { ApplicationStatus, CapacityType, NetworkType, WorkloadKind } from "../shared/enums.ts";
import type { Request } from "../shared/mapping/kinds.ts";
import { type Columns, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { clusterLastSeen, clusterIsStale, staleCluster } from "../shared/staleness.ts";
import { Label, ReplicaCounts, UpdateStrategy } from "../shared/values.ts";
import { PodTemplate } from "./pod-template.ts";
import { Application, Namespace, Placement, Revision } from "./ref.ts";
import { Change, changesBetween, templatesToCompare } from "./revision-changes.ts";

Namespace.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    description: t.exposeString("description"),
    isDefault: t.exposeBoolean("isDefault"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    applications: t.page(Application, "namespaceId"),
  }),
});

Application.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    namespace: t.one(Namespace, "namespaceId"),
    description: t.exposeString("description"),
    workloadKind: t.expose("workloadKind", { type: WorkloadKind }),
    capacityType: t.expose("capacityType", { type: CapacityType }),
    labels: t.doc("labels", { type: [Label] }),
    status: t.expose("status", { type: ApplicationStatus }),
    statusReason: t.exposeString("statusReason", { nullable: true, description: "Why it is not RUNNING, in a sentence; null when it is." }),
    version: t.exposeInt("version", { description: "Rises by one with every accepted change; give it back as expectedVersion." }),
    deletionProtection: t.exposeBoolean("deletionProtection"),
    replicas: t.part(ReplicaCounts),
    revision: t.one(Revision, "revisionId"),
    revisions: t.page(Revision, "applicationId", { order: ["-number", "-id"], description: "Newest first." }),
    rollout: t.one(Rollout, "rolloutId", { nullable: true, description: "The rollout under way, or the last one." }),
    placements: t.page(Placement, "applicationId", { order: ["id"] }),
    pods: t.page(Pod, "applicationId", { args: { filter: t.arg({ type: PodFilter }) }, where: (pod, { filter }) => podConditions(pod, filter) }),
    services: t.page(Service, "applicationId"),
    operations: t.page(Operation, "targetId", {
      where: (operation) => sql`${operation.targetType} = 'Application'`,
      order: ["-createdAt", "-id"],
      description: "Newest first.",
    }),
    metrics: t.sql({ type: [MetricSeries], args: { input: t.arg({ type: MetricsInput, required: true }) }, description: "Over all its pods: sums of amounts; of percents the means, each with the weight that it has; the largest latency.", sql: applicationChart, read: readChart }),
    events: t.page(Event, "applicationId", {
      description: "Newest first; of the last hour unless the filter says since when.",
      args: { filter: t.arg({ type: EventFilter }) },
      where: (event, { filter }, request) => eventConditions(event, filter, request),
      order: EVENT_ORDER,
    }),
    updateStrategy: t.doc("updateStrategy", { type: UpdateStrategy }),
    manifest: t.sql({
      type: "String",
      weight: MANIFEST_WEIGHT,
      description: "YAML that importManifests turns into the same application.",
      sql: manifestSource,
      read: (source) => deploymentManifest(JSON.parse(String(source)) as ManifestSource),
    }),
    stale: t.sql({ type: "Boolean", description: "Any of its placements is stale.", sql: anyPlacementStale }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

/** A template may have 256 KiB: some hundred of the largest fit into one answer. */
const MANIFEST_WEIGHT = 100;

function manifestSource(application: Columns<ApplicationRow>): Sql {
  const namespace = rows(Namespace, (one) => sql`select ${one.name} from ${one} where ${one.id} = ${application.namespaceId}`);
  const template = rows(Revision, (revision) => sql`select ${revision.template} from ${revision} where ${revision.id} = ${application.revisionId}`);
  return sql`jsonb_build_object('name', ${application.name}, 'namespace', (${namespace}), 'description', ${application.description}, 'labels', ${application.labels}, 'capacityType', ${application.capacityType}, 'updateStrategy', ${application.updateStrategy}, 'template', (${template}))`;
}

const anyPlacementStale = (application: Columns<ApplicationRow>, _args: object, request: Request): Sql => {
  const stale = rows(Placement, (placement) => {
    const cluster = rows(Cluster, (at) => sql`select from ${at} where ${at.id} = ${placement.clusterId} and ${staleCluster(at, request)}`);
    return sql`select from ${placement} where ${placement.applicationId} = ${application.id} and exists (${cluster})`;
  });
  return sql`exists (${stale})`;
};

Revision.implement({
  description: "An immutable version of an application's template.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    number: t.exposeInt("number"),
    application: t.one(Application, "applicationId"),
    template: t.doc("template", { type: PodTemplate }),
    message: t.exposeString("message"),
    createdBy: t.exposeString("createdBy"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    changes: t.sql({
      type: [Change],
      args: { from: t.arg.int() },
      weight: 2,
      description: "What changed from another revision (default: the one before), field by field.",
      sql: templatesToCompare,
      read: changesBetween,
    }),
  }),
});

Placement.implement({
  description: "An application's share on one cluster.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    application: t.one(Application, "applicationId"),
    cluster: t.one(Cluster, "clusterId"),
    replicas: t.part(ReplicaCounts),
    networkType: t.expose("networkType", { type: NetworkType }),
    vpc: t.one(Vpc, "vpcId"),
    subnet: t.one(Subnet, "subnetId", { nullable: true, description: "null with HOST." }),
    revision: t.one(Revision, "revisionId"),
    generation: t.exposeInt("generation", {
      description: "The newest desired state, and the newest that the cluster has confirmed: in sync when they are equal.",
    }),
    observedGeneration: t.exposeInt("observedGeneration"),
    observedAt: t.sql({ type: "DateTime", nullable: true, description: "When its cluster last vouched for what is shown here.", sql: (placement: Columns<PlacementRow>) => clusterLastSeen(placement.clusterId) }),
    stale: t.sql({ type: "Boolean", sql: (placement, _args, request) => clusterIsStale(placement.clusterId, request) }),
    reason: t.exposeString("reason", { description: "Why these replicas are here: the choice of a person, or of the policy with what it weighed." }),
    assignEip: t.exposeBoolean("assignEip"),
    eipBandwidthMbps: t.exposeInt("eipBandwidthMbps"),
    pods: t.page(Pod, "placementId"),
  }),
});

