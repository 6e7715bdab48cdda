import { createPublicKey, randomBytes } from "node:crypto";
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSealingKey, seal, SealBroken, sealingKeyOf, unseal } from "#server/domain/sealing.ts";

/** RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode. It has none with AES-256-GCM. */
const RFC = {
  info: hex("4f6465206f6e2061204772656369616e2055726e"),
  ephemeral: hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"),
  recipient: hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"),
  recipientPublic: hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
  encapsulated: hex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"),
  context: "Count-0",
  text: "Beauty is truth, truth beauty",
  ciphertext: hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"),
};

/** Another implementation of the RFC. */
const kem = new DhkemX25519HkdfSha256();
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });

const mine = sealingKeyOf(randomBytes(32));
const text = fc.string({ unit: "grapheme", maxLength: 300 });

function hex(digits: string): Buffer<ArrayBuffer> {
  return Buffer.from(digits, "hex");
}

const arrayOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
const publicKeyOf = (raw: Uint8Array): Promise<CryptoKey> => kem.deserializePublicKey(arrayOf(raw));

async function pairOf(privateKey: Uint8Array): Promise<CryptoKeyPair> {
  const key = await kem.deserializePrivateKey(arrayOf(privateKey));
  return { privateKey: key, publicKey: await publicKeyOf(Buffer.from(sealingKeyOf(privateKey).publicKey, "base64")) };
}

/** By the other implementation, in our form. */
async function sealThere(recipient: Uint8Array, plaintext: string, context: string, ephemeral?: CryptoKeyPair): Promise<string> {
  const sender = await suite.createSenderContext({ recipientPublicKey: await publicKeyOf(recipient), ...(ephemeral ? { ekm: ephemeral } : {}) });
  const ciphertext = await sender.seal(arrayOf(Buffer.from(plaintext)), arrayOf(Buffer.from(context)));
  return Buffer.concat([Buffer.from(sender.enc), Buffer.from(ciphertext)]).toString("base64");
}

async function unsealThere(privateKey: Uint8Array, sealed: string, context: string): Promise<string> {
  const bytes = Buffer.from(sealed, "base64");
  const recipient = await suite.createRecipientContext({ recipientKey: await kem.deserializePrivateKey(arrayOf(privateKey)), enc: arrayOf(bytes.subarray(0, 32)) });
  return Buffer.from(await recipient.open(arrayOf(bytes.subarray(32)), arrayOf(Buffer.from(context)))).toString();
}

test("the implementation that we are compared with passes the RFC's own vector", async () => {
  const rfc = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });
  const sender = await rfc.createSenderContext({ recipientPublicKey: await publicKeyOf(RFC.recipientPublic), info: arrayOf(RFC.info), ekm: await pairOf(RFC.ephemeral) });
  expect(Buffer.from(sender.enc)).toEqual(RFC.encapsulated);
  expect(Buffer.from(await sender.seal(arrayOf(Buffer.from(RFC.text)), arrayOf(Buffer.from(RFC.context))))).toEqual(RFC.ciphertext);
});

test("with the RFC's keys we make what it makes, byte for byte", async () => {
  const recipient = sealingKeyOf(RFC.recipient);
  expect(Buffer.from(recipient.publicKey, "base64")).toEqual(RFC.recipientPublic);
  const sealed = seal(recipient.publicKey, RFC.text, RFC.context, sealingKeyOf(RFC.ephemeral).privateKey);
  expect(Buffer.from(sealed, "base64").subarray(0, 32)).toEqual(RFC.encapsulated);
  expect(sealed).toBe(await sealThere(RFC.recipientPublic, RFC.text, RFC.context, await pairOf(RFC.ephemeral)));
});

test("each opens what the other sealed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), text, text, async (seed, plaintext, context) => {
      const key = sealingKeyOf(seed);
      expect(await unsealThere(seed, seal(key.publicKey, plaintext, context), context)).toBe(plaintext);
      expect(unseal(key, await sealThere(Buffer.from(key.publicKey, "base64"), plaintext, context), context)).toBe(plaintext);
    }),
    { numRuns: 50 },
  );
});

test("only the holder of the key opens it, with the same context, and unchanged to the last bit", () => {
  const sealed = seal(mine.publicKey, "canary-c0de", "content-1");
  expect(unseal(mine, sealed, "content-1")).toBe("canary-c0de");
  expect(() => unseal(sealingKeyOf(randomBytes(32)), sealed, "content-1")).toThrow(SealBroken);
  expect(() => unseal(mine, sealed, "content-2")).toThrow(SealBroken);
  const bytes = Buffer.from(sealed, "base64");
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    // RFC 7748 leaves the last bit of a public key out of account; HPKE binds the key as it was written.
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => unseal(mine, changed.toString("base64"), "content-1")).toThrow(SealBroken);
  }
  for (let length = 0; length < bytes.length; length += 1) expect(() => unseal(mine, bytes.subarray(0, length).toString("base64"), "content-1")).toThrow(SealBroken);
});

test("equal texts are sealed differently, and a sealed one shows nothing but its length", () => {
  const [one, other] = [seal(mine.publicKey, "canary-c0de", ""), seal(mine.publicKey, "canary-c0de", "")].map((sealed) => Buffer.from(sealed, "base64"));
  expect(one).not.toEqual(other);
  expect(one).toHaveLength(32 + "canary-c0de".length + 16);
  expect(one?.includes("canary")).toBe(false);
});

test("equal seeds make equal keys, and what is no key is told", () => {
  expect(sealingKeyOf(new Uint8Array(32).fill(1)).publicKey).toBe(sealingKeyOf(new Uint8Array(32).fill(1)).publicKey);
  expect(createPublicKey(mine.privateKey).asymmetricKeyType).toBe("x25519");
  expect(isSealingKey(mine.publicKey)).toBe(true);
  for (const wrong of ["", "AAAA", `${mine.publicKey} `, mine.publicKey.slice(0, -1)]) expect(isSealingKey(wrong)).toBe(false);
  expect(() => sealingKeyOf(new Uint8Array(31))).toThrow(RangeError);
  expect(() => seal("AAAA", "text", "")).toThrow(RangeError);
});

test("a key of low order, with which everybody would agree on the same secret, is none: nothing is sealed to it", () => {
  // Those of RFC 7748, section 6.1, and https://cr.yp.to/ecdh.html#validate.
  const lowOrder = [
    "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const key of lowOrder) {
    const text = hex(key).toString("base64");
    expect(isSealingKey(text), key).toBe(false);
    expect(() => seal(text, "text", ""), key).toThrow();
  }
});
