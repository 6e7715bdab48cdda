import type { Pool } from "pg";
import { inPoolScope } from "../database/scope.ts";
import { type Clock, keptSince } from "../domain/clock.ts";
import { eventsKeptSince } from "../domain/events.ts";
import { logsKeptSince } from "../domain/logs.ts";
import { appendTimelineOn } from "../realtime/timeline.ts";

export interface HousekeepingOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** Simulated seconds a second: what is kept for a day is kept for a day of the wall clock. */
  readonly speed: number;
}

/** Transactions whose rows share a partition of the timeline. */
const TIMELINE_PARTITION_XIDS = 500_000;

/** A week of the wall clock. */
const FAULTS_KEPT_MS = 7 * 24 * 3_600_000;

const oldest = ({ clock, speed }: HousekeepingOptions): Date => new Date(keptSince(clock.now(), speed));

/** Cuts partitions ahead of the newest transaction and drops those that hold nothing younger than a day. */
export async function maintainTimeline(options: HousekeepingOptions, width = TIMELINE_PARTITION_XIDS): Promise<{ made: number; dropped: number }> {
  const { rows } = await options.pool.query<{ made: number; dropped: number }>("select made, dropped from app.maintain_timeline($1, $2)", [width, oldest(options)]);
  return rows[0] ?? { made: 0, dropped: 0 };
}

/** Returns how many keys were forgotten. */
export async function expireIdempotency(options: HousekeepingOptions): Promise<number> {
  const { rows } = await options.pool.query<{ expired: number }>("select app.expire_idempotency($1) as expired", [oldest(options)]);
  return rows[0]?.expired ?? 0;
}

/** Events that one statement removes, and the statements of one job: each is short, and what is left is for the next. */
const EXPIRED_AT_A_TIME = 2_000;
const EXPIRED_STEPS = 100;

/** Returns how many events were removed. */
export async function expireEvents({ pool, clock }: Pick<HousekeepingOptions, "pool" | "clock">, atATime = EXPIRED_AT_A_TIME, steps = EXPIRED_STEPS): Promise<number> {
  const before = new Date(eventsKeptSince(clock.now()));
  let expired = 0;
  for (let step = 0; step < steps; step += 1) {
    const { rows } = await pool.query<{ gone: number }>("select app.expire_events($1, $2) as gone", [before, atATime]);
    const gone = rows[0]?.gone ?? 0;
    expired += gone;
    if (gone < atATime) break;
  }
  return expired;
}

/** Faults whose time is over are said to have ended, and are kept for events that name them. Returns how many ended, and how many were forgotten. */
export async function expireFaults(options: HousekeepingOptions): Promise<{ ended: number; forgotten: number }> {
  const now = options.clock.now();
  return inPoolScope(options.pool, {}, async (client) => {
    const forgotten = await client.query("delete from fault where ends_at < $1", [new Date(now - FAULTS_KEPT_MS * options.speed)]);
    const { rows } = await client.query<{ id: string; cluster_id: string }>("update fault set ended_at = ends_at where ended_at is null and ends_at <= $1 returning id, cluster_id", [new Date(now)]);
    const clusters = [...Map.groupBy(rows, ({ cluster_id }) => cluster_id)];
    await appendTimelineOn(client, clusters.map(([clusterId, some]) => ({ tenantId: null, clusterId, kind: "fault" as const, ids: some.map(({ id }) => id), at: now })));
    return { ended: rows.length, forgotten: forgotten.rowCount ?? 0 };
  });
}

const DAY_MS = 86_400_000;
/** Wall-clock milliseconds that partitions are cut ahead for: jobs may be late by as much. */
const LOGS_AHEAD_MS = 600_000;
/** Chunks outside of partitions that one statement removes. */
const LOG_CHUNKS_AT_A_TIME = 5_000;

/** Cuts partitions of lines for the days ahead, and drops those of lines that are kept no longer. */
export async function maintainLogs({ pool, clock, speed }: HousekeepingOptions): Promise<{ made: number; dropped: number; removed: number }> {
  const now = clock.now();
  const ahead = now + DAY_MS + LOGS_AHEAD_MS * speed;
  const { rows } = await pool.query<{ made: number; dropped: number; removed: number }>(
    "select made, dropped, removed from app.maintain_logs($1, $2, $3, $4)", [new Date(now), new Date(ahead), new Date(logsKeptSince(now)), LOG_CHUNKS_AT_A_TIME]);
  return rows[0] ?? { made: 0, dropped: 0, removed: 0 };
}
