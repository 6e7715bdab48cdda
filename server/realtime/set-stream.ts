import { formatCursor, parseCursor, subscriptionKey, type Position } from "./cursor.ts";
import { type Changes, changesOf, type Subscriber } from "./fanout.ts";
import { rest } from "./rest.ts";
import { Joining, type Sharing } from "./sharing.ts";
import type { Matcher, SetWatch, StateChange, StreamParts } from "./state-stream.ts";
import type { TimelineKind } from "./timeline.ts";

/** One subscription to a set; a class for what it remembers from message to message. The laws are told in live.ts. */
export class SetStream implements Sharing {
  readonly #watch: SetWatch;
  readonly #parts: StreamParts;
  readonly #key: string;
  /** What the subscriber was shown and not told to be gone; null: too much to remember, or unknown. */
  #held: Set<string> | null = null;
  /**
   * After a resume, until it answers yes: what was deleted before #held was read, but stands later on the timeline than the cursor, is not in
   * #held although the subscriber has it. So long all that does not match is told to be gone.
   */
  #settled: (() => boolean) | null = null;
  #position: Position;
  #sent = performance.now();
  #place: Position;
  #round = 0;
  /** Whether the subscriber has been told a whole state, and not a part of a snapshot since. */
  #begun = false;
  /** Whether it has been told all of the round. */
  #complete = false;
  /** The last round that told something did so in several messages. */
  #split = false;
  /** While nothing is looked at: who notes what there is to look at next. */
  #resting: Subscriber | null = null;
  readonly #joining = new Joining<Memory>();

  constructor(watch: SetWatch, parts: StreamParts) {
    this.#watch = watch;
    this.#parts = parts;
    this.#position = parts.tailer.position;
    this.#place = this.#position;
    const { tenantId, namespaces } = parts.viewer();
    this.#key = subscriptionKey(watch.type, tenantId, namespaces, watch.args);
  }

  get place(): Position {
    return this.#place;
  }

  get told(): Position {
    return this.#position;
  }

  get whole(): boolean {
    return this.#begun && this.#complete;
  }

  /** Who joins amid so much that it takes several messages would be told cursors from before it joined: not while that goes on. */
  get open(): boolean {
    return this.#begun && !(this.#split && !this.#isQuiet);
  }

  get round(): number {
    return this.#round;
  }

