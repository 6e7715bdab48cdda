import type { Pool } from "pg";
import { type Clock, keptSince } from "../domain/clock.ts";

export interface HousekeepingOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** Simulated seconds a second: what is kept for a day is kept for a day of the wall clock. */
  readonly speed: number;
}

/** Transactions whose rows share a partition of the timeline. */
const TIMELINE_PARTITION_XIDS = 500_000;

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
