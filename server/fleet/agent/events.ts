/**
 * What a cluster has to tell of what happened in it, until the centre has it.
 *
 *   happened ──▶ counted (series) ──told──▶ waits ──take──▶ in a report, until that is acknowledged
 *                      │                      ▲                │
 *                      └─owed, REPEAT_MS later┘◀──put back─────┘  the report was given up with its epoch
 *
 * - A *series* is what happens to one object for one reason; each occurrence counts. Its first is told at once. While its record waits here, and no report
 *   had it, a repeat takes that record's place: raised, and at the end. Within REPEAT_MS of the last one told it is *owed*: told by the first report made
 *   after that time.
 * - Of the pods of one placement SIMILAR_LIMIT are told of for one reason within SIMILAR_MS, each by itself; what then befalls others of them is the
 *   placement's series. So a bad image does not fill the buffer with every pod that wants it.
 * - What was in a report may be known to the centre: it never changes again, also when it waits once more.
 * - EVENT_BUFFER records wait at most. Where older ones have to go, one record, EventsLost, stands in their place at the head, and takes in more as more go.
 * - Records wait in the order in which they were told. Each id is given once, whatever restarts: the stream's state is stored with the records.
 *
 * Series are counted in memory, SERIES_LIMIT of them, those that happened last: after a restart what waits is counted on, and all else from one.
 */
import { EVENT_BUFFER, EVENTS_LIMIT, type EventObject, type EventReport } from "../link.ts";
import type { Happening } from "../simulator/cluster-options.ts";
import { RandomStream, uuidv7, type RandomState } from "../simulator/random.ts";

export const REPEAT_MS = 60_000;
export const SIMILAR_LIMIT = 10;
export const SIMILAR_MS = 600_000;
const SERIES_LIMIT = 1_000;
/** Of the link's limit for messages; what a behaviour or an image's name makes longer is cut. */
const MESSAGE_LIMIT = 1_024;

export interface StoredEvent {
  readonly position: number;
  /** A report had it. */
  readonly wasSent: boolean;
  readonly event: EventReport;
}

/** What is stored beside the records. */
export interface EventLogState {
  readonly random: RandomState;
  /** Of the next record; positions only order what waits. */
  readonly next: number;
}

/** Told of every position whose record came, changed or went. */
export type EventLogListener = (position: number) => void;

export interface EventLogOptions {
  readonly state: EventLogState;
  readonly stored: readonly StoredEvent[];
  readonly changed: EventLogListener;
  /** Records that wait at most; a test may ask for fewer. */
  readonly limit?: number;
}

interface Series {
  count: number;
  readonly firstAt: number;
  /** When its last record was told; null: none was yet. */
  toldAt: number | null;
  /** The newest occurrence that no record tells. */
  owed: Happening | null;
}

interface Similar {
  readonly since: number;
  pods: number;
}

export class EventLog {
  readonly #changed: EventLogListener;
  readonly #limit: number;
  readonly #random: RandomStream;
  #next: number;
  /** By position, in the order of positions. */
  #waiting = new Map<number, StoredEvent>();
  /** Positions of records that may still be raised, by series. */
  readonly #open = new Map<string, number>();
  /** The one that happened last stands last, in both. */
  readonly #series = new Map<string, Series>();
  readonly #similar = new Map<string, Similar>();
  readonly #owed = new Set<string>();
  /** Nothing that is owed is to be told earlier. */
  #owedFrom = Infinity;

  constructor({ state, stored, changed, limit = EVENT_BUFFER }: EventLogOptions) {
    this.#changed = changed;
    this.#limit = limit;
    this.#random = new RandomStream(state.random);
    this.#next = state.next;
    for (const one of stored) {
      const { event, position, wasSent } = one;
      const key = seriesOf(event);
      this.#waiting.set(position, one);
      if (!wasSent) this.#open.set(key, position);
      this.#touch(key, { count: event.count, firstAt: event.firstAt, toldAt: event.at, owed: null });
    }
  }

  static fresh(...name: readonly (string | number)[]): EventLogState {
    return { random: RandomStream.named("events", ...name).state, next: 0 };
  }

