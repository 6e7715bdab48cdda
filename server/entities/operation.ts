import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { OperationKind, OperationState } from "../domain/states.ts";

export const Operation = defineEntity({
  name: "Operation",
  tableName: "operation",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    kind: p.text().$type<OperationKind>(),
    state: p.text().$type<OperationState>(),
    namespaceId: p.uuid().nullable(),
    targetType: p.text().nullable(),
    targetId: p.uuid().nullable(),
    targetName: p.text(),
    completed: p.integer(),
    total: p.integer(),
    error: p.text().nullable(),
    actor: p.text(),
    createdAt: p.datetime(3),
    startedAt: p.datetime(3).nullable(),
    finishedAt: p.datetime(3).nullable(),
    progressedAt: p.datetime(3),
  },
});

export type Operation = InferEntity<typeof Operation>;
