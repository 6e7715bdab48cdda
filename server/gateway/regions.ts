import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import { createLru } from "../domain/lru.ts";
import type { ClusterDescription } from "../fleet/link.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";

/**
 * The regions that clusters lie in: stored when a cluster's hello names one, or names it anew. In a transaction of its own, and once for all clusters of a
 * region that say hello together: else each hello would wait for the first one's commit.
 */
export interface Regions {
  /** The region's id; it is stored then. `now` in simulated milliseconds. */
  idOf(description: Pick<ClusterDescription, "region">, clusterId: string, now: number): Promise<string>;
}

const MOST_KNOWN = 1_000;

export function createRegions(pool: Pool): Regions {
  const known = createLru<string, Promise<string>>({ maxEntries: MOST_KNOWN });

  const store = ({ code, name }: ClusterDescription["region"], clusterId: string, now: number): Promise<string> =>
    retryingConflicts(() => inPoolScope(pool, { clusterIds: [clusterId] }, async (client) => {
      const find = async () => (await client.query<{ id: string; written: boolean }>({ name: "store-region", text: STORE_REGION, values: [randomUUIDv7(), code, name] })).rows[0];
      // One that another gateway is just storing is seen by the next statement only.
      const region = (await find()) ?? (await find());
      if (!region) throw new Error(`the region ${code} was stored and is not there`);
      if (region.written) await appendTimelineOn(client, [{ tenantId: null, clusterId, kind: "region", ids: [region.id], at: now }]);
      return region.id;
    }));

  return {
    idOf({ region }, clusterId, now) {
      const key = JSON.stringify([region.code, region.name]);
      const found = known.get(key);
      if (found) return found;
      const storing = store(region, clusterId, now);
      known.set(key, storing);
      storing.catch(() => known.delete(key));
      return storing;
    },
  };
}

const STORE_REGION = /* sql */ `
with stored as (
  insert into region (id, code, name) values ($1, $2, $3)
  on conflict (code) do update set name = excluded.name where region.name <> excluded.name
  returning id
)
select id, true as written from stored union all select id, false from region where code = $2 limit 1`;
