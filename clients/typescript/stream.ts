import { askedToWaitMs, backoffMs, sleep } from "./backoff.ts";
import { GraphqlError, type GraphqlErrorEntry, UnreachableError } from "./errors.ts";
import { createMailbox, type Ending, type Mailbox } from "./mailbox.ts";
import { type Change, changeIn, dataOf, errorsOf, isFinal, mayEnd } from "./messages.ts";
import { advance, BEGINNING, type StreamEvent, type StreamState } from "./state.ts";
import type { Loss, Transport } from "./transport.ts";

/**
 * A subscription that outlives its connection, over whichever transport. How it stands is told by state.ts. Invariants:
 *
 * - It never ends silently: it ends because its subject did (a finished operation, a deleted application), because the caller stopped it
 *   (signal, break, return(), or the client's close(); no error then), or with an error that says why. A server that merely completes or
 *   closes is asked again, without end, with growing pauses of random length.
 * - What the caller has taken is what counts: `after` moves with the cursor of each message handed out, so a resume repeats nothing and
 *   misses nothing. A message with `snapshot: true` says that the server began anew: forget what you hold.
 * - A cursor that the server does not know any more starts a set's stream anew, with a snapshot; where the document could not tell that
 *   (it selects no `snapshot`) the stream fails with CURSOR_EXPIRED instead: never a silent jump.
 * - Streams without a cursor (operation, application, overview) send their object whole, again after every reconnect.
 *
 * It fails for good where asking again can't help: the token, the document or the variables are refused (GraphqlError), or a server that has
 * never answered this stream fails SERVER_FAILURES times in a row. One that can't be reached is asked without end.
 */
export interface StreamOptions {
  /** Aborted, the stream ends without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every change of the state. */
  readonly onState?: ((state: StreamState) => void) | undefined;
  /** After so many milliseconds without a message the connection counts as dead. Default 45,000: the server sends something at least every 15 seconds. */
  readonly silenceMs?: number | undefined;
}

/**
 * The messages, and how the stream stands. Nothing is asked of the server before the first next(). Messages that come while the caller is
 * busy wait, up to a limit; beyond it they are asked for again.
 */
export interface MessageStream<Data> extends AsyncGenerator<Data, void, void> {
  readonly state: StreamState;
  /** When the last message arrived, by this machine's clock. */
  readonly heardAt: Date | null;
  /** `at` of the last message that was taken: the server's time, where the document selects it. */
  readonly serverTime: string | null;
  /** Of the last message that was taken: as `after`, where another stream with the same filter goes on, in another process as well. */
  readonly cursor: string | null;
  /** Calls the listener at every change of the state; returns what ends that. */
  onState(listener: (state: StreamState) => void): () => void;
  /** Ends the stream at once, also while a message is waited for. */
  return(): Promise<IteratorResult<Data, void>>;
}

const SILENCE_MS = 45_000;
/** What may wait to be taken, in objects. */
const WAITING_OBJECTS = 20_000;
/** The same amid a snapshot: its parts are as many as the set has, and asked for again they would all come again. */
const WAITING_IN_PARTS = 2_000_000;
/** What a message weighs beside its objects. */
const MESSAGE_WEIGHT = 20;
const SERVER_FAILURES = 8;

const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set(["INTERNAL", "TIMEOUT", "RATE_LIMITED"]);

interface Received {
  readonly data: unknown;
  readonly change: Change | null;
  readonly at: Date;
}

interface Interruption {
  readonly reason: string;
  /** From the server itself (counted), or from the way to it. */
  readonly byServer: boolean;
  readonly waitMs: number | null;
  readonly error: Error;
}

