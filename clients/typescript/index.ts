/** The typed client of the Selvedge API: documents of clients/operations, their types, and how to run them. */
export { type ClientOptions, createClient, hasEnded, type OperationProgress, type Page, type SelvedgeClient } from "./client.ts";
export type { TypedDocument } from "./document.ts";
export { accepted, GraphqlError, type GraphqlErrorEntry, RefusedError, UnreachableError, type UserError } from "./errors.ts";
export type { RequestOptions } from "./http.ts";
export type { StreamOptions, StreamState } from "./stream.ts";
export * from "./generated.ts";
