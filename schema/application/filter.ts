import type { Application as ApplicationRow } from "../../server/entities/application.ts";
import { builder } from "../builder.ts";
import { amongTexts, uuidsOf } from "../shared/conditions.ts";
import { ApplicationStatus, OrderDirection, WorkloadKind } from "../shared/enums.ts";
import { type Columns, contains, every, param, rows, type Sql, sql, texts, uuids } from "../shared/mapping/sql.ts";
import type { Order } from "../shared/mapping/builders.ts";
import { LabelInput } from "../shared/values.ts";
import { Namespace, Placement } from "./ref.ts";

export const ApplicationFilter = builder.inputType("ApplicationFilter", {
  fields: (t) => ({
    keyword: t.string({ description: "In the name, whatever the case." }),
    names: t.stringList({ description: "Exact." }),
    namespaces: t.stringList(),
    statuses: t.field({ type: [ApplicationStatus] }),
    clusterIds: t.idList({ description: "Placed on one of these." }),
    workloadKinds: t.field({ type: [WorkloadKind] }),
    labels: t.field({ type: [LabelInput], description: "With all of these." }),
  }),
});
export type ApplicationFilter = typeof ApplicationFilter.$inferInput;

export const applicationConditions = (application: Columns<ApplicationRow>, filter: ApplicationFilter | null | undefined): Sql | null =>
  filter == null
    ? null
    : every([
        filter.keyword == null ? null : contains(application.name, filter.keyword),
        amongTexts(application.name, filter.names),
        filter.namespaces == null ? null : sql`${application.namespaceId} in (${namespacesNamed(filter.namespaces)})`,
        amongTexts(application.status, filter.statuses),
        filter.clusterIds == null ? null : sql`${application.id} in (${placedOn(filter.clusterIds)})`,
        amongTexts(application.workloadKind, filter.workloadKinds),
        filter.labels == null ? null : sql`${application.labels} @> ${param(filter.labels, "jsonb")}`,
      ]);

export const namespacesNamed = (names: readonly string[]) =>
  rows(Namespace, (namespace) => sql`select ${namespace.id} from ${namespace} where ${namespace.name} = any (${texts(names)})`);

const placedOn = (clusterIds: readonly string[]) =>
  rows(Placement, (placement) => sql`select ${placement.applicationId} from ${placement} where ${placement.clusterId} = any (${uuids(uuidsOf("Cluster", clusterIds))})`);

const ApplicationOrderField = builder.enumType("ApplicationOrderField", { values: ["NAME", "CREATED_AT", "UPDATED_AT"] as const });
export const ApplicationOrder = builder.inputType("ApplicationOrder", {
  fields: (t) => ({
    field: t.field({ type: ApplicationOrderField, required: true }),
    direction: t.field({ type: OrderDirection, required: true }),
  }),
});

const ORDERS = {
  NAME: { ASC: ["name", "id"], DESC: ["-name", "-id"] },
  CREATED_AT: { ASC: ["createdAt", "id"], DESC: ["-createdAt", "-id"] },
  UPDATED_AT: { ASC: ["updatedAt", "id"], DESC: ["-updatedAt", "-id"] },
} as const satisfies Record<string, Record<string, Order<ApplicationRow>>>;

export const applicationOrder = (order: typeof ApplicationOrder.$inferInput | null | undefined): Order<ApplicationRow> =>
  ORDERS[order?.field ?? "NAME"][order?.direction ?? "ASC"];
