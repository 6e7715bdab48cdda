import { backoffMs, sleep, timeoutAfter } from "./backoff.ts";
import { GraphqlError, type GraphqlErrorEntry, UnreachableError } from "./errors.ts";

export interface Endpoint {
  /** Of GraphQL over HTTP, e.g. http://127.0.0.1:4000/graphql. */
  readonly http: string;
  readonly token: string | null;
}

export interface RequestOptions {
  /** Aborted, the request rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that one try may take. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Go on trying for so many milliseconds while the server is unreachable, or says RATE_LIMITED. Only for queries, and for mutations that carry
   * an idempotencyKey in every input (`withIdempotencyKey` adds one), or a terminal's input, which is numbered: another mutation may have been carried out although its answer was lost,
   * and asking for its retries is a TypeError. Default: the client's `retryForMs`, which does not concern such a mutation; 0 means one try.
   */
  readonly retryForMs?: number | undefined;
  /** Told before each further try. */
  readonly onRetry?: ((error: UnreachableError | GraphqlError) => void) | undefined;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlErrorEntry[];
}

const TIMEOUT_MS = 30_000;
const SERVICE_UNAVAILABLE = 503;

/** The input with a key: sent again, by a retry or by a caller who kept it, it is carried out once. One that has a key already keeps it. */
export function withIdempotencyKey<Input extends object>(input: Input): Input & { readonly idempotencyKey: string } {
  const { idempotencyKey } = input as { idempotencyKey?: unknown };
  return { ...input, idempotencyKey: typeof idempotencyKey === "string" ? idempotencyKey : crypto.randomUUID() };
}

/**
 * Whether the operation may be sent again although it may have been carried out. The text is not parsed: whatever says "mutation" counts as
 * one, which at worst costs a query its retries.
 */
export function isRepeatable(query: string, variables: unknown): boolean {
  if (!/\bmutation\b/.test(query)) return true;
  const inputs = Object.values((variables ?? {}) as Record<string, unknown>).filter((value) => typeof value === "object" && value !== null);
  return inputs.length > 0 && inputs.every((input) => ("idempotencyKey" in input && typeof input.idempotencyKey === "string") || isNumbered(input));
}

/** What is typed into a terminal has a number of its own: the server ignores a repeat. */
const isNumbered = (input: object): boolean => "sessionId" in input && "sequence" in input && typeof input.sequence === "number";

/** Sends one operation and returns its data. Throws UnreachableError or GraphqlError; never an answer with errors in it. */
export async function post(endpoint: Endpoint, query: string, variables: unknown, options: RequestOptions = {}, retryByDefaultMs = 0): Promise<unknown> {
  const repeatable = isRepeatable(query, variables);
  if (!repeatable && (options.retryForMs ?? 0) > 0) throw new TypeError("A mutation is only retried with an idempotencyKey in its input: see withIdempotencyKey.");
  const until = Date.now() + (repeatable ? (options.retryForMs ?? retryByDefaultMs) : 0);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(endpoint, query, variables, options);
    } catch (error) {
      const limited = error instanceof GraphqlError && error.code === "RATE_LIMITED";
      if (!limited && !(error instanceof UnreachableError)) throw error;
      const wait = Math.max(backoffMs(attempt), limited ? (error.retryAfterMs ?? 0) : 0);
      if (Date.now() + wait > until) throw error;
      options.onRetry?.(error);
      await sleep(wait, options.signal);
      options.signal?.throwIfAborted();
    }
  }
}

async function once(endpoint: Endpoint, query: string, variables: unknown, options: RequestOptions): Promise<unknown> {
  const signals = [options.signal, timeoutAfter(options.timeoutMs ?? TIMEOUT_MS)].filter((signal) => signal !== undefined && signal !== null);
  let response: Response;
  let text: string;
  try {
    response = await fetch(endpoint.http, {
      ...requestOf(endpoint.token, "application/graphql-response+json, application/json", query, variables),
      signal: AbortSignal.any(signals),
    });
    text = await response.text();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new UnreachableError(endpoint.http, reasonOf(error), { cause: error });
  }
  const answer = parseAnswer(text);
  if (answer === null) throw new UnreachableError(endpoint.http, `it answered ${response.status} without GraphQL`);
  // It is there but can't serve for the moment: what is waited for as well.
  if (response.status === SERVICE_UNAVAILABLE) throw new UnreachableError(endpoint.http, answer.errors?.[0]?.message ?? "it is not ready");
  if (answer.errors !== undefined && answer.errors.length > 0) throw new GraphqlError(answer.errors);
  if (answer.data === undefined || answer.data === null) throw new GraphqlError([]);
  return answer.data;
}

/** A POST of one operation, whatever kind of answer it accepts. */
export const requestOf = (token: string | null, accept: string, query: string, variables: unknown): { method: "POST"; headers: Record<string, string>; body: string } => ({
  method: "POST",
  headers: { "content-type": "application/json", accept, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
  body: JSON.stringify({ query, variables }),
});

/** An answer in the shape of GraphQL over HTTP, or null: a proxy's page, another service. */
export function parseAnswer(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && ("data" in value || "errors" in value) ? (value as Answer) : null;
  } catch {
    return null;
  }
}

/** The system's own word for a failed request: fetch hides it in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const cause: unknown = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  if (cause instanceof Error && cause.message !== "") return cause.message;
  return error.message;
}
