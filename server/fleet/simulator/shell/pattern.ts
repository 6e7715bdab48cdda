/**
 * Regular expressions, and the patterns of file names, matched in time that grows with pattern × text: no text makes one that a person typed take for ever.
 * What there is: literals, `.`, `[…]`, `^`, `$`, `*`, `+`, `?`, `|`, `(…)`, `\` before anything.
 */
import { Complaint } from "./world.ts";

type Accepts = (code: number) => boolean;
/** Instructions of a machine that walks all ways at once. */
type Instruction = { readonly kind: "one"; readonly accepts: Accepts } | { readonly kind: "split"; a: number; b: number } | { readonly kind: "begin" } | { readonly kind: "end" } | { readonly kind: "match" };

const MOST = 256;

export class Pattern {
  readonly #code: readonly Instruction[];

  constructor(source: string, { ignoreCase = false }: { readonly ignoreCase?: boolean } = {}) {
    this.#code = new Compiler(source, ignoreCase).compile();
  }

  /** Whether it is somewhere in the text. */
  test(text: string): boolean {
    const code = this.#code;
    let current = new Set<number>();
    const add = (set: Set<number>, start: number, at: number): boolean => {
      const stack = [start];
      for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
        if (set.has(index)) continue;
        set.add(index);
        const instruction = code[index] as Instruction;
        if (instruction.kind === "match") return true;
        if (instruction.kind === "split") stack.push(instruction.b, instruction.a);
        if ((instruction.kind === "begin" && at === 0) || (instruction.kind === "end" && at === text.length)) stack.push(index + 1);
      }
      return false;
    };
    for (let at = 0; ; at += 1) {
      if (add(current, 0, at)) return true;
      if (at >= text.length) return false;
      const next = new Set<number>();
      const character = text.charCodeAt(at);
      for (const index of current) {
        const instruction = code[index] as Instruction;
        if (instruction.kind === "one" && instruction.accepts(character) && add(next, index + 1, at + 1)) return true;
      }
      current = next;
    }
  }
}

class Compiler {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  readonly #code: Instruction[] = [];
  #at = 0;
  #depth = 0;

  constructor(source: string, ignoreCase: boolean) {
    if (source.length > MOST) throw new Complaint("the pattern is too long", 2);
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  compile(): readonly Instruction[] {
    this.#alternatives();
    if (this.#at < this.#source.length) throw new Complaint("bad pattern: unmatched )", 2);
    this.#code.push({ kind: "match" });
    return this.#code;
  }

  #alternatives(): void {
    if ((this.#depth += 1) > 50) throw new Complaint("the pattern is nested too deeply", 2);
    const jumps: (Instruction & { kind: "split" })[] = [];
    for (;;) {
      const start = this.#code.length;
      this.#sequence();
      if (this.#source[this.#at] !== "|") break;
      this.#at += 1;
      // Either what was just written, or what follows.
      this.#insert(start);
      const jump: Instruction & { kind: "split" } = { kind: "split", a: 0, b: 0 };
      this.#code.push(jump);
      jumps.push(jump);
      this.#code[start] = { kind: "split", a: start + 1, b: this.#code.length };
    }
    for (const jump of jumps) jump.a = jump.b = this.#code.length;
    this.#depth -= 1;
  }

  #sequence(): void {
    while (this.#at < this.#source.length && this.#source[this.#at] !== "|" && this.#source[this.#at] !== ")") {
      const start = this.#code.length;
      this.#atom();
      for (let next = this.#source[this.#at]; next === "*" || next === "+" || next === "?"; next = this.#source[this.#at]) {
        this.#at += 1;
        this.#repeat(next, start);
      }
    }
  }

  #repeat(how: string, start: number): void {
    if (how === "+") return void this.#code.push({ kind: "split", a: start, b: this.#code.length + 1 });
    this.#insert(start);
    if (how === "*") this.#code.push({ kind: "split", a: start, b: start });
    this.#code[start] = { kind: "split", a: start + 1, b: this.#code.length };
  }

  /** Makes room before what begins there. */
  #insert(start: number): void {
    for (const instruction of this.#code.slice(start)) {
      if (instruction.kind !== "split") continue;
      if (instruction.a >= start) instruction.a += 1;
      if (instruction.b >= start) instruction.b += 1;
    }
    this.#code.splice(start, 0, { kind: "split", a: 0, b: 0 });
    if (this.#code.length > 2 * MOST) throw new Complaint("the pattern is too long", 2);
  }

  #atom(): void {
    const character = this.#source[this.#at++] as string;
    switch (character) {
      case "(":
        this.#alternatives();
        if (this.#source[this.#at++] !== ")") throw new Complaint("bad pattern: unmatched (", 2);
        return;
      case ".":
        return void this.#code.push({ kind: "one", accepts: () => true });
      case "^":
        return void this.#code.push({ kind: "begin" });
      case "$":
        return void this.#code.push({ kind: "end" });
      case "[":
        return void this.#code.push({ kind: "one", accepts: this.#set() });
      case "\\":
        return this.#literal(this.#source[this.#at++] ?? "\\");
      default:
        return this.#literal(character);
    }
  }

  #literal(character: string): void {
    const codes = this.#ignoreCase ? [character.toLowerCase().charCodeAt(0), character.toUpperCase().charCodeAt(0)] : [character.charCodeAt(0)];
    this.#code.push({ kind: "one", accepts: (code) => codes.includes(code) });
  }

  #set(): Accepts {
    const isNegated = this.#source[this.#at] === "^" || this.#source[this.#at] === "!";
    if (isNegated) this.#at += 1;
    const ranges: [number, number][] = [];
    for (let first = true; this.#at < this.#source.length && (first || this.#source[this.#at] !== "]"); first = false) {
      const from = this.#source.charCodeAt(this.#at++);
      const isRange = this.#source[this.#at] === "-" && this.#at + 1 < this.#source.length && this.#source[this.#at + 1] !== "]";
      ranges.push([from, isRange ? this.#source.charCodeAt(this.#at + 1) : from]);
      if (isRange) this.#at += 2;
    }
    if (this.#source[this.#at++] !== "]") throw new Complaint("bad pattern: unmatched [", 2);
    return (code) => ranges.some(([from, to]) => code >= from && code <= to) !== isNegated;
  }
}

/** Of the pattern of a file name: `*`, `?`, `[…]`, and `\` before what stands for itself. */
export function fileNamePattern(glob: string): Pattern {
  let source = "^";
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] as string;
    const set = character === "[" ? SET.exec(glob.slice(at, at + MOST))?.[0] : undefined;
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else if (set !== undefined) {
      source += set;
      at += set.length - 1;
    } else source += `\\${character === "\\" ? (glob[(at += 1)] ?? "\\") : character}`;
  }
  return new Pattern(`${source}$`);
}
const SET = /^\[[!^]?\]?[^\]\\]*\]/;
export const isFileNamePattern = (pattern: string): boolean => /[*?]|\[.*\]/.test(pattern.replace(/\\./g, ""));
/** A text as a pattern that it alone matches. */
export const escapedName = (text: string): string => text.replace(/[*?[\]\\]/g, "\\$&");
