import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Load, Measured } from "./reads/load.ts";
import { Q1, Q2 } from "./reads/operations.ts";
import { type Server, type Servers, startServers } from "./reads/servers.ts";

/**
 * Reads against the raw limit: requests a second over HTTP, as users run it, divided by those of node:http with one prepared statement. Interleaved
 * A B A B, the median of each side's rounds. Both sides' answers are compared before anything is measured.
 */
const CONNECTIONS = 64;
const DATABASE_CONNECTIONS = 8;
const ROUNDS = 5;
const SECONDS = 3;
const WARM_UP_SECONDS = 3;

interface Case {
  readonly name: string;
  readonly floor: number;
  readonly bodies: readonly string[];
}

/** `cpuMs`: of the server's own process, for one request; it says more than the rate where something else is running. */
type Round = Measured & { readonly cpuMs: number };

export async function run(): Promise<boolean> {
  await using servers = await startServers(DATABASE_CONNECTIONS);
  const cases: readonly Case[] = [
    { name: "Q1 one application, two leaves", floor: 0.35, bodies: servers.data.applicationIds.map((id) => JSON.stringify({ query: Q1, variables: { id: `Application.${id}` } })) },
    { name: "Q2 a dashboard of 740 objects", floor: 0.2, bodies: [JSON.stringify({ query: Q2 })] },
  ];
  const lines: Record<string, string | number>[] = [];
  let held = true;
  for (const { name, floor, bodies } of cases) {
    const bytes = await sameAnswer(servers, bodies[0] as string);
    const ours: Round[] = [];
    const limit: Round[] = [];
    const measure = async (server: Server, seconds: number): Promise<Round> => {
      const before = await server.cpu();
      const measured = await measureOnce({ url: server.url, token: servers.data.token, bodies, connections: CONNECTIONS, seconds });
      return { ...measured, cpuMs: ((await server.cpu()) - before) / (measured.requestsPerSecond * seconds) };
    };
    await measure(servers.ours, WARM_UP_SECONDS);
    await measure(servers.limit, WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await measure(servers.ours, SECONDS));
      limit.push(await measure(servers.limit, SECONDS));
    }
    const failed = [...ours, ...limit].reduce((sum, { failed: some }) => sum + some, 0);
    const [mine, raw] = [median(ours.map((one) => one.requestsPerSecond)), median(limit.map((one) => one.requestsPerSecond))];
    const ratio = mine / raw;
    if (ratio < floor || failed > 0) held = false;
    lines.push({
      "": name, "answer, KB": (bytes / 1024).toFixed(1), "ours, /s": mine.toFixed(0), "limit, /s": raw.toFixed(0), ratio: ratio.toFixed(3), floor,
      "CPU ours, ms": median(ours.map((one) => one.cpuMs)).toFixed(3), "CPU limit, ms": median(limit.map((one) => one.cpuMs)).toFixed(3),
      "p99 ours, ms": median(ours.map((one) => one.p99Ms)), "p99 limit, ms": median(limit.map((one) => one.p99Ms)), failed,
    });
  }
  console.log(`reads: ${CONNECTIONS} connections, ${ROUNDS} × ${SECONDS} s each side in turn, ${cpus().length} cores shared by server, Postgres and load, node ${process.version}`);
  console.table(lines);
  return held;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function measureOnce(load: Load): Promise<Measured> {
  const child = fork(path.join(import.meta.dirname, "reads/load.ts"), [JSON.stringify(load)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const deadline = setTimeout(() => child.kill("SIGKILL"), (load.seconds + 30) * 1000);
  const gone = once(child, "exit");
  const [measured] = (await Promise.race([once(child, "message"), gone.then(() => Promise.reject(new Error("the load generator ended early")))])) as [Measured];
  await gone;
  clearTimeout(deadline);
  return measured;
}

/** The size of the answer. @throws where the two sides don't answer the same */
async function sameAnswer(servers: Servers, body: string): Promise<number> {
  const ask = async (url: string): Promise<string> => (await fetch(url, { method: "POST", body, headers: { "content-type": "application/json", authorization: `Bearer ${servers.data.token}` } })).text();
  const [ours, limit] = [await ask(servers.ours.url), await ask(servers.limit.url)];
  if (!isDeepStrictEqual(JSON.parse(ours), JSON.parse(limit))) throw new Error(`The two sides answer differently:\n${ours.slice(0, 1000)}\n${limit.slice(0, 1000)}`);
  return Buffer.byteLength(ours);
}
