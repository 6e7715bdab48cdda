import { isMap, type Manifest } from "./read.ts";

/** A field that differs: its path, and its text before and after; null where it is not there. */
export interface FieldChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What differs between two objects, by path, in the order of the paths. Lists of named things are compared by name, not by place. */
export function compareFields(before: unknown, after: unknown): FieldChange[] {
  const [old, young] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((path) => old.get(path) !== young.get(path))
    .toSorted()
    .map((path) => ({ path, before: old.get(path) ?? null, after: young.get(path) ?? null }));
}

/** Every leaf by its path, e.g. `spec.template.spec.containers[web].image`. */
export function fieldsOf(value: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  const walk = (at: string, one: unknown): void => {
    if (Array.isArray(one) && one.length > 0 && one.every(isMap)) {
      const key = keyOf(one);
      for (const [index, item] of one.entries()) walk(`${at}[${key === null ? index : key.of(item)}]`, key === null ? item : key.rest(item));
    } else if (isMap(one) && Object.keys(one).length > 0) {
      for (const [name, item] of Object.entries(one)) walk(at === "" ? name : /^[\w-]+$/.test(name) ? `${at}.${name}` : `${at}[${name}]`, item);
    } else fields.set(at, typeof one === "string" ? one : JSON.stringify(one));
  };
  walk("", value);
  return fields;
}

interface Key {
  readonly of: (item: Manifest) => string;
  /** Without what the key has said. */
  readonly rest: (item: Manifest) => Manifest;
}

const KEYS: readonly (readonly string[])[] = [["mountPath"], ["containerPort", "protocol"], ["port", "protocol"], ["name"]];

/** The members that tell the items of a list apart; null where none do. */
function keyOf(items: readonly Manifest[]): Key | null {
  for (const members of KEYS) {
    const texts = items.map((item) => members.map((member) => item[member]));
    if (!texts.every((parts) => parts.every((part) => typeof part === "string" || typeof part === "number"))) continue;
    if (new Set(texts.map((parts) => parts.join("/"))).size < items.length) continue;
    return {
      of: (item) => members.map((member) => String(item[member])).join("/"),
      rest: (item) => {
        const rest = Object.fromEntries(Object.entries(item).filter(([member]) => !members.includes(member)));
        // An item that is nothing but its key is there all the same.
        return Object.keys(rest).length === 0 ? item : rest;
      },
    };
  }
  return null;
}

/** Rows of two texts that either has: " " both, "-" the old one, "+" the new one; long runs of the same are folded. Longest common subsequence. */
export function compareLines(before: string, after: string): string[] {
  // The end of the last line is no line of its own, unless only one of the two has it.
  const ended = before.endsWith("\n") && after.endsWith("\n");
  const [old, young] = [before, after].map((text) => (ended ? text.slice(0, -1) : text).split("\n")) as [string[], string[]];
  if (old.length * young.length > MOST_COMPARISONS) return [...old.map((line) => `- ${line}`), ...young.map((line) => `+ ${line}`)];
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(young.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = young.length - 1; j >= 0; j -= 1) (lengths[i] as Uint32Array)[j] = old[i] === young[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      lines.push(`  ${old[i]}`);
      i += 1;
      j += 1;
    } else if (j >= young.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${old[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${young[j]}`);
      j += 1;
    }
  }
  return folded(lines);
}

const MOST_COMPARISONS = 4_000_000;
const CONTEXT = 2;

function folded(lines: readonly string[]): string[] {
  const near = lines.map((_line, index) => lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith(" ")));
  return lines.flatMap((line, index) => (near[index] === true ? [line] : near[index - 1] === true || index === 0 ? ["  …"] : []));
}
