import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Sink } from "../realtime/shared-streams.ts";
import type { Payload } from "./payload.ts";

/**
 * Frames of `next` messages, written by ourselves onto a WebSocket's connection: all of a frame but the operation's id is the same for everybody, and is there
 * already. What leaves together is one write. ws writes each of its own frames whole and in the same turn (nothing is compressed), so that frames never mix.
 *
 *   │ 81 │ length │ {"id":"…","type":"next","payload": │ {"data":…}} │
 *     └──── for this operation ────────────────────────┘  └─ shared ─┘
 */
export class Wire {
  readonly #stream: Duplex;
  readonly #socket: WebSocket;
  #waiting: Set<() => void> | null = null;

  constructor(stream: Duplex, socket: WebSocket) {
    this.#stream = stream;
    this.#socket = socket;
  }

  /** What is written leaves for the network, or waits behind little. */
  get ready(): boolean {
    return this.#isOpen && !this.#stream.writableNeedDrain;
  }

  next(head: string, payloads: readonly Payload[]): void {
    if (this.#isOpen) writeFrames(this.#stream, head, payloads);
  }

  /** Calls back once it is ready; never, where the socket is closing. */
  await(callback: () => void): void {
    if (this.#waiting) return void this.#waiting.add(callback);
    this.#waiting = new Set([callback]);
    const tell = (): void => {
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const one of waiting) one();
    };
    if (this.#stream.writableNeedDrain) this.#stream.once("drain", tell);
    else if (this.#isOpen) setImmediate(tell);
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
}

/** Larger ones are not copied. */
const COPIED_BYTES = 64 * 1024;
const TEXT_AND_LAST = 0x81;

/** One text frame for each payload. */
export function writeFrames(stream: Duplex, head: string, payloads: readonly Payload[]): void {
  const headBytes = Buffer.byteLength(head);
  let total = 0;
  for (const { tail } of payloads) total += longestHeader(headBytes + tail.byteLength) + headBytes + tail.byteLength;
  if (total <= COPIED_BYTES) {
    const frames = Buffer.allocUnsafe(total);
    let at = 0;
    for (const { tail } of payloads) {
      at = writeHead(frames, at, head, headBytes, tail.byteLength);
      frames.set(tail, at);
      at += tail.byteLength;
    }
    stream.write(frames);
    return;
  }
  stream.cork();
  for (const { tail } of payloads) {
    const before = Buffer.allocUnsafe(longestHeader(headBytes + tail.byteLength) + headBytes);
    writeHead(before, 0, head, headBytes, tail.byteLength);
    stream.write(before);
    stream.write(tail);
  }
  stream.uncork();
}

const longestHeader = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

function writeHead(frame: Buffer, start: number, head: string, headBytes: number, tailBytes: number): number {
  const length = headBytes + tailBytes;
  let at = start;
  frame[at++] = TEXT_AND_LAST;
  if (length < 126) frame[at++] = length;
  else if (length < 65_536) {
    frame[at++] = 126;
    at = frame.writeUInt16BE(length, at);
  } else {
    frame[at++] = 127;
    at = frame.writeBigUInt64BE(BigInt(length), at);
  }
  frame.write(head, at, "utf8");
  return at + headBytes;
}

/**
 * The messages of one operation, for graphql-ws, which thinks of them as an iterator: it waits for their end and says so to the client, or returns it where the
 * client has had enough. What is told meanwhile goes onto the wire beside it, and nothing before it has asked for the first time.
 */
export class OperationSink implements Sink<Payload> {
  readonly #wire: Wire;
  readonly #head: string;
  #begun = false;
  #ended = false;
  #end: ((step: IteratorReturnResult<undefined>) => void) | null = null;
  #begin: (() => void) | null = null;

  constructor(wire: Wire, id: string) {
    this.#wire = wire;
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  }

  get ready(): boolean {
    return this.#begun && this.#wire.ready;
  }

  send(payloads: readonly Payload[]): void {
    this.#wire.next(this.#head, payloads);
  }

  await(waiting: { onReady(): void }): void {
    if (this.#begun) this.#wire.await(() => waiting.onReady());
    else this.#begin = () => waiting.onReady();
  }

  end(): void {
    this.#ended = true;
    this.#end?.(DONE);
  }

  /** `leave`: the client has had enough. */
  iterator(leave: () => void): AsyncGenerator<never, undefined> {
    const end = async (): Promise<IteratorReturnResult<undefined>> => {
      leave();
      this.end();
      return DONE;
    };
    const iterator: AsyncGenerator<never, undefined> = {
      next: () => {
        this.#begun = true;
        this.#begin?.();
        this.#begin = null;
        return new Promise((resolve) => {
          if (this.#ended) resolve(DONE);
          else this.#end = resolve;
        });
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]: () => iterator,
      async [Symbol.asyncDispose]() {
        await end();
      },
    };
    return iterator;
  }
}
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The messages of a subscription, one when it is asked for. */
export class PullSink implements Sink<Payload> {
  readonly #taken: Payload[] = [];
  #ended = false;
  #asked: ((step: IteratorResult<Payload, undefined>) => void) | null = null;
  #waiting: (() => void) | null = null;

  get ready(): boolean {
    return this.#asked !== null;
  }

  send(payloads: readonly Payload[]): void {
    this.#taken.push(...payloads);
    this.#give();
  }

  await(waiting: { onReady(): void }): void {
    this.#waiting = () => waiting.onReady();
    if (this.ready) setImmediate(() => this.#tell());
  }

  end(): void {
    this.#ended = true;
    this.#give();
  }

  next(): Promise<IteratorResult<Payload, undefined>> {
    return new Promise((resolve) => {
      this.#asked = resolve;
      this.#give();
      if (this.ready) this.#tell();
    });
  }

  #give(): void {
    const asked = this.#asked;
    if (!asked) return;
    const value = this.#taken.shift();
    if (value === undefined && !this.#ended) return;
    this.#asked = null;
    asked(value === undefined ? DONE : { done: false, value });
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }
}
