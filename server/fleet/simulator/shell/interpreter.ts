/**
 * Runs what was parsed (syntax.ts). Parts of a pipeline take turns, joined by pipes that hold little; whoever has nothing to do says so (world.ts).
 *
 * Invariant: every round of a loop and every program yields, so that the caller can stop at any moment, and what a shell holds is bounded: variables, files,
 * pipes, expansions, nesting.
 */
import { COMMANDS } from "./commands.ts";
import { Expansion, MOST_EXPANDED, MOST_WORDS } from "./expansion.ts";
import { resolvePath } from "./files.ts";
import { Pipe, PIPE, readLine, sourceOf, together } from "./pipes.ts";
import { MOST_CUT, patternOf, shared } from "./splitting.ts";
import { Incomplete, NAME, parseScript, SyntaxFault, type Command, type List, type Pipeline, type Redirect } from "./syntax.ts";
import { BLOCKED, BrokenPipe, Complaint, STEP, write, type Environment, type Io, type Program, type Running, type Sink } from "./world.ts";

const MOST_DEPTH = 40;
const MOST_CALLS = 60;
const MOST_PARTS = 64;
const MOST_FUNCTIONS = 200;

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

export class Shell {
  readonly environment: Environment;
  readonly #depth: number;
  readonly #expansion: Expansion;
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
    this.#expansion = new Expansion({ environment, parameters: () => this.#arguments, status: () => this.status, substitute: (list, io) => this.#substitute(list, io) });
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

  *#substitute(list: List, io: Io): Program {
    return (this.#substituted = yield* this.#subshell().runList(list, io));
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
        for (const word of command.words === null ? this.#arguments.slice(1) : yield* this.#expansion.words(command.words, io)) {
          yield STEP;
          this.#expansion.assign(command.name, word);
          const round = yield* this.#round(command.body, io);
          if (round === null) return status;
          status = round;
        }
        return status;
      }
      case "case": {
        const text = yield* this.#expansion.joined(command.word, io);
        for (const { patterns, body } of command.branches) {
          for (const word of patterns) {
            yield STEP;
            if (!patternOf(yield* this.#expansion.pattern(word, io)).test(text.slice(0, MOST_CUT))) continue;
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
    const [name, ...args] = yield* this.#expansion.words(command.words, outer);
    const io = yield* this.#redirected(command.redirects, outer);
    if (name === undefined) {
      for (const { name: variable, value } of command.assignments) this.#expansion.assign(variable, yield* this.#expansion.joined(value, io));
      return this.#substituted ?? 0;
    }
    const values: [string, string][] = [];
    for (const { name: variable, value } of command.assignments) values.push([variable, yield* this.#expansion.joined(value, io)]);
    if (values.length === 0) return yield* this.#call(name, args, io);
    // For this command alone.
    const shell = this.#subshell();
    for (const [variable, value] of values) {
      shell.#expansion.assign(variable, value);
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
            if (value.length > 0) this.#expansion.assign(variable, value.join("="));
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
          this.#expansion.assign("OLDPWD", environment.cwd);
          environment.cwd = path;
          this.#expansion.assign("PWD", path);
          return 0;
        }
        case "export":
          for (const arg of args) {
            const [variable = "", ...value] = arg.split("=");
            if (!NAME.test(variable)) throw new Complaint(`${variable.slice(0, 40)}: bad variable name`, 2);
            if (value.length > 0) this.#expansion.assign(variable, value.join("="));
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
          for (const [variable, value] of shared(line, names, this.#expansion.separators())) this.#expansion.assign(variable, value);
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
      const name = yield* this.#expansion.joined(target, io);
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

}

/** What the shell itself does. */
const OWN = new Set([":", "exit", "break", "continue", "return", "shift", "local", ".", "source", "command", "type", "cd", "export", "unset", "set", "read", "eval", "exec", "sh", "wait"]);

