import { globalId } from "../../server/domain/ids.ts";
import type { DeleteResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { type Answered, UserError } from "./user-errors.ts";

/** What mutations that delete one object take and answer. */
export const DeleteInput = builder.inputType("DeleteInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedVersion: t.int(),
    idempotencyKey: t.string(),
  }),
});

export const DeletePayload = builder.objectRef<Answered<DeleteResult>>("DeletePayload").implement({
  access: "VIEWER",
  description: "deletedId: gone already; else object is DELETING and operation ends when it is gone.",
  fields: (t) => ({
    deletedId: t.id({ nullable: true, resolve: ({ value }) => (value?.deleted ? globalId(value.deleted.type, value.deleted.id) : null) }),
    object: t.node(({ value }) => value?.object ?? null),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});
