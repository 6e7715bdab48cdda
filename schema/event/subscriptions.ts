import { EVENTS_KEPT_DAYS } from "../../server/domain/events.ts";
import type { Event as EventRow } from "../../server/entities/event.ts";
import type { RecordBatch, RecordWatch } from "../../server/realtime/record-stream.ts";
import { builder } from "../builder.ts";
import type { Request } from "../shared/mapping/kinds.ts";
import { type Columns, sql, uuid } from "../shared/mapping/sql.ts";
import { uuidsOf } from "../shared/conditions.ts";
import { EVENT_ORDER, EventFilter, type EventFilter as EventFilterInput, matchesEvent } from "./filter.ts";
import { Event } from "./ref.ts";

const EventBatch = builder.objectRef<RecordBatch<string>>("EventBatch").implement({
  access: "VIEWER",
  description: "Events in the order in which they were stored: each once. Empty every few seconds where there are none.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "The next `after`; of the list as well." }),
    events: t.entities(Event, ({ records }) => records),
  }),
});

/** A tenant's and the platform's. */
const inSight = (event: Columns<EventRow>, { viewer }: Request) => [sql`${event.tenantId} = ${uuid(viewer.tenantId)}`, sql`${event.tenantId} is null`];

/** What a subscription with this filter follows. */
export const watchedEvents = (filter: EventFilterInput | null | undefined, after: string | null | undefined): RecordWatch<string> => ({
  kind: "event",
  owners: filter?.applicationIds ? uuidsOf("Application", filter.applicationIds) : undefined,
  keptMs: EVENTS_KEPT_DAYS * 86_400_000,
  after,
  reader: (_viewer, reads) => reads.records<EventRow>("Event", { order: EVENT_ORDER, within: inSight, where: (event) => matchesEvent(event, filter) }),
});

builder.subscriptionField("events", (t) =>
  t.message({
    type: EventBatch,
    description:
      "Each event once, as it is stored; from now on, or from behind a cursor of this stream or of a list: then what stands before that in the list, and whatever was stored since. Unlike a list it tells all of a series, and looks back only as far as it is asked to.",
    args: { filter: t.arg({ type: EventFilter }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }) => live.records(watchedEvents(filter, after)),
  }),
);
