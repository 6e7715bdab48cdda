import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../schema/shared/mapping/kinds.ts";

/**
 * What one caller may ask for. The same over HTTP, SSE and WebSocket: all of it is applied by enforce.ts, but for what a byte stream
 * alone can tell (body and frame size, time-outs of connections), which http.ts and socket.ts apply, and for what is under way (time, streams), which run.ts does.
 */
export interface Limits {
  /** Bytes of a request body or a WebSocket frame. */
  readonly maxBodyBytes: number;
  /** Bytes of a document in UTF-8. */
  readonly maxDocumentBytes: number;
  readonly maxTokens: number;
  /** Nested fields, fragments followed. */
  readonly maxDepth: number;
  readonly maxAliases: number;
  /** Fields of the operation's root, fragments followed. */
  readonly maxRootFields: number;
  /** Directives in the whole document. */
  readonly maxDirectives: number;
  /** Selections once all fragments are written out: what keeps a document of doubling fragments from exploding. */
  readonly maxSelections: number;
  /** About how many objects an operation may answer, page sizes multiplied out; ten leaves count as one object. */
  readonly maxCost: number;
  readonly maxPageSize: number;
  readonly defaultPageSize: number;
  /** Operations a second and tenant, and how many may come at once. */
  readonly operationsPerSecond: number;
  readonly operationsBurst: number;
  readonly operationTimeoutMs: number;
  readonly maxOperationsPerSocket: number;
  /** Subscriptions that a tenant has at once, over all its connections to this process: each remembers what it was shown, and looks at every change. */
  readonly maxStreamsPerTenant: number;
  readonly maxConnections: number;
  /** Documents whose parse and validation results are kept. */
  readonly cachedDocuments: number;
  /** The same, in bytes of their text. */
  readonly cachedDocumentBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly connectionInitTimeoutMs: number;
  readonly keepAliveMs: number;
  /** How long close() waits for what is under way. */
  readonly drainMs: number;
  /** How often the tokens behind live streams are looked up again. */
  readonly recheckTokensMs: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxBodyBytes: 2 * 1024 * 1024,
  maxDocumentBytes: 64 * 1024,
  maxTokens: 2000,
  maxDepth: 15,
  maxAliases: 30,
  maxRootFields: 20,
  maxDirectives: 50,
  maxSelections: 5000,
  maxCost: 20_000,
  maxPageSize: MAX_PAGE_SIZE,
  defaultPageSize: DEFAULT_PAGE_SIZE,
  operationsPerSecond: 500,
  operationsBurst: 2000,
  operationTimeoutMs: 10_000,
  maxOperationsPerSocket: 64,
  maxStreamsPerTenant: 500,
  maxConnections: 10_000,
  cachedDocuments: 1000,
  cachedDocumentBytes: 8 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connectionInitTimeoutMs: 3000,
  keepAliveMs: 12_000,
  drainMs: 5000,
  recheckTokensMs: 2000,
});
