import type { Fault as FaultRow } from "../../server/entities/fault.ts";
import { builder } from "../builder.ts";

/** A fault as it is shown: `targetType` and `targetId` name what is there for the viewer, `subjectId` what it was injected into. */
export interface ShownFault extends FaultRow {
  readonly subjectId: string;
}

/** Nothing tells of its end at its time, nor of what becomes of its target: it is never remembered. */
export const Fault = builder.entity<ShownFault>("Fault", {
  access: "PLATFORM_ADMIN",
  source: {
    from: "app.faults()",
    columns: {
      id: { name: "id", type: "uuid" },
      kind: { name: "kind", type: "text" },
      clusterId: { name: "cluster_id", type: "uuid" },
      subjectId: { name: "subject_id", type: "uuid" },
      targetType: { name: "target_type", type: "text" },
      targetId: { name: "target_id", type: "uuid" },
      mode: { name: "mode", type: "text" },
      seed: { name: "seed", type: "integer" },
      startsAt: { name: "starts_at", type: "timestamptz" },
      endsAt: { name: "ends_at", type: "timestamptz" },
      endedAt: { name: "ended_at", type: "timestamptz" },
    },
  },
});
