import type { UserErrorCode } from "./generated.ts";

/**
 * What can go wrong between a client and the API, as three types that call for three reactions: UnreachableError (try again later),
 * GraphqlError (the request itself was turned down, its `code` says why), RefusedError (the input broke a rule, `userErrors` says which).
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

/** A mutation changed nothing, and says why. */
export class RefusedError extends Error {
  readonly userErrors: readonly UserError[];

  constructor(userErrors: readonly UserError[]) {
    super(userErrors.map((error) => error.message).join("; "));
    this.name = "RefusedError";
    this.userErrors = userErrors;
  }
}

/** The payload where the mutation was accepted; throws RefusedError where it was not. */
export function accepted<Payload extends { readonly userErrors: readonly UserError[] }>(payload: Payload): Payload {
  if (payload.userErrors.length > 0) throw new RefusedError(payload.userErrors);
  return payload;
}
