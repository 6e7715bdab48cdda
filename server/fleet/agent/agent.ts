/**
 * The agent of one cluster: it is told what should be, lets the simulated cluster make it true, and reports what is. It works the same
 * whether the centre is there or not.
 *
 * Invariants
 * - Reports are made only while WELCOMED (session.ts, reporter.ts), and sent again after each welcome that does not know them.
 * - What is unsaved is saved in one transaction before the outbox leaves (`save`, `saved`, then `takeOutbox`). After a failed transaction
 *   both are still there, and saving is tried again.
 * - A held object is only replaced by a higher (term, generation); whatever was offered, what is held is confirmed (objects.ts).
 * - What happened is told in reports, and kept until the centre has it (events.ts).
 * - Lines of logs are collected from the first gateway on that takes them, also while none is there, and made and sent by turns of the wall clock (logs.ts): a cluster where
 *   nothing else happens is looked at that often, and no more.
 * - What is measured is kept in memory alone, until it is stored or too much (sampler.ts).
 * - Contents are kept while a held placement or a running pod uses them, and no longer (contents.ts).
 */
import { clusterLabels } from "../../domain/affinity.ts";
import type { FleetCluster } from "../description.ts";
import {
  AGENT_TAKES, LINK_PROTOCOLS, type AgentMessage, type Assign, type GatewayMessage, type Hello, type PlacementReport, type Refuse, type Welcome,
} from "../link.ts";
import type { FleetLogger } from "../logger.ts";
import type { Behaviours } from "../simulator/behaviours.ts";
import { ClusterSimulation } from "../simulator/cluster.ts";
import type { ClusterListener, Happening } from "../simulator/cluster-options.ts";
import { Assignments, LinkFault } from "./assignments.ts";
import { Contents } from "./contents.ts";
import { EventLog } from "./events.ts";
import { LogBuffer } from "./logs.ts";
import { HeldObjects } from "./objects.ts";
import { restoredRecords, saveUnsaved } from "./persistence.ts";
import { Reporter, type ReportSource } from "./reporter.ts";
import { Sampler } from "./sampler.ts";
import { clusterSealingKey } from "./sealing-seed.ts";
import { AgentSession, type SessionState } from "./session.ts";
import type { AgentStore, StoredCluster } from "./store.ts";
import { Terminals } from "./terminals.ts";
import { UnsavedChanges } from "./unsaved.ts";
import { Vouching, vouches } from "./vouching.ts";

/** Wall-clock milliseconds between a cluster's batches of lines, and between the windows that requests are written in. */
const LOG_TURN_MS = 1_000;
const LOG_WINDOW_MS = 5_000;

export interface AgentOptions {
  readonly cluster: FleetCluster;
  readonly seed: number;
  readonly behaviours: Behaviours;
  readonly store: AgentStore;
  /** Simulated milliseconds. */
  readonly now: number;
  /** Of this store's life, used when the store meets the cluster for the first time. */
  readonly nonce: string;
  /** 32 secret bytes, which the cluster's key follows from. */
  readonly sealingSeed: Uint8Array;
  readonly logger: FleetLogger;
}

export class ClusterAgent implements ClusterListener {
  readonly clusterId: string;
  readonly simulation: ClusterSimulation;
  readonly #cluster: FleetCluster;
  readonly #store: AgentStore;
  /** The cluster's number in the store. */
  readonly #number: number;
  /** Of the store's life. */
  readonly #nonce: string;
  readonly #logger: FleetLogger;
  readonly #unsaved = new UnsavedChanges();
  readonly #reporter: Reporter;
  readonly #events: EventLog;
  readonly #logs: LogBuffer;
  #isCollecting: boolean;
  #logTurnMs = -Infinity;
  #logWindowMs = -Infinity;

  readonly #session = new AgentSession();
  readonly #vouching = new Vouching();
  readonly #sampler: Sampler;
  readonly #contents: Contents;
  readonly #objects: HeldObjects;
  /** A configuration set went or changed: some content may be of no more use. */
  #setsChanged = false;
  readonly #assignments: Assignments;
  #term: number;
  readonly #terminals: Terminals;

