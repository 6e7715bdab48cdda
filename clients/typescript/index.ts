/** The typed client of the Selvedge API: documents of clients/operations, their types, and how to run them. README.md has examples. */
export { type ClientOptions, createClient, type Page, type SelvedgeClient, type TransportName } from "./client.ts";
export { type Identified, type LiveCollection, liveCollection, type SetChange } from "./collection.ts";
export type { TypedDocument } from "./document.ts";
export {
  accepted,
  GraphqlError,
  type GraphqlErrorEntry,
  OperationFailedError,
  type OperationProgress,
  RefusedError,
  StillRunningError,
  UnreachableError,
  type UserError,
  type UserErrorOf,
  type UserErrorType,
} from "./errors.ts";
export { type RequestOptions, withIdempotencyKey } from "./http.ts";
export type { StreamEnd, StreamState } from "./state.ts";
export type { MessageStream, StreamOptions } from "./stream.ts";
export { hasEnded, type WaitOptions } from "./wait.ts";
export * from "./generated.ts";
