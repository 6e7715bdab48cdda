/**
 * Where the gateway's door is: a Unix socket in a folder of its own under the system's temporary one, which nobody else may enter. Not in the data directory: several processes
 * may share that, and a socket's path has a hundred characters at most.
 *
 * A process that is killed leaves its folder, and the next that makes one clears it. Whose it was can't be told by a process' number, for those may be another container's: a socket at
 * which nobody listens is nobody's, and so is a folder without one that is old. One that is young may belong to a process that is about to listen.
 */
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export interface DoorPlace {
  /** Of the socket. */
  readonly path: string;
  remove(): Promise<void>;
}

const PREFIX = "selvedge-door-";
const SOCKET = "gateway";
/** No start takes so long. */
const OLD_MS = 3_600_000;
/** At a time; the next start clears more. */
const MOST_CLEARED = 100;

export async function makeDoorPlace(parent = tmpdir()): Promise<DoorPlace> {
  const folder = await mkdtemp(path.join(parent, PREFIX));
  return { path: path.join(folder, SOCKET), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Removes what processes left that are gone; answers how many. Folders of others are none of our business. */
export async function clearDoorPlaces(now: number, parent = tmpdir()): Promise<number> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX)).slice(0, MOST_CLEARED);
  const cleared = await Promise.all(names.map(async (name) => {
    const folder = path.join(parent, name);
    try {
      const { uid, mtimeMs } = await lstat(folder);
      if (uid !== process.getuid?.()) return false;
      const state = await knock(path.join(folder, SOCKET));
      if (state === "answered" || (state === "absent" && now - mtimeMs < OLD_MS)) return false;
      await rm(folder, { recursive: true });
      return true;
    } catch {
      // Somebody else was quicker, or it is no folder that we may touch.
      return false;
    }
  }));
  return cleared.filter(Boolean).length;
}

const knock = (socket: string): Promise<"answered" | "silent" | "absent"> =>
  new Promise((resolve, reject) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve("answered");
    });
    connection.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve("silent");
      else if (error.code === "ENOENT") resolve("absent");
      else reject(error);
    });
  });
