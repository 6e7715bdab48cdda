import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { DatabaseAddress, Login } from "#server/database/address.ts";
import { openPool } from "#server/database/connect.ts";
import { hashToken } from "#server/identity/token.ts";
import { startBenchDatabase } from "../postgres.ts";
import { type Data, fill } from "./data.ts";

/** What a server under measure is told. */
export interface Target {
  readonly address: DatabaseAddress;
  readonly api: Login;
  readonly admin: Login;
  readonly tenantId: string;
  readonly connections: number;
}

/** A server under measure, in a process of its own. */
export interface Server {
  readonly url: string;
  /** The CPU that it has taken since it began, in milliseconds. */
  cpu(): Promise<number>;
}

export interface Servers extends AsyncDisposable {
  readonly ours: Server;
  readonly limit: Server;
  readonly data: Data;
}

/** A Postgres of its own, filled, and both servers on it, each in a process of its own. */
export async function startServers(connections: number): Promise<Servers> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const { address, superuser } = database;
  const admin = openPool({ address, login: superuser, max: 1 });
  const token = "bench-token-of-thirty-two-characters";
  const data = await fill(admin, token, hashToken(token)).finally(() => admin.end());

  const target: Target = { address, api: database.login("selvedge_api"), admin: superuser, tenantId: data.tenantId, connections };
  const start = async (file: string): Promise<Server> => {
    const child = fork(path.join(import.meta.dirname, file), [JSON.stringify(target)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    stack.defer(() => end(child));
    const [message] = (await once(child, "message")) as [{ url: string }];
    const cpu = async (): Promise<number> => {
      const answer = once(child, "message") as Promise<[number]>;
      child.send("cpu");
      return (await answer)[0] / 1000;
    };
    return { url: message.url, cpu };
  };
  const [ours, limit] = [await start("ours.ts"), await start("limit.ts")];
  const kept = stack.move();
  return { ours, limit, data, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
