import { builder } from "../builder.ts";
import { EVENT_ORDER, eventConditions, EventFilter } from "./filter.ts";
import { Event } from "./ref.ts";

builder.queryFields((t) => ({
  events: t.pageOf(Event, {
    description: "Newest first; of the last hour unless the filter says since when. Those of nodes and clusters are everybody's.",
    args: { filter: t.arg({ type: EventFilter }) },
    where: (event, { filter }, request) => eventConditions(event, filter, request),
    order: EVENT_ORDER,
    from: "app.events_in_sight()",
  }),
}));
