/**
 * Telling a dead worker pool from a busy one. A job that a pool has taken carries the pool's id; a killed process never gives it back.
 * So each pool holds a session advisory lock of its own on a connection that does nothing else: the lock ends with the process, at once,
 * however it died. Every runner looks about once a second for pools that have jobs but no lock, and frees these jobs.
 *
 * A pool is dead when its lock was missing in two looks in a row: it may have just started, or be getting its connection back. Freeing the jobs
 * of a pool that lives after all would run them twice, which they bear.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";
import type { DatabaseAddress, Login } from "../database/address.ts";

export interface LivenessOptions {
  readonly address: DatabaseAddress;
  /** The queue's owner. */
  readonly login: Login;
  readonly logger: Logger;
  /** Wall-clock milliseconds between looks. */
  readonly lookEveryMs?: number;
}

export interface Liveness {
  /** From now on this pool's lock is held, through lost connections. */
  hold(poolId: string): Promise<void>;
  close(): Promise<void>;
}

/** Any fixed number: the space of our locks among two-key advisory locks. */
const LOCK_SPACE = 73_210;
const LOOK_EVERY_MS = 1_000;
const RECONNECT_MS = 250;

export function createLiveness(options: LivenessOptions): Liveness {
  const { logger, lookEveryMs = LOOK_EVERY_MS } = options;
  const stopping = new AbortController();
  let client: Client | null = null;
  let held: string | null = null;
  let suspects: ReadonlySet<string> = new Set();

  const connect = async (): Promise<Client> => {
    const fresh = new Client({ ...options.address, ...options.login, application_name: "selvedge worker liveness", keepAlive: true, connectionTimeoutMillis: 10_000 });
    const lost = (): void => {
      if (client === fresh) client = null;
    };
    fresh.on("error", lost);
    fresh.on("end", lost);
    await fresh.connect();
    client = fresh;
    if (held !== null) await fresh.query("select pg_advisory_lock($1, hashtext($2))", [LOCK_SPACE, held]);
    return fresh;
  };

  const look = async (): Promise<void> => {
    const current = client ?? (await connect());
    const { rows } = await current.query<{ pool: string }>(POOLS_WITHOUT_LOCK, [LOCK_SPACE]);
    const missing = rows.map(({ pool }) => pool).filter((pool) => pool !== held);
    const dead = missing.filter((pool) => suspects.has(pool));
    suspects = new Set(missing);
    if (dead.length === 0) return;
    // What was replaced while it ran has given its key to its successor and is not to run again.
    await current.query("delete from graphile_worker._private_jobs where locked_by = any ($1) and key is null and attempts >= max_attempts", [dead]);
    await current.query("select graphile_worker.force_unlock_workers($1)", [dead]);
    logger.warn({ pools: dead }, "freed the jobs of worker pools that died");
  };

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await look();
        await sleep(lookEveryMs, undefined, { signal: stopping.signal });
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.warn({ err: error }, "can't look after worker pools; trying again");
        await sleep(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  })();

  return {
    hold: async (poolId) => {
      const before = held;
      held = poolId;
      if (!client) return;
      await client.query("select pg_advisory_lock($1, hashtext($2))", [LOCK_SPACE, poolId]);
      if (before !== null) await client.query("select pg_advisory_unlock($1, hashtext($2))", [LOCK_SPACE, before]);
    },
    close: async () => {
      stopping.abort();
      await loop;
      await client?.end();
    },
  };
}

const POOLS_WITHOUT_LOCK = /* sql */ `
select distinct locked_by as pool from graphile_worker._private_jobs j
where locked_by is not null and not exists (
  select from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = $1 and l.objid::bigint = hashtext(j.locked_by)::bigint & 4294967295
    and l.database = (select oid from pg_database where datname = current_database()))`;
