import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { type DatabaseAddress, type Login, roleLogin } from "#server/database/address.ts";
import { type Database, openDatabase, openPool } from "#server/database/connect.ts";
import type { ROLES } from "../../migrations/policies.ts";

export type RoleName = (typeof ROLES)[number];

/** A migrated database of a test file's own: everything in it is real, row-level security included. */
export interface TestDatabase {
  readonly address: DatabaseAddress;
  readonly encryptionKey: Buffer;
  login(role: RoleName): Login;
  /** A postgres:// URL, for what is given one. */
  url(role: RoleName): string;
  /** As the product connects. Closed by drop(), where it was not before. */
  openAs(role: RoleName, max?: number): Promise<Database>;
  /** As the superuser, who sees every tenant's rows: for arranging and asserting only. */
  readonly admin: pg.Pool;
  drop(): Promise<void>;
  /** Another database with what is in this one now, as a backup that is put back; who is connected to this one loses the connection. */
  copy(): Promise<TestDatabase>;
}

/** A clone of the template, in some 30 ms. Call drop() in afterAll. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return cloneOf(inject("postgres").template);
}

async function cloneOf(template: string): Promise<TestDatabase> {
  const server = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asSuperuser(server, `create database ${name} template ${template} strategy file_copy owner selvedge_owner`);

  const address = { ...server.address, database: name };
  const encryptionKey = Buffer.from(server.encryptionKey, "base64");
  const login = (role: RoleName): Login => roleLogin(encryptionKey, role);
  const admin = openPool({ address, login: server.superuser, max: 4 });
  const opened: Database[] = [];
  return {
    address,
    encryptionKey,
    login,
    url: (role) => databaseUrl(address, login(role)),
    openAs: async (role, max = 4) => {
      const plain = await openDatabase({ address, login: login(role), max });
      let closing: Promise<void> | undefined;
      const database = { ...plain, close: () => (closing ??= plain.close()) };
      opened.push(database);
      return database;
    },
    admin,
    copy: async () => {
      await asSuperuser(server, `alter database ${name} with allow_connections false`);
      await asSuperuser(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      const copy = await cloneOf(name);
      await asSuperuser(server, `alter database ${name} with allow_connections true`);
      await asSuperuser(server, `alter database ${copy.address.database} with allow_connections true`);
      return copy;
    },
    drop: async () => {
      await Promise.all([admin.end(), ...opened.map((database) => database.close())]);
      await asSuperuser(server, `drop database if exists ${name} with (force)`);
    },
  };
}

export const databaseUrl = (address: DatabaseAddress, login: Login): string =>
  `postgres://${login.user}:${encodeURIComponent(login.password)}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`;

/** One statement at a time: two clones of one template at once would refuse each other. */
async function asSuperuser(server: { address: DatabaseAddress; superuser: Login }, statement: string): Promise<void> {
  const client = new pg.Client({ ...server.address, ...server.superuser });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(1)");
    await client.query(statement);
  } finally {
    await client.end();
  }
}
