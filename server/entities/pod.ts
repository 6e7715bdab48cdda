import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ContainerStatus } from "../domain/pod.ts";
import type { PodPhase } from "../domain/states.ts";

export const Pod = defineEntity({
  name: "Pod",
  tableName: "pod",
  properties: {
    clusterId: p.uuid().primary(),
    id: p.uuid().primary(),
    tenantId: p.uuid(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    placementId: p.uuid(),
    revisionId: p.uuid(),
    nodeId: p.uuid().nullable(),
    name: p.text(),
    phase: p.text().$type<PodPhase>(),
    ready: p.boolean(),
    reason: p.text().nullable(),
    message: p.text().nullable(),
    privateIp: p.text().nullable(),
    restartCount: p.integer(),
    containers: p.json<ContainerStatus[]>(),
    createdAt: p.datetime(3),
    startedAt: p.datetime(3).nullable(),
    epoch: p.integer(),
  },
});

export type Pod = InferEntity<typeof Pod>;
