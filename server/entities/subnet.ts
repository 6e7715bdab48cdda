import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { NetworkStatus } from "../domain/states.ts";

export const Subnet = defineEntity({
  name: "Subnet",
  tableName: "subnet",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    vpcId: p.uuid(),
    clusterId: p.uuid(),
    name: p.text(),
    cidr: p.text(),
    gateway: p.text(),
    isDefault: p.boolean(),
    status: p.text().$type<NetworkStatus>(),
    createdAt: p.datetime(3),
  },
});

export type Subnet = InferEntity<typeof Subnet>;
