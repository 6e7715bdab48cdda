import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { PlacementSpec } from "../domain/placement.ts";

export const Assignment = defineEntity({
  name: "Assignment",
  tableName: "assignment",
  properties: {
    clusterId: p.uuid().primary(),
    objectId: p.uuid().primary(),
    tenantId: p.uuid(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    kind: p.text(),
    generation: p.integer(),
    contentHash: p.text(),
    spec: p.json<PlacementSpec>().nullable(),
    templateHash: p.text().nullable(),
    confirmedTerm: p.integer(),
    confirmedGeneration: p.integer(),
  },
});

export type Assignment = InferEntity<typeof Assignment>;
