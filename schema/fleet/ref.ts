import type { ClusterNode as ClusterNodeRow } from "../../server/entities/cluster-node.ts";
import type { Cluster as ClusterRow } from "../../server/entities/cluster.ts";
import type { Region as RegionRow } from "../../server/entities/region.ts";
import { builder } from "../builder.ts";

export const Region = builder.entity<RegionRow>("Region", { access: "VIEWER" });
export const Cluster = builder.entity<ClusterRow>("Cluster", { access: "VIEWER" });
export const ClusterNode = builder.entity<ClusterNodeRow>("ClusterNode", { access: "VIEWER" });
