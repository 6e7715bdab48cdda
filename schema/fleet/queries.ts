import { RequestError } from "../../server/domain/request-error.ts";
import { uuidOf } from "../../server/domain/ids.ts";
import { builder } from "../builder.ts";
import { every, nothing, sql, text, uuid } from "../shared/mapping/sql.ts";
import { clusterConditions, ClusterFilter } from "./filter.ts";
import { Cluster, Region } from "./ref.ts";

builder.queryFields((t) => ({
  regions: t.list(Region),
  clusters: t.pageOf(Cluster, { args: { filter: t.arg({ type: ClusterFilter }) }, where: (cluster, { filter }) => clusterConditions(cluster, filter) }),
  cluster: t.find(Cluster, {
    description: "By id or by code.",
    args: { id: t.arg.id(), code: t.arg.string() },
    where: (cluster, { id, code }) => {
      if (id == null && code == null) throw new RequestError("BAD_USER_INPUT", "A cluster is asked for by its id or by its code");
      const key = id == null ? null : uuidOf("Cluster", id);
      if (id != null && key === null) return nothing;
      return every([key === null ? null : sql`${cluster.id} = ${uuid(key)}`, code == null ? null : sql`${cluster.code} = ${text(code)}`]);
    },
  }),
}));
