import type { ServicePort as ServicePortValue } from "../../server/domain/service.ts";
import type { Pod as PodRow } from "../../server/entities/pod.ts";
import { Application, Namespace } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { Pod } from "../pod/ref.ts";
import { NetworkStatus, Protocol, ServiceType } from "../shared/enums.ts";
import { type Columns, type Sql, sql } from "../shared/mapping/sql.ts";
import { Service, ServiceEndpoint, Vpc } from "./ref.ts";

const ServicePort = builder.objectRef<ServicePortValue>("ServicePort").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name"),
    protocol: t.expose("protocol", { type: Protocol }),
    port: t.exposeInt("port"),
    containerPort: t.exposeInt("containerPort"),
  }),
});

Service.implement({
  description: "A stable address inside a VPC, over the pods of one application on one cluster.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    namespace: t.one(Namespace, "namespaceId"),
    application: t.one(Application, "applicationId"),
    cluster: t.one(Cluster, "clusterId"),
    vpc: t.one(Vpc, "vpcId"),
    type: t.expose("type", { type: ServiceType }),
    clusterIp: t.expose("clusterIp", { type: "IPAddress", nullable: true }),
    ports: t.doc("ports", { type: [ServicePort] }),
    endpoints: t.page(ServiceEndpoint, { applicationId: "applicationId", clusterId: "clusterId" }, {
      description: "The application's pods on this cluster that have an address and go on, as they were last heard of. Pods with the network type HOST have none of their own and are left out.",
      where: isEndpoint,
    }),
    status: t.expose("status", { type: NetworkStatus }),
    version: t.exposeInt("version"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
  }),
});

/** Not one that ends or has ended: nothing is sent there any more. */
function isEndpoint(pod: Columns<PodRow>): Sql {
  return sql`${pod.privateIp} is not null and ${pod.phase} not in ('TERMINATING', 'SUCCEEDED', 'FAILED')`;
}

ServiceEndpoint.implement({
  fields: (t) => ({
    pod: t.part(Pod),
    address: t.sql({ type: "IPAddress", sql: (pod) => sql`${pod.privateIp}` }),
    ready: t.exposeBoolean("ready", { description: "Only ready ones are sent anything." }),
  }),
});
