import type { MessagePort } from "node:worker_threads";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { DatabaseAccess } from "../database/address.ts";
import { type Clock, type ClockSettings, simulatedTime } from "../domain/clock.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Bus } from "../realtime/bus.ts";

/**
 * A role is a part of the composition: it gets all that it works with, keeps nothing in module variables, and meets the other roles only
 * through Postgres, the bus and the link. So any set of roles may share a thread or a process.
 */
export interface RoleContext {
  readonly config: Config;
  /** What the roles of the centre share; null in a process that has none of them. */
  readonly centre: Centre | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The link between gateway and fleet, where both are in this process. */
  readonly link: MessagePort | null;
  /** The Unix socket at which the gateway takes what comes from outside. */
  readonly door: string | null;
  /** The process is being stopped: what another role does not answer any more is no fault. */
  readonly stopping: AbortSignal;
}

export interface Centre {
  readonly database: DatabaseAccess;
  readonly clock: Clock;
  /** Of the clock: simulated seconds a second. */
  readonly speed: number;
  readonly term: number;
  readonly bus: Bus;
}

export function centreOf({ centre }: RoleContext): Centre {
  if (centre === null) throw new Error("this role works on the database, and there is none");
  return centre;
}

export interface RunningRole {
  /** Finishes what is under way, and lets go of everything. */
  close(): Promise<void>;
}

export type StartRole = (context: RoleContext) => Promise<RunningRole>;

/** What is known only once the database is prepared. A plain value: it is sent to the threads. */
export interface Facts {
  readonly database: DatabaseAccess;
  readonly clock: ClockSettings;
  readonly term: number;
  readonly bus: BusSettings;
}

export type BusSettings =
  | { readonly kind: "in-process"; readonly instance: string }
  | { readonly kind: "redis"; readonly url: string; readonly installation: string };

/** Loads the one that is used. */
export async function openBus(settings: BusSettings, logger: Logger): Promise<Bus> {
  if (settings.kind === "redis") {
    const { createRedisBus } = await import("../realtime/bus-redis.ts");
    return createRedisBus({ url: settings.url, installation: settings.installation, logger });
  }
  const { createInProcessBus } = await import("../realtime/bus-in-process.ts");
  return createInProcessBus({ instance: settings.instance, logger });
}

export const openClock = (settings: ClockSettings): Clock => ({ now: () => simulatedTime(settings, Date.now()) });
