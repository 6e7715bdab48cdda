/** Environment variables of a manifest's container. Their values never stand in a message. */
import { checkEnvName } from "../../domain/names.ts";
import type { ConfigKind } from "../../domain/placement.ts";
import type { EnvVar } from "../../domain/pod-template.ts";
import { quoted } from "../../domain/text.ts";
import type { ManifestReader } from "./reader.ts";
import type { FindConfig, KnownConfig } from "./references.ts";

const REFERENCES = [
  { all: "configMapRef", one: "configMapKeyRef", kind: "ConfigMap" },
  { all: "secretRef", one: "secretKeyRef", kind: "Secret" },
] as const;

/** As in Kubernetes: of whole ConfigMaps and Secrets a later one wins, and a variable of its own over all of them. */
export function envOf(container: ManifestReader, find: FindConfig): EnvVar[] {
  const whole = new Map<string, EnvVar>();
  for (const source of container.maps("envFrom")) for (const variable of allOf(source, find)) whole.set(variable.name, variable);
  const own = container.maps("env").flatMap((entry) => variableOf(entry, find));
  for (const { name } of own) whole.delete(name);
  return [...whole.values(), ...own];
}

function allOf(source: ManifestReader, find: FindConfig): EnvVar[] {
  const prefix = source.text("prefix") ?? "";
  const variables = REFERENCES.flatMap(({ all, kind }): EnvVar[] => {
    const reference = source.map(all);
    if (!reference) return [];
    const found = referred(reference, kind, find, "it is left out");
    reference.finish();
    if (!found) return [];
    source.warn(all, "is expanded to the keys that there are now: keys that are added later are not followed.");
    const named = found.known.keys.map((key) => ({ key, name: `${prefix}${key}` }));
    const fit = named.filter(({ name }) => checkEnvName([], name).length === 0);
    if (fit.length < named.length) source.warn(all, "has keys that can't be names of variables: they are left out.");
    return fit.map(({ key, name }) => variable(name, kind, found, key));
  });
  if (!REFERENCES.some(({ all }) => source.has(all))) source.fail("", "must have a configMapRef or a secretRef.");
  source.finish();
  return variables;
}

function variableOf(entry: ManifestReader, find: FindConfig): EnvVar[] {
  const name = entry.text("name") ?? "";
  const value = entry.text("value");
  const from = entry.map("valueFrom");
  entry.finish();
  if (!from) return [{ name, value: value ?? "" }];
  if (value !== null && value !== "") entry.fail("valueFrom", "must not stand beside a value.");
  for (const { one, kind } of REFERENCES) {
    const reference = from.map(one);
    if (!reference) continue;
    const key = reference.text("key") ?? "";
    const optional = reference.flag("optional") === true;
    const found = referred(reference, kind, find, "the variable is left out");
    reference.finish();
    from.finish();
    if (!found) return [];
    if (found.known.keys.includes(key)) return [variable(name, kind, found, key)];
    if (optional) reference.warn("key", `${quoted(key)} is no key of ${kind} ${quoted(found.name)}: the variable is left out.`);
    else reference.fail("key", `${quoted(key)} is no key of ${kind} ${quoted(found.name)}.`);
    return [];
  }
  entry.warn("valueFrom", "is not honoured: the variable is left out.");
  return [];
}

interface Found {
  readonly name: string;
  readonly known: KnownConfig;
}

/** What a reference by name leads to; what is not there is a fault, unless the manifest says that it need not be. */
export function referred(reference: ManifestReader, kind: ConfigKind, find: FindConfig, otherwise: string, field = "name"): Found | null {
  const name = reference.text(field) ?? "";
  const optional = reference.flag("optional") === true;
  const known = find(kind, name);
  if (known) return { name, known };
  if (optional) reference.warn(field, `${quoted(name)} is no ${kind} of this namespace: ${otherwise}.`);
  else reference.fail(field, `${quoted(name)} is no ${kind} of this namespace.`);
  return null;
}

const variable = (name: string, kind: ConfigKind, { name: of, known: { id } }: Found, key: string): EnvVar =>
  kind === "ConfigMap" ? { name, configMapKey: { configMapId: id, name: of, key } } : { name, secretKey: { secretId: id, name: of, key } };
