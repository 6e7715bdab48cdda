import type { Clock } from "../domain/clock.ts";
import { type CommitPlace, formatRecordCursor, type RecordCursor, type RecordSnapshot } from "../domain/record-cursor.ts";
import { type RecordPage, type RecordReader, timeOf } from "../domain/records.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { Position } from "./cursor.ts";
import type { Fanout, Subscriber } from "./fanout.ts";
import { rest } from "./rest.ts";
import { Joining, type Sharing } from "./sharing.ts";
import type { LiveTiming, Matcher } from "./state-stream.ts";
import type { Tailer } from "./tailer.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * Streams of records: of what is stored once and never changes, as events and lines of logs. Each record is told once, behind whatever cursor a reader comes with.
 *
 *   after ──edge of a list──▶ by time ──all that its page saw──▶ by commits ──up to the tailer──▶ waiting ─┐
 *     │                                                             ▲                    timeline, heartbeat │
 *     └──place of a stream, or none: where the tailer is────────────┴────────────────────────────────────────┘
 *
 * **By commits.** A sequence or a time would lose rows: one that is drawn early may become visible late, behind a reader who has passed it. So records have the id of the transaction that
 * stored them, and are told in the order (xid, key), and only those whose xid is before the tailer's: all of these are decided (tailer.ts), hence that order never changes behind
 * its end, and a place in it says once and for all what was told. The records of one source are stored one transaction after the other, so its order is kept.
 * The store is what is told from, always, in bounded pages, when the reader asks for the next: whoever is slow holds a page and a place. The timeline only says when looking is worth
 * it; its rows are in the transactions of the records, so as long as it named none since the place, there is none up to the tailer, and the place moves on unread.
 *
 * **Lists and streams.** A list is in the order of time, and late reports bring records with earlier times in between those that its reader has passed. An edge's cursor therefore says beside
 * the key what the page could see: its statement's snapshot, exactly (the horizon alone would call what was committed beyond it unseen, and tell it twice). Behind an edge is
 *
 *   (1) what the snapshot sees and stands before it in the list (newer),   and   (2) whatever the snapshot does not see, wherever it stands in the list.
 *
 * (1) is a set that nothing is added to any more, so it can be walked by time; each step of the way is again an edge, with the same snapshot. (2) is the order of commits without what the
 * snapshot sees, from its oldest undecided transaction on. Every record is seen by the snapshot or not: in (1), passed in the list, or in (2), and never in two of them. The other way round, a
 * stream's cursor has the key of the last record it told, where a list goes on from.
 *
 * **Shared.** Who joins at a place J knows all before it. A look never goes across the place of one who has joined: it ends there, and the next begins there. So each message is either known to
 * it or new to it, whole. Only a place between two transactions can be joined at, with nothing to be told by time and nothing left out.
 *
 * **Expired.** Records go when they are older than kept. `knownAt` is a moment such that all that was stored before it was told; an edge's is its own time: its page was read later. When that is
 * older than kept, or the place is of another term, where ids of transactions mean something else, or of a server that has since gone back, there may be a gap: CURSOR_EXPIRED, also amid a stream.
 */
export interface RecordWatch<R> {
  /** What the timeline says where there are new ones. */
  readonly kind: TimelineKind;
  /** Only what concerns these applications; absent: any. */
  readonly owners?: readonly string[] | undefined;
  /** Made anew for each page, for the viewer as known then. */
  readonly reader: (viewer: Viewer, reads: Matcher) => RecordReader<R>;
  /** How long records are kept, in milliseconds of the simulation's clock. */
  readonly keptMs: number;
  readonly after?: string | null | undefined;
  /** Records a message; LiveTiming.messageSize where nothing is said. */
  readonly messageSize?: number | undefined;
}

export interface RecordBatch<R> {
  readonly cursor: string;
  readonly records: readonly R[];
}

export interface RecordStreamParts {
  readonly tailer: Pick<Tailer, "position" | "mayKnow">;
  readonly fanout: Pick<Fanout, "subscribe">;
  readonly matcher: (viewer: Viewer) => Matcher;
  readonly clock: Clock;
  readonly speed: number;
  readonly timing: Pick<LiveTiming, "heartbeatMs" | "gatherMs" | "messageSize">;
  readonly viewer: () => Viewer;
  readonly signal: AbortSignal;
}

