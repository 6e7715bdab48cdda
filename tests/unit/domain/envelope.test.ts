import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyRing, decryptEntries, encryptEntries, EnvelopeBroken, rewrap } from "#server/domain/envelope.ts";

const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const CONTEXT = "0198c000-0000-7000-8000-000000000001/0198c000-0000-7000-8000-000000000002";
const ENTRIES = [{ key: "password", value: "canary-c0de" }, { key: "empty", value: "" }];
const ring = createKeyRing(OLD);

const entry = fc.record({ key: fc.string({ unit: "grapheme", maxLength: 20 }), value: fc.string({ unit: "grapheme", maxLength: 200 }) });

test("what was encrypted comes back, in the same order, whatever it is", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), fc.string(), (entries, context) => {
      expect(decryptEntries(ring, encryptEntries(ring, entries, context), context)).toEqual(entries);
    }),
  );
});

test("an envelope shows nothing of its entries but their length, and equal entries make different ones", () => {
  const [one, other] = [encryptEntries(ring, ENTRIES, CONTEXT), encryptEntries(ring, ENTRIES, CONTEXT)];
  expect(one.ciphertext).not.toEqual(other.ciphertext);
  expect(one.wrappedKey).not.toEqual(other.wrappedKey);
  expect(Buffer.from(one.ciphertext).includes("canary")).toBe(false);
  expect(one.wrappedKey).toHaveLength(12 + 32 + 16);
});

test("any bit that is flipped anywhere breaks it", () => {
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  for (const member of ["wrappedKey", "ciphertext"] as const) {
    for (let bit = 0; bit < envelope[member].length * 8; bit += 1) {
      const changed = Uint8Array.from(envelope[member]);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decryptEntries(ring, { ...envelope, [member]: changed }, CONTEXT)).toThrow(EnvelopeBroken);
    }
  }
});

test("a shortened tag is no tag: GCM would take one of 4 to 15 bytes where its length is not fixed", () => {
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  for (const member of ["wrappedKey", "ciphertext"] as const) {
    for (let length = 0; length < envelope[member].length; length += 1) {
      expect(() => decryptEntries(ring, { ...envelope, [member]: envelope[member].subarray(0, length) }, CONTEXT)).toThrow(EnvelopeBroken);
    }
  }
});

test("an envelope opens in its own place only, and its parts don't mix with another's", () => {
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  const other = encryptEntries(ring, ENTRIES, CONTEXT);
  expect(() => decryptEntries(ring, envelope, `${CONTEXT}0`)).toThrow(EnvelopeBroken);
  expect(() => decryptEntries(ring, { ...envelope, wrappedKey: other.wrappedKey }, CONTEXT)).toThrow(EnvelopeBroken);
  expect(() => rewrap(createKeyRing(NEW, [OLD]), envelope, "elsewhere")).toThrow(EnvelopeBroken);
});

test("the context is bound to both layers: a data key that is wrapped for another place still opens nothing there", () => {
  const there = "elsewhere";
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  const key = ring.keys.get(envelope.keyId) as KeyObject;
  const additional = (context: string): Buffer => Buffer.from(`selvedge data key\0${context}`);
  // As whoever holds the key-encryption key could: the data key is taken out, and wrapped for there.
  const wrapped = Buffer.from(envelope.wrappedKey);
  const opening = createDecipheriv("aes-256-gcm", key, wrapped.subarray(0, 12), { authTagLength: 16 }).setAAD(additional(CONTEXT)).setAuthTag(wrapped.subarray(-16));
  const dataKey = Buffer.concat([opening.update(wrapped.subarray(12, -16)), opening.final()]);
  const nonce = randomBytes(12);
  const closing = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(additional(there));
  const moved = { ...envelope, wrappedKey: Buffer.concat([nonce, closing.update(dataKey), closing.final(), closing.getAuthTag()]) };
  expect(() => decryptEntries(ring, moved, there)).toThrow(new EnvelopeBroken(`the entries of ${there}: changed, or made for another place`));
});

test("without its key an envelope is unreadable, and the error names the key by its id only", () => {
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  expect(() => decryptEntries(createKeyRing(NEW), envelope, CONTEXT)).toThrow(new EnvelopeBroken(`the key ${ring.currentKeyId} is not among the 1 that are known`));
  // Somebody who writes another id beside it gains nothing.
  const both = createKeyRing(NEW, [OLD]);
  expect(() => decryptEntries(both, { ...envelope, keyId: both.currentKeyId }, CONTEXT)).toThrow(EnvelopeBroken);
});

test("rotation: what the old key wrapped is wrapped by the new one, and needs the old one no more", () => {
  const envelope = encryptEntries(ring, ENTRIES, CONTEXT);
  const rotating = createKeyRing(NEW, [OLD]);
  expect(decryptEntries(rotating, envelope, CONTEXT)).toEqual(ENTRIES);
  const rewrapped = rewrap(rotating, envelope, CONTEXT);
  expect(rewrapped).toMatchObject({ keyId: createKeyRing(NEW).currentKeyId, ciphertext: envelope.ciphertext });
  expect(decryptEntries(createKeyRing(NEW), rewrapped, CONTEXT)).toEqual(ENTRIES);
  expect(() => decryptEntries(ring, rewrapped, CONTEXT)).toThrow(EnvelopeBroken);
  expect(rewrap(rotating, rewrapped, CONTEXT)).toBe(rewrapped);
});

test("key ids are 16 hex digits, the same for the same key, and tell nothing of it", () => {
  expect(ring.currentKeyId).toMatch(/^[0-9a-f]{16}$/);
  expect(createKeyRing(NEW, [OLD]).keys.has(ring.currentKeyId)).toBe(true);
  expect(createKeyRing(NEW, [NEW]).keys.size).toBe(1);
  const secret = randomBytes(32);
  const shown = inspect(createKeyRing(secret), { depth: 9, showHidden: true }) + JSON.stringify(createKeyRing(secret));
  for (const form of ["hex", "base64"] as const) expect(shown).not.toContain(secret.toString(form).slice(0, 20));
  expect(() => createKeyRing(new Uint8Array(31))).toThrow(/32 bytes, not 31/);
});
