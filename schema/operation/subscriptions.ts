import { RequestError } from "../../server/domain/request-error.ts";
import { uuidOf } from "../../server/domain/ids.ts";
import { isTerminal, OPERATION_STATES } from "../../server/domain/states.ts";
import { builder } from "../builder.ts";
import { changeOf, followed, following } from "../shared/changes.ts";
import { OperationFilter } from "./queries.ts";
import { Operation } from "./ref.ts";

const OperationsChange = changeOf("OperationsChange", Operation);

const ENDED = { filter: { states: OPERATION_STATES.filter(isTerminal) } };

builder.subscriptionFields((t) => ({
  operation: t.entity(Operation, followed, {
    description: "Ends by itself when the operation does.",
    args: { id: t.arg.id({ required: true }) },
    nullable: false,
    ...following<{ id: string }>(async ({ id }, { live, read }) => {
      const key = uuidOf("Operation", id);
      const known = key !== null && (await read.matching("Operation", {}, { among: [key], limit: 1 })).length > 0;
      if (!known) throw new RequestError("BAD_USER_INPUT", "There is no such operation.");
      // Its target and its steps are on clusters: whichever it is, how things stand there is shown at once.
      return live.object({ type: "Operation", id: key, kinds: { operation: "ids", cluster: "apart" }, concernedBy: () => ({}), ended: ENDED });
    }),
  }),
  operations: t.message({
    type: OperationsChange,
    description: "Those that have ended belong to it as well, where the filter does not say otherwise.",
    args: { filter: t.arg({ type: OperationFilter }), after: t.arg.string() },
    // Nothing that an operation says of itself depends on a cluster being heard from.
    subscribe: (_root, { filter, after }, { live }) => live.changes({ type: "Operation", args: { filter }, after, kinds: { operation: "ids" } }),
  }),
}));
