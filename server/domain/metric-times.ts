/**
 * What is measured when, how finely it is kept, and in which steps it is shown. All times are milliseconds of the simulation's clock.
 *
 *   window   [at, at + SAMPLE_MS): the same for everybody, at is a multiple of SAMPLE_MS
 *   tier     how finely something is kept, and for how long
 *   step     of a chart: a point stands for [at, at + step), at is a multiple of the step
 *
 * A chart is read from one tier, whose step divides its own; so that the newest of it needs no other, see telemetry/metrics-seal.ts.
 */
export const SAMPLE_MS = 15_000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const METRICS_KEPT_DAYS = 90;
/** Days that one chart spans, and points that a series of it has, at most. */
export const MAX_METRICS_DAYS = 31;
export const MAX_METRIC_POINTS = 1_500;

/** Windows that an agent keeps for the centre: half an hour. */
export const WINDOWS_KEPT = 120;
/** Windows that are older come too late to be stored: what they belong to may be dropped soon. */
export const LATEST_MS = HOUR_MS;
/** A window that is this much ahead is of a clock that is wrong. */
export const AHEAD_MS = 60_000;
/** What is shown as the newest is not older. */
export const LATELY_MS = 3 * SAMPLE_MS;

export const METRIC_OWNERS = ["pod", "application", "node", "cluster"] as const;
export type MetricOwner = (typeof METRIC_OWNERS)[number];

export type TierSeconds = 15 | 60 | 300 | 3_600;
export interface Tier {
  readonly seconds: TierSeconds;
  readonly keptMs: number;
}

const COARSE: readonly Tier[] = [{ seconds: 300, keptMs: MAX_METRICS_DAYS * DAY_MS }, { seconds: 3_600, keptMs: METRICS_KEPT_DAYS * DAY_MS }];
/** Finest first. */
export const TIERS: Readonly<Record<MetricOwner, readonly Tier[]>> = {
  pod: [{ seconds: 15, keptMs: 2 * HOUR_MS }, { seconds: 60, keptMs: 2 * DAY_MS }, ...COARSE],
  application: [{ seconds: 15, keptMs: 2 * DAY_MS }, ...COARSE],
  node: [{ seconds: 15, keptMs: 2 * DAY_MS }, ...COARSE],
  cluster: [{ seconds: 15, keptMs: 2 * DAY_MS }, ...COARSE],
};

/** Who asks for exactly what is kept does so a moment later than that: everything stays an hour longer. */
export const KEPT_LONGER_MS = HOUR_MS;

export interface ChartPlan {
  readonly tier: TierSeconds;
  readonly stepMs: number;
  /** Of the first point. */
  readonly from: number;
  readonly points: number;
}

export type ChartFault = { readonly member: "from" | "to" | "stepSeconds"; readonly message: string };

/** What is wrong with the times that a chart is asked for; null when nothing is. */
export function chartFault(from: number, to: number, stepSeconds: number | null): ChartFault | null {
  if (!(from < to)) return { member: "from", message: "must be before to" };
  if (to - from > MAX_METRICS_DAYS * DAY_MS) return { member: "to", message: `must be at most ${MAX_METRICS_DAYS} days after from` };
  if (stepSeconds !== null && stepSeconds < 1) return { member: "stepSeconds", message: "must be 1 or more" };
  return null;
}

/** The finest chart that is not finer than asked for, nor than what is kept of its beginning, and has no more points than it may. */
export function planChart(owner: MetricOwner, from: number, to: number, stepSeconds: number | null, now: number): ChartPlan {
  const tiers = TIERS[owner];
  const kept = tiers.filter(({ keptMs }) => from >= now - keptMs - KEPT_LONGER_MS);
  const last = tiers.at(-1) as Tier;
  let step = stepFor(kept[0] ?? last, from, to, stepSeconds ?? 1);
  // The coarsest that is enough: it has the least to be read. What the step is rounded up to may let a coarser one do.
  let tier = kept.findLast(({ seconds }) => step % seconds === 0) ?? last;
  if (step > tier.seconds) {
    step = stepFor(tier, from, to, step);
    tier = kept.findLast(({ seconds }) => step % seconds === 0) ?? last;
  }
  const stepMs = step * 1_000;
  const first = Math.floor(from / stepMs) * stepMs;
  return { tier: tier.seconds, stepMs, from: first, points: Math.ceil((to - first) / stepMs) };
}

/** Seconds: from 1, 5 and 60 minutes on whole ones of these, which coarser tiers have. */
function stepFor({ seconds }: Tier, from: number, to: number, atLeast: number): number {
  const enough = Math.max(atLeast, (to - from) / 1_000 / MAX_METRIC_POINTS);
  const round = (step: number): number => {
    const unit = [3_600, 300, 60].find((each) => step > each) ?? seconds;
    return Math.ceil(step / Math.max(unit, seconds)) * Math.max(unit, seconds);
  };
  let step = round(Math.max(seconds, enough));
  // The first point begins before the chart does: that may be one too many.
  while ((to - Math.floor(from / (step * 1_000)) * step * 1_000) / (step * 1_000) > MAX_METRIC_POINTS) step = round(step + 1);
  return step;
}
