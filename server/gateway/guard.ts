/**
 * Who may speak for which cluster, where the link goes to other machines: stands before the gateway, and lets through only what is said by, or for
 * nobody but, clusters whose key was proven on the connection.
 *
 *   connected ──challenge──▶ UNKNOWN ──a proof that holds──▶ ADMITTED, for the clusters that were proven; more may follow
 *                               └── none in time, or too many bytes: closed
 *
 * - A nonce is given once, to one connection.
 * - A cluster may say hello under the code alone that its key was enrolled for.
 * - A key that is revoked ends its cluster here and in the gateway (onRevoked): at once when the bus says so, and by a look every REVOKED_LOOK_MS.
 *   Looks overlap by far more than the clocks of processes differ, and go on from the last that succeeded, so that none is missed.
 * - What may wait is bounded: connections that nobody was proven on, their bytes (the transport), clusters and proofs of one.
 */
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Clock } from "../domain/clock.ts";
import { isProof, NONCE_BYTES } from "../domain/cluster-key.ts";
import { type AgentMessage, type GatewayConnection, type GatewayMessage, type LinkListener, type Proof, PROOF_LIMIT, type Proven, type ProvingGateway } from "../fleet/link.ts";
import type { Bus } from "../realtime/bus.ts";
import type { ClusterKeys } from "./keys.ts";
import { guardMetrics } from "./metrics.ts";
import { checkProof } from "./validate.ts";

export interface GuardOptions {
  readonly listener: { onConnection(listener: (connection: ProvingGateway) => void): void; close(): Promise<void> };
  readonly keys: ClusterKeys;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  readonly logger: Logger;
  readonly registry?: Registry;
  /** Their sessions must end. */
  readonly onRevoked: (clusterIds: readonly string[], reason: string) => void;
  readonly proveWithinMs?: number;
  readonly lookMs?: number;
  readonly maxUnknown?: number;
}

const PROVE_WITHIN_MS = 10_000;
const REVOKED_LOOK_MS = 2_000;
/** Wall-clock milliseconds. */
const LOOK_OVERLAP_MS = 60_000;
const MAX_UNKNOWN = 64;
const MAX_CLUSTERS_A_CONNECTION = 20_000;
/** Clusters may be proven a few times over. */
const MAX_PROOFS = (4 * MAX_CLUSTERS_A_CONNECTION) / PROOF_LIMIT;
const REVOKED = "the cluster's key was revoked: enrol it with a ticket that names it";

interface Known {
  readonly code: string;
  readonly publicKey: Buffer;
}

export function guardedListener(options: GuardOptions): LinkListener {
  const { keys, bus, clock, speed, logger, onRevoked, proveWithinMs = PROVE_WITHIN_MS, lookMs = REVOKED_LOOK_MS, maxUnknown = MAX_UNKNOWN } = options;
  const admitted = new Set<GuardedConnection>();
  let unknown = 0;
  guardMetrics(options.registry, () => unknown);
  let lookedAt = clock.now();
  let looking = false;

  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const now = clock.now();
      const revoked = admitted.size === 0 ? [] : await keys.revoked(lookedAt - LOOK_OVERLAP_MS * speed);
      lookedAt = now;
      const ended = revoked.filter(({ clusterId, publicKey }) => [...admitted].filter((connection) => connection.forget(clusterId, publicKey)).length > 0);
      if (ended.length === 0) return;
      logger.warn({ clusters: ended.map(({ clusterId }) => clusterId).slice(0, 20), total: ended.length }, "keys of connected clusters were revoked");
      onRevoked(ended.map(({ clusterId }) => clusterId), REVOKED);
    } catch (error) {
      logger.warn({ err: error }, "can't look for revoked keys; the next look will");
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  const unsubscribe = bus.subscribe("keys", () => void look());

  return {
    onConnection: (listener) => {
      options.listener.onConnection((connection) => {
        if (unknown >= maxUnknown) return connection.close("too many connections have yet to prove a cluster's key; try again");
        unknown += 1;
        let isUnknown = true;
        const known = (): void => {
          if (isUnknown) unknown -= 1;
          isUnknown = false;
          clearTimeout(late);
        };
        const guarded = new GuardedConnection(connection, keys, logger, () => {
          known();
          admitted.add(guarded);
          // It may have ended while the proof was looked at.
          connection.onClose(() => admitted.delete(guarded));
          connection.admit();
          listener(guarded);
        });
        const late = setTimeout(() => connection.close(`no cluster's key was proven within ${proveWithinMs} ms`), proveWithinMs);
        connection.onClose(known);
        guarded.challenge(Math.floor(clock.now()), speed);
      });
    },
    close: async () => {
      clearInterval(timer);
      unsubscribe();
      await options.listener.close();
    },
  };
}

