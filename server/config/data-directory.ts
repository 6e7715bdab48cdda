import { hkdfSync, randomBytes } from "node:crypto";
import { access, chmod, constants, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Config } from "./config.ts";

/**
 * The data directory: who works in it, and the secrets that are kept in it.
 *
 *   lock               held while a process works here; a killed process holds nothing
 *   encryption-key     32 bytes, base64, 0600; only where none is set
 *   token              the administrator's token, 0600; only where none is set
 *   postgres, fleet    what the database and the agents keep, each for its owner's eyes only
 */
export interface Secrets {
  readonly encryptionKey: Uint8Array;
  /** Those that came before it, where they are still needed. */
  readonly previousKeys: readonly Uint8Array[];
  readonly adminToken: string;
  /** The file that holds the token; null where it was given as a setting. */
  readonly tokenFile: string | null;
}

export interface DirectoryLock {
  release(): void;
}

/** Somebody else works in the data directory. */
export class DirectoryInUse extends Error {
  override readonly name = "DirectoryInUse";
}

const SQLITE_BUSY = 5;

/** Makes it if need be. Others may pass through it, but not list it: Postgres, where it runs as another user, lies inside. */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    // Whatever the umask was.
    if (await makeFolder(directory)) await chmod(directory, 0o711);
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(directory, error);
  }
}

/**
 * Makes a folder and those above it that are missing; false where it is there already. Not by mkdir's `recursive`: that tries for ever where the
 * folder above exists but takes nothing in and says ENOENT, as /proc does.
 */
async function makeFolder(folder: string): Promise<boolean> {
  const make = () => mkdir(folder, { mode: 0o711 });
  try {
    await make().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await makeFolder(path.dirname(folder));
      await make();
    });
    return true;
  } catch (error) {
    // Whatever is said of a folder that exists: that it exists, that it is a root, that its file system is read-only.
    const there = await stat(folder).catch(() => null);
    if (there?.isDirectory()) return false;
    throw error;
  }
}

const unusable = (directory: string, cause: unknown): Error =>
  new Error(`SELVEDGE_DATA_DIR must be a folder that can be made, or written to: ${directory} can't (${cause instanceof Error ? cause.message : String(cause)})`, { cause });

/**
 * One process at a time. The lock is SQLite's on a file: the kernel's own, so that it ends with the process however it ends, and a number in a
 * file can't be mistaken for a living process. Throws DirectoryInUse.
 */
export function lockDataDirectory(directory: string): DirectoryLock {
  const file = openLock(directory);
  try {
    file.exec("pragma busy_timeout = 0; begin immediate; create table if not exists holder (pid integer not null); delete from holder");
    file.prepare("insert into holder (pid) values (?)").run(process.pid);
    // Committed, so that others can read who holds it; taken again at once, and held.
    file.exec("commit; begin immediate");
  } catch (error) {
    const busy = (error as { errcode?: number }).errcode === SQLITE_BUSY;
    const holder = busy ? (file.prepare("select pid from holder").get() as { pid: number } | undefined) : undefined;
    file.close();
    if (!busy) throw error;
    throw new DirectoryInUse(`another Selvedge${holder ? ` (process ${holder.pid})` : ""} is running on the data directory ${directory}`);
  }
  return { release: () => file.close() };
}

function openLock(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(path.join(directory, "lock"));
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** The secrets as set, or as kept, or made now. Call it under the lock. */
export async function loadSecrets(config: Pick<Config, "dataDirectory" | "encryptionKey" | "previousEncryptionKeys" | "adminToken">): Promise<Secrets> {
  const encryptionKey = config.encryptionKey ?? (await keptKey(path.join(config.dataDirectory, "encryption-key")));
  const previousKeys = config.previousEncryptionKeys;
  const tokenFile = path.join(config.dataDirectory, "token");
  if (config.adminToken !== null) {
    // A token that no longer works must not lie around as if it did.
    await rm(tokenFile, { force: true });
    return { encryptionKey, previousKeys, adminToken: config.adminToken, tokenFile: null };
  }
  const adminToken = deriveAdminToken(encryptionKey);
  await writeFile(tokenFile, `${adminToken}\n`, { mode: 0o600 });
  await chmod(tokenFile, 0o600);
  return { encryptionKey, previousKeys, adminToken, tokenFile };
}

/** Follows from the key, so that processes which share a database agree on it without a word. */
const deriveAdminToken = (encryptionKey: Uint8Array): string =>
  `slv_${Buffer.from(hkdfSync("sha256", encryptionKey, "", "selvedge administrator token", 32)).toString("base64url")}`;

async function keptKey(file: string): Promise<Uint8Array> {
  const kept = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (kept !== null) {
    const key = Buffer.from(kept.trim(), "base64");
    if (key.length !== 32) throw new Error(`${file} does not hold 32 bytes in base64: restore it, or what is encrypted with it is lost`);
    return Uint8Array.from(key);
  }
  const key = randomBytes(32);
  // Whole or not at all: a short file, after a crash in the middle, would be refused at every start.
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, `${key.toString("base64")}\n`, { mode: 0o600, flag: "wx", flush: true });
  await rename(`${file}.new`, file);
  return Uint8Array.from(key);
}
