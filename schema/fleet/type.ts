import type { PriceSheet as PriceSheetValue } from "../../server/domain/fleet.ts";
import type { ClusterNode as ClusterNodeRow } from "../../server/entities/cluster-node.ts";
import { builder, Node } from "../builder.ts";
import { clusterChart, nodeChart, readChart } from "../metric/charts.ts";
import { MetricSeries, MetricsInput } from "../metric/type.ts";
import { Pod } from "../pod/ref.ts";
import { ClusterNodeStatus, ClusterStatus, ClusterTier, Isp } from "../shared/enums.ts";
import { type Columns, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { podRequests, reservedFor, seesAllTenants } from "../shared/usage.ts";
import { ComputeResources, Label } from "../shared/values.ts";
import { Cluster, ClusterNode, Region } from "./ref.ts";

const GeoPoint = builder.objectRef<{ readonly latitude: number; readonly longitude: number }>("GeoPoint").implement({
  access: "VIEWER",
  fields: (t) => ({ latitude: t.exposeFloat("latitude"), longitude: t.exposeFloat("longitude") }),
});

const PriceSheet = builder.objectRef<PriceSheetValue>("PriceSheet").implement({
  access: "VIEWER",
  fields: (t) => ({
    currency: t.exposeString("currency"),
    cpuCoreHour: t.expose("cpuCoreHour", { type: "Decimal" }),
    memoryGiBHour: t.expose("memoryGiBHour", { type: "Decimal" }),
    publicGiB: t.expose("publicGiB", { type: "Decimal" }),
    eipHour: t.expose("eipHour", { type: "Decimal" }),
    spotDiscount: t.exposeFloat("spotDiscount"),
    offPeakDiscount: t.exposeFloat("offPeakDiscount"),
  }),
});

Region.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    code: t.exposeString("code"),
    name: t.exposeString("name"),
    clusters: t.page(Cluster, "regionId"),
  }),
});

Cluster.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    code: t.exposeString("code", { description: "Stable and readable, e.g. shaoxing-2." }),
    name: t.exposeString("name"),
    region: t.one(Region, "regionId"),
    province: t.exposeString("province"),
    city: t.exposeString("city"),
    tier: t.expose("tier", { type: ClusterTier }),
    isp: t.expose("isp", { type: Isp }),
    location: t.part(GeoPoint),
    status: t.expose("status", { type: ClusterStatus }),
    lastSeenAt: t.expose("lastSeenAt", {
      type: "DateTime",
      nullable: true,
      description: "While DISCONNECTED the cluster goes on running what it was last told; its reports arrive, in order, when it is back.",
    }),
    capacity: t.part(ComputeResources),
    allocated: t.sql({
      type: ComputeResources,
      description: "The caller's tenant's share; of all tenants for PLATFORM_ADMIN.",
      sql: (cluster, _args, { viewer }) => {
        if (seesAllTenants(viewer)) return resources(sql`${cluster.reservedCpuMillis}`, sql`${cluster.reservedMemoryMiB}`, sql`${cluster.reservedPods}`);
        const share = sql`select ${resources(sql`u.cpu`, sql`u.memory`, sql`u.pods`)} from (${reservedFor(viewer)}) u where u.cluster_id = ${cluster.id}`;
        return sql`coalesce((${share}), ${resources(sql`0`, sql`0`, sql`0`)})`;
      },
    }),
    prices: t.doc("prices", { type: PriceSheet }),
    nodes: t.page(ClusterNode, "clusterId"),
    podCount: t.count(Pod, "clusterId", { description: "The caller's tenant's." }),
    metrics: t.sql({ type: [MetricSeries], args: { input: t.arg({ type: MetricsInput, required: true }) }, description: "Of the caller's tenant's pods; of all tenants' for PLATFORM_ADMIN.", sql: clusterChart, read: readChart }),
    cordoned: t.exposeBoolean("cordoned", { description: "Keeps its pods and takes no new ones." }),
  }),
});

ClusterNode.implement({
  description: "A machine in a cluster.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    cluster: t.one(Cluster, "clusterId"),
    status: t.expose("status", { type: ClusterNodeStatus }),
    cordoned: t.exposeBoolean("cordoned"),
    labels: t.doc("labels", { type: [Label] }),
    capacity: t.part(ComputeResources),
    allocated: t.sql({
      type: ComputeResources,
      weight: 10,
      description: "What the caller's tenant's pods on this machine ask for; those of all tenants for PLATFORM_ADMIN.",
      sql: (node, _args, { viewer }) => (seesAllTenants(viewer) ? allocatedOfAll(node) : allocatedOnNode(node)),
    }),
    metrics: t.sql({ type: [MetricSeries], args: { input: t.arg({ type: MetricsInput, required: true }) }, description: "Of the caller's tenant's pods; of all tenants' for PLATFORM_ADMIN.", sql: nodeChart, read: readChart }),
  }),
});

const resources = (cpuMillis: Sql, memoryMiB: Sql, pods: Sql): Sql => sql`json_build_object('cpuMillis', ${cpuMillis}, 'memoryMiB', ${memoryMiB}, 'pods', ${pods})`;

const allocatedOfAll = (node: Columns<ClusterNodeRow>): Sql =>
  sql`(select ${resources(sql`a.cpu_millis`, sql`a.memory_mib`, sql`a.pods`)} from app.allocated_on_node(${node.clusterId}, ${node.id}) a)`;

/** Requests of the pods that hold their resources: those that have not ended. */
function allocatedOnNode(node: Columns<ClusterNodeRow>): Sql {
  const total = resources(sql`coalesce(sum(r.cpu), 0)`, sql`coalesce(sum(r.memory), 0)`, sql`count(*)`);
  return sql`(${rows(Pod, (pod) => {
    return sql`select ${total} from ${pod} cross join lateral (${podRequests(pod.revisionId)}) r
      where ${pod.clusterId} = ${node.clusterId} and ${pod.nodeId} = ${node.id} and ${pod.phase} not in ('SUCCEEDED', 'FAILED')`;
  })})`;
}
