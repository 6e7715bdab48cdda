import { createSourceEventStream, executeRootSelectionSet, executeSubscriptionEvent, type ExecutionResult, type GraphQLError, type ValidatedSubscriptionArgs } from "graphql";
import type { Logger } from "pino";
import type { Actor, Viewer } from "../identity/viewer.ts";
import { isText, type Answer, type OperationReads, type ReaderChoice, type ReadOutcome } from "../read/answer.ts";
import { createSharedStreams, type Membership, type Sink } from "../realtime/shared-streams.ts";
import { sharingOf } from "../realtime/sharing.ts";
import { createAudiences } from "./audience.ts";
import { createDeadlines } from "./deadlines.ts";
import { Ending, goneOf, type Gone } from "./ending.ts";
import type { AdmittedOperation } from "./enforce.ts";
import { apiError, maskError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { Transport, TransportMetrics } from "./metrics.ts";
import { Payload } from "./payload.ts";
import { createPlaces } from "./places.ts";
import type { Session } from "./sessions.ts";
import { PullSink } from "./wire.ts";

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
  /** Of a subscription that goes on: the cursor of what was sent last, which outranks the operation's own. */
  readonly resume?: string | null;
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
  /** The same for who takes messages as they come. Those who ask for the same are told the same payloads (realtime/shared-streams.ts). */
  follow(operation: AdmittedOperation, caller: Caller, session: Session, sink: Sink<Payload>): Promise<ExecutionResult | Membership>;
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

  const audiences = createAudiences();

  const contextOf = (caller: Caller, viewer: Viewer, newest: () => Viewer, choice: ReaderChoice, resume: string | null = null): object =>
    makeContext({
      actor: { ...viewer, requestId: caller.requestId, sourceAddress: caller.sourceAddress, ...(caller.origin === undefined ? {} : { origin: caller.origin }) }, choice, viewer: newest, resume,
    });

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

  const shared = createSharedStreams<ValidatedSubscriptionArgs, Viewing, Payload>({
    async open(args, { caller, operation }, viewer, resume) {
      let source: AsyncIterable<unknown> | ExecutionResult;
      try {
        source = await createSourceEventStream({ ...args, contextValue: contextOf(caller, viewer(), viewer, "interpreter", resume) });
      } catch (error) {
        source = { errors: [error as GraphQLError] };
      }
      if (!(Symbol.asyncIterator in source)) return { failure: new Payload(clean(caller, operation, source)) };
      return { iterator: source[Symbol.asyncIterator](), sharing: sharingOf(source) };
    },
    async render(args, { caller, operation }, message, viewer, signal) {
      const answer = await inTime(caller, operation, goneOf(signal), (ending) => {
        const run = (outcome: ReadOutcome): Answer | Promise<Answer> =>
          afterReads(outcome, viewer, operation, ending, (choice) =>
            executeSubscriptionEvent({ ...args, rootValue: message, contextValue: contextOf(caller, viewer, () => viewer, choice), externalAbortSignal: ending.signal() }),
          );
        const outcome = reads.message(args, message, viewer);
        return outcome instanceof Promise ? outcome.then(run) : run(outcome);
      });
      const payload = new Payload(answer);
      return { payload, bytes: payload.tail.byteLength, last: payload.isFailure };
    },
    failed: (_args, { caller, operation }, error) => new Payload({ errors: masked(caller, operation, [error]) }),
    revoked: () => new Payload({ errors: [apiError("UNAUTHENTICATED", "The token of this stream was revoked or has expired.")] }),
    viewer: ({ session }) => session.viewer(),
    delivered: ({ caller }, count) => metrics.messages(caller.transport, count),
    left: (viewing) => viewing.leave(),
    onFault: (error) => logger.warn({ err: error }, "a subscription's source failed while ending"),
  });
  metrics.sharedStreams(() => shared.streams);

  const follow: Runner["follow"] = async (operation, caller, session, sink) => {
    const started = performance.now();
    const counted = (failure: ExecutionResult | null): void => metrics.operation(caller.transport, operation.kind, failure ? outcomeOf(failure) : "ok", (performance.now() - started) / 1000);
    const leavePlace = places.take(caller.viewer.tenantId);
    if (!leavePlace) {
      const failure = clean(caller, operation, { errors: [tooManyStreams(limits)] });
      counted(failure);
      return failure;
    }
    const viewing = new Viewing(operation, caller, session, leavePlace);
    metrics.streams(caller.transport, 1);
    viewing.onLeft = () => metrics.streams(caller.transport, -1);
    const args = operation.execution as ValidatedSubscriptionArgs;
    const entered = await shared.enter(audiences.keyOf(args, caller.viewer), args, viewing, sink);
    if ("failure" in entered) {
      const failure = entered.failure.answer as ExecutionResult;
      counted(failure);
      return failure;
    }
    counted(null);
    viewing.watch(entered);
    return entered;
  };

  const subscribe: Runner["subscribe"] = async (operation, caller, session, gone) => {
    const sink = new PullSink();
    const membership = await follow(operation, caller, session, sink);
    if (!("state" in membership)) return membership;
    let ended = false;
    const end = async (): Promise<IteratorResult<Answer, void>> => {
      ended = true;
      membership.leave();
      sink.end();
      gone?.removeEventListener("abort", onGone);
      return { done: true, value: undefined };
    };
    const onGone = (): void => void end();
    if (gone?.aborted) onGone();
    else gone?.addEventListener("abort", onGone, { once: true });
    const stream: Messages = {
      async next() {
        if (ended) return { done: true, value: undefined };
        const step = await sink.next();
        if (step.done || ended) return end();
        return { done: false, value: step.value.answer };
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

  return { execute, follow, subscribe };
}

const tooManyStreams = ({ maxStreamsPerTenant }: Limits): GraphQLError =>
  apiError("RATE_LIMITED", `The tenant has ${maxStreamsPerTenant} subscriptions already, which is as many as it may have at once; end some first.`, { details: { retryAfterMs: 1000 } });

const TIMED_OUT = new Error("the operation timed out");

/** Who views a subscription. */
class Viewing {
  readonly caller: Caller;
  readonly session: Session;
  readonly operation: AdmittedOperation;
  readonly #leavePlace: () => void;
  #membership: Membership | null = null;
  onLeft: (() => void) | null = null;

  constructor(operation: AdmittedOperation, caller: Caller, session: Session, leavePlace: () => void) {
    this.operation = operation;
    this.caller = caller;
    this.session = session;
    this.#leavePlace = leavePlace;
  }

  /** It is told at once when its token ends. */
  watch(membership: Membership): void {
    if (membership.state === "ENDED") return;
    this.#membership = membership;
    if (!this.session.watch(membership)) membership.revoke();
  }

  leave(): void {
    this.#leavePlace();
    if (this.#membership) this.session.unwatch(this.#membership);
    this.onLeft?.();
  }
}
