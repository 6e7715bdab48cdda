/**
 * The shell's language: as much of POSIX sh as people type.
 *
 *   list      pipeline (&&, ||, ;, &, newline) pipeline …
 *   pipeline  [!] command | command …
 *   command   NAME=word … word … with <, <<, <<-, >, >>, 2>, 2>>, 2>&1, >&2, &>      { list; }      ( list )      NAME() command
 *             if list; then list; elif …; else …; fi      while|until list; do list; done      for NAME in word …; do list; done
 *             case word in pattern|pattern) list;; … esac
 *   word      plain, 'single', "double", $NAME, ${NAME}, ${#NAME}, ${NAME:-word} with - = ? + and without the colon, ${NAME%pattern} with % %% # ##,
 *             $?, $$, $#, $1, $@, $*, $(list), $((sum)), \x
 */
export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "variable"; readonly name: string; readonly quoted: boolean; readonly operator: Operator; readonly colon: boolean; readonly word: Word }
  | { readonly kind: "command"; readonly list: List; readonly quoted: boolean }
  | { readonly kind: "sum"; readonly word: Word; readonly quoted: boolean };
export type Word = readonly Part[];

/** "length": ${#NAME}. */
export type Operator = "" | "length" | "-" | "=" | "?" | "+" | "%" | "%%" | "#" | "##";

export interface Redirect {
  readonly from: 0 | 1 | 2;
  /** "join": to where `target` (1 or 2) goes. "here": from what `target` says. */
  readonly how: "read" | "write" | "append" | "join" | "here";
  readonly target: Word;
}
export type Command =
  | { readonly kind: "simple"; readonly assignments: readonly { readonly name: string; readonly value: Word }[]; readonly words: readonly Word[]; readonly redirects: readonly Redirect[] }
  | { readonly kind: "group"; readonly list: List; readonly isSubshell: boolean; readonly redirects: readonly Redirect[] }
  | { readonly kind: "if"; readonly branches: readonly { readonly condition: List; readonly body: List }[]; readonly otherwise: List | null; readonly redirects: readonly Redirect[] }
  | { readonly kind: "while"; readonly condition: List; readonly until: boolean; readonly body: List; readonly redirects: readonly Redirect[] }
  /** `words`: null for the shell's own arguments. */
  | { readonly kind: "for"; readonly name: string; readonly words: readonly Word[] | null; readonly body: List; readonly redirects: readonly Redirect[] }
  | { readonly kind: "case"; readonly word: Word; readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: List }[]; readonly redirects: readonly Redirect[] }
  | { readonly kind: "function"; readonly name: string; readonly body: Command; readonly redirects: readonly Redirect[] };
export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
}
export type List = readonly { readonly join: ";" | "&&" | "||"; readonly pipeline: Pipeline }[];

/** What was typed is not whole yet: more lines are to come. */
export class Incomplete extends Error {}
export class SyntaxFault extends Error {}

type Token = { readonly kind: "word"; readonly word: Word; readonly plain: string | null } | { readonly kind: "operator"; readonly text: string; readonly from?: number } | { readonly kind: "end" };

const OPERATORS = ["&&", "||", ";;", ";", "|", "&>", "&", "(", ")", "\n"];
const REDIRECTION = /^(\d?)(>>|>&|>\||>|<<-|<<|<)/;
/** Words that begin or go on with something, where a command may begin. */
const RESERVED = new Set(["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"]);
const MOST_DEPTH = 50;
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws Incomplete, SyntaxFault */
export function parseScript(source: string): List {
  return new Parser(source).script();
}

/** A text to read from, whose lines are still to come. */
interface Here {
  readonly end: string;
  readonly isPlain: boolean;
  readonly withoutTabs: boolean;
  readonly body: Part[];
}

class Parser {
  readonly #source: string;
  readonly #heres: Here[] = [];
  #at = 0;
  #token: Token;
  #depth: number;

  /** `as`: commands, or what stands inside of something. */
  constructor(source: string, depth = 0, as: "commands" | "text" = "commands") {
    this.#source = source;
    this.#depth = depth;
    if (depth > MOST_DEPTH) throw new SyntaxFault("nested too deeply");
    this.#token = as === "commands" ? this.#read() : { kind: "end" };
  }

