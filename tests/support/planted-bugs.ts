import type { Change, HistoryEvent, Row } from "./stream-history.ts";
import { formatCursor, parseCursor } from "#server/realtime/cursor.ts";

/**
 * Bugs that a stream could have, planted into a history that has none: as if its reader had been served by a server, or followed by a client,
 * with that fault. Each is planted where it matters, which `places` tells: a lost message that a later one repeats was none that was promised.
 */
export interface PlantedBug {
  readonly name: string;
  /** Where in this history it could be. */
  places(history: History): number[];
  plant(history: History, place: number): History;
}
export type History = readonly HistoryEvent[];

const messageAt = (history: History, place: number): Change | null => {
  const event = history[place];
  return event?.kind === "message" ? event.change : null;
};
const placesWhere = (history: History, fits: (change: Change, place: number) => boolean): number[] =>
  history.flatMap((event, place) => (event.kind === "message" && fits(event.change, place) ? [place] : []));
const replaced = (history: History, place: number, change: Partial<Change>): History =>
  history.map((event, at) => (at === place && event.kind === "message" ? { kind: "message", change: { ...event.change, ...change } } : event));
const without = (history: History, from: number, to: number): History => [...history.slice(0, from), ...history.slice(to)];

const nextOf = (history: History, place: number, fits: (event: HistoryEvent) => boolean): number => {
  const found = history.findIndex((event, at) => at > place && fits(event));
  return found === -1 ? history.length : found;
};
const nextQuiet = (history: History, place: number): number => nextOf(history, place, ({ kind }) => kind === "quiet");
/** Until the next quiet point nothing else is said of it, and that point comes. */
function lasts(history: History, place: number, id: string): boolean {
  const until = nextQuiet(history, place);
  if (until === history.length) return false;
  return history.slice(place + 1, until).every((event) => event.kind !== "message" || (!event.change.snapshot && !event.change.upserted.some((item) => item.id === id) && !event.change.removedIds.includes(id)));
}
const isChange = (change: Change): boolean => !change.snapshot && change.upserted.length + change.removedIds.length > 0;
/** What the reader holds before this place. */
function heldBefore(history: History, place: number): Map<string, Row> {
  const held = new Map<string, Row>();
  for (const event of history.slice(0, place)) {
    if (event.kind !== "message") continue;
    if (event.change.snapshot) held.clear();
    for (const item of event.change.upserted) held.set(item.id, item);
    for (const id of event.change.removedIds) held.delete(id);
  }
  return held;
}
const isNews = (history: History, place: number, item: Row): boolean => !heldBefore(history, place).has(item.id) && lasts(history, place, item.id);
/** Moves on although nothing else has changed. */
const TIMES: ReadonlySet<string> = new Set(["observedAt", "lastSeenAt"]);
const isOther = (history: History, place: number, item: Row): boolean => {
  const before = heldBefore(history, place).get(item.id);
  const shown = (row: Row): string => JSON.stringify(row, (key, value: unknown) => (TIMES.has(key) ? undefined : value));
  return before !== undefined && shown(before) !== shown(item) && lasts(history, place, item.id);
};
const isLoss = (history: History, place: number, id: string): boolean => heldBefore(history, place).has(id) && lasts(history, place, id);

