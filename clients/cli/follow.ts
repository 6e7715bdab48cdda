import {
  type ApplicationRowFragment,
  type OperationProgress,
  type OperationRowFragment,
  type OperationState,
  type StreamState,
  WatchApplicationsDocument,
} from "../typescript/index.ts";
import { InterruptedError } from "./exit.ts";
import { count } from "./format.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { Session } from "./session.ts";
import { plain } from "./text.ts";

export interface FollowOptions {
  readonly title: string;
  /** What is at work on the server, for the word after Ctrl-C: "The import", "The deletion". */
  readonly work: string;
  /** Applications to show a line each of, while there is room. */
  readonly applications?: { readonly namespace: string; readonly names: readonly string[] } | undefined;
  /** What the last line calls it, where its target says too little. */
  readonly subject?: string | undefined;
  /** What the operation counts, where the caller knows it better than the operation tells. */
  readonly unit?: string | undefined;
  /** Stay with an operation that has stalled, too: it goes on trying, and may do so for ever. */
  readonly patient?: boolean | undefined;
  /** Told of each of the operation's messages, to add to the picture. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Shows an operation's progress until it has ended, or has stalled, and returns it. The server may go and come back meanwhile. Ctrl-C stops
 * only the watching: InterruptedError says how to go on.
 */
export async function follow(session: Session, operation: Pick<OperationRowFragment, "id">, options: FollowOptions): Promise<OperationProgress> {
  const { terminal, client } = session;
  const progress = createProgress(terminal, options.title);
  const over = new AbortController();
  const signal = AbortSignal.any([terminal.interrupted, over.signal]);
  let stalled: OperationProgress | null = null;
  const parts = options.applications === undefined || terminal.err.isTTY !== true ? Promise.resolve() : showApplications(session, progress, options.applications, signal);
  try {
    return await client.waitForOperation(
      operation.id,
      (reported) => {
        const { progress: { completed, total, percent }, state, error } = reported;
        progress.update({ completed, total, percent, unit: options.unit ?? unitOf(reported).many, remark: state === "PAUSED" ? "paused" : error });
        options.onProgress?.(progress);
        if (state !== "STALLED" || options.patient === true) return;
        stalled = reported;
        over.abort();
      },
      { signal, onState: (state) => progress.connection(troubleOf(state)) },
    );
  } catch (error) {
    if (stalled !== null) return stalled;
    if (!terminal.interrupted.aborted) throw error;
    throw new InterruptedError(`${options.work} goes on without this command. To follow it again:\n  selvedge wait ${operation.id}`);
  } finally {
    over.abort();
    await parts;
    progress.stop();
  }
}

/** What an import counts that brings services, one for each cluster, beside its applications. */
export const PODS_AND_SERVICES = "pods and services";

/** What an operation counts, as far as it tells: an import of an application and a service of its name does not. */
function unitOf({ kind, targetName }: Pick<OperationProgress, "kind" | "targetName">): { readonly one: string; readonly many: string } {
  if (kind.endsWith("_SERVICE")) return { one: "cluster", many: "clusters" };
  if (kind === "IMPORT_MANIFESTS" && /(^| )\d+ services$/.test(targetName)) return { one: PODS_AND_SERVICES, many: PODS_AND_SERVICES };
  return { one: "pod", many: "pods" };
}

/** Why a stream shows nothing new; null while the connection stands. */
export const troubleOf = (state: StreamState): string | null => (state.kind === "reconnecting" ? state.reason : null);

/** A line for each application. An extra: when this stream fails, the operation's own goes on. */
async function showApplications(session: Session, progress: Progress, { namespace, names }: NonNullable<FollowOptions["applications"]>, signal: AbortSignal): Promise<void> {
  const known = new Map<string, ApplicationRowFragment>();
  try {
    for await (const { applications } of session.client.subscribe(WatchApplicationsDocument, { filter: { namespaces: [namespace], names } }, { signal })) {
      if (applications.snapshot) known.clear();
      for (const application of applications.upserted) known.set(application.id, application);
      for (const id of applications.removedIds) known.delete(id);
      progress.update({
        parts: [...known.values()].map(({ name, replicas, status }) => ({ name: plain(name), completed: replicas.ready, total: replicas.desired, note: status })),
      });
    }
  } catch {
    progress.update({ parts: [] });
  }
}

/** The last lines about an operation that has ended or stalled, and whether it did what was asked. */
export function outcome(operation: OperationProgress, took: string, { wanted = "SUCCEEDED", unit, subject }: { readonly wanted?: OperationState } & Pick<FollowOptions, "unit" | "subject"> = {}): { readonly ok: boolean; readonly lines: readonly string[] } {
  const { completed, total } = operation.progress;
  const ok = operation.state === wanted;
  const head = `${plain(subject ?? operation.targetName)}: ${operation.state.toLowerCase().replaceAll("_", " ")}, ${completed} of ${unit === undefined ? count(total, unitOf(operation).one, unitOf(operation).many) : count(total, unit, unit)}, ${took}`;
  const failed = operation.failedSteps.nodes.map(({ name, cluster, message }) => `  ${[plain(name), cluster?.code].filter(Boolean).join(" on ")}: ${plain(message ?? "failed")}`);
  const more = operation.failedSteps.totalCount - failed.length;
  const onward = operation.state === "STALLED" ? [`To follow it further: selvedge wait ${operation.id}`, `To see all of it:     selvedge describe op ${operation.id}`] : [];
  return { ok, lines: [head, ...(operation.error === null ? [] : [`  ${plain(operation.error)}`]), ...failed, ...(more > 0 ? [`  … and ${more} more`] : []), ...onward] };
}
