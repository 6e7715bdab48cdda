/** A simulated cluster for tests, with what it said and helpers to look at it. Time starts at 0. */
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { contentHash } from "#server/domain/canonical.ts";
import type { NodeDescription, PlacementSpec, PodReport } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS, type Behaviours } from "#server/fleet/simulator/behaviours.ts";
import { ClusterSimulation } from "#server/fleet/simulator/cluster.ts";
import type { ClusterOptions, Happening } from "#server/fleet/simulator/cluster-options.ts";
import type { ContentSource } from "#server/fleet/simulator/config-sets.ts";

export interface SimulatedCluster {
  readonly simulation: ClusterSimulation;
  readonly contents: Map<string, Record<string, string>>;
  /** What was said, in order: `pod` with its report, `gone` and `service` with their ids. */
  readonly happenings: readonly Happening[];
  readonly history: { at: number; pod?: PodReport; gone?: string; service?: string }[];
  assign(placementId: string, spec: PlacementSpec | null, template?: PodTemplate): void;
  pods(): PodReport[];
  podsOf(placementId: string): PodReport[];
}

export const node = (index: number, overrides: Partial<NodeDescription> = {}): NodeDescription => ({
  id: `node-${index}`,
  name: `n${index}`,
  labels: {},
  cpuMillis: 4_000,
  memoryMiB: 8_192,
  pods: 110,
  ...overrides,
});

/** Another simulation that goes on from the records of this one, as after a restart; `nodes` are the ones there were, and more. */
export function restarted(
  { simulation, contents }: SimulatedCluster,
  placements: readonly { readonly id: string; readonly spec: PlacementSpec | null }[],
  templates: readonly PodTemplate[],
  now = simulation.now,
  nodes = simulation.nodes.descriptions,
): SimulatedCluster {
  const after = simulatedCluster({ now, nodes, contents });
  const pods = [...simulation.slots()].map((slot) => simulation.podRecord(slot));
  const variants = [...Array(200).keys()].flatMap((number) => simulation.variantRecord(number) ?? []);
  after.simulation.restore({
    ...simulation.state,
    templates: templates.map((each) => [contentHash(each), each] as const),
    variants,
    configSets: [...Array(200).keys()].flatMap((number) => simulation.configSetRecord(number) ?? []),
    services: [],
    placements,
    pods,
    nodeStatuses: nodes.map((_, index) => (index < simulation.nodes.size ? simulation.nodes.status(index) : "READY")),
  });
  return after;
}

interface Options {
  readonly nodes?: readonly NodeDescription[];
  readonly seed?: number;
  readonly nonce?: string;
  readonly behaviours?: Behaviours;
  readonly now?: number;
  /** By name, with their values; a test may add to it and take away. */
  readonly contents?: Map<string, Record<string, string>>;
  readonly plan?: ClusterOptions["plan"];
}

const contentsOf = (contents: ReadonlyMap<string, Record<string, string>>): ContentSource => ({
  keysOf: (content) => (contents.has(content) ? new Set(Object.keys(contents.get(content) ?? {})) : null),
  valuesOf: (content) => (contents.has(content) ? new Map(Object.entries(contents.get(content) ?? {})) : null),
});

export function simulatedCluster(options: Options = {}): SimulatedCluster {
  const contents = options.contents ?? new Map<string, Record<string, string>>();
  const history: SimulatedCluster["history"] = [];
  const happenings: Happening[] = [];
  const simulation = new ClusterSimulation({
    code: "test-1",
    nodes: options.nodes ?? [node(0), node(1), node(2)],
    seed: options.seed ?? 1,
    nonce: options.nonce ?? "nonce",
    behaviours: options.behaviours ?? DEFAULT_BEHAVIOURS,
    now: options.now ?? 0,
    contents: contentsOf(contents),
    ...(options.plan === undefined ? {} : { plan: options.plan }),
    listener: {
      podChanged: (slot) => history.push({ at: simulation.now, pod: simulation.report(slot) }),
      podGone: (_slot, id) => history.push({ at: simulation.now, gone: id }),
      placementChanged: () => undefined,
      variantChanged: () => undefined,
      podRecordChanged: () => undefined,
      configSetChanged: () => undefined,
      serviceChanged: (id) => history.push({ at: simulation.now, service: id }),
      nodeChanged: () => undefined,
      faultsChanged: () => undefined,
      happened: (happening) => happenings.push(happening),
    },
  });
  const pods = (): PodReport[] => [...simulation.slots()].map((slot) => simulation.report(slot));
  return {
    simulation,
    contents,
    history,
    happenings,
    assign(placementId, spec, template) {
      if (template !== undefined) simulation.addTemplate(contentHash(template), template);
      simulation.assign(placementId, spec);
    },
    pods,
    podsOf: (placementId) => pods().filter((pod) => pod.placementId === placementId),
  };
}
