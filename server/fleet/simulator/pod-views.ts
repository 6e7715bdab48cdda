/** What somebody sees who looks at a pod: its report, and what runs in its containers. */
import type { PodReport } from "../link.ts";
import type { Configurations } from "./configurations.ts";
import type { ContainerOutlook, Containers } from "./containers.ts";
import { nameOf, variantOf, type ClusterParts } from "./parts.ts";
import { podReport } from "./pod-reports.ts";
import { CRASHED, NONE, READY, RUNNING } from "./pods.ts";

export interface PodViewsOptions {
  readonly parts: ClusterParts;
  readonly containers: Containers;
  readonly configurations: Configurations;
}

export class PodViews {
  readonly #parts: ClusterParts;
  readonly #containers: Containers;
  readonly #configurations: Configurations;

  constructor({ parts, containers, configurations }: PodViewsOptions) {
    this.#parts = parts;
    this.#containers = containers;
    this.#configurations = configurations;
  }

  report(slot: number, now: number): PodReport {
    const { nodes, pods } = this.#parts;
    const variant = variantOf(this.#parts, slot);
    const node = pods.node[slot] as number;
    return podReport(pods, slot, variant, {
      name: nameOf(this.#parts, slot),
      nodeId: node === NONE ? null : nodes.idOf(node),
      backOffMs: (failures) => this.#containers.backOffMs(failures),
      outlooks: this.#outlooks(slot, now),
    });
  }

  /** All variables that a container was started with, opened now; null where there is none, or it was not started. */
  environmentOf(podId: string, container: string): Record<string, string> | null {
    return this.#inContainer(podId, container, (slot, index) => this.#configurations.environmentOf(slot, index));
  }

  /** By path, the files that ConfigMaps and Secrets are in a container; null as above. */
  filesOf(podId: string, container: string): Record<string, string> | null {
    return this.#inContainer(podId, container, (slot, index) => this.#configurations.filesOf(slot, index));
  }

  slotOf(podId: string): number | null {
    for (const slot of this.#parts.pods.slots()) if (this.#parts.pods.ids[slot] === podId) return slot;
    return null;
  }

  #inContainer<T>(podId: string, container: string, look: (slot: number, index: number) => T): T | null {
    const slot = this.slotOf(podId);
    if (slot === null) return null;
    const index = variantOf(this.#parts, slot).template.template.containers.findIndex(({ name }) => name === container);
    return index < 0 ? null : look(slot, index);
  }

  #outlooks(slot: number, now: number): ContainerOutlook[] | null {
    const state = this.#parts.pods.state[slot];
    const { template } = variantOf(this.#parts, slot);
    if (!template.isWatched || (state !== RUNNING && state !== READY && state !== CRASHED)) return null;
    return template.containers.map((_, index) => this.#containers.outlook(slot, index, now));
  }
}
