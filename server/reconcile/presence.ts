import type { Pool } from "pg";
import { markSilentClusters } from "../database/silent-clusters.ts";
import type { Clock } from "../domain/clock.ts";
import { STALE_AFTER_SECONDS } from "../domain/states.ts";
import type { Bus } from "../realtime/bus.ts";

export interface PresenceOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second: what is stale is told in real time. */
  readonly speed: number;
}

/**
 * Marks clusters that have fallen silent, as the gateway does (gateway/presence.ts) while one runs; answers which. Where none does nothing else would tell
 * the streams that what they showed is stale.
 */
export async function markSilent({ pool, bus, clock, speed }: PresenceOptions): Promise<readonly string[]> {
  const now = clock.now();
  const silent = await markSilentClusters(pool, { now, before: now - STALE_AFTER_SECONDS * 1_000 * speed });
  if (silent.length > 0) bus.publish("timeline");
  return silent;
}
