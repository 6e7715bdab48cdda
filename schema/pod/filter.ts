import type { Pod as PodRow } from "../../server/entities/pod.ts";
import { Revision } from "../application/ref.ts";
import { builder } from "../builder.ts";
import { amongIds, amongTexts } from "../shared/conditions.ts";
import { PodPhase } from "../shared/enums.ts";
import { type Columns, contains, every, integer, param, rows, type Sql, sql } from "../shared/mapping/sql.ts";

export const PodFilter = builder.inputType("PodFilter", {
  fields: (t) => ({
    phases: t.field({ type: [PodPhase] }),
    ready: t.boolean(),
    clusterIds: t.idList(),
    revisionNumber: t.int(),
    keyword: t.string({ description: "In the name, whatever the case." }),
    applicationIds: t.idList(),
  }),
});
export type PodFilter = typeof PodFilter.$inferInput;

export const podConditions = (pod: Columns<PodRow>, filter: PodFilter | null | undefined): Sql | null =>
  filter == null
    ? null
    : every([
        amongTexts(pod.phase, filter.phases),
        filter.ready == null ? null : sql`${pod.ready} = ${param(filter.ready, "boolean")}`,
        amongIds("Cluster", pod.clusterId, filter.clusterIds),
        filter.revisionNumber == null ? null : sql`${pod.revisionId} in (${revisionsOf(filter.revisionNumber)})`,
        filter.keyword == null ? null : contains(pod.name, filter.keyword),
        amongIds("Application", pod.applicationId, filter.applicationIds),
      ]);

const revisionsOf = (number: number) => rows(Revision, (revision) => sql`select ${revision.id} from ${revision} where ${revision.number} = ${integer(number)}`);
