/**
 * ConfigMaps and Secrets: named sets of (key, value) of a namespace, which templates refer to as files or environment variables.
 *
 * A *content* is what a ConfigMap or Secret holds in one version, under a random name: a change makes another content. Assignments name contents;
 * the values travel beside them, sealed to the cluster's key, once each. Values of secrets are in no hash, log, error, job or event.
 *
 * Kubernetes' rules: keys are file names; a Secret's type says which keys it has. The messages here name keys, and never a value.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type DomainError, invalid } from "./errors.ts";
import type { SecretType } from "./states.ts";
import { quoted } from "./text.ts";

export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
}

type Path = readonly string[];

export const MAX_CONFIG_NAME = 253;
export const MAX_CONFIG_KEY = 253;
/** Of all values together, in bytes of UTF-8. */
export const MAX_CONFIG_BYTES = 1024 * 1024;
export const MAX_CONFIG_KEYS = 4_096;
/** Faults that one answer names. */
const MAX_FAULTS = 20;

const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const KEY = /^[-._a-zA-Z0-9]+$/;

/** `noun` opens the message, e.g. "The Secret's name". */
export function checkConfigName(path: Path, noun: string, name: string): DomainError[] {
  if (name.length <= MAX_CONFIG_NAME && SUBDOMAIN.test(name)) return [];
  return [invalid(path, `${noun} ${quoted(name)} must be 1 to ${MAX_CONFIG_NAME} lower-case letters, digits, '-' and '.', with a letter or digit at both ends and around every '.'.`)];
}

/** The keys of these entries, each on its own and among the others. `path`: of the list. */
export function checkEntries(path: Path, entries: readonly ConfigEntry[]): DomainError[] {
  const errors: DomainError[] = [];
  const seen = new Set<string>();
  for (const [index, { key }] of entries.entries()) {
    if (errors.length >= MAX_FAULTS) break;
    const at = [...path, String(index), "key"];
    if (!isConfigKey(key)) errors.push(invalid(at, `The key ${quoted(key)} must be 1 to ${MAX_CONFIG_KEY} letters, digits, '-', '_' and '.', and must not be '.' or start with '..'.`));
    else if (seen.has(key)) errors.push(invalid(at, `The key ${quoted(key)} is given twice.`));
    seen.add(key);
  }
  return errors;
}

/** It becomes a file's name: none that means another folder. */
const isConfigKey = (key: string): boolean => key.length <= MAX_CONFIG_KEY && KEY.test(key) && key !== "." && !key.startsWith("..");

/** What a ConfigMap or Secret holds as a whole. `path`: of the list that it came from. */
export function checkSize(path: Path, entries: readonly ConfigEntry[]): DomainError[] {
  const bytes = entries.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
  return [
    ...(entries.length > MAX_CONFIG_KEYS ? [invalid(path, `It would have ${entries.length} keys; at most ${MAX_CONFIG_KEYS} are allowed.`)] : []),
    ...(bytes > MAX_CONFIG_BYTES ? [invalid(path, `The values have ${bytes} bytes together; at most ${MAX_CONFIG_BYTES} are allowed.`)] : []),
  ];
}

const KEYS_OF_TYPE: Readonly<Record<Exclude<SecretType, "OPAQUE">, readonly string[]>> = {
  REGISTRY: ["server", "username", "password"],
  TLS: ["tls.crt", "tls.key"],
};

/** Whether a Secret of this type may hold this. `path`: of the list that it came from. */
export function checkSecretContent(path: Path, type: SecretType, entries: readonly ConfigEntry[]): DomainError[] {
  const faults = checkSize(path, entries);
  if (entries.length === 0) faults.push(invalid(path, "A Secret needs at least one key."));
  if (faults.length > 0 || type === "OPAQUE") return faults;
  const values = new Map(entries.map(({ key, value }) => [key, value]));
  const wanted = KEYS_OF_TYPE[type];
  const missing = wanted.filter((key) => !values.has(key));
  const others = [...values.keys()].filter((key) => !wanted.includes(key));
  if (missing.length > 0 || others.length > 0) {
    const found = [...missing.map((key) => `${key} is missing`), ...others.slice(0, MAX_FAULTS).map((key) => `${quoted(key)} is none of them`)];
    return [invalid(path, `A Secret of the type ${type} has exactly the keys ${wanted.join(", ")}: ${found.join(", ")}.`)];
  }
  if (type === "TLS") return checkTlsPair(path, values.get("tls.crt") ?? "", values.get("tls.key") ?? "");
  return wanted.filter((key) => values.get(key)?.trim() === "").map((key) => invalid(path, `The value of ${key} is empty.`));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** A certificate, those that vouch for it after it, and its private key. When it is valid is not looked at: it may be meant for later. */
function checkTlsPair(path: Path, certificates: string, privateKey: string): DomainError[] {
  const chain = (certificates.match(CERTIFICATE) ?? []).map(parseCertificate);
  const [leaf] = chain;
  if (!leaf || chain.includes(null)) return [invalid(path, "The value of tls.crt must be one or more certificates in PEM, the server's own first.")];
  const key = parseKey(privateKey);
  if (!key) return [invalid(path, "The value of tls.key must be an unencrypted private key in PEM.")];
  return leaf.checkPrivateKey(key) ? [] : [invalid(path, "tls.crt and tls.key don't belong together: the certificate is of another key.")];
}

function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey({ key: pem, format: "pem" });
  } catch {
    return null;
  }
}

/** As contents are kept: by key. */
export const sortedEntries = (entries: readonly ConfigEntry[]): ConfigEntry[] =>
  entries.map(({ key, value }) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

/** Both sorted. */
export const sameEntries = (some: readonly ConfigEntry[], others: readonly ConfigEntry[]): boolean =>
  some.length === others.length && some.every(({ key, value }, index) => key === others[index]?.key && value === others[index]?.value);

/** These entries over those, less some; sorted. */
export function mergeEntries(before: readonly ConfigEntry[], set: readonly ConfigEntry[], remove: readonly string[]): ConfigEntry[] {
  const values = new Map(before.map(({ key, value }) => [key, value]));
  for (const key of remove) values.delete(key);
  for (const { key, value } of set) values.set(key, value);
  return sortedEntries([...values].map(([key, value]) => ({ key, value })));
}
