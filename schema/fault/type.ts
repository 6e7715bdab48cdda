import { Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { DisconnectMode, FaultKind } from "../shared/enums.ts";
import { sql } from "../shared/mapping/sql.ts";
import { Fault } from "./ref.ts";

Fault.implement({
  description: "What an operator rehearses before it happens.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    kind: t.expose("kind", { type: FaultKind }),
    target: t.ref("targetType", "targetId", {
      nullable: false,
      description: "The cluster, node or pod that it strikes; the cluster in place of a pod that is gone, or is another tenant's, and of a node that has left.",
    }),
    cluster: t.one(Cluster, "clusterId", { description: "Where it strikes." }),
    mode: t.expose("mode", { type: DisconnectMode, nullable: true, description: "Of DISCONNECT_CLUSTER; else null." }),
    seed: t.exposeInt("seed", { description: "What chance decides within it follows from this: with the same seed a rehearsal can be repeated." }),
    startedAt: t.expose("startsAt", { type: "DateTime" }),
    endsAt: t.sql({ type: "DateTime", description: "When it ends by itself; or when it was ended.", sql: (fault) => sql`coalesce(${fault.endedAt}, ${fault.endsAt})` }),
  }),
});
