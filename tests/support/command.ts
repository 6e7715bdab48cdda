import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
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

export function startCommand(args: readonly string[], env: Readonly<Record<string, string>>): Command {
  const child: ChildProcess = spawn(process.execPath, ["clients/cli/main.ts", ...args], {
    cwd: ROOT,
    env: { ...surroundings(), XDG_CONFIG_HOME: "/nonexistent", SELVEDGE_DATA_DIR: "/nonexistent", ...env },
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

export const runCommand = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> => startCommand(args, env).done();
