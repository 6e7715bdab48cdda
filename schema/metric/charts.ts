import { METRIC_NAMES, type MetricName } from "../../server/domain/metric.ts";
import { chartOf, type ChartSeries } from "../../server/domain/metric-chart.ts";
import { chartFault, type ChartPlan, HOUR_MS, type MetricOwner, planChart, type TierSeconds } from "../../server/domain/metric-times.ts";
import { addTotals, METRICS, metricsOf, readTotals, sliceBytes, TOTAL_BYTES, type Totals } from "../../server/domain/metric-values.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { Application } from "../../server/entities/application.ts";
import type { ClusterNode } from "../../server/entities/cluster-node.ts";
import type { Cluster } from "../../server/entities/cluster.ts";
import type { Pod } from "../../server/entities/pod.ts";
import type { Request } from "../shared/mapping/kinds.ts";
import { type Column, type Columns, integer, param, type Sql, sql, time } from "../shared/mapping/sql.ts";
import { seesAllTenants } from "../shared/usage.ts";
import type { MetricsInput } from "./type.ts";

/**
 * Charts: the hours that are in chunks, and of what is not yet the windows (server/telemetry/metrics-seal.ts). SQL finds them and cuts out what is asked for; what the
 * bytes mean is pure code's. A pod's finest tier is its windows.
 */
export interface MetricsArgs {
  readonly input: typeof MetricsInput.$inferInput;
}

const CHUNKS: Readonly<Record<TierSeconds, Sql>> = { 15: sql`metric_15s`, 60: sql`metric_1m`, 300: sql`metric_5m`, 3600: sql`metric_1h` };
const UNSEALED = sql`(select app.metrics_unsealed())`;

interface Asked {
  readonly plan: ChartPlan;
  readonly metrics: readonly MetricName[];
  /** Of hours that may have some of it. */
  readonly sinceHour: Date;
  readonly since: Date;
  readonly until: Date;
}

/** @throws RequestError where the times are not what they may be. */
function asked(owner: MetricOwner, { input }: MetricsArgs, { now }: Request): Asked {
  const [from, to, stepSeconds] = [input.from.getTime(), input.to.getTime(), input.stepSeconds ?? null];
  const fault = chartFault(from, to, stepSeconds);
  if (fault) throw new RequestError("BAD_USER_INPUT", `The argument "input.${fault.member}" ${fault.message}`);
  const plan = planChart(owner, from, to, stepSeconds, now.getTime());
  const metrics = [...new Set(input.metrics ?? METRIC_NAMES)];
  return { plan, metrics, sinceHour: new Date(Math.floor(plan.from / HOUR_MS) * HOUR_MS), since: new Date(plan.from), until: new Date(plan.from + plan.points * plan.stepMs) };
}

/** `chunks`: columns at, chunk; `windows`: at, bytes. Bounds of `at` stand by themselves, and in no greatest() or least(): so partitions that are beyond one are never looked at. */
function chart({ plan, metrics }: Asked, chunks: Sql | null, windows: Sql): Sql {
  const width = sliceBytes(plan.tier);
  const slices = metrics.map((metric) => sql`substring(c.chunk from ${integer(METRIC_NAMES.indexOf(metric) * width + 1)} for ${integer(width)})`);
  const cut = metrics.length === METRICS && metrics.every((metric, index) => metric === METRIC_NAMES[index]) ? sql`c.chunk` : joined(slices);
  const hours = chunks === null ? sql`null` : sql`(select json_agg(json_build_array(extract(epoch from c.at) * 1000, encode(${cut}, 'base64'))) from (${chunks}) c)`;
  const rest = sql`(select json_agg(json_build_array(extract(epoch from w.at) * 1000, encode(w.bytes, 'base64'))) from (${windows}) w where w.bytes is not null)`;
  return sql`json_build_object('plan', ${param(plan, "jsonb")}, 'metrics', ${param(metrics, "jsonb")}, 'chunks', ${hours}, 'windows', ${rest})`;
}

const joined = (parts: readonly Sql[]): Sql => (parts.length === 0 ? sql`''::bytea` : parts.reduce((all, part) => sql`${all} || ${part}`));

const chunksOf = ({ plan, sinceHour, until }: Asked, ownerId: Column): Sql =>
  sql`select m.at, m.chunk from ${CHUNKS[plan.tier]} m where m.tenant_id = (select app.tenant_id()) and m.owner_id = ${ownerId} and m.at >= ${time(sinceHour)} and m.at < ${time(until)} and m.at < ${UNSEALED}`;

