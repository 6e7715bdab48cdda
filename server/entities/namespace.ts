import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Namespace = defineEntity({
  name: "Namespace",
  tableName: "namespace",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    description: p.text(),
    isDefault: p.boolean(),
    createdAt: p.datetime(3),
  },
});

export type Namespace = InferEntity<typeof Namespace>;
