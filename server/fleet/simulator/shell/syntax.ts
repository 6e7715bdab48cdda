/**
 * The shell's language: as much of POSIX sh as people type.
 *
 *   list      pipeline (&&, ||, ;, &, newline) pipeline …
 *   pipeline  [!] command | command …
 *   command   NAME=word … word … with <, >, >>, 2>, 2>>, 2>&1, >&2, &>      { list; }      ( list )
 *             if list; then list; elif …; else …; fi      while|until list; do list; done      for NAME in word …; do list; done
 *   word      plain, 'single', "double", $NAME, ${NAME}, ${NAME:-word}, ${#NAME}, $?, $$, $#, $1, $@, $(list), $((sum)), \x
 */
export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "variable"; readonly name: string; readonly quoted: boolean; readonly operator: "" | "-" | "+" | "#"; readonly word: Word | null }
  | { readonly kind: "command"; readonly list: List; readonly quoted: boolean }
  | { readonly kind: "sum"; readonly text: string; readonly quoted: boolean };
export type Word = readonly Part[];

export interface Redirect {
  readonly from: 0 | 1 | 2;
  /** "join": to where `target` (1 or 2) goes. */
  readonly how: "read" | "write" | "append" | "join";
  readonly target: Word;
}
export type Command =
  | { readonly kind: "simple"; readonly assignments: readonly { readonly name: string; readonly value: Word }[]; readonly words: readonly Word[]; readonly redirects: readonly Redirect[] }
  | { readonly kind: "group"; readonly list: List; readonly isSubshell: boolean; readonly redirects: readonly Redirect[] }
  | { readonly kind: "if"; readonly branches: readonly { readonly condition: List; readonly body: List }[]; readonly otherwise: List | null; readonly redirects: readonly Redirect[] }
  | { readonly kind: "while"; readonly condition: List; readonly until: boolean; readonly body: List; readonly redirects: readonly Redirect[] }
  | { readonly kind: "for"; readonly name: string; readonly words: readonly Word[]; readonly body: List; readonly redirects: readonly Redirect[] };
export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
}
export type List = readonly { readonly join: ";" | "&&" | "||"; readonly pipeline: Pipeline }[];

/** What was typed is not whole yet: more lines are to come. */
export class Incomplete extends Error {}
export class SyntaxFault extends Error {}

type Token = { readonly kind: "word"; readonly word: Word; readonly plain: string | null } | { readonly kind: "operator"; readonly text: string } | { readonly kind: "end" };

