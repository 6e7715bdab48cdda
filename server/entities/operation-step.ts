import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { OperationState } from "../domain/states.ts";

export const OperationStep = defineEntity({
  name: "OperationStep",
  tableName: "operation_step",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    operationId: p.uuid(),
    namespaceId: p.uuid().nullable(),
    clusterId: p.uuid().nullable(),
    targetType: p.text().nullable(),
    targetId: p.uuid().nullable(),
    name: p.text(),
    state: p.text().$type<OperationState>(),
    message: p.text().nullable(),
    completed: p.integer(),
    total: p.integer(),
    finishedAt: p.datetime(3).nullable(),
  },
});

export type OperationStep = InferEntity<typeof OperationStep>;
