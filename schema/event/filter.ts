import { EVENTS_SHOWN_MS } from "../../server/domain/events.ts";
import type { Event as EventRow } from "../../server/entities/event.ts";
import { builder } from "../builder.ts";
import { amongIds, amongTexts } from "../shared/conditions.ts";
import { EventType } from "../shared/enums.ts";
import type { Request } from "../shared/mapping/kinds.ts";
import { type Columns, contains, every, rows, type Sql, sql, text, time } from "../shared/mapping/sql.ts";
import { Event } from "./ref.ts";

export const EventFilter = builder.inputType("EventFilter", {
  description: "since defaults to one hour ago. keyword matches reason, message and object, case-insensitively.",
  fields: (t) => ({
    since: t.field({ type: "DateTime" }),
    until: t.field({ type: "DateTime", description: "Not included." }),
    keyword: t.string(),
    type: t.field({ type: EventType }),
    reasons: t.stringList(),
    clusterIds: t.idList(),
    podIds: t.idList(),
    applicationIds: t.idList(),
  }),
});
export type EventFilter = typeof EventFilter.$inferInput;

/** Newest first. */
export const EVENT_ORDER = ["-at", "-id"] as const;

/**
 * Of each object and reason the newest in the window: its count says how often. Only what is listed looks for a newer one, by an index. A keyword is looked
 * for in what the other conditions leave, an hour of one tenant's unless more is asked for.
 */
export function eventConditions(event: Columns<EventRow>, filter: EventFilter | null | undefined, { now }: Request): Sql | null {
  const since = filter?.since ?? new Date(now.getTime() - EVENTS_SHOWN_MS);
  return every([matchesEvent(event, { ...filter, since }), sql`not exists (${newer(event, filter?.until ?? null)})`]);
}

/** What a filter says of one event by itself: a stream tells each that it lets through, also when it is one more of a series. */
export function matchesEvent(event: Columns<EventRow>, filter: EventFilter | null | undefined): Sql | null {
  const since = filter?.since;
  const until = filter?.until;
  const keyword = filter?.keyword;
  return every([
    since == null ? null : sql`${event.at} >= ${time(since)}`,
    until == null ? null : sql`${event.at} < ${time(until)}`,
    filter?.type == null ? null : sql`${event.type} = ${text(filter.type)}`,
    amongTexts(event.reason, filter?.reasons),
    amongIds("Cluster", event.clusterId, filter?.clusterIds),
    amongIds("Pod", event.podId, filter?.podIds),
    amongIds("Application", event.applicationId, filter?.applicationIds),
    keyword == null ? null : sql`(${contains(event.reason, keyword)} or ${contains(event.message, keyword)} or ${contains(event.object, keyword)})`,
  ]);
}

const newer = (event: Columns<EventRow>, until: Date | null) =>
  rows(Event, (other) => {
    const ofTheSame = sql`${other.objectId} = ${event.objectId} and ${other.reason} = ${event.reason} and ${other.clusterId} = ${event.clusterId}`;
    const later = sql`(${other.at}, ${other.id}) > (${event.at}, ${event.id})`;
    return sql`select from ${other} where ${ofTheSame} and ${later}${until === null ? sql`` : sql` and ${other.at} < ${time(until)}`}`;
  });
