import { setTimeout as sleep } from "node:timers/promises";
import { type MessagePort, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { Config, ServerRole } from "./config/config.ts";
import type { MetricsSnapshot } from "./observability/metrics.ts";
import type { Facts } from "./roles/role.ts";

/**
 * Threads, seen from the one that starts them. What both sides say to each other:
 *
 *   supervisor                     thread
 *     | -- (workerData) -----------> |   loads its roles' code, while the database is being prepared
 *     | -- start (facts) ----------> |
 *     | <----- started | failed ---- |
 *     | -- metrics ----------------> |   any number of times
 *     | <--------------- metrics --- |
 *     | -- stopping ---------------> |   others are being stopped: what it misses from now on is no fault
 *     | -- stop -------------------> |   closes its roles in reverse order, then ends
 *
 * A thread that ends without having been told to is a fault of the whole process.
 */
export type ThreadRole = Exclude<ServerRole, "api">;

export interface ThreadData {
  readonly name: string;
  /** Started in this order, closed in reverse. */
  readonly roles: readonly ThreadRole[];
  readonly config: Config;
  readonly link: MessagePort | null;
  /** The Unix socket at which the gateway takes what comes from outside; null without one. */
  readonly door: string | null;
}

/** `facts`: null where there is no database. */
export type ToThread = { readonly say: "start"; readonly facts: Facts | null } | { readonly say: "metrics" } | { readonly say: "stopping" } | { readonly say: "stop" };
export type FromThread =
  | { readonly say: "started" }
  | { readonly say: "failed"; readonly reason: string }
  | { readonly say: "metrics"; readonly snapshot: MetricsSnapshot };

export interface Thread {
  readonly name: string;
  /** Resolves when all of its roles run; rejects with the reason why one does not. */
  start(facts: Facts | null): Promise<void>;
  /** What it has counted; empty where it does not answer soon. */
  metrics(): Promise<MetricsSnapshot>;
  announceStop(): void;
  /** Ends it within `deadlineMs`, by force if need be. Answers whether it ended by itself. */
  stop(deadlineMs: number): Promise<boolean>;
}

const METRICS_DEADLINE_MS = 1_000;

export interface ThreadOptions extends Omit<ThreadData, "link"> {
  readonly link: MessagePort | null;
  readonly logger: Logger;
  /** Called at most once, and never after stop(). */
  readonly onCrash: (error: Error) => void;
}

export function startThread({ name, roles, config, link, door, logger, onCrash }: ThreadOptions): Thread {
  const workerData: ThreadData = { name, roles, config, link, door };
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { name, workerData, transferList: link === null ? [] : [link] });
  let stopping = false;
  let crash: Error | null = null;
  const started = Promise.withResolvers<void>();
  // It may fail before anybody waits for it.
  started.promise.catch(() => undefined);
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let waiting: ((snapshot: MetricsSnapshot) => void)[] = [];

  worker.on("message", (message: FromThread) => {
    switch (message.say) {
      case "started":
        return started.resolve();
      case "failed":
        return started.reject(new Error(message.reason));
      case "metrics": {
        const answered = waiting;
        waiting = [];
        for (const answer of answered) answer(message.snapshot);
      }
    }
  });
  worker.once("error", (error) => {
    crash = error instanceof Error ? error : new Error(String(error));
    logger.fatal({ err: crash, thread: name }, "a thread crashed");
  });
  worker.once("exit", (code) => {
    const error = crash ?? new Error(`the thread ${name} ended unexpectedly (code ${code})`);
    started.reject(error);
    if (!stopping) onCrash(error);
  });

  const tell = (message: ToThread): void => worker.postMessage(message);
  return {
    name,
    start: (facts) => {
      tell({ say: "start", facts });
      return started.promise;
    },
    metrics: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve([]), METRICS_DEADLINE_MS);
        waiting.push((snapshot) => {
          clearTimeout(late);
          resolve(snapshot);
        });
        if (waiting.length === 1) tell({ say: "metrics" });
      }),
    announceStop: () => {
      stopping = true;
      tell({ say: "stopping" });
    },
    stop: async (deadlineMs) => {
      stopping = true;
      tell({ say: "stop" });
      const givenUp = new AbortController();
      const outcome = await Promise.race([
        ended.then(() => true),
        sleep(deadlineMs, false, { signal: givenUp.signal }).catch(() => true),
      ]);
      givenUp.abort();
      if (!outcome) {
        logger.warn({ thread: name }, "a thread did not end in time and was cut off");
        await worker.terminate();
      }
      return outcome;
    },
  };
}
