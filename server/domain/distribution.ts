/** Where an application is to run, cluster by cluster, as a caller says it. Ids are global ids; what exists is checked by the services. */
import { type DomainError, invalid } from "./errors.ts";
import type { NetworkType } from "./states.ts";

export interface PlacementInput {
  readonly clusterId: string;
  readonly replicas: number;
  readonly vpcId?: string | null | undefined;
  readonly subnetId?: string | null | undefined;
  readonly networkType: NetworkType;
}
export interface DistributionInput {
  readonly clusters?: readonly PlacementInput[] | null | undefined;
}

export const MAX_REPLICAS = 1_000;
export const MAX_CLUSTERS = 1_000;

export function checkReplicas(path: readonly string[], replicas: number): DomainError[] {
  if (Number.isInteger(replicas) && replicas >= 0 && replicas <= MAX_REPLICAS) return [];
  return [invalid(path, `${replicas} replicas are out of range; 0 to ${MAX_REPLICAS} a cluster are allowed.`)];
}

export function checkDistribution(path: readonly string[], distribution: DistributionInput): DomainError[] {
  const clusters = distribution.clusters ?? [];
  if (clusters.length < 1 || clusters.length > MAX_CLUSTERS) {
    return [invalid([...path, "clusters"], `${clusters.length} clusters are named; 1 to ${MAX_CLUSTERS} are allowed.`)];
  }
  const errors: DomainError[] = [];
  const seen = new Set<string>();
  for (const [index, placement] of clusters.entries()) {
    const at = [...path, "clusters", String(index)];
    if (seen.has(placement.clusterId)) errors.push(invalid([...at, "clusterId"], "The cluster is named twice."));
    seen.add(placement.clusterId);
    errors.push(...checkReplicas([...at, "replicas"], placement.replicas));
    if (placement.networkType === "HOST" && placement.subnetId) {
      errors.push(invalid([...at, "subnetId"], "With the network type HOST a pod has its node's address and no subnet."));
    }
  }
  return errors;
}