  absorb(other: SetStream): void {
    const memory = { held: other.#held, settled: other.#settled };
    if (!this.#isQuiet) return this.#joining.add(other.place, memory);
    // Whatever is to be told next is beyond this place, and no cursor of it goes back behind the place of who joins.
    this.#place = this.#position = this.#parts.tailer.position;
    this.#remember(memory);
  }

  /** It rests, and nothing was noted: all up to the tailer's place was told. */
  get #isQuiet(): boolean {
    return this.#resting?.hasChanges === false;
  }

  async *run(): AsyncGenerator<StateChange, void, undefined> {
    const { tailer, fanout, timing, viewer, signal } = this.#parts;
    const { after } = this.#watch;
    // Before anything is noted: whatever is, stands beyond the place that is begun at.
    if (after !== null && after !== undefined) await tailer.reach(parseCursor(after).position);
    const subscriber = fanout.subscribe({ tenantId: viewer().tenantId, kinds: this.#watch.kinds });
    let looked = performance.now();
    try {
      yield* this.#begin();
      while (!signal.aborted) {
        this.#resting = subscriber;
        await subscriber.wait(this.#sent + timing.heartbeatMs - performance.now(), signal);
        if (subscriber.hasChanges) await rest(Math.max(looked, this.#sent) + timing.gatherMs - performance.now(), signal);
        this.#resting = null;
        if (signal.aborted) return;
        looked = performance.now();
        const { everything, ...changes } = subscriber.take();
        const position = tailer.position;
        this.#beginRound(position);
        const settled = this.#settled?.() ?? true;
        const sorted = everything ? null : await this.#sorted(changes);
        if (!sorted) yield* this.#snapshot(position);
        else {
          yield* this.#tell(sorted, position);
          if (settled) this.#settled = null;
          if (performance.now() - this.#sent >= timing.heartbeatMs) yield this.#message({ complete: true }, position);
        }
      }
    } finally {
      subscriber.close();
    }
  }

  async *#begin(): AsyncGenerator<StateChange, void, undefined> {
    const { after } = this.#watch;
    const { position } = this.#parts.tailer;
    this.#place = position;
    const missed = after === null || after === undefined ? null : await this.#missed(after, position);
    if (missed === null) return yield* this.#snapshot(position);
    // Where the subscriber is: the parts of a message that is split carry this place until the last.
    this.#position = missed.from;
    // Before the changes are looked at: what vanishes after this is remembered, and its end told.
    this.#held = await this.#match();
    this.#settled = this.#parts.tailer.caughtUp();
    const sorted = await this.#sorted(missed.changes);
    if (!sorted) return yield* this.#snapshot(position);
    const sent = yield* this.#tell(sorted, position);
    if (sent === 0) yield this.#message({ complete: true }, position);
  }

  /** What changed since a cursor; null where that cannot be said, and a snapshot has to be sent. */
  async #missed(after: string, to: Position): Promise<{ from: Position; changes: Changes } | null> {
    const { tailer, clock, speed, timing, viewer } = this.#parts;
    const { kinds } = this.#watch;
    const cursor = parseCursor(after);
    const tooOld = clock.now() - cursor.issuedAt > timing.cursorAgeMs * speed;
    if (cursor.incomplete || cursor.of !== this.#key || cursor.position.term !== to.term || tooOld) return null;
    const rows = await tailer.replay(cursor.position, to, { tenantId: viewer().tenantId, kinds: Object.keys(kinds) as TimelineKind[] }, timing.replayRows);
    return rows && { from: cursor.position, changes: changesOf(rows, { kinds }) };
  }

  async *#snapshot(position: Position): AsyncGenerator<StateChange, void, undefined> {
    this.#held = new Set();
    this.#settled = null;
    let first = true;
    let page = await this.#page();
    for (;;) {
      const last = page.at(-1);
      const next = page.length < this.#parts.timing.messageSize || last === undefined ? [] : await this.#page(last);
      const complete = next.length === 0;
      this.#hold(page);
      // Whoever comes back with the cursor of an incomplete one begins anew, so it need not stay where the last whole state was told.
      yield this.#message({ snapshot: first, complete, upserted: page, incomplete: !complete }, position);
      if (complete) return;
      first = false;
      page = next;
    }
  }

  /**
   * What of these changes to tell; null where only a snapshot can. What is told to be gone is never what the viewer may not see: a token of some
   * namespaces hears of a deleted object only if it is known to have had it.
   */
  async #sorted({ ids, deleted, apart }: Changes): Promise<{ upserted: string[]; removed: string[] } | null> {
    const concerned = await this.#concerned(apart);
    if (!concerned) return null;
    const upserted = new Set(concerned);
    const removed: string[] = [];
    const unknown: string[] = [];
    for await (const [id, matches] of this.#matches(this.#watch.args, [...ids])) {
      if (matches) upserted.add(id);
      else {
        upserted.delete(id);
        if (this.#held?.delete(id)) removed.push(id);
        else if (!this.#held || this.#settled) unknown.push(id);
      }
    }
    const narrow = this.#parts.viewer().namespaces !== null;
    if (!narrow) removed.push(...unknown);
    else {
      for await (const [id, exists] of this.#matches({}, unknown)) {
        if (exists) removed.push(id);
        else if (deleted.has(id)) return null;
      }
    }
    return { upserted: [...upserted], removed };
  }

  /** What of the set is concerned by objects of another type; null: too much to name. */
  async #concerned(apart: ReadonlySet<string>): Promise<string[] | null> {
    const { type, concernedBy } = this.#watch;
    if (!concernedBy || apart.size === 0) return [];
    const { rememberedIds } = this.#parts.timing;
    const ids = await this.#matcher().matching(type, concernedBy([...apart]), { limit: rememberedIds + 1 });
    return ids.length > rememberedIds ? null : ids;
  }

  async *#matches(args: SetWatch["args"], ids: readonly string[]): AsyncGenerator<[id: string, matches: boolean], void, undefined> {
    for (const among of slices(ids, this.#parts.timing.messageSize)) {
      const matching = new Set(await this.#matcher().matching(this.#watch.type, args, { among, limit: among.length }));
      for (const id of among) yield [id, matching.has(id)];
    }
  }

  /** Sends it, and answers how many messages that took. */
  async *#tell({ upserted, removed }: { upserted: string[]; removed: string[] }, position: Position): AsyncGenerator<StateChange, number, undefined> {
    const { messageSize } = this.#parts.timing;
    const before = this.#position;
    this.#hold(upserted);
    const gone = slices(removed, messageSize);
    const shown = slices(upserted, messageSize);
    const count = Math.max(gone.length, shown.length);
    if (count > 0) this.#split = count > 1;
    for (let i = 0; i < count; i++) {
      const complete = i === count - 1;
      // Only the last one's cursor is behind all of them.
      yield this.#message({ complete, upserted: shown[i] ?? [], removed: gone[i] ?? [] }, complete ? position : before);
    }
    if (count === 0) {
      this.#position = position;
      this.#complete = true;
    }
    return count;
  }

  #message(parts: { snapshot?: boolean; complete: boolean; incomplete?: boolean; upserted?: readonly string[]; removed?: readonly string[] }, position: Position): StateChange {
    this.#position = position;
    this.#sent = performance.now();
    const { snapshot = false, complete, incomplete = false, upserted = [], removed = [] } = parts;
    this.#complete = complete;
    if (complete) this.#begun = true;
    else if (incomplete) this.#begun = false;
    const at = this.#parts.clock.now();
    const cursor = formatCursor({ position: this.#position, incomplete, issuedAt: at, of: this.#key });
    return { cursor, snapshot, complete, upserted, removed, at };
  }

  #matcher(): Matcher {
    return this.#parts.matcher(this.#parts.viewer());
  }

  #page(after?: string): Promise<string[]> {
    return this.#matcher().matching(this.#watch.type, this.#watch.args, { ...(after === undefined ? {} : { after }), limit: this.#parts.timing.messageSize });
  }

  #hold(ids: Iterable<string>): void {
    if (!this.#held) return;
    for (const id of ids) this.#held.add(id);
    if (this.#held.size > this.#parts.timing.rememberedIds) this.#held = null;
  }

  /** Whatever any of the subscribers was shown is told when it goes. */
  #beginRound(place: Position): void {
    this.#place = place;
    this.#round += 1;
    this.#complete = false;
    for (const memory of this.#joining.due(place)) this.#remember(memory);
  }

  #remember({ held, settled }: Memory): void {
    if (!held) this.#held = null;
    else this.#hold(held);
    const [mine, theirs] = [this.#settled, settled];
    if (mine !== theirs) this.#settled = mine && theirs ? () => mine() && theirs() : (mine ?? theirs);
  }

  async #match(): Promise<Set<string> | null> {
    const { rememberedIds } = this.#parts.timing;
    const ids = await this.#matcher().matching(this.#watch.type, this.#watch.args, { limit: rememberedIds + 1 });
    return ids.length > rememberedIds ? null : new Set(ids);
  }
}

/** What a stream remembers for its subscribers. */
interface Memory {
  readonly held: ReadonlySet<string> | null;
  readonly settled: (() => boolean) | null;
}

function slices<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}
