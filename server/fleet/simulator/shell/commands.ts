/** The programs of a simulated container, by their names. Each is bounded in what it holds, and yields for every line. */
import { resolvePath } from "./files.ts";
import { curl, lookUp } from "./network.ts";
import { Pattern } from "./pattern.ts";
import { BLOCKED, Complaint, Lines, readAll, readSome, STEP, write, type Environment, type Io, type Program, type Running, type Source } from "./world.ts";

export type ProgramOf = (args: readonly string[], io: Io, environment: Environment) => Program;

const MOST_WRITTEN_AT_ONCE = 8_192;

/** One text from each file that is named, or from what there is to read. */
function* inputs(names: readonly string[], io: Io, { files, cwd }: Environment): Running<{ readonly name: string; readonly source: Source }[]> {
  if (names.length === 0) return [{ name: "-", source: io.in }];
  const found: { name: string; source: Source }[] = [];
  for (const name of names) {
    if (name === "-") {
      found.push({ name, source: io.in });
      continue;
    }
    const path = resolvePath(cwd, name);
    const text = files.read(path);
    if (text === null) yield* write(io.err, files.isFolder(path) ? `${name}: Is a directory\n` : `${name}: No such file or directory\n`);
    else found.push({ name, source: once(text) });
  }
  return found;
}

function once(text: string): Source {
  let rest: string | null = text;
  return {
    read: () => {
      if (rest === null || rest === "") return null;
      const piece = rest.slice(0, MOST_WRITTEN_AT_ONCE);
      rest = rest.slice(MOST_WRITTEN_AT_ONCE);
      return piece;
    },
    unread: (given) => {
      rest = `${given}${rest ?? ""}`;
    },
  };
}

interface Given {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Options of one letter; those in `withValue` take the next word. */
export function options(args: readonly string[], withValue = ""): Given {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let index = 0;
  for (; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === "--") {
      index += 1;
      break;
    }
    if (!/^-[^-]/.test(arg)) break;
    // As in `head -5`.
    if (/^-\d+$/.test(arg) && withValue.includes("n")) {
      values.set("n", arg.slice(1));
      continue;
    }
    for (let at = 1; at < arg.length; at += 1) {
      const letter = arg[at] as string;
      if (!withValue.includes(letter)) flags.add(letter);
      else {
        values.set(letter, arg.length > at + 1 ? arg.slice(at + 1) : (args[(index += 1)] ?? ""));
        break;
      }
    }
  }
  return { flags, values, rest: args.slice(index) };
}

const numberOf = (text: string, what: string): number => {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number) || number < 0) throw new Complaint(`invalid ${what} '${text}'`);
  return number;
};

const cat: ProgramOf = function* (args, io, environment) {
  const { rest } = options(args);
  const sources = yield* inputs(rest, io, environment);
  for (const { source } of sources) {
    for (let text = yield* readSome(source); text !== null; text = yield* readSome(source)) {
      yield* write(io.out, text);
      yield STEP;
    }
  }
  return sources.length < rest.length ? 1 : 0;
};

const echo: ProgramOf = function* (args, io) {
  const isBare = args[0] === "-n";
  const words = isBare || args[0] === "-e" ? args.slice(1) : args;
  const text = args[0] === "-e" ? unescape(words.join(" ")) : words.join(" ");
  yield* write(io.out, isBare ? text : `${text}\n`);
  return 0;
};

const unescape = (text: string): string =>
  text.replace(/\\(n|t|r|\\|e|0?[0-7]{1,3})/g, (_, code: string) => {
    const named: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", e: "\u001b" };
    return named[code] ?? String.fromCharCode(Number.parseInt(code, 8) || 1);
  });

