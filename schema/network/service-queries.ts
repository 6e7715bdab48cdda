import type { Service as ServiceRow } from "../../server/entities/service.ts";
import { namespacesNamed } from "../application/filter.ts";
import { builder } from "../builder.ts";
import { amongIds, amongTexts } from "../shared/conditions.ts";
import { type Columns, contains, every, type Sql, sql } from "../shared/mapping/sql.ts";
import { NetworkFilter } from "./queries.ts";
import { Service } from "./ref.ts";

/** A service is of one application and one namespace: here the filter asks for these themselves. */
const conditions = (service: Columns<ServiceRow>, filter: typeof NetworkFilter.$inferInput | null | undefined): Sql | null =>
  filter == null
    ? null
    : every([
        filter.keyword == null ? null : contains(service.name, filter.keyword),
        amongTexts(service.name, filter.names),
        amongTexts(service.status, filter.statuses),
        amongIds("Cluster", service.clusterId, filter.clusterIds),
        amongIds("Vpc", service.vpcId, filter.vpcIds),
        amongIds("Application", service.applicationId, filter.applicationIds),
        filter.namespaces == null ? null : sql`${service.namespaceId} in (${namespacesNamed(filter.namespaces)})`,
      ]);

builder.queryFields((t) => ({
  services: t.pageOf(Service, { args: { filter: t.arg({ type: NetworkFilter }) }, where: (service, { filter }) => conditions(service, filter) }),
}));
