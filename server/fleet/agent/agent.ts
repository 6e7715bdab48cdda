/**
 * The agent of one cluster: it is told what should be, lets the simulated cluster make it true, and reports what is. It works the same
 * whether the centre is there or not.
 *
 *   DETACHED ──connected──▶ GREETED ──welcome──▶ WELCOMED        any ──disconnected──▶ DETACHED
 *                              ▲  └─refuse─▶ REFUSED ◀─refuse─┘
 *                              └───retry after REFUSED_RETRY_MS───┘
 *
 * News are what the centre has not been told: pods whose newest state is in no report, pods that are gone, placements to confirm or whose
 * counts changed, nodes. News are sets, so they coalesce, and while nobody listens they never grow beyond what there is: pods that are gone
 * are named only if a report had named them before.
 *
 * Invariants
 * - Reports are made only while WELCOMED and fewer than REPORT_WINDOW are unacknowledged. A made report never changes: it is stored with the
 *   news it took and sent, and sent again after each welcome that does not know it, until it is acknowledged.
 * - What is unsaved is saved in one transaction before the outbox leaves (`save`, then `takeOutbox`). After a failed transaction both are
 *   still there, and saving is tried again.
 * - A held object is only replaced by a higher (term, generation); whatever was offered, what is held is confirmed.
 */
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { FleetCluster } from "../description.ts";
import {
  BATCH_LIMIT, LINK_PROTOCOL_VERSION, REPORT_WINDOW,
  type AgentMessage, type Assign, type AssignedObject, type GatewayMessage, type Hello, type PlacementReport, type PodReport, type Refuse, type Report, type Welcome,
} from "../link.ts";
import type { FleetLogger } from "../logger.ts";
import type { Behaviours } from "../simulator/behaviours.ts";
import { ClusterSimulation, type ClusterListener } from "../simulator/cluster.ts";
import type { FleetStore, StoredCluster, StoredPlacement } from "./store.ts";
import { UnsavedChanges } from "./unsaved.ts";

