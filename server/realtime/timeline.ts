import type { EntityManager } from "@mikro-orm/postgresql";
import type { ClientBase } from "pg";
import { arrayText } from "../database/arrays.ts";

/** What a timeline row is about; its ids are of this kind. "usage": what a tenant has reserved on clusters; the ids are the clusters'. "log": that there are new lines of its owners; it has no ids. */
export const TIMELINE_KINDS = ["application", "placement", "pod", "operation", "cluster", "node", "namespace", "region", "token", "vpc", "subnet", "rollout", "configMap", "secret", "service", "usage", "event", "fault", "log"] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

export interface TimelineEntry {
  /** null: what every tenant sees, e.g. a cluster. */
  readonly tenantId: string | null;
  /** Who reports from a cluster says which: row-level security compares it. */
  readonly clusterId?: string | null;
  readonly kind: TimelineKind;
  readonly ids: readonly string[];
  readonly removedIds?: readonly string[];
  /** Of objects that belong to applications: all those that these do, as the objects' own rows say it. Absent where the writer does not know: any may be concerned. */
  readonly ownerIds?: readonly string[];
  /** Milliseconds on the simulation's clock. */
  readonly at: number;
}

/**
 * Says what this transaction changed: readers see it at once with the commit, or never. One entry a tenant and kind, with all ids of the
 * transaction: never a row per object. The caller publishes "timeline" on the bus after the commit, to wake readers up.
 */
export async function appendTimeline(em: EntityManager, ...entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(() => "(?::uuid, ?::uuid, ?, ?::uuid[], ?::uuid[], ?::uuid[], ?::timestamptz)").join(", ");
  const values = entries.flatMap((entry) => [
    entry.tenantId, entry.clusterId ?? null, entry.kind, arrayText(entry.ids), arrayText(entry.removedIds ?? []), entry.ownerIds ? arrayText(entry.ownerIds) : null, new Date(entry.at).toISOString(),
  ]);
  await em.execute(`insert into timeline (tenant_id, cluster_id, kind, ids, removed_ids, owner_ids, at) values ${rows}`, values);
}

/** The same on a connection that is inside a transaction. */
export async function appendTimelineOn(client: ClientBase, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    tenant_id: entry.tenantId, cluster_id: entry.clusterId ?? null, kind: entry.kind, ids: entry.ids, removed_ids: entry.removedIds ?? [], owner_ids: entry.ownerIds ?? null,
    at: new Date(entry.at),
  }));
  await client.query({ name: "append-timeline", text: APPEND, values: [JSON.stringify(rows)] });
}

const APPEND = `
insert into timeline (tenant_id, cluster_id, kind, ids, removed_ids, owner_ids, at)
select tenant_id, cluster_id, kind, ids, removed_ids, owner_ids, at
from jsonb_to_recordset($1::jsonb) as entry (tenant_id uuid, cluster_id uuid, kind text, ids uuid[], removed_ids uuid[], owner_ids uuid[], at timestamptz)`;