const printf: ProgramOf = function* ([format = "", ...args], io) {
  let left = [...args];
  let status = 0;
  do {
    const before = left.length;
    const text = unescape(format).replace(/%([-0]*)(\d{0,3})(?:\.(\d{0,3}))?([sbdiuxXoc%])/g, (_, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === "%") return "%";
      const value = left.shift() ?? "";
      const isNumber = "diuxXo".includes(kind);
      if (isNumber && !/^\s*[-+]?(?:0[xX][\dA-Fa-f]+|\d*)$/.test(value)) status = 1;
      const shown = isNumber ? numeral(value, kind) : kind === "c" ? value.slice(0, 1) : (kind === "b" ? unescape(value) : value).slice(0, precision === undefined ? undefined : Number(precision));
      if (flags.includes("-")) return shown.padEnd(Number(width));
      return flags.includes("0") && isNumber ? `${shown.startsWith("-") ? "-" : ""}${shown.replace("-", "").padStart(Number(width) - (shown.startsWith("-") ? 1 : 0), "0")}` : shown.padStart(Number(width));
    });
    yield* write(io.out, text);
    if (left.length === before) left = [];
  } while (left.length > 0);
  return status;
};

function numeral(text: string, kind: string): string {
  const [, sign = "", digits = ""] = /^\s*([-+]?)(0[xX][\dA-Fa-f]{1,16}|\d{0,20})/.exec(text) ?? [];
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits || "0");
  const value = sign === "-" ? -size : size;
  if (kind === "d" || kind === "i") return String(BigInt.asIntN(64, value));
  const shown = BigInt.asUintN(64, value).toString(kind === "o" ? 8 : kind === "u" ? 10 : 16);
  return kind === "X" ? shown.toUpperCase() : shown;
}

const ls: ProgramOf = function* (args, io, { files, cwd, world }) {
  const { flags, rest } = options(args);
  let status = 0;
  const names = rest.length === 0 ? ["."] : rest;
  const size = (path: string): number => Buffer.byteLength(files.read(path) ?? "");
  const at = new Date(world.view.startedAt).toISOString().slice(0, 16).replace("T", " ");
  const line = (name: string, path: string): string => {
    if (!flags.has("l")) return `${name}\n`;
    const isFolder = files.isFolder(path);
    return `${isFolder ? "drwxr-xr-x" : files.isReadOnly(path) ? "-r--r--r--" : "-rw-r--r--"} root root ${String(isFolder ? 4096 : size(path)).padStart(8)} ${at} ${name}\n`;
  };
  for (const name of names) {
    const path = resolvePath(cwd, name);
    if (!files.exists(path)) {
      yield* write(io.err, `ls: ${name}: No such file or directory\n`);
      status = 1;
    } else if (files.isFolder(path) && !flags.has("d")) {
      if (names.length > 1) yield* write(io.out, `${name}:\n`);
      for (const entry of files.list(path)) {
        if (entry.startsWith(".") && !flags.has("a") && !flags.has("A")) continue;
        yield* write(io.out, line(entry, resolvePath(path, entry)));
      }
    } else yield* write(io.out, line(name, path));
  }
  return status;
};

const head: ProgramOf = function* (args, io, environment) {
  const { values, rest } = options(args, "nc");
  const most = numberOf(values.get("n") ?? "10", "number of lines");
  const sources = yield* inputs(rest, io, environment);
  for (const { source } of sources) {
    const characters = values.get("c");
    if (characters !== undefined) {
      yield* write(io.out, (yield* readAll(source)).slice(0, numberOf(characters, "number of bytes")));
      continue;
    }
    const lines = new Lines(source);
    for (let count = 0; count < most; count += 1) {
      const line = yield* lines.next();
      if (line === null) break;
      yield* write(io.out, `${line}\n`);
    }
  }
  return sources.length < rest.length ? 1 : 0;
};

const tail: ProgramOf = function* (args, io, environment) {
  const { flags, values, rest } = options(args, "n");
  const most = numberOf((values.get("n") ?? "10").replace(/^\+/, ""), "number of lines");
  const sources = yield* inputs(rest, io, environment);
  for (const { source } of sources) {
    const all = linesOf(yield* readAll(source));
    for (const line of all.slice(Math.max(0, all.length - most))) yield* write(io.out, `${line}\n`);
  }
  // Nothing is ever added to what is here, except by this shell.
  while (flags.has("f")) yield BLOCKED;
  return sources.length < rest.length ? 1 : 0;
};

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

