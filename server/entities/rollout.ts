import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { RolloutState, RolloutStrategy, UpdateStrategy } from "../domain/states.ts";

export const Rollout = defineEntity({
  name: "Rollout",
  tableName: "rollout",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    fromRevisionId: p.uuid().nullable(),
    toRevisionId: p.uuid(),
    strategy: p.text().$type<RolloutStrategy>(),
    updateStrategy: p.json<UpdateStrategy>(),
    /** Uuids; empty: everywhere. */
    clusterIds: p.array(),
    progressDeadlineSeconds: p.integer(),
    autoRollback: p.boolean(),
    operationId: p.uuid().nullable(),
    state: p.text().$type<RolloutState>(),
    updated: p.integer(),
    total: p.integer(),
    reason: p.text().nullable(),
    startedAt: p.datetime(3),
    progressedAt: p.datetime(3),
    finishedAt: p.datetime(3).nullable(),
  },
});

export type Rollout = InferEntity<typeof Rollout>;
