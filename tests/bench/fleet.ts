/**
 * Simulated pods in real time: a fleet in one thread, with its agents, their store on disk and the link, at work; how much of a core it takes.
 *
 * First the pods are started, as fast as it goes: that is CPU spent a pod. Then the steady state: all pods run with a readiness and a liveness probe,
 * and in each second one of `--crash-one-in` pods crashes (and waits its back-off), and one of `--replace-one-in` is replaced under a rolling restart.
 * Each change is stored, reported and acknowledged; all pods are measured every 15 s, and lines of logs collected. The fleet keeps up where that takes at most half of a core. How late
 * its loop is says something only on a machine that does nothing else.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MessageChannel, Worker } from "node:worker_threads";
import { portListener } from "#server/fleet/transport-port.ts";
import { BareGateway } from "./fleet/gateway.ts";
import type { FleetThreadData, FromFleetThread, Sample, ToFleetThread } from "./fleet/thread.ts";

export const takesOptions = true;

const HELP = `Options: --clusters 100  --pods 50000  --seconds 30  --speed 1  --crash-one-in 10000  --replace-one-in 20000  --takes samples,logs (nothing: neither metrics nor logs are made)  --full (1,000 clusters, 1,000,000 pods)`;
/** Of a core. */
const MOST_BUSY = 0.5;
const START_DEADLINE_MS = 1_200_000;

export async function run(args: readonly string[]): Promise<boolean> {
  const options = optionsOf(args);
  if (options === null) return true;
  const { clusters, pods, seconds, speed } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), `selvedge-bench-${process.pid}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const storePath = path.join(folder, "agents.sqlite");
  const { port1, port2 } = new MessageChannel();
  const startedAt = Date.now();
  const gateway = new BareGateway(Math.ceil(pods / clusters), () => startedAt + (Date.now() - startedAt) * speed, options.takes);
  const workerData: FleetThreadData = { link: port2, storePath, clusters, speed, startedAt };
  const worker = new Worker(new URL("./fleet/thread.ts", import.meta.url), { name: "fleet", workerData, transferList: [port2] });
  stack.defer(async () => void (await worker.terminate()));
  const failed = new Promise<never>((_, reject) => worker.once("error", reject));
  const answers: ((message: FromFleetThread) => void)[] = [];
  worker.on("message", (message: FromFleetThread) => answers.shift()?.(message));
  const ask = (message: ToFleetThread): Promise<FromFleetThread> => {
    worker.postMessage(message);
    return Promise.race([new Promise<FromFleetThread>((resolve) => answers.push(resolve)), failed]);
  };
  const sample = async (): Promise<Sample> => (await ask({ ask: "sample" })).sample as Sample;

  const empty = (await ask({ ask: "heap" })).heapBytes ?? 0;
  const idle = await sample();
  const listener = portListener(port1);
  stack.defer(() => port1.close());
  listener.onConnection((connection) => gateway.connect(connection));
  const running = Math.ceil(pods / clusters / 10) * 10 * clusters;
  const deadline = performance.now() + START_DEADLINE_MS;
  let started = await sample();
  while (started.stats.readyPods < running) {
    if (performance.now() > deadline) throw new Error(`Only ${started.stats.readyPods} of ${running} pods got ready`);
    await sleep(200);
    started = await sample();
  }
  const startReports = gateway.podsReported;
  const bytes = ((await ask({ ask: "heap" })).heapBytes ?? 0) - empty;
  worker.postMessage({ ask: "delays" } satisfies ToFleetThread);
  const from = await sample();
  const [measured, logged] = [gateway.podsMeasured, gateway.linesLogged];
  let crashed = 0;
  let [crashes, replacements] = [0, 0];
  for (let second = 0; second < seconds; second += 1) {
    const endsAt = performance.now() + 1_000;
    crashes += running / options.crashOneIn;
    replacements += running / options.replaceOneIn;
    crashed += gateway.crash(Math.floor(crashes));
    crashes -= Math.floor(crashes);
    gateway.replace(Math.floor(replacements / 10) * 10);
    replacements %= 10;
    await sleep(Math.max(0, endsAt - performance.now()));
  }
  const to = await sample();
  const wallMs = to.atMs - from.atMs;
  const busyMs = to.cpuMs - from.cpuMs;
  const file = (await stat(storePath)).size;
  await ask({ ask: "close" });

  const ticks = to.stats.ticks - from.stats.ticks;
  console.log(`fleet: ${clusters} clusters, ${running} pods with probes, at ${speed} × real time; ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.version}`);
  console.table([
    { "": "pods started, a second of CPU", value: (running / ((started.cpuMs - idle.cpuMs) / 1_000)).toFixed(0) },
    { "": "pods named in reports, a pod started", value: (startReports / running).toFixed(2) },
    { "": "steady: pods crashed, a second", value: (crashed / (wallMs / 1_000)).toFixed(1) },
    { "": "steady: share of a core", value: (busyMs / wallMs).toFixed(3) },
    { "": "steady: ms of CPU, a simulated second", value: ((busyMs / wallMs) * 1_000 / speed).toFixed(1) },
    { "": "steady: pods measured, a second", value: ((gateway.podsMeasured - measured) / (wallMs / 1_000)).toFixed(0) },
    { "": "steady: lines of logs, a second", value: ((gateway.linesLogged - logged) / (wallMs / 1_000)).toFixed(1) },
    { "": "steady: agents looked at, a tick", value: ((to.stats.visits - from.stats.visits) / ticks).toFixed(1) },
    { "": "steady: ticks, a second", value: (ticks / (wallMs / 1_000)).toFixed(1) },
    { "": "steady: loop late, p99 ms (max)", value: `${to.lateP99Ms.toFixed(0)} (${to.lateMaxMs.toFixed(0)})` },
    { "": "memory, bytes a pod", value: (bytes / running).toFixed(0) },
    { "": "store on disk, bytes a pod", value: (file / running).toFixed(0) },
  ]);
  return busyMs / wallMs <= MOST_BUSY;
}

interface Options {
  readonly clusters: number;
  readonly pods: number;
  readonly seconds: number;
  readonly speed: number;
  readonly crashOneIn: number;
  readonly replaceOneIn: number;
  readonly takes: readonly string[];
}

/** null where only help was asked for. */
function optionsOf(args: readonly string[]): Options | null {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        clusters: text(""), pods: text(""), takes: text("samples,logs"), seconds: text("30"), speed: text("1"), "crash-one-in": text("10000"), "replace-one-in": text("20000"),
        full: { type: "boolean" }, help: { type: "boolean" },
      },
    });
    if (values.help) {
      console.log(HELP);
      return null;
    }
    const number = (value: string, fallback = 0): number => {
      const parsed = value === "" ? fallback : Number(value);
      if (!(parsed > 0)) throw new Error(`"${value}" is no number above 0. `);
      return parsed;
    };
    return {
      clusters: number(values.clusters, values.full ? 1_000 : 100),
      pods: number(values.pods, values.full ? 1_000_000 : 50_000),
      seconds: number(values.seconds),
      speed: number(values.speed),
      crashOneIn: number(values["crash-one-in"]),
      replaceOneIn: number(values["replace-one-in"]),
      takes: values.takes.split(",").filter((type) => type !== "" && type !== "nothing"),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${HELP}`);
    process.exit(2);
  }
}
