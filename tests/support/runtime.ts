import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./eventually.ts";
import { TEMPORARY_PREFIX } from "./postgres.ts";
import { surroundings } from "./surroundings.ts";

/** `node server/main.ts` as it comes: it may be ready, or end at once; what it says and how it ends is what is looked at. */
export interface Run {
  readonly pid: number;
  /** Lines of standard output. */
  readonly printed: readonly string[];
  /** Lines of standard error that are JSON. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** The other lines of standard error. */
  readonly errors: readonly string[];
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** The line of the log that says so; rejects when it ends before. Its `seconds` are since the process began. */
  ready(): Promise<Readonly<Record<string, unknown>>>;
  /** The first line with this message. */
  said(message: string): Promise<Readonly<Record<string, unknown>>>;
  kill(signal: NodeJS.Signals): void;
}

const ROOT = path.resolve(import.meta.dirname, "../..");

export function run(env: Readonly<Record<string, string>>, [file, ...args]: readonly [string, ...string[]] = [process.execPath, "server/main.ts"]): Run {
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...surroundings(), SELVEDGE_FLEET: "tiny", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const printed: string[] = [];
  const log: Record<string, unknown>[] = [];
  const errors: string[] = [];
  const waiting: { readonly message: string; readonly found: (line: Record<string, unknown>) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => printed.push(line));
  createInterface({ input: child.stderr }).on("line", (text) => {
    const line = parse(text);
    if (line === null) return errors.push(text);
    log.push(line);
    for (const { message, found } of waiting) if (line["msg"] === message) found(line);
  });
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const said = (message: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const already = log.find((line) => line["msg"] === message);
      if (already) return resolve(already);
      waiting.push({ message, found: resolve });
      void exit.then(({ code, signal }) => reject(new Error(`it ended with ${code ?? signal} before it said "${message}":\n${errors.join("\n")}`)));
    });
  return { pid: child.pid as number, printed, log, errors, exit, said, ready: () => said("ready"), kill: (signal) => void child.kill(signal) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** A data directory of its own, which a run that is killed leaves to the next one to clear. */
export async function temporaryDirectory(mode = 0o711): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `${TEMPORARY_PREFIX}${process.pid}-`));
  await chmod(folder, mode);
  return folder;
}

export const removeDirectory = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

export interface Process {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
}

/** Every living process that belongs to a run: itself, whoever names its data directory, and all their descendants. Linux only. */
export async function processesOf(marks: { readonly pid: number; readonly directory: string }): Promise<Process[]> {
  const all: (Process & { readonly parent: number; readonly group: number; readonly line: string })[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const [status, cmdline, stat] = await Promise.all(["status", "cmdline", "stat"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8")));
      const [state, parent, group] = (stat as string).slice((stat as string).lastIndexOf(")") + 2).split(" ");
      // A zombie is gone, but for its parent's word.
      if (state === "Z") continue;
      const line = (cmdline as string).replaceAll("\0", " ").trim();
      all.push({ pid, uid: Number(/^Uid:\s+(\d+)/m.exec(status as string)?.[1]), command: line.split(" -")[0] as string, line, parent: Number(parent), group: Number(group) });
    } catch {
      // It ended while it was looked at.
    }
  }
  const found = new Set(all.filter(({ pid, group, line }) => pid === marks.pid || group === marks.pid || line.includes(marks.directory)).map(({ pid }) => pid));
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid) && pid !== process.pid).map(({ pid, uid, command }) => ({ pid, uid, command }));
}

/** Ends what a killed server left running on a directory. */
export async function endProcesses(directory: string): Promise<void> {
  await eventually(
    async () => {
      const left = await processesOf({ pid: -1, directory });
      for (const { pid } of left) {
        try {
          process.kill(pid, "SIGQUIT");
        } catch {
          // It ended by itself.
        }
      }
      if (left.length > 0) throw new Error(`still running: ${left.map(({ command }) => command).join(", ")}`);
    },
    { deadlineMs: 10_000, everyMs: 100 },
  );
}
