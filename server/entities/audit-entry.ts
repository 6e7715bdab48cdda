import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { AuditOutcome } from "../domain/states.ts";

export const AuditEntry = defineEntity({
  name: "AuditEntry",
  tableName: "audit_entry",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    at: p.datetime(3),
    actor: p.text(),
    tokenId: p.uuid().nullable(),
    action: p.text(),
    targetType: p.text().nullable(),
    targetId: p.uuid().nullable(),
    targetName: p.text().nullable(),
    namespaceId: p.uuid().nullable(),
    input: p.json<unknown>().nullable(),
    outcome: p.text().$type<AuditOutcome>(),
    sourceAddress: p.text().nullable(),
  },
});

export type AuditEntry = InferEntity<typeof AuditEntry>;
