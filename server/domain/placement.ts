import type { CapacityType, NetworkType, UpdateStrategy } from "./states.ts";
import type { PlacementTraffic } from "./traffic.ts";

/** What an assignment is about. */
export const ASSIGNMENT_KINDS = ["placement", "service"] as const;
export type AssignmentKind = (typeof ASSIGNMENT_KINDS)[number];

/** A ConfigMap or Secret that a placement's pods use, in the version that they should have. */
export interface ConfigUse {
  readonly id: string;
  readonly kind: ConfigKind;
  readonly name: string;
  /** The name of the version's content: random, and another one with every change. What agents hold and are sent is named by it. */
  readonly content: string;
}

export const CONFIG_KINDS = ["ConfigMap", "Secret"] as const;
export type ConfigKind = (typeof CONFIG_KINDS)[number];

/**
 * One application's share of one cluster, as the agent is to make it. The object's id is the placement's. Members that came later are left out
 * where they say nothing, so that what has not changed keeps its hash.
 */
export interface PlacementSpec {
  readonly tenantId: string;
  readonly applicationId: string;
  readonly applicationName: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly revisionId: string;
  readonly revisionNumber: number;
  readonly templateHash: string;
  readonly updateStrategy: UpdateStrategy;
  readonly capacityType: CapacityType;
  readonly networkType: NetworkType;
  /** null with HOST. The agent alone hands out its addresses. */
  readonly subnet: { readonly id: string; readonly vpcId: string; readonly cidr: string; readonly gateway: string } | null;
  /** Pods of a lower number are replaced, as those of another revision are; absent for 0. */
  readonly restarts?: number;
  /** All that the template refers to, by id; absent for none. */
  readonly configs?: readonly ConfigUse[];
  /** What users send the application; absent for what its size suggests. */
  readonly traffic?: PlacementTraffic;
}
