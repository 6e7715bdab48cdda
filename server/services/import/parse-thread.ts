/** The thread that read.ts starts for a long text: its cost is a thread's, never the event loop's. */
import { parentPort, workerData } from "node:worker_threads";
import { parseManifests } from "./parse.ts";

parentPort?.postMessage(parseManifests(workerData as string));
