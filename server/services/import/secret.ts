/**
 * Kubernetes' Secret (v1) as a Secret of ours. Pure. No value, nor a part of one, stands in a message; names of keys do.
 *
 *   Opaque and what it does not know   OPAQUE: the keys as they are
 *   kubernetes.io/dockerconfigjson     REGISTRY: server, username and password of its (first) registry
 *   kubernetes.io/tls                  TLS: tls.crt and tls.key
 */
import type { ConfigEntry } from "../../domain/configuration.ts";
import type { SecretType } from "../../domain/states.ts";
import { textOfBase64 } from "./base64.ts";
import { metadataOf } from "./metadata.ts";
import { boundedWarnings, isMap, ManifestReader, Notes } from "./reader.ts";

export interface SecretManifest {
  readonly name: string;
  /** null where it is not said: what is there stays. */
  readonly description: string | null;
  readonly type: SecretType;
  readonly data: readonly ConfigEntry[];
  /** Why it is nothing for this platform; then the rest means nothing. */
  readonly skipped: string | null;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const DOCKER_CONFIG = ".dockerconfigjson";
const TLS_KEYS = ["tls.crt", "tls.key"];

/** `namespace`: where the import goes. */
export function secretOfManifest(manifest: Readonly<Record<string, unknown>>, namespace: string): SecretManifest {
  const notes = new Notes();
  const top = new ManifestReader(manifest, notes);
  const { name, description, rest } = metadataOf(top, namespace);
  rest?.finish();
  const given = top.text("type") ?? "Opaque";
  const entries = entriesOf(top);
  if (top.flag("immutable") === true) top.warn("immutable", "is not honoured: it can be changed.");
  top.finish();
  const skipped = given === "kubernetes.io/service-account-token" ? "A token of a service account belongs to the cluster that it comes from." : null;
  const { type, data } = typed(top, given, entries);
  return { name, description, type, data, skipped, errors: notes.errors, warnings: boundedWarnings(notes.warnings) };
}

/** stringData comes before data, key by key, as in Kubernetes. */
function entriesOf(top: ManifestReader): Map<string, string> {
  const entries = new Map<string, string>();
  const plain = top.pairs("stringData");
  const overridden = new Set(plain.map(({ key }) => key));
  for (const { key, value } of top.pairs("data")) {
    if (overridden.has(key)) continue;
    const decoded = textOfBase64(value);
    if (!decoded.ok) top.fail(`data.${key}`, "must be base64.");
    else if (decoded.text === null) top.warn(`data.${key}`, "is not honoured: it is not text, and is left out.");
    else entries.set(key, decoded.text);
  }
  for (const { key, value } of plain) entries.set(key, value);
  return entries;
}

function typed(top: ManifestReader, given: string, entries: ReadonlyMap<string, string>): { type: SecretType; data: ConfigEntry[] } {
  const data = [...entries].map(([key, value]) => ({ key, value }));
  if (given === "kubernetes.io/dockerconfigjson") return { type: "REGISTRY", data: registryOf(top, entries) };
  if (given === "kubernetes.io/tls") {
    for (const key of entries.keys()) if (!TLS_KEYS.includes(key)) top.warn(`data.${key}`, "is not honoured: a Secret of type TLS holds tls.crt and tls.key alone.");
    return { type: "TLS", data: data.filter(({ key }) => TLS_KEYS.includes(key)) };
  }
  if (given !== "Opaque" && given !== "") top.warn("type", "is not honoured: its keys are kept as those of an Opaque one.");
  return { type: "OPAQUE", data };
}

function registryOf(top: ManifestReader, entries: ReadonlyMap<string, string>): ConfigEntry[] {
  const at = `data.${DOCKER_CONFIG}`;
  for (const key of entries.keys()) if (key !== DOCKER_CONFIG) top.warn(`data.${key}`, `is not honoured: a registry's login is in ${DOCKER_CONFIG} alone.`);
  const text = entries.get(DOCKER_CONFIG);
  const config = text === undefined ? undefined : parsed(text);
  const auths = isMap(config) && isMap(config["auths"]) ? Object.entries(config["auths"]) : [];
  const [first] = auths;
  if (!first) {
    top.fail(at, "must be JSON with a registry in auths.");
    return [];
  }
  if (auths.length > 1) top.warn(at, `has ${auths.length} registries: the first is taken, and the others are left out.`);
  const [server, login] = first;
  const { username, password } = loginOf(login);
  if (username === null || password === null) {
    top.fail(at, "must have a username and a password, or both in auth.");
    return [];
  }
  return [{ key: "server", value: server }, { key: "username", value: username }, { key: "password", value: password }];
}

interface Login {
  readonly username: string | null;
  readonly password: string | null;
}

/** Said by themselves, or together in `auth`: the base64 of username:password. */
function loginOf(login: unknown): Login {
  if (!isMap(login)) return { username: null, password: null };
  const { username, password, auth } = login;
  if (typeof username === "string" && typeof password === "string") return { username, password };
  const decoded = typeof auth === "string" ? textOfBase64(auth) : null;
  const text = decoded?.ok ? decoded.text : null;
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon === -1) return { username: null, password: null };
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