  script(): List {
    const list = this.#list();
    if (this.#token.kind !== "end") throw this.#unexpected();
    if (this.#heres.length > 0) throw new Incomplete();
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

  /** As a part of a command: at least one. */
  #some(...until: readonly string[]): List {
    const list = this.#list(...until);
    if (list.length === 0) throw this.#unexpected();
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
      const list = this.#some();
      this.#expect(")");
      return { kind: "group", list, isSubshell: true, redirects: this.#redirects() };
    }
    switch (this.#plain()) {
      case "{": {
        this.#next();
        const list = this.#some("}");
        this.#expect("}");
        return { kind: "group", list, isSubshell: false, redirects: this.#redirects() };
      }
      case "if": {
        const branches: { condition: List; body: List }[] = [];
        do {
          this.#next();
          const condition = this.#some("then");
          this.#expect("then");
          branches.push({ condition, body: this.#some("elif", "else", "fi") });
        } while (this.#plain() === "elif");
        const hasElse = this.#plain() === "else";
        if (hasElse) this.#next();
        const otherwise = hasElse ? this.#some("fi") : null;
        this.#expect("fi");
        return { kind: "if", branches, otherwise, redirects: this.#redirects() };
      }
      case "while":
      case "until": {
        const until = this.#plain() === "until";
        this.#next();
        const condition = this.#some("do");
        return { kind: "while", condition, until, body: this.#body(), redirects: this.#redirects() };
      }
      case "for": {
        this.#next();
        const name = this.#plain();
        if (name === null || !NAME.test(name)) throw this.#unexpected();
        this.#next();
        this.#newlines();
        const words: Word[] | null = this.#plain() === "in" ? [] : null;
        if (words !== null) {
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
      case "case": {
        this.#next();
        const { word } = this.#wordToken();
        this.#newlines();
        this.#expect("in");
        this.#newlines();
        const branches: { patterns: Word[]; body: List }[] = [];
        while (this.#plain() !== "esac") {
          if (this.#operator() === "(") this.#next();
          const patterns = [this.#wordToken().word];
          while (this.#operator() === "|") {
            this.#next();
            patterns.push(this.#wordToken().word);
          }
          this.#expect(")");
          branches.push({ patterns, body: this.#list(";;", "esac") });
          if (this.#plain() === "esac") break;
          this.#expect(";;");
          this.#newlines();
        }
        this.#expect("esac");
        return { kind: "case", word, branches, redirects: this.#redirects() };
      }
      default:
        return this.#simple();
    }
  }

  #wordToken(): Token & { readonly kind: "word" } {
    const token = this.#token;
    if (token.kind !== "word") throw this.#unexpected();
    this.#next();
    return token;
  }

  #body(): List {
    this.#expect("do");
    const body = this.#some("done");
    this.#expect("done");
    return body;
  }

  #simple(): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    const first = this.#plain();
    if (first !== null && RESERVED.has(first)) throw this.#unexpected();
    for (;;) {
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(...redirect);
        continue;
      }
      if (words.length === 1 && first !== null && NAME.test(first) && this.#operator() === "(") {
        this.#next();
        this.#expect(")");
        this.#newlines();
        return { kind: "function", name: first, body: this.#nested(), redirects: [] };
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

  /** A command as the body of a function, of which there may be one in the other. */
  #nested(): Command {
    if (this.#token.kind === "end") throw new Incomplete();
    if ((this.#depth += 1) > MOST_DEPTH) throw new SyntaxFault("nested too deeply");
    const command = this.#command();
    this.#depth -= 1;
    return command;
  }

  #redirects(): Redirect[] {
    const redirects: Redirect[] = [];
    for (let redirect = this.#redirect(); redirect !== null; redirect = this.#redirect()) redirects.push(...redirect);
    return redirects;
  }

  #redirect(): Redirect[] | null {
    const token = this.#token;
    if (token.kind !== "operator") return null;
    if (token.text === "&>") return [{ from: 1, how: "write", target: this.#file() }, { from: 2, how: "join", target: [{ kind: "text", text: "1", quoted: true }] }];
    if (token.from === undefined) return null;
    const from = token.from;
    if (from > 2) throw new SyntaxFault("only 0, 1 and 2 can be redirected");
    const [input, output] = [from as 0, from as 0 | 1 | 2];
    switch (token.text) {
      case "<":
        return [{ from: input, how: "read", target: this.#file() }];
      case "<<":
      case "<<-":
        return [{ from: input, how: "here", target: this.#here(token.text === "<<-") }];
      case ">>":
        return [{ from: output, how: "append", target: this.#file() }];
      case ">&": {
        const target = this.#file();
        const [only] = target;
        if (only?.kind !== "text" || !/^[12]$/.test(only.text)) throw new SyntaxFault("bad file descriptor");
        return only.text === String(from) ? [] : [{ from: output, how: "join", target }];
      }
      default:
        return [{ from: output, how: "write", target: this.#file() }];
    }
  }

  #file(): Word {
    this.#next();
    return this.#wordToken().word;
  }

  /** Its lines come behind the end of this one. */
  #here(withoutTabs: boolean): Word {
    this.#next();
    const token = this.#token;
    if (token.kind !== "word") throw this.#unexpected();
    const end = token.word.map((part) => (part.kind === "text" ? part.text : "")).join("");
    const here: Here = { end, withoutTabs, isPlain: token.word.some(({ quoted }) => quoted), body: [] };
    this.#heres.push(here);
    this.#next();
    return here.body;
  }

  #readHeres(): void {
    for (const { end, isPlain, withoutTabs, body } of this.#heres.splice(0)) {
      let text = "";
      for (;;) {
        if (this.#at >= this.#source.length) throw new Incomplete();
        const to = this.#source.indexOf("\n", this.#at);
        const line = this.#source.slice(this.#at, to < 0 ? this.#source.length : to).replace(withoutTabs ? /^\t+/ : /^$/, "");
        this.#at = to < 0 ? this.#source.length : to + 1;
        if (line === end) break;
        text += `${line}\n`;
      }
      body.push(...(isPlain ? [{ kind: "text" as const, text, quoted: true }] : new Parser(text, this.#depth + 1, "text").#double(null)));
    }
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
    const redirection = REDIRECTION.exec(source.slice(this.#at, this.#at + 4));
    if (redirection !== null) {
      const [whole, number = "", text = ""] = redirection;
      this.#at += whole.length;
      return { kind: "operator", text, from: number === "" ? (text.startsWith("<") ? 0 : 1) : Number(number) };
    }
    const operator = OPERATORS.find((each) => source.startsWith(each, this.#at));
    if (operator !== undefined) {
      this.#at += operator.length;
      if (operator === "\n") this.#readHeres();
      return { kind: "operator", text: operator };
    }
    const word = this.#word();
    const [only] = word;
    return { kind: "word", word, plain: word.length === 1 && only?.kind === "text" && !only.quoted ? only.text : null };
  }

  /** `isAll`: up to the end, blanks and all. */
  #word(isAll = false): Word {
    const parts: Part[] = [];
    let text = "";
    const flush = (): void => {
      if (text !== "") parts.push({ kind: "text", text, quoted: false });
      text = "";
    };
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined || (!isAll && /[\s;|&()<>]/.test(character))) break;
      if (character === "'") {
        flush();
        const end = this.#source.indexOf("'", this.#at + 1);
        if (end < 0) throw new Incomplete();
        parts.push({ kind: "text", text: this.#source.slice(this.#at + 1, end), quoted: true });
        this.#at = end + 1;
      } else if (character === '"') {
        flush();
        this.#at += 1;
        parts.push(...this.#double('"'));
        this.#at += 1;
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

  /** As within double quotes, up to `end`; null: up to the end of the text. */
  #double(end: '"' | null): Part[] {
    const parts: Part[] = [];
    let text = "";
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined && end !== null) throw new Incomplete();
      if (character === undefined || character === end) break;
      if (character === "\\" && (end === null ? "$`\\\n" : '$`"\\\n').includes(this.#source[this.#at + 1] ?? "x")) {
        if (this.#source[this.#at + 1] !== "\n") text += this.#source[this.#at + 1];
        this.#at += 2;
      } else if (character === "$" || character === "`") {
        if (text !== "") parts.push({ kind: "text", text, quoted: true });
        parts.push(this.#expansion(true));
        text = "";
      } else {
        text += character;
        this.#at += 1;
      }
    }
    // An empty one is a word all the same.
    if (text !== "" || parts.length === 0) parts.push({ kind: "text", text, quoted: true });
    return parts;
  }

  #expansion(quoted: boolean): Part {
    const source = this.#source;
    if (source[this.#at] === "`") {
      let end = this.#at + 1;
      while (end < source.length && source[end] !== "`") end += source[end] === "\\" ? 2 : 1;
      if (end >= source.length) throw new Incomplete();
      const inner = source.slice(this.#at + 1, end).replace(/\\([`$\\])/g, "$1");
      this.#at = end + 1;
      return { kind: "command", list: new Parser(inner, this.#depth + 1).script(), quoted };
    }
    if (source.startsWith("$(", this.#at)) {
      const from = this.#at;
      if (source.startsWith("$((", from)) {
        const end = this.#closing(from + 1, "(", ")");
        if (source[end - 1] === ")") {
          this.#at = end + 1;
          return { kind: "sum", word: this.#inner(source.slice(from + 3, end - 1), true), quoted };
        }
      }
      // Where it ends its own grammar says: a pattern of `case` has a bracket, too.
      const inner = new Parser(source.slice(from + 2), this.#depth + 1);
      const list = inner.#list();
      if (inner.#operator() !== ")") throw inner.#unexpected();
      this.#at = from + 2 + inner.#at;
      return { kind: "command", list, quoted };
    }
    if (source.startsWith("${", this.#at)) {
      const end = this.#closing(this.#at + 1, "{", "}", !quoted);
      const inner = source.slice(this.#at + 2, end);
      this.#at = end + 1;
      const length = /^#([A-Za-z_]\w*|[\d?$@*])$/.exec(inner)?.[1];
      if (length !== undefined) return { kind: "variable", name: length, quoted, operator: "length", colon: false, word: [] };
      const match = /^([A-Za-z_]\w*|\d+|[?$#@*!])(?:(:?)([-=?+])|(%%|##|%|#)|$)([^]*)$/.exec(inner);
      if (match === null) throw new SyntaxFault("bad substitution");
      const [, name = "", colon, choice, cut, word = ""] = match;
      const operator = (choice ?? cut ?? "") as Operator;
      // The pattern of what is cut off is one, also within quotes.
      return { kind: "variable", name, quoted, operator, colon: colon === ":", word: this.#inner(quoted && cut === undefined ? word.replaceAll('"', "") : word, quoted && cut === undefined) };
    }
    const match = /^\$([A-Za-z_]\w*|[\d?$#@*!])/.exec(source.slice(this.#at, this.#at + 256));
    if (match === null) {
      this.#at += 1;
      return { kind: "text", text: "$", quoted: true };
    }
    this.#at += match[0].length;
    return { kind: "variable", name: match[1] as string, quoted, operator: "", colon: false, word: [] };
  }

  /** What stands inside of an expansion. */
  #inner(text: string, quoted: boolean): Word {
    const parser = new Parser(text, this.#depth + 1, "text");
    return quoted ? parser.#double(null) : parser.#word(true);
  }

  /** Where the bracket that is at `from` closes, quotes left out. */
  #closing(from: number, open: string, close: string, withSingleQuotes = true): number {
    let depth = 0;
    let quote: string | null = null;
    for (let at = from; at < this.#source.length; at += 1) {
      const character = this.#source[at] as string;
      if (character === "\\" && quote !== "'") at += 1;
      else if (quote !== null) {
        if (character === quote) quote = null;
      } else if ((character === "'" && withSingleQuotes) || character === '"') quote = character;
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
