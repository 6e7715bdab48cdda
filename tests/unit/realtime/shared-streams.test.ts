import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Viewer } from "#server/identity/viewer.ts";
import { createSharedStreams, type Membership, type Sink } from "#server/realtime/shared-streams.ts";
import type { Sharing } from "#server/realtime/sharing.ts";
import { eventually } from "#tests/support/eventually.ts";
import { viewerOf } from "#tests/support/small-api.ts";

interface Numbered {
  readonly cursor: string;
  readonly complete: boolean;
  readonly lines: readonly number[];
}

/** Records 0, 1, 2, … told one a message to every stream, each from its cursor on: the simplest stream that can be shared. */
class Log {
  length = 1;
  readonly #wakes = new Set<() => void>();
  opened = 0;
  append(count = 1): void {
    this.length += count;
    for (const wake of Array.from(this.#wakes)) wake();
  }
  stream(after: string | null): { iterator: AsyncIterator<Numbered>; sharing: Sharing } {
    this.opened += 1;
    let at = after === null ? 0 : Number(after);
    let ended = false;
    let told = false;
    let wakeUp = (): void => undefined;
    const sharing: Sharing = {
      get place() { return { term: 1, xid: at, seq: 0 }; }, get told() { return this.place; }, get round() { return at; }, get whole() { return told; }, get open() { return told; }, absorb: () => undefined,
    };
    const iterator: AsyncIterator<Numbered> = {
      next: async () => {
        while (at >= this.length && !ended) {
          await new Promise<void>((resolve) => {
            wakeUp = resolve;
            this.#wakes.add(resolve);
          });
          this.#wakes.delete(wakeUp);
        }
        if (ended) return { done: true, value: undefined };
        told = true;
        at += 1;
        return { done: false, value: { cursor: String(at), complete: true, lines: [at - 1] } };
      },
      return: async () => {
        ended = true;
        wakeUp();
        return { done: true, value: undefined };
      },
    };
    return { iterator, sharing };
  }
}

class Reader implements Sink<Numbered> {
  readonly lines: number[] = [];
  readonly writes: number[] = [];
  readonly payloads: Numbered[] = [];
  ready: boolean;
  viewer: Viewer | null = viewerOf("VIEWER", "reader");
  membership: Membership | null = null;
  ended = false;
  revoked = false;
  #waiting: { onReady(): void } | null = null;
  constructor(ready = true) {
    this.ready = ready;
  }
  send(payloads: readonly Numbered[]): void {
    this.writes.push(payloads.length);
    for (const payload of payloads) {
      if (payload.cursor === "revoked") this.revoked = true;
      else {
        this.payloads.push(payload);
        this.lines.push(...payload.lines);
      }
    }
  }
  await(waiting: { onReady(): void }): void {
    this.#waiting = waiting;
  }
  go(): void {
    this.ready = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.onReady();
  }
  end(): void {
    this.ended = true;
  }
}

function world() {
  const log = new Log();
  let rendered = 0;
  const shared = createSharedStreams<null, Reader, Numbered>({
    open: async (_subject, _who, _viewer, resume) => log.stream(resume),
    async render(_subject, _who, message) {
      rendered += 1;
      return { payload: message as Numbered, bytes: 10, last: false };
    },
    failed: (_subject, _who, error) => {
      throw error;
    },
    revoked: () => ({ cursor: "revoked", complete: true, lines: [] }),
    viewer: ({ viewer }) => viewer,
    delivered: () => undefined,
    left: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  const enter = async (reader = new Reader()): Promise<Reader> => {
    const entered = await shared.enter("log", null, reader, reader);
    if ("failure" in entered) throw new Error("no stream");
    reader.membership = entered;
    return reader;
  };
  const upTo = (reader: Reader, length: number) => eventually(() => expect(reader.lines).toEqual(Array.from({ length }, (_, line) => line)), { deadlineMs: 10_000 });
  return { log, shared, enter, upTo, get rendered() { return rendered; } };
}

describe("streams that are shared", () => {
  it("make each message once, hand the same to all, and a burst in one write", async () => {
    const { log, shared, enter, upTo, ...counted } = world();
    void counted;
    const readers = await Promise.all(Array.from({ length: 20 }, () => enter()));
    await Promise.all(readers.map((reader) => upTo(reader, 1)));
    await eventually(() => expect(shared.streams).toBe(1), { deadlineMs: 10_000 });
    for (const reader of readers) reader.writes.length = 0;
    log.append(20);
    await Promise.all(readers.map((reader) => upTo(reader, 21)));
    const [first] = readers;
    for (const reader of readers) {
      for (const [n, payload] of reader.payloads.slice(1).entries()) expect(payload).toBe(first?.payloads[n + 1]);
      expect(reader.writes.length).toBeLessThanOrEqual(3);
    }
    for (const { membership } of readers) membership?.leave();
    expect(shared.streams).toBe(0);
  });

  it("wait for nobody who reads nothing: 50 of them beside 1,000 who do, and each is resumed without a gap", async () => {
    const { log, shared, enter, upTo } = world();
    const healthy = await Promise.all(Array.from({ length: 1000 }, () => enter()));
    const stalled = await Promise.all(Array.from({ length: 50 }, () => enter()));
    await Promise.all([...healthy, ...stalled].map((reader) => upTo(reader, 1)));
    await eventually(() => expect(shared.streams).toBe(1), { deadlineMs: 10_000 });
    for (const reader of stalled) reader.ready = false;
    for (let n = 0; n < 100; n += 1) {
      log.append();
      await nextTurn();
    }
    await Promise.all(healthy.map((reader) => upTo(reader, 101)));
    // They hold a cursor each, and no stream.
    for (const { membership, lines } of stalled) {
      expect(membership?.state).toBe("BEHIND");
      expect(lines.length).toBe(1);
    }
    expect(shared.streams).toBe(1);
    for (const reader of stalled) reader.go();
    await Promise.all(stalled.map((reader) => upTo(reader, 101)));
    log.append();
    await Promise.all([...healthy, ...stalled].map((reader) => upTo(reader, 102)));
    await eventually(() => expect(shared.streams).toBe(1), { deadlineMs: 10_000 });
    for (const { membership } of [...healthy, ...stalled]) membership?.leave();
  });

  it("end for whose token has ended, and go on for the others, also for the one whose stream it was", async () => {
    const { log, shared, enter, upTo } = world();
    const [first, second, third] = [await enter(), await enter(), await enter()];
    await Promise.all([first, second, third].map((reader) => upTo(reader, 1)));
    await eventually(() => expect(shared.streams).toBe(1), { deadlineMs: 10_000 });
    first.viewer = null;
    first.membership?.revoke();
    second.viewer = null;
    log.append();
    await upTo(third, 2);
    for (const reader of [first, second]) {
      expect(reader).toMatchObject({ revoked: true, ended: true, lines: [0] });
      expect(reader.membership?.state).toBe("ENDED");
    }
    third.membership?.leave();
    expect(shared.streams).toBe(0);
  });

  it("tell nobody what was made under another scope", async () => {
    const { log, shared, enter, upTo } = world();
    const [wide, narrow] = [await enter(), await enter()];
    await Promise.all([wide, narrow].map((reader) => upTo(reader, 1)));
    await eventually(() => expect(shared.streams).toBe(1), { deadlineMs: 10_000 });
    narrow.viewer = viewerOf("VIEWER", "reader", { namespaceIds: ["one"] });
    log.append();
    await Promise.all([wide, narrow].map((reader) => upTo(reader, 2)));
    // Not the same message: it was served by a stream of its own.
    expect(narrow.payloads[1]).not.toBe(wide.payloads[1]);
    expect(shared.streams).toBe(2);
    for (const { membership } of [wide, narrow]) membership?.leave();
  });
});
