import { parseGlobalId } from "../../server/domain/ids.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { NodesState } from "../../server/realtime/state-stream.ts";
import { builder } from "../builder.ts";
import { MAX_NODE_IDS } from "./mapping/kinds.ts";
import { selectsAny } from "./selection.ts";
import { watchedBy } from "./watched.ts";

const NodesChange = builder.objectRef<NodesState>("NodesChange").implement({
  access: "VIEWER",
  description: "removedIds: deleted, or not to be seen by this caller.",
  fields: (t) => ({
    cursor: t.exposeString("cursor"),
    snapshot: t.exposeBoolean("snapshot"),
    complete: t.exposeBoolean("complete"),
    upserted: t.nodes(({ upserted }) => upserted.map(parseGlobalId), { items: "existing" }),
    removedIds: t.pure({ type: ["ID"], from: ({ removed }) => [...removed] }),
    at: t.expose("at", { type: "DateTime" }),
  }),
});

builder.subscriptionField("watch", (t) =>
  t.message({
    type: NodesChange,
    description: `Any objects by id (at most ${MAX_NODE_IDS}): networks, load balancers with their health, policies, rollouts, … An object comes again when what it shows changes: its own fields; whether it is stale; a service's endpoints; and where these are asked for, a cluster's podCount and allocated, a node's allocated, a subnet's addresses, who uses a ConfigMap or Secret (usedBy). What objects that it leads to show is told to who watches these. Times at which something was heard or used last (lastSeenAt, observedAt, lastUsedAt) come along with the next change.`,
    args: { ids: t.arg.idList({ required: true }), after: t.arg.string() },
    subscribe: (_root, { ids, after }, { live }, info) => {
      if (ids.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
      return live.nodes({ ids, after, typeOf: (type) => watchedBy(type, (fields) => selectsAny(info, fields)) });
    },
  }),
);