  /** Takes up what the store has of the cluster. Call it inside a transaction of the store: the first time, the cluster is enrolled. */
  constructor({ cluster, seed, behaviours, store, now, nonce: freshNonce, sealingSeed, logger }: AgentOptions) {
    const { clusterId, description } = cluster;
    const { code, nodes, region, ...place } = description;
    const labels = clusterLabels({ code, region: region.code, ...place });
    this.clusterId = clusterId;
    this.#cluster = cluster;
    this.#store = store;
    this.#logger = logger;
    this.#contents = new Contents(clusterSealingKey(sealingSeed, clusterId), this.#unsaved);
    const simulationFor = (nonce: string): ClusterSimulation =>
      new ClusterSimulation({ code, nodes, labels, seed, nonce, behaviours, now, contents: this.#contents, listener: this });
    const { number, nonce } = store.enrol(clusterId, freshNonce, {
      epoch: 1, lastSeq: 0, ackedSeq: 0, term: 0, isFull: true,
      engine: simulationFor(freshNonce).state,
      nodes: nodes.map(({ id }) => ({ id, status: "READY" })),
      sealingKey: this.#contents.publicKey,
      events: null,
      logs: null,
    });
    this.#number = number;
    this.#nonce = nonce;
    this.simulation = simulationFor(nonce);
    this.#sampler = new Sampler(clusterId, this.simulation, nodes.map(({ id }) => id));
    this.#terminals = new Terminals(clusterId, (podId, container) => this.simulation.containerOf(podId, container));
    const stored = store.load(number);
    this.#events = new EventLog({
      state: stored.events ?? EventLog.fresh(seed, code, nonce),
      stored: stored.waitingEvents,
      changed: (position) => this.#unsaved.events.add(position),
    });
    this.#logs = new LogBuffer({ clusterId, state: stored.logs, stored: stored.waitingLogs, changed: (position) => this.#unsaved.logs.add(position) });
    this.#isCollecting = stored.logs !== null;
    if (stored.logs !== null) this.#collectLogs(Math.min(stored.logs.madeTo, now));
    this.#term = stored.term;
    this.#contents.restore(stored.contents, stored.sealingKey);
    if (stored.sealingKey !== this.#contents.publicKey) this.#unsaved.cluster = true;
    this.#objects = new HeldObjects({
      simulation: this.simulation,
      contents: this.#contents,
      unsaved: this.#unsaved,
      listener: {
        placementChanged: (placementId) => this.#reporter.placementChanged(placementId),
        serviceChanged: (serviceId) => this.#reporter.serviceChanged(serviceId),
      },
    });
    this.#objects.restore(stored.placements, stored.services);
    this.#assignments = new Assignments({
      cluster: code, simulation: this.simulation, contents: this.#contents, objects: this.#objects, templates: stored.templates,
      unsaved: this.#unsaved, logger,
    });
    this.#reporter = new Reporter(this.#reportSource(), this.#unsaved, stored);
    this.#restore(stored);
  }

  #restore(stored: StoredCluster): void {
    const { nodes, code } = this.#cluster.description;
    const { records, lost, isRenumbered } = restoredRecords(stored, nodes);
    // Pods on nodes that the description no longer has are gone, and the placements make others.
    for (const { slot, id } of lost) this.#reporter.podGone(slot, id);
    // The store knows nodes by their index: where that changes, all pods are written anew.
    if (isRenumbered) {
      for (const { record } of stored.pods) this.#unsaved.pods.add(record.slot);
      this.#unsaved.cluster = true;
    }
    if (lost.length > 0) this.#logger.warn({ cluster: code, pods: lost.length }, "nodes left the fleet description, and their pods with them");
    this.simulation.restore(records);
  }

  #reportSource(): ReportSource {
    return {
      clusterId: this.clusterId,
      now: () => this.simulation.now,
      slots: () => this.simulation.slots(),
      placementIds: () => this.#objects.placementIds(),
      serviceIds: () => this.#objects.serviceIds(),
      nodeCount: () => this.simulation.nodes.size,
      pod: (slot) => this.simulation.report(slot),
      placement: (placementId) => this.#objects.placementReport(placementId),
      service: (serviceId) => this.#objects.serviceReport(serviceId),
      node: (index) => ({ nodeId: this.simulation.nodes.idOf(index), status: this.simulation.nodes.status(index) }),
      events: this.#events,
    };
  }

  // -------------------------------------------------------------- time

  /** When it has something to do by itself, Infinity for never: who looks after it need not look sooner, unless something came for it. */
  nextDue(): number {
    return Math.min(this.simulation.nextDue(), this.#sampler.nextDue(), this.#terminals.nextDue());
  }

  /** Lets everything happen that is due until then. */
  advanceTo(now: number): void {
    for (let due = this.#sampler.nextDue(); due <= now; due = this.#sampler.nextDue()) {
      this.simulation.advanceTo(due);
      this.#sampler.sample(now);
    }
    this.simulation.advanceTo(now);
    this.#terminals.advance(this.simulation.now);
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

  podRecordChanged(slot: number): void {
    this.#unsaved.pods.add(slot);
  }

  configSetChanged(number: number): void {
    this.#unsaved.configSets.add(number);
    this.#setsChanged = true;
  }

  serviceChanged(serviceId: string): void {
    this.#objects.serviceChanged(serviceId);
  }

  happened(happening: Happening): void {
    this.#events.happened(happening);
  }

  #collectLogs(madeTo: number): void {
    this.#isCollecting = true;
    this.simulation.logs.begin(madeTo, (line) => this.#logs.write(line));
  }

  nodeChanged(index: number): void {
    this.#reporter.nodeChanged(index);
    this.#unsaved.cluster = true;
  }

  faultsChanged(): void {
    this.#unsaved.cluster = true;
  }

  // -------------------------------------------------------------- the session

  get session(): SessionState {
    return this.#session.state;
  }

  /** A connection is there: say hello with the next commit. */
  connected(): void {
    this.#objects.forgetAsked();
    this.#greet();
  }

  /** Says hello, for the first time or anew on the same connection: only this cluster's part of the link starts over. */
  #greet(): void {
    this.#assignments.dropTemplates();
    this.#vouching.lost();
    this.#logs.lost();
    this.#sampler.lost();
    this.#session.greet(this.#hello());
  }

  disconnected(): void {
    this.#sampler.lost();
    this.#vouching.lost();
    this.#logs.lost();
    this.#session.lost();
  }

  /** Whether the gateway had refused it, and the wait until the next hello is over. */
  isRetryDue(wallMs: number): boolean {
    return this.#session.isRetryDue(wallMs);
  }

  /** @throws LinkFault when the connection is to be given up. */
  receive(message: Exclude<GatewayMessage, { readonly type: "pong" | "faults" }>, wallMs: number): void {
    switch (message.type) {
      case "terminalOpen":
      case "terminalInput":
      case "terminalResize":
      case "terminalClose":
      case "terminalAck":
        return this.#terminals.receive(message);
      case "welcome":
        return this.#onWelcome(message);
      case "assign":
        return this.#onAssign(message);
      case "ack":
        // A report from before the hello confirmed what was left out of it.
        if (this.#onAck(message.epoch, message.seq).some(({ placementId }) => this.#objects.isAwaited(placementId))) this.#greet();
        return;
      case "logsAck":
        if (this.#session.state === "WELCOMED") this.#logs.acked(message);
        return;
      case "sampled":
        return this.#sampler.stored(message.at);
      case "refuse":
        return this.#onRefuse(message, wallMs);
    }
  }

  #hello(): Hello {
    const { epoch, lastSeq } = this.#reporter.position;
    return {
      type: "hello",
      clusterId: this.clusterId,
      protocols: LINK_PROTOCOLS,
      store: this.#nonce,
      term: this.#term,
      description: this.#cluster.description,
      epoch,
      lastSeq,
      holds: this.#objects.holds(),
      templates: this.simulation.templateHashes(),
      sealingKey: this.#contents.publicKey,
      contents: this.#contents.names(),
      takes: AGENT_TAKES,
    };
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#session.state !== "GREETED") return;
    if (!LINK_PROTOCOLS.includes(welcome.protocol)) {
      throw new LinkFault(`the gateway chose protocol ${welcome.protocol}, which was not offered`);
    }
    this.#session.welcomed(welcome.takes);
    if (!this.#isCollecting && this.#session.takes("logs")) this.#collectLogs(this.simulation.now);
    this.#sampler.welcomed(this.#session.takes("samples"), this.simulation.now);
    this.#takeTerm(welcome.term);
    if (this.#reporter.goesOnBehind(welcome)) this.#onAck(welcome.epoch, welcome.ackedSeq);
    else this.#startEpoch(welcome);
    this.#session.send(this.#reporter.unacked);
    this.#terminals.welcomed();
    this.#vouching.welcomed(this.#reporter.position.lastSeq, this.#reporter.isQuiet);
  }

  #startEpoch(welcome: Welcome): void {
    const { position } = this.#reporter;
    const epoch = Math.max(position.epoch, welcome.epoch) + 1;
    this.#logger.warn(
      { cluster: this.#cluster.description.code, epoch, was: position, centre: { epoch: welcome.epoch, ackedSeq: welcome.ackedSeq } },
      "the centre and this agent's store disagree about what was reported: a new epoch starts with the whole state",
    );
    this.#reporter.startEpoch(epoch);
    this.#logs.startEpoch(epoch);
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
    this.#vouching.lost();
    this.#logs.lost();
    this.#sampler.lost();
    this.#session.refused(wallMs);
  }

  /** What the reports that are acknowledged said of placements. */
  #onAck(epoch: number, seq: number): readonly PlacementReport[] {
    if (this.#session.state !== "WELCOMED") return [];
    const reports = this.#reporter.acked(epoch, seq);
    if (reports.length > 0) this.#session.acknowledged();
    this.#vouching.acked(reports, this.#reporter.isQuiet);
    const placements = reports.flatMap((report) => report.placements);
    for (const placement of placements) if (placement.removed === true) this.#objects.placementRemoved(placement);
    for (const { services } of reports) for (const service of services ?? []) if (service.removed === true) this.#objects.serviceRemoved(service);
    return placements;
  }

  // -------------------------------------------------------------- assignments

  #onAssign(message: Assign): void {
    if (this.#session.state !== "WELCOMED") return;
    this.#takeTerm(message.term);
    if (!this.#assignments.take(message, this.#term)) this.#greet();
  }

  // -------------------------------------------------------------- saving and sending

  /** Makes the reports that the window has room for; they leave after the next commit. */
  makeReports(wallMs: number): void {
    this.#takeLogTurn(wallMs);
    if (this.#setsChanged) this.#assignments.dropContents();
    this.#setsChanged = false;
    if (this.#session.state !== "WELCOMED") return;
    this.#session.send(this.#reporter.make(wallMs));
    if (this.#session.takes("samples")) this.#session.send(this.#sampler.take());
    if (this.#session.takes("terminalOutput")) this.#session.send(this.#terminals.messages());
  }

  /** Whether lines are to be made or sent: who looks after it makes reports then. */
  isLogTurnDue(wallMs: number): boolean {
    if (!this.#isCollecting || wallMs - this.#logTurnMs < LOG_TURN_MS) return false;
    return (this.#session.takes("logs") && this.#logs.isDue) || (wallMs - this.#logWindowMs >= LOG_WINDOW_MS && this.simulation.podCount > 0);
  }

  #takeLogTurn(wallMs: number): void {
    if (!this.isLogTurnDue(wallMs)) return;
    this.#logTurnMs = wallMs;
    if (wallMs - this.#logWindowMs >= LOG_WINDOW_MS) {
      this.#logWindowMs = wallMs;
      this.simulation.logs.window(this.simulation.now);
      this.#logs.seal();
    }
    const batch = this.#session.takes("logs") ? this.#logs.next() : null;
    if (batch !== null) this.#session.send([batch]);
  }

  /** Whether a ping may name the cluster. */
  vouches(wallMs: number): boolean {
    return vouches({ isAbreast: this.#vouching.isAbreast, waitingSinceMs: this.#reporter.waitingSinceMs }, wallMs);
  }

  /** A ping should name it before the next one is due. */
  get owesPing(): boolean {
    return this.#vouching.owesPing;
  }

  pinged(): void {
    this.#vouching.pinged();
  }

  get hasUnsaved(): boolean {
    return !this.#unsaved.isEmpty;
  }

  get hasOutbox(): boolean {
    return this.#session.hasOutbox;
  }

  /** Writes what is unsaved; inside a transaction of the store, and `saved` follows once that is committed. */
  save(): void {
    saveUnsaved(this.#store, this.#number, {
      unsaved: this.#unsaved, simulation: this.simulation, objects: this.#objects, contents: this.#contents, assignments: this.#assignments,
      reporter: this.#reporter, events: this.#events, logs: this.#logs, isCollecting: this.#isCollecting, term: this.#term,
    });
  }

  saved(): void {
    this.#unsaved.clear();
  }

  /** What may leave now; only when nothing is unsaved. */
  takeOutbox(): readonly AgentMessage[] {
    return this.#session.takeOutbox();
  }
}