/** The gateway gets to know it once a cluster was proven, and hears nothing but what proven clusters say. */
class GuardedConnection implements GatewayConnection {
  readonly #connection: ProvingGateway;
  readonly #keys: ClusterKeys;
  readonly #logger: Logger;
  readonly #onAdmitted: () => void;
  readonly #nonce = randomBytes(NONCE_BYTES).toString("base64");
  readonly #known = new Map<string, Known>();
  #listener: ((message: AgentMessage) => unknown) | null = null;
  #proofs = 0;

  constructor(connection: ProvingGateway, keys: ClusterKeys, logger: Logger, onAdmitted: () => void) {
    this.#connection = connection;
    this.#keys = keys;
    this.#logger = logger;
    this.#onAdmitted = onAdmitted;
    connection.onMessage((message) => this.#take(message));
  }

  challenge(now: number, speed: number): void {
    this.#connection.send({ type: "challenge", nonce: this.#nonce, now, speed });
  }

  /** Whether the cluster had been proven with this key. */
  forget(clusterId: string, publicKey: Buffer): boolean {
    return this.#known.get(clusterId)?.publicKey.equals(publicKey) === true && this.#known.delete(clusterId);
  }

  get buffered(): number {
    return this.#connection.buffered;
  }

  send(message: GatewayMessage): void {
    this.#connection.send(message);
  }

  onDrain(listener: () => void): void {
    this.#connection.onDrain(listener);
  }

  onMessage(listener: (message: AgentMessage) => unknown): void {
    this.#listener = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#connection.onClose(listener);
  }

  close(reason: string): void {
    this.#connection.close(reason);
  }

  /** Types don't hold here: it is what another machine said. */
  #take(message: AgentMessage | Proof): unknown {
    const { type, clusterId, clusterIds, description } = (message ?? {}) as { type?: unknown; clusterId?: unknown; clusterIds?: unknown; description?: { code?: unknown } | null };
    if (type === "proof") return this.#prove(message as Proof);
    if (this.#listener === null) return this.#connection.close("prove a cluster's key first");
    // A ping vouches for whom it names.
    if (type === "ping") return this.#listener(Array.isArray(clusterIds) ? { ...(message as AgentMessage & { type: "ping" }), clusterIds: clusterIds.filter((id) => this.#known.has(id as string)) } : (message as AgentMessage));
    if (typeof clusterId === "string") {
      const known = this.#known.get(clusterId);
      if (known === undefined) return this.#refuse(clusterId, "the cluster's key was not proven on this connection");
      if (type === "hello" && description?.code !== known.code) return this.#refuse(clusterId, `the cluster's key was enrolled for the code ${known.code}`);
    }
    // What names no cluster is nonsense; the gateway has the words for it.
    return this.#listener(message as AgentMessage);
  }

  #refuse(clusterId: string, reason: string): void {
    this.#connection.send({ type: "refuse", clusterId: clusterId.slice(0, 64), reason });
  }

  async #prove(raw: Proof): Promise<void> {
    this.#proofs += 1;
    const fault = this.#proofs > MAX_PROOFS ? "too many proofs" : checkProof(raw);
    if (fault !== null) return this.#connection.close(fault);
    let refused: Proven["refused"];
    try {
      refused = await this.#verify(raw);
    } catch (error) {
      this.#logger.error({ err: error }, "proofs could not be looked at");
      return this.#connection.close("the centre could not look at a proof; try again");
    }
    if (this.#known.size > MAX_CLUSTERS_A_CONNECTION) return this.#connection.close("too many clusters on one connection");
    if (this.#known.size > 0 && this.#listener === null) this.#onAdmitted();
    this.#connection.send({ type: "proven", refused });
  }

  async #verify({ clusters }: Proof): Promise<Proven["refused"]> {
    const keys = await this.#keys.find(clusters.map(({ clusterId }) => clusterId));
    const outcomes = await Promise.all(clusters.map(async ({ clusterId, signature }) => {
      const { valid, revoked } = keys.get(clusterId) ?? { valid: null, revoked: [] };
      const fits = (publicKey: Buffer): Promise<boolean> => isProof(publicKey, this.#nonce, clusterId, signature);
      if (valid !== null && (await fits(valid.publicKey))) {
        this.#known.set(clusterId, valid);
        return [];
      }
      // Only who had the key hears that it was revoked.
      if ((await Promise.all(revoked.map(fits))).includes(true)) return { clusterId, reason: REVOKED, revoked: true };
      return { clusterId, reason: valid === null ? "the cluster has no valid key: enrol it with a ticket" : "the proof does not fit the cluster's key" };
    }));
    return outcomes.flat();
  }
}
