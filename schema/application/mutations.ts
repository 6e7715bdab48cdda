import type { ApplicationResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { DeletePayload } from "../shared/deletion.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import {
  CreateApplicationInput,
  DeleteApplicationInput,
  ScaleApplicationInput,
  UpdateApplicationInput,
  UpdateDistributionInput,
} from "./inputs.ts";
import { ApplicationActionInput, RollBackApplicationInput, UpgradeApplicationInput } from "./life-inputs.ts";
import { Application } from "./ref.ts";

const ApplicationPayload = builder.objectRef<Answered<ApplicationResult>>("ApplicationPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    application: t.entity(Application, ({ value }) => value?.applicationId ?? null),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  createApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: CreateApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.create(actor, input)),
  }),
  updateApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: UpdateApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.update(actor, input)),
  }),
  updateDistribution: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: UpdateDistributionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.updateDistribution(actor, input)),
  }),
  scaleApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: ScaleApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.scale(actor, input)),
  }),
  upgradeApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    description: "operation: null where the template is the present one already.",
    args: { input: t.arg({ type: UpgradeApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.upgrade(actor, input)),
  }),
  rollBackApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    description: "Back to an earlier revision, which keeps its number. Takes over from a rollout under way.",
    args: { input: t.arg({ type: RollBackApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.rollBack(actor, input)),
  }),
  stopApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    description: "Everything stays but the pods.",
    args: { input: t.arg({ type: ApplicationActionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.stop(actor, input)),
  }),
  startApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    description: "Brings the pods of a stopped application back.",
    args: { input: t.arg({ type: ApplicationActionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.start(actor, input)),
  }),
  restartApplication: t.field({
    type: ApplicationPayload,
    access: "OPERATOR",
    description: "Replaces every pod, under the update strategy.",
    args: { input: t.arg({ type: ApplicationActionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.restart(actor, input)),
  }),
  deleteApplication: t.field({
    type: DeletePayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: DeleteApplicationInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.delete(actor, input)),
  }),
}));
