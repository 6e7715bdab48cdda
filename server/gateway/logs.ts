/**
 * Lines on their way into the database. Batches of one connection's clusters share a transaction when they come faster than they are stored, each alone where that fails; only
 * one transaction at a time, so that reports and hellos have the database for themselves.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { createGather } from "../domain/gather.ts";
import type { LogBatch, LogPosition } from "../domain/logs.ts";
import type { Bus } from "../realtime/bus.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";
import { storeLogs } from "../telemetry/logs-store.ts";

export interface LogBatchesOptions {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LogsFrom extends LogBatch {
  /** The connection's name. */
  readonly connection: string;
}

const MOST_BATCHES = 50;
const MOST_CHUNKS = 1_000;
/** Below Postgres' deadlock_timeout: who waits in a circle gives way. */
const CROWD_PATIENCE_MS = 500;

/** Stores a batch, and answers how far its cluster's lines are stored then. */
export function createLogBatches({ pool, bus, clock, logger }: LogBatchesOptions): (batch: LogsFrom) => Promise<LogPosition> {
  const store = async (batches: readonly LogsFrom[]): Promise<readonly LogPosition[]> => {
    const patience = batches.length > 1 ? { lockTimeoutMs: CROWD_PATIENCE_MS } : {};
    const now = clock.now();
    const { positions, told } = await inPoolScope(pool, { clusterIds: batches.map(({ clusterId }) => clusterId) }, async (client) => {
      const stored = await storeLogs(client, batches, now);
      // Streams of lines are told by the timeline that looking is worth it.
      await appendTimelineOn(client, stored.told.map(({ clusterId, tenantId, applicationIds }) => ({ tenantId, clusterId, kind: "log", ids: [], ownerIds: applicationIds, at: now })));
      return stored;
    }, patience);
    if (told.length > 0) bus.publish("timeline");
    return positions;
  };
  const storeEach = async (batches: readonly LogsFrom[]): Promise<PromiseSettledResult<LogPosition>[]> => {
    const results: PromiseSettledResult<LogPosition>[] = [];
    for (const batch of batches) {
      const [result] = await Promise.allSettled([retryingConflicts(() => store([batch]))]);
      results.push(...(result.status === "fulfilled" ? result.value.map(fulfilled) : [result]));
    }
    return results;
  };
  return createGather<LogsFrom, LogPosition>({
    keyOf: ({ clusterId }) => clusterId,
    groupOf: ({ connection }) => connection,
    lanes: 1,
    most: MOST_BATCHES,
    weight: { of: ({ chunks }) => chunks.length, most: MOST_CHUNKS },
    work: async (batches) => {
      const together = batches.length === 1 ? null : await store(batches).catch((error: unknown) => {
        logger.debug({ err: error, batches: batches.length }, "lines could not be stored together; each batch is stored alone");
        return null;
      });
      return together?.map(fulfilled) ?? storeEach(batches);
    },
  });
}

const fulfilled = (value: LogPosition): PromiseSettledResult<LogPosition> => ({ status: "fulfilled", value });
