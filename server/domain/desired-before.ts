import type { NetworkType } from "./states.ts";

/** What an application was to be before an operation changed it: enough to go back there. Ids are uuids. */
export interface DesiredBefore {
  readonly revisionId: string;
  readonly stopped: boolean;
  readonly placements: readonly PlacementBefore[];
}

export interface PlacementBefore {
  readonly clusterId: string;
  readonly replicas: number;
  /** While the application was stopped: what it was to come back to. */
  readonly parked: number | null;
  readonly networkType: NetworkType;
  readonly vpcId: string;
  readonly subnetId: string | null;
}
