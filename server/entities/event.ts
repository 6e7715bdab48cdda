import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { EventType } from "../domain/states.ts";

/** Something that happened, once and for good. Without a tenant it is the platform's. */
export const Event = defineEntity({
  name: "Event",
  tableName: "event",
  properties: {
    /** The nil uuid: the centre. */
    clusterId: p.uuid().primary(),
    id: p.uuid().primary(),
    tenantId: p.uuid().nullable(),
    applicationId: p.uuid().nullable(),
    namespaceId: p.uuid().nullable(),
    podId: p.uuid().nullable(),
    at: p.datetime(3),
    firstAt: p.datetime(3),
    type: p.text().$type<EventType>(),
    reason: p.text(),
    message: p.text(),
    count: p.integer(),
    objectKind: p.text(),
    objectId: p.uuid(),
    /** As people read it: `pod/web-5d7f9c-x2x7k`. */
    object: p.text(),
    involvedType: p.text().nullable(),
    involvedId: p.uuid().nullable(),
    cause: p.text().nullable(),
    /** Of the transaction that stored it. */
    xid: p.bigint("number"),
  },
});

export type Event = InferEntity<typeof Event>;
