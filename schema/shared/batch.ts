import type { DomainError, Outcome } from "../../server/domain/errors.ts";
import { globalId } from "../../server/domain/ids.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { BatchItem, BatchResult as BatchResultValue } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { UserError } from "./user-errors.ts";

/** What mutations that delete several objects take and answer. */
export const DeleteManyInput = builder.inputType("DeleteManyInput", {
  fields: (t) => ({
    ids: t.idList({ required: true, description: "1 to 100." }),
    idempotencyKey: t.string(),
  }),
});

const BatchResult = builder.objectRef<BatchItem>("BatchResult").implement({
  access: "VIEWER",
  fields: (t) => ({
    id: t.exposeID("id"),
    ok: t.boolean({ resolve: ({ errors }) => errors.length === 0 }),
    deletedId: t.id({ nullable: true, resolve: ({ deletion }) => (deletion?.deleted ? globalId(deletion.deleted.type, deletion.deleted.id) : null) }),
    object: t.node(({ deletion }) => deletion?.object ?? null),
    operation: t.entity(Operation, ({ deletion }) => deletion?.operationId ?? null),
    userErrors: t.expose("errors", { type: [UserError] }),
  }),
});

export const BatchPayload = builder.objectRef<{ readonly results: readonly BatchItem[] }>("BatchPayload").implement({
  access: "VIEWER",
  description: "One result for each id asked for, in that order; each succeeds or fails by itself.",
  fields: (t) => ({ results: t.expose("results", { type: [BatchResult] }) }),
});

/** Where the whole was refused, so was each. @throws RequestError where there is none that could say so */
export function batchAnswered(ids: readonly string[], outcome: Outcome<BatchResultValue>): { readonly results: readonly BatchItem[] } {
  if (outcome.ok) return { results: outcome.value.items };
  const errors: readonly DomainError[] = outcome.errors;
  if (ids.length === 0) throw new RequestError("BAD_USER_INPUT", errors.map(({ message }) => message).join(" "));
  return { results: ids.map((id) => ({ id, deletion: null, errors })) };
}
