import type { Viewer } from "../identity/viewer.ts";
import { NodesStream } from "./nodes-stream.ts";
import { ObjectStream } from "./object-stream.ts";
import { type RecordBatch, RecordStream, type RecordWatch } from "./record-stream.ts";
import { SetStream } from "./set-stream.ts";
import type { Shareable, Sharing } from "./sharing.ts";
import type { LiveTiming, NodesState, NodesWatch, ObjectState, ObjectWatch, SetWatch, StateChange, StreamParts } from "./state-stream.ts";

/**
 * Live streams. Those of records are told in record-stream.ts. State streams: what matches a filter, and then what of it changed. They carry which objects to show, never the objects: those are read for
 * each message afresh, so a message is never older than its cursor, and may be newer.
 *
 *   after ──ours, young, complete──▶ what changed since ─┐
 *     └── else ──▶ snapshot, in messages of 200 ─────────┴─▶ changes … ──too many to name──▶ snapshot
 *
 * Why nothing is missed: a subscriber is registered, then the place on the timeline is taken, then the snapshot is read. Whatever commits
 * later is noted for it; whatever committed before that place is in the snapshot. What is in both is sent twice, which is harmless: a
 * message says what is, not what happened. What changes with something else, as a pod becomes stale with its cluster, is looked up when that changes
 * (`concernedBy`). A cursor is always the place that was taken before its message's objects were looked at.
 */
export interface Live {
  /** The rows of a type that a filter selects. Ends only with the subscription. */
  changes(watch: SetWatch): Messages<StateChange>;
  /** Objects of any types, by their ids: all of them, and then what of them changed. Ends only with the subscription. */
  nodes(watch: NodesWatch): Messages<NodesState>;
  /** One row: at once, whenever it changed, and at least every few seconds. Ends after the message in which it has ended or is gone. */
  object(watch: ObjectWatch): Messages<ObjectState>;
  /** Records as they are stored, each once, behind a cursor; record-stream.ts has the laws. Ends only with the subscription. */
  records<R>(watch: RecordWatch<R>): Messages<RecordBatch<R>>;
}

/** Its return() takes effect at once, also while a message is being waited for. */
export type Messages<T> = AsyncIterableIterator<T>;

/** `timing`: where it differs from DEFAULT_TIMING. */
export interface LiveOptions extends Omit<StreamParts, "timing" | "viewer" | "signal"> {
  readonly timing?: Partial<LiveTiming>;
}

export const DEFAULT_TIMING: LiveTiming = Object.freeze({ heartbeatMs: 10_000, gatherMs: 100, cursorAgeMs: 23 * 3_600_000, replayRows: 20_000, messageSize: 200, rememberedIds: 5000 });

/**
 * Streams for one operation: `viewer` answers the newest that is known of who subscribes. `resume`: a cursor that outranks what the operation says, of a
 * subscriber that was told all up to there; null where there is none.
 */
export type LiveFor = (viewer: () => Viewer, resume?: string | null) => Live;

export function createLive(options: LiveOptions): LiveFor {
  const { tailer, fanout, matcher, clock, speed } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const partsFor = (viewer: () => Viewer, signal: AbortSignal): StreamParts => ({ tailer, fanout, matcher, clock, speed, timing, viewer, signal });
  return (viewer, resume = null) => ({
    changes: (watch) => shareable((signal) => new SetStream({ ...watch, after: resume ?? watch.after }, partsFor(viewer, signal))),
    nodes: (watch) => shareable((signal) => new NodesStream({ ...watch, after: resume ?? watch.after }, partsFor(viewer, signal))),
    object: (watch) => shareable((signal) => new ObjectStream(watch, partsFor(viewer, signal))),
    records: (watch) => shareable((signal) => new RecordStream({ ...watch, after: resume ?? watch.after }, partsFor(viewer, signal))),
  });
}

/** Messages of a stream that others may join. */
function shareable<T>(make: (signal: AbortSignal) => Sharing & { run(): AsyncGenerator<T, void, undefined> }): Messages<T> & Shareable {
  const ending = new AbortController();
  const sharing = make(ending.signal);
  return Object.assign(messages(() => sharing.run(), ending), { sharing });
}

/** A generator whose return() does not wait for the message under way: the signal ends what it waits for. */
function messages<T>(make: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>, ending = new AbortController()): Messages<T> {
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
