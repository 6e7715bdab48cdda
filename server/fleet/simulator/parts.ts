/** What a simulated cluster consists of: the tables that its controller, scheduler and stages work on together. */
import type { Labels } from "../../domain/affinity.ts";
import type { EventObject } from "../link.ts";
import { AffinityIndex } from "./affinity.ts";
import type { Behaviours } from "./behaviours.ts";
import { ConfigSets } from "./config-sets.ts";
import { ImageCache } from "./images.ts";
import { podName } from "./names.ts";
import { PlacementTable, type Variant } from "./placements.ts";
import { FREE, PodTable } from "./pods.ts";
import type { NodeTable } from "./scheduler.ts";
import { SpotPods } from "./spot.ts";
import type { CompiledTemplate } from "./templates.ts";
import { TimerHeap } from "./timers.ts";

export interface ClusterParts {
  /** Of the pods' names (names.ts). */
  readonly suffixOffset: number;
  readonly behaviours: Behaviours;
  readonly nodes: NodeTable;
  /** By the index of the node. */
  readonly images: readonly ImageCache[];
  /** By the index of the node: how much longer pulls that begin now take. */
  readonly pullFactors: Float64Array;
  readonly pods: PodTable;
  readonly timers: TimerHeap;
  readonly placements: PlacementTable;
  readonly affinities: AffinityIndex;
  readonly spot: SpotPods;
  readonly templates: Map<string, CompiledTemplate>;
  /** Slots of pods that found no room, first come first. */
  readonly waiting: Set<number>;
  readonly configSets: ConfigSets;
  /** By the number of a placement's set: when files of some of its pods are to show it. */
  readonly waves: TimerHeap;
  /** Slots of pods whose containers can't be created for want of configuration. */
  readonly unconfigured: Set<number>;
}

export interface PartsOptions extends Pick<ClusterParts, "suffixOffset" | "behaviours" | "nodes"> {
  readonly labels: Labels;
  readonly listener: { variantChanged(number: number): void; configSetChanged(number: number): void };
}

export function emptyParts({ suffixOffset, behaviours, nodes, labels, listener }: PartsOptions): ClusterParts {
  const pods = new PodTable();
  const affinities = new AffinityIndex({ nodes: nodes.descriptions, labels, pods, variants: () => placements.variants() });
  const placements: PlacementTable = new PlacementTable(nodes.size, {
    variantChanged: (number) => listener.variantChanged(number), begins: (variant) => affinities.join(variant), ends: (variant) => affinities.leave(variant),
  });
  const parts: ClusterParts = {
    suffixOffset,
    behaviours,
    nodes,
    images: nodes.descriptions.map(() => new ImageCache(behaviours)),
    pullFactors: new Float64Array(nodes.size).fill(1),
    pods,
    timers: new TimerHeap(),
    placements,
    affinities,
    spot: new SpotPods({ nodes, pods, affinities, variantOf: (slot) => variantOf(parts, slot) }),
    templates: new Map(),
    waiting: new Set(),
    configSets: new ConfigSets((number) => listener.configSetChanged(number)),
    waves: new TimerHeap(),
    unconfigured: new Set(),
  };
  return parts;
}

/** The variant of a pod there is. */
export function variantOf({ pods, placements }: ClusterParts, slot: number): Variant {
  const variant = placements.variant(pods.variant[slot] as number);
  if (variant === undefined) throw new Error(`slot ${slot} has no variant (${pods.state[slot] === FREE ? "it is free" : "it is in use"})`);
  return variant;
}

export const nameOf = (parts: ClusterParts, slot: number): string => podName(variantOf(parts, slot).record.namePrefix, parts.pods.serial[slot] as number, parts.suffixOffset);

/** A pod as events name it. */
export const podObject = (parts: ClusterParts, slot: number): EventObject => ({
  kind: "pod", id: parts.pods.ids[slot] as string, name: nameOf(parts, slot), placementId: variantOf(parts, slot).placement.id,
});

export function countOnNode(parts: ClusterParts, slot: number, by: 1 | -1): void {
  const { podsOnNode } = variantOf(parts, slot).placement;
  const node = parts.pods.node[slot] as number;
  podsOnNode[node] = (podsOnNode[node] as number) + by;
}
