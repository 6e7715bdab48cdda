import { randomUUID } from "node:crypto";
import { GraphQLError, Kind, type ASTNode } from "graphql";
import { isRequestErrorCode, RequestError, type RequestErrorCode } from "../domain/request-error.ts";

/** An error of the contract, as callers see it: `extensions.code` is one of RequestErrorCode. */
export function apiError(
  code: RequestErrorCode,
  message: string,
  more: { readonly details?: Readonly<Record<string, unknown>>; readonly nodes?: ASTNode | readonly ASTNode[] } = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...more.details, code }, ...(more.nodes ? { nodes: more.nodes } : {}) });
}

export interface Unexpected {
  readonly correlationId: string;
  readonly error: unknown;
  readonly path: readonly (string | number)[] | undefined;
}

/**
 * The error as callers may see it. Our own pass with their code; a value that the executor could not use as an argument is the caller's
 * fault; everything else becomes INTERNAL under a correlation id, and goes to `report`, whole, once.
 */
export function maskError(error: unknown, report: (unexpected: Unexpected) => void): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined;
  const cause = rootCause(error);
  const place = located ? { ...(located.nodes ? { nodes: located.nodes } : {}), ...(located.path ? { path: located.path } : {}) } : {};
  if (cause instanceof RequestError) return new GraphQLError(cause.message, { ...place, extensions: { ...cause.details, code: cause.code } });
  if (cause instanceof GraphQLError) {
    const { code } = cause.extensions;
    if (isRequestErrorCode(code)) {
      // Never with `originalError`: its message would be a second way out.
      return new GraphQLError(cause.message, { ...place, ...(cause.nodes ? { nodes: cause.nodes } : {}), extensions: cause.extensions });
    }
    // The executor names the argument's place in the document. What a scalar throws while serialising has no such place, and of a value that is of no
    // type of its union the place is the field.
    if (code === undefined && cause.nodes?.some(({ kind }) => kind !== Kind.FIELD)) {
      return new GraphQLError("An argument has an invalid value.", { ...place, extensions: { code: "BAD_USER_INPUT" } });
    }
  }
  const correlationId = randomUUID();
  report({ correlationId, error: cause, path: located?.path });
  return new GraphQLError("Internal error", { ...place, extensions: { code: "INTERNAL", correlationId } });
}

function rootCause(error: unknown): unknown {
  let cause = error;
  for (let i = 0; i < 10 && cause instanceof GraphQLError; i++) {
    const inner = cause.originalError ?? cause.cause;
    if (inner === undefined || inner === null) return cause;
    cause = inner;
  }
  return cause;
}
