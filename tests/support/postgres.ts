import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import type { DatabaseAddress, Login } from "#server/database/address.ts";
import { startEmbeddedPostgres } from "#server/database/embedded.ts";
import { createOwnDatabase, DATABASE, prepareDatabase } from "#server/database/prepare.ts";

/**
 * One real Postgres for a whole test run, with a migrated database as the template of each file's own (database.ts). It lies in a folder of
 * its own under the temporary directory and goes with the run; what a killed run left behind is cleared by the next.
 */
export interface TestServer {
  readonly address: DatabaseAddress;
  readonly superuser: Login;
  readonly template: string;
  /** Base64. */
  readonly encryptionKey: string;
}

declare module "vitest" {
  interface ProvidedContext {
    postgres: TestServer;
  }
}

export const TEMPORARY_PREFIX = "selvedge-tests-";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await clearLeftovers();
  const folder = await mkdtemp(path.join(tmpdir(), `${TEMPORARY_PREFIX}${process.pid}-`));
  // Postgres does not run as root, and must be able to enter.
  await chmod(folder, 0o711);
  const encryptionKey = Buffer.alloc(32, 7);
  const server = await startEmbeddedPostgres({
    dataDirectory: folder,
    superuserPassword: "only-for-tests",
    settings: { shared_buffers: "96MB", max_connections: "200", fsync: "off", full_page_writes: "off", max_wal_size: "1GB" },
  });
  const remove = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { address, owner } = await createOwnDatabase(server.address, server.superuser, encryptionKey);
    await prepareDatabase({ address, owner, encryptionKey, speed: 1, wall: Date.now() });
  } catch (error) {
    await remove();
    throw error;
  }
  project.provide("postgres", {
    address: server.address,
    superuser: server.superuser,
    template: DATABASE,
    encryptionKey: encryptionKey.toString("base64"),
  });
  return remove;
}

async function clearLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const run = name.startsWith(TEMPORARY_PREFIX) ? Number.parseInt(name.slice(TEMPORARY_PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(run) || (await commandOf(run)) !== undefined) continue;
    const folder = path.join(tmpdir(), name);
    const postmaster = Number.parseInt(await readFile(path.join(folder, "postgres/data/postmaster.pid"), "utf8").catch(() => ""), 10);
    if ((await commandOf(postmaster)) === "postgres") {
      process.kill(postmaster, "SIGQUIT");
      for (let waited = 0; waited < 100 && (await commandOf(postmaster)) === "postgres"; waited += 1) await sleep(50);
    }
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command of a living process. */
const commandOf = (pid: number): Promise<string | undefined> =>
  readFile(`/proc/${pid}/comm`, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
