import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { AssignmentKind, PlacementSpec } from "../domain/placement.ts";
import type { ServiceSpec } from "../domain/service.ts";

export const Assignment = defineEntity({
  name: "Assignment",
  tableName: "assignment",
  properties: {
    clusterId: p.uuid().primary(),
    objectId: p.uuid().primary(),
    tenantId: p.uuid(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    kind: p.text().$type<AssignmentKind>(),
    generation: p.integer(),
    contentHash: p.text(),
    spec: p.json<PlacementSpec | ServiceSpec>().nullable(),
    templateHash: p.text().nullable(),
    confirmedTerm: p.integer(),
    confirmedGeneration: p.integer(),
  },
});

export type Assignment = InferEntity<typeof Assignment>;
