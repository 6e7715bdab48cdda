import { backoffMs, sleep } from "./backoff.ts";
import { GraphqlError, type GraphqlErrorEntry, UnreachableError } from "./errors.ts";

export interface Endpoint {
  /** Of GraphQL over HTTP, e.g. http://127.0.0.1:4000/graphql. */
  readonly http: string;
  readonly token: string | null;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long one try may take. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Go on trying for so long while the server is unreachable. Only for queries, and for mutations that carry an idempotencyKey: another
   * mutation may have been carried out although its answer was lost. Default 0: one try.
   */
  readonly retryForMs?: number | undefined;
  /** Told before each further try. */
  readonly onRetry?: ((error: UnreachableError) => void) | undefined;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlErrorEntry[];
}

const TIMEOUT_MS = 30_000;

/** Sends one operation and returns its data. Throws UnreachableError or GraphqlError; never an answer with errors in it. */
export async function post(endpoint: Endpoint, query: string, variables: unknown, options: RequestOptions = {}): Promise<unknown> {
  const until = Date.now() + (options.retryForMs ?? 0);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(endpoint, query, variables, options);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      const wait = backoffMs(attempt);
      if (Date.now() + wait > until) throw error;
      options.onRetry?.(error);
      await sleep(wait, options.signal);
      options.signal?.throwIfAborted();
    }
  }
}

async function once(endpoint: Endpoint, query: string, variables: unknown, options: RequestOptions): Promise<unknown> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(endpoint.http, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json",
        ...(endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` }),
      },
      body: JSON.stringify({ query, variables }),
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
    text = await response.text();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new UnreachableError(endpoint.http, reasonOf(error), { cause: error });
  }
  const answer = parse(text);
  if (answer === null) throw new UnreachableError(endpoint.http, `it answered ${response.status} without GraphQL`);
  if (answer.errors !== undefined && answer.errors.length > 0) throw new GraphqlError(answer.errors);
  if (answer.data === undefined || answer.data === null) throw new GraphqlError([]);
  return answer.data;
}

/** An answer in the shape of GraphQL over HTTP, or null: a proxy's page, another service. */
function parse(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && ("data" in value || "errors" in value) ? (value as Answer) : null;
  } catch {
    return null;
  }
}

/** The system's own word for a failed request: fetch hides it in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const cause: unknown = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  if (cause instanceof Error && cause.message !== "") return cause.message;
  return error.message;
}
