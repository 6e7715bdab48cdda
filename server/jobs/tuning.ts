import type { Pool } from "pg";

/**
 * The queue's table lives on being small: every job is a few dead rows, and once the planner believes in stale statistics, throughput falls
 * from tens of thousands of jobs a second to hundreds. So it is vacuumed and analysed after a number of changes, not a share of the table, and
 * without the pauses that spare other tables; and as autovacuum comes by once a minute only, runners look for themselves as well.
 */
const SETTINGS = {
  autovacuum_vacuum_scale_factor: "0",
  autovacuum_vacuum_threshold: "2000",
  autovacuum_vacuum_insert_scale_factor: "0",
  autovacuum_vacuum_insert_threshold: "10000",
  autovacuum_analyze_scale_factor: "0",
  autovacuum_analyze_threshold: "2000",
  autovacuum_vacuum_cost_delay: "0",
} as const;

const DEAD_ROWS = 5_000;

/** Sets the table's autovacuum where it isn't set yet. As the queue's owner. */
export async function tuneJobsTable(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ options: string[] | null }>("select reloptions as options from pg_class where oid = 'graphile_worker._private_jobs'::regclass");
  const missing = Object.entries(SETTINGS).filter(([name, value]) => !rows[0]?.options?.includes(`${name}=${value}`));
  if (missing.length === 0) return;
  await pool.query(`alter table graphile_worker._private_jobs set (${missing.map(([name, value]) => `${name} = ${value}`).join(", ")})`);
}

/** Vacuums the table now if there is enough to clear; skips it while someone else does. Returns whether it did. */
export async function vacuumJobsTable(pool: Pool, deadRows = DEAD_ROWS): Promise<boolean> {
  const { rows } = await pool.query<{ due: boolean }>(
    "select n_dead_tup > $1 or n_mod_since_analyze > $1 as due from pg_stat_user_tables where relid = 'graphile_worker._private_jobs'::regclass",
    [deadRows],
  );
  if (!rows[0]?.due) return false;
  await pool.query("vacuum (analyze, skip_locked) graphile_worker._private_jobs");
  return true;
}
