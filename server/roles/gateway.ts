import { keyRingOf, roleLogin } from "../database/address.ts";
import { openPool } from "../database/connect.ts";
import { portListener } from "../fleet/transport-port.ts";
import { createGateway } from "../gateway/gateway.ts";
import type { StartRole } from "./role.ts";

const CONCURRENCY = 6;

/** The centre's end of the link. */
export const startGateway: StartRole = async ({ database, bus, clock, speed, term, link, logger, metrics }) => {
  if (link === null) throw new Error("the gateway needs the fleet's end of a link");
  const pool = openPool({ address: database.address, login: roleLogin(database.encryptionKey, "selvedge_gateway"), max: CONCURRENCY + 2, logger });
  const gateway = createGateway({ pool, bus, clock, speed, listener: portListener(link), term, keyRing: keyRingOf(database), logger, registry: metrics.registry, concurrency: CONCURRENCY });
  gateway.start();
  return {
    close: async () => {
      await gateway.close();
      await pool.end();
    },
  };
};
