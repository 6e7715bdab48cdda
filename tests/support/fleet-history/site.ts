/**
 * A fleet process in virtual time: real agents and a store, and the loop of fleet/fleet.ts around them (time, inbox, reports, commit, outbox, pings, dialling). It can
 * be killed at any point of a tick; what is left then is what its store had committed.
 */
import type { SilentAgent } from "./parts.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import type { FleetCluster } from "#server/fleet/description.ts";
import { type AgentConnection, type FaultOrder, type GatewayConnection, type GatewayMessage, PING_INTERVAL_MS } from "#server/fleet/link.ts";
import type { Dice } from "../random.ts";
import type { Accept, SiteNetwork } from "./network.ts";
import { Journal } from "./journal.ts";
import { MemoryStore } from "./memory-store.ts";
import type { Moment } from "./story.ts";
import type { VirtualTime } from "./timeline.ts";
import { uuidOf } from "./wanted.ts";

/** Simulated time of the instant 0. */
export const BASE = 1_700_000_000_000;
const TICK_MS = 50;
const REDIAL_FIRST_MS = 200;
const REDIAL_MAX_MS = 10_000;
const SILENCE_LIMIT_MS = 3 * PING_INTERVAL_MS;

export interface SiteOptions {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly network: SiteNetwork;
  readonly clusters: readonly FleetCluster[];
  readonly open: SilentAgent;
  readonly accept: () => Accept | null;
  /** The agents that have changed, before anything is committed. */
  readonly ticked: (changed: readonly ClusterAgent[]) => void;
  /** And once it is, and has left. */
  readonly committed: (site: Site, changed: readonly ClusterAgent[]) => void | Promise<void>;
}

export interface SiteBackup {
  readonly store: MemoryStore;
  readonly journals: ReadonlyMap<string, Journal>;
}

class Killed extends Error {}

export class Site {
  readonly #options: SiteOptions;
  readonly agents = new Map<string, ClusterAgent>();
  /** By cluster: all that were ordered. */
  readonly #faults = new Map<string, readonly FaultOrder[]>();
  store = new MemoryStore();
  journals = new Map<string, Journal>();
  isUp = false;
  #connection: AgentConnection | null = null;
  /** The centre's end of it. */
  farEnd: GatewayConnection | null = null;
  #inbox: GatewayMessage[] = [];
  #lastHeardMs = 0;
  #lastPingMs = 0;
  #nextTickAt = Infinity;
  #life = 0;
  #nonces = 0;
  #redialMs = REDIAL_FIRST_MS;
  #connectedAt = 0;
  #dies: Moment | null = null;

