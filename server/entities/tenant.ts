import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Tenant = defineEntity({
  name: "Tenant",
  tableName: "tenant",
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    createdAt: p.datetime(3),
  },
});

export type Tenant = InferEntity<typeof Tenant>;
