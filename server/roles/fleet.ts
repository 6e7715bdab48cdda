import { mkdir } from "node:fs/promises";
import path from "node:path";
import { loadSealingSeed } from "../fleet/agent/sealing-seed.ts";
import { loadFleetDescription } from "../fleet/description.ts";
import { createFleet } from "../fleet/fleet.ts";
import { portDialer } from "../fleet/transport-port.ts";
import type { StartRole } from "./role.ts";

/** The simulated fleet: another machine in all but its thread. Of the rest it knows the link, the clock and a file of its own. */
export const startFleet: StartRole = async ({ config, clock, link, logger, stopping }) => {
  if (link === null) throw new Error("the fleet needs the gateway's end of a link");
  // The agents' own disk: it holds what they were assigned, environment variables included; contents of ConfigMaps and Secrets only sealed.
  const folder = path.join(config.dataDirectory, "fleet");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fleet = createFleet({
    description: loadFleetDescription(config.simulation.fleet),
    seed: config.simulation.seed,
    clock,
    storePath: path.join(folder, "agents.sqlite"),
    sealingSeed: await loadSealingSeed(path.join(folder, "sealing-key")),
    dialer: portDialer(link),
    logger: {
      info: (fields, message) => logger.info(fields, message),
      // The gateway closes before the fleet does.
      warn: (fields, message) => (stopping.aborted ? logger.debug(fields, message) : logger.warn(fields, message)),
      error: (fields, message) => logger.error(fields, message),
    },
  });
  await fleet.start();
  return {
    close: async () => {
      const closed = fleet.close();
      // A dial that nobody answers any more ends with its port.
      link.close();
      await closed;
    },
  };
};
