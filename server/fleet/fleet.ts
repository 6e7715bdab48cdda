/**
 * A fleet process: the agents of all clusters of a description, one store, one connection, one loop.
 *
 * A tick: time advances to the clock's now in every cluster where something is due; what the gateway said is taken in; what follows at once
 * happens; reports are made; everything unsaved is committed in one transaction; then, and only then, messages leave. Ticks come every `tickMs`,
 * and sooner when the gateway has said something. A lost connection is dialled again with growing, jittered waits, and every agent says hello anew,
 * in turns (greetings.ts).
 *
 * A tick looks at those agents alone that have something to do (agenda.ts): a cluster where nothing happens costs nothing. What comes together is
 * done in portions, each committed and sent before the next: the first clusters of a large change report while the last ones still take it in.
 * Time stands where it stood for a cluster whose turn has not come; its events happen at their own instants all the same.
 *
 * A connection that is full gets no more: no reports are made for it, and what waits in the agents' outboxes stays there until it has drained.
 *
 * A commit that fails (a full disk) is tried again with the next tick, and nothing leaves until it succeeds. Any other fault in a tick is a
 * bug: it is thrown, ends the thread, and the store holds the last commit.
 */
import { randomBytes, randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../domain/clock.ts";
import { Agenda } from "./agenda.ts";
import { ClusterAgent } from "./agent/agent.ts";
import { LinkFault } from "./agent/assignments.ts";
import { FleetStore } from "./agent/store.ts";
import type { FleetDescription } from "./description.ts";
import { BlackHoles } from "./faults.ts";
import { Greetings } from "./greetings.ts";
import { HIGH_WATER_BYTES, PING_INTERVAL_MS, type AgentConnection, type GatewayMessage, type LinkDialer } from "./link.ts";
import type { FleetLogger } from "./logger.ts";
import { DEFAULT_BEHAVIOURS, type Behaviours } from "./simulator/behaviours.ts";

export interface FleetOptions {
  readonly description: FleetDescription;
  readonly seed: number;
  readonly clock: Clock;
  /** Path of the SQLite file; its folder must be there. */
  readonly storePath: string;
  /** 32 secret bytes, which the clusters' sealing keys follow from; never in the store. */
  readonly sealingSeed: Uint8Array;
  readonly dialer: LinkDialer;
  readonly logger: FleetLogger;
  /** Wall-clock milliseconds. */
  readonly tickMs?: number;
  readonly behaviours?: Behaviours;
}

export interface FleetStats {
  readonly clusters: number;
  /** Clusters that the gateway has welcomed. */
  readonly welcomed: number;
  readonly isConnected: boolean;
  readonly pods: number;
  readonly readyPods: number;
  readonly ticks: number;
  /** How often ticks have looked at an agent. */
  readonly visits: number;
  readonly commits: number;
  readonly failedCommits: number;
  readonly messagesSent: number;
  readonly lastTickMs: number;
}

export interface Fleet {
  /** Loads the store and starts the loop; the link is dialled from then on. Rejects when the store can't be opened. */
  start(): Promise<void>;
  /** Commits, closes the connection and the store. */
  close(): Promise<void>;
  stats(): FleetStats;
}

const DEFAULT_TICK_MS = 50;
/** The least pause between two ticks, which lets messages in and coalesces what they ask for. */
const MIN_PAUSE_MS = 5;
const REDIAL_FIRST_MS = 200;
const REDIAL_MAX_MS = 10_000;
/** A gateway that says nothing for so long is gone, whatever the transport thinks. */
const SILENCE_LIMIT_MS = 3 * PING_INTERVAL_MS;
/** A gateway that keeps to its windows stays far below it. */
const INBOX_LIMIT = 100_000;
/** Wall-clock milliseconds between looks for clusters whose lines are to be made or sent. */
const LOG_ROUND_MS = 1_000;
/** How long a tick goes on to advance clusters, and how long to take messages in, before what it has is committed and sent. */
const PORTION_MS = 25;

export function createFleet(options: FleetOptions): Fleet {
  const { description, seed, clock, storePath, sealingSeed, dialer, logger, tickMs = DEFAULT_TICK_MS, behaviours = DEFAULT_BEHAVIOURS } = options;
  const agents = new Map<string, ClusterAgent>();
  const agenda = new Agenda<ClusterAgent>();
  const greetings = new Greetings<ClusterAgent>();
  const blackHoles = new BlackHoles();
  const stop = new AbortController();
  const counters = { ticks: 0, visits: 0, commits: 0, failedCommits: 0, messagesSent: 0, lastTickMs: 0 };
  let store: FleetStore | null = null;
  let connection: AgentConnection | null = null;
  let inbox: GatewayMessage[] = [];
  /** Of the next message to be taken in. */
  let inboxAt = 0;
  let lastHeardMs = 0;
  let lastPingMs = 0;
  let lastLogRoundMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let nextTickMs = Infinity;
  let dialling: Promise<void> = Promise.resolve();

  // -------------------------------------------------------------- the loop

  function scheduleTick(afterMs: number): void {
    const at = performance.now() + afterMs;
    if (stop.signal.aborted || at >= nextTickMs) return;
    clearTimeout(timer);
    nextTickMs = at;
    timer = setTimeout(() => {
      nextTickMs = Infinity;
      const startedAt = performance.now();
      tick();
      counters.lastTickMs = performance.now() - startedAt;
      scheduleTick(Math.max(MIN_PAUSE_MS, tickMs - counters.lastTickMs));
    }, afterMs);
  }

  function tick(): void {
    counters.ticks += 1;
    const now = Math.floor(clock.now());
    const isDueLeft = advanceDue(now);
    const isInboxLeft = takeInbox(now);
    greet();
    const wall = performance.now();
    wakeForLogs(wall);
    for (const agent of agenda.awake) {
      counters.visits += 1;
      agent.advanceTo(now);
      blackHoles.look(agent, connection !== null);
      if (!isFull()) agent.makeReports(wall);
    }
    const owing = [...agenda.awake].filter((agent) => agent.owesPing);
    if (commit()) {
      sendOutboxes();
      // Who was held back stays awake, and is first once there is room.
      const isHeldBack = isFull();
      for (const agent of agenda.awake) if (!isHeldBack && !agent.hasOutbox) agenda.sleep(agent, agent.nextDue());
    }
    keepAlive(owing);
    if (isDueLeft || isInboxLeft) scheduleTick(MIN_PAUSE_MS);
  }

  /** Whether some are due that had to be left for the next tick. */
  function advanceDue(now: number): boolean {
    const endMs = performance.now() + PORTION_MS;
    for (let agent = agenda.wakeDue(now); agent !== null; agent = agenda.wakeDue(now)) {
      agent.advanceTo(now);
      if (performance.now() >= endMs) return true;
    }
    return false;
  }

  /** Whether messages had to be left for the next tick. */
  function takeInbox(now: number): boolean {
    const endMs = performance.now() + PORTION_MS;
    while (inboxAt < inbox.length) {
      const message = inbox[inboxAt++] as GatewayMessage;
      try {
        take(message, now);
      } catch (error) {
        if (!(error instanceof LinkFault)) throw error;
        drop(error.message);
      }
      if (performance.now() >= endMs) return inboxAt < inbox.length;
    }
    clearInbox();
    return false;
  }

  function clearInbox(): void {
    inbox = [];
    inboxAt = 0;
  }

  function take(message: GatewayMessage, now: number): void {
    if (message.type === "pong") return;
    if (message.type === "refuse" && message.clusterId === null) return drop(`the gateway refused the connection: ${message.reason}`);
    const agent = message.clusterId === null ? undefined : agents.get(message.clusterId);
    // Of a cluster that nobody has heard of yet, all fleets are told.
    if (agent === undefined && message.type === "faults") return;
    if (agent === undefined) return logger.warn({ clusterId: message.clusterId, type: message.type }, "a message for a cluster that is not here was ignored");
    agenda.wake(agent);
    // It comes at this instant, after all that is due before.
    agent.advanceTo(now);
    if (message.type === "faults") return agent.simulation.orderFaults(message.faults);
    if (blackHoles.of(agent.clusterId).toCluster) return;
    agent.receive(message, performance.now());
    greetings.answered(agent);
  }

  /** Those whose turn it is say hello with this tick. */
  function greet(): void {
    for (const agent of greetings.next(performance.now())) {
      agent.connected();
      agenda.wake(agent);
    }
  }

  function wakeForLogs(wall: number): void {
    if (wall - lastLogRoundMs < LOG_ROUND_MS) return;
    lastLogRoundMs = wall;
    for (const agent of agents.values()) if (agent.isLogTurnDue(wall)) agenda.wake(agent);
  }

  /** Whether all that happened is durable now. */
  function commit(): boolean {
    const unsaved = [...agenda.awake].filter((agent) => agent.hasUnsaved);
    if (unsaved.length === 0) return true;
    try {
      store?.transaction(() => {
        for (const agent of unsaved) agent.save();
      });
    } catch (error) {
      counters.failedCommits += 1;
      logger.error({ err: error }, "the fleet's store could not be written; nothing leaves until it can");
      return false;
    }
    for (const agent of unsaved) agent.saved();
    counters.commits += 1;
    return true;
  }

  /** More than enough waits to be sent. */
  const isFull = (): boolean => connection !== null && connection.buffered > HIGH_WATER_BYTES;

  function sendOutboxes(): void {
    if (connection === null) return;
    for (const agent of agenda.awake) {
      if (!agent.hasOutbox) continue;
      if (isFull()) return;
      const messages = agent.takeOutbox();
      if (blackHoles.of(agent.clusterId).toCentre) continue;
      for (const message of messages) {
        connection.send(message);
        counters.messagesSent += 1;
      }
    }
  }

  // -------------------------------------------------------------- the connection

  function keepAlive(owing: readonly ClusterAgent[]): void {
    if (connection === null) return;
    const wall = performance.now();
    if (wall - lastHeardMs > SILENCE_LIMIT_MS) return drop(`the gateway was silent for ${SILENCE_LIMIT_MS} ms`);
    const isDue = wall - lastPingMs >= PING_INTERVAL_MS;
    const vouching = [...(isDue ? agents.values() : owing)].filter((agent) => agent.vouches(wall));
    const clusterIds = blackHoles.audible(vouching.map(({ clusterId }) => clusterId));
    if (!isDue && clusterIds.length === 0) return;
    if (isDue) lastPingMs = wall;
    connection.send({ type: "ping", clusterIds, at: Math.floor(clock.now()) });
    for (const agent of vouching) agent.pinged();
  }

  /** Gives a connection up; it is dialled again. */
  function drop(reason: string): void {
    connection?.close(reason);
  }

  async function keepConnected(): Promise<void> {
    let waitMs = REDIAL_FIRST_MS;
    while (!stop.signal.aborted) {
      const startedAt = performance.now();
      try {
        const reason = await connectOnce();
        if (stop.signal.aborted) return;
        logger.warn({ reason }, "the link to the gateway was lost; the clusters run on");
        if (performance.now() - startedAt > REDIAL_MAX_MS) waitMs = REDIAL_FIRST_MS;
      } catch (error) {
        logger.warn({ err: error }, "the gateway could not be reached; the clusters run on");
      }
      await sleep(randomInt(Math.ceil(waitMs / 2), waitMs + 1), undefined, { signal: stop.signal }).catch(() => undefined);
      waitMs = Math.min(REDIAL_MAX_MS, waitMs * 2);
    }
  }

  /** Dials, and resolves with the reason when the connection is lost. */
  async function connectOnce(): Promise<string> {
    const dialled = await dialer.dial();
    return new Promise((resolve) => {
      if (stop.signal.aborted) {
        dialled.close("the fleet is closing");
        return resolve("the fleet is closing");
      }
      connection = dialled;
      clearInbox();
      lastHeardMs = performance.now();
      lastPingMs = lastHeardMs;
      greetings.begin(agents.values());
      dialled.onMessage((message) => {
        lastHeardMs = performance.now();
        if (inbox.push(message) - inboxAt > INBOX_LIMIT) return dialled.close(`more than ${INBOX_LIMIT} messages wait to be taken in`);
        scheduleTick(MIN_PAUSE_MS);
      });
      dialled.onDrain(() => scheduleTick(0));
      dialled.onClose((reason) => {
        if (connection === dialled) {
          connection = null;
          clearInbox();
          greetings.end();
          for (const agent of agents.values()) agent.disconnected();
        }
        resolve(reason);
      });
      logger.info({ clusters: agents.size }, "the link to the gateway is up");
      scheduleTick(0);
    });
  }

  return {
    async start() {
      const opened = new FleetStore(storePath);
      const nonce = randomBytes(16).toString("hex");
      try {
        opened.transaction(() => {
          const now = Math.floor(clock.now());
          for (const cluster of description.clusters) {
            const agent = new ClusterAgent({ cluster, seed, behaviours, store: opened, now, nonce, sealingSeed, logger });
            agents.set(cluster.clusterId, agent);
            agenda.add(agent);
          }
        });
      } catch (error) {
        opened.close();
        throw error;
      }
      store = opened;
      logger.info({ fleet: description.name, clusters: agents.size, pods: total((agent) => agent.simulation.podCount) }, "the fleet runs");
      scheduleTick(0);
      dialling = keepConnected();
    },
    async close() {
      stop.abort();
      clearTimeout(timer);
      commit();
      connection?.close("the fleet is closing");
      await dialling;
      store?.close();
      store = null;
    },
    stats: () => ({
      clusters: agents.size,
      welcomed: total((agent) => (agent.session === "WELCOMED" ? 1 : 0)),
      isConnected: connection !== null,
      pods: total((agent) => agent.simulation.podCount),
      readyPods: total((agent) => agent.simulation.readyCount),
      ...counters,
    }),
  };

  function total(count: (agent: ClusterAgent) => number): number {
    let sum = 0;
    for (const agent of agents.values()) sum += count(agent);
    return sum;
  }
}
