import { keyRingOf, roleLogin } from "../database/address.ts";
import { openPool } from "../database/connect.ts";
import { CONNECTIONS, createWorker } from "../reconcile/worker.ts";
import { centreOf, type StartRole } from "./role.ts";

/** Runs the jobs: what mutations, reports and the sweep ask for. */
export const startWorker: StartRole = async (context) => {
  const { logger, metrics } = context;
  const { database, bus, clock, speed } = centreOf(context);
  const { address, encryptionKey } = database;
  const pool = openPool({ address, login: roleLogin(encryptionKey, "selvedge_worker"), max: CONNECTIONS, logger });
  const worker = createWorker({
    address,
    jobsLogin: roleLogin(encryptionKey, "selvedge_jobs"),
    pool,
    bus,
    clock,
    speed,
    keyRing: keyRingOf(database),
    logger,
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
