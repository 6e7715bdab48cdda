import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { Label } from "../domain/pod-template.ts";
import type { ApplicationStatus, CapacityType, UpdateStrategy, WorkloadKind } from "../domain/states.ts";

export const Application = defineEntity({
  name: "Application",
  tableName: "application",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespaceId: p.uuid(),
    name: p.text(),
    description: p.text(),
    workloadKind: p.text().$type<WorkloadKind>(),
    capacityType: p.text().$type<CapacityType>(),
    labels: p.json<Label[]>(),
    status: p.text().$type<ApplicationStatus>(),
    statusReason: p.text().nullable(),
    version: p.integer(),
    deletionProtection: p.boolean(),
    updateStrategy: p.json<UpdateStrategy>(),
    revisionId: p.uuid(),
    desired: p.integer(),
    created: p.integer(),
    ready: p.integer(),
    updated: p.integer(),
    unavailable: p.integer(),
    deleting: p.boolean(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export type Application = InferEntity<typeof Application>;
