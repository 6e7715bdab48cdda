import type { OperationStanding, StepSummary } from "../../domain/operation-progress.ts";
import type { ApplicationStatus, CapacityType, NetworkType, OperationState, UpdateStrategy } from "../../domain/states.ts";

/**
 * An application with everything that its plan depends on, as one consistent look at the database: what is wanted (application, placements)
 * and what is known of the clusters (assignments and their confirmations, counts, unfinished work).
 */
export interface Situation {
  /** The life of the database: confirmations of another term don't count. */
  readonly term: number;
  readonly application: ApplicationRow;
  readonly placements: readonly PlacementRow[];
  readonly assignments: readonly AssignmentRow[];
  /** Unfinished operations with steps of this application. */
  readonly operations: readonly OperationRow[];
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
  readonly updateStrategy: UpdateStrategy;
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
}

export interface AssignmentRow {
  readonly clusterId: string;
  /** The placement's id. */
  readonly objectId: string;
  readonly generation: number;
  readonly contentHash: string;
  /** It tells the cluster to remove the object. */
  readonly tombstone: boolean;
  readonly confirmedTerm: number;
  readonly confirmedGeneration: number;
}

export interface OperationRow extends OperationStanding {
  readonly id: string;
  /** All its steps are of this application, so its end is decided with it; else by a job of its own. */
  readonly own: boolean;
  /** Steps of this application that have not ended. */
  readonly steps: readonly StepRow[];
  /** With `own`: its steps that have ended. */
  readonly ended: StepSummary;
}

export interface StepRow {
  readonly id: string;
  /** null: its work is on all the application's clusters. */
  readonly clusterId: string | null;
  readonly state: OperationState;
  readonly message: string | null;
  readonly completed: number;
  readonly total: number;
}
