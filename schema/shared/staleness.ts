import { globalId } from "../../server/domain/ids.ts";
import type { Cluster as ClusterRow } from "../../server/entities/cluster.ts";
import { Cluster } from "../fleet/ref.ts";
import type { Request } from "./mapping/kinds.ts";
import { type Column, type Columns, rows, type Sql, sql, time } from "./mapping/sql.ts";

/** What a cluster says is shown with its age: stale once the cluster has been silent for too long, or was never heard. */
export const staleCluster = (cluster: Columns<ClusterRow>, { staleBefore }: Request): Sql =>
  sql`(${cluster.lastSeenAt} is null or ${cluster.lastSeenAt} < ${time(staleBefore)})`;

export const clusterLastSeen = (clusterId: Column): Sql =>
  sql`(${rows(Cluster, (cluster) => sql`select ${cluster.lastSeenAt} from ${cluster} where ${cluster.id} = ${clusterId}`)})`;

export const clusterIsStale = (clusterId: Column, request: Request): Sql =>
  sql`(${rows(Cluster, (cluster) => sql`select ${staleCluster(cluster, request)} from ${cluster} where ${cluster.id} = ${clusterId}`)})`;

/**
 * For streams of what is on clusters: what `filter` selects there. A cluster that falls silent, or comes back, is one row on the timeline, however much
 * runs on it; what thereby became stale, or fresh, is looked up by this.
 */
export const onClusters =
  <F extends { readonly clusterIds?: readonly string[] | null | undefined }>(filter: F | null | undefined) =>
  (uuids: readonly string[]): { readonly filter: object } => {
    const ids = uuids.map((uuid) => globalId("Cluster", uuid));
    const given = filter?.clusterIds;
    return { filter: { ...filter, clusterIds: given ? ids.filter((id) => given.includes(id)) : ids } };
  };
