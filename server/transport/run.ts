import { setImmediate as nextTurn } from "node:timers/promises";
import { createSourceEventStream, executeRootSelectionSet, executeSubscriptionEvent, type ExecutionResult, type GraphQLError, type ValidatedSubscriptionArgs } from "graphql";
import type { Logger } from "pino";
import type { Actor, Viewer } from "../identity/viewer.ts";
import type { AdmittedOperation } from "./enforce.ts";
import { apiError, maskError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { Transport, TransportMetrics } from "./metrics.ts";
import { createPlaces } from "./places.ts";
import type { Session } from "./sessions.ts";

/** Who asks, and what the answer is traced by. */
export interface Caller {
  readonly viewer: Viewer;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  readonly transport: Transport;
}

/** What a context is made from. `viewer` answers the newest there is: a subscription outlives the one that it began with. */
export interface ContextRequest {
  readonly actor: Actor;
  viewer(): Viewer;
}
export type MakeContext = (request: ContextRequest) => object;

export type Messages = AsyncGenerator<ExecutionResult, void, undefined>;

export interface Runner {
  /** Queries and mutations. Resolves always; with errors masked. `gone`: the caller does not wait any more, which ends a query but never a mutation. */
  execute(operation: AdmittedOperation, caller: Caller, gone?: AbortSignal): Promise<ExecutionResult>;
  /**
   * Subscriptions: an error result, RATE_LIMITED where the tenant has as many as it may have, or the messages. Each is made in a fresh context under the session's newest viewer. The messages end
   * when the source does, when `return()` is called, when `gone` fires, after one that could not be made, and, after a last one with an
   * UNAUTHENTICATED error, when the session ends. Iterating never throws. One message is made at a time, when it is asked for: a slow reader holds up its own source only.
   */
  subscribe(operation: AdmittedOperation, caller: Caller, session: Session, gone?: AbortSignal): Promise<ExecutionResult | Messages>;
}

export interface RunnerOptions {
  readonly makeContext: MakeContext;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly metrics: TransportMetrics;
}

export function createRunner({ makeContext, limits, logger, metrics }: RunnerOptions): Runner {
  const places = createPlaces(limits.maxStreamsPerTenant);

  const contextOf = (caller: Caller, viewer: Viewer, newest: () => Viewer): object =>
    makeContext({ actor: { ...viewer, requestId: caller.requestId, sourceAddress: caller.sourceAddress }, viewer: newest });

  const masked = (caller: Caller, operation: AdmittedOperation, errors: readonly unknown[]): GraphQLError[] =>
    errors.map((error) =>
      maskError(error, (unexpected) => {
        const { correlationId, path } = unexpected;
        logger.error({ err: unexpected.error, correlationId, requestId: caller.requestId, operation: operation.name, path: path?.join(".") }, "an operation failed unexpectedly");
      }),
    );
  const clean = (caller: Caller, operation: AdmittedOperation, result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: masked(caller, operation, result.errors) } : result;

  /** Runs `work` within the operation's time; the signal tells it when that is over, or when `gone` fires. */
  const inTime = async (caller: Caller, operation: AdmittedOperation, gone: AbortSignal | undefined, work: (signal: AbortSignal) => ExecutionResult | Promise<ExecutionResult>): Promise<ExecutionResult> => {
    const ending = new AbortController();
    const whenGone = (): void => ending.abort(new Error("the caller has gone"));
    gone?.addEventListener("abort", whenGone, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ExecutionResult>((resolve) => {
      timer = setTimeout(() => {
        resolve({ data: null, errors: [apiError("TIMEOUT", `The operation took longer than ${limits.operationTimeoutMs} ms.`)] });
        ending.abort(new Error("the operation timed out"));
      }, limits.operationTimeoutMs);
    });
    try {
      if (gone?.aborted) whenGone();
      return clean(caller, operation, await Promise.race([work(ending.signal), late]));
    } catch (error) {
      if (gone?.aborted) return { data: null, errors: [apiError("TIMEOUT", "The caller has gone.")] };
      return { data: null, errors: masked(caller, operation, [error]) };
    } finally {
      clearTimeout(timer);
      gone?.removeEventListener("abort", whenGone);
    }
  };

  const outcomeOf = (result: ExecutionResult): string => (result.errors?.[0] ? String(result.errors[0].extensions["code"]) : "ok");

  const execute: Runner["execute"] = async (operation, caller, gone) => {
    const started = performance.now();
    const result = await inTime(caller, operation, operation.kind === "query" ? gone : undefined, (signal) =>
      executeRootSelectionSet({ ...operation.execution, contextValue: contextOf(caller, caller.viewer, () => caller.viewer), externalAbortSignal: signal }),
    );
    metrics.operation(caller.transport, operation.kind, outcomeOf(result), (performance.now() - started) / 1000);
    return result;
  };

  const subscribe: Runner["subscribe"] = async (operation, caller, session, gone) => {
    const started = performance.now();
    const args = operation.execution as ValidatedSubscriptionArgs;
    const newest = (): Viewer => session.viewer() ?? caller.viewer;
    const leavePlace = places.take(caller.viewer.tenantId);
    let source: AsyncIterable<unknown> | ExecutionResult;
    try {
      source = leavePlace ? await createSourceEventStream({ ...args, contextValue: contextOf(caller, caller.viewer, newest) }) : { errors: [tooManyStreams(limits)] };
    } catch (error) {
      source = { errors: [error as GraphQLError] };
    }
    const failed = Symbol.asyncIterator in source ? null : clean(caller, operation, source);
    metrics.operation(caller.transport, operation.kind, failed ? outcomeOf(failed) : "ok", (performance.now() - started) / 1000);
    if (failed) {
      leavePlace?.();
      return failed;
    }

    const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    const stopping = new AbortController();
    const waiting = interruptible([stopping.signal, session.ended]);

    async function* messages(): Messages {
      let turn = performance.now();
      try {
        for (;;) {
          // A source that is always ready and a socket that takes everything would never let anybody else have a turn.
          if (performance.now() - turn > LONGEST_TURN_MS) {
            await nextTurn();
            turn = performance.now();
          }
          const step = await waiting.on(iterator.next());
          if (stopping.signal.aborted) return;
          const viewer = session.viewer();
          if (step === INTERRUPTED || !viewer) {
            yield { errors: [apiError("UNAUTHENTICATED", "The token of this stream was revoked or has expired.")] };
            return;
          }
          if (step.done) return;
          const result = await inTime(caller, operation, stopping.signal, (signal) =>
            executeSubscriptionEvent({ ...args, rootValue: step.value, contextValue: contextOf(caller, viewer, newest), externalAbortSignal: signal }),
          );
          if (stopping.signal.aborted) return;
          metrics.message(caller.transport);
          yield result;
          // Without its data the subscriber would miss something and not know: it has to come back with the last cursor that it got.
          if (result.errors && (result.data ?? null) === null) return;
        }
      } catch (error) {
        yield { errors: masked(caller, operation, [error]) };
      }
    }

    const generator = messages();
    let closed = false;
    /** Whatever ends the messages: the source is told, once, without waiting for it. */
    const close = (): void => {
      if (closed) return;
      closed = true;
      leavePlace?.();
      stopping.abort();
      waiting.forget();
      gone?.removeEventListener("abort", close);
      metrics.streams(caller.transport, -1);
      Promise.resolve(iterator.return?.()).catch((error: unknown) => logger.warn({ err: error }, "a subscription's source failed while ending"));
    };
    metrics.streams(caller.transport, 1);
    if (gone?.aborted) close();
    else gone?.addEventListener("abort", close, { once: true });
    // Not the generator's own return(): that would wait for the message under way.
    const end = (): Promise<IteratorResult<ExecutionResult, void>> => {
      close();
      return Promise.resolve({ done: true, value: undefined });
    };
    const stream: Messages = {
      async next() {
        const step = await generator.next();
        if (step.done) close();
        return step;
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]: () => stream,
      async [Symbol.asyncDispose]() {
        await end();
      },
    };
    return stream;
  };

  return { execute, subscribe };
}

const tooManyStreams = ({ maxStreamsPerTenant }: Limits): GraphQLError =>
  apiError("RATE_LIMITED", `The tenant has ${maxStreamsPerTenant} subscriptions already, which is as many as it may have at once; end some first.`, { details: { retryAfterMs: 1000 } });

const LONGEST_TURN_MS = 5;
const INTERRUPTED = Symbol("interrupted");

/**
 * Waits for promises one after the other, and stops waiting when a signal fires. Not Promise.race with a promise that lives as long as the
 * stream: each race would leave a reaction on it behind.
 */
function interruptible(signals: readonly AbortSignal[]): { on<T>(promise: Promise<T>): Promise<T | typeof INTERRUPTED>; forget(): void } {
  let wake: (() => void) | undefined;
  const listener = (): void => wake?.();
  for (const signal of signals) signal.addEventListener("abort", listener);
  return {
    on: (promise) =>
      new Promise((resolve, reject) => {
        wake = () => resolve(INTERRUPTED);
        promise.then(resolve, reject);
        if (signals.some((signal) => signal.aborted)) resolve(INTERRUPTED);
      }),
    forget() {
      for (const signal of signals) signal.removeEventListener("abort", listener);
    },
  };
}
