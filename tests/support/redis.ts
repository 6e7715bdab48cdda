import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { createClient } from "redis";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { freePort } from "./ports.ts";

/**
 * A real redis-server for the tests, wherever they run: the machine's own, or one that is brought along. No package of npm carries one, Debian's does: as
 * root it is installed, else its files are unpacked beside the other caches, where they stay. Only where neither can be had, tests of Redis are skipped.
 */
export interface RedisProgram {
  readonly command: string;
  /** Where its libraries are, if not where the system looks. */
  readonly libraries: string | null;
}

declare module "vitest" {
  interface ProvidedContext {
    redis: RedisProgram | null;
  }
}

const run = promisify(execFile);
const CACHE = path.resolve(import.meta.dirname, "../../node_modules/.cache/redis");
const PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblua5.1-0", "liblzf1", "libhiredis0.14", "lua-cjson", "lua-bitop"];
const APT_TIMEOUT_MS = 120_000;

export default async function setup(project: TestProject): Promise<void> {
  project.provide("redis", await findRedis());
}

export async function findRedis(cache = CACHE): Promise<RedisProgram | null> {
  const installed = await installedRedis();
  if (installed !== null) return installed;
  try {
    if (process.getuid?.() === 0) {
      await apt("update", "-qq");
      await apt("install", "-y", "-qq", "--no-install-recommends", "redis-server");
      return await installedRedis();
    }
    return await unpackedRedis(cache);
  } catch (error) {
    process.stderr.write(`redis-server can't be brought along, its tests are skipped: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}\n`);
    return null;
  }
}

const apt = (...args: readonly string[]): Promise<unknown> => run("apt-get", [...args], { timeout: APT_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });

async function installedRedis(): Promise<RedisProgram | null> {
  try {
    const { stdout } = await run("which", ["redis-server"]);
    return { command: stdout.trim(), libraries: null };
  } catch {
    return null;
  }
}

/** From an earlier time, or now. It counts only once it has said its version. */
export async function unpackedRedis(cache: string): Promise<RedisProgram> {
  const programIn = async (folder: string): Promise<RedisProgram> => {
    const lib = (await readdir(path.join(folder, "usr/lib"))).find((name) => name.includes("-linux-"));
    const program = { command: path.join(folder, "usr/bin/redis-server"), libraries: path.join(folder, "usr/lib", lib ?? "") };
    await access(program.command);
    await run(program.command, ["--version"], { env: environmentOf(program) });
    return program;
  };
  const kept = await programIn(cache).catch(() => null);
  if (kept !== null) return kept;
  await mkdir(path.dirname(cache), { recursive: true });
  const folder = await mkdtemp(`${cache}-`);
  try {
    // A name that this release does not have any more is no reason to do without the others: the program says what it lacks.
    for (const name of PACKAGES) await run("apt-get", ["download", "-qq", name], { cwd: folder, timeout: APT_TIMEOUT_MS }).catch(() => undefined);
    for (const file of await readdir(folder)) if (file.endsWith(".deb")) await run("dpkg", ["-x", path.join(folder, file), path.join(folder, "root")]);
    await programIn(path.join(folder, "root"));
    await rm(cache, { recursive: true, force: true });
    // Whole or not at all: another run may be looking.
    await run("mv", ["-T", path.join(folder, "root"), cache]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return programIn(cache);
}

const environmentOf = ({ libraries }: RedisProgram): NodeJS.ProcessEnv => (libraries === null ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries });

export interface RedisServer {
  readonly url: string;
  start(): Promise<void>;
  /** At once, as a crash would. */
  kill(): Promise<void>;
  /** Its connections stay, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Forgets all that it holds. */
  flush(): Promise<void>;
  dispose(): Promise<void>;
}

/** On a port and a folder of its own. Call it where `inject("redis")` is not null. */
export async function startRedis(): Promise<RedisServer> {
  const program = inject("redis");
  if (program === null) throw new Error("there is no redis-server here");
  const folder = await mkdtemp(path.join(tmpdir(), "selvedge-redis-"));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const started = spawn(program.command, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], { stdio: ["ignore", "pipe", "ignore"], env: environmentOf(program) });
    child = started;
    await new Promise<void>((resolve, reject) => {
      started.once("error", reject);
      started.once("exit", () => reject(new Error("redis-server ended")));
      started.stdout.on("data", (chunk: Buffer) => {
        if (chunk.includes("Ready to accept connections")) resolve();
      });
    });
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    flush: async () => {
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      await client.connect();
      await client.flushAll();
      client.destroy();
    },
    dispose: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
