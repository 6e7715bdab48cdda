import type { ExecutionResult } from "graphql";
import { maskError } from "#server/transport/errors.ts";

/** An answer's errors as a client sees them, and what they were: `message` is the cause's own, `code` the client's. In the order of the answer. */
export interface Seen {
  readonly path: string;
  readonly code: unknown;
  readonly message: string;
}

export const seen = (result: ExecutionResult): Seen[] =>
  (result.errors ?? []).map((error) => ({ path: error.path?.join(".") ?? "", code: maskError(error, () => undefined).extensions["code"], message: error.message }));
