/** Inputs of the mutations of an application's life: to another revision and back, stopped, started, restarted. */
import { builder } from "../builder.ts";
import { RolloutStrategy } from "../shared/enums.ts";
import { expectedVersion, idempotencyKey, UpdateStrategyInput } from "./inputs.ts";
import { PodTemplateInput } from "./template-inputs.ts";

const UpgradeStrategyInput = builder.inputType("UpgradeStrategyInput", {
  description: "FULL by default: all at once, under the update strategy. CANARY is not offered yet.",
  fields: (t) => ({
    kind: t.field({ type: RolloutStrategy, required: true, defaultValue: "FULL" }),
    updateStrategy: t.field({ type: UpdateStrategyInput, description: "For this rollout; what is left out is the application's." }),
    progressDeadlineSeconds: t.int({
      required: true,
      defaultValue: 600,
      description: "1 to 86,400. Without progress for so long, while a cluster is there to make it, the rollout has failed.",
    }),
    autoRollback: t.boolean({ required: true, defaultValue: true, description: "One that failed goes back by itself; else it is stalled, and still tries." }),
  }),
});

export const UpgradeApplicationInput = builder.inputType("UpgradeApplicationInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    template: t.field({ type: PodTemplateInput, required: true, description: "The whole new template; what is left out is gone." }),
    message: t.string({ description: "What the revision is for: 0 to 256 characters." }),
    strategy: t.field({ type: UpgradeStrategyInput }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const RollBackApplicationInput = builder.inputType("RollBackApplicationInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    toRevision: t.int({ description: "Default: the revision before the present one." }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const ApplicationActionInput = builder.inputType("ApplicationActionInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});
