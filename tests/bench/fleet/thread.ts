/**
 * A fleet in a thread of its own, as the product has it, that is asked how it does. Its gateway is at the other end of the port; what happens to its
 * pods is told from there, too.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type FleetStats } from "#server/fleet/fleet.ts";
import { portDialer } from "#server/fleet/transport-port.ts";

export interface FleetThreadData {
  readonly link: MessagePort;
  readonly storePath: string;
  readonly clusters: number;
  readonly speed: number;
  /** By the wall clock, when the simulation's began. */
  readonly startedAt: number;
}

/** `heap` asks for the bytes in use, garbage left out; `delays` begins to measure how late the loop is. */
export interface ToFleetThread {
  readonly ask: "sample" | "heap" | "delays" | "close";
}

export interface Sample {
  readonly atMs: number;
  /** Of this thread, user and system together, since it began. */
  readonly cpuMs: number;
  readonly stats: FleetStats;
  /** Of the loop, since `delays`. */
  readonly lateP99Ms: number;
  readonly lateMaxMs: number;
}

export interface FromFleetThread {
  readonly sample?: Sample;
  readonly heapBytes?: number;
  readonly closed?: true;
}

const { link, storePath, clusters, speed, startedAt } = workerData as FleetThreadData;
const say = (message: FromFleetThread): void => parentPort?.postMessage(message);
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const delay = monitorEventLoopDelay({ resolution: 5 });
const description = loadFleetDescription("china-large");
const fleet = createFleet({
  description: { ...description, clusters: description.clusters.slice(0, clusters) },
  seed: 1,
  clock: { now: () => startedAt + (Date.now() - startedAt) * speed },
  storePath,
  sealingSeed: new Uint8Array(32).fill(7),
  dialer: portDialer(link),
  logger: { info: () => undefined, warn: (fields, message) => console.error(message, fields), error: (fields, message) => console.error(message, fields) },
});

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
const heapBytes = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

parentPort?.on("message", (message: ToFleetThread) => {
  switch (message.ask) {
    case "sample":
      return say({ sample: { atMs: performance.now(), cpuMs: cpuMs(), stats: fleet.stats(), lateP99Ms: delay.percentile(99) / 1e6, lateMaxMs: delay.max / 1e6 } });
    case "delays":
      delay.reset();
      return void delay.enable();
    case "heap":
      return say({ heapBytes: heapBytes() });
    case "close":
      void fleet.close().then(() => {
        say({ closed: true });
        link.close();
        parentPort?.close();
      });
  }
});
await fleet.start();
