import type { Clock } from "../domain/clock.ts";
import type { Viewer } from "../identity/viewer.ts";
import { comparePositions, formatCursor, parseCursor, subscriptionKey, type Position } from "./cursor.ts";
import type { Fanout, Interest, Subscriber } from "./fanout.ts";
import type { Tailer } from "./tailer.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * State streams: what matches a filter, and then what of it changed. They carry which objects to show, never the objects: those are read for
 * each message afresh, so a message is never older than its cursor, and may be newer.
 *
 *   after ──ours, young, complete──▶ what changed since ─┐
 *     └── else ──▶ snapshot, in messages of 200 ─────────┴─▶ changes … ──too many to name──▶ snapshot
 *
 * Why nothing is missed: a subscriber is registered, then the place on the timeline is taken, then the snapshot is read. Whatever commits
 * later is noted for it; whatever committed before that place is in the snapshot. What is in both is sent twice, which is harmless: a
 * message says what is, not what happened. A cursor is always the place that was taken before its message's objects were looked at.
 */
export interface Live {
  /** The rows of a type that a filter selects. Ends only with the subscription. */
  changes(watch: SetWatch): Messages<StateChange>;
  /** One row: at once, whenever it changed, and at least every few seconds. Ends after the message in which it has ended or is gone. */
  object(watch: ObjectWatch): Messages<ObjectState>;
}

/** Rows of which kind to look at, and where in them the uuids of what is watched stand. */
export type Watched = Partial<Record<TimelineKind, "ids" | "cluster">>;

export interface SetWatch {
  /** A GraphQL type that a root field pages over. */
  readonly type: string;
  /** Of that root field: `{ filter }`. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly kinds: Watched;
  readonly after?: string | null | undefined;
}

export interface ObjectWatch {
  readonly type: string;
  /** null: an id that cannot be one's; it is answered as one that is gone. */
  readonly id: string | null;
  readonly kinds: Watched;
  /** Arguments of the type's root field under which it is shown once it has ended for good. */
  readonly ended?: Readonly<Record<string, unknown>>;
}

/** The object's uuid while it exists for the viewer; null once it is gone. */
export interface ObjectState {
  readonly id: string | null;
}

/** uuids, not global ids. */
export interface StateChange {
  readonly cursor: string;
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly string[];
  readonly removed: readonly string[];
  /** Milliseconds on the simulation's clock. */
  readonly at: number;
}

/** Its return() takes effect at once, also while a message is being waited for. */
export type Messages<T> = AsyncIterableIterator<T>;

/** As much of the read path as is needed here. */
export interface Matcher {
  matching(type: string, args: Readonly<Record<string, unknown>>, options: { readonly among?: readonly string[]; readonly after?: string; readonly limit: number }): Promise<string[]>;
}

export interface LiveOptions {
  readonly tailer: Pick<Tailer, "position" | "replay">;
  readonly fanout: Pick<Fanout, "subscribe">;
  /** Reads for a viewer; made anew for each message. */
  readonly matcher: (viewer: Viewer) => Matcher;
  readonly clock: Clock;
  /** Simulated seconds a second: what is kept for a day is kept for a day of the wall clock. */
  readonly speed: number;
  readonly timing?: Partial<LiveTiming>;
}

export interface LiveTiming {
  /** A message at least so often. The contract says 15 s. */
  readonly heartbeatMs: number;
  /** Changes that come sooner after a message are merged. */
  readonly gatherMs: number;
  /** Real time; the timeline is kept for 24 h. */
  readonly cursorAgeMs: number;
  /** Rows of the timeline that a resume looks through. */
  readonly replayRows: number;
  /** Objects a message; the contract says 500. What a message may cost is reckoned with MAX_PAGE_SIZE of them. */
  readonly messageSize: number;
  /** Of how many objects a subscriber remembers that it has them. */
  readonly rememberedIds: number;
}

export const DEFAULT_TIMING: LiveTiming = Object.freeze({ heartbeatMs: 10_000, gatherMs: 100, cursorAgeMs: 23 * 3_600_000, replayRows: 20_000, messageSize: 200, rememberedIds: 5000 });

/** Streams for one operation: `viewer` answers the newest that is known of who subscribed. */
export type LiveFor = (viewer: () => Viewer) => Live;