const grep: ProgramOf = function* (args, io, environment) {
  const { flags, values, rest } = options(args, "e");
  const source = values.get("e") ?? rest[0];
  if (source === undefined) throw new Complaint("usage: grep [-ivcnqFE] pattern [file…]", 2);
  const names = values.has("e") ? rest : rest.slice(1);
  const pattern = new Pattern(flags.has("F") ? source.replace(/[.*+?^$|()[\]\\]/g, "\\$&") : source, { ignoreCase: flags.has("i") });
  const sources = yield* inputs(names, io, environment);
  let found = 0;
  for (const { name, source: text } of sources) {
    const lines = new Lines(text);
    let number = 0;
    let count = 0;
    for (let line = yield* lines.next(); line !== null; line = yield* lines.next()) {
      number += 1;
      yield STEP;
      if (pattern.test(line.slice(0, 4_096)) === flags.has("v")) continue;
      count += 1;
      if (flags.has("q")) return 0;
      if (!flags.has("c")) yield* write(io.out, `${sources.length > 1 ? `${name}:` : ""}${flags.has("n") ? `${number}:` : ""}${line}\n`);
    }
    if (flags.has("c")) yield* write(io.out, `${sources.length > 1 ? `${name}:` : ""}${count}\n`);
    found += count;
  }
  return sources.length < names.length ? 2 : found > 0 ? 0 : 1;
};

const wc: ProgramOf = function* (args, io, environment) {
  const { flags, rest } = options(args);
  const sources = yield* inputs(rest, io, environment);
  for (const { name, source } of sources) {
    const text = yield* readAll(source);
    const counts = [["l", text.split("\n").length - 1], ["w", text.split(/\s+/).filter((word) => word !== "").length], ["c", Buffer.byteLength(text)]] as const;
    const shown = counts.filter(([letter]) => flags.size === 0 || flags.has(letter)).map(([, count]) => String(count)).join(" ");
    yield* write(io.out, `${shown}${name === "-" ? "" : ` ${name}`}\n`);
  }
  return sources.length < rest.length ? 1 : 0;
};

/** A program that makes lines of all lines. */
const ofLines = (change: (lines: string[], given: Given) => readonly string[], withValue = ""): ProgramOf =>
  function* (args, io, environment) {
    const given = options(args, withValue);
    const sources = yield* inputs(given.rest, io, environment);
    const lines: string[] = [];
    for (const { source } of sources) lines.push(...linesOf(yield* readAll(source)));
    yield STEP;
    for (const line of change(lines, given)) yield* write(io.out, `${line}\n`);
    return sources.length < given.rest.length ? 1 : 0;
  };

const sort = ofLines((lines, { flags }) => {
  const compared = flags.has("n") ? (a: string, b: string): number => (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0) : (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = lines.toSorted(compared);
  if (flags.has("r")) sorted.reverse();
  return flags.has("u") ? [...new Set(sorted)] : sorted;
});

const uniq = ofLines((lines, { flags }) => {
  const runs: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.count += 1;
    else runs.push({ line, count: 1 });
  }
  return runs.map(({ line, count }) => (flags.has("c") ? `${String(count).padStart(7)} ${line}` : line));
});

const cut = ofLines((lines, { values }) => {
  const separator = values.get("d") ?? "\t";
  const characters = values.get("c");
  if (characters !== undefined) return lines.map((line) => [...line].filter((_, index) => isIn(characters, index + 1)).join(""));
  const wanted = (values.get("f") ?? "1").split(",").map((text) => numberOf(text, "field"));
  return lines.map((line) => (line.includes(separator) ? wanted.map((field) => line.split(separator)[field - 1] ?? "").join(separator) : line));
}, "dfc");
/** Of a list as `1,3-5,7-`. */
const isIn = (list: string, place: number): boolean =>
  list.split(",", 100).some((range) => {
    const [, from = "", dash = "", to = ""] = /^(\d*)(-?)(\d*)$/.exec(range) ?? [];
    return dash === "" ? Number(from) === place && from !== "" : place >= Number(from || "1") && place <= (to === "" ? Infinity : Number(to));
  });

