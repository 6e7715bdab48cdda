import { keyRingOf, roleLogin } from "../database/address.ts";
import { openPool } from "../database/connect.ts";
import type { AgentMessage, Challenge, GatewayMessage, LinkListener, Proof, Proven } from "../fleet/link.ts";
import { portListener } from "../fleet/transport-port.ts";
import { socketListener } from "../fleet/transport-socket.ts";
import { type Door, openDoor } from "../gateway/door.ts";
import { createEnrolment } from "../gateway/enrolment.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import { guardedListener } from "../gateway/guard.ts";
import { clusterKeys } from "../gateway/keys.ts";
import { centreOf, type StartRole } from "./role.ts";

const CONCURRENCY = 6;
/** Proofs of 10,000 clusters have 1.5 MB. */
const OPENING_BYTES = 4 * 1_024 * 1_024;

/** The centre's end of the link: for the fleet of this process, which is trusted, and for those that prove who they are. */
export const startGateway: StartRole = async (context) => {
  const { link, door: path, logger, metrics } = context;
  const { database, bus, clock, speed, term } = centreOf(context);
  if (path === null) throw new Error("the gateway needs a door");
  const pool = openPool({ address: database.address, login: roleLogin(database.encryptionKey, "selvedge_gateway"), max: CONCURRENCY + 5, logger });
  const sockets = socketListener<GatewayMessage | Challenge | Proven, AgentMessage | Proof>({ openingBytes: OPENING_BYTES });
  const guarded = guardedListener({ listener: sockets, keys: clusterKeys(pool), bus, clock, speed, logger, registry: metrics.registry, onRevoked: (clusterIds, reason) => gateway.expel(clusterIds, reason) });
  const listener = joined(link === null ? [guarded] : [portListener(link), guarded]);
  const gateway: Gateway = createGateway({ pool, bus, clock, speed, listener, term, keyRing: keyRingOf(database), logger, registry: metrics.registry, concurrency: CONCURRENCY });
  gateway.start();
  let door: Door | null = null;
  const close = async (): Promise<void> => {
    // Connections first: the door waits for those that it let in.
    await gateway.close();
    await door?.close();
    await pool.end();
  };
  try {
    door = await openDoor({
      path, upgrade: sockets.upgrade, logger,
      enrolment: createEnrolment({ pool, clock, logger, registry: metrics.registry, now: () => performance.now() }),
      readiness: {
        database: async () => {
          const { rows } = await pool.query<{ term: number }>("select term from database_life");
          if (rows[0]?.term !== term) throw new Error("the database was replaced by another: the server must be started again");
        },
        bus: async () => {
          if (bus.ready === false) throw new Error("Redis is away: other processes learn of changes a little later");
        },
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
};

const joined = (listeners: readonly LinkListener[]): LinkListener => ({
  onConnection: (listener) => {
    for (const each of listeners) each.onConnection(listener);
  },
  close: async () => void (await Promise.all(listeners.map((each) => each.close()))),
});
