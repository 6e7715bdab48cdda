import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../domain/clock.ts";
import { loadSealingSeed } from "../fleet/agent/sealing-seed.ts";
import { createCentreClock, keepClock, readKeptClock } from "../fleet/centre-clock.ts";
import type { FleetDescription } from "../fleet/description.ts";
import { openEnrolment } from "../fleet/enrolment.ts";
import { createFleet } from "../fleet/fleet.ts";
import { fleetIdentity, provingDialer } from "../fleet/identity.ts";
import type { AgentConnection, AgentMessage, Challenge, GatewayMessage, LinkDialer, Proof, Proven } from "../fleet/link.ts";
import type { FleetLogger } from "../fleet/logger.ts";
import { loadShard } from "../fleet/shards.ts";
import { portDialer } from "../fleet/transport-port.ts";
import { socketDialer } from "../fleet/transport-socket.ts";
import type { RoleContext, StartRole } from "./role.ts";

/** The simulated fleet: another machine in all but its thread. Of the rest it knows the link, the clock and a folder of its own. */
export const startFleet: StartRole = async (context) => {
  const { config, link, logger, stopping } = context;
  const description = loadShard(config.simulation.fleet, config.simulation.shard);
  // The agents' own disk: it holds what they were assigned, environment variables included; contents of ConfigMaps and Secrets only sealed.
  const folder = path.join(config.dataDirectory, "fleet");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fleetLogger: FleetLogger = {
    info: (fields, message) => logger.info(fields, message),
    // The gateway closes before the fleet does.
    warn: (fields, message) => (stopping.aborted ? logger.debug(fields, message) : logger.warn(fields, message)),
    error: (fields, message) => logger.error(fields, message),
  };
  const { clock, dialer } = await wayToGateway(context, description, folder, fleetLogger);
  const fleet = createFleet({
    description,
    seed: config.simulation.seed,
    clock,
    storePath: path.join(folder, "agents.sqlite"),
    sealingSeed: await loadSealingSeed(path.join(folder, "sealing-key")),
    dialer,
    logger: fleetLogger,
  });
  await fleet.start();
  return {
    close: async () => {
      const closed = fleet.close();
      // A dial that nobody answers any more ends with its port.
      link?.close();
      await closed;
    },
  };
};

interface Way {
  readonly clock: Clock;
  readonly dialer: LinkDialer;
}

const RETRY_MS = 1_000;

/**
 * Inside one process both ends trust each other, and share the clock. From outside the fleet has to be enrolled, proves its clusters' keys on each
 * connection, and follows the clock of the centre; the first time it waits for that, later it goes on from where it was.
 */
async function wayToGateway({ config, centre, link, stopping }: RoleContext, { clusters }: FleetDescription, folder: string, logger: FleetLogger): Promise<Way> {
  if (centre !== null && link !== null) return { clock: centre.clock, dialer: portDialer(link) };
  const { gateways: urls, ticket } = config.link;
  const identity = fleetIdentity(await loadSealingSeed(path.join(folder, "identity-key")), clusters.map(({ clusterId, description: { code } }) => ({ clusterId, code })));
  const enrolment = await openEnrolment({ identity, urls, ticket, folder, signal: stopping, logger });
  await enrolment.first();

  const kept = path.join(folder, "centre-clock.json");
  const clock = createCentreClock({ wall: () => Date.now(), kept: readKeptClock(kept), keep: (settings) => keepClock(kept, settings) });
  const sockets = socketDialer<AgentMessage | Proof, GatewayMessage | Challenge | Proven>({ urls });
  const proving = provingDialer({ dialer: sockets, identity, onClock: (now, speed) => clock.follow(now, speed), renew: enrolment.renew, logger });
  let first: AgentConnection | null = clock.isKnown ? null : await firstConnection(proving, stopping, logger);
  const dialer: LinkDialer = {
    dial: () => {
      const connection = first;
      first = null;
      return connection === null ? proving.dial() : Promise.resolve(connection);
    },
  };
  return { clock, dialer };
}

async function firstConnection(dialer: LinkDialer, signal: AbortSignal, logger: FleetLogger): Promise<AgentConnection> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await dialer.dial();
    } catch (error) {
      logger.warn({ err: error }, "no gateway could be reached yet: the fleet waits for the centre's clock");
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