export const REFUSED_RETRY_MS = 10_000;
/** Templates that nothing is made of any more are let go of with the next hello; beyond so many the agent asks for a new connection. */
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
  readonly #number: number;
  readonly #logger: FleetLogger;

  #session: Session = "DETACHED";
  #refusedUntilMs = 0;
  #outbox: AgentMessage[] = [];

  readonly #held = new Map<string, StoredPlacement>();
  readonly #templates = new Map<string, PodTemplate>();
  #term: number;

  #epoch: number;
  #lastSeq: number;
  #ackedSeq: number;
  #unacked: Report[] = [];
  /** The epoch's full state is being sent; `#unnamed` are the pods that it has not named yet. */
  #isFull: boolean;
  readonly #unnamed = new Set<number>();
  /** Slots that a report of this epoch named. */
  readonly #reported = new Set<number>();

  readonly #newsOfPods = new Set<number>();
  readonly #newsOfGone = new Set<string>();
  readonly #newsOfPlacements = new Set<string>();
  readonly #newsOfNodes = new Set<number>();

  readonly #unsaved = new UnsavedChanges();

  /** Takes up what the store has of the cluster. Call it inside a transaction of the store: the first time, the cluster is enrolled. */
  constructor({ cluster, seed, behaviours, store, now, nonce: freshNonce, logger }: AgentOptions) {
    const { clusterId, description } = cluster;
    this.clusterId = clusterId;
    this.#cluster = cluster;
    this.#store = store;
    this.#logger = logger;
    const simulationFor = (nonce: string): ClusterSimulation =>
      new ClusterSimulation({ code: description.code, nodes: description.nodes, seed, nonce, behaviours, now, listener: this });
    const nodes = description.nodes.map(({ id }) => ({ id, status: "READY" as const }));
    const fresh = { epoch: 1, lastSeq: 0, ackedSeq: 0, term: 0, isFull: true, engine: simulationFor(freshNonce).state, nodes };
    const { number, nonce } = store.enrol(clusterId, freshNonce, fresh);
    const stored = store.load(number);
    this.#number = number;
    this.#epoch = stored.epoch;
    this.#lastSeq = stored.lastSeq;
    this.#ackedSeq = stored.ackedSeq;
    this.#term = stored.term;
    this.#isFull = stored.isFull;
    this.simulation = simulationFor(nonce);
    this.#restore(stored);
  }

  #restore(stored: StoredCluster): void {
    const { nodes } = this.#cluster.description;
    const nodeNow = stored.nodes.map(({ id }) => nodes.findIndex((node) => node.id === id));
    const survives = (node: number): boolean => node < 0 || (nodeNow[node] ?? -1) >= 0;
    const kept = stored.pods.filter(({ record }) => survives(record.node));
    for (const [hash, template] of stored.templates) this.#templates.set(hash, template);
    for (const placement of stored.placements) this.#held.set(placement.id, placement);
    this.simulation.restore({
      ...stored.engine,
      templates: stored.templates,
      variants: stored.variants,
      placements: stored.placements,
      pods: kept.map(({ record }) => (record.node < 0 ? record : { ...record, node: nodeNow[record.node] as number })),
      nodeStatuses: nodes.map(({ id }) => stored.nodes.find((node) => node.id === id)?.status ?? "READY"),
    });
    for (const { record, isDirty, isReported } of kept) {
      if (isDirty || this.#isFull) this.#newsOfPods.add(record.slot);
      if (this.#isFull) this.#unnamed.add(record.slot);
      if (isReported) this.#reported.add(record.slot);
    }
    for (const id of stored.gone) this.#newsOfGone.add(id);
    this.#unacked = [...stored.reports];
    // Cheap to say again, and not worth a write each time they change.
    for (const id of this.#held.keys()) this.#newsOfPlacements.add(id);
    nodes.forEach((_, index) => this.#newsOfNodes.add(index));
    this.#dropLost(stored, survives);
  }

  /** Pods on nodes that the description no longer has: they are gone, and the placements make others. */
  #dropLost(stored: StoredCluster, survives: (node: number) => boolean): void {
    const lost = stored.pods.filter(({ record }) => !survives(record.node));
    for (const { record, isReported } of lost) {
      this.#unsaved.pods.add(record.slot);
      if (isReported) this.#addGone(record.id);
    }
    if (lost.length > 0) this.#logger.warn({ cluster: this.#cluster.description.code, pods: lost.length }, "nodes left the fleet description, and their pods with them");
  }

  // -------------------------------------------------------------- what the simulation says

  podChanged(slot: number): void {
    this.#newsOfPods.add(slot);
    this.#unsaved.pods.add(slot);
  }

  podGone(slot: number, id: string): void {
    this.#newsOfPods.delete(slot);
    this.#unnamed.delete(slot);
    this.#unsaved.pods.add(slot);
    if (this.#reported.delete(slot)) this.#addGone(id);
  }

  placementChanged(placementId: string): void {
    this.#newsOfPlacements.add(placementId);
  }

  variantChanged(number: number): void {
    this.#unsaved.variants.add(number);
  }

  setNodeStatus(nodeId: string, status: "READY" | "NOT_READY"): boolean {
    const index = this.simulation.nodes.indexOf(nodeId);
    if (index < 0) return false;
    this.simulation.setNodeStatus(index, status);
    this.#newsOfNodes.add(index);
    this.#unsaved.cluster = true;
    return true;
  }

  // -------------------------------------------------------------- the session

  get session(): Session {
    return this.#session;
  }

  /** A connection is there: say hello with the next commit. */
  connected(): void {
    for (const hash of this.simulation.pruneTemplates()) {
      this.#templates.delete(hash);
      this.#unsaved.templates.add(hash);
    }
    this.#session = "GREETED";
    this.#outbox = [this.#hello()];
  }

  disconnected(): void {
    this.#session = "DETACHED";
    this.#outbox = [];
  }

  /** @throws LinkFault when the gateway breaks the protocol. */
  receive(message: Exclude<GatewayMessage, { readonly type: "pong" }>, wallMs: number): void {
    switch (message.type) {
      case "welcome":
        return this.#onWelcome(message);
      case "assign":
        return this.#onAssign(message);
      case "ack":
        if (this.#session === "WELCOMED" && message.epoch === this.#epoch) this.#onAck(message.seq);
        return;
      case "refuse":
        return this.#onRefuse(message, wallMs);
    }
  }

  #hello(): Hello {
    return {
      type: "hello",
      clusterId: this.clusterId,
      protocols: [LINK_PROTOCOL_VERSION],
      description: this.#cluster.description,
      epoch: this.#epoch,
      lastSeq: this.#lastSeq,
      holds: [...this.#held.values()].map(({ id, term, generation }) => ({ objectId: id, term, generation })),
      templates: this.simulation.templateHashes(),
    };
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#session !== "GREETED") return;
    if (welcome.protocol !== LINK_PROTOCOL_VERSION) throw new LinkFault(`the gateway chose protocol ${welcome.protocol}, which was not offered`);
    this.#session = "WELCOMED";
    this.#takeTerm(welcome.term);
    if (!this.#goesOnBehind(welcome)) this.#startEpoch(Math.max(this.#epoch, welcome.epoch) + 1, welcome);
    else if (welcome.epoch === this.#epoch) this.#onAck(welcome.ackedSeq);
    this.#outbox.push(...this.#unacked);
  }

  /** Whether the reports that the centre has not stored are exactly those that are held here. */
  #goesOnBehind({ epoch, ackedSeq }: Welcome): boolean {
    if (epoch === this.#epoch) return ackedSeq <= this.#lastSeq && ackedSeq >= this.#ackedSeq;
    return epoch < this.#epoch && this.#ackedSeq === 0;
  }

  #startEpoch(epoch: number, { epoch: theirEpoch, ackedSeq }: Welcome): void {
    this.#logger.warn(
      { cluster: this.#cluster.description.code, epoch, was: { epoch: this.#epoch, lastSeq: this.#lastSeq }, centre: { epoch: theirEpoch, ackedSeq } },
      "the centre and this agent's store disagree about what was reported: a new epoch starts with the whole state",
    );
    this.#epoch = epoch;
    this.#lastSeq = 0;
    this.#ackedSeq = 0;
    this.#isFull = true;
    this.#unacked = [];
    this.#reported.clear();
    for (const id of this.#newsOfGone) this.#unsaved.gone.set(id, false);
    this.#newsOfGone.clear();
    for (const slot of this.simulation.slots()) {
      this.#unnamed.add(slot);
      this.podChanged(slot);
    }
    for (const id of this.#held.keys()) this.#newsOfPlacements.add(id);
    this.#cluster.description.nodes.forEach((_, index) => this.#newsOfNodes.add(index));
    this.#unsaved.forgetReports();
    this.#unsaved.cluster = true;
  }

  #takeTerm(term: number): void {
    if (term === this.#term) return;
    if (term < this.#term) {
      this.#logger.error({ cluster: this.#cluster.description.code, term, known: this.#term }, "the centre has an older term than it had: its assignments will be refused");
      return;
    }
    if (this.#term > 0) this.#logger.warn({ cluster: this.#cluster.description.code, term, was: this.#term }, "the centre's database began a new life");
    this.#term = term;
    this.#unsaved.cluster = true;
  }

  #onRefuse({ reason }: Refuse, wallMs: number): void {
    this.#logger.warn({ cluster: this.#cluster.description.code, reason }, "the gateway refused the cluster");
    this.#session = "REFUSED";
    this.#outbox = [];
    this.#refusedUntilMs = wallMs + REFUSED_RETRY_MS;
  }

  /** Says hello again where the gateway had refused it and the wait is over. */
  retryRefused(wallMs: number): void {
    if (this.#session === "REFUSED" && wallMs >= this.#refusedUntilMs) this.connected();
  }

  #onAck(seq: number): void {
    if (seq <= this.#ackedSeq || seq > this.#lastSeq) return;
    const acked = this.#unacked.filter((report) => report.seq <= seq);
    this.#unacked = this.#unacked.filter((report) => report.seq > seq);
    this.#outbox = this.#outbox.filter((message) => message.type !== "report" || message.seq > seq);
    this.#ackedSeq = seq;
    this.#unsaved.ackedTo(seq);
    this.#unsaved.cluster = true;
    for (const report of acked) for (const placement of report.placements) if (placement.removed === true) this.#letGo(placement);
  }

  /** The centre knows that a tombstone was carried out. */
  #letGo({ placementId, term, generation }: PlacementReport): void {
    const held = this.#held.get(placementId);
    if (held?.term !== term || held.generation !== generation) return;
    this.#held.delete(placementId);
    this.#newsOfPlacements.delete(placementId);
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
    if (this.#templates.size > 2 * this.#held.size + UNUSED_TEMPLATE_LIMIT) throw new LinkFault("too many templates are held: they are sorted out with the next hello");
  }

  #take(term: number, { objectId, kind, generation, spec }: AssignedObject): void {
    const fields = { cluster: this.#cluster.description.code, object: objectId, term, generation };
    if (kind !== "placement") return this.#logger.warn({ ...fields, kind }, "an object of an unknown kind was ignored");
    const held = this.#held.get(objectId);
    if (held !== undefined && (term < held.term || (term === held.term && generation <= held.generation))) {
      this.#newsOfPlacements.add(objectId);
      return;
    }
    if (term < this.#term) return this.#logger.warn(fields, "an assignment of an older term was refused");
    if (spec !== null && !this.simulation.hasTemplate(spec.templateHash)) throw new LinkFault(`object ${objectId} needs the template ${spec.templateHash}, which was never sent`);
    try {
      this.simulation.assign(objectId, spec);
    } catch (error) {
      return this.#logger.error({ ...fields, err: error }, "an assignment that can't be carried out was refused");
    }
    this.#held.set(objectId, { id: objectId, term, generation, spec });
    this.#newsOfPlacements.add(objectId);
    this.#unsaved.placements.add(objectId);
  }

  // -------------------------------------------------------------- reports

  /** Makes the reports that the window has room for; they leave after the next commit. */
  makeReports(): void {
    if (this.#session !== "WELCOMED") return;
    while (this.#unacked.length < REPORT_WINDOW && this.#hasNews()) {
      const report = this.#makeReport();
      this.#unacked.push(report);
      this.#outbox.push(report);
      this.#unsaved.reports.push(report);
      this.#unsaved.cluster = true;
    }
  }

  #hasNews(): boolean {
    return this.#isFull || this.#newsOfPods.size + this.#newsOfGone.size + this.#newsOfPlacements.size + this.#newsOfNodes.size > 0;
  }

  #makeReport(): Report {
    const pods: PodReport[] = take(this.#newsOfPods, BATCH_LIMIT).map((slot) => {
      this.#unnamed.delete(slot);
      this.#reported.add(slot);
      this.#unsaved.pods.add(slot);
      return this.simulation.report(slot);
    });
    const gone = take(this.#newsOfGone, BATCH_LIMIT);
    for (const id of gone) this.#unsaved.gone.set(id, false);
    const placements = take(this.#newsOfPlacements, BATCH_LIMIT).flatMap((id) => this.#placementReport(id) ?? []);
    const nodes = take(this.#newsOfNodes, BATCH_LIMIT).map((index) => ({
      nodeId: this.#nodeId(index),
      status: this.simulation.nodes.status(index),
    }));
    const full = this.#isFull ? { full: true, ...(this.#unnamed.size === 0 ? { fullEnds: true } : {}) } : {};
    if (this.#unnamed.size === 0) this.#isFull = false;
    return { type: "report", clusterId: this.clusterId, epoch: this.#epoch, seq: ++this.#lastSeq, at: this.simulation.now, ...full, pods, gone, placements, nodes };
  }

  #placementReport(placementId: string): PlacementReport | null {
    const held = this.#held.get(placementId);
    if (held === undefined) return null;
    const { created, ready, updated, all } = this.simulation.counts(placementId);
    const removed = held.spec === null && all === 0 ? { removed: true } : {};
    return { placementId, term: held.term, generation: held.generation, created, ready, updated, ...removed };
  }

  #addGone(id: string): void {
    this.#newsOfGone.add(id);
    this.#unsaved.gone.set(id, true);
  }

  #nodeId(index: number): string {
    return this.simulation.nodes.descriptions[index]?.id ?? "";
  }

  // -------------------------------------------------------------- saving

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
    if (unsaved.ackedUpTo > 0) store.deleteReports(cluster, unsaved.ackedUpTo);
    for (const report of unsaved.reports) store.saveReport(cluster, report);
    for (const hash of unsaved.templates) store.saveTemplate(cluster, hash, this.#templates.get(hash) ?? null);
    for (const number of unsaved.variants) store.saveVariant(cluster, number, this.simulation.variantRecord(number));
    for (const id of unsaved.placements) {
      const held = this.#held.get(id);
      if (held === undefined) store.deletePlacement(cluster, id);
      else store.savePlacement(cluster, held);
    }
    for (const slot of unsaved.pods) {
      if (!this.simulation.isLive(slot)) store.deletePod(cluster, slot);
      else store.savePod(cluster, { record: this.simulation.podRecord(slot), isDirty: this.#newsOfPods.has(slot), isReported: this.#reported.has(slot) });
    }
    for (const [id, isGone] of unsaved.gone) store.saveGone(cluster, id, isGone);
    store.saveCluster(cluster, {
      epoch: this.#epoch,
      lastSeq: this.#lastSeq,
      ackedSeq: this.#ackedSeq,
      term: this.#term,
      isFull: this.#isFull,
      engine: this.simulation.state,
      nodes: this.simulation.nodes.descriptions.map(({ id }, index) => ({ id, status: this.simulation.nodes.status(index) })),
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

/** Takes up to so many out of a set, those that came first. */
function take<T>(set: Set<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of set) {
    if (taken.length >= limit) break;
    taken.push(item);
    set.delete(item);
  }
  return taken;
}
