import { globalId } from "../../server/domain/ids.ts";
import { Application, Revision } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { RolloutState, RolloutStrategy } from "../shared/enums.ts";
import { UpdateStrategy } from "../shared/values.ts";
import { Rollout } from "./ref.ts";

const RolloutStepState = builder.enumType("RolloutStepState", { values: ["WAITING", "ACTIVE", "PASSED", "FAILED"] as const });

interface Step {
  readonly percent: number;
  readonly pauseSeconds: number | null;
  readonly state: "WAITING" | "ACTIVE" | "PASSED" | "FAILED";
}
const RolloutStep = builder.objectRef<Step>("RolloutStep").implement({
  access: "VIEWER",
  description: "A canary's step: share of replicas on the new revision, then a pause (null seconds: until promoted).",
  fields: (t) => ({
    percent: t.exposeInt("percent"),
    pauseSeconds: t.exposeInt("pauseSeconds", { nullable: true }),
    state: t.expose("state", { type: RolloutStepState }),
  }),
});

Rollout.implement({
  description: "An application's way from one revision to another.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    application: t.one(Application, "applicationId"),
    from: t.one(Revision, "fromRevisionId", { nullable: true }),
    to: t.one(Revision, "toRevisionId"),
    strategy: t.expose("strategy", { type: RolloutStrategy }),
    updateStrategy: t.doc("updateStrategy", { type: UpdateStrategy }),
    clusterIds: t.computed({
      type: ["ID"],
      needs: ["clusterIds"],
      description: "Empty: everywhere.",
      resolve: ({ clusterIds }) => clusterIds.map((id) => globalId("Cluster", id)),
    }),
    progressDeadlineSeconds: t.exposeInt("progressDeadlineSeconds"),
    autoRollback: t.exposeBoolean("autoRollback"),
    operation: t.one(Operation, "operationId", { nullable: true }),
    state: t.expose("state", { type: RolloutState }),
    updated: t.exposeInt("updated", { description: "Replicas on the new revision, of all." }),
    total: t.exposeInt("total"),
    // A FULL rollout has none, and others are not offered yet.
    steps: t.computed({ type: [RolloutStep], needs: [], resolve: () => [] }),
    currentStep: t.computed({ type: "Int", needs: [], nullable: true, resolve: () => null }),
    reason: t.exposeString("reason", { nullable: true, description: "Why it paused, was aborted or rolled itself back." }),
    startedAt: t.expose("startedAt", { type: "DateTime" }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true }),
  }),
});
