import type { Pool } from "pg";
import { HOUR_MS, SAMPLE_MS, TIERS, type TierSeconds } from "#server/domain/metric-times.ts";
import { addRecords, emptyTotals, MetricHour, METRICS, RecordWriter, TOTAL_BYTES, writeTotals } from "#server/domain/metric-values.ts";
import { CHUNK_TABLES } from "#server/telemetry/metrics-seal.ts";
import { ALL_TENANTS, NODE_BYTES } from "#server/telemetry/metrics-store.ts";
import { NOW } from "./reading.ts";

export interface Measured {
  readonly id: string;
  readonly tenant_id: string;
  readonly namespace_id: string;
  readonly application_id: string;
  readonly placement_id: string;
  readonly cluster_id: string;
}
interface Node {
  readonly id: string;
  readonly cluster_id: string;
}

/** The hour that is in chunks; the one that follows is in windows. */
const SEALED = Math.floor(NOW / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const WINDOWS = 8;

/** Metrics of some pods and what they belong to: an hour in chunks, and a few windows of the next, with gaps in both. */
export async function createReadMetrics(admin: Pool, pods: readonly Measured[], nodes: readonly Node[]): Promise<void> {
  for (const table of ["metric_window", "metric_share"]) await admin.query("select app.make_metric_partition($1, 3600, $2)", [table, new Date(SEALED + HOUR_MS)]);
  for (const table of Object.values(CHUNK_TABLES)) await admin.query("select app.make_metric_partition($1, 86400, $2)", [table, new Date(SEALED)]);
  await admin.query("insert into metric_hour (at, settled) values ($1, 1)", [new Date(SEALED)]);
  const chunk = async (tiers: readonly { readonly seconds: TierSeconds }[], id: string, tenantId: string, namespaceId: string | null, salt: number): Promise<void> => {
    const hour = new MetricHour(SEALED);
    for (let at = 0; at < hour.values.length; at += 1) if (at % 7 !== 3) hour.values[at] = (at + salt) % 100;
    for (const { seconds } of tiers) {
      await admin.query(`insert into ${CHUNK_TABLES[seconds]} (tenant_id, owner_id, at, namespace_id, settled, chunk) values ($1, $2, $3, $4, 1, $5) on conflict do nothing`,
        [tenantId, id, new Date(SEALED), namespaceId, hour.chunk(seconds)]);
    }
  };
  const writer = new RecordWriter();
  const bytesOf = (id: string, salt: number): Buffer => {
    writer.clear();
    writer.add(id, 0, (metric) => (metric === METRICS - 2 && salt % 2 === 0 ? NaN : metric + salt));
    return Buffer.from(writer.base64(), "base64");
  };
  const totalsOf = (records: Buffer): Buffer => {
    const [totals, bytes] = [emptyTotals(), Buffer.alloc(TOTAL_BYTES)];
    addRecords(records, () => [totals]);
    writeTotals(totals, bytes, 0);
    return bytes;
  };
  for (const [salt, pod] of pods.entries()) {
    await chunk(TIERS.pod.slice(1), pod.id, pod.tenant_id, pod.namespace_id, salt);
    await chunk(TIERS.application, pod.application_id, pod.tenant_id, pod.namespace_id, salt);
    await chunk(TIERS.cluster, pod.cluster_id, pod.tenant_id, null, salt);
    for (let window = 0; window < WINDOWS; window += 1) {
      const records = bytesOf(pod.id, salt + window);
      await admin.query(
        "insert into metric_window (tenant_id, application_id, namespace_id, cluster_id, placement_id, at, totals, pods) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        [pod.tenant_id, pod.application_id, pod.namespace_id, pod.cluster_id, pod.placement_id, new Date(SEALED + HOUR_MS + (window + Math.floor(window / 3)) * SAMPLE_MS), totalsOf(records), records]);
    }
  }
  for (const [salt, node] of nodes.entries()) {
    for (const tenantId of new Set([ALL_TENANTS, ...pods.map(({ tenant_id }) => tenant_id)])) {
      await chunk(TIERS.node, node.id, tenantId, null, salt);
      const share = Buffer.alloc(NODE_BYTES);
      Buffer.from(node.id.replaceAll("-", ""), "hex").copy(share);
      const totals = totalsOf(bytesOf(node.id, salt));
      totals.copy(share, 16);
      await admin.query("insert into metric_share (tenant_id, cluster_id, at, totals, nodes) values ($1, $2, $3, $4, $5) on conflict do nothing", [tenantId, node.cluster_id, new Date(SEALED + HOUR_MS), totals, share]);
    }
  }
}