export function podChart(pod: Columns<Pod>, args: MetricsArgs, request: Request): Sql {
  const what = asked("pod", args, request);
  const isFinest = what.plan.tier === 15;
  const unsealed = isFinest ? sql`` : sql`and m.at >= ${UNSEALED}`;
  const windows = sql`select m.at, app.metric_values_of(${pod.id}, m.pods, ${integer(METRICS * 4)}) as bytes from metric_window m
    where m.tenant_id = (select app.tenant_id()) and m.application_id = ${pod.applicationId} and m.cluster_id = ${pod.clusterId} and m.at >= ${time(what.since)} ${unsealed} and m.at < ${time(what.until)}`;
  return chart(what, isFinest ? null : chunksOf(what, pod.id), windows);
}

export function applicationChart(application: Columns<Application>, args: MetricsArgs, request: Request): Sql {
  const what = asked("application", args, request);
  const windows = sql`select m.at, m.totals as bytes from metric_window m
    where m.tenant_id = (select app.tenant_id()) and m.application_id = ${application.id} and m.at >= ${time(what.since)} and m.at >= ${UNSEALED} and m.at < ${time(what.until)}`;
  return chart(what, chunksOf(what, application.id), windows);
}

export const clusterChart = (cluster: Columns<Cluster>, args: MetricsArgs, request: Request): Sql => share("cluster", cluster.id, cluster.id, sql`m.totals`, args, request);

export const nodeChart = (node: Columns<ClusterNode>, args: MetricsArgs, request: Request): Sql =>
  share("node", node.id, node.clusterId, sql`app.metric_values_of(${node.id}, m.nodes, ${integer(TOTAL_BYTES)})`, args, request);

/** The viewer's tenant's, or everybody's. */
function share(owner: MetricOwner, ownerId: Column, clusterId: Column, bytes: Sql, args: MetricsArgs, request: Request): Sql {
  const what = asked(owner, args, request);
  const [since, until] = [sql`greatest(${time(what.since)}, ${UNSEALED})`, time(what.until)];
  if (!seesAllTenants(request.viewer)) {
    const windows = sql`select m.at, ${bytes} as bytes from metric_share m
      where m.tenant_id = (select app.tenant_id()) and m.cluster_id = ${clusterId} and m.at >= ${time(what.since)} and m.at >= ${UNSEALED} and m.at < ${until}`;
    return chart(what, chunksOf(what, ownerId), windows);
  }
  const chunks = sql`select m.at, m.chunk from app.platform_chunks(${integer(what.plan.tier)}, ${ownerId}, ${time(what.sinceHour)}, least(${until}, ${UNSEALED})) m`;
  return chart(what, chunks, sql`select m.at, ${bytes} as bytes from app.platform_shares(${clusterId}, ${since}, ${until}) m`);
}

interface Found {
  readonly plan: ChartPlan;
  readonly metrics: readonly MetricName[];
  readonly chunks: readonly (readonly [at: number, bytes: string])[] | null;
  readonly windows: readonly (readonly [at: number, bytes: string])[] | null;
}

/** What SQL found, as series: windows are a pod's values, or totals, of which there may be several at a time. */
export function readChart(found: unknown): ChartSeries[] {
  const { plan, metrics, chunks, windows } = found as Found;
  const sums = new Map<number, Totals>();
  const measured = new Map<number, Float32Array>();
  for (const [at, text] of windows ?? []) {
    const bytes = Buffer.from(text, "base64");
    if (bytes.length === METRICS * 4) measured.set(at, Float32Array.from({ length: METRICS }, (_, index) => bytes.readFloatLE(index * 4)));
    else {
      const sum = sums.get(at);
      if (sum === undefined) sums.set(at, readTotals(bytes));
      else addTotals(sum, readTotals(bytes));
    }
  }
  for (const [at, sum] of sums) {
    const values = new Float32Array(METRICS);
    metricsOf(sum, values);
    measured.set(at, values);
  }
  return chartOf(plan, metrics, {
    chunks: (chunks ?? []).map(([at, text]) => ({ at, bytes: Buffer.from(text, "base64") })),
    windows: Array.from(measured, ([at, values]) => ({ at, values })),
  });
}