const tr: ProgramOf = function* (args, io) {
  const { flags, rest } = options(args);
  const [from, to] = [expandRanges(rest[0] ?? ""), expandRanges(rest[1] ?? "")];
  for (let text = yield* readSome(io.in); text !== null; text = yield* readSome(io.in)) {
    let changed = "";
    for (const character of text) {
      const at = from.indexOf(character);
      changed += at < 0 ? character : flags.has("d") ? "" : (to[Math.min(at, to.length - 1)] ?? character);
    }
    yield* write(io.out, changed);
    yield STEP;
  }
  return 0;
};
const CLASSES: Readonly<Record<string, string>> = { upper: "A-Z", lower: "a-z", digit: "0-9", alpha: "A-Za-z", alnum: "A-Za-z0-9", space: " \t\n\r\v\f" };
const expandRanges = (text: string): string[] =>
  [...unescape(text).replace(/\[:([a-z]+):\]/g, (whole, name: string) => (Object.hasOwn(CLASSES, name) ? (CLASSES[name] as string) : whole)).slice(0, 1_000).replace(/(.)-(.)/g, (_, first: string, last: string) => {
    const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
    return to < from || to - from > 500 ? "" : String.fromCharCode(...Array.from({ length: to - from + 1 }, (_unused, index) => from + index));
  })];

const seq: ProgramOf = function* (args, io) {
  const [first, last] = args.length > 1 ? [numberOf(args[0] as string, "number"), numberOf(args[1] as string, "number")] : [1, numberOf(args[0] ?? "", "number")];
  for (let number = first; number <= last; number += 1) {
    yield* write(io.out, `${number}\n`);
    yield STEP;
  }
  return 0;
};

const yes: ProgramOf = function* (args, io) {
  const text = `${args.join(" ") || "y"}\n`;
  for (;;) {
    yield* write(io.out, text);
    yield STEP;
  }
};

const sleep: ProgramOf = function* (args, _io, { world }) {
  const [, amount = "", unit = "s"] = /^([\d.]+)([smhd]?)$/.exec(args[0] ?? "") ?? [];
  const factor = { s: 1, m: 60, h: 3_600, d: 86_400, "": 1 }[unit] ?? 1;
  const until = world.now() + numberOf(amount, "number") * factor * 1_000;
  while (world.now() < until) yield until;
  return 0;
};

const UNARY = new Set(["-n", "-z", "-e", "-f", "-d", "-s", "-r", "-w", "-x"]);
const BINARY = new Set(["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"]);
const MOST_OPERANDS = 100;

/** `test` and `[`: operands with !, -a, -o and brackets, where -a binds closer than -o. */
const test: ProgramOf = function* (args, _io, { files, cwd }) {
  const words = args.at(-1) === "]" ? args.slice(0, -1) : args;
  if (words.length > MOST_OPERANDS) throw new Complaint("too many operands", 2);
  const path = (name: string): string => resolvePath(cwd, name);
  const whole = (text: string): bigint => {
    if (!/^\s*[-+]?\d{1,40}\s*$/.test(text)) throw new Complaint(`Illegal number: ${text.slice(0, 40)}`, 2);
    return BigInt(text.trim().replace(/^\+/, ""));
  };
  const one = (operator: string, text: string): boolean => {
    switch (operator) {
      case "-n":
        return text !== "";
      case "-z":
        return text === "";
      case "-f":
        return files.read(path(text)) !== null;
      case "-d":
        return files.isFolder(path(text));
      case "-s":
        return (files.read(path(text)) ?? "") !== "";
      default:
        return files.exists(path(text));
    }
  };
  const two = (a: string, operator: string, b: string): boolean => {
    switch (operator) {
      case "=":
      case "==":
        return a === b;
      case "!=":
        return a !== b;
      case "<":
        return a < b;
      case ">":
        return a > b;
      case "-eq":
        return whole(a) === whole(b);
      case "-ne":
        return whole(a) !== whole(b);
      case "-lt":
        return whole(a) < whole(b);
      case "-le":
        return whole(a) <= whole(b);
      case "-gt":
        return whole(a) > whole(b);
      default:
        return whole(a) >= whole(b);
    }
  };
  let at = 0;
  const operand = (): boolean => {
    const [a, b, c] = words.slice(at, at + 3);
    if (a === undefined) throw new Complaint("argument expected", 2);
    if (b !== undefined && c !== undefined && BINARY.has(b)) {
      at += 3;
      return two(a, b, c);
    }
    if (a === "!" && b !== undefined) {
      at += 1;
      return !operand();
    }
    if (a === "(" && b !== undefined) {
      at += 1;
      const inner = either();
      if (words[at++] !== ")") throw new Complaint("closing paren expected", 2);
      return inner;
    }
    at += 1;
    if (!UNARY.has(a) || b === undefined) return a !== "";
    at += 1;
    return one(a, b);
  };
  const both = (): boolean => {
    let is = operand();
    for (; words[at] === "-a"; ) {
      at += 1;
      const more = operand();
      is = is && more;
    }
    return is;
  };
  const either = (): boolean => {
    let is = both();
    for (; words[at] === "-o"; ) {
      at += 1;
      const more = both();
      is = is || more;
    }
    return is;
  };
  yield STEP;
  if (words.length === 0) return 1;
  const is = either();
  if (at < words.length) throw new Complaint(`${words[at]?.slice(0, 40)}: unexpected operator`, 2);
  return is ? 0 : 1;
};

