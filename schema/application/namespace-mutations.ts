import type { NamespaceResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { DeleteInput, DeletePayload } from "../shared/deletion.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { Namespace } from "./ref.ts";

const CreateNamespaceInput = builder.inputType("CreateNamespaceInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    idempotencyKey: t.string(),
  }),
});

const NamespacePayload = builder.objectRef<Answered<NamespaceResult>>("NamespacePayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    namespace: t.entity(Namespace, ({ value }) => value?.namespaceId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  createNamespace: t.field({
    type: NamespacePayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: CreateNamespaceInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.namespaces.create(actor, input)),
  }),
  deleteNamespace: t.field({
    type: DeletePayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.namespaces.delete(actor, input)),
  }),
}));
