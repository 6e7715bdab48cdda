import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const Idempotency = defineEntity({
  name: "Idempotency",
  tableName: "idempotency",
  properties: {
    tenantId: p.uuid().primary(),
    mutation: p.text().primary(),
    key: p.text().primary(),
    fingerprint: p.text(),
    result: p.json<unknown>().nullable(),
    createdAt: p.datetime(3),
  },
});

export type Idempotency = InferEntity<typeof Idempotency>;
