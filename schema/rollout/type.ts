import { Application, Revision } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { RolloutState, RolloutStrategy } from "../shared/enums.ts";
import { sql } from "../shared/mapping/sql.ts";
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
    clusterIds: t.sql({
      type: ["ID"],
      description: "Empty: everywhere.",
      sql: ({ clusterIds }) => sql`(select coalesce(jsonb_agg('Cluster.' || c.id order by c.n), '[]') from unnest(${clusterIds}) with ordinality c (id, n))`,
    }),
    progressDeadlineSeconds: t.exposeInt("progressDeadlineSeconds"),
    autoRollback: t.exposeBoolean("autoRollback"),
    operation: t.one(Operation, "operationId", { nullable: true }),
    state: t.expose("state", { type: RolloutState }),
    updated: t.exposeInt("updated", { description: "Replicas on the new revision, of all." }),
    total: t.exposeInt("total"),
    // A FULL rollout has none, and others are not offered yet.
    steps: t.sql({ type: [RolloutStep], sql: () => sql`'[]'::jsonb` }),
    currentStep: t.sql({ type: "Int", nullable: true, sql: () => sql`null::integer` }),
    reason: t.exposeString("reason", { nullable: true, description: "Why it paused, was aborted or rolled itself back." }),
    startedAt: t.expose("startedAt", { type: "DateTime" }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true }),
  }),
});
