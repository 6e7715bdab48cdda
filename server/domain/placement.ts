import type { CapacityType, NetworkType, UpdateStrategy } from "./states.ts";

/** One application's share of one cluster, as the agent is to make it. The object's id is the placement's. */
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
}
