import { GraphQLError } from "graphql";
import { isRequestErrorCode, type RequestErrorCode } from "../domain/request-error.ts";
import { isText, type Answer } from "../read/answer.ts";

/** `extensions.http` of an error: how it asks for the answer's status and headers. Taken out before the caller gets it. */
export interface HttpExtension {
  readonly status: number;
  /** Only where the answer is application/graphql-response+json; as application/json it is 200, as older clients expect. */
  readonly spec?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const STATUS: Partial<Record<RequestErrorCode, HttpExtension>> = {
  UNAUTHENTICATED: { status: 401 },
  FORBIDDEN: { status: 403, spec: true },
  BAD_USER_INPUT: { status: 400, spec: true },
  QUERY_TOO_COMPLEX: { status: 400, spec: true },
  RATE_LIMITED: { status: 429 },
};

export const withHttp = (error: GraphQLError, http: HttpExtension): GraphQLError =>
  new GraphQLError(error.message, { ...(error.nodes ? { nodes: error.nodes } : {}), ...placeOf(error), extensions: { ...error.extensions, http } });

const placeOf = (error: GraphQLError) => ({
  ...(!error.nodes && error.source && error.positions ? { source: error.source, positions: error.positions } : {}),
  ...(error.path ? { path: error.path } : {}),
});

/** With the status of its code, where that has one. */
export function withStatus(error: GraphQLError): GraphQLError {
  const { code, retryAfterMs } = error.extensions;
  const http = isRequestErrorCode(code) ? STATUS[code] : undefined;
  if (!http) return error;
  return withHttp(error, typeof retryAfterMs === "number" ? { ...http, headers: { "retry-after": String(Math.ceil(retryAfterMs / 1000)) } } : http);
}

/** A result without data was refused before it ran, and says so in its status as well. */
export const statused = (result: Answer): Answer =>
  !isText(result) && result.errors && !("data" in result) ? { ...result, errors: result.errors.map(withStatus) } : result;
