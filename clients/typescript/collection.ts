import type { SelvedgeClient } from "./client.ts";
import type { TypedDocument } from "./document.ts";
import type { StreamOptions } from "./stream.ts";
import type { StreamState } from "./state.ts";

/** What a state stream says of a set: `XsChange` of any document that selects all of these, and the `id` of each object. */
export interface SetChange<Item extends Identified = Identified> {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly Item[];
  readonly removedIds: readonly string[];
}
export interface Identified {
  readonly id: string;
}

/**
 * The objects that match a filter, kept up to date: what a dashboard shows. Iterating yields a view at once when the first snapshot is whole,
 * and another whenever something has changed since the reader took the last one; what changes meanwhile is merged, so that a slow reader
 * gets the newest view and no queue.
 *
 * Invariants of a view: it holds what the server held at one place of its timeline or later, never a part of a snapshot or of a change that
 * came in several messages, and nothing changes it afterwards. While a new snapshot comes in, or the connection is gone, the last whole view
 * stays; `state` says since when it is stale.
 */
export interface LiveCollection<Item extends Identified> extends AsyncIterableIterator<ReadonlyMap<string, Item>, void, void>, AsyncDisposable {
  /** The newest whole view; null before the first. */
  readonly current: ReadonlyMap<string, Item> | null;
  readonly state: StreamState;
  readonly heardAt: Date | null;
  /** Of the newest whole view. */
  readonly cursor: string | null;
  onState(listener: (state: StreamState) => void): () => void;
  /** Ends it at once. */
  return(): Promise<IteratorResult<ReadonlyMap<string, Item>, void>>;
}

/** Starts at once, and follows the stream whether views are taken or not, until it is ended: by break, return(), the signal, or the client's close(). */
export function liveCollection<Data, Variables, Item extends Identified>(
  client: Pick<SelvedgeClient, "subscribe">,
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  select: (data: Data) => SetChange<Item>,
  options: StreamOptions = {},
): LiveCollection<Item> {
  const stream = client.subscribe(document, variables, options);
  const set = createSet<Item>();
  /** What `current` shows, made when it is asked for: a view that nobody takes costs nothing. */
  let view: ReadonlyMap<string, Item> | null = null;
  let yielded: ReadonlyMap<string, Item> | null = null;
  let failure: { readonly error: unknown } | null = null;
  let over = false;
  let wake = Promise.withResolvers<void>();

  const current = (): ReadonlyMap<string, Item> | null => {
    if (view === null && set.whole !== null) view = new Map(set.whole);
    return view;
  };
  const follow = async (): Promise<void> => {
    try {
      for await (const data of stream) {
        if (!set.merge(select(data))) continue;
        view = null;
        wake.resolve();
      }
    } catch (error) {
      failure = { error };
    } finally {
      over = true;
      wake.resolve();
    }
  };
  void follow();

  async function* views(): AsyncGenerator<ReadonlyMap<string, Item>, void, void> {
    for (;;) {
      const next = current();
      if (next !== null && next !== yielded) {
        yielded = next;
        yield next;
        continue;
      }
      if (failure !== null) throw failure.error;
      if (over) return;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  }
  const generator = views();
  const end = async (): Promise<IteratorResult<ReadonlyMap<string, Item>, void>> => {
    await stream.return();
    return generator.return();
  };
  const collection: LiveCollection<Item> = {
    get current() {
      return current();
    },
    get state() {
      return stream.state;
    },
    get heardAt() {
      return stream.heardAt;
    },
    get cursor() {
      return set.cursor;
    },
    onState: (listener) => stream.onState(listener),
    next: () => generator.next(),
    return: end,
    [Symbol.asyncIterator]: () => collection,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
  return collection;
}

/**
 * Merges messages. A snapshot is built aside and takes the place of what there was once it is whole; so do the parts of a change, of which
 * the last word about each object counts: a resume amid them sends them again.
 *
 *   whole ──snapshot──▶ building ──complete──▶ whole
 *   whole ──part──▶ gathering ──complete──▶ whole
 */
export function createSet<Item extends Identified>() {
  let whole: Map<string, Item> | null = null;
  let building: Map<string, Item> | null = null;
  const gathered = new Map<string, Item | null>();
  let cursor: string | null = null;
  return {
    /** The last whole state, which the next one changes in place; null before the first. */
    get whole(): ReadonlyMap<string, Item> | null {
      return whole;
    },
    get cursor(): string | null {
      return cursor;
    },
    /** Answers whether the whole state is another now. */
    merge(change: SetChange<Item>): boolean {
      if (change.snapshot) {
        building = new Map();
        gathered.clear();
      }
      if (building !== null) for (const item of change.upserted) building.set(item.id, item);
      else {
        for (const item of change.upserted) gathered.set(item.id, item);
        for (const id of change.removedIds) gathered.set(id, null);
      }
      if (!change.complete) return false;
      ({ cursor } = change);
      if (building !== null) {
        [whole, building] = [building, null];
        return true;
      }
      // A stream that was given a cursor, and goes on there, begins without a snapshot.
      whole ??= new Map();
      for (const [id, item] of gathered) {
        if (item === null) whole.delete(id);
        else whole.set(id, item);
      }
      const changed = gathered.size > 0;
      gathered.clear();
      return changed;
    },
  };
}
