/**
 * Reports on their way into the database. Whoever comes alone is stored at once and alone; those of different clusters that come meanwhile share a
 * transaction: a commit, and a statement for each kind of row, serve them all.
 *
 * - Only reports of one connection are stored together: what an agent says can hold up its own neighbours, and nobody else's.
 * - Together they give way: a lock that does not come soon ends the transaction. All of a transaction that failed are stored one by one, so that one
 *   report's fault is its own.
 * - A cluster's reports are stored one after another: two of one cluster are never in one transaction, nor under way at the same time.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { createGather } from "../domain/gather.ts";
import type { Bus } from "../realtime/bus.ts";
import { Refusal } from "./hello.ts";
import { type Received, type Stored, storeReports } from "./report.ts";

export interface ReportBatchesOptions {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Of the database's life. */
  readonly term: number;
  readonly logger: Logger;
  /** Transactions at a time. */
  readonly lanes: number;
}

export interface ReceivedFrom extends Received {
  /** The connection's name. */
  readonly from: string;
}

/** Reports in one transaction, and rows that they bring about: beyond it a transaction only gets longer. */
const MOST_REPORTS = 100;
const MOST_ROWS = 1_000;
/** Below Postgres' deadlock_timeout of a second, so that a crowd that waits in a circle is what gives way; a mutation on many clusters is done by then. */
const CROWD_PATIENCE_MS = 500;

/** Stores a report; rejects with a Refusal where its agent has to go on elsewhere. */
export function createReportBatches({ pool, bus, clock, term, logger, lanes }: ReportBatchesOptions): (received: ReceivedFrom) => Promise<Stored> {
  const storeIn = (received: readonly ReceivedFrom[]): Promise<(Stored | Refusal)[]> => {
    const clusterIds = received.map(({ report }) => report.clusterId);
    const patience = received.length > 1 ? { lockTimeoutMs: CROWD_PATIENCE_MS } : {};
    return inPoolScope(pool, { clusterIds }, (client) => storeReports(client, received, { term, now: clock.now() }), patience);
  };
  const storeEach = async (received: readonly ReceivedFrom[]): Promise<PromiseSettledResult<Stored>[]> => {
    const results: PromiseSettledResult<Stored>[] = [];
    for (const one of received) {
      const [result] = await Promise.allSettled([retryingConflicts(() => storeIn([one]))]);
      results.push(...(result.status === "fulfilled" ? result.value.map(settled) : [result]));
    }
    return results;
  };
  return createGather<ReceivedFrom, Stored>({
    keyOf: ({ report }) => report.clusterId,
    groupOf: ({ from }) => from,
    lanes,
    most: MOST_REPORTS,
    weight: { of: ({ report }) => report.pods.length + report.gone.length + report.placements.length, most: MOST_ROWS },
    work: async (received) => {
      const together = received.length === 1 ? null : await storeIn(received).catch((error: unknown) => {
        logger.debug({ err: error, reports: received.length }, "reports could not be stored together; each is stored alone");
        return null;
      });
      const results = together?.map(settled) ?? (await storeEach(received));
      if (results.some((result) => result.status === "fulfilled" && result.value === "stored")) bus.publish("timeline");
      return results;
    },
  });
}

const settled = (outcome: Stored | Refusal): PromiseSettledResult<Stored> =>
  outcome instanceof Refusal ? { status: "rejected", reason: outcome } : { status: "fulfilled", value: outcome };
