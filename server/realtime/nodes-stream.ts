import { parseGlobalId } from "../domain/ids.ts";
import { formatCursor, parseCursor, subscriptionKey, type Position } from "./cursor.ts";
import { ANYWHERE, type Changes, changesOf, type Subscriber, type Taken, type Watched } from "./fanout.ts";
import { waitForAny, rest } from "./rest.ts";
import { Joining, type Sharing } from "./sharing.ts";
import type { NodesState, NodesWatch, StreamParts, WatchedType } from "./state-stream.ts";
import type { TimelineKind } from "./timeline.ts";
import type { TimelineRow } from "./tailer.ts";

/**
 * One subscription to objects of any types. The laws are those of live.ts; here the set is the ids that were asked for, which are few, so that all
 * of them can be looked at when too much changed to name it, and a message holds any number of them. Only the first message may be a snapshot.
 *
 * Each type has a place of its own with the fan-out, because what matters to one type (its cluster, what was deleted with another) means nothing to
 * the next.
 */
export class NodesStream implements Sharing {
  readonly #watch: NodesWatch;
  readonly #parts: StreamParts;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #key: string;
  /** Global ids that the subscriber was shown and not told to be gone. */
  #held = new Set<string>();
  #position: Position;
  #sent = performance.now();
  #place: Position;
  #round = 0;
  #begun = false;
  readonly #joining = new Joining<ReadonlySet<string>>();

  constructor(watch: NodesWatch, parts: StreamParts) {
    const ids = [...new Set(watch.ids)];
    this.#watch = { ...watch, ids };
    this.#parts = parts;
    this.#kinds = kindsOf(this.#watch);
    this.#position = parts.tailer.position;
    this.#place = this.#position;
    const { tenantId, namespaces, role } = parts.viewer();
    this.#key = subscriptionKey("nodes", tenantId, namespaces, role, ids.toSorted());
  }

  get place(): Position {
    return this.#place;
  }

  get told(): Position {
    return this.#position;
  }

  get whole(): boolean {
    return this.#begun;
  }

  get open(): boolean {
    return this.#begun;
  }

  get round(): number {
    return this.#round;
  }

  absorb(other: NodesStream): void {
    this.#joining.add(other.place, other.#held);
  }

