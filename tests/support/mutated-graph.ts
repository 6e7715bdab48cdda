import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { compileFunction } from "node:vm";
/** A fault planted into a module: this text, which is there once, is replaced. */
export interface Fault {
  readonly name: string;
  readonly text: string;
  readonly by: string;
}
/** And the module: a path from the project's root. */
export interface PlacedFault extends Fault {
  readonly path: string;
}

type Exports = Readonly<Record<string, unknown>>;
interface Source {
  readonly text: string;
  readonly code: string;
}

/**
 * Modules that import each other, loaded from their texts with faults in them: a few milliseconds a load, for many faults in few files (planted-graph.ts loads a whole
 * server, in seconds). What these import from elsewhere is what the test itself has, so that
 * classes and marks are the same ones on both sides.
 *
 *   within     from its text, once a load      import { a, b as c } from "…" ──▶ const { a, b: c } = …      export const a ──▶ const a, returned
 *   elsewhere  the test's own                  a form of import or export that is not known fails the load
 */
export class MutableGraph {
  readonly #root = path.resolve(import.meta.dirname, "../..");
  readonly #within: readonly string[];
  readonly #sources = new Map<string, Source>();
  readonly #elsewhere = new Map<string, Exports>();

  /** Folders and files, as paths from the project's root. */
  constructor(within: readonly string[]) {
    this.#within = within;
  }

  /** @throws where the fault's text is not there once */
  async load<Module>(entry: string, faults: readonly PlacedFault[] = []): Promise<Module> {
    for (const { path: file } of faults) if (!this.#isWithin(file)) throw new Error(`${file} is not loaded from its text`);
    return (await this.#module(entry, faults, new Map())) as Module;
  }

  #isWithin(file: string): boolean {
    return this.#within.some((one) => file === one || file.startsWith(`${one}/`));
  }

  async #module(file: string, faults: readonly PlacedFault[], loaded: Map<string, Exports>): Promise<Exports> {
    const known = loaded.get(file);
    if (known) return known;
    const { text, code } = await this.#source(file);
    const here = faults.filter((fault) => fault.path === file);
    const { body, imports, exports } = linked(file, here.length > 0 ? stripTypeScriptTypes(here.reduce((changed, fault) => replaced(changed, fault), text)) : code);
    const given: Record<string, Exports> = {};
    // oxlint-disable-next-line no-await-in-loop -- a module that two others import is loaded once
    for (const specifier of imports) given[specifier] = await this.#imported(file, specifier, faults, loaded);
    const made = compileFunction(`"use strict";${body}\nreturn { ${exports.join(", ")} };`, [GIVEN], { filename: file })(given) as Exports;
    loaded.set(file, made);
    return made;
  }

  async #imported(from: string, specifier: string, faults: readonly PlacedFault[], loaded: Map<string, Exports>): Promise<Exports> {
    const file = specifier.startsWith(".") ? path.join(path.dirname(from), specifier) : specifier;
    if (this.#isWithin(file)) return this.#module(file, faults, loaded);
    const known = this.#elsewhere.get(file);
    if (known) return known;
    const own = (await import(/* @vite-ignore */ specifier.startsWith(".") ? path.join(this.#root, file) : specifier)) as Exports;
    this.#elsewhere.set(file, own);
    return own;
  }

  async #source(file: string): Promise<Source> {
    const known = this.#sources.get(file);
    if (known) return known;
    const text = await readFile(path.join(this.#root, file), "utf8");
    const source = { text, code: stripTypeScriptTypes(text) };
    this.#sources.set(file, source);
    return source;
  }
}

function replaced(source: string, { path: file, text, by }: PlacedFault): string {
  if (source.split(text).length !== 2) throw new Error(`${file} does not have this text once: ${text}`);
  return source.replace(text, () => by);
}

/** No module has a name like this. */
const GIVEN = "__given__";
const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";/gm;
const EXPORT = /^export (?=(?:const|class|function\*?|async function) (\w+))/gm;

function linked(file: string, code: string): { readonly body: string; readonly imports: readonly string[]; readonly exports: readonly string[] } {
  const imports: string[] = [];
  const exports: string[] = [];
  const body = code
    .replace(IMPORT, (_all, names: string, specifier: string) => {
      imports.push(specifier);
      return `const {${names.replace(/\b(\w+) as (\w+)\b/g, "$1: $2")}} = ${GIVEN}[${JSON.stringify(specifier)}];`;
    })
    .replace(EXPORT, (_all, name: string) => {
      exports.push(name);
      return "";
    });
  const [left] = /^(?:import|export)\b.*/m.exec(body) ?? [];
  if (left !== undefined) throw new Error(`${file} has a form that is not known: ${left}`);
  return { body, imports, exports };
}
