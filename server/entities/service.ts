import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ServicePort, ServiceType } from "../domain/service.ts";
import type { NetworkStatus } from "../domain/states.ts";

export const Service = defineEntity({
  name: "Service",
  tableName: "service",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespaceId: p.uuid(),
    applicationId: p.uuid(),
    clusterId: p.uuid(),
    vpcId: p.uuid(),
    name: p.text(),
    type: p.text().$type<ServiceType>(),
    clusterIp: p.text().nullable(),
    ports: p.json<ServicePort[]>(),
    status: p.text().$type<NetworkStatus>(),
    version: p.integer(),
    generation: p.integer(),
    observedGeneration: p.integer(),
    /** Why the cluster can't carry out what it was told; null when it can. */
    problem: p.text().nullable(),
    deleting: p.boolean(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export type Service = InferEntity<typeof Service>;
