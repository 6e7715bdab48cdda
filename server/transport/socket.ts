import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, handleProtocols, makeServer, type ServerOptions } from "graphql-ws";
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { WebSocketServer, type WebSocket } from "ws";
import { RequestError } from "../domain/request-error.ts";
import type { Answer } from "../read/answer.ts";
import type { AdmittedOperation, Enforcer } from "./enforce.ts";
import { apiError } from "./errors.ts";
import { createFrames, type Frames } from "./frames.ts";
import type { Limits } from "./limits.ts";
import type { TransportMetrics } from "./metrics.ts";
import type { Runner } from "./run.ts";
import type { Session, Sessions } from "./sessions.ts";
import { OperationSink, Wire } from "./wire.ts";

/**
 * GraphQL over WebSocket: the protocol `graphql-transport-ws`, as graphql-ws speaks it, over our own adapter.
 *
 *   opened ──connection_init with a valid token──▶ acknowledged ──token revoked or expired──▶ its operations end, then closed (4403)
 *      └── none in time: 4408; a bad one: 4403
 *
 * A refused operation gets its own `error` message and the socket stays. Only a breach of the protocol itself closes it.
 * The library does the handshake, validates what comes, and says what begins and ends; the messages of subscriptions are written beside it (wire.ts).
 * Nothing is queued here: an operation's next message is made once those before have left for the network, and a client that reads
 * nothing answers no ping either and is cut off after two of them.
 */
export interface Sockets {
  /** Takes over an HTTP connection that asked to become a WebSocket; path and origin were checked. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** Says 1001 to all, and cuts off who has not gone after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface SocketsOptions {
  readonly schema: GraphQLSchema;
  readonly enforcer: Enforcer;
  readonly runner: Runner;
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly metrics: TransportMetrics;
  /** An id for the log. */
  requestId(): string;
  /** Of who asks. */
  sourceAddress(request: IncomingMessage): string | null;
  /** What the request came to, for links to it. */
  origin(request: IncomingMessage): string;
}

interface Extra {
  readonly sourceAddress: string | null;
  readonly origin: string;
  readonly socket: WebSocket;
  readonly frames: Frames;
  readonly wire: Wire;
  session?: Session;
  gone: boolean;
}

const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;
const AS_TEXT = { binary: false };
/** What may lie unread in a socket, pongs and answers to refused operations, before it is given up. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
/** From the end of a session to the end of its socket: its operations' last messages leave first. */
const FAREWELL_MS = 250;

