/**
 * Stores lines that clusters ship: a row for each chunk, each exactly once. How far a cluster's lines are stored is a row of its own, which is locked, compared and set in
 * the transaction that stores more. Whose lines are follows from our own assignment of the placement on that cluster; of what the cluster was not given nothing is
 * stored, and its position moves on all the same. No line is of later than now.
 */
import type { ClientBase } from "pg";
import { chunkText, followsStored, letterOf, type LogBatch, type LogLineEntry, type LogPosition } from "../domain/logs.ts";

export interface StoredLogs {
  /** Of each batch's cluster, in the order of the batches. */
  readonly positions: readonly LogPosition[];
  /** Whose lines were stored, by cluster and tenant. */
  readonly told: readonly { readonly clusterId: string; readonly tenantId: string; readonly applicationIds: readonly string[] }[];
}

/** Batches of different clusters, in a transaction of these clusters. */
export async function storeLogs(client: ClientBase, batches: readonly LogBatch[], now: number): Promise<StoredLogs> {
  const stored = new Map<string, LogPosition>();
  const { rows } = await client.query<{ cluster_id: string; epoch: number; position: number }>({ name: "log-positions", text: POSITIONS, values: [batches.map(({ clusterId }) => clusterId)] });
  for (const { cluster_id, epoch, position } of rows) stored.set(cluster_id, { epoch, position });
  const following = batches.filter((batch) => followsStored(stored.get(batch.clusterId) ?? null, batch) && batch.to > batch.from);
  const told = await insertChunks(client, following, now);
  if (following.length > 0) {
    const moved = following.map(({ clusterId, epoch, to }) => ({ clusterId, epoch, position: to }));
    await client.query({ name: "log-positions-set", text: SET_POSITIONS, values: [JSON.stringify(moved)] });
    for (const { clusterId, ...position } of moved) stored.set(clusterId, position);
  }
  return { positions: batches.map(({ clusterId, epoch }) => stored.get(clusterId) ?? { epoch, position: 0 }), told };
}

async function insertChunks(client: ClientBase, batches: readonly LogBatch[], now: number): Promise<StoredLogs["told"]> {
  const chunks = batches.flatMap(({ clusterId, chunks: said }) =>
    said.map(({ lines, ...source }) => {
      const entries = lines.map(([at, stream, line]): LogLineEntry => [Math.min(at, now), stream, line]);
      return {
        ...source, clusterId, from: entries[0]?.[0], to: entries.at(-1)?.[0], body: chunkText(entries),
        streams: [...new Set(entries.map(([, stream]) => letterOf(stream)))].join(""),
      };
    }));
  if (chunks.length === 0) return [];
  const { rows } = await client.query<{ cluster_id: string; tenant_id: string; application_ids: string[] }>({ name: "log-chunks", text: CHUNKS, values: [JSON.stringify(chunks)] });
  return rows.map(({ cluster_id, tenant_id, application_ids }) => ({ clusterId: cluster_id, tenantId: tenant_id, applicationIds: application_ids }));
}

const POSITIONS = "select cluster_id, epoch, position from log_position where cluster_id = any ($1::uuid[]) order by cluster_id for update";

const SET_POSITIONS = /* sql */ `
insert into log_position (cluster_id, epoch, position)
select "clusterId", epoch, position from jsonb_to_recordset($1::jsonb) as s ("clusterId" uuid, epoch integer, position bigint)
on conflict (cluster_id) do update set epoch = excluded.epoch, position = excluded.position`;

/** In the order in which they were said: a source's chunks are told apart by it. */
const CHUNKS = /* sql */ `
with stored as (
insert into log_chunk (tenant_id, application_id, namespace_id, cluster_id, pod_id, pod_name, container, streams, from_at, to_at, body)
select a.tenant_id, a.application_id, a.namespace_id, c."clusterId", c."podId", c."podName", c.container, c.streams, to_timestamp(c."from" / 1000), to_timestamp(c."to" / 1000), c.body
from rows from (jsonb_to_recordset($1::jsonb) as (
  "clusterId" uuid, "podId" uuid, "podName" text, "placementId" uuid, container text, streams text, "from" double precision, "to" double precision, body text
)) with ordinality as c ("clusterId", "podId", "podName", "placementId", container, streams, "from", "to", body, n)
cross join lateral (
  select tenant_id, application_id, namespace_id from assignment where cluster_id = c."clusterId" and object_id = c."placementId" and kind = 'placement' offset 0) a
order by c.n
returning cluster_id, tenant_id, application_id)
select cluster_id, tenant_id, array_agg(distinct application_id) as application_ids from stored group by cluster_id, tenant_id`;
