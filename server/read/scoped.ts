import { randomBytes } from "node:crypto";
import type { Connection, Pool, PoolClient, Submittable } from "pg";
import { FramedClient } from "../database/client.ts";
import type { ByteRow } from "../database/framing.ts";
import { FrontendMessages } from "../database/messages.ts";
import { RequestError } from "../domain/request-error.ts";
import type { RawRow } from "./rows.ts";
import type { Statement } from "./render.ts";

/**
 * Scoped statements: reads under row-level security at the price of one round trip. A *group* is set_config(…, true) and its statements, sent
 * before one Sync: everything up to a Sync is one implicit transaction, so the settings hold for exactly these statements and are gone after
 * them. The transaction is read-only. Its rows are had as strings, or as the bytes that Postgres sent: for text that is passed through, which costs several times
 * as much as a string, and most where a character of it is beyond Latin-1.
 *
 * To plan a statement often takes longer than to run it, and Postgres keeps a plan only where it takes it for cheaper than one made for the values, which it does not for a
 * limit or a list of ids. So where all of a group's statements say that one plan fits any values, it is made once. What is small is never worth compiling: no jit.
 *
 * Statements are prepared by their text, a bounded number on each connection. After an error nobody knows what a connection holds prepared,
 * so it is closed. Groups wait in a bounded queue of our own, because pg's queue has no bound and is going away.
 */
export interface ScopedOptions {
  readonly pool: Pool;
  /** Groups that may wait for a connection; beyond that a read is refused. */
  readonly maxWaiting?: number | undefined;
  /** Prepared statements kept on one connection. */
  readonly maxPrepared?: number;
  /** A group that Postgres does not answer for so long fails, and its connection is closed. */
  readonly timeoutMs?: number;
  /** Told of each group when it is asked for. */
  readonly onGroup?: ((statements: readonly Statement[]) => void) | undefined;
}

/** The values of app.tenant_id, app.namespace_ids and app.cluster_ids. */
export type ScopeSettings = readonly [string, string, string];

export type { ByteRow };

const SCOPE: Statement["text"] =
  "select set_config('app.tenant_id', $1, true), set_config('app.namespace_ids', $2, true), set_config('app.cluster_ids', $3, true), set_config('transaction_read_only', 'on', true), " +
  "set_config('plan_cache_mode', $4, true), set_config('jit', 'off', true)";
/** How the statements of a group are planned that are all planned once, or not all. */
const PLANNED_ONCE = "force_generic_plan";
const PLANNED_AS_FIT = "auto";
const SWEEP_MS = 1_000;
const BUSY_RETRY_MS = 1_000;

/** As a group asked for them: all of its rows are the one or the other. */
type AnyRow = RawRow | ByteRow;

interface Waiting {
  readonly settings: ScopeSettings;
  readonly statements: readonly Statement[];
  /** Whether its rows come as bytes. */
  readonly bytes: boolean;
  readonly resolve: (rows: AnyRow[][]) => void;
  readonly reject: (error: Error) => void;
}

