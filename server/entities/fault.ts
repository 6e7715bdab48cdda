import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { DisconnectMode, FaultKind } from "../domain/states.ts";

/** Of the platform, no tenant's. */
export const Fault = defineEntity({
  name: "Fault",
  tableName: "fault",
  properties: {
    id: p.uuid().primary(),
    kind: p.text().$type<FaultKind>(),
    /** Where it strikes; the target is there. */
    clusterId: p.uuid(),
    targetType: p.text(),
    targetId: p.uuid(),
    mode: p.text().$type<DisconnectMode>().nullable(),
    seed: p.integer(),
    startsAt: p.datetime(3),
    endsAt: p.datetime(3),
    /** When it was ended, or was found to be over; null until then. */
    endedAt: p.datetime(3).nullable(),
  },
});

export type Fault = InferEntity<typeof Fault>;
