/**
 * Runs what was parsed (syntax.ts). Parts of a pipeline take turns, joined by pipes that hold little; whoever has nothing to do says so (world.ts).
 *
 * Invariant: every round of a loop and every program yields, so that the caller can stop at any moment, and what a shell holds is bounded: variables, files,
 * pipes, expansions, nesting.
 */
import { COMMANDS } from "./commands.ts";
import { escapedName, fileNamePattern, isFileNamePattern, type Pattern } from "./pattern.ts";
import { sumOf } from "./sum.ts";
import { Incomplete, NAME, parseScript, SyntaxFault, type Command, type List, type Part, type Pipeline, type Redirect, type Word } from "./syntax.ts";
import { BLOCKED, BrokenPipe, Complaint, STEP, write, type Environment, type Io, type Pause, type Program, type Running, type Sink, type Source } from "./world.ts";
import { resolvePath } from "./files.ts";

const MOST_DEPTH = 40;
const MOST_EXPANDED = 256 * 1_024;
const MOST_WORDS = 4_096;
const MOST_VARIABLES = 256 * 1_024;
const PIPE = 16 * 1_024;
const MOST_CALLS = 60;
const MOST_PARTS = 64;
const MOST_FUNCTIONS = 200;
/** Characters of what a pattern is cut off from. */
const MOST_CUT = 4_096;

/** `exit`: ends the shell that it is called in. */
class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super("exit");
    this.code = code;
  }
}
class Jump extends Error {
  readonly how: "break" | "continue";
  /** Loops that are still to be left, this one included. */
  readonly loops: number;
  constructor(how: "break" | "continue", loops: number) {
    super(how);
    this.how = how;
    this.loops = loops;
  }
}
/** `return`: ends the function that it is called in. */
class Return extends Error {
  readonly code: number;
  constructor(code: number) {
    super("return");
    this.code = code;
  }
}

/** One word of what a word stands for; its pattern has what was quoted escaped. */
interface Field {
  readonly text: string;
  readonly pattern: string;
}

export class Shell {
  readonly environment: Environment;
  readonly #depth: number;
  #arguments: readonly string[];
  #functions = new Map<string, Command>();
  /** What `local` hides, of the functions that are being called. */
  readonly #hidden: Map<string, string | undefined>[] = [];
  /** Of the last command whose output stands in a word. */
  #substituted: number | null = null;
  /** Of the last command. */
  status = 0;
  /** `exit` was called. */
  isOver = false;

  constructor(environment: Environment, parameters: readonly string[] = ["sh"], depth = 0) {
    this.environment = environment;
    this.#arguments = parameters;
    this.#depth = depth;
    if (depth > MOST_DEPTH) throw new Complaint("nested too deeply");
  }

  /** @throws Incomplete, SyntaxFault */
  static parse(source: string): List {
    return parseScript(source);
  }

  /** A script as a program of its own. */
  *run(source: string, io: Io): Program {
    try {
      return yield* this.runList(Shell.parse(source), io);
    } catch (error) {
      if (!(error instanceof Incomplete || error instanceof SyntaxFault)) throw error;
      yield* write(io.err, `sh: ${error instanceof Incomplete ? "syntax error: unexpected end of file" : error.message}\n`);
      return (this.status = 2);
    }
  }

  /** With `exit` and complaints seen to. */
  *runList(list: List, io: Io): Program {
    try {
      return yield* this.#list(list, io);
    } catch (error) {
      if (error instanceof Exit) {
        this.isOver = true;
        return (this.status = error.code);
      }
      if (error instanceof Jump) return (this.status = 0);
      if (error instanceof Return) return (this.status = error.code);
      if (error instanceof BrokenPipe) return (this.status = 141);
      throw error;
    }
  }

