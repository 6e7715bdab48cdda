/**
 * How a fleet tells the centre its clusters' public keys (`POST /agent/enrol`), with a ticket that somebody gave it.
 *
 *   new ──ticket──▶ ENROLLED ──a gateway does not let some clusters in──▶ a ticket that was not used yet?
 *                      ▲                                                     │  │
 *                      └──────── these are enrolled, and proven again ───────┘  └─ none, or it was refused: a line says what to do
 *
 * - The first time all clusters are enrolled, and the fleet's start waits for that. Later those alone that are not let in, beside the others: a fleet that was
 *   enrolled starts, and its clusters run, whatever becomes of a ticket.
 * - A ticket is used once. The hash of the last one that was is kept, so that it may stay set. One that was refused is not shown again before the next start.
 * - Who had a key revoked may have had its seed stolen: the cluster's next key follows from a fresh one. That is kept before the centre hears of the key, with the
 *   ticket's hash: the same ticket once more, because the answer was lost, comes with the same key. It is the cluster's key once the centre has taken it.
 */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hashTicket } from "../domain/cluster-key.ts";
import { type FleetIdentity, linkKeyOf } from "./identity.ts";
import type { Proven } from "./link.ts";
import type { FleetLogger } from "./logger.ts";

export interface EnrolmentOptions {
  readonly identity: FleetIdentity;
  /** ws:// or wss://: enrolment is beside the link, over http:// or https://. */
  readonly urls: readonly string[];
  /** null: none was given. */
  readonly ticket: string | null;
  /** The fleet's own, which nobody else may enter. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly logger: FleetLogger;
  readonly retryMs?: number;
}

export interface FleetEnrolment {
  /**
   * Resolves once the centre knows the fleet's keys: at once where it was enrolled before; else as soon as a gateway can be reached.
   * @throws Error with one clear line where there is no ticket, or it was refused
   */
  first(): Promise<void>;
  /** Enrols clusters that a gateway did not let in. Whether it did, so that they may prove themselves again. */
  renew(refused: Proven["refused"]): Promise<boolean>;
}

const ENROL_TIMEOUT_MS = 30_000;
const RETRY_MS = 2_000;
/** The others wait for a renewal. */
const RENEWAL_ATTEMPTS = 3;
const RETRIED: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const MAX_WORDS = 300;
const SEED_BYTES = 32;

interface RenewedKey {
  /** Base64. */
  readonly seed: string;
  /** The hash of the one that it was made for. */
  readonly ticket: string;
  readonly isEnrolled: boolean;
}

/** By cluster. */
type RenewedKeys = Readonly<Record<string, RenewedKey>>;

class TicketRefused extends Error {}

