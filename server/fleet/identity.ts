/**
 * Who a fleet's clusters are, where the gateway is on another machine: a key pair for each, which all follow from one secret seed in the fleet's own
 * folder; the enrolment that tells the centre the public ones; and the proof of the private ones on every connection.
 */
import { hkdfSync } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterKey, clusterKeyOf, hashTicket, proveCluster } from "../domain/cluster-key.ts";
import { type AgentConnection, type Challenge, type GatewayMessage, type LinkDialer, type Proof, PROOF_LIMIT, type Proven, type ProvingAgent } from "./link.ts";
import type { FleetLogger } from "./logger.ts";

export interface NamedCluster {
  readonly clusterId: string;
  readonly code: string;
}

export interface FleetIdentity {
  readonly clusters: readonly NamedCluster[];
  keyOf(clusterId: string): ClusterKey;
}

/** @param seed 32 secret bytes. Keys are made when they are first asked for, and kept. */
export function fleetIdentity(seed: Uint8Array, clusters: readonly NamedCluster[]): FleetIdentity {
  const keys = new Map<string, ClusterKey>();
  return {
    clusters,
    keyOf: (clusterId) => {
      let key = keys.get(clusterId);
      if (key === undefined) keys.set(clusterId, (key = clusterKeyOf(new Uint8Array(hkdfSync("sha256", seed, "", `selvedge link key of cluster ${clusterId}`, 32)))));
      return key;
    },
  };
}

// ---------------------------------------------------------------- enrolment

export interface EnrolOptions {
  readonly identity: FleetIdentity;
  /** ws:// or wss://: enrolment is beside the link, over http:// or https://. */
  readonly urls: readonly string[];
  /** null: none was given. */
  readonly ticket: string | null;
  /** Remembers the ticket that was used, by its hash, so that one that is still set at the next start is not used again. */
  readonly file: string;
  readonly signal: AbortSignal;
  readonly logger: FleetLogger;
}

const ENROL_TIMEOUT_MS = 30_000;
const RETRY_MS = 2_000;
const RETRIED: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const MAX_WORDS = 300;

/**
 * Resolves once the centre knows the fleet's keys: at once where it does already; else as soon as a gateway can be reached.
 * @throws Error with one clear line where there is no ticket, or it was refused
 */
export async function enrolFleet({ identity, urls, ticket, file, signal, logger }: EnrolOptions): Promise<void> {
  const used = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (ticket === null) {
    if (used === null) throw new Error("this fleet is not enrolled: set SELVEDGE_ENROLMENT_TICKET to a ticket (npm run selvedge -- enrol prints one)");
    return;
  }
  const hash = hashTicket(ticket).toString("hex");
  if (used?.trim() === hash) return;
  const clusters = identity.clusters.map(({ clusterId, code }) => ({ clusterId, code, publicKey: identity.keyOf(clusterId).publicKey }));
  const body = JSON.stringify({ ticket, clusters });
  for (let next = 0; ; next += 1) {
    signal.throwIfAborted();
    const url = urls[next % urls.length] as string;
    const failure = await enrolAt(url, body, signal);
    if (failure === null) break;
    logger.warn({ gateway: url, reason: failure }, "the fleet could not be enrolled yet; it is tried again");
    await sleep(RETRY_MS, undefined, { signal });
  }
  await writeFile(`${file}.new`, `${hash}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  logger.info({ clusters: clusters.length }, "the fleet was enrolled");
}

/** null, or why another attempt may succeed. */
async function enrolAt(url: string, body: string, signal: AbortSignal): Promise<string | null> {
  const address = new URL(url.replace(/^ws/, "http"));
  address.pathname = `${address.pathname.replace(/\/$/, "")}/enrol`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body, signal: AbortSignal.any([signal, AbortSignal.timeout(ENROL_TIMEOUT_MS)]) });
    text = (await response.text()).slice(0, MAX_WORDS);
  } catch (error) {
    return error instanceof Error ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ""}` : String(error);
  }
  if (response.ok) return null;
  if (RETRIED.has(response.status)) return `${response.status}: ${text.trim()}`;
  throw new Error(`the enrolment ticket was refused by ${address.host}: ${wordsOf(text)}`);
}

function wordsOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : text.trim();
  } catch {
    return text.trim();
  }
}

// ---------------------------------------------------------------- proof

export interface ProvingOptions {
  readonly dialer: { dial(): Promise<ProvingAgent> };
  readonly identity: FleetIdentity;
  readonly onClock: (now: number, speed: number) => void;
  readonly logger: FleetLogger;
  readonly timeoutMs?: number;
}

const PROVE_TIMEOUT_MS = 15_000;
/** In the log. */
const MAX_NAMED = 20;

/** Dials, and hands a connection on once the gateway knows whose it is. A dial fails where no cluster may go on. */
export function provingDialer({ dialer, identity, onClock, logger, timeoutMs = PROVE_TIMEOUT_MS }: ProvingOptions): LinkDialer {
  const { clusters } = identity;
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

  return {
    async dial() {
      const connection = await dialer.dial();
      let refused: Proven["refused"];
      try {
        refused = await prove(connection);
      } catch (error) {
        connection.close("the clusters' keys could not be proven");
        throw error;
      }
      if (refused.length >= clusters.length) {
        connection.close("no cluster may go on");
        throw new Error(`the gateway lets none of the ${clusters.length} clusters in: ${refused[0]?.reason ?? "there are none"}`);
      }
      for (const [reason, some] of Map.groupBy(refused, (one) => one.reason)) {
        logger.warn({ reason, clusters: some.slice(0, MAX_NAMED).map(({ clusterId }) => codes.get(clusterId)), total: some.length }, "the gateway does not let some clusters in");
      }
      return connection as AgentConnection;
    },
  };
}
