import { Migrator } from "@mikro-orm/migrations";
import { MikroORM } from "@mikro-orm/postgresql";
import { Logger as WorkerLogger, runMigrations } from "graphile-worker";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import type { Logger } from "pino";
import { migrations } from "../../migrations/index.ts";
import { ROLES } from "../../migrations/policies.ts";
import { changeSpeed, type ClockSettings, simulatedTime } from "../domain/clock.ts";
import { CENTRE_ID } from "../domain/events.ts";
import { type DatabaseAddress, type Login, roleLogin, rolePassword } from "./address.ts";
import { openPool } from "./connect.ts";

/**
 * Brings a database to where the product can run on it, at every start: roles, the job queue's tables, our tables, the term, the clock.
 * Safe to run in several processes at once (an advisory lock) and again (every step looks first).
 */
export interface PrepareOptions {
  readonly address: DatabaseAddress;
  /** Owns everything; may create roles. Never a role that serves requests. */
  readonly owner: Login;
  readonly encryptionKey: Uint8Array;
  /** Simulated seconds a second; null: as it is. A process without a fleet has no say in it. */
  readonly speed: number | null;
  /** Wall time, milliseconds since 1970. */
  readonly wall: number;
  readonly logger?: Logger;
}

export interface Prepared {
  /** Rises when the database was restored or moved: older cursors and generations end with it. */
  readonly term: number;
  readonly clock: ClockSettings;
  /** Names this database among all that may share a Redis. */
  readonly installation: string;
  /** Names of the migrations that ran now. */
  readonly migrated: readonly string[];
}

export const DATABASE = "selvedge";
export const OWNER = "selvedge_owner";
const JOBS_ROLE = "selvedge_jobs";
const JOBS_SCHEMA = "graphile_worker";
const OLDEST_POSTGRES = 170_000;
/** Any fixed number: the lock under which one process at a time prepares a database. */
const PREPARE_LOCK = 7_346_021_188;

/** A database that can't be used as it is: one line for the person who set it. */
export class DatabaseRefusal extends Error {
  override readonly name = "DatabaseRefusal";
}

/**
 * On a server of our own: the role that owns everything, and the database. As the superuser, who is not needed afterwards.
 * Returns where the database is and how its owner logs in.
 */
export async function createOwnDatabase(
  server: DatabaseAddress,
  superuser: Login,
  encryptionKey: Uint8Array,
): Promise<{ address: DatabaseAddress; owner: Login }> {
  const owner = roleLogin(encryptionKey, OWNER);
  await withClient(server, superuser, async (client) => {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      "select exists (select from pg_roles where rolname = $1) as role, exists (select from pg_database where datname = $2) as database",
      [OWNER, DATABASE],
    );
    const role = rows[0]?.role ? `alter role ${OWNER}` : `create role ${OWNER} login createrole`;
    // Also of one that is there: the key may be another one than at the last start.
    await client.query(`${role} password ${escapeLiteral(owner.password)}`);
    if (!rows[0]?.database) await client.query(`create database ${DATABASE} owner ${OWNER}`);
  });
  return { address: { ...server, database: DATABASE }, owner };
}

export async function prepareDatabase(options: PrepareOptions): Promise<Prepared> {
  return withClient(options.address, options.owner, async (client) => {
    await refuseUnfit(client);
    await client.query("select pg_advisory_lock($1)", [PREPARE_LOCK]);
    await createRoles(client, options.encryptionKey);
    await migrateJobs(client, options);
    const migrated = await migrate(options);
    // So that a server can tell whether its database is the one that it was written for.
    await client.query("grant select on mikro_orm_migrations to selvedge_api");
    const clock = await setClock(client, options.speed, options.wall);
    const term = await raiseTerm(client, new Date(simulatedTime(clock, options.wall)));
    const { rows } = await client.query<{ installation: string }>(
      "select system_identifier || '-' || (select oid from pg_database where datname = current_database()) as installation from pg_control_system()",
    );
    return { term, clock, installation: rows[0]?.installation ?? "", migrated };
  });
}

async function withClient<T>(address: DatabaseAddress, login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...address, ...login, application_name: "selvedge prepare", connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new DatabaseRefusal(`the database at ${address.host}:${address.port} can't be reached: ${reason(error)}`, { cause: error });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** An AggregateError (one failure an address) has no message of its own. */
const reason = (error: unknown): string => {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message : String(first);
};

async function refuseUnfit(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number; version_text: string; role: string; creates_roles: boolean; creates: boolean }>(`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text, current_user as role,
           (select rolcreaterole or rolsuper from pg_roles where rolname = current_user) as creates_roles,
           has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create') as creates`);
  const facts = rows[0];
  if (!facts) throw new DatabaseRefusal("the database does not tell its version");
  if (facts.version < OLDEST_POSTGRES) throw new DatabaseRefusal(`Postgres ${facts.version_text} is too old: 17 or newer is needed`);
  if (!facts.creates_roles) throw new DatabaseRefusal(`the database user ${facts.role} may not create roles: alter role ${facts.role} createrole`);
  if (!facts.creates) throw new DatabaseRefusal(`the database user ${facts.role} may not create schemas and tables: it should own the database`);
}

/**
 * The roles of migrations/policies.ts, each with a password that follows from the encryption key. Those that serve requests or reports have
 * time limits, because one long transaction holds back the timeline for all. The owner may hand objects to them, and does not inherit from them.
 */
