import { uuidOf } from "../../server/domain/ids.ts";
import { builder } from "../builder.ts";
import { amongAnyIds, amongTexts } from "../shared/conditions.ts";
import { OperationKind, OperationState } from "../shared/enums.ts";
import { every } from "../shared/mapping/sql.ts";
import { Operation } from "./ref.ts";

export const OperationFilter = builder.inputType("OperationFilter", {
  fields: (t) => ({
    states: t.field({ type: [OperationState] }),
    kinds: t.field({ type: [OperationKind] }),
    targetIds: t.idList(),
  }),
});

builder.queryFields((t) => ({
  operation: t.entity(Operation, (_root, { id }) => uuidOf("Operation", id), { args: { id: t.arg.id({ required: true }) } }),
  operations: t.pageOf(Operation, {
    description: "Newest first.",
    args: { filter: t.arg({ type: OperationFilter }) },
    where: (operation, { filter }) =>
      filter == null
        ? null
        : every([amongTexts(operation.state, filter.states), amongTexts(operation.kind, filter.kinds), amongAnyIds(operation.targetId, filter.targetIds)]),
    order: ["-createdAt", "-id"],
  }),
}));
