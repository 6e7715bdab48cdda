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
    /** No pods are wanted until it is started again: what each placement comes back to is parked there. */
    stopped: p.boolean(),
    /** Rises with every restart that is asked for: pods of a lower one are replaced. */
    restarts: p.integer(),
    /** The rollout under way, or the last one. */
    rolloutId: p.uuid().nullable(),
    /** Of the newest rollout, where it was given one of its own. */
    rolloutStrategy: p.json<UpdateStrategy>().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export type Application = InferEntity<typeof Application>;
