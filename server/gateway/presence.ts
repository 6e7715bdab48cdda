/**
 * Which clusters are vouched for (fleet/link.ts). A cluster is ONLINE while its agent vouches for what is shown every now and then, and DISCONNECTED once it has
 * not for the stale time: its pods run on, but what is shown of them is old. The worker looks for silent clusters, too: where no gateway runs, nothing is heard of
 * any. Times in the database are the simulation's, so the stale time is stretched by its speed: agents ping by the wall clock.
 *
 * `last_seen_at` is the moment that was vouched for, never the one at which that was stored: while the database is away signs of life wait here, and grow old.
 */
import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";
import { markSilentClusters } from "../database/silent-clusters.ts";
import type { Clock } from "../domain/clock.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";
import { type ClusterEvent, storeClusterEvents } from "./events.ts";

export interface Presence {
  /** What is shown of the cluster was true at this moment: kept, and stored with the next flush. */
  heard(clusterId: string, at: number): void;
  /** Stores the signs of life; returns clusters that came back. */
  flush(): Promise<readonly string[]>;
  /** Marks the silent clusters; returns them. */
  markSilent(): Promise<readonly string[]>;
}

export function createPresence(pool: Pool, clock: Clock, silentAfterMs: () => number): Presence {
  let heard = new Map<string, number>();
  const keep = (clusterId: string, at: number): void => void heard.set(clusterId, Math.max(at, heard.get(clusterId) ?? 0));
  const store = (signs: ReadonlyMap<string, number>): Promise<{ readonly id: string; readonly flipped: boolean }[]> => {
    const clusterIds = [...signs.keys()];
    return inPoolScope(pool, { clusterIds }, async (client) => {
      const now = clock.now();
      const values = [clusterIds, [...signs.values()].map((at) => new Date(at)), new Date(now - silentAfterMs())];
      const { rows } = await client.query<{ id: string; flipped: boolean }>(HEARD, values);
      const flipped = rows.filter((row) => row.flipped).map(({ id }) => id);
      const events = await storeClusterEvents(client, flipped.map(clusterConnected), now);
      await appendTimelineOn(client, [...flipped.map((id) => ({ tenantId: null, clusterId: id, kind: "cluster" as const, ids: [id], at: now })), ...events]);
      return rows;
    });
  };
  return {
    heard: keep,
    flush: async () => {
      if (heard.size === 0) return [];
      const flushed = heard;
      heard = new Map();
      try {
        const rows = await store(flushed);
        // What somebody else holds at the moment is not worth waiting for.
        for (const { id } of rows) flushed.delete(id);
        for (const [id, at] of flushed) keep(id, at);
        return rows.filter((row) => row.flipped).map(({ id }) => id);
      } catch (error) {
        for (const [id, at] of flushed) keep(id, at);
        throw error;
      }
    },
    markSilent: async () => {
      const now = clock.now();
      const before = now - silentAfterMs();
      return markSilentClusters(pool, { now, before, heard: [...heard].filter(([, at]) => at >= before).map(([id]) => id) });
    },
  };
}

const clusterConnected = (clusterId: string): ClusterEvent => ({ clusterId, type: "NORMAL", reason: "ClusterConnected", message: "The cluster is heard from again" });

const HEARD = /* sql */ `
with heard as (select * from unnest($1::uuid[], $2::timestamptz[]) as heard (id, at)),
free as (
  select c.id, c.status, heard.at, c.status = 'DISCONNECTED' and heard.at >= $3 as flipped
  from cluster c join heard on heard.id = c.id where c.id = any ($1::uuid[]) order by c.id for no key update of c skip locked)
update cluster c set last_seen_at = greatest(c.last_seen_at, free.at), status = case when free.flipped then 'ONLINE' else c.status end,
  online_since = case when free.flipped then free.at else c.online_since end
from free where c.id = free.id
returning c.id, free.flipped`;
