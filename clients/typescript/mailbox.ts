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
  /** How many may wait when this one comes. */
  readonly limit: number | ((data: Data) => number);
}

export function createMailbox<Data>({ limit, replaces }: MailboxRules<Data>): Mailbox<Data> {
  const messages: Data[] = [];
  let ending: Ending | null = null;
  let wake: (() => void) | null = null;

  const ready = (): Taken<Data> | null => {
    const data = messages.shift();
    return data === undefined ? ending : { kind: "message", data };
  };

  return {
    put(data) {
      if (ending !== null) return;
      if (replaces?.(data)) messages.length = 0;
      if (messages.length >= (typeof limit === "number" ? limit : limit(data))) ending = { kind: "overflow" };
      else messages.push(data);
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