const OPERATORS = ["&&", "||", ";", "|", "&>", "&", "(", ")", "\n", "2>&1", "1>&2", ">&2", ">&1", "2>>", "2>", "1>", ">>", ">", "<"];
const MOST_DEPTH = 50;
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws Incomplete, SyntaxFault */
export function parseScript(source: string): List {
  return new Parser(source).script();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #token: Token;
  #depth: number;

  constructor(source: string, depth = 0) {
    this.#source = source;
    this.#depth = depth;
    if (depth > MOST_DEPTH) throw new SyntaxFault("nested too deeply");
    this.#token = this.#read();
  }

  script(): List {
    const list = this.#list();
    if (this.#token.kind !== "end") throw this.#unexpected();
    return list;
  }

  // -------------------------------------------------------------- grammar

  #list(...until: readonly string[]): List {
    if ((this.#depth += 1) > MOST_DEPTH) throw new SyntaxFault("nested too deeply");
    const list: { join: ";" | "&&" | "||"; pipeline: Pipeline }[] = [];
    let join: ";" | "&&" | "||" = ";";
    for (;;) {
      this.#newlines();
      if (this.#ends(until)) {
        if (join !== ";") throw new Incomplete();
        break;
      }
      list.push({ join, pipeline: this.#pipeline() });
      const operator = this.#operator();
      if (operator === "&&" || operator === "||") join = operator;
      else if (operator === ";" || operator === "&" || operator === "\n") join = ";";
      else break;
      this.#next();
    }
    this.#depth -= 1;
    return list;
  }

  #ends(until: readonly string[]): boolean {
    if (this.#token.kind === "end") return true;
    return until.includes(this.#operator() ?? this.#plain() ?? "") || this.#operator() === ")";
  }

  #pipeline(): Pipeline {
    const negated = this.#plain() === "!";
    if (negated) this.#next();
    const commands = [this.#command()];
    while (this.#operator() === "|") {
      this.#next();
      this.#newlines();
      if (this.#token.kind === "end") throw new Incomplete();
      commands.push(this.#command());
    }
    return { negated, commands };
  }

  #command(): Command {
    if (this.#operator() === "(") {
      this.#next();
      const list = this.#list();
      this.#expect(")");
      return { kind: "group", list, isSubshell: true, redirects: this.#redirects() };
    }
    switch (this.#plain()) {
      case "{": {
        this.#next();
        const list = this.#list("}");
        this.#expect("}");
        return { kind: "group", list, isSubshell: false, redirects: this.#redirects() };
      }
      case "if": {
        const branches: { condition: List; body: List }[] = [];
        do {
          this.#next();
          const condition = this.#list("then");
          this.#expect("then");
          branches.push({ condition, body: this.#list("elif", "else", "fi") });
        } while (this.#plain() === "elif");
        const hasElse = this.#plain() === "else";
        if (hasElse) this.#next();
        const otherwise = hasElse ? this.#list("fi") : null;
        this.#expect("fi");
        return { kind: "if", branches, otherwise, redirects: this.#redirects() };
      }
      case "while":
      case "until": {
        const until = this.#plain() === "until";
        this.#next();
        const condition = this.#list("do");
        return { kind: "while", condition, until, body: this.#body(), redirects: this.#redirects() };
      }
      case "for": {
        this.#next();
        const name = this.#plain();
        if (name === null || !NAME.test(name)) throw this.#unexpected();
        this.#next();
        const words: Word[] = [];
        if (this.#plain() === "in") {
          this.#next();
          for (let token = this.#token; token.kind === "word"; token = this.#token) {
            words.push(token.word);
            this.#next();
          }
        }
        if (this.#operator() === ";") this.#next();
        this.#newlines();
        return { kind: "for", name, words, body: this.#body(), redirects: this.#redirects() };
      }
      default:
        return this.#simple();
    }
  }

  #body(): List {
    this.#expect("do");
    const body = this.#list("done");
    this.#expect("done");
    return body;
  }

  #simple(): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(...redirect);
        continue;
      }
      if (this.#token.kind !== "word") break;
      const { word } = this.#token;
      const assignment = words.length === 0 ? assignmentOf(word) : null;
      if (assignment === null) words.push(word);
      else assignments.push(assignment);
      this.#next();
    }
    if (words.length === 0 && assignments.length === 0 && redirects.length === 0) throw this.#unexpected();
    return { kind: "simple", assignments, words, redirects };
  }

  #redirects(): Redirect[] {
    const redirects: Redirect[] = [];
    for (let redirect = this.#redirect(); redirect !== null; redirect = this.#redirect()) redirects.push(...redirect);
    return redirects;
  }

  #redirect(): Redirect[] | null {
    const operator = this.#operator();
    if (operator === null) return null;
    const one = [{ kind: "text", text: "1", quoted: true } as const];
    const two = [{ kind: "text", text: "2", quoted: true } as const];
    switch (operator) {
      case "2>&1":
        this.#next();
        return [{ from: 2, how: "join", target: one }];
      case ">&2":
      case "1>&2":
        this.#next();
        return [{ from: 1, how: "join", target: two }];
      case ">&1":
        this.#next();
        return [];
      case "<":
        return [{ from: 0, how: "read", target: this.#file() }];
      case ">":
      case "1>":
        return [{ from: 1, how: "write", target: this.#file() }];
      case ">>":
        return [{ from: 1, how: "append", target: this.#file() }];
      case "2>":
        return [{ from: 2, how: "write", target: this.#file() }];
      case "2>>":
        return [{ from: 2, how: "append", target: this.#file() }];
      case "&>": {
        const target = this.#file();
        return [{ from: 1, how: "write", target }, { from: 2, how: "join", target: one }];
      }
      default:
        return null;
    }
  }

  #file(): Word {
    this.#next();
    const token = this.#token;
    if (token.kind !== "word") throw this.#unexpected();
    this.#next();
    return token.word;
  }

  // -------------------------------------------------------------- tokens

  #operator(): string | null {
    return this.#token.kind === "operator" ? this.#token.text : null;
  }

  #plain(): string | null {
    return this.#token.kind === "word" ? this.#token.plain : null;
  }

  #expect(text: string): void {
    if (this.#token.kind === "end") throw new Incomplete();
    if ((this.#operator() ?? this.#plain()) !== text) throw this.#unexpected();
    this.#next();
  }

  #unexpected(): Error {
    if (this.#token.kind === "end") return new Incomplete();
    const shown = this.#operator() ?? this.#plain() ?? "word";
    return new SyntaxFault(`syntax error: unexpected ${shown === "\n" ? "newline" : `"${shown.slice(0, 40)}"`}`);
  }

  #newlines(): void {
    while (this.#operator() === "\n") this.#next();
  }

  #next(): void {
    this.#token = this.#read();
  }

  #read(): Token {
    const source = this.#source;
    for (;;) {
      const character = source[this.#at];
      if (character !== undefined && character !== "\n" && /\s/.test(character)) this.#at += 1;
      else if (character === "\\" && source[this.#at + 1] === "\n") this.#at += 2;
      else if (character === "#") {
        const end = source.indexOf("\n", this.#at);
        this.#at = end < 0 ? source.length : end;
      } else break;
    }
    if (this.#at >= source.length) return { kind: "end" };
    const operator = OPERATORS.find((each) => source.startsWith(each, this.#at));
    if (operator !== undefined) {
      this.#at += operator.length;
      return { kind: "operator", text: operator };
    }
    const word = this.#word();
    const [only] = word;
    return { kind: "word", word, plain: word.length === 1 && only?.kind === "text" && !only.quoted ? only.text : null };
  }

  #word(): Word {
    const parts: Part[] = [];
    let text = "";
    const flush = (): void => {
      if (text !== "") parts.push({ kind: "text", text, quoted: false });
      text = "";
    };
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined || /[\s;|&()<>]/.test(character)) break;
      if (character === "'") {
        flush();
        const end = this.#source.indexOf("'", this.#at + 1);
        if (end < 0) throw new Incomplete();
        parts.push({ kind: "text", text: this.#source.slice(this.#at + 1, end), quoted: true });
        this.#at = end + 1;
      } else if (character === '"') {
        flush();
        this.#at += 1;
        parts.push(...this.#double());
      } else if (character === "\\") {
        const escaped = this.#source[this.#at + 1];
        if (escaped === undefined) throw new Incomplete();
        flush();
        if (escaped !== "\n") parts.push({ kind: "text", text: escaped, quoted: true });
        this.#at += 2;
      } else if (character === "$" || character === "`") {
        flush();
        parts.push(this.#expansion(false));
      } else {
        text += character;
        this.#at += 1;
      }
    }
    flush();
    return parts;
  }

  #double(): Part[] {
    const parts: Part[] = [];
    let text = "";
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) throw new Incomplete();
      if (character === '"') break;
      if (character === "\\" && '$`"\\\n'.includes(this.#source[this.#at + 1] ?? "x")) {
        if (this.#source[this.#at + 1] !== "\n") text += this.#source[this.#at + 1];
        this.#at += 2;
      } else if (character === "$" || character === "`") {
        parts.push({ kind: "text", text, quoted: true }, this.#expansion(true));
        text = "";
      } else {
        text += character;
        this.#at += 1;
      }
    }
    this.#at += 1;
    parts.push({ kind: "text", text, quoted: true });
    return parts;
  }

  #expansion(quoted: boolean): Part {
    const source = this.#source;
    if (source[this.#at] === "`") {
      const end = source.indexOf("`", this.#at + 1);
      if (end < 0) throw new Incomplete();
      const inner = source.slice(this.#at + 1, end);
      this.#at = end + 1;
      return { kind: "command", list: new Parser(inner, this.#depth + 1).script(), quoted };
    }
    if (source.startsWith("$((", this.#at)) {
      const end = source.indexOf("))", this.#at);
      if (end < 0) throw new Incomplete();
      const text = source.slice(this.#at + 3, end);
      this.#at = end + 2;
      return { kind: "sum", text, quoted };
    }
    if (source.startsWith("$(", this.#at)) {
      const end = this.#closing(this.#at + 1, "(", ")");
      const inner = source.slice(this.#at + 2, end);
      this.#at = end + 1;
      return { kind: "command", list: new Parser(inner, this.#depth + 1).script(), quoted };
    }
    if (source.startsWith("${", this.#at)) {
      const end = this.#closing(this.#at + 1, "{", "}");
      const inner = source.slice(this.#at + 2, end);
      this.#at = end + 1;
      const match = /^(#?)([A-Za-z_]\w*|[\d?$#@*])(?::?([-+])([^]*))?$/.exec(inner);
      if (match === null) throw new SyntaxFault("bad substitution");
      const [, length, name = "", operator, word] = match;
      return { kind: "variable", name, quoted, operator: length === "#" ? "#" : ((operator ?? "") as "" | "-" | "+"), word: word === undefined ? null : new Parser(`"${word.replaceAll('"', "")}"`, this.#depth + 1).#onlyWord() };
    }
    const match = /^\$([A-Za-z_]\w*|[\d?$#@*!])/.exec(source.slice(this.#at, this.#at + 256));
    if (match === null) {
      this.#at += 1;
      return { kind: "text", text: "$", quoted: true };
    }
    this.#at += match[0].length;
    return { kind: "variable", name: match[1] as string, quoted, operator: "", word: null };
  }

  #onlyWord(): Word {
    return this.#token.kind === "word" ? this.#token.word : [];
  }

  /** Where the bracket that is at `from` closes, quotes left out. */
  #closing(from: number, open: string, close: string): number {
    let depth = 0;
    let quote: string | null = null;
    for (let at = from; at < this.#source.length; at += 1) {
      const character = this.#source[at] as string;
      if (character === "\\") at += 1;
      else if (quote !== null) {
        if (character === quote) quote = null;
      } else if (character === "'" || character === '"') quote = character;
      else if (character === open) depth += 1;
      else if (character === close && (depth -= 1) === 0) return at;
    }
    throw new Incomplete();
  }
}

/** `NAME=…`, unquoted up to the sign. */
function assignmentOf(word: Word): { readonly name: string; readonly value: Word } | null {
  const [first, ...rest] = word;
  if (first?.kind !== "text" || first.quoted) return null;
  const sign = first.text.indexOf("=");
  const name = first.text.slice(0, Math.max(0, sign));
  if (!NAME.test(name)) return null;
  const value = first.text.slice(sign + 1);
  return { name, value: value === "" ? rest : [{ kind: "text", text: value, quoted: false }, ...rest] };
}
