import { hkdfSync } from "node:crypto";
import { Client, type ClientConfig } from "pg";
import { createKeyRing, type KeyRing } from "../domain/envelope.ts";

/** Where a database is. A plain value: it crosses to worker threads. */
export interface DatabaseAddress {
  /** A host name, or the absolute path of a folder with a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** As in pg: false, true, or the options of tls.connect. */
  readonly ssl?: ClientConfig["ssl"];
}

/** Who logs in. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What a process needs to connect as any of our roles: where, and the key from which each role's password follows. And to read what is encrypted there. */
export interface DatabaseAccess {
  readonly address: DatabaseAddress;
  readonly encryptionKey: Uint8Array;
  /** What the key was before; absent for none. */
  readonly previousKeys?: readonly Uint8Array[];
}

/** The keys under which this database's Secrets are wrapped. */
export const keyRingOf = ({ encryptionKey, previousKeys }: DatabaseAccess): KeyRing => createKeyRing(encryptionKey, previousKeys);

/** Takes a postgres:// URL apart as libpq would, ssl parameters included. Throws on what is none. */
export function parseDatabaseUrl(url: string): { address: DatabaseAddress; login: Login } {
  const parsed = new Client({ connectionString: url }) as Client & { ssl?: ClientConfig["ssl"]; password?: string | null; user: string };
  return {
    address: {
      host: parsed.host,
      port: parsed.port,
      database: parsed.database ?? parsed.user,
      ...(parsed.ssl ? { ssl: parsed.ssl } : {}),
    },
    login: { user: parsed.user, password: parsed.password ?? "" },
  };
}

/** A role's password, derived from the encryption key: no second secret to keep, and every process of an installation knows it. */
export const rolePassword = (encryptionKey: Uint8Array, role: string): string =>
  Buffer.from(hkdfSync("sha256", encryptionKey, "", `selvedge database role ${role}`, 32)).toString("base64url");

export const roleLogin = (encryptionKey: Uint8Array, role: string): Login => ({ user: role, password: rolePassword(encryptionKey, role) });
