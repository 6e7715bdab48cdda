import type { Cluster as ClusterRow } from "../../server/entities/cluster.ts";
import { builder } from "../builder.ts";
import { Pod } from "../pod/ref.ts";
import { amongIds, amongTexts, uuidsOf } from "../shared/conditions.ts";
import { ClusterStatus, ClusterTier, Isp } from "../shared/enums.ts";
import { type Columns, contains, every, rows, type Sql, sql, texts, uuids } from "../shared/mapping/sql.ts";
import { Region } from "./ref.ts";

export const ClusterFilter = builder.inputType("ClusterFilter", {
  fields: (t) => ({
    keyword: t.string({ description: "In the code, the name, the province or the city, whatever the case." }),
    ids: t.idList(),
    provinces: t.stringList(),
    cities: t.stringList(),
    applicationIds: t.idList({ description: "Where these applications have pods." }),
    regionCodes: t.stringList(),
    tiers: t.field({ type: [ClusterTier] }),
    isps: t.field({ type: [Isp] }),
    statuses: t.field({ type: [ClusterStatus] }),
  }),
});
export type ClusterFilter = typeof ClusterFilter.$inferInput;

export const clusterConditions = (cluster: Columns<ClusterRow>, filter: ClusterFilter | null | undefined): Sql | null =>
  filter == null
    ? null
    : every([
        filter.keyword == null ? null : anyContains([cluster.code, cluster.name, cluster.province, cluster.city], filter.keyword),
        amongIds("Cluster", cluster.id, filter.ids),
        amongTexts(cluster.province, filter.provinces),
        amongTexts(cluster.city, filter.cities),
        filter.applicationIds == null ? null : sql`${cluster.id} in (${clustersWithPodsOf(filter.applicationIds)})`,
        filter.regionCodes == null ? null : sql`${cluster.regionId} in (${regionsWith(filter.regionCodes)})`,
        amongTexts(cluster.tier, filter.tiers),
        amongTexts(cluster.isp, filter.isps),
        amongTexts(cluster.status, filter.statuses),
      ]);

const anyContains = ([first, ...others]: readonly [Columns<ClusterRow>["code"], ...Columns<ClusterRow>["code"][]], keyword: string): Sql =>
  others.reduce((condition, column) => sql`${condition} or ${contains(column, keyword)}`, contains(first, keyword));

const clustersWithPodsOf = (applicationIds: readonly string[]) =>
  rows(Pod, (pod) => sql`select ${pod.clusterId} from ${pod} where ${pod.applicationId} = any (${uuids(uuidsOf("Application", applicationIds))})`);

const regionsWith = (codes: readonly string[]) => rows(Region, (region) => sql`select ${region.id} from ${region} where ${region.code} = any (${texts(codes)})`);
