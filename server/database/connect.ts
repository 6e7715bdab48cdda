import { MikroORM } from "@mikro-orm/postgresql";
import { Pool, TypeOverrides } from "pg";
import type { Logger } from "pino";
import { entities } from "../entities/index.ts";
import { type DatabaseAddress, type Login } from "./address.ts";
import { FramedClient } from "./client.ts";

export interface DatabaseOptions {
  readonly address: DatabaseAddress;
  readonly login: Login;
  /** Connections at most, for the ORM and for the pool each. They are made when needed. */
  readonly max: number;
  readonly logger?: Logger;
  /** Seen in pg_stat_activity. */
  readonly applicationName?: string;
}

/** Connections to the database as one role: the ORM for writes, a plain pool for statements of our own. */
export interface Database {
  readonly orm: MikroORM;
  readonly pool: Pool;
  close(): Promise<void>;
}

const INT8 = 20;
const ONE_CONNECT_MS = 10_000;

/**
 * A pool whose broken connections are logged instead of ending the process (a bare pg.Pool does that when Postgres restarts).
 * Values come as pg gives them (timestamptz a Date, jsonb parsed, numeric text), except int8: a number; one beyond 2^53 throws. Its clients are framed: a query
 * may have its rows as bytes.
 */
export function openPool(options: DatabaseOptions): Pool {
  const types = new TypeOverrides();
  types.setTypeParser(INT8, (text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw new RangeError(`int8 value ${text} is not a safe integer`);
    return value;
  });
  const pool = new Pool({
    ...options.address,
    ...options.login,
    Client: FramedClient,
    max: options.max,
    types,
    application_name: options.applicationName ?? options.login.user,
    connectionTimeoutMillis: ONE_CONNECT_MS,
    idleTimeoutMillis: 60_000,
  });
  pool.on("error", (error) => options.logger?.warn({ err: error }, "an idle database connection broke"));
  pool.on("connect", (client) => client.on("error", (error) => options.logger?.warn({ err: error }, "a database connection broke")));
  return pool;
}

/** Opens nothing yet: the first statement connects. Entity metadata is checked here, so a wrong entity fails at start. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { address, login, logger } = options;
  const orm = await MikroORM.init({
    entities: [...entities],
    host: address.host,
    port: address.port,
    dbName: address.database,
    user: login.user,
    password: login.password,
    driverOptions: {
      ...(address.ssl ? { ssl: address.ssl } : {}),
      application_name: options.applicationName ?? login.user,
      connectionTimeoutMillis: ONE_CONNECT_MS,
    },
    pool: { min: 0, max: options.max, idleTimeoutMillis: 60_000 },
    debug: false,
    logger: (message) => logger?.warn(message),
    colors: false,
  });
  const pool = openPool(options);
  return {
    orm,
    pool,
    close: async () => {
      await Promise.all([orm.close(true), pool.end()]);
    },
  };
}
