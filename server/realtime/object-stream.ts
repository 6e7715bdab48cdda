import type { Position } from "./cursor.ts";
import { rest } from "./rest.ts";
import type { Sharing } from "./sharing.ts";
import type { ObjectState, ObjectWatch, StreamParts } from "./state-stream.ts";

/** One subscription to one object. What it says is all there is: it remembers nothing for its subscribers, and has no cursors. */
export class ObjectStream implements Sharing {
  readonly #watch: ObjectWatch;
  readonly #parts: StreamParts;
  #place: Position;
  #round = 0;
  #begun = false;

  constructor(watch: ObjectWatch, parts: StreamParts) {
    this.#watch = watch;
    this.#parts = parts;
    this.#place = parts.tailer.position;
  }

  get place(): Position {
    return this.#place;
  }

  get told(): Position {
    return this.#place;
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

  absorb(): void {
    // Each message says all of it.
  }

  async *run(): AsyncGenerator<ObjectState, void, undefined> {
    const { type, id, kinds, concernedBy, ended } = this.#watch;
    const { tailer, fanout, matcher, timing, viewer, signal } = this.#parts;
    if (id === null) return yield { id: null };
    const among = [id];
    const subscriber = fanout.subscribe({ tenantId: viewer().tenantId, kinds, only: new Set(among) });
    const shows = async (args: Readonly<Record<string, unknown>>): Promise<boolean> => (await matcher(viewer()).matching(type, args, { among, limit: 1 })).length > 0;
    try {
      for (;;) {
        subscriber.take();
        const { position } = tailer;
        this.#round += 1;
        this.#place = position;
        // Asked before the object is read for the message: what has ended stays so, hence the last message shows the end.
        const over = ended !== undefined && (await shows(ended));
        const exists = over || (await shows({}));
        this.#begun = true;
        yield { id: exists ? id : null };
        if (over || !exists) return;
        const sent = performance.now();
        let looked = sent;
        for (let due = false; !due; ) {
          await subscriber.wait(sent + timing.heartbeatMs - performance.now(), signal);
          await rest(looked + timing.gatherMs - performance.now(), signal);
          if (signal.aborted) return;
          looked = performance.now();
          const { ids, apart, everything } = subscriber.take();
          this.#place = tailer.position;
          due = everything || ids.size > 0 || looked - sent >= timing.heartbeatMs;
          if (!due && concernedBy && apart.size > 0) due = await shows(concernedBy([...apart]));
        }
      }
    } finally {
      subscriber.close();
    }
  }
}
