import type { Pool } from "pg";
import { CLUSTER_DISCONNECTED } from "../domain/events.ts";

export interface Silence {
  /** Milliseconds, as all times here, on the simulation's clock. */
  readonly now: number;
  /** Clusters that nobody vouched for since then are silent. */
  readonly before: number;
  /** But for these. */
  readonly heard?: readonly string[];
}

/**
 * Marks the clusters that have fallen silent and says so on the timeline, in one transaction; answers which. The gateway looks, and so does the worker: whoever comes first
 * marks a cluster, and for the other there is nothing left to do. The caller publishes "timeline" on the bus, to wake readers up.
 */
export async function markSilentClusters(pool: Pool, { now, before, heard = [] }: Silence): Promise<readonly string[]> {
  const { reason, message } = CLUSTER_DISCONNECTED;
  const { rows } = await pool.query<{ id: string }>({
    name: "mark-silent", text: "select id from app.mark_silent($1, $2::uuid[], $3, $4, $5) as id", values: [new Date(before), heard, new Date(now), reason, message],
  });
  return rows.map(({ id }) => id);
}
