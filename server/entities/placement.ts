import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { NetworkType } from "../domain/states.ts";

export const Placement = defineEntity({
  name: "Placement",
  tableName: "placement",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    clusterId: p.uuid(),
    revisionId: p.uuid(),
    networkType: p.text().$type<NetworkType>(),
    vpcId: p.uuid(),
    subnetId: p.uuid().nullable(),
    desired: p.integer(),
    created: p.integer(),
    ready: p.integer(),
    updated: p.integer(),
    unavailable: p.integer(),
    generation: p.integer(),
    observedGeneration: p.integer(),
    reason: p.text(),
    assignEip: p.boolean(),
    eipBandwidthMbps: p.integer(),
    deleting: p.boolean(),
    /** Replicas to come back to: only while the application is stopped. */
    parked: p.integer().nullable(),
    /** Pods whose mounted files show the newest configuration. */
    configured: p.integer(),
    /** Why the cluster can't carry out what it was told; null when it can. */
    problem: p.text().nullable(),
  },
});

export type Placement = InferEntity<typeof Placement>;
