import type { ClusterNode as ClusterNodeRow } from "../../server/entities/cluster-node.ts";
import type { Cluster as ClusterRow } from "../../server/entities/cluster.ts";
import type { Region as RegionRow } from "../../server/entities/region.ts";
import { builder } from "../builder.ts";

export const Region = builder.entity<RegionRow>("Region", { access: "VIEWER", told: { kind: "region" } });
export const Cluster = builder.entity<ClusterRow>("Cluster", {
  access: "VIEWER",
  told: {
    kind: "cluster",
    // Signs of life, what all tenants together have reserved, and what only the link needs.
    untold: ["lastSeenAt", "heardAt", "reservedCpuMillis", "reservedMemoryMiB", "reservedPods", "epoch", "ackedSeq", "agentStore", "termOffset", "sealingKey", "onlineSince"],
  },
});
export const ClusterNode = builder.entity<ClusterNodeRow>("ClusterNode", { access: "VIEWER", told: { kind: "node" } });
