import type { GraphqlErrorEntry } from "./errors.ts";

/**
 * What carries subscriptions: a WebSocket for many of them (web-socket.ts), or an event stream for each (event-stream.ts). A transport makes
 * one attempt and says how that went; resuming, waiting and giving up are stream.ts' business, and the same for all transports.
 *
 * Each finds by itself the connection that is dead without having been closed: it is lost after so long without any sign of life.
 */
export interface Transport {
  /** Starts one attempt, and returns what ends it. The sink hears nothing more after `lost` or `complete`; after the end, nothing at all. */
  subscribe(payload: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> }, sink: Sink): () => void;
  /** Calls the listener whenever a connection has been made; returns what ends that. */
  onConnected(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface Sink {
  /** The server answers. Before the first message; never where it can't be reached. */
  opened(): void;
  /** A message: `{ data?, errors? }`. */
  next(message: unknown): void;
  lost(loss: Loss): void;
  /** The server says that nothing follows. */
  complete(): void;
}

/** Why an attempt ended; `reason` is for people. */
export type Loss =
  /** The server itself turned it down, or had to give up. */
  | { readonly kind: "refused"; readonly errors: readonly GraphqlErrorEntry[] }
  /** The way to it broke, or it went away. */
  | { readonly kind: "lost"; readonly reason: string }
  /** Something answers at this address that does not speak our protocol. */
  | { readonly kind: "foreign"; readonly reason: string };

export interface TransportOptions {
  /** Of GraphQL over HTTP, e.g. http://127.0.0.1:4000/graphql. */
  readonly url: string;
  readonly token: string | null;
  /** Milliseconds without a sign of life after which a connection counts as dead. Each transport has a default that suits its heartbeat. */
  readonly deadAfterMs?: number | undefined;
}

/** Those who want to know that a connection was made. */
export function createListeners(): { add(listener: () => void): () => void; call(): void } {
  const listeners = new Set<{ readonly listener: () => void }>();
  return {
    add(listener) {
      // An entry of its own for each call: the same function may listen twice.
      const entry = { listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    call() {
      for (const { listener } of listeners) listener();
    },
  };
}

/**
 * WebSocket where that can be opened, else event streams: some proxies let only plain HTTP through. Attempts alternate until one of the two
 * was answered; that one it is from then on.
 */
export function firstThatOpens(first: Transport, second: Transport): Transport {
  const both = [first, second] as const;
  let chosen: Transport | null = null;
  let turn = first;
  return {
    subscribe(payload, sink) {
      const attempt = chosen ?? turn;
      let opened = false;
      return attempt.subscribe(payload, {
        ...sink,
        opened() {
          opened = true;
          chosen ??= attempt;
          sink.opened();
        },
        lost(loss) {
          // Several streams fail together: it is the other one's turn once, not back and forth.
          if (!opened && loss.kind !== "refused") turn = attempt === first ? second : first;
          sink.lost(loss);
        },
      });
    },
    onConnected(listener) {
      const ends = both.map((transport) => transport.onConnected(listener));
      return () => ends.forEach((end) => end());
    },
    async close() {
      await Promise.all(both.map((transport) => transport.close()));
    },
  };
}
