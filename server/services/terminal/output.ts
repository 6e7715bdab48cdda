/**
 * What a terminal shows, as a stream of records: each once, in order, from the store. A reader gives its pace: what it was given is noted, and the shell behind it goes on
 * by that. The bus wakes it up; without it, it looks by itself.
 *
 *   look ──pieces──▶ given, one by one ──▶ look …          look ──nothing, and the session has ended──▶ the last one, with the exit code
 */
import type { Pool } from "pg";
import { inPoolScope } from "../../database/scope.ts";
import type { KeyRing } from "../../domain/envelope.ts";
import { uuidOf } from "../../domain/ids.ts";
import { RequestError } from "../../domain/request-error.ts";
import { type KeptEnvelope, openText } from "../../domain/terminal-envelope.ts";
import { farewellOf, OUTPUT_WINDOW, type TerminalEndReason } from "../../domain/terminal-rules.ts";
import { requireRole } from "../../identity/authorise.ts";
import type { Actor } from "../../identity/viewer.ts";
import type { Bus } from "../../realtime/bus.ts";
import { scopeOfActor } from "./input.ts";

export interface TerminalOutput {
  readonly sequence: number;
  readonly data: string;
  readonly exitCode: number | null;
}

export interface FollowOptions {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly keyRing: KeyRing;
}

/** Without a word of the bus. */
const LOOK_EVERY_MS = 500;
const PIECES = 32;
/** Taken notes are for the shell's window: one for so many pieces. */
const NOTE_EVERY = OUTPUT_WINDOW / 4;

interface Row extends KeptEnvelope {
  readonly cluster_id: string;
  readonly state: string;
  readonly end_reason: TerminalEndReason | null;
  readonly exit_code: number | null;
  readonly output_stored: number;
  readonly output_taken: number;
  readonly oldest: number | null;
  /** null: there is none behind the cursor. */
  readonly sequence: number | null;
}

/** @throws RequestError before the first, for a session that the caller did not open, or a cursor that is none. */
export async function followTerminal(options: FollowOptions, actor: Actor, sessionId: string, after: number): Promise<AsyncIterableIterator<TerminalOutput>> {
  requireRole(actor, "OPERATOR");
  const id = uuidOf("TerminalSession", sessionId);
  const first = id === null ? [] : await look(options.pool, actor, id, after);
  const [row] = first;
  if (id === null || row === undefined) throw new RequestError("BAD_USER_INPUT", "There is no such terminal session.");
  if (after < 0 || after > row.output_stored + 1) throw new RequestError("BAD_USER_INPUT", "The session has not shown anything of that number yet.");
  const ending = new AbortController();
  const generator = follow(options, actor, id, after, ending.signal);
  const iterator: AsyncIterableIterator<TerminalOutput> = {
    next: () => generator.next(),
    return() {
      ending.abort();
      generator.return(undefined).catch(() => undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

async function* follow({ pool, bus, keyRing }: FollowOptions, actor: Actor, id: string, after: number, signal: AbortSignal): AsyncGenerator<TerminalOutput, void, undefined> {
  const { tenantId } = actor;
  let given = after;
  let noted = 0;
  let isTold = false;
  let wake: (() => void) | null = null;
  const unsubscribe = bus.subscribe("terminalOutput", (session) => {
    if (session !== undefined && session !== id) return;
    isTold = true;
    wake?.();
  });
  const note = async (clusterId: string): Promise<void> => {
    noted = given;
    await inPoolScope(pool, scopeOfActor(actor), (client) => client.query({ name: "terminal-taken", text: TAKEN, values: [tenantId, id, given] }));
    bus.publish("terminalInput", clusterId);
  };
  try {
    while (!signal.aborted) {
      isTold = false;
      const rows = await look(pool, actor, id, given);
      const [session] = rows;
      // Removed a while after its end.
      if (session === undefined) throw new RequestError("CURSOR_EXPIRED", "The session is over, and what it showed is not kept any more.");
      if (session.oldest !== null && session.output_stored > given && session.oldest > given + 1) throw new RequestError("CURSOR_EXPIRED", "What the session showed then is not kept any more.");
      for (const row of rows) {
        if (row.sequence === null) continue;
        const data = openText(keyRing, row, { tenantId, sessionId: id, what: "output", sequence: row.sequence });
        yield { sequence: row.sequence, data, exitCode: null };
        given = row.sequence;
      }
      if (given - Math.max(noted, session.output_taken) >= NOTE_EVERY) await note(session.cluster_id);
      if (session.sequence !== null) continue;
      if (session.state === "ENDED" && given >= session.output_stored) {
        if (given === session.output_stored) yield { sequence: given + 1, data: farewellOf(session.end_reason ?? "EXITED"), exitCode: session.exit_code };
        return;
      }
      if (!isTold) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_EVERY_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener("abort", wake, { once: true });
        });
        if (wake !== null) signal.removeEventListener("abort", wake);
        wake = null;
      }
    }
  } finally {
    unsubscribe();
  }
}

/** The session, with each of the next pieces; alone where there are none, and nothing where there is no such session. */
const look = (pool: Pool, actor: Actor, id: string, after: number): Promise<Row[]> =>
  inPoolScope(pool, scopeOfActor(actor), async (client) => (await client.query<Row>({ name: "terminal-output", text: LOOK, values: [actor.tenantId, id, actor.tokenId, after, PIECES] })).rows);

const LOOK = /* sql */ `
select s.cluster_id, s.state, s.end_reason, s.exit_code, s.output_stored, s.output_taken, o.sequence, o.key_id, o.wrapped_key, o.ciphertext,
  (select min(x.sequence) from terminal_output x where x.tenant_id = s.tenant_id and x.session_id = s.id) as oldest
from terminal_session s
left join lateral (
  select * from terminal_output o where o.tenant_id = s.tenant_id and o.session_id = s.id and o.sequence > $4 order by o.sequence limit $5) o on true
where s.tenant_id = $1 and s.id = $2 and s.token_id = $3
order by o.sequence`;

const TAKEN = `update terminal_session set output_taken = greatest(output_taken, least($3, output_stored)) where tenant_id = $1 and id = $2`;
