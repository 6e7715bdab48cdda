import { randomBytes } from "node:crypto";
import { DatabaseError, type Pool, type PoolClient } from "pg";
import type { ByteRow } from "../database/framing.ts";
import { FrontendMessages } from "../database/messages.ts";
import { RequestError } from "../domain/request-error.ts";
import { type AnyRow, type Asked, Group, Prepared, type ScopeSettings, writeGroup } from "./group.ts";
import { Pace } from "./pace.ts";
import type { Statement } from "./render.ts";
import type { RawRow } from "./rows.ts";

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
 *
 * To wake the database costs more than a small read. So where many are asked at once, they share: a group of one statement that lately took less than SHORT_MS for
 * its tenant is *short*. Short groups take no more than SHORT_LANES connections; beyond that they wait, and a connection that has become free sends the next of them in one
 * write, each with a Sync, and thus a transaction, of its own. They are sent only where all of them are prepared there, so that one that fails leaves the others
 * nothing to doubt: these are asked again, each by itself.
 *
 * A group whose connection broke is asked again on another, since to read twice is to read: whoever asks while Postgres restarts, or a proxy, does not hear of it.
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

export type { ByteRow, ScopeSettings };

const SWEEP_MS = 1_000;
const BUSY_RETRY_MS = 1_000;
/** What lately took less is short. */
const SHORT_MS = 2;
const SHORT_LANES = 4;
/** What is sent at once is no more than this, by number and by what it is expected to take. */
const MAX_BATCH = 16;
const MAX_BATCH_MS = 4;
/** A group that breaks so many connections is the cause, or the database is away. */
const MAX_BROKEN = 3;

interface Waiting extends Asked {
  readonly resolve: (rows: AnyRow[][]) => void;
  readonly reject: (error: Error) => void;
  /** It was sent with others, of which one failed: now it goes by itself. */
  alone: boolean;
  /** Connections that broke under it. */
  broken: number;
}
/** A connection in use. */
interface Lane {
  short: boolean;
}

export class ScopedStatements {
  readonly #pool: Pool;
  readonly #maxWaiting: number;
  readonly #maxPrepared: number;
  readonly #timeoutMs: number;
  readonly #onGroup: ScopedOptions["onGroup"];
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Group>();
  readonly #lanes = new Set<Lane>();
  readonly #prepared = new WeakMap<PoolClient, Prepared>();
  readonly #pace = new Pace(() => performance.now());
  /** Names are this instance's own, so that two may share a pool. */
  readonly #prefix = `r${randomBytes(4).toString("hex")}_`;
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
      const waiting: Waiting = { settings, statements, bytes, resolve: resolve as Waiting["resolve"], reject, alone: false, broken: 0 };
      if (this.#takesLane(waiting)) this.#open(waiting);
      else if (this.#waiting.length < this.#maxWaiting) this.#waiting.push(waiting);
      else reject(new RequestError("RATE_LIMITED", "Too many reads are waiting; try again", { retryAfterMs: BUSY_RETRY_MS }));
    });
  }

  /** Where it does not, there is a lane in use, which takes what waits. */
  #takesLane(waiting: Waiting): boolean {
    if (this.#lanes.size >= this.#pool.options.max) return false;
    if (this.#lanes.size < SHORT_LANES || this.#expected(waiting) >= SHORT_MS) return true;
    let short = 0;
    for (const lane of this.#lanes) if (lane.short) short += 1;
    return short < SHORT_LANES;
  }

  /** Milliseconds; Infinity where that is not known, or it is to go by itself. */
  #expected({ settings: [tenantId], statements, alone }: Waiting): number {
    const [statement] = statements;
    return statement === undefined || statements.length > 1 || alone ? Infinity : this.#pace.expected(statement.text, tenantId);
  }

  /** Takes a connection for this group and for those that wait when it is done. */
  #open(waiting: Waiting): void {
    const lane: Lane = { short: this.#expected(waiting) < SHORT_MS };
    this.#lanes.add(lane);
    this.#pool.connect((error, client, release) => {
      if (client) this.#send(lane, client, release, waiting);
      else {
        waiting.reject(error ?? new Error("No connection"));
        this.#close(lane);
      }
    });
  }

  #close(lane: Lane): void {
    this.#lanes.delete(lane);
    const next = this.#waiting.shift();
    if (next) this.#open(next);
  }

  #send(lane: Lane, client: PoolClient, release: (destroy?: boolean) => void, first: Waiting): void {
    const prepared = this.#preparedOn(client);
    const batch = this.#batch(first, prepared);
    lane.short = this.#expected(first) < SHORT_MS;
    this.#sweep ??= setInterval(() => this.#endOld(), SWEEP_MS).unref();
    const start = (index: number): void => {
      const waiting = batch[index] as Waiting;
      const group = new Group(waiting, client, index > 0 ? null : (connection) => void connection.stream.write(bytesOf(batch, prepared)), (error, rows) => {
        this.#running.delete(group);
        if (error) {
          release(true);
          const again = batch.slice(index + 1);
          const broken = isBroken(error);
          if (broken && ++waiting.broken < MAX_BROKEN) again.unshift(waiting);
          else waiting.reject(error);
          const goOn = (): void => {
            this.#waiting.unshift(...again.map((one) => Object.assign(one, { alone: true })));
            this.#close(lane);
          };
          // Connections that broke at the same time are known to be broken by then.
          if (broken) setImmediate(goOn);
          else goOn();
          return;
        }
        this.#note(waiting, performance.now() - group.startedAt);
        waiting.resolve(rows);
        if (index + 1 < batch.length) return start(index + 1);
        const next = this.#waiting.shift();
        if (next) this.#send(lane, client, release, next);
        else {
          release();
          this.#close(lane);
        }
      });
      this.#running.add(group);
      client.query(group);
    };
    start(0);
  }

  /** The first, and of those that wait next what may go with it. */
  #batch(first: Waiting, prepared: Prepared): Waiting[] {
    const batch = [first];
    let expected = this.#expected(first);
    if (expected >= SHORT_MS || !prepared.hasAll(first)) return batch;
    while (batch.length < MAX_BATCH) {
      const next = this.#waiting[0];
      if (!next || !prepared.hasAll(next)) break;
      const more = this.#expected(next);
      expected += more;
      if (more >= SHORT_MS || expected > MAX_BATCH_MS) break;
      batch.push(next);
      this.#waiting.shift();
    }
    return batch;
  }

  #note({ settings: [tenantId], statements }: Waiting, ms: number): void {
    const [statement] = statements;
    if (statement && statements.length === 1) this.#pace.took(statement.text, tenantId, ms);
  }

  #preparedOn(client: PoolClient): Prepared {
    let prepared = this.#prepared.get(client);
    if (!prepared) this.#prepared.set(client, (prepared = new Prepared(this.#maxPrepared, this.#prefix)));
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

/** Whether the connection is to blame, and not what was asked: the socket's error, or Postgres' classes 08 (connection exception) and 57P (shut down, or about to be). */
function isBroken(error: Error): boolean {
  if (error instanceof DatabaseError) return /^(?:08|57P)/.test(error.code ?? "");
  return !(error instanceof RequestError);
}

function bytesOf(batch: readonly Asked[], prepared: Prepared): Buffer {
  const messages = new FrontendMessages();
  for (const asked of batch) writeGroup(asked, prepared, messages);
  return messages.bytes();
}
