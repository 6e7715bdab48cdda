/**
 * Whose agent it is that dials in: a cluster has an Ed25519 key pair, whose public half the centre got to know by a ticket. On each connection the
 * gateway gives a nonce, and the agent signs it with the key of each of its clusters. What is signed says what for, and for which cluster, so that a
 * signature is of no use anywhere else; nor later, because a nonce is given once.
 *
 *   "selvedge link proof v1" NUL nonce (32 bytes) cluster id (16 bytes)
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export interface ClusterKey {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export const NONCE_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const CONTEXT = Buffer.from("selvedge link proof v1\0");
/** The DER prefixes of Ed25519 keys (RFC 8410). */
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param seed 32 secret bytes: equal seeds make equal keys. */
export function clusterKeyOf(seed: Uint8Array): ClusterKey {
  if (seed.length !== KEY_BYTES) throw new RangeError(`a cluster's key is made of ${KEY_BYTES} bytes, not ${seed.length}`);
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { publicKey: spki.subarray(PUBLIC_PREFIX.length).toString("base64"), privateKey };
}

/** The 32 bytes; null where the text is not their base64. */
export function publicKeyBytes(text: string): Buffer | null {
  const raw = Buffer.from(text, "base64");
  return raw.length === KEY_BYTES && raw.toString("base64") === text ? raw : null;
}

/** @param nonce in base64. The answer too. */
export const proveCluster = ({ privateKey }: ClusterKey, nonce: string, clusterId: string): string => sign(null, signedBytes(nonce, clusterId), privateKey).toString("base64");

/** Outside of the calling thread: many clusters prove themselves at once. False for anything that is no proof. */
export function isProof(publicKey: Uint8Array, nonce: string, clusterId: string, signature: string): Promise<boolean> {
  const bytes = Buffer.from(signature, "base64");
  if (bytes.length !== SIGNATURE_BYTES) return Promise.resolve(false);
  return new Promise((resolve) => {
    const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: "der", type: "spki" });
    verify(null, signedBytes(nonce, clusterId), key, bytes, (error, valid) => resolve(error === null && valid));
  });
}

const signedBytes = (nonce: string, clusterId: string): Buffer => Buffer.concat([CONTEXT, Buffer.from(nonce, "base64"), Buffer.from(clusterId.replaceAll("-", ""), "hex")]);

// ---------------------------------------------------------------- tickets

/**
 * Enrolment tickets: 256 random bits behind a prefix that people and secret scanners recognise. Whoever has one may tell the centre the keys of some
 * clusters, once, until it expires. Only the SHA-256 is kept, and looked up: nothing is compared character by character.
 */
const TICKET_MARK = "slvt_";
const TICKET = /^slvt_[\w-]{43}$/;
const TICKET_SHOWN = 9;

/** @param random 32 bytes. */
export const ticketOf = (random: Uint8Array): string => `${TICKET_MARK}${Buffer.from(random).toString("base64url")}`;
export const isTicket = (text: string): boolean => TICKET.test(text);
export const hashTicket = (ticket: string): Buffer => createHash("sha256").update(ticket).digest();
/** The first characters, by which people tell tickets apart. */
export const ticketPrefix = (ticket: string): string => ticket.slice(0, TICKET_SHOWN);

/** Clusters that one ticket, and one enrolment, may be for. */
export const MAX_ENROLLED = 10_000;
/** As descriptions of fleets have them. */
export const CLUSTER_CODE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
export const MAX_CLUSTER_CODE = 40;
