import { setImmediate as nextTurn } from "node:timers/promises";
import { createSourceEventStream, executeRootSelectionSet, executeSubscriptionEvent, type ExecutionResult, type GraphQLError, type ValidatedSubscriptionArgs } from "graphql";
import type { Logger } from "pino";
import type { Actor, Viewer } from "../identity/viewer.ts";
import { isText, type Answer, type OperationReads, type ReaderChoice, type ReadOutcome } from "../read/answer.ts";
import { createDeadlines } from "./deadlines.ts";
import { Ending, goneOf, type Gone } from "./ending.ts";
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
  readonly origin?: string | undefined;
  readonly transport: Transport;
  /** Told in which way a query or mutation is read, before there is an answer. */
  readonly onRead?: ((outcome: ReadOutcome) => void) | undefined;
}

/** What a context is made from. `viewer` answers the newest there is: a subscription outlives the one that it began with. */
export interface ContextRequest {
  readonly actor: Actor;
  /** Which reader the context gets. */
  readonly choice: ReaderChoice;
  viewer(): Viewer;
}
export type MakeContext = (request: ContextRequest) => object;

export type Messages = AsyncGenerator<Answer, void, undefined>;

/**
 * Runs what was admitted. Reads come first: an operation that is compiled is answered by the text that they give, and graphql-js has no part in it.
 *
 *   reads ──text──────────────────────────────────────────────▶ answer
 *     ├──another way, or a redo, which costs another token──▶ graphql-js with that way's reader ──▶ answer
 *     └──failure──────────────────────────────────────────▶ graphql-js with a reader that fails so, which gives the error its place ──▶ answer
 *
 * All of it happens within the operation's one time.
 */
export interface Runner {
  /** Queries and mutations. Resolves always; with errors masked. `gone`: the caller does not wait any more, which ends a query but never a mutation. */
  execute(operation: AdmittedOperation, caller: Caller, gone?: Gone): Promise<Answer>;
  /**
   * Subscriptions: an error result, RATE_LIMITED where the tenant has as many as it may have, or the messages. Each is made in a fresh context under the session's newest viewer. The messages end
   * when the source does, when `return()` is called, when `gone` fires, after one that could not be made, and, after a last one with an
   * UNAUTHENTICATED error, when the session ends. Iterating never throws. One message is made at a time, when it is asked for: a slow reader holds up its own source only.
   */
  subscribe(operation: AdmittedOperation, caller: Caller, session: Session, gone?: AbortSignal): Promise<ExecutionResult | Messages>;
}

export interface RunnerOptions {
  readonly makeContext: MakeContext;
  readonly reads: OperationReads;
  /** Takes another token of the tenant's rate: an operation was run twice. */
  readonly charge: (viewer: Viewer) => void;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly metrics: TransportMetrics;
}

