import { backoffMs, sleep } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { GraphqlError, type GraphqlErrorEntry, UnreachableError } from "./errors.ts";
import { createMailbox, type Ending } from "./mailbox.ts";

/**
 * A subscription that outlives its connection. State machine of one stream:
 *
 *   connecting ──first message──▶ live ──connection lost, silence, server gone──▶ reconnecting ──first message──▶ live
 *        └──────────────── refused for good, or the subject ended ─────────────────▶ over
 *
 * Invariants:
 * - It never ends silently: it ends because its subject did (a finished operation, a deleted application), because the caller aborted, or
 *   with an error that says why. A server that merely completes or closes is asked again, without end, with growing pauses.
 * - What the caller has taken is what counts: `after` moves with the cursor of each message handed out, so a resume repeats nothing and
 *   misses nothing. A message with `snapshot: true` says that the server began anew: forget what you hold.
 * - Streams without a cursor (operation, application, overview) send their object whole, again after every reconnect.
 */
export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every change between live and reconnecting; `reason` is for people. */
  readonly onState?: ((state: StreamState) => void) | undefined;
  /** After so long without a message the connection counts as dead. Default 45,000: the server sends something at least every 15 seconds. */
  readonly silenceMs?: number | undefined;
}

export type StreamState = { readonly kind: "live" } | { readonly kind: "reconnecting"; readonly attempt: number; readonly reason: string };

const SILENCE_MS = 45_000;
const QUEUE_LIMIT = 256;
/** A server that answers with its own failure is given so many chances in a row; one that can't be reached, any number. */
const SERVER_FAILURES = 8;

const TERMINAL_STATES: ReadonlySet<unknown> = new Set(["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED"]);
const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set(["INTERNAL", "TIMEOUT", "RATE_LIMITED"]);
const FORBIDDEN_CLOSES: ReadonlyMap<number, string> = new Map([[4400, "BAD_USER_INPUT"], [4401, "UNAUTHENTICATED"], [4403, "FORBIDDEN"], [4406, "BAD_USER_INPUT"]]);

interface Interruption {
  readonly reason: string;
  /** From the server itself (counted), or from the way to it. */
  readonly byServer: boolean;
  readonly waitMs: number | null;
  readonly error: Error;
}

export async function* stream(
  connection: Connection,
  url: string,
  query: string,
  given: Readonly<Record<string, unknown>>,
  options: StreamOptions = {},
): AsyncGenerator<unknown, void, void> {
  let after: string | null = null;
  let attempt = 0;
  let serverFailures = 0;
  for (;;) {
    const mailbox = createMailbox<unknown>(QUEUE_LIMIT, (data) => cursorOf(data) === null);
    const stop = connection.subscribe({ query, variables: after === null ? given : { ...given, after } }, {
      next: (message) => {
        const errors = errorsOf(message);
        if (errors === null) mailbox.put(dataOf(message));
        else mailbox.end({ kind: "failed", reason: errors });
      },
      error: (reason) => mailbox.end({ kind: "failed", reason }),
      complete: () => mailbox.end({ kind: "completed" }),
    });
    let ending: Ending;
    let last: unknown;
    try {
      for (;;) {
        const taken = await mailbox.take(options.silenceMs ?? SILENCE_MS, options.signal);
        if (taken.kind !== "message") {
          ending = taken;
          break;
        }
        if (attempt > 0) options.onState?.({ kind: "live" });
        attempt = 0;
        serverFailures = 0;
        last = taken.data;
        after = cursorOf(last) ?? after;
        yield last;
        if (isFinal(last)) return;
      }
    } finally {
      stop();
    }
    if (ending.kind === "aborted") return;
    if (ending.kind === "overflow") continue;
    if (ending.kind === "completed" && mayEnd(last)) return;
    const interruption = interpret(ending, url);
    if (interruption.byServer) serverFailures += 1;
    if (serverFailures > SERVER_FAILURES) throw interruption.error;
    attempt += 1;
    options.onState?.({ kind: "reconnecting", attempt, reason: interruption.reason });
    const wait = interruption.waitMs ?? backoffMs(attempt);
    if (interruption.byServer) await sleep(wait, options.signal);
    else await sleepUntilConnected(connection, wait, options.signal);
    if (options.signal?.aborted) return;
  }
}

/** Where another stream of the client has found the server back, this one need not wait any longer. */
async function sleepUntilConnected(connection: Connection, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const connected = new AbortController();
  const forget = connection.onConnected(() => connected.abort());
  await sleep(ms, signal ? AbortSignal.any([signal, connected.signal]) : connected.signal);
  forget();
}

/** What an ending means: throws where it is for good, else says why and how long to wait. */
function interpret(ending: Exclude<Ending, { kind: "aborted" | "overflow" }>, url: string): Interruption {
  const lost = (reason: string, byServer = false): Interruption => ({ reason, byServer, waitMs: null, error: new UnreachableError(url, reason) });
  if (ending.kind === "completed") return lost("the server ended the stream early");
  if (ending.kind === "silent") return lost("nothing was heard for too long");
  const { reason } = ending;
  if (Array.isArray(reason)) {
    const error = new GraphqlError(reason as GraphqlErrorEntry[]);
    if (!WORTH_ANOTHER_TRY.has(error.code)) throw error;
    return { reason: error.message, byServer: true, waitMs: error.retryAfterMs, error };
  }
  if (typeof reason === "object" && reason !== null && "code" in reason && typeof reason.code === "number") {
    const words = "reason" in reason && typeof reason.reason === "string" && reason.reason !== "" ? reason.reason : `closed with ${reason.code}`;
    const code = FORBIDDEN_CLOSES.get(reason.code);
    if (code !== undefined) throw new GraphqlError([{ message: words, extensions: { code } }]);
    return lost(words);
  }
  if (reason instanceof Error && reason.name === "SyntaxError") return lost("it did not speak the protocol", true);
  return lost("the connection failed");
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function errorsOf(message: unknown): readonly unknown[] | null {
  return isObject(message) && Array.isArray(message["errors"]) && message["errors"].length > 0 ? message["errors"] : null;
}

const dataOf = (message: unknown): unknown => (isObject(message) ? message["data"] : undefined);

function cursorOf(data: unknown): string | null {
  if (!isObject(data)) return null;
  for (const field of Object.values(data)) if (isObject(field) && typeof field["cursor"] === "string") return field["cursor"];
  return null;
}

/** The subject has ended: nothing can follow. */
function isFinal(data: unknown): boolean {
  if (!isObject(data)) return false;
  const operation = data["operation"];
  if (isObject(operation) && TERMINAL_STATES.has(operation["state"])) return true;
  return data["application"] === null;
}

/** A completion is to be believed where the document did not ask for what would show it: an operation without its state. */
function mayEnd(data: unknown): boolean {
  return isObject(data) && isObject(data["operation"]) && !("state" in data["operation"]);
}