  get state(): EventLogState {
    return { random: this.#random.state, next: this.#next };
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** What is to be stored at a position; null for nothing. */
  at(position: number): StoredEvent | null {
    return this.#waiting.get(position) ?? null;
  }

  // -------------------------------------------------------------- in

  happened(happening: Happening): void {
    const told = this.#combined(happening);
    const key = seriesOf(told);
    const series = this.#series.get(key) ?? { count: 0, firstAt: told.at, toldAt: null, owed: null };
    series.count += 1;
    this.#touch(key, series);
    if (this.#open.has(key) || isDue(series, told.at)) return this.#tell(key, series, told, told.at);
    series.owed = told;
    this.#owed.add(key);
    this.#owedFrom = Math.min(this.#owedFrom, (series.toldAt ?? 0) + REPEAT_MS);
  }

  /** Tells what is owed for long enough. */
  settle(now: number): void {
    if (now < this.#owedFrom) return;
    this.#owedFrom = Infinity;
    for (const key of this.#owed) {
      const series = this.#series.get(key);
      if (series?.owed == null) this.#owed.delete(key);
      else if (isDue(series, now)) this.#tell(key, series, series.owed, now);
      else this.#owedFrom = Math.min(this.#owedFrom, (series.toldAt ?? 0) + REPEAT_MS);
    }
  }

  /** What befalls a pod is its placement's where it befell many pods of it lately, and not this one. */
  #combined(happening: Happening): Happening {
    const { object, reason, at, message } = happening;
    if (object.kind !== "pod" || this.#series.has(seriesOf(happening))) return happening;
    const key = `${object.placementId} ${reason}`;
    const known = this.#similar.get(key);
    const group = known === undefined || at - known.since >= SIMILAR_MS ? { since: at, pods: 0 } : known;
    keepLast(this.#similar, key, group);
    if (group.pods >= SIMILAR_LIMIT) {
      return { ...happening, object: { kind: "placement", id: object.placementId }, message: `(combined from similar events) ${message}` };
    }
    group.pods += 1;
    return happening;
  }

  #tell(key: string, series: Series, happening: Happening, now: number): void {
    const open = this.#open.get(key);
    const id = open === undefined ? null : this.#waiting.get(open)?.event.id;
    if (open !== undefined) this.#remove(open);
    series.toldAt = now;
    series.owed = null;
    this.#owed.delete(key);
    const { count, firstAt } = series;
    const event = { ...happening, id: id ?? this.#newId(happening.at), message: happening.message.slice(0, MESSAGE_LIMIT).toWellFormed(), count, firstAt };
    const position = this.#next++;
    this.#put({ position, wasSent: false, event });
    this.#open.set(key, position);
    this.#loseOldest();
  }

  // -------------------------------------------------------------- out, and back

  /** Takes up to so many, the oldest first, for a report that keeps them from now on. */
  take(limit = EVENTS_LIMIT): EventReport[] {
    const taken: EventReport[] = [];
    for (const [position, { event }] of this.#waiting) {
      if (taken.length >= limit) break;
      taken.push(event);
      this.#remove(position);
    }
    return taken;
  }

  /** What given-up reports had, in order: it waits again, before all else. */
  putBack(events: readonly EventReport[]): void {
    if (events.length === 0) return;
    const [first = this.#next] = this.#waiting.keys();
    this.#putFirst(events.map((event, index) => ({ position: first - events.length + index, wasSent: true, event })));
    this.#loseOldest();
  }

  // -------------------------------------------------------------- the bound

  #loseOldest(): void {
    if (this.#waiting.size <= this.#limit) return;
    const [head] = this.#waiting.values();
    // One that no report had takes in what goes now; else there is one more.
    const open = head?.event.lost !== undefined && !head.wasSent ? head : null;
    const surplus = this.#waiting.size - this.#limit + (open === null ? 1 : 0);
    const gone: EventReport[] = [];
    for (const [position, { event }] of this.#waiting) {
      if (gone.length >= surplus) break;
      if (position === open?.position) continue;
      gone.push(event);
      this.#remove(position);
    }
    this.#stand(open, gone);
  }

  /** Puts the record that stands for what is gone at the head. */
  #stand(open: StoredEvent | null, gone: readonly EventReport[]): void {
    const spans = gone.map(({ lost, at }) => lost ?? { events: 1, from: at, to: at });
    if (open?.event.lost !== undefined) spans.push(open.event.lost);
    const lost = {
      events: spans.reduce((sum, { events }) => sum + events, 0), from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)),
    };
    const key = seriesOf({ object: CLUSTER, reason: LOST });
    const series = this.#series.get(key) ?? { count: 0, firstAt: lost.from, toldAt: null, owed: null };
    // Those that others already stood for were counted then.
    series.count += gone.filter((event) => event.lost === undefined).length;
    this.#touch(key, series);
    const { count, firstAt } = series;
    const message = `${lost.events} events of this cluster from ${iso(lost.from)} to ${iso(lost.to)} were dropped: more happened than it keeps until the centre takes them`;
    const event: EventReport = { id: open?.event.id ?? this.#newId(lost.to), at: lost.to, type: "WARNING", reason: LOST, message, count, firstAt, object: CLUSTER, lost };
    if (open !== null) return this.#put({ ...open, event });
    const [first = this.#next] = this.#waiting.keys();
    this.#putFirst([{ position: first - 1, wasSent: false, event }]);
  }

  // -------------------------------------------------------------- parts

  #put(one: StoredEvent): void {
    this.#waiting.set(one.position, one);
    this.#changed(one.position);
  }

  #putFirst(some: readonly StoredEvent[]): void {
    const others = this.#waiting;
    this.#waiting = new Map();
    for (const one of some) this.#put(one);
    for (const [position, one] of others) this.#waiting.set(position, one);
  }

  #remove(position: number): void {
    const one = this.#waiting.get(position);
    if (one === undefined) return;
    this.#waiting.delete(position);
    const key = seriesOf(one.event);
    if (this.#open.get(key) === position) this.#open.delete(key);
    this.#changed(position);
  }

  #touch(key: string, series: Series): void {
    for (const gone of keepLast(this.#series, key, series)) this.#owed.delete(gone);
  }

  #newId(at: number): string {
    return uuidv7(at, this.#random);
  }
}

const LOST = "EventsLost";
const CLUSTER: EventObject = { kind: "cluster" };

/** A clock that was set back makes nobody wait. */
const isDue = ({ toldAt }: Series, now: number): boolean => toldAt === null || now - toldAt >= REPEAT_MS || now < toldAt;

const iso = (at: number): string => new Date(at).toISOString();

const seriesOf = ({ object, reason }: { readonly object: EventObject; readonly reason: string }): string =>
  object.kind === "cluster" ? `cluster ${reason}` : `${object.kind} ${object.id} ${reason}`;

/** Puts a member last, and lets go of those that were touched longest ago; says which. */
function keepLast<T>(map: Map<string, T>, key: string, value: T): string[] {
  map.delete(key);
  map.set(key, value);
  const gone: string[] = [];
  for (const oldest of map.keys()) {
    if (map.size <= SERIES_LIMIT) break;
    map.delete(oldest);
    gone.push(oldest);
  }
  return gone;
}
