import { Placement } from "../application/ref.ts";
import { namespacesNamed } from "../application/filter.ts";
import { builder } from "../builder.ts";
import { amongIds, amongTexts } from "../shared/conditions.ts";
import { NetworkStatus } from "../shared/enums.ts";
import { type Column, type Columns, contains, every, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { Subnet, Vpc } from "./ref.ts";

export const NetworkFilter = builder.inputType("NetworkFilter", {
  fields: (t) => ({
    keyword: t.string({ description: "In the name, whatever the case." }),
    names: t.stringList({ description: "Exact." }),
    statuses: t.field({ type: [NetworkStatus] }),
    clusterIds: t.idList(),
    vpcIds: t.idList(),
    applicationIds: t.idList({ description: "That these applications are placed in." }),
    namespaces: t.stringList({ description: "That applications of these namespaces are placed in." }),
  }),
});
type NetworkFilter = typeof NetworkFilter.$inferInput;
type Network = Record<"id" | "name" | "status" | "clusterId", Column>;

/** `placedIn`: the placement's property that has the network's id. */
const conditions = (network: Network, vpcId: Column, placedIn: "vpcId" | "subnetId", filter: NetworkFilter | null | undefined): Sql | null => {
  if (filter == null) return null;
  const withPlacement = (condition: (placement: Columns<{ applicationId: string; namespaceId: string }>) => Sql | null): Sql =>
    sql`${network.id} in (${rows(Placement, (placement) => sql`select ${placement[placedIn]} from ${placement} where ${condition(placement) ?? sql`true`}`)})`;
  const { applicationIds, namespaces } = filter;
  return every([
    filter.keyword == null ? null : contains(network.name, filter.keyword),
    amongTexts(network.name, filter.names),
    amongTexts(network.status, filter.statuses),
    amongIds("Cluster", network.clusterId, filter.clusterIds),
    amongIds("Vpc", vpcId, filter.vpcIds),
    applicationIds == null ? null : withPlacement((placement) => amongIds("Application", placement.applicationId, applicationIds)),
    namespaces == null ? null : withPlacement((placement) => sql`${placement.namespaceId} in (${namespacesNamed(namespaces)})`),
  ]);
};

builder.queryFields((t) => ({
  vpcs: t.pageOf(Vpc, { args: { filter: t.arg({ type: NetworkFilter }) }, where: (vpc, { filter }) => conditions(vpc, vpc.id, "vpcId", filter) }),
  subnets: t.pageOf(Subnet, { args: { filter: t.arg({ type: NetworkFilter }) }, where: (subnet, { filter }) => conditions(subnet, subnet.vpcId, "subnetId", filter) }),
}));
