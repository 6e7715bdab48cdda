/**
 * The agent of one cluster: it is told what should be, lets the simulated cluster make it true, and reports what is. It works the same
 * whether the centre is there or not.
 *
 *   DETACHED ──connected──▶ GREETED ──welcome──▶ WELCOMED        any ──disconnected──▶ DETACHED
 *                              ▲  └─refuse─▶ REFUSED ◀─refuse─┘
 *                              ├──────retry after a while──────┘
 *                              └── WELCOMED, with too many templates
 *
 * Invariants
 * - Reports are made only while WELCOMED (reporter.ts), and sent again after each welcome that does not know them.
 * - What is unsaved is saved in one transaction before the outbox leaves (`save`, `saved`, then `takeOutbox`). After a failed transaction
 *   both are still there, and saving is tried again.
 * - A held object is only replaced by a higher (term, generation); whatever was offered, what is held is confirmed.
 */
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { FleetCluster } from "../description.ts";
import {
  LINK_PROTOCOL_VERSION, type AgentMessage, type Assign, type AssignedObject, type GatewayMessage, type Hello, type PlacementReport,
  type Refuse, type Welcome,
} from "../link.ts";
import type { FleetLogger } from "../logger.ts";
import type { Behaviours } from "../simulator/behaviours.ts";
import { ClusterSimulation, type ClusterListener } from "../simulator/cluster.ts";
import { Reporter, type ReportSource } from "./reporter.ts";
import type { FleetStore, StoredCluster, StoredPlacement } from "./store.ts";
import { UnsavedChanges } from "./unsaved.ts";

/** Wall-clock milliseconds until a refused cluster says hello again; doubled with each refusal until a report is acknowledged. */
export const REFUSED_RETRY_FIRST_MS = 500;
export const REFUSED_RETRY_MAX_MS = 10_000;
/** Templates that nothing is made of any more are let go of with the next hello; beyond so many the agent says hello by itself. */
export const UNUSED_TEMPLATE_LIMIT = 1_000;

/** The gateway broke the protocol: the connection is of no more use. */
export class LinkFault extends Error {}

export interface AgentOptions {
  readonly cluster: FleetCluster;
  readonly seed: number;
  readonly behaviours: Behaviours;
  readonly store: FleetStore;
  /** Simulated milliseconds. */
  readonly now: number;
  /** Of this store's life, used when the store meets the cluster for the first time. */
  readonly nonce: string;
  readonly logger: FleetLogger;
}

type Session = "DETACHED" | "GREETED" | "WELCOMED" | "REFUSED";

export class ClusterAgent implements ClusterListener {
  readonly clusterId: string;
  readonly simulation: ClusterSimulation;
  readonly #cluster: FleetCluster;
  readonly #store: FleetStore;
  /** The cluster's number in the store. */
  readonly #number: number;
  /** Of the store's life. */
  readonly #nonce: string;
  readonly #logger: FleetLogger;
  readonly #unsaved = new UnsavedChanges();
  readonly #reporter: Reporter;

  #session: Session = "DETACHED";
  #refusedUntilMs = 0;
  #refusedRetryMs = REFUSED_RETRY_FIRST_MS;
  #outbox: AgentMessage[] = [];

  readonly #held = new Map<string, StoredPlacement>();
  readonly #templates = new Map<string, PodTemplate>();
  /** How many were left at the last hello. */
  #templatesKept = 0;
  #term: number;

