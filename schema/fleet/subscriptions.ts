import { builder } from "../builder.ts";
import { changeOf } from "../shared/changes.ts";
import { selectsAny } from "../shared/selection.ts";
import { watchedBy } from "../shared/watched.ts";
import { ClusterFilter } from "./filter.ts";
import { Cluster } from "./ref.ts";

const ClustersChange = changeOf("ClustersChange", Cluster);

builder.subscriptionFields((t) => ({
  clusters: t.message({
    type: ClustersChange,
    args: { filter: t.arg({ type: ClusterFilter }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }, info) =>
      live.changes({
        type: "Cluster",
        args: { filter },
        after,
        // Which clusters have pods of an application changes with the pods.
        kinds: { ...watchedBy("Cluster", (fields) => selectsAny(info, fields))?.kinds, ...(filter?.applicationIds ? { pod: "cluster" } : {}) },
      }),
  }),
}));
