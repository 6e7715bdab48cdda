/**
 * Who a fleet's clusters are, where the gateway is on another machine: a key pair for each, which all follow from one secret seed in the fleet's own
 * folder, but for those that were renewed (enrolment.ts); and the proof of the private ones on every connection.
 */
import { hkdfSync } from "node:crypto";
import { type ClusterKey, clusterKeyOf, proveCluster } from "../domain/cluster-key.ts";
import { type AgentConnection, type Challenge, type GatewayMessage, type LinkDialer, type Proof, PROOF_LIMIT, type Proven, type ProvingAgent } from "./link.ts";
import type { FleetLogger } from "./logger.ts";

export interface NamedCluster {
  readonly clusterId: string;
  readonly code: string;
}

export interface FleetIdentity {
  readonly clusters: readonly NamedCluster[];
  keyOf(clusterId: string): ClusterKey;
  /** From now on its key follows from another seed. */
  renew(clusterId: string, seed: Uint8Array): void;
}

/** @param seed 32 secret bytes. */
export const linkKeyOf = (seed: Uint8Array, clusterId: string): ClusterKey => clusterKeyOf(new Uint8Array(hkdfSync("sha256", seed, "", `selvedge link key of cluster ${clusterId}`, 32)));

/** @param seed 32 secret bytes. Keys are made when they are first asked for, and kept. */
export function fleetIdentity(seed: Uint8Array, clusters: readonly NamedCluster[]): FleetIdentity {
  const keys = new Map<string, ClusterKey>();
  return {
    clusters,
    keyOf: (clusterId) => {
      let key = keys.get(clusterId);
      if (key === undefined) keys.set(clusterId, (key = linkKeyOf(seed, clusterId)));
      return key;
    },
    renew: (clusterId, fresh) => void keys.set(clusterId, linkKeyOf(fresh, clusterId)),
  };
}

// ---------------------------------------------------------------- proof

export interface ProvingOptions {
  readonly dialer: { dial(): Promise<ProvingAgent> };
  readonly identity: FleetIdentity;
  readonly onClock: (now: number, speed: number) => void;
  /** Does something about clusters that are not let in; whether they may try again. */
  readonly renew: (refused: Proven["refused"]) => Promise<boolean>;
  readonly logger: FleetLogger;
  readonly timeoutMs?: number;
}

const PROVE_TIMEOUT_MS = 15_000;
/** In the log. */
const MAX_NAMED = 20;

/** Dials, and hands a connection on once the gateway knows whose it is. A dial fails where no cluster may go on. Who is not let in, and what to do about it, is said once. */
export function provingDialer({ dialer, identity, onClock, renew, logger, timeoutMs = PROVE_TIMEOUT_MS }: ProvingOptions): LinkDialer {
  const { clusters } = identity;
  let said = "";
  const codes = new Map(clusters.map(({ clusterId, code }) => [clusterId, code]));
  const proofs = (nonce: string): Proof[] => {
    const all: Proof[] = [];
    for (let from = 0; from < clusters.length; from += PROOF_LIMIT) {
      all.push({ type: "proof", clusters: clusters.slice(from, from + PROOF_LIMIT).map(({ clusterId }) => ({ clusterId, signature: proveCluster(identity.keyOf(clusterId), nonce, clusterId) })) });
    }
    return all;
  };

  const prove = (connection: ProvingAgent): Promise<Proven["refused"]> =>
    new Promise((resolve, reject) => {
      let unanswered: number | null = null;
      const refused: Proven["refused"][number][] = [];
      const late = setTimeout(() => reject(new Error(`the gateway did not take the clusters' proofs within ${timeoutMs} ms`)), timeoutMs);
      connection.onClose((reason) => {
        clearTimeout(late);
        reject(new Error(reason));
      });
      connection.onMessage((message: GatewayMessage | Challenge | Proven) => {
        if (message.type === "challenge" && unanswered === null) {
          onClock(message.now, message.speed);
          const all = proofs(message.nonce);
          unanswered = all.length;
          for (const proof of all) connection.send(proof);
        } else if (message.type === "proven" && unanswered !== null && unanswered > 0) {
          unanswered -= 1;
          refused.push(...message.refused);
          if (unanswered > 0) return;
          clearTimeout(late);
          resolve(refused);
        }
      });
    });

  const dialAndProve = async (): Promise<{ readonly connection: ProvingAgent; readonly refused: Proven["refused"] }> => {
    const connection = await dialer.dial();
    try {
      return { connection, refused: await prove(connection) };
    } catch (error) {
      connection.close("the clusters' keys could not be proven");
      throw error;
    }
  };

  const tellRefused = (refused: Proven["refused"]): void => {
    const line = [...Map.groupBy(refused, ({ reason }) => reason)].map(([reason, some]) => shutOut(reason, some.map(({ clusterId }) => codes.get(clusterId) ?? clusterId))).join("; ");
    if (line !== said && line !== "") logger.warn({ clusters: refused.length }, line);
    said = line;
  };

  return {
    async dial() {
      let { connection, refused } = await dialAndProve();
      if (refused.length > 0 && (await renew(refused))) {
        connection.close("some clusters have other keys now");
        ({ connection, refused } = await dialAndProve());
      }
      tellRefused(refused);
      if (refused.length >= clusters.length) {
        connection.close("no cluster may go on");
        throw new Error(`the gateway lets none of the ${clusters.length} clusters in: ${refused[0]?.reason ?? "there are none"}`);
      }
      return connection as AgentConnection;
    },
  };
}

function shutOut(reason: string, codes: readonly string[]): string {
  const named = codes.slice(0, MAX_NAMED).join(",");
  const all = codes.length > MAX_NAMED ? `${named} and ${codes.length - MAX_NAMED} more` : named;
  return `the gateway does not let ${all} in (${reason}): start this fleet with SELVEDGE_ENROLMENT_TICKET set to a new ticket (npm run selvedge -- enrol --cluster ${all})`;
}
