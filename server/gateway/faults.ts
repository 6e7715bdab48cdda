/**
 * Faults on their way to whoever simulates the clusters. Level-triggered: what is in force on a cluster is looked up, all of it, and sent where it is not
 * what was sent last: after a hello, when the bus says that faults changed, and with every poll for what the bus lost.
 *
 * Where to: the connection that the cluster last said hello on, whatever became of its session since. A cluster that has said hello on none, because it was
 * cut off already when this gateway or its fleet was started, may be on any: all connections are told, and who does not simulate it ignores it.
 * So faults of a cluster are looked at for as long as they would have lasted, also those that were ended before: somebody may still carry them out.
 */
import type { Pool } from "pg";
import type { Clock } from "../domain/clock.ts";
import type { FaultOrder, GatewayConnection } from "../fleet/link.ts";

export interface FaultOrders {
  opened(connection: GatewayConnection): void;
  closed(connection: GatewayConnection): void;
  /** The cluster said hello there, and was welcomed: it is told again. */
  welcomed(clusterId: string, connection: GatewayConnection): void;
  /** Sends what was not sent. Looks that are asked for while one is under way are one. */
  look(): Promise<void>;
}

type Row = Omit<FaultOrder, "startsAt" | "endsAt"> & {
  readonly clusterId: string;
  readonly targetType: "Cluster" | "ClusterNode" | "Pod";
  readonly targetId: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly ended: boolean;
};

export function createFaultOrders(pool: Pool, clock: Clock): FaultOrders {
  /** What each connection was last told of a cluster, as text; only of clusters that have, or just had, faults. */
  const told = new Map<GatewayConnection, Map<string, string>>();
  const places = new Map<string, GatewayConnection>();
  let looking: Promise<void> | null = null;
  let again = false;

  const send = (connection: GatewayConnection, clusterId: string, faults: readonly FaultOrder[]): void => {
    const of = told.get(connection);
    const text = JSON.stringify(faults);
    if (of === undefined || of.get(clusterId) === text) return;
    of.set(clusterId, text);
    connection.send({ type: "faults", clusterId, faults });
  };

  const lookOnce = async (): Promise<void> => {
    if (told.size === 0) return;
    const { rows } = await pool.query<Row>({ name: "find-faults", text: FAULTS, values: [new Date(clock.now())] });
    const clusters = Map.groupBy(rows, ({ clusterId }) => clusterId);
    for (const [clusterId, faults] of clusters) {
      const orders = faults.filter(({ ended }) => !ended).map(orderOf);
      const place = places.get(clusterId);
      for (const connection of place === undefined ? told.keys() : [place]) send(connection, clusterId, orders);
    }
    // Those whose time is over ended by themselves; it is said once, and then there is nothing to remember.
    for (const [connection, of] of told) {
      for (const clusterId of of.keys()) {
        if (clusters.has(clusterId)) continue;
        send(connection, clusterId, []);
        of.delete(clusterId);
      }
    }
  };

  const look = (): Promise<void> => {
    if (looking !== null) {
      again = true;
      return looking;
    }
    looking = (async () => {
      do {
        again = false;
        await lookOnce();
      } while (again);
    })().finally(() => (looking = null));
    return looking;
  };

  return {
    opened: (connection) => void told.set(connection, new Map()),
    closed: (connection) => {
      told.delete(connection);
      for (const [clusterId, place] of places) if (place === connection) places.delete(clusterId);
    },
    welcomed: (clusterId, connection) => {
      if (!told.has(connection)) return;
      places.set(clusterId, connection);
      told.get(connection)?.delete(clusterId);
    },
    look,
  };
}

const orderOf = ({ id, kind, targetType, targetId, mode, seed, startsAt, endsAt }: Row): FaultOrder => ({
  id,
  kind,
  ...(targetType === "ClusterNode" ? { nodeId: targetId } : {}),
  ...(targetType === "Pod" ? { podId: targetId } : {}),
  ...(mode ? { mode } : {}),
  seed,
  startsAt: startsAt.getTime(),
  endsAt: endsAt.getTime(),
});

const FAULTS = /* sql */ `
select id, kind, cluster_id as "clusterId", target_type as "targetType", target_id as "targetId", mode, seed, starts_at as "startsAt", ends_at as "endsAt", ended_at is not null as ended
from fault where ends_at > $1 order by cluster_id, id`;
