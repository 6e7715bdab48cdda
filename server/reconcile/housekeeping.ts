import type { Pool } from "pg";
import { type Clock, keptSince } from "../domain/clock.ts";
import { eventsKeptSince } from "../domain/events.ts";

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
