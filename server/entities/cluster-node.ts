import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Label } from "../domain/pod-template.ts";
import type { ClusterNodeStatus } from "../domain/states.ts";

export const ClusterNode = defineEntity({
  name: "ClusterNode",
  tableName: "cluster_node",
  properties: {
    id: p.uuid().primary(),
    clusterId: p.uuid(),
    name: p.text(),
    status: p.text().$type<ClusterNodeStatus>(),
    cordoned: p.boolean(),
    labels: p.json<Label[]>(),
    cpuMillis: p.integer(),
    memoryMiB: p.integer().fieldName("memory_mib"),
    pods: p.integer(),
  },
});

export type ClusterNode = InferEntity<typeof ClusterNode>;
