import { timerMs } from "./backoff.ts";
import type { Loss } from "./transport.ts";

/**
 * What a subscription has received and its reader has not taken yet. Bounded: a reader that falls behind is never served from an endless
 * queue. Messages with a cursor are kept in order up to a limit, beyond which the subscription ends as "overflow" and is resumed at the
 * cursor once the reader has caught up; of messages without a cursor (an object sent whole) only the newest is kept.
 */
export type Ending =
  | { readonly kind: "completed" }
  | { readonly kind: "overflow" }
  | { readonly kind: "silent" }
  | { readonly kind: "aborted" }
  | { readonly kind: "failed"; readonly loss: Loss };

export type Taken<Data> = { readonly kind: "message"; readonly data: Data } | Ending;

export interface Mailbox<Data> {
  put(data: Data): void;
  end(ending: Ending): void;
  /** The next message, or how it ended. "silent" after so many milliseconds of neither. Only one taker at a time. */
  take(silenceMs: number, signal?: AbortSignal): Promise<Taken<Data>>;
}

export interface MailboxRules<Data> {
  /** It takes the place of all that wait. */
  readonly replaces?: (data: Data) => boolean;
  /** What a message weighs. Default 1. */
  readonly weight?: (data: Data) => number;
  /** What all that wait may weigh, this one included. */
  readonly limit: number | ((data: Data) => number);
}

export function createMailbox<Data>({ limit, replaces, weight = () => 1 }: MailboxRules<Data>): Mailbox<Data> {
  const messages: Data[] = [];
  let waiting = 0;
  let ending: Ending | null = null;
  let wake: (() => void) | null = null;

  const ready = (): Taken<Data> | null => {
    const data = messages.shift();
    if (data === undefined) return ending;
    waiting -= weight(data);
    return { kind: "message", data };
  };

  return {
    put(data) {
      if (ending !== null) return;
      if (replaces?.(data)) messages.length = waiting = 0;
      const heavier = waiting + weight(data);
      // One that is too heavy by itself is taken all the same, where nothing waits: it would be no lighter the next time.
      if (messages.length > 0 && heavier > (typeof limit === "number" ? limit : limit(data))) ending = { kind: "overflow" };
      else {
        messages.push(data);
        waiting = heavier;
      }
      wake?.();
    },
    end(how) {
      ending ??= how;
      wake?.();
    },
    async take(silenceMs, signal) {
      const now = signal?.aborted ? { kind: "aborted" as const } : ready();
      if (now !== null) return now;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          wake = null;
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, timerMs(silenceMs));
        signal?.addEventListener("abort", done, { once: true });
        wake = done;
      });
      return signal?.aborted ? { kind: "aborted" } : (ready() ?? { kind: "silent" });
    },
  };
}