  constructor(options: SiteOptions) {
    this.#options = options;
    for (const { clusterId } of options.clusters) this.journals.set(clusterId, this.#journalOf(clusterId));
  }

  get clusterIds(): readonly string[] {
    return this.#options.clusters.map(({ clusterId }) => clusterId);
  }

  // -------------------------------------------------------------- its life

  start(): void {
    const { open, clusters, time } = this.#options;
    this.isUp = true;
    this.#life += 1;
    this.store.isFull = false;
    this.#nonces += 1;
    this.agents.clear();
    this.store.transaction(() => {
      for (const cluster of clusters) this.agents.set(cluster.clusterId, open({ cluster, store: this.store, now: BASE + time.now, nonce: `${clusters[0]?.clusterId}-${this.#nonces}` }));
    });
    for (const id of this.#faults.keys()) this.#orderFaults(id);
    this.#redialMs = REDIAL_FIRST_MS;
    this.#nextTickAt = Infinity;
    this.#tickIn(0);
    this.#dial();
  }

  /** At once, or at that moment of its next tick. */
  kill(moment: Moment): void {
    if (!this.isUp) return;
    if (moment !== "idle") {
      this.#dies = moment;
      this.#tickIn(0);
      return;
    }
    this.#dies = null;
    this.isUp = false;
    this.#life += 1;
    for (const journal of this.journals.values()) journal.paused();
    this.#hangUp("its process was killed");
  }

  /** Whatever is left to die of does not happen any more. */
  ensureKilled(): void {
    this.kill("idle");
  }

  backup(): SiteBackup {
    return { store: this.store.copy(), journals: new Map([...this.journals].map(([id, journal]) => [id, journal.copy()])) };
  }

  restore(backup: SiteBackup): void {
    const breaches = this.breaches();
    this.store = backup.store.copy();
    this.journals = new Map([...backup.journals].map(([id, journal]) => [id, journal.copy()]));
    for (const journal of this.journals.values()) journal.breaches.push(...breaches);
  }

  fillDisk(): void {
    if (!this.isUp) return;
    this.store.isFull = true;
    for (const journal of this.journals.values()) journal.paused();
  }

  loseStore(): void {
    this.store = new MemoryStore();
    for (const [id, { breaches }] of this.journals) {
      const journal = this.#journalOf(id);
      journal.breaches.push(...breaches);
      this.journals.set(id, journal);
    }
  }

  breaches(): string[] {
    return [...this.journals.values()].flatMap(({ breaches }) => breaches);
  }

  crash(clusterId: string, pick: number): void {
    const simulation = this.agents.get(clusterId)?.simulation;
    if (!this.isUp || simulation === undefined) return;
    const ids = [...simulation.slots()].map((slot) => simulation.report(slot).id).toSorted();
    const id = ids[pick % Math.max(1, ids.length)];
    if (id !== undefined && simulation.crashPod(id)) this.journals.get(clusterId)?.crashed(id, simulation.now);
    // Nothing is looked at before it is committed.
    if (this.store.isFull) this.journals.get(clusterId)?.paused();
    this.#tickIn(0);
  }

  /** The node does not answer for so long. Faults are told to a cluster also while it is cut off (link.ts), and so beside the network here. */
  failNode(clusterId: string, node: number, forMs: number): void {
    const cluster = this.#options.clusters.find((each) => each.clusterId === clusterId);
    const nodeId = cluster?.description.nodes[node]?.id;
    if (nodeId === undefined) return;
    const orders = this.#faults.get(clusterId) ?? [];
    const now = BASE + this.#options.time.now;
    this.#faults.set(clusterId, [...orders, { id: uuidOf(500 + orders.length), kind: "FAIL_NODE", nodeId, seed: 0, startsAt: now, endsAt: now + forMs }]);
    if (this.isUp) this.#orderFaults(clusterId);
  }

  #journalOf(clusterId: string): Journal {
    return new Journal(() => this.#faults.get(clusterId) ?? []);
  }

  #orderFaults(clusterId: string): void {
    const now = BASE + this.#options.time.now;
    this.agents.get(clusterId)?.simulation.orderFaults((this.#faults.get(clusterId) ?? []).filter(({ endsAt }) => endsAt > now));
    this.#tickIn(0);
  }

  // -------------------------------------------------------------- the loop

  #tickIn(ms: number): void {
    const { time } = this.#options;
    const at = time.now + ms;
    if (at >= this.#nextTickAt) return;
    this.#nextTickAt = at;
    const life = this.#life;
    time.at(at, () => {
      if (life !== this.#life || this.#nextTickAt !== at) return;
      this.#nextTickAt = Infinity;
      try {
        return this.#tick();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        this.kill("idle");
      }
    });
  }

  #tick(): void | Promise<void> {
    const wall = this.#options.time.now;
    const now = BASE + wall;
    const agents = [...this.agents.values()];
    for (const agent of agents) agent.simulation.advanceTo(now);
    this.#takeInbox(wall);
    for (const agent of agents) {
      if (agent.isRetryDue(wall)) agent.connected();
      if (agent.simulation.nextDue() <= now) agent.simulation.advanceTo(now);
      agent.makeReports(wall);
    }
    this.#dieAt("unsaved");
    const changed = agents.filter((agent) => agent.hasUnsaved);
    this.#options.ticked(changed);
    const isCommitted = this.#commit(changed);
    this.#dieAt("unsent");
    if (isCommitted) this.#sendOutboxes(agents);
    this.#keepAlive(agents, wall);
    this.#scheduleNext(agents, wall);
    return isCommitted && changed.length > 0 ? this.#options.committed(this, changed) : undefined;
  }

  #dieAt(moment: Moment): void {
    if (this.#dies === moment) throw new Killed();
  }

  #takeInbox(wall: number): void {
    const messages = this.#inbox;
    this.#inbox = [];
    for (const message of messages) {
      if (this.#connection === null) return;
      if (message.type === "pong" || message.type === "faults" || message.clusterId === null) continue;
      try {
        this.agents.get(message.clusterId)?.receive(message, wall);
      } catch (error) {
        // Of whichever copy of the module.
        if ((error as Error).constructor.name !== "LinkFault") throw error;
        this.#connection?.close((error as Error).message);
      }
    }
  }

  #commit(changed: readonly ClusterAgent[]): boolean {
    if (changed.length === 0) return true;
    if (this.store.isFull) return false;
    this.store.transaction(() => {
      for (const agent of changed) agent.save();
    });
    for (const agent of changed) agent.saved();
    return true;
  }

  #sendOutboxes(agents: readonly ClusterAgent[]): void {
    if (this.#connection === null) return;
    const messages = agents.flatMap((agent) => agent.takeOutbox());
    const left = this.#dies === "half sent" ? Math.floor(messages.length / 2) : messages.length;
    for (const message of messages.slice(0, left)) this.#connection.send(message);
    this.#dieAt("half sent");
  }

  #keepAlive(agents: readonly ClusterAgent[], wall: number): void {
    if (this.#connection === null) return;
    if (wall - this.#lastHeardMs > SILENCE_LIMIT_MS) return this.#connection.close("the gateway was silent");
    const isDue = wall - this.#lastPingMs >= PING_INTERVAL_MS;
    const vouched = agents.filter((agent) => (isDue || agent.owesPing) && agent.vouches(wall));
    if (!isDue && vouched.length === 0) return;
    if (isDue) this.#lastPingMs = wall;
    this.#connection.send({ type: "ping", clusterIds: vouched.map(({ clusterId }) => clusterId), at: BASE + wall });
    for (const agent of vouched) agent.pinged();
  }

  #scheduleNext(agents: readonly ClusterAgent[], wall: number): void {
    let next = Infinity;
    for (const agent of agents) {
      next = Math.min(next, agent.simulation.nextDue() - BASE);
      if (agent.session === "REFUSED") next = Math.min(next, wall + 4 * TICK_MS);
      if (agent.hasUnsaved) next = Math.min(next, wall + TICK_MS);
    }
    if (this.#connection !== null) next = Math.min(next, this.#lastPingMs + PING_INTERVAL_MS, this.#lastHeardMs + SILENCE_LIMIT_MS + 1);
    if (next < Infinity) this.#tickIn(Math.max(TICK_MS, next - wall));
  }

  // -------------------------------------------------------------- the connection

  #dial(): void {
    const { network, accept, time } = this.#options;
    const accepted = accept();
    const connection = network.dial(accepted && ((farEnd) => {
      this.farEnd = farEnd;
      accepted(farEnd);
    }));
    if (connection === null) return this.#redial();
    this.#connection = connection;
    this.#inbox = [];
    this.#connectedAt = this.#lastHeardMs = this.#lastPingMs = time.now;
    for (const agent of this.agents.values()) agent.connected();
    const life = this.#life;
    connection.onMessage((message) => {
      if (life !== this.#life) return;
      this.#lastHeardMs = time.now;
      this.#inbox.push(message);
      this.#tickIn(5);
    });
    connection.onClose(() => {
      if (life !== this.#life || this.#connection !== connection) return;
      this.#connection = this.farEnd = null;
      this.#inbox = [];
      for (const agent of this.agents.values()) agent.disconnected();
      if (time.now - this.#connectedAt > REDIAL_MAX_MS) this.#redialMs = REDIAL_FIRST_MS;
      this.#redial();
    });
    this.#tickIn(0);
  }

  #redial(): void {
    const { dice, time } = this.#options;
    const life = this.#life;
    time.after(Math.ceil(this.#redialMs / 2) + dice.below(Math.floor(this.#redialMs / 2) + 1), () => {
      if (life === this.#life) this.#dial();
    });
    this.#redialMs = Math.min(REDIAL_MAX_MS, this.#redialMs * 2);
  }

  #hangUp(reason: string): void {
    const connection = this.#connection;
    this.#connection = this.farEnd = null;
    this.#inbox = [];
    connection?.close(reason);
  }
}
