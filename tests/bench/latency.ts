import { randomUUID } from "node:crypto";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { accepted, ClustersDocument, CreateApplicationDocument, OpenTerminalDocument, PodsDocument, type SelvedgeClient, SendTerminalInputDocument, WatchPodsDocument, WatchTerminalDocument } from "#clients/typescript/index.ts";
import { startServer } from "#tests/support/server.ts";

/**
 * How long people wait, on the product as `npm start` runs it: until it is ready, until a mutation is answered, until a subscriber is told of
 * the first pod that the cluster reported, and until what is typed into a terminal is echoed. One change at a time, so that these are latencies and not queues. Times, not ratios: they hold for the
 * machine that they were taken on.
 */
const APPLICATIONS = 200;
const FIRST_POD_P99_MS = 1_000;
const KEYS = 300;
const ECHO_P99_MS = 50;

export async function run(): Promise<boolean> {
  const cold = performance.now();
  const server = await startServer();
  try {
    const lines: Record<string, string | number>[] = [{ "": "start to ready, empty data directory", n: 1, "p50, ms": since(cold) }];
    await server.stop();
    const warm = performance.now();
    await server.start();
    lines.push({ "": "start to ready, again", n: 1, "p50, ms": since(warm) });

    const client = server.client();
    const { clusters } = await client.execute(ClustersDocument, { first: 20 });
    const seen = new Map<string, () => void>();
    const ending = new AbortController();
    const stream = client.subscribe(WatchPodsDocument, { filter: {} }, { signal: ending.signal })[Symbol.asyncIterator]();
    await stream.next();
    const watching = (async () => {
      for (let step = await stream.next(); !step.done; step = await stream.next()) {
        for (const pod of step.value.pods.upserted) seen.get(pod.application.name)?.();
      }
    })().catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    });

    const answered: number[] = [];
    const reported: number[] = [];
    for (let index = 0; index < APPLICATIONS; index += 1) {
      const name = `latency-${index}`;
      const clusterId = clusters.nodes[index % clusters.nodes.length]?.id as string;
      const first = new Promise<number>((resolve) => seen.set(name, () => resolve(performance.now())));
      const began = performance.now();
      const { createApplication } = await client.execute(CreateApplicationDocument, {
        input: {
          name, namespace: "default", idempotencyKey: randomUUID(),
          template: { containers: [{ name: "web", image: "example.org/latency:1", cpuMillis: 10, memoryMiB: 8 }] },
          distribution: { clusters: [{ clusterId, replicas: 1 }] },
        },
      });
      accepted(createApplication);
      answered.push(performance.now() - began);
      reported.push((await first) - began);
      seen.delete(name);
    }
    ending.abort();
    await watching;
    lines.push({ "": "createApplication, asked to answered", n: APPLICATIONS, ...percentiles(answered) });
    lines.push({ "": "createApplication, asked to the first pod at a subscriber", n: APPLICATIONS, ...percentiles(reported) });
    const echoed = await echoes(client);
    lines.push({ "": "a key into a terminal, sent to shown", n: KEYS, ...percentiles(echoed) });
    console.log(`latency: one change at a time, 60 clusters, ${cpus().length} cores, node ${process.version}`);
    console.table(lines);
    return percentile(reported, 0.99) <= FIRST_POD_P99_MS && percentile(echoed, 0.99) <= ECHO_P99_MS;
  } finally {
    await server.dispose();
  }
}

/** Keys typed one by one, with a person's pauses, each until its echo is there. */
async function echoes(client: SelvedgeClient): Promise<number[]> {
  const { pods } = await client.execute(PodsDocument, { first: 200 });
  const pod = pods.nodes.find(({ phase }) => phase === "RUNNING");
  if (pod === undefined) throw new Error("no pod runs");
  const { session } = accepted((await client.execute(OpenTerminalDocument, { input: { podId: pod.id, container: "web", idempotencyKey: randomUUID() } })).openTerminal);
  const sessionId = session?.id ?? "";
  const ending = new AbortController();
  const shown = client.subscribe(WatchTerminalDocument, { sessionId }, { signal: ending.signal, silenceMs: Infinity })[Symbol.asyncIterator]();
  const until = async (text: string): Promise<void> => {
    for (let seen = ""; !seen.includes(text); ) {
      const step = await shown.next();
      if (step.done) throw new Error("the terminal ended");
      seen += step.value.terminal.data;
    }
  };
  await until("# ");
  const took: number[] = [];
  for (let sequence = 1; sequence <= KEYS; sequence += 1) {
    const key = String.fromCharCode(97 + (sequence % 26));
    const began = performance.now();
    const sent = client.execute(SendTerminalInputDocument, { input: { sessionId, sequence, data: key } });
    await until(key);
    took.push(performance.now() - began);
    accepted((await sent).sendTerminalInput);
    await sleep(20 + (sequence % 7) * 5);
  }
  ending.abort();
  return took;
}

const since = (start: number): number => Math.round(performance.now() - start);
const percentile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] as number;
const percentiles = (values: readonly number[]): Record<string, number> => ({ "p50, ms": Math.round(percentile(values, 0.5)), "p99, ms": Math.round(percentile(values, 0.99)) });
