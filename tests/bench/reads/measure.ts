import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Load, Measured } from "./load.ts";
import { messageOf, type Server } from "./servers.ts";

/** `cpuMs`: of the server's own process, for one request; it says more than the rate where something else is running. `postgresMs`: of all of Postgres. */
export type Round = Measured & { readonly cpuMs: number; readonly postgresMs: number | null };

/** One side's turn. */
export async function measure(server: Pick<Server, "cpu">, postgresCpu: () => Promise<number | null>, load: Load): Promise<Round> {
  const [server1, postgres1] = [await server.cpu(), await postgresCpu()];
  const measured = await generate(load);
  const [server2, postgres2] = [await server.cpu(), await postgresCpu()];
  return {
    ...measured,
    cpuMs: (server2 - server1) / measured.answered,
    postgresMs: postgres1 === null || postgres2 === null ? null : (postgres2 - postgres1) / measured.answered,
  };
}

const LONGEST_DRAIN_SECONDS = 60;

async function generate(load: Load): Promise<Measured> {
  const child = fork(path.join(import.meta.dirname, "load.ts"), [JSON.stringify(load)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const deadline = setTimeout(() => child.kill("SIGKILL"), (load.seconds + LONGEST_DRAIN_SECONDS) * 1000);
  const gone = once(child, "exit");
  try {
    return (await messageOf(child, "the load generator")) as Measured;
  } finally {
    await gone;
    clearTimeout(deadline);
  }
}

/** The medians of a side's rounds, each by itself; failures together. */
export function medianRound(rounds: readonly Round[]): Round {
  const of = (value: (round: Round) => number): number => median(rounds.map(value));
  return {
    requestsPerSecond: of((round) => round.requestsPerSecond),
    answered: rounds.reduce((sum, { answered }) => sum + answered, 0),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    busy: of((round) => round.busy),
    cpuMs: of((round) => round.cpuMs),
    postgresMs: rounds.some(({ postgresMs }) => postgresMs === null) ? null : of(({ postgresMs }) => postgresMs ?? 0),
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
