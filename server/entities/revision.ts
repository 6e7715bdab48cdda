import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { PodTemplate } from "../domain/pod-template.ts";

export const Revision = defineEntity({
  name: "Revision",
  tableName: "revision",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    number: p.integer(),
    template: p.json<PodTemplate>(),
    templateHash: p.text(),
    message: p.text(),
    createdBy: p.text(),
    createdAt: p.datetime(3),
  },
});

export type Revision = InferEntity<typeof Revision>;
