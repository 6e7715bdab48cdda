/**
 * The files of a simulated container: what every image has, the configuration that is mounted, and what a shell has written. Nothing of it is on any disk.
 * What is written belongs to the one shell, is bounded, and is gone with it; mounted configuration can't be written.
 */
import type { ContainerWorld } from "./world.ts";
import { Complaint } from "./world.ts";

const MOST_WRITTEN = 1_024 * 1_024;
const MOST_FILES = 1_000;
const FOLDERS = ["/", "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/tmp", "/usr", "/usr/bin", "/var", "/var/log", "/var/run"];
const NULL_DEVICE = "/dev/null";

export class ShellFiles {
  readonly #world: ContainerWorld;
  readonly #commands: readonly string[];
  readonly #written = new Map<string, string>();
  readonly #folders = new Set<string>();
  readonly #removed = new Set<string>();
  #size = 0;

  constructor(world: ContainerWorld, commands: readonly string[]) {
    this.#world = world;
    this.#commands = commands;
  }

  /** null where there is no such file. */
  read(path: string): string | null {
    if (path === NULL_DEVICE) return "";
    const mounted = this.#world.mounted();
    if (Object.hasOwn(mounted, path)) return mounted[path] as string;
    const written = this.#written.get(path);
    if (written !== undefined) return written;
    return this.#removed.has(path) ? null : (this.#base().get(path) ?? null);
  }

  isFolder(path: string): boolean {
    if (FOLDERS.includes(path) || this.#folders.has(path)) return true;
    const within = `${path}/`;
    return Object.keys(this.#world.mounted()).some((file) => file.startsWith(within)) || this.#mounts().some((mount) => mount === path || mount.startsWith(within));
  }

  exists(path: string): boolean {
    return this.isFolder(path) || this.read(path) !== null;
  }

  /** Names in a folder, sorted. */
  list(folder: string): string[] {
    const within = folder === "/" ? "/" : `${folder}/`;
    const all = [...FOLDERS, ...this.#folders, ...this.#mounts(), ...Object.keys(this.#world.mounted()), ...this.#written.keys(), ...[...this.#base().keys()].filter((path) => !this.#removed.has(path))];
    const names = new Set(all.filter((path) => path.startsWith(within) && path !== within).map((path) => path.slice(within.length).split("/")[0] as string));
    return [...names].filter((name) => name !== "").toSorted();
  }

  /** @throws Complaint */
  write(path: string, text: string, isAppended = false): void {
    if (path === NULL_DEVICE) return;
    if (this.isFolder(path)) throw new Complaint(`${path}: Is a directory`);
    if (!this.isFolder(folderOf(path))) throw new Complaint(`${path}: No such file or directory`);
    if (this.isReadOnly(path)) throw new Complaint(`${path}: Read-only file system`);
    const before = this.#written.get(path);
    const after = isAppended ? `${this.read(path) ?? ""}${text}` : text;
    const size = this.#size - (before?.length ?? 0) + after.length;
    if (size > MOST_WRITTEN || (before === undefined && this.#written.size + this.#folders.size >= MOST_FILES)) throw new Complaint(`${path}: No space left on device`);
    this.#written.set(path, after);
    this.#removed.delete(path);
    this.#size = size;
  }

  makeFolder(path: string): void {
    if (this.exists(path)) throw new Complaint(`can't create directory '${path}': File exists`);
    if (!this.isFolder(folderOf(path))) throw new Complaint(`can't create directory '${path}': No such file or directory`);
    if (this.isReadOnly(path)) throw new Complaint(`can't create directory '${path}': Read-only file system`);
    if (this.#written.size + this.#folders.size >= MOST_FILES) throw new Complaint(`can't create directory '${path}': No space left on device`);
    this.#folders.add(path);
  }

  remove(path: string, isDeep = false): void {
    if (this.isReadOnly(path)) throw new Complaint(`can't remove '${path}': Read-only file system`);
    if (this.isFolder(path)) {
      if (!isDeep) throw new Complaint(`'${path}' is a directory`);
      if (!this.#folders.has(path)) throw new Complaint(`can't remove '${path}': Device or resource busy`);
      for (const file of this.#written.keys()) if (file.startsWith(`${path}/`)) this.#forget(file);
      for (const folder of this.#folders) if (folder === path || folder.startsWith(`${path}/`)) this.#folders.delete(folder);
      return;
    }
    if (this.read(path) === null) throw new Complaint(`can't remove '${path}': No such file or directory`);
    this.#forget(path);
    if (this.#base().has(path) && this.#removed.size < MOST_FILES) this.#removed.add(path);
  }

  /** Where configuration is mounted, and what the kernel shows. */
  isReadOnly(path: string): boolean {
    return path.startsWith("/proc") || path.startsWith("/dev/") || this.#configured().some((mount) => path === mount || path.startsWith(`${mount}/`));
  }

  #forget(path: string): void {
    this.#size -= this.#written.get(path)?.length ?? 0;
    this.#written.delete(path);
  }

  #mounts(): string[] {
    return (this.#world.view.spec.volumeMounts ?? []).map(({ mountPath }) => mountPath.replace(/\/+$/, "") || "/");
  }

  #configured(): string[] {
    const files = Object.keys(this.#world.mounted());
    return this.#mounts().filter((mount) => files.some((file) => file.startsWith(`${mount}/`)));
  }

  #base(): ReadonlyMap<string, string> {
    const { podName, address } = this.#world.view;
    return new Map([
      ["/etc/hostname", `${podName}\n`],
      ["/etc/hosts", `127.0.0.1\tlocalhost\n${address === null ? "" : `${address}\t${podName}\n`}`],
      ["/etc/os-release", 'NAME="Selvedge simulated container"\nID=selvedge\nVERSION_ID=1\n'],
      ["/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"],
      ["/etc/resolv.conf", `search ${this.#world.view.namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 100.96.0.10\n`],
      ...this.#commands.map((name): [string, string] => [`/bin/${name}`, ""]),
    ]);
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** An absolute path without `.`, `..` and doubled slashes. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : `${cwd}/`}${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
