/**
 * Runs what was parsed (syntax.ts). Parts of a pipeline take turns, joined by pipes that hold little; whoever has nothing to do says so (world.ts).
 *
 * Invariant: every round of a loop and every program yields, so that the caller can stop at any moment, and what a shell holds is bounded: variables, files,
 * pipes, expansions, nesting.
 */
import { COMMANDS } from "./commands.ts";
import { fileNamePattern, isFileNamePattern } from "./pattern.ts";
import { sumOf } from "./sum.ts";
import { Incomplete, parseScript, SyntaxFault, type Command, type List, type Part, type Pipeline, type Redirect, type Word } from "./syntax.ts";
import { BLOCKED, BrokenPipe, Complaint, STEP, write, type Environment, type Io, type Pause, type Program, type Running, type Sink, type Source } from "./world.ts";
import { resolvePath } from "./files.ts";

const MOST_DEPTH = 40;
const MOST_EXPANDED = 256 * 1_024;
const MOST_WORDS = 4_096;
const MOST_VARIABLES = 256 * 1_024;
const PIPE = 16 * 1_024;

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
  constructor(how: "break" | "continue") {
    super(how);
    this.how = how;
  }
}

export class Shell {
  readonly environment: Environment;
  readonly #arguments: readonly string[];
  readonly #depth: number;
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
    const pipes = commands.slice(1).map(() => new Pipe());
    const stages = commands.map((command, index) => {
      const shell = this.#subshell();
      const before = pipes[index - 1];
      const after = pipes[index];
      const program = shell.#stage(command, { in: before ?? io.in, out: after ?? io.out, err: io.err });
      const ended = (): void => {
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
        for (const word of yield* this.#words(command.words, io)) {
          yield STEP;
          this.#assign(command.name, word);
          const round = yield* this.#round(command.body, io);
          if (round === null) return status;
          status = round;
        }
        return status;
      }
    }
  }