/** What a look brought, and whether there may be more before the tailer's place. */
interface Told<R> {
  readonly records: readonly R[];
  readonly behind: boolean;
}

/** Real time by which a cursor expires early: a transaction may have been under way for so long before its records could be told. */
const MARGIN_MS = 60_000;

export class RecordStream<R> implements Sharing {
  readonly #watch: RecordWatch<R>;
  readonly #parts: RecordStreamParts;
  readonly #size: number;
  #of = "";
  #term = 0;
  /** Of the last record that was told, or where the list that it came from ended. */
  #key: readonly string[] = [];
  /** Still to be told by time; null: that is done. */
  #byTime: RecordSnapshot | null = null;
  #place: CommitPlace = { xid: 0, key: null };
  /** What it sees is not told by commits: it was told before. */
  #without: RecordSnapshot | null = null;
  #knownAt = 0;
  #sent = -Infinity;
  #begun = false;
  /** Up to where the look under way, or the last one, goes. */
  #before: number;
  #round = 0;
  /** While nothing is looked at. */
  #resting: Subscriber | null = null;
  readonly #joining = new Joining<readonly string[]>();

  constructor(watch: RecordWatch<R>, parts: RecordStreamParts) {
    this.#watch = watch;
    this.#parts = parts;
    this.#size = watch.messageSize ?? parts.timing.messageSize;
    this.#before = endOf(parts.tailer.position);
  }

