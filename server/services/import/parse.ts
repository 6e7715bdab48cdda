/**
 * Kubernetes YAML as plain values: several documents, Lists unfolded. Nothing here knows what the documents mean, so no message repeats a word
 * of them: it might be a password.
 * What comes out is a tree: without cycles, of at most MAX_NODES values, whatever its aliases unfold to.
 */
import { type Document, isAlias, isCollection, isScalar, LineCounter, parseAllDocuments, visit } from "yaml";
import { accepted, type DomainError, invalid, type Outcome, refused } from "../../domain/errors.ts";

export const IMPORT_LIMITS = { bytes: 1_048_576, documents: 200, aliases: 100 } as const;

const PATH = ["input", "yaml"];
const MAX_ERRORS = 5;
const MAX_MESSAGE = 200;
const MAX_DEPTH = 64;
const MAX_NODES = 200_000;

export interface ManifestDocument {
  readonly value: unknown;
  /** Where its document begins, from 1. */
  readonly line: number;
}

/** Every document that says anything, in order; or what is wrong with the text, each fault with its line and column. */
export function parseManifests(yaml: string): Outcome<ManifestDocument[]> {
  const lines = new LineCounter();
  // The library compares every key of a map with every other one: keys are compared below, once each.
  const parsed = parseAllDocuments(yaml, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false, logLevel: "silent" });
  const parts = "empty" in parsed ? [] : parsed;
  const faults: Fault[] = [];
  for (const part of parts) {
    if (faults.length >= MAX_ERRORS) break;
    // Never as many arguments as there are faults: a text may have more than a call can take.
    const errors = part.errors.slice(0, MAX_ERRORS);
    faults.push(...errors.map(({ code, pos, message }) => ({ offset: pos[0], message: WORDS[code] ?? withoutSource(message) })));
    if (errors.length === 0) faults.push(...faultyKeys(part));
  }
  if (faults.length > 0) return refused(...faults.slice(0, MAX_ERRORS).map((fault) => faultAt(lines, fault)));

  const documents: ManifestDocument[] = [];
  const budget = { nodes: MAX_NODES };
  for (const part of parts) {
    const offset = part.contents?.range?.[0] ?? part.range[0];
    const value = plain(part, budget);
    if (!value.ok) return refused(faultAt(lines, { offset, message: value.message }));
    if (value.value === null || value.value === undefined) continue;
    const { line } = lines.linePos(offset);
    for (const item of unfold(value.value)) documents.push({ value: item, line });
    if (documents.length > IMPORT_LIMITS.documents)
      return refused(invalid(PATH, `The YAML has more than ${IMPORT_LIMITS.documents} objects.`));
  }
  return documents.length > 0 ? accepted(documents) : refused(invalid(PATH, "The YAML has no objects."));
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

const TOO_DEEP = "It is nested too deeply";

/** In place of the library's messages that have a piece of the document somewhere in them. */
const WORDS: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: TOO_DEEP,
  BAD_DIRECTIVE: "It has a directive that is not known",
  BAD_DQ_ESCAPE: "Invalid escape sequence",
  IMPOSSIBLE: "It is no YAML",
  TAG_RESOLVE_FAILED: "It has a tag that is not known",
};

/** The others have it after a colon: `Unexpected scalar token in YAML stream: "…"`. */
const withoutSource = (message: string): string => message.replace(/(?<=[\w)]):\s.*$/su, "");

function faultAt(lines: LineCounter, { offset, message }: Fault): DomainError {
  const { line, col } = lines.linePos(offset);
  const said = (message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE).toWellFormed()}…` : message).replace(/[\s.]+$/, "");
  return invalid(PATH, `The YAML can't be read at line ${line}, column ${col}: ${said}.`);
}

/** The first few. */
function faultyKeys(document: Document.Parsed): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (faults.length >= MAX_ERRORS) break;
        // It would become a key by being written out: with whatever values it holds, or the one that its anchor is of.
        if (isCollection(key) || isAlias(key)) faults.push({ offset: key.range?.[0] ?? 0, message: "A key must be text" });
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value)) faults.push({ offset: key.range?.[0] ?? 0, message: "The key is given twice" });
        seen.add(key.value);
      }
      return faults.length < MAX_ERRORS ? undefined : visit.BREAK;
    },
  });
  return faults;
}

type Plain = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

function plain(document: Document.Parsed, budget: { nodes: number }): Plain {
  try {
    const value: unknown = document.toJS({ maxAliasCount: IMPORT_LIMITS.aliases });
    const excess = tooLarge(value, budget);
    return excess === null ? { ok: true, value } : { ok: false, message: excess };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, message: TOO_DEEP };
    // Unknown and excessive aliases.
    if (error instanceof ReferenceError) return { ok: false, message: withoutSource(error.message) };
    // The library throws this as any Error: it is the text's fault, too.
    return { ok: false, message: "It merges (<<) what is no map, or stands for nothing" };
  }
}

/** Counted as a tree, so that an alias costs what it stands for; a cycle is infinitely deep. */
function tooLarge(root: unknown, budget: { nodes: number }): string | null {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let item = open.pop(); item; item = open.pop()) {
    budget.nodes -= 1;
    if (budget.nodes < 0) return `It unfolds to more than ${MAX_NODES} values`;
    if (item.value === null || typeof item.value !== "object") continue;
    if (item.depth >= MAX_DEPTH) return TOO_DEEP;
    for (const member of Object.values(item.value)) open.push({ value: member, depth: item.depth + 1 });
  }
  return null;
}

/** `kubectl get -o yaml` wraps several objects in a List. */
function unfold(value: unknown): unknown[] {
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return kind === "List" && Array.isArray(items) ? items : [value];
}