export function createRunner({ makeContext, reads, charge, limits, logger, metrics }: RunnerOptions): Runner {
  const places = createPlaces(limits.maxStreamsPerTenant);
  const deadlines = createDeadlines(limits.operationTimeoutMs);

  const contextOf = (caller: Caller, viewer: Viewer, newest: () => Viewer, choice: ReaderChoice): object =>
    makeContext({ actor: { ...viewer, requestId: caller.requestId, sourceAddress: caller.sourceAddress, ...(caller.origin === undefined ? {} : { origin: caller.origin }) }, choice, viewer: newest });

  const masked = (caller: Caller, operation: AdmittedOperation, errors: readonly unknown[]): GraphQLError[] =>
    errors.map((error) =>
      maskError(error, (unexpected) => {
        const { correlationId, path } = unexpected;
        logger.error({ err: unexpected.error, correlationId, requestId: caller.requestId, operation: operation.name, path: path?.join(".") }, "an operation failed unexpectedly");
      }),
    );
  const clean = (caller: Caller, operation: AdmittedOperation, result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: masked(caller, operation, result.errors) } : result;

  /** Runs `work` within the operation's time. */
  const inTime = async (caller: Caller, operation: AdmittedOperation, gone: Gone | undefined, work: (ending: Ending) => Answer | Promise<Answer>): Promise<Answer> => {
    const ending = new Ending(gone);
    try {
      const working = work(ending);
      const answer = working instanceof Promise ? await deadlines.within(working, () => {
        ending.end(TIMED_OUT);
        return { data: null, errors: [apiError("TIMEOUT", `The operation took longer than ${limits.operationTimeoutMs} ms.`)] };
      }) : working;
      return isText(answer) ? answer : clean(caller, operation, answer);
    } catch (error) {
      if (gone?.already) return { data: null, errors: [apiError("TIMEOUT", "The caller has gone.")] };
      return { data: null, errors: masked(caller, operation, [error]) };
    } finally {
      ending.forget();
    }
  };

  /** The text where reads gave it; else what `interpret` makes with the reader that they chose. */
  const afterReads = (outcome: ReadOutcome, viewer: Viewer, operation: AdmittedOperation, ending: Ending, interpret: (choice: ReaderChoice) => ExecutionResult | Promise<ExecutionResult>): Answer | Promise<Answer> => {
    metrics.read(operation.kind, outcome);
    if ("text" in outcome) return outcome.text;
    if (outcome.way !== "compiled" && outcome.again) charge(viewer);
    // Over while it was read: nothing is begun that nobody waits for.
    if (ending.reason) throw ending.reason;
    return interpret(outcome.way === "compiled" ? outcome.failure : outcome.way);
  };

  const outcomeOf = (answer: Answer): string => (!isText(answer) && answer.errors?.[0] ? String(answer.errors[0].extensions["code"]) : "ok");

  const execute: Runner["execute"] = async (operation, caller, gone) => {
    const started = performance.now();
    const { viewer } = caller;
    const answer = await inTime(caller, operation, operation.kind === "query" ? gone : undefined, (ending) => {
      const run = (outcome: ReadOutcome): Answer | Promise<Answer> => {
        caller.onRead?.(outcome);
        return afterReads(outcome, viewer, operation, ending, (choice) =>
          executeRootSelectionSet({ ...operation.execution, contextValue: contextOf(caller, viewer, () => viewer, choice), externalAbortSignal: ending.signal() }),
        );
      };
      if (ending.reason) throw ending.reason;
      const outcome = reads.query(operation.execution, viewer);
      return outcome instanceof Promise ? outcome.then(run) : run(outcome);
    });
    metrics.operation(caller.transport, operation.kind, outcomeOf(answer), (performance.now() - started) / 1000);
    return answer;
  };

  const subscribe: Runner["subscribe"] = async (operation, caller, session, gone) => {
    const started = performance.now();
    const args = operation.execution as ValidatedSubscriptionArgs;
    const newest = (): Viewer => session.viewer() ?? caller.viewer;
    const leavePlace = places.take(caller.viewer.tenantId);
    let source: AsyncIterable<unknown> | ExecutionResult;
    try {
      source = leavePlace ? await createSourceEventStream({ ...args, contextValue: contextOf(caller, caller.viewer, newest, "interpreter") }) : { errors: [tooManyStreams(limits)] };
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
    const stopped = goneOf(stopping.signal);
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
          const message = step.value;
          const answer = await inTime(caller, operation, stopped, (ending) => {
            const run = (outcome: ReadOutcome): Answer | Promise<Answer> =>
              afterReads(outcome, viewer, operation, ending, (choice) =>
                executeSubscriptionEvent({ ...args, rootValue: message, contextValue: contextOf(caller, viewer, newest, choice), externalAbortSignal: ending.signal() }),
              );
            const outcome = reads.message(args, message, viewer);
            return outcome instanceof Promise ? outcome.then(run) : run(outcome);
          });
          if (stopping.signal.aborted) return;
          metrics.message(caller.transport);
          yield answer;
          // Without its data the subscriber would miss something and not know: it has to come back with the last cursor that it got.
          if (!isText(answer) && answer.errors && (answer.data ?? null) === null) return;
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
    const end = (): Promise<IteratorResult<Answer, void>> => {
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

const TIMED_OUT = new Error("the operation timed out");
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
