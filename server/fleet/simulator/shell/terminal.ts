/**
 * A terminal with a program in it: what is typed goes in, what is shown comes out, and at some moment there is an exit code.
 *
 *   prompt ──a whole line──▶ running ──it ends──▶ prompt          running ──Ctrl-C──▶ prompt (130)
 *      └──Ctrl-D on an empty line, exit──▶ over
 *
 * It has the line discipline of a terminal: echo, editing (Backspace, Ctrl-U, -W, -A, -E, -K, -L, arrows), a history, names completed by Tab, Ctrl-C and Ctrl-D, and line ends as
 * terminals want them. Without a terminal (no columns) it is a pipe: nothing is echoed or edited, and Ctrl-D is the end of what is typed.
 *
 * It is held back by whoever reads: while HELD characters wait to be taken, programs are not run on and lines are not taken in. Ctrl-C reaches a program all the
 * same, and throws away what waited.
 */
import { resolvePath, ShellFiles } from "./files.ts";
import { COMMAND_NAMES } from "./commands.ts";
import { Shell } from "./interpreter.ts";
import { Incomplete, SyntaxFault, type List } from "./syntax.ts";
import { BLOCKED, BrokenPipe, Complaint, type ContainerWorld, type Environment, type Io, type Program } from "./world.ts";

export interface TerminalSize {
  /** Neither: there is no terminal. */
  readonly columns: number;
  readonly rows: number;
}

/** What waits to be taken, beyond which everything stands still. */
const HELD = 32_768;
const MOST_TYPED = 65_536;
const MOST_LINE = 4_096;
const MOST_HISTORY = 100;
const INTERRUPTED = 130;
const SHELLS = new Set(["sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash"]);

export class SimulatedTerminal {
  readonly #shell: Shell;
  readonly #isInteractive: boolean;
  #size: TerminalSize;
  /** Typed, and not looked at. */
  #typed = "";
  #shown = "";
  #running: { readonly program: Program; until: number } | null = null;
  /** What the program that runs may read. */
  #lines = "";
  #isEnded = false;
  #exitCode: number | null = null;
  #cursor = 0;
  #line: string[] = [];
  /** Lines before, of a command that is not whole. */
  #before = "";
  readonly #history: string[] = [];
  #recalled = 0;
  readonly #parts = { count: 0 };
  #name = "sh";

