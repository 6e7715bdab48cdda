/** A centre as a history sees it: the model in memory (model-centre.ts), or the real gateway on a real database (postgres-centre.ts). */
import type { AssignmentKind } from "#server/domain/placement.ts";
import type { GatewayConnection, NodeReport, PlacementReport, PlacementSpec, PodReport, ServiceSpec } from "#server/fleet/link.ts";
import type { ObjectChange, Wanted } from "./wanted.ts";

export interface BelievedObject {
  readonly kind: AssignmentKind;
  readonly generation: number;
  readonly spec: PlacementSpec | ServiceSpec | null;
  /** Its newest generation, in the centre's present term. */
  readonly isConfirmed: boolean;
  /** As last reported. */
  readonly counts: Pick<PlacementReport, "created" | "ready" | "updated"> | null;
}

/** What the centre holds of a cluster. */
export interface Beliefs {
  readonly epoch: number;
  readonly ackedSeq: number;
  /** Simulated milliseconds: what is shown was true then; null for never. */
  readonly lastSeenAt: number | null;
  readonly objects: ReadonlyMap<string, BelievedObject>;
  /** Of which pods are kept: a centre that went back in time does not know them all. */
  readonly revisions: ReadonlySet<string>;
  /** By id, as `podKey` tells them. */
  readonly pods: ReadonlyMap<string, string>;
  readonly nodes: ReadonlyMap<string, NodeReport["status"]>;
}

type Perhaps<T> = T | Promise<T>;

export interface HistoryCentre {
  /** null while it is down. */
  accept(): ((connection: GatewayConnection) => void) | null;
  start(): Perhaps<void>;
  kill(): Perhaps<void>;
  /** Assigns what users changed; `wanted` is what they want now. */
  change(changes: readonly ObjectChange[], wanted: Wanted): Perhaps<void>;
  /** What a backup would have: to be given to `restore`, once or more often. */
  backup(): Perhaps<unknown>;
  /** While it is down. */
  restore(backup: unknown, termRises: boolean): Perhaps<void>;
  /** Everything that has come is worked on, and what follows from it has been sent. */
  settle(): Perhaps<void>;
  believed(clusterId: string): Perhaps<Beliefs | null>;
  /** Whether it talks with the cluster on this connection. */
  serves(clusterId: string, connection: GatewayConnection): boolean;
  /** Called with the pods of a cluster that the end of a whole state has left out; where it can tell. */
  leftOut: ((clusterId: string, podId: string) => void) | null;
  /** Whether signs of life are stored by virtual time. */
  readonly hearsAtOnce: boolean;
  /** Breaches of the protocol that it saw. */
  readonly faults: readonly string[];
}

/** All that is shown of a pod, as text. */
export function podKey(pod: PodReport): string {
  const { placementId, name, revisionId, nodeId, phase, ready, reason, privateIp, restartCount, createdAt, startedAt } = pod;
  let key = `${placementId} ${name} ${revisionId} ${nodeId} ${phase} ${ready} ${reason} ${privateIp} ${restartCount} ${createdAt} ${startedAt}`;
  for (const container of pod.containers) key += ` ${container.name}/${container.state}/${container.ready}/${container.restartCount}`;
  return key;
}
