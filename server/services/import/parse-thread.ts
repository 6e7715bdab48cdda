/** The thread that read.ts starts for a long text: its cost is a thread's, never the event loop's. */
import { parentPort, workerData } from "node:worker_threads";
import type { Outcome } from "../../domain/errors.ts";
import { type ManifestDocument, parseManifests } from "./parse.ts";

/** First that it begins to read, then what it read. */
export type ThreadMessage = "reading" | Outcome<ManifestDocument[]>;

const say = (message: ThreadMessage): void => parentPort?.postMessage(message);
say("reading");
say(parseManifests(workerData as string));
