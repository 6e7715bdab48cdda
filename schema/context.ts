import type { Clock } from "../server/domain/clock.ts";
import type { Actor } from "../server/identity/viewer.ts";
import type { Reader } from "../server/read/index.ts";
import type { Live } from "../server/realtime/live.ts";
import type { FollowMetrics, LiveMetrics } from "../server/telemetry/metrics-newest.ts";
import type { Services } from "../server/services/index.ts";
import type { LogDownloads, LogViewer } from "../server/telemetry/logs-download.ts";
import type { LogReader } from "../server/telemetry/logs-read.ts";

/**
 * What every resolver gets. Made anew for each operation, and for each message of a subscription, so that loaders and caches never
 * outlive what they read. The schema knows the parts by type alone: it loads without a database, an environment or a timer.
 */
export interface Context {
  readonly actor: Actor;
  readonly clock: Clock;
  /** Reads by the mapping, under the actor's tenant and namespaces. */
  readonly read: Reader;
  /** Writes: one call, one transaction. */
  readonly services: Services;
  /** What subscriptions are fed from. */
  readonly live: Live;
  /** Lines of logs, which are no rows of the mapping. */
  readonly logs: Logs;
  /** What charts are followed from. */
  readonly metrics: { follow(what: FollowMetrics): ReturnType<LiveMetrics["follow"]> };
  readonly server: ServerFacts;
}

export interface Logs {
  of(viewer: LogViewer): LogReader;
  readonly downloads: LogDownloads;
}

export interface ServerFacts {
  readonly version: string;
  readonly simulated: boolean;
  readonly speed: number;
  readonly maxPageSize: number;
  /** Lines of logs are kept for so long, on the simulation's clock. */
  readonly logDays: number;
}
