/**
 * How Secrets are kept: each content is encrypted under a data key of its own, drawn for it alone; the data key is wrapped by a key-encryption
 * key, which is in no database.
 *
 *   key ring      the key-encryption keys that are known: one current, under which data keys are wrapped, and previous ones, which only unwrap
 *   envelope      (key id, wrapped data key, ciphertext): all that is kept of a Secret's values
 *   context       whose envelope it is. It is authenticated with both, so that an envelope opens in the place it was made for only
 *   to rewrap     to wrap the same data key under the current key: the ciphertext stays, whatever its size
 *
 * Both layers are AES-256-GCM with a random nonce of 12 bytes and a tag of 16, laid out nonce ‖ ciphertext ‖ tag. A data key encrypts one text, so
 * its nonce can't repeat; a key-encryption key wraps far fewer than the 2³² data keys that random nonces are good for.
 */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import type { ConfigEntry } from "./configuration.ts";

/** Opaque: a key object shows nothing of its key when it is logged or inspected. */
export interface KeyRing {
  readonly currentKeyId: string;
  /** By their ids, the current one among them. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export interface Envelope {
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** An envelope can't be opened: its key is not in the ring, it was changed, or it belongs somewhere else. Tells which, and nothing of what is inside. */
export class EnvelopeBroken extends Error {
  override readonly name = "EnvelopeBroken";
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_LENGTH = 16;
const CIPHER = "aes-256-gcm";

type Layer = "data key" | "entries";

/** @param current what `SELVEDGE_ENCRYPTION_KEY` holds (32 bytes); `previous`: what it held before, as long as something is still wrapped by it. */
export function createKeyRing(current: Uint8Array, previous: readonly Uint8Array[] = []): KeyRing {
  const all = [current, ...previous].map((secret) => {
    if (secret.length !== KEY_BYTES) throw new RangeError(`an encryption key has ${KEY_BYTES} bytes, not ${secret.length}`);
    const key = createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", "selvedge key-encryption key", KEY_BYTES)));
    return [idOf(key), key] as const;
  });
  return { currentKeyId: (all[0] as (typeof all)[0])[0], keys: new Map(all) };
}

/** A name that is safe to keep beside what the key wraps: finding the key from it means guessing 256 bits. */
const idOf = (key: KeyObject): string => createHash("sha256").update("selvedge key id\0").update(key.export()).digest("hex").slice(0, KEY_ID_LENGTH);

/** Under a data key that is drawn for these entries. `context`: `${tenantId}/${secretId}`. */
export function encryptEntries(ring: KeyRing, entries: readonly ConfigEntry[], context: string): Envelope {
  const dataKey = randomBytes(KEY_BYTES);
  const text = JSON.stringify(entries.map(({ key, value }) => [key, value]));
  return {
    keyId: ring.currentKeyId,
    wrappedKey: encrypt(keyOf(ring, ring.currentKeyId), dataKey, "data key", context),
    ciphertext: encrypt(dataKey, Buffer.from(text), "entries", context),
  };
}

/** @throws EnvelopeBroken */
export function decryptEntries(ring: KeyRing, { keyId, wrappedKey, ciphertext }: Envelope, context: string): ConfigEntry[] {
  const dataKey = decrypt(keyOf(ring, keyId), wrappedKey, "data key", context);
  const pairs = JSON.parse(decrypt(dataKey, ciphertext, "entries", context).toString("utf8")) as [string, string][];
  return pairs.map(([key, value]) => ({ key, value }));
}

/** The same data key under the ring's current key; the same envelope where it is that already. @throws EnvelopeBroken */
export function rewrap(ring: KeyRing, envelope: Envelope, context: string): Envelope {
  if (envelope.keyId === ring.currentKeyId) return envelope;
  const dataKey = decrypt(keyOf(ring, envelope.keyId), envelope.wrappedKey, "data key", context);
  return { ...envelope, keyId: ring.currentKeyId, wrappedKey: encrypt(keyOf(ring, ring.currentKeyId), dataKey, "data key", context) };
}

function keyOf(ring: KeyRing, keyId: string): KeyObject {
  const key = ring.keys.get(keyId);
  if (!key) throw new EnvelopeBroken(`the key ${keyId} is not among the ${ring.keys.size} that are known`);
  return key;
}

const additionalData = (layer: Layer, context: string): Buffer => Buffer.from(`selvedge ${layer}\0${context}`);

function encrypt(key: KeyObject | Uint8Array, text: Uint8Array, layer: Layer, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(layer, context));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: KeyObject | Uint8Array, bytes: Uint8Array, layer: Layer, context: string): Buffer {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new EnvelopeBroken(`the ${layer} of ${context}: cut short`);
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(layer, context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new EnvelopeBroken(`the ${layer} of ${context}: changed, or made for another place`, { cause: error });
  }
}