  async *run(): AsyncGenerator<NodesState, void, undefined> {
    const { tailer, fanout, timing, viewer, signal } = this.#parts;
    const { tenantId } = viewer();
    const { after } = this.#watch;
    // Before anything is noted: whatever is, stands beyond the place that is begun at.
    if (after !== null && after !== undefined) await tailer.reach(parseCursor(after).position);
    const places = new Map<Kind, Subscriber>();
    for (const kind of this.#kinds.values()) if (Object.keys(kind.kinds).length > 0) places.set(kind, fanout.subscribe({ tenantId, kinds: kind.kinds, only: kind.uuids }));
    const subscribers = [...places.values()];
    let looked = performance.now();
    try {
      yield* this.#begin();
      while (!signal.aborted) {
        await waitForAny(subscribers, this.#sent + timing.heartbeatMs - performance.now(), signal);
        if (subscribers.some((subscriber) => subscriber.hasChanges)) await rest(Math.max(looked, this.#sent) + timing.gatherMs - performance.now(), signal);
        if (signal.aborted) return;
        looked = performance.now();
        const taken = new Map([...places].map(([kind, subscriber]) => [kind, subscriber.take()]));
        const position = tailer.position;
        this.#place = position;
        this.#round += 1;
        for (const held of this.#joining.due(position)) for (const id of held) this.#held.add(id);
        const { upserted, missing } = await this.#changed(taken);
        const removed = missing.filter((id) => this.#held.has(id));
        if (upserted.length + removed.length > 0 || performance.now() - this.#sent >= timing.heartbeatMs) yield this.#message({ upserted, removed }, position);
        else this.#position = position;
      }
    } finally {
      for (const subscriber of subscribers) subscriber.close();
    }
  }

  async *#begin(): AsyncGenerator<NodesState, void, undefined> {
    const { after } = this.#watch;
    const { position } = this.#parts.tailer;
    this.#place = position;
    const rows = after === null || after === undefined ? null : await this.#missed(after, position);
    const there = await this.#existing();
    // Whatever else the subscriber holds, it is told what is not there: it may have been deleted while nobody looked.
    const removed = this.#watch.ids.filter((id) => !there.has(id));
    this.#held = new Set(there);
    if (rows === null) return yield this.#message({ snapshot: true, upserted: this.#inOrder(there), removed }, position);
    const changes = new Map([...this.#kinds.values()].map((kind) => [kind, { ...changesOf(rows, { kinds: kind.kinds, only: kind.uuids }), everything: false }]));
    yield this.#message({ upserted: (await this.#changed(changes)).upserted, removed }, position);
  }

  /** The timeline's rows since a cursor; null where that cannot be said, and a snapshot has to be sent. */
  async #missed(after: string, to: Position): Promise<TimelineRow[] | null> {
    const { tailer, clock, speed, timing, viewer } = this.#parts;
    const cursor = parseCursor(after);
    const tooOld = clock.now() - cursor.issuedAt > timing.cursorAgeMs * speed;
    if (cursor.of !== this.#key || cursor.position.term !== to.term || tooOld) return null;
    const kinds = [...this.#kinds.values()].flatMap((kind) => Object.keys(kind.kinds) as TimelineKind[]);
    return tailer.replay(cursor.position, to, { tenantId: viewer().tenantId, kinds: [...new Set(kinds)] }, timing.replayRows);
  }

  /** Of what may be otherwise than before: what is there, in the order of the ids asked for, and what is not. */
  async #changed(taken: ReadonlyMap<Kind, Taken>): Promise<{ upserted: string[]; missing: string[] }> {
    const there = new Set<string>();
    const missing: string[] = [];
    await Promise.all(
      [...taken].map(async ([kind, changes]) => {
        const candidates = await this.#candidates(kind, changes);
        const existing = new Set(await this.#look(kind.type, candidates));
        for (const uuid of candidates) {
          if (existing.has(uuid)) there.add(kind.globalIdOf(uuid));
          else missing.push(kind.globalIdOf(uuid));
        }
      }),
    );
    return { upserted: this.#inOrder(there), missing };
  }

  async #candidates({ type, uuids, concernedBy }: Kind, { ids, apart, everything }: Changes & { readonly everything: boolean }): Promise<readonly string[]> {
    const all = everything || (apart.size > 0 && !concernedBy) || apart.has(ANYWHERE);
    if (all) return [...uuids];
    if (apart.size === 0 || !concernedBy) return [...ids];
    return [...new Set([...ids, ...(await this.#look(type, [...uuids], concernedBy([...apart])))])];
  }

  /** All that are there for the viewer. */
  async #existing(): Promise<ReadonlySet<string>> {
    const found = await Promise.all([...this.#kinds.values()].map(async (kind) => (await this.#look(kind.type, [...kind.uuids])).map((uuid) => kind.globalIdOf(uuid))));
    return new Set(found.flat());
  }

  #look(type: string, among: readonly string[], where?: ReturnType<NonNullable<WatchedType["concernedBy"]>>): Promise<string[]> {
    if (among.length === 0) return Promise.resolve([]);
    const { matcher, viewer } = this.#parts;
    return matcher(viewer()).existing(type, among, where);
  }

  #inOrder(some: ReadonlySet<string>): string[] {
    return this.#watch.ids.filter((id) => some.has(id));
  }

  #message({ snapshot = false, upserted, removed }: { snapshot?: boolean; upserted: readonly string[]; removed: readonly string[] }, position: Position): NodesState {
    for (const id of upserted) this.#held.add(id);
    for (const id of removed) this.#held.delete(id);
    this.#position = position;
    this.#sent = performance.now();
    this.#begun = true;
    const at = this.#parts.clock.now();
    return { cursor: formatCursor({ position: this.#position, incomplete: false, issuedAt: at, of: this.#key }), snapshot, complete: true, upserted, removed, at };
  }
}

/** The watched objects of one type. */
interface Kind extends WatchedType {
  readonly type: string;
  readonly kinds: Watched;
  readonly uuids: ReadonlySet<string>;
  globalIdOf(uuid: string): string;
}

function kindsOf({ ids, typeOf }: NodesWatch): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const [type, keys] of Map.groupBy(ids.flatMap((id) => parseGlobalId(id) ?? []), (key) => key.type)) {
    const watched = typeOf(type);
    if (watched) kinds.set(type, { ...watched, type, uuids: new Set(keys.map(({ id }) => id)), globalIdOf: (uuid) => `${type}.${uuid}` });
  }
  return kinds;
}
