import type { ClusterUsage as ClusterUsageRow } from "../../server/entities/cluster-usage.ts";
import type { Viewer } from "../../server/identity/viewer.ts";
import { Application, Placement, Revision } from "../application/ref.ts";
import { type Column, type EntityToken, rows, type Rows, sql } from "./mapping/sql.ts";

const ClusterUsage: EntityToken<ClusterUsageRow> = { entity: "ClusterUsage" };

/** Whom clusters and nodes show what all tenants use of them. */
export const seesAllTenants = (viewer: Viewer): boolean => viewer.role === "PLATFORM_ADMIN" && viewer.namespaces === null;

/** Of each cluster what is reserved there for the viewer: columns cluster_id, cpu, memory, pods. Use it in a `from`. */
export const reservedFor = ({ namespaces }: Viewer): Rows =>
  namespaces === null
    ? rows(ClusterUsage, (usage) => sql`select ${usage.clusterId} as cluster_id, ${usage.cpuMillis} as cpu, ${usage.memoryMiB} as memory, ${usage.pods} as pods from ${usage}`)
    : reservedByPlacements();

/** The same as the tenant's sums say, added up for those placements that a token limited to namespaces sees. */
function reservedByPlacements(): Rows {
  return rows(
    Placement,
    (placement) => sql`select ${placement.clusterId} as cluster_id, sum(${placement.desired} * r.cpu) as cpu, sum(${placement.desired} * r.memory) as memory, sum(${placement.desired}) as pods
      from ${placement} cross join lateral (${podRequests(placement.revisionId)}) r where not exists (${spotOf(placement.applicationId)}) group by 1`,
  );
}

/** SPOT reserves nothing. */
const spotOf = (applicationId: Column): Rows => rows(Application, (application) => sql`select 1 from ${application} where ${application.id} = ${applicationId} and ${application.capacityType} = 'SPOT'`);

/** One row (cpu, memory): what a pod of this revision asks for. */
export const podRequests = (revisionId: Column): Rows =>
  rows(
    Revision,
    (revision) => sql`select sum((c->>'cpuMillis')::integer) as cpu, sum((c->>'memoryMiB')::integer) as memory
      from ${revision}, jsonb_array_elements(${revision.template}->'containers') c where ${revision.id} = ${revisionId}`,
  );
