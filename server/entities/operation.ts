import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { DesiredBefore } from "../domain/desired-before.ts";
import type { OperationEnding, OperationKind, OperationState } from "../domain/states.ts";

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
    /** Without progress for so long it is STALLED. */
    deadlineSeconds: p.integer(),
    /** It works its way back, and ends as this once its steps are done; null: as its steps say. */
    endsAs: p.text().$type<OperationEnding>().nullable(),
    /** What was wanted before: what cancelling it goes back to; null where that can't be. */
    before: p.json<DesiredBefore>().nullable(),
    /** The operation that this one tries again. */
    retryOf: p.uuid().nullable(),
    rolloutId: p.uuid().nullable(),
  },
});

export type Operation = InferEntity<typeof Operation>;
