/**
 * The centre's end of the link (fleet/link.ts): sends clusters what they should have, stores what they report.
 *
 * - A session is one cluster on one connection. A hello starts it, and ends the one that the cluster had elsewhere.
 * - All of a cluster's messages pass through its lane, in order; clusters don't wait for each other beyond the limit of parallel transactions, of
 *   which hellos have one half and reports the other: neither keeps the other from being served. Reports of several clusters share transactions
 *   when they come faster than they are stored (report-batches.ts).
 * - An ack leaves after the commit. Whatever goes wrong with one cluster's message ends that cluster's session with a refuse: its agent says
 *   hello again, and goes on where it is told. Other clusters of the connection don't notice.
 * - A connection that is full (HIGH_WATER_BYTES) is sent no assignments until it has drained, and one whose messages wait to be stored is not read.
 * - Wake-ups (bus) say that assignments changed; a poll says so too, for those that got lost.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { inPoolScope, retryingConflicts } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import type { KeyRing } from "../domain/envelope.ts";
import { createSemaphore } from "../domain/semaphore.ts";
import { STALE_AFTER_SECONDS } from "../domain/states.ts";
import {
  commonProtocol, GATEWAY_TAKES, type GatewayConnection, type Hello, HIGH_WATER_BYTES, LINK_PROTOCOLS, type LinkListener, type Logs, type Report, REPORT_WINDOW, type Samples, SAMPLES_WINDOW,
  type TerminalExit, type TerminalOutputs,
} from "../fleet/link.ts";
import type { Bus } from "../realtime/bus.ts";
import { createMetricsIntake } from "../telemetry/metrics-intake.ts";
import { windowOf } from "../telemetry/metrics-store.ts";
import { findPending, loadSendable, type Sendable, TemplateCache } from "./assignments.ts";
import { createFaultOrders } from "./faults.ts";
import { Refusal, storeHello } from "./hello.ts";
import { createLanes } from "./lanes.ts";
import { createLogBatches } from "./logs.ts";
import { gatewayMetrics } from "./metrics.ts";
import { createPresence } from "./presence.ts";
import { createRegions } from "./regions.ts";
import { createReportBatches } from "./report-batches.ts";
import { sendObjects } from "./send.ts";
import { ClusterSession } from "./session.ts";
import { createTerminals } from "./terminals.ts";
import { checkMessage } from "./validate.ts";
import { vouchedBy } from "./vouched.ts";

export interface GatewayOptions {
  /** Connected as selvedge_gateway. The caller's to close. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  readonly listener: LinkListener;
  /** Of the database's life, see link.ts. */
  readonly term: number;
  /** What Secrets are opened with, on their way to the clusters. */
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly registry?: Registry;
  /** Transactions at a time. */
  readonly concurrency?: number;
  readonly pollMs?: number;
  /** Wall-clock milliseconds of silence until a cluster counts as disconnected. */
  readonly silentAfterMs?: number;
  /** Versions of the link's protocol, best first. */
  readonly protocols?: readonly number[];
}

export interface Gateway {
  start(): void;
  /** Ends what these clusters have here: they may not go on. */
  expel(clusterIds: readonly string[], reason: string): void;
  /** Ends all sessions; what was being stored is stored. */
  close(): Promise<void>;
}

interface ConnectionState {
  readonly name: string;
  /** Clusters that were refused and have not said hello since. */
  readonly refused: Set<string>;
  /** Clusters whose hello is being answered. */
  readonly hellos: Set<string>;
}

/** A session, and what its cluster has not been sent. */
interface Unsent {
  readonly session: ClusterSession;
  readonly objectIds: readonly string[];
}

