/**
 * Sealing to a cluster's key: whoever has the public key can seal, only the holder of the private key can open. HPKE (RFC 9180), base mode, single
 * shot, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM; a sealed text is the encapsulated key (32 bytes), the ciphertext and its
 * tag (16 bytes), in base64. Synchronous, because an agent takes messages one after the other.
 */
import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";

export interface SealingKey {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** What was sealed can't be opened: another key, other additional data, or it was changed. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
}

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const VERSION = Buffer.from("HPKE-v1");
const NOTHING = Buffer.alloc(0);
const twoBytes = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const KEM_SUITE = Buffer.concat([Buffer.from("KEM"), twoBytes(KEM_ID)]);
const HPKE_SUITE = Buffer.concat([Buffer.from("HPKE"), twoBytes(KEM_ID), twoBytes(KDF_ID), twoBytes(AEAD_ID)]);

/** The DER prefixes of X25519 keys (RFC 8410). */
const PUBLIC_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

const publicKeyOf = (raw: Uint8Array): KeyObject => createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: "der", type: "spki" });
const rawPublic = (key: KeyObject): Buffer => key.export({ format: "der", type: "spki" }).subarray(PUBLIC_PREFIX.length);

/** @param seed 32 secret bytes: equal seeds make equal keys. */
export function sealingKeyOf(seed: Uint8Array): SealingKey {
  if (seed.length !== KEY_BYTES) throw new RangeError(`a sealing key is made of ${KEY_BYTES} bytes, not ${seed.length}`);
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" });
  return { publicKey: rawPublic(createPublicKey(privateKey)).toString("base64"), privateKey };
}

/** Whether something can be sealed to it. A key of low order can't be used: what it agrees on with anybody is known to everybody. */
export function isSealingKey(text: string): boolean {
  const raw = Buffer.from(text, "base64");
  if (raw.length !== KEY_BYTES || raw.toString("base64") !== text) return false;
  try {
    diffieHellman({ privateKey: sealingKeyOf(new Uint8Array(KEY_BYTES)).privateKey, publicKey: publicKeyOf(raw) });
    return true;
  } catch {
    return false;
  }
}

/** @param context additional data: opening needs the same. `ephemeral` is for test vectors only. */
export function seal(recipient: string, plaintext: string, context: string, ephemeral: KeyObject = generateKeyPairSync("x25519").privateKey): string {
  const recipientRaw = Buffer.from(recipient, "base64");
  if (recipientRaw.length !== KEY_BYTES) throw new RangeError("the recipient's key is no X25519 public key");
  const encapsulated = rawPublic(createPublicKey(ephemeral));
  const shared = diffieHellman({ privateKey: ephemeral, publicKey: publicKeyOf(recipientRaw) });
  const { key, nonce } = schedule(shared, encapsulated, recipientRaw);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([encapsulated, cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** @throws SealBroken */
export function unseal({ publicKey, privateKey }: SealingKey, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < KEY_BYTES + TAG_BYTES) throw new SealBroken("the sealed text is too short");
  const encapsulated = bytes.subarray(0, KEY_BYTES);
  try {
    const shared = diffieHellman({ privateKey, publicKey: publicKeyOf(encapsulated) });
    const { key, nonce } = schedule(shared, encapsulated, Buffer.from(publicKey, "base64"));
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(KEY_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw new SealBroken("the sealed text can't be opened with this key", { cause: error });
  }
}

/** RFC 9180: ExtractAndExpand of the shared secret (4.1), then KeySchedule in base mode without info or psk (5.1). */
function schedule(shared: Uint8Array, encapsulated: Uint8Array, recipient: Uint8Array): { key: Buffer; nonce: Buffer } {
  const kemContext = Buffer.concat([encapsulated, recipient]);
  const eaePrk = labeledExtract(KEM_SUITE, NOTHING, "eae_prk", shared);
  const sharedSecret = labeledExpand(KEM_SUITE, eaePrk, "shared_secret", kemContext, 32);
  const pskIdHash = labeledExtract(HPKE_SUITE, NOTHING, "psk_id_hash", NOTHING);
  const infoHash = labeledExtract(HPKE_SUITE, NOTHING, "info_hash", NOTHING);
  const context = Buffer.concat([Buffer.from([0]), pskIdHash, infoHash]);
  const secret = labeledExtract(HPKE_SUITE, sharedSecret, "secret", NOTHING);
  return { key: labeledExpand(HPKE_SUITE, secret, "key", context, 32), nonce: labeledExpand(HPKE_SUITE, secret, "base_nonce", context, NONCE_BYTES) };
}

const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac("sha256", key).update(data).digest();

const labeledExtract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer =>
  hmac(salt, Buffer.concat([VERSION, suite, Buffer.from(label), ikm]));

/** At most 32 bytes: one round of HKDF-Expand. */
const labeledExpand = (suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Buffer =>
  hmac(prk, Buffer.concat([twoBytes(length), VERSION, suite, Buffer.from(label), info, Buffer.from([1])])).subarray(0, length);