  *#list(list: List, io: Io): Program {
    for (const { join, pipeline } of list) {
      if ((join === "&&" && this.status !== 0) || (join === "||" && this.status === 0)) continue;
      yield STEP;
      const status = yield* this.#told(pipeline, io);
      this.status = pipeline.negated ? (status === 0 ? 1 : 0) : status;
    }
    return this.status;
  }

  /** What can't be done ends its pipeline only. */
  *#told(pipeline: Pipeline, io: Io): Program {
    try {
      return yield* this.#pipeline(pipeline, io);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      yield* write(io.err, `sh: ${error.message}\n`);
      return error.exitCode;
    }
  }

  *#pipeline({ commands }: Pipeline, io: Io): Program {
    const [only] = commands;
    if (commands.length === 1 && only !== undefined) return yield* this.#command(only, io);
    const { parts } = this.environment;
    if (parts.count + commands.length > MOST_PARTS) throw new Complaint("can't fork: Resource temporarily unavailable", 126);
    parts.count += commands.length;
    const pipes = commands.slice(1).map(() => new Pipe());
    const stages = commands.map((command, index) => {
      const shell = this.#subshell();
      const before = pipes[index - 1];
      const after = pipes[index];
      const program = shell.#stage(command, { in: before ?? io.in, out: after ?? io.out, err: io.err });
      const ended = (): void => {
        parts.count -= 1;
        before?.abandon();
        after?.close();
      };
      return { program, ended };
    });
    return yield* together(stages, () => pipes.reduce((moves, pipe) => moves + pipe.moves, 0));
  }

  /** A part of a pipeline: its end is the end of its own shell only. */
  *#stage(command: Command, io: Io): Program {
    try {
      return yield* this.#command(command, io);
    } catch (error) {
      if (error instanceof Exit) return error.code;
      if (error instanceof Jump) return 0;
      if (error instanceof Return) return error.code;
      if (error instanceof BrokenPipe) return 141;
      if (!(error instanceof Complaint)) throw error;
      yield* write(io.err, `sh: ${error.message}\n`);
      return error.exitCode;
    }
  }

  #subshell(): Shell {
    const { variables, exported } = this.environment;
    const shell = new Shell({ ...this.environment, variables: new Map(variables), exported: new Set(exported) }, this.#arguments, this.#depth + 1);
    shell.status = this.status;
    shell.#functions = new Map(this.#functions);
    return shell;
  }

  *#command(command: Command, outer: Io): Program {
    if (command.kind === "simple") return yield* this.#simple(command, outer);
    const io = yield* this.#redirected(command.redirects, outer);
    switch (command.kind) {
      case "group": {
        if (!command.isSubshell) return yield* this.#list(command.list, io);
        return yield* this.#subshell().runList(command.list, io);
      }
      case "if": {
        for (const { condition, body } of command.branches) if ((yield* this.#list(condition, io)) === 0) return yield* this.#list(body, io);
        this.status = 0;
        return command.otherwise === null ? 0 : yield* this.#list(command.otherwise, io);
      }
      case "while": {
        let status = 0;
        for (;;) {
          yield STEP;
          if (((yield* this.#list(command.condition, io)) === 0) === command.until) return status;
          const round = yield* this.#round(command.body, io);
          if (round === null) return status;
          status = round;
        }
      }
      case "for": {
        let status = 0;
        for (const word of command.words === null ? this.#arguments.slice(1) : yield* this.#words(command.words, io)) {
          yield STEP;
          this.#assign(command.name, word);
          const round = yield* this.#round(command.body, io);
          if (round === null) return status;
          status = round;
        }
        return status;
      }
      case "case": {
        const text = yield* this.#joined(command.word, io);
        for (const { patterns, body } of command.branches) {
          for (const word of patterns) {
            yield STEP;
            if (!patternOf(yield* this.#pattern(word, io)).test(text.slice(0, MOST_CUT))) continue;
            this.status = 0;
            return yield* this.#list(body, io);
          }
        }
        return 0;
      }
      case "function":
        if (this.#functions.size >= MOST_FUNCTIONS) throw new Complaint("too many functions", 126);
        this.#functions.set(command.name, command.body);
        return 0;
    }
  }

  /** null: the loop is left. */
  *#round(body: List, io: Io): Running<number | null> {
    try {
      return yield* this.#list(body, io);
    } catch (error) {
      if (!(error instanceof Jump)) throw error;
      if (error.loops > 1) throw new Jump(error.how, error.loops - 1);
      return error.how === "break" ? null : 0;
    }
  }

  *#simple(command: Command & { readonly kind: "simple" }, outer: Io): Program {
    this.#substituted = null;
    const [name, ...args] = yield* this.#words(command.words, outer);
    const io = yield* this.#redirected(command.redirects, outer);
    if (name === undefined) {
      for (const { name: variable, value } of command.assignments) this.#assign(variable, yield* this.#joined(value, io));
      return this.#substituted ?? 0;
    }
    const values: [string, string][] = [];
    for (const { name: variable, value } of command.assignments) values.push([variable, yield* this.#joined(value, io)]);
    if (values.length === 0) return yield* this.#call(name, args, io);
    // For this command alone.
    const shell = this.#subshell();
    for (const [variable, value] of values) {
      shell.#assign(variable, value);
      shell.environment.exported.add(variable);
    }
    return yield* shell.#call(name, args, io);
  }

  /** Runs a function, or a program, by its name and arguments. */
  *#call(name: string, args: readonly string[], io: Io): Program {
    const body = this.#functions.get(name);
    if (body === undefined) return yield* this.#runs(name, args, io);
    if (this.#hidden.length >= MOST_CALLS) throw new Complaint(`${name}: nested too deeply`, 126);
    const before = this.#arguments;
    const hidden = new Map<string, string | undefined>();
    this.#arguments = [before[0] as string, ...args];
    this.#hidden.push(hidden);
    try {
      return yield* this.#command(body, io);
    } catch (error) {
      if (!(error instanceof Return)) throw error;
      return error.code;
    } finally {
      this.#hidden.pop();
      this.#arguments = before;
      for (const [variable, value] of hidden) {
        if (value === undefined) this.environment.variables.delete(variable);
        else this.environment.variables.set(variable, value);
      }
    }
  }

  /** Where each of these comes from. */
  *#tells(names: readonly string[], io: Io): Program {
    let status = 0;
    for (const name of names) {
      const text = this.#functions.has(name) ? `${name} is a function\n` : OWN.has(name) ? `${name} is a shell builtin\n` : COMMANDS.has(name) ? `/bin/${name}\n` : null;
      if (text === null) status = 127;
      else yield* write(io.out, text);
    }
    return status;
  }

  *#runs(name: string, args: readonly string[], io: Io): Program {
    const { environment } = this;
    try {
      switch (name) {
        case ":":
          return 0;
        case "exit":
          throw new Exit(args[0] === undefined ? this.status : Number.parseInt(args[0], 10) & 0xff || 0);
        case "break":
        case "continue":
          throw new Jump(name, Math.max(1, Number.parseInt(args[0] ?? "1", 10) || 1));
        case "return":
          throw new Return(args[0] === undefined ? this.status : Number.parseInt(args[0], 10) & 0xff || 0);
        case "shift": {
          const count = Number.parseInt(args[0] ?? "1", 10) || 0;
          if (count < 0 || count >= this.#arguments.length) throw new Complaint("can't shift that many", 2);
          this.#arguments = [this.#arguments[0] as string, ...this.#arguments.slice(1 + count)];
          return 0;
        }
        case "local": {
          const hidden = this.#hidden.at(-1);
          if (hidden === undefined) throw new Complaint("not in a function", 2);
          for (const arg of args) {
            const [variable = "", ...value] = arg.split("=");
            if (!NAME.test(variable)) throw new Complaint(`${variable.slice(0, 40)}: bad variable name`, 2);
            if (!hidden.has(variable)) hidden.set(variable, environment.variables.get(variable));
            if (value.length > 0) this.#assign(variable, value.join("="));
          }
          return 0;
        }
        case ".":
        case "source":
          return yield* this.#list(Shell.parse(yield* this.#script(args[0] ?? "", io)), io);
        case "command":
          if (args[0] === "-v" || args[0] === "-V") return yield* this.#tells(args.slice(1), io);
          return args[0] === undefined ? 0 : yield* this.#runs(args[0], args.slice(1), io);
        case "type":
          return yield* this.#tells(args, io);
        case "cd": {
          const path = resolvePath(environment.cwd, args[0] === "-" ? (environment.variables.get("OLDPWD") ?? environment.cwd) : (args[0] ?? environment.variables.get("HOME") ?? "/"));
          if (!environment.files.isFolder(path)) throw new Complaint(`cd: can't cd to ${args[0] ?? path}: No such file or directory`, 1);
          this.#assign("OLDPWD", environment.cwd);
          environment.cwd = path;
          this.#assign("PWD", path);
          return 0;
        }
        case "export":
          for (const arg of args) {
            const [variable = "", ...value] = arg.split("=");
            if (!NAME.test(variable)) throw new Complaint(`${variable.slice(0, 40)}: bad variable name`, 2);
            if (value.length > 0) this.#assign(variable, value.join("="));
            if (environment.exported.size < MOST_WORDS) environment.exported.add(variable);
          }
          return 0;
        case "unset":
          for (const arg of args) {
            environment.variables.delete(arg);
            environment.exported.delete(arg);
          }
          return 0;
        case "set":
          if (args.length > 0) {
            if (args[0] !== "--" && /^[-+]/.test(args[0] as string)) throw new Complaint(`${args[0]?.slice(0, 20)}: there are no options of the shell here`, 2);
            this.#arguments = [this.#arguments[0] as string, ...args.slice(args[0] === "--" ? 1 : 0)];
            return 0;
          }
          yield* write(io.out, [...environment.variables].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([variable, value]) => `${variable}='${value}'\n`).join(""));
          return 0;
        case "read": {
          const { line, rest } = yield* readLine(io.in);
          const names = args.filter((arg) => !arg.startsWith("-"));
          for (const [variable, value] of shared(line, names, this.#separators())) this.#assign(variable, value);
          return rest ? 0 : 1;
        }
        case "eval":
          return yield* this.#list(Shell.parse(args.join(" ")), io);
        case "exec":
          if (args[0] === undefined) return 0;
          throw new Exit(yield* this.#call(args[0], args.slice(1), io));
        case "sh":
        case "bash":
        case "ash":
        case "/bin/sh":
        case "/bin/bash": {
          const script = args[0] === "-c" ? (args[1] ?? "") : yield* this.#script(args[0], io);
          const inner = new Shell({ ...environment, variables: new Map([...environment.variables].filter(([variable]) => environment.exported.has(variable))), exported: new Set(environment.exported) }, args[0] === "-c" ? [args[2] ?? "sh", ...args.slice(3)] : args, this.#depth + 1);
          return yield* inner.run(script, io);
        }
        case "wait":
          return 0;
      }
      const program = COMMANDS.get(name.replace(/^(\/usr)?\/bin\//, ""));
      if (program === undefined) throw new Complaint(`${name}: not found`, 127);
      yield STEP;
      return yield* program(args, io, environment);
    } catch (error) {
      if (error instanceof SyntaxFault || error instanceof Incomplete) throw new Complaint("syntax error", 2);
      if (!(error instanceof Complaint)) throw error;
      yield* write(io.err, `${error.exitCode === 127 && !COMMANDS.has(name) ? "sh" : name}: ${error.message.replace(`${name}: `, error.exitCode === 127 ? `${name}: ` : "")}\n`);
      return error.exitCode;
    }
  }

  *#script(path: string | undefined, io: Io): Running<string> {
    if (path === undefined) {
      let text = "";
      for (;;) {
        const piece = io.in.read();
        if (piece === null) return text;
        if (text.length > MOST_EXPANDED) throw new Complaint("the script is too long", 2);
        text += piece;
        yield piece === "" ? BLOCKED : STEP;
      }
    }
    const text = this.environment.files.read(resolvePath(this.environment.cwd, path));
    if (text === null) throw new Complaint(`can't open '${path}': No such file or directory`, 2);
    return text;
  }

  // -------------------------------------------------------------- redirection

  *#redirected(redirects: readonly Redirect[], io: Io): Running<Io> {
    let { in: source, out, err } = io;
    const { files, cwd } = this.environment;
    for (const { from, how, target } of redirects) {
      const name = yield* this.#joined(target, io);
      if (how === "here") {
        source = sourceOf(name);
        continue;
      }
      if (how === "join") {
        if (from === 2) err = out;
        else out = err;
        continue;
      }
      const path = resolvePath(cwd, name);
      if (how === "read") {
        const text = files.read(path);
        if (text === null) throw new Complaint(`can't open ${name}: No such file or directory`);
        source = sourceOf(text);
        continue;
      }
      if (how === "write") files.write(path, "");
      const sink: Sink = { room: PIPE, write: (text) => files.write(path, text, true) };
      if (from === 2) err = sink;
      else out = sink;
    }
    return { in: source, out, err };
  }

  // -------------------------------------------------------------- words

  *#words(words: readonly Word[], io: Io): Running<string[]> {
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
    for (const [index, part] of word.entries()) {
      if (part.kind === "text" && isInner && !part.quoted) this.#split(part.text, add, end, () => current !== null);
      else if (part.kind === "text") add(index === 0 && !part.quoted ? this.#home(part.text) : part.text, part.quoted);
      else if (part.kind === "variable" && (part.name === "@" || (part.name === "*" && !part.quoted)) && part.operator === "") {
        for (const [at, argument] of this.#arguments.slice(1).entries()) {
          if (at > 0 && (part.quoted || current !== null)) end();
          if (part.quoted) add(argument, true);
          else this.#split(argument, add, end, () => current !== null);
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
        else this.#split(value, add, end, () => current !== null);
      }
    }
    if (current !== null) end();
    return fields;
  }

  /** Splits at the characters of IFS: blanks in a row are one, each other ends a field. */
  #split(value: string, add: (text: string, isQuoted: boolean) => void, end: () => void, isBegun: () => boolean): void {
    const separators = this.#separators();
    let from = 0;
    let isBehindBlank = false;
    const flush = (to: number): void => {
      if (to > from) {
        add(value.slice(from, to), false);
        isBehindBlank = false;
      }
      from = to + 1;
    };
    for (let at = 0; at < value.length; at += 1) {
      const character = value[at] as string;
      if (!separators.includes(character)) continue;
      flush(at);
      const isBlank = BLANKS.includes(character);
      if (isBegun() || (!isBlank && !isBehindBlank)) end();
      else if (!isBlank) isBehindBlank = false;
      if (isBlank) isBehindBlank = true;
    }
    flush(value.length);
  }

  #separators(): string {
    return this.environment.variables.get("IFS") ?? BLANKS;
  }

  /** As one text, where nothing is split and no file is looked for. */
  *#joined(word: Word, io: Io): Running<string> {
    let text = "";
    for (const [index, part] of word.entries()) {
      const value = yield* this.#part(part, io);
      text += part.kind === "text" && !part.quoted && index === 0 ? this.#home(value) : value;
      if (text.length > MOST_EXPANDED) throw new Complaint("word is too long", 126);
    }
    return text;
  }

  /** The same, as a pattern. */
  *#pattern(word: Word, io: Io): Running<string> {
    let pattern = "";
    for (const part of word) {
      const value = yield* this.#part(part, io);
      pattern += part.quoted ? escapedName(value) : value;
      if (pattern.length > MOST_CUT) throw new Complaint("the pattern is too long", 2);
    }
    return pattern;
  }

  #home(text: string): string {
    return text === "~" || text.startsWith("~/") ? `${this.environment.variables.get("HOME") ?? "/"}${text.slice(1)}` : text;
  }

  /** Whether the word of an expansion stands for its value. */
  #isReplaced({ name, operator, colon }: Part & { readonly kind: "variable" }): boolean {
    const value = this.#variable(name);
    const isSet = value !== undefined && !(colon && value === "");
    return operator === "+" ? isSet : operator === "-" && !isSet;
  }

  *#part(part: Part, io: Io): Running<string> {
    switch (part.kind) {
      case "text":
        return part.text;
      case "variable": {
        const value = this.#variable(part.name);
        if (this.#isReplaced(part)) return yield* this.#joined(part.word, io);
        switch (part.operator) {
          case "length":
            return String((value ?? "").length);
          case "+":
            return "";
          case "=":
            if (value !== undefined && !(part.colon && value === "")) return value;
            if (!NAME.test(part.name)) throw new Complaint(`${part.name}: bad variable name`, 2);
            return this.#assign(part.name, yield* this.#joined(part.word, io));
          case "?":
            if (value !== undefined && !(part.colon && value === "")) return value;
            throw new Complaint(`${part.name}: ${(yield* this.#joined(part.word, io)) || "parameter not set"}`, 2);
          case "%":
          case "%%":
          case "#":
          case "##":
            return yield* cut(value ?? "", part.operator, patternOf(yield* this.#pattern(part.word, io)));
          default:
            return value ?? "";
        }
      }
      case "sum": {
        const text = yield* this.#joined(part.word, io);
        return sumOf(text, { get: (name) => this.#variable(name) ?? "", set: (name, value) => void this.#assign(name, value) });
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
        const shell = this.#subshell();
        this.#substituted = yield* shell.runList(part.list, { ...io, out });
        return text.replace(/\n+$/, "");
      }
    }
  }

  #variable(name: string): string | undefined {
    switch (name) {
      case "?":
        return String(this.status);
      case "$":
        return "7";
      case "!":
        return "";
      case "#":
        return String(this.#arguments.length - 1);
      case "@":
      case "*":
        return this.#arguments.slice(1).join(name === "*" ? this.#separators().slice(0, 1) : " ");
      case "COLUMNS":
      case "LINES": {
        const size = this.environment.size();
        return size === null ? this.environment.variables.get(name) : String(name === "LINES" ? size.rows : size.columns);
      }
      default:
        return /^\d+$/.test(name) ? this.#arguments[Number(name)] : this.environment.variables.get(name);
    }
  }

  #assign(name: string, value: string): string {
    const { variables } = this.environment;
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
    const { files, cwd } = this.environment;
    const folder = text.slice(0, text.lastIndexOf("/") + 1);
    const slash = pattern.lastIndexOf("/");
    if (isFileNamePattern(pattern.slice(0, slash + 1))) return [text];
    const names = patternOf(pattern.slice(slash + 1));
    const found = files.list(resolvePath(cwd, folder || ".")).filter((name) => (!name.startsWith(".") || pattern[slash + 1] === ".") && names.test(name.slice(0, MOST_CUT))).map((name) => `${folder}${name}`);
    return found.length > 0 ? found : [text];
  }
}

const BLANKS = " \t\n";
/** What the shell itself does. */
const OWN = new Set([":", "exit", "break", "continue", "return", "shift", "local", ".", "source", "command", "type", "cd", "export", "unset", "set", "read", "eval", "exec", "sh", "wait"]);

/** One that can't be one matches nothing. */
function patternOf(glob: string): { test(text: string): boolean } {
  try {
    return fileNamePattern(glob) satisfies Pattern;
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    return { test: () => false };
  }
}

/** A value without what a pattern matches of its end or its beginning: as little as it can, or with the sign doubled as much. */
function* cut(value: string, how: "%" | "%%" | "#" | "##", pattern: { test(text: string): boolean }): Running<string> {
  if (value.length > MOST_CUT) throw new Complaint("the value is too long for a pattern", 2);
  const isEnd = how.startsWith("%");
  for (let tried = 0; tried <= value.length; tried += 1) {
    const length = how.length === 1 ? tried : value.length - tried;
    const at = isEnd ? value.length - length : length;
    yield STEP;
    if (pattern.test(isEnd ? value.slice(at) : value.slice(0, at))) return isEnd ? value.slice(0, at) : value.slice(at);
  }
  return value;
}

/** What `read` puts into its variables: a field each, and into the last all the rest. */
function shared(line: string, names: readonly string[], separators: string): [string, string][] {
  const blanks = [...BLANKS].filter((blank) => separators.includes(blank)).join("");
  const trimmed = (text: string, isAtEnd: boolean): string => {
    let [from, to] = [0, text.length];
    while (from < to && blanks.includes(text[from] as string)) from += 1;
    while (isAtEnd && to > from && blanks.includes(text[to - 1] as string)) to -= 1;
    return text.slice(from, to);
  };
  let rest = trimmed(line, true);
  return names.map((name, index) => {
    if (index === names.length - 1) return [name, rest];
    let end = 0;
    while (end < rest.length && !separators.includes(rest[end] as string)) end += 1;
    const field = rest.slice(0, end);
    rest = trimmed(rest.slice(end), false);
    // One sign that is no blank ends a field, with the blanks around it.
    if (rest !== "" && !blanks.includes(rest[0] as string) && separators.includes(rest[0] as string)) rest = trimmed(rest.slice(1), false);
    return [name, field];
  });
}

/** Text to read, once. */
export function sourceOf(text: string): Source {
  let rest: string | null = text;
  return {
    read: () => {
      const now = rest;
      rest = null;
      return now === "" ? null : now;
    },
    unread: (given) => {
      rest = given;
    },
  };
}

/** One line, and whether it had an end. What follows is for whoever reads next. */
function* readLine(source: Source): Running<{ readonly line: string; readonly rest: boolean }> {
  let line = "";
  for (;;) {
    const piece = source.read();
    if (piece === null) return { line, rest: false };
    line += piece;
    const end = line.indexOf("\n");
    if (end >= 0) {
      if (end + 1 < line.length) source.unread(line.slice(end + 1));
      return { line: line.slice(0, end), rest: true };
    }
    if (line.length > MOST_EXPANDED) throw new Complaint("a line is too long");
    yield piece === "" ? BLOCKED : STEP;
  }
}

class Pipe implements Source, Sink {
  /** How often something went in or out. */
  moves = 0;
  #text = "";
  #isClosed = false;
  #isAbandoned = false;

  get room(): number {
    return this.#isAbandoned ? 1 : PIPE - this.#text.length;
  }

  write(text: string): void {
    if (this.#isAbandoned) throw new BrokenPipe();
    this.moves += 1;
    this.#text += text;
  }

  read(): string | null {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.moves += 1;
    return text === "" && this.#isClosed ? null : text;
  }

  unread(text: string): void {
    this.#text = `${text}${this.#text}`;
  }

  close(): void {
    this.#isClosed = true;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#text = "";
  }
}

/** All of them by turns; the exit code of the last. */
function* together(stages: readonly { readonly program: Program; ended(): void }[], moves: () => number): Program {
  const live = new Set(stages);
  let status = 0;
  while (live.size > 0) {
    let until: Pause = BLOCKED;
    const before = moves();
    for (const stage of live) {
      const { value, done } = stage.program.next();
      if (done === true) {
        live.delete(stage);
        stage.ended();
        if (stage === stages.at(-1)) status = value;
        // Who waited for it may go on.
        until = STEP;
      } else until = Math.min(until, value);
    }
    // What one has written another may read, and the other way round.
    if (live.size > 0) yield moves() === before ? until : STEP;
  }
  return status;
}
