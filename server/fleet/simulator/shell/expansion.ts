/**
 * What words stand for: variables, output of commands, sums, patterns of file names, and the fields that unquoted ones are split into. Bounded, each of them and all
 * that a shell keeps.
 */
import { resolvePath } from "./files.ts";
import { escapedName, isFileNamePattern } from "./pattern.ts";
import { PIPE } from "./pipes.ts";
import { BLANKS, cut, type Fields, MOST_CUT, patternOf, splitAt } from "./splitting.ts";
import { sumOf } from "./sum.ts";
import { type List, NAME, type Part, type Word } from "./syntax.ts";
import { Complaint, type Environment, type Io, type Program, type Running, type Sink } from "./world.ts";

export const MOST_EXPANDED = 256 * 1_024;
export const MOST_WORDS = 4_096;
const MOST_VARIABLES = 256 * 1_024;

/** One word of what a word stands for; its pattern has what was quoted escaped. */
interface Field {
  readonly text: string;
  readonly pattern: string;
}

/** The shell that expands. */
export interface Expanding {
  readonly environment: Environment;
  /** Its name, and what it was called with. */
  parameters(): readonly string[];
  /** Of the last command. */
  status(): number;
  /** Runs what stands in a word. */
  substitute(list: List, io: Io): Program;
}

export class Expansion {
  readonly #shell: Expanding;

  constructor(shell: Expanding) {
    this.#shell = shell;
  }

  *words(words: readonly Word[], io: Io): Running<string[]> {
    const all: string[] = [];
    for (const word of words) {
      for (const field of yield* this.#fields(word, io)) {
        all.push(...this.#fileNames(field));
        if (all.length > MOST_WORDS) throw new Complaint("argument list too long", 126);
      }
    }
    return all;
  }

  /** One field, or as many as unquoted expansions split into. */
  *#fields(word: Word, io: Io, isInner = false): Running<Field[]> {
    const fields: Field[] = [];
    let current: { text: string; pattern: string } | null = null;
    const add = (text: string, isQuoted: boolean): void => {
      current ??= { text: "", pattern: "" };
      if (current.text.length + text.length > MOST_EXPANDED) throw new Complaint("word is too long", 126);
      current.text += text;
      current.pattern += isQuoted ? escapedName(text) : text;
    };
    const end = (): void => {
      fields.push(current ?? { text: "", pattern: "" });
      current = null;
      if (fields.length > MOST_WORDS) throw new Complaint("argument list too long", 126);
    };
    const into: Fields = { add: (text) => add(text, false), end, isBegun: () => current !== null };
    for (const [index, part] of word.entries()) {
      if (part.kind === "text" && isInner && !part.quoted) splitAt(this.separators(), part.text, into);
      else if (part.kind === "text") add(index === 0 && !part.quoted ? this.#home(part.text) : part.text, part.quoted);
      else if (part.kind === "variable" && (part.name === "@" || (part.name === "*" && !part.quoted)) && part.operator === "") {
        for (const [at, argument] of this.#shell.parameters().slice(1).entries()) {
          if (at > 0 && (part.quoted || current !== null)) end();
          if (part.quoted) add(argument, true);
          else splitAt(this.separators(), argument, into);
        }
      } else if (part.kind === "variable" && !part.quoted && this.#isReplaced(part)) {
        // As if it were written there.
        const inner = yield* this.#fields(part.word, io, true);
        for (const [at, { text, pattern }] of inner.entries()) {
          if (at > 0) end();
          current ??= { text: "", pattern: "" };
          current = { text: `${current.text}${text}`, pattern: `${current.pattern}${pattern}` };
        }
      } else {
        const value = yield* this.#part(part, io);
        if (part.quoted) add(value, true);
        else splitAt(this.separators(), value, into);
      }
    }
    if (current !== null) end();
    return fields;
  }

  separators(): string {
    return this.#shell.environment.variables.get("IFS") ?? BLANKS;
  }

  /** As one text, where nothing is split and no file is looked for. */
  *joined(word: Word, io: Io): Running<string> {
    let text = "";
    for (const [index, part] of word.entries()) {
      const value = yield* this.#part(part, io);
      text += part.kind === "text" && !part.quoted && index === 0 ? this.#home(value) : value;
      if (text.length > MOST_EXPANDED) throw new Complaint("word is too long", 126);
    }
    return text;
  }

  /** The same, as a pattern. */
  *pattern(word: Word, io: Io): Running<string> {
    let pattern = "";
    for (const part of word) {
      const value = yield* this.#part(part, io);
      pattern += part.quoted ? escapedName(value) : value;
      if (pattern.length > MOST_CUT) throw new Complaint("the pattern is too long", 2);
    }
    return pattern;
  }

  #home(text: string): string {
    return text === "~" || text.startsWith("~/") ? `${this.#shell.environment.variables.get("HOME") ?? "/"}${text.slice(1)}` : text;
  }

