import { type Client, createClient } from "graphql-ws/client";

/**
 * One WebSocket for all subscriptions of a client, opened when the first needs it and closed when the last is gone.
 *
 * graphql-ws would reconnect by itself, but with the variables that a subscription began with, so that an `after` cursor would start over.
 * Here a graphql-ws client therefore lives for a single connection: when that closes, every subscription hears of it, and opens anew with what
 * it knows by then (see stream.ts). Pings find the connection that is dead without having been closed.
 */
export interface Connection {
  subscribe(payload: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> }, sink: Sink): () => void;
  /** Calls the listener whenever a connection has been made; returns what ends that. */
  onConnected(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface Sink {
  /** A message: `{ data?, errors? }`. */
  next(message: unknown): void;
  /** GraphQL errors as an array; or what closed or failed the connection. */
  error(reason: unknown): void;
  complete(): void;
}

const isNormalClosure = (event: unknown): boolean => typeof event === "object" && event !== null && "code" in event && event.code === 1000;

/** How long a connection without subscriptions is kept for the next one. */
const IDLE_MS = 2_000;
const CLOSE_WITHIN_MS = 1_000;
const PING_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const ACKNOWLEDGE_WITHIN_MS = 10_000;

export function createConnection(url: string, token: string | null): Connection {
  let current: Client | null = null;
  const listeners = new Set<() => void>();

  const open = (): Client => {
    let pong: NodeJS.Timeout | undefined;
    const client = createClient({
      url,
      connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      lazyCloseTimeout: IDLE_MS,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: ACKNOWLEDGE_WITHIN_MS,
      on: {
        ping: (received) => {
          if (received) return;
          clearTimeout(pong);
          pong = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
        },
        pong: (received) => {
          if (received) clearTimeout(pong);
        },
        connected: () => {
          for (const listener of listeners) listener();
        },
        error: () => retire(client),
        closed: (event) => {
          clearTimeout(pong);
          retire(client);
          // A "normal" closure is the one that graphql-ws answers by connecting again; disposed, it tells its subscriptions instead.
          if (isNormalClosure(event)) void Promise.resolve(client.dispose()).catch(() => {});
        },
      },
    });
    return client;
  };

  /** After its one connection: the next subscription gets another client. */
  const retire = (client: Client): void => {
    if (current === client) current = null;
  };

  return {
    subscribe(payload, sink) {
      current ??= open();
      return current.subscribe({ query: payload.query, variables: { ...payload.variables } }, sink);
    },
    onConnected(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      const client = current;
      current = null;
      if (client === null) return;
      // One that is still being opened can't be closed in order.
      const late = setTimeout(() => client.terminate(), CLOSE_WITHIN_MS);
      await Promise.resolve(client.dispose()).catch(() => {});
      clearTimeout(late);
    },
  };
}