  /** Takes up what the store has of the cluster. Call it inside a transaction of the store: the first time, the cluster is enrolled. */
  constructor({ cluster, seed, behaviours, store, now, nonce: freshNonce, logger }: AgentOptions) {
    const { clusterId, description } = cluster;
    const { code, nodes } = description;
    this.clusterId = clusterId;
    this.#cluster = cluster;
    this.#store = store;
    this.#logger = logger;
    const simulationFor = (nonce: string): ClusterSimulation =>
      new ClusterSimulation({ code, nodes, seed, nonce, behaviours, now, listener: this });
    const { number, nonce } = store.enrol(clusterId, freshNonce, {
      epoch: 1, lastSeq: 0, ackedSeq: 0, term: 0, isFull: true,
      engine: simulationFor(freshNonce).state,
      nodes: nodes.map(({ id }) => ({ id, status: "READY" })),
    });
    this.#number = number;
    this.#nonce = nonce;
    this.simulation = simulationFor(nonce);
    const stored = store.load(number);
    this.#term = stored.term;
    for (const [hash, template] of stored.templates) this.#templates.set(hash, template);
    for (const placement of stored.placements) this.#held.set(placement.id, placement);
    this.#reporter = new Reporter(this.#reportSource(), this.#unsaved, stored);
    this.#restore(stored);
  }

