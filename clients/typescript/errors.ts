import type { UserErrorCode, UserErrorPartsFragment, WatchOperationSubscription } from "./generated.ts";

/**
 * What can go wrong between a client and the API. Each type calls for another reaction:
 *
 *   UnreachableError      nothing of ours answers: try again later
 *   GraphqlError          the request itself was turned down: `code` says why, `retryAfterMs` when to come back, `correlationId` what to quote
 *   RefusedError          a mutation changed nothing: `userErrors` say which rule its input broke
 *   OperationFailedError  what a mutation began has ended, and not well: `state`, `failedSteps`
 *   StillRunningError     what a mutation began has not ended within the time that the caller gave it; it goes on
 *
 * What a caller aborts rejects with the reason of its own signal, by default a DOMException named AbortError; a stream that it aborts just ends.
 */

/** Nothing that speaks our API answered at this address: refused, reset, timed out, or another program's answer. */
export class UnreachableError extends Error {
  readonly url: string;

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${url} is not reachable: ${reason}`, options);
    this.name = "UnreachableError";
    this.url = url;
  }
}

/** One entry of an answer's `errors`, as far as clients act on it. */
export interface GraphqlErrorEntry {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** The API answered with GraphQL errors. `code` is the first one's: UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, RATE_LIMITED, INTERNAL, … */
export class GraphqlError extends Error {
  readonly code: string;
  readonly errors: readonly GraphqlErrorEntry[];

  constructor(errors: readonly GraphqlErrorEntry[]) {
    super(errors.map((error) => error.message).join("; ") || "The answer has neither data nor errors.");
    this.name = "GraphqlError";
    this.errors = errors;
    const code = errors[0]?.extensions?.["code"];
    this.code = typeof code === "string" ? code : "INTERNAL";
  }

  /** What to quote when asking the operator about a masked error; null where there is none. */
  get correlationId(): string | null {
    const id = this.errors[0]?.extensions?.["correlationId"];
    return typeof id === "string" ? id : null;
  }

  /** For RATE_LIMITED: milliseconds until it is worth asking again; null where the server did not say. */
  get retryAfterMs(): number | null {
    const wait = this.errors[0]?.extensions?.["retryAfterMs"];
    return typeof wait === "number" && wait >= 0 ? wait : null;
  }
}

/** Why a mutation refused its input; the fields that every user error has. */
export interface UserError {
  readonly __typename: string;
  readonly code: UserErrorCode;
  readonly message: string;
  readonly path: readonly string[] | null;
}

/** The type names that are known of, with what the fragment UserErrorParts selects of each. New ones may appear. */
export type UserErrorType = UserErrorPartsFragment["__typename"];
export type UserErrorOf<Type extends UserErrorType> = Extract<UserErrorPartsFragment, { readonly __typename: Type }>;

/** A mutation changed nothing, and says why. */
export class RefusedError extends Error {
  readonly userErrors: readonly UserError[];

  constructor(userErrors: readonly UserError[]) {
    super(userErrors.map((error) => error.message).join("; "));
    this.name = "RefusedError";
    this.userErrors = userErrors;
  }

  /** The first of that type, with what only it carries: `error.find("ConflictError")?.currentVersion`. For documents that spread UserErrorParts. */
  find<Type extends UserErrorType>(type: Type): UserErrorOf<Type> | null {
    return (this.userErrors.find(({ __typename }) => __typename === type) as UserErrorOf<Type> | undefined) ?? null;
  }
}

/** The payload where the mutation was accepted; throws RefusedError where it was not. */
export function accepted<Payload extends { readonly userErrors: readonly UserError[] }>(payload: Payload): Payload {
  if (payload.userErrors.length > 0) throw new RefusedError(payload.userErrors);
  return payload;
}

/** An operation as `waitFor` reports it. */
export type OperationProgress = WatchOperationSubscription["operation"];

/** The operation has ended, and what it was asked for did not come true. */
export class OperationFailedError extends Error {
  readonly operation: OperationProgress;

  constructor(operation: OperationProgress) {
    super(`${operation.targetName}: ${operation.state}${operation.error === null ? "" : `: ${operation.error}`}`);
    this.name = "OperationFailedError";
    this.operation = operation;
  }

  get state(): OperationProgress["state"] {
    return this.operation.state;
  }

  /** At most 20 of them; `operation.failedSteps.totalCount` says how many there are. */
  get failedSteps(): OperationProgress["failedSteps"]["nodes"] {
    return this.operation.failedSteps.nodes;
  }
}

/** The time that the caller gave it is over. The operation goes on. */
export class StillRunningError extends Error {
  readonly operationId: string;
  /** As it was heard of last; null where nothing was. */
  readonly last: OperationProgress | null;

  constructor(operationId: string, timeoutMs: number, last: OperationProgress | null) {
    super(`Operation ${operationId} has not ended within ${timeoutMs} ms${last === null ? "" : `: ${last.state}, ${last.progress.completed} of ${last.progress.total}`}.`);
    this.name = "StillRunningError";
    this.operationId = operationId;
    this.last = last;
  }
}
