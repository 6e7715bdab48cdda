import { builder } from "../builder.ts";
import { changeOf } from "../shared/changes.ts";
import { onClusters } from "../shared/staleness.ts";
import { PodFilter } from "./filter.ts";
import { Pod } from "./ref.ts";

const PodsChange = changeOf("PodsChange", Pod);

builder.subscriptionFields((t) => ({
  pods: t.message({
    type: PodsChange,
    args: { filter: t.arg({ type: PodFilter, required: true }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }) =>
      live.changes({ type: "Pod", args: { filter }, after, kinds: { pod: "ids", cluster: "apart" }, concernedBy: onClusters(filter) }),
  }),
}));