/** Gives the identity the keys that were renewed before. */
export async function openEnrolment({ identity, urls, ticket, folder, signal, logger, retryMs = RETRY_MS }: EnrolmentOptions): Promise<FleetEnrolment> {
  const usedFile = path.join(folder, "enrolled");
  const renewedFile = path.join(folder, "renewed-keys.json");
  const hash = ticket === null ? null : hashTicket(ticket).toString("hex");
  let used = (await kept(usedFile))?.trim() ?? null;
  let isRefused = false;
  let renewed = renewedKeysIn((await kept(renewedFile)) ?? "{}", renewedFile);
  const adopt = (): void => {
    for (const [clusterId, { seed, isEnrolled }] of Object.entries(renewed)) if (isEnrolled) identity.renew(clusterId, Buffer.from(seed, "base64"));
  };
  adopt();

  /** False where that was not possible in so many attempts. */
  const show = async (shown: string, clusters: readonly { readonly clusterId: string; readonly code: string; readonly publicKey: string }[], attempts: number): Promise<boolean> => {
    const body = JSON.stringify({ ticket: shown, clusters });
    for (let next = 0; next < attempts; next += 1) {
      if (next > 0) await sleep(retryMs, undefined, { signal });
      signal.throwIfAborted();
      const url = urls[next % urls.length] as string;
      const failure = await enrolAt(url, body, signal);
      if (failure === null) return true;
      logger.warn({ gateway: url, reason: failure }, "the fleet could not be enrolled yet; it is tried again");
    }
    return false;
  };

  const enrolled = async (clusters: number): Promise<void> => {
    await keep(usedFile, `${hash}\n`);
    used = hash;
    logger.info({ clusters }, "the fleet was enrolled");
  };

  /** Of the clusters whose key was revoked, for this ticket. */
  const freshKeys = async (revoked: readonly string[], forTicket: string): Promise<RenewedKeys> => {
    const of = (clusterId: string): RenewedKey => {
      const before = renewed[clusterId];
      return before?.ticket === forTicket ? before : { seed: randomBytes(SEED_BYTES).toString("base64"), ticket: forTicket, isEnrolled: false };
    };
    const fresh = Object.fromEntries(revoked.map((clusterId) => [clusterId, of(clusterId)]));
    renewed = { ...renewed, ...fresh };
    if (revoked.length > 0) await keep(renewedFile, JSON.stringify(renewed));
    return fresh;
  };

  const enrolAgain = async (refused: Proven["refused"], shown: string, forTicket: string): Promise<boolean> => {
    const clusterIds = new Set(refused.map(({ clusterId }) => clusterId));
    const fresh = await freshKeys(refused.filter(({ revoked }) => revoked === true).map(({ clusterId }) => clusterId), forTicket);
    const keyOf = (clusterId: string): string => {
      const key = fresh[clusterId];
      return (key === undefined ? identity.keyOf(clusterId) : linkKeyOf(Buffer.from(key.seed, "base64"), clusterId)).publicKey;
    };
    const clusters = identity.clusters.filter(({ clusterId }) => clusterIds.has(clusterId)).map(({ clusterId, code }) => ({ clusterId, code, publicKey: keyOf(clusterId) }));
    if (!(await show(shown, clusters, Math.max(RENEWAL_ATTEMPTS, urls.length)))) return false;
    renewed = { ...renewed, ...Object.fromEntries(Object.entries(fresh).map(([clusterId, key]) => [clusterId, { ...key, isEnrolled: true }])) };
    await keep(renewedFile, JSON.stringify(renewed));
    adopt();
    await enrolled(clusters.length);
    return true;
  };

  return {
    async first() {
      if (used !== null) return;
      if (ticket === null) throw new Error("this fleet is not enrolled: set SELVEDGE_ENROLMENT_TICKET to a ticket (npm run selvedge -- enrol prints one)");
      const clusters = identity.clusters.map(({ clusterId, code }) => ({ clusterId, code, publicKey: identity.keyOf(clusterId).publicKey }));
      if (await show(ticket, clusters, Infinity)) await enrolled(clusters.length);
    },
    async renew(refused) {
      if (ticket === null || hash === null || used === hash || isRefused) return false;
      try {
        return await enrolAgain(refused, ticket, hash);
      } catch (error) {
        if (!(error instanceof TicketRefused)) throw error;
        isRefused = true;
        logger.error({ clusters: refused.length }, error.message);
        return false;
      }
    },
  };
}

function renewedKeysIn(text: string, file: string): RenewedKeys {
  try {
    const keys = JSON.parse(text) as RenewedKeys;
    if (Object.values(keys).every(({ seed, ticket, isEnrolled }) => typeof ticket === "string" && typeof isEnrolled === "boolean" && Buffer.from(seed, "base64").length === SEED_BYTES)) return keys;
  } catch {
    // Said below.
  }
  throw new Error(`${file} is damaged: restore it; without it, its clusters have to be enrolled again with a ticket that names them`);
}

/** null where there is no such file. */
const kept = (file: string): Promise<string | null> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });

/** Whole or not at all. */
async function keep(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
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
  throw new TicketRefused(`the enrolment ticket was refused by ${address.host}: ${wordsOf(text)}`);
}

function wordsOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : text.trim();
  } catch {
    return text.trim();
  }
}
