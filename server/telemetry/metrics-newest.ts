/**
 * The newest that is known of a target, for whoever follows it: one read serves all who follow the same under the same rights, until a window has been stored that may be
 * newer. Nothing is read while nobody asks.
 */
import type { Pool } from "pg";
import { inPoolScope, type Scope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { METRIC_NAMES, type MetricName } from "../domain/metric.ts";
import { LATELY_MS, type MetricOwner, SAMPLE_MS } from "../domain/metric-times.ts";
import { addTotals, emptyTotals, METRICS, metricsOf, readTotals, TOTAL_BYTES } from "../domain/metric-values.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { Bus } from "../realtime/bus.ts";

export interface MetricTarget {
  readonly owner: MetricOwner;
  /** A uuid. */
  readonly id: string;
}

export interface MetricSample {
  /** The end of the newest window; now, where there is none. */
  readonly at: number;
  readonly values: readonly { readonly metric: MetricName; readonly value: number | null }[];
}

export interface FollowMetrics {
  readonly target: MetricTarget;
  readonly metrics: readonly MetricName[];
  readonly intervalSeconds: number;
}

export interface LiveMetrics {
  /** A sample at once, and then at each interval. Ends only with the subscription, or when the target is gone. */
  follow(what: FollowMetrics, viewer: () => Viewer): AsyncIterableIterator<MetricSample>;
  close(): void;
}

export interface LiveMetricsOptions {
  /** Connected as selvedge_api. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Wall-clock milliseconds after which is looked also without a wake-up, for those get lost. */
  readonly lookMs?: number;
}

/** What was read of a target; null: it is not there for the viewer. */
type Newest = { readonly end: number | null; readonly values: Float32Array } | null;

interface Shared {
  followers: number;
  /** Of the bus, when it was last read. */
  wakes: number;
  readAt: number;
  reading: Promise<Newest> | null;
}

const LOOK_MS = 15_000;
/** A crowd of clusters tells of windows all the time: a target is read no more often. */
const LEAST_MS = 500;

export function createLiveMetrics({ pool, bus, clock, lookMs = LOOK_MS }: LiveMetricsOptions): LiveMetrics {
  const shared = new Map<string, Shared>();
  let wakes = 0;
  const unsubscribe = bus.subscribe("metrics", () => void (wakes += 1));

  const newest = (one: Shared, target: MetricTarget, viewer: Viewer): Promise<Newest> => {
    const age = performance.now() - one.readAt;
    if (one.reading === null || age >= lookMs || (wakes !== one.wakes && age >= LEAST_MS)) {
      one.wakes = wakes;
      one.readAt = performance.now();
      const reading = readNewest(pool, target, viewer, clock.now());
      one.reading = reading;
      // One that failed is not kept for the next.
      reading.catch(() => void (one.reading === reading && (one.reading = null)));
    }
    return one.reading;
  };
  const join = (key: string): Shared => {
    const one = shared.get(key) ?? { followers: 0, wakes: -1, readAt: 0, reading: null };
    shared.set(key, one);
    one.followers += 1;
    return one;
  };
  const leave = (key: string): void => {
    const one = shared.get(key);
    if (one === undefined) return;
    one.followers -= 1;
    if (one.followers === 0) shared.delete(key);
  };

  async function* run({ target, metrics, intervalSeconds }: FollowMetrics, viewer: () => Viewer, signal: AbortSignal): AsyncGenerator<MetricSample, void, undefined> {
    let key: string | null = null;
    let one: Shared | null = null;
    try {
      for (let due = performance.now(); !signal.aborted; await waited(due - performance.now(), signal)) {
        // Rights may have changed: each sample is asked for with those of now.
        const asking = viewer();
        const asked = JSON.stringify([target.owner, target.id, asking.tenantId, asking.namespaceIds, seesAllTenants(asking)]);
        if (asked !== key || one === null) {
          if (key !== null) leave(key);
          key = asked;
          one = join(asked);
        }
        const found = await newest(one, target, asking);
        if (signal.aborted || found === null) return;
        yield sampleOf(found, metrics, clock.now());
        due = Math.max(due + intervalSeconds * 1_000, performance.now());
      }
    } finally {
      if (key !== null) leave(key);
    }
  }

  return {
    follow: (what, viewer) => {
      const ending = new AbortController();
      const generator = run(what, viewer, ending.signal);
      const iterator: AsyncIterableIterator<MetricSample> = {
        next: () => generator.next(),
        return: () => {
          ending.abort();
          generator.return(undefined).catch(() => undefined);
          return Promise.resolve({ done: true, value: undefined });
        },
        [Symbol.asyncIterator]: () => iterator,
      };
      return iterator;
    },
    close: unsubscribe,
  };
}

function sampleOf(newest: NonNullable<Newest>, metrics: readonly MetricName[], now: number): MetricSample {
  const isLate = newest.end === null || newest.end < now - LATELY_MS;
  return {
    at: newest.end ?? now,
    values: metrics.map((metric) => {
      const value = newest.values[METRIC_NAMES.indexOf(metric)] as number;
      return { metric, value: isLate || Number.isNaN(value) ? null : value };
    }),
  };
}

const waited = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    signal.addEventListener("abort", end);
  });

