/**
 * The newest that is known of a target, for whoever follows it: one read serves all who follow the same under the same rights, until a window has been stored that may be
 * newer. Nothing is read while nobody asks.
 */
import type { Pool } from "pg";
import { inPoolScope, type Scope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { METRIC_NAMES, type MetricName } from "../domain/metric.ts";
import { rounded } from "../domain/metric-chart.ts";
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

/** A target, under the rights of some viewers. */
interface Shared {
  readonly target: MetricTarget;
  readonly viewer: Viewer;
  followers: number;
  /** Of the bus, when it was last read. */
  wakes: number;
  readAt: number;
  reading: Promise<Newest> | null;
  /** Of those who wait for a newer window: told of all that is read. */
  readonly waiting: Set<(newest: Newest) => void>;
  timer: NodeJS.Timeout | null;
}

const LOOK_MS = 15_000;
/** A crowd of clusters tells of windows all the time: a target is read no more often. */
const LEAST_MS = 500;
/** By so much windows come early or late: within it the next is told at once, and waited for, where it would only be told again what was told before. */
const JITTER_MS = 2_000;

/**
 * When a sample is sent after the one at `sent`, in milliseconds of one clock: from `earliest` on as soon as a newer window is known, and at `latest` whatever is known. What counts for
 * `earliest` is when a window was last sent that was new to the follower (null: the first was stored before anybody asked), so that who asks for each window gets each at once.
 */
export function nextSample(intervalSeconds: number, sent: number, sentNew: number | null): { readonly earliest: number; readonly latest: number } {
  const interval = intervalSeconds * 1_000;
  return { earliest: sentNew === null ? sent : sentNew + interval - Math.min(JITTER_MS, interval / 4), latest: sent + interval + (interval >= SAMPLE_MS ? JITTER_MS : 0) };
}

export function createLiveMetrics({ pool, bus, clock, lookMs = LOOK_MS }: LiveMetricsOptions): LiveMetrics {
  const shared = new Map<string, Shared>();
  let wakes = 0;
  const unsubscribe = bus.subscribe("metrics", () => {
    wakes += 1;
    for (const one of shared.values()) look(one);
  });

  const read = (one: Shared): Promise<Newest> => {
    one.wakes = wakes;
    one.readAt = performance.now();
    const reading = readNewest(pool, one.target, one.viewer, clock.now());
    one.reading = reading;
    reading.then(
      (found) => {
        for (const told of one.waiting) told(found);
      },
      // One that failed is not kept for the next.
      () => void (one.reading === reading && (one.reading = null)),
    );
    return reading;
  };
  const newest = (one: Shared): Promise<Newest> => {
    const age = performance.now() - one.readAt;
    return one.reading === null || age >= lookMs || (wakes !== one.wakes && age >= LEAST_MS) ? read(one) : one.reading;
  };
  /** Reads once more, as soon as it may be, where somebody waits for it and there may be something newer. */
  const look = (one: Shared): void => {
    if (one.waiting.size === 0 || one.timer !== null || wakes === one.wakes) return;
    const wait = Math.max(0, one.readAt + LEAST_MS - performance.now());
    one.timer = setTimeout(() => {
      one.timer = null;
      if (one.waiting.size > 0 && wakes !== one.wakes) read(one).catch(() => undefined);
    }, wait);
  };
  const join = (key: string, target: MetricTarget, viewer: Viewer): Shared => {
    const one = shared.get(key) ?? { target, viewer, followers: 0, wakes: -1, readAt: 0, reading: null, waiting: new Set(), timer: null };
    shared.set(key, one);
    one.followers += 1;
    return one;
  };
  const leave = (key: string): void => {
    const one = shared.get(key);
    if (one === undefined) return;
    one.followers -= 1;
    if (one.followers > 0) return;
    if (one.timer !== null) clearTimeout(one.timer);
    shared.delete(key);
  };
  /** Until a window is known that ends after `end`, or the target is gone; not beyond `latest`. */
  const newer = (one: Shared, end: number | null, latest: number, signal: AbortSignal): Promise<void> => {
    const known = new AbortController();
    const told = (found: Newest): void => void ((found === null || (found.end !== null && found.end > (end ?? -Infinity))) && known.abort());
    one.waiting.add(told);
    look(one);
    return waited(latest - performance.now(), AbortSignal.any([signal, known.signal])).finally(() => one.waiting.delete(told));
  };

  async function* run({ target, metrics, intervalSeconds }: FollowMetrics, viewer: () => Viewer, signal: AbortSignal): AsyncGenerator<MetricSample, void, undefined> {
    let key: string | null = null;
    let one: Shared | null = null;
    /** What was told last, and when there was something new in it. */
    let end: number | null = null;
    let sentNew: number | null = null;
    try {
      for (let isFirst = true; ; isFirst = false) {
        // Rights may have changed: each sample is asked for with those of now.
        const asking = viewer();
        const asked = JSON.stringify([target.owner, target.id, asking.tenantId, asking.namespaceIds, seesAllTenants(asking)]);
        if (asked !== key || one === null) {
          if (key !== null) leave(key);
          key = asked;
          one = join(asked, target, asking);
        }
        const found = await newest(one);
        if (signal.aborted || found === null) return;
        if (!isFirst && found.end !== end) sentNew = performance.now();
        ({ end } = found);
        yield sampleOf(found, metrics, clock.now());
        const { earliest, latest } = nextSample(intervalSeconds, performance.now(), sentNew);
        await waited(earliest - performance.now(), signal);
        if (!signal.aborted) await newer(one, end, latest, signal);
        if (signal.aborted) return;
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
      return { metric, value: isLate || Number.isNaN(value) ? null : rounded(value) };
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