export class ScopedStatements {
  readonly #pool: Pool;
  readonly #maxWaiting: number;
  readonly #maxPrepared: number;
  readonly #timeoutMs: number;
  readonly #onGroup: ScopedOptions["onGroup"];
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Group>();
  readonly #prepared = new WeakMap<Connection, Prepared>();
  /** Names are this instance's own, so that two may share a pool. */
  readonly #prefix = `r${randomBytes(4).toString("hex")}_`;
  #lanes = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: ScopedOptions) {
    this.#pool = options.pool;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#maxPrepared = options.maxPrepared ?? 256;
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    this.#onGroup = options.onGroup;
  }

  /**
   * The rows of each statement, in one transaction under these settings.
   * @throws RequestError RATE_LIMITED when too many wait; else what the connection or Postgres said
   */
  run(settings: ScopeSettings, statements: readonly Statement[]): Promise<RawRow[][]> {
    return this.#ask<RawRow>(settings, statements, false);
  }

  /** The same as bytes; where a connection is not one of openPool's, it fails. */
  runBytes(settings: ScopeSettings, statements: readonly Statement[]): Promise<ByteRow[][]> {
    return this.#ask<ByteRow>(settings, statements, true);
  }

  /** `Row` is what `bytes` makes of them. */
  #ask<Row extends AnyRow>(settings: ScopeSettings, statements: readonly Statement[], bytes: boolean): Promise<Row[][]> {
    this.#onGroup?.(statements);
    return new Promise<Row[][]>((resolve, reject) => {
      const waiting: Waiting = { settings, statements, bytes, resolve: resolve as Waiting["resolve"], reject };
      if (this.#lanes < this.#pool.options.max) this.#open(waiting);
      else if (this.#waiting.length < this.#maxWaiting) this.#waiting.push(waiting);
      else reject(new RequestError("RATE_LIMITED", "Too many reads are waiting; try again", { retryAfterMs: BUSY_RETRY_MS }));
    });
  }

  /** Takes a connection for this group and for those that wait when it is done. */
  #open(waiting: Waiting): void {
    this.#lanes += 1;
    this.#pool.connect((error, client, release) => {
      if (client) this.#send(client, release, waiting);
      else {
        waiting.reject(error ?? new Error("No connection"));
        this.#close();
      }
    });
  }

  #close(): void {
    this.#lanes -= 1;
    const next = this.#waiting.shift();
    if (next) this.#open(next);
  }

  #send(client: PoolClient, release: (destroy?: boolean) => void, waiting: Waiting): void {
    const group = new Group(waiting, client, (connection) => this.#preparedOn(connection), (error, rows) => {
      this.#running.delete(group);
      if (error) {
        release(true);
        waiting.reject(error);
        this.#close();
        return;
      }
      waiting.resolve(rows);
      const next = this.#waiting.shift();
      if (next) this.#send(client, release, next);
      else {
        release();
        this.#close();
      }
    });
    this.#running.add(group);
    this.#sweep ??= setInterval(() => this.#endOld(), SWEEP_MS).unref();
    client.query(group);
  }

  #preparedOn(connection: Connection): Prepared {
    let prepared = this.#prepared.get(connection);
    if (!prepared) this.#prepared.set(connection, (prepared = new Prepared(this.#maxPrepared, this.#prefix)));
    return prepared;
  }

  #endOld(): void {
    const limit = performance.now() - this.#timeoutMs;
    for (const group of this.#running) if (group.startedAt < limit) group.fail(new RequestError("TIMEOUT", "The database did not answer in time"));
    if (this.#running.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/** Of the texts that one connection holds prepared: what is planned takes some hundred times as much on the server. */
const MAX_CHARACTERS = 500_000;

/** The statements that one connection holds prepared, the least recently used first. */
class Prepared {
  readonly #max: number;
  readonly #prefix: string;
  readonly #names = new Map<string, string>();
  #characters = 0;
  #made = 0;

  constructor(max: number, prefix: string) {
    this.#max = max;
    this.#prefix = prefix;
  }

  /** The name of this text's statement; what is new is parsed first, and takes the place of the least used. */
  name(text: string, messages: FrontendMessages): string {
    const known = this.#names.get(text);
    if (known !== undefined) {
      this.#names.delete(text);
      this.#names.set(text, known);
      return known;
    }
    this.#characters += text.length;
    for (const [oldest, name] of this.#names) {
      if (this.#names.size < this.#max && this.#characters <= MAX_CHARACTERS) break;
      this.#names.delete(oldest);
      this.#characters -= oldest.length;
      messages.closeStatement(name);
    }
    this.#made += 1;
    const name = `${this.#prefix}${this.#made}`;
    this.#names.set(text, name);
    messages.parse(name, text);
    return name;
  }
}

/**
 * One group as pg's client runs it. On an error pg forgets the active query *before* it calls handleError, and handleReadyForQuery never
 * comes: so the promise settles in either.
 */
class Group implements Submittable {
  readonly startedAt = performance.now();
  readonly #waiting: Waiting;
  readonly #client: PoolClient;
  readonly #prepared: (connection: Connection) => Prepared;
  readonly #done: (error: Error | null, rows: AnyRow[][]) => void;
  readonly #rows: AnyRow[][] = [];
  /** The rows that come now; the first statement's are the settings', and nobody's. */
  #current: AnyRow[] | null = null;
  #settled = false;

  constructor(waiting: Waiting, client: PoolClient, prepared: (connection: Connection) => Prepared, done: (error: Error | null, rows: AnyRow[][]) => void) {
    this.#waiting = waiting;
    this.#client = client;
    this.#prepared = prepared;
    this.#done = done;
  }

  /** An error instead of sending anything: pg then gives it to handleError. */
  submit(connection: Connection): Error | undefined {
    const { settings, statements, bytes } = this.#waiting;
    if (bytes) {
      if (!(this.#client instanceof FramedClient)) return new Error("This pool's connections give no rows as bytes");
      this.#client.takeRows();
    }
    const prepared = this.#prepared(connection);
    const messages = new FrontendMessages();
    const planning = statements.every(({ plannedOnce }) => plannedOnce === true) ? PLANNED_ONCE : PLANNED_AS_FIT;
    messages.bind(prepared.name(SCOPE, messages), [...settings, planning]).execute();
    for (const { text, values } of statements) messages.bind(prepared.name(text, messages), values).execute();
    connection.stream.write(messages.sync().bytes());
    return undefined;
  }

  handleDataRow(message: { fields: AnyRow }): void {
    this.#current?.push(message.fields);
  }

  handleCommandComplete(): void {
    if (this.#rows.length < this.#waiting.statements.length) this.#rows.push((this.#current = []));
    else this.#current = null;
  }

  handleReadyForQuery(): void {
    this.#settle(null);
  }

  handleError(error: Error): void {
    this.#settle(error);
  }

  /** Ends the wait; the connection is closed, so nothing that still comes is for another group. */
  fail(error: Error): void {
    this.#settle(error);
  }

  #settle(error: Error | null): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#done(error, this.#rows);
  }

  handleRowDescription(): void {}
  handleParseComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(connection: Connection): void {
    (connection as unknown as { sendCopyFail(message: string): void }).sendCopyFail("Nothing is copied here");
  }
  handleCopyData(): void {}
}