// ---------------------------------------------------------------- reading

const scopeOf = ({ tenantId, namespaceIds }: Viewer): Scope => ({ tenantId, namespaceIds });
const seesAllTenants = ({ role, namespaces }: Viewer): boolean => role === "PLATFORM_ADMIN" && namespaces === null;

interface Row {
  /** Whether the target is there. */
  readonly found: boolean;
  readonly at: Date | null;
  readonly bytes: Buffer | null;
}

async function readNewest(pool: Pool, { owner, id }: MetricTarget, viewer: Viewer, now: number): Promise<Newest> {
  const since = new Date(now - LATELY_MS - SAMPLE_MS);
  const text = NEWEST[owner](seesAllTenants(viewer));
  const rows = await inPoolScope(pool, scopeOf(viewer), async (client) => (await client.query<Row>({ name: `metrics-newest-${owner}-${seesAllTenants(viewer)}`, text, values: [id, since, new Date(now)] })).rows);
  if (rows.length === 0) return null;
  const values = new Float32Array(METRICS).fill(NaN);
  const measured = rows.flatMap(({ at, bytes }) => (at === null || bytes === null ? [] : [{ end: at.getTime() + SAMPLE_MS, bytes }]));
  if (measured.length === 0) return { end: null, values };
  if (owner === "pod") measured[0]?.bytes.copy(new Uint8Array(values.buffer));
  else {
    // Of an application, what its clusters said last.
    const sum = emptyTotals();
    for (const { bytes } of measured) addTotals(sum, readTotals(bytes));
    metricsOf(sum, values);
  }
  return { end: Math.max(...measured.map(({ end }) => end)), values };
}

const shares = (all: boolean, clusterId: string): string =>
  all ? `app.platform_shares(${clusterId}, $2, 'infinity')` : `(select * from metric_share s where s.tenant_id = (select app.tenant_id()) and s.cluster_id = ${clusterId} and s.at >= $2)`;

/** No row where the target is not there; one without a time where there is nothing of it. */
const NEWEST: Readonly<Record<MetricOwner, (all: boolean) => string>> = {
  pod: () => `select m.at, m.bytes, $3::timestamptz as asked from pod p left join lateral (
      select w.at, app.metric_values_of(p.id, w.pods, ${METRICS * 4}) as bytes from metric_window w
      where w.tenant_id = p.tenant_id and w.application_id = p.application_id and w.cluster_id = p.cluster_id and w.at >= $2 order by w.at desc limit 1) m on true
    where p.tenant_id = (select app.tenant_id()) and p.id = $1`,
  application: () => `select m.at, m.totals as bytes, $3::timestamptz as asked from application a left join lateral (
      select distinct on (w.cluster_id, w.placement_id) w.at, w.totals from metric_window w
      where w.tenant_id = a.tenant_id and w.application_id = a.id and w.at >= $2 order by w.cluster_id, w.placement_id, w.at desc) m on true
    where a.tenant_id = (select app.tenant_id()) and a.id = $1`,
  cluster: (all) => `select m.at, m.totals as bytes, $3::timestamptz as asked from cluster c left join lateral (
      select s.at, s.totals from ${shares(all, "c.id")} s order by s.at desc limit 1) m on true where c.id = $1`,
  node: (all) => `select m.at, m.bytes, $3::timestamptz as asked from cluster_node n left join lateral (
      select s.at, app.metric_values_of(n.id, s.nodes, ${TOTAL_BYTES}) as bytes from ${shares(all, "n.cluster_id")} s order by s.at desc limit 1) m on true where n.id = $1`,
};
