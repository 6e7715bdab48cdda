import type { OperationResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { Operation } from "./ref.ts";

const OperationActionInput = builder.inputType("OperationActionInput", {
  fields: (t) => ({
    operationId: t.id({ required: true }),
    idempotencyKey: t.string({ description: "The same key and input within 24 hours returns the first answer and does nothing again." }),
  }),
});

export const OperationPayload = builder.objectRef<Answered<OperationResult>>("OperationPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  cancelOperation: t.field({
    type: OperationPayload,
    access: "OPERATOR",
    description: "It goes back to what was before, and ends as CANCELLED once it is there.",
    args: { input: t.arg({ type: OperationActionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.operations.cancel(actor, input)),
  }),
  retryOperation: t.field({
    type: OperationPayload,
    access: "OPERATOR",
    description: "A new operation over the clusters that failed, or are not done: an operation ends once.",
    args: { input: t.arg({ type: OperationActionInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.operations.retry(actor, input)),
  }),
}));
