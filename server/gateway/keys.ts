/** The clusters' public keys, as the gateway's role sees them. */
import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";

export interface EnrolledKey {
  readonly code: string;
  readonly publicKey: Buffer;
}

/** What a cluster was enrolled with. */
export interface ClusterKeyring {
  readonly valid: EnrolledKey | null;
  /** The newest ones. */
  readonly revoked: readonly Buffer[];
}

export interface RevokedKey {
  readonly clusterId: string;
  readonly publicKey: Buffer;
}

export interface ClusterKeys {
  /** Of those of these clusters that have ever had one. */
  find(clusterIds: readonly string[]): Promise<ReadonlyMap<string, ClusterKeyring>>;
  /** `since`: on the simulation's clock. */
  revoked(since: number): Promise<readonly RevokedKey[]>;
}

export const clusterKeys = (pool: Pool): ClusterKeys => ({
  find: async (clusterIds) => {
    const { rows } = await inPoolScope(pool, { clusterIds }, (client) =>
      client.query<{ cluster_id: string; code: string; public_key: Buffer; revoked: boolean }>({ name: "find-cluster-keys", text: FIND_KEYS, values: [clusterIds, MAX_KEYS] }));
    return new Map([...Map.groupBy(rows, (row) => row.cluster_id)].map(([clusterId, keys]) => {
      const valid = keys.find(({ revoked }) => !revoked);
      return [clusterId, { valid: valid ? { code: valid.code, publicKey: valid.public_key } : null, revoked: keys.filter(({ revoked }) => revoked).map(({ public_key: publicKey }) => publicKey) }];
    }));
  },
  revoked: async (since) => {
    const { rows } = await pool.query<{ cluster_id: string; public_key: Buffer }>({ name: "revoked-cluster-keys", text: "select cluster_id, public_key from app.revoked_cluster_keys($1)", values: [new Date(since)] });
    return rows.map(({ cluster_id: clusterId, public_key: publicKey }) => ({ clusterId, publicKey }));
  },
});

/** Of one cluster that are looked at. */
const MAX_KEYS = 8;

/** The valid one first, then from the newest on. */
const FIND_KEYS = /* sql */ `
select cluster_id, code, public_key, revoked_at is not null as revoked
from (select *, row_number() over (partition by cluster_id order by revoked_at desc nulls first) as place from cluster_key where cluster_id = any ($1::uuid[])) as keys
where place <= $2`;
