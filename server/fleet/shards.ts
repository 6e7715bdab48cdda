/**
 * A description shared out among several fleets, without their talking to each other: each cluster has a score in every shard, which follows from its
 * code, and lives in the one where it is highest. So one more shard takes its part from all the others, and nothing moves between those.
 */
import { createHash } from "node:crypto";
import { type FleetDescription, loadFleetDescription } from "./description.ts";

export interface Shard {
  /** From 1 to `of`. */
  readonly index: number;
  readonly of: number;
}

const score = (clusterCode: string, index: number): number => createHash("sha256").update(`${clusterCode}/${index}`).digest().readUIntBE(0, 6);

export function shardIndexOf(clusterCode: string, of: number): number {
  let best = 1;
  for (let index = 2; index <= of; index += 1) if (score(clusterCode, index) > score(clusterCode, best)) best = index;
  return best;
}

export const shardOf = (description: FleetDescription, { index, of }: Shard): FleetDescription =>
  of === 1 ? description : { ...description, clusters: description.clusters.filter((cluster) => shardIndexOf(cluster.description.code, of) === index) };

/** The part of a description that runs here. @throws Error where it has no clusters, or FleetDescriptionError */
export function loadShard(presetOrPath: string, shard: Shard): FleetDescription {
  const description = shardOf(loadFleetDescription(presetOrPath), shard);
  if (description.clusters.length === 0) throw new Error(`SELVEDGE_FLEET_SHARD ${shard.index}/${shard.of}: this part of the fleet ${presetOrPath} has no clusters; it needs fewer shards`);
  return description;
}