  #restore(stored: StoredCluster): void {
    const { nodes, code } = this.#cluster.description;
    const nodeNow = stored.nodes.map(({ id }) => nodes.findIndex((node) => node.id === id));
    const placed = stored.pods.map(({ record }) => (record.node < 0 ? record : { ...record, node: nodeNow[record.node] ?? -1 }));
    const lost = new Set(placed.filter((record, index) => record.node < 0 && (stored.pods[index]?.record.node ?? -1) >= 0));
    // Pods on nodes that the description no longer has are gone, and the placements make others.
    for (const { slot, id } of lost) this.#reporter.podGone(slot, id);
    // The store knows nodes by their index: where that changes, all pods are written anew.
    if (stored.nodes.length !== nodes.length || nodeNow.some((now, before) => now !== before)) {
      for (const { slot } of placed) this.#unsaved.pods.add(slot);
      this.#unsaved.cluster = true;
    }
    if (lost.size > 0) this.#logger.warn({ cluster: code, pods: lost.size }, "nodes left the fleet description, and their pods with them");
    this.simulation.restore({
      ...stored.engine,
      templates: stored.templates,
      variants: stored.variants,
      placements: stored.placements,
      pods: placed.filter((record) => !lost.has(record)),
      nodeStatuses: nodes.map(({ id }) => stored.nodes.find((node) => node.id === id)?.status ?? "READY"),
    });
  }

  #reportSource(): ReportSource {
    return {
      clusterId: this.clusterId,
      now: () => this.simulation.now,
      slots: () => this.simulation.slots(),
      placementIds: () => this.#held.keys(),
      nodeCount: () => this.simulation.nodes.size,
      pod: (slot) => this.simulation.report(slot),
      placement: (placementId) => this.#placementReport(placementId),
      node: (index) => ({ nodeId: this.simulation.nodes.idOf(index), status: this.simulation.nodes.status(index) }),
    };
  }

  #placementReport(placementId: string): PlacementReport | null {
    const held = this.#held.get(placementId);
    if (held === undefined) return null;
    const { created, ready, updated, all } = this.simulation.counts(placementId);
    const removed = held.spec === null && all === 0 ? { removed: true } : {};
    return { placementId, term: held.term, generation: held.generation, created, ready, updated, ...removed };
  }

  // -------------------------------------------------------------- what the simulation says

  podChanged(slot: number): void {
    this.#reporter.podChanged(slot);
  }

  podGone(slot: number, id: string): void {
    this.#reporter.podGone(slot, id);
  }

  placementChanged(placementId: string): void {
    this.#reporter.placementChanged(placementId);
  }

  variantChanged(number: number): void {
    this.#unsaved.variants.add(number);
  }

  /** A fault, or its end. False when the cluster has no such node. */
  setNodeStatus(nodeId: string, status: "READY" | "NOT_READY"): boolean {
    const index = this.simulation.nodes.indexOf(nodeId);
    if (index < 0) return false;
    this.simulation.setNodeStatus(index, status);
    this.#reporter.nodeChanged(index);
    this.#unsaved.cluster = true;
    return true;
  }

  // -------------------------------------------------------------- the session

  get session(): Session {
    return this.#session;
  }

  /** A connection is there, or a new hello is needed on it: say hello with the next commit. */
  connected(): void {
    for (const hash of this.simulation.pruneTemplates()) {
      this.#templates.delete(hash);
      this.#unsaved.templates.add(hash);
    }
    this.#templatesKept = this.#templates.size;
    this.#session = "GREETED";
    this.#outbox = [this.#hello()];
  }

  disconnected(): void {
    this.#session = "DETACHED";
    this.#outbox = [];
  }

  /** Says hello again where the gateway had refused it and the wait is over. */
  retryRefused(wallMs: number): void {
    if (this.#session === "REFUSED" && wallMs >= this.#refusedUntilMs) this.connected();
  }

  /** @throws LinkFault when the connection is to be given up. */
  receive(message: Exclude<GatewayMessage, { readonly type: "pong" }>, wallMs: number): void {
    switch (message.type) {
      case "welcome":
        return this.#onWelcome(message);
      case "assign":
        return this.#onAssign(message);
      case "ack":
        return this.#onAck(message.epoch, message.seq);
      case "refuse":
        return this.#onRefuse(message, wallMs);
    }
  }

  #hello(): Hello {
    const { epoch, lastSeq } = this.#reporter.position;
    return {
      type: "hello",
      clusterId: this.clusterId,
      protocols: [LINK_PROTOCOL_VERSION],
      store: this.#nonce,
      term: this.#term,
      description: this.#cluster.description,
      epoch,
      lastSeq,
      holds: [...this.#held.values()].map(({ id, term, generation }) => ({ objectId: id, term, generation })),
      templates: this.simulation.templateHashes(),
    };
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#session !== "GREETED") return;
    if (welcome.protocol !== LINK_PROTOCOL_VERSION) {
      throw new LinkFault(`the gateway chose protocol ${welcome.protocol}, which was not offered`);
    }
    this.#session = "WELCOMED";
    this.#takeTerm(welcome.term);
    if (this.#reporter.goesOnBehind(welcome)) this.#onAck(welcome.epoch, welcome.ackedSeq);
    else this.#startEpoch(welcome);
    this.#outbox.push(...this.#reporter.unacked);
  }

  #startEpoch(welcome: Welcome): void {
    const { position } = this.#reporter;
    const epoch = Math.max(position.epoch, welcome.epoch) + 1;
    this.#logger.warn(
      { cluster: this.#cluster.description.code, epoch, was: position, centre: { epoch: welcome.epoch, ackedSeq: welcome.ackedSeq } },
      "the centre and this agent's store disagree about what was reported: a new epoch starts with the whole state",
    );
    this.#reporter.startEpoch(epoch);
  }

  #takeTerm(term: number): void {
    if (term === this.#term) return;
    const fields = { cluster: this.#cluster.description.code, term, known: this.#term };
    if (term < this.#term) return this.#logger.error(fields, "the centre has an older term than it had: its assignments will be refused");
    if (this.#term > 0) this.#logger.warn(fields, "the centre's database began a new life");
    this.#term = term;
    this.#unsaved.cluster = true;
  }

  #onRefuse({ reason }: Refuse, wallMs: number): void {
    this.#logger.warn({ cluster: this.#cluster.description.code, reason }, "the gateway refused the cluster");
    this.#outbox = [];
    if (this.#session !== "REFUSED") {
      this.#refusedUntilMs = wallMs + this.#refusedRetryMs;
      this.#refusedRetryMs = Math.min(REFUSED_RETRY_MAX_MS, this.#refusedRetryMs * 2);
    }
    this.#session = "REFUSED";
  }

  #onAck(epoch: number, seq: number): void {
    if (this.#session !== "WELCOMED") return;
    for (const report of this.#reporter.acked(epoch, seq)) {
      this.#refusedRetryMs = REFUSED_RETRY_FIRST_MS;
      for (const placement of report.placements) if (placement.removed === true) this.#letGo(placement);
    }
  }

  /** The centre knows that a tombstone was carried out. */
  #letGo({ placementId, term, generation }: PlacementReport): void {
    const held = this.#held.get(placementId);
    if (held?.term !== term || held.generation !== generation) return;
    this.#held.delete(placementId);
    this.#unsaved.placements.add(placementId);
    this.simulation.forget(placementId);
  }

  // -------------------------------------------------------------- assignments

  #onAssign({ term, objects, templates }: Assign): void {
    if (this.#session !== "WELCOMED") return;
    this.#takeTerm(term);
    for (const [hash, template] of Object.entries(templates)) {
      if (this.#templates.has(hash)) continue;
      this.#templates.set(hash, template);
      this.simulation.addTemplate(hash, template);
      this.#unsaved.templates.add(hash);
    }
    for (const object of objects) this.#take(term, object);
    // Only this cluster's part of the link starts anew: the gateway learns from the hello which templates are left.
    if (this.#templates.size > Math.max(2 * this.#held.size, this.#templatesKept) + UNUSED_TEMPLATE_LIMIT) this.connected();
  }

  #take(term: number, { objectId, kind, generation, spec }: AssignedObject): void {
    const fields = { cluster: this.#cluster.description.code, object: objectId, term, generation };
    if (kind !== "placement") return this.#logger.warn({ ...fields, kind }, "an object of an unknown kind was ignored");
    const held = this.#held.get(objectId);
    if (held !== undefined && (term < held.term || (term === held.term && generation <= held.generation))) {
      return this.#reporter.placementChanged(objectId);
    }
    if (term < this.#term) return this.#logger.warn(fields, "an assignment of an older term was refused");
    if (spec !== null && !this.simulation.hasTemplate(spec.templateHash)) {
      throw new LinkFault(`object ${objectId} needs the template ${spec.templateHash}, which was never sent`);
    }
    try {
      this.simulation.assign(objectId, spec);
    } catch (error) {
      return this.#logger.error({ ...fields, err: error }, "an assignment that can't be carried out was refused");
    }
    this.#held.set(objectId, { id: objectId, term, generation, spec });
    this.#reporter.placementChanged(objectId);
    this.#unsaved.placements.add(objectId);
  }

  // -------------------------------------------------------------- saving and sending

  /** Makes the reports that the window has room for; they leave after the next commit. */
  makeReports(): void {
    if (this.#session === "WELCOMED") this.#outbox.push(...this.#reporter.make());
  }

  get hasUnsaved(): boolean {
    return !this.#unsaved.isEmpty;
  }

  get hasOutbox(): boolean {
    return this.#outbox.length > 0;
  }

  /** Writes what is unsaved; inside a transaction of the store, and `saved` follows once that is committed. */
  save(): void {
    const cluster = this.#number;
    const store = this.#store;
    const unsaved = this.#unsaved;
    const { simulation } = this;
    if (unsaved.ackedUpTo > 0) store.deleteReports(cluster, unsaved.ackedUpTo);
    for (const report of unsaved.reports) store.saveReport(cluster, report);
    for (const hash of unsaved.templates) store.saveTemplate(cluster, hash, this.#templates.get(hash) ?? null);
    for (const number of unsaved.variants) store.saveVariant(cluster, number, simulation.variantRecord(number));
    for (const id of unsaved.placements) {
      const held = this.#held.get(id);
      if (held === undefined) store.deletePlacement(cluster, id);
      else store.savePlacement(cluster, held);
    }
    for (const slot of unsaved.pods) {
      if (simulation.isLive(slot)) store.savePod(cluster, { record: simulation.podRecord(slot), ...this.#reporter.podMarks(slot) });
      else store.deletePod(cluster, slot);
    }
    for (const [id, isGone] of unsaved.gone) store.saveGone(cluster, id, isGone);
    store.saveCluster(cluster, {
      ...this.#reporter.position,
      term: this.#term,
      engine: simulation.state,
      nodes: simulation.nodes.descriptions.map(({ id }, index) => ({ id, status: simulation.nodes.status(index) })),
    });
  }

  saved(): void {
    this.#unsaved.clear();
  }

  /** What may leave now; only when nothing is unsaved. */
  takeOutbox(): readonly AgentMessage[] {
    const messages = this.#outbox;
    this.#outbox = [];
    return messages;
  }
}
