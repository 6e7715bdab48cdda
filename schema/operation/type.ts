import { cancellable } from "../../server/domain/operation-actions.ts";
import { builder, Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { amongTexts } from "../shared/conditions.ts";
import { OperationKind, OperationState } from "../shared/enums.ts";
import { retryableSql } from "./actions.ts";
import { Operation, OperationStep } from "./ref.ts";

interface Progress {
  readonly completed: number;
  readonly total: number;
  readonly finishedAt?: Date | null | undefined;
}
const OperationProgress = builder.objectRef<Progress>("OperationProgress").implement({
  access: "VIEWER",
  description: "Units of work done and to do: pods for applications, clusters for networks.",
  fields: (t) => ({
    completed: t.exposeInt("completed"),
    total: t.exposeInt("total"),
    percent: t.computed({ type: "Float", needs: ["completed", "total", "finishedAt"], resolve: percentOf }),
  }),
});

/** Of nothing to do, all is done once the operation has ended. */
function percentOf({ completed, total, finishedAt }: Progress): number {
  if (total === 0) return finishedAt ? 100 : 0;
  return Math.min(100, (100 * completed) / total);
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
    cancellable: t.computed({
      type: "Boolean",
      needs: ["kind", "state", "endsAs", "before"],
      description: "Whether cancelOperation would be accepted now, if there is room for what was before.",
      resolve: cancellable,
    }),
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
