/**
 * What is other in one template than in another, field by field: for people who compare revisions.
 *
 * A path leads to what changed, by names where the members of a list have them: `containers.web.image`, `containers.web.env.MODE`,
 * `containers.web.ports.8080/TCP`, `volumes.data`. What only one of the two has is one change, as a whole, with null on the other side; a list whose
 * members have no names is compared as a whole. Where nothing changed but the order of a list, the names are told in both orders: the order of
 * environment variables, say, is part of what a container gets.
 *
 * Law: no changes exactly when the templates are equal.
 */
import { canonicalJson } from "./canonical.ts";
import { globalId } from "./ids.ts";
import type { PodTemplate } from "./pod-template.ts";

export interface Change {
  readonly path: string;
  /** JSON as the API shows it, ids are global; null: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

type Member = Readonly<Record<string, unknown>>;

/** How members of a list are told apart; `value`: they are shown as this, and not looked into. */
interface ListShape {
  readonly nameOf: (member: Member) => string;
  readonly value?: (member: Member) => unknown;
}

const text = (value: unknown): string => String(value);
const byName = (member: Member): string => text(member["name"]);

const LISTS: Readonly<Record<string, ListShape>> = {
  containers: { nameOf: byName },
  env: { nameOf: byName, value: ({ name: _name, ...source }) => source["value"] ?? source },
  ports: { nameOf: ({ name, containerPort, protocol }) => text(name ?? `${text(containerPort)}/${text(protocol)}`) },
  volumes: { nameOf: byName },
  volumeMounts: { nameOf: ({ mountPath }) => text(mountPath) },
  labels: { nameOf: ({ key }) => text(key), value: ({ value }) => value },
  imagePullSecrets: { nameOf: byName },
  affinity: { nameOf: ({ kind, topology, labels }) => [kind, topology, ...listOf(labels).filter(isObject).map(({ key, value }) => `${text(key)}=${text(value)}`)].join(" ") },
  logCollection: { nameOf: ({ container, path }) => `${text(container)}:${text(path ?? "stdout")}` },
};

/** What people look for comes first; the order in which a template's members happen to be stored says nothing. */
const ORDER = ["image", "cpuMillis", "memoryMiB", "command", "args", "env", "ports", "runtime", "containers", "volumes", "labels"];
const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
const inOrder = (one: string, other: string): number => rank(one) - rank(other) || (one < other ? -1 : 1);

export const changesOf = (before: PodTemplate, after: PodTemplate): Change[] => compare("", "", before, after);

function compare(path: string, member: string, before: unknown, after: unknown): Change[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  const whole = [{ path, before: shown(before, member), after: shown(after, member) }];
  const shape = LISTS[member];
  if (shape) return compareLists(path, shape, listOf(before), listOf(after)) ?? whole;
  if (!isObject(before) || !isObject(after) || before["type"] !== after["type"]) return whole;
  const members = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...members].toSorted(inOrder).flatMap((name) => compare(under(path, name), name, before[name], after[name]));
}

/** null: the members can't be told apart. */
function compareLists(path: string, shape: ListShape, before: readonly unknown[], after: readonly unknown[]): Change[] | null {
  const [old, present] = [named(shape, before), named(shape, after)];
  if (!old || !present) return null;
  const names = [...present.keys(), ...[...old.keys()].filter((name) => !present.has(name))];
  const changes = names.flatMap((name) => {
    const at = under(path, name);
    const [one, other] = [old.get(name), present.get(name)];
    if (one && other && !shape.value) return compare(at, "", one, other);
    if (canonicalJson(one ?? null) === canonicalJson(other ?? null)) return [];
    return [{ path: at, before: shownMember(shape, one), after: shownMember(shape, other) }];
  });
  const staying = (list: ReadonlyMap<string, Member>): string[] => [...list.keys()].filter((name) => old.has(name) && present.has(name));
  const moved = staying(old).join("\n") !== staying(present).join("\n");
  // What is new or gone between the others is told already; only where they changed places is there more to say.
  return moved || changes.length === 0 ? [...changes, { path, before: [...old.keys()], after: [...present.keys()] }] : changes;
}

function named({ nameOf }: ListShape, list: readonly unknown[]): Map<string, Member> | null {
  const members = list.filter(isObject);
  const map = new Map(members.map((member) => [nameOf(member), member]));
  return map.size === list.length ? map : null;
}

const shownMember = ({ value }: ListShape, member: Member | undefined): unknown => shown(member && value ? value(member) : member);

/** As the API shows it: ids are global there. */
function shown(value: unknown, member = ""): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => shown(item));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner, name)]));
  const type = ID_TYPES[member];
  return type !== undefined && typeof value === "string" ? globalId(type, value) : (value ?? null);
}

const ID_TYPES: Readonly<Record<string, string>> = { configMapId: "ConfigMap", secretId: "Secret" };

/** A template leaves empty lists out that came later. */
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const under = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
const isObject = (value: unknown): value is Member => typeof value === "object" && value !== null && !Array.isArray(value);
