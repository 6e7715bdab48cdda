import { builder } from "../builder.ts";
import { changeOf } from "../shared/changes.ts";
import { ClusterFilter } from "./filter.ts";
import { Cluster } from "./ref.ts";

const ClustersChange = changeOf("ClustersChange", Cluster);

builder.subscriptionFields((t) => ({
  clusters: t.field({
    type: ClustersChange,
    args: { filter: t.arg({ type: ClusterFilter }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }) =>
      live.changes({
        type: "Cluster",
        args: { filter },
        after,
        // Which clusters have pods of an application changes with the pods.
        kinds: { cluster: "ids", node: "cluster", ...(filter?.applicationIds ? { pod: "cluster" } : {}) },
      }),
    resolve: (change) => change,
  }),
}));
