import { timeoutAfter } from "./backoff.ts";
import { OperationFailedError, type OperationProgress, StillRunningError } from "./errors.ts";
import { type OperationRowFragment, WatchOperationDocument } from "./generated.ts";
import type { MessageStream, StreamOptions } from "./stream.ts";

/** Waiting for what a mutation began: across reconnects and restarts of the server, until the operation has ended. */
export interface WaitOptions extends StreamOptions {
  /** Aborted, waiting rejects with the signal's reason. The operation goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Told how it stands: at once, at each change, and at least every 15 seconds while the server is there. */
  readonly onProgress?: ((operation: OperationProgress) => void) | undefined;
  /** Throw StillRunningError after so many milliseconds. Default: wait for however long it takes. */
  readonly timeoutMs?: number | undefined;
  /** Throw OperationFailedError unless it ends as SUCCEEDED. */
  readonly orThrow?: boolean | undefined;
}

/** The operation, or its id; what a mutation's payload has may be null, which is a TypeError here. */
export type Awaited = string | { readonly id: string } | null | undefined;

type Watch = (document: typeof WatchOperationDocument, variables: { readonly id: string }, options: StreamOptions) => MessageStream<{ readonly operation: OperationProgress }>;

export async function waitFor(watch: Watch, awaited: Awaited, { onProgress, timeoutMs, orThrow = false, ...options }: WaitOptions = {}): Promise<OperationProgress> {
  const id = typeof awaited === "string" ? awaited : awaited?.id;
  if (id === undefined) throw new TypeError("There is no operation to wait for: the mutation was refused, or began none.");
  options.signal?.throwIfAborted();
  const timeout = timeoutMs === undefined ? null : timeoutAfter(timeoutMs);
  const signals = [options.signal, timeout].filter((signal) => signal !== undefined && signal !== null);
  const stream = watch(WatchOperationDocument, { id }, { ...options, signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0] });
  let last: OperationProgress | null = null;
  for await (const { operation } of stream) {
    last = operation;
    onProgress?.(operation);
  }
  if (last !== null && hasEnded(last)) {
    if (orThrow && last.state !== "SUCCEEDED") throw new OperationFailedError(last);
    return last;
  }
  options.signal?.throwIfAborted();
  if (timeout?.aborted) throw new StillRunningError(id, timeoutMs ?? 0, last);
  throw new Error(`The stream of operation ${id} ended before the operation did.`);
}

/** An operation that will not change any more. */
export const hasEnded = (operation: Pick<OperationRowFragment, "finishedAt">): boolean => operation.finishedAt !== null;
