import { parseGlobalId } from "../../server/domain/ids.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { NodesState } from "../../server/realtime/state-stream.ts";
import { builder } from "../builder.ts";
import { MAX_NODE_IDS } from "./mapping/kinds.ts";
import { WATCHED } from "./watched.ts";

const NodesChange = builder.objectRef<NodesState>("NodesChange").implement({
  access: "VIEWER",
  description: "removedIds: deleted, or not to be seen by this caller.",
  fields: (t) => ({
    cursor: t.exposeString("cursor"),
    snapshot: t.exposeBoolean("snapshot"),
    complete: t.exposeBoolean("complete"),
    upserted: t.nodes(({ upserted }) => upserted.map(parseGlobalId), { items: "existing" }),
    removedIds: t.idList({ resolve: ({ removed }) => [...removed] }),
    at: t.expose("at", { type: "DateTime" }),
  }),
});

builder.subscriptionField("watch", (t) =>
  t.field({
    type: NodesChange,
    description: `Any objects by id (at most ${MAX_NODE_IDS}): networks, load balancers with their health, policies, rollouts, …`,
    args: { ids: t.arg.idList({ required: true }), after: t.arg.string() },
    subscribe: (_root, { ids, after }, { live }) => {
      if (ids.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
      return live.nodes({ ids, after, typeOf: (type) => (Object.hasOwn(WATCHED, type) ? WATCHED[type] : undefined) });
    },
    resolve: (change) => change,
  }),
);
