/** What a shell in a container of this cluster sees (shell/world.ts): the container as it runs now, and the services of its tenant. */
import type { Configurations } from "./configurations.ts";
import { nameOf, variantOf, type ClusterParts } from "./parts.ts";
import type { PodViews } from "./pod-views.ts";
import { formatIpv4 } from "./addresses.ts";
import { LOST, NONE } from "./pods.ts";
import type { Services } from "./services.ts";
import type { ContainerView, ContainerWorld } from "./shell/world.ts";

export interface RunningContainer {
  readonly world: ContainerWorld;
  /** Whether it is the same run of the same container still. */
  isRunning(): boolean;
}

export interface ContainerWorldOptions {
  readonly parts: ClusterParts;
  readonly views: PodViews;
  readonly configurations: Configurations;
  readonly services: Services;
  readonly now: () => number;
}

/** null where there is no such container, or it does not run. */
export function runningContainer({ parts, views, configurations, services, now }: ContainerWorldOptions, podId: string, container: string): RunningContainer | null {
  const slot = views.slotOf(podId);
  if (slot === null) return null;
  const { placement, template } = variantOf(parts, slot);
  const index = template.template.containers.findIndex(({ name }) => name === container);
  const spec = template.template.containers[index];
  const status = (): { readonly startedAt: number | null; readonly restartCount: number } | null => {
    if (parts.pods.ids[slot] !== podId || parts.pods.state[slot] === LOST) return null;
    const found = views.report(slot, now()).containers[index];
    return found?.state === "RUNNING" ? found : null;
  };
  const begun = status();
  const assigned = placement.spec;
  if (spec === undefined || begun === null || assigned === null) return null;
  const { tenantId, namespace, subnet } = assigned;
  const node = parts.pods.node[slot] as number;
  const address = parts.pods.address[slot] as number;
  const view: ContainerView = {
    podName: nameOf(parts, slot), namespace, nodeName: node === NONE ? "" : (parts.nodes.descriptions[node]?.name ?? ""), address: address === 0 ? null : formatIpv4(address), spec,
    startedAt: begun.startedAt ?? now(), environment: configurations.environmentOf(slot, index) ?? {},
  };
  return {
    world: {
      view,
      now,
      mounted: () => (parts.pods.ids[slot] === podId ? configurations.filesOf(slot, index) : null) ?? {},
      service: (host) => services.reachable({ tenantId, namespace, vpcId: subnet?.vpcId ?? null }, host),
    },
    isRunning: () => status()?.restartCount === begun.restartCount,
  };
}