  get place(): Position {
    return { term: this.#term, xid: this.#before, seq: 0 };
  }

  get told(): Position {
    return { term: this.#term, xid: this.#place.xid, seq: 0 };
  }

  get round(): number {
    return this.#round;
  }

  get whole(): boolean {
    return this.open && this.#place.xid === this.#before && this.#place.key === null;
  }

  get open(): boolean {
    return this.#begun && this.#byTime === null && this.#without === null;
  }

  absorb(other: RecordStream<R>): void {
    if (this.#resting?.hasChanges !== false) return this.#joining.add(other.place, other.#key);
    // Nothing was noted, so there is nothing up to the tailer's place, which is no less far than who joins.
    const { tailer, clock } = this.#parts;
    this.#before = endOf(tailer.position);
    this.#moveTo(this.#before, clock.now());
    this.#goOnFrom(other.#key);
  }

  /** The newer one: nothing that its reader was not told is missing from a list behind it. */
  #goOnFrom(key: readonly string[]): void {
    if (timeOf(key) > timeOf(this.#key)) this.#key = key;
  }

  async *run(): AsyncGenerator<RecordBatch<R>, void, undefined> {
    const { tailer, fanout, timing, viewer, clock, signal } = this.#parts;
    const { kind, owners } = this.#watch;
    const subscriber = fanout.subscribe({ tenantId: viewer().tenantId, kinds: { [kind]: "wakes" }, ...(owners ? { owners: new Set(owners) } : {}) });
    try {
      await this.#begin();
      /** There may be records between the place and the tailer. */
      let behind = true;
      let looked = -Infinity;
      while (!signal.aborted) {
        // Taken before the tailer's place: what is noted later stands behind it.
        if (subscriber.take().apart.size > 0) behind = true;
        const { position } = tailer;
        const now = clock.now();
        this.#refuseExpired(position, now);
        const end = endOf(position);
        this.#beginLook(end, behind);
        // What was stored lately is beyond a look that ends sooner.
        const told: Told<R> = behind ? await this.#read(this.#before < end ? this.#knownAt : now) : this.#moveTo(end, now);
        if (told.records.length > 0 || performance.now() - this.#sent >= timing.heartbeatMs) {
          this.#sent = performance.now();
          this.#begun = true;
          yield { cursor: this.#cursor(), records: told.records };
        }
        behind = told.behind || this.#before < end;
        if (behind) continue;
        looked = performance.now();
        this.#resting = subscriber;
        await subscriber.wait(this.#sent + timing.heartbeatMs - performance.now(), signal);
        if (subscriber.hasChanges) await rest(looked + timing.gatherMs - performance.now(), signal);
        this.#resting = null;
      }
    } finally {
      subscriber.close();
    }
  }

  async #begin(): Promise<void> {
    const { tailer, clock } = this.#parts;
    const { after } = this.#watch;
    const reader = this.#reader();
    const { position } = tailer;
    this.#of = reader.of;
    this.#term = position.term;
    const cursor = after === null || after === undefined ? null : reader.parse(after);
    if (cursor === null) {
      const now = clock.now();
      this.#key = reader.keyAt(now);
      this.#place = { xid: endOf(position), key: null };
      this.#knownAt = now;
      return;
    }
    await this.#resume(cursor);
  }

  async #resume({ key, term, seen, place, knownAt }: RecordCursor): Promise<void> {
    this.#term = term;
    this.#key = key;
    this.#byTime = place === null ? seen : null;
    this.#place = place ?? { xid: seen?.xmin ?? 0, key: null };
    this.#without = seen;
    this.#knownAt = knownAt ?? timeOf(key);
    const { tailer, clock } = this.#parts;
    this.#refuseExpired(tailer.position, clock.now());
    if (!(await tailer.mayKnow(Math.max(this.#place.xid, seen?.xmax ?? 0)))) throw expired("is of a server that has gone back in time since");
  }

  #refuseExpired({ term }: Position, now: number): void {
    if (term !== this.#term) throw expired("is from before the database was restored or moved");
    if (this.#knownAt < now - this.#watch.keptMs + MARGIN_MS * this.#parts.speed) throw expired("is older than what is kept");
  }

  /** Up to the tailer's place; where there is something to read, not across the place of one who has joined. */
  #beginLook(end: number, reads: boolean): void {
    this.#round += 1;
    this.#before = end;
    for (const { xid } of reads ? this.#joining.places() : []) if (xid > this.#place.xid && xid < this.#before) this.#before = xid;
    for (const key of this.#joining.due(this.place)) this.#goOnFrom(key);
  }

  /** A page of what is still to be told up to the end of the look. */
  async #read(knownAt: number): Promise<Told<R>> {
    const seen = this.#byTime;
    if (seen !== null) {
      const page = await this.#reader().page({ by: "time", after: this.#key, seen }, this.#size);
      this.#key = page.end?.key ?? page.rows.at(-1)?.key ?? this.#key;
      // The snapshot was taken after each of those that it sees had happened.
      this.#knownAt = Math.max(this.#knownAt, timeOf(this.#key));
      if (page.end === null) this.#byTime = null;
      return { records: valuesOf(page), behind: true };
    }
    const before = this.#before;
    // Another server's tailer is ahead of this one.
    if (before <= this.#place.xid) return { records: [], behind: false };
    const page = await this.#reader().page({ by: "commits", from: this.#place, before, without: this.#without }, this.#size);
    this.#key = page.rows.at(-1)?.key ?? this.#key;
    if (page.end === null) return { ...this.#moveTo(before, knownAt), records: valuesOf(page) };
    this.#place = page.end;
    this.#forgetSeen();
    this.#knownAt = Math.max(this.#knownAt, timeOf(page.end.key));
    return { records: valuesOf(page), behind: true };
  }

  /** All before this transaction was told, and all that was stored before this moment. */
  #moveTo(xid: number, knownAt: number): Told<R> {
    if (xid > this.#place.xid) {
      this.#place = { xid, key: null };
      this.#forgetSeen();
    }
    this.#knownAt = Math.max(this.#knownAt, knownAt);
    return { records: [], behind: false };
  }

  #forgetSeen(): void {
    if (this.#without !== null && this.#place.xid >= this.#without.xmax) this.#without = null;
  }

  #cursor(): string {
    const common = { of: this.#of, key: this.#key, term: this.#term };
    if (this.#byTime !== null) return formatRecordCursor({ ...common, seen: this.#byTime, place: null, knownAt: null });
    return formatRecordCursor({ ...common, seen: this.#without, place: this.#place, knownAt: Math.floor(this.#knownAt) });
  }

  #reader(): RecordReader<R> {
    const viewer = this.#parts.viewer();
    return this.#watch.reader(viewer, this.#parts.matcher(viewer));
  }
}

const valuesOf = <R>({ rows }: RecordPage<R>): R[] => rows.map(({ value }) => value);

/** The first transaction that is not decided, as far as the tailer knows: of the one amid whose rows it stands everything is visible. */
const endOf = ({ xid, seq }: Position): number => (seq > 0 ? xid + 1 : xid);

const expired = (why: string): RequestError => new RequestError("CURSOR_EXPIRED", `The cursor ${why}: records may be missing behind it. Begin with a list, or without "after".`);
