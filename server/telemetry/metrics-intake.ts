/**
 * Windows on their way into the database. Those of several clusters that come while others are stored share a transaction (metrics-store.ts). It need not be on disk
 * when it is answered: what a crash of Postgres takes with it are metrics of its last moments.
 */
import type { Pool } from "pg";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { createGather } from "../domain/gather.ts";
import { RECORD_BYTES } from "../domain/metric-values.ts";
import { isInTime, storeWindows, type Window } from "./metrics-store.ts";

export interface MetricsIntakeOptions {
  /** Connected as selvedge_gateway. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** Transactions at a time. */
  readonly lanes: number;
  readonly onStored: () => void;
}

export interface WindowFrom {
  readonly window: Window;
  /** The connection's name: what an agent says can hold up its own neighbours, and nobody else's. */
  readonly from: string;
}

/** "late": it is stored no more, or its clock is wrong. */
export type Intake = (window: WindowFrom) => Promise<"stored" | "late">;

const MOST_WINDOWS = 200;
const MOST_PODS = 20_000;
/** Postgres: no partition of relation found for row. */
const NO_PARTITION = "23514";

export function createMetricsIntake({ pool, clock, lanes, onStored }: MetricsIntakeOptions): Intake {
  const store = (windows: readonly Window[]): Promise<number> =>
    inPoolScope(pool, { clusterIds: windows.map(({ clusterId }) => clusterId) }, async (client) => {
      await client.query("set local synchronous_commit = off");
      return storeWindows(client, windows);
    });
  const storeWhereThereIsRoom = async (windows: readonly Window[]): Promise<void> => {
    try {
      await retryingConflicts(() => store(windows));
    } catch (error) {
      if ((error as { code?: unknown }).code !== NO_PARTITION) throw error;
      for (const at of new Set(windows.map((window) => window.at))) await pool.query("select app.make_metric_partitions($1)", [new Date(at)]);
      await retryingConflicts(() => store(windows));
    }
  };
  return createGather<WindowFrom, "stored" | "late">({
    keyOf: ({ window }) => window.clusterId,
    groupOf: ({ from }) => from,
    lanes,
    most: MOST_WINDOWS,
    weight: { of: ({ window }) => window.placements.reduce((sum, { pods }) => sum + pods.length / RECORD_BYTES, 0), most: MOST_PODS },
    work: async (some) => {
      const now = clock.now();
      const inTime = some.filter(({ window }) => isInTime(window.at, now));
      const failed = inTime.length === 0 ? null : await storeWhereThereIsRoom(inTime.map(({ window }) => window)).then(onStored, (reason: unknown) => ({ reason }));
      return some.map((one): PromiseSettledResult<"stored" | "late"> => {
        if (!inTime.includes(one)) return { status: "fulfilled", value: "late" };
        return failed ? { status: "rejected", reason: failed.reason } : { status: "fulfilled", value: "stored" };
      });
    },
  });
}