const ps: ProgramOf = function* (_args, io, { world, processes }) {
  const { spec } = world.view;
  const main = [...spec.command, ...spec.args].join(" ") || `(${spec.image})`;
  const rows = [main, ...processes()].map((command, index) => `${String([1, 7, 12, 13, 14][index] ?? 14 + index).padStart(5)} root      ${index === 0 ? "S" : "R"}    ${command.replaceAll(/\s+/g, " ").slice(0, 200)}\n`);
  yield* write(io.out, `  PID USER      STAT COMMAND\n${rows.join("")}`);
  return 0;
};

const tput: ProgramOf = function* ([what], io, { size }) {
  const now = size();
  const text = what === "cols" ? String(now?.columns ?? 80) : what === "lines" ? String(now?.rows ?? 24) : what === "clear" ? "\u001b[H\u001b[2J" : "";
  yield* write(io.out, what === "clear" ? text : `${text}\n`);
  return 0;
};

const says = (text: (environment: Environment, args: readonly string[]) => string): ProgramOf =>
  function* (args, io, environment) {
    yield* write(io.out, text(environment, args));
    return 0;
  };

/** Something for each path. */
const forEach = (what: (environment: Environment, path: string, given: Given) => void): ProgramOf =>
  function* (args, io, environment) {
    const given = options(args);
    let status = 0;
    for (const name of given.rest) {
      yield STEP;
      try {
        what(environment, resolvePath(environment.cwd, name), given);
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        if (given.flags.has("f")) continue;
        yield* write(io.err, `${error.message}\n`);
        status = 1;
      }
    }
    return status;
  };

const copy = (isMoved: boolean): ProgramOf =>
  function* (args, _io, { files, cwd }) {
    const [from, to] = options(args).rest;
    if (from === undefined || to === undefined) throw new Complaint("missing file operand");
    yield STEP;
    const text = files.read(resolvePath(cwd, from));
    if (text === null) throw new Complaint(`can't stat '${from}': No such file or directory`);
    const target = resolvePath(cwd, to);
    files.write(files.isFolder(target) ? resolvePath(target, from.slice(from.lastIndexOf("/") + 1)) : target, text);
    if (isMoved) files.remove(resolvePath(cwd, from));
    return 0;
  };

