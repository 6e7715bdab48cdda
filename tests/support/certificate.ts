import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A self-signed certificate and its key, in PEM; node:crypto reads certificates, and makes none. */
export interface Pair {
  readonly crt: string;
  readonly key: string;
  /** The same key, under a passphrase. */
  readonly encryptedKey: string;
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const time = (text: string): Buffer => der(0x17, Buffer.from(text));

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
const RSA_WITH_SHA256 = sequence(oid("2a864886f70d01010b"), der(0x05));
const COMMON_NAME = oid("550403");

export function selfSigned(name: string, kind: "ec" | "rsa" = "ec"): Pair {
  const { privateKey, publicKey } = kind === "ec" ? generateKeyPairSync("ec", { namedCurve: "prime256v1" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const algorithm = kind === "ec" ? ECDSA_WITH_SHA256 : RSA_WITH_SHA256;
  const who = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const validity = sequence(time("200101000000Z"), time("210101000000Z"));
  const body = sequence(der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, Buffer.from([1])), algorithm, who, validity, who, publicKey.export({ format: "der", type: "spki" }));
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), sign("sha256", body, privateKey)));
  return { crt: pem("CERTIFICATE", certificate), key: textOf(privateKey), encryptedKey: textOf(privateKey, { cipher: "aes-256-cbc", passphrase: "x" }) };
}

const textOf = (key: KeyObject, encryption: { readonly cipher?: string; readonly passphrase?: string } = {}): string =>
  key.export({ format: "pem", type: "pkcs8", ...encryption }) as string;
const pem = (label: string, bytes: Buffer): string => `-----BEGIN ${label}-----\n${(bytes.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;
