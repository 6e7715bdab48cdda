import type { PodTrouble } from "../../domain/application-status.ts";
import type { OperationStanding, StepSummary } from "../../domain/operation-progress.ts";
import type { AssignmentKind, ConfigUse } from "../../domain/placement.ts";
import type { ServicePort } from "../../domain/service.ts";
import type { ApplicationStatus, CapacityType, NetworkStatus, NetworkType, OperationKind, OperationState, RolloutState, UpdateStrategy } from "../../domain/states.ts";

/**
 * An application with everything that its plan depends on, as one consistent look at the database: what is wanted (application, placements,
 * services, configuration) and what is known of the clusters (assignments and their confirmations, counts, unfinished work).
 */
export interface Situation {
  /** The life of the database: confirmations of another term don't count. */
  readonly term: number;
  readonly application: ApplicationRow;
  readonly placements: readonly PlacementRow[];
  readonly services: readonly ServiceRow[];
  readonly assignments: readonly AssignmentRow[];
  /** What the placements' revisions refer to and is there, in its newest version, by id. */
  readonly configs: readonly ConfigRow[];
  /** The unfinished one. */
  readonly rollout: RolloutRow | null;
  /** Unfinished operations with steps of this application or its services. */
  readonly operations: readonly OperationRow[];
  /** Looked up only where a placement has not exactly the pods that it should have. */
  readonly troubles: readonly PodTrouble[];
}

export interface Counts {
  readonly desired: number;
  readonly created: number;
  readonly ready: number;
  readonly updated: number;
  readonly unavailable: number;
}

export interface ApplicationRow extends Counts {
  readonly tenantId: string;
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  readonly namespace: string;
  readonly capacityType: CapacityType;
  readonly revisionId: string;
  readonly updateStrategy: UpdateStrategy;
  /** Goes before the other one where it is set. */
  readonly rolloutStrategy: UpdateStrategy | null;
  readonly restarts: number;
  readonly stopped: boolean;
  readonly status: ApplicationStatus;
  readonly statusReason: string | null;
  readonly deleting: boolean;
}

export interface PlacementRow extends Counts {
  readonly id: string;
  readonly clusterId: string;
  readonly revisionId: string;
  readonly revisionNumber: number;
  readonly templateHash: string;
  readonly networkType: NetworkType;
  readonly subnet: { readonly id: string; readonly vpcId: string; readonly cidr: string; readonly gateway: string } | null;
  readonly generation: number;
  readonly deleting: boolean;
  /** Pods whose files show the newest configuration that the cluster was told of. */
  readonly configured: number;
  /** What the cluster said of the generation that it holds. */
  readonly problem: string | null;
  /** Only where there is a problem. */
  readonly clusterCode: string | null;
}

export interface ServiceRow {
  readonly id: string;
  readonly clusterId: string;
  readonly name: string;
  readonly vpcId: string;
  /** Every service of a type that there is has one. */
  readonly clusterIp: string | null;
  readonly ports: readonly ServicePort[];
  readonly status: NetworkStatus;
  readonly generation: number;
  readonly problem: string | null;
  readonly deleting: boolean;
}

export interface ConfigRow extends ConfigUse {
  readonly revisionId: string;
}

export interface AssignmentRow {
  readonly clusterId: string;
  readonly kind: AssignmentKind;
  /** The placement's or service's id. */
  readonly objectId: string;
  readonly generation: number;
  readonly contentHash: string;
  /** It tells the cluster to remove the object. */
  readonly tombstone: boolean;
  readonly confirmedTerm: number;
  readonly confirmedGeneration: number;
}

export interface RolloutRow {
  readonly id: string;
  readonly state: RolloutState;
  readonly operationId: string | null;
  readonly fromRevisionId: string | null;
  readonly fromNumber: number | null;
  readonly toRevisionId: string;
  readonly toNumber: number;
  readonly updated: number;
  readonly total: number;
  readonly reason: string | null;
  readonly progressDeadlineSeconds: number;
  readonly autoRollback: boolean;
  /** Milliseconds on the simulation's clock, as all times here. */
  readonly progressedAt: number;
  /** Clusters of the application that are connected, and since when. */
  readonly online: readonly { readonly clusterId: string; readonly since: number }[];
}

export interface OperationRow extends OperationStanding {
  readonly id: string;
  readonly kind: OperationKind;
  /** The rollout that it carries out. */
  readonly rolloutId: string | null;
  /** All its steps are of this application, so its end is decided with it; else by a job of its own. */
  readonly own: boolean;
  /** Steps of this application, or of its services, that have not ended. */
  readonly steps: readonly StepRow[];
  /** With `own`: its steps that have ended. */
  readonly ended: StepSummary;
}

export interface StepRow {
  readonly id: string;
  /** null: its work is on all the application's clusters. */
  readonly clusterId: string | null;
  /** Application or Service. */
  readonly targetType: string | null;
  readonly targetId: string | null;
  readonly state: OperationState;
  readonly message: string | null;
  readonly completed: number;
  readonly total: number;
}