  constructor(world: ContainerWorld, command: readonly string[], size: TerminalSize) {
    this.#size = size;
    const variables = new Map(Object.entries({ HOME: "/root", PATH: "/usr/bin:/bin", PWD: "/", HOSTNAME: world.view.podName, ...(size.columns > 0 ? { TERM: "xterm" } : {}), ...world.view.environment }));
    const environment: Environment = {
      world, variables, exported: new Set(variables.keys()), cwd: "/", files: new ShellFiles(world, COMMAND_NAMES),
      parts: this.#parts,
      size: () => (this.#size.columns > 0 ? this.#size : null),
      processes: () => [command.join(" "), ...(this.#isInteractive ? [this.#name] : [])],
    };
    this.#shell = new Shell(environment);
    const [program = "sh", ...args] = command;
    this.#isInteractive = SHELLS.has(program) && args.every((arg) => arg === "-i" || arg === "-l");
    if (this.#isInteractive && this.#isTerminal) this.#prompt();
    else this.#start(this.#isInteractive ? this.#shell.run("eval \"$(cat)\"", this.#io()) : this.#shell.runList([{ join: ";", pipeline: { negated: false, commands: [simple(command)] } }], this.#io()));
  }

  /** Once it is over, and all that was shown is taken. */
  get exitCode(): number | null {
    return this.#shown === "" ? this.#exitCode : null;
  }

  /** Characters that may be typed now. */
  get room(): number {
    return MOST_TYPED - this.#typed.length;
  }

  /** More than there is room for is not taken. */
  type(text: string): void {
    if (this.#exitCode !== null || text.length > this.room) return;
    // Not in its turn: a program that is held back has to end all the same.
    const interrupt = this.#isTerminal && this.#running !== null ? text.lastIndexOf("\u0003") : -1;
    if (interrupt < 0) this.#typed += text;
    else {
      this.#interrupt();
      this.#typed = text.slice(interrupt + 1);
    }
  }

  resize(size: TerminalSize): void {
    if (this.#isTerminal) this.#size = { columns: Math.max(1, size.columns), rows: Math.max(1, size.rows) };
  }

  /** At most so many characters of what is to be shown; never half of one. */
  take(most: number): string {
    let end = Math.min(most, this.#shown.length);
    const last = this.#shown.charCodeAt(end - 1);
    if (end > 1 && last >= 0xd800 && last <= 0xdbff) end -= 1;
    const text = this.#shown.slice(0, end);
    this.#shown = this.#shown.slice(end);
    return text;
  }

  get hasShown(): boolean {
    return this.#shown !== "";
  }

  /** Runs for so many steps at most, at this instant. Answers when to come again: 0 at once, Infinity when something was typed or taken. */
  run(now: number, steps: number): number {
    for (let step = 0; step < steps; step += 1) {
      if (this.#exitCode !== null || this.#shown.length >= HELD) return BLOCKED;
      const typed = this.#takeTyped();
      if (this.#running === null) {
        if (typed) continue;
        return BLOCKED;
      }
      if (this.#running.until > now && !typed) return this.#running.until;
      this.#step();
    }
    return 0;
  }

  get #isTerminal(): boolean {
    return this.#size.columns > 0;
  }

  // -------------------------------------------------------------- programs

  #start(program: Program): void {
    this.#running = { program, until: 0 };
  }

  #step(): void {
    const { program } = this.#running as { program: Program };
    let code: number;
    try {
      const { value, done } = program.next();
      if (done !== true) return void (this.#running = { program, until: value });
      code = value;
    } catch (error) {
      if (!(error instanceof BrokenPipe || error instanceof Complaint || error instanceof RangeError)) throw error;
      // A stack that is too deep is the program's own fault.
      if (error instanceof RangeError) this.#show("sh: nested too deeply\n");
      code = 141;
    }
    this.#ended(code);
  }

  #ended(code: number): void {
    this.#running = null;
    this.#parts.count = 0;
    this.#name = "sh";
    this.#lines = "";
    if (this.#isInteractive && this.#isTerminal && !this.#shell.isOver) return this.#prompt();
    this.#exitCode = code;
  }

  #interrupt(): void {
    this.#shown = "";
    this.#typed = "";
    this.#show("^C\n");
    this.#shell.status = INTERRUPTED;
    this.#ended(INTERRUPTED);
  }

  #io(): Io {
    const sink = (terminal: SimulatedTerminal): Io["out"] => ({
      get room() {
        return HELD - terminal.#shown.length;
      },
      write: (text) => terminal.#show(text),
    });
    return {
      in: {
        read: () => {
          const text = this.#lines;
          this.#lines = "";
          if (text !== "" || !this.#isEnded) return text;
          // On a terminal the end of what is typed is one only for who reads now.
          if (this.#isTerminal) this.#isEnded = false;
          return null;
        },
        unread: (text) => {
          this.#lines = `${text}${this.#lines}`;
        },
      },
      out: sink(this),
      err: sink(this),
    };
  }

  #show(text: string): void {
    this.#shown += this.#isTerminal ? text.replace(/\r?\n/g, "\r\n") : text;
  }

  // -------------------------------------------------------------- what is typed

  #prompt(): void {
    this.#line = [];
    this.#cursor = 0;
    this.#recalled = this.#history.length;
    this.#show(this.#promptText());
  }

  #promptText(): string {
    if (this.#before !== "") return "> ";
    const { cwd, world } = this.#shell.environment;
    return `root@${world.view.podName}:${cwd}# `;
  }

  /** One key, or a run of plain ones. Whether there was any. */
  #takeTyped(): boolean {
    if (this.#typed === "") return false;
    if (!this.#isTerminal) {
      const end = this.#typed.indexOf("\u0004");
      if (this.#lines.length > MOST_TYPED) return false;
      this.#lines += end < 0 ? this.#typed : this.#typed.slice(0, end);
      this.#typed = "";
      this.#isEnded ||= end >= 0;
      return true;
    }
    // What is typed ahead waits here until it is read.
    if (this.#running !== null && this.#lines.length > MOST_LINE) return false;
    const escape = /^\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Za-z])/.exec(this.#typed)?.[0];
    // The rest of the key is on its way.
    if (escape === undefined && /^\u001b(?:\[[\d;]*|O)?$/.test(this.#typed)) {
      if (this.#typed.length < 16) return false;
      this.#typed = "";
      return true;
    }
    const key = escape ?? String.fromCodePoint(this.#typed.codePointAt(0) as number);
    this.#typed = this.#typed.slice(key.length);
    this.#key(key);
    return true;
  }

  #key(key: string): void {
    switch (key) {
      case "\r":
      case "\n":
        return this.#enter();
      case "\u0003":
        this.#show("^C\n");
        this.#before = "";
        this.#shell.status = INTERRUPTED;
        return this.#prompt();
      case "\u0004":
        if (this.#line.length > 0) return this.#edit(this.#cursor, 1, "");
        if (this.#running !== null) return void (this.#isEnded = true);
        this.#show("exit\n");
        return void (this.#exitCode = this.#shell.status);
      case "\u007f":
      case "\b":
        return this.#cursor > 0 ? this.#edit(this.#cursor - 1, 1, "") : undefined;
      case "\u0015":
        return this.#edit(0, this.#cursor, "");
      case "\u000b":
        return this.#edit(this.#cursor, this.#line.length - this.#cursor, "");
      case "\u0017": {
        const kept = this.#line.slice(0, this.#cursor).join("").replace(/\S*\s*$/, "");
        return this.#edit([...kept].length, this.#cursor - [...kept].length, "");
      }
      case "\u0001":
      case "\u001b[H":
        return this.#move(0);
      case "\u0005":
      case "\u001b[F":
        return this.#move(this.#line.length);
      case "\u001b[D":
        return this.#move(this.#cursor - 1);
      case "\u001b[C":
        return this.#move(this.#cursor + 1);
      case "\u001b[3~":
        return this.#edit(this.#cursor, 1, "");
      case "\u001b[A":
        return this.#recall(this.#recalled - 1);
      case "\u001b[B":
        return this.#recall(this.#recalled + 1);
      case "\u000c":
        this.#show(`\u001b[H\u001b[2J${this.#promptText()}${this.#line.join("")}`);
        return;
      default:
        if (key === "\t") return this.#running === null ? this.#complete() : this.#edit(this.#cursor, 0, key);
        if (key >= " " && !key.startsWith("\u001b") && this.#line.length < MOST_LINE) this.#edit(this.#cursor, 0, key);
    }
  }

  /** Adds to the word before the cursor what all names share that begin so: programs where a command begins, else files. */
  #complete(): void {
    const before = this.#line.slice(0, this.#cursor).join("");
    const word = /[^\s;|&()<>'"$`]*$/.exec(before)?.[0] ?? "";
    const { files, cwd } = this.#shell.environment;
    const folder = word.slice(0, word.lastIndexOf("/") + 1);
    const isCommand = folder === "" && /(^|[;|&(]\s*)$/.test(before.slice(0, before.length - word.length));
    const begun = word.slice(folder.length);
    const found = (isCommand ? COMMAND_NAMES : files.list(resolvePath(cwd, folder || "."))).filter((name) => name.startsWith(begun));
    let shared = found[0] ?? begun;
    for (const name of found) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
    const end = found.length !== 1 ? "" : !isCommand && files.isFolder(resolvePath(cwd, `${folder}${shared}`)) ? "/" : " ";
    const added = `${shared.slice(begun.length)}${end}`;
    if (added === "") this.#show("\u0007");
    else if (this.#line.length + added.length < MOST_LINE) this.#edit(this.#cursor, 0, added);
  }

  /** Replaces a part of the line, and shows how it is now. */
  #edit(from: number, count: number, text: string): void {
    const added = [...text];
    const tail = this.#line.slice(from + count);
    const gone = widthOf(this.#line.slice(from, from + count));
    const back = widthOf(this.#line.slice(from, this.#cursor));
    this.#line.splice(from, count, ...added);
    this.#cursor = from + added.length;
    const blanks = Math.max(0, gone - widthOf(added));
    this.#show(`${"\b".repeat(back)}${text}${tail.join("")}${" ".repeat(blanks)}${"\b".repeat(widthOf(tail) + blanks)}`);
  }

  #move(to: number): void {
    const target = Math.max(0, Math.min(this.#line.length, to));
    this.#show(target < this.#cursor ? "\b".repeat(widthOf(this.#line.slice(target, this.#cursor))) : this.#line.slice(this.#cursor, target).join(""));
    this.#cursor = target;
  }

  #recall(index: number): void {
    if (this.#running !== null || index < 0 || index > this.#history.length) return;
    this.#move(0);
    this.#edit(0, this.#line.length, this.#history[index] ?? "");
    this.#recalled = index;
  }

  #enter(): void {
    const text = this.#line.join("");
    this.#show("\n");
    this.#line = [];
    this.#cursor = 0;
    if (this.#running !== null) {
      this.#lines += `${text}\n`;
      return;
    }
    if (text.trim() !== "" && this.#history.at(-1) !== text) this.#history.push(text);
    if (this.#history.length > MOST_HISTORY) this.#history.shift();
    this.#before += text;
    let list: List;
    try {
      if (this.#before.length > MOST_TYPED) throw new SyntaxFault("the command is too long");
      list = Shell.parse(this.#before);
    } catch (error) {
      if (error instanceof Incomplete) {
        this.#before += "\n";
        return this.#prompt();
      }
      if (!(error instanceof SyntaxFault)) throw error;
      this.#show(`sh: ${error.message}\n`);
      this.#shell.status = 2;
      this.#before = "";
      return this.#prompt();
    }
    this.#name = this.#before.trim();
    this.#before = "";
    this.#start(this.#shell.runList(list, this.#io()));
  }
}

/** A command whose words are taken as they are. */
const simple = (command: readonly string[]) => ({
  kind: "simple" as const, assignments: [], redirects: [], words: command.map((text) => [{ kind: "text" as const, text, quoted: true }]),
});

/** Columns that characters take: two for those of East Asia and pictures, none for what combines. */
const widthOf = (characters: readonly string[]): number => characters.reduce((width, character) => width + (/\p{M}|\u200d|\ufe0f/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1), 0);
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
