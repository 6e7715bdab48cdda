import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";
import { AnswerCounter } from "./answers.ts";

/**
 * The load generator, in a process of its own: so many connections, each of which asks, waits for the whole answer, and asks again. It parses no more of
 * an answer than its head, and reads into one buffer a connection, so that it costs less than any server that it measures (`generator.ts` says what it can do).
 *
 *   connecting ──all are connected──▶ measuring ──so many seconds──▶ draining ──the last answer that is owed──▶ told
 *
 * What is answered while draining doesn't count in the rate, but in what CPU is divided by; nothing is left to do when the next side's turn begins.
 */
export interface Load {
  readonly url: string;
  readonly token: string;
  /** Sent in turn, each connection from a place of its own. */
  readonly bodies: readonly string[];
  /** What each answer must measure; every other one has failed. */
  readonly answerBytes: number;
  readonly connections: number;
  readonly seconds: number;
}
export interface Measured {
  readonly requestsPerSecond: number;
  /** All of them, with those while draining. */
  readonly answered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of another status or size than they should have, and connections that broke. */
  readonly failed: number;
  /** Of a core, that this process took: near 1 it has measured itself. */
  readonly busy: number;
}

const READ_BYTES = 256 * 1024;
const DRAIN_MS = 20_000;

async function generate(load: Load): Promise<Measured> {
  const { hostname, port, pathname } = new URL(load.url);
  const requests = load.bodies.map((body) =>
    Buffer.from(
      `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${load.token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies = createHistogram();
  const sockets = new Set<Socket>();
  let [counted, answered, failed] = [0, 0, 0];
  let measuring = true;
  const drained = Promise.withResolvers<undefined>();
  const finish = (socket: Socket): void => {
    sockets.delete(socket);
    socket.destroy();
    if (sockets.size === 0) drained.resolve(undefined);
  };

  const open = async (index: number): Promise<() => void> => {
    const counter = new AnswerCounter();
    let next = Math.floor((index * requests.length) / load.connections);
    let askedAt = 0;
    const ask = (): void => {
      askedAt = performance.now();
      socket.write(requests[next] as Buffer);
      next = (next + 1) % requests.length;
    };
    const onData = (bytes: number, chunk: Uint8Array): boolean => {
      const answer = counter.take(chunk, bytes);
      if (answer === null) return true;
      answered += 1;
      if (answer.status !== 200 || answer.bodyBytes !== load.answerBytes) failed += 1;
      if (measuring) {
        counted += 1;
        latencies.record(Math.max(1, Math.round((performance.now() - askedAt) * 1000)));
        ask();
      } else finish(socket);
      return true;
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer: Buffer.allocUnsafe(READ_BYTES), callback: onData } });
    sockets.add(socket);
    const broke = (): void => {
      if (!sockets.has(socket)) return;
      failed += 1;
      finish(socket);
    };
    socket.once("error", broke).once("end", broke);
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    return ask;
  };

  const asking = await Promise.all(Array.from({ length: load.connections }, (_, index) => open(index)));
  const before = process.cpuUsage();
  const started = performance.now();
  for (const ask of asking) ask();
  await Promise.race([new Promise((resolve) => setTimeout(resolve, load.seconds * 1000)), drained.promise]);
  measuring = false;
  const took = performance.now() - started;
  const rate = counted / (took / 1000);
  const { user, system } = process.cpuUsage(before);
  const late = setTimeout(() => {
    failed += sockets.size;
    for (const socket of sockets) finish(socket);
  }, DRAIN_MS);
  await drained.promise;
  clearTimeout(late);
  return {
    requestsPerSecond: rate, answered, failed,
    p50Ms: latencies.percentile(50) / 1000, p99Ms: latencies.percentile(99) / 1000,
    busy: (user + system) / 1000 / took,
  };
}

process.send?.(await generate(JSON.parse(process.argv[2] as string) as Load));
