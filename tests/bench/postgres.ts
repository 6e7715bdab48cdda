import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type DatabaseAddress, type Login, roleLogin } from "#server/database/address.ts";
import { startEmbeddedPostgres } from "#server/database/embedded.ts";
import { createOwnDatabase, prepareDatabase } from "#server/database/prepare.ts";

export interface BenchDatabase extends AsyncDisposable {
  readonly address: DatabaseAddress;
  readonly superuser: Login;
  /** Of the server that all others are children of. */
  readonly pid: number;
  login(role: Parameters<typeof roleLogin>[1]): Login;
}

/** A migrated database on an embedded Postgres of its own, with the product's settings; gone when disposed of. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), `selvedge-bench-${process.pid}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDirectory: folder, superuserPassword: "only-for-benches" });
  stack.defer(() => postgres.stop());
  const encryptionKey = Buffer.alloc(32, 7);
  const { address, owner } = await createOwnDatabase(postgres.address, postgres.superuser, encryptionKey);
  await prepareDatabase({ address, owner, encryptionKey, speed: 1, wall: Date.now() });
  const kept = stack.move();
  return { address, superuser: postgres.superuser, pid: postgres.pid, login: (role) => roleLogin(encryptionKey, role), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
