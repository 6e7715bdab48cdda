import type { Subnet as SubnetRow } from "../../server/entities/subnet.ts";
import { Node } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";
import { NetworkStatus } from "../shared/enums.ts";
import { type Columns, type Sql, sql } from "../shared/mapping/sql.ts";
import { Service, Subnet, Vpc } from "./ref.ts";

Vpc.implement({
  description: "A private network on one cluster. Creating one on several clusters makes one of the same configuration on each.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    cidr: t.expose("cidr", { type: "CIDR" }),
    cluster: t.one(Cluster, "clusterId"),
    isDefault: t.exposeBoolean("isDefault", { description: "Owned by the platform: it can't be deleted." }),
    status: t.expose("status", { type: NetworkStatus }),
    version: t.exposeInt("version"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    subnets: t.many(Subnet, "vpcId"),
    services: t.page(Service, "vpcId"),
  }),
});

Subnet.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    vpc: t.one(Vpc, "vpcId"),
    cidr: t.expose("cidr", { type: "CIDR" }),
    gateway: t.expose("gateway", { type: "IPAddress" }),
    isDefault: t.exposeBoolean("isDefault", { description: "Owned by the platform: it can't be deleted." }),
    status: t.expose("status", { type: NetworkStatus }),
    availableIps: t.sql({
      type: "Int",
      weight: 5,
      description: "Addresses left for pods: the block less network, broadcast and gateway addresses (a /24 offers 253), less those in use.",
      sql: (subnet) => sql`greatest(0, (1 << (32 - masklen(${subnet.cidr}))) - 3 - ${usedIps(subnet)})`,
    }),
    usedIps: t.sql({ type: "Int", weight: 5, sql: usedIps }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
  }),
});

const usedIps = (subnet: Columns<SubnetRow>): Sql => sql`app.used_ips(${subnet.id})`;