const environmentText = ({ variables, exported }: Environment): string =>
  [...variables].filter(([name]) => exported.has(name)).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}\n`).join("");

const printenv: ProgramOf = function* ([name], io, environment) {
  if (name === undefined) yield* write(io.out, environmentText(environment));
  else if (!environment.exported.has(name)) return 1;
  else yield* write(io.out, `${environment.variables.get(name) ?? ""}\n`);
  return 0;
};

const tee: ProgramOf = function* (args, io, { files, cwd }) {
  const { flags, rest } = options(args);
  const paths = rest.map((name) => resolvePath(cwd, name));
  for (const path of paths) if (!flags.has("a")) files.write(path, "");
  for (let text = yield* readSome(io.in); text !== null; text = yield* readSome(io.in)) {
    for (const path of paths) files.write(path, text, true);
    yield* write(io.out, text);
    yield STEP;
  }
  return 0;
};

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const dateText = (at: number, [format]: readonly string[]): string => {
  const date = new Date(at);
  if (format === "+%s") return `${Math.floor(at / 1_000)}\n`;
  const text = date.toISOString();
  if (format?.startsWith("+")) return `${format.slice(1).replace(/%[YmdHMSFT]/g, (part) => ({ "%Y": text.slice(0, 4), "%m": text.slice(5, 7), "%d": text.slice(8, 10), "%H": text.slice(11, 13), "%M": text.slice(14, 16), "%S": text.slice(17, 19), "%F": text.slice(0, 10), "%T": text.slice(11, 19) })[part] ?? part)}\n`;
  return `${WEEKDAYS[date.getUTCDay()]} ${text.slice(0, 10)} ${text.slice(11, 19)} UTC\n`;
};

/** Refused in words: there is no screen to draw on. */
const noEditor: ProgramOf = function* (args, io) {
  yield* write(io.err, `there is no editor here; to write a file: cat > ${args.find((arg) => !arg.startsWith("-"))?.slice(0, 80) ?? "FILE"}, type its lines, and end with Ctrl-D\n`);
  return 1;
};

const NAMES_ONLY = ["cd", "export", "exit", "unset", "set", "shift", "local", "return", "read", "eval", "exec", "sh", "break", "continue", "wait", "type", "command", "source"];

export const COMMANDS: ReadonlyMap<string, ProgramOf> = new Map<string, ProgramOf>([
  ["cat", cat], ["echo", echo], ["printf", printf], ["ls", ls], ["head", head], ["tail", tail], ["grep", grep], ["wc", wc], ["sort", sort], ["uniq", uniq], ["cut", cut], ["tr", tr],
  ["seq", seq], ["yes", yes], ["sleep", sleep], ["test", test], ["[", test], ["ps", ps], ["tput", tput], ["printenv", printenv], ["tee", tee],
  ["cp", copy(false)], ["mv", copy(true)],
  ["env", says((environment) => environmentText(environment))],
  ["pwd", says(({ cwd }) => `${cwd}\n`)],
  ["hostname", says(({ world: { view } }, args) => `${args[0] === "-i" ? (view.address ?? "") : view.podName}\n`)],
  ["whoami", says(() => "root\n")],
  ["id", says(() => "uid=0(root) gid=0(root) groups=0(root)\n")],
  ["uname", says(({ world: { view } }, args) => (args[0] === "-a" ? `Linux ${view.podName} 6.1.0-selvedge #1 SMP x86_64 Linux\n` : "Linux\n"))],
  ["date", says(({ world }, args) => dateText(world.now(), args))],
  ["uptime", says(({ world }) => `up ${Math.floor((world.now() - world.view.startedAt) / 60_000)} min\n`)],
  ["nproc", says(({ world }) => `${Math.max(1, Math.ceil(world.view.spec.cpuMillis / 1_000))}\n`)],
  ["free", says(({ world }) => `       total\nMem:   ${world.view.spec.memoryMiB * 1_024}\n`)],
  ["stty", says(({ size }, args) => (args[0] === "size" ? `${size()?.rows ?? 24} ${size()?.columns ?? 80}\n` : ""))],
  ["clear", says(() => "\u001b[H\u001b[2J")],
  ["basename", says((_, [path = "", suffix = ""]) => {
    const name = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
    return `${suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`;
  })],
  ["dirname", says((_, [path = ""]) => `${path.slice(0, Math.max(0, path.lastIndexOf("/"))) || "."}\n`)],
  ["help", says(() => `A simulated shell. It has: ${[...COMMANDS.keys(), ...NAMES_ONLY].toSorted().join(" ")}\n`)],
  ["mkdir", forEach(({ files }, path, { flags }) => {
    if (!flags.has("p") || !files.isFolder(path)) files.makeFolder(path);
  })],
  ["rm", forEach(({ files }, path, { flags }) => files.remove(path, flags.has("r") || flags.has("R")))],
  ["touch", forEach(({ files }, path) => files.write(path, "", true))],
  ["which", function* (args, io) {
    for (const name of args) {
      if (!COMMANDS.has(name) && name !== "sh") return 1;
      yield* write(io.out, `/bin/${name}\n`);
    }
    return 0;
  }],
  ["true", says(() => "")],
  ["false", function* () {
    yield STEP;
    return 1;
  }],
  ["top", ps], ["vi", noEditor], ["vim", noEditor], ["nano", noEditor], ["less", cat], ["more", cat],
  ["curl", curl], ["wget", curl], ["nslookup", lookUp],
]);
export const COMMAND_NAMES: readonly string[] = [...COMMANDS.keys(), "sh"].filter((name) => name !== "[");
