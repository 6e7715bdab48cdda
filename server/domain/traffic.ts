/**
 * How many requests users send an application. A profile is a function of time with one member that says its kind, so that another kind is another
 * member of the union and nothing that is stored or hashed changes its meaning.
 */
export type TrafficProfile = ConstantTraffic;

export interface ConstantTraffic {
  readonly constantRps: number;
}

/** From and to in milliseconds; an instant where they are the same. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** The mean rate over a window, in requests a second; a constant's is the same in all. */
export function meanRps(profile: TrafficProfile, _window: TimeWindow): number {
  return profile.constantRps;
}

/** What users send an application, and what a cluster's share of that follows from. */
export interface PlacementTraffic {
  readonly profile: TrafficProfile;
  /** The application's desired replicas on all clusters. */
  readonly totalReplicas: number;
}

/** A cluster's share of an application's requests is that of its desired replicas; nobody asks for what nobody wants to run. */
export const shareOf = (replicas: number, totalReplicas: number): number => (replicas <= 0 ? 0 : replicas / Math.max(replicas, totalReplicas));
