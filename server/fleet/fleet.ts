/**
 * A fleet process: the agents of all clusters of a description, one store, one connection, one loop.
 *
 * A tick: time advances in every cluster to the clock's now; what the gateway said is taken in; what follows at once happens; reports are
 * made; everything unsaved is committed in one transaction; then, and only then, messages leave. Ticks come every `tickMs`, and sooner when
 * the gateway has said something. A lost connection is dialled again with growing, jittered waits, and every agent says hello anew.
 *
 * A commit that fails (a full disk) is tried again with the next tick, and nothing leaves until it succeeds. Any other fault in a tick is a
 * bug: it is thrown, ends the thread, and the store holds the last commit.
 */
import { randomBytes, randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../domain/clock.ts";
import { ClusterAgent } from "./agent/agent.ts";
import { LinkFault } from "./agent/assignments.ts";
import { FleetStore } from "./agent/store.ts";
import type { FleetDescription } from "./description.ts";
import { PING_INTERVAL_MS, type AgentConnection, type GatewayMessage, type LinkDialer } from "./link.ts";
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
  /** Faults, by the cluster's code. False where there is no such thing, or nothing to break. */
  crashPod(clusterCode: string, podId: string): boolean;
  setNodeStatus(clusterCode: string, nodeId: string, status: "READY" | "NOT_READY"): boolean;
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

export function createFleet(options: FleetOptions): Fleet {
  const { description, seed, clock, storePath, sealingSeed, dialer, logger, tickMs = DEFAULT_TICK_MS, behaviours = DEFAULT_BEHAVIOURS } = options;
  const agents = new Map<string, ClusterAgent>();
  const stop = new AbortController();
  const counters = { ticks: 0, commits: 0, failedCommits: 0, messagesSent: 0, lastTickMs: 0 };
  let store: FleetStore | null = null;
  let connection: AgentConnection | null = null;
  let inbox: GatewayMessage[] = [];
  let lastHeardMs = 0;
  let lastPingMs = 0;
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
    for (const agent of agents.values()) agent.simulation.advanceTo(now);
    takeInbox();
    for (const agent of agents.values()) {
      agent.retryRefused(performance.now());
      if (agent.simulation.nextDue() <= now) agent.simulation.advanceTo(now);
      agent.makeReports(performance.now());
    }
    if (commit()) sendOutboxes();
    keepAlive();
  }

  function takeInbox(): void {
    const messages = inbox;
    inbox = [];
    for (const message of messages) {
      if (connection === null) return;
      try {
        take(message);
      } catch (error) {
        if (!(error instanceof LinkFault)) throw error;
        drop(error.message);
      }
    }
  }

  function take(message: GatewayMessage): void {
    if (message.type === "pong") return;
    if (message.type === "refuse" && message.clusterId === null) return drop(`the gateway refused the connection: ${message.reason}`);
    const agent = message.clusterId === null ? undefined : agents.get(message.clusterId);
    if (message.type === "faults") return;
    if (agent !== undefined) return agent.receive(message, performance.now());
    logger.warn({ clusterId: message.clusterId, type: message.type }, "a message for a cluster that is not here was ignored");
  }

  /** Whether all that happened is durable now. */
  function commit(): boolean {
    const unsaved = [...agents.values()].filter((agent) => agent.hasUnsaved);
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

  function sendOutboxes(): void {
    if (connection === null) return;
    for (const agent of agents.values()) {
      if (!agent.hasOutbox) continue;
      for (const message of agent.takeOutbox()) {
        connection.send(message);
        counters.messagesSent += 1;
      }
    }
  }

  // -------------------------------------------------------------- the connection

  function keepAlive(): void {
    if (connection === null) return;
    const wall = performance.now();
    if (wall - lastHeardMs > SILENCE_LIMIT_MS) return drop(`the gateway was silent for ${SILENCE_LIMIT_MS} ms`);
    const isDue = wall - lastPingMs >= PING_INTERVAL_MS;
    const vouched = [...agents.values()].filter((agent) => (isDue || agent.owesPing) && agent.vouches(wall));
    if (!isDue && vouched.length === 0) return;
    if (isDue) lastPingMs = wall;
    connection.send({ type: "ping", clusterIds: vouched.map(({ clusterId }) => clusterId), at: Math.floor(clock.now()) });
    for (const agent of vouched) agent.pinged();
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
      inbox = [];
      lastHeardMs = performance.now();
      lastPingMs = lastHeardMs;
      for (const agent of agents.values()) agent.connected();
      dialled.onMessage((message) => {
        lastHeardMs = performance.now();
        if (inbox.push(message) > INBOX_LIMIT) return dialled.close(`more than ${INBOX_LIMIT} messages wait to be taken in`);
        scheduleTick(MIN_PAUSE_MS);
      });
      dialled.onClose((reason) => {
        if (connection === dialled) {
          connection = null;
          inbox = [];
          for (const agent of agents.values()) agent.disconnected();
        }
        resolve(reason);
      });
      logger.info({ clusters: agents.size }, "the link to the gateway is up");
      scheduleTick(0);
    });
  }

  // -------------------------------------------------------------- from outside

  const agentOf = (clusterCode: string): ClusterAgent | undefined => {
    const cluster = description.clusters.find((each) => each.description.code === clusterCode);
    return cluster === undefined ? undefined : agents.get(cluster.clusterId);
  };

  return {
    async start() {
      const opened = new FleetStore(storePath);
      const nonce = randomBytes(16).toString("hex");
      try {
        opened.transaction(() => {
          const now = Math.floor(clock.now());
          for (const cluster of description.clusters) {
            agents.set(cluster.clusterId, new ClusterAgent({ cluster, seed, behaviours, store: opened, now, nonce, sealingSeed, logger }));
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
    crashPod: (clusterCode, podId) => agentOf(clusterCode)?.simulation.crashPod(podId) ?? false,
    setNodeStatus: (clusterCode, nodeId, status) => agentOf(clusterCode)?.setNodeStatus(nodeId, status) ?? false,
  };

  function total(count: (agent: ClusterAgent) => number): number {
    let sum = 0;
    for (const agent of agents.values()) sum += count(agent);
    return sum;
  }
}
