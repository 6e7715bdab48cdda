import { builder } from "../builder.ts";
import { changeOf } from "../shared/changes.ts";
import { selectsAny } from "../shared/selection.ts";
import { ClusterFilter } from "./filter.ts";
import { Cluster } from "./ref.ts";

/** Fields of a cluster that change with the pods on it: they are watched where one of these is asked for. */
const OF_PODS: ReadonlySet<string> = new Set(["podCount", "allocated"]);

const ClustersChange = changeOf("ClustersChange", Cluster);

builder.subscriptionFields((t) => ({
  clusters: t.field({
    type: ClustersChange,
    args: { filter: t.arg({ type: ClusterFilter }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }, info) =>
      live.changes({
        type: "Cluster",
        args: { filter },
        after,
        // Which clusters have pods of an application changes with the pods.
        kinds: { cluster: "ids", node: "cluster", ...(filter?.applicationIds || selectsAny(info, OF_PODS) ? { pod: "cluster" } : {}) },
      }),
    resolve: (change) => change,
  }),
}));
