/** What a simulated cluster is made from, and whom it tells of what happens in it. */
import type { Labels } from "../../domain/affinity.ts";
import type { EventReport, NodeDescription } from "../link.ts";
import type { Behaviours } from "./behaviours.ts";
import type { ContentSource } from "./config-sets.ts";
import type { planReplicas } from "./rolling-update.ts";

/** What happened, as the simulation knows it; how often, the agent counts. */
export type Happening = Omit<EventReport, "id" | "count" | "firstAt">;

export interface ClusterListener {
  podChanged(slot: number): void;
  /** The slot may be used again from now on. */
  podGone(slot: number, id: string): void;
  placementChanged(placementId: string): void;
  variantChanged(number: number): void;
  /** What is stored of a pod is another, though nothing that is reported. */
  podRecordChanged(slot: number): void;
  configSetChanged(number: number): void;
  /** It has got its address, or lost it. */
  serviceChanged(serviceId: string): void;
  /** A node answers, or does not any more. */
  nodeChanged(index: number): void;
  /** What is stored of faults is another. */
  faultsChanged(): void;
  /** Something that people should know of. */
  happened(happening: Happening): void;
}

export interface ClusterOptions {
  readonly code: string;
  readonly nodes: readonly NodeDescription[];
  /** The cluster's, which rules of affinity may be about; by default none. */
  readonly labels?: Labels;
  readonly seed: number;
  /** Of the store's life: the same pods in another life have other ids and names. */
  readonly nonce: string;
  readonly behaviours: Behaviours;
  readonly now: number;
  /** What configuration sets name. */
  readonly contents: ContentSource;
  readonly listener: ClusterListener;
  /** The rules of rolling updates; a test may plant a fault in them. */
  readonly plan?: typeof planReplicas;
}
