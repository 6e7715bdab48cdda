/**
 * Reads TypeScript as far as these checks need it: into tokens, without comments, and from them the modules that a file imports. Not a parser:
 * the compiler has no programming interface in this version, and the grammar of imports is small.
 */
export interface Token {
  readonly kind: "word" | "string" | "template" | "regex" | "number" | "mark";
  /** A string's content; else as written. */
  readonly text: string;
  readonly line: number;
}

export interface Import {
  readonly specifier: string;
  /** Gone at run time: `import type`, `export type … from`. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = new Set(["return", "typeof", "case", "in", "of", "await", "yield", "void", "delete", "new", "do", "else", "throw"]);
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open `${` of a template literal, the braces that are open inside it. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;
  const push = (kind: Token["kind"], text: string, startLine = line): void => void tokens.push({ kind, text, line: startLine });
  const skip = (length: number): void => {
    for (let i = at; i < at + length; i += 1) if (source[i] === "\n") line += 1;
    at += length;
  };
  const until = (end: string): void => {
    const found = source.indexOf(end, at + 2);
    skip((found === -1 ? source.length : found + end.length) - at);
  };
  /** From behind a backquote, or the brace that closes `${…}`, to the next of either. */
  const template = (): void => {
    const start = at;
    const startLine = line;
    while (at < source.length && source[at] !== "`" && !source.startsWith("${", at)) skip(source[at] === "\\" ? 2 : 1);
    push("template", source.slice(start, at), startLine);
    if (source[at] === "`") skip(1);
    else {
      skip(2);
      templates.push(0);
    }
  };
  const matched = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };

  while (at < source.length) {
    const char = source[at] as string;
    if (/\s/.test(char)) skip(1);
    else if (source.startsWith("//", at)) skip((source.indexOf("\n", at) + 1 || source.length) - at);
    else if (source.startsWith("/*", at)) until("*/");
    else if (at === 0 && source.startsWith("#!")) skip(source.indexOf("\n") + 1 || source.length);
    else if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== char) end += source[end] === "\\" ? 2 : 1;
      push("string", source.slice(at + 1, end));
      skip(end + 1 - at);
    } else if (char === "`") {
      skip(1);
      template();
    } else if (char === "/" && beginsRegex(tokens.at(-1))) {
      let end = at + 1;
      for (let inClass = false; end < source.length && (inClass || source[end] !== "/"); end += 1) {
        if (source[end] === "\\") end += 1;
        else if (source[end] === "[") inClass = true;
        else if (source[end] === "]") inClass = false;
      }
      push("regex", source.slice(at, end + 1));
      skip(end + 1 - at);
    } else {
      const word = matched(WORD) ?? null;
      const number = word === null ? matched(NUMBER) : null;
      const text = word ?? number ?? char;
      const open = templates.length - 1;
      if (text === "{" && open >= 0) templates[open] = (templates[open] as number) + 1;
      if (text === "}" && open >= 0) {
        if (templates[open] === 0) {
          templates.pop();
          skip(1);
          template();
          continue;
        }
        templates[open] = (templates[open] as number) - 1;
      }
      push(word === null ? (number === null ? "mark" : "number") : "word", text);
      skip(text.length);
    }
  }
  return tokens;
}

function beginsRegex(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_REGEX.has(before.text);
  return before.kind === "mark" && before.text !== ")" && before.text !== "]" && before.text !== "}";
}

/** Every module that a source names: static and dynamic imports, and exports from. A dynamic import of something computed has no name and is left out. */
export function importsOf(source: string): Import[] {
  const tokens = tokenize(source);
  const found: Import[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== "word" || (token.text !== "import" && token.text !== "export")) return;
    if (tokens[index - 1]?.text === ".") return;
    const next = tokens[index + 1];
    const add = (specifier: Token | undefined, typeOnly: boolean): void => {
      if (specifier?.kind === "string") found.push({ specifier: specifier.text, typeOnly, line: token.line });
    };
    if (token.text === "import" && next?.text === "(") return add(tokens[index + 2], false);
    if (token.text === "import" && next?.kind === "string") return add(next, false);
    const typeOnly = next?.text === "type" && tokens[index + 2]?.text !== "from";
    // The clause: names, braces, a star, up to `from`. Anything else is an export of something of its own.
    let end = index + (typeOnly ? 2 : 1);
    if (token.text === "export" && !["{", "*"].includes(tokens[end]?.text ?? "")) return;
    while (end < tokens.length && !(tokens[end]?.text === "from" && tokens[end + 1]?.kind === "string")) {
      const clause = tokens[end] as Token;
      const allowed = clause.kind === "word" || clause.kind === "string" || ["{", "}", ",", "*"].includes(clause.text);
      if (!allowed || clause.text === "import" || clause.text === "export") return;
      end += 1;
    }
    add(tokens[end + 1], typeOnly);
  });
  return found;
}

/** Lines on which this run of words and marks stands, such as ["process", ".", "env"]. */
export function linesWith(tokens: readonly Token[], run: readonly string[]): number[] {
  const lines: number[] = [];
  tokens.forEach((token, index) => {
    const here = run.every((text, offset) => {
      const candidate = tokens[index + offset];
      return candidate?.text === text && (candidate.kind === "word" || candidate.kind === "mark");
    });
    // `other.process.env` is another thing.
    if (here && tokens[index - 1]?.text !== ".") lines.push(token.line);
  });
  return lines;
}

/** Lines of `let` and `var` outside every bracket: state of the module. */
export function moduleState(tokens: readonly Token[]): number[] {
  const lines: number[] = [];
  let depth = 0;
  for (const { kind, text, line } of tokens) {
    if (kind === "mark" && "({[".includes(text)) depth += 1;
    else if (kind === "mark" && ")}]".includes(text)) depth -= 1;
    else if (kind === "word" && depth === 0 && (text === "let" || text === "var")) lines.push(line);
  }
  return lines;
}
