import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { DatabaseAddress, Login } from "#server/database/address.ts";
import { openPool } from "#server/database/connect.ts";
import { hashToken } from "#server/identity/token.ts";
import type { Way } from "#server/read/answer.ts";
import { startBenchDatabase } from "../postgres.ts";
import { type Data, fill } from "./data.ts";
import { cpuOfFamily } from "./processes.ts";
import { PEERS, SIDE, type SideName } from "./sides.ts";

/** What a server under measure is told. */
export interface Target {
  readonly address: DatabaseAddress;
  readonly api: Login;
  readonly tailer: Login;
  readonly admin: Login;
  readonly tenantId: string;
  readonly token: string;
  readonly connections: number;
}

/** What a server under measure may be asked, one at a time: its CPU, and of ours which way it takes for a request's body. */
export type Question = "cpu" | { readonly body: string };
export interface Taken {
  readonly way: Way;
  readonly remembered: boolean;
}

/** A server under measure, in a process of its own. */
export interface Server {
  readonly url: string;
  /** The CPU that it has taken since it began, in milliseconds. */
  cpu(): Promise<number>;
  /** Of ours: which way it takes for this body. */
  taken(body: string): Promise<Taken>;
}

export interface Servers extends AsyncDisposable {
  readonly sides: ReadonlyMap<SideName, Server>;
  readonly data: Data;
  /** The CPU of all of Postgres, in milliseconds; null where that can't be told. */
  postgresCpu(): Promise<number | null>;
}

const START_DEADLINE_MS = 60_000;

/** A Postgres of its own, filled, and these sides on it, each in a process of its own. */
export async function startServers(sides: readonly SideName[], connections: number): Promise<Servers> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const { address, superuser } = database;
  const admin = openPool({ address, login: superuser, max: 1 });
  const token = "bench-token-of-thirty-two-characters";
  const data = await fill(admin, token, hashToken(token)).finally(() => admin.end());

  const target: Target = { address, api: database.login("selvedge_api"), tailer: database.login("selvedge_tailer"), admin: superuser, tenantId: data.tenantId, token, connections };
  const started = new Map<SideName, Server>();
  for (const side of sides) {
    const { file, ours } = SIDE[side];
    started.set(side, stack.use(await startServer(file, [JSON.stringify(target), ...(ours ? [JSON.stringify(ours)] : [])], PEERS.includes(side) ? PRODUCTION : {})));
  }
  const kept = stack.move();
  return { sides: started, data, postgresCpu: () => cpuOfFamily(database.pid), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** As the peers' makers say they should be run. */
const PRODUCTION = { NODE_ENV: "production", GRAPHILE_ENV: "production" };

export async function startServer(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Server & AsyncDisposable> {
  const child = fork(path.join(import.meta.dirname, file), args, { env: { ...process.env, ...environment }, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const close = () => end(child);
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  try {
    const { url } = (await messageOf(child, file)) as { url: string };
    const ask = async (question: Question): Promise<unknown> => {
      const answer = messageOf(child, file);
      child.send(question);
      return answer;
    };
    return { url, cpu: async () => ((await ask("cpu")) as number) / 1000, taken: async (body) => (await ask({ body })) as Taken, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** The next message of a child. @throws where it ends before */
export async function messageOf(child: ChildProcess, name: string): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended`);
  const settled = new AbortController();
  const gone = once(child, "exit", { signal: settled.signal }).then(() => Promise.reject(new Error(`${name} ended early`)));
  try {
    const [message] = (await Promise.race([once(child, "message", { signal: settled.signal }), gone])) as [unknown];
    return message;
  } finally {
    settled.abort();
    await gone.catch(() => undefined);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
