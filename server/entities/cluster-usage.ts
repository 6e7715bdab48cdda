import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const ClusterUsage = defineEntity({
  name: "ClusterUsage",
  tableName: "cluster_usage",
  properties: {
    tenantId: p.uuid().primary(),
    clusterId: p.uuid().primary(),
    cpuMillis: p.bigint("number"),
    memoryMiB: p.bigint("number").fieldName("memory_mib"),
    pods: p.bigint("number"),
  },
});

export type ClusterUsage = InferEntity<typeof ClusterUsage>;
