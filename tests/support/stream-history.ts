import { isDeepStrictEqual } from "node:util";
import { comparePositions, parseCursor, type Position } from "#server/realtime/cursor.ts";

/**
 * Histories of one reader of a state stream, as a client sees it over the network, and the checker that says what of the promise they break:
 * ordered, unique, complete, resumable, equal to the database at every quiet point, never a silent jump.
 *
 * A history is data. The scenario records one for each reader while connections break and servers die; the checker looks at it as it comes,
 * and again afterwards with a bug planted into it (planted-bugs.ts): a rule that never catches anything is none.
 */
export interface Row {
  readonly id: string;
}
export interface Change<Item extends Row = Row> {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly Item[];
  readonly removedIds: readonly string[];
  readonly at: string;
}

export type HistoryEvent<Item extends Row = Row> =
  /** A client asks, the first time or as another one with the cursor that was taken last. */
  | { readonly kind: "asked"; readonly after: string | null }
  /** The same client has found the server back and asks again. */
  | { readonly kind: "asked again" }
  | { readonly kind: "message"; readonly change: Change<Item> }
  /** Nothing was written for a while: what is held must be this. */
  | { readonly kind: "quiet"; readonly truth: ReadonlyMap<string, Item>; readonly acknowledged: ReadonlyMap<string, number> };

export interface Rules<Item extends Row> {
  /** What of a row may differ between two readings although nothing has changed: left out of comparisons. */
  readonly volatile: readonly (keyof Item)[];
  /** Never goes back for an object. */
  readonly version: (item: Item) => number | string | null;
  /** The filter lets everything through: who is gone never comes back. */
  readonly unfiltered: boolean;
  /** Who asks names the objects: what is not there is told to be gone, each time it is asked for. */
  readonly tellsAbsent?: boolean;
}

export interface Checker<Item extends Row> {
  readonly held: ReadonlyMap<string, Item>;
  readonly violations: readonly string[];
  accept(event: HistoryEvent<Item>): void;
}

/** What is wrong with what is held, or null. */
export function difference<Item extends Row>(held: ReadonlyMap<string, Item>, truth: ReadonlyMap<string, Item>, { volatile }: Pick<Rules<Item>, "volatile">): string | null {
  const stable = (item: Item): Partial<Item> => Object.fromEntries(Object.entries(item).filter(([key]) => !volatile.includes(key as keyof Item))) as Partial<Item>;
  for (const [id, row] of truth) {
    const mine = held.get(id);
    if (mine === undefined) return `lacks ${id}`;
    if (!isDeepStrictEqual(stable(mine), stable(row))) return `holds ${JSON.stringify(stable(mine))}, the database has ${JSON.stringify(stable(row))}`;
  }
  for (const id of held.keys()) if (!truth.has(id)) return `still holds ${id}`;
  return null;
}

export function createChecker<Item extends Row>(rules: Rules<Item>): Checker<Item> {
  const held = new Map<string, Item>();
  const gone = new Set<string>();
  const versions = new Map<string, number | string>();
  const violations: string[] = [];
  /** Of the last message that was complete. */
  let place: Position | null = null;
  let newestPlace: Position | null = null;
  let at = "";
  /** Parts of a snapshot have come, the last not yet. */
  let amidSnapshot = false;
  /** The next message must begin a snapshot: nothing is known yet, or the snapshot was broken off. */
  let mustBegin = true;
  /** The next message may begin one: the server may have been asked anew. A server may do so by itself as well, but only between two states. */
  let askedAgain = true;
  const wrong = (text: string): void => void violations.push(text);

  const message = (change: Change<Item>): void => {
    const { position, incomplete } = parseCursor(change.cursor);
    const content = change.upserted.length > 0 || (change.removedIds.length > 0 && !rules.tellsAbsent);
    if (mustBegin && !change.snapshot) wrong("begins without a snapshot");
    if (amidSnapshot && change.snapshot && !askedAgain) wrong("begins a snapshot amid another");
    mustBegin = false;
    askedAgain = false;
    if (change.snapshot) {
      held.clear();
      amidSnapshot = true;
    }
    if (amidSnapshot && change.removedIds.length > 0 && !rules.tellsAbsent) wrong("removes something within a snapshot");
    if (incomplete !== (amidSnapshot && !change.complete)) wrong(`says complete: ${change.complete}, and its cursor says otherwise`);

    if (newestPlace !== null && newestPlace.term === position.term && comparePositions(position, newestPlace) < 0) wrong(`its cursor goes back from ${JSON.stringify(newestPlace)} to ${JSON.stringify(position)}`);
    newestPlace = position;
    if (change.complete) {
      if (content && place !== null && place.term === position.term && comparePositions(position, place) <= 0) wrong(`says something new at the place ${JSON.stringify(position)}, which was complete`);
      place = position;
    }
    if (change.at < at) wrong(`its time goes back from ${at} to ${change.at}`);
    ({ at } = change);

    const upserted = new Set<string>();
    for (const item of change.upserted) {
      const { id } = item;
      if (upserted.has(id)) wrong(`shows ${id} twice in a message`);
      upserted.add(id);
      if (rules.unfiltered && gone.has(id)) wrong(`brings ${id} back, which was gone`);
      const version = rules.version(item);
      const before = versions.get(id);
      if (before !== undefined && version !== null && version < before) wrong(`shows ${id} at ${version} after ${before}`);
      if (version !== null) versions.set(id, version);
      held.set(id, item);
    }
    for (const id of change.removedIds) {
      if (upserted.has(id)) wrong(`shows and removes ${id} in a message`);
      // One that was never shown may be among them: it went between being chosen for a message and being read for it.
      held.delete(id);
      gone.add(id);
    }
    if (change.complete) amidSnapshot = false;
  };

  return {
    held,
    violations,
    accept(event) {
      switch (event.kind) {
        case "asked":
        case "asked again":
          askedAgain = true;
          // Who asks again before anything came still has to be told a beginning, where the one before it had.
          mustBegin = (event.kind === "asked again" && mustBegin) || newestPlace === null || amidSnapshot;
          if (event.kind === "asked" && event.after === null) {
            mustBegin = true;
            // Where nothing has changed meanwhile, the same place is begun at once more.
            place = null;
          }
          break;
        case "message":
          message(event.change);
          break;
        case "quiet": {
          if (amidSnapshot) wrong("is amid a snapshot at a quiet point");
          const wrongly = difference(held, event.truth, rules);
          if (wrongly !== null) wrong(wrongly);
          for (const [id, version] of event.acknowledged) {
            const item = held.get(id);
            const mine = item && rules.version(item);
            if (typeof mine === "number" && mine < version) wrong(`lost a change: ${id} was acknowledged at ${version}, and is held at ${mine}`);
          }
        }
      }
    },
  };
}

/** Everything that a history breaks. */
export function check<Item extends Row>(history: readonly HistoryEvent<Item>[], rules: Rules<Item>): readonly string[] {
  const checker = createChecker(rules);
  for (const event of history) checker.accept(event);
  return checker.violations;
}
