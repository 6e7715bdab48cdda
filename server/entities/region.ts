import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Region = defineEntity({
  name: "Region",
  tableName: "region",
  properties: {
    id: p.uuid().primary(),
    code: p.text(),
    name: p.text(),
  },
});

export type Region = InferEntity<typeof Region>;
