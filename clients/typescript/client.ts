import type { TypedDocument, VariablesOf } from "./document.ts";
import type { OperationProgress } from "./errors.ts";
import { createEventStreamTransport } from "./event-stream.ts";
import { post, type RequestOptions } from "./http.ts";
import { type MessageStream, openStream, type StreamOptions } from "./stream.ts";
import { firstThatOpens, type Transport, type TransportOptions } from "./transport.ts";
import { type Awaited, waitFor, type WaitOptions } from "./wait.ts";
import { createWebSocketTransport } from "./web-socket.ts";

/** How subscriptions are carried: "auto" tries WebSocket first, and stays with event streams where only these get through. */
export type TransportName = "websocket" | "sse" | "auto";

export interface ClientOptions {
  /** Of the server, e.g. http://127.0.0.1:4000; or of its GraphQL endpoint where that is not /graphql. */
  readonly url: string;
  /** An API token; without one, only what an anonymous caller may see. */
  readonly token?: string | null | undefined;
  /** Aborts every request and stream of this client. */
  readonly signal?: AbortSignal | undefined;
  /** Default "websocket". */
  readonly transport?: TransportName | undefined;
  /**
   * Milliseconds without any sign of life after which a connection of subscriptions counts as dead, and another is made. Default 15,000 over
   * WebSocket, which is pinged; 30,000 over event streams, whose server writes a comment every 12 seconds.
   */
  readonly deadAfterMs?: number | undefined;
  /** `retryForMs` of the requests that don't say, where they may be repeated. Default 0. */
  readonly retryForMs?: number | undefined;
}

/** A page of any connection, as far as following it needs. */
export interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly totalCount?: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export interface SelvedgeClient {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** Runs a query or mutation. Throws UnreachableError or GraphqlError. */
  execute<Data, Variables>(document: TypedDocument<Data, Variables>, ...variables: VariablesOf<Variables>): Promise<Data>;
  /** The same, with a signal, a time limit or retries. */
  executeWith<Data, Variables>(options: RequestOptions, document: TypedDocument<Data, Variables>, ...variables: VariablesOf<Variables>): Promise<Data>;
  /** A subscription's messages, across reconnects and restarts of the server; see stream.ts for what it promises, state.ts for what `state` says. */
  subscribe<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables, options?: StreamOptions): MessageStream<Data>;
  /** Follows a connection from page to page; `after` is filled in. */
  pages<Data, Variables extends { readonly after?: string | null | undefined }, Node>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    page: (data: Data) => Page<Node>,
  ): AsyncGenerator<{ readonly data: Data; readonly page: Page<Node> }, void, void>;
  /**
   * The operation once it has ended, however long that takes and whatever happens to the connection. Throws the reason of a signal that is
   * aborted, StillRunningError after `timeoutMs`, and with `orThrow` OperationFailedError.
   */
  waitFor(operation: Awaited, options?: WaitOptions): Promise<OperationProgress>;
  /** `waitFor` with its most used option first. */
  waitForOperation(id: string, onProgress?: (operation: OperationProgress) => void, options?: StreamOptions): Promise<OperationProgress>;
  /** Ends the streams, and closes their connections. */
  close(): Promise<void>;
}

const TRANSPORTS: Readonly<Record<TransportName, (options: TransportOptions) => Transport>> = {
  websocket: createWebSocketTransport,
  sse: createEventStreamTransport,
  auto: (options) => (typeof WebSocket === "undefined" ? createEventStreamTransport(options) : firstThatOpens(createWebSocketTransport(options), createEventStreamTransport(options))),
};

export function createClient(options: ClientOptions): SelvedgeClient {
  const url = endpointOf(options.url);
  const token = options.token ?? null;
  const transport = TRANSPORTS[options.transport ?? "websocket"]({ url, token, deadAfterMs: options.deadAfterMs });
  const closing = new AbortController();

  async function executeWith<Data, Variables>(request: RequestOptions, document: TypedDocument<Data, Variables>, ...[variables]: VariablesOf<Variables>): Promise<Data> {
    const withSignal = { ...request, signal: either(options.signal, request.signal) };
    return (await post({ http: url, token }, String(document), variables ?? {}, withSignal, options.retryForMs)) as Data;
  }

  function subscribe<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables, streamOptions?: StreamOptions): MessageStream<Data> {
    const signal = either(either(options.signal, streamOptions?.signal), closing.signal);
    return openStream(transport, url, String(document), variables as Record<string, unknown>, { ...streamOptions, signal }) as MessageStream<Data>;
  }

  return {
    url,
    executeWith,
    subscribe,
    execute: (document, ...variables) => executeWith({}, document, ...variables),
    async *pages(document, variables, select) {
      let after = variables.after ?? null;
      for (;;) {
        const data = await executeWith({}, document, ...([{ ...variables, after }] as unknown as VariablesOf<typeof variables>));
        const page = select(data);
        yield { data, page };
        if (!page.pageInfo.hasNextPage || page.pageInfo.endCursor === null) return;
        after = page.pageInfo.endCursor;
      }
    },
    waitFor: (operation, waiting) => waitFor(subscribe, operation, { ...waiting, signal: either(options.signal, waiting?.signal) }),
    waitForOperation: (id, onProgress, waiting) => waitFor(subscribe, id, { ...waiting, onProgress, signal: either(options.signal, waiting?.signal) }),
    async close() {
      closing.abort();
      await transport.close();
    },
  };
}

const either = (one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined => (one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other));

/** The endpoint at a server's address. Throws TypeError where the address is no http(s) URL. */
function endpointOf(address: string): string {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new TypeError(`${address} is not an http or https address`);
  if (url.pathname === "/") url.pathname = "/graphql";
  return url.href;
}
