import type { Connection, PoolClient, Submittable } from "pg";
import { FramedClient } from "../database/client.ts";
import type { ByteRow } from "../database/framing.ts";
import type { FrontendMessages } from "../database/messages.ts";
import type { Statement } from "./render.ts";
import type { RawRow } from "./rows.ts";

/** The values of app.tenant_id, app.namespace_ids and app.cluster_ids. */
export type ScopeSettings = readonly [string, string, string];

/** As a group asked for them: all of its rows are the one or the other. */
export type AnyRow = RawRow | ByteRow;

/** What a group asks for. */
export interface Asked {
  readonly settings: ScopeSettings;
  readonly statements: readonly Statement[];
  /** Whether its rows come as bytes. */
  readonly bytes: boolean;
}

const SCOPE: Statement["text"] =
  "select set_config('app.tenant_id', $1, true), set_config('app.namespace_ids', $2, true), set_config('app.cluster_ids', $3, true), set_config('transaction_read_only', 'on', true), " +
  "set_config('plan_cache_mode', $4, true), set_config('jit', 'off', true)";
/** How the statements of a group are planned that are all planned once, or not all. */
const PLANNED_ONCE = "force_generic_plan";
const PLANNED_AS_FIT = "auto";

/** Writes a group's messages, up to its Sync. */
export function writeGroup({ settings, statements }: Asked, prepared: Prepared, messages: FrontendMessages): void {
  const planning = statements.every(({ plannedOnce }) => plannedOnce === true) ? PLANNED_ONCE : PLANNED_AS_FIT;
  messages.bind(prepared.name(SCOPE, messages), [...settings, planning]).execute();
  for (const { text, values } of statements) messages.bind(prepared.name(text, messages), values).execute();
  messages.sync();
}

/** Of the texts that one connection holds prepared: what is planned takes some hundred times as much on the server. */
const MAX_CHARACTERS = 500_000;

/** The statements that one connection holds prepared, the least recently used first. */
export class Prepared {
  readonly #max: number;
  readonly #prefix: string;
  readonly #names = new Map<string, string>();
  #characters = 0;
  #made = 0;

  constructor(max: number, prefix: string) {
    this.#max = max;
    this.#prefix = prefix;
  }

  /** Whether these need no parsing, nor do the settings. */
  hasAll({ statements }: Asked): boolean {
    return this.#names.has(SCOPE) && statements.every(({ text }) => this.#names.has(text));
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
export class Group implements Submittable {
  /** When it was sent, or, behind others that were sent with it, when its turn came. */
  startedAt = performance.now();
  readonly asked: Asked;
  readonly #client: PoolClient;
  /** Sends it, with those that follow it; null: it was sent with the one before it. */
  readonly #send: ((connection: Connection) => void) | null;
  readonly #done: (error: Error | null, rows: AnyRow[][]) => void;
  readonly #rows: AnyRow[][] = [];
  /** The rows that come now; the first statement's are the settings', and nobody's. */
  #current: AnyRow[] | null = null;
  #settled = false;

  constructor(asked: Asked, client: PoolClient, send: ((connection: Connection) => void) | null, done: (error: Error | null, rows: AnyRow[][]) => void) {
    this.asked = asked;
    this.#client = client;
    this.#send = send;
    this.#done = done;
  }

  /** An error instead of sending anything: pg then gives it to handleError. */
  submit(connection: Connection): Error | undefined {
    this.startedAt = performance.now();
    if (this.asked.bytes) {
      if (!(this.#client instanceof FramedClient)) return new Error("This pool's connections give no rows as bytes");
      this.#client.takeRows();
    }
    this.#send?.(connection);
    return undefined;
  }

  handleDataRow(message: { fields: AnyRow }): void {
    this.#current?.push(message.fields);
  }

  handleCommandComplete(): void {
    if (this.#rows.length < this.asked.statements.length) this.#rows.push((this.#current = []));
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