export function openStream(transport: Transport, url: string, query: string, given: Readonly<Record<string, unknown>>, options: StreamOptions = {}): MessageStream<unknown> {
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const listeners = new Set<(state: StreamState) => void>();
  if (options.onState) listeners.add(options.onState);
  let standing = BEGINNING;
  let cursor: string | null = null;
  let serverTime: string | null = null;

  const tell = (event: StreamEvent): void => {
    const before = standing.state;
    standing = advance(standing, event);
    if (standing.state === before) return;
    for (const listener of listeners) {
      try {
        listener(standing.state);
      } catch (error) {
        // A listener's fault is its program's, not the stream's.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
  const aborted = (): void => tell({ kind: "over", how: "aborted" });
  if (signal.aborted) aborted();
  else signal.addEventListener("abort", aborted, { once: true });

  async function* attempts(): AsyncGenerator<unknown, void, void> {
    const { after: givenAfter, ...others } = given;
    let after = givenAfter;
    let serverFailures = 0;
    let expired = false;
    let last: unknown;
    const stateIsTold = /\bsnapshot\b/.test(query);
    while (!signal.aborted) {
      let resumed = typeof after === "string" || typeof after === "number";
      let ending: Ending | null = null;
      const mailbox = createMailbox<Received>({
        weight: ({ change }) => MESSAGE_WEIGHT + (change?.objects ?? 0),
        limit: ({ change }) => (change?.complete === false ? WAITING_IN_PARTS : WAITING_OBJECTS),
        replaces: ({ change }) => change === null,
      });
      const stop = connect(transport, query, after === undefined ? others : { ...others, after }, mailbox, tell);
      signal.addEventListener("abort", stop, { once: true });
      try {
        while (ending === null) {
          const taken = await mailbox.take(options.silenceMs ?? SILENCE_MS, signal);
          if (taken.kind !== "message") {
            ending = taken;
            break;
          }
          const { data, change, at } = taken.data;
          serverFailures = 0;
          last = data;
          if ((resumed || expired) && change?.snapshot) tell({ kind: "anew" });
          resumed = expired = false;
          if (change !== null) {
            ({ cursor } = change);
            serverTime = change.at;
            ({ after } = change);
          }
          tell({ kind: "taken", whole: change?.complete ?? true, at });
          yield data;
          if (isFinal(data)) return;
        }
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
      if (ending.kind === "aborted") return;
      if (ending.kind === "overflow") {
        tell({ kind: "taken", whole: false, at: new Date() });
        continue;
      }
      if (ending.kind === "completed" && mayEnd(last)) return;
      const interruption = interpret(ending, url);
      if (interruption.byServer) serverFailures += 1;
      if (serverFailures > SERVER_FAILURES && standing.heardAt === null) throw interruption.error;
      if (codeOf(interruption.error) === "CURSOR_EXPIRED") {
        if (!resumed || !stateIsTold) throw interruption.error;
        after = undefined;
        expired = true;
        tell({ kind: "anew" });
        continue;
      }
      // A loss that the transport reported was told when it came.
      if (ending.kind !== "failed") tell({ kind: "lost", reason: interruption.reason });
      const wait = interruption.waitMs === null ? backoffMs(standing.attempt) : askedToWaitMs(interruption.waitMs);
      if (interruption.byServer) await sleep(wait, signal);
      else await sleepUntilConnected(transport, wait, signal);
    }
  }

  async function* messages(): AsyncGenerator<unknown, void, void> {
    try {
      yield* attempts();
      tell({ kind: "over", how: "ended" });
    } catch (error) {
      tell({ kind: "over", how: "failed", error: error as Error });
      throw error;
    } finally {
      aborted();
      signal.removeEventListener("abort", aborted);
    }
  }

  const generator = messages();
  /** Not the generator's own return() alone: that would wait for the message under way. */
  const end = (): Promise<IteratorResult<unknown, void>> => {
    closing.abort();
    aborted();
    signal.removeEventListener("abort", aborted);
    return generator.return();
  };
  const stream: MessageStream<unknown> = {
    get state() {
      return standing.state;
    },
    get heardAt() {
      return standing.heardAt;
    },
    get serverTime() {
      return serverTime;
    },
    get cursor() {
      return cursor;
    },
    onState(listener) {
      // An entry of its own for each call: the same function may listen twice.
      const entry = (state: StreamState): void => listener(state);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    next: () => generator.next(),
    return: end,
    throw(error) {
      closing.abort();
      return generator.throw(error);
    },
    [Symbol.asyncIterator]: () => stream,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
  return stream;
}

/** One attempt. What it hears is put into the mailbox, and told of at once; what it was, when it is taken. */
function connect(transport: Transport, query: string, variables: Readonly<Record<string, unknown>>, mailbox: Mailbox<Received>, tell: (event: StreamEvent) => void): () => void {
  let over = false;
  let final = false;
  const lost = (loss: Loss): void => {
    if (over) return;
    over = true;
    // At once, although messages may still wait to be taken. What ends the stream is told when the reader gets there.
    if (!final && !isForGood(loss)) tell({ kind: "lost", reason: loss.kind === "refused" ? new GraphqlError(loss.errors).message : loss.reason });
    mailbox.end({ kind: "failed", loss });
  };
  const stop = transport.subscribe({ query, variables }, {
    lost,
    opened() {
      if (!over) tell({ kind: "opened" });
    },
    next(message) {
      if (over) return;
      const errors = errorsOf(message);
      if (errors !== null) return lost({ kind: "refused", errors: errors as readonly GraphqlErrorEntry[] });
      const at = new Date();
      const data = dataOf(message);
      final ||= isFinal(data);
      tell({ kind: "heard", at });
      mailbox.put({ data, change: changeIn(data), at });
    },
    complete() {
      if (over) return;
      over = true;
      mailbox.end({ kind: "completed" });
    },
  });
  return () => {
    over = true;
    stop();
  };
}

const isForGood = (loss: Loss): boolean => loss.kind === "refused" && !WORTH_ANOTHER_TRY.has(new GraphqlError(loss.errors).code);
const codeOf = (error: Error): string | null => (error instanceof GraphqlError ? error.code : null);

/** Where another stream of the client has found the server back, this one need not wait any longer. */
async function sleepUntilConnected(transport: Transport, ms: number, signal: AbortSignal): Promise<void> {
  const connected = new AbortController();
  const forget = transport.onConnected(() => connected.abort());
  await sleep(ms, AbortSignal.any([signal, connected.signal]));
  forget();
}

/** What an ending means: throws where it is for good, else says why and how long to wait. */
function interpret(ending: Exclude<Ending, { kind: "aborted" | "overflow" }>, url: string): Interruption {
  const lost = (reason: string, byServer = false): Interruption => ({ reason, byServer, waitMs: null, error: new UnreachableError(url, reason) });
  if (ending.kind === "completed") return lost("the server ended the stream early");
  if (ending.kind === "silent") return lost("nothing was heard for too long");
  const { loss } = ending;
  if (loss.kind !== "refused") return lost(loss.reason, loss.kind === "foreign");
  const error = new GraphqlError(loss.errors);
  if (error.code !== "CURSOR_EXPIRED" && !WORTH_ANOTHER_TRY.has(error.code)) throw error;
  return { reason: error.message, byServer: true, waitMs: error.retryAfterMs, error };
}
