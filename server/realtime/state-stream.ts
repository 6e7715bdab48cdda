import type { Clock } from "../domain/clock.ts";
import type { RecordReader } from "../domain/records.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { RecordSelection } from "../read/records.ts";
import type { Fanout, Watched } from "./fanout.ts";
import type { Tailer } from "./tailer.ts";

/** What the state streams of live.ts are asked for, work with, and say. */

export type ConcernedBy = (uuids: readonly string[]) => Readonly<Record<string, unknown>>;

export interface SetWatch {
  /** A GraphQL type that a root field pages over. */
  readonly type: string;
  /** Of that root field: `{ filter }`. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly kinds: Watched;
  /** Of the type's root field: arguments for what of this watch objects noted "apart" concern. */
  readonly concernedBy?: ConcernedBy;
  readonly after?: string | null | undefined;
}

export interface ObjectWatch {
  readonly type: string;
  /** null: an id that cannot be one's; it is answered as one that is gone. */
  readonly id: string | null;
  readonly kinds: Watched;
  /** As for a set; a message is due where the object is among what they select. */
  readonly concernedBy?: ConcernedBy;
  /** Arguments of the type's root field under which it is shown once it has ended for good. */
  readonly ended?: Readonly<Record<string, unknown>>;
}

/** Objects of any types by their global ids; one that is no id of an object is answered as one that is gone. */
export interface NodesWatch {
  readonly ids: readonly string[];
  /** What to look out for, by type; undefined for one that can't be watched. */
  readonly typeOf: (type: string) => WatchedType | undefined;
  readonly after?: string | null | undefined;
}

export interface WatchedType {
  readonly kinds: Watched;
  /** Which of the type's objects those noted "apart" concern; absent: all that are watched. */
  readonly concernedBy?: (uuids: readonly string[]) => Where;
}

/** A condition as the reader has them: nothing here looks into it. */
export type Where = object;

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

/** Like StateChange, of objects of any type: global ids, as they were asked for. */
export type NodesState = StateChange;

/** As much of the read path as is needed here. */
export interface Matcher {
  existing(type: string, among: readonly string[], where?: Where): Promise<string[]>;
  matching(type: string, args: Readonly<Record<string, unknown>>, options: { readonly among?: readonly string[]; readonly after?: string; readonly limit: number }): Promise<string[]>;
  records<E>(type: string, selection: RecordSelection<E>): RecordReader<string>;
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

/** What one stream works with. */
export interface StreamParts {
  readonly tailer: Pick<Tailer, "position" | "replay" | "caughtUp" | "mayKnow" | "reach">;
  readonly fanout: Pick<Fanout, "subscribe">;
  /** Reads for a viewer; made anew for each message. */
  readonly matcher: (viewer: Viewer) => Matcher;
  readonly clock: Clock;
  /** Simulated seconds a second: what is kept for a day is kept for a day of the wall clock. */
  readonly speed: number;
  readonly timing: LiveTiming;
  /** The newest that is known of who subscribed. */
  readonly viewer: () => Viewer;
  readonly signal: AbortSignal;
}
