/** From an agent to its store, and back. */
import type { NodeDescription } from "../link.ts";
import type { ClusterSimulation } from "../simulator/cluster.ts";
import type { ClusterRecords, EngineState, PodRecord } from "../simulator/records.ts";
import type { Assignments } from "./assignments.ts";
import type { Contents } from "./contents.ts";
import type { EventLog } from "./events.ts";
import type { LogBuffer } from "./logs.ts";
import type { HeldObjects } from "./objects.ts";
import type { Reporter } from "./reporter.ts";
import type { AgentStore, StoredCluster } from "./store.ts";
import type { UnsavedChanges } from "./unsaved.ts";

export interface Restored {
  readonly records: EngineState & ClusterRecords;
  /** Pods on nodes that are no longer described. */
  readonly lost: readonly PodRecord[];
  /** Nodes stand at other indices than they did. */
  readonly isRenumbered: boolean;
}

/** What the simulation goes on from, on the nodes that there are now. */
export function restoredRecords(stored: StoredCluster, nodes: readonly NodeDescription[]): Restored {
  const nodeNow = stored.nodes.map(({ id }) => nodes.findIndex((node) => node.id === id));
  const placed: PodRecord[] = [];
  const lost: PodRecord[] = [];
  for (const { record } of stored.pods) {
    const node = record.node < 0 ? record.node : (nodeNow[record.node] ?? -1);
    (record.node >= 0 && node < 0 ? lost : placed).push({ ...record, node });
  }
  return {
    lost,
    isRenumbered: stored.nodes.length !== nodes.length || nodeNow.some((now, before) => now !== before),
    records: {
      ...stored.engine,
      templates: stored.templates,
      variants: stored.variants,
      configSets: stored.configSets,
      placements: stored.placements.map(({ id, spec, problem, carried }) => ({ id, spec: problem === null ? spec : carried })),
      // Those that have their addresses come before those that wait for one.
      services: stored.services
        .toSorted((a, b) => Number(a.problem !== null) - Number(b.problem !== null))
        .flatMap(({ id, spec }) => (spec === null ? [] : [{ id, spec }])),
      pods: placed,
      nodeStatuses: nodes.map(({ id }) => stored.nodes.find((node) => node.id === id)?.status ?? "READY"),
    },
  };
}

export interface AgentParts {
  readonly unsaved: UnsavedChanges;
  readonly simulation: ClusterSimulation;
  readonly objects: HeldObjects;
  readonly contents: Contents;
  readonly assignments: Assignments;
  readonly reporter: Reporter;
  readonly events: EventLog;
  readonly logs: LogBuffer;
  /** Lines are collected. */
  readonly isCollecting: boolean;
  readonly term: number;
}

/** Writes what is unsaved of a cluster; inside a transaction of the store. */
export function saveUnsaved(store: AgentStore, cluster: number, parts: AgentParts): void {
  const { unsaved, simulation, objects, contents, assignments, reporter, events, logs, isCollecting, term } = parts;
  logs.seal();
  if (unsaved.ackedUpTo > 0) store.deleteReports(cluster, unsaved.ackedUpTo);
  for (const report of unsaved.reports) store.saveReport(cluster, report);
  for (const hash of unsaved.templates) store.saveTemplate(cluster, hash, assignments.template(hash));
  for (const name of unsaved.contents) store.saveContent(cluster, name, contents.stored(name));
  for (const number of unsaved.configSets) store.saveConfigSet(cluster, number, simulation.configSetRecord(number));
  for (const number of unsaved.variants) store.saveVariant(cluster, number, simulation.variantRecord(number));
  for (const id of unsaved.placements) store.savePlacement(cluster, id, objects.placement(id));
  for (const id of unsaved.services) store.saveService(cluster, id, objects.service(id));
  for (const slot of unsaved.pods) {
    if (simulation.isLive(slot)) store.savePod(cluster, { record: simulation.podRecord(slot), ...reporter.podMarks(slot) });
    else store.deletePod(cluster, slot);
  }
  for (const [id, isGone] of unsaved.gone) store.saveGone(cluster, id, isGone);
  for (const position of unsaved.events) store.saveEvent(cluster, position, events.at(position));
  for (const position of unsaved.logs) store.saveLog(cluster, position, logs.at(position));
  store.saveCluster(cluster, {
    ...reporter.position,
    term,
    engine: simulation.state,
    nodes: simulation.nodes.descriptions.map(({ id }, index) => ({ id, status: simulation.nodes.status(index) })),
    sealingKey: contents.publicKey,
    events: events.state,
    logs: isCollecting ? logs.stateAt(simulation.logs.madeTo) : null,
  });
}
