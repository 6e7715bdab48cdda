import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { PriceSheet } from "../domain/fleet.ts";
import type { ClusterStatus, ClusterTier, Isp } from "../domain/states.ts";

export const Cluster = defineEntity({
  name: "Cluster",
  tableName: "cluster",
  properties: {
    id: p.uuid().primary(),
    code: p.text(),
    name: p.text(),
    regionId: p.uuid(),
    province: p.text(),
    city: p.text(),
    tier: p.text().$type<ClusterTier>(),
    isp: p.text().$type<Isp>(),
    latitude: p.double().$type<number>(),
    longitude: p.double().$type<number>(),
    status: p.text().$type<ClusterStatus>(),
    lastSeenAt: p.datetime(3).nullable(),
    /** When its agent last said anything that was stored, vouching or not. */
    heardAt: p.datetime(3).nullable(),
    cordoned: p.boolean(),
    cpuMillis: p.integer(),
    memoryMiB: p.integer().fieldName("memory_mib"),
    pods: p.integer(),
    reservedCpuMillis: p.bigint("number"),
    reservedMemoryMiB: p.bigint("number").fieldName("reserved_memory_mib"),
    reservedPods: p.bigint("number"),
    prices: p.json<PriceSheet>(),
    epoch: p.integer(),
    ackedSeq: p.bigint("number"),
    agentStore: p.text().nullable(),
    termOffset: p.integer(),
    /** The agent's public key (X25519, base64) that configuration is sealed to. */
    sealingKey: p.text().nullable(),
    /** When it became ONLINE. */
    onlineSince: p.datetime(3).nullable(),
  },
});

export type Cluster = InferEntity<typeof Cluster>;