const CONCURRENCY = 6;
/** Objects that are loaded in one transaction, about. */
const LOAD_OBJECTS = 1_000;
const POLL_MS = 1_000;
const FLUSH_MS = 1_000;
const TEMPLATES_KEPT = 500;
const WENT_BACK = {
  agent: "the agent's store went back in time, or was lost: it says its whole state anew",
  centre: "the database went back in time: what it wants of the cluster outranks what the agent holds",
};
/** More than any fleet has; what a connection says of more clusters is not remembered. */
const MAX_CLUSTERS_A_CONNECTION = 20_000;
/** Reports of one cluster that may wait in memory; an agent that keeps to its window never has more under way. */
const MAX_WAITING_REPORTS = REPORT_WINDOW + 1;
/** Messages of one cluster's terminals that may wait in memory. */
const MAX_WAITING_TERMINALS = 1_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { pool, bus, clock, term, keyRing, logger, pollMs = POLL_MS, silentAfterMs = STALE_AFTER_SECONDS * 1_000, protocols = LINK_PROTOCOLS } = options;
  const sessions = new Map<string, ClusterSession>();
  const connections = new Map<GatewayConnection, ConnectionState>();
  const lanes = createLanes();
  const share = Math.max(1, Math.floor((options.concurrency ?? CONCURRENCY) / 2));
  const helloPlaces = createSemaphore(share);
  const storeReport = createReportBatches({ pool, bus, clock, term, logger, lanes: share });
  const storeLogs = createLogBatches({ pool, bus, clock, logger });
  const storeSamples = createMetricsIntake({ pool, clock, lanes: 1, onStored: () => bus.publish("metrics") });
  const templates = new TemplateCache(TEMPLATES_KEPT);
  const staleAfterMs = silentAfterMs * options.speed;
  const presence = createPresence(pool, clock, () => staleAfterMs);
  const regions = createRegions(pool);
  const metrics = gatewayMetrics(options.registry, { clusters: () => sessions.size, connections: () => connections.size });
  const faults = createFaultOrders(pool, clock);
  const terminals = createTerminals({ pool, bus, clock, speed: options.speed, keyRing, logger });
  const timers: NodeJS.Timeout[] = [];
  const background = new Set<Promise<unknown>>();
  let dirty = new Set<string>();
  let pushing = false;
  let closing = false;
  const unsubscribe: (() => void)[] = [];
  let connectionsSoFar = 0;

  const inBackground = (what: string, work: () => Promise<unknown>): void => {
    const running = work().catch((error: unknown) => void (closing || logger.warn({ err: error }, what))).finally(() => background.delete(running));
    background.add(running);
  };

  // ---- ending

  const refuse = (connection: GatewayConnection, clusterId: string | null, reason: string): void => {
    metrics.refused();
    const state = connections.get(connection);
    if (!state) return;
    if (clusterId !== null) state.refused.add(clusterId);
    connection.send({ type: "refuse", clusterId, reason });
    if (state.refused.size > MAX_CLUSTERS_A_CONNECTION) connection.close("too many clusters were refused");
  };
  const endSession = (session: ClusterSession, reason: string): void => {
    if (sessions.get(session.clusterId) === session) sessions.delete(session.clusterId);
    terminals.left(session);
    refuse(session.connection, session.clusterId, reason);
  };
  /** What a failure means for the agent: a refusal's own words, anything else only that it should try again. */
  const reasonOf = (error: unknown, clusterId: string, what: "hello" | "report" | "batch of lines" | "sample"): string => {
    if (error instanceof Refusal) {
      // A report is refused whenever its agent has to go on elsewhere; a hello when somebody has to look into it.
      logger[what === "hello" ? "warn" : "info"]({ clusterId, reason: error.message }, `refused a ${what}`);
      return error.message;
    }
    logger.error({ err: error, clusterId }, `a ${what} could not be stored`);
    return "the centre could not store it; try again";
  };

  // ---- assignments down

  const wake = (clusterId: string): void => {
    if (!sessions.has(clusterId)) return;
    dirty.add(clusterId);
    if (pushing || closing) return;
    pushing = true;
    inBackground("can't send assignments; the poll will", async () => {
      // One turn of the event loop: wake-ups of one transaction come together.
      await new Promise(setImmediate);
      try {
        while (dirty.size > 0 && !closing) {
          const clusterIds = [...dirty];
          dirty = new Set();
          await push(clusterIds);
        }
      } finally {
        pushing = false;
      }
    });
  };
  /** What a connection that is full is not sent now is found again once it has drained: nobody else waits for it. */
  const hasRoom = ({ connection }: ClusterSession): boolean => connection.buffered <= HIGH_WATER_BYTES;
  const push = async (clusterIds: readonly string[]): Promise<void> => {
    const pending = Map.groupBy(await findPending(pool, clusterIds.filter((id) => sessions.has(id))), (row) => row.clusterId);
    const unsent: Unsent[] = [];
    for (const clusterId of clusterIds) {
      const session = sessions.get(clusterId);
      if (!session || !hasRoom(session)) continue;
      session.sendStrays();
      const objectIds = session.unsent(pending.get(clusterId) ?? []);
      if (objectIds.length > 0) unsent.push({ session, objectIds });
    }
    for (const some of portionsOf(unsent)) await send(some, await load(some));
  };
  /** What one cluster can't be sent is no reason to keep the others waiting. */
  const load = async (some: readonly Unsent[]): Promise<Map<string, Sendable[]>> => {
    try {
      return await loadSendable(pool, new Map(some.map(({ session, objectIds }) => [session.clusterId, objectIds])), templates);
    } catch (error) {
      const loaded = new Map<string, Sendable[]>();
      if (some.length === 1) complain(error, some);
      else for (const one of some) for (const [clusterId, objects] of await load([one])) loaded.set(clusterId, objects);
      return loaded;
    }
  };
  const send = async (some: readonly Unsent[], loaded: ReadonlyMap<string, readonly Sendable[]>): Promise<void> => {
    for (const one of some) {
      const { session } = one;
      const alive = (): boolean => sessions.get(session.clusterId) === session && hasRoom(session);
      const objects = loaded.get(session.clusterId) ?? [];
      if (!alive() || objects.length === 0) continue;
      await sendObjects(session, objects, { pool, keyRing, logger }, alive).then(metrics.assigned, (error: unknown) => complain(error, [one]));
    }
  };
  const complain = (error: unknown, some: readonly Unsent[]): void => {
    if (!closing) logger.warn({ err: error, clusterIds: some.map(({ session }) => session.clusterId) }, "can't send a cluster its assignments; the poll will");
  };

  // ---- faults down

  const tellFaults = (): void => void (closing || inBackground("can't send faults; the poll will", () => faults.look()));

  // ---- terminals

  const tellTerminals = (clusterId?: string): void => void (closing || inBackground("can't send what is for terminals; the poll will", () => terminals.look(clusterId)));
  /** Ends the session where it fails: its agent sends again what was not stored. */
  const onTerminal = (session: ClusterSession, message: TerminalOutputs | TerminalExit): Promise<void> | undefined => {
    session.pendingTerminals += 1;
    if (session.pendingTerminals > MAX_WAITING_TERMINALS) {
      endSession(session, "too many messages of terminals without an ack");
      return undefined;
    }
    return terminals.receive(session, message).catch((error: unknown) => {
      if (closing) return;
      logger.error({ err: error, clusterId: session.clusterId }, "what a terminal has shown could not be stored");
      if (sessions.get(session.clusterId) === session) endSession(session, "the centre could not store it; try again");
    }).finally(() => (session.pendingTerminals -= 1));
  };

  // ---- messages up

  const onHello = async (connection: GatewayConnection, hello: Hello): Promise<void> => {
    const { clusterId } = hello;
    if (!connections.has(connection)) return;
    const protocol = commonProtocol(protocols, hello.protocols);
    if (protocol === null) throw new Refusal(`the gateway speaks version ${protocols.join(" and ")} of the protocol, the agent ${hello.protocols.join(" and ") || "none"}`);
    const now = clock.now();
    const facts = { term, now, staleBefore: now - staleAfterMs, regionId: await regions.idOf(hello.description, clusterId, now) };
    const welcomed = await retryingConflicts(() => inPoolScope(pool, { clusterIds: [clusterId] }, (client) => storeHello(client, hello, facts)));
    bus.publish("timeline");
    // Only now: whoever was refused does not end another's session.
    const before = sessions.get(clusterId);
    sessions.delete(clusterId);
    if (before && before.connection !== connection) refuse(before.connection, clusterId, "the cluster connected elsewhere");
    if (!connections.has(connection)) return;
    const session = new ClusterSession(connection, hello, term, welcomed);
    sessions.set(clusterId, session);
    if (welcomed.forgetful !== null) {
      const { term: known, epoch, lastSeq } = hello;
      logger.warn({ clusterId, agent: { term: known, epoch, lastSeq }, centre: { term: session.term, epoch: welcomed.epoch, ackedSeq: welcomed.ackedSeq } }, WENT_BACK[welcomed.forgetful]);
    }
    connection.send({ type: "welcome", clusterId, protocol, term: session.term, epoch: welcomed.epoch, ackedSeq: welcomed.ackedSeq, takes: GATEWAY_TAKES });
    wake(clusterId);
    faults.welcomed(clusterId, connection);
    terminals.welcomed(session);
    tellTerminals(clusterId);
    tellFaults();
  };

  const onReport = async (session: ClusterSession, report: Report, from: string): Promise<void> => {
    session.pendingReports -= 1;
    if (sessions.get(session.clusterId) !== session) return;
    const start = performance.now();
    const stored = await storeReport({ report, termOffset: session.termOffset, from });
    metrics.reported(stored, report.pods.length, performance.now() - start);
    if (connections.has(session.connection)) session.connection.send({ type: "ack", clusterId: report.clusterId, epoch: report.epoch, seq: report.seq });
    const vouchedAt = vouchedBy(report, clock.now());
    if (stored === "stored" && vouchedAt !== null) presence.heard(report.clusterId, vouchedAt);
    if (session.confirm(report)) wake(session.clusterId);
  };

  const storingLogs = new Set<Promise<void>>();
  const onLogs = async (session: ClusterSession, { type: _, ...batch }: Logs, connection: string): Promise<void> => {
    const { clusterId } = session;
    const stored = await storeLogs({ ...batch, connection }).finally(() => (session.pendingLogs -= 1));
    if (sessions.get(clusterId) === session && session.takes.has("logsAck")) session.connection.send({ type: "logsAck", clusterId, ...stored });
  };

  /** Beside the lane: a window of samples does not depend on what is reported, and keeps no report waiting. */
  const onSamples = async (session: ClusterSession, samples: Samples, from: string): Promise<void> => {
    session.pendingSamples -= 1;
    if (sessions.get(session.clusterId) !== session) return;
    const window = windowOf(samples, session.nodes);
    if (typeof window === "string") return endSession(session, window);
    metrics.sampled(await storeSamples({ window, from }));
    if (connections.has(session.connection) && session.takes.has("sampled")) session.connection.send({ type: "sampled", clusterId: samples.clusterId, at: samples.at });
  };

  /** The promise of having stored it, for what is stored. */
  const onMessage = (connection: GatewayConnection, raw: unknown): Promise<void> | undefined => {
    if (closing) return;
    const checked = checkMessage(raw);
    if (!checked.ok) {
      const session = checked.clusterId === null ? undefined : sessions.get(checked.clusterId);
      logger.warn({ clusterId: checked.clusterId, reason: checked.reason }, "refused a message");
      if (session?.connection === connection) endSession(session, checked.reason);
      else refuse(connection, checked.clusterId, checked.reason);
      return;
    }
    const { message } = checked;
    if (message.type === "ping") {
      // One that lay in a connection which was stuck vouches for the moment at which it was sent.
      const vouchedAt = Math.min(message.at, clock.now());
      for (const clusterId of message.clusterIds) if (sessions.get(clusterId)?.connection === connection) presence.heard(clusterId, vouchedAt);
      connection.send({ type: "pong", at: message.at });
      return;
    }
    const state = connections.get(connection);
    if (!state) return;
    if (message.type === "hello") {
      if (state.hellos.has(message.clusterId)) return;
      if (state.hellos.size >= MAX_CLUSTERS_A_CONNECTION) {
        connection.close("too many clusters say hello at once");
        return;
      }
      state.hellos.add(message.clusterId);
      state.refused.delete(message.clusterId);
      return lanes.run(message.clusterId, () => helloPlaces.run(() => onHello(connection, message)))
        .catch((error: unknown) => {
          if (sessions.get(message.clusterId)?.connection === connection) sessions.delete(message.clusterId);
          refuse(connection, message.clusterId, reasonOf(error, message.clusterId, "hello"));
        })
        .finally(() => state.hellos.delete(message.clusterId));
    }
    const session = sessions.get(message.clusterId);
    // What was on its way when its cluster was refused needs no answer: that came already.
    if (state.refused.has(message.clusterId)) return;
    if (session?.connection !== connection) {
      refuse(connection, message.clusterId, "say hello first");
      return;
    }
    if (message.type === "logs") {
      // Beside the lane: lines never keep a report waiting.
      if (session.pendingLogs > 0) {
        endSession(session, "more than one batch of lines without an ack");
        return;
      }
      session.pendingLogs += 1;
      const storing = onLogs(session, message, state.name).catch((error: unknown) => {
        if (sessions.get(session.clusterId) === session) endSession(session, reasonOf(error, message.clusterId, "batch of lines"));
      }).finally(() => storingLogs.delete(storing));
      storingLogs.add(storing);
      return storing;
    }
    if (message.type === "samples") {
      session.pendingSamples += 1;
      if (session.pendingSamples > SAMPLES_WINDOW) {
        endSession(session, `more than ${SAMPLES_WINDOW} windows of samples without an answer`);
        return;
      }
      return lanes.run(`samples ${message.clusterId}`, () => onSamples(session, message, state.name)).catch((error: unknown) => {
        if (sessions.get(session.clusterId) === session) endSession(session, reasonOf(error, message.clusterId, "sample"));
      });
    }
    if (message.type === "terminalOutput" || message.type === "terminalExit") return onTerminal(session, message);
    session.pendingReports += 1;
    if (session.pendingReports > MAX_WAITING_REPORTS) {
      endSession(session, `more than ${REPORT_WINDOW} reports without an ack`);
      return;
    }
    return lanes.run(message.clusterId, () => onReport(session, message, state.name)).catch((error: unknown) => {
      if (sessions.get(session.clusterId) === session) endSession(session, reasonOf(error, message.clusterId, "report"));
    });
  };

  const onConnection = (connection: GatewayConnection): void => {
    if (closing) return connection.close("the gateway is closing");
    connections.set(connection, { name: String(++connectionsSoFar), refused: new Set(), hellos: new Set() });
    faults.opened(connection);
    tellFaults();
    connection.onMessage((message) => onMessage(connection, message));
    connection.onDrain(() => {
      for (const session of sessions.values()) if (session.connection === connection) wake(session.clusterId);
    });
    connection.onClose((reason) => {
      connections.delete(connection);
      faults.closed(connection);
      let clusters = 0;
      for (const session of sessions.values()) {
        if (session.connection !== connection) continue;
        sessions.delete(session.clusterId);
        terminals.left(session);
        clusters += 1;
      }
      logger.info({ reason, clusters }, "a fleet's connection ended");
    });
  };

  const every = (milliseconds: number, what: string, work: () => Promise<unknown>): void => {
    let running = false;
    timers.push(setInterval(() => {
      if (running) return;
      running = true;
      inBackground(what, () => work().finally(() => (running = false)));
    }, milliseconds));
  };

  return {
    start: () => {
      unsubscribe.push(bus.subscribe("assignments", (clusterId) => {
        if (clusterId !== undefined) wake(clusterId);
        else for (const id of sessions.keys()) wake(id);
      }), bus.subscribe("faults", tellFaults), bus.subscribe("terminalInput", tellTerminals), bus.subscribe("tokens", () => inBackground("can't end terminals; the poll will", () => terminals.endOverdue())));
      every(pollMs, "can't look for terminals", async () => {
        await terminals.endOverdue();
        await terminals.look();
      });
      every(60_000, "can't remove old terminals", () => terminals.expire());
      every(pollMs, "can't look for assignments", async () => {
        for (const id of sessions.keys()) wake(id);
      });
      every(pollMs, "can't look for faults", () => faults.look());
      every(FLUSH_MS, "can't store signs of life", async () => {
        const back = await presence.flush();
        if (back.length > 0) bus.publish("timeline");
      });
      every(Math.min(FLUSH_MS * 2, silentAfterMs / 2), "can't look for silent clusters", async () => {
        const silent = await presence.markSilent();
        if (silent.length === 0) return;
        logger.warn({ clusters: silent.length }, "clusters are silent");
        bus.publish("timeline");
      });
      options.listener.onConnection(onConnection);
    },
    expel: (clusterIds, reason) => {
      for (const clusterId of clusterIds) {
        const session = sessions.get(clusterId);
        if (session) endSession(session, reason);
      }
    },
    close: async () => {
      closing = true;
      for (const end of unsubscribe) end();
      for (const timer of timers) clearInterval(timer);
      await options.listener.close();
      await lanes.idle();
      await Promise.allSettled(storingLogs);
      await terminals.idle();
      for (const connection of connections.keys()) connection.close("the gateway is closing");
      connections.clear();
      sessions.clear();
      await Promise.all(background);
    },
  };
}

/** In portions that are loaded together, each at least one cluster. */
function* portionsOf(unsent: readonly Unsent[]): Generator<Unsent[], undefined> {
  let portion: Unsent[] = [];
  let objects = 0;
  for (const one of unsent) {
    if (portion.length > 0 && objects + one.objectIds.length > LOAD_OBJECTS) {
      yield portion;
      [portion, objects] = [[], 0];
    }
    portion.push(one);
    objects += one.objectIds.length;
  }
  if (portion.length > 0) yield portion;
}