export function createLive(options: LiveOptions): LiveFor {
  const { tailer, fanout, matcher, clock, speed } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };

  function open(viewer: () => Viewer, kinds: Watched, only?: ReadonlySet<string>): Subscriber {
    const interest: Interest = { tenantId: viewer().tenantId, kinds, ...(only ? { only } : {}) };
    return fanout.subscribe(interest);
  }

  async function* objectStream(watch: ObjectWatch, viewer: () => Viewer, signal: AbortSignal): AsyncGenerator<ObjectState, void, undefined> {
    const { type, id, kinds, ended } = watch;
    if (id === null) return yield { id: null };
    const among = [id];
    const subscriber = open(viewer, kinds, new Set(among));
    const shows = async (args: Readonly<Record<string, unknown>>): Promise<boolean> => (await matcher(viewer()).matching(type, args, { among, limit: 1 })).length > 0;
    try {
      while (!signal.aborted) {
        subscriber.take();
        // Asked before the object is read for the message: what has ended stays so, hence the last message shows the end.
        const over = ended !== undefined && (await shows(ended));
        const exists = over || (await shows({}));
        yield { id: exists ? id : null };
        if (over || !exists) return;
        const sent = performance.now();
        await subscriber.wait(timing.heartbeatMs, signal);
        await rest(sent + timing.gatherMs - performance.now(), signal);
      }
    } finally {
      subscriber.close();
    }
  }

  /** One subscription to a set; a class for what it remembers from message to message. */
  class SetStream {
    readonly #watch: SetWatch;
    readonly #viewer: () => Viewer;
    readonly #signal: AbortSignal;
    readonly #key: string;
    /** What the subscriber was shown and not told to be gone; null: too much to remember, or unknown. */
    #held: Set<string> | null = null;
    #position: Position = tailer.position;
    #sent = performance.now();

    constructor(watch: SetWatch, viewer: () => Viewer, signal: AbortSignal) {
      this.#watch = watch;
      this.#viewer = viewer;
      this.#signal = signal;
      const { tenantId, namespaces } = viewer();
      this.#key = subscriptionKey(watch.type, tenantId, namespaces, watch.args);
    }

    async *run(): AsyncGenerator<StateChange, void, undefined> {
      const subscriber = open(this.#viewer, this.#watch.kinds);
      try {
        yield* this.#begin();
        while (!this.#signal.aborted) {
          await subscriber.wait(this.#sent + timing.heartbeatMs - performance.now(), this.#signal);
          if (subscriber.hasChanges) await rest(this.#sent + timing.gatherMs - performance.now(), this.#signal);
          if (this.#signal.aborted) return;
          const { ids, everything } = subscriber.take();
          const position = tailer.position;
          if (everything) yield* this.#snapshot(position);
          else {
            yield* this.#changed(ids, position);
            if (performance.now() - this.#sent >= timing.heartbeatMs) yield this.#message({ complete: true }, position);
          }
        }
      } finally {
        subscriber.close();
      }
    }

    async *#begin(): AsyncGenerator<StateChange, void, undefined> {
      const position = tailer.position;
      const { after } = this.#watch;
      const missed = after === null || after === undefined ? null : await this.#missed(after, position);
      if (missed === null) return yield* this.#snapshot(position);
      this.#position = missed.from;
      // Before the changes are looked at: what vanishes after this is remembered, and its end told. And all that does not match now is told
      // to be gone: what the subscriber was shown before it left is not known here.
      this.#held = await this.#remember();
      const sent = yield* this.#changed(missed.ids, position, { tellAll: true });
      if (sent === 0) yield this.#message({ complete: true }, position);
    }

    /** What changed since a cursor; null where that cannot be said, and a snapshot has to be sent. */
    async #missed(after: string, to: Position): Promise<{ from: Position; ids: Set<string> } | null> {
      const cursor = parseCursor(after);
      const tooOld = clock.now() - cursor.issuedAt > timing.cursorAgeMs * speed;
      if (cursor.incomplete || cursor.of !== this.#key || cursor.position.term !== to.term || tooOld) return null;
      const kinds = Object.keys(this.#watch.kinds) as TimelineKind[];
      const rows = await tailer.replay(cursor.position, to, { tenantId: this.#viewer().tenantId, kinds }, timing.replayRows);
      if (!rows) return null;
      const ids = new Set<string>();
      for (const row of rows) {
        if (this.#watch.kinds[row.kind] === "cluster") {
          if (row.clusterId !== null) ids.add(row.clusterId);
        } else for (const id of [...row.ids, ...row.removedIds]) ids.add(id);
      }
      // Another process may have been ahead of this one: a cursor never goes back.
      return { from: comparePositions(cursor.position, to) > 0 ? cursor.position : to, ids };
    }

    async *#snapshot(position: Position): AsyncGenerator<StateChange, void, undefined> {
      this.#held = new Set();
      let first = true;
      let page = await this.#page();
      for (;;) {
        const last = page.at(-1);
        const next = page.length < timing.messageSize || last === undefined ? [] : await this.#page(last);
        const complete = next.length === 0;
        this.#hold(page);
        yield this.#message({ snapshot: first, complete, upserted: page, incomplete: !complete }, complete ? position : this.#position);
        if (complete) return;
        first = false;
        page = next;
      }
    }

    /** Sends what of these objects matches, and what does not any more; answers how many messages that took. */
    async *#changed(ids: ReadonlySet<string>, position: Position, { tellAll = false } = {}): AsyncGenerator<StateChange, number, undefined> {
      const before = this.#position;
      const upserted: string[] = [];
      const removed: string[] = [];
      for (const among of slices([...ids], timing.messageSize)) {
        const matching = new Set(await this.#matcher().matching(this.#watch.type, this.#watch.args, { among, limit: among.length }));
        for (const id of among) {
          if (matching.has(id)) upserted.push(id);
          else if (this.#held?.delete(id) || !this.#held || tellAll) removed.push(id);
        }
      }
      this.#hold(upserted);
      const gone = slices(removed, timing.messageSize);
      const shown = slices(upserted, timing.messageSize);
      const count = Math.max(gone.length, shown.length);
      for (let i = 0; i < count; i++) {
        const complete = i === count - 1;
        // Only the last one's cursor is behind all of them.
        yield this.#message({ complete, upserted: shown[i] ?? [], removed: gone[i] ?? [] }, complete ? position : before);
      }
      if (count === 0 && comparePositions(position, this.#position) > 0) this.#position = position;
      return count;
    }

    #message(parts: { snapshot?: boolean; complete: boolean; incomplete?: boolean; upserted?: readonly string[]; removed?: readonly string[] }, position: Position): StateChange {
      // After a resume the subscriber's cursor may be ahead of this process for a moment.
      if (position.term !== this.#position.term || comparePositions(position, this.#position) > 0) this.#position = position;
      this.#sent = performance.now();
      const { snapshot = false, complete, incomplete = false, upserted = [], removed = [] } = parts;
      const at = clock.now();
      const cursor = formatCursor({ position: this.#position, incomplete, issuedAt: at, of: this.#key });
      return { cursor, snapshot, complete, upserted, removed, at };
    }

    #matcher(): Matcher {
      return matcher(this.#viewer());
    }

    #page(after?: string): Promise<string[]> {
      return this.#matcher().matching(this.#watch.type, this.#watch.args, { ...(after === undefined ? {} : { after }), limit: timing.messageSize });
    }

    #hold(ids: readonly string[]): void {
      if (!this.#held) return;
      for (const id of ids) this.#held.add(id);
      if (this.#held.size > timing.rememberedIds) this.#held = null;
    }

    async #remember(): Promise<Set<string> | null> {
      const ids = await this.#matcher().matching(this.#watch.type, this.#watch.args, { limit: timing.rememberedIds + 1 });
      return ids.length > timing.rememberedIds ? null : new Set(ids);
    }
  }

  return (viewer) => ({
    changes: (watch) => messages((signal) => new SetStream(watch, viewer, signal).run()),
    object: (watch) => messages((signal) => objectStream(watch, viewer, signal)),
  });
}

function slices<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

/** A generator whose return() does not wait for the message under way: the signal ends what it waits for. */
function messages<T>(make: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>): Messages<T> {
  const ending = new AbortController();
  const generator = make(ending.signal);
  const iterator: Messages<T> = {
    next: () => generator.next(),
    return() {
      ending.abort();
      // Runs its cleaning-up once it has come to rest; nobody is there to be told of a fault then.
      generator.return(undefined).catch(() => undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