async function createRoles(client: Client, encryptionKey: Uint8Array): Promise<void> {
  const { rows } = await client.query<{ rolname: string; administered: boolean }>(
    "select rolname, pg_has_role(current_user, oid, 'set') as administered from pg_roles where rolname = any ($1)",
    [ROLES],
  );
  const existing = new Map(rows.map((row) => [row.rolname, row.administered]));
  for (const role of ROLES) {
    const name = escapeIdentifier(role);
    const login = role === "selvedge_system" ? "nologin" : `login password ${escapeLiteral(rolePassword(encryptionKey, role))}`;
    if (!existing.has(role)) {
      await client.query(`create role ${name} nosuperuser nobypassrls nocreatedb nocreaterole noreplication ${login}`);
    } else if (!existing.get(role)) {
      throw new DatabaseRefusal(`the role ${role} exists on this server but belongs to another user: Selvedge needs a server, or an owner, of its own`);
    } else {
      await client.query(`alter role ${name} ${login}`);
    }
    if (!existing.has(role)) await client.query(`grant ${name} to current_user with set true, inherit false`);
    if (role === "selvedge_system" || role === JOBS_ROLE) continue;
    await client.query(`alter role ${name} set transaction_timeout = '10s'`);
    await client.query(`alter role ${name} set idle_in_transaction_session_timeout = '5s'`);
  }
  await client.query(`grant connect on database ${escapeIdentifier(client.database ?? DATABASE)} to ${ROLES.join(", ")}`);
}

/** The queue's tables belong to the role that works on them; our own migrations refer to its functions, so it comes first. */
async function migrateJobs(client: Client, { address, encryptionKey }: PrepareOptions): Promise<void> {
  await client.query(`create schema if not exists ${JOBS_SCHEMA} authorization ${JOBS_ROLE}`);
  const database = escapeIdentifier(address.database);
  const pool = openPool({ address, login: roleLogin(encryptionKey, JOBS_ROLE), max: 1, applicationName: "selvedge prepare" });
  // The library says "create schema if not exists", which needs this right even where the schema exists.
  await client.query(`grant create on database ${database} to ${JOBS_ROLE}`);
  try {
    await runMigrations({ pgPool: pool, schema: JOBS_SCHEMA, logger: new WorkerLogger(() => () => undefined) });
  } finally {
    await pool.end();
    await client.query(`revoke create on database ${database} from ${JOBS_ROLE}`);
  }
}

async function migrate({ address, owner, logger }: PrepareOptions): Promise<string[]> {
  const orm = await MikroORM.init({
    host: address.host,
    port: address.port,
    dbName: address.database,
    user: owner.user,
    password: owner.password,
    driverOptions: { ...(address.ssl ? { ssl: address.ssl } : {}), application_name: "selvedge prepare" },
    pool: { min: 0, max: 2 },
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: { migrationsList: [...migrations], snapshot: false, disableForeignKeys: false, silent: true },
    debug: false,
    logger: (message) => logger?.debug(message),
  });
  try {
    const ran = await orm.migrator.up();
    return ran.map(({ name }) => name);
  } finally {
    await orm.close(true);
  }
}

/**
 * Who this database is: another server, or the same one after a restore to a point in time, has another identity. People see that as an event: what was
 * stored elsewhere since this copy was made is not here. Records forget by which transactions they were stored: those of another server say nothing here.
 */
async function raiseTerm(client: Client, now: Date): Promise<number> {
  const { rows } = await client.query<{ term: number }>(`
    with before as (select term from database_life), life as (
    insert into database_life as life (term, identity)
    select 1, (select system_identifier from pg_control_system()) || ':' || (select timeline_id from pg_control_checkpoint())
    on conflict (id) do update set
      term = life.term + case when life.identity = excluded.identity then 0 else 1 end,
      identity = excluded.identity
    returning term), told as (
    insert into event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object)
    select $1, gen_random_uuid(), $2, $2, 'WARNING', 'CentreRestored',
      'The database was restored or moved, and is in its term ' || life.term || ' from now on: what was stored since its copy was made is lost, and clusters report anew what they run',
      life.term - 1, 'centre', $1, 'centre/database'
    from life join before on before.term < life.term
    returning 1)
    select term, (select app.forget_commits() from told) as forgotten from life`, [CENTRE_ID, now]);
  return rows[0]?.term ?? 1;
}

async function setClock(client: Client, speed: number | null, wall: number): Promise<ClockSettings> {
  const { rows } = await client.query<{ wall: string; simulated: string; speed: number }>(
    "select wall_base::text as wall, simulated_base::text as simulated, speed from simulation_clock",
  );
  const kept = rows[0];
  const before = kept ? { wallBase: Number(kept.wall), simulatedBase: Number(kept.simulated), speed: kept.speed } : null;
  const clock = before ? changeSpeed(before, speed ?? before.speed, wall) : { wallBase: wall, simulatedBase: wall, speed: speed ?? 1 };
  await client.query(
    `insert into simulation_clock (wall_base, simulated_base, speed) values ($1, $2, $3)
     on conflict (id) do update set wall_base = $1, simulated_base = $2, speed = $3`,
    [clock.wallBase, clock.simulatedBase, clock.speed],
  );
  return clock;
}
