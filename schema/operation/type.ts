import type { Operation as OperationRow } from "../../server/entities/operation.ts";
import { Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { amongTexts } from "../shared/conditions.ts";
import { OperationKind, OperationState } from "../shared/enums.ts";
import { type Columns, type Sql, sql } from "../shared/mapping/sql.ts";
import { cancellableSql, retryableSql } from "./actions.ts";
import { Operation, OperationProgress, OperationStep } from "./ref.ts";

OperationProgress.implement({
  description: "Units of work done and to do: pods for applications, clusters for networks.",
  fields: (t) => ({
    completed: t.exposeInt("completed"),
    total: t.exposeInt("total"),
    percent: t.sql({ type: "Float", sql: percent }),
  }),
});

/** Of nothing to do, all is done once the operation has ended. */
function percent({ completed, total, finishedAt }: Columns<OperationRow>): Sql {
  return sql`case when ${total} <> 0 then least(100, 100::float8 * ${completed} / ${total}) when ${finishedAt} is null then 0 else 100 end`;
}

Operation.implement({
  description: "What a mutation set in motion. Lives on after the mutation returned; ends exactly once.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    kind: t.expose("kind", { type: OperationKind }),
    state: t.expose("state", { type: OperationState }),
    target: t.ref("targetType", "targetId", { description: "The object that it changes; null once that object is gone." }),
    targetName: t.exposeString("targetName"),
    progress: t.part(OperationProgress, { description: "Units of work done and to do: pods for applications, clusters for networks." }),
    steps: t.page(OperationStep, "operationId", {
      args: { states: t.arg({ type: [OperationState] }) },
      where: (step, { states }) => amongTexts(step.state, states),
    }),
    error: t.exposeString("error", { nullable: true }),
    actor: t.exposeString("actor"),
    cancellable: t.sql({ type: "Boolean", description: "Whether cancelOperation would be accepted now, if there is room for what was before.", sql: cancellableSql }),
    retryable: t.sql({ type: "Boolean", description: "Whether retryOperation (the failed clusters again) would be accepted now. Streams tell when a newer operation of its target ends that; that what failed has been deleted is seen when it is asked for again.", sql: retryableSql }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true }),
  }),
});

OperationStep.implement({
  description: "One cluster's share of the work.",
  fields: (t) => ({
    cluster: t.one(Cluster, "clusterId", { nullable: true }),
    target: t.ref("targetType", "targetId", { description: "What it makes or changes there, where the operation has several targets." }),
    name: t.exposeString("name"),
    state: t.expose("state", { type: OperationState }),
    message: t.exposeString("message", { nullable: true }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true }),
  }),
});