export function createSockets(options: SocketsOptions): Sockets {
  const { schema, enforcer, runner, sessions, limits, logger, metrics } = options;
  const waiting = new WeakMap<ExecutionArgs, { readonly id: string; readonly operation: AdmittedOperation }>();
  const alive = new Map<WebSocket, boolean>();

  const run = async (extra: Extra, args: ExecutionArgs) => {
    const { id, operation } = waiting.get(args) as { id: string; operation: AdmittedOperation };
    const viewer = extra.session?.viewer();
    if (!viewer || !extra.session) return { errors: [unauthenticated()] };
    const caller = { viewer, transport: "websocket", requestId: options.requestId(), sourceAddress: extra.sourceAddress, origin: extra.origin } as const;
    if (operation.kind !== "subscription") return runner.execute(operation, caller);
    const sink = new OperationSink(extra.wire, id);
    const followed = await runner.follow(operation, caller, extra.session, sink);
    return "state" in followed ? sink.iterator(() => followed.leave()) : followed;
  };

  const protocol: ServerOptions<Record<string, unknown>, Extra> = {
    connectionInitWaitTimeout: limits.connectionInitTimeoutMs,
    async onConnect({ connectionParams, extra }) {
      const token = bearerToken(connectionParams?.["authorization"] ?? connectionParams?.["Authorization"]);
      const session = token === null ? null : await sessions.open(token);
      if (!session) return false;
      if (extra.gone) {
        session.release();
        return false;
      }
      extra.session = session;
      session.ended.addEventListener("abort", () => setTimeout(() => extra.socket.close(CloseCode.Forbidden, "Forbidden"), FAREWELL_MS).unref(), { once: true });
      return true;
    },
    onSubscribe({ subscriptions, extra }, id, payload) {
      // The one that is asked for is in the list already.
      if (Object.keys(subscriptions).length > limits.maxOperationsPerSocket) {
        return [apiError("RATE_LIMITED", `A socket may have ${limits.maxOperationsPerSocket} operations at once.`, { details: { retryAfterMs: 1000 } })];
      }
      const admission = enforcer.admit(payload, extra.session?.viewer() ?? null);
      if (!admission.ok) return admission.errors;
      const { operation } = admission;
      const args: ExecutionArgs = { schema, document: operation.execution.document, operationName: operation.execution.operation.name?.value, contextValue: extra };
      waiting.set(args, { id, operation });
      return args;
    },
    // Answers that are text are no results to graphql-ws, but it only hands them on to onNext.
    execute: (args: ExecutionArgs) => run(args.contextValue as Extra, args) as Promise<ExecutionResult>,
    subscribe: (args: ExecutionArgs) => run(args.contextValue as Extra, args) as Promise<AsyncGenerator<ExecutionResult> | ExecutionResult>,
    onNext: ({ extra }, _id, _payload, _args, result) => extra.frames.payload(result as Answer),
  };
  const graphql = makeServer(protocol);

  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: limits.maxBodyBytes, handleProtocols });

  const accept = (socket: WebSocket, stream: Duplex, sourceAddress: string | null, origin: string): void => {
    const frames = createFrames();
    const extra: Extra = { sourceAddress, origin, socket, frames, wire: new Wire(stream, socket), gone: false };
    alive.set(socket, true);
    metrics.sockets(1);
    socket.on("pong", () => alive.set(socket, true));
    // ws closes the socket itself, with the code that says why (1009: too large a frame).
    socket.on("error", (error) => logger.debug({ err: error }, "a WebSocket broke"));
    const closed = graphql.opened(
      {
        protocol: socket.protocol,
        // Fulfilled once the message is on its way; a message to a socket that has gone is of no interest to anybody.
        send: (message) => {
          const frame = frames.frame(message);
          return new Promise((resolve) => (socket.readyState === socket.OPEN ? socket.send(frame, AS_TEXT, () => resolve()) : resolve()));
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) =>
          socket.on("message", (data, isBinary) => {
            // Without `binaryType` set to another, ws hands on one Buffer.
            if (isBinary) return socket.close(CloseCode.BadRequest, "Invalid message received");
            if (socket.bufferedAmount > MAX_UNREAD_BYTES) return socket.terminate();
            listener((data as Buffer).toString()).catch((error: unknown) => {
              // Too many tokens at once say nothing that is worth a line each.
              logger[error instanceof RequestError ? "debug" : "error"]({ err: error }, "a WebSocket message could not be handled");
              socket.close(TRY_AGAIN_LATER, "Try again later");
            });
          }),
      },
      extra,
    );
    socket.once("close", (code, reason) => {
      extra.gone = true;
      alive.delete(socket);
      metrics.sockets(-1);
      extra.session?.release();
      closed(code, String(reason)).catch((error: unknown) => logger.error({ err: error }, "a WebSocket could not be cleaned up"));
    });
  };

  const heartbeat = setInterval(() => {
    for (const [socket, answered] of alive) {
      if (!answered) socket.terminate();
      else {
        alive.set(socket, false);
        socket.ping();
      }
    }
  }, limits.keepAliveMs);
  heartbeat.unref();

  return {
    upgrade: (request, stream, head) => server.handleUpgrade(request, stream, head, (socket) => accept(socket, stream, options.sourceAddress(request), options.origin(request))),
    async close(graceMs) {
      clearInterval(heartbeat);
      const all = [...alive.keys()].map((socket) => {
        const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
        socket.close(GOING_AWAY, "Going away");
        return gone;
      });
      const grace = setTimeout(() => {
        for (const socket of alive.keys()) socket.terminate();
      }, graceMs);
      await Promise.all(all);
      clearTimeout(grace);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const unauthenticated = () => apiError("UNAUTHENTICATED", "The token of this connection was revoked or has expired.");

/** The token of `Bearer <token>`, or null. */
export function bearerToken(authorization: unknown): string | null {
  const match = typeof authorization === "string" ? /^Bearer +([\x21-\x7e][\x20-\x7e]{0,511})$/i.exec(authorization.trim()) : null;
  return match?.[1] ?? null;
}
