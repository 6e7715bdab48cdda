import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { buildSchema, type ExecutionResult, type GraphQLError, parse, subscribe } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

/**
 * Subscriptions over WebSocket and event streams from a real server on a real socket, which here is made to do what a server should not: go
 * away, end early, fall silent. What the product's own server sends is the scenarios' subject.
 */
export interface FaultyApi {
  readonly port: number;
  /** The `after` that each subscription to the pods came with. */
  readonly afters: (string | null)[];
  /** Every socket is closed with 1000, and every event stream ended, as if all were said. */
  closeAll(): void;
  /** As kill -9 would: every connection is cut. */
  kill(): Promise<void>;
}

type Feed<Args> = (args: Args, subscription: number) => AsyncIterable<unknown>;
export interface Feeds {
  readonly pods?: Feed<{ after: string | null }>;
  readonly operation?: Feed<{ id: string }>;
  readonly application?: Feed<{ id: string }>;
}

export interface FaultyOptions {
  readonly port?: number;
  /** Whether a caller is let in. */
  readonly onConnect?: () => boolean;
  /** false: WebSockets are refused, as by a proxy that knows only plain HTTP. */
  readonly webSockets?: boolean;
  /** In place of an event stream. */
  readonly onPost?: (response: ServerResponse) => void;
}

const schema = buildSchema(`
  type Query { ping: Int }
  input PodFilter { keyword: String }
  type Pod { id: ID! }
  type Pods { cursor: String! snapshot: Boolean! complete: Boolean upserted: [Pod!] removedIds: [ID!] at: String }
  type Operation { id: ID! state: String! finishedAt: String error: String targetName: String progress: Progress steps: Steps }
  type Progress { completed: Int total: Int percent: Int }
  type Steps { totalCount: Int nodes: [Step!] }
  type Step { name: String state: String message: String }
  type Application { id: ID! }
  type Subscription { pods(filter: PodFilter, after: String): Pods! operation(id: ID!): Operation! application(id: ID!): Application }
`);

export const never = (): Promise<never> => new Promise(() => {});

export async function startFaultyApi(feeds: Feeds, { port = 0, onConnect = () => true, webSockets = true, onPost }: FaultyOptions = {}): Promise<FaultyApi> {
  const afters: (string | null)[] = [];
  const open = new Set<ServerResponse>();
  let subscriptions = 0;
  const roots = {
    pods: (args: { after?: string | null }) => {
      afters.push(args.after ?? null);
      return feeds.pods?.({ after: args.after ?? null }, (subscriptions += 1));
    },
    operation: (args: { id: string }) => feeds.operation?.(args, (subscriptions += 1)),
    application: (args: { id: string }) => feeds.application?.(args, (subscriptions += 1)),
  };

  const server: Server = createServer((request, response) => {
    if (onPost) return onPost(response);
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!onConnect()) {
      response.writeHead(403, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ errors: [{ message: "Forbidden", extensions: { code: "FORBIDDEN" } }] }));
    }
    const { query, variables } = (await json(request)) as { query: string; variables: Record<string, unknown> };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":\n\n");
    open.add(response);
    response.once("close", () => open.delete(response));
    const write = (result: ExecutionResult): boolean => response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
    const result = await subscribe({ schema, document: parse(query), rootValue: roots, variableValues: variables });
    if (Symbol.asyncIterator in result) {
      response.once("close", () => void result.return?.());
      try {
        for await (const message of result) if (!response.closed) write(message);
      } catch (error) {
        write({ errors: [error as GraphQLError] });
      }
    } else write(result);
    response.end("event: complete\ndata:\n\n");
  };
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (webSockets) sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
    else socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  // Validation is off: the client's documents ask for more than this small schema has.
  useServer({ schema, roots: { subscription: roots }, validate: () => [], onConnect }, sockets);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    afters,
    closeAll() {
      for (const socket of sockets.clients) socket.close(1000, "Normal Closure");
      for (const response of open) response.end();
    },
    kill: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