  /** null: the loop is left. */
  *#round(body: List, io: Io): Running<number | null> {
    try {
      return yield* this.#list(body, io);
    } catch (error) {
      if (!(error instanceof Jump)) throw error;
      return error.how === "break" ? null : 0;
    }
  }

  *#simple(command: Command & { readonly kind: "simple" }, outer: Io): Program {
    const io = yield* this.#redirected(command.redirects, outer);
    const [name, ...args] = yield* this.#words(command.words, io);
    const values: [string, string][] = [];
    for (const { name: variable, value } of command.assignments) values.push([variable, (yield* this.#text(value, io)).join(" ")]);
    if (name === undefined) {
      for (const [variable, value] of values) this.#assign(variable, value);
      return 0;
    }
    if (values.length === 0) return yield* this.#call(name, args, io);
    // For this command alone.
    const shell = this.#subshell();
    for (const [variable, value] of values) {
      shell.#assign(variable, value);
      shell.environment.exported.add(variable);
    }
    return yield* shell.#call(name, args, io);
  }

  /** Runs a program by its name and arguments. */
  *#call(name: string, args: readonly string[], io: Io): Program {
    const { environment } = this;
    try {
      switch (name) {
        case ":":
          return 0;
        case "exit":
          throw new Exit(args[0] === undefined ? this.status : Number.parseInt(args[0], 10) & 0xff || 0);
        case "break":
        case "continue":
          throw new Jump(name);
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
            if (value.length > 0) this.#assign(variable, value.join("="));
            environment.exported.add(variable);
          }
          return 0;
        case "unset":
          for (const arg of args) {
            environment.variables.delete(arg);
            environment.exported.delete(arg);
          }
          return 0;
        case "set":
          yield* write(io.out, [...environment.variables].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([variable, value]) => `${variable}='${value}'\n`).join(""));
          return 0;
        case "read": {
          const { line, rest } = yield* readLine(io.in);
          const names = args.filter((arg) => !arg.startsWith("-"));
          const fields = line.trim().split(/\s+/);
          for (const [index, variable] of names.entries()) this.#assign(variable, index === names.length - 1 ? fields.slice(index).join(" ") : (fields[index] ?? ""));
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
      const name = (yield* this.#text(target, io)).join(" ");
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
      for (const text of yield* this.#text(word, io)) all.push(...this.#fileNames(word, text));
      if (all.length > MOST_WORDS) throw new Complaint("argument list too long", 126);
    }
    return all;
  }

  /** One field, or as many as unquoted expansions split into. */
  *#text(word: Word, io: Io): Running<string[]> {
    const fields: string[] = [];
    let current = "";
    let isBegun = false;
    for (const part of word) {
      const value = yield* this.#part(part, io);
      if (part.kind === "text" || part.quoted) {
        current += part.kind === "text" && !part.quoted && current === "" && fields.length === 0 && !isBegun ? this.#home(value) : value;
        isBegun = isBegun || part.quoted || value !== "";
      } else {
        const pieces = value.split(/[ \t\n]+/);
        for (const [index, piece] of pieces.entries()) {
          if (index > 0) {
            if (isBegun) fields.push(current);
            current = "";
            isBegun = false;
          }
          current += piece;
          isBegun = isBegun || piece !== "";
        }
      }
      if (current.length > MOST_EXPANDED) throw new Complaint("word is too long", 126);
    }
    if (isBegun) fields.push(current);
    return fields;
  }

  #home(text: string): string {
    return text === "~" || text.startsWith("~/") ? `${this.environment.variables.get("HOME") ?? "/"}${text.slice(1)}` : text;
  }

  *#part(part: Part, io: Io): Running<string> {
    switch (part.kind) {
      case "text":
        return part.text;
      case "variable": {
        const value = this.#variable(part.name);
        if (part.operator === "#") return String((value ?? "").length);
        const isSet = value !== undefined && value !== "";
        if (part.word !== null && part.operator === (isSet ? "+" : "-")) return (yield* this.#text(part.word, io)).join(" ");
        return part.operator === "+" ? "" : (value ?? "");
      }
      case "sum":
        return String(sumOf(part.text, (name) => this.#variable(name) ?? "0"));
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
        this.status = yield* shell.runList(part.list, { ...io, out });
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
        return this.#arguments.slice(1).join(" ");
      case "COLUMNS":
      case "LINES": {
        const size = this.environment.size();
        return size === null ? this.environment.variables.get(name) : String(name === "LINES" ? size.rows : size.columns);
      }
      default:
        return /^\d+$/.test(name) ? this.#arguments[Number(name)] : this.environment.variables.get(name);
    }
  }

  #assign(name: string, value: string): void {
    const { variables } = this.environment;
    variables.set(name, value);
    let size = 0;
    for (const [key, text] of variables) size += key.length + text.length;
    if (size > MOST_VARIABLES) {
      variables.delete(name);
      throw new Complaint("out of memory", 126);
    }
  }

  #fileNames(word: Word, text: string): string[] {
    if (!isFileNamePattern(text) || !word.some((part) => part.kind === "text" && !part.quoted && isFileNamePattern(part.text))) return [text];
    const { files, cwd } = this.environment;
    const slash = text.lastIndexOf("/");
    const folder = text.slice(0, slash + 1);
    if (isFileNamePattern(folder)) return [text];
    const pattern = fileNamePattern(text.slice(slash + 1));
    const found = files.list(resolvePath(cwd, folder || ".")).filter((name) => (!name.startsWith(".") || text[slash + 1] === ".") && pattern.test(name)).map((name) => `${folder}${name}`);
    return found.length > 0 ? found : [text];
  }
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
  };
}

/** One line, and whether it had an end. Reads no further where that can be helped: what follows is for whoever reads next. */
function* readLine(source: Source): Running<{ readonly line: string; readonly rest: boolean }> {
  let line = "";
  for (;;) {
    const piece = source.read();
    if (piece === null) return { line, rest: false };
    line += piece;
    const end = line.indexOf("\n");
    if (end >= 0) return { line: line.slice(0, end), rest: true };
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
