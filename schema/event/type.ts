import { Application } from "../application/ref.ts";
import { Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { Pod } from "../pod/ref.ts";
import { EventType } from "../shared/enums.ts";
import { Event } from "./ref.ts";

Event.implement({
  description: "Something that happened: immutable. What happens to an object again for the same reason is another event with a raised count, and lists show the newest of these.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    at: t.expose("at", { type: "DateTime" }),
    type: t.expose("type", { type: EventType }),
    reason: t.exposeString("reason", { description: "One word, as Kubernetes has them: e.g. BackOff, Killing, FailedScheduling." }),
    message: t.exposeString("message"),
    count: t.exposeInt("count", { description: "How often it has happened since firstAt." }),
    firstAt: t.expose("firstAt", { type: "DateTime" }),
    application: t.one(Application, "applicationId", { nullable: true, description: "null for what happened to a node, a cluster or the platform, and once it is deleted." }),
    pod: t.one(Pod, "podId", { nullable: true, description: "null once it is gone: object has its name." }),
    cluster: t.one(Cluster, "clusterId", { nullable: true, description: "null where it happened to the centre." }),
    object: t.exposeString("object", { description: "What it happened to, as people read it: e.g. pod/web-5d7f9c-x2x7k, node/edge-1, cluster/hangzhou-1." }),
    involved: t.ref("involvedType", "involvedId", { description: "The fault or operation behind it where there is one, else the object itself. null once that is gone." }),
    cause: t.exposeString("cause", { nullable: true, description: "E.g. the fault, operation or policy behind it." }),
  }),
});
