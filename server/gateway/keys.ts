/** The clusters' public keys, as the gateway's role sees them. */
import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";

export interface EnrolledKey {
  readonly code: string;
  readonly publicKey: Buffer;
}

export interface RevokedKey {
  readonly clusterId: string;
  readonly publicKey: Buffer;
}

export interface ClusterKeys {
  /** The valid ones of these clusters. */
  find(clusterIds: readonly string[]): Promise<ReadonlyMap<string, EnrolledKey>>;
  /** `since`: on the simulation's clock. */
  revoked(since: number): Promise<readonly RevokedKey[]>;
}

export const clusterKeys = (pool: Pool): ClusterKeys => ({
  find: async (clusterIds) => {
    const { rows } = await inPoolScope(pool, { clusterIds }, (client) =>
      client.query<{ cluster_id: string; code: string; public_key: Buffer }>({
        name: "find-cluster-keys", text: "select cluster_id, code, public_key from cluster_key where cluster_id = any ($1::uuid[]) and revoked_at is null", values: [clusterIds],
      }));
    return new Map(rows.map(({ cluster_id: clusterId, code, public_key: publicKey }) => [clusterId, { code, publicKey }]));
  },
  revoked: async (since) => {
    const { rows } = await pool.query<{ cluster_id: string; public_key: Buffer }>({ name: "revoked-cluster-keys", text: "select cluster_id, public_key from app.revoked_cluster_keys($1)", values: [new Date(since)] });
    return rows.map(({ cluster_id: clusterId, public_key: publicKey }) => ({ clusterId, publicKey }));
  },
});