/** Nothing that is known can be gone on with: the first message, one to who forgot where it was, and after a snapshot that was broken off. */
function mustBegin(history: History, place: number): boolean {
  const before = history.slice(0, place).findLastIndex(({ kind }) => kind === "message");
  const last = messageAt(history, before);
  return last === null || parseCursor(last.cursor).incomplete || history.slice(before + 1, place).some((event) => event.kind === "asked" && event.after === null);
}
/** Something held is not in it, nor told to be gone, nor spoken of until the next quiet point. */
const forgets = (history: History, place: number, change: Change): boolean =>
  [...heldBefore(history, place).keys()].some((id) => lasts(history, place, id) && !change.removedIds.includes(id) && !change.upserted.some((item) => item.id === id));

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "drops a message that shows something new",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.upserted.some((item) => isNews(history, place, item))),
    plant: (history, place) => without(history, place, place + 1),
  },
  {
    name: "drops a message that shows something otherwise",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.upserted.some((item) => isOther(history, place, item))),
    plant: (history, place) => without(history, place, place + 1),
  },
  {
    name: "drops a message that removes something",
    places: (history) => placesWhere(history, (change, place) => change.removedIds.some((id) => isLoss(history, place, id))),
    plant: (history, place) => without(history, place, place + 1),
  },
  {
    name: "sends a message twice",
    places: (history) => placesWhere(history, (change) => isChange(change) && change.upserted.length > 0 && change.complete),
    plant: (history, place) => [...history.slice(0, place + 1), ...history.slice(place)],
  },
  {
    name: "sends an old message again later",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && nextOf(history, place, (event) => event.kind === "message" && isChange(event.change)) < history.length),
    plant(history, place) {
      const after = nextOf(history, place, (event) => event.kind === "message" && isChange(event.change)) + 1;
      return [...history.slice(0, after), history[place] as HistoryEvent, ...history.slice(after)];
    },
  },
  {
    name: "swaps two messages",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.complete && isChange(messageAt(history, place + 1) ?? change) && messageAt(history, place + 1)?.complete === true),
    plant: (history, place) => history.map((event, at) => (at === place ? history[place + 1] : at === place + 1 ? history[place] : event) ?? event),
  },
  {
    name: "removes too late",
    places: (history) => placesWhere(history, (change, place) => change.removedIds.some((id) => isLoss(history, place, id)) && messageAt(history, nextQuiet(history, place) + 1) !== null),
    plant(history, place) {
      const late = nextQuiet(history, place) + 1;
      const removedIds = messageAt(history, place)?.removedIds ?? [];
      return replaced(replaced(history, place, { removedIds: [] }), late, { removedIds: [...(messageAt(history, late)?.removedIds ?? []), ...removedIds] });
    },
  },
  {
    name: "removes what is there",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.upserted.some((item) => lasts(history, place, item.id))),
    plant: (history, place) => {
      const id = messageAt(history, place)?.upserted.find((item) => lasts(history, place, item.id))?.id ?? "";
      const change = messageAt(history, place);
      return replaced(history, place, { upserted: (change?.upserted ?? []).filter((item) => item.id !== id), removedIds: [...(change?.removedIds ?? []), id] });
    },
  },
  {
    name: "shows something that was never there",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && nextQuiet(history, place) < nextOf(history, place, (event) => event.kind === "message" && event.change.snapshot)),
    plant: (history, place) => replaced(history, place, { upserted: [...(messageAt(history, place)?.upserted ?? []), { id: "Phantom.1" }] }),
  },
  {
    name: "shows an older state of an object in a new message",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.upserted.some((item) => older(history, place, item) !== null && lasts(history, place, item.id))),
    plant: (history, place) => replaced(history, place, { upserted: (messageAt(history, place)?.upserted ?? []).map((item) => older(history, place, item) ?? item) }),
  },
  {
    name: "shows an incomplete snapshot as complete",
    places: (history) => placesWhere(history, (change) => change.snapshot && !change.complete),
    plant: (history, place) => replaced(history, place, { complete: true }),
  },
  {
    name: "shows an incomplete snapshot as complete, and its cursor agrees",
    places: (history) => placesWhere(history, (change, place) => change.snapshot && !change.complete && messageAt(history, place + 1) !== null && nextQuiet(history, place) < history.length),
    plant: (history, place) => without(replaced(history, place, { complete: true, cursor: formatCursor({ ...parseCursor(messageAt(history, place)?.cursor ?? ""), incomplete: false }) }), place + 1, nextQuiet(history, place)),
  },
  {
    name: "does not say that a snapshot begins",
    places: (history) => placesWhere(history, (change, place) => change.snapshot && (mustBegin(history, place) || forgets(history, place, change))),
    plant: (history, place) => replaced(history, place, { snapshot: false }),
  },
  {
    name: "calls a change a snapshot",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.complete && heldBefore(history, place).size > change.upserted.length && forgets(history, place, change)),
    plant: (history, place) => replaced(history, place, { snapshot: true, removedIds: [] }),
  },
  {
    name: "forgets a part of a snapshot",
    places: (history) => placesWhere(history, (change, place) => !change.snapshot && change.complete && messageAt(history, place - 1)?.complete === false && messageAt(history, place - 1)?.snapshot === true && change.upserted.some((item) => lasts(history, place, item.id))),
    plant: (history, place) => replaced(history, place, { upserted: [] }),
  },
  {
    name: "goes on elsewhere after a break: a silent jump",
    places: (history) =>
      history.flatMap((event, place) => {
        if (event.kind !== "asked again" && event.kind !== "asked") return [];
        const change = messageAt(history, place + 1);
        const matters = change !== null && isChange(change) && (change.upserted.some((item) => isNews(history, place + 1, item)) || change.removedIds.some((id) => isLoss(history, place + 1, id)));
        return matters ? [place] : [];
      }),
    plant: (history, place) => without(history, place + 1, place + 2),
  },
  {
    name: "goes on amid a snapshot that was broken off",
    places: (history) =>
      history.flatMap((event, place) => {
        const next = messageAt(history, place + 1);
        const before = messageAt(history, place - 1);
        return (event.kind === "asked again" || event.kind === "asked") && before?.complete === false && next?.snapshot ? [place] : [];
      }),
    plant: (history, place) => replaced(history, place + 1, { snapshot: false }),
  },
  {
    name: "gives each message the same cursor",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && change.upserted.length > 0 && change.complete && placesWhere(history.slice(0, place), isChange).length > 0),
    plant(history, place) {
      const earlier = placesWhere(history.slice(0, place), ({ complete }) => complete).at(-1) ?? place;
      return replaced(history, place, { cursor: messageAt(history, earlier)?.cursor ?? "" });
    },
  },
  {
    name: "shows an object twice in a message",
    places: (history) => placesWhere(history, (change) => change.upserted.length > 0),
    plant: (history, place) => replaced(history, place, { upserted: (messageAt(history, place)?.upserted ?? []).flatMap((item, index) => (index === 0 ? [item, item] : [item])) }),
  },
  {
    name: "shows and removes an object in a message",
    places: (history) => placesWhere(history, (change) => isChange(change) && change.upserted.length > 0),
    plant: (history, place) => replaced(history, place, { removedIds: (messageAt(history, place)?.upserted ?? []).map(({ id }) => id) }),
  },
  {
    name: "begins a snapshot again amid one",
    places: (history) => placesWhere(history, (change, place) => !change.snapshot && messageAt(history, place - 1)?.snapshot === true && messageAt(history, place - 1)?.complete === false),
    plant: (history, place) => replaced(history, place, { snapshot: true }),
  },
  {
    name: "removes something within a snapshot",
    places: (history) => placesWhere(history, (change) => change.snapshot && !change.complete),
    plant: (history, place) => replaced(history, place, { removedIds: ["Phantom.1"] }),
  },
  {
    name: "brings back what was gone",
    places: (history) => placesWhere(history, (change, place) => isChange(change) && revenant(history, place) !== null),
    plant(history, place) {
      const item = revenant(history, place);
      return replaced(history, place, { upserted: [...(messageAt(history, place)?.upserted ?? []), ...(item === null ? [] : [item])] });
    },
  },
  {
    name: "never shows a change that was acknowledged, and neither does the database",
    places: (history) => history.flatMap((event, place) => (event.kind === "quiet" && [...event.acknowledged.keys()].some((id) => event.truth.has(id)) ? [place] : [])),
    plant: (history, place) => history.map((event, at) => (at === place && event.kind === "quiet" ? { ...event, acknowledged: new Map([...event.acknowledged].map(([id, version]) => [id, version + 1_000])) } : event)),
  },
  {
    name: "lets its time go back",
    places: (history) => placesWhere(history, (_change, place) => place > 2),
    plant: (history, place) => replaced(history, place, { at: "2000-01-01T00:00:00.000Z" }),
  },
];

/** The same object as an earlier message showed it, where that differs in what its version says. */
function older(history: History, place: number, item: Row): Row | null {
  for (const event of history.slice(0, place)) {
    if (event.kind !== "message") continue;
    const earlier = event.change.upserted.find(({ id }) => id === item.id);
    if (earlier !== undefined && "version" in earlier && "version" in item && (earlier.version as number) < (item.version as number)) return earlier;
  }
  return null;
}

/** What an earlier message removed, as it was shown last; only where nothing more is said of it until the next quiet point. */
function revenant(history: History, place: number): Row | null {
  const shown = new Map<string, Row>();
  const gone: Row[] = [];
  for (const event of history.slice(0, place)) {
    if (event.kind !== "message") continue;
    for (const item of event.change.upserted) shown.set(item.id, item);
    for (const id of event.change.removedIds) gone.push(...(shown.has(id) ? [shown.get(id) as Row] : []));
  }
  const held = heldBefore(history, place);
  const here = new Set([...(messageAt(history, place)?.removedIds ?? []), ...(messageAt(history, place)?.upserted ?? []).map(({ id }) => id)]);
  return gone.find(({ id }) => !held.has(id) && !here.has(id) && lasts(history, place, id)) ?? null;
}
