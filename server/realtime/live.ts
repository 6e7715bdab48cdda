import type { Clock } from "../domain/clock.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { Fanout } from "./fanout.ts";
import { followObject } from "./object-stream.ts";
import { SetStream } from "./set-stream.ts";
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
  readonly tailer: Pick<Tailer, "position" | "replay" | "caughtUp">;
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

/** What one stream works with. */
export interface StreamParts extends Omit<LiveOptions, "timing"> {
  readonly timing: LiveTiming;
  /** The newest that is known of who subscribed. */
  readonly viewer: () => Viewer;
  readonly signal: AbortSignal;
}

/** Streams for one operation: `viewer` answers the newest that is known of who subscribed. */
export type LiveFor = (viewer: () => Viewer) => Live;

export function createLive(options: LiveOptions): LiveFor {
  const { tailer, fanout, matcher, clock, speed } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const partsFor = (viewer: () => Viewer, signal: AbortSignal): StreamParts => ({ tailer, fanout, matcher, clock, speed, timing, viewer, signal });
  return (viewer) => ({
    changes: (watch) => messages((signal) => new SetStream(watch, partsFor(viewer, signal)).run()),
    object: (watch) => messages((signal) => followObject(watch, partsFor(viewer, signal))),
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
