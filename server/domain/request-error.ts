/**
 * Why a request as a whole was not answered, or ended. Free of transport: whoever finds out throws it, transport turns it into a GraphQL
 * error whose extensions carry `code` and `details`. What a mutation refuses about its input is not one of these but a DomainError.
 */
export const REQUEST_ERROR_CODES = [
  "UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT", "RATE_LIMITED", "QUERY_TOO_COMPLEX", "PERSISTED_QUERY_NOT_FOUND", "CURSOR_EXPIRED", "TIMEOUT", "INTERNAL",
] as const;
export type RequestErrorCode = (typeof REQUEST_ERROR_CODES)[number];

export const isRequestErrorCode = (code: unknown): code is RequestErrorCode => (REQUEST_ERROR_CODES as readonly unknown[]).includes(code);

/** `message` is shown to the caller: it never carries a value that the caller supplied as a variable, nor an inner cause. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: RequestErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.details = details;
  }
}
