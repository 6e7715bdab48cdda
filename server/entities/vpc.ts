import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { NetworkStatus } from "../domain/states.ts";

export const Vpc = defineEntity({
  name: "Vpc",
  tableName: "vpc",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    clusterId: p.uuid(),
    name: p.text(),
    cidr: p.text(),
    isDefault: p.boolean(),
    status: p.text().$type<NetworkStatus>(),
    version: p.integer(),
    createdAt: p.datetime(3),
  },
});

export type Vpc = InferEntity<typeof Vpc>;
