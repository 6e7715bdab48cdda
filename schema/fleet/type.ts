import { CLUSTER_STATUSES, } from "../../server/domain/states.ts";
import { builder, Node } from "../builder.ts";
import { Cluster, ClusterNode, Region } from "./ref.ts";
builder.enumType("ClusterStatus", {values: CLUSTER_STATUSES});
const Res = builder.objectRef<{cpuMillis:number, memoryMiB:number, pods:number}>("ComputeResources");
Res.implement({access: "VIEWER", fields: t => ({ cpuMillis: t.exposeInt("cpuMillis")})});
Region.implement({ interfaces: [Node], fields: t => ({ id: t.globalId("id"), code: t.exposeString("code"), clusters: t.page(Cluster, "regionId"),  }) });
Cluster.implement({ interfaces: [Node], fields: t => ({ id: t.globalId("id"), region: t.one(Region, "regionId"), name: t.exposeString("name"), nodes: t.page(ClusterNode, "clusterId"),
 cap: t.part(Res),
 lastSeenAt: t.expose("lastSeenAt", {type: "DateTime", nullable: true}),
 x: t.computed({type: "String", needs: ["code"], resolve: r => r.code}),
})});
ClusterNode.implement({ interfaces: [Node], fields: t => ({ id: t.globalId("id"), cluster: t.one(Cluster, "clusterId") }) });
