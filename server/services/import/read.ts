/**
 * Reading a caller's YAML without trusting it: a short text at once, a long one on a thread of its own with limits on memory and time,
 * because some texts of 1 MiB keep a parser busy for seconds.
 */
import { Worker } from "node:worker_threads";
import { invalid, type Outcome, refused } from "../../domain/errors.ts";
import { createSemaphore } from "../../domain/semaphore.ts";
import { IMPORT_LIMITS, type ManifestDocument, parseManifests } from "./parse.ts";
import type { ThreadMessage } from "./parse-thread.ts";

const SHORT = 32_768;
const DEADLINE_MS = 5_000;
const MAX_THREADS = 2;
const MAX_WAITING = 20;
const PATH = ["input", "yaml"];

export type ReadManifests = (yaml: string) => Promise<Outcome<ManifestDocument[]>>;

/** One for each composition: it bounds how many threads read at once. */
export function createManifestReader(): ReadManifests {
  const threads = createSemaphore(MAX_THREADS, MAX_WAITING);
  return async (yaml) => {
    const bytes = Buffer.byteLength(yaml);
    if (bytes > IMPORT_LIMITS.bytes)
      return refused(invalid(PATH, `The YAML has ${bytes} bytes; at most ${IMPORT_LIMITS.bytes} are allowed.`));
    if (bytes <= SHORT) return parseManifests(yaml);
    if (threads.isFull)
      return refused(invalid(PATH, "Too many long files are being read; try again, or import it in parts."));
    return threads.run(() => onThread(yaml));
  };
}

/** The deadline counts from when the thread has begun to read: on a busy machine starting it takes longer than reading. */
function onThread(yaml: string): Promise<Outcome<ManifestDocument[]>> {
  const tooMuch = refused(invalid(PATH, `The YAML can't be read in ${DEADLINE_MS / 1000} seconds: it is too complex.`));
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./parse-thread.ts", import.meta.url), {
      workerData: yaml,
      resourceLimits: { maxOldGenerationSizeMb: 192 },
    });
    let deadline: NodeJS.Timeout | undefined;
    worker.on("message", (message: ThreadMessage) => {
      if (message !== "reading") return resolve(message);
      deadline = setTimeout(() => {
        resolve(tooMuch);
        void worker.terminate();
      }, DEADLINE_MS);
    });
    worker.once("error", (error: NodeJS.ErrnoException) => (error.code === "ERR_WORKER_OUT_OF_MEMORY" ? resolve(tooMuch) : reject(error)));
    worker.once("exit", (code) => {
      clearTimeout(deadline);
      // After its answer this settles nothing any more.
      reject(new Error(`the manifest reader ended with code ${code} and without an answer`));
    });
  });
}