  /** Whether the word of an expansion stands for its value. */
  #isReplaced({ name, operator, colon }: Part & { readonly kind: "variable" }): boolean {
    const value = this.variable(name);
    const isSet = value !== undefined && !(colon && value === "");
    return operator === "+" ? isSet : operator === "-" && !isSet;
  }

  *#part(part: Part, io: Io): Running<string> {
    switch (part.kind) {
      case "text":
        return part.text;
      case "variable": {
        const value = this.variable(part.name);
        if (this.#isReplaced(part)) return yield* this.joined(part.word, io);
        switch (part.operator) {
          case "length":
            return String((value ?? "").length);
          case "+":
            return "";
          case "=":
            if (value !== undefined && !(part.colon && value === "")) return value;
            if (!NAME.test(part.name)) throw new Complaint(`${part.name}: bad variable name`, 2);
            return this.assign(part.name, yield* this.joined(part.word, io));
          case "?":
            if (value !== undefined && !(part.colon && value === "")) return value;
            throw new Complaint(`${part.name}: ${(yield* this.joined(part.word, io)) || "parameter not set"}`, 2);
          case "%":
          case "%%":
          case "#":
          case "##":
            return yield* cut(value ?? "", part.operator, patternOf(yield* this.pattern(part.word, io)));
          default:
            return value ?? "";
        }
      }
      case "sum": {
        const text = yield* this.joined(part.word, io);
        return sumOf(text, { get: (name) => this.variable(name) ?? "", set: (name, value) => void this.assign(name, value) });
      }
      case "command": {
        let text = "";
        const out: Sink = {
          room: PIPE,
          write: (piece) => {
            text += piece;
            if (text.length > MOST_EXPANDED) throw new Complaint("output is too long", 126);
          },
        };
        yield* this.#shell.substitute(part.list, { ...io, out });
        return text.replace(/\n+$/, "");
      }
    }
  }

  variable(name: string): string | undefined {
    switch (name) {
      case "?":
        return String(this.#shell.status());
      case "$":
        return "7";
      case "!":
        return "";
      case "#":
        return String(this.#shell.parameters().length - 1);
      case "@":
      case "*":
        return this.#shell.parameters().slice(1).join(name === "*" ? this.separators().slice(0, 1) : " ");
      case "COLUMNS":
      case "LINES": {
        const size = this.#shell.environment.size();
        return size === null ? this.#shell.environment.variables.get(name) : String(name === "LINES" ? size.rows : size.columns);
      }
      default:
        return /^\d+$/.test(name) ? this.#shell.parameters()[Number(name)] : this.#shell.environment.variables.get(name);
    }
  }

  assign(name: string, value: string): string {
    const { variables } = this.#shell.environment;
    variables.set(name, value);
    let size = 0;
    for (const [key, text] of variables) size += key.length + text.length;
    if (size > MOST_VARIABLES) {
      variables.delete(name);
      throw new Complaint("out of memory", 126);
    }
    return value;
  }

  /** Of patterns only the last part of a path may be one. */
  #fileNames({ text, pattern }: Field): string[] {
    if (pattern.length > MOST_CUT || !isFileNamePattern(pattern)) return [text];
    const { files, cwd } = this.#shell.environment;
    const folder = text.slice(0, text.lastIndexOf("/") + 1);
    const slash = pattern.lastIndexOf("/");
    if (isFileNamePattern(pattern.slice(0, slash + 1))) return [text];
    const names = patternOf(pattern.slice(slash + 1));
    const found = files.list(resolvePath(cwd, folder || ".")).filter((name) => (!name.startsWith(".") || pattern[slash + 1] === ".") && names.test(name.slice(0, MOST_CUT))).map((name) => `${folder}${name}`);
    return found.length > 0 ? found : [text];
  }
}
