/** What the server's threads and its Postgres take, as Linux counts it. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Of the clock that /proc counts in. */
const TICK_MS = 10;

export interface Taken {
  readonly wallMs: number;
  /** User and system, by the thread's name; all of Postgres together. */
  readonly ms: Readonly<Record<string, number>>;
}

export class CpuOfServer {
  readonly #dataDirectory: string;

  constructor(dataDirectory: string) {
    this.#dataDirectory = dataDirectory;
  }

  async over(work: () => Promise<unknown>): Promise<Taken> {
    const startedAt = performance.now();
    const before = await this.#taken();
    await work();
    const after = await this.#taken();
    const wallMs = performance.now() - startedAt;
    return { wallMs, ms: Object.fromEntries([...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)])) };
  }

  coresOf({ wallMs, ms }: Taken): number {
    return Object.values(ms).reduce((sum, each) => sum + each, 0) / wallMs;
  }

  /** Resident, of the server's process and of Postgres; memory that Postgres' processes share is counted once for each. */
  async memoryMiB(): Promise<number> {
    const { server, postgres } = await this.#processes();
    let pages = 0;
    for (const pid of [server, ...postgres]) {
      const [, resident = "0", shared = "0"] = (await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "")).split(" ");
      pages += Number(resident) - (pid === server ? 0 : Number(shared));
    }
    return (pages * 4) / 1_024;
  }

  async #taken(): Promise<Map<string, number>> {
    const { server, postgres } = await this.#processes();
    const taken = new Map<string, number>();
    for (const thread of await readdir(`/proc/${server}/task`)) {
      const found = await times(`/proc/${server}/task/${thread}/stat`);
      if (found === null) continue;
      const name = Number(thread) === server ? "main thread (API)" : `thread ${found.name}`;
      taken.set(name, (taken.get(name) ?? 0) + found.ms);
    }
    let ms = 0;
    for (const pid of postgres) ms += (await times(`/proc/${pid}/stat`))?.ms ?? 0;
    // Of its processes that have ended, too.
    ms += (await times(`/proc/${postgres[0]}/stat`))?.endedMs ?? 0;
    return taken.set("Postgres", ms);
  }

  /** Postgres' first is the one that all others are children of. */
  async #processes(): Promise<{ server: number; postgres: number[] }> {
    const postmaster = Number.parseInt(await readFile(path.join(this.#dataDirectory, "postgres/data/postmaster.pid"), "utf8"), 10);
    const parentOf = async (pid: number | string): Promise<number> => Number(/^PPid:\s+(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1]);
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const parents = await Promise.all(pids.map(parentOf));
    return { server: await parentOf(postmaster), postgres: [postmaster, ...pids.filter((_, index) => parents[index] === postmaster).map(Number)] };
  }
}

/** Milliseconds, user and system. */
export const cpuOf = async (pid: number): Promise<number> => (await times(`/proc/${pid}/stat`))?.ms ?? 0;

async function times(file: string): Promise<{ name: string; ms: number; endedMs: number } | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  const parts = text === null ? null : /^\d+ \((.*)\) (.*)$/s.exec(text);
  if (parts === null) return null;
  const [, name = "", rest = ""] = parts;
  const fields = rest.split(" ").map(Number);
  const ticks = (from: number): number => (fields[from] ?? 0) + (fields[from + 1] ?? 0);
  return { name, ms: ticks(11) * TICK_MS, endedMs: ticks(13) * TICK_MS };
}
