import { roleLogin } from "../database/address.ts";
import { openPool } from "../database/connect.ts";
import { createWorker } from "../reconcile/worker.ts";
import type { StartRole } from "./role.ts";

const CONCURRENCY = 10;

/** Runs the jobs: what mutations, reports and the sweep ask for. */
export const startWorker: StartRole = async ({ database, bus, clock, speed, logger, metrics }) => {
  const { address, encryptionKey } = database;
  const pool = openPool({ address, login: roleLogin(encryptionKey, "selvedge_worker"), max: CONCURRENCY + 2, logger });
  const worker = createWorker({
    address,
    jobsLogin: roleLogin(encryptionKey, "selvedge_jobs"),
    pool,
    bus,
    clock,
    speed,
    logger,
    concurrency: CONCURRENCY,
    registry: metrics.registry,
  });
  const close = async (): Promise<void> => {
    await worker.close();
    await pool.end();
  };
  try {
    await worker.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
};
