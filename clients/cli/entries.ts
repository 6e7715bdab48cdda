import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import type { ConfigEntryInput } from "../typescript/index.ts";
import { FailedError, UsageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Where keys and values of a ConfigMap or Secret come from: words of the command line, files, folders of files. */
export interface EntrySources {
  readonly fromLiteral?: readonly (readonly [string, string])[] | undefined;
  /** `[key=]path`; a folder gives a key for each file in it. */
  readonly fromFile?: readonly string[] | undefined;
}

/** What the server takes at most, for all values together; a larger file is not read into memory. */
const MAX_BYTES = 1_048_576;

/** Every key once, in the order given. Values are text: what is not UTF-8 is refused, because it would come back as something else. */
export async function readEntries({ fromLiteral = [], fromFile = [] }: EntrySources, folder: string): Promise<ConfigEntryInput[]> {
  const entries = new Map<string, string>();
  const add = (key: string, value: string): void => {
    if (entries.has(key)) throw new UsageError(`The key ${key} is given twice`);
    entries.set(key, value);
  };
  for (const [key, value] of fromLiteral) add(key, value);
  for (const source of fromFile) {
    const at = source.indexOf("=");
    const path = resolve(folder, at === -1 ? source : source.slice(at + 1));
    if (at === 0) throw new UsageError(`--from-file ${source} has no key before the =`);
    if (at === -1 && (await isFolder(path, source))) {
      for (const name of await filesOf(path)) add(name, await readText(join(path, name), name));
    } else add(at === -1 ? basename(path) : source.slice(0, at), await readText(path, source));
  }
  return [...entries].map(([key, value]) => ({ key, value }));
}

/** A file's text; FailedError says why it can't be had. */
export async function readText(path: string, shown: string): Promise<string> {
  const { size } = await stat(path).catch((error: unknown) => unreadable(shown, error));
  if (size > MAX_BYTES) throw new FailedError(`Can't take ${shown}: it has ${size} bytes, and at most ${MAX_BYTES} are taken`);
  const bytes = await readFile(path).catch((error: unknown) => unreadable(shown, error));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FailedError(`Can't take ${shown}: it is not UTF-8 text`);
  }
}

/** A file, or standard input for "-". */
export async function readTextOrInput(filename: string, terminal: Terminal, what: string): Promise<string> {
  if (filename !== "-") return readText(resolve(terminal.folder, filename), filename);
  if (terminal.input.isTTY === true) throw new UsageError(`- reads ${what} from standard input, and there is nothing but the keyboard`);
  return readAll(terminal.input);
}

async function isFolder(path: string, shown: string): Promise<boolean> {
  return (await stat(path).catch((error: unknown) => unreadable(shown, error))).isDirectory();
}

const filesOf = async (path: string): Promise<string[]> =>
  (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile() && !entry.name.startsWith(".")).map(({ name }) => name).toSorted();

function unreadable(shown: string, error: unknown): never {
  if (!(error instanceof Error && "code" in error)) throw error;
  const why = error.code === "ENOENT" ? "there is no such file" : error.code === "EISDIR" ? "it is a folder" : error.message;
  throw new FailedError(`Can't read ${shown}: ${why}`);
}
