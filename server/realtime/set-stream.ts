import { formatCursor, parseCursor, subscriptionKey, type Position } from "./cursor.ts";
import type { Matcher, SetWatch, StateChange, StreamParts } from "./state-stream.ts";
import { rest } from "./rest.ts";
import type { TimelineKind } from "./timeline.ts";

/** One subscription to a set; a class for what it remembers from message to message. The laws are told in live.ts. */
export class SetStream {
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

  constructor(watch: SetWatch, parts: StreamParts) {
    this.#watch = watch;
    this.#parts = parts;
    this.#position = parts.tailer.position;
    const { tenantId, namespaces } = parts.viewer();
    this.#key = subscriptionKey(watch.type, tenantId, namespaces, watch.args);
  }

  async *run(): AsyncGenerator<StateChange, void, undefined> {
    const { tailer, fanout, timing, viewer, signal } = this.#parts;
    const subscriber = fanout.subscribe({ tenantId: viewer().tenantId, kinds: this.#watch.kinds });
    try {
      yield* this.#begin();
      while (!signal.aborted) {
        await subscriber.wait(this.#sent + timing.heartbeatMs - performance.now(), signal);
        if (subscriber.hasChanges) await rest(this.#sent + timing.gatherMs - performance.now(), signal);
        if (signal.aborted) return;
        const { ids, everything } = subscriber.take();
        const position = tailer.position;
        const settled = this.#settled?.() ?? true;
        if (everything) yield* this.#snapshot(position);
        else {
          yield* this.#changed(ids, position);
          if (settled) this.#settled = null;
          if (performance.now() - this.#sent >= timing.heartbeatMs) yield this.#message({ complete: true }, position);
        }
      }
    } finally {
      subscriber.close();
    }
  }

  async *#begin(): AsyncGenerator<StateChange, void, undefined> {
    const { position } = this.#parts.tailer;
    const { after } = this.#watch;
    const missed = after === null || after === undefined ? null : await this.#missed(after, position);
    if (missed === null) return yield* this.#snapshot(position);
    // Where the subscriber is: the parts of a message that is split carry this place until the last.
    this.#position = missed.from;
    // Before the changes are looked at: what vanishes after this is remembered, and its end told.
    this.#held = await this.#remember();
    this.#settled = this.#parts.tailer.caughtUp();
    const sent = yield* this.#changed(missed.ids, position);
    if (sent === 0) yield this.#message({ complete: true }, position);
  }

  /** What changed since a cursor; null where that cannot be said, and a snapshot has to be sent. */
  async #missed(after: string, to: Position): Promise<{ from: Position; ids: Set<string> } | null> {
    const { tailer, clock, speed, timing, viewer } = this.#parts;
    const cursor = parseCursor(after);
    const tooOld = clock.now() - cursor.issuedAt > timing.cursorAgeMs * speed;
    if (cursor.incomplete || cursor.of !== this.#key || cursor.position.term !== to.term || tooOld) return null;
    const kinds = Object.keys(this.#watch.kinds) as TimelineKind[];
    const rows = await tailer.replay(cursor.position, to, { tenantId: viewer().tenantId, kinds }, timing.replayRows);
    if (!rows) return null;
    const ids = new Set<string>();
    for (const row of rows) {
      if (this.#watch.kinds[row.kind] === "cluster") {
        if (row.clusterId !== null) ids.add(row.clusterId);
      } else for (const id of [...row.ids, ...row.removedIds]) ids.add(id);
    }
    return { from: cursor.position, ids };
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
      yield this.#message({ snapshot: first, complete, upserted: page, incomplete: !complete }, complete ? position : this.#position);
      if (complete) return;
      first = false;
      page = next;
    }
  }

  /** Sends what of these objects matches, and what does not any more; answers how many messages that took. */
  async *#changed(ids: ReadonlySet<string>, position: Position): AsyncGenerator<StateChange, number, undefined> {
    const { messageSize } = this.#parts.timing;
    const before = this.#position;
    const upserted: string[] = [];
    const removed: string[] = [];
    for (const among of slices([...ids], messageSize)) {
      const matching = new Set(await this.#matcher().matching(this.#watch.type, this.#watch.args, { among, limit: among.length }));
      for (const id of among) {
        if (matching.has(id)) upserted.push(id);
        else if (this.#held?.delete(id) || !this.#held || this.#settled) removed.push(id);
      }
    }
    this.#hold(upserted);
    const gone = slices(removed, messageSize);
    const shown = slices(upserted, messageSize);
    const count = Math.max(gone.length, shown.length);
    for (let i = 0; i < count; i++) {
      const complete = i === count - 1;
      // Only the last one's cursor is behind all of them.
      yield this.#message({ complete, upserted: shown[i] ?? [], removed: gone[i] ?? [] }, complete ? position : before);
    }
    if (count === 0) this.#position = position;
    return count;
  }

  #message(parts: { snapshot?: boolean; complete: boolean; incomplete?: boolean; upserted?: readonly string[]; removed?: readonly string[] }, position: Position): StateChange {
    this.#position = position;
    this.#sent = performance.now();
    const { snapshot = false, complete, incomplete = false, upserted = [], removed = [] } = parts;
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

  #hold(ids: readonly string[]): void {
    if (!this.#held) return;
    for (const id of ids) this.#held.add(id);
    if (this.#held.size > this.#parts.timing.rememberedIds) this.#held = null;
  }

  async #remember(): Promise<Set<string> | null> {
    const { rememberedIds } = this.#parts.timing;
    const ids = await this.#matcher().matching(this.#watch.type, this.#watch.args, { limit: rememberedIds + 1 });
    return ids.length > rememberedIds ? null : new Set(ids);
  }
}

function slices<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}
