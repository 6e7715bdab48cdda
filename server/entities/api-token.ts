import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Role } from "../domain/states.ts";

export const ApiToken = defineEntity({
  name: "ApiToken",
  tableName: "api_token",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    role: p.text().$type<Role>(),
    namespaces: p.array().nullable(),
    prefix: p.text(),
    hash: p.blob(),
    createdAt: p.datetime(3),
    lastUsedAt: p.datetime(3).nullable(),
    expiresAt: p.datetime(3).nullable(),
    revokedAt: p.datetime(3).nullable(),
  },
});

export type ApiToken = InferEntity<typeof ApiToken>;
