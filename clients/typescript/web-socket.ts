import { type Client, createClient } from "graphql-ws/client";
import { timerMs } from "./backoff.ts";
import type { GraphqlErrorEntry } from "./errors.ts";
import { createListeners, type Loss, type Sink, type Transport, type TransportOptions } from "./transport.ts";

/**
 * Subscriptions over WebSocket (graphql-transport-ws): one connection for up to MAX_OPERATIONS of them, opened when the first needs it and
 * closed a moment after the last is gone; more subscriptions get further connections, because a server limits how many one may carry.
 *
 * graphql-ws would reconnect by itself, but with the variables that a subscription began with, so that an `after` cursor would start over.
 * Here a graphql-ws client therefore lives for a single connection: when that closes, every subscription hears of it, and opens anew with what
 * it knows by then (see stream.ts). Pings find the connection that is dead without having been closed, and a time limit the one that is never
 * made: a proxy that accepts and is silent.
 */
interface Socket {
  readonly client: Client;
  operations: number;
  connected: boolean;
  /** Told when the connection has been made. */
  readonly opening: Set<() => void>;
}

/** Below what the server allows a socket: 64. */
const MAX_OPERATIONS = 60;
/** How long a connection without subscriptions is kept for the next one. */
const IDLE_MS = 2_000;
const CLOSE_WITHIN_MS = 1_000;
const CONNECT_WITHIN_MS = 10_000;
const DEAD_AFTER_MS = 15_000;
const NORMAL_CLOSURE = 1000;
/** graphql-ws says so of one that it was told to terminate. */
const TERMINATED = 4499;

const FOR_GOOD: ReadonlyMap<number, string> = new Map([[4400, "BAD_USER_INPUT"], [4401, "UNAUTHENTICATED"], [4403, "FORBIDDEN"], [4406, "BAD_USER_INPUT"]]);

export function createWebSocketTransport({ url, token, deadAfterMs: given = DEAD_AFTER_MS }: TransportOptions): Transport {
  const deadAfterMs = timerMs(given);
  const sockets = new Set<Socket>();
  const connected = createListeners();
  // The server is asked in time for its answer to come before the connection counts as dead.
  const pingMs = Math.ceil((deadAfterMs * 2) / 3);

  const open = (): Socket => {
    let late: NodeJS.Timeout | undefined;
    const client = createClient({
      url: url.replace(/^http/, "ws"),
      connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      lazyCloseTimeout: IDLE_MS,
      keepAlive: pingMs,
      on: {
        connecting: () => {
          late = setTimeout(() => client.terminate(), Math.min(CONNECT_WITHIN_MS, deadAfterMs));
        },
        connected: () => {
          clearTimeout(late);
          socket.connected = true;
          for (const listener of socket.opening) listener();
          socket.opening.clear();
          connected.call();
        },
        ping: (received) => {
          if (received) return;
          clearTimeout(late);
          late = setTimeout(() => client.terminate(), deadAfterMs - pingMs);
        },
        pong: (received) => {
          if (received) clearTimeout(late);
        },
        error: () => {
          clearTimeout(late);
          sockets.delete(socket);
        },
        closed: (event) => {
          clearTimeout(late);
          sockets.delete(socket);
          // A "normal" closure is the one that graphql-ws answers by connecting again; disposed, it tells its subscriptions instead.
          if (codeOf(event) === NORMAL_CLOSURE) void Promise.resolve(client.dispose()).catch(() => {});
        },
      },
    });
    const socket: Socket = { client, operations: 0, connected: false, opening: new Set() };
    sockets.add(socket);
    return socket;
  };

  return {
    subscribe(payload, sink) {
      const socket = [...sockets].find(({ operations }) => operations < MAX_OPERATIONS) ?? open();
      socket.operations += 1;
      let over = false;
      const leave = (): boolean => {
        if (over) return false;
        over = true;
        socket.operations -= 1;
        socket.opening.delete(opened);
        return true;
      };
      const opened = (): void => {
        if (!over) sink.opened();
      };
      const unsubscribe = socket.client.subscribe(
        { query: payload.query, variables: { ...payload.variables } },
        {
          next: (message) => {
            if (!over) sink.next(message);
          },
          error: (reason) => {
            if (leave()) sink.lost(lossOf(reason));
          },
          complete: () => {
            if (leave()) sink.complete();
          },
        } satisfies { next: Sink["next"]; error: (reason: unknown) => void; complete: Sink["complete"] },
      );
      if (socket.connected) queueMicrotask(opened);
      else socket.opening.add(opened);
      return () => {
        leave();
        unsubscribe();
      };
    },
    onConnected: connected.add,
    async close() {
      const closing = [...sockets].map(async ({ client }) => {
        // One that is still being opened can't be closed in order.
        const tooLate = setTimeout(() => client.terminate(), CLOSE_WITHIN_MS);
        await Promise.resolve(client.dispose()).catch(() => {});
        clearTimeout(tooLate);
      });
      sockets.clear();
      await Promise.all(closing);
    },
  };
}

const codeOf = (reason: unknown): number | null => (typeof reason === "object" && reason !== null && "code" in reason && typeof reason.code === "number" ? reason.code : null);
const textOf = (reason: unknown, key: string): string | null => {
  const text: unknown = typeof reason === "object" && reason !== null ? Reflect.get(reason, key) : undefined;
  return typeof text === "string" && text !== "" ? text : null;
};

/** What graphql-ws reports: GraphQL errors as an array, a close event, an event of a socket that failed, or what it could not read. */
function lossOf(reason: unknown): Loss {
  if (Array.isArray(reason)) return { kind: "refused", errors: reason as GraphqlErrorEntry[] };
  const code = codeOf(reason);
  if (code !== null) {
    const words = code === TERMINATED ? "the connection fell silent" : (textOf(reason, "reason") ?? `the connection was closed with ${code}`);
    const forGood = FOR_GOOD.get(code);
    if (forGood !== undefined) return { kind: "refused", errors: [{ message: words, extensions: { code: forGood } }] };
    return { kind: "lost", reason: words };
  }
  if (reason instanceof SyntaxError) return { kind: "foreign", reason: "it did not speak the protocol" };
  return { kind: "lost", reason: textOf(reason, "message") ?? "the connection failed" };
}
