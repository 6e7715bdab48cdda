/**
 * Which clusters are heard from. A cluster is ONLINE while its agent says something every now and then, and DISCONNECTED once it has been silent for
 * the stale time: its pods run on, but what is shown of them is old. Times in the database are the simulation's, so the stale time is stretched
 * by its speed: agents ping by the wall clock.
 */
import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";
import { type ClusterEvent, storeClusterEvents } from "./events.ts";

export interface Presence {
  /** A sign of life: kept, and stored with the next flush. */
  heard(clusterId: string): void;
  /** Stores the signs of life; returns clusters that came back. */
  flush(): Promise<readonly string[]>;
  /** Marks the silent clusters; returns them. */
  markSilent(): Promise<readonly string[]>;
}

export function createPresence(pool: Pool, clock: Clock, silentAfterMs: () => number): Presence {
  let heard = new Set<string>();
  const tell = async (clusterIds: readonly string[], text: string, values: (at: Date) => unknown[], event: (clusterId: string) => ClusterEvent): Promise<{ id: string; flipped: boolean }[]> =>
    inPoolScope(pool, { clusterIds }, async (client) => {
      const now = clock.now();
      const { rows } = await client.query<{ id: string; flipped: boolean }>(text, values(new Date(now)));
      const flipped = rows.filter((row) => row.flipped).map(({ id }) => id);
      const events = await storeClusterEvents(client, flipped.map(event), now);
      await appendTimelineOn(client, [...flipped.map((id) => ({ tenantId: null, clusterId: id, kind: "cluster" as const, ids: [id], at: now })), ...events]);
      return rows;
    });
  return {
    heard: (clusterId) => void heard.add(clusterId),
    flush: async () => {
      const clusterIds = [...heard];
      if (clusterIds.length === 0) return [];
      heard = new Set();
      try {
        const rows = await tell(clusterIds, HEARD, (at) => [clusterIds, at], clusterConnected);
        // What somebody else holds at the moment is not worth waiting for.
        const stored = new Set(rows.map(({ id }) => id));
        for (const id of clusterIds) if (!stored.has(id)) heard.add(id);
        return rows.filter((row) => row.flipped).map(({ id }) => id);
      } catch (error) {
        for (const id of clusterIds) heard.add(id);
        throw error;
      }
    },
    markSilent: async () => {
      const before = new Date(clock.now() - silentAfterMs());
      const { rows } = await pool.query<{ id: string }>({ name: "find-silent", text: "select id from cluster where status = 'ONLINE' and (last_seen_at is null or last_seen_at < $1)", values: [before] });
      const silent = rows.map(({ id }) => id).filter((id) => !heard.has(id));
      if (silent.length === 0) return [];
      return (await tell(silent, SILENT, () => [silent, before], clusterDisconnected)).map(({ id }) => id);
    },
  };
}

export const clusterConnected = (clusterId: string): ClusterEvent => ({ clusterId, type: "NORMAL", reason: "ClusterConnected", message: "The cluster is heard from again" });

const clusterDisconnected = (clusterId: string): ClusterEvent => ({
  clusterId, type: "WARNING", reason: "ClusterDisconnected", message: "Nothing is heard from the cluster: what runs on it runs on, and what is shown of it is as old as its last word",
});

const HEARD = /* sql */ `
with free as (select id, status from cluster where id = any ($1::uuid[]) order by id for no key update skip locked)
update cluster c set last_seen_at = greatest(c.last_seen_at, $2), status = 'ONLINE',
  online_since = case when free.status = 'ONLINE' then c.online_since else $2 end
from free where c.id = free.id
returning c.id, free.status = 'DISCONNECTED' as flipped`;

const SILENT = /* sql */ `
with silent as (
  select id from cluster where id = any ($1::uuid[]) and status = 'ONLINE' and (last_seen_at is null or last_seen_at < $2) order by id for no key update skip locked)
update cluster c set status = 'DISCONNECTED' from silent where c.id = silent.id
returning c.id, true as flipped`;
