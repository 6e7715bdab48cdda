import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Readable } from "node:stream";
import { run } from "#clients/cli/program.ts";
import { surroundings } from "./surroundings.ts";

/** The command line as a user starts it: a process of its own, its outputs read through pipes. */
export interface Command {
  /** So far. */
  readonly out: string;
  readonly err: string;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  done(): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const ROOT = path.resolve(import.meta.dirname, "../..");
const surroundingsOf = (env: Readonly<Record<string, string>>): Record<string, string | undefined> => ({ ...surroundings(), XDG_CONFIG_HOME: "/nonexistent", SELVEDGE_DATA_DIR: "/nonexistent", ...env });

export function startCommand(args: readonly string[], env: Readonly<Record<string, string>>): Command {
  const child: ChildProcess = spawn(process.execPath, ["clients/cli/main.ts", ...args], {
    cwd: ROOT,
    env: surroundingsOf(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (written.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (written.err += text));
  const closed = once(child, "close");
  return {
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    signal: (name) => void child.kill(name),
    done: async () => {
      await closed;
      return { code: child.exitCode, ...written };
    },
  };
}

/** The same command line within this process, which spares the time that a program takes to start; what stands on signals, pipes or exits is for `startCommand`. */
export async function runCommand(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const written = { out: "", err: "" };
  const code = await run(args, {
    out: { write: (text) => (written.out += text) },
    err: { write: (text) => (written.err += text) },
    input: Readable.from([]),
    env: surroundingsOf(env),
    folder: ROOT,
    interrupted: new AbortController().signal,
  });
  return { code, ...written };
}
