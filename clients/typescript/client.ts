import { type Connection, createConnection } from "./connection.ts";
import type { TypedDocument, VariablesOf } from "./document.ts";
import { type OperationRowFragment, WatchOperationDocument, type WatchOperationSubscription } from "./generated.ts";
import { post, type RequestOptions } from "./http.ts";
import { stream, type StreamOptions } from "./stream.ts";

export interface ClientOptions {
  /** Of the server, e.g. http://127.0.0.1:4000; or of its GraphQL endpoint where that is not /graphql. */
  readonly url: string;
  /** An API token; without one, only what an anonymous caller may see. */
  readonly token?: string | null | undefined;
  /** Aborts every request and stream of this client. */
  readonly signal?: AbortSignal | undefined;
}

/** An operation as `waitForOperation` reports it. */
export type OperationProgress = WatchOperationSubscription["operation"];

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
  /** A subscription's messages, across reconnects and restarts of the server; see stream.ts for what it promises. */
  subscribe<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables, options?: StreamOptions): AsyncGenerator<Data, void, void>;
  /** Follows a connection from page to page; `after` is filled in. */
  pages<Data, Variables extends { readonly after?: string | null | undefined }, Node>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    page: (data: Data) => Page<Node>,
  ): AsyncGenerator<{ readonly data: Data; readonly page: Page<Node> }, void, void>;
  /** The operation once it has ended, however long that takes and whatever happens to the connection. Aborting throws the signal's reason. */
  waitForOperation(id: string, onProgress?: (operation: OperationProgress) => void, options?: StreamOptions): Promise<OperationProgress>;
  /** Closes the connection of the subscriptions. */
  close(): Promise<void>;
}

export function createClient(options: ClientOptions): SelvedgeClient {
  const url = endpointOf(options.url);
  const token = options.token ?? null;
  const connection: Connection = createConnection(url.replace(/^http/, "ws"), token);

  async function executeWith<Data, Variables>(request: RequestOptions, document: TypedDocument<Data, Variables>, ...[variables]: VariablesOf<Variables>): Promise<Data> {
    return (await post({ http: url, token }, String(document), variables ?? {}, { ...request, signal: either(options.signal, request.signal) })) as Data;
  }

  function subscribe<Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables, streamOptions?: StreamOptions): AsyncGenerator<Data, void, void> {
    const withSignal = { ...streamOptions, signal: either(options.signal, streamOptions?.signal) };
    return stream(connection, url, String(document), variables as Record<string, unknown>, withSignal) as AsyncGenerator<Data, void, void>;
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
    async waitForOperation(id, onProgress, streamOptions) {
      let last: OperationProgress | null = null;
      for await (const { operation } of subscribe(WatchOperationDocument, { id }, streamOptions)) {
        last = operation;
        onProgress?.(operation);
      }
      if (last !== null && hasEnded(last)) return last;
      either(options.signal, streamOptions?.signal)?.throwIfAborted();
      throw new Error(`The stream of operation ${id} ended before the operation did.`);
    },
    close: () => connection.close(),
  };
}

/** An operation that will not change any more. */
export const hasEnded = (operation: Pick<OperationRowFragment, "finishedAt">): boolean => operation.finishedAt !== null;

const either = (one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined => (one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other));

/** The endpoint at a server's address. Throws TypeError where the address is no http(s) URL. */
function endpointOf(address: string): string {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new TypeError(`${address} is not an http or https address`);
  if (url.pathname === "/") url.pathname = "/graphql";
  return url.href;
}
